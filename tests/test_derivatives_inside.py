"""Derivatives taken inside functions that are differentiated.

The reference is a difference quotient of the plain call, in which the derivative inside
is compiled on its own.
"""

import numpy as np
import pytest

import adcompiler as ad

X = np.array([1.0, 2.0, 3.0])
PROGRAMS = []


def case(*args):
    def enter(function):
        PROGRAMS.append(pytest.param(function, args, id=function.__name__))
        return function

    return enter


def cube(x):
    return x * x * x


sq = ad.differentiate(lambda x: x * x)


@case(2.0)
def jvp1(x):
    v, t = ad.jvp(cube)((x,), (1.0,))
    return v + t


@case(2.0)
def jvp_conf(x):
    v, t = ad.jvp(lambda y: x * y)((x,), (x,))
    return v * t


@case(X)
def jvp_arr(x):
    v, t = ad.jvp(lambda y, a: (np.sum(y * y * a), y * a))((x, x), (x * x, None))
    return v[0] * t[0] + np.sum(v[1] * t[1])


@case(X)
def jvp_loop(x):
    def inner(y):
        z = y.copy()
        for i in range(1, len(z)):
            z[i] += z[i - 1] ** 2 * x[i]
        return z

    s = 0.0
    for k in range(3):
        v, t = ad.jvp(inner)((x * k,), (x,))
        s += np.sum(t * v)
    return s


@case(2.0)
def vjp1(x):
    v, pb = ad.vjp(cube)(x)
    return v + pb(2.0)


@case(2.0)
def vjp2(x):
    v, pb = ad.vjp(lambda y: x * y**3)(x)
    return pb(v) * pb(x)


@case(X)
def vjp_loop(x):
    def inner(y):
        z = y.copy()
        for i in range(1, len(z)):
            z[i] += z[i - 1] ** 2 * x[i]
        return z

    v, pb = ad.vjp(inner)(x)
    s = 0.0
    for k in range(3):
        e = np.zeros(3)
        e[k] = 1.0
        s += np.sum(pb(e) ** 2) * v[k]
    return s


@case(X)
def vjp_inloop(x):
    def inner(y, k):
        z = y.copy()
        for i in range(1, len(z)):
            z[i] += z[i - 1] ** 2 * x[i] * k
        return z, np.sum(z)

    s = 0.0
    for k in range(3):
        (a, b), pb = ad.vjp(inner)(x, k)
        g = pb((a * b, None))
        s += np.sum(g * a)
        g2 = pb((None, b))
        s += np.sum(g2 * g)
    return s


@case(X)
def vjp_multi(x):
    (a, b), pb = ad.vjp(lambda u, w: (u * w[0], np.sum(w)))(x, x)
    g = pb((x, 2.0))
    return np.sum(g.u * g.w) + b + np.sum(a)


@case(X)
def wh(x):
    def inner(y):
        n = 0
        while y < 50.0:
            y = y * y + x[0]
            n += 1
        return y * n

    v, pb = ad.vjp(inner)(x[1])
    g = ad.grad(inner)(x[2])
    return pb(g) * v


@case(X)
def branch(x):
    v, pb = ad.vjp(lambda y: np.sum(y**3))(x)
    if v > 3:
        return pb(v)[0]
    else:
        return pb(2 * v)[1]


@case(X)
def hvp(x):
    return np.sum(ad.hvp(lambda y: np.sum(y**3 * x))((x,), (x,)))


@case(X)
def hvp2(x):
    h = ad.hvp(lambda y, z: np.sum(y**3 * z**2 * x))((x, x), (x, None))
    return np.sum(h.y * h.z)


@case(2.0)
def third(x):
    return ad.grad(lambda y: y * ad.grad(lambda z: z**3 * y * x)(y * x))(x)


@case(2.0)
def jj(x):
    return ad.jvp(lambda y: ad.jvp(lambda z: z**3 * y)((y,), (x,))[1])((x,), (x,))[1]


@case(2.0)
def vv(x):
    def g(y):
        v, pb = ad.vjp(lambda z: z**3 * y)(y)
        return pb(v)

    v, pb = ad.vjp(g)(x)
    return pb(v)


@case(X)
def zerod(x):
    a = np.sum(x * x, keepdims=True).reshape(())
    return np.sum(ad.grad(lambda u: np.sin(u) * a)(a) * x)


@case(X)
def alias(x):
    def f(u, w):
        u[0] = 3.0
        return np.sum(u * w * u)

    return np.sum(ad.grad(f)(x, x.copy()).u)


@case(X)
def sqq(x):
    return (
        sq.jvp((x[0],), (x[1],))[1] + sq.hvp((x[0],), (x[2],)) + sq.vjp(x[1])[1](x[0])
    )


@case(X)
def argmut(x):
    def f(u):
        for i in range(len(u)):
            u[i] = u[i] ** 2
        return np.sum(u)

    g = ad.grad(f)(x)
    return np.sum(g * x)


@case(X)
def newton(x):
    y = 1.0
    for _ in range(20):
        v, d = ad.value_and_grad(lambda t: t * t * t - x[0] * x[1])(y)
        if abs(v) < 1e-12:
            break
        y -= v / d
    return y


