"""Programs whose own names are those that generated code would choose.

Every local name and argument of a program of the corpus is renamed to one that its
generated gradient uses, or that Python or NumPy has: the derivative is the same.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import keyword
import linecache
import textwrap

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.errors import UnsupportedError
from tests import numerics
from tests.programs import PROGRAMS

THEMES = ("loops.", "stores.", "exits.", "gates.", "elements.", "branches.")
COMMON = ("x_bar", "x_tape", "trips", "condition", "product", "x_item", "broke", "stop")
HELD = ("np_", "sum_to", "range_", "reversed_", "len_", "cofactor", "math_", "x_dot")


def rows():
    """One row of each function that can be renamed, and differentiated."""
    seen = set()
    for name, row in PROGRAMS.items():
        plain = row.fn.__closure__ is None and row.refused is None
        if name.startswith(THEMES) and plain and row.raises is None:
            base = name.partition("[")[0]
            if base not in seen:
                seen.add(base)
                yield name


def locals_of(tree):
    """The names that a function gives values to, its arguments first."""
    (function,) = tree.body
    names = [a.arg for a in function.args.args]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return list(dict.fromkeys(names))


class Renamed(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self.names.get(node.arg, node.arg))


_numbers = itertools.count()


def renamed(function, names):
    """The function with its names replaced, and source of its own."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    tree = ast.fix_missing_locations(Renamed(names).visit(tree))
    text, file = ast.unparse(tree), f"<renamed {next(_numbers)}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[file] = (len(text), None, lines, file)
    scope = dict(function.__globals__)
    exec(compile(text, file, "exec"), scope)
    return scope[function.__name__]


def generated_names(text):
    """The names that a generated function gives values to."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
    return list(dict.fromkeys(found))


def renamings(row, text):
    """Ways to rename: to what the gradient uses, and to what is common or held."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(row.fn)))
    if len(tree.body) != 1 or any(
        isinstance(n, ast.FunctionDef | ast.Lambda)
        for n in ast.walk(tree.body[0])
        if n is not tree.body[0]
    ):
        return
    own = locals_of(tree)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - set(own)
    used = [n for n in generated_names(text) if n not in own and n not in read]
    names = [n for n in own if n != "_"]
    for order, pool in ((names, used), (names[::-1], [*COMMON, *HELD])):
        free = [n for n in pool if n not in read and n != "_"]
        yield dict(zip(order, free, strict=False))
    if "_" not in own:
        yield from ({name: "_"} for name in dict.fromkeys((names[0], names[-1])))


def wrt_of(row, names):
    if row.wrt is None:
        return None
    return tuple(names.get(w, w) for w in row.wrt)


@pytest.mark.parametrize("name", rows())
def test_the_names_of_generated_code_are_the_user_s(name):
    row = PROGRAMS[name]
    derivative = ad.differentiate(row.fn, wrt=row.wrt)
    try:
        expected = numerics.flatten(derivative.grad(*row.args()))
    except UnsupportedError:
        pytest.skip("not a scalar")
    pulled = numerics.flatten(derivative.vjp(*row.args())[1](1.0))
    text = derivative.source()
    for names in renamings(row, text):
        other = ad.differentiate(renamed(row.fn, names), wrt=wrt_of(row, names))
        np.testing.assert_array_equal(
            numerics.flatten(other.grad(*row.args())), expected, err_msg=str(names)
        )
        _, pullback = other.vjp(*row.args())
        np.testing.assert_array_equal(
            numerics.flatten(pullback(1.0)), pulled, err_msg=str(names)
        )
        scope = {}
        exec(other.source(), scope)  # as it is kept in a file


# --- Names that a user may well choose ---------------------------------------------


def helpers_as_names(x, g, shape):
    sum_to = x * g
    cofactor = np.sum(sum_to * shape)
    inv_or_nan = cofactor * np.sum(x)
    return inv_or_nan


def names_with_underscores(np_, n, trips, stop, broke, condition):
    math = np_ * 2.0
    range_ = 1.0
    for k in range(n):
        range_ = range_ * math + trips
        if range_ > 50.0:
            broke = broke * 2.0
            break
        stop = stop * condition
    return range_ * broke + stop + k


def numbered(x, y_1, y_2):
    y = x * y_1
    y_1 = y * y_2
    y_3 = y * y_1
    y = y_3 * y
    return y * y_1 * y_2


def named_as_builtins(len, sum, float, int, reversed, list):  # noqa: A002
    t = 0.5
    for i in range(3):
        t = t * len + sum * float + i
    return t * int * reversed * list


def named_as_errors(print, dict, ValueError, object):  # noqa: A002
    return print * dict * ValueError * object


def named_as_the_derivative(x, named_as_the_derivative_grad, x_dot, x_bar):
    x_bar_1 = x * x_dot
    return x_bar_1 * named_as_the_derivative_grad * x_bar


KEPT = {
    helpers_as_names: (np.ones(3) * 0.3, np.full((2, 1), 0.7), np.arange(3.0)),
    names_with_underscores: (1.2, 5, 0.3, 0.4, 0.5, 0.6),
    numbered: (0.2, 0.3, 0.4),
    named_as_builtins: (0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    named_as_errors: (0.1, 0.2, 0.3, 0.4),
    named_as_the_derivative: (0.1, 0.2, 0.3, 0.4),
}


@pytest.mark.parametrize("function", KEPT, ids=lambda f: f.__name__)
def test_names_that_something_else_has(function):
    args = KEPT[function]
    ad.check_grads(function, args, order=2)
    f = ad.differentiate(function)
    for of in ("primal", "gradient", "tangent", "pullback", "hessian"):
        text = f.source(*args, of=of)
        assigned = set(generated_names(text))
        # What an interpreter printed last is no name of Python's.
        assert not assigned & {*dir(builtins), *keyword.kwlist, "np", "math"} - {"_"}
        exec(text, {})
