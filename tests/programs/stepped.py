"""Objects that are asked for their next item, and what `itertools` makes of them."""

import itertools

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips


class Weighted:
    def __init__(self, x, n):
        self.x, self.n, self.i = x, n, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.i >= self.n:
            raise StopIteration
        v = self.x[self.i] * (self.i + 1)
        self.i += 1
        return v


@trips(real(5), TRIPS, counts=(0, 1, 5))
def gone_over(x, n):
    s = x[0]
    for v in Weighted(x, n):
        s += v * v
    return s


@program(real(5))
def gone_over_with_exits(x):
    s = 0.0
    for v in Weighted(x, len(x)):
        if v < 0.0:
            continue
        if v > 2.0:
            break
        s += v * v
    else:
        s *= x[0]
    for v in Weighted(x, 3):
        s += np.sin(v)
    else:
        s *= x[1]
    return s


@program(distinct(4))
def returned_from_within(x):
    for v in Weighted(x, len(x)):
        if v > 1.0:
            return v * v * x[0]
    return x[0]


class Rows:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        return Weighted(self.x, len(self.x))


@program(real(3))
def begun_anew_by_each_loop(x):
    rows, s = Rows(x), 0.0
    for a in rows:
        for b in rows:
            s += a * b * a
    return s


class Again:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        self.i = 0
        return self

    def __next__(self):
        if self.i < len(self.x):
            v = self.x[self.i]
            self.i += 1
            return v
        else:
            raise StopIteration


@program(real(3))
def put_back_to_its_beginning(x):
    again, s = Again(x), 0.0
    for v in again:
        s += v * v
    for v in again:
        s *= v
    return s


class Iterates:
    def __init__(self, a, tol):
        self.a, self.y, self.tol = a, a, tol

    def __iter__(self):
        return self

    def __next__(self):
        y = 0.5 * (self.y + self.a / self.y)
        if abs(y - self.y) < self.tol:
            raise StopIteration()
        self.y = y
        return y


@program(positive(2))
def steps_of_a_method(x):
    s = 0.0
    for y in Iterates(x[0] + 2.0, 1e-2):
        s = s * x[1] + y
    return s


class Fibonacci:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __iter__(self):
        return self

    def __next__(self):
        v = self.a
        self.a, self.b = self.b, self.a + self.b
        return v


@program(positive(2))
def without_an_end(x):
    s = 0.0
    for v in Fibonacci(x[0], x[1]):
        s += v * v
        if s > 30.0:
            break
    it = Fibonacci(x[1], x[0])
    return s + next(it) * next(it) * next(it, 0.0)


class Scaled:
    def __init__(self, inner, factor):
        self.inner, self.factor = inner, factor

    def __iter__(self):
        return self

    def __next__(self):
        v = next(self.inner)
        return v * self.factor


@program(real(4))
def one_inside_the_other(x):
    total = sum(v * v for v in Scaled(Weighted(x, len(x)), x[0]))
    return total * max(Scaled(Weighted(x, 3), x[1]))


@program(real(4))
def listed_and_summed(x):
    xs = list(Weighted(x, len(x)))
    ys = [v * v for v in Weighted(x, len(x)) if v > -10.0]
    return xs[1] * xs[2] + sum(Weighted(x, 2)) * np.sum(np.array(ys))


class Pairs:
    def __init__(self, x):
        self.x, self.i = x, 0

    def __iter__(self):
        return self

    def __next__(self):
        i = self.i
        if i + 1 < len(self.x):
            self.i = i + 1
            return self.x[i], self.x[i + 1]
        raise StopIteration


@program(real(4))
def pairs_of_items(x):
    s = 0.0
    for a, b in Pairs(x):
        s += a * np.sin(b)
    return s


@program(real(4))
def numbered_and_side_by_side(x):
    s = 0.0
    for k, v in enumerate(Weighted(x, len(x)), 1):
        s += k * v * v
    for a, b in zip(Weighted(x, len(x)), x[1:]):
        s += a * b * b
    for a, b in zip(x, Fibonacci(x[0], x[1])):
        s += np.sin(a * b)
    return s


@program(real(5))
def parts_of_steps(x):
    first = sum(v * v for v in itertools.islice(Fibonacci(x[0], x[1]), 5))
    some = sum(itertools.islice(Weighted(x, len(x)), 1, 3))
    other = sum(v * v for v in itertools.islice(Weighted(x, len(x)), 0, None, 2))
    return first + some * other


@program(real(5))
def two_of_one(x):
    here, there = itertools.tee(v * v for v in x)
    next(there)
    s = sum(a * b for a, b in zip(here, there))
    a, b, c = itertools.tee(x, 3)
    return s + sum(a) * sum(b) + max(c)


@program(np.array([0.5, 0.7, -0.4, -0.9, 1.1]))
@program(np.array([-0.5]), label="one")
def runs_of_one_sign(x):
    s = 0.0
    for positive_, run in itertools.groupby(x, key=lambda v: v > 0.0):
        total = sum(v * v for v in run)
        s += total**2 if positive_ else np.sin(total)
    return s


@program(real(4))
def runs_that_are_known(x):
    rows = [("a", x[0]), ("a", x[1]), ("b", x[2]), ("a", x[3])]
    s = 0.0
    for word, run in itertools.groupby(rows, key=lambda row: row[0]):
        values = [v for _, v in run]
        s += len(values) * sum(values) ** 2 * (1.0 if word == "a" else x[0])
    return s


@program(real(3), raises=StopIteration)
def steps_that_have_ended(x):
    it = Weighted(x, 1)
    return next(it) * next(it)


@program(real(3), refused="again")
def runs_gone_over_twice(x):
    s = 0.0
    for _, run in itertools.groupby(x, key=lambda v: v > 0.0):
        s += sum(run) * max(run, default=1.0)
    return s


@program(real(3), refused="changed since")
def two_of_what_changes(x):
    y = x.copy()
    a, b = itertools.tee(y)
    y[0] = 1.0
    return sum(a) * sum(b)
