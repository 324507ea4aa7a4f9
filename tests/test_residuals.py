"""What the reverse sweep records, program by program, and that its gradient is right.

Each program says what its gradient records inside loops: the kind of each tape, and how
many stores put back what was overwritten. Nothing is recorded for what is linear, in
scope, or had again from what is.
"""

from __future__ import annotations

import inspect
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.differentiate.mincut import INFINITE, Network
from adcompiler.ir.nodes import Function, Let
from adcompiler.ir.types import Array, Scalar, Type, dims_of
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import all_stmts
from tests import numerics
from tests.gradients_in_ir import gradient_of

ROW = np.array([0.7, -0.4, 1.1, 0.3, -0.9])
SQUARE = np.arange(1.0, 26.0).reshape(5, 5) / 17.0 + 2.0 * np.eye(5)


@dataclass(frozen=True)
class Case:
    """A program, its arguments, and what its gradient is to record."""

    function: Any
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    tapes: tuple[str, ...]
    restores: int | None
    fault: str | None


CASES: list[Case] = []

# Why programs do not do as well yet.
SHAPES = (
    "what is read for its shape alone is recorded where no argument has its lengths"
)


def records(*tapes, args, wrt=("x",), restores=0, fault=None):
    """Register a program: the kinds of its tapes, e.g. ``float``, ``int`` or ``row``.

    `restores` is the number of stores that put back what was overwritten; None: not
    looked at. `fault` says why the program does not do as well yet.
    """

    def register(function):
        CASES.append(Case(function, args, wrt, tapes, restores, fault))
        return function

    return register


def kind_of(type_: Type) -> str:
    rank = len(dims_of(type_))
    if rank:
        return {1: "row", 2: "matrix"}[rank]
    assert isinstance(type_, Scalar | Array)
    return {"float64": "float", "int64": "int", "bool": "bool"}[type_.dtype]


def lets_of(function: Function, *names: str) -> list[Let]:
    return [
        s
        for s in all_stmts(function.region)
        if isinstance(s, Let) and s.primitive.name in names
    ]


def tapes_of(function: Function) -> Counter[str]:
    return Counter(kind_of(s.param("element")) for s in lets_of(function, "list_new"))


def restores_in(function: Function) -> int:
    """Stores of the reverse sweep to arrays that are no cotangents."""
    stores = [s for s in lets_of(function, "store") if s.role == "adjoint"]
    return sum(not (s.result.name or "").endswith("_bar") for s in stores)


def cases():
    for case in CASES:
        marks = [pytest.mark.xfail(reason=case.fault)] if case.fault else []
        yield pytest.param(case, id=case.function.__name__, marks=marks)


# --- Linear loops record nothing ---------------------------------------------------


@records(args=(ROW,))
def recurrence(x):
    s = 0.0
    for i in range(len(x)):
        s = 0.5 * s + x[i]
    return s


@records(args=(ROW, 0.3))
def recurrence_by_a_constant_argument(x, a):
    s = 0.0
    for i in range(len(x)):
        s = a * s + x[i]
    return s


@records("float", args=(ROW, 0.3), wrt=("x", "a"))
def recurrence_by_an_active_argument(x, a):
    s = 0.0
    for i in range(len(x)):
        s = a * s + x[i]
    return s


@records(args=(ROW,))
def in_place_sweep(x):
    for i in range(1, len(x) - 1):
        x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW,))
def in_place_sweeps(x):
    n = len(x)
    for k in range(4):
        for i in range(1, n - 1):
            x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW,))
def length_in_a_nest(x):
    for k in range(4):
        for i in range(1, len(x) - 1):
            x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW, 3))
def heat(x, n):
    for k in range(n):
        x[1:-1] = x[1:-1] + 0.1 * (x[2:] - 2.0 * x[1:-1] + x[:-2])
    return np.sum(x * x)


@records("row", args=(ROW, 0.1, 3), wrt=("x", "a"))
def heat_with_an_active_coefficient(x, a, n):
    for k in range(n):
        x[1:-1] = x[1:-1] + a * (x[2:] - 2.0 * x[1:-1] + x[:-2])
    return np.sum(x * x)


