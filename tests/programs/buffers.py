"""Buffers that change places: the new becomes the old, in every form of a loop."""

import numpy as np

from .registry import TRIPS, program, real, trips


@trips(real(3, 4), TRIPS, counts=(0, 1, 2, 5))
def rows_as_views(x, n):
    buf = np.zeros((2, 4))
    buf[0] = x[0]
    a, b = buf[0], buf[1]
    for k in range(n):
        for i in range(4):
            b[i] = a[i] * a[i - 1] + x[1, i]
        a, b = b, a
    return np.sum(a * x[2]) + np.sum(buf)


@trips(real(3, 4), TRIPS, counts=(0, 1, 2, 5))
def rows_by_their_numbers(x, n):
    buf = np.zeros((2, 4))
    buf[0] = x[0]
    cur, nxt = 0, 1
    for k in range(n):
        for i in range(4):
            buf[nxt, i] = buf[cur, i] * buf[cur, i - 1] + x[1, i]
        cur, nxt = nxt, cur
    return np.sum(buf[cur] * x[2])


@trips(real(4), TRIPS, counts=(0, 1, 2, 5))
def three_rows_that_rotate(x, n):
    buf = np.zeros((3, 4))
    a, b, c = buf[0], buf[1], buf[2]
    a[:] = x
    b[:] = x * x
    for k in range(n):
        c[:] = a * b + x
        a, b, c = b, c, a
    return np.sum(a * b) + np.sum(c)


@trips(real(4), TRIPS, counts=(0, 1, 2, 5))
def rotated_by_way_of_a_temporary(x, n):
    a = x.copy()
    b = x * x
    c = np.zeros(4)
    for k in range(n):
        for i in range(4):
            c[i] = a[i] * b[i] + x[i]
        tmp = a
        a = b
        b = c
        c = tmp
    return np.sum(a * b) + np.sum(c)


@program(real(3, 3), real(3, 3), 3)
def matrices_among_the_arguments(a, b, n):
    for _ in range(n):
        b[1:-1, 1:-1] = a[:-2, 1:-1] * a[2:, 1:-1]
        b[0] = a[0] * a[1]
        a, b = b, a
    return np.sum(a * a) + np.sum(b)


@program(real(4), 3)
def swapped_by_a_function(x, n):
    def step(src, dst):
        for i in range(len(src)):
            dst[i] = src[i] * src[i - 1]
        return dst, src

    a = x.copy()
    b = np.zeros_like(x)
    for _ in range(n):
        a, b = step(a, b)
    return a @ a


@program(real(4), 3)
def swapped_in_a_branch(x, n):
    a = x.copy()
    b = np.zeros_like(x)
    for k in range(n):
        b[:] = a * x
        if b[0] > 0.1:
            a, b = b, a
    return np.sum(a * a) + np.sum(b)


@program(real(4), 3)
def swapped_in_both_arms(x, n):
    a = x.copy()
    b = np.zeros_like(x)
    k = 0
    while k < n:
        b[:] = a * x
        k += 1
        if k % 2:
            a, b = b, a
        else:
            a, b = b, a
            a[0] = 2.0 * x[1]
    return np.sum(a * a) + np.sum(b)


@program(real(4), 3)
def swapped_unless_it_has_converged(x, n):
    a = x.copy()
    b = np.zeros_like(x)
    for k in range(10):
        b[:] = a * x
        if np.abs(b - a).max() < 0.5:
            break
        a, b = b, a
    return np.sum(a * a) + np.sum(b)


@trips(real(4), TRIPS, counts=(0, 1, 2, 5))
def halves_that_change_places(x, n):
    y = x * x
    lo, hi = y[:2], y[2:]
    for _ in range(n):
        hi += lo * lo
        hi[0] = x[0]
        lo, hi = hi, lo
    return np.sum(y * x) + lo[0]


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def window_that_moves(x, n):
    y = np.sin(x)
    window = y[:3]
    for k in range(n):
        window[1] *= x[k]
        k0 = k % 3
        window = y[k0 : k0 + 3]
    return np.sum(y * x) + window[0]


