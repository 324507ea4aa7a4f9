"""Stencils: what is added to parts of an array that overlap, on the way back."""

import numpy as np

from .registry import TRIPS, program, real, trips


@trips(real(7), 0.3, TRIPS, counts=(0, 1, 2, 5))
def stepped_in_place(u, k, steps):
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u[1:-1] += k * laplacian
    return np.sum(u * u)


@trips(real(5, 6), real(5, 6), TRIPS, counts=(0, 1, 2))
def plane_stepped_in_place(u, c, steps):
    for _ in range(steps):
        around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
        u[1:-1, 1:-1] += 0.2 * c[1:-1, 1:-1] * (around - 4.0 * u[1:-1, 1:-1])
    return np.sum(u * u)


@trips(real(4, 5), TRIPS, counts=(0, 1, 2))
def plane_stepped_anew(u, steps):
    for _ in range(steps):
        v = u.copy()
        v[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] * u[1:-1, :-2])
        u = v
    return np.sum(u**3)


@program(real(8), real(8))
def parts_of_several_lengths(x, y):
    first, second, third = x[3:] * y[:5], x[:-1] * x[1:], x[::1][2:4] ** 2
    return np.sum(first * first) + np.sum(second) * np.sum(third) + np.sum(x * y)


@program(real(3))
def parts_that_hardly_meet(x):
    return np.sum(np.sin(x[2:])) * np.sum(x[:1] * x[:1]) + np.sum(x[1:2] * x[:-2])


@program(real(4, 5), real(5))
def rows_added_to_parts(x, w):
    a = np.sum(x[1:] * w, axis=0)
    b = np.sum(x[:-1] - x[1:], axis=1)
    return np.sum(a * w) + np.sum(b * b) + np.sum(x[2:, 1:] * x[2:, :-1])


@trips(real(6), TRIPS, counts=(0, 1, 2))
def second_differences_of_waves(u, steps):
    v = np.zeros(len(u))
    for _ in range(steps):
        v[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u += 0.5 * v
    return np.sum(u * u) + np.sum(np.abs(v))
