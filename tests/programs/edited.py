"""Lists that are edited: arrays in them changed in place, items and parts taken away or
replaced."""

import numpy as np

from .registry import TRIPS, program, real, trips


@trips(real(3), TRIPS, counts=(0, 1, 2, 5))
def sums_in_a_list(x, n):
    sums = [np.zeros(3) for _ in range(n)]
    for t in range(4):
        for i in range(n):
            sums[i] += x * t
    return sum(np.sum(s**2) for s in sums) + x[0]


@trips(real(3), TRIPS, counts=(1, 3))
def gradients_of_layers(x, n):
    weights = [np.eye(3) * 0.1 for _ in range(n)]
    slopes = [np.zeros((3, 3)) for _ in range(n)]
    for k in range(n):
        slopes[k] += np.outer(x, x)
        weights[k] -= 0.1 * slopes[k]
    h = x
    for w in weights:
        h = np.tanh(w @ h)
    return np.sum(h)


@trips(real(3), TRIPS, counts=(0, 1, 2, 5))
def elements_of_items(x, n):
    rows = []
    for i in range(n):
        rows.append(x * i)
        rows[-1][0] = x[1] * x[2]
    for i in range(n):
        rows[i][1:] *= rows[i - 1][0]
    return sum([np.sum(row**2) for row in rows]) + x[0]


@trips(real(3), TRIPS, counts=(1, 4))
def all_in_turn(x, n):
    rows = [np.cos(x * i) for i in range(n)]
    for k, row in enumerate(rows):
        row += x
        row[k % 3] = x[0]
    return np.sum(np.array(rows) ** 2) + x[1]


@trips(real(3), TRIPS, counts=(0, 1, 4))
def what_was_made_and_put_in(x, n):
    rows, total = [], 0.0
    for i in range(n):
        row = np.zeros(3)
        row += x * i
        rows.append(row)
        if x[i % 3] > 0:
            rows[i] *= 2.0
        total = total + np.sum(rows[i // 2])
    return total


@trips(real(3), TRIPS, counts=(1, 3))
def of_several_lengths(x, n):
    parts = [x[: k % 3 + 1] * 2.0 for k in range(n)]
    for k in range(n):
        parts[k] += x[0]
        parts[k][-1] = parts[k][0] * x[1]
    return sum(np.sum(p**2) for p in parts)


@trips(real(3), TRIPS, counts=(1, 4))
def replaced_and_changed(x, n):
    rows = [x * 1.0, x * 2.0]
    for i in range(n):
        rows[i % 2] = np.sin(x) * i
        rows[0] += rows[1]
        rows[1] -= 0.5
    return np.sum(rows[0] * rows[1])


class Sums:
    def __init__(self, n):
        self.of = [np.zeros(3) for _ in range(n)]

    def add(self, k, v):
        self.of[k] += v


@trips(real(3), TRIPS, counts=(1, 4))
def of_an_object(x, n):
    sums = Sums(n)
    for i in range(2 * n):
        sums.add(i % n, x**i)
    return np.sum(np.stack(sums.of) ** 2)


@program(real(3), refused="an array in place that a list may hold twice")
def one_array_many_times(x):
    rows = [np.zeros(3)] * 3
    for t in range(4):
        rows[t % 3] += x * t
    return sum(np.sum(row**2) for row in rows)


@program(real(3), 3, refused="an array in place that a list may hold twice")
def put_in_again_later(x, n):
    rows = [x * i for i in range(n)]
    total = 0.0
    for i in range(n):
        rows[0] += x
        total = total + np.sum(rows[i])
        rows.append(rows[0])
    return total


@program(real(3), 3, refused="that a list holds, and 'first', read")
def an_item_with_a_name(x, n):
    rows = [x * i for i in range(n)]
    first = rows[0]
    for i in range(n):
        rows[i] += x
    return np.sum(first)


@program(real(3), 3, refused="that a list holds, and 'last', read")
def what_was_put_in_has_a_name(x, n):
    rows = []
    last = x * 1.0
    for i in range(n):
        last = x * i
        rows.append(last)
        rows[i] += x
    return np.sum(last)


# --- Taken away -----------------------------------------------------------------------


@trips(real(3), TRIPS, counts=(1, 2, 5))
def the_oldest_taken_away(x, n):
    last = []
    for i in range(n):
        last.append(x * i)
        if len(last) > 2:
            del last[0]
    return np.sum(np.array(last) ** 2) * len(last)


@program(real(3))
def items_taken_away(x):
    xs, named = [x[0], x[1], x[2]], {"a": x[0], "b": x[1]}
    same = xs
    del xs[-2], named["a"]
    return same[0] * same[1] * len(xs) + sum(named.values()) * len(named)


@program(real(3), 2, label="inside")
@program(real(3), 7, raises=IndexError, label="outside")
def taken_away_at(x, k):
    xs = [x[0] * i for i in range(5)]
    del xs[k]
    return sum(xs)


# --- Parts ----------------------------------------------------------------------------


@trips(real(3), TRIPS, counts=(0, 1, 2, 4))
def parts_replaced(x, n):
    xs = [x[0] * i for i in range(n)]
    same = xs
    xs[1:3] = [x[1], x[2], x[0] * x[1]]
    xs[-1:0] = (x[1],)
    xs[5:] = x
    del xs[:1]
    return sum(a**2 * k for k, a in enumerate(same)) + len(same)


@program(real(3))
def all_replaced(x):
    xs = [x[0], x[1], x[2]]
    same = xs
    xs[:] = [v * v for v in xs]
    xs[3:] = xs
    return sum(a * k for k, a in enumerate(same))


@trips(real(3), TRIPS, counts=(1, 3))
def parts_of_a_list_of_arrays(x, n):
    rows = [x * i for i in range(n)]
    rows[1:2] = [np.sin(x), x]
    del rows[:1]
    return np.sum(np.array(rows) ** 2 * np.arange(3.0))