@case(0.3, 0.7)
def cotangents_and_tangents_of_the_other_kind(a, b):
    """Python numbers where the primal is NumPy's, and the reverse."""

    def turned(u):
        for _ in range(2):
            u = u * np.cos(u) if b > 0.2 else u
        return np.sin(u * a) * u

    _, pullback = ad.vjp(turned)(1.0 * a)
    _, first = ad.jvp(turned)((np.cos(a),), (1.0 * b,))
    _, second = ad.jvp(turned)((1.0 * b,), (np.cos(a),))
    return pullback(1.0 * b) * pullback(np.sin(b)) * first * second


@pytest.mark.parametrize(("function", "args"), PROGRAMS)
def test_derivatives_inside(function, args):
    ad.check_grads(function, args)


def test_levels_are_not_confused():
    def f(x):
        return x * ad.grad(lambda y: x + y)(1.0)

    assert ad.grad(f)(5.0) == 1.0

    def g(x):
        return ad.jvp(lambda y: x * y)((1.0,), (1.0,))[1]

    assert ad.grad(g)(5.0) == 1.0
    assert ad.jvp(g)((5.0,), (1.0,)) == (5.0, 1.0)


def test_a_gradient_inside_has_the_type_of_its_argument():
    def f(x):
        g = ad.grad(lambda y: np.sin(y))(x)
        return 1.0 / g if isinstance(g, float) else g

    assert f(0.5) == pytest.approx(1.0 / np.cos(0.5))
    ad.check_grads(f, (0.5,))

    def h(x):
        value, tangent = ad.jvp(cube)((x,), (1,))
        return value * tangent * ad.grad(cube)(x)

    assert type(ad.grad(h)(np.float32(2.0))) is np.float32


def twice(x):
    def f(u, w):
        u[0] = 3.0
        return np.sum(u * w * u)

    return np.sum(ad.grad(f)(x, x).u)


def around(x):
    def f(u):
        u[0] = 3.0
        return np.sum(u * x * u)

    return np.sum(ad.grad(f)(x))


def stores_outside(x):
    y = np.zeros(3)

    def f(u):
        y[0] = u[0]
        return y[0] * u[0]

    return np.sum(ad.grad(f)(x))


def two_pullbacks(x):
    if x[0] > 0:
        _, back = ad.vjp(lambda y: np.sum(y**3))(x)
    else:
        _, back = ad.vjp(lambda y: np.sum(y**2))(x)
    return back(1.0)[0]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (twice, "stores into an array that it is given twice"),
        (around, "stores into an array that it is given twice"),
        (stores_outside, "stores outside"),
        (two_pullbacks, "a pullback on one path and a pullback on another"),
        (lambda x: ad.grad(lambda y: y * y)(x)[0], "a gradient needs a scalar"),
        (lambda x: ad.grad(lambda y: (y, y))(x[0]), "this is a tuple of 2"),
        (lambda x: ad.jvp(cube)(x, x)[0][0], "a tuple with an entry per argument"),
        (lambda x: ad.jvp(cube)((x,), (x, x))[0][0], "1 primals and 2 tangents"),
        (lambda x: ad.jvp(cube)((x,), (None,))[0][0], "no argument moves"),
        (lambda x: ad.jvp(cube)((x,), (1.0,))[0][0], "not shaped like"),
        (lambda x: ad.grad(cube, wrt=3)(x[0]), "wrt names 3"),
        (lambda x: x[0] * ad.grad(lambda n: n * n)(2), "nothing can be differentiated"),
    ],
)
def test_refused(function, message):
    with pytest.raises(ad.UnsupportedError, match=message):
        ad.grad(function)(X)


def test_a_tangent_of_another_length_raises():
    def f(x, v):
        return np.sum(ad.jvp(lambda y: y * y)((x,), (v,))[1])

    for call in (f, ad.grad(f)):
        with pytest.raises(ValueError, match="tangent"):
            call(X, np.ones(2))


def gradient_inside(x, a):
    f = lambda t: t**3 - a
    derivative = ad.grad(f)
    for _ in range(8):
        x = x - f(x) / derivative(x)
    return x + ad.grad(derivative)(x)


def test_derivatives_inside_a_function():
    found = ad.value_and_grad(gradient_inside, wrt="a")(2.0, 5.0)
    root = 5.0 ** (1 / 3)
    slope = root / 15.0
    assert np.allclose(found, (root + 6 * root, 7 * slope), rtol=1e-12)


def constant_inside(x):
    y = ad.stop_gradient(x * x)
    with ad.no_grad():
        z = x * 3.0
    return x * y * z


def test_what_passes_no_derivative():
    assert ad.grad(constant_inside)(1.5) == 10.125


def sine(x):
    return np.sin(x)


def squared(x):
    return np.square(x)


def by_kind_of_derivative(x):
    d = ad.grad(sine)(x)
    return x * (3.0 if isinstance(d, np.float64) else 2.0)


def by_zero_derivative(x):
    return 1.0 / ad.grad(squared)(x)


def test_a_derivative_inside_has_the_kind_of_its_argument():
    assert ad.grad(by_kind_of_derivative)(0.5) == 2.0
    assert ad.grad(by_kind_of_derivative)(np.float64(0.5)) == 3.0
    for call in (by_zero_derivative, ad.value_and_grad(by_zero_derivative)):
        with pytest.raises(ZeroDivisionError):
            call(0.0)
