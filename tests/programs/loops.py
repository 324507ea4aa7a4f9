"""Loops: ``for`` and ``while``, every exit, trip counts 0, 1, 2 and many."""

import math

import numpy as np

from .registry import TRIPS, positive, program, real, small, trips


@trips(real(), TRIPS)
def power_by_product(x, n):
    y = 1.5
    for _ in range(n):
        y = y * x
    return y


@trips(real(), TRIPS)
def nonlinear_carried_value(x, n):
    y = 0.8 + 0.1 * x
    for i in range(n):
        y = np.sin(y * x) + 0.3 * y * i
    return y * y


@trips(real(), real(), TRIPS)
def two_carried_values(x, y, n):
    a, b = x, y
    for _ in range(n):
        a, b = b * x, a + 0.5 * a * b
    return a * b


@trips(small(), TRIPS)
def logistic_map(x, n):
    y = 0.4
    for _ in range(n):
        y = (3.0 + x) * y * (1.0 - y)
    return y


@trips(real(4), real(), TRIPS, counts=(0, 1, 2, 4))
def horner(c, x, n):
    y = 0.7
    for k in range(n):
        y = y * x + c[k]
    return y


@trips(positive(), TRIPS)
def while_counts(x, n):
    y = x
    i = 0
    while i < n:
        y = y * x + y
        i += 1
    return y


@program(0.9, label="many")
@program(3.0, label="two")
@program(70.0, label="none")
def while_on_a_computed_value(x):
    y = x
    while y < 50.0:
        y = y * y + 1.0
    return y * x


@program(1.7)
@program(90.0, label="none")
def while_halving(x):
    y = x
    count = 0
    while y < 80.0:
        y = y * 2.0 + x
        count += 1
    return y * count + x


@program(2.3)
def while_true_with_break(x):
    y = 1.0
    while True:
        y = y * x
        if y > 20.0:
            break
        y = y + 0.1
    return y


@program(2.3)
def break_before_the_update(x):
    y = 1.0
    for _ in range(50):
        if y > 20.0:
            break
        y = y * x
    return y


@program(1.9, 3, label="early")
@program(0.3, 3, label="exhausted")
@program(1.9, 0, label="no trips")
def for_else(x, n):
    y = x
    for _ in range(n):
        y = y * x
        if y > 3.0:
            y = y * 0.5
            break
    else:
        y = y - 2.0 * x
    return y * y


@program(1.9, label="early")
@program(0.95, label="exhausted")
def while_else(x):
    y, i = x, 0
    while i < 4:
        y = y * x
        if y > 5.0:
            break
        i += 1
    else:
        y = np.sin(y)
    return y * x


@program(real(6))
def continue_skips(x):
    total = 1.0
    for i in range(6):
        if x[i] < 0.0:
            continue
        total = total * x[i] + 0.5
    return total


@program(real(6))
def continue_and_break(x):
    total = 0.7
    for i in range(6):
        if i % 2 == 1:
            continue
        total = total * x[i] + x[i + 1]
        if total > 1.2:
            break
    return total * total


@program(real(), 4)
def continue_in_a_while(x, n):
    i, y = 0, 0.6
    while i < n:
        i += 1
        if i == 2:
            continue
        y = y * x + i * y * y * 0.1
    return y


@program(real(), 4)
def loop_variable_after_the_loop(x, n):
    y = x
    for i in range(n):
        y = y * x + 0.1
    return y * i + x**i


@program(real(), 4)
def loop_variable_reassigned(x, n):
    y = 0.6
    for i in range(n):
        i = i * 2 + 1
        y = y * x + i
    return y * i


@program(real(), 4)
def bound_changed_in_the_body(x, n):
    y = 0.6
    for _ in range(n):
        n = n - 1
        y = y * x + n * y * y * 0.1
    return y * (n + 2)


@program(real(), 2, 8)
def all_range_arguments_changed_in_the_body(x, step, stop):
    y = 0.6
    for i in range(0, stop, step):
        stop = i
        step = step + 1
        y = y * x + 0.1 * (stop + step)
    return y


@program(real(), 3)
def loop_carries_an_integer(x, n):
    y, k = 0.6, 1
    for i in range(n):
        k = k * 2 + i
        y = y * x + 0.01 * k * y * y
    return y * k


@program(real(), 5)
def fibonacci_of_floats(x, n):
    a, b = 1.0, x
    for _ in range(n):
        a, b = b, a + b * x
    return a


@program(real(5))
def running_maximum(x):
    best = x[0]
    for i in range(1, 5):
        if x[i] > best:
            best = x[i] * 1.0
    return best * best


@program(real(5))
def argmax_by_loop(x):
    best = 0
    for i in range(1, len(x)):
        if x[i] > x[best]:
            best = i
    return x[best] * x[0] + best


