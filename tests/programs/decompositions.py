"""Sums by index, factorisations of matrices, and what is computed with them."""

import numpy as np
from scipy import linalg, stats

from .registry import const, positive, program, real, spd

# --- einsum ------------------------------------------------------------------------


@program(real(2, 3), real(3, 4), real(4))
def chain_of_products(a, b, c):
    return np.einsum("ij,jk,k->i", a, b, c, optimize=True) @ np.einsum("ij->i", a)


@program(real(4, 3), real(3, 3))
def quadratic_forms(x, a):
    forms = np.einsum("ni,ij,nj->n", x, a, x)
    return np.sum(np.exp(-0.1 * forms))


@program(real(2, 3, 3), real(3, 2))
def traces_and_diagonals(a, b):
    d = np.einsum("...ii->...i", a)
    return np.einsum("kii->", a) ** 2 + np.einsum("ki,ik", d, b)


@program(real(2, 3, 4), real(2, 5, 4), real(2, 5, 4))
def attention_by_einsum(q, k, v):
    scores = np.einsum("...qd,...kd->...qk", q, k) / 2.0
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = weights / np.einsum("...qk->...q", weights)[..., None]
    return np.sum(np.einsum("...qk,...kd", weights, v) ** 2)


@program(real(3), real(4), 1.3)
def outer_products_by_lists(x, y, s):
    z = np.einsum(x, [0], y, [1], s, [], [1, 0])
    return np.sum(z**3) + np.einsum("i,i->", z[0], x)


@program(real(3, 3), real(3))
def einsum_of_one_operand_is_a_view(a, x):
    turned = np.einsum("ij->ji", a)
    turned[0] *= x
    return np.sum(a * a[::-1]) + np.sum(turned[1])


@program(real(5, 3), real(3, 3))
def products_of_slices(x, a):
    total = 0.0
    for k in range(1, 4):
        part = np.einsum("ij,kj->ik", x[:k], x[k:])
        total += np.sum(part * part) * a[k - 1, 0]
    return total


# --- Factorisations ----------------------------------------------------------------


@program(real(6, 2), real(6))
def least_squares_fit(x, y):
    basis = np.stack([x[:, 0], x[:, 1], x[:, 0] * x[:, 1]], axis=1)
    coefficients, residuals, rank, values = np.linalg.lstsq(basis, y, rcond=None)
    return residuals[0] + np.sum(coefficients**2) + rank


@program(real(6, 3), real(6))
def least_squares_by_qr(a, b):
    q, r = np.linalg.qr(a)
    x = np.linalg.solve(r, q.T @ b)
    return np.sum((a @ x - b) ** 2) + np.sum(np.abs(x))


