"""Shapes: creation, reshape, transpose, joins, basic and integer indexing."""

import numpy as np

from .registry import integers, program, real


@program(real(6))
def reshape_and_ravel(x):
    a = x.reshape(2, 3)
    b = np.reshape(x, (3, -1))
    return np.sum(a * a) * b[2, 1] + np.sum(a.ravel()[1:] * np.ravel(b)[:-1])


@program(real(2, 3, 4), real(3))
def lengths_that_the_others_tell(a, b):
    n, m, k = a.shape
    c = a.reshape(n * m, k) + a.reshape(-1, k)[:1]
    d = a.reshape(n, -1) * np.arange(12.0) + a.reshape(n, m * k)[0]
    return np.sum(c**2) + np.sum(d**3) + np.sum((a.reshape(n, -1, k) + b[:, None]) ** 2)


@program(real(2, 3, 4), 2)
def heads_of_attention(x, n):
    q, k, v = (
        a.reshape(a.shape[0], a.shape[1], n, x.shape[-1] // n).transpose(0, 2, 1, 3)
        for a in (x, x[::-1], np.sin(x))
    )
    a = np.exp(q @ np.swapaxes(k, -1, -2))
    return np.sum((a / a.sum(axis=-1, keepdims=True)) @ v * np.arange(2.0))


@program(real(4), 4)
def halves_computed_twice(x, n):
    a, b = x[: n // 2], np.zeros(n // 2)
    for k in range(n // 2):
        b[k] = a[k] * np.sum(x[n // 2 :][: n // 2] * np.ones(n // 2))
    return np.sum((b * np.arange(float(n // 2)) + a) ** 2)


@program(real(1, 3), real(3, 2))
def lengths_that_are_one_after_all(a, b):
    c = a.reshape(-1, 3) * b[:, :1].reshape(1, -1) + b.reshape(2, -1)[:1]
    return np.sum(c**2 * b.T) + np.sum((a.reshape(len(a), -1) * b.T) ** 2)


@program(real(2, 3))
def transposes(a):
    return np.sum(a.T[1:] * np.transpose(a)[:-1]) + a.T[0, 1]


@program(real(2, 3, 2))
def transpose_by_axes(a):
    b = np.transpose(a, (1, 0, 2))
    c = a.transpose(2, 1, 0)
    return np.sum(b[0] * b[1]) + np.sum(c[0] * c[1] * c[1])


@program(real(3), real(2))
def concatenate_two(x, y):
    z = np.concatenate([x, y, x * x])
    return np.sum(z[1:] * z[:-1])


@program(real(2, 3), real(2, 1))
def concatenate_along_axis_one(a, b):
    c = np.concatenate((a, b), axis=1)
    return np.sum(c[:, 1:] * c[:, :-1])


@program(real(3), real(3))
def stack_two(x, y):
    a = np.stack([x, y])
    b = np.stack((x * y, y), axis=1)
    return np.sum(a[0] * b[:, 1]) + np.sum(a[1] * b[:, 0])


@program(real(), real())
def array_from_scalars(x, y):
    v = np.array([x, y, x * y])
    return v * v + 1.0


@program(real(), real())
def matrix_from_scalars(x, y):
    a = np.array([[x, y], [-y, x * x]])
    return a @ a


@program(real(3))
def array_copies_an_array(x):
    y = np.array(x)
    y[0] = 2.0
    return np.sum(y * x)


@program(real(4))
def creation_functions(x):
    z = np.zeros(4) + np.ones((4,)) + np.full(4, 2.5) * x
    return z + np.arange(4) * x + np.eye(4)[1] * x


@program(real(3))
def creation_like(x):
    return (np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 1.5)) * x


@program(real(), 4)
def full_of_a_differentiated_value(x, n):
    y = np.full(n, x)
    return np.sum(y * np.arange(n)) * x


@program(real(5))
def basic_slices(x):
    return x[1:4] * x[:3] + x[2:] - x[-3:] * x[::2]


@program(real(5))
def negative_strides(x):
    return x[::-1] * x + np.sum(x[3:0:-2])


@program(real(5), 1, 4)
def slices_of_runtime_bounds(x, i, j):
    return np.sum(x[i:j] ** 2) * x[i] + np.sum(x[j:i:-1])


@program(real(5), 3, 3, label="empty")
@program(real(5), 4, 99, label="clipped")
@program(real(5), -3, -1, label="negative")
def slices_that_need_care(x, i, j):
    return np.sum(x[i:j] ** 2) + x[0] * x[1]


@program(real(3, 4))
def matrix_indexing(a):
    return a[0, 1] * a[-1, -1] + np.sum(a[1] * a[2]) + np.sum(a[:, 2] ** 2) * a[1][0]


@program(real(3, 4))
def matrix_slices(a):
    return a[1:, ::2] * a[:2, 1::2] + a[::-2, :2]


@program(real(2, 3, 2))
def ellipsis_and_newaxis(a):
    b = a[:, None, 1] * a[0, ..., np.newaxis][0, :1]
    return np.sum(a[..., 0] * a[..., 1]) + np.sum(b)


@program(real(5), 3)
def index_by_a_runtime_integer(x, i):
    return x[i] * x[i - 1] + x[-i]


@program(real(5), integers(0, 5, 7))
def gather_by_an_integer_array(x, k):
    return np.sum(x[k] * x[k[::-1]]) + x[k[0]]


@program(real(5), integers(0, 5, 7))
def gather_by_a_loop(x, k):
    total = x[k[0]]
    for i in range(len(k)):
        total += x[k[i]] * x[k[-1 - i]]
    return total


@program(real(4, 3), integers(0, 4, 5))
def gather_rows(a, k):
    return np.sum(a[k] ** 2, axis=1)


@program(real(4, 3), integers(0, 4, 5))
def gather_rows_by_a_loop(a, k):
    sums = np.zeros(len(k))
    for i in range(len(k)):
        sums[i] = np.sum(a[k[i]] ** 2)
    return sums


@program(real(4, 3), integers(0, 4, 3))
def gather_one_entry_per_column(a, k):
    return a[k, np.arange(3)] ** 2


@program(real(4, 3), integers(0, 4, 3))
def gather_one_entry_per_column_by_a_loop(a, k):
    entries = np.zeros(3)
    for j in range(3):
        entries[j] = a[k[j], j] ** 2
    return entries


@program(real(5), integers(0, 5, 4))
def indirect_loop(x, k):
    total = 0.3
    for i in range(4):
        total = total * x[k[i]] + x[k[i] - 1]
    return total


@program(real(2, 3))
def flattened_by_minus_one(a):
    v = a.reshape(-1)
    return v[::2] * v[1::2]


@program(real(3))
def reshape_to_a_column(x):
    c = x.reshape(3, 1)
    return c * x + c.reshape(1, -1)


@program(real(4))
def astype_of_a_float(x):
    return np.sum(x.astype(np.float64) * x.copy())


@program(real(4))
def arange_of_floats(x):
    t = np.arange(0.0, 2.0, 0.5)
    return np.sum(np.sin(t * x))


@program(real(3, 3))
def swapped_rows_by_views(a):
    first, last = a[0], a[-1]
    return first * last[::-1] + a[:, 1]


@program(real(4), real(4))
def nested_concatenations(x, y):
    z = np.concatenate([np.concatenate([x[:2], y[2:]]), np.stack([x[0], y[0]])])
    return z * z


@program(real(3, 3), real(4, 5))
def length_after_a_loop_met_by_another(x, y):
    y = y + y[0, 0]
    for i in range(3):
        y = np.maximum(x[:, 1:] * x[:, :2], 0.1 * i)
    z = np.where(x[:, :2] < 0.3, y, 1.0)
    return np.sum(z * z) + np.sum(y)


@program(real(3), real(3), 0.4)
@program(real(3), real(3), -0.4, label="other")
def length_of_a_branch_met_in_it(x, y, c):
    z = x * x
    if c > 0.0:
        z = y * z
        w = z * y
    else:
        z = np.concatenate((y, x))
        w = z * np.concatenate((x, y))
    return np.sum(z * w)


@program(real(3), raises=ValueError)
def joined_of_other_ranks(x):
    return np.sum(np.concatenate((x, x[None])))


@program(real(3), raises=ValueError)
def stacked_of_other_ranks(x):
    return np.sum(np.stack((x, x[None])))


@program(real(4), raises=ValueError)
def stacked_of_other_lengths_in_a_loop(x):
    part = x[1:]
    total = 0.0
    for _ in range(4):
        total += np.sum(np.stack((part, 0.7 * np.ones(17))))
    return total


@program(real(3), raises=ValueError)
def side_by_side_of_other_ranks(x):
    return np.sum(np.hstack((x, x[:, None])))


@program(real(), raises=ValueError)
def joined_numbers(x):
    return np.concatenate((x, x))[0]


@program(real(3), raises=ValueError)
def einsum_of_too_few_letters(x):
    return np.sum(np.einsum("i,j", x, np.ones((2, 2))))


@program(real(3), raises=ValueError)
def einsum_of_too_many_letters(x):
    return np.sum(np.einsum("i,jk", x, x))


@program(real(3))
def other_ranks_that_do_not_meet(x):
    total = np.sum(x * x)
    if total > 1e6:
        total += np.sum(np.einsum("i,j", x, x[None])) + x[0]
    if total > 1e5:
        total += np.sum(np.concatenate((x, x[None])))
    if total > 1e4:
        total *= np.sum(np.stack((x, x[None])))
    return total


@program(real(4), real(4))
def lengths_that_are_tested(x, y):
    if x.shape != y.shape:
        raise ValueError(f"{x.shape} and {y.shape} differ")
    return np.mean((x - y) ** 2)


@program(real(3, 4), real(3), real(4))
def lengths_that_are_tested_in_pairs(a, x, y):
    if len(x) != a.shape[0] or not (len(y) == a.shape[1] and a.ndim == 2):
        raise ValueError("these do not fit")
    return np.sum(np.where(a > 0.0, x[:, None] * y, a * y))


@program(real(4), real(1))
def lengths_that_may_differ(x, y):
    if len(x) == len(y):
        return np.sum(x * y)
    return np.sum((x - y) ** 2 * np.arange(4.0))
