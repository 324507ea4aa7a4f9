"""`finally`, and `with` of objects: on every way out of a block."""

import contextlib

import numpy as np

from .registry import TRIPS, program, real, trips


class Scaled:
    """Counts how often it is entered; what is stored in between is scaled."""

    def __init__(self, values, factor):
        self.values = values
        self.factor = factor
        self.count = 0

    def __enter__(self):
        self.count += 1
        return self.factor * self.count

    def __exit__(self, kind, error, trace):
        self.values *= self.factor


class Total:
    def __init__(self):
        self.total = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.total = self.total**2
        return False


@program(real(3))
def last_after_all(x):
    y = 1.0 * x
    try:
        y[0] = x[1] * x[2]
    finally:
        y *= x[0]
    return np.sum(y * y)


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def last_on_every_way_out(x, n):
    total, steps = 0.0, x[0]
    for i in range(n):
        steps = steps * x[i]
        try:
            if x[i] < -0.5:
                continue
            if steps > 0.8:
                break
            total += x[i] ** 2
        finally:
            total = 0.5 * total + steps
            x[i] += 1.0
    return total + np.sum(x * x)


def stored_last(y, n):
    try:
        for i in range(len(y)):
            y[i] *= y[i]
            if i == n:
                return y[i] * 2.0
            z = y[i]
        return y[0] + z
    finally:
        z = y[1]
        y[0] = 3.0 * z


@program(real(3), 1, label="within")
@program(real(3), 9, label="at the end")
def results_before_what_is_last(x, n):
    y = np.sin(x)
    return stored_last(y, n) * np.sum(y**2)


def returned_and_changed(y):
    try:
        return y
    finally:
        y[0] *= y[1]


@program(real(3))
def a_result_that_is_changed_last(x):
    return np.sum(returned_and_changed(x * x) ** 2)


@program(real(3))
def one_within_the_other(x):
    y = x.copy()
    try:
        try:
            if y[0] * y[0] > 0.0:
                return y[0] * y[1]
        finally:
            y[1] *= 2.0
    finally:
        y[2] *= y[1]
    print("%.3f" % y[2])
    return y[2]


@program(real())
@program(9.5, label="raised", raises=ValueError)
@program(5.5, label="asserted", raises=AssertionError)
def printed_last(x):
    try:
        assert not 5.0 < x < 6.0, "between"
        if x > 9.0:
            raise ValueError(f"{x:.1f} is too large")
        y = x * x
    finally:
        print("done")
    return y * x


@program(real(3), 1, refused="prints at the end of a block")
def printed_last_after_an_index(x, n):
    try:
        y = x[n] ** 2
    finally:
        print("done")
    return y


class Told(Total):
    def __exit__(self, *_):
        print(f"{self.total:.3f}")


@program(real(), refused="prints at the end of a block")
def printed_by_a_manager(x):
    with Told() as told:
        if x > 9.0:
            raise ValueError("too large")
        told.total = x * x
    return told.total


@trips(real(4), TRIPS, counts=(0, 1, 3))
def objects_entered(x, n):
    y = 1.0 * x
    scaled, total = Scaled(y, x[0]), Total()
    for i in range(n):
        with scaled as factor, total as same:
            y[i] += factor
            if y[i] > 0.9:
                continue
            same.total += y[i] * x[i]
    return total.total * np.sum(y) + scaled.count


@program(real(3))
def entered_and_left_early(x):
    y = 1.0 * x
    scaled = Scaled(y, x[1])

    def inner():
        with scaled, contextlib.nullcontext(x[2]) as z:
            if y[0] * y[0] > 0.0:
                return y[0] * z
            y[1] = 5.0
        return y[2]

    first = inner()
    with scaled as factor:
        return first * np.sum(y) * factor


@program(real(3), raises=ValueError)
def errors_pass(x):
    y = x.copy()
    try:
        if len(x) == 3:
            raise ValueError(f"three of {x[0]:.1f}")
    finally:
        y[0] = 1.0
    return y[0] * x[1]
