"""The public surface: what each call takes, gives, and says when it cannot."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import adcompiler as ad
from tests.small_functions import A, B, cube, loss, polar, product, square

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


def test_check_grads_of_third_order_goes_along_a_line():
    def f(x):
        return np.sum(np.sin(x) * x)

    with pytest.raises(ValueError, match="lambda t: f"):
        ad.check_grads(f, (A,), order=3)
    ad.check_grads(lambda t: f(A + t * B), (0.5,), order=3)


def test_check_grads_shows_the_numbers_of_a_scalar_function():
    def f(x):
        return np.sum(x * ad.stop_gradient(x))

    found = r"\[0\] of f is 1, the difference quotient (2|1\.999)"
    with pytest.raises(ad.GradientError, match="gradient of x" + found):
        ad.check_grads(f, (np.array([1.0, 3.0]),))


@pytest.mark.parametrize("name", ["2nd", "class", "a b", "²", "", "<x>"])
def test_a_name_that_python_would_not_accept(name):
    def f(x):
        return x * x

    f.__name__ = name
    assert ad.grad(f)(2.0) == 4.0


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.tensordot(x, x, axes=1),
        lambda x: np.linalg.tensordot(x, x, axes=1),
        lambda x: np.inner(x, x),
        lambda x: np.interp(x[0], x, x),
        lambda x: np.nan_to_num(x[0]),
        lambda x: np.fmax(x[0], x[1]),
        lambda x: np.squeeze(x[0]),
        lambda x: np.transpose(x[0]),
        lambda x: np.squeeze(x[:1], axis=0),
    ],
)
def test_values_are_arrays_of_rank_0_or_numbers_as_numpy_s(f):
    x = np.array([1.0, 2.0])
    assert type(ad.vjp(f)(x)[0]) is type(ad.jvp(f)((x,), (x,))[0]) is type(f(x))


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