@records(args=(ROW, 3), fault=SHAPES)
def red_and_black(x, n):
    for k in range(n):
        x[1:-1:2] = 0.5 * (x[:-2:2] + x[2::2])
        x[2:-1:2] = 0.5 * (x[1:-2:2] + x[3::2])
    return np.sum(x * x)


@records(args=(ROW, 3))
def swap_of_linear_buffers(x, n):
    u = x.copy()
    v = np.zeros_like(x)
    for k in range(n):
        v[1:-1] = 0.5 * (u[2:] + u[:-2])
        u, v = v, u
    return np.sum(u * u)


@records(args=(ROW,))
def store_of_a_constant(x):
    for i in range(1, len(x)):
        x[i] = 0.0
    return np.sum(x * x)


@records(args=(SQUARE, 3), fault=SHAPES)
def product_with_a_constant(x, n):
    b = np.ones(5)
    s = 0.0
    for k in range(n):
        s += np.sum(x @ b)
    return s


# --- What is in scope, or had again from it ----------------------------------------


@records(args=(0.3,))
def straight_line(x):
    a = np.sin(x)
    b = a * a
    c = np.exp(b)
    return c * b


@records(args=(0.3,))
def values_of_an_arm(x):
    y = np.sin(x)
    if y > 0.0:
        z = np.exp(y)
        y = z * z
    else:
        y = -y
    return y


