"""The `else` of loops of every kind, which may leave a loop around."""

import numpy as np

from tests.programs.registry import const, program

NUMBERS = const(0.81, 1.13, 0.7)
BOUNDS = {"first": 0.35, "later": 0.75, "last": 1.3, "never": 9.0}


class Countdown:
    """The elements from the last to the first."""

    def __init__(self, x):
        self.x = x
        self.left = len(x)

    def __iter__(self):
        return self

    def __next__(self):
        if self.left <= 0:
            raise StopIteration
        self.left -= 1
        return self.x[self.left]


def bounded(fn):
    """A row for each bound that ends the loops."""
    for label, bound in BOUNDS.items():
        program(0.2, NUMBERS, bound, label=label)(fn)
    return fn


@bounded
def break_out_of_both_after_a_tuple(a, x, bound):
    for item in x:
        for t in (a, 0.7, item):
            a += 0.1 * np.cos(t)
            if a > bound:
                break
        else:
            break
        a += np.sin(a)
    return a * x[0]


@bounded
def next_trip_after_a_tuple(a, x, bound):
    for item in x:
        for t in (a, 0.7, item):
            a += 0.1 * np.cos(t)
            if a > bound:
                break
        else:
            a *= 1.1
            continue
        a += np.sin(a)
    return a * x[0]


@bounded
def sometimes_out_after_a_generator(a, x, bound):
    for item in x:
        for t in (0.7 * u for u in (a, item, max(a, 0.7))):
            a += 0.2 * t
        else:
            if a > bound:
                break
            a += 0.1
        a += np.sin(a)
    return a * x[0]


@bounded
def sometimes_back_after_a_list(a, x, bound):
    k = 0
    while k < 3:
        k += 1
        for t in [a, x[k - 1]]:
            if t > 1.0:
                continue
            a += 0.3 * t
        else:
            if a < bound:
                continue
            a *= 0.9
        a += np.sin(a)
    return a * x[0]


@bounded
def out_of_three_loops(a, x, bound):
    for item in x:
        for t in (a, 0.5):
            for r in (item, 0.2):
                a += 0.1 * r * t
                if a > bound:
                    break
            else:
                continue
            a += 0.3
            break
        else:
            break
        a += np.sin(a)
    return a * x[0]


@bounded
def break_out_of_both_after_an_object(a, x, bound):
    for item in x:
        for t in Countdown(x):
            a += 0.1 * t * item
            if a > bound:
                break
        else:
            break
        a += np.sin(a)
    return a * x[0]


@bounded
def next_trip_after_an_object(a, x, bound):
    for item in x:
        for t in Countdown(x):
            a += 0.1 * t * item
            if a > bound:
                break
        else:
            a *= 1.1
            continue
        a += np.sin(a)
    return a * x[0]


@bounded
def sometimes_out_after_an_object(a, x, bound):
    k = 0
    while k < 3:
        k += 1
        for t in Countdown(x):
            a += 0.1 * t
        else:
            if a > bound:
                break
            if k == 2:
                continue
            a += 0.1
        a += np.sin(a)
    return a * x[0]


@bounded
def break_out_of_both_after_elements(a, x, bound):
    for item in x:
        for t in x:
            a += 0.1 * t * item
            if a > bound:
                break
        else:
            break
        a += np.sin(a)
    return a * x[0]


@bounded
def next_trip_after_a_while(a, x, bound):
    for item in x:
        while a < item:
            a += 0.1 * np.cos(item)
            if a > bound:
                break
        else:
            a *= 1.1
            continue
        a += np.sin(a)
    return a * x[0]
