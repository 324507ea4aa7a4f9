"""Elements of arrays that loops overwrite: which the reverse sweep may read again.

The programs multiply elements, so that a wrong one makes a wrong gradient; in most of
them some element is overwritten after it was read, in a way that is easily overlooked.
"""

import numpy as np

from .registry import program, real


@program(real(5))
def index_wraps_round(x):
    n = len(x)
    y = x * 1.0
    for i in range(n):
        y[i] = y[i - 1] * y[i] + 0.5 * x[i]
    return np.sum(y * y)


@program(real(5))
def last_element_by_a_negative_index(x):
    y = x * 1.0
    for i in range(len(x)):
        y[i] = y[-1] * x[i] + y[i] * y[i]
    return np.sum(y * y)


@program(real(5))
def last_element_by_its_number(x):
    y = x * 1.0
    n = len(x)
    for i in range(n):
        y[-1 - i] = y[n - 1] * y[-1 - i]
    return np.sum(y * y)


@program(real(5))
def negative_indices_apart(x):
    y = x * 1.0
    for i in range(1, 3):
        y[-i] = y[-i - 1] * y[-i]
    return np.sum(y * y)


@program(real(6))
def backward_loop_reads_what_it_will_overwrite(x):
    y = x * 1.0
    for i in range(len(x) - 1, 0, -1):
        y[i] = y[i - 1] * y[i]
    return np.sum(y * y)


@program(real(6))
def backward_loop_reads_what_it_has_overwritten(x):
    y = x * 1.0
    for i in range(len(x) - 2, -1, -1):
        y[i] = y[i + 1] * y[i]
    return np.sum(y * y)


@program(real(7))
def backward_loop_of_step_two(x):
    y = x * 1.0
    for i in range(len(x) - 1, 1, -2):
        y[i] = y[i - 2] * y[i - 1] + y[i]
        y[i - 1] = y[i] * y[i - 1]
    return np.sum(y * y)


@program(real(7))
def strides_that_miss_each_other(x):
    y = x * 1.0
    for i in range(1, len(x) - 1, 2):
        y[i] = y[i - 1] * y[i + 1] * y[i]
    return np.sum(y * y)


@program(real(7))
def slices_that_miss_each_other(x):
    y = x * 1.0
    for _ in range(2):
        y[1:-1:2] = y[:-2:2] * y[2::2] + y[1:-1:2]
    return np.sum(y * y)


