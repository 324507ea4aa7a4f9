"""Subscripts by arrays: of integers, repeated and negative ones too, and masks."""

import numpy as np

from .registry import const, integers, positive, program, real, small

REPEATED = const(2, 0, 2, -1, dtype=np.int64)
COLUMNS = const(1, 1, 0, 3, dtype=np.int64)


@program(real(3), REPEATED)
def read(x, i):
    return np.sum(x[i] ** 2 * np.arange(4.0))


@program(real(3, 4), REPEATED)
def read_rows_and_columns(a, i):
    return np.sum(a[i] ** 2 * np.arange(4.0)) + np.sum(a[:, i] * a[1, i])


@program(real(3, 4), REPEATED, COLUMNS)
def read_pairs_and_grid(a, i, j):
    return np.sum(a[i, j] ** 3) + np.sum(a[i[:, None], j] ** 2 * np.arange(4.0))


@program(real(3, 4, 2), integers(0, 4, 3, 2))
def one_of_each_fibre(a, i):
    first, last = np.ix_(np.arange(3), np.arange(2))
    b = a[first, i, last]
    return np.sum(b**2 * np.arange(6.0).reshape(3, 2)) + np.sum(a[first, i, 1] ** 3)


@program(real(1, 4, 2), integers(0, 4, 3, 2))
def fibres_that_are_read_again(a, i):
    first, last = np.ix_(np.arange(1), np.arange(2))
    return np.sum(a[first, i, last] ** 2 * np.arange(6.0).reshape(3, 2))


@program(real(3, 4, 2), const(1, 0, 0, dtype=np.int64))
def axes_apart_go_first(a, i):
    return np.sum(a[i, :, i] ** 2 * np.arange(4.0)) + np.sum(a[0, :, i] ** 3)


@program(real(3, 4))
def lists_as_indices(a):
    return np.sum(a[[0, 2, 2]] ** 3) + np.sum(a[[0, 2], [1, -1]] ** 2)


@program(real(3, 4), integers(0, 3, 2, 2))
def index_of_rank_two(a, i):
    return np.sum(a[i] ** 2 * np.arange(16.0).reshape(2, 2, 4))


@program(real(5), REPEATED)
def store_keeps_the_last(x, i):
    y = x * x
    y[i] = x[0] * np.arange(4.0) * x[1:]
    return np.sum(y**2)


@program(real(5), REPEATED)
def store_a_number(x, i):
    y = x * x
    y[i] = x[0]
    return np.sum(y**2)


@program(real(5), REPEATED)
def augmented_adds_once(x, i):
    y = x * x
    y[i] += x[1:] * np.arange(1.0, 5.0)
    y[i] -= x[1]
    return np.sum(y**2)


@program(real(5), REPEATED)
def augmented_by_other_operators(x, i):
    y = x * x
    y[i] *= x[1:]
    y[i] /= 2.0 + x[0] ** 2
    y[i] **= 2
    return np.sum(y**2)


@program(real(5), REPEATED)
def add_at_adds_each_time(x, i):
    y = x * x
    np.add.at(y, i, x[1:] ** 2)
    np.add.at(y, -1, x[0])
    return np.sum(y**2)


@program(real(4, 4), REPEATED)
def stores_in_columns_and_rows(a, i):
    y = a * a
    y[:, i] = a[0] * a[1]
    y[i] += a[2]
    y[1:, i] *= a[:3]
    return np.sum(y**2)


@program(positive(4))
def masks(x):
    y = x * x
    y[x > 1.0] = x[0]
    y[x < 0.9] += x[1]
    y[x < 0.8] *= x[2]
    return np.sum(x[x > 0.7] ** 2) + np.sum(y * x)


@program(real(3, 4))
def masks_of_rows_and_elements(a):
    y = a * a
    y[a[:, 0] > 0] = a[0]
    y[a > 0.2] = 0.0
    y[y > 0.3] -= y[y > 0.3] ** 2
    return np.sum(y * a)


@program(small(5), REPEATED)
def in_loops(x, i):
    y = x * x
    for k in range(4):
        y[i] = y[i] * y[i[k]] + k
        y[y > 3.0] *= 0.1
        y[i[:2]] += np.sin(y[i[1:3]])
    return np.sum(y**2)


@program(real(4, 4), REPEATED)
def through_views_into_copies(a, i):
    y = a * a
    z = y[1]
    z[i] = a[0, 0]
    y.T[i] *= 2.0
    w = y[i]
    w[0] = 7.0
    y[i][0] = 100.0
    return np.sum(y * a) + np.sum(w * w)


@program(real(3), REPEATED)
def index_changed_in_a_loop(x, i):
    j = i.copy()
    s = 0.0
    for k in range(3):
        s += np.sum(x[j] ** 2) * k
        j[k] = (j[k] + 1) % 3
    return s


@program(const(0.3, 1.6, 0.45, 0.8, 1.27))
def index_computed_from_values(x):
    y = x * x
    for _ in range(3):
        y[int(y[0]) % 5] = y[1] * 1.5
        y[int(y[1]) % 5] += y[0] * y[2]
    return np.sum(y**2)


@program(real(3, 4), const(1, 0, 3, dtype=np.int64))
def cross_entropy(a, labels):
    p = np.exp(a)
    p = p / np.sum(p, axis=1, keepdims=True)
    return -np.sum(np.log(p[np.arange(len(a)), labels]))


@program(real(3, 4), integers(0, 3, 5))
def take_along_an_axis(a, i):
    return np.sum(np.take(a, i, axis=1) ** 2) + np.sum(a.take(i, axis=0) * a[0])


@program(real(3), const(0, 5, dtype=np.int64), raises=IndexError)
def out_of_bounds(x, i):
    return np.sum(x[i] * 2.0)


@program(real(3), const(0, 5, dtype=np.int64), raises=IndexError)
def store_out_of_bounds(x, i):
    y = x * x
    y[i] = 1.0
    return np.sum(y)


@program(real(3), const(True, False, dtype=np.bool_), raises=IndexError)
def mask_of_another_length(x, m):
    return np.sum(x[m] * 2.0)


@program(real(3, 3))
def mask_beside_an_index(a):
    a[a[0] > 0, 1] *= 3.0
    return np.sum(a[a[0] > 0, 1] ** 2) + np.sum(a[-1, a[:, 0] > 0.3] * a[0, 0])


@program(real(3, 3), const(True, False, dtype=np.bool_), raises=IndexError)
def mask_of_another_length_beside_an_index(a, m):
    return np.sum(a[0, m])


@program(real(4, 3), integers(0, 3, 4))
def one_of_each_row(a, i):
    shifted = a - np.max(a, axis=1, keepdims=True)
    picked = shifted[np.arange(len(i)), i]
    return np.sum(np.log(np.sum(np.exp(shifted), axis=1)) - picked)


@program(real(1, 3), integers(0, 3, 4))
def one_row_for_all(a, i):
    return np.sum(a[np.arange(a.shape[0]), i] ** 2 * np.arange(4.0))