@program(positive(5))
def sum_of_logs(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += math.log(x[i]) * x[i]
    return total


@program(real(4), real(4))
def dot_by_loop(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total * total


@trips(real(3), TRIPS, counts=(0, 1, 2, 4))
def array_carried_through_a_loop(x, n):
    y = x + 0.5
    for _ in range(n):
        y = np.sin(y) * x
    return np.sum(y)


@program(real(), 3)
def value_used_only_in_the_last_trip(x, n):
    y = 0.0
    for i in range(n):
        y = np.sin(x * (i + 1))
    return y * y


@program(real(), 3)
def carried_value_dead_on_entry(x, n):
    y = 1.5
    z = x
    for _ in range(n):
        y = z * x
        z = z + y * y * 0.1
    return y + z


@program(real(), 3)
def invariant_computed_in_the_loop(x, n):
    y = 0.8
    for _ in range(n):
        s = np.exp(x)
        y = y * s - 0.1 * y * y
    return y


@program(real(), 2)
def invariant_from_before_the_loop(x, n):
    s = np.exp(x)
    y = 0.8
    for _ in range(n):
        y = y * s + s
    s = s * y
    return s


@program(real(), 3)
def alternating_branch_in_a_loop(x, n):
    y = 0.8
    for i in range(n):
        if i % 2 == 0:
            y = y * y * x
        else:
            y = np.sin(y) + x
    return y


@program(0.7, 5)
def data_dependent_branch_in_a_loop(x, n):
    y = 0.8
    for _ in range(n):
        if y > 0.6:
            y = y * x
        else:
            y = y * y + x
    return y


@program(1.3)
def loop_in_a_branch(x):
    y = x
    if x > 0:
        for _ in range(3):
            y = y * x
    else:
        while y < 2:
            y = y + 1
    return y * y


@program(real(), 3)
def loops_in_sequence(x, n):
    y = 0.4
    for _ in range(n):
        y = y * x + 0.5
    for _ in range(n):
        y = np.sin(y) * x
    return y


@program(real(), 4)
def while_with_and(x, n):
    y, i = 0.8, 0
    while i < n and y < 2.0:
        y = y * (1.0 + x * x)
        i += 1
    return y * x


@program(real(4))
def cumulative_product_by_loop(x):
    p = 1.0
    total = 0.0
    for v in x:
        p = p * v
        total = total + p * p
    return total


@program(real(), 3)
def loop_with_a_static_tuple_state(x, n):
    state = (x, x * x)
    for _ in range(n):
        state = (state[1] * 0.5, state[0] * x + state[1])
    return state[0] * state[1]


@program(real(), 0, raises=UnboundLocalError)
def loop_variable_never_bound(x, n):
    for i in range(n):
        x = x * 2.0
    return x * i


@program(real(5), 5)
@program(real(5), 0, label="none")
def early_continue_on_every_trip(x, n):
    total = 0.4
    for i in range(n):
        total = total * x[i]
        continue
    return total


@program(1.1, 3)
def while_bound_by_the_loop_variable(x, n):
    y = 0.5
    for i in range(n):
        k = 0
        while k < i:
            y = y * x + np.sin(y)
            k += 1
    return y


@program(real(), 0)
@program(real(), 3, label="three")
def break_in_the_first_trip(x, n):
    y = x
    for _ in range(n):
        y = y * y
        break
    return y


@program(real(3), real(3), real(3), 4)
def three_arrays_in_turn(a, b, c, n):
    a, b, c = a.copy(), b.copy(), c.copy()
    for i in range(n):
        a[1] += a[0] * b[1] * c[2]
        a, b, c = b, c, a
    return np.sum(a * b + c)


@program(real(3), real(4), real(5), 4)
def three_lengths_in_turn(a, b, c, n):
    a, b, c = a * a, b.copy(), c * c
    for i in range(n):
        a[i % 3] = b[1] * c[2] * np.sum(a)
        a, b, c = b, c, a
    return np.sum(a * a) + np.sum(b) * a[0] + np.sum(c * c)


@program(real(3), real(3), 3)
@program(real(3), real(3), 0, label="none")
def places_changed_within_and_one_replaced(x, y, n):
    x, y = x * y, y * y
    for i in range(3):
        y[0] -= 0.2 * y[1] * x[0]
        for j in range(i, n):
            x, y = y, x
            y[1] *= x[2]
        if i != 1:
            y = np.sin(x)
    return np.sum(x * x) + np.sum(y)


@program(real(3), real(3), 2)
def places_changed_within_what_is_gone_later(x, y, n):
    x, y = x * y, y * y
    total = 0.0
    for i in range(3):
        z = x * y[i]
        for j in range(n):
            x, z = z, x
            z[j] = x[j] * y[0]
        total += np.sum(x * z)
        y[i] += total
    return total + np.sum(x * y)


@program(0.3, 0, raises=IndexError, label="the index first")
@program(0.3, 1, raises=ValueError, label="the step alone")
def a_bad_index_before_a_step_of_zero(x, n):
    y = np.sin(np.full((4, 1), x))
    s = np.sum(y[4 - n])
    for _ in range(0, 4, n - n):
        s = s + 1.0
    return s + np.sum(y * y)


@program(0.3, 0.0, 4, raises=IndexError, label="the index first")
@program(0.3, 0.0, 3, raises=ZeroDivisionError, label="the division alone")
def a_bad_index_before_a_division_by_zero(x, d, n):
    y = np.sin(np.full((4, 1), x))
    s = np.sum(y[n])
    return s + 1.0 / d + np.sum(y * y)


@program(0.3, -6 * 10**18, 6 * 10**18, 10**18, label="up")
@program(0.3, 6 * 10**18, -6 * 10**18, -(10**18), label="down")
@program(0.3, -(2**63), 2**63 - 1, 2**62, label="all of 64 bits")
@program(0.3, 2**63 - 1, -(2**63), -(2**63), label="two numbers")
@program(0.3, -(2**63), 2**63 - 1, 1, label="without an end")
@program(0.3, 5, -(2**63), 1, label="none")
def a_range_of_any_span(x, start, stop, step):
    total, trips = x, 0
    for i in range(start, stop, step):
        total += np.sin(x * (i / 1e18)) * x
        trips += 1
        if trips == 12:
            break
    return total


@program(0.3, -(2**63), label="none")
@program(0.3, 2**63 - 1, label="without an end")
@program(0.3, 6, label="two")
def a_range_from_a_number(x, stop):
    total = x
    for i in range(3, stop, 2):
        total += x * np.cos(x * i)
        if i > 20:
            break
    return total
