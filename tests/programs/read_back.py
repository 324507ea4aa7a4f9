"""Values read back from where a loop has stored them."""

import numpy as np

from .registry import positive, program, real


@program(real(3, 3), real(5, 3))
def rows_of_states(w, x):
    h = np.zeros((len(x) + 1, 3))
    for t in range(len(x)):
        h[t + 1] = np.tanh(w @ h[t] + x[t])
    return np.sum(h * h)


@program(real(3, 3), real(5, 3))
def row_of_states_overwritten_later(w, x):
    h = np.zeros((len(x) + 1, 3))
    for t in range(len(x)):
        h[t + 1] = np.tanh(w @ h[t] + x[t])
        h[t, 1] = h[t + 1, 0] * h[t, 0]
    return np.sum(h * h)


@program(real(4), real(1), wrt=(0, 1))
def row_stretched_as_it_is_stored(x, y):
    h = np.zeros((3, 4))
    for t in range(3):
        r = np.exp(0.1 * y * (t + 1))
        h[t] = r
        h[t] *= x
        h[2 - t] += np.sum(r)
    return np.sum(h * h)


@program(positive(4))
def value_stored_in_two_places(x):
    y = x * 1.0
    for i in range(3):
        v = np.sqrt(y[i] * y[i + 1])
        y[i] = v
        y[i + 1] = v
        y[i] = y[i] * v
    return np.sum(y * y)


@program(real(6))
def part_read_back_by_a_slice(x):
    y = x * 1.0
    for k in range(3):
        v = np.sin(y[2 * k : 2 * k + 2])
        y[2 * k : 2 * k + 2] = v
    return np.sum(y * y)


@program(real(6))
def part_read_back_from_overlapping_slices(x):
    y = x * 1.0
    for k in range(4):
        v = np.sin(y[k : k + 3])
        y[k : k + 3] = v
    return np.sum(y * y)


@program(real(3), 3)
def whole_array_written_further_in(x, n):
    s = 0.0
    for t in range(n):
        for k in range(2):
            x[...] = np.sin(x[k] * 1.3 + t) + 0.3
        s += np.max(x) * np.sum(x**3)
    return s


@program(real(3), 3)
def whole_array_written_and_read_in_one_arm(x, n):
    s = 0.0
    for t in range(n):
        if x[0] > 0.4:
            x[...] = np.sin(x[1] * 1.3) - 0.6 * x
            s += np.sum(x**3)
        else:
            x[:] = np.cos(x) + x[2]
    return s * np.prod(x)


@program(real(3), 3)
def whole_array_written_in_both_and_read_after(x, n):
    s = 0.0
    for t in range(n):
        if x[0] > 0.4:
            x[...] = np.sin(x[1] * 1.3) - 0.6 * x
        else:
            for k in range(2):
                x[:] = np.cos(x) + x[k]
        s += np.sum(x**3)
    return s


@program(0.7, 0, label="first")
@program(0.7, 1, label="second")
@program(0.7, 2, label="last")
def whole_array_read_before_a_part_is_undone(x, skipped):
    y = np.ones(4) * x
    s = 0.0
    for k in range(3):
        if k != skipped:
            s += np.sum(np.sin(y) * y)
            for i in range(2):
                y[i] = y[i] * y[i + 1] + x
                y[3] = 5.0 + i
    return s + np.sum(y)


@program(0.7, 1)
def whole_array_read_in_an_arm_within_an_arm(x, skipped):
    y, z = np.ones(4) * x, np.full(4, 0.6)
    s = 0.0
    for k in range(3):
        if k != skipped:
            if k > 0:
                s += np.sum(np.sin(y) * y * z)
            for i in range(2):
                y[i] = y[i] * y[i + 1] + z[0]
                y[3] = 0.3 + i
                z[i] = y[i] * z[i + 1]
                z[3] = x
    return s + np.sum(y * z)


@program(0.4)
@program(-1.3, label="changed")
@program(1.03, label="never")
def array_returned_from_before_it_is_undone(a):
    y = np.full((1,), 1.0)
    n = 0
    while n < 1 and max(a, float(y[0])) < 1.2:
        for t in (a,):
            s = float(y[n]) * t
            if float(y[-1]) > 1.3 + a:
                return a * np.ones(3) * s * np.sum(y * y)
        for i in range(n):
            y[n] = float(y[0]) * a
            y[...] = min(a, a)
        n += 1
    return a * np.ones(3) * y[0]
