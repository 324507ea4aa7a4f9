"""``out=``: gradients go to arrays that the caller gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.execute import vectorcall
from tests import numerics
from tests.programs import PROGRAMS, checks

BACKENDS = pytest.mark.parametrize("backend", ["llvm", "numpy"])
RNG = np.random.default_rng(0)


def mixed(w, x, n):
    y = np.tanh(w * x)
    s = 0.0
    for i in range(n):
        s = s + np.sin(s) * y[i]
    return s + np.sum(y * y)


def heat(u, k, steps):
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u[1:-1] += k * laplacian
    return np.sum(u * u)


def layer(w, x):
    return np.sum(np.tanh(w @ x) ** 2)


def turned(x, flag):
    y = x[::-1] * np.arange(len(x))
    if flag:
        y = y.T + x
    return np.sum(y * x[::-1])


def swapped(x, y, n):
    for _ in range(n):
        x, y = y, np.sin(x)
    return np.sum(x * 2.0 + y)


def transposed(x):
    return np.sum(x.T * np.arange(x.size).reshape(x.T.shape))


def of_rank_0(x):
    return np.sin(x) * x


def unread(x, y):
    return np.sum(x) + 0.0 * y[0]


ROWS = [
    (mixed, (RNG.normal(size=40), RNG.normal(size=40), 3), ("w", "x")),
    (mixed, (RNG.normal(size=4), RNG.normal(size=1), 3), ("w", "x")),
    (heat, (RNG.normal(size=40), 0.1, 5), "u"),
    (heat, (RNG.normal(size=40), 0.1, 0), "u"),
    (layer, (RNG.normal(size=(5, 40)), RNG.normal(size=40)), None),
    (turned, (RNG.normal(size=7), True), None),
    (turned, (RNG.normal(size=7), False), None),
    (swapped, (RNG.normal(size=5), RNG.normal(size=5), 3), None),
    (swapped, (RNG.normal(size=5), RNG.normal(size=5), 2), None),
    (transposed, (RNG.normal(size=(3, 4)),), None),
    (of_rank_0, (np.array(0.5),), None),
    (unread, (np.ones(3), np.ones(2)), None),
    (layer, (np.ones((3, 4), np.float32), np.ones(4, np.float32)), None),
    (heat, (np.ones(0), 0.1, 0), "u"),
]


def each(found):
    return found if isinstance(found, tuple) else (found,)


@BACKENDS
@pytest.mark.parametrize("kind", ["grad", "value_and_grad"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].__name__)
def test_gradients_go_there(row, kind, backend):
    f, args, wrt = row
    before = [np.copy(a) for a in args]
    derivative = getattr(ad, kind)(f, wrt=wrt, backend=backend)
    expected = derivative(*args)
    gradients = expected if kind == "grad" else expected[1]
    places = tuple(np.full_like(g, np.nan) for g in each(gradients))
    out = places if isinstance(gradients, tuple) else places[0]
    for _ in range(2):
        found = derivative(*args, out=out)
        if kind == "value_and_grad":
            assert found[0] == expected[0]
            found = found[1]
        assert type(found) is type(gradients)
        for place, mine, wanted in zip(
            places, each(found), each(gradients), strict=True
        ):
            assert mine is place
            np.testing.assert_array_equal(place, wanted)
    for value, old in zip(args, before, strict=True):
        np.testing.assert_array_equal(value, old)


@BACKENDS
def test_some_of_them(backend):
    derivative = ad.grad(layer, backend=backend)
    w, x = np.ones((3, 4)), np.ones(4)
    out = np.zeros(4)
    expected = derivative(w, x)
    found = derivative(w, x, out=(None, out))
    assert found.x is out
    np.testing.assert_array_equal(found.w, expected.w)
    np.testing.assert_array_equal(out, expected.x)
    assert derivative(w, x, out=None).x is not out


@BACKENDS
def test_any_layout(backend):
    derivative, x = ad.grad(transposed, backend=backend), RNG.normal(size=(3, 4))
    expected = derivative(x)
    for out in (np.zeros((3, 4), order="F"), np.zeros((6, 8))[::2, ::-2]):
        assert derivative(x, out=out) is out
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(derivative(x.copy("F"), out=out), expected)


@dataclass
class Pair:
    a: np.ndarray
    b: float


@BACKENDS
def test_containers(backend):
    def f(pair, more):
        return np.sum(pair.a * more["x"]) * pair.b

    derivative = ad.grad(f, backend=backend)
    args = Pair(np.ones(3), 2.0), {"x": np.arange(3.0)}
    out = (Pair(np.zeros(3), None), {"x": np.zeros(3)})
    found = derivative(*args, out=out)
    assert found[0].a is out[0].a
    assert found[1]["x"] is out[1]["x"]
    np.testing.assert_array_equal(out[0].a, [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(out[1]["x"], [2.0, 2.0, 2.0])
    assert found[0].b == 3.0


X = np.ones(4)
TOO_WIDE = np.zeros(6)


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.zeros(3), ValueError, r"out for the gradient by x has shape \(3,\), not"),
        (np.zeros(4, np.float32), TypeError, "of dtype float32, not float64"),
        ([0.0] * 4, TypeError, "is no array but list"),
        (X, ValueError, "out shares memory with x"),
        (np.broadcast_to(np.zeros(1), 4), ValueError, "is read-only"),
    ],
)
@BACKENDS
def test_what_does_not_fit_is_refused(out, error, message, backend):
    with pytest.raises(error, match=message):
        ad.grad(lambda x: np.sum(x * x), backend=backend)(X, out=out)
    assert np.array_equal(X, np.ones(4))


@BACKENDS
def test_what_does_not_fit_together_is_refused(backend):
    derivative = ad.grad(lambda x, y: np.sum(x * y), backend=backend)
    buffer, y = np.zeros(6), np.ones(4)
    with pytest.raises(ValueError, match="two arrays of out share memory"):
        derivative(X, y, out=(buffer[:4], buffer[2:]))
    with pytest.raises(TypeError, match="out is no tuple of 2"):
        derivative(X, y, out=buffer[:4])
    wide = np.ones(9)
    with pytest.raises(ValueError, match="out shares memory with y"):
        derivative(X, wide[:4], out=(wide[3:7], None))
    with pytest.raises(TypeError, match="is a number; write None in its place"):
        ad.grad(lambda x: x * x, backend=backend)(2.0, out=np.zeros(()))
    sliding = np.lib.stride_tricks.as_strided(np.zeros(4), (4,), (0,))
    with pytest.raises(ValueError, match="elements of out .* share memory"):
        ad.grad(lambda x: np.sum(x * x), backend=backend)(X, out=sliding)


@BACKENDS
def test_a_parameter_of_that_name_is_the_function_s(backend):
    def scaled(x, out=2.0):
        return np.sum(x * out)

    def named(x, **options):
        return np.sum(x * options["out"])

    for f in (scaled, named):
        derivative = ad.grad(f, wrt="x", backend=backend)
        assert np.array_equal(derivative(X, out=3.0), 3.0 * X)


@BACKENDS
def test_errors_are_the_function_s(backend):
    out = np.zeros(4)
    with pytest.raises(IndexError):
        ad.grad(lambda x, i: x[i] * x[0], wrt=0, backend=backend)(X, 7, out=out)


def test_nothing_is_allocated_for_gradients_that_a_nest_or_a_loop_gives():
    """Where the code makes the array itself, it makes it there."""
    # Longer than what code is made for the very lengths of, which needs no allocation.
    w, x, u = RNG.normal(size=(3, 400))
    rows = [(mixed, (w, x, 3), ("w", "x")), (heat, (u, 0.1, 5), "u")]
    for f, args, wrt in rows:
        built = ad.grad(f, wrt=wrt, backend="llvm").compile(*args).built
        own = built.machine(dense=True).text
        count = len(built.function.results)
        into = [(k, k) for k in range(count)]
        given = built.machine(dense=True, into=into).text
        assert given.count("@adc_array(ptr %ctx, i64 %v") <= (
            own.count("@adc_array(ptr %ctx, i64 %v")
        )
        lines = [line for line in given.splitlines() if "call ptr @adc_array(" in line]
        more = [line for line in own.splitlines() if "call ptr @adc_array(" in line]
        assert len(more) - len(lines) >= 1


# -- calls like the one before ---------------------------------------------------------


def by_machine_code(monkeypatch, derived, *args, out):
    """What a call gives that goes past Python."""
    derived(*args, out=out)
    derived(*args, out=out)

    def by_method(*_, **__):
        raise AssertionError("the long way")

    with monkeypatch.context() as patch:
        patch.setattr("adcompiler.differentiable.run_into", by_method)
        patch.setattr("adcompiler.differentiable.find_program", by_method)
        return derived(*args, out=out)


DIRECTLY = pytest.mark.skipif(
    vectorcall._found is None, reason="Python lies otherwise in memory"
)


def weighed(x, y, rate):
    return np.sum(x * x * y) * rate


@DIRECTLY
def test_machine_code_takes_the_arrays_itself(monkeypatch):
    x, y, derivative = np.arange(4.0), np.ones(4), ad.grad(weighed, backend="llvm")
    expected = derivative(x, y, 2.0)
    out = np.zeros(4), np.zeros(4), None
    found = by_machine_code(monkeypatch, derivative, x, y, 2.0, out=out)
    assert type(found) is type(expected)
    assert found.x is out[0]
    assert found.y is out[1]
    np.testing.assert_array_equal(out[0], expected.x)
    assert found.rate == expected.rate
    again = by_machine_code(monkeypatch, derivative, x, y, 3.0, out=(*found[:2], None))
    assert again.x is out[0]
    value_and_grad = ad.value_and_grad(weighed, wrt="y", backend="llvm")
    value, gradient = by_machine_code(
        monkeypatch, value_and_grad, x, y, 2.0, out=out[1]
    )
    assert value == weighed(x, y, 2.0)
    assert gradient is out[1]
    # A call without `out` follows, and one with it again.
    assert derivative(x, y, 2.0).x is not out[0]
    assert by_machine_code(monkeypatch, derivative, x, y, 2.0, out=out).x is out[0]
    parts = expected.x.copy(), expected.y.copy(), None
    out = type(expected)(parts)
    by_machine_code(monkeypatch, derivative, x, y, 2.0, out=out)
    np.testing.assert_array_equal(parts[0], expected.x)


@DIRECTLY
def test_what_does_not_fit_is_refused_after_calls_that_did():
    derivative = ad.grad(weighed, wrt=("x", "y"), backend="llvm")
    buffer = np.arange(16.0)
    x, y = buffer[:4], np.ones(4)
    good = np.zeros(4), np.zeros(4)
    for _ in range(3):
        derivative(x, y, 2.0, out=good)
    read_only = np.zeros(4)
    read_only.flags.writeable = False
    rows = [
        ((np.zeros(4), read_only), ValueError),
        ((np.zeros(4), np.zeros(5)), ValueError),
        ((np.zeros(4), np.zeros((4, 1))), ValueError),
        ((np.zeros(4), np.zeros(4, np.float32)), TypeError),
        ((np.zeros(4), [0.0] * 4), TypeError),
        ((np.zeros(4), y), ValueError),
        ((buffer[3:7], np.zeros(4)), ValueError),
        ((good[0], good[0]), ValueError),
        ((good[0],), TypeError),
        (good[0], TypeError),
    ]
    for out, error in rows:
        kept = buffer.copy()
        with pytest.raises(error):
            derivative(x, y, 2.0, out=out)
        np.testing.assert_array_equal(buffer, kept)
        np.testing.assert_array_equal(y, 1.0)
    with pytest.raises(TypeError):
        derivative(x, y, out=good)
    with pytest.raises(TypeError):
        derivative(x, y, 2.0, out=good, more=1)
    # What lies beside an argument, and what does not lie in C order, is taken.
    expected = derivative(x, y, 2.0)
    for out in ((buffer[4:8], buffer[8:12]), (buffer[4:8], np.zeros(8)[::2])):
        assert derivative(x, y, 2.0, out=out).y is out[1]
        np.testing.assert_array_equal(out, expected)
    none = np.ones(0)
    assert derivative(none, none.copy(), 2.0, out=(np.ones(0), None)).x.shape == (0,)
    assert derivative(x, y=y, rate=2.0, out=good).x is good[0]
    assert derivative(x, y, 2.0, **{"".join("out"): good}).x is good[0]


def test_what_names_stand_for_is_looked_at(monkeypatch):
    x, out = np.ones(3), np.zeros(3)
    derivative = ad.grad(of_a_name, backend="llvm")
    for factor in (2.0, 3.0, 2.0):
        monkeypatch.setitem(globals(), "FACTOR", factor)
        for _ in range(2):
            np.testing.assert_array_equal(derivative(x, out=out), factor)
            np.testing.assert_array_equal(derivative(x), factor)


FACTOR = 1.0


def of_a_name(x):
    return np.sum(x) * FACTOR


# -- the corpus ------------------------------------------------------------------------

CORPUS = [r for r in PROGRAMS.values() if not r.refused and not r.raises][::60]


def places_like(found):
    """Arrays for those of a gradient; None for all else."""
    match found:
        case np.ndarray():
            return np.full_like(found, np.nan)
        case list():
            return list(map(places_like, found))
        case tuple():
            return tuple(map(places_like, found))
        case dict():
            return {key: places_like(part) for key, part in found.items()}
        case float() | np.generic() | None:
            return None
        case _:
            pytest.skip("a container of its own")


def same(expected, found, places):
    match expected:
        case np.ndarray():
            assert found is places
            np.testing.assert_array_equal(found, expected)
        case list() | tuple():
            for parts in zip(expected, found, places, strict=True):
                same(*parts)
        case dict():
            for key in expected:
                same(expected[key], found[key], places[key])
        case _:
            assert found == expected or found != found


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in CORPUS])
def test_of_the_corpus_all_gradients_go_there(row):
    derivative = ad.grad(row.fn, wrt=row.wrt, backend="llvm")
    if numerics.flatten(checks.quietly(row.fn, *row.args())).size != 1:
        pytest.skip("a gradient needs a scalar")
    expected = checks.quietly(derivative, *row.args())
    out = places_like(expected)
    for _ in range(2 if out is not None else 0):
        found = checks.quietly(lambda: derivative(*row.args(), out=out))
        same(expected, found, out)
