"""Arrays whose lengths change from trip to trip: what one trip has made equally long
need not stay so."""

from dataclasses import dataclass

import numpy as np

from .registry import program, real


@program(real(4), 0, label="no trip")
@program(real(4), 1, label="one trip")
@program(real(4), 2, label="two trips")
@program(real(4), 4, label="many trips")
def one_kept_and_one_grown(x, n):
    total = np.sum(x) * 0.5
    for i in range(n):
        if i > 0:
            total += np.sum(kept * grown)
        grown = np.sin(x[: i + 1])
        if i == 0:
            kept = grown * x[0]
    return total


@program(real(4), 1, label="one trip")
@program(real(4), 4, label="many trips")
def one_grown_and_one_kept_on_the_left(x, n):
    total = x[0] * 0.5
    i = 0
    while i < n:
        if i > 0:
            total = total + np.sum(np.maximum(grown, kept) * grown)
        grown = np.cos(x[: i + 1])
        if i == 0:
            kept = np.tanh(grown)
        i += 1
    return total


@program(real(4), 1, label="one trip")
@program(real(4), 4, label="many trips")
def one_kept_after_it_was_used(x, n):
    total = x[1] * 0.5
    for i in range(n):
        if i > 0:
            total = total + np.sum(first / (2.5 + last * last))
        last = np.sin(x[i:])
        if i == n - 1:
            first = last * 2.0
        elif i == 0:
            first = last[:1] * x[i]
    return total + np.sum(last)


@program(real(4), 2, label="two trips")
@program(real(4), 4, label="many trips")
def three_of_which_two_go_on(x, n):
    total = x[0] * 0.5
    for i in range(n):
        if i > 0:
            total += np.sum(a * b) + np.sum(b * c) - np.sum(c * a * a)
        a = np.sin(x[: i + 1])
        if i % 2 == 0:
            b = a * x[0]
        if i == 0:
            b = b[:1] + x[1]
            c = b * a
    return total


@program(real(5), 3, label="many trips")
def grown_in_a_loop_within(x, n):
    total = x[0] * 0.5
    for i in range(n):
        for j in range(i + 1):
            if j > 0:
                total += np.sum(kept * grown) * x[j]
            grown = np.sin(x[: j + 1])
            if j == 0:
                kept = grown * x[i]
    return total


@program(real(4), 4, label="many trips")
def a_row_kept_and_a_matrix_grown(x, n):
    total = x[0] * 0.5
    for i in range(n):
        if i > 0:
            total += np.sum(kept * grown)
        grown = np.outer(x, np.sin(x[: i + 1]))
        if i == 0:
            kept = grown * x[2]
    return total


@program(real(4), 4, label="many trips")
def a_pair_of_one_kept_and_one_grown(x, n):
    total = x[0] * 0.5
    for i in range(n):
        if i > 0:
            total += np.sum(pair[0] * pair[1])
        grown = np.sin(x[: i + 1])
        pair = (grown * x[0], grown) if i == 0 else (pair[0], grown)
    return total


@dataclass
class _Pair:
    kept: np.ndarray
    grown: np.ndarray


@program(real(4), 4, label="many trips")
def fields_of_which_one_is_kept(x, n):
    total = x[0] * 0.5
    pair = _Pair(x[:1] * 2.0, x[:1] * 3.0)
    for i in range(n):
        if i > 0:
            total += np.sum(pair.kept * pair.grown)
        pair.grown = np.sin(x[: i + 1])
        if i == 0:
            pair.kept = pair.grown * x[0]
    return total


@program(real(4), 4, label="many trips")
def started_alike_and_one_grown(x, n):
    kept = grown = x[:1] * 2.0
    total = x[0] * 0.5
    for i in range(n):
        total += np.sum(kept * grown)
        grown = np.append(grown, x[i])
        if i % 2 == 1:
            kept = grown[:1] * x[i]
    return total


@program(real(5), 4, label="many trips")
def a_helper_given_other_lengths(x, n):
    def joined(p, q):
        return np.sum(p * q) * q[0]

    total = x[0] * 0.5
    for i in range(n):
        if i > 0:
            total += joined(kept, grown) + joined(grown, grown) - joined(grown, kept)
        grown = np.sin(x[: i + 1])
        if i == 0:
            kept = grown * x[0]
    return total


@program(-0.62, 1.02, label="at once")
@program(-0.12, 1.02, label="later")
def a_view_beside_what_it_views_where_a_trip_returns(x, y):
    for i in range(1, 4):
        a = np.sin(np.concatenate((np.full((2, 4), x)[:2], np.eye(4)[2:])) * y)
        if x * i < -0.4:
            return np.sum(a * a) * y
        view = a.T
        a[2, i] += 0.3 * np.sin(view[1, i])
        a[...] = np.cos(a)
        y = y + np.mean(view) * x
    return x * y


@program(real(4), 3, label="many trips")
@program(real(4), 1, label="one trip")
def alike_and_assigned_in_trips_only(x, n):
    total = x[0]
    for i in range(n):
        first = np.full(n - i, total * 0.1 + 0.2)
        total = total + 0.1 * np.sum(np.outer(first, first) ** 2)
        second = first.copy()
    if n > 0:
        total += np.sum(np.maximum(x[:1], first) * x[0])
        second = np.sin(second)
    return total + second @ second


@program(real(4), 2, label="both trips")
def alike_before_the_first_trip(x, n):
    total, c, k = np.sum(x) * 0.5, np.sin(x), -1
    while k < n:
        k += 1
        if k == 0:
            for j in range(2):
                a = np.ones((max(1, j), 2)) @ x[:2] * total
                b = np.sin(a)
                a = np.concatenate((a, a))
                total += 0.1 * np.sum(np.outer(c, a) ** 2)
        total += 0.1 * a[0] * b[-1]
        b[0] *= x[1]
        a = np.outer(c, b)[0]
    return total * x[0]
