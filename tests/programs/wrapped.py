"""Integers that wrap: their negatives, products and differences meet floats."""

import numpy as np

from tests.programs.registry import positive, program, real

ROWS = {
    "int8": ([100, -128, 3], [-100, 1, 5]),
    "uint8": ([200, 100, 3], [255, 1, 5]),
    "int64": ([2**62, -(2**63), 3], [2**33, 2**62, 5]),
}


def each_dtype(*inputs, **options):
    """A row for each dtype of two arrays behind the inputs."""

    def decorate(fn):
        for name, rows in ROWS.items():
            arrays = [np.array(row, dtype=name) for row in rows]
            given = [lambda _, a=a: a.copy() for a in arrays]
            order = 1 if name == "int64" else 2  # sums this large hide differences
            program(*inputs, *given, label=name, order=order, **options)(fn)
        return fn

    return decorate


@each_dtype(real(3), wrt=("x",))
def negatives(x, a, b):
    s = np.sum(x * (-a)) + np.sum(x / -b) + np.sum(-x / -(a * 2 + 1))
    return s + np.sum(-x * -a[0])


@each_dtype(real(3), wrt=("x",))
def products(x, a, b):
    return np.sum(x * (a * b)) + np.sum((x * 3) * (a * 5)) + np.sum(a * (b * x))


@each_dtype(real(3), wrt=("x",))
def squares_in_a_loop(x, a, b):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * (a[i] * a[i]) - x[i] * x[i] * (a[i] - b[i])
    return s


@each_dtype(real(3), wrt=("x",))
def differences(x, a, b):
    s = x[0] - x[0] * (a[0] - b[0])
    return s + np.sum((a - b) * x) + np.sum((x * (a + b)) - x * abs(a))


@each_dtype(real(3), wrt=("x",))
def sums_over_a_scale(x, a, b):
    return np.sum(2 * (a / (x * x + 0.5)) + 3 * (b / 2.0) * x) / len(x)


@each_dtype(real(3), wrt=("x",))
def stored_negatives(x, a, b):
    y = np.zeros(3)
    for i in range(3):
        y[i] = -a[i] * x[i] - x[2 - i] * -b[i]
    return np.sum(y * y)


@each_dtype(real(3), wrt=("x",))
def angles(x, a, b):
    return np.sum(np.arctan2(x, a)) + np.sum(np.arctan2(b, x) * x)


@program(
    positive(3),
    lambda rng: np.array([0, 1, 4], dtype=np.uint8),
    lambda rng: np.array([-128, -1, 4], dtype=np.int8),
    wrt=("x",),
)
def powers(x, a, b):
    return np.sum((1.0 + 1e6 * x) ** a) * 1e-20 + np.sum((1.0 + 0.1 * x) ** b)


@program(real(3), lambda rng: np.array([True, False, True]), wrt=("x",))
def angles_of_bools(x, m):
    return np.sum(np.arctan2(m, x)) + np.sum(x * (m * m) + x * (m + m))


@each_dtype(real(3), wrt=("x",))
def contractions(x, a, b):
    table = np.outer(x, x)
    s = np.einsum("i,i,i->", a, b, x) + np.einsum("i,j,ij->", a, b, table)
    return s * 1e-3 + x @ (a * b)


@program(real(4), lambda rng: np.array([2, 0, 2, 1], dtype=np.uint8), wrt=("x",))
def counts_of_bytes(x, k):
    return np.bincount(k, weights=x) @ np.bincount(k, weights=x * x, minlength=3)