@program(real(6))
def slice_up_to_the_element_written(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = np.sum(y[:i] * y[:i]) * y[i]
    return np.sum(y * y)


@program(real(6))
def slice_with_the_element_written(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = np.sum(y[: i + 1] * y[i:0:-1][0]) + y[i] ** 2
    return np.sum(y * y)


@program(real(6))
def slice_by_negative_bounds(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = np.sum(y[-i:] * y[-i:]) * y[i]
    return np.sum(y * y)


@program(real(4, 4))
def both_indices_run_over_all(a):
    b = a * 1.0
    for i in range(4):
        for j in range(4):
            b[i, j] = b[j, i] * b[i, j]
    return np.sum(b * b)


@program(real(4, 4))
def lower_triangle_from_the_upper(a):
    b = a * 1.0
    for i in range(4):
        for j in range(i):
            b[i, j] = b[j, i] * b[i, j]
    return np.sum(b * b)


@program(real(4, 4))
def triangle_read_after_it_is_written(a):
    b = a * 1.0
    for j in range(4):
        for i in range(j, 4):
            b[i, j] = b[i, j] * b[j, j]
    return np.sum(b * b)


@program(real(4, 4))
def all_pairs_by_way_of_each(a):
    d = a * 1.0
    for k in range(4):
        for i in range(4):
            for j in range(4):
                d[i, j] = d[i, j] + 0.3 * d[i, k] * d[k, j]
    return np.sum(d * d)


@program(real(4, 4))
def all_other_pairs_by_way_of_each(a):
    d = a * 1.0
    for k in range(4):
        for i in range(4):
            if i != k:
                for j in range(4):
                    if j != k:
                        d[i, j] = d[i, j] + 0.3 * d[i, k] * d[k, j]
    return np.sum(d * d)


@program(real(5))
def element_overwritten_in_a_branch(x):
    y = x * 1.0
    for i in range(1, len(x)):
        if i > 2:
            y[0] = y[i] * y[0]
        else:
            y[i] = y[0] * y[i]
    return np.sum(y * y)


@program(real(6))
def condition_keeps_indices_apart(x):
    y = x * 1.0
    for i in range(len(x)):
        for j in range(len(x)):
            if j < i:
                y[i] = y[i] + 0.5 * y[j] * y[i]
    return np.sum(y * y)


@program(real(6))
def condition_does_not_keep_indices_apart(x):
    y = x * 1.0
    for i in range(len(x)):
        for j in range(len(x)):
            if j <= i:
                y[i] = y[i] + 0.5 * y[j] * y[i]
    return np.sum(y * y)


@program(real(5))
def element_stored_twice_in_a_trip(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i] * y[i - 1]
        z = y[i] * y[i]
        y[i] = z + y[i]
        y[i] *= y[i]
    return np.sum(y * y)


@program(real(5))
def element_read_then_changed_after_the_inner_loop(x):
    y = x * 1.0
    for j in range(1, len(x)):
        for k in range(j):
            y[j] += y[k] * y[k]
        y[j - 1] *= y[j]
    return np.sum(y * y)


@program(real(6))
def counter_that_goes_up_while(x):
    y = x * 1.0
    i = 1
    while i < len(x):
        y[i] = y[i - 1] * y[i]
        i += 1
    return np.sum(y * y)


@program(real(6))
def counter_that_goes_up_and_down(x):
    y = x * 1.0
    i = 1
    k = 0
    while k < 8:
        y[i] = y[i - 1] * y[i]
        if k < 4:
            i += 1
        else:
            i -= 1
        k += 1
    return np.sum(y * y)


@program(real(6))
def loop_variable_changed_in_the_body(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i - 1] * y[i]
        i = i - 1
        y[i] = y[i + 1] * y[i]
    return np.sum(y * y)


@program(real(6), 1, wrt=(0,), label="up")
@program(real(6), 2, wrt=(0,), label="by two")
def step_known_at_run_time(x, step):
    y = x * 1.0
    for i in range(1, len(x), step):
        y[i] = y[i - 1] * y[i]
    return np.sum(y * y)


@program(real(6), -1, wrt=(0,), label="down")
def start_and_step_known_at_run_time(x, step):
    y = x * 1.0
    for i in range(len(x) - 1, 0, step):
        y[i] = y[i - 1] * y[i]
    return np.sum(y * y)


@program(real(6), 1, wrt=(0,), label="by 1")
@program(real(6), 0, wrt=(0,), label="by 0")
@program(real(6), -1, wrt=(0,), label="by -1")
def offset_known_at_run_time(x, offset):
    y = x * 1.0
    for i in range(1, len(x) - 1):
        y[i] = y[i + offset] * y[i]
    return np.sum(y * y)


@program(real(3))
def trips_of_an_outer_loop_repeat_indices(x):
    y = x * 1.0
    for _ in range(3):
        for i in range(1, len(x)):
            y[i] = y[i - 1] * y[i]
    return np.sum(y * y)


@program(real(7))
def blocks_of_two(x):
    y = x * 1.0
    for i in range(len(x) // 2):
        y[2 * i + 1] = y[2 * i] * y[2 * i + 1]
    return np.sum(y * y)


@program(real(7))
def halves_of_an_index(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i // 2] * y[i]
        y[(i - 1) // 2] = y[i] + y[(i - 1) // 2] ** 2
    return np.sum(y * y)


@program(real(4))
def the_same_array_under_two_names(x):
    y = x * 1.0
    z = y
    for i in range(1, len(x)):
        z[i] = y[i - 1] * z[i]
        y[i - 1] = z[i] * y[i - 1]
    return np.sum(y * z)


@program(real(4, 4))
def row_that_is_a_view(a):
    b = a * 1.0
    for i in range(1, 4):
        row = b[i]
        above = b[i - 1]
        for j in range(4):
            row[j] = row[j] * above[j]
    return np.sum(b * b)


@program(real(4, 4))
def row_that_is_a_view_of_what_is_overwritten(a):
    b = a * 1.0
    for i in range(3):
        row = b[i]
        below = b[i + 1]
        for j in range(4):
            row[j] = row[j] * below[j]
    return np.sum(b * b)


@program(real(5))
def buffers_that_change_places(x):
    u = x * 1.0
    v = x * x
    for k in range(4):
        for i in range(1, 5):
            v[i] = u[i - 1] * v[i]
        u, v = v, u
    return np.sum(u * v)


@program(real(5))
def value_kept_past_the_store(x):
    y = x * 1.0
    s = 0.0
    for i in range(1, len(x)):
        t = y[i - 1]
        y[i] = t * y[i]
        s += t * t * y[i]
    return s


@program(real(5))
def value_kept_past_a_store_to_its_element(x):
    y = x * 1.0
    s = 0.0
    for i in range(1, len(x)):
        t = y[i]
        y[i] = t * y[i - 1]
        s += t * t * y[i]
    return s


@program(real(5), np.array([0, 2, 1, 2, 0]), wrt=(0,))
def index_from_an_array(x, where):
    y = x * 1.0
    for i in range(len(x)):
        y[where[i]] = y[i] * y[where[i]]
    return np.sum(y * y)


@program(real(4), np.array([0, 1, 2, 3]), wrt=(0,))
def index_that_its_own_array_gives(x, first):
    order = first.copy()
    s = 0.0
    for i in range(4):
        k = order[0]
        s += x[k] * x[order[i]]
        order[k] = (order[k] + 1) % 4
        order[0] = (order[i] + 1) % 4
        s *= x[order[0]]
    return s


@program(real(5))
def read_before_the_loop_and_in_it(x):
    y = x * x
    s = y[2] * y[3]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * y[i] * s
    return np.sum(y) + s


@program(real(5))
def two_loops_one_array(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i - 1] * y[i]
    for i in range(len(x) - 1):
        y[i] = y[i + 1] * y[i]
    return np.sum(y * y)


@program(real(5))
def array_made_anew_in_each_trip(x):
    s = 0.0
    for k in range(2):
        y = x * (k + 1.0)
        for i in range(1, len(x)):
            y[i] = y[i - 1] * y[i]
        s += np.sum(y * y)
    return s


@program(real(6))
def left_early_and_overwritten(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] = y[i - 1] * y[i]
        if i > 3:
            y[0] = y[i] * y[0]
            break
    return np.sum(y * y)
