"""Iterators that give again what they have read, or read ahead; and what is stored,
meanwhile, into what they go over."""

import itertools

import numpy as np

from .registry import TRIPS, program, real, trips

HELD = np.array([0.9, 0.45, 0.3])


@program(real(4), refused="changes in the loop")
def pairs_of_what_changes(x):
    y = x.copy()
    total = 0.0
    for k, (a, b) in enumerate(itertools.pairwise(y)):
        total += a * b
        y[k + 1] = y[k + 1] * 1.5 + a
    return total


@program(real(4), refused="changes in the loop")
def pairs_of_a_list_that_changes(x):
    y = [v * v for v in x]
    total = 0.0
    for a, b in itertools.pairwise(y):
        total += a * b
        y[2] = a + b
    return total


@program(real(3), refused="changes in the loop")
def pairs_of_a_dict_that_changes(x):
    d = {"a": x[0], "b": x[1], "c": x[2]}
    total = 0.0
    for a, b in itertools.pairwise(d.values()):
        total += a * b
        d["b"] = a * 3.0
    return total


@program(real(3), refused="changes in the loop")
def round_and_round_what_changes(x):
    y = x.copy()
    total = 0.0
    for k, a in zip(range(7), itertools.cycle(y)):
        total += a * a
        y[k % 3] = a * 0.5
    return total


@program(real(4), refused="changes in the loop")
def product_of_a_list_that_changes(x):
    y = [v * v for v in x]
    total = 0.0
    for a, b in itertools.product(y, y):
        total += a * b
        y[1] = a + b
    return total


@program(real(4), refused="has changed since")
def product_of_a_list_that_has_changed(x):
    y = [v * v for v in x]
    rows = itertools.product(y, (1.0, 2.0))
    y[0] = 3.0
    return sum(a * b for a, b in rows)


@program(real(4), refused="changes in the loop")
def two_heads_of_what_changes(x):
    y = x.copy()
    one, other = itertools.tee(y)
    total = next(other)
    for a, b in zip(one, other):
        total += a * b
        y[2] = a + b
    return total


@program(real(4), refused="changes in the loop")
def groups_of_what_changes(x):
    y = x.copy()
    total = 0.0
    for positive, run in itertools.groupby(y, lambda v: v > 0.0):
        total += sum(run) * (2.0 if positive else 3.0)
        y[3] = total
    return total


@program(real(4), refused="since its first item")
def pairs_taken_before_and_after_a_store(x):
    y = x.copy()
    pairs = itertools.pairwise(y)
    a, b = next(pairs)
    y[1] = 2.0 * a
    c, d = next(pairs)
    return a * b + c * d


@program(real(4))
def pairs_after_a_store(x):
    y = x.copy()
    pairs = itertools.pairwise(y)
    y[1] = 2.0 * y[0]
    return sum(a * b for a, b in pairs)


@program(real(3, 2))
def rows_of_pairs_are_stored_into(x):
    y = x.copy()
    total = 0.0
    for a, b in itertools.pairwise(y):
        total += np.sum(a * b)
        b += 0.5 * a
    return total + np.sum(y * y)


@program(real(4))
def another_array_is_stored_into(x):
    y = np.zeros(4)
    for k, (a, b) in enumerate(itertools.pairwise(x)):
        y[k] = a * b
    for (a, b), c in zip(itertools.product(y, y), itertools.cycle(x)):
        y = y + a * b * c
    return np.sum(y * y)


@program(real(4))
def the_item_before_by_hand(x):
    y = x.copy()
    total, a = 0.0, y[0]
    for k in range(1, len(y)):
        b = y[k]
        total += a * b
        y[k] = y[k] * 1.5 + a
        a = b
    return total + np.sum(y)


@trips(real(4), TRIPS, counts=(1, 3))
def part_of_an_outer_array(x, n):
    def found():
        part = HELD[1:]
        for i in range(1, n):
            if i > 1:
                return part
        return x[:1] * 2.0

    return np.sum(found() * x[0])


@trips(real(3, 3), TRIPS, counts=(1, 3))
def diagonal_out_of_a_loop(x, n):
    part = np.diagonal(np.outer(HELD, HELD))

    def found():
        for i in range(1, n):
            if i > 1:
                return part
        return np.diag(x)[1:]

    return np.sum(found() * x[0, 0])
