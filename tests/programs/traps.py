"""Programs that gave wrong gradients elsewhere, in variants that must agree.

Each family is a tuple of functions that compute the same thing in different words; the
first member is a row of the corpus, all are compared in ``test_traps.py``.
"""

import math

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips

FAMILIES: dict[str, tuple] = {}


def family(name, *inputs):
    """Register functions that must agree; the decorated ones share ``inputs``."""

    def decorate(fn):
        variants = FAMILIES.setdefault(name, (inputs, []))[1]
        variants.append(fn)
        return program(*inputs, tags=("trap", "variant"))(fn)

    return decorate


# --- a nonlinear carried value is read as it was in its trip, not at the start ----


@trips(-0.3, TRIPS, counts=(0, 1, 2, 7), tags=("trap",))
def carried_square(x, n):
    y = 0.9
    for _ in range(n):
        y = y * y + x
    return y


@trips(-0.3, TRIPS, counts=(0, 1, 2, 7), tags=("trap",))
def carried_product_of_two(x, n):
    y, z = 0.9, 1.1
    for _ in range(n):
        y = y * z * x
        z = z + 0.1 * y * y
    return y * z


# --- temporaries named or inlined (clad#1865) -------------------------------------


@family("temporaries", real(), real())
def inlined_temporaries(x, y):
    return np.sin(x * y) * (x + y) / (1.0 + (x * y) ** 2)


@family("temporaries", real(), real())
def named_temporaries(x, y):
    p = x * y
    s = np.sin(p)
    t = x + y
    d = 1.0 + p**2
    r = s * t / d
    return r


@family("temporaries in a loop", real(4), 4)
def inlined_in_a_loop(x, n):
    y = 0.6
    for i in range(n):
        y = np.sin(y * x[i]) * (y + x[i])
    return y


@family("temporaries in a loop", real(4), 4)
def named_in_a_loop(x, n):
    y = 0.6
    for i in range(n):
        v = x[i]
        p = y * v
        s = np.sin(p)
        y = s * (y + v)
    return y


# --- for or while -----------------------------------------------------------------


@family("for or while", real(5), 5)
def with_for(x, n):
    y = 0.6
    for i in range(n):
        y = y * y * 0.5 + x[i] * y
    return y


@family("for or while", real(5), 5)
def with_while(x, n):
    y = 0.6
    i = 0
    while i < n:
        y = y * y * 0.5 + x[i] * y
        i += 1
    return y


@family("for or while", real(5), 5)
def with_while_true(x, n):
    y = 0.6
    i = 0
    while True:
        if i >= n:
            break
        y = y * y * 0.5 + x[i] * y
        i = i + 1
    return y


@family("for or while", real(5), 5)
def with_a_downward_range(x, n):
    y = 0.6
    for k in range(n - 1, -1, -1):
        i = n - 1 - k
        y = y * y * 0.5 + x[i] * y
    return y


# --- += or = ----------------------------------------------------------------------


@family("augmented or plain", real(4), real(4))
def augmented(x, y):
    a = x * y
    for i in range(1, 4):
        a[i] += a[i - 1] * x[i]
        a[i] *= a[i]
    s = 0.0
    for i in range(4):
        s += a[i] * y[i]
    return s


@family("augmented or plain", real(4), real(4))
def plain(x, y):
    a = x * y
    for i in range(1, 4):
        a[i] = a[i] + a[i - 1] * x[i]
        a[i] = a[i] * a[i]
    s = 0.0
    for i in range(4):
        s = s + a[i] * y[i]
    return s


# --- a branch or a mask -----------------------------------------------------------


@family("branch or mask", distinct(5))
def by_branch(x):
    total = 0.0
    for i in range(5):
        if x[i] > 0.31:
            total = total + x[i] ** 2
        else:
            total = total + np.sin(x[i])
    return total


@family("branch or mask", distinct(5))
def by_where(x):
    return np.sum(np.where(x > 0.31, x**2, np.sin(x)))


@family("branch or mask", distinct(5))
def by_factor(x):
    mask = x > 0.31
    return np.sum(mask * x**2 + (1.0 - mask) * np.sin(x))


@family("branch or mask", distinct(5))
def by_continue(x):
    total = 0.0
    for i in range(5):
        if x[i] > 0.31:
            total = total + x[i] ** 2
            continue
        total = total + np.sin(x[i])
    return total


# --- vectorised or by loop --------------------------------------------------------


@family("vectorised or loop", real(3, 4), real(4))
def vectorised(a, x):
    y = np.tanh(a @ x)
    return np.sum(y * y) / 3.0


@family("vectorised or loop", real(3, 4), real(4))
def by_elements(a, x):
    total = 0.0
    for i in range(3):
        s = 0.0
        for j in range(4):
            s += a[i, j] * x[j]
        y = math.tanh(s)
        total += y * y
    return total / 3.0


