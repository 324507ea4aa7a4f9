"""Calls of NumPy in the less usual forms of their arguments."""

import numpy as np

from .registry import program, real


@program(real(), real(5), 0.62)
def table_at_numbers(left, y, x):
    u = np.array([0.0, 0.3, 0.5, 1.1, 2.0])
    before = np.interp(-x, u, y, left=left)
    after = np.interp(3.0 + x, u, y)
    return np.interp(x, u, y) * before + after


@program(real(1), real(1), real(3))
def table_of_one_point(u, y, x):
    return np.interp(u[0], u, y) + np.sum(np.interp(x + 5.0, u, y) * x)


@program(real(0), real(4), real())
def extrema_that_begin_with_a_number(none, x, s):
    few = x[x > 9.0]
    return np.max(none, initial=s) * np.min(few, initial=s) * np.max(x, initial=s - 9.0)


@program(real(3, 4))
def largest_of_each_row_taken_along(m):
    where = np.argmax(m, axis=1, keepdims=True)
    return np.sum(np.take_along_axis(m * m, where, axis=1)) * m.min(axis=0, initial=0.0)


@program(real(3))
def triangles_of_a_vector(x):
    return np.tril(x, -1) * np.triu(x).T @ x


@program(real(4), real(7))
def correlation_with_what_is_longer(x, y):
    return np.correlate(x, y, "same") * y
