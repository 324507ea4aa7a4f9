"""Every check of the verifier refuses what it is there for, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    For,
    Function,
    If,
    Range,
    Region,
    Undef,
    While,
    fresh_var,
)
from adcompiler.ir.printer import show
from adcompiler.ir.types import (
    NP_FLOAT,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Scalar,
    fresh_dim,
)
from adcompiler.ir.verifier import verify

N = fresh_dim(not_one=True)
VECTOR = Array("float64", (N,))


def function(params, stmts, results):
    return Function("f", Region(tuple(params), tuple(stmts), tuple(results)))


def counted(carried, inits, body, results, *, index=None, **more):
    index = index or fresh_var(PY_INT, "i")
    region = Region((index, *carried), tuple(body), tuple(results))
    given = tuple(fresh_var(_after(p.type), "last") for p in carried)
    range_ = Range(constant(0), constant(3), constant(1))
    return For(given, range_, tuple(inits), region, fresh_var(PY_INT), **more)


def _after(t):
    """The type after a loop: lengths of a trip's own have other symbols."""
    if not isinstance(t, Array):
        return t
    return Array(t.dtype, tuple(d if d == N else fresh_dim() for d in t.dims))


def loop_over(type=PY_FLOAT):
    """``for i in range(3): s = s + s``."""
    s, b = fresh_var(type, "s"), Builder()
    end = b.apply("add", s, s)
    return counted((s,), (fresh_var(type, "x"),), b.stmts, (end,))


def refused(func, message):
    with pytest.raises(InternalError) as caught:
        verify(func, stage="here")
    assert message in str(caught.value)
    assert str(caught.value).startswith("here: f: ")
    assert caught.value.ir == show(func)


def test_sound():
    loop = loop_over()
    func = function(loop.inits, [loop], loop.results)
    verify(func)
    assert show(func) == (
        "f(x: float64)\n"
        "    for i in range(0, 3, 1) (s: float64 = x) -> last: float64\n"
        "        %0: float64 = add(s, s)\n"
        "        yield %0\n"
        "    return last"
    )


def test_derivatives_do_not_depend_on_run_time_kinds():
    x, b = fresh_var(Scalar("float64", "either"), "x"), Builder(role="adjoint")
    y = b.apply("divide", constant(1.0), x)
    (let,) = b.stmts
    verify(function([x], [let], [y]))
    refused(function([x], [replace(let, safe=False)], [y]), "known at run time alone")


def test_places():
    x, y = fresh_var(PY_FLOAT, "x"), fresh_var(PY_FLOAT, "y")
    refused(function([x], [], [y]), "y is read before it is defined")
    refused(function([x, x], [], [x]), "x is defined twice")
    b = Builder()
    once = b.apply("sin", x, via="np")
    refused(function([x], b.stmts * 2, [once]), "is defined twice")
    arm = Region((), tuple(b.stmts), (x,))
    choice = If((y,), constant(True), arm, Region((), (), (x,)))
    refused(function([x], [choice], [once]), "outside of the region that defines it")


def test_undefined():
    x, y = fresh_var(PY_FLOAT, "x"), fresh_var(PY_FLOAT, "y")
    refused(function([x], [], [Undef(PY_FLOAT)]), "the function's result is undefined")
    b = Builder()
    b.apply("add", x, Undef(PY_FLOAT))
    refused(function([x], b.stmts, [x]), "an operand of add -> ")
    arms = Region((), (), (x,)), Region((), (), (Undef(PY_FLOAT),))
    verify(function([x], [If((y,), constant(True), *arms)], [x]))


def test_types_of_let():
    x, b = fresh_var(PY_FLOAT, "x"), Builder()
    b.apply("add", x, x)
    wrong = replace(b.stmts[0], results=(fresh_var(NP_FLOAT),))
    refused(function([x], [wrong], [x]), "the types that the row gives")
    none = replace(b.stmts[0], results=())
    refused(function([x], [none], [x]), "the types that the row gives")
    v = fresh_var(VECTOR, "v")
    b = Builder()
    b.apply("add", v, v)
    rank = replace(b.stmts[0], results=(fresh_var(Array("float64", (N, N))),))
    refused(function([v], [rank], [v]), "the types that the row gives")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"cond": constant(1)}, "condition is a bool"),
        (lambda s: {"then": Region((), (), ())}, "gives every result"),
        (lambda s: {"then": Region((), (), (constant(1),))}, "cover what the arms"),
        (lambda s: {"then": replace(s.then, params=(fresh_var(PY_INT),))}, "take noth"),
        (lambda s: {"then": replace(s.then, falls=False)}, "gives results"),
        (lambda s: {"then": Region((), (), (), False)}, "does not end in a raise"),
    ],
)
def test_if(change, message):
    x, y = fresh_var(PY_FLOAT, "x"), fresh_var(PY_FLOAT, "y")
    good = If((y,), constant(True), Region((), (), (x,)), Region((), (), (x,)))
    verify(function([x], [good], [y]))
    refused(function([x], [replace(good, **change(good))], [y]), message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"range": replace(s.range, stop=constant(3.0))}, "bounds are ints"),
        (lambda s: {"inits": ()}, "takes the index and the carried values"),
        (lambda s: {"results": ()}, "one result for each carried value"),
        (lambda s: {"results": (fresh_var(NP_FLOAT),)}, "results' types cover"),
        (lambda s: {"inits": (constant(1),)}, "the carried types cover"),
        (lambda s: {"trips": fresh_var(PY_BOOL)}, "its trip count is an int"),
        (lambda s: {"stopped": fresh_var(PY_BOOL)}, "after the stop flag"),
        (
            lambda s: {
                "stopped": fresh_var(PY_BOOL),
                "body": replace(s.body, results=s.body.results * 2),
            },
            "its stop flag is a bool",
        ),
        (
            lambda s: {"body": replace(s.body, results=(constant(1),))},
            "the carried types cover",
        ),
        (
            lambda s: {
                "body": replace(s.body, params=(fresh_var(PY_FLOAT), s.body.params[1]))
            },
            "its index is an int",
        ),
    ],
)
def test_for(change, message):
    good = loop_over()
    bad = replace(good, **change(good))
    refused(function(good.inits, [bad], [constant(1)]), message)