@records(args=(ROW,))
def sum_of_squares(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
    return s


@records(args=(ROW,))
def condition_on_arguments(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s += x[i] * x[i]
        else:
            s -= x[i]
    return s


@records(args=(ROW,))
def fresh_array(x):
    y = np.empty(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    return np.sum(y)


@records(args=(0.3, 5))
def loop_invariant(x, n):
    s = 0.0
    for k in range(n):
        w = np.exp(x)
        s += w * w
    return s


@records(args=(ROW, 5))
def loop_invariant_array(x, n):
    s = 0.0
    for k in range(n):
        w = np.exp(x)
        s += k * np.sum(w * w)
    return s


@records(args=(ROW,))
def invariant_of_the_inner_loop(x):
    s = 0.0
    for i in range(len(x)):
        e = np.exp(x[i])
        for j in range(len(x)):
            s += e * x[j]
    return s


@records(args=(ROW,))
def bounds_had_again(x):
    s = 0.0
    for i in range(len(x)):
        k = i * i % 3
        for j in range(k):
            s += x[j]
    return s


# --- What must be recorded, and no more --------------------------------------------


@records("float", args=(0.3, 5))
def newton(x, n):
    y = 1.0
    for k in range(n):
        y = 0.5 * (y + x / y)
    return y


@records("int", args=(ROW,))
def index_carried(x):
    k = 1
    s = 0.0
    for i in range(len(x)):
        k = (k * 3 + 1) % 5
        s += x[k]
    return s


@records("bool", args=(ROW,))
def condition_on_what_is_carried(x):
    s = 1.0
    for i in range(len(x)):
        if s > 0.0:
            s -= x[i]
        else:
            s = s * 0.5
    return s


@records("row", args=(ROW, 3))
def array_carried(x, n):
    y = x
    for k in range(n):
        y = np.sin(y)
    return np.sum(y)


@records("row", args=(SQUARE, np.ones(5)))
def power_iteration(x, b):
    for k in range(3):
        b = x @ b
    return np.sum(b)


@records("row", args=(ROW, 4), restores=None)
def swap_of_buffers(x, n):
    u = x.copy()
    v = np.zeros_like(x)
    for k in range(n):
        v[1:-1] = 0.3 * u[1:-1] * u[2:]
        u, v = v, u
    return np.sum(u)


# --- The overwritten element, put back ---------------------------------------------


@records("float", args=(ROW,), restores=1)
def nest(x):
    n = len(x)
    for i in range(n):
        for j in range(n):
            x[i] = x[i] * x[j]
    return np.sum(x)


@records("float", args=(ROW,))
def triangular_nest(x):
    n = len(x)
    for i in range(n):
        for j in range(i):
            x[i] = x[i] * x[j]
    return np.sum(x)


@records("float", args=(ROW,))
def triangular_nest_subtracted(x):
    n = len(x)
    for i in range(n):
        for j in range(i + 1, n):
            x[j] -= x[i] * x[j]
    return np.sum(x)


@records("float", "float", args=(ROW,), restores=1)
def two_stores(x):
    n = len(x)
    for i in range(1, n):
        x[i] = x[i] * x[0]
        x[i - 1] = x[i - 1] * x[i]
    return np.sum(x)


@records(args=(SQUARE,))
def elimination(x):
    n = len(x)
    for k in range(n):
        for i in range(k + 1, n):
            x[i, k] = x[i, k] / x[k, k]
            for j in range(k + 1, n):
                x[i, j] -= x[i, k] * x[k, j]
    return x[n - 1, n - 1]


@records(args=(ROW,))
def prefix_product(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i]
    return y[-1]


@records("float", args=(ROW,))
def branches_that_store(x):
    for i in range(1, len(x)):
        if i % 2 == 0:
            x[i] = x[i] * x[i - 1]
    return np.sum(x)


# --- Versions through rotations, nests, branches and exits --------------------------


@records("float", args=(ROW,), restores=1)
def rotation_of_three(x):
    a = x.copy()
    b = x * 2.0
    c = x + 1.0
    for k in range(5):
        a[k] = a[k] * b[k] * c[k]
        a, b, c = b, c, a
    return np.sum(a * b * c)


@records("float", "float", args=(ROW,), restores=None)
def swap_now_and_then(x):
    u = x.copy()
    v = x * 0.5
    for k in range(5):
        v[k] = u[k] * v[k - 1]
        if k % 2 == 0:
            u, v = v, u
    return np.sum(u * v)


@records("float", args=(ROW,), restores=1)
def read_after_the_inner_loop(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            x[j] = x[j] * x[i]
        s += x[i] * np.sum(x * x)
    return s


@records("float", args=(ROW,), restores=1)
def loops_without_trips(x):
    for i in range(len(x)):
        for j in range(0, i - 2):
            x[j] = x[j] * x[i]
    return np.sum(x)


@records("float", args=(ROW,), restores=1)
def early_return_between_stores(x):
    for i in range(len(x)):
        x[i] = x[i] * x[i - 1]
        if x[i] < -0.3:
            return np.sum(x * x) * x[i]
    return np.sum(x)


@records("float", args=(ROW,), restores=None)
def two_arrays_in_step(x):
    y = x.copy()
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i]
        x[i] = x[i] * y[i]
    return np.sum(x * y)


@records("float", "float", args=(ROW,), restores=None)
def one_element_stored_twice(x):
    s = 0.0
    for i in range(len(x)):
        a = x[i]
        x[i] = a * a
        t = x[i]
        x[i] = t * t * a
        s += a * t * x[i]
    return s


@records("row", "float", args=(SQUARE,), restores=None)
def rows_and_columns(x):
    for i in range(1, 5):
        x[i] -= x[i, 0] / x[0, 0] * x[0]
        x[:, i] *= x[i, i]
    return np.sum(x)


# --- Early exits -------------------------------------------------------------------


@records(args=(ROW, 0.45))
def break_of_a_linear_loop(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += 0.5 * x[i]
        if s > limit:
            break
    return s


@records(args=(ROW, 1.0))
def break_on_squares(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > limit:
            break
    return s


@records("float", args=(0.3,))
def break_of_newton(x):
    y = 1.0
    while True:
        y = 0.5 * (y + x / y)
        if abs(y * y - x) < 1e-10:
            break
    return y


@records("float", args=(0.3,))
def condition_of_newton(x):
    y = 1.0
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


@records(args=(ROW, 1.0))
def early_return(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > limit:
            return 2.0 * s
    return s


@records("int", args=(ROW, 1.0))
def early_return_of_a_nest(x, limit):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s += x[i]
            if s > limit:
                return s
    return s


@records(args=(ROW,))
def continued(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0.0:
            continue
        s += 2.0 * x[i]
    return s


# --- What is asserted of each ------------------------------------------------------


def gradient(case: Case) -> Function:
    names = list(inspect.signature(case.function).parameters)
    wrt = tuple(names.index(name) for name in case.wrt)
    function = gradient_of(case.function, case.args, wrt)
    verify(function, stage="gradient")
    return function


@pytest.mark.parametrize("case", list(cases()))
def test_what_is_recorded_and_put_back(case):
    function = gradient(case)
    assert tapes_of(function) == Counter(case.tapes)
    assert len(lets_of(function, "list_append")) == len(case.tapes)
    assert len(lets_of(function, "list_pop")) == len(case.tapes)
    if case.restores is not None:
        assert restores_in(function) == case.restores


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c.function.__name__) for c in CASES]
)
def test_gradient_is_right(case):
    reference = numerics.reference_gradient(case.function, case.args, case.wrt)
    found = ad.grad(case.function, wrt=case.wrt)(*case.args)
    numerics.assert_matches(
        numerics.flatten(found), reference, program=case.function.__name__
    )


# --- The minimum cut ---------------------------------------------------------------


def network(*arcs):
    graph = Network()
    for tail, head, capacity in arcs:
        graph.add(tail, head, capacity)
    return graph


def value_of(arcs, side):
    return sum(c for tail, head, c in arcs if head in side and tail not in side)


def test_the_cheaper_of_two_arcs_is_cut():
    assert network(("s", "a", 1), ("a", "t", 2)).sink_side("s", "t") == {"a", "t"}
    assert network(("s", "a", 2), ("a", "t", 1)).sink_side("s", "t") == {"t"}


def test_of_equal_cuts_the_one_nearest_to_the_sink():
    arcs = [("s", "a", 1), ("a", "b", 1), ("b", "t", 1)]
    assert network(*arcs).sink_side("s", "t") == {"t"}


def test_a_shared_source_is_cheaper_than_two_uses():
    arcs = [("s", "a", 3), ("a", "b", 2), ("a", "c", 2), ("b", "t", 9), ("c", "t", 9)]
    assert network(*arcs).sink_side("s", "t") == {"a", "b", "c", "t"}


def test_infinite_arcs_are_never_cut():
    arcs = [("s", "a", INFINITE), ("a", "b", 5), ("b", "t", INFINITE)]
    assert network(*arcs).sink_side("s", "t") == {"b", "t"}


def test_flow_goes_back_along_an_arc():
    # The shortest paths first taken block each other; the answer needs the way back.
    arcs = [
        ("s", "a", 1), ("s", "b", 1), ("a", "c", 1), ("a", "d", 1), ("b", "c", 1),
        ("c", "t", 1), ("d", "t", 1),
    ]  # fmt: skip
    graph = network(*arcs)
    assert value_of(arcs, graph.sink_side("s", "t")) == 2


def test_nothing_to_cut():
    assert network(("a", "t", 1)).sink_side("s", "t") == {"a", "t"}
    assert network(("s", "a", 1)).sink_side("s", "t") == {"t"}


def test_a_long_chain_takes_no_recursion():
    arcs = [(k, k + 1, 2 if k else 1) for k in range(5000)]
    assert len(network(*arcs).sink_side(0, 5000)) == 5000


@pytest.mark.parametrize("seed", range(60))
def test_cut_is_minimal_and_nearest(seed):
    """Against all cuts of a small random graph."""
    rng = random.Random(seed)
    inner = range(1, rng.randint(2, 6))
    nodes = ["s", *inner, "t"]
    arcs = [
        (a, b, rng.randint(0, 4))
        for a in nodes
        for b in nodes
        if a != b and rng.random() < 0.5
    ]
    side = network(("s", "t", 0), *arcs).sink_side("s", "t")
    cuts = []
    for bits in range(2 ** len(inner)):
        chosen = {n for k, n in enumerate(inner) if bits >> k & 1} | {"t"}
        cuts.append((value_of(arcs, chosen), chosen))
    least = min(value for value, _ in cuts)
    smallest = set.intersection(*(chosen for value, chosen in cuts if value == least))
    assert side == smallest
