"""The public surface: what each call takes, gives, and says when it cannot."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from typing import NamedTuple

import numpy as np
import pytest

import adcompiler as ad

A = np.array([1.0, 2.0, 3.0])
B = np.array([0.5, -1.0, 2.0])


@ad.differentiate
def square(x):
    """The square of x."""
    return x * x


@ad.differentiate(wrt="b")
def product(a, b):
    return np.sum(a * a * b)


def loss(w, b, x, y):
    residual = x @ w + b - y
    return np.mean(residual**2)


def cube(x):
    return x * x * x


@dataclasses.dataclass
class Weights:
    w: float
    n: int | None = 1

    @ad.differentiate
    def energy(self, x):
        return self.w * x * x


# --- Differentiable ---------------------------------------------------------------


def test_looks_like_the_function():
    assert square.__name__ == "square"
    assert square.__doc__ == "The square of x."
    assert square.__wrapped__(3.0) == 9.0
    assert square(3.0) == 9.0
    assert "square" in repr(square)
    assert repr(square.grad) == "<grad of square>"


def test_grad_and_value_and_grad():
    assert square.grad(3.0) == 6.0
    assert square.value_and_grad(3.0) == (9.0, 6.0)
    np.testing.assert_array_equal(product.grad(A, B), A * A)


def test_gradients_have_names():
    w, b, x, y = A, 0.5, np.eye(3), B
    g = ad.grad(loss)(w, b, x, y)
    assert isinstance(g, ad.Gradients)
    residual = x @ w + b - y
    np.testing.assert_allclose(g.w, 2 / 3 * x.T @ residual)
    np.testing.assert_allclose(g.b, 2 / 3 * residual.sum())
    np.testing.assert_allclose(g.y, -2 / 3 * residual)
    assert g.x.shape == (3, 3)
    assert g[0] is g.w
    assert repr(g).startswith("Gradients(w=array(")
    again = pickle.loads(pickle.dumps(g))
    assert type(again) is type(g)
    np.testing.assert_array_equal(again.w, g.w)
    np.testing.assert_array_equal(copy.deepcopy(g).x, g.x)


def test_any_name_is_a_field():
    def f(_x, class_, count, index):
        return _x * class_ * count * index

    g = ad.grad(f)(2.0, 3.0, 5.0, 7.0)
    assert (g._x, g.class_, g.count, g.index) == (105.0, 70.0, 42.0, 30.0)


# --- Kinds and dtypes -------------------------------------------------------------


def test_float_in_float_out():
    assert type(square.grad(3.0)) is float
    value, gradient = square.value_and_grad(3.0)
    assert type(value) is float
    assert type(gradient) is float


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_scalar_in_numpy_scalar_out(dtype):
    assert type(square.grad(dtype(3))) is dtype


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (0,), (2, 0)])
def test_array_in_array_out(shape):
    def total(x):
        return np.sum(x * x)

    x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    g = ad.grad(total)(x)
    assert type(g) is np.ndarray
    assert g.dtype == np.float32
    assert g.shape == shape
    assert g.flags.writeable
    np.testing.assert_array_equal(g, 2 * x)


def test_results_with_one_element():
    def first(x):
        return x[:1] * x[:1]

    def zero_d(x):
        return np.asarray(3.0) * x

    assert ad.grad(zero_d)(2.0) == 3.0
    x = np.ones((1,))
    np.testing.assert_array_equal(ad.grad(lambda x: x * x)(x), [2.0])


def test_mixed_dtypes_do_not_change_that_of_the_gradient():
    def f(x, y):
        return np.sum(x * y)

    g = ad.grad(f)(A.astype(np.float32), B)
    assert (g.x.dtype, g.y.dtype) == (np.float32, np.float64)


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


# --- Results ----------------------------------------------------------------------


def test_a_gradient_needs_a_scalar():
    def f(x):
        return 2.0 * x

    with pytest.raises(ad.UnsupportedError, match=r"array of shape \(3,\)") as info:
        ad.grad(f)(A)
    assert "vjp" in info.value.hint
    assert "jacobian" in info.value.hint
    with pytest.raises(ad.UnsupportedError, match=r"array of shape \(2, 3\)"):
        ad.grad(f)(np.ones((2, 3)))


def nothing(x):
    x * x


def pair(x):
    return x, x


def whole(x):
    return 3


@pytest.mark.parametrize(
    ("f", "what"), [(nothing, "None"), (pair, "a tuple of 2"), (whole, "int")]
)
def test_results_without_a_gradient(f, what):
    with pytest.raises(ad.UnsupportedError, match=what):
        ad.grad(f)(2.0)


def test_functions_that_only_raise():
    def f(x):
        raise ValueError(f"no value at {x}")

    for call in (
        lambda: ad.grad(f)(2.0),
        lambda: ad.vjp(f)(2.0),
        lambda: ad.jvp(f)((2.0,), (1.0,)),
        lambda: ad.value_and_grad(f)(2.0),
        lambda: ad.grad(ad.grad(f))(2.0),
    ):
        with pytest.raises(ValueError, match=r"no value at 2\.0"):
            call()


def test_constant_results_have_zero_gradients():
    def f(x):
        return 3.0

    assert ad.grad(f)(2.0) == 0.0
    np.testing.assert_array_equal(ad.grad(f)(A), np.zeros(3))


# --- vjp, jvp, hvp, jacobian, hessian ---------------------------------------------


def polar(r, t):
    return r * np.cos(t), r * np.sin(t)


def test_pullback_can_be_called_again():
    (x, y), pullback = ad.vjp(polar)(2.0, 0.5)
    assert (x, y) == polar(2.0, 0.5)
    for _ in range(2):
        assert pullback((1.0, 0.0)).r == pytest.approx(math.cos(0.5))
        assert pullback((None, 1.0)).t == pytest.approx(2 * math.cos(0.5))


def test_pullback_remembers_values_of_forward_time():
    x = A.copy()
    _, pullback = ad.vjp(lambda x: x * x)(x)
    seed = B.copy()
    x[:] = 100.0
    first = pullback(seed)
    first[:] = 0.0
    np.testing.assert_array_equal(pullback(seed), 2 * A * B)
    np.testing.assert_array_equal(seed, B)


def test_pullback_of_a_loop_can_be_called_again():
    def f(x, n):
        y = x
        while n > 0:
            y = np.sin(y) * y
            n = n - 1
        return y

    _, pullback = ad.vjp(f)(A, 3)
    first = pullback(B)
    np.testing.assert_array_equal(pullback(B), first)
    _, tangent = ad.jvp(f)((A, 3), (np.ones(3), None))
    np.testing.assert_allclose(first, B * tangent)


def test_the_value_may_be_overwritten():
    value, pullback = ad.vjp(lambda x: np.exp(x))(A)
    value[:] = 0.0
    np.testing.assert_allclose(pullback(B), B * np.exp(A))


def test_cotangents_have_the_shape_of_the_result():
    _, pullback = ad.vjp(lambda x: x * x)(A)
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(3,\)"):
        pullback(np.ones(2))
    _, pullback = ad.vjp(polar)(2.0, 0.5)
    with pytest.raises(TypeError, match="tuple of 2"):
        pullback(1.0)


def test_jvp():
    value, tangent = ad.jvp(polar)((2.0, 0.5), (1.0, None))
    assert value == polar(2.0, 0.5)
    assert tangent == pytest.approx((math.cos(0.5), math.sin(0.5)))
    value, tangent = square.jvp((A,), (B,))
    np.testing.assert_array_equal(tangent, 2 * A * B)


def test_jvp_says_what_is_wrong():
    with pytest.raises(TypeError, match="tuple with an entry per argument"):
        square.jvp(2.0, 1.0)
    with pytest.raises(ValueError, match="no argument moves"):
        square.jvp((2.0,), (None,))
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(3,\)"):
        square.jvp((A,), (np.ones(2),))
    with pytest.raises(ValueError, match="1 primals and 2 tangents"):
        square.jvp((A,), (B, B))


def test_hvp():
    assert ad.hvp(cube)((2.0,), (3.0,)) == pytest.approx(36.0)
    f = ad.differentiate(lambda x, y: np.sum(x * x * y))
    h = f.hvp((A, B), (B, None))
    np.testing.assert_allclose(h.x, 2 * B * B)
    np.testing.assert_allclose(h.y, 2 * A * B)


def test_jacobian():
    M = np.arange(6.0).reshape(2, 3)
    f = lambda x: M @ x
    for mode in (None, "forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(f)(A, mode=mode), M)
    g = ad.jacobian(lambda x, y: x * y)(A, B)
    np.testing.assert_allclose(g.x, np.diag(B))
    np.testing.assert_allclose(g.y, np.diag(A))
    assert ad.jacobian(cube)(2.0) == 12.0


def test_hessian():
    np.testing.assert_allclose(ad.hessian(lambda x: np.sum(x**3))(A), np.diag(6 * A))
    h = ad.hessian(lambda x, y: x * x * y)(2.0, 3.0)
    assert (h.x.x, h.x.y, h.y.x, h.y.y) == (6.0, 4.0, 4.0, 0.0)


# --- Nesting ----------------------------------------------------------------------


def test_derivatives_of_derivatives():
    assert ad.grad(ad.grad(cube))(2.0) == pytest.approx(12.0)
    assert ad.grad(ad.grad(ad.grad(cube)))(2.0) == pytest.approx(6.0)
    assert ad.jvp(ad.grad(cube))((2.0,), (1.0,)) == pytest.approx((12.0, 12.0))
    value, pullback = ad.vjp(ad.grad(cube))(2.0)
    assert (value, pullback(1.0)) == pytest.approx((12.0, 12.0))
    (value, gradient), tangent = ad.jvp(ad.value_and_grad(cube))((2.0,), (1.0,))
    assert (value, gradient) == pytest.approx((8.0, 12.0))
    assert tangent == pytest.approx((12.0, 12.0))


def test_grad_of_differentiable_keeps_its_wrt():
    np.testing.assert_array_equal(ad.grad(product)(A, B), A * A)


def test_derivatives_inside_functions():
    def slope(x):
        return x * ad.grad(cube)(x)

    assert slope(2.0) == pytest.approx(24.0)
    assert ad.grad(slope)(2.0) == pytest.approx(36.0)

    def other(x):
        return square(x) + square.grad(x)

    assert ad.grad(other)(2.0) == pytest.approx(6.0)


def test_jvp_inside():
    def moved(x):
        value, tangent = ad.jvp(cube)((x,), (1.0,))
        return value + tangent

    assert ad.grad(moved)(2.0) == pytest.approx(12.0 + 12.0)


def test_a_nested_function_differentiated_inside():
    def outer(x):
        def inner(y):
            return x * y * y

        return ad.grad(inner)(x)

    assert outer(3.0) == pytest.approx(18.0)
    assert ad.grad(outer)(3.0) == pytest.approx(12.0)


def test_vjp_inside():
    def outer(x):
        value, pullback = ad.vjp(cube)(x)
        return value + pullback(2.0)

    assert outer(2.0) == pytest.approx(32.0)
    assert ad.grad(outer)(2.0) == pytest.approx(12.0 + 24.0)


# --- Functions of every kind ------------------------------------------------------


class Model:
    def __init__(self, k):
        self.k = k

    @ad.differentiate
    def energy(self, x):
        return self.k * x * x

    @ad.differentiate
    def square(self, x):
        return x * x


def test_methods():
    one, two = Model(1.0), Model(2.0)
    assert one.square(3.0) == 9.0
    assert one.energy(3.0) == 9.0
    assert two.energy(3.0) == 18.0
    assert one.square.grad(3.0) == 6.0
    assert two.square.hvp((3.0,), (1.0,)) == 2.0
    assert two.square.jvp((3.0,), (1.0,)) == (9.0, 6.0)
    bound = pickle.loads(pickle.dumps(two.square))
    assert bound.grad(3.0) == 6.0


def test_grad_of_a_differentiable_method():
    assert ad.grad(Model(2.0).square)(3.0) == 6.0


def test_methods_that_read_attributes():
    one, two = Model(1.0), Model(2.0)
    assert one.energy(3.0) == 9.0
    assert one.energy.grad(3.0) == 6.0
    assert two.energy.grad(3.0) == 12.0
    one.k = 5.0
    assert one.energy.grad(3.0) == 30.0
    assert two.energy.hvp((3.0,), (1.0,)) == 4.0
    assert two.energy.jvp((3.0,), (1.0,)) == (18.0, 12.0)
    assert ad.grad(two.energy)(3.0) == 12.0


def test_closures_read_their_cells_at_each_call():
    k = 2.0

    def f(x):
        return k * x * x

    g = ad.grad(f)
    assert g(3.0) == 12.0
    k = 5.0
    assert g(3.0) == 30.0
    k = np.float32(2.0)
    assert g(3.0) == 12.0


def test_lambdas():
    fs = [ad.grad(lambda x: x * x), ad.grad(lambda x: 3.0 * x)]
    assert [g(2.0) for g in fs] == [4.0, 3.0]


def test_functions_as_arguments():
    def apply(f, x):
        return f(x) * x

    assert ad.grad(apply)(cube, 2.0) == pytest.approx(32.0)
    assert ad.grad(apply)(math.sin, 2.0) == pytest.approx(
        math.sin(2.0) + 2.0 * math.cos(2.0)
    )


def test_refused_functions_still_run():
    @ad.differentiate
    def f(x):
        try:
            return 1.0 / x
        except ZeroDivisionError:
            return 0.0

    assert f(0.0) == 0.0
    with pytest.raises(ad.UnsupportedError, match="'try'"):
        f.grad(2.0)


def test_builtins_are_refused():
    with pytest.raises(ad.UnsupportedError, match="not a function written in Python"):
        ad.grad(math.sin)(1.0)
    with pytest.raises(TypeError, match="not a function"):
        ad.grad(3.0)


def test_pickling():
    again = pickle.loads(pickle.dumps(square))
    assert again is square
    wrapped = pickle.loads(pickle.dumps(ad.differentiate(cube, wrt="x")))
    assert wrapped.grad(2.0) == 12.0
    assert wrapped.wrt == ("x",)
    assert pickle.loads(pickle.dumps(ad.grad(cube)))(2.0) == 12.0


def test_pickled_methods_carry_their_object():
    bound = pickle.loads(pickle.dumps(Model(2.0).energy))
    assert bound.grad(3.0) == 12.0


# --- Specialisations --------------------------------------------------------------


def test_a_new_length_compiles_nothing():
    f = ad.differentiate(lambda x: np.sum(x * x))
    for n in (2, 3, 100):
        np.testing.assert_array_equal(f.grad(np.ones(n)), np.full(n, 2.0))
    assert len(f._shared.programs) == 1
    f.grad(np.ones(1))
    assert len(f._shared.programs) == 2


def test_arguments_that_must_be_static():
    f = ad.differentiate(lambda x, axis: np.sum(np.sum(x * x, axis=axis) ** 2))
    x = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, 0):
        g = f.grad(x, axis)
        s = np.sum(x * x, axis=axis, keepdims=True)
        np.testing.assert_allclose(g, 4 * s * x)


def test_helper_redefined():
    helper = square.__wrapped__

    def f(x):
        return helper(x)

    g = ad.grad(f)
    assert g(3.0) == 6.0

    helper = cube
    assert g(3.0) == 27.0


# --- source, check_grads, no_grad, stop_gradient ----------------------------------


def test_source():
    f = ad.differentiate(lambda x, y: np.sum(np.sin(x) * y))
    with pytest.raises(TypeError, match="pass arguments"):
        f.source()
    text = f.source(A, B)
    assert text.startswith("import numpy as np\n")
    assert "def " in text
    assert f.source() == text
    assert f.source(A, B, of="primal") != text
    assert "x_dot" in f.source(A, B, of="tangent")
    pullback = f.source(A, B, of="pullback")
    assert "_forward(" in pullback
    assert "_pullback(" in pullback
    assert "_hvp(" in f.source(A, B, of="hessian")
    with pytest.raises(ValueError, match="no source of 'nothing'"):
        f.source(A, B, of="nothing")

    @ad.differentiate
    def annotated(x: float, n: int):
        return x * x * n

    assert "def annotated_grad(x, n)" in annotated.source()


def test_the_source_stands_alone():
    scope: dict = {}
    exec(square.source(3.0), scope)
    assert scope["square_grad"](3.0) == 6.0


def test_check_grads():
    ad.check_grads(cube, (2.0,), order=2)
    ad.check_grads(loss, (A, 0.5, np.eye(3), B), order=2)
    ad.check_grads(polar, (2.0, 0.5))
    with pytest.raises(ValueError, match="modes"):
        ad.check_grads(cube, (2.0,), modes=("backwards",))


def test_check_grads_finds_a_wrong_derivative():
    def f(x, y):
        return np.sum(x * ad.stop_gradient(x) * y)

    with pytest.raises(ad.GradientError, match=r"gradient of x\[0\] of f is .*error"):
        ad.check_grads(f, (A, B), modes=("rev",))
    with pytest.raises(ad.GradientError, match="tangent along x"):
        ad.check_grads(f, (A, B), modes=("fwd",))


def test_stop_gradient_and_no_grad():
    assert ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0

    def f(x):
        with ad.no_grad():
            scale = x * x
        return scale * x

    assert f(3.0) == 27.0
    assert ad.grad(f)(3.0) == 9.0


@pytest.mark.parametrize("given", [(2.0,), (A,), ((2.0,), (1.0,)), (2.0, 1.0)])
@pytest.mark.parametrize("make", [ad.grad, ad.vjp, ad.jvp])
def test_arguments_given_a_call_too_early(make, given):
    with pytest.raises(TypeError, match=r"their values go to the derivative: grad"):
        make(cube, *given)


def test_backends():
    assert ad.grad(cube, backend="numpy")(2.0) == 12.0
    with pytest.raises(ValueError, match="no backend 'tpu'"):
        ad.differentiate(cube, backend="tpu")


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


def test_a_default_is_not_differentiated_unless_named():
    def scaled(n, factor=2.0):
        return n * factor

    with pytest.raises(TypeError, match="factor is left to its default"):
        ad.grad(scaled)(3)
    assert ad.grad(scaled, wrt="factor")(3) == 3.0


def test_one_element_known_at_run_time_only():
    with pytest.raises(ad.UnsupportedError) as e:
        ad.grad(lambda x: x[x > 1.0])(A)
    assert "y.item()" in e.value.hint
    x = np.array([0.5, 3.0])
    gradient = ad.grad(lambda x: x[x > 1.0].item() ** 2)(x)
    np.testing.assert_array_equal(gradient, [0.0, 6.0])


def array_or_error(a, x):
    if a <= 0.5:
        return a + x
    raise ArithmeticError("reached")


def test_the_pullback_of_an_array_or_an_error():
    y, pullback = ad.vjp(array_or_error)(0.25, np.array([0.5, -1.5]))
    np.testing.assert_array_equal(y, [0.75, -1.25])
    gradients = pullback(np.array([2.0, 3.0]))
    assert gradients[0] == 5.0
    np.testing.assert_array_equal(gradients[1], [2.0, 3.0])
    with pytest.raises(ArithmeticError, match="reached"):
        ad.vjp(array_or_error)(0.75, np.array([0.5, -1.5]))
