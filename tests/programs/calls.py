"""Calls: helpers, closures, lambdas, defaults, keywords."""

import math

import numpy as np

from .registry import TRIPS, positive, program, real, trips

SCALE = 1.5


def square(x):
    return x * x


def sine_and_cosine(x):
    return np.sin(x), np.cos(x)


def scaled(x, factor=2.0, *, shift=0.0):
    return factor * x + shift


def safe_ratio(x, y):
    if y > 0.0:
        return x / y
    return x


def fill_with_squares(target, x):
    for i in range(len(x)):
        target[i] = x[i] * x[i]


def apply_twice(f, x):
    return f(f(x))


@program(real())
def calls_a_helper(x):
    return square(x) + square(square(x))


@program(real())
def helper_returns_a_tuple(x):
    s, c = sine_and_cosine(x)
    return s * c + c


@program(real(), real())
def default_and_keyword_arguments(x, y):
    return scaled(x) * scaled(y, 3.0) + scaled(x, shift=y) * scaled(y, factor=x)


@program(real())
def own_default_argument(x, gain=2.5):
    return gain * x * x


@program(real())
def helper_with_early_return(x):
    return safe_ratio(x, 2.0) + safe_ratio(x * x, -1.0)


@program(real(4))
def helper_writes_into_its_argument(x):
    y = np.zeros(4)
    fill_with_squares(y, x)
    return np.sum(y * x)


@program(real())
def function_as_an_argument(x):
    return apply_twice(square, x) + apply_twice(math.sin, x)


@program(real())
def nested_function(x):
    def inner(y):
        return y * x

    return inner(x) + inner(2.0)


@program(real(), real())
def nested_function_reads_a_later_value(x, y):
    def inner(z):
        return z * y

    y = y * x
    return inner(x)


@program(real())
def nonlocal_variable(x):
    total = x

    def add(y):
        nonlocal total
        total = total + y * x

    add(x)
    add(2.0)
    return total * total


@program(real())
def variable_passed_and_returned(x):
    total = x

    def add(total, y):
        return total + y * x

    total = add(total, x)
    total = add(total, 2.0)
    return total * total


@program(real())
def lambda_in_the_body(x):
    f = lambda y: y * x
    return f(f(x))


@program(real())
def lambda_with_a_default(x):
    f = lambda y, k=x * 2.0: y * k
    return f(x) + f(3.0)


@program(real())
def global_constant(x):
    return SCALE * x * x


def make_polynomial(a, b):
    def polynomial(x):
        return a * x * x + b * x

    return polynomial


closure_over_numbers = program(real())(make_polynomial(2.0, -0.5))


def make_weighted(weights):
    def weighted(x):
        return np.sum(weights * x * x)

    return weighted


closure_over_an_array = program(real(3))(make_weighted(np.array([0.5, -1.5, 2.0])))

registered_lambda = program(real())(lambda x: x * np.exp(-x * x))


@program(real())
def helper_called_in_a_branch(x):
    if x * x > 0.0:
        return square(x) * 2.0
    return scaled(x)


@trips(real(), TRIPS)
def helper_called_in_a_loop(x, n):
    y = x
    for _ in range(n):
        y = scaled(y, x) - safe_ratio(y, 3.0)
    return y


def newton_step(y, target):
    return y - (y * y - target) / (2.0 * y)


@trips(positive(), TRIPS, counts=(0, 1, 2, 4))
def helper_carries_a_value(x, n):
    y = 1.0 + x
    for _ in range(n):
        y = newton_step(y, x)
    return y * x


@program(real(3))
def array_helper(x):
    def softmax(z):
        e = np.exp(z - np.max(z))
        return e / np.sum(e)

    return np.sum(softmax(x) * x)


@program(real(), real())
def keywords_out_of_order(x, y):
    def f(a, b, c):
        return a * b - c * a

    return f(c=x, a=y, b=x * y)


@program(real(3))
def composed_functions(x):
    def compose(f, g):
        return lambda v: f(g(v))

    h = compose(np.sum, np.exp)
    return h(x) * h(2.0 * x)


@program(real())
def docstring_and_comment(x):
    """Return the square."""
    # A comment.
    return x * x


@program(real(), real())
def positional_only_and_keyword_only(x, /, y, *, z=2.0):
    return x * y * z


def sum_of_loop(x, n):
    total = 0.0
    for i in range(n):
        if x[i] < 0:
            return total
        total += x[i] * x[i]
    return total


@program(positive(4), label="to the end")
@program(lambda rng: np.array([0.4, 0.7, -0.2, 0.9]), label="left early")
def helper_returns_out_of_its_loop(x):
    return sum_of_loop(x, 4) * x[0] + sum_of_loop(x, 1)


def differences(y, n):
    for _ in range(n):
        y = y[1:] - y[:-1]
    return y


@program(positive(5))
def helper_that_loops_over_ints_and_over_floats(x):
    steps = differences(np.array([0, 1, 3, 4, 8]), 1)
    return np.sum(differences(x * x, 1) / steps)
