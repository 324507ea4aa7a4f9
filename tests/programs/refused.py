"""What the compiler must refuse, each with a word that its message has to contain.

The functions run as plain Python; only their derivatives are refused.
"""

import contextlib
import os
from typing import NamedTuple

import numpy as np

from .registry import const, program, real

COUNTER = 0.0


@program(real(), refused="try")
def try_except(x):
    try:
        y = x * x
    except ValueError:
        y = x
    return y


@program(real(), refused="try")
def try_except_finally(x):
    y = x
    try:
        y = y * x
    except ValueError:
        y = 0.0
    finally:
        y = y + 1.0
    return y


@program(real(), refused="try")
def finally_that_returns(x):
    try:
        y = x * x
    finally:
        return 2.0 * x  # noqa: B012, SIM107
    return y


@program(real(), refused="hide errors")
def errors_suppressed(x):
    with contextlib.suppress(ValueError):
        y = np.log(x * x)
    return y


@program(real(), refused="open")
def with_statement(x):
    with open(os.devnull):  # noqa: PTH123
        y = np.log(x * x)
    return y


@program(real(), refused="errstate")
def errors_of_arithmetic(x):
    with np.errstate(divide="raise"):
        y = np.log(x * x)
    return y


@program(real(), refused="global")
def global_write(x):
    global COUNTER
    COUNTER = x * x
    return COUNTER * x


@program(real(), refused="class")
def class_inside(x):
    class Pair:
        first = 2.0

    return Pair.first * x


@program(real(), refused="yield")
def generator_inside(x):
    def numbers():
        yield x
        yield x * x

    total = 0.0
    for v in numbers():
        total += v
    return total


@program(real(), refused="async")
def coroutine_inside(x):
    async def later():
        return x

    later().close()
    return x * x


@program(real(), refused="complex")
def complex_literal(x):
    y = x * 1j
    return (y * y).real


@program(real(3), refused="complex")
def complex_array(x):
    y = x.astype(np.complex128)
    return np.sum((y * y).real)


@program(real(3), refused="object")
def object_array(x):
    y = np.array([x[0], x[1]], dtype=object)
    return y[0] * y[1]


@program(real(4), refused="roots")
def unknown_numpy_function(x):
    return np.sum(np.roots(x))


@program(real(4), refused="partition")
def unknown_array_method(x):
    y = x * x
    y.partition(2)
    return y[0]


@program(real(3), 3, refused="alias")
def alias_that_changes_in_a_loop(x, n):
    a = x * x
    b = x + 1.0
    c = a
    for i in range(n):
        c[i] = x[i]
        if x[i] > 0:
            c = b
    return np.sum(a * b)


@program(real(), refused="eval")
def evaluates_a_string(x):
    return eval("2.0") * x


@program(real(), refused="open")
def opens_a_file(x):
    handle = open("/dev/null")  # noqa: PTH123
    handle.close()
    return x * x


@program(real(), refused="pattern")
def match_of_a_dict(x):
    match {"a": x}:
        case {"a": y}:
            return y * y
    return x


@program(const(1.0, 2.0), refused="setflags")
def changes_the_flags_of_an_array(x):
    y = x * x
    y.setflags(write=True)
    return np.sum(y)


@program(const(1.0, 2.0, dtype=np.float32), real(), refused="depends on the path")
def single_precision_with_a_number_of_either_kind(x, a):
    scale = a if a > 10.0 else np.sin(a)
    return np.sum(x) + np.sum(x * scale)


class Doubled(NamedTuple):
    first: float
    second: float

    def __iter__(self):
        yield 2.0 * self.first
        yield 2.0 * self.second


class Tenfold(float):
    def __mul__(self, other):
        return 10.0 * float(self) * other


@program(real(), refused="__iter__")
def own_iteration(x):
    return sum(Doubled(x, x * x))


FACTOR = Tenfold(0.7)


@program(real(), refused="__mul__")
def own_product_from_outside(x):
    return FACTOR * x


@program(real(2), refused="of rank 1 on one path and a float64 array of rank 2")
def items_of_two_ranks(x):
    pair = (1.0, x) if x[0] > 0.0 else (2.0, np.eye(2))
    return np.sum(pair[1]) * pair[0]


@program(real(3), 3, refused="which type of number this is depends on the path")
def the_class_of_a_sum_that_starts_with_an_int(x, n):
    total, sign = 0, 1.0
    for i in range(n):
        if isinstance(total, int):
            sign = x[0]
        total = total + x[i]
    return total * sign


@program(real(3), 3, refused="which type of number this is depends on the path")
def the_class_of_a_field_that_starts_with_an_int(x, n):
    sums = {"total": 0}
    for i in range(n):
        if type(sums["total"]) is float:
            sums["total"] = sums["total"] * 2
        sums["total"] += float(x[i])
    return sums["total"]


@program(real(3), 3, refused="which type of number this is depends on the path")
def the_class_of_an_int_on_one_path(x, n):
    value = 0 if n > 2 else x[0]
    match value:
        case int():
            return x[1]
        case _:
            return x[2]


@program(real(3), 3, refused="stores into an array that holds ints or floats")
def stored_into_an_array_of_a_sum_that_starts_with_an_int(x, n):
    total, s = 1, x[0]
    for i in range(n):
        pair = np.array([total, 2])
        pair[0] = 0.7
        s = s + np.sum(pair) * x[i]
        total = total + x[i]
    return s


@program(real(3), 3, refused="makes an array of ints or of floats")
def filled_with_a_sum_that_starts_with_an_int(x, n):
    total, s = 1, x[0]
    for i in range(n):
        s = s + np.sum(np.full(3, total) * x)
        total = total * 1.5
    return s


@program(real(3), 2, refused="which type of number this is depends on the path")
def the_class_of_a_recursive_sum_that_ends_in_an_int(x, n):
    def total(k):
        if k == 0:
            return 0
        rest = total(k - 1)
        return x[0] if isinstance(rest, int) else rest * x[k]

    return total(n)
