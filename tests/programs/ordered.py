"""Sorting: of tuples, objects and arrays, by keys, in place; lists of any length."""

import operator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import TRIPS, const, distinct, program, real, trips, zero_d


@dataclass
class Weighted:
    value: float
    weight: float


@dataclass(order=True)
class Ranked:
    value: float
    weight: float


class Item(NamedTuple):
    value: float
    weight: float


class Task:
    def __init__(self, cost, rows):
        self.cost = cost
        self.rows = rows

    def __lt__(self, other):
        return self.cost < other.cost


@program(distinct(5))
def tuples_in_order(x):
    pairs = [(x[k], float(k)) for k in range(5)]
    total = 0.0
    for value, weight in sorted(pairs):
        total = 0.5 * total + value * weight * value
    for value, weight in sorted(pairs, key=lambda p: p[0] ** 2, reverse=True):
        total = 0.7 * total + value * (weight + 1.0)
    first, *_ = sorted(pairs, key=operator.itemgetter(0))
    return total * first[0] + sorted(pairs)[-1][0]


@program(distinct(4))
def equal_keys_stay_in_place(x):
    pairs = [(1, x[0]), (0, x[1]), (1, x[2]), (0, x[3])]
    total = 0.0
    for k, (_, v) in enumerate(sorted(pairs, key=lambda p: p[0])):
        total += (k + 1) * v * v
    pairs.sort(key=lambda p: p[0], reverse=True)
    for k, (_, v) in enumerate(pairs):
        total += (k + 1) * np.sin(v)
    for k, (_, v) in enumerate(sorted(pairs)):
        total += (k + 1) * v**3
    return total


@program(const(0.4, 0.2, 0.9, 0.3, 0.8), order=1)
def keys_that_are_equal_at_run_time(x):
    pairs = [(x[k], k) for k in range(5)]
    up = sorted(pairs, key=lambda p: p[0] > 0.6)
    down = sorted(pairs, key=lambda p: p[0] > 0.6, reverse=True)
    total = 0.0
    for k in range(5):
        total += (k + 1) * up[k][0] ** 2 + (k + 2) * down[k][0] * down[k][1]
    return total


@program(distinct(3))
def objects_in_order(x):
    points = [Weighted(x[0], 1.0), Weighted(x[1], 2.0), Weighted(x[2], 3.0)]
    points.sort(key=lambda p: p.value, reverse=True)
    points[0].value *= 3.0
    total = points[0].value * points[1].value + points[2].weight * points[2].value
    ranked = sorted([Ranked(x[2], 1.0), Ranked(x[0], 2.0), Ranked(x[1], 3.0)])
    named = sorted([Item(x[1], 1.0), Item(x[0], x[2])], key=lambda i: -i.value)
    tasks = sorted([Task(x[0], x[:2]), Task(x[1], x[1:])])
    total += ranked[0].value ** 2 * ranked[0].weight + named[0].weight * named[1].value
    return total + tasks[0].rows @ tasks[1].rows * tasks[0].cost


@program(distinct(6))
def sorted_arrays_are_the_same_arrays(x):
    a, b, c = 1.0 * x[:2], 2.0 * x[2:4], np.sin(x[4:])
    rows = [a, b, c]
    rows.sort(key=np.sum)
    rows[0][0] = 5.0
    rows[1] *= x[0]
    return np.sum(a * b) + np.sum(b * c) * rows[2][1]


@trips(distinct(5), TRIPS, counts=(0, 1, 2, 5))
def grown_and_sorted(x, n):
    values = []
    for i in range(n):
        values.append(x[i] ** 2 - x[i])
    other = values
    values.sort()
    total = 0.0
    for k, v in enumerate(other):
        total += (k + 1) * v * v
    values.sort(key=abs, reverse=True)
    for k, v in enumerate(other):
        total = 0.5 * total + k * v
    return total


@program(distinct(3), 1, label="up")
@program(distinct(3), 0, label="down")
def sorted_in_place_under_two_names(x, n):
    def put_in_order(values):
        values.sort(reverse=n > 0)
        return values

    values = [x[0], 2.0 * x[1], x[2]]
    again = put_in_order(values)
    a, b, c = again
    return a * values[1] + b * b + 3.0 * c


@program(distinct(3))
def words_by_their_keys(x):
    loss = {"bbb": x[0], "aa": x[1], "c": x[2]}
    total = 0.0
    for k, name in enumerate(sorted(loss, key=len)):
        total += (k + 1) * loss[name] ** 2
    for k, name in enumerate(sorted(loss, reverse=True)):
        total += (k + 1) * np.sin(loss[name])
    for k, (_, v) in enumerate(sorted(loss.items(), key=lambda kv: -kv[1])):
        total += (k + 1) * v**3
    names = ["b", "a", "c"]
    names.sort()
    for k, name in enumerate(names):
        total += x[k] * ord_of[name]
    return total * max({3: x[0], 4: x[1]}, key=lambda k: k * 0.5)


