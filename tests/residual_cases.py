"""Programs, and what the reverse sweep of each records inside loops.

Nothing is recorded for what is linear, in scope, or had again from what is. What is
overwritten and put back is in `restored_cases`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ROW = np.array([0.7, -0.4, 1.1, 0.3, -0.9])
SQUARE = np.arange(1.0, 26.0).reshape(5, 5) / 17.0 + 2.0 * np.eye(5)


@dataclass(frozen=True)
class Case:
    """A program, its arguments, and what its gradient is to record."""

    function: Any
    args: tuple[Any, ...]
    wrt: tuple[str, ...]
    tapes: tuple[str, ...]
    restores: int | None
    fault: str | None


CASES: list[Case] = []

# Why programs do not do as well yet.
SHAPES = (
    "what is read for its shape alone is recorded where no argument has its lengths"
)


def records(*tapes, args, wrt=("x",), restores=0, fault=None):
    """Register a program: the kinds of its tapes, e.g. ``float``, ``int`` or ``row``.

    `restores` is the number of stores that put back what was overwritten; None: not
    looked at. `fault` says why the program does not do as well yet.
    """

    def register(function):
        CASES.append(Case(function, args, wrt, tapes, restores, fault))
        return function

    return register


# --- Linear loops record nothing ---------------------------------------------------


@records(args=(ROW,))
def recurrence(x):
    s = 0.0
    for i in range(len(x)):
        s = 0.5 * s + x[i]
    return s


@records(args=(ROW, 0.3))
def recurrence_by_a_constant_argument(x, a):
    s = 0.0
    for i in range(len(x)):
        s = a * s + x[i]
    return s


@records("float", args=(ROW, 0.3), wrt=("x", "a"))
def recurrence_by_an_active_argument(x, a):
    s = 0.0
    for i in range(len(x)):
        s = a * s + x[i]
    return s


@records(args=(ROW,))
def in_place_sweep(x):
    for i in range(1, len(x) - 1):
        x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW,))
def in_place_sweeps(x):
    n = len(x)
    for k in range(4):
        for i in range(1, n - 1):
            x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW,))
def length_in_a_nest(x):
    for k in range(4):
        for i in range(1, len(x) - 1):
            x[i] = 0.5 * (x[i - 1] + x[i + 1])
    return np.sum(x * x)


@records(args=(ROW, 3))
def heat(x, n):
    for k in range(n):
        x[1:-1] = x[1:-1] + 0.1 * (x[2:] - 2.0 * x[1:-1] + x[:-2])
    return np.sum(x * x)


@records("row", args=(ROW, 0.1, 3), wrt=("x", "a"))
def heat_with_an_active_coefficient(x, a, n):
    for k in range(n):
        x[1:-1] = x[1:-1] + a * (x[2:] - 2.0 * x[1:-1] + x[:-2])
    return np.sum(x * x)


@records(args=(ROW, 3), fault=SHAPES)
def red_and_black(x, n):
    for k in range(n):
        x[1:-1:2] = 0.5 * (x[:-2:2] + x[2::2])
        x[2:-1:2] = 0.5 * (x[1:-2:2] + x[3::2])
    return np.sum(x * x)


@records(args=(ROW, 3))
def swap_of_linear_buffers(x, n):
    u = x.copy()
    v = np.zeros_like(x)
    for k in range(n):
        v[1:-1] = 0.5 * (u[2:] + u[:-2])
        u, v = v, u
    return np.sum(u * u)


@records(args=(ROW,))
def store_of_a_constant(x):
    for i in range(1, len(x)):
        x[i] = 0.0
    return np.sum(x * x)


@records(args=(SQUARE, 3), fault=SHAPES)
def product_with_a_constant(x, n):
    b = np.ones(5)
    s = 0.0
    for k in range(n):
        s += np.sum(x @ b)
    return s


# --- What is in scope, or had again from it ----------------------------------------


@records(args=(0.3,))
def straight_line(x):
    a = np.sin(x)
    b = a * a
    c = np.exp(b)
    return c * b


@records(args=(0.3,))
def values_of_an_arm(x):
    y = np.sin(x)
    if y > 0.0:
        z = np.exp(y)
        y = z * z
    else:
        y = -y
    return y


@records(args=(ROW,))
def sum_of_squares(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
    return s


@records(args=(ROW,))
def condition_on_arguments(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s += x[i] * x[i]
        else:
            s -= x[i]
    return s


@records(args=(ROW,))
def fresh_array(x):
    y = np.empty(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    return np.sum(y)


@records(args=(0.3, 5))
def loop_invariant(x, n):
    s = 0.0
    for k in range(n):
        w = np.exp(x)
        s += w * w
    return s


@records(args=(ROW, 5))
def loop_invariant_array(x, n):
    s = 0.0
    for k in range(n):
        w = np.exp(x)
        s += k * np.sum(w * w)
    return s


@records(args=(ROW,))
def invariant_of_the_inner_loop(x):
    s = 0.0
    for i in range(len(x)):
        e = np.exp(x[i])
        for j in range(len(x)):
            s += e * x[j]
    return s


@records(args=(ROW,))
def bounds_had_again(x):
    s = 0.0
    for i in range(len(x)):
        k = i * i % 3
        for j in range(k):
            s += x[j]
    return s


# --- What must be recorded, and no more --------------------------------------------


@records("float", args=(0.3, 5))
def newton(x, n):
    y = 1.0
    for k in range(n):
        y = 0.5 * (y + x / y)
    return y


@records("int", args=(ROW,))
def index_carried(x):
    k = 1
    s = 0.0
    for i in range(len(x)):
        k = (k * 3 + 1) % 5
        s += x[k]
    return s


@records("bool", args=(ROW,))
def condition_on_what_is_carried(x):
    s = 1.0
    for i in range(len(x)):
        if s > 0.0:
            s -= x[i]
        else:
            s = s * 0.5
    return s


@records("row", args=(ROW, 3))
def array_carried(x, n):
    y = x
    for k in range(n):
        y = np.sin(y)
    return np.sum(y)


@records("row", args=(SQUARE, np.ones(5)))
def power_iteration(x, b):
    for k in range(3):
        b = x @ b
    return np.sum(b)


@records("row", args=(ROW, 4), restores=None)
def swap_of_buffers(x, n):
    u = x.copy()
    v = np.zeros_like(x)
    for k in range(n):
        v[1:-1] = 0.3 * u[1:-1] * u[2:]
        u, v = v, u
    return np.sum(u)


# --- What loops count with ------------------------------------------------------------


@records("float", args=(ROW, 9))
def a_place_that_is_counted_down(x, n):
    k, s = n, 1.0
    while s < 40.0 and k > 0:
        s = s * (1.5 + x[k % 5] ** 2)
        k -= 2
    return s


@records("int", "float", args=(ROW, 4))
def a_place_that_is_counted_in_a_nest(x, n):
    p, s = 0, 0.3
    for b in range(n):
        for a in range(b + 1, n):
            s = s + np.sin(s) * x[p % 5] * x[a]
            p += 1
    return s


@records("int", "float", args=(ROW, 4))
def a_place_that_is_counted_now_and_then(x, n):
    k, s = 0, 0.3
    for i in range(n):
        if x[i] > 0.0:
            s = s * x[k] + s
            k += 1
    return s
