"""In-place stores of every form, views, swaps, mutated arguments."""

import numpy as np

from .registry import TRIPS, integers, positive, program, real, trips


@program(real(4))
def store_one_element(x):
    y = x * 2.0
    y[1] = x[0] * x[2]
    return np.sum(y * y)


@program(real(4))
def store_overwrites_what_was_read(x):
    y = x * x
    s = y[1] * y[2]
    y[1] = s * x[3]
    return y * s


@program(real(4))
def augmented_stores(x):
    y = x * x
    y[0] += x[1] * y[2]
    y[1] -= x[1]
    y[2] *= y[0]
    y[3] /= y[1]
    y[-1] **= 2
    return np.sum(y * y)


@program(real(4))
def element_times_itself_in_place(x):
    y = x + 0.5
    y[2] *= y[2]
    y[2] += y[2] * y[1]
    return y * y


@program(real(3, 4))
def store_a_row(a):
    b = np.zeros((3, 4))
    b[0, :] = a[1] * a[2]
    b[1] = a[0]
    b[2, :] += a[0, :] * b[0, :]
    return b * a


@program(real(3, 4))
def augmented_row_and_column(a):
    b = a * a
    b[1, :] += b[0, :] * a[2]
    b[:, 2] *= b[:, 1]
    b[:, 0] -= 2.0
    return np.sum(b * b)


@program(real(6))
def slice_stores(x):
    y = np.zeros(6)
    y[1:4] = x[:3] * x[3:]
    y[4:] = x[0]
    y[:1] = x[5:]
    return np.sum(y * y)


@program(real(6))
def strided_slice_stores(x):
    y = x * x
    y[::2] = x[1::2] * y[::2]
    y[1::3] += y[::3]
    return np.sum(y * y)


@program(real(6))
def negative_stride_stores(x):
    y = x * 2.0
    y[::-1] = x * x
    y[4:1:-2] *= x[:2]
    return y * x


@program(real(6))
def overlapping_slices_of_one_array(x):
    y = x * x
    y[1:] = y[:-1] * x[1:]
    y[:-1] += y[1:] * y[:-1]
    y[::-1] = y * x
    return np.sum(y * y)


@program(real(5), 1, 4)
def store_into_runtime_slices(x, i, j):
    y = x * x
    y[i:j] = y[i - 1 : j - 1] * x[i:j]
    y[j - 1] += y[i]
    return np.sum(y * y)


@program(real(3), real())
def store_broadcasts(x, s):
    a = np.zeros((2, 3))
    a[:] = x * s
    a[0] = s
    a[:, 1:2] = s * s
    a += x
    return np.sum(a * a)


@program(real(4))
def whole_array_in_place(x):
    y = x * x
    y += x
    y *= y
    y -= 0.5
    y /= x
    y **= 2
    return np.sum(y)


@program(real(4))
def fill_by_ellipsis_and_colon(x):
    y = np.empty(4)
    y[...] = x * x
    z = np.empty_like(x)
    z[:] = y * x
    return z


@program(real(5), 3)
def store_at_a_runtime_index(x, i):
    y = x * x
    y[i] = y[i - 1] * x[-i]
    y[-i] += y[i]
    return np.sum(y * y)


@program(real(4), tags=("mutates",))
def mutated_argument(x):
    x[0] = x[1] * x[2]
    x[1:] *= x[0]
    return np.sum(x * x)


@program(real(4), real(4), tags=("mutates",))
def mutated_argument_and_a_reader(x, y):
    s = x[1] * y[0]
    x[1] = s * x[0]
    x += y
    return np.sum(x * s)


@program(real(3, 3), tags=("mutates",))
def mutated_matrix_argument_in_loops(a):
    for i in range(3):
        for j in range(i):
            a[i, j] *= a[j, i]
        a[i, i] += np.sum(a[i])
    return np.sum(a * a)


@program(real(4), tags=("mutates",))
def returns_the_mutated_argument(x):
    x[1] = x[0] * x[0]
    return x


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def elements_filled_in_a_loop(x, n):
    y = x * 0.5
    for i in range(n):
        y[i] = x[i] * x[i] + y[i - 1]
    return np.sum(y * y)