@family("vectorised or loop", real(3, 4), real(4))
def by_rows(a, x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = np.tanh(np.sum(a[i] * x))
    return np.mean(y**2)


@family("vectorised or loop", real(3, 4), real(4))
def by_columns_in_place(a, x):
    y = np.zeros(3)
    for j in range(4):
        y += a[:, j] * x[j]
    y[:] = np.tanh(y)
    return np.mean(y * y)


# --- a value kept or computed again -----------------------------------------------


@family("kept or recomputed", real(), 4)
def value_kept(x, n):
    e = np.exp(x)
    y = 0.5
    for _ in range(n):
        y = y * e - y * y * e
    return y


@family("kept or recomputed", real(), 4)
def value_recomputed(x, n):
    y = 0.5
    for _ in range(n):
        y = y * np.exp(x) - y * y * np.exp(x)
    return y


# --- strided and downward loops ---------------------------------------------------


@family("strided loops", real(9))
def upwards_by_three(x):
    y = 0.5
    for i in range(1, 9, 3):
        y = y * x[i] + np.sin(y) * i
    return y


@family("strided loops", real(9))
def upwards_by_three_other_stop(x):
    y = 0.5
    for i in range(1, 8, 3):
        y = y * x[i] + np.sin(y) * i
    return y


@family("strided loops", real(9))
def downwards_by_three(x):
    y = 0.5
    for k in range(7, -1, -3):
        i = 8 - k
        y = y * x[i] + np.sin(y) * i
    return y


@family("strided loops", real(9))
def over_a_strided_view(x):
    y = 0.5
    i = 1
    for v in x[1::3]:
        y = y * v + np.sin(y) * i
        i += 3
    return y


# --- bounds and variables changed in the body -------------------------------------


@program(real(), 5, tags=("trap",))
def bound_doubled_in_the_body(x, n):
    y = 0.5
    for i in range(n):
        n = 2 * n
        y = y * x + 0.01 * i * y * y
    return y


@program(real(), 5, tags=("trap",))
def variable_shadowed_and_used_after(x, n):
    y = 0.5
    for i in range(n):
        y = y * x + i * y * y * 0.1
        i = i + 10
    return y * i


@program(real(6), 3, tags=("trap",))
def index_changed_between_read_and_write(x, k):
    y = x * x
    for i in range(2):
        y[k] = y[k] * x[i]
        k = k - 1
        y[k] = y[k] * y[k + 1]
        k = k + 2
    return np.sum(y * y)


# --- overwritten elements ---------------------------------------------------------


@program(real(4), tags=("trap",))
def read_then_written(x):
    y = x * x
    t = np.sin(y[0]) * y[1]
    y[0] = t
    y[1] = y[0] * y[1]
    y[0] = y[0] * y[0]
    return np.sum(y)


@program(real(4), tags=("trap",))
def read_by_an_array_expression_then_written(x):
    y = x * x
    z = y * y
    y[1:3] = z[:2] * x[2:]
    w = y * z
    y[:] = 0.5
    return np.sum(w) + np.sum(y)


@program(real(4), tags=("trap",))
def read_through_a_view_then_written(x):
    y = x * x
    v = y[::2]
    s = np.sum(v * v)
    y[0] = s
    return s * v[0] + v[1]


# --- one array under two names ----------------------------------------------------


@program(real(3), tags=("trap",))
def two_names_for_one_array(x):
    y = x * x
    z = y
    y[0] = z[1] * z[2]
    z[1] = y[0] * y[0]
    return np.sum(y * z)


def product_of_two(x, y):
    return np.sum(x * x * y)


def writes_first_reads_second(x, y):
    x[0] = y[1] * y[0]
    return np.sum(x * y)


# --- integers ---------------------------------------------------------------------


@program(lambda rng: np.array([1, 4, 2]), real(3), tags=("trap",))
def integers_in_a_log_sum_exp(k, w):
    m = np.max(k)
    return np.log(np.sum(np.exp(k - m) * np.exp(w))) + m


@program(3, real(), tags=("trap",))
def integer_that_is_overwritten_by_a_float(n, x):
    n = n * x
    n = n * n
    return n


# --- where, powers, kinks ---------------------------------------------------------


@program(lambda rng: np.array([2.0, -1.0, 0.5]), tags=("trap",))
def log_guarded_by_where(x):
    with_log = np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)
    return np.sum(with_log * x)


def unguarded_log(x):
    return np.sum(np.where(x > 0, np.log(x), x))


def unguarded_sqrt(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


def unguarded_quotient(x, y):
    return np.sum(np.where(y != 0, x / y, x))


@program(lambda rng: np.array([0.3, 1.0, 2.0]), 0.0, tags=("trap",), order=1)
def unguarded_root_of_a_number_never_taken(x, s):
    return np.sum(np.where(x > 5.0, np.sqrt(s), 0.2) * x)


@program(real(2, 3), lambda rng: np.zeros(3), tags=("trap",), order=1)
def unguarded_root_of_a_row_never_taken(x, row):
    return np.sum(np.where(x > 5.0, 0.2 * np.sqrt(row), x) * x)


@program(distinct(4), tags=("trap",), order=1)
def unguarded_where_of_a_part(x):
    u = x[:3] - np.min(x[:3], axis=0, keepdims=True)
    return np.sum(np.where(np.tanh(u) > 0.137, np.arccosh(1.0 + u), x[-3:]) * x[:3])


@program(real(3, 4), tags=("trap",))
def size_one_axes(a):
    r = a[:, :1]
    c = a[:1, :]
    s = a[:1, :1]
    return np.sum(r * c + s / (2.0 + a * a) - c * s + np.maximum(r, c) * a)


@program(positive(3, dtype=np.float32), tags=("trap", "float32"))
def small_term_beside_a_large_one(x):
    return np.sum(1000.0 * x) + np.sum(0.5 * x * x)


@program(distinct(6), tags=("trap",))
def maximum_by_loop_or_reduction(x):
    best = x[0]
    for i in range(1, 6):
        best = max(best, x[i])
    return best * np.max(x)
