"""Idioms of everyday code: flags, counters, closures, early exits, helpers."""

import math

import numpy as np

from .registry import TRIPS, const, positive, program, real, small, trips

GRAVITY = 9.81


def drag(velocity, coefficient=0.1):
    """Quadratic, against the motion."""
    return -coefficient * velocity * abs(velocity)


@program(3.0, 1.1)
def projectile_until_it_lands(speed, angle):
    x, y = 0.0, 1.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    dt = 0.05
    while True:
        old_x, old_y = x, y
        vx += dt * drag(vx)
        vy += dt * (drag(vy, coefficient=0.2) - GRAVITY)
        x += dt * vx
        y += dt * vy
        if y < 0:
            fraction = old_y / (old_y - y)
            return old_x + fraction * (x - old_x)


@program(real(6), 0.2)
def state_machine(signal, threshold):
    state = 0
    energy = 0.0
    held = 0.0
    for value in signal:
        if state == 0:
            if value > threshold:
                state = 1
                held = value
        elif state == 1:
            held = 0.5 * held + value
            if value < -threshold:
                state = 2
        else:
            energy += held * value
            state = 0
    return energy + held**2


@program(real(5), 1.5)
def counts_and_flags(x, limit):
    hits = 0
    found = False
    total = 0.0
    for i, v in enumerate(x):
        if abs(v) > limit or v < -0.8:
            continue
        hits += 1
        total += v * (i + 1)
        if not found and total > 0.5:
            found = True
            total *= 2.0
    return total / hits if hits else 0.0 * x[0]


@program(positive(4), 2.0)
def closures_in_a_row(x, power):
    def scaled(factor):
        def apply(v):
            return factor * v**power

        return apply

    double, half = scaled(2.0), scaled(0.5)
    total = 0.0
    for f, k in ((double, 0), (half, 1), (lambda v: v + x[3], 2)):
        total += f(x[k])
    return total


@program(real(4))
def accumulators_in_a_tuple(x):
    stats = (0.0, 0.0, x[0])
    for v in x:
        total, squares, largest = stats
        stats = (total + v, squares + v * v, max(largest, v))
    return stats[1] - stats[0] ** 2 / 4 + stats[2]


@program(1.3, 0.4)
def quadratic_roots(b, c):
    disc = b * b - 4 * c
    if disc < 0:
        re, im = -b / 2, math.sqrt(-disc) / 2
        return re * re + im * im
    if disc == 0:
        return (b / 2) ** 2
    root = math.sqrt(disc)
    q = -0.5 * (b + root) if b >= 0 else -0.5 * (b - root)
    return q**2 + (c / q) ** 3


@program(real(4), 3)
def padded_and_shifted(x, pad):
    n = len(x)
    padded = np.zeros(n + 2 * pad)
    padded[pad : pad + n] = x
    padded[:pad] = x[0]
    padded[-pad:] = x[-1]
    out = np.zeros(n)
    for i in range(n):
        window = padded[i : i + 2 * pad + 1]
        out[i] = window.mean() + window[pad] ** 2
    return out @ x


@trips(positive(), TRIPS, counts=(0, 1, 2, 6))
def compound_interest(rate, years):
    balance = 100
    for year in range(years):
        balance += balance * rate
        if year % 2:
            balance -= 1
    return balance * 0.01 * rate


@program(real(3, 3))
def upper_and_lower(a):
    n = len(a)
    upper = lower = 0
    for i in range(n):
        for j in range(n):
            if j > i:
                upper += a[i][j] ** 2
            elif j < i:
                lower += a[i, j] * a[j][i]
    return upper - lower


@program(real(5), real(5))
def best_of_all_shifts(x, y):
    best = math.inf
    where = -1
    for shift in range(len(x)):
        distance = 0.0
        for i in range(len(x)):
            distance += (x[i] - y[(i + shift) % len(y)]) ** 2
        if distance < best:
            best, where = distance, shift
    return best + 0.1 * where * x[where]


@program(real(6))
def alternating_sums(x):
    even = x[::2].sum()
    odd = x[1::2].sum()
    sign = 1
    series = 0
    for k in range(len(x)):
        series += sign * x[k] / (2 * k + 1)
        sign *= -1
    return even * odd + series


@program(positive(3), small(3))
def dispatch_by_name(x, y):
    def forward(kind, v):
        if kind == "relu":
            return np.maximum(v, 0.0)
        elif kind == "tanh":
            return np.tanh(v)
        return 1.0 / (1.0 + np.exp(-v))

    out = x - y
    for kind in ("tanh", "relu", "sigmoid"):
        out = forward(kind, out * x)
    return out.sum()