@trips(real(5), TRIPS, counts=(1, 2, 3, 5))
def recurrence_through_an_array(x, n):
    y = np.zeros(5)
    y[0] = 0.7
    for i in range(1, n):
        y[i] = np.sin(y[i - 1] * x[i]) + x[i - 1]
    return np.sum(y * y)


@program(real(5))
def downward_recurrence(x):
    y = x * x
    for i in range(3, -1, -1):
        y[i] = y[i] * y[i + 1] + x[i]
    return np.sum(y)


@trips(real(4), TRIPS, counts=(0, 1, 2, 4))
def accumulate_at_one_place(x, n):
    y = np.ones(2)
    for i in range(n):
        y[0] = y[0] * x[i] + y[1]
        y[1] += y[0] * y[0] * 0.1
    return y[0] * y[1]


@program(real(5), integers(0, 4, 6))
def histogram_of_differentiated_weights(x, k):
    h = np.zeros(4)
    for i in range(5):
        h[k[i]] += x[i] * x[i]
    return np.sum(h * h)


@program(real(5), integers(0, 5, 6))
def scatter_with_repeated_targets(x, k):
    y = x * x
    for i in range(6):
        y[k[i]] = y[k[i]] * x[i % 5] + 0.1 * y[k[i] - 1]
    return np.sum(y * y)


@program(positive(5))
def store_in_a_branch(x):
    y = x * x
    for i in range(1, 5):
        if y[i] > y[i - 1]:
            y[i] = y[i - 1] * x[i]
        else:
            y[i - 1] = y[i] * x[i - 1]
    return np.sum(y * y)


@program(real(5))
def store_then_break(x):
    y = x + 2.0
    for i in range(4):
        y[i + 1] = y[i] * y[i + 1]
        if y[i + 1] > 6.0:
            break
    return np.sum(y * y)


@program(real(5))
def store_then_continue(x):
    y = x * x
    for i in range(4):
        y[i] *= x[i + 1]
        if y[i] < 0.0:
            continue
        y[i + 1] += y[i]
    return np.sum(y * y)


@program(real(5))
def store_then_early_return(x):
    y = x + 2.0
    for i in range(4):
        y[i + 1] *= y[i]
        if y[i + 1] > 6.0:
            return np.sum(y * y)
    return np.sum(y)


@program(real(3, 3))
def store_a_computed_column(a):
    b = a.copy()
    for j in range(3):
        b[:, j] = b[:, j] * b[:, j - 1] + a[j]
    return b


@program(real(4), 3)
def array_overwritten_every_trip(x, n):
    y = np.ones(4)
    total = 0.0
    for k in range(n):
        y[:] = np.sin(y * x) + k
        total += y[0] * y[3]
    return total * np.sum(y)


@program(real(4), 3)
def new_array_every_trip(x, n):
    total = 0.5
    for k in range(n):
        y = np.zeros(4)
        y[k] = x[k] * total
        y[k + 1] += x[k + 1]
        total = np.sum(y * y)
    return total


@program(real(4))
def store_of_a_constant_cuts_the_gradient(x):
    y = x * x
    y[1] = 3.0
    y[2:] = 0.0
    return np.sum(y * x)


@program(real(3))
def store_an_array_in_itself(x):
    y = x * x
    y[:] = y
    y[0] = y[0]
    return np.sum(y * y)


@program(real(2, 3, 2))
def store_into_three_dimensions(a):
    b = a * a
    b[1, 2, 0] = b[0, 0, 1] * a[0, 1, 0]
    b[:, 1] += b[:, 0]
    b[..., 1] *= a[..., 0]
    return np.sum(b * b)


@program(real(4), raises=ValueError)
def store_of_a_wrong_shape(x):
    y = np.zeros(3)
    y[:] = x
    return np.sum(y)


@program(real(4), 4, raises=IndexError)
def store_out_of_range(x, i):
    y = np.zeros(4)
    y[i] = x[0]
    return np.sum(y)


@program(real(3), order=1)
def two_arrays_returned(x):
    y = x * x
    y[0] = x[1]
    z = y * x
    z[1:] += y[:-1]
    return y, z


# --- The left side of an augmented assignment is read first ---------------------------


