"""Lists of tuples whose length is known at run time only, and heaps of them."""

import bisect
import dataclasses
import heapq
import itertools
from typing import NamedTuple

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips


@program(real(2))
def a_trajectory(x):
    points, t, y = [], 0.0, x[0]
    while t < 1.0:
        points.append((t, y))
        y = y + 0.25 * (x[1] * y - t)
        t += 0.25
    s = 0.0
    for t, y in points:
        s += t * y * y
    return s + points[-1][0] * points[-1][1] + len(points) * points[0][1]


@trips(real(5), TRIPS, counts=(0, 1, 5))
def places_and_values(x, n):
    found = []
    for i, v in enumerate(x[:n]):
        if v > -2.0:
            found.append((i, v * v))
    s = x[0]
    for i, w in found:
        s += x[i] * w * (i + 1)
    return s


@program(real(4))
def pairs_from_a_comprehension(x):
    pairs = [(v, np.sin(v)) for v in x if v > -2.0]
    last = pairs[-1]
    return sum(a * b for a, b in pairs) + pairs[1][1] * last[0]


@program(real(4))
def taken_apart_by_zip(x):
    pairs = []
    for i in range(len(x)):
        pairs.append((0.5 * i, x[i], x[i] ** 2))
    ts, ys, zs = zip(*pairs)
    columns = list(zip(*pairs))
    return np.sum(np.array(ts) * np.array(ys)) * sum(zs) + max(columns[2])


@program(real(4))
def an_array_of_points(x):
    points = []
    for v in x:
        points.append((v, np.cos(v)))
    p = np.array(points)
    return np.sum(p[:, 0] * p[:, 1] * np.arange(len(p)))


class Observed(NamedTuple):
    t: float
    y: float


@program(real(4))
def named_tuples(x):
    seen = []
    for i in range(len(x)):
        seen.append(Observed(0.5 * i, x[i] ** 2))
    s = sum(o.t * o.y for o in seen)
    return s + seen[-1].y * seen[1].y


@program(real(2))
def a_stack_of_work(x):
    todo, s = [(x[0], 3)], 0.0
    while todo:
        v, n = todo.pop()
        s += v * v
        if n > 0:
            todo.append((0.5 * v, n - 1))
            todo.append((v * x[1], n - 2))
    return s


@program(real(2))
def a_queue_of_work(x):
    todo, s = [(x[0], 0)], 0.0
    while len(todo) > 0:
        v, n = todo.pop(0)
        s += v * v * n
        if n < 3:
            todo.append((v * x[1], n + 1))
    return s


@program(distinct(4))
def put_in_order(x):
    pairs = [(np.sin(v), i) for i, v in enumerate(x)]
    pairs.sort()
    s = 0.0
    for k, (w, i) in enumerate(pairs):
        s += k * w * x[i]
    by_place = sorted(pairs, key=lambda p: p[1], reverse=True)
    least, greatest = min(pairs), max(pairs, key=lambda p: p[0])
    return s * by_place[0][0] + least[0] * x[greatest[1]]


@program(real(3))
def arrays_with_their_sums(x):
    kept, y = [], x.copy()
    for k in range(len(x)):
        y = y * x[k]
        kept.append((y, np.sum(y)))
    s = 0.0
    for held, total in reversed(kept):
        s += np.sum(held * held) * total
    return s


@program(real(4))
def tuples_in_tuples(x):
    held = []
    for i, v in enumerate(x):
        held.append((i, (v, v * v)))
    return sum(i * a * b for i, (a, b) in held)


@program(real(4))
def entries_replaced(x):
    pairs = [(v, 1.0) for v in x]
    for k in range(len(pairs)):
        v, w = pairs[k]
        pairs[k] = (v * w, w + v)
    return sum(v * w for v, w in pairs[1:]) + sum(w for _, w in pairs[::2])


@program(real(5))
def begun_again(x):
    pairs, s = [], 0.0
    for v in x:
        pairs.append((v, 2.0 * v))
        if len(pairs) == 2:
            s += pairs[0][0] * pairs[1][1]
            pairs = []
    return s + len(pairs) * x[0]


def noted(pairs, v):
    pairs.append((v, v * v))
    return len(pairs)


@program(real(4))
def filled_by_a_helper(x):
    pairs, n = [], 0
    for v in x:
        n += noted(pairs, v)
    return n * sum(a * b for a, b in pairs)


@program(real(4))
def side_by_side(x):
    pairs = []
    for v in x:
        pairs.append((v, v * v))
    s = 0.0
    for k, (a, b) in enumerate(pairs):
        s += k * a * b
    for (a, b), c in zip(pairs, x):
        s += a * b * c
    for (a, b), (c, d) in zip(pairs, pairs[1:]):
        s += (b - d) * (c + a)
    return s


@program(real(1))
def areas_of_trapezoids(x):
    points = [(t, np.sin(x[0] * t)) for t in np.linspace(0.0, 1.0, 5)]
    return sum(0.5 * (b[0] - a[0]) * (a[1] + b[1]) for a, b in zip(points, points[1:]))


