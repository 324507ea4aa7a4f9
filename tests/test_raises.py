"""What rows say they raise, against what NumPy and Python raise.

For each row that may raise, operands of all sorts; the first condition that holds, read
as IR, must name the exception that the row's evaluation raises, and none must hold
where it raises nothing. A condition that only the routine can tell is seen to occur.
"""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Function, fresh_var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import ListOf, Scalar
from tests import ir_interpreter
from tests.primitive_harness import type_of

INF, NAN = float("inf"), float("nan")
FLOATS = (
    0.0,
    -0.0,
    0.5,
    1.0,
    -1.0,
    2.0,
    -2.5,
    3.0,
    800.0,
    1e300,
    -1e300,
    INF,
    -INF,
    NAN,
)
INTS = (-2, -1, 0, 1, 2, 3)
A = np.arange


def ones(*shape):
    return np.ones(shape)


def each(*choices):
    """All combinations of operands."""
    return list(itertools.product(*choices))


def kinds(values):
    """Each float as Python's, NumPy's and a float32."""
    with np.errstate(over="ignore"):
        return [kind(v) for v in values for kind in (float, np.float64, np.float32)]


SOME = (ones(2), ones(3), ones(1), ones(0), ones(2, 3), ones(3, 1))
SHAPES = each(SOME, SOME)
BROADCASTING = [
    n for n, r in PRIMITIVES.items() if r.elementwise and len(r.domain) == 2
]
BOOLS = [(a > 0, b > 0) for a, b in SHAPES]
MATH = (
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "log",
)
MATH += ("arcsinh", "arccosh", "arctanh", "exp", "expm1", "log2", "log10", "log1p")
MATH += ("sqrt", "exp2", "cbrt", "floor", "ceil", "trunc", "degrees", "radians")
PAIRS = each(FLOATS, FLOATS)
POLES = (*kinds(FLOATS), *INTS, -3.0, -1.5, 170.0, 172.0, 1e308)
VIA_MATH = {"via": "math"}
SLICE = ("slice", False, False, True)
PARTS = [
    (
        {"index": ("int",)},
        [(x, i) for x in (ones(3), ones(2, 2)) for i in range(-4, 4)],
    ),
    ({"index": ("int", "int")}, each((ones(2, 3),), INTS, INTS)),
    ({"index": ("new", "full", "int")}, each((ones(2, 3),), INTS)),
    ({"index": (SLICE,)}, each((ones(3),), INTS)),
    ({"index": (SLICE, "int")}, each((ones(3, 2),), INTS, INTS)),
]
COUNTS = (A(2), A(-1), A(1), A(1)[:0], np.array([1, 2]), np.array([1, -2]), ones(3) > 0)
VALUES = (1.0, ones(1), ones(2), ones(3), ones(1, 3), ones(2, 3), ones(1, 1, 1))
WRITES = [
    ({"index": ("int",)}, each((ones(3), ones(2, 3)), VALUES, (-3, 0, 1, 2))),
    ({"index": ("full",)}, each((ones(3), ones(2, 3), ones(1)), VALUES)),
    ({"index": ()}, each((ones(3), ones(2, 3), np.array(1.0)), VALUES)),
    ({"index": (("slice", True, True, False),)}, each((ones(3),), VALUES, INTS, INTS)),
]
I, J = np.array([0, 2, -1]), np.array([1, 3, -4])
MASK = np.array([True, False, True])
GATHERED = [
    (("array",), each((ones(3), ones(4, 2)), (I, J, A(0), np.array([[5]])))),
    (("array", "array"), each((ones(4, 3),), (I, J), (I, J, A(2), A(1)))),
    (("int", "array"), each((ones(4, 3),), (-5, 0, 4), (I, J))),
    (("full", "array"), each((ones(4, 3),), (I, J))),
    (("mask",), each((ones(3), ones(4), ones(3, 2)), (MASK, MASK[:2], ~MASK))),
    (("mask", "array"), each((ones(3, 3),), (MASK, MASK[:2]), (I, J, A(2), A(1)))),
    ((SLICE, "array"), each((ones(2, 3),), (0, 1, -1), (I, J))),
]
ALL = {"axis": None, "keepdims": False}
EMPTY_OR_NOT = (ones(0), ones(1), ones(3))
ALONG = (I, J, np.array([[1, 1]]), np.array([[1], [0], [-3]]), np.array([[2, 5]]))
ADDS = [("scatter", {})] + [("scatter_add", {"repeats": r}) for r in (True, False)]
EMPTY = [(ones(*s),) for s in [(3,), (0,), (2, 0), (0, 2), (0, 0)]]
ROW = {"axis": 0, "keepdims": False}
RESHAPES = [
    (ones(*s), *n)
    for s in [(6,), (2, 3), (0,), (0, 3), (1,)]
    for k in (1, 2)
    for n in itertools.product((-1, 0, 1, 2, 3, 6), repeat=k)
]
SQUARE = [(ones(3, 3) + np.eye(3),), (ones(2, 3),), (ones(2, 2, 3),), (ones(1, 1),)]
OBLONG = (ones(2, 3), ones(3, 1), ones(2, 2))
SINGULAR = [(ones(2, 2),), (-np.eye(2),)]
COMPLEX = [(np.diag([1.0, -1.0]),), (np.array([[0.0, 1.0], [-1.0, 0.0]]),)]
STACKS = (
    ones(2),
    ones(3),
    ones(2, 2) + np.eye(2),
    ones(3, 2),
    np.eye(2)[None] * ones(3, 1, 1),
)
STACKS += (np.eye(2)[None] * ones(2, 1, 1), ones(1, 2, 3))