def test_while():
    s, t, x = (fresh_var(PY_FLOAT, n) for n in "stx")
    b = Builder()
    test = b.apply("less", t, constant(2.0))
    cond = b.region((t,), (test,))
    body = Builder()
    end = body.apply("add", s, s)
    good = While(
        (fresh_var(PY_FLOAT),), (x,), cond, body.region((s,), (end,)), fresh_var(PY_INT)
    )
    verify(function([x], [good], good.results))
    no_bool = replace(good, cond=replace(cond, results=(t,)))
    refused(function([x], [no_bool], good.results), "falls and gives one bool")
    no_param = replace(good, cond=Region((), (), (constant(True),)))
    refused(function([x], [no_param], good.results), "body take the carried values")


def test_lengths_of_what_is_carried():
    """A carried array is not said to keep a length that it may lose."""
    v, w = fresh_var(VECTOR, "v"), fresh_var(Array("float64", (fresh_dim(),)), "w")
    kept = fresh_var(VECTOR, "u")
    verify(function([v, w], [counted((kept,), (v,), (), (v,))], [v]))
    lost = fresh_var(VECTOR, "u")
    bad = function([v, w], [counted((lost,), (v,), (), (w,))], [v])
    refused(bad, "u of for -> last, value")
    any_length = fresh_var(Array("float64", (fresh_dim(),)), "u")
    verify(function([v, w], [counted((any_length,), (v,), (), (w,))], [v]))


def test_lengths_where_arms_join():
    v, w = fresh_var(VECTOR, "v"), fresh_var(Array("float64", (fresh_dim(),)), "w")
    arms = Region((), (), (v,)), Region((), (), (w,))
    said, unsaid = (fresh_var(Array("float64", (d,)), "y") for d in (N, fresh_dim()))
    verify(function([v, w], [If((unsaid,), constant(True), *arms)], [v]))
    bad = function([v, w], [If((said,), constant(True), *arms)], [v])
    refused(bad, "y of if -> y is given a length it may not have")


def test_lengths_of_one_trip():
    """After a loop, the lengths that its parameters had at a trip mean nothing."""
    own = Array("float64", (fresh_dim(),))
    v, w = fresh_var(VECTOR, "v"), fresh_var(Array("float64", (fresh_dim(),)), "w")
    loop = counted((fresh_var(own, "u"),), (v,), (), (w,))
    after = replace(loop, results=(fresh_var(own, "last"),))
    refused(function([v, w], [after], [v]), "a length of one trip")


def test_lengths_shared_by_results():
    """Axes that share a symbol are equal on every path."""
    types = [Array("float64", (fresh_dim(),)) for _ in range(3)]
    v, w = fresh_var(types[0], "v"), fresh_var(types[1], "w")
    y, z = (fresh_var(types[2], name) for name in "yz")
    alike = Region((), (), (v, v)), Region((), (), (w, w))
    verify(function([v, w], [If((y, z), constant(True), *alike)], [y]))
    mixed = Region((), (), (v, v)), Region((), (), (v, w))
    refused(function([v, w], [If((y, z), constant(True), *mixed)], [y]), "z of if")


def test_text_tells_names_and_lengths_apart():
    v, w = fresh_var(VECTOR, "v"), fresh_var(Array("float64", (fresh_dim(), 3)), "v")
    assert show(function([v, w], [], [v, w])) == (
        "f(v: float64[n0], v.1: float64[n1?, 3])\n    return v, v.1"
    )


@pytest.mark.parametrize(
    ("name", "params", "dims"),
    [("add", {"via": "operator"}, (4,)), ("stack", {"axis": 0}, (2, 4))],
)
def test_what_does_not_fit_has_any_length(name, params, dims):
    """Lengths that are found later may show that a statement raises: it gives nothing,
    and no length of that is wrong."""
    three, four, five = (fresh_var(Array("float64", (k,)), "x") for k in (3, 4, 5))
    out = fresh_var(Array("float64", dims), "out")
    b = Builder()
    b.apply(name, five, five, **params)
    (fits,) = b.stmts
    raises = replace(fits, results=(out,), operands=(three, four))
    verify(function([three, four], [raises], [out]))
    bad = function([five], [replace(fits, results=(out,))], [out])
    refused(bad, "its results have the types that the row gives")
