"""What somebody tries in the first ten minutes: it works, or is told what to write."""

from __future__ import annotations

import functools
import linecache
import logging
import math
import time
import warnings

import numpy as np
import pytest

import adcompiler as ad

X = np.array([1.0, 2.0, 3.0])
LOG = logging.getLogger(__name__)


def total(x):
    return np.sum(x * x)


def power(x, y):
    return x**y


class Series:
    """As far as it matters, a column of a data frame."""

    def to_numpy(self):
        return X

    def __array__(self, dtype=None, copy=None):
        return X

    def __mul__(self, other):
        return self


class Line:
    slope = 2.0

    def __call__(self, x):
        return self.slope * x * x

    def __getitem__(self, k):
        return self.slope


class Compiled:
    """A wrapper that is not written in Python, as Numba's."""

    def __init__(self, py_func):
        self.py_func = py_func
        self.__name__ = py_func.__name__

    __call__ = functools.partial(print)


class Point:
    def __init__(self, x):
        self.x = x


COLUMN = Series()


# --- What works -------------------------------------------------------------------


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        kwargs.setdefault("scale", 1.0)
        return 2.0 * f(*args, **kwargs)

    return wrapper


class Model:
    weight = 3.0

    @doubled
    def loss(self, x, scale):
        return self.weight * scale * x * x


@doubled
def decorated(x, y=2.0, scale=3.0):
    return x * x * y * scale


def several(x, *ys, scale=1.0, **more):
    return x * sum(ys) * scale * more.get("b", 1.0)


def test_decorated_functions():
    assert ad.grad(decorated)(3.0) == 24.0
    assert ad.grad(decorated)(3.0, 2.0) == (24.0, 18.0)
    gradients = ad.grad(decorated)(3.0, y=2.0)
    assert (gradients.args_0, gradients.y) == (24.0, 18.0)
    assert ad.grad(Model().loss)(2.0) == 24.0
    assert ad.hessian(decorated)(3.0) == 8.0
    assert ad.grad(functools.cache(decorated))(3.0) == 24.0


def test_any_number_of_arguments():
    gradients = ad.grad(several)(2.0, 3.0, 4.0, scale=2.0, b=5.0)
    names = ("x", "ys_0", "ys_1", "scale", "b")
    assert type(gradients).__match_args__ == names
    assert gradients == (70.0, 20.0, 20.0, 70.0, 28.0)
    assert ad.grad(several)(2.0, 3, 4) == 7.0
    assert ad.grad(several)(2.0) == 0.0
    assert ad.grad(several, wrt=("more", "ys"))(2.0, 1.0, b=2.0) == (2.0, 4.0)
    value, tangent = ad.jvp(several)((2.0, 3.0, 4.0), (1.0, 0.0, 2.0))
    assert (value, tangent) == (14.0, 11.0)
    _, pullback = ad.vjp(several)(2.0, 3.0)
    assert pullback(2.0) == (6.0, 4.0)
    assert ad.hvp(several)((2.0, 3.0), (1.0, 1.0)) == (1.0, 1.0)
    jacobian = ad.jacobian(lambda *xs: xs[0] * xs[1])(X, X)
    np.testing.assert_array_equal(jacobian.xs_1, np.diag(X))
    assert ad.check_grads(several, (2.0, 3.0, 4)) is None


def test_objects_that_are_called():
    line = Line()
    assert ad.grad(line)(3.0) == 12.0
    line.slope = 5.0
    assert ad.grad(line)(3.0) == 30.0


def test_a_helper_redefined_in_a_notebook():
    scope: dict = {"ad": ad}

    def cell(number, text):
        name = f"/tmp/ipykernel_1/{number}.py"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), scope)

    cell(1, "def h(x):\n    return x * x\n")
    cell(2, "def f(x):\n    return h(x) * 2.0\ng = ad.grad(f)\n")
    assert scope["g"](3.0) == 12.0
    cell(3, "def h(x):\n    return x**3\n")
    assert scope["g"](3.0) == 54.0
    cell(4, "def f(x):\n    return h(x) * 5.0\n")
    assert scope["g"](3.0) == 54.0
    assert ad.grad(scope["f"])(3.0) == 135.0


def test_two_lambdas_on_a_line():
    f, g = (lambda x: x * x), (lambda x: x * x * x)
    assert (ad.grad(f)(2.0), ad.grad(g)(2.0)) == (4.0, 12.0)


def test_half_precision_and_other_layouts():
    assert ad.grad(total)(X.astype(np.float16)).dtype == np.float16
    np.testing.assert_array_equal(ad.grad(total)(X[::-1]), 2.0 * X[::-1])
    read_only = X.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(ad.grad(total)(read_only), 2.0 * X)


# --- What is refused, and what to write instead -----------------------------------


def sampled(x):
    return x * np.random.default_rng(0).normal()


def logs(x):
    LOG.info("x is %s", x)
    return x * x


def warns(x):
    warnings.warn("no", stacklevel=1)
    return x * x


def timed(x):
    start = time.time()
    return x * start


def of_lists(x):
    return np.sum(x * 2.0)


def gives_both(x):
    return x, x * x


def gives_a_dict(x):
    return {"loss": x * x}


def gives_nothing(x):
    x * x


