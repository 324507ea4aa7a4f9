"""Roots, minima and searches: loops that end when they have found what they seek."""

import math

import numpy as np

from .registry import const, distinct, positive, program, real, small


@program(2.0, 3.0, order=1)
def bisection_then_a_newton_step(a, b):
    def f(x):
        return x**3 - a * x - b

    low, high = 0.0, 5.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        if f(low) * f(middle) <= 0:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    return x - f(x) / (3 * x**2 - a)


@program(1.7, 0.3)
def secant_method(a, b):
    x0, x1 = 1.0, 2.0
    f0 = x0**2 - a - b * math.sin(x0)
    iterations = 0
    while abs(x1 - x0) > 1e-10 and iterations < 30:
        f1 = x1**2 - a - b * math.sin(x1)
        if f1 == f0:
            break
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
        iterations += 1
    return x1


@program(positive(2))
def newton_for_two_equations(p):
    x = np.array([1.0, 1.0])
    for _ in range(6):
        f = np.array([x[0] ** 2 + x[1] - p[0] - 1.0, x[0] - x[1] ** 2 + p[1]])
        jacobian = np.array([[2 * x[0], 1.0], [1.0, -2 * x[1]]])
        x = x - np.linalg.solve(jacobian, f)
    return x[0] * x[1]


@program(const(0.3, -0.4, 0.8), 0.1, wrt=("start",))
def descent_until_it_is_flat(start, rate):
    x = start.copy()
    for k in range(200):
        g = 2.0 * (x - np.array([1.0, 2.0, 3.0])) * np.array([1.0, 0.5, 2.0])
        if np.sqrt(np.sum(g * g)) < 0.5:
            break
        x -= rate * g
    else:
        x = x * 0.0
    return np.sum(x**2) + k


@program(0.8, 2.5)
def golden_section(a, b):
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    lo, hi = a, b
    c = hi - ratio * (hi - lo)
    d = lo + ratio * (hi - lo)
    while hi - lo > 0.3:
        fc = (c - 1.5) ** 2
        fd = (d - 1.5) ** 2
        if fc < fd:
            hi = d
            d = c
            c = hi - ratio * (hi - lo)
        else:
            lo = c
            c = d
            d = lo + ratio * (hi - lo)
    return (lo + hi) / 2


@program(0.37, const(0.0, 0.25, 0.5, 0.8, 1.0), real(5), wrt=("x", "ys"))
def interpolated_after_a_search(x, xs, ys):
    lo, hi = 0, len(xs) - 1
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if xs[mid] <= x:
            lo = mid
        else:
            hi = mid
    w = (x - xs[lo]) / (xs[hi] - xs[lo])
    return (1 - w) * ys[lo] + w * ys[hi]


@program(const(0.1, 0.45, 0.77), const(0.0, 0.25, 0.5, 0.8, 1.0), real(5))
def interpolated_at_many_points(points, xs, ys):
    out = np.zeros(len(points))
    for k in range(len(points)):
        j = 0
        while j < len(xs) - 2 and xs[j + 1] < points[k]:
            j += 1
        slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j])
        out[k] = ys[j] + slope * (points[k] - xs[j])
    return np.sum(out**2)


@program(real(6), 2.1)
def two_pointers_meet(x, target):
    i, j = 0, len(x) - 1
    total = 0.0
    while i < j:
        s = x[i] + x[j]
        total += (s - target) ** 2 * x[i]
        if s < target:
            i += 1
        else:
            j -= 1
    return total


@program(distinct(6))
def bubble_sort_then_weights(x):
    a = x.copy()
    n = len(a)
    for i in range(n):
        swapped = False
        for j in range(0, n - i - 1):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
                swapped = True
        if not swapped:
            break
    s = 0.0
    for k in range(n):
        s += (k + 1) * a[k] ** 2
    return s