def _raised(a):
    a[0] = a[0] + 1.0
    return a[0]


@program(positive(3))
def updated_by_what_changes_it(x):
    y = x * 1.0
    y[0] *= _raised(y)
    y[0] += _raised(y)
    y[0] /= _raised(y)
    y[0] -= _raised(y) * y[1]
    return y * y


@program(positive(3))
def part_updated_by_what_changes_it(x):
    y = x * 1.0
    y[:2] *= _raised(y)
    y[:2] += _raised(y)
    return y * y


@program(positive(3), np.array([0, 2]), wrt=(0,))
def selection_updated_by_what_changes_it(x, where):
    y = x * 1.0
    y[where] *= _raised(y)
    y[where] += _raised(y)
    return y * y


@program(real(6))
def scaled_in_place(x):
    y = x * x
    for i in range(1, 6):
        y[i] *= x[i - 1]
        y[i - 1] = y[i] * x[i] + 0.5 * y[i - 1]
    y[1:3] = y[1:3] * x[0]
    y[-1] = y[-1] * y[5]
    return np.sum(y * x)


@program(real(1), label="one element")
@program(real(4), label="four")
def neighbour_that_may_be_itself(x):
    y = x * 2.0
    for i in range(len(x)):
        y[i] = y[i - 1] * x[i] + 0.3 * y[i]
    return np.sum(y * y)


@program(real(5), 1, 1, label="same")
@program(real(5), 1, 3, label="other")
@program(real(5), 1, -4, label="same from the end")
def two_runtime_indices(x, i, j):
    y = x * x
    for k in range(3):
        y[i] = y[j] * x[k] + 0.5 * y[i]
        y[j] = y[i] * x[k]
    return np.sum(y * x)


@program(real(4, 4))
def elimination_below_the_diagonal(a):
    b = a * 1.0
    for i in range(4):
        for j in range(i + 1, 4):
            b[j, i] = b[j, i] / (2.0 + b[i, i] * b[i, i])
            b[j, j] = b[j, j] - b[j, i] * b[i, j]
    return np.sum(b * b)


@program(real(3), real(1, 3), real(1, 1, 3))
def rows_of_higher_rank(x, row, deep):
    y = np.zeros((2, 3))
    y[0] = row * row
    y[1, :] = x * row
    z = np.zeros((2, 3))
    z[:] = np.sin(deep)
    return np.sum(y * y * z)


@program(real(3))
def tuples_and_lists_are_stored(x):
    y = np.zeros((3, 2))
    for i in range(3):
        y[i] = x[i], x[i - 1] ** 2
    y[0, :] = [x[1], x[2]]
    y += (x[0], x[1])
    y[1] *= [x[0], 2]
    z = np.zeros(4)
    z[1:3] = (x[0], x[1])
    z[[0, 2]] = (x[0], 3.0)
    z = z * (1.0, x[0], x[1], 2)
    return np.sum(y * y) + np.sum(z)


@trips(real(4), TRIPS)
def whole_arrays_take_what_is_computed_of_them(x, n):
    y, z = x.copy(), 2.0 * x
    for _ in range(n):
        y[...] = np.sin(y) + 0.1 * z
        z[...] = 0.3 * y * z
    return np.sum(y * z)


@program(real(3))
def a_matrix_takes_what_its_rows_and_columns_give(x):
    y = np.outer(x, x)
    y[...] = y - np.mean(y, axis=0)
    scale = np.sum(y * y, axis=1)
    y[...] = y / (1.0 + scale[:, None])
    y[...] = 2.0 * y.T + y
    return np.sum(y * x)


@program(real(4))
def a_view_sees_a_whole_array_stored(x):
    y = x.copy()
    rest = y[1:]
    before = 2.0 * y
    y[...] = before + x
    y[::-1][...] = y * y
    return np.sum(rest * before[1:])


@trips(real(4), TRIPS)
def an_array_is_divided_by_its_beginning(x, n):
    y, z = x.copy(), np.outer(x, x)
    for _ in range(n):
        y[:] = y / (1.5 + y[:1])
        z[...] = z / (2.0 + z[:1] * z[:, :1])
    return np.sum(y * y) + np.sum(z)