@program(real(3, 4), -0.5, wrt=("x",))
@program(real(3, 4), 0.5, wrt=("x",), label="c>0")
def rows_before_or_after(x, c):
    z = x * x
    part = z[:2] if c > 0.0 else z[1:]
    part[0, 1] = x[2, 2]
    part *= x[0]
    return np.sum(z * x) + np.sum(part)


@program(real(3, 4), -0.5, wrt=("x",))
@program(real(3, 4), 0.5, wrt=("x",), label="c>0")
def all_rows_or_some(x, c):
    z = x * x
    if c > 0.0:
        part = z[:, 1:]
    else:
        part = z[1:, :]
    part[0, 0] = x[2, 2]
    part[1] *= part[0, 1]
    return np.sum(z * x) + np.sum(part[-1])


@program(real(6))
def every_other_element_changes_places(x):
    y = x * x
    red, black = y[::2], y[1::2]
    for _ in range(3):
        red += black * 0.5
        red, black = black, red
    return np.sum(y * x)


@program(real(3), real(3), 0.7)
def stored_into_before_they_are_swapped(x, y, a):
    for _ in range(2):
        x[2] -= a * np.sum(np.sin(x * y) ** 2)
    for i in range(3):
        x, y = y, x
        a = a + y[i] * x[1]
    return a * np.sum(x * x) + np.sum(np.sin(y))


@trips(real(3), real(3), TRIPS, counts=(0, 1, 2, 4))
def stored_into_in_loops_before_and_after_swaps(x, y, n):
    for k in range(n):
        for i in range(2):
            x[i] = np.sin(x[i + 1]) * x[i]
        for _ in range(k):
            x, y = y, x
        if k % 2:
            x, y = y, x
        for i in range(2):
            y[i] *= np.exp(x[i] * y[i + 1])
    return np.sum(x * x * y) + np.sum(np.cos(y) * x)


# --- Arrays that a loop inside of a loop exchanges ----------------------------------


def _with_and_without_the_arrays(fn):
    """The arrays themselves are active, or what is read of them alone."""
    for wrt in (("s", "x", "y"), ("s",)):
        label = "all" if len(wrt) > 1 else "numbers"
        program(0.7, real(3), real(3), 4, label=label, wrt=wrt)(fn)
    return fn


@_with_and_without_the_arrays
def read_before_it_is_exchanged(s, x, y, n):
    for k in range(n):
        s *= y[0]
        for i in range(3):
            x, y = y, x
        if s < -0.53:
            return 0.47 * s
    return s


@_with_and_without_the_arrays
def read_before_it_is_exchanged_in_a_branch(s, x, y, n):
    for k in range(n):
        s *= y[0]
        if k >= 0:
            for i in range(3):
                x, y = y, x
            if s * s < 0.53:
                return 0.47 * s
    return s


@_with_and_without_the_arrays
def read_after_it_is_exchanged(s, x, y, n):
    z = x * y
    for k in range(n):
        for i in range(2):
            y, z, x = z, x, y
        s = s * y[2] + 0.3
    return s


@_with_and_without_the_arrays
def stored_into_and_exchanged(s, x, y, n):
    x, y = x.copy(), y.copy()
    for k in range(n):
        y[0] = s
        for i in range(3):
            x, y = y, x
            y[1] = 0.5 * x[1]
        s = s * x[0] + 0.3
    return s * x[0] + y[1]


@_with_and_without_the_arrays
def exchanged_until_it_is_large(s, x, y, n):
    k = 0
    while k < n:
        s = np.sin(s * y[1])
        j = 0
        while j < k + 1:
            x, y = y, x
            j += 1
            if j > 2:
                break
        s = s + x[2]
        k += 1
    return s


@_with_and_without_the_arrays
def exchanged_over_itself_in_a_branch(s, x, y, n):
    first = x
    while True:
        if n <= 1:
            break
        n -= 1
        t = first[n - 1]
        for _ in x:
            x, y = y, x
        s += t * t * s
    return s + np.sum(x * y)
