"""`*` of what has any length, and what stands beside it in `zip`."""

from typing import NamedTuple

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips


@program(real(4))
def an_array_between_numbers(x):
    y = np.array([1.0, *x, x[0]])
    return np.sum(y[1:] * y[:-1])


@trips(real(5), TRIPS, counts=(0, 1, 4))
def a_list_of_several(x, n):
    squares = [v * v for v in x[:n]]
    both = [*squares, *(np.sin(v) for v in x if v > -2.0), 2.0]
    both += [*x[1:]]
    return sum(both) * both[-1] * len(both)


@program(distinct(4))
def greatest_and_least_of_all(x):
    return max(*x) * min(*x, 3.0) + max(0.5, *x[1:])


@program(real(4))
def arguments_of_a_function(x):
    def f(a, b, *rest):
        return a * b + sum(rest) * rest[0]

    return f(*x) + np.hypot(*x[:2]) * f(x[0], *x[1:])


@program(real(3))
def tuples_of_an_array(x):
    t = (*x, 1.0)
    a, *b = tuple(v * v for v in x)
    return t[0] * t[-1] * a + b[0] * b[-1]


@program(real(3))
def arrays_in_pieces(x):
    y = np.prod([*x]) + np.polyval([*x, 1.0], 0.5)
    return y * np.sum(np.array([*x, *x[::-1]]) * np.arange(6))


@program(real(3))
@program(real(2), label="shorter")
def names_beside_numbers(x):
    s = 0.0
    for name, v in zip(["a", "b", "c"], x):
        s += v * v if name == "a" else np.sin(v)
    held = dict(zip("ab", x))
    return s * held["a"] * held["b"]


class Weight(NamedTuple):
    slope: float
    power: int


@program(positive(3))
def objects_beside_numbers(x):
    weights = [Weight(1.0, 2), Weight(-2.0, 3)]
    s = 0.0
    for k, (w, v) in enumerate(zip(weights, x)):
        s += w.slope * v**w.power * (k + 1)
    for f, v in zip((np.sin, np.cos, np.exp, np.sqrt), x):
        s += f(v)
    return s


@program(real(4))
def parts_that_change_in_between(x):
    xs = [v * v for v in x]
    ys = [*xs, xs.pop(), *xs]
    return np.sum(np.array(ys) * np.arange(len(ys)))


@program(np.ones(1), raises=TypeError)
def greatest_of_one(x):
    return max(*x)


@program(real(3), raises=TypeError)
def greatest_of_one_of_three(x):
    return max(*[v for v in x if v == x[0]])


@program(real(2), refused="'*' spreads")
def arguments_of_unknown_number(x):
    return np.hypot(*[v for v in x if v > -2.0])


@program(real(100), refused="'*' spreads")
def too_many_arguments(x):
    def f(*values):
        return sum(values)

    return f(*x)
