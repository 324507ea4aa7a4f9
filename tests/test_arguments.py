"""What is taken as an argument, what of it is differentiated, whose memory it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import adcompiler as ad
from tests.small_functions import A, B, Weights, cube, square

# --- wrt --------------------------------------------------------------------------


def test_integers_are_differentiated_only_if_named():
    def f(x, n):
        return x * n

    assert ad.grad(f)(2.0, 3) == 3.0
    assert ad.grad(f, wrt="n")(2.0, 3) == 2.0
    assert type(ad.grad(f, wrt=1)(2.0, 3)) is float
    assert ad.grad(f, wrt=("n", "x"))(2.0, 3) == (2.0, 3.0)
    assert ad.grad(square, wrt="x")(3) == 6.0


def test_arguments_left_to_their_defaults():
    def f(x, k=2.0):
        return k * x * x

    assert ad.grad(f)(3.0) == 12.0
    assert ad.grad(f)(3.0, 4.0) == (24.0, 9.0)
    assert ad.grad(f)(3.0, k=4.0).k == 9.0
    assert ad.grad(f, wrt="k")(3.0) == 9.0


def test_nothing_to_differentiate():
    with pytest.raises(TypeError, match=r"nothing can be differentiated in square\(\)"):
        square.grad(3)
    with pytest.raises(TypeError, match=r"wrt=\('x',\)"):
        square.grad(3)


@pytest.mark.parametrize("wrt", ["z", 2, ("x", "z"), -1])
def test_wrt_names_an_argument(wrt):
    with pytest.raises(ValueError, match=r"no argument of cube\(x\)"):
        ad.differentiate(cube, wrt=wrt)


@pytest.mark.parametrize(
    ("value", "what"),
    [(np.arange(3), "array of int64"), (True, "bool"), ("s", "str"), (None, "None")],
)
def test_what_cannot_be_differentiated(value, what):
    with pytest.raises(TypeError, match=what):
        ad.grad(square, wrt="x")(value)


# --- Arguments --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1.0, 2.0), {}), ((1.0,), {"y": 2})]
)
def test_binding_fails_as_in_python(args, kwargs):
    with pytest.raises(TypeError, match="argument"):
        square.grad(*args, **kwargs)


class Series:
    def to_numpy(self):
        return A


class Tensor:
    def __array__(self, dtype=None, copy=None):
        return A


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Series(), r"x is a Series.*\n.*\.to_numpy\(\)"),
        (Tensor(), r"np\.asarray"),
        (np.array([1.0, None], object), "dtype object"),
        (np.ones(2, complex), "dtype complex"),
        (1j, "complex"),
        (np.ones(2, ">f8"), "bytes of x"),
        (np.ma.masked_array(A), "MaskedArray"),
        (np.array(["a"]), "dtype"),
        ({1.0, 2.0}, "x is a set"),
        ({1.5: 1.0}, "x is a dict"),
        (2**64, "64 bits"),
    ],
)
def test_arguments_that_no_program_takes(value, message):
    with pytest.raises(ad.UnsupportedError, match=message):
        square.grad(value)


def test_tuples_keep_their_structure():
    class Pair(NamedTuple):
        first: float
        second: float

    def f(p, q):
        return p[0] * q.first * q.second

    g = ad.grad(f)((2.0, 3), Pair(5.0, 7.0))
    assert g == ((35.0, None), (14.0, 10.0))
    assert type(g.q) is Pair


def test_containers_keep_their_structure():
    def f(params, scale):
        hidden = params["hidden"]
        return scale * hidden.w * hidden.w * params["b"][0]

    params = {"hidden": Weights(3.0, 2), "b": (5.0, "name")}
    g = ad.grad(f, wrt="params")(params, 2.0)
    assert g == {"hidden": Weights(60.0, None), "b": (18.0, None)}
    tangent = {"hidden": Weights(1.0, None), "b": (None, None)}
    assert ad.jvp(f)((params, 2.0), (tangent, None)) == (90.0, 60.0)


def test_results_keep_their_structure():
    def f(x):
        return {"w": Weights(x * x), "twice": 2.0 * x}

    value, pullback = ad.vjp(f)(3.0)
    assert value == {"w": Weights(9.0), "twice": 6.0}
    assert pullback({"w": Weights(1.0), "twice": 10.0}) == 26.0
    with pytest.raises(TypeError, match="dict like the value"):
        pullback({"twice": 10.0})


def test_the_object_of_a_method_is_differentiated_if_it_is_named():
    assert Weights(2.0).energy.grad(3.0) == 12.0
    assert ad.grad(Weights(5.0).energy)(3.0) == 30.0
    assert ad.grad(Weights.energy, wrt="self")(Weights(2.0), 3.0).w == 9.0


def test_the_callers_data_stay_as_they_are():
    def f(x):
        x[0] = x[1] * x[2]
        return np.sum(x * x)

    x = A.copy()
    ad.grad(f)(x)
    ad.vjp(f)(x)[1](1.0)
    ad.jvp(f)((x,), (B,))
    np.testing.assert_array_equal(x, A)
    f_ = ad.differentiate(f)
    f_(x)
    assert x[0] == 6.0


def test_a_gradient_is_no_view_of_an_argument():
    def dot(x, y):
        return x @ y

    x, y = A.copy(), B.copy()
    g = ad.grad(dot)(x, y)
    assert not np.shares_memory(g.x, y)
    assert not np.shares_memory(g.y, x)
    g = ad.grad(lambda x: np.sum(x))(x)
    g[0] = 5.0
    assert list(g) == [5.0, 1.0, 1.0]
    g = ad.grad(lambda x, y: np.sum(x + y))(x, y)
    assert not np.shares_memory(g.x, g.y)


def test_overlap_with_an_argument_that_is_stored_to():
    def f(x, y):
        x[0] = y[0]
        return np.sum(x * y)

    x = np.arange(4.0)
    ad.grad(f)(x, x.copy())
    ad.grad(f)(x[::2], x[1::2])
    with pytest.raises(ad.UnsupportedError, match="x is stored to and overlaps y"):
        ad.grad(f)(x, x)
    with pytest.raises(ad.UnsupportedError, match="overlaps"):
        ad.grad(f)(x[:3], x[1:])


def test_elements_that_share_memory_are_not_stored_to():
    def f(windows):
        windows[0, 1] = 5.0 * windows[2, 0]
        return np.sum(windows * windows)

    line = np.linspace(1.0, 2.0, 4)
    windows = np.lib.stride_tricks.sliding_window_view(line, 2, writeable=True)
    with pytest.raises(ad.UnsupportedError, match="elements of it share memory"):
        ad.grad(f)(windows)
    assert ad.grad(f)(windows.copy()).shape == windows.shape


# --- Arguments that are stored to --------------------------------------------------


def halve_first(x, y):
    x[0] = y[0] / 2
    return np.sum(x * y)


def test_a_read_only_argument_that_is_stored_to_raises_as_in_a_plain_call():
    x = np.ones(3)
    x.flags.writeable = False
    for call in (halve_first, ad.grad(halve_first), ad.value_and_grad(halve_first)):
        with pytest.raises(ValueError, match="assignment destination is read-only"):
            call(x, np.ones(3))


def test_an_overlap_says_where_and_with_what():
    x = np.ones(3)
    with pytest.raises(ad.UnsupportedError, match="x is stored to and overlaps y") as e:
        ad.grad(halve_first)(x, x)
    assert e.value.lineno == halve_first.__code__.co_firstlineno + 1
    twice = np.lib.stride_tricks.as_strided(np.ones(4), (3, 2), (8, 8))
    with pytest.raises(ad.UnsupportedError, match="elements of it share memory") as e:
        ad.grad(halve_first)(twice, np.ones(2))
    assert e.value.lineno == halve_first.__code__.co_firstlineno + 1
