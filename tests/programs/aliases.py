"""Arrays that are views of one array or of another, as a branch decides."""

import numpy as np

from .registry import program, real


def either_way(*inputs):
    """Rows on both sides of a branch on the last argument."""

    def enter(fn):
        for c in (-1.0, 1.0):
            program(*inputs, c, label=f"c={c}", wrt=("x",))(fn)
        return fn

    return enter


@either_way(real(3))
def array_or_its_copy(x, c):
    y = x if c > 0.0 else x.copy()
    y[0] = 5.0 * x[1]
    return np.sum(x * x) + np.sum(y * y)


@either_way(real(4))
def one_of_two_slices(x, c):
    z = x * x
    if c > 0.0:
        y = z[1:]
    else:
        y = z[:-1]
    y[0] = 5.0 * x[1]
    y += z[0]
    z[1] *= y[2]
    return np.sum(z * x) + np.sum(y * y)


@either_way(real(3), real(3))
def one_of_two_arrays(x, w, c):
    u, v = x * x, w * x
    y = u
    if c > 0.0:
        y = v
    y[0] = 2.0 * u[1]
    u[1] += y[0] * v[0]
    v[2] -= y[1]
    return np.sum(u * x) + np.sum(v * w) + np.sum(y * y)


@either_way(real(3, 3))
def one_of_several_views(x, c):
    z = x * x
    y = z.T[1] if c > 0.0 else z[::-1][0]
    y[1] = z[0, 0] * 2.0
    z[1] += y
    return np.sum(z * x) + np.sum(y * y)


@either_way(real(3))
def stored_to_in_a_loop(x, c):
    z = x * x
    y = z if c > 0.0 else z.copy()
    for k in range(3):
        y[k] = y[k - 1] * z[k] + x[k]
        if z[k] > 0.5:
            z[k] *= y[0]
    return np.sum(z * x) + np.sum(y * y)


@either_way(real(3))
def decided_in_a_loop(x, c):
    z = x * x
    s = 0.0
    for k in range(3):
        y = z if x[k] > 0.0 else z.copy()
        y[k] = 2.0 * x[k - 1]
        s += np.sum(z * y)
    return s + np.sum(z)


@either_way(real(3), real(3))
def swapped_or_not(x, w, c):
    u, v = x * x, w * x
    first = u
    if c > 0.0:
        u, v = v, u
    u[0] = 2.0 * v[1]
    v[1] = u[2] * first[0]
    return np.sum(first * x) + np.sum(u * w) + np.sum(v * v)


@either_way(real(3))
def given_to_a_function(x, c):
    def fill(target, source):
        target[1] = source[0] * 3.0

    z = x * x
    fill(z if c > 0.0 else x, x)
    return np.sum(z * z) + np.sum(x * z)


def one_of_two_products(x, y):
    a = x * x
    b = y * y
    c = a if x[0] > y[0] else b
    c[0] = 2.0
    return np.sum(a * b)


_LOW, _HIGH = np.array([-1.2, 0.7, 0.4]), np.array([1.1, -0.6, 0.9])
program(_LOW, _HIGH, label="second")(one_of_two_products)
program(_HIGH, _LOW, label="first")(one_of_two_products)


@either_way(real(4))
def exchanged_in_a_loop_if_of_one_length(x, c):
    z = x * x
    y = np.concatenate((z[1:], z[1:2])) if c > 0.0 else z
    n = 0
    while n < 2:
        n += 1
        y[n], y[0] = y[0], y[n] * x[n]
    return np.sum(z * x) + np.sum(y * y)


@either_way(real(3, 3))
def columns_of_one_of_two_lengths(x, c):
    z = x * x
    y = z
    if c > 0.0:
        y = np.sum(z.T, axis=1, keepdims=True)
    for i in range(2):
        y.T[:] = 2.0 * x[i : i + 1, 0][:, None]
        z += y
    return np.sum(z * x) + np.sum(y)


@either_way(real(3), real(5))
def one_of_two_lengths_joined_again(x, w, c):
    u, v = x * x, w * w
    for i in range(3):
        y = u if c > 0.0 else v
        y[i] += 3.0 * x[0]
        u = u * 2.0 if i == 1 else u
    return np.sum(u * x) + np.sum(v * w) + np.sum(y)


def either_way_twice(fn):
    """Rows on both sides of two branches."""
    for c in (-1.0, 1.0):
        for d in (-1.0, 1.0):
            program(real(3), real(3), c, d, label=f"c={c},d={d}", wrt=("x", "w"))(fn)
    return fn


@either_way_twice
def chosen_of_what_was_chosen(x, w, c, d):
    a, b = x * x, w * w
    y = a if c > 0 else b
    z = y if d > 0 else a
    z[0] = 5.0 * x[1]
    y[1] *= z[0]
    a[2] += y[1] * z[2]
    return np.sum(a * x) + np.sum(b * w * x) + np.sum(y * z)


@either_way_twice
def views_chosen_of_chosen_views(x, w, c, d):
    a, b = x * x, w * w
    y = a[1:] if c > 0 else b[:2]
    z = y if d > 0 else a[:2]
    y[0] = 5.0 * x[1]
    z[1] *= z[0]
    b[1] += y[1] * z[0]
    a[1] -= 2.0 * b[0]
    return np.sum(a * x) + np.sum(b * w * x) + np.sum(y * z)


@either_way_twice
def one_of_three_arrays(x, w, c, d):
    a, b, e = x * x, w * w, x * w
    y = a if c > 0 else b
    z = e if d > 0 else y
    z *= 2.0 * x
    e[0] = y[0]
    return np.sum(a * x) + np.sum(b * w * x) + np.sum(y * z) + np.sum(e)


@either_way(real(3, 3))
def flat_of_one_of_two_orders(x, c):
    b = x * 1.0 if c > 0.0 else x * 2.0
    f = b.ravel()
    f[0] = x[1, 1]
    return np.sum(b * b)


for _c in (-1.0, 1.0):

    @program(real(3, 3), _c, label=f"c={_c}", wrt=("a",), refused="alias")
    def flat_of_one_that_may_be_turned(a, c):
        b = a * 1.0 if c > 0.0 else a.T * 1.0
        f = b.ravel()
        f[0] = 3.0
        return np.sum(b * b)

    @program(real(3, 3), _c, label=f"c={_c}", wrt=("a",), refused="alias")
    def one_that_may_be_turned_changed_after_its_copy(a, c):
        b = a * 1.0 if c > 0.0 else a.T * 1.0
        f = b.ravel()
        b *= 2.0
        return np.sum(f * f)