NUMBERS = ([], [1.0], [1.0, 2.0])
ROWS = ([ones(2)], [ones(2), ones(2)], [ones(2), ones(3)])


def powers():
    """Python's powers that raise nothing, complex ones included."""
    for x, p in PAIRS:
        with contextlib.suppress(ArithmeticError):
            yield x**p, x, p


CASES = [
    *[(n, {}, BOOLS if "logical" in n else SHAPES) for n in BROADCASTING],
    ("where", {}, [(a > 0, a, b) for a, b in SHAPES]),
    ("clip", {}, [(a, b, 2.0) for a, b in SHAPES]),
    *[
        (name, params, [*PAIRS, *each(INTS, INTS), *each(INTS, FLOATS)])
        for name in ("divide", "floor_divide", "remainder")
        for params in ({}, {"via": "np"})
    ],
    *[
        (name, {}, each(map(np.float64, FLOATS), FLOATS))
        for name in ("divide", "floor_divide", "remainder", "power")
    ],
    *[(name, VIA_MATH, [(x,) for x in (*kinds(FLOATS), *INTS)]) for name in MATH],
    *[(n, VIA_MATH, PAIRS) for n in ("fmod", "power", "arctan2", "hypot", "copysign")],
    *[(n, {}, each(EMPTY_OR_NOT, EMPTY_OR_NOT)) for n in ("convolve", "correlate")],
    ("repeat", {"axis": 0}, each((ones(2), ones(2, 1)), INTS)),
    ("repeat", {"axis": 0}, each((ones(2), ones(1), ones(2, 1)), COUNTS)),
    *[(n, {"axis": 0}, each(SOME[:4], INTS)) for n in ("partition", "argpartition")],
    ("betainc", {}, [(a, b, 0.5) for a, b in SHAPES]),
    ("betaincc", {}, [(a, b, 0.5) for a, b in SHAPES]),
    ("hyp1f1", {}, [(a, b, 0.5) for a, b in SHAPES]),
    ("hyp2f1", {}, [(a, b, 1.5, 0.5) for a, b in SHAPES]),
    ("tile", {}, [*each((ones(2),), INTS), *each((ones(2, 1),), INTS, INTS)]),
    ("pad", {}, each((ones(2),), (0.0,), INTS, INTS)),
    ("broadcast_lengths", {}, each((1.0, ones(2), ones(1), ones(0)), INTS)),
    ("broadcast_lengths", {}, each((ones(2), ones(2, 1), ones(1, 3)), INTS, INTS)),
    ("take_along_axis", {"axis": 0}, each((ones(3), ones(3, 2)), ALONG)),
    ("take_along_axis", {"axis": 1}, each((ones(3, 2), ones(1, 4)), ALONG)),
    *[(n, VIA_MATH, [(x,) for x in POLES]) for n in ("gamma", "gammaln")],
    ("ieee_remainder", {}, PAIRS),
    ("ldexp", VIA_MATH, each(FLOATS, (-1, 0, 3, 2000))),
    *[(n, {}, each(INTS)) for n in ("factorial", "isqrt")],
    *[(n, {}, each(INTS, INTS)) for n in ("comb", "perm", "gcd", "lcm")],
    ("isclose", {}, [(1.0, 1.1, *t) for t in each((-1.0, 0.1), (-1.0, 0.1, NAN))]),
    ("fsum", {}, [*PAIRS, (np.array([1e308, 1e308]),)]),
    ("power", {}, [*PAIRS, *each(FLOATS, INTS), *each(INTS, INTS)]),
    ("power", {"via": "np"}, [*PAIRS, *each(map(np.int64, INTS), INTS)]),
    ("power", {}, each(map(np.int64, INTS), INTS)),
    ("power", {}, each((A(3), A(0), np.int64(2)), (A(3), -A(3), -A(0), -A(1)))),
    ("round", {}, [(x,) for x in (*kinds(FLOATS), *INTS)]),
    *[
        ("cast", {"dtype": t, "via": "builtin"}, [(x,) for x in values])
        for t in ("float64", "int64", "bool")
        for values in [kinds(FLOATS), INTS, (ones(1), ones(2), ones(0), np.array(2.0))]
    ],
    *[("load", params, rows) for params, rows in PARTS],
    *[(n, params, rows) for n in ("store", "accumulate") for params, rows in WRITES],
    *[
        (n, {"index": params["index"]}, [(x, 1.0, *i) for x, *i in rows])
        for n in ("store", "accumulate")
        for params, rows in PARTS
    ],
    *[("gather", {"index": index}, rows) for index, rows in GATHERED],
    *[
        (name, {"index": index, **more}, [(x, v, *i) for x, *i in rows for v in VALUES])
        for name, more in ADDS
        for index, rows in GATHERED
    ],
    *[(n, ALL, EMPTY) for n in ("max", "min", "argmax", "argmin")],
    *[(n, {"axis": (0,), "keepdims": False}, EMPTY) for n in ("max", "min")],
    *[(n, ROW, EMPTY) for n in ("argmax", "argmin")],
    ("reshape", {}, RESHAPES),
    ("squeeze", {"axis": (0,)}, [(ones(1, 2),), (ones(2, 1),), (ones(0),), (ones(1),)]),
    ("concatenate", {"axis": 0}, SHAPES),
    ("stack", {"axis": 0}, SHAPES),
    ("concatenate", {"axis": 1}, each((ones(2, 3), ones(3, 1)), (ones(2, 1), ones(3)))),
    *[(n, {"dtype": "float64"}, each(INTS)) for n in ("zeros", "ones", "empty", "eye")],
    *[(n, {"dtype": "float64"}, each(INTS, INTS)) for n in ("zeros", "empty", "eye")],
    ("full", {"dtype": None}, each(VALUES, INTS, INTS)),
    ("full", {"dtype": None}, each(VALUES, INTS)),
    ("arange", {"dtype": None}, each(INTS, INTS, INTS)),
    ("arange", {"dtype": None}, each((0.0, NAN), (0.0, 3.0, INF), (0.0, 0.5, -1.0))),
    ("range_length", {}, each(INTS, INTS, INTS)),
    ("matmul", {}, each(STACKS, STACKS)),
    ("solve", {}, each(STACKS[2:], STACKS)),
    *[(n, {}, SQUARE) for n in ("inv", "det", "logabsdet", "signdet", "cholesky")],
    *[(n, {}, SINGULAR) for n in ("inv", "cholesky")],
    *[(n, {}, SQUARE) for n in ("eigh", "eigvalsh", "expm")],
    *[(n, {}, [*SQUARE, (ones(2, 2) * NAN,)]) for n in ("svd", "svdvals", "pinv")],
    *[(n, {}, [*SQUARE, *COMPLEX]) for n in ("eig", "sqrtm")],
    ("lu", {}, each((ones(2, 2), ones(2, 2) * NAN))),
    ("full_svd", {}, [*SQUARE, (ones(2, 2) * NAN,)]),
    ("lstsq", {"rcond": None}, each((ones(3, 2), ones(2, 2)), (ones(2), ones(3, 2)))),
    ("solve", {}, [(ones(2, 2), ones(2))]),
    ("einsum", {"spec": "ij,j->i"}, each(STACKS, STACKS)),
    ("einsum", {"spec": "ij,jk,ki->"}, each(OBLONG, OBLONG, OBLONG)),
    ("matrix_diagonal", {}, [*SQUARE, (ones(1, 3),), (ones(3, 2),)]),
    ("list_get", {}, each(NUMBERS, INTS)),
    *[(n, {}, each(NUMBERS, (4.0,), INTS)) for n in ("list_set", "list_accumulate")],
    ("list_pop", {}, each(NUMBERS)),
    ("list_stack", {}, each((*NUMBERS, *ROWS))),
    ("list_stack", {"via": "stack"}, each((*NUMBERS, *ROWS))),
    ("list_stack", {"via": "hstack"}, each(NUMBERS)),
    ("list_stack", {"via": "vstack"}, each(ROWS)),
    ("list_concatenate", {}, each((*ROWS, [ones(2, 3), ones(1, 2)]))),
    ("raise", {"exception": "KeyError", "template": "{0}"}, [(1,), (2.0,)]),
    ("check_bound", {"name": "x"}, [(True,), (False,)]),
    (
        "check_real",
        {"power": "x ** y"},
        list(powers()),
    ),
]  # fmt: skip


