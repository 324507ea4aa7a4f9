"""Items that are computed and given to no one: those that `zip` takes of what ends
later, and those that `islice` leaves out."""

import itertools

import numpy as np

from .registry import program, real

NOWHERE = "goes nowhere"


class Average:
    """Of what it has been given, with a memory."""

    def __init__(self):
        self.mean = 0.3

    def note(self, v):
        self.mean = 0.5 * self.mean + v
        return v * v


@program(real(3), refused=NOWHERE)
def noted_in_a_list(x):
    seen = []

    def note(v):
        seen.append(v)
        return v

    total = 0.0
    for a, b in zip(map(note, x), (1.0, 2.0)):
        total += a * b
    return total * sum(seen)


@program(real(3), refused=NOWHERE)
def walrus_in_a_generator(x):
    total = 0.0
    for a, b in zip((last := v for v in x), (1.0,)):
        total += a * b
    return total * last


@program(real(3), refused=NOWHERE)
def stored_into_an_array(x):
    y = np.zeros(3)

    def put(i):
        y[i] = x[i]
        return x[i]

    return sum(a * b for a, b in zip(map(put, range(3)), x[:1])) + np.sum(y)


@program(real(3), refused=NOWHERE)
def counted_by_a_map_of_two(x):
    n = 0

    def note(v):
        nonlocal n
        n += 1
        return v

    return sum(map(lambda a, b: a * b, map(note, x), (1.0,))) * n


@program(real(3), refused=NOWHERE)
def with_the_next(x):
    average = Average()
    rows = list(zip(map(average.note, x), x[1:]))
    return rows[0][0] * average.mean


@program(real(3), refused=NOWHERE)
def zipped_in_a_zip(x):
    average = Average()
    total = 0.0
    for k, ((a, b), c) in enumerate(zip(zip(map(average.note, x), x), x[:2])):
        total += a * b * c + k
    return total * average.mean


@program(real(2), refused=NOWHERE)
def with_nothing(x):
    average = Average()
    total = x[0]
    for a, b in zip(map(average.note, (x[0], x[1])), ()):
        total += a * b
    return total * average.mean


@program(real(3), refused=NOWHERE)
def one_at_a_time(x):
    average = Average()
    rows = zip(map(average.note, x), x[:2])
    first, _ = next(rows)
    return first * average.mean + sum(b for _, b in rows)


@program(real(4), refused=NOWHERE)
def every_other(x):
    average = Average()
    total = 0.0
    for a in itertools.islice(map(average.note, x), 0, None, 2):
        total += a
    return total * average.mean


@program(real(3), refused=NOWHERE)
def but_the_first(x):
    average = Average()
    total = 0.0
    for a in itertools.islice((average.note(v) for v in (x[0], x[1], x[2])), 1, None):
        total += a
    return total * average.mean


# --- What changes nothing, or is taken of none but those that are given ---------------


@program(real(3))
def of_one_length(x):
    average = Average()
    total = 0.0
    for a, b in zip(map(average.note, x), x):
        total += a * b
    for a, k in zip(map(average.note, x * x), range(len(x))):
        total += a * k
    return total * average.mean


@program(real(3), real(3))
def of_lengths_that_are_found_equal(x, y):
    average = Average()
    total = 0.0
    for a, b in zip(map(average.note, x), y):
        total += a * b
    return total * average.mean


@program(real(3), real(2), refused=NOWHERE)
def of_lengths_that_differ(x, y):
    average = Average()
    total = 0.0
    for a, b in zip(map(average.note, x), y):
        total += a * b
    return total * average.mean


@program(real(3))
def the_short_one_first(x):
    average = Average()
    total = 0.0
    for b, a in zip(x[:2], map(average.note, x)):
        total += a * b
    for a, b in zip(map(average.note, x), itertools.count()):
        total += a * b
    for a, b in itertools.zip_longest(map(average.note, x), x[:2], fillvalue=1.0):
        total += a * b
    for a in itertools.islice(map(average.note, x), 2):
        total += a
    return total * average.mean


@program(real(3))
def functions_without_a_memory(x):
    total = 0.0
    for a, b in zip(map(np.sin, x), (1.0, 2.0)):
        total += a * b
    for a, b in zip((v * v for v in x), x[1:]):
        total += a * b
    named = dict(zip("ab", map(np.sin, x)))
    total += sum(map(lambda a, b: a * b, map(np.exp, x), x[1:])) * named["b"]
    total += sum(itertools.islice(map(np.exp, x), 1, None))
    return total + sum(itertools.islice((v * v for v in x), 0, None, 2))
