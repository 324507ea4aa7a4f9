"""`custom_vjp`: the rule in both modes, at every order, or an error that is clear."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import adcompiler as ad


@ad.custom_vjp
def clipped(x):
    return np.clip(x, -1.0, 1.0)


clipped.defvjp(lambda x: (np.clip(x, -1.0, 1.0), x), lambda x, y_bar: (y_bar,))


@ad.custom_vjp
def times(a, b):
    return a * b


def times_forward(a, b):
    return a * b, (a, b)


def times_backward(saved, y_bar):
    a, b = saved
    return y_bar * b, y_bar * a


times.defvjp(times_forward, times_backward)


@ad.custom_vjp
def root(a):
    """A root found by iteration, differentiated by the implicit function theorem."""
    y = 1.0
    while abs(y * y - a) > 1e-14 * a:
        y = 0.5 * (y + a / y)
    return y


def root_forward(a):
    y = root(a)
    return y, y


root.defvjp(root_forward, lambda y, y_bar: (y_bar / (2.0 * y),))


@ad.custom_vjp
def polar(p, n):
    r = np.sqrt(p[0] ** 2 + p[1] ** 2)
    return r**n, np.arctan2(p[1], p[0])


def polar_forward(p, n):
    r2 = p[0] ** 2 + p[1] ** 2
    r = np.sqrt(r2)
    return (r**n, np.arctan2(p[1], p[0])), (p, r, n)


def polar_backward(saved, bars):
    p, r, n = saved
    r_bar = bars[0] * n * r ** (n - 1)
    t_bar = bars[1] / r**2
    x_bar = r_bar * p[0] / r - t_bar * p[1]
    y_bar = r_bar * p[1] / r + t_bar * p[0]
    return np.array([x_bar, y_bar]), None


polar.defvjp(polar_forward, polar_backward)


@ad.custom_vjp
def running(x):
    """A sum of prefixes, whose rule has loops and stores of its own."""
    y = np.zeros_like(x)
    total = 0.0
    for i in range(len(x)):
        total = total + np.sin(x[i])
        y[i] = total
    return y


def running_forward(x):
    y = np.zeros_like(x)
    total = 0.0
    for i in range(len(x)):
        total = total + np.sin(x[i])
        y[i] = total
    return y, np.cos(x)


def running_backward(cosines, y_bar):
    x_bar = np.zeros_like(y_bar)
    total = 0.0
    for i in reversed(range(len(y_bar))):
        total = total + y_bar[i]
        if i >= 0:
            x_bar[i] = total * cosines[i]
    return (x_bar,)


running.defvjp(running_forward, running_backward)


def in_a_loop(x, n):
    y = x
    for k in range(n):
        y = times(y, np.cos(y)) + running(y) * 0.1
    return np.sum(y * y)


def under_a_condition(x, n):
    s = 0.0
    for i in range(n):
        if x[i] > 0.5:
            s += root(x[i]) * s + 1.0
        else:
            s = times(s, x[i]) - 1.0
    return s


def of_tuples(p, n):
    r, t = polar(p, n)
    return r * np.sin(t) + t * t


def through_a_helper(x):
    def inner(v):
        return times(v, v) + root(v * v + 1.0)

    s = 0.0
    while s < 10.0:
        s += inner(x) + 0.5
        x = x * 1.1
    return s


X = np.array([0.3, 0.9, 0.7])
TRUE = [
    (in_a_loop, (X, 0)),
    (in_a_loop, (X, 1)),
    (in_a_loop, (X, 3)),
    (under_a_condition, (X, 3)),
    (of_tuples, (np.array([0.6, 0.5]), 3)),
    (through_a_helper, (1.3,)),
    (lambda a: root(a) ** 3, (2.5,)),
]


@pytest.mark.parametrize(("f", "args"), TRUE)
def test_true_rules_give_the_derivative(f, args):
    ad.check_grads(ad.differentiate(f), args, order=2)


@pytest.mark.parametrize(("f", "args"), TRUE)
def test_pullbacks_may_be_called_again(f, args):
    value, pullback = ad.vjp(f)(*args)
    first, second = pullback(1.0), pullback(2.0)
    assert np.allclose(2.0 * np.asarray(first), second)
    assert np.allclose(first, ad.grad(f)(*args))


def test_third_order():
    cube = ad.grad(ad.grad(ad.grad(lambda x: times(x, times(x, x)))))
    assert cube(2.0) == 6.0
    found = ad.grad(ad.grad(ad.grad(root)))(2.0)
    assert found == pytest.approx(0.375 * 2.0**-2.5)


def straight(x):
    return np.sum(clipped(2.0 * x) ** 2)


def test_the_rule_holds_at_every_order():
    x = np.array([0.3, 1.0, -0.2])
    assert np.allclose(ad.grad(straight)(x), 4.0 * np.clip(2.0 * x, -1, 1))
    value, dot = ad.jvp(straight)((x,), (np.ones(3),))
    assert dot == pytest.approx(np.sum(ad.grad(straight)(x)))
    # The derivative of that gradient, the clipping having the derivative one.
    assert np.allclose(ad.hessian(straight)(x), 8.0 * np.eye(3))
    columns = ad.jacobian(ad.grad(straight))(x)
    assert np.allclose(columns, 8.0 * np.eye(3))


def test_the_source_reads_as_by_hand():
    source = ad.differentiate(straight).source(X)
    assert "x_bar = 4.0 * np.clip(2.0 * x, -1.0, 1.0)" in source


def test_of_itself():
    assert clipped(3.0) == 1.0
    assert ad.grad(clipped)(3.0) == 1.0
    assert ad.jvp(clipped)((3.0,), (2.0,)) == (1.0, 2.0)
    assert np.allclose(ad.jacobian(times)(X, 2.0 * X).a, np.diag(2.0 * X))
    g = ad.differentiate(times, wrt="a")
    assert g(2.0, 3.0) == 6.0
    assert g.grad(2.0, 3.0) == 3.0


@ad.custom_vjp
def flipped(x):
    return x


flipped.defvjp(lambda x: (x, None), lambda _, y_bar: (-y_bar,))


def test_reversed_gradients():
    assert ad.grad(lambda x: 3.0 * flipped(x))(2.0) == -3.0
    assert np.allclose(ad.grad(lambda x: np.sum(flipped(x) * x))(X), 0.0)


@ad.custom_vjp
def bounded(x):
    return 1.0 * x


bounded.defvjp(lambda x: (1.0 * x, None), lambda _, y_bar: (np.clip(y_bar, -1.0, 1.0),))


def test_rules_that_are_not_linear_serve_reverse_mode():
    f = ad.differentiate(lambda x: 5.0 * bounded(x) ** 2)
    assert f.grad(2.0) == 1.0
    with pytest.raises(ad.UnsupportedError, match=r"bounded\(\) serves reverse mode"):
        f.jvp((2.0,), (1.0,))


def test_a_branch_on_a_cotangent_is_not_linear():
    @ad.custom_vjp
    def f(x):
        return x * x

    def backward(x, y_bar):
        if y_bar > 0.0:
            return (2.0 * x * y_bar,)
        return (0.0,)

    f.defvjp(lambda x: (x * x, x), backward)
    assert ad.grad(lambda x: f(x))(3.0) == 6.0
    with pytest.raises(ad.UnsupportedError, match="linear"):
        ad.jvp(lambda x: f(x))((3.0,), (1.0,))


def test_float32():
    x = X.astype(np.float32)
    gradient = ad.grad(lambda x: np.sum(times(x, x)))(x)
    assert gradient.dtype == np.float32
    assert np.allclose(gradient, 2 * x)


def test_arrays_of_other_ranks():
    @ad.custom_vjp
    def dot(a, b):
        return a @ b

    dot.defvjp(
        lambda a, b: (a @ b, (a, b)),
        lambda saved, y_bar: (y_bar @ saved[1].T, saved[0].T @ y_bar),
    )
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    f = ad.differentiate(lambda a, b: np.sum(np.sin(dot(a, b))))
    ad.check_grads(f, (a, b), order=2)


def test_containers():
    @ad.custom_vjp
    def linear(p, x):
        return p["w"] * x + p["b"][0]

    linear.defvjp(
        lambda p, x: (p["w"] * x + p["b"][0], {"w": p["w"], "x": x}),
        lambda s, g: ({"w": g * s["x"], "b": (g,)}, g * s["w"]),
    )
    p = {"w": 2.0, "b": (1.0,)}
    gradient = ad.grad(lambda p, x: linear(p, x) ** 2)(p, 3.0)
    assert gradient.p == {"w": 42.0, "b": (14.0,)}
    assert gradient.x == 28.0


SCALE = np.array([1.0, 2.0, 3.0])


def test_what_a_rule_reads_of_the_module():
    global SCALE

    @ad.custom_vjp
    def scaled(x):
        return SCALE * x

    scaled.defvjp(lambda x: (SCALE * x, None), lambda _, g: (SCALE * g,))
    f = ad.differentiate(lambda x: np.sum(scaled(x)))
    assert np.allclose(f.grad(X), SCALE)
    SCALE = 2.0 * SCALE
    assert np.allclose(f.grad(X), SCALE)
    assert np.allclose(f.jvp((X,), (np.ones(3),))[1], np.sum(SCALE))


def test_a_new_rule_is_used():
    @ad.custom_vjp
    def f(x):
        return x

    f.defvjp(lambda x: (x, None), lambda _, g: (2.0 * g,))
    g = ad.differentiate(lambda x: f(x))
    assert g.grad(1.0) == 2.0
    f.defvjp(lambda x: (x, None), lambda _, g: (3.0 * g,))
    assert g.grad(1.0) == 3.0


def test_no_grad():
    def f(x):
        with ad.no_grad():
            y = times(x, x)
        return x * y

    assert ad.grad(f)(3.0) == 9.0


def test_methods():
    class Model:
        def __init__(self, k):
            self.k = k

        @ad.custom_vjp
        def act(self, x):
            return self.k * x

    Model.act.defvjp(
        lambda self, x: (self.k * x, self.k), lambda k, g: (None, 10.0 * k * g)
    )
    model = Model(2.0)
    assert model.act(3.0) == 6.0
    assert ad.grad(lambda x: model.act(x) ** 2)(3.0) == 2 * 6.0 * 20.0


def test_is_like_the_function():
    assert times.__name__ == "times"
    assert "custom_vjp times" in repr(times)
    assert pickle.loads(pickle.dumps(times)) is times
    assert copy.copy(times) is times
    assert copy.deepcopy(times) is times
    with pytest.raises(TypeError, match="not a function"):
        ad.custom_vjp(3.0)
    with pytest.raises(TypeError, match="forward is no function"):
        times.defvjp(1, 2)


# --- What is refused --------------------------------------------------------------


def stated(forward, backward, function=None):
    def f(x):
        return x * x

    made = ad.custom_vjp(function or f)
    if forward is not None:
        made.defvjp(forward, backward)
    return ad.differentiate(lambda x: np.sum(made(x)))


def storing_forward(x):
    x[0] = 1.0
    return x * x, None


def storing_backward(x, g):
    x[0] = 1.0
    return (2.0 * x * g,)


REFUSED = [
    (None, None, "has none"),
    (lambda x: x * x, lambda x, g: (g,), "gives the value and the residuals"),
    (lambda: (1.0, None), lambda x, g: (g,), "takes 0 arguments"),
    (lambda x: (x * x, x), lambda g: (g,), "takes 1 arguments"),
    (lambda x: (x * x, x), lambda x, g: g, "a tuple with a cotangent for each"),
    (lambda x: (x * x, x), lambda x, g: (g, g), "a tuple with a cotangent for each"),
    (lambda x: (x * x, x), lambda x, g: (np.sum(g),), "as a cotangent of float64"),
    (lambda x: (x * x, x), lambda x, g: (g[None],), "as a cotangent of float64"),
    (storing_forward, lambda x, g: (g,), "changes what it is given"),
    (lambda x: (x * x, x), storing_backward, "changes what it is given"),
]


@pytest.mark.parametrize(("forward", "backward", "message"), REFUSED)
def test_refused(forward, backward, message):
    with pytest.raises(ad.UnsupportedError, match=message):
        stated(forward, backward).grad(X)


def test_lengths_are_compared():
    f = stated(lambda x: (x * x, x), lambda x, g: (g[:-1],))
    with pytest.raises(ValueError, match="cotangent of length 2, not 3, along axis 0"):
        f.grad(X)


def test_a_result_that_is_an_argument_is_not_stored_to():
    def f(x):
        y = flipped(x)
        y[0] = 3.0
        return np.sum(x * x)

    with pytest.raises(ad.UnsupportedError):
        ad.grad(f)(X)


def test_errors_of_a_rule_are_raised():
    def backward(x, g):
        if x[0] > 0.0:
            raise ValueError("no gradient here")
        return (g,)

    f = stated(lambda x: (x * x, x), backward)
    assert np.allclose(f.grad(-X), 1.0)
    with pytest.raises(ValueError, match="no gradient here"):
        f.grad(X)