def types_of(values):
    """The types in IR; what came out complex is a float there."""
    stated = (0.0 if isinstance(v, complex) else v for v in values)
    return tuple(
        ListOf(type_of(v[0] if v else 0.0, "unknown"), indexed=True)
        if isinstance(v, list)
        else type_of(v, "unknown")
        for v in stated
    )


def same_ranks(row, params, values) -> bool:
    """Whether the row's typing rule takes these operands."""
    try:
        PRIMITIVES[row].types(types_of(values), params)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "raised"), [(0.0, True), (np.float64(0.0), False), (2.0, False)]
)
def test_a_kind_known_at_run_time_tells(value, raised):
    """A number that is Python's on some paths: there it raises, NumPy's gives inf."""
    either, b = fresh_var(Scalar("float64", "either")), Builder()
    y = b.apply("divide", constant(1.0), either)
    function = Function("f", b.region((either,), (y,)))
    (let,) = b.stmts
    assert [(r.exception, r.kind) for r in let.raises] == [
        ("ZeroDivisionError", "python")
    ]
    with np.errstate(all="ignore"):
        if not raised:
            ir_interpreter.interpret(function, [value])
            return
        with pytest.raises(ZeroDivisionError):
            ir_interpreter.interpret(function, [value])


def holds(raises, values) -> bool:
    """Whether a condition is met: its formula, run as IR."""
    b = Builder()
    params = tuple(map(fresh_var, types_of(values)))
    flag = raises.when(*map(b.expr, params))
    found = ir_interpreter.interpret(
        Function("when", b.region(params, (flag.atom,))), values
    )
    return bool(found[0])


