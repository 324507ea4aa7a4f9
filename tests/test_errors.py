"""A diagnostic shows where the fault is, whatever the line looks like."""

from __future__ import annotations

import ast
import copy
import linecache
import pickle
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.errors import Diagnostic, InternalError, Span, UnsupportedError


def span_of(path: Path, source: str, fragment: str) -> Span:
    """Writes `source` to `path`; the span of the expression that reads `fragment`."""
    path.write_text(source, encoding="utf-8")
    linecache.checkcache(str(path))
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.expr)
            and ast.get_source_segment(source, node) == fragment
        ):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            return Span(
                str(path),
                node.lineno,
                node.col_offset,
                node.end_lineno,
                node.end_col_offset,
            )
    raise AssertionError(f"no expression reads {fragment!r}")


def underlined(error: Diagnostic) -> str:
    """What the carets of `error` stand below, and nothing beside it."""
    _, line, carets = str(error).splitlines()[:3]
    assert set(carets) <= {" ", "\t", "^"}
    start, stop = carets.index("^"), len(carets)
    return line[start:stop]


@pytest.mark.parametrize(
    ("source", "fragment"),
    [
        ("y = f(x) + g(x)\n", "g(x)"),
        ("y = x\n", "x"),
        ("def f(x):\n    return x + undo(x)\n", "undo(x)"),
        ("def f(x):\n\tif x:\n\t\treturn undo(x)\n", "undo(x)"),
        ("λ = α + undo(β)\n", "undo(β)"),
        ("y = [undo(x)\tfor x in z]\n", "z"),
        ("y = undo(x)  # the last line, unterminated", "undo(x)"),
    ],
)
def test_carets_stand_below_the_fragment(
    tmp_path: Path, source: str, fragment: str
) -> None:
    span = span_of(tmp_path / "m.py", source, fragment)
    error = Diagnostic("refused", span=span)
    assert underlined(error) == fragment
    assert error.filename == str(tmp_path / "m.py")
    assert error.lineno == span.lineno
    line = source.splitlines()[span.lineno - 1]
    assert error.col == line.index(fragment) + 1
    assert str(error).startswith(f"{span}: refused\n")


def test_wide_characters_take_two_columns(tmp_path: Path) -> None:
    span = span_of(tmp_path / "m.py", "値 = 値 + undo(値)\n", "undo(値)")
    assert str(Diagnostic("refused", span=span)).splitlines()[1:] == [
        "    値 = 値 + undo(値)",
        "              ^^^^^^^^",
    ]


def test_span_over_several_lines_is_underlined_to_the_end_of_the_first(
    tmp_path: Path,
) -> None:
    source = "y = 1 + undo(\n    x,\n)\n"
    span = span_of(tmp_path / "m.py", source, "undo(\n    x,\n)")
    error = Diagnostic("refused", span=span)
    assert underlined(error) == "undo("
    assert len(str(error).splitlines()) == 3


def test_a_span_of_no_width_still_has_a_caret(tmp_path: Path) -> None:
    span_of(tmp_path / "m.py", "y = x\n", "x")
    error = Diagnostic("refused", span=Span(str(tmp_path / "m.py"), 1, 4, 1, 4))
    assert str(error).splitlines()[-1] == "        ^"


def test_source_that_cannot_be_found_leaves_the_position() -> None:
    error = UnsupportedError("refused", span=Span("<gone>", 7, 2, 7, 3), hint="rewrite")
    assert str(error) == "<gone>:7:3: refused\nhint: rewrite"
    assert (error.lineno, error.col) == (7, 3)


def test_without_a_span_only_message_and_hint_remain() -> None:
    error = UnsupportedError("refused", hint="rewrite")
    assert str(error) == "refused\nhint: rewrite"
    assert (error.filename, error.lineno, error.col) == (None, None, None)


def test_the_text_stays_when_the_file_is_edited(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    error = Diagnostic("refused", span=span_of(path, "y = undo(x)\n", "undo(x)"))
    before = str(error)
    path.write_text("# gone\n", encoding="utf-8")
    linecache.checkcache(str(path))
    assert str(error) == before


@pytest.mark.parametrize("again", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))])
def test_errors_survive_copying(tmp_path: Path, again) -> None:
    span = span_of(tmp_path / "m.py", "y = undo(x)\n", "undo(x)")
    refused = UnsupportedError("refused", span=span, hint="rewrite")
    assert type(again(refused)) is UnsupportedError
    assert str(again(refused)) == str(refused)
    assert again(refused).span == span
    broken = InternalError("no definition", ir="f(x):\n  return x")
    assert str(again(broken)) == str(broken)
    assert "f(x):\n  return x" in str(broken)


def test_an_internal_error_without_ir_is_its_message() -> None:
    assert str(InternalError("no definition")) == "no definition"


def test_what_is_last_is_done_before_an_error_that_is_raised(capsys):
    def f(x):
        try:
            for k in range(3):
                if x < k:
                    raise ValueError(f"{x} is less than {k}")
        finally:
            print("done")
        return x * x

    for call in (f, ad.grad(f)):
        with pytest.raises(ValueError, match=r"1\.5 is less than 2"):
            call(1.5)
        assert capsys.readouterr().out == "done\n"


def test_numbers_in_single_precision_show_their_own_digits(capsys):
    def f(x):
        y = np.float32(x)
        print(y, "is", str(y), f"and {y}")
        print(y)
        return x * y

    for call in (f, ad.grad(f), ad.grad(f, backend="llvm")):
        call(0.1)
        assert capsys.readouterr().out == "0.1 is 0.1 and 0.10000000149011612\n0.1\n"


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_nan_among_what_is_sorted_raises(backend):
    def f(x):
        return sorted([x[0], x[1], x[2]])[1] * max(sorted(x))

    call = ad.grad(f, backend=backend)
    np.testing.assert_array_equal(call(np.array([3.0, 1.0, 2.0])), [2.0, 0.0, 3.0])
    with pytest.raises(ValueError, match="nan has no place in an order"):
        call(np.array([1.0, np.nan, 2.0]))