def counts(x):
    return len(x)


def formats(x):
    print("%d" % x)  # noqa: UP031
    return x


def uses_a_column(x):
    return np.sum(COLUMN * x)


def chooses_a_function(x):
    f = np.sin if x > 0.0 else np.cos
    return f(x)


def chooses_a_lambda(x):
    if x > 0.0:
        f = lambda v: v * v  # noqa: E731
    else:
        f = lambda v: v  # noqa: E731
    return f(x)


def chooses_a_key(x):
    parts = {"a": x, "b": x * x}
    key = "a" if x > 3.0 else "b"
    return parts[key]


def generates(x):
    yield x


REFUSED = [
    (chooses_a_function, 2.0, "'sin' on one path", "f(x) if c else g(x)"),
    (chooses_a_lambda, 2.0, "a function on one path", "f(x) if c else g(x)"),
    (chooses_a_key, 2.0, "'b' on another", "d['a'] if c else d['b']"),
    (generates, 2.0, "'yield'", "np.array(values)"),
    (total, np.ma.masked_array(X), "x is a MaskedArray", "x.filled(0.0)"),
    (total, np.matrix([[1.0]]), "x is a matrix", "write @ for products"),
    (total, X.astype(object), "dtype object", "x.astype(float)"),
    (total, X + 1j, "dtype complex", "x.real and x.imag"),
    (total, X.astype(np.longdouble), "dtype float128", "x.astype(np.float64)"),
    (total, X.astype(">f8"), "this machine's order", "newbyteorder('=')"),
    (total, np.array(["2020-01-01"], "M8[D]"), "datetime64", "np.timedelta64(1, 's')"),
    (total, np.array([(1.0,)], [("a", float)]), "dtype", "its fields"),
    (total, Series(), "not a NumPy array", ".to_numpy()"),
    (total, [1.0, 2.0], "a list is used", "np.array(...)"),
    (of_lists, [1.0, 2.0], "a list times a float", "np.array(...)"),
    (lambda x: x.sum(), [1.0, 2.0], "'sum' of a list", "np.array(...)"),
    (lambda x: x.shape[0], [1.0, 2.0], "'shape' of a list", "np.array(...)"),
    (gives_both, 2.0, "a tuple of 2", "lambda x: gives_both(x)[0]"),
    (gives_a_dict, 2.0, "a dict of 1", "lambda x: gives_a_dict(x)['loss']"),
    (gives_nothing, 2.0, "returns None", "return and the value"),
    (counts, X, "returns an int", "return the float"),
    (lambda x: x * x, X, r"shape (3,)", "np.sum; or call vjp, or jacobian"),
    (lambda x: "a", 2.0, "the str 'a'", "return a float"),
    (sampled, 2.0, "default_rng", "draw outside"),
    (logs, 2.0, "LOG.info", "print the values"),
    (warns, 2.0, "warnings.warn", "warn outside"),
    (timed, 2.0, "time.time", "around the call"),
    (formats, 2.0, "'%d'", "f'{int(x)}'"),
    (lambda x: print(x, file=None), 2.0, "'file=' of print", "leave it away"),
    (uses_a_column, X, "a Series is used", ".to_numpy()"),
    (np.sin, 2.0, "np.sin is not a function", "lambda x: np.sin(x)"),
    (np.sum, X, "np.sum is not a function", "lambda x: np.sum(x)"),
    (math.sin, 2.0, "math.sin is not a function", "lambda x: math.sin(x)"),
    (abs, 2.0, "abs is not a function", "lambda x: abs(x)"),
    (Point, 2.0, "Point is not a function", "lambda x: Point(x).y"),
    (functools.partial(np.power, 3.0), 2.0, "partial", "lambda x: np.power(3.0, x)"),
    (np.vectorize(power), 2.0, "power is not a function", "power.pyfunc"),
    (Compiled(power), 2.0, "power is not a function", "power.py_func"),
]


@pytest.mark.parametrize(("function", "value", "message", "hint"), REFUSED)
def test_it_says_what_to_write(function, value, message, hint):
    with pytest.raises(ad.UnsupportedError) as caught:
        ad.grad(function)(value)
    assert message in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "x is an int. Pass a float or an array of floats"),
        (np.array([1, 2]), r"an array of int64. Pass it as floats: x.astype\(float\)"),
        (np.array([True]), r"an array of bool. Pass it as floats: x.astype\(float\)"),
        ([1, 2], r"Pass floats, as 1.0 for 1, or np.array\(x, float\)"),
        (None, "x is None"),
        ("a", "x is a str"),
    ],
)
def test_nothing_that_could_be_differentiated(value, message):
    with pytest.raises(TypeError, match=message):
        ad.grad(total)(value)


def test_too_few_and_too_many_arguments():
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        ad.grad(power)(2.0)
    with pytest.raises(TypeError, match="too many positional arguments"):
        ad.grad(total)(2.0, 3.0)


def test_a_function_without_a_source():
    scope: dict = {}
    exec("def f(x): return x * x", scope)
    with pytest.raises(ad.UnsupportedError, match="source of 'f' was not found") as e:
        ad.grad(scope["f"])(2.0)
    assert e.value.hint == "define the function in a file or in a notebook cell"