def outcome(row, params, values):
    """The exception that the row's evaluation raises, or None."""
    copies = [v.copy() if isinstance(v, np.ndarray) else v for v in values]
    try:
        PRIMITIVES[row].evaluate(*copies, **params)
    except (ArithmeticError, LookupError, NameError, TypeError, ValueError) as error:
        return type(error).__name__
    return None


def said(row, params, values):
    """The exception of the first condition that holds; "?" if the routine decides."""
    types = types_of(values)
    found = PRIMITIVES[row].raises_on(types, params)
    for raises in found:
        if raises.when is not None and holds(raises, values):
            return raises.exception
    opaque = [r.exception for r in found if r.when is None]
    return ("?", *opaque) if opaque else None


@pytest.mark.parametrize(("row", "params", "rows"), CASES, ids=lambda v: str(v)[:40])
def test_what_is_raised_is_what_the_row_says(row, params, rows):
    with np.errstate(all="ignore"):
        for values in rows:
            if not same_ranks(row, params, values):
                continue
            seen, stated = outcome(row, params, values), said(row, params, values)
            if isinstance(stated, tuple):
                assert seen is None or seen in stated, (values, seen, stated)
            else:
                assert seen == stated, (values, seen, stated)


def test_every_condition_of_every_row_is_met():
    """Each row that can raise is among the cases, and each of its exceptions occurs."""
    stated, seen = set(), set()
    with np.errstate(all="ignore"):
        for row, params, rows in CASES:
            for values in rows:
                if same_ranks(row, params, values):
                    types = types_of(values)
                    raises = PRIMITIVES[row].raises_on(types, params)
                    stated |= {(row, r.exception) for r in raises}
                    seen.add((row, outcome(row, params, values)))
    assert stated <= seen
    rows = {row for row, _, _ in CASES}
    # A call raises whatever its callee's statements do; of draws see `test_draws`.
    elsewhere = {"call", "draw", "dropout_mask"}
    raising = {n for n, row in PRIMITIVES.items() if row.raises != ()}
    assert raising - elsewhere <= rows
