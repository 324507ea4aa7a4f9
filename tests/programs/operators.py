"""Operators, subscripts, comparisons, lengths and truth that classes define."""

from __future__ import annotations

import functools
import operator
from typing import NamedTuple

import numpy as np

from .registry import program, real


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __add__(self, other):
        if isinstance(other, Pair):
            return Pair(self.a + other.a, self.b + other.b)
        return Pair(self.a + other, self.b)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __mul__(self, k):
        return Pair(self.a * k, self.b * k)

    __rmul__ = __mul__

    def __truediv__(self, k):
        return Pair(self.a / k, self.b / k)

    def __pow__(self, k):
        return Pair(self.a**k, self.b**k)

    def __matmul__(self, other):
        return self.a * other.a + self.b * other.b

    def __neg__(self):
        return Pair(-self.a, -self.b)

    def __abs__(self):
        return (self.a**2 + self.b**2) ** 0.5

    def __eq__(self, other):
        return self.a == other.a and self.b == other.b

    __hash__ = None

    def __lt__(self, other):
        return self.a < other.a

    def __bool__(self):
        return bool(self.a > self.b)


class Row:
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, k):
        return self.values[k]

    def __setitem__(self, k, value):
        self.values[k] = 2.0 * value

    def __contains__(self, value):
        return bool(np.any(self.values == value))

    def __iadd__(self, other):
        self.values += other
        return self


class Polar(NamedTuple):
    size: float
    turn: float

    def __add__(self, other):
        return Polar(self.size + other.size, self.turn * other.turn)


class Three(NamedTuple):
    first: float

    def __len__(self):
        return 3

    def __getitem__(self, k):
        return self.first * k


class Metres:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        if isinstance(other, Metres):
            return Metres(self.value + other.value)
        return NotImplemented

    def __radd__(self, other):
        return Metres(2.0 * self.value + other)


class Kilometres(Metres):
    def __radd__(self, other):
        return Metres(self.value * 1000.0 + other.value)


SHIFT = Pair(2.0, -1.5)


@program(real(4))
def sums_and_products(x):
    v = Pair(x[0], x[1]) + 2.0 * Pair(x[2], x[3]) / 3.0 - Pair(x[1], 1.0) ** 2
    return v.a * v.b + v @ SHIFT


@program(real(4))
def a_number_of_numpys_on_the_left(x):
    v = x[0] * Pair(x[1], x[2]) + x[3]
    w = x[1] + v
    return v.a * w.b + w.a


@program(real(4))
def sums_in_loops(x):
    v = Pair(x[0], x[1])
    for k in range(3):
        v += Pair(x[2], x[3]) * k
    w = sum((Pair(a, 2.0 * a) for a in x), Pair(0.0, 0.0))
    u = functools.reduce(operator.add, [v, w, -v * 2.0])
    return v.a * v.b + abs(w) + u.a * u.b


@program(real(4))
def compared(x):
    v, w = Pair(x[0], x[1]), Pair(x[2], x[3])
    low = v if v < w else w
    same = x[0] if v == Pair(x[0], x[1]) and v != w else x[1] ** 2
    return low.a * low.b + same * (x[2] if w > v else x[3])


@program(real(4))
def true_or_not(x):
    v, w = Pair(x[0], x[1]), Pair(x[1], x[0])
    return x[2] ** 2 * (x[0] if v else x[1]) + (x[3] if not w else x[3] ** 3)


@program(real(4))
def subscripts_and_lengths(x):
    r = Row(x * x)
    r[0] = r[1] * x[2]
    r[-1] += x[1]
    s = x[3] if x[1] ** 2 in r else x[3] ** 2
    for k in range(len(r)):
        s += r[k] * x[k]
    return s


@program(real(4))
def changed_in_place(x):
    values = x * x
    r = Row(values)
    held = r
    r += x
    return np.sum(held.values * values)


@program(real(4))
def named_tuples_add_as_they_say(x):
    p = Polar(x[0], x[1]) + Polar(x[2], x[3])
    return p.size * p.turn


@program(real(2))
def named_tuples_are_as_long_as_they_say(x):
    t = Three(x[0])
    return len(t) * t[2] * x[1]


@program(real(2))
def the_right_operand_is_asked_too(x):
    a = Metres(x[0]) + Metres(x[1])
    b = 1.5 + Metres(x[0])
    c = Metres(x[1]) + Kilometres(x[0])
    return a.value * b.value + c.value**2


@program(real(4), refused="asked first")
def an_array_on_the_left(x):
    v = x * Pair(2.0, 3.0)
    return np.sum(v[0].a)
