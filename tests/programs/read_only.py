"""What NumPy gives read-only, and arithmetic that changes nothing makes its own."""

import numpy as np

from .registry import program, real


@program(real(3))
def repeated_rows_times_one(x):
    z = np.broadcast_to(x * 2.0, (3, 3)) * 1
    z[0] = 5.0 * x[1]
    z[1, 2] += x[0]
    return np.sum(z * z)


@program(real(3))
def repeated_columns_negated_twice(x):
    z = -(-np.broadcast_to(x[:, None], (3, 2)))
    z[0] *= x[1:]
    return np.sum(z * z)


@program(real(3, 3))
def diagonal_over_one(x):
    z = np.diagonal(x) / 1
    z[0] = 5.0 * x[0, 1]
    w = np.diag(x * x) ** 1
    w[1:] *= z[1:]
    return np.sum(z * w)


@program(real(3))
def repeated_arrays_plus_zero(x):
    a, b = np.broadcast_arrays(x[:, None], x)
    z = a + 0
    z[0] = b[1]
    return np.sum(z * b)


@program(real(3))
def conversion_that_is_none(x):
    z = np.float64(x)
    z[0] = z[1] * 5.0
    return np.sum(x * x) + np.sum(z)


@program(real(3), real(2, 2))
def blocks_of_every_rank(x, m):
    row = np.block([x, 3.0, x[0]])
    square = np.block([[m, np.ones((2, 1)) * x[1]], [x]])
    return np.sum(np.sin(row)) * np.sum(square * np.arange(9.0).reshape(3, 3))


@program(real(3), refused="a store through this view")
def a_number_beside_an_array(x):
    a, b = np.broadcast_arrays(x[0], x)
    a[0] = 2.0
    return np.sum(a * b)


@program(real(4))
def copies_of_windows_and_numbers(x):
    y = np.lib.stride_tricks.sliding_window_view(x, 2).copy()
    y[0] = x[3]
    z = np.broadcast_to(x[0], (2,)) * x[:2]
    z[1] *= 2.0
    return np.sum(y * y) + np.sum(z * z)
