"""Lists that are repeated in place, which whoever holds them sees."""

from collections import Counter

import numpy as np

from .registry import TRIPS, program, real, trips


class Holder:
    def __init__(self, held):
        self.held = held


@trips(real(3), TRIPS, counts=(-1, 0, 1, 2, 3))
def by_another_name(x, n):
    xs = [x[0], x[1]]
    ys = xs
    ys *= n
    return sum(xs) * len(ys) + x[2]


@program(real(3))
def by_a_function(x):
    def double(xs):
        xs *= 2

    xs = [x[0], x[1]]
    double(xs)
    double(xs)
    return sum(xs) * len(xs) + x[2]


@program(real(3))
def in_an_object_and_a_dict(x):
    of_object, of_dict = [x[0]], [x[1], x[2]]
    holder, d = Holder(of_object), {"a": of_dict}
    holder.held *= 3
    d["a"] *= 2
    return sum(of_object) * len(of_object) + sum(of_dict) * len(of_dict)


@program(real(3))
def lists_in_a_list(x):
    a = [[x[0]], [x[1]]]
    b = a
    b *= 2
    b[0].append(x[2])
    return sum(a[-2]) * len(a)


@trips(real(5), TRIPS)
def grown_and_repeated(x, n):
    xs = []
    for i in range(n):
        xs.append(x[i] ** 2)
    ys = xs
    xs *= 2
    zs = ys * 2 + [x[0]]
    ys *= 0
    return sum(zs) + len(xs)


@program(real(3))
def by_themselves(x):
    xs = [v * v for v in x]
    ys = xs
    xs += ys
    ys.extend(xs)
    zs = [x[:2], x[1:]]
    zs += zs
    return sum(ys) * len(xs) + sum(np.sum(z * z) for z in zs)


@program(real(3))
def tuples_are_made_anew(x):
    t = (x[0], x[1])
    u = t
    u *= 2
    xs = [x[2]]
    ys = xs
    ys = ys * 3
    return sum(u) * len(t) + sum(ys) * len(xs)


@program(real(3))
def counters_changed_in_place(x):
    d = Counter(a=2)
    e, held = d, [d]
    d += Counter(a=1, b=3)
    held[0] -= Counter(a=2)
    return (e["a"] * x[0] + e["b"] * x[2]) * x[1]
