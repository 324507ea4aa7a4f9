"""Capture: the right tree, positions of the file, and never a stale source."""

from __future__ import annotations

import ast
import functools
import importlib.util
import linecache
import sys
import textwrap

import numpy as np
import pytest

import adcompiler.frontend.capture as module
from adcompiler.errors import UnsupportedError
from adcompiler.frontend.capture import capture, same_code


def load(path, text, name="written"):
    path.write_text(textwrap.dedent(text))
    linecache.checkcache(str(path))
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def body(fn) -> str:
    node = capture(fn).node.body
    return ast.unparse(node)


def plain(x):
    return x + 1


def test_function():
    captured = capture(plain)
    assert captured.node.name == "plain"
    assert captured.filename == __file__
    assert captured.span(captured.node).text == "def plain(x):"


def test_function_with_asserts_as_pytest_rewrites_them():
    def checked(x, n):
        assert n > 3, "n is small"
        return x * n

    assert body(checked).startswith("assert n > 3")


PAIR = (lambda x: x * 2, lambda x: x * 3)
SAME = (lambda x: x, lambda x: x)
NESTED = lambda x: (lambda y: y + x)(x)
THUNK = lambda: lambda z: z
CHOICE = lambda x: x if x > 0 else -x
LINES = lambda x: (
    x +
    1
)  # fmt: skip
CONSTANT = lambda: 0
CONSTANTS = (lambda x: 0, lambda x, y=1: 1, lambda x: None)


def test_lambdas():
    assert [body(f) for f in PAIR] == ["x * 2", "x * 3"]
    assert [capture(f).node.col_offset for f in SAME] == [8, 21]
    assert body(NESTED) == "(lambda y: y + x)(x)"
    assert body(THUNK) == "lambda z: z"
    assert body(THUNK()) == "z"
    assert body(CHOICE) == "x if x > 0 else -x"
    assert body(LINES) == "x + 1"
    assert body(CONSTANT) == "0"
    assert [body(f) for f in CONSTANTS] == ["0", "1", "None"]


def test_lambda_in_a_default():
    outer = lambda x, inner=lambda z: -z: inner(x)
    assert body(outer) == "inner(x)"
    assert body(outer.__defaults__[0]) == "-z"


def test_closures_share_a_tree_and_keep_their_cells():
    def make(k):
        return lambda x: k * x

    two, three = make(2), make(3)
    assert capture(two).node is capture(three).node
    assert capture(two).cells["k"].cell_contents == 2
    assert capture(three).cells["k"].cell_contents == 3


class Model:
    def __init__(self, k):
        self.k = k

    def apply(self, x):
        return self.k * x

    @staticmethod
    def still(x):
        return -x


def test_methods():
    assert body(Model(2).apply) == "return self.k * x"
    assert body(Model.__dict__["still"]) == "return -x"


def tripled(f):
    @functools.wraps(f)
    def wrapper(x):
        return 3 * f(x)

    return wrapper


@tripled
def wrapped(x):
    return x


@functools.cache
def cached(x):
    return x**2


def test_a_wrapper_is_captured_itself_unless_it_changes_nothing():
    assert body(wrapped) == "return 3 * f(x)"
    assert body(cached) == "return x ** 2"
    assert capture(cached).node.decorator_list


def test_no_source():
    scope: dict = {}
    exec("def f(x): return x", scope)
    with pytest.raises(UnsupportedError, match="source of 'f' was not found") as e:
        capture(scope["f"])
    assert "notebook" in e.value.hint


def test_the_text_of_another_string(monkeypatch):
    """Python 3.13 keeps the text of ``python -c`` under the name of all strings."""
    lines = ["import sys\n"]
    monkeypatch.setitem(linecache.cache, "<string>", (11, None, lines, "<string>"))
    test_no_source()


@pytest.mark.parametrize("thing", [np.sin, len, 3, np.vectorize(plain)])
def test_not_a_python_function(thing):
    with pytest.raises(UnsupportedError, match="not a function written in Python"):
        capture(thing)


def test_async_function():
    async def later(x):
        return x

    with pytest.raises(UnsupportedError, match="async"):
        capture(later)


def test_edited_file_is_refused(tmp_path):
    path = tmp_path / "written.py"
    old = load(path, "def f(x):\n    return x * 2\n")
    path.write_text("def f(x):\n    return x * 2.0  # edited\n")
    linecache.checkcache(str(path))
    with pytest.raises(UnsupportedError, match="'f' is no longer what runs"):
        capture(old.f)


@pytest.mark.parametrize("edit", ["2.0", "True", "x", "3"])
def test_each_edit_is_seen(tmp_path, edit):
    path = tmp_path / "written.py"
    old = load(path, "def f(x):\n    return x * 1\n")
    path.write_text(f"def f(x):\n    return x * {edit}\n")
    linecache.checkcache(str(path))
    with pytest.raises(UnsupportedError):
        capture(old.f)


def test_moved_function_is_found_where_it_now_stands(tmp_path):
    path = tmp_path / "written.py"
    old = load(path, "def f(x):\n    return x * 2\n")
    path.write_text("# one line more\n\n\ndef f(x):\n    return x * 2\n")
    linecache.checkcache(str(path))
    assert capture(old.f).node.lineno == 4


def test_reloaded_function_is_read_again(tmp_path):
    path = tmp_path / "written.py"
    old = load(path, "def f(x):\n    return x * 2\n")
    assert body(old.f) == "return x * 2"
    path.write_text("def f(x):\n    return x * 2 + 1\n")
    # The text is still cached by linecache: only a mismatch makes it look again.
    spec = importlib.util.spec_from_file_location("written", path)
    new = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, saved = True, sys.dont_write_bytecode
    exec(compile(path.read_text(), str(path), "exec"), new.__dict__)
    sys.dont_write_bytecode = saved
    assert body(new.f) == "return x * 2 + 1"
    assert body(old.f) == "return x * 2"


def test_helper_redefined_under_the_same_name(tmp_path):
    path = tmp_path / "written.py"
    text = """
        def f(x):
            return x

        first = f

        def f(x):
            return -x
    """
    loaded = load(path, text)
    assert body(loaded.first) == "return x"
    assert body(loaded.f) == "return -x"


def test_notebook_cells():
    name = "<cell 7>"
    text = "k = 2\ndef f(x):\n    return k * x\n"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict = {}
    exec(compile(text, name, "exec"), scope)
    assert body(scope["f"]) == "return k * x"


def test_a_file_that_no_longer_parses(tmp_path):
    path = tmp_path / "written.py"
    old = load(path, "def f(x):\n    return x * 2\n")
    path.write_text("def f(x:\n")
    linecache.checkcache(str(path))
    with pytest.raises(UnsupportedError, match="no longer what runs"):
        capture(old.f)


def test_cache_forgets_code_that_is_gone(tmp_path):
    loaded = load(tmp_path / "written.py", "def f(x):\n    return x\n")
    capture(loaded.f)
    key = id(loaded.f.__code__)
    assert key in module._nodes
    del loaded
    import gc

    gc.collect()
    assert key not in module._nodes


def test_same_code_tells_zeros_apart():
    a, b = (lambda: 0.0), (lambda: -0.0)
    assert not same_code(a.__code__, b.__code__)