@program(distinct(5))
def selection_sort_of_the_argument(x):
    n = len(x)
    for i in range(n - 1):
        best = i
        for j in range(i + 1, n):
            if x[j] < x[best]:
                best = j
        if best != i:
            tmp = x[i]
            x[i] = x[best]
            x[best] = tmp
    return x[0] * x[1] - x[n // 2] ** 2 + x[-1]


@program(distinct(8))
def merged_halves(x):
    n = len(x)
    src = x.copy()
    dst = np.zeros(n)
    width = 1
    while width < n:
        for lo in range(0, n, 2 * width):
            mid = min(lo + width, n)
            hi = min(lo + 2 * width, n)
            i, j = lo, mid
            for k in range(lo, hi):
                if i < mid and (j >= hi or src[i] <= src[j]):
                    dst[k] = src[i]
                    i += 1
                else:
                    dst[k] = src[j]
                    j += 1
        src, dst = dst, src
        width *= 2
    total = 0.0
    for k in range(n):
        total += (k + 1.0) * src[k] ** 2
    return total


@program(positive(4), positive(4), 0.3)
def knapsack_with_soft_maximum(value, weight, temperature):
    capacity = 5
    best = np.zeros(capacity + 1)
    for i in range(len(value)):
        cost = 1 + i % 3
        for c in range(capacity, cost - 1, -1):
            take = best[c - cost] + value[i] * weight[i]
            keep = best[c]
            m = max(take, keep)
            best[c] = m + temperature * math.log(
                math.exp((take - m) / temperature) + math.exp((keep - m) / temperature)
            )
    return best[capacity]


@program(real(4), real(5))
def edit_distance_of_numbers(a, b):
    n, m = len(a), len(b)
    cost = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        cost[i, 0] = i
    for j in range(1, m + 1):
        cost[0, j] = j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            change = abs(a[i - 1] - b[j - 1])
            cost[i, j] = min(
                cost[i - 1, j - 1] + change,
                cost[i - 1, j] + 1.0,
                cost[i, j - 1] + 1.0,
            )
    return cost[n, m]


@program(real(4), real(5))
def edit_distance_in_two_rows(a, b):
    previous = np.arange(len(b) + 1) * 1.0
    for i in range(len(a)):
        current = np.zeros(len(b) + 1)
        current[0] = i + 1
        for j in range(len(b)):
            change = (a[i] - b[j]) ** 2
            current[j + 1] = min(
                previous[j] + change, previous[j + 1] + 1, current[j] + 1
            )
        previous = current
    return previous[-1]


@program(positive(3, 4), 0.5)
def cheapest_path_through_a_grid(cost, turn):
    rows, cols = cost.shape
    best = cost.copy()
    for j in range(1, cols):
        for i in range(rows):
            candidate = best[i, j - 1]
            if i > 0 and best[i - 1, j - 1] + turn < candidate:
                candidate = best[i - 1, j - 1] + turn
            if i < rows - 1 and best[i + 1, j - 1] + turn < candidate:
                candidate = best[i + 1, j - 1] + turn
            best[i, j] += candidate
    return np.min(best[:, -1])


@program(real(7))
def greatest_connected_sum(x):
    best = x[0]
    here = x[0]
    for k in range(1, len(x)):
        here = max(x[k], here + x[k])
        best = max(best, here)
    return best


@program(positive(3, 3), positive(3), 4)
def markov_chain_by_rows(weights, start, steps):
    p = weights / weights.sum(axis=1, keepdims=True)
    state = start / start.sum()
    for _ in range(steps):
        state = state @ p
    return -np.sum(state * np.log(state))


@program(positive(3, 3), 3e-3, order=1)
def stationary_distribution(weights, tol):
    n = weights.shape[0]
    p = weights / np.sum(weights, axis=1)[:, None]
    pi = np.full(n, 1.0 / n)
    for _ in range(100):
        nxt = pi.dot(p)
        done = np.max(np.abs(nxt - pi)) < tol
        pi = nxt
        if done:
            break
    return pi[0] ** 2 + pi[1]


@program(positive(4), small(3))
def fixed_point_with_relaxation(x, w):
    omega = 0.5
    for it in range(15):
        old = x
        x = (1 - omega) * x + omega * np.cos(w[0] * x + w[1])
        if it > 2 and np.abs(x - old).max() < 1e-4:
            return np.sum(x) * w[2]
    return np.sum(x * x)


@program(2.0, 0.7)
def continued_fraction(x, a):
    value = 0.0
    for k in range(10, 0, -1):
        value = k * a / (x + value)
    return 1.0 / (1.0 + value)


@program(1.3)
def series_until_terms_are_small(x):
    term = 1.0
    total = 0.0
    n = 0
    while abs(term) > 1e-12:
        total += term
        n += 1
        term *= x / n
    return total


@program(48.0, 1.1)
def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-9:
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a