ord_of = {"a": 1.0, "b": 2.0, "c": 3.0}


@program(distinct(5))
def several_keys(x):
    values = [x[0], x[1], x[2], x[3]]
    ordered = sorted(values, key=lambda v: (v > 0.0, abs(v)))
    rows = [[x[k], float(k)] for k in range(3)]
    rows.sort()
    for k, v in enumerate(sorted(x, key=lambda v: v > 0.0, reverse=True)):
        ordered[0] += k * v
    total = ordered[0] * ordered[1] + 2.0 * ordered[2] + ordered[3] ** 3
    return total + rows[0][0] * rows[0][1] + rows[1][0] ** 2


@program(distinct(4), 2, label="sorted")
@program(distinct(4), 0, label="as it is")
def sorted_on_one_path(x, n):
    pairs = [(x[0], x[1]), (x[2], x[3])]
    if n > 1:
        pairs.sort(key=lambda p: p[0] * p[1])
    return pairs[0][0] * pairs[1][1] + pairs[0][1] ** 2


@program(distinct(3), refused="may or may not change")
def an_object_that_two_names_may_have(x):
    points = [Weighted(x[0], 1.0), Weighted(x[1], 2.0)]
    first = points[0]
    points.sort(key=lambda p: p.value)
    points[0].value *= 3.0
    return first.value * points[1].value


@program(distinct(13), refused="13 items")
def too_many_tuples(x):
    pairs = [(x[k], float(k)) for k in range(13)]
    return sorted(pairs)[0][0]


@program(distinct(3), refused="'best' is")
def the_greatest_of_words(x):
    loss = {"a": x[0], "b": x[1]}
    return loss[max(loss, key=loss.get)]


def at_the_first_ones(x):
    return x[1] * x[0] - x[2] ** 2


@program(const(0.5, 2.0, -1.0, 2.0, -1.0), reference=at_the_first_ones, order=1)
@program(distinct(5), label="distinct")
@program(real(1), label="one element")
def first_of_equal_elements(x):
    return max(x) * (x[0] if len(x) > 1 else 1.0) - min(x) ** 2


@program(const(2, 2, 1, 1, dtype=np.int64), real(4))
def greatest_of_integers(k, x):
    return max(k) * x[max(k)] + min(k > 1) * x[0] - min(k, default=2) * x[3]


@program(distinct(4))
def nan_is_passed_over(x):
    y = np.log(np.append(x, [-1.0, 2.0]))
    y[0] = x[1]
    return max(y) * min(y, default=1.0) * max(y[::-1])


@program(real(0), real(), raises=ValueError)
def greatest_of_no_elements(x, v):
    return max(x) * v


@program(real(0), real(), raises=ValueError)
def least_of_no_elements(x, v):
    return min(x[:0]) * v


@program(real(), raises=ValueError)
def greatest_of_an_empty_display(v):
    return v if v > 9.0 else max([]) * v


@program(zero_d(), raises=TypeError)
def greatest_of_a_zero_d_array(x):
    return max(x) * 2.0


@program(real(0), real(), label="none")
@program(real(4), real())
def greatest_of_some_or_none(x, v):
    return max(x[::2], default=v) * v + max(x * x, key=abs, default=1.0)


@program(distinct(3, 4))
def greatest_of_the_parts_of_rows(a):
    total, best = 0.0, -np.inf
    for i in range(3):
        total += max(a[i]) * min(a[i, ::-1]) + max(a.T[i])
        best = max(best, *a[i])
    return total + best * max(a, key=lambda row: row[1] * row[0])[2]


@program(real(2, 2), refused="compares the rows")
def greatest_of_rows(a):
    return sum(max(a)) if a[0, 0] > 9.0 else a[0, 1]


@program(real(2), refused="by name")
def keywords_of_append(x):
    values = [x[0]]
    if len(x) > 5:
        values.append(object=x[1])
    return values[0]


def backwards_by_integers(x, keys):
    order = sorted(range(len(keys)), key=lambda k: keys[k], reverse=True)
    total = 0.0
    for place, k in enumerate(order):
        total += (place + 1) * x[k] ** 2
    return total


for _dtype, _keys in (("int8", [0, 5, -128, 5]), ("uint8", [0, 200, 1, 0])):
    _given = lambda rng, keys=np.array(_keys, _dtype): keys.copy()  # noqa: E731
    program(real(4), _given, label=_dtype, wrt=("x",))(backwards_by_integers)
