"""Data with gaps: what a branch passes over must not reach the gradient.

A value is computed from a datum that may be nan or infinite before the program looks
whether it may be used. Its cotangent is then zero, and zero times nan is nan.
"""

import math

import numpy as np

from .registry import const, program, real

NAN, INF = math.nan, math.inf
GAPS = const(1.0, NAN, 2.0, INF, -1.0)


@program(0.7, GAPS, wrt=("w",))
def weighted_if_it_is_there(w, y):
    s = 0.0
    for i in range(len(y)):
        r = y[i] * w
        if math.isfinite(y[i]):
            s += r * r
    return s


@program(0.7, (1.0, NAN, 2.0, -1.0), wrt=("w",))
def weighted_items_of_a_tuple(w, y):
    s = 0.0
    for v in y:
        r = math.sin(w) * v
        if v == v:
            s += r * r * w
    return s


@program(0.7, GAPS, wrt=("w",))
def passed_over(w, y):
    s = 0.0
    for i in range(len(y)):
        r = y[i] * w * w
        if not np.isfinite(r):
            continue
        s += r * w
    return s


@program(0.7, GAPS, wrt=("w",))
def one_of_several_pieces(w, y):
    best = 0.0
    for i in range(len(y)):
        r = y[i] * w
        q = r * r
        if q < 1.0 and math.isfinite(q):
            best += q
        elif q < 5.0:
            best += 0.3 * r
    return best


@program(0.7, GAPS, wrt=("w",))
def a_helper_that_checks(w, y):
    def residual(v):
        r = v * w
        return r**2 if abs(r) < 10.0 else 0.0

    return sum(residual(v) for v in y)


@program(0.7, 0.4, 0.0, label="not taken")
@program(0.7, 0.4, 1.5, label="taken")
def a_logarithm_that_one_arm_reads(x, a, c):
    s = a * np.log(x - 0.7) if c < 0.0 else a * np.log(x)
    if c > 1.0:
        r = s * x
    else:
        r = a
    return r * 2.0


@program(const(0.0, 1.3, 0.5), real(3), 0.0, label="not taken")
@program(const(0.4, 1.3, 0.5), real(3), 1.5, label="taken")
def a_product_with_a_logarithm_that_one_arm_reads(x, a, c):
    s = (a * np.log(x))[::-1]
    if c > 1.0:
        r = np.sum(s * s)
    else:
        r = np.sum(a * x)
    return r * 2.0


@program(const(0.0, 1.3, 0.5, 0.7), real(4))
def a_product_with_a_logarithm_left_out_later(x, a):
    s = (a * np.log(x)).reshape(2, 2)
    return np.sum(np.where(x.reshape(2, 2) > 0.1, s * s, a[0]))


@program(0.7, const(NAN, INF), wrt=("w",), label="nothing is there")
@program(0.7, GAPS, wrt=("w",))
def mean_of_what_is_there(w, y):
    total, count = 0.0, 0
    for v in y:
        scaled = v * w
        if not (math.isnan(v) or math.isinf(v)):
            total += math.exp(-scaled)
            count += 1
    return total / count if count else w


@program(0.7, const(1.0, NAN, 2.0), const(0.5, 2.0, NAN), wrt=("w",))
def two_series_with_gaps(w, x, y):
    s = 0.0
    for i in range(len(x)):
        a, b = w * x[i], np.sin(w) * y[i]
        if np.isnan(x[i]):
            if not np.isnan(y[i]):
                s += b * b
        elif np.isnan(y[i]):
            s += a * a
        else:
            s += a * b
    return s


@program(0.4, const(1.0, NAN, 2.0, NAN), wrt=("a",))
def a_filter_that_predicts_over_gaps(a, y):
    level, s = 0.1, 0.0
    for i in range(len(y)):
        error = y[i] - level
        step = a * error
        if not np.isnan(step):
            s += error * error
            level = level + step
        level = level * 0.9
    return s + level


ROWS = const([1.0, 2.0, 3.0], [NAN, 1.0, 2.0], [0.5, -1.0, 2.0], [2.0, NAN, INF])


@program(real(3), ROWS, real(4), wrt=("w",))
def regression_on_complete_rows(w, x, y):
    s = 0.0
    for i in range(len(y)):
        r = x[i] @ w - y[i]
        if np.isnan(r):
            continue
        s += r * r
    return s


@program(real(3), ROWS, real(4), wrt=("w",))
def sums_and_squares_of_complete_rows(w, x, y):
    s = 0.0
    for i in range(len(y)):
        products = x[i] * w
        total = np.sum(products)
        if not np.isfinite(total):
            continue
        s += (total - y[i]) ** 2 + np.sum(products * products)
    return s


@program(real(3), ROWS, real(4), wrt=("w",))
def a_model_by_rows_that_checks(w, x, y):
    def loss(row, t):
        e = np.exp(np.dot(row, w)) * w[0] - t
        return e * e if math.isfinite(e) else 0.0

    return sum(loss(row, t) for row, t in zip(x, y, strict=False))


@program(real(3), ROWS, wrt=("w",), label="gaps")
@program(real(3), real(2, 3), wrt=("w",), label="none")
def another_model_where_there_are_gaps(w, x):
    r = x * w
    s = x @ w
    if np.isnan(x).any():
        return np.sum(w * w)
    return np.sum(r * r) + np.sum(s)


@program(real(3), ROWS, wrt=("w",))
def nearest_of_complete_rows(w, x):
    best = 1e9
    for row in x:
        v = np.linalg.norm(row * w)
        if v < best:
            best = v
    return best


@program(real(3), ROWS, wrt=("w",), order=1)
def rows_solved_for_and_left_out(w, x):
    m = np.eye(3) + np.outer(w, w)
    s = 0.0
    for row in x:
        v = np.linalg.solve(m, row)
        q = v @ np.cumsum(w * row)
        if abs(q) < 100.0:
            s += q * q
    return s


@program(real(3), ROWS, real(4), wrt=("w",))
def products_by_loops_of_complete_rows(w, x, y):
    s = 0.0
    for i in range(len(y)):
        r = -y[i]
        for j in range(len(w)):
            r += x[i, j] * w[j]
        if not np.isfinite(r):
            continue
        s += r * r
    return s


@program(real(3), ROWS, wrt=("w",))
def distances_over_what_is_there(w, x):
    s, n = 0.0, 0
    for i in range(len(x)):
        d = 0.0
        for j in range(len(w)):
            t = x[i, j] * w[j] * w[0]
            if np.isfinite(t):
                d += t * t
        if d > 0.0:
            s += math.sqrt(d)
            n += 1
    return s / n


@program(real(3), ROWS, const(0.5, NAN, 1.5, 2.0), wrt=("w",))
def a_row_used_by_some_of_its_columns(w, x, y):
    s = 0.0
    for i in range(len(y)):
        r = y[i] * w[0]
        for j in range(len(w)):
            if x[i, j] > 0.6 and not math.isnan(r):
                s += r * w[j]
    return s