@program(real(8, 3))
def principal_components(x):
    centred = x - np.mean(x, axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    scores = centred @ vectors[:, -2:]
    return np.sum(scores**4) + values[0] / np.sum(values)


@program(real(8, 3))
def whitening(x):
    values, vectors = np.linalg.eigh(x.T @ x, UPLO="U")
    white = x @ (vectors / np.sqrt(values)) @ vectors.T
    return np.sum(white**3)


@program(real(5, 3))
def low_rank_reconstruction(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    low = (u[:, :2] * s[:2]) @ vh[:2]
    return np.sum((a - low) ** 2 * a)


@program(real(3, 6), real(3, 6))
def procrustes(p, q):
    u, _, vh = np.linalg.svd(p @ q.T, full_matrices=False)
    return np.sum((u @ vh @ q - p) ** 2)


@program(spd(4))
def log_determinant_by_qr(a):
    r = np.linalg.qr(a, mode="r")
    total = 0.0
    for k in range(len(a)):
        total += np.log(abs(r[k, k]))
    return total


@program(real(2, 4, 3))
def norms_of_stacks(a):
    values = np.linalg.svd(a, compute_uv=False)
    inverse = np.linalg.pinv(a)
    return np.sum(np.linalg.norm(a @ inverse @ a, axis=-1)) + np.sum(values[:, 0])


@program(spd(3), real(3))
def spectrum_of_a_shifted_matrix(a, x):
    shifted = a + np.outer(x, x)
    values = np.linalg.eigvalsh(shifted)
    return np.sum(np.log(values)) + np.linalg.norm(shifted, "nuc") / np.linalg.cond(a)


@program(const(2.0, 2.0, 1.0), order=1)  # the second derivative is by vectors
def equal_eigenvalues_in_a_sum(d):
    return np.sum(np.linalg.eigvalsh(np.eye(3) * d) ** 2)


@program(real(3, 3))
def singular_vectors_of_a_square_matrix(a):
    u, s, vh = np.linalg.svd(a)
    q, r = np.linalg.qr(a, mode="complete")
    return np.sum(u @ vh * s) + np.sum(q @ r * r)


@program(real(5, 3), label="tall")
@program(real(3, 5), label="wide")
@program(real(3, 3), label="square")
def values_and_leading_vectors(a):
    u, s, vh = np.linalg.svd(a)
    k = len(s)
    return np.sum(s**3) + np.sum((u[:, :2] * s[:2]) @ vh[:2] * a) + u[0, k - 1] ** 2


@program(real(3, 4))
def homogeneous_solution(a):
    h = np.linalg.svd(a)[2][-1]
    return np.sum((h / h[-1]) ** 2)


@program(real(4, 5))
def distance_from_a_null_space(a):
    rest = np.linalg.svd(a)[2][4:]
    x = np.arange(5.0)
    return np.sum((x - rest.T @ (rest @ x)) ** 3)


@program(real(3, 2), real(3))
def least_squares_by_complete_qr(a, b):
    q, r = np.linalg.qr(a, mode="complete")
    x = np.linalg.solve(r[:2], q[:, :2].T @ b)
    return np.sum(x**3) + np.sum((q[:, 2:].T @ b) ** 2)


@program(real(6, 3))
def orthonormal_columns(a):
    q, r = np.linalg.qr(a, mode="complete")
    return np.sum(q[:, :3] ** 3) + r[0, 1] * r[1, 1]


@program(real(5), real(5), positive())
def gaussian_process(x, y, scale):
    k = np.exp(-((x[:, None] - x) ** 2) / scale) + 0.5 * np.eye(len(x))
    low = linalg.cholesky(k, lower=True)
    z = linalg.solve_triangular(low, y, lower=True)
    return -0.5 * z @ z - np.sum(np.log(np.einsum("ii->i", low)))


@program(spd(3), real(3))
def factor_and_solve(a, b):
    return b @ linalg.cho_solve(linalg.cho_factor(a), b)


@program(spd(3), real(3), real(3, 2))
def one_factorisation_for_several_systems(a, b, c):
    factors = linalg.lu_factor(a[::-1])
    x = linalg.lu_solve(factors, b)
    return np.sum(linalg.lu_solve(factors, c) ** 3) + x @ linalg.lu_solve(factors, x, 1)


@program(real(4, 4))
def log_determinant_by_lu(a):
    p, lower, upper = linalg.lu(a)
    return np.sum(np.log(np.abs(np.diag(upper)))) + np.sum(p @ lower @ upper * lower)


@program(spd(3), real(3, 3))
def modes_of_a_system(m, k):
    values, shapes = np.linalg.eig(np.linalg.solve(m, k @ k.T + np.eye(3)))
    last = np.argmax(values)
    return np.sum(np.sqrt(values)) + np.sum(shapes[:, last] ** 4)


@program(real(3, 3), real(3, 3))
def exponential_along_a_direction(a, e):
    y, along = linalg.expm_frechet(a, e)
    return np.sum(y * along) + np.sum(linalg.expm_frechet(e, a, compute_expm=False))


@program(spd(3))
def distance_of_covariances(a):
    root = linalg.sqrtm(a)
    b = np.diag([1.0, 2.0, 1.5])
    return np.trace(a + b - 2.0 * linalg.sqrtm(root @ b @ root))


@program(real(3, 3), real(3), positive())
def linear_differential_equation(a, x, t):
    return np.sum((linalg.expm(t * a) @ x) ** 2)


@program(spd(3), real(3, 2), refused="alias")
def stores_through_what_scipy_gives(a, b):
    x = linalg.solve_triangular(a, b, lower=True)
    flat = x.reshape(-1)  # a copy: SciPy's result is in Fortran's order
    flat[0] = 0.0
    return np.sum(x * x)


# --- distributions -----------------------------------------------------------------


@program(real(4, 3), real(3), real(3, 3))
def likelihood_of_a_normal(x, mean, a):
    cov = a @ a.T + 3.0 * np.eye(3)
    return np.sum(stats.multivariate_normal.logpdf(x, mean, cov))


@program(real(5), real(5), positive(1), real(2))
def bayesian_regression(x, y, noise, theta):
    prior = stats.norm.logpdf(theta, scale=2.0).sum()
    prior = prior + stats.gamma.logpdf(noise[0], 2.0, scale=0.5)
    mean = theta[0] + theta[1] * x
    return prior + np.sum(stats.norm.logpdf(y, loc=mean, scale=noise[0]))
