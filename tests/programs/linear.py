"""Linear algebra: products at every pair of ranks, and the factorisations."""

import numpy as np

from .registry import dominant, positive, program, real, spd, zero_d

PRODUCTS = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((1,), (1, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((1, 2, 3), (2, 3, 2)),
    ((2, 2, 3), (1, 3, 2)),
    ((3, 1, 2, 3), (2, 3, 2)),
)


def product(a, b):
    return a @ b


def matmul_function(a, b):
    return np.matmul(a, b) * 2.0


def dot_function(a, b):
    return np.dot(a, b)


for _a, _b in PRODUCTS:
    program(real(*_a), real(*_b), label=f"{_a} {_b}", tags=("product",))(product)

for _a, _b in PRODUCTS[1:4]:
    program(real(*_a), real(*_b), label=f"{_a} {_b}", tags=("product",))(
        matmul_function
    )

for _a, _b in (*PRODUCTS[:9], ((2, 3), (2, 3, 2)), ((2, 2, 3), (2, 3, 2))):
    program(real(*_a), real(*_b), label=f"{_a} {_b}", tags=("product",))(dot_function)

program(zero_d(), real(3), label="0-d, 1-d", tags=("product",))(dot_function)
program(real(2, 3), zero_d(), label="2-d, 0-d", tags=("product",))(dot_function)
program(zero_d(), zero_d(), label="0-d, 0-d", tags=("product",))(dot_function)
program(real(), real(3), label="float, 1-d", tags=("product",))(dot_function)


@program(real(3, 3), real(3))
def quadratic_form(a, x):
    return x @ a @ x


@program(real(3, 3), real(3))
def product_methods(a, x):
    return a.dot(x).dot(x) + x.dot(a)[1]


@program(real(3, 3))
def matrix_times_its_transpose(a):
    return np.sum((a @ a.T) ** 2) + np.sum(a.T @ a)


@program(real(2, 3), real(3, 2))
def trace_of_a_product(a, b):
    return np.sum((a @ b) * np.eye(2))


@program(dominant(3), real(3))
def solve_a_vector(a, b):
    return np.linalg.solve(a, b)


@program(dominant(3), real(3, 2))
def solve_a_matrix(a, b):
    return np.linalg.solve(a, b)


@program(dominant(3))
def inverse(a):
    return np.linalg.inv(a)


@program(dominant(3))
def determinant(a):
    return np.linalg.det(a)


@program(lambda rng: np.array([[1.0, 2.0], [2.0, 4.0]]), order=1)
def determinant_of_a_singular_matrix(a):
    return np.linalg.det(a)


@program(dominant(3))
def log_determinant(a):
    sign, logdet = np.linalg.slogdet(a)
    return sign * logdet


@program(lambda rng: -dominant(3)(rng))
def log_determinant_of_a_negative_one(a):
    sign, logdet = np.linalg.slogdet(a)
    return sign * logdet * logdet


@program(spd(3))
def cholesky_factor(a):
    return np.linalg.cholesky(0.5 * (a + a.T))


@program(spd(3), real(3))
def gaussian_log_density(a, x):
    s = 0.5 * (a + a.T)
    factor = np.linalg.cholesky(s)
    z = np.linalg.solve(factor, x)
    return -0.5 * np.sum(z * z) - np.sum(np.log(factor[0, 0] * factor[1, 1:2]))


@program(lambda rng: np.zeros((2, 2)), real(2), raises=np.linalg.LinAlgError)
def solve_of_a_singular_matrix(a, b):
    return np.sum(np.linalg.solve(a, b))


@program(real(3, 2), real(2), real(4, 3), real(4), wrt=("w", "b"))
def linear_regression(w, b, x, y):
    residual = x @ w @ b - y
    return np.mean(residual**2)


@program(real(3, 2), real(2), real(2, 3), real(4, 3))
def one_hidden_layer(w1, b1, w2, x):
    h = np.tanh(x @ w1 + b1)
    z = h @ w2
    z = z - np.max(z, axis=1, keepdims=True)
    return -np.mean(z[:, 0] - np.log(np.sum(np.exp(z), axis=1)))


@program(dominant(3), real(3))
def solve_in_a_loop(a, b):
    x = b
    for _ in range(3):
        x = np.linalg.solve(a, x) + b * x
    return np.sum(x * x)


@program(real(3, 3), 3)
def matrix_power_by_loop(a, n):
    p = np.eye(3)
    for _ in range(n):
        p = p @ a
    return np.sum(p * p)


@program(real(3, 3), real(3))
def power_iteration(a, x):
    for _ in range(3):
        x = a @ x
        x = x / np.sqrt(x @ x)
    return x @ a @ x


@program(real(2, 3), real(3, 2))
def matrix_product_by_loops(a, b):
    c = np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            for k in range(3):
                c[i, j] += a[i, k] * b[k, j]
    return c * c


# Shapes that cannot fit are Python's error where they are met, and only there.


@program(-1.3, label="met", raises=ValueError)
@program(1.3, label="not met")
def lengths_that_do_not_agree(v):
    y = 2.0 * v
    if v < 0.0:
        y = np.sum(np.full((2, 3), v) @ np.ones((2, 4)))
    return y * v


@program(-1.3, label="met", raises=np.linalg.LinAlgError)
@program(1.3, label="not met")
def matrix_that_is_not_square(v):
    y = 2.0 * v
    if v < 0.0:
        y = np.linalg.slogdet(np.full((2, 3), v))[1] + np.sum(
            np.linalg.inv(v * np.ones((3, 2)))
        )
    return y * v


@program(-1.3, label="met", raises=ValueError)
@program(1.3, label="not met")
def diagonal_of_an_oblong(v):
    y = 2.0 * v
    if v < 0.0:
        y = np.sum(np.einsum("ii->i", np.full((2, 3), v)))
    return y * v


@program(-1.3, label="met", raises=ValueError)
@program(1.3, label="not met")
def axis_that_is_too_long(v):
    y = 2.0 * v
    if v < 0.0:
        y = np.sum(np.squeeze(np.full((2, 3), v), axis=0))
    return y * v


@program(-1.3, label="met", raises=TypeError)
@program(1.3, label="not met")
def array_taken_for_a_number(v):
    y = 2.0 * v
    if v < 0.0:
        y = float(np.full(2, v))
    return y * v


@program(0.4, 3, label="wide", raises=ValueError)
@program(0.4, 2, label="narrow")
def product_with_one_of_two_shapes(v, n):
    y = np.full((1, 2), v)
    if n > 2:
        y = np.full((1, 3), v * v)
    s = np.sum(np.sin(y @ np.ones(2)))
    return s * v


@program(real(4), 120.0, label="beyond", raises=ValueError)
@program(real(4), 30.0, label="within")
def percentile_in_range(x, q):
    return np.percentile(x, q) * x[0]


@program(real(), real(3), real(4), raises=ValueError)
def table_of_two_lengths(v, places, heights):
    return np.interp(v, places, heights)


@program(real(4), real(3), raises=ValueError)
def weights_of_another_shape(x, w):
    return np.histogram(x, 3, weights=w)[0][0] * x[0]


@program(real(3), real(3, 3), positive(3), real(5, 3))
@program(real(3), real(3, 3), positive(3), real(1, 3), label="one row")
@program(real(3), real(3, 3), positive(3), real(2, 4, 3), label="two matrices")
@program(real(1, 3), real(3, 3), positive(3), real(5, 3), label="a row")
@program(real(2, 1, 3), real(2, 3, 3), positive(3), real(2, 4, 3), label="of each")
def centred_before_a_product(mean, weights, scale, x):
    centred = np.exp(-(x**2)) - mean
    return np.sum(np.sin(centred @ np.swapaxes(weights, -1, -2) - scale * centred))
