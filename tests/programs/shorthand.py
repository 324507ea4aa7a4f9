"""Syntax that stands for other syntax: `:=`, `match`, decorators, imports, sets."""

import functools
import math
from collections import deque

import numpy as np

from .registry import positive, program, real


@program(positive())
def named_in_a_test(x):
    if (y := x * x) > 0.3:
        return y * x
    return y + x


@program(real(4))
def named_in_the_condition_of_a_loop(x):
    i, total = 0, 0.0
    while i < 4 and (v := x[i] * x[i]) < 1.2:
        total += v * v
        i += 1
    return total + x[0] * i


@program(positive())
def newton_by_a_named_step(x):
    y = 1.0
    while abs(step := (y * y - x) / (2 * y)) > 1e-10:
        y -= step
        if y < 0.0:
            break
    else:
        y *= 2.0
    return y + step


@program(real(4))
def named_one_after_the_other(x):
    total = 0.0
    for v in x:
        if (a := v * v) > 0.2 and (b := a * v) > 0.1:
            total += a * b
        elif a > 0.3:
            total -= a
    return total + math.hypot(c := x[0] * 3.0, c * 2.0) * c


@program(real(2))
def named_on_both_paths(x):
    y = (a := x[0] * 2.0) if x[1] > 0.0 else (a := x[1])
    return y * a


@program(real(2), raises=UnboundLocalError)
def named_where_it_is_not_reached(x):
    if x[0] * x[0] < 0.0 and (y := x[1]) > 0.0:
        return y
    return x[0] * y


@program(real(3))
def named_in_a_comprehension(x):
    total = sum([y * y for v in (x[0], x[1]) if (y := v + 2.0) > 0.0])
    return total + sum([(z := v * v) * z for v in (x[0], x[1])]) + y * x[2] * z


@program(real(), "square", label="square", wrt=("x",))
@program(real(), "cube", label="cube", wrt=("x",))
@program(real(), "other", label="other", wrt=("x",))
def match_of_strings(x, kind):
    match kind:
        case "square" | "two":
            return x * x
        case "cube":
            return x**3
    return x


@program(real(4))
def match_of_numbers_at_run_time(x):
    total = x[0]
    for k in range(7):
        match k % 4:
            case 0:
                total += x[k // 2] ** 2
            case 1 | 2:
                if total > 3.0:
                    continue
                total *= x[k // 2]
            case r if k > 5:
                total += r
                break
            case r:
                total -= r * x[k - 3]
    return total


@program(real(4))
def match_of_sequences(x):
    total = 0.5
    a, b, c, d = x
    items = ((a, b), (c,), (a, (b, 2.0)), ("minus", d), a, (a, b, c, d), [1, c])
    for item in items:
        match item:
            case (u, (v, w)):
                total += u * v * w
            case ("minus", v):
                total -= v**3
            case (1, v) as pair:
                total += v * len(pair)
            case (u, v) if u > 7.0:
                total += 100.0 * u
            case (u, v):
                total += u * v * v
            case [u]:
                total += u**4
            case (first, *_, last):
                total *= first * last
            case float() | np.float64():
                total *= 1.1 * item
    return total


@program(real(4))
def match_with_guards(x):
    total = 0.0
    for k in range(4):
        match (k % 2, x[k]):
            case (0, v) if v > 0.0:
                total += v * v
            case (0, v):
                total += v
            case (1, v) if v > 0.5:
                total *= v
            case (a, v):
                total -= a * v
    return total


@program(real(2))
def match_binds_though_the_guard_fails(x):
    v = 3.0
    match (1, x[0]):
        case (1, v) if v > 50.0:
            return v
        case _:
            pass
    return v * v * x[1]


@program(real(2), 1, label="bound", wrt=("x",))
@program(real(2), 2, label="not bound", wrt=("x",))
def match_at_run_time_binds_though_the_guard_fails(x, n):
    v = 3.0
    for k in range(n):
        match (k, x[0]):
            case (0, v) if v > 50.0:
                return v
            case _:
                v = v * 2.0
    return v * v * x[1]


@program(real(3))
def match_of_types(x):
    def scaled(a, w=None):
        match w:
            case None:
                return a * a
            case int(n):
                return a**n
            case float():
                return a * w
            case np.ndarray(shape=(n,)):
                return np.sum(w) * a * n

    total = scaled(x[0]) + scaled(x[1], 2.0) + scaled(x[2], x) * scaled(x[0], 3)
    match float(total) > 0.0:
        case True:
            return total
        case _:
            return -2.0 * total


@program(real())
def imports_inside(x):
    import os.path
    from math import pi
    from math import sin as s

    import numpy as xp
    from numpy import linalg

    if os.path.sep == "":
        return x
    return xp.cos(x) * s(x) * pi * linalg.norm(xp.array([x, 2.0]))


@program(real(3))
def decorated_inside(x):
    def twice(f):
        def g(*args):
            return f(f(*args))

        return g

    def scaled(k):
        def outer(f):
            @functools.wraps(f)
            def g(*args, **kwargs):
                return k * f(*args, **kwargs)

            return g

        return outer

    @twice
    @scaled(3.0)
    def h(v, p=2):
        return v**p

    @scaled(x[0])
    def one(v, p=1):
        return v**p + 1.0

    return np.sum(h(x)) + one(x[1], p=3)


@program(real(4))
def one_of_a_set(x):
    return sum(x[i] ** 2 for i in range(4) if i in {1, 2} or i not in {0, 1, 2})


@program(real(2))
def match_of_a_range(x):
    match range(2, 5):
        case (a, b, c):
            return x[0] * a * b * c
    return x[1]


@program(real(2))
def match_of_a_deque(x):
    match deque([x[0], x[1]]):
        case (a, b):
            return a * b * b
    return x[0]


@program(real(2))
def match_of_what_is_no_sequence(x):
    match "ab":
        case (a, b):
            return x[0]
    match x:
        case (a, b):
            return a
    match (v for v in x):
        case [a, b]:
            return a
    return x[1] * 3.0
