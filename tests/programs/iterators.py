"""Iterators: generator expressions, zip, map, filter; when their items are computed."""

import itertools
import math

import numpy as np

from .registry import program, real


@program(real(4))
def generator_reads_what_the_body_changes(x):
    s = 1.0
    for v in (w * s for w in x):
        s += v
    return s


@program(real(3))
def generator_of_known_length_reads_late(x):
    s = 1.0
    for v in (w * s for w in (x[0], x[1], x[2])):
        s += v
    return s * sum(w * s for w in (x[0], x[2]))


@program(real(4))
def generator_made_before_it_is_used(x):
    y, s = x.copy(), 2.0
    terms = (v * s for v in y)
    s = x[0] * x[0]
    y[1] = 5.0 * x[2]
    return sum(terms)


@program(real(4))
def generator_with_a_test_in_a_loop(x):
    t = 0.5
    for a, b in (pair for pair in zip(x, x[::-1]) if pair[0] > 0.0):
        if b < -1.2:
            break
        t = t * 0.9 + a * b
    else:
        t = t * t
    return t


@program(real(4))
def generator_from_a_function(x):
    def scaled(s):
        return (v * s for v in x)

    return sum(scaled(2.0)) * sum(scaled(x[0]))


@program(real(4))
def zip_of_generators(x):
    total = 0.0
    for k, (a, b) in enumerate(zip((v * v for v in x), map(np.sin, x))):
        total += a * b * (k + 1)
    return total


@program(real(4))
def maps_and_filters(x):
    squares = map(lambda v: v * v, x)
    total = sum(squares)
    for v in filter(lambda v: v > 0.0, map(lambda a, b: a + 0.5 * b, x, x[::-1])):
        total += v**3
    positive = list(filter(lambda v: v > 0.0, x))
    first, second = map(math.sin, (x[0], x[1]))
    return total + first * second + len(positive) * max(map(abs, x))


@program(real(3))
def closures_over_the_last_item(x):
    k = 7.0
    functions = [lambda a: a * k * j for j in (1.0, 2.0, 3.0)]
    k = x[1]
    return sum(f(x[0]) for f in functions)


@program(real(4), refused="gives its items once")
def generator_used_twice(x):
    squares = (v * v for v in x)
    return sum(squares) * 2.0 + sum(squares) + x[0]


@program(real(4), refused="gives its items once")
def zip_gone_over_in_a_loop(x):
    pairs = zip(x, x[::-1])
    total = x[0]
    for _ in range(3):
        for a, b in pairs:
            total += a * b
    return total


@program(real(4), refused="gives its items once")
def used_up_on_one_path(x):
    squares = map(lambda v: v * v, x)
    total = x[0]
    if x[0] > -5.0:
        total += sum(squares)
    return total + sum(squares)


@program(real(4))
def used_once_on_either_path(x):
    squares = map(lambda v: v * v, x)
    return sum(squares) if x[0] > 0.0 else 2.0 * max(squares)


@program(real(4), refused="run time only")
def filtered_beside_another(x):
    total = 0.0
    for a, b in zip(filter(lambda v: v > 0.0, x), x):
        total += a * b
    return total


@program(real(4))
def iterators_of_iterators(x):
    pairs = list(a * b for a, b in zip(x, x[::-1]))
    total = max(a * k for k, a in enumerate(map(np.sin, x)))
    for v in itertools.accumulate(a * b for a, b in zip(x, x[1:])):
        total += v * v
    return total + sum(pairs) + sum(v * v for v in (w + 1.0 for w in map(abs, x)))
