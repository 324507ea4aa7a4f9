"""Stores through views and second names; what a view or a swap has kept."""

import numpy as np

from .registry import TRIPS, positive, program, real, trips


@program(real(4))
def swap_of_elements(x):
    y = x * x
    y[0], y[2] = y[2], y[0]
    y[1], y[0] = y[0] * y[1], y[3]
    return y * x


@program(real(3, 3))
def swap_of_rows_by_copy(a):
    b = a * a
    t = b[0].copy()
    b[0] = b[2]
    b[2] = t
    return b * a


@program(real(4))
def write_through_a_view(x):
    y = x * x
    v = y[1:3]
    v[0] = x[0] * x[3]
    v *= 2.0
    return np.sum(y * y)


@program(real(6))
def write_through_a_view_of_a_view(x):
    y = x * x
    v = y[1:]
    w = v[::2]
    w[1] = x[0]
    w += y[0]
    v[1] *= w[0]
    return np.sum(y * y)


@program(real(3, 4))
def write_through_a_row_view(a):
    b = a * 2.0
    for i in range(3):
        row = b[i]
        row[0] = row[1] * row[2]
        row[1:] += row[0]
    return np.sum(b * b)


@program(real(2, 3))
def write_through_a_transpose(a):
    b = a * a
    t = b.T
    t[0, 1] = a[0, 0] * a[1, 1]
    t[2] *= t[0]
    return b * a


@program(real(6))
def write_through_a_reshape(x):
    y = x * x
    m = y.reshape(2, 3)
    m[1, :] = m[0, :] * x[:3]
    return np.sum(y * y * x)


@program(real(4))
def write_to_the_base_seen_through_a_view(x):
    y = x * x
    v = y[::-1]
    y[0] = x[1] * x[2]
    return v[3] * v[0] + np.sum(v * x)


@program(real(4))
def write_through_a_second_name(x):
    y = x * x
    z = y
    z[0] = x[1]
    z = z * 2.0
    z[1] = 5.0 * x[2]
    return np.sum(y * z)


@program(real(4))
def copy_is_not_written_through(x):
    y = x * x
    z = y.copy()
    z[0] = x[1] * x[2]
    return np.sum(y * z)


@program(real(4))
def augmented_name_writes_through(x):
    y = x * x
    z = y
    z += x
    return y * z


@program(real(4))
def plain_rebinding_does_not_write_through(x):
    y = x * x
    z = y
    z = z + x
    return y * z


@program(real(3))
def swapped_names_of_two_arrays(x):
    a = x * 1.5
    b = x * x
    for i in range(3):
        b[i] = a[i] * b[i - 1]
        a, b = b, a
    return np.sum(a * a) + np.sum(b)


@program(real(4))
def view_kept_across_a_rebinding(x):
    y = x * x
    v = y[1:]
    y = y + 1.0
    v[0] = 7.0 * x[0]
    return np.sum(v * v) + np.sum(y)


@program(real(4))
def float_taken_before_the_store(x):
    y = x * x
    s = y[1]
    y[1] = x[0]
    return s * y[1]


@program(real(4))
def view_taken_before_the_store(x):
    y = x * x
    s = y[1:2]
    y[1] = x[0]
    return np.sum(s * y[1])


@program(real(4))
def one_element_as_a_view(x):
    b = x * x
    z = b[0, ...]
    z += x[1]
    b[0] *= 2.0
    w = b[..., -1]
    w[...] = z * x[2]
    return np.sum(b * x) + z * z + w


@program(real(4, 3))
def one_element_of_a_matrix_as_a_view(a):
    b = a * a
    z = b[1, ..., 2]
    z[()] = a[0, 0] * 3.0
    b += 1.0
    return np.sum(b * a) + np.sin(z)


@program(real(1))
def everything_squeezed_is_a_view(x):
    b = x * x
    z = np.squeeze(b)
    z += 1.0
    b *= 3.0
    t = 0.0 + z
    return t * b[0] if z > 0.0 else t


@program(real(3, 4))
def copies_where_numpy_copies(a):
    b = a * a
    c = np.clip(b, None, None)
    d = np.take(b, 0, axis=0)
    e = sum([b])
    f = np.reshape(b, (4, 3), copy=True)
    b *= 2.0
    return np.sum(c * e) + np.sum(d * b) + np.sum(f * f)


@program(real(3, 4))
def no_copies_where_numpy_makes_none(a):
    b = a * a
    c = np.ascontiguousarray(b)
    c[0] *= 2.0
    d = np.asfortranarray(b.T)
    d[1] += a[:, 1]
    return np.sum(b * a)


@program(real(3, 4), refused="alias")
def flat_of_what_may_be_in_fortrans_order(a):
    b = np.concatenate([a.T, a.T])
    c = b.ravel()
    c[1] = a[0, 0]
    return np.sum(b * b) + np.sum(c)


@program(real(5), refused="alias")
def windows_see_a_later_store(x):
    b = x * x
    w = np.lib.stride_tricks.sliding_window_view(b, 2)
    b[0] = x[1]
    return np.sum(w * w)


@program(real(3, 4), refused="a list holds")
def the_greatest_row_sees_a_later_store(a):
    b = a * a
    rows = [b[0], b[1]]
    best = max(rows, key=np.sum)
    b *= 2.0
    return np.sum(best * best)


@trips(real(3, 3), TRIPS)
def of_the_shape_of_a_turned_view(x, n):
    v = x[:2, ::-1]
    for k in range(n):
        if k > 1:
            return np.reshape(v * k, (v.shape[1], v.shape[0]))
        x[1, 1] += 0.1
    return v.T * 1.0


@trips(real(3, 3), TRIPS)
def of_the_length_of_a_turned_view(x, n):
    v = x[:2, ::-1]
    for k in range(n):
        if k > 1:
            return np.zeros(v.shape[1]) + x[0, 0]
        x[1, 1] += 0.1
    return x[0] * 2.0


@trips(real(3, 3), TRIPS)
def product_of_a_turned_view_with_itself(x, n):
    v = x[:2, ::-1]
    for k in range(n):
        if x[0, 0] * k > 0.7:
            return np.tanh(v.T) @ v
        x[1, 1] += 0.1
    return v.T * 1.0 @ v


@trips(positive(3, 3), TRIPS)
def square_returned_from_a_loop(x, n):
    for k in range(n):
        if x[0, 0] * k > 0.7:
            v = x[:2, ::-1]
            return np.tanh(v.T) @ v
        x[1, 1] += 0.1
    return x * 1.0
