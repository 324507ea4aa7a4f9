"""Names that nested functions assign: `nonlocal`, and `:=` in comprehensions."""

import itertools

import numpy as np

from .registry import TRIPS, program, real, trips


@program(real())
def added_up_by_a_function(x):
    total = x

    def add(v):
        nonlocal total
        total += v

    add(x * x)
    for _ in range(3):
        add(total * x)
    return total


@program(real(5))
def changed_on_paths(x):
    total, count = 0, 0

    def add(v):
        nonlocal total, count
        if v > 0.0:
            total = total + v * v
            count += 1
            return 1.0
        total -= v
        return total

    s = 0.0
    for v in x:
        if v < 1.0:
            s += add(v)
    return s * total * (count + 1)


@program(real(4))
def parameter_of_the_function_around(x):
    def power(acc, v):
        def step():
            nonlocal acc
            acc = acc * v

        step()
        step()
        return acc

    return sum(power(v, 2.0 * v) for v in x)


@program(real(4))
def counters_made_by_a_function(x):
    def make(total):
        def add(v):
            nonlocal total
            total += v * v
            return total

        return add

    one, other = make(0.0), make(x[0])
    for v in x:
        one(v)
        other(2.0 * v)
    return one(0.0) * other(1.0)


@program(real(2))
def assigned_two_functions_down(x):
    t = x[0]

    def f():
        def g():
            nonlocal t
            t = t * t + x[1]

        g()
        if t > 0.0:
            g()
        return t

    return f() * t


@program(real(4))
def array_replaced_by_a_function(x):
    y = x * x

    def step():
        nonlocal y
        y = y * x + 1.0

    for _ in range(2):
        step()
    y[0] = 9.0 * x[1]
    return np.sum(y * y)


@trips(real(4), TRIPS, counts=(0, 1, 4))
def index_that_a_function_moves_on(x, n):
    i = 0

    def following():
        nonlocal i
        i += 1
        return x[i - 1]

    total = 0.0
    while i < n:
        v = following()
        if v < 0.0:
            continue
        total += v * v * i
    return total + i


@program(real(4))
def passed_as_a_callback(x):
    log = 0.5

    def visit(f, v):
        return f(v)

    def note(v):
        nonlocal log
        log += v * v
        return v

    total = 0.0
    for v in x:
        total += visit(note, v) if v > 0.0 else visit(note, -v) * log
    return total + log


@program(real(4))
def fresh_in_each_trip(x):
    total = 0.0
    for v in x:
        n = 0.0

        def f(k):
            nonlocal n
            n += k * v  # noqa: B023

        f(1.0)
        f(2.0)
        total += n * n
    return total


@program(real(4))
def changed_while_an_iterator_goes_on(x):
    k = 1.0

    def weighted(a, b):
        nonlocal k
        k = k * 1.5
        return a + b * k

    def bump(v):
        nonlocal k
        k = k + v
        return v

    total = sum(itertools.accumulate(x, weighted))
    for v in (w * k for w in x):
        total += bump(v)
    return total * k


@program(real(4), refused="changes in the loop")
def accumulation_by_what_the_loop_changes(x):
    k, total = 1.0, 0.0

    def bump():
        nonlocal k
        k = k * 1.5

    for v in itertools.accumulate(x, lambda a, b: a + b * k):
        bump()
        total += v
    return total


@program(real(4), refused="changes an object")
def changed_in_the_condition_of_a_loop(x):
    i = 0

    def following():
        nonlocal i
        i += 1
        return x[i - 1] ** 2

    total = 0.0
    while i < 3 and following() > 0.0:
        total += x[i] ** 2
    return total


@program(real(4))
def witness_of_any(x):
    if any((y := v) < 5.0 for v in x):
        return y * y
    return x[0]


@program(real(4))
def named_in_a_loop_over_an_array(x):
    total = sum([y * y for v in x if (y := v + 2.0) > 1.5])
    t = 0.0
    running = [t := t + v * v for v in x]
    return total * y + sum(v * v for v in running) + t


@program(real(2), raises=UnboundLocalError)
def named_in_no_trip(x):
    total = sum([y for v in x[2:] if (y := v) > 0.0])
    return total + y
