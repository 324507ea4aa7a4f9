"""The page on training: its examples run, and print what it says."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "training.md"


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_the_examples_print_what_they_say(backend, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", backend)
    text = PAGE.read_text().replace("```", "")
    names = {"__name__": "training"}
    test = doctest.DocTestParser().get_doctest(text, names, "training", str(PAGE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test)
    assert runner.failures == 0
    assert runner.tries > 20
