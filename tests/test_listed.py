"""What is on a list is read off it, not recorded again: first to third derivatives.

Each program is derived three times over, each time against differences of the
derivative before; its texts say how many lists are appended to, and copy none.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import adcompiler as ad


def squares(x, n):
    y = 0.9
    for _ in range(n):
        y = y * y * x + x
    return y


def downwards(x, n):
    y = np.array([0.5, 0.3])
    z = 0.0
    for k in range(n, 0, -2):
        y = np.sin(y * x) * y + k * 0.1
        z = z + np.sum(y) * y[0]
    return z


def from_another_start(x, n):
    y = x
    for k in range(2, n):
        y = y * y / (k + x)
    return y


def until_small(x, n):
    y, z = x, 0.0
    while y * y > 0.01 / n:
        z = z + np.cos(y)
        y = y * 0.5 * np.sin(y + x)
    return y + z


def left_early(x, n):
    y = 0.3
    for k in range(n):
        y = y * x + 0.1 * k
        if y > 1.0:
            y = y * y
            break
    return y * x


def on_the_last_two(x, n):
    xs = [x, x * x]
    for k in range(2, n):
        xs.append(xs[k - 1] * xs[-2] + x * math.sin(xs[k - 2]))
    return xs[-1] * xs[0]


def on_all_before(x, n):
    table = [1.0]
    for k in range(1, n):
        best = 0.0
        for j in range(k):
            best += table[j] * x / (j + table[-1])
        table.append(best * best)
    return table[-1]


def changed_after(x, n):
    xs = [x]
    for _ in range(n):
        xs.append(math.sin(xs[-1]) * x)
    xs[0] = xs[-1] * x
    return xs[0] * xs[1] + xs[-1]


def popped_afterwards(x, n):
    xs = [1.0]
    for _ in range(n):
        xs.append(xs[-1] * math.cos(xs[-1] * x))
    total = xs.pop()
    while len(xs) > 1:
        total = total * x + xs.pop() ** 2
    return total


# How many lists the first and the second derivative append to.
PROGRAMS = {
    squares: (1, 3),
    downwards: (1, 3),
    from_another_start: (1, 3),
    until_small: (1, 3),
    left_early: (1, 3),
    on_the_last_two: (1, 3),
    on_all_before: (2, 5),
    changed_after: (2, 5),
    popped_afterwards: (5, 11),
}


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_three_derivatives(fn):
    x, n, step = 0.83, 5, 2e-3
    derived = fn
    for _ in range(3):
        before, derived = derived, ad.grad(derived, wrt=0)
        one, two = (before(x + k * step, n) - before(x - k * step, n) for k in (1, 2))
        by_differences = (8 * one - two) / (12 * step)
        assert derived(x, n) == pytest.approx(by_differences, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_lists_in_the_text(fn):
    first = ad.differentiate(fn, wrt=0).source(0.83, 5)
    second = ad.differentiate(ad.grad(fn, wrt=0), wrt=0).source(0.83, 5)
    for text, count in zip((first, second), PROGRAMS[fn], strict=True):
        lists = set(re.findall(r"(\w+)\.append\(", text))
        assert len(lists) == count, text
        assert "tape.copy()" not in text
