"""What all tests share: verified passes, the markers, and the flag for golden files."""

from __future__ import annotations

import gc
import os
from pathlib import Path

# Before adcompiler is imported anywhere: the IR is verified after every pass.
os.environ.setdefault("ADC_VERIFY", "1")

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Below tests/, only test files are collected: programs hold no doctests."""
    if collection_path.suffix == ".py" and not collection_path.match("test_*.py"):
        return True
    return None


def pytest_collection_finish() -> None:
    """The collected tests stay to the end: looking through tens of thousands of them
    for garbage, again and again, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        pytest.importorskip("cupy")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared with."""
    return bool(request.config.getoption("--update-golden"))