@program(distinct(5))
def least_first(x):
    heap, s = [], 0.0
    for i, v in enumerate(x):
        heapq.heappush(heap, (np.cos(v), i))
    while heap:
        v, i = heapq.heappop(heap)
        s = 0.5 * s + v * (i + 1)
    return s


@program(distinct(5))
def heaps_of_numbers(x):
    heap = [np.sin(2.0 * v) for v in x]
    heapq.heapify(heap)
    first = heapq.heappop(heap)
    second = heapq.heapreplace(heap, first + 1.0)
    third = heapq.heappushpop(heap, x[0] * x[1])
    return first * second + third * heap[0] + sum(heapq.nlargest(2, heap)) * x[0]


@program(np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 1.5], [4.0, 1.5, 0.0]]))
def a_shortest_way(cost):
    way = np.full(3, np.inf)
    way[0] = 0.0
    heap = [(0.0, 0)]
    while heap:
        d, i = heapq.heappop(heap)
        if d > way[i]:
            continue
        for j in range(3):
            if j != i and d + cost[i, j] < way[j]:
                way[j] = d + cost[i, j]
                heapq.heappush(heap, (way[j], j))
    return way[2] * way[1]


@program(real(4))
def runs_of_pairs(x):
    s = 0.0
    for _, run in itertools.groupby(zip([0, 0, 1, 1], x), key=lambda p: p[0]):
        s += sum(v for _, v in run) ** 2
    return s


@program(real(2), raises=IndexError)
def pairs_that_have_run_out(x):
    pairs = []
    for v in x:
        pairs.append((v, 1.0))
    return pairs.pop()[0] * pairs.pop()[0] * pairs.pop()[0]


@program(real(3), refused="items on another")
def tuples_of_two_lengths(x):
    pairs = []
    for v in x:
        pairs.append((v, v))
        if v < -9.0:
            pairs.append((v, v, v))
    return sum(p[0] for p in pairs)


@program(real(3))
@program(real(100), label="too long", refused="of 0 items")
def lists_in_lists(x):
    pairs = []
    for v in x:
        pairs.append([v, v])
    return pairs[0][1]


@dataclasses.dataclass
class Order:
    price: float
    quantity: float


@program(distinct(4))
def orders_that_are_filled(x):
    book = [Order(1.0 + v, 1.0 + 0.5 * k) for k, v in enumerate(x[:3])]
    need, cost = 2.2, 0.0
    for order in sorted(book, key=lambda o: o.price):
        taken = min(need, order.quantity)
        cost += taken * order.price**2
        need -= taken
        if need <= 0.0:
            break
    return cost * x[3] + sum(order.price for order in book)


@program(real(4))
def entries_by_number(x):
    squares, sums = {}, {}
    for k, v in enumerate(x):
        squares[k] = v * v
    for (i, j), v in zip(itertools.product(range(2), repeat=2), x):
        sums[i] = sums.get(i, 0.0) + v * (j + 1)
    return squares[0] * squares[3] + sums[0] * sums[1]


@program(positive(4))
def found_by_bisection(x):
    times = [0.0, 0.3, 0.6, 1.0]
    heights = sorted([v * v for v in x])

    def at(t):
        k = min(max(bisect.bisect_right(times, t) - 1, 0), len(times) - 2)
        w = (t - times[k]) / (times[k + 1] - times[k])
        return (1.0 - w) * x[k] + w * x[k + 1]

    bisect.insort(heights, x[0] * x[1])
    place = bisect.bisect_left(heights, x[2] * x[2])
    return at(0.2) * at(0.7 * x[0] / x[0]) + at(1.0) * place * heights[2]


@program(distinct(3))
def a_heap_of_known_pairs(x):
    heap = [(np.sin(x[0]), 0), (np.sin(x[1]), 1)]
    heapq.heapify(heap)
    heapq.heappush(heap, (0.5 * x[2], 2))
    v, k = heap[0]
    return v * v * (k + 1) + heapq.nsmallest(2, heap)[1][0]


@program(real(3))
def a_table_looked_up(x):
    table = [(1.0, x[0]), (2.0, x[1]), (4.0, x[2])]
    k, s = 0, 0.0
    while k < 3:
        weight, value = table[k]
        s += weight * value**2
        k += 1
    return s


@trips(real(3), TRIPS, counts=(2, 3))
def an_array_of_a_row_stored_to(x, n):
    rows = [(x * i, x[i]) for i in range(n)]
    rows[0][0][1] = x[0]
    return np.sum(rows[1][0]) * rows[0][1] + rows[0][0][1]


@trips(real(3), TRIPS, counts=(2,), refused="'rows' is read")
def an_array_stored_to_that_rows_hold(x, n):
    rows, y = [], x * 2.0
    for i in range(n):
        y[i] = x[i]
        rows.append((y, x[i]))
    return np.sum(rows[0][0])


@trips(real(3), TRIPS, counts=(2,))
def a_row_put_in_place_of_another(x, n):
    rows = [(x * i, x[i]) for i in range(n)]
    y = rows[0][0].copy()
    y[1] = x[0] ** 2
    rows[0] = (y, rows[0][1])
    return np.sum(rows[1][0] * rows[0][0]) * rows[0][1]
