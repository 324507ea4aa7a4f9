"""Integers that loops count with, beside or instead of their own."""

import numpy as np

from .registry import TRIPS, positive, trips

COUNTS = (0, 1, 2, 5)


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_in_a_nest(x, w, n):
    p = 3
    s = x[0]
    for i in range(n):
        for j in range(i, 6, 2):
            if s > 1e3:
                return s * w[p % 7]
            s = s * w[p % 7] + 0.1 * x[j % 3] * s
            p = p - 1
        p = p + i
    return s


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_until_a_break(x, w, n):
    k = n
    s = 1.0
    while True:
        k = k + 2
        s = s * x[k % 3] + np.sin(w[k % 5] * s)
        if k > 14:
            break
    return s + w[k % 5] ** 2


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_unless_it_continues(x, w, n):
    s = 0.0
    a, b = 0, 10
    for t in range(n):
        if x[t % 3] > 1.0:
            s += w[a] * w[b] * s + x[0]
        else:
            s += w[b - a] ** 2 + 0.1 * s * x[1]
            continue
        s *= w[a]
        a += 1
    return s


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_by_what_is_given(x, w, n):
    def walk(start, s):
        q = start
        for r in range(4):
            s = s * w[q % 5] + 0.1 * x[r % 3] * s
            q += start + 1
        return s

    s = 0.7
    for i in range(n):
        s = walk(i, s)
    return s


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_by_a_number_of_numpy(x, w, n):
    p = np.int64(0)
    step = np.int64(n)
    y = np.zeros(30)
    for i in range(5):
        y[p] = x[i % 3] * w[p] * (1 + y[p - 1])
        p += step
    return np.sum(y**2)


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_down_in_a_loop_turned_round(x, w, n):
    s = 0.2
    p = 0
    for i in reversed(range(1, 9, 3)):
        s = s * w[p] + x[i % 3] * np.cos(s)
        p -= n
    return s * w[p]


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_twice(x, w, n):
    s = 0.2
    p, q = 0, 2
    for v in x:
        for u in w[:n]:
            s = 0.5 * s * v * w[p % 11] + u * x[q % 3]
            p += 1
            q += 3
        q -= 5
    return s


@trips(positive(3), positive(25), TRIPS, counts=COUNTS)
def counted_and_kept(x, w, n):
    s = 1.0
    k = last = 0
    for _ in range(n):
        last = k
        k += 2
        s = s * w[last % 9] + np.tanh(s * w[k % 9]) * x[last % 3]
    return s * w[last]


@trips(positive(5), positive(10), TRIPS, counts=COUNTS)
def packed_triangle(x, w, n):
    s = 0.3
    p = 0
    for b in range(n):
        for a in range(b + 1, n):
            s = s + np.sin(s) * w[p] * x[a] * x[b]
            p += 1
    return s