@program(real(4), 2)
def nested_tuples_change_places(x, n):
    (a, b), c = (x[0], x[1]), x[2]
    for _ in range(n):
        (a, b), c = (b, c * a), a + x[3]
    return a * b + c


@program(real(5))
def run_lengths(x):
    total = 0.0
    i = 0
    while i < len(x):
        j = i
        while j + 1 < len(x) and (x[j + 1] > 0) == (x[i] > 0):
            j += 1
        block = x[i : j + 1]
        total += block.sum() ** 2 / len(block)
        i = j + 1
    return total


@program(real(4), real(4))
def in_place_updates_by_a_helper(p, g):
    def step(params, grads, velocity, lr=0.1, beta=0.9):
        velocity *= beta
        velocity += grads
        params -= lr * velocity

    v = np.zeros_like(p)
    for k in range(3):
        step(p, g * p, v, lr=0.1 / (k + 1))
    return np.sum(p**2) + v[0]


@program(real(4), real(4))
def adam_by_hand(p, target):
    m, v = np.zeros_like(p), np.zeros(len(p))
    b1, b2, eps = 0.9, 0.99, 1e-6
    for t in range(1, 4):
        g = 2 * (p - target)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        p = p - 0.1 * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
    return ((p - target) ** 2).sum()


@program(const(0.2, 0.5, 0.9), positive(3))
def piecewise_with_chained_comparisons(x, c):
    out = 0.0
    for v in x:
        if 0 <= v < 0.3:
            out += c[0] * v
        elif 0.3 <= v <= 0.6:
            out += c[1] * v**2
        else:
            out += c[2] * math.log(v + 1)
    return out


@program(real(3), real(3), real(3))
def triangle_area_and_normal(a, b, c):
    def cross(u, v):
        return np.array(
            [
                u[1] * v[2] - u[2] * v[1],
                u[2] * v[0] - u[0] * v[2],
                u[0] * v[1] - u[1] * v[0],
            ]
        )

    normal = cross(b - a, c - a)
    length = np.sqrt(normal @ normal)
    area = 0.5 * length
    unit = normal / length
    return area + unit[2] * a[0]


@program(real(3, 2))
def polygon_area_and_centroid(points):
    area = cx = cy = 0.0
    n = points.shape[0]
    for i in range(n):
        x0, y0 = points[i]
        x1, y1 = points[(i + 1) % n]
        w = x0 * y1 - x1 * y0
        area += w
        cx += (x0 + x1) * w
        cy += (y0 + y1) * w
    return cx / (3 * area) + cy + area / 2


@program(positive(4), 0.7)
def recursion_unrolled_by_a_stack_of_numbers(x, decay):
    stack = np.zeros(8)
    top = 0
    stack[top] = x[0]
    top += 1
    total = 0.0
    steps = 0
    while top > 0 and steps < 12:
        steps += 1
        top -= 1
        v = stack[top]
        total += v
        if v > 0.25:
            stack[top] = v * decay * x[1]
            stack[top + 1] = v * 0.5 * x[2]
            top += 2 if top < 6 else 0
    return total * x[3]


@program(real(5))
def print_while_computing(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2
        if i % 2 == 0:
            print(f"step {i}: {total:.3f}")
    assert total > 0, "no signal"
    return math.sqrt(total)


@program(1.0, 0.3)
def chebyshev_series(x, scale):
    t0, t1 = 1.0, x * scale
    total = 0.5 + t1
    for k in range(2, 8):
        t0, t1 = t1, 2 * x * scale * t1 - t0
        total += t1 / k**2
    return total


@program(positive(3), 4)
def table_of_a_recurrence(x, n):
    table = np.ones((n + 1, 3))
    for k in range(1, n + 1):
        for j in range(3):
            left = table[k - 1, j - 1] if j > 0 else x[0]
            table[k, j] = x[j] * left + table[k - 1, j] / k
    return table[-1].sum() + table[n // 2, 1]


@program(real(4, 3), 0.1)
def rows_normalised_unless_short(a, eps):
    for i in range(a.shape[0]):
        row = a[i]
        norm = np.sqrt((row**2).sum())
        if norm > eps:
            row /= norm
        else:
            row[:] = 0
    return (a[0] * a[1]).sum() + a[2, 0]


@program(real(5), 0.5)
def loop_with_else_and_default(x, level):
    for i in range(len(x)):
        if x[i] > level:
            crossing = i + (level - x[i - 1]) / (x[i] - x[i - 1])
            break
    else:
        crossing = float(len(x)) * level
    return crossing**2


@program(real(4), -1)
def negative_steps_and_bounds(x, last):
    total = 0.0
    for i in range(len(x) - 1, last, -1):
        total = total * 0.5 + x[i]
    for i in range(2, -3, -2):
        total += x[i] * i
    return total * x[last]
