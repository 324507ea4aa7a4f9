"""What is None on some paths: before a first trip, where nothing was found."""

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips


@program(distinct(5))
def least_of_all(x):
    best = None
    for v in x:
        w = np.sin(v)
        if best is None or w < best:
            best = w
    return 3.0 * best


@program(distinct(5))
def least_and_where(x):
    best, k = None, None
    for i in range(len(x)):
        w = np.cos(2.0 * x[i])
        if best is None or w < best:
            best, k = w, i
    return best * x[k]


@trips(distinct(5), TRIPS, counts=(0, 1, 5))
def greatest_of_some(x, n):
    best = None
    for v in x[:n]:
        if best is None or v > best:
            best = v
    if best is not None:
        return best * best
    return x[0] * x[1]


@program(real(4, 3))
def shortest_row(x):
    best = None
    for i in range(len(x)):
        row = 2.0 * x[i]
        if best is None or row @ row < best @ best:
            best = row
    return np.sum(best * best * x[0])


@program(real(4, 3))
def rows_added_up(x):
    total = None
    for i in range(len(x)):
        row = x[i] * i
        total = row if total is None else total * x[0] + row
    return np.sum(total * total)


@program(positive(2))
def iterated_until_it_settles(x):
    y, before, n = x[0], None, 0
    while before is None or abs(y - before) > 1e-3:
        before = y
        y = 0.5 * (y + x[1] / y)
        n += 1
    return n * y


def first_above(x, bound):
    for v in x:
        if v > bound:
            return v * v
    return None


@program(real(4))
def helpers_that_may_find_nothing(x):
    found, missed = first_above(x, -2.0), first_above(x, 2.0)
    if missed is None:
        missed = x[1] * x[2]
    if found is not None:
        missed = missed * found
    return missed


class Record:
    def __init__(self):
        self.best = None
        self.at = None

    def see(self, value, at):
        if self.best is None or value > self.best:
            self.best = value
            self.at = at


@program(distinct(4))
def objects_that_remember_the_best(x):
    record = Record()
    for i, v in enumerate(x):
        record.see(v * v, i)
    return record.best * x[record.at]


@program(distinct(4))
def pairs_of_value_and_place(x):
    best = None
    for i in range(len(x)):
        pair = (np.exp(x[i]), i)
        if best is None or pair[0] < best[0]:
            best = pair
    value, k = best
    return value * x[k]


@program(real(5))
def changes_from_one_to_the_next(x):
    last, total = None, 0.0
    for v in x:
        if last is not None:
            total += (v - last) ** 2 * v
        last = v
    return total


@program(real(5))
def true_if_it_is_there(x):
    last, total = None, 0.0
    for v in x:
        if last:
            total += (v - last) ** 3
        last = v
    return total * (last or 1.0)


@program(real(3))
@program(-0.5 * np.ones(3), label="negative")
def either_or_a_default(x):
    y = None
    if x[0] > 0.0:
        y = x[1] * x[0]
    z = y or 2.0 * x[1]
    return z if y is None else z * y


@program(real(4))
def nearest_of_each(x):
    total = 0.0
    for i in range(len(x)):
        best = None
        for j in range(len(x)):
            if j != i:
                d = (x[i] - x[j]) ** 2
                if best is None or d < best:
                    best = d
        total += best * x[i]
    return total


@program(real(4))
def asserted_to_be_there(x):
    square = None
    for v in x:
        if v > -2.0:
            square = v * v * x[0]
    assert square is not None
    return square + np.sin(square)


@program(real(3))
def in_a_closure(x):
    last = None

    def step(v):
        nonlocal last
        change = 0.0 if last is None else v * last
        last = v
        return change

    total = 0.0
    for v in x:
        total += step(v * v)
    return total


@program(real(4))
def held_under_a_key(x):
    state = {"peak": None, "drop": 0.0}
    for v in np.cumsum(x):
        if state["peak"] is None or v > state["peak"]:
            state["peak"] = v
        state["drop"] += (state["peak"] - v) ** 2
    return state["drop"] * state["peak"]


@program(real(4))
def taken_twice_from_one_search(x):
    low = high = None
    for v in x:
        low = v if low is None else min(low, v)
        high = v if high is None or v > high else high
    return (high - low) * high


@program(real(5))
def lists_that_may_not_be_there(x):
    kept = None
    for v in x:
        if v > -2.0:
            if kept is None:
                kept = np.zeros(3)
            kept[0] += v * v
            kept[1] = kept[0] * v
    return 0.0 if kept is None else kept[0] * kept[1]


@program(real(2), raises=TypeError)
def nothing_was_found(x):
    best = None
    for v in x:
        if v > 10.0:
            best = v
    return 2.0 * best


@program(real(2), raises=TypeError)
def nothing_to_take_apart(x):
    best = None
    for i in range(len(x)):
        if x[i] > 10.0:
            best = (x[i], i)
    v, k = best
    return v * k


@program(real(2), raises=AttributeError)
def nothing_with_attributes(x):
    row = None
    for i in range(len(x)):
        if x[i] > 10.0:
            row = x * x[i]
    return row.sum()


@program(real(2), raises=TypeError)
def nothing_under_a_sign(x):
    best = None
    for v in x:
        if v > 10.0:
            best = v
    return -best


@program(real(2), refused="may be none")
def nothing_in_a_list(x):
    best, found = None, []
    for v in x:
        if v > 10.0:
            best = v
        found.append(best)
    return sum(v for v in found if v is not None) + x[0]
