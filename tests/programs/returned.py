"""Loops that return what they carry, as it is."""

import numpy as np

from tests.programs.exits import ends
from tests.programs.registry import const, program, real


@ends(1.3)
def return_of_what_is_carried(x, n, bound):
    y, z = 0.8, 0.1
    for i in range(n):
        z = z + y * x
        if y > bound:
            return y
        y = y * x + 0.02 * i
    return y + z


@ends(1.3)
def return_of_what_another_trip_had(x, n, bound):
    y = last = 0.8
    for i in range(n):
        if y > bound:
            return last
        last, y = y, y * x + 0.02 * i
    return y * last


@ends(real(3), 1.3)
def return_of_an_array_as_it_is(v, x, n, bound):
    y, w = 0.8, v * v
    for i in range(n):
        y = y * x
        if y > bound:
            return w
        w = np.sin(w) * x + v
    return w * y


@ends(1.3, trips=(0, 6))
def return_of_one_of_two_that_are_carried(x, n, bound):
    y, z = 0.8, 0.3
    for i in range(n):
        if y > bound:
            return z
        if y * x > bound:
            return y
        y, z = y * x, z * y + x
    return y - z


@program(2.0)
@program(5.0, label="more trips")
def root_returned_from_an_endless_loop(a):
    x = a
    while True:
        change = (x**3 - a) / (3 * x * x)
        if abs(change) < 1e-12:
            return x
        x -= change


@program(2.0)
def root_or_an_error(a):
    x = a
    for _ in range(50):
        change = (x**3 - a) / (3 * x * x)
        if abs(change) < 1e-12:
            return x
        x -= change
    raise ValueError("no convergence")


@program(const(0.0, 0.5, 0.7, 2.0), const(1.0, -0.4, 0.3, 2.5), 0.6)
@program(const(0.0, 0.5, 0.7, 2.0), const(1.0, -0.4, 0.3, 2.5), 1.3, label="last")
@program(const(0.0, 0.5, 0.7, 2.0), const(1.0, -0.4, 0.3, 2.5), 7.0, label="outside")
def line_between_two_points(xs, ys, t):
    for i in range(len(xs) - 1):
        if xs[i] <= t < xs[i + 1]:
            w = (t - xs[i]) / (xs[i + 1] - xs[i])
            return (1 - w) * ys[i] + w * ys[i + 1]
    return ys[-1] * t


@program(real(5), 2, label="never")
@program(real(5), 0, label="second")
def arrays_unassigned_where_it_returns(x, last):
    y = x * 1.1
    z = np.cos(x)
    for i in range(3):
        for k in range(2):
            if i > last:
                if i != 5:
                    return x[0] + np.sum(y)
                y[k + 1] *= 0.9 * np.cos(y[k - 1])
        z = np.sin(y)
    return np.sum(y * 0.3) + np.sum(z * np.sin(0.5 * z))


@program(real(5), 2, label="never")
@program(real(5), 0, label="second")
def parts_unassigned_where_it_returns(x, last):
    y = x * 2.0
    for i in range(3):
        for k in range(2):
            if i > last:
                return x[0] + np.sum(y)
        u = np.sin(y[::2])
        v = u[1:] * y[1:-2]
        y[i] = np.sum(u) - np.sum(v)
    return np.sum(u * u) + np.sum(v)


@program(1.3, 0, order=1, label="never")
@program(1.3, 2, order=1, label="in its first trip")
def a_part_found_in_every_trip(x, n):
    for i in range(0, 5, 2):
        y = np.cos(x * np.arange(1.0, 7.0)).reshape(2, 3)
        part = y[-1 - i % 2, 1:]
        part *= x
        for k in range(n):
            return x * k, part
    return x * x, np.sin(x * np.ones(2))


@program(real(2, 3), 0, label="never")
@program(real(2, 3), 1, label="in its first trip")
def a_row_of_the_first_trip(x, n):
    y = x * x
    for _ in range(3):
        for k in range(n):
            return y[k - 1]
        y = np.sin(y)
    z = y[1]
    if x[0, 0] > 0.0:
        z = z * 3.0
    return z * x[0]
