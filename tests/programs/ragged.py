"""Lists of arrays of several lengths, in which one takes the place of another."""

from collections import deque

import numpy as np

from .registry import TRIPS, program, real, trips


@program(real(4))
def the_longer_for_the_shorter(x):
    c = [x * 1.0, x[1:] * 2.0]
    before = c[1]
    c[-1] = c[0]
    return np.sum(c[0]) + 2.0 * np.sum(c[1] * np.arange(4.0)) + np.sum(before**2)


@trips(real(5), TRIPS, counts=(0, 1, 2, 3))
def each_grows(x, n):
    c = []
    for i in range(n):
        c.append(x[: i + 1] * 2.0)
    for i in range(n):
        c[i] = np.append(c[i], x[0])
    return sum([np.sum(v**2) for v in c]) + x[1]


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def in_turns(x, n):
    c = [x[:1], x[:2], x[:3]]
    for t in range(n):
        c[t % 3] = np.concatenate((c[(t + 1) % 3], x[t : t + 1]))
    return np.sum(c[0]) + 2 * np.sum(c[1] ** 2) + 3 * np.sum(c[2])


@trips(real(4), TRIPS, counts=(0, 1, 3))
def on_a_path(x, n):
    c = [x[:2] * 1.0 for _ in range(n)]
    for i in range(n):
        if x[i] > 0:
            c[i] = x * c[i][0]
    return sum([np.sum(v * v) for v in c]) + x[0]


@trips(real(5), TRIPS, counts=(0, 1, 3, 5))
def in_a_queue(x, n):
    q = deque()
    for i in range(n):
        q.append(x[i:] * 1.5)
        if len(q) > 2:
            q.popleft()
    return sum([np.sum(v * v) for v in q]) + x[0]


@trips(real(3), TRIPS, counts=(0, 1, 2, 3))
def exchanged(x, n):
    c = [x[:2] * 1.0, x * 2.0]
    for _ in range(n):
        c[0], c[1] = c[1], c[0] * x[0]
    return np.sum(c[0] ** 2) + np.sum(c[1])


@program(real(4))
def a_queue_turned(x):
    q = deque([x * 1.0, x[1:] * 2.0, x[2:] ** 2])
    q.rotate(1)
    q.append(q.popleft())
    q.appendleft(x[:1])
    return sum([(k + 1) * np.sum(v * v) for k, v in enumerate(q)])


@program(real(3))
def the_shorter_for_the_longer(x):
    c = [x * 1.0, x[:1] * 2.0]
    c[0] = c[1]
    d = [x * 1.0] * 2
    d[0] = d[0][1:] * 2.0
    e = deque([x[0] * np.ones(1), x * 1.0])
    total = np.sum(np.exp(e[0]) * x)
    e.rotate(1)
    return (
        np.sum(c[0] * c[0])
        + np.sum(d[0] ** 2)
        + np.sum(d[1])
        + total * np.sum(e[0] ** 2)
    )


@program(real(3))
def sorted_by_length(x):
    c = [x[: i + 1] * 1.0 for i in range(3)]
    c.sort(key=lambda q: -len(q))
    c.reverse()
    c[0], c[2] = c[2], c[0]
    return np.sum(c[2] * c[2]) + np.sum(c[0] ** 3)
