"""Programs that overwrite arrays, and what the reverse sweep records and puts back."""

from __future__ import annotations

import numpy as np

from tests.residual_cases import ROW, SQUARE, records

# --- The overwritten element, put back ---------------------------------------------


@records("float", args=(ROW,), restores=1)
def nest(x):
    n = len(x)
    for i in range(n):
        for j in range(n):
            x[i] = x[i] * x[j]
    return np.sum(x)


@records("float", args=(ROW,))
def triangular_nest(x):
    n = len(x)
    for i in range(n):
        for j in range(i):
            x[i] = x[i] * x[j]
    return np.sum(x)


@records("float", args=(ROW,))
def triangular_nest_subtracted(x):
    n = len(x)
    for i in range(n):
        for j in range(i + 1, n):
            x[j] -= x[i] * x[j]
    return np.sum(x)


@records("float", "float", args=(ROW,), restores=1)
def two_stores(x):
    n = len(x)
    for i in range(1, n):
        x[i] = x[i] * x[0]
        x[i - 1] = x[i - 1] * x[i]
    return np.sum(x)


@records(args=(SQUARE,))
def elimination(x):
    n = len(x)
    for k in range(n):
        for i in range(k + 1, n):
            x[i, k] = x[i, k] / x[k, k]
            for j in range(k + 1, n):
                x[i, j] -= x[i, k] * x[k, j]
    return x[n - 1, n - 1]


@records(args=(ROW,))
def prefix_product(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i]
    return y[-1]


@records("float", args=(ROW,))
def branches_that_store(x):
    for i in range(1, len(x)):
        if i % 2 == 0:
            x[i] = x[i] * x[i - 1]
    return np.sum(x)


# --- Versions through rotations, nests, branches and exits --------------------------


@records("float", args=(ROW,), restores=1)
def rotation_of_three(x):
    a = x.copy()
    b = x * 2.0
    c = x + 1.0
    for k in range(5):
        a[k] = a[k] * b[k] * c[k]
        a, b, c = b, c, a
    return np.sum(a * b * c)


@records("float", "float", args=(ROW,), restores=None)
def swap_now_and_then(x):
    u = x.copy()
    v = x * 0.5
    for k in range(5):
        v[k] = u[k] * v[k - 1]
        if k % 2 == 0:
            u, v = v, u
    return np.sum(u * v)


@records("float", args=(ROW,), restores=1)
def read_after_the_inner_loop(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            x[j] = x[j] * x[i]
        s += x[i] * np.sum(x * x)
    return s


@records("float", args=(ROW,), restores=1)
def loops_without_trips(x):
    for i in range(len(x)):
        for j in range(0, i - 2):
            x[j] = x[j] * x[i]
    return np.sum(x)


@records("float", args=(ROW,), restores=1)
def early_return_between_stores(x):
    for i in range(len(x)):
        x[i] = x[i] * x[i - 1]
        if x[i] < -0.3:
            return np.sum(x * x) * x[i]
    return np.sum(x)


@records("float", args=(ROW,), restores=None)
def two_arrays_in_step(x):
    y = x.copy()
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i]
        x[i] = x[i] * y[i]
    return np.sum(x * y)


@records("float", "float", args=(ROW,), restores=None)
def one_element_stored_twice(x):
    s = 0.0
    for i in range(len(x)):
        a = x[i]
        x[i] = a * a
        t = x[i]
        x[i] = t * t * a
        s += a * t * x[i]
    return s


@records("row", "float", args=(SQUARE,), restores=None)
def rows_and_columns(x):
    for i in range(1, 5):
        x[i] -= x[i, 0] / x[0, 0] * x[0]
        x[:, i] *= x[i, i]
    return np.sum(x)


# --- Early exits -------------------------------------------------------------------


@records(args=(ROW, 0.45))
def break_of_a_linear_loop(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += 0.5 * x[i]
        if s > limit:
            break
    return s


@records(args=(ROW, 1.0))
def break_on_squares(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > limit:
            break
    return s


@records("float", args=(0.3,))
def break_of_newton(x):
    y = 1.0
    while True:
        y = 0.5 * (y + x / y)
        if abs(y * y - x) < 1e-10:
            break
    return y


@records("float", args=(0.3,))
def condition_of_newton(x):
    y = 1.0
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


@records(args=(ROW, 1.0))
def early_return(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > limit:
            return 2.0 * s
    return s


@records("int", args=(ROW, 1.0))
def early_return_of_a_nest(x, limit):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s += x[i]
            if s > limit:
                return s
    return s


@records(args=(ROW,))
def continued(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0.0:
            continue
        s += 2.0 * x[i]
    return s
