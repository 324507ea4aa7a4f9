"""SciPy's functions of matrices, in terms of NumPy's.

They are of single matrices, and do not test that entries are finite: where SciPy raises
ValueError for nan, these give nan.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from adcompiler.library.registry import composes


@composes(linalg.solve_triangular)
def solve_triangular(
    a,
    b,
    trans=0,
    lower=False,
    unit_diagonal=False,
    overwrite_b=False,
    check_finite=True,
):
    if unit_diagonal:
        strict = np.tril(a, -1) if lower else np.triu(a, 1)
        triangle = strict + np.eye(a.shape[-1], dtype=a.dtype)
    else:
        triangle = np.tril(a) if lower else np.triu(a)
    if trans in (0, "N"):
        return np.linalg.solve(triangle, b)
    return np.linalg.solve(np.swapaxes(triangle, -1, -2), b)


@composes(linalg.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    if lower:
        return np.linalg.cholesky(a)
    return np.swapaxes(np.linalg.cholesky(np.swapaxes(a, -1, -2)), -1, -2)


@composes(linalg.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The factor, beside what the other triangle holds."""
    if np.ndim(a) != 2:
        raise NotImplementedError(
            "linalg.cho_factor of a stack of matrices",
            "call it for each matrix: linalg.cho_factor(a[k])",
        )
    if lower:
        return np.linalg.cholesky(a) + np.triu(a, 1), True
    return np.linalg.cholesky(a.T).T + np.tril(a, -1), False


@composes(linalg.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    c, lower = c_and_lower
    c = alone(c, 2)
    factor = np.tril(c) if lower else np.triu(c).T
    return np.linalg.solve(factor.T, np.linalg.solve(factor, b))


def factors(a):
    """The order of the rows and the triangular factors: a row of its own."""
    return linalg.lu(a, p_indices=True)


def square_factors(a):
    """Those of a matrix of which it is known that it is square."""
    return factors(a)


def row_order(swaps):
    """The order of rows of which these were exchanged: a row of its own."""
    order = np.arange(len(swaps))
    for k in range(len(swaps)):
        order[[k, swaps[k]]] = order[[swaps[k], k]]
    return order


def row_swaps(order):
    """Which rows have to be exchanged for this order: a row of its own."""
    rows, swaps = list(range(len(order))), np.empty_like(order)
    for k in range(len(order)):
        i = rows.index(order[k])
        rows[k], rows[i] = rows[i], rows[k]
        swaps[k] = i
    return swaps


@composes(linalg.lu)
def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    order, lower, upper = factors(alone(a, 2))
    if permute_l:
        return lower[order], upper
    if p_indices:
        return order, lower, upper
    return np.eye(len(order), dtype=lower.dtype)[order], lower, upper


@composes(linalg.lu_factor)
def lu_factor(a, overwrite_a=False, check_finite=True):
    if alone(a, 2).shape[0] != a.shape[1]:
        raise ValueError(
            "linalg.lu_factor is of square matrices here: of others use linalg.lu"
        )
    order, lower, upper = square_factors(a)
    return np.tril(lower, -1) + upper, row_swaps(np.argsort(order).astype(np.int32))


@composes(linalg.lu_solve)
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    both, swaps = lu_and_piv
    both = alone(both, 2)
    if both.shape[0] != b.shape[0]:
        raise ValueError("Shapes of lu and b are incompatible")
    order = row_order(swaps)
    if trans == 0:
        y = linalg.solve_triangular(both, b[order], lower=True, unit_diagonal=True)
        return linalg.solve_triangular(both, y)
    y = linalg.solve_triangular(both, b, trans=1)
    y = linalg.solve_triangular(both, y, trans=1, lower=True, unit_diagonal=True)
    return y[np.argsort(order)]


# --- What NumPy has too --------------------------------------------------------------


@composes(linalg.solve)
def solve(
    a,
    b,
    lower=False,
    overwrite_a=False,
    overwrite_b=False,
    check_finite=True,
    assume_a=None,
    transposed=False,
):
    if np.ndim(a) != 2:
        raise NotImplementedError(
            "linalg.solve of a stack",
            "use np.linalg.solve(a, b), which takes any square matrices",
        )
    a = assumed(a, assume_a, lower)
    return np.linalg.solve(a.T if transposed else a, b)


def assumed(a, structure, lower):
    """The matrix of which those elements are read that it is assumed to have."""
    full = ("positive definite", "symmetric", "hermitian")
    if structure in ("pos", "sym", "her", *full):
        return mirrored(a, lower)
    if structure == "upper triangular":
        return np.triu(a)
    if structure == "lower triangular":
        return np.tril(a)
    if structure == "diagonal":
        return np.diag(np.diag(a))
    if structure == "tridiagonal":
        return np.triu(np.tril(a, 1), -1)
    if structure not in (None, "gen", "general", "banded"):
        raise ValueError(f"{structure} is unrecognized matrix structure")
    return a


def mirrored(a, lower):
    """The symmetric matrix of which one triangle is read."""
    return np.tril(a) + np.tril(a, -1).T if lower else np.triu(a) + np.triu(a, 1).T


@composes(linalg.inv)
def inv(a, overwrite_a=False, check_finite=True):
    return np.linalg.inv(a)


@composes(linalg.det)
def det(a, overwrite_a=False, check_finite=True):
    return np.linalg.det(a)


@composes(linalg.norm)
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    return np.linalg.norm(a, ord, axis, keepdims)


@composes(linalg.pinv)
def pinv(a):
    return np.linalg.pinv(a)


@composes(linalg.svdvals)
def svdvals(a, overwrite_a=False, check_finite=True):
    return np.linalg.svd(a, compute_uv=False)


@composes(linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True):
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
    return u, s, vh


@composes(linalg.qr)
def qr(a, overwrite_a=False, lwork=None, mode="full"):
    if mode not in ("economic", "full"):
        raise NotImplementedError(
            "linalg.qr with a mode but 'full' and 'economic'",
            "take both factors: q, r = linalg.qr(a)",
        )
    q, r = np.linalg.qr(a, mode="reduced" if mode == "economic" else "complete")
    return q, r


@composes(linalg.eigh)
def eigh(a, b=None, *, lower=True, eigvals_only=False):
    """Its vectors may differ from NumPy's in sign."""
    if b is not None or not eigvals_only:
        raise NotImplementedError(
            "linalg.eigh with vectors, or of a pair of matrices",
            "use np.linalg.eigh; of a pair, c = inv(cholesky(b)): eigh(c @ a @ c.T)",
        )
    return np.linalg.eigvalsh(a, UPLO="L" if lower else "U")


@composes(linalg.eigvalsh)
def eigvalsh(a, b=None, *, lower=True):
    if b is not None:
        raise NotImplementedError(
            "linalg.eigvalsh of a pair of matrices",
            "with c = np.linalg.inv(np.linalg.cholesky(b)): eigvalsh(c @ a @ c.T)",
        )
    return np.linalg.eigvalsh(a, UPLO="L" if lower else "U")


@composes(linalg.polar)
def polar(a, side="right"):
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    w, s, vh = np.linalg.svd(alone(a, 2), full_matrices=False)
    if side == "right":
        return w @ vh, (vh.T * s) @ vh
    return w @ vh, (w * s) @ w.T


@composes(linalg.expm_frechet)
def expm_frechet(A, E, method=None, compute_expm=True, check_finite=True):
    n = alone(A, 2).shape[0]
    both = linalg.expm(np.block([[A, E], [np.zeros_like(A), A]]))
    return (linalg.expm(A), both[:n, n:]) if compute_expm else both[:n, n:]


@composes(linalg.orthogonal_procrustes)
def orthogonal_procrustes(A, B, check_finite=True):
    u, s, vh = np.linalg.svd(np.asarray(B).T @ A)
    return (u @ vh).T, np.sum(s)


@composes(linalg.pinvh)
def pinvh(a, *, lower=True):
    return np.linalg.pinv(mirrored(a, lower))


# --- Made of vectors or blocks -------------------------------------------------------


def alone(a, rank):
    """A vector or matrix; of a stack SciPy's function has a result for each."""
    if np.ndim(a) != rank:
        raise NotImplementedError(
            "this function of scipy.linalg is not followed for stacks",
            "call it for each: np.stack([f(m) for m in a])",
        )
    return a


@composes(linalg.block_diag)
def block_diag(*arrs):
    blocks = [alone(np.atleast_2d(a), 2) for a in arrs]
    width = sum([b.shape[1] for b in blocks])
    rows, before = [], 0
    for b in blocks:
        after = width - before - b.shape[1]
        rows = [*rows, np.pad(b, ((0, 0), (before, after)))]
        before = before + b.shape[1]
    return np.concatenate(rows)


@composes(linalg.toeplitz)
def toeplitz(c, r=None):
    c = alone(c, 1)
    r = c if r is None else alone(r, 1)
    k = np.arange(c.shape[0])[:, None] - np.arange(r.shape[0])
    return np.concatenate((c, r[:0:-1]))[k]


@composes(linalg.circulant)
def circulant(c):
    c = alone(c, 1)
    n = c.shape[-1]
    k = np.arange(n)[:, None] - np.arange(n)
    return c[k % n]


@composes(linalg.companion)
def companion(a):
    a = alone(a, 1)
    if len(a) < 2:
        raise ValueError("The length of `a` must be at least 2.")
    if a[0] == 0.0:
        raise ValueError("The first coefficient in `a` must not be zero.")
    below = np.eye(len(a) - 2, len(a) - 1, dtype=a.dtype)
    return np.concatenate(((-a[1:] / a[0])[None], below))


@composes(linalg.convolution_matrix)
def convolution_matrix(a, n, mode="full"):
    a = alone(a, 1)
    m = len(a)
    if m == 0:
        raise ValueError("len(a) must be at least 1.")
    if n < 1:
        raise ValueError("n must be a positive integer.")
    k = np.arange(m + n - 1)[:, None] - np.arange(n)
    whole = np.where((k >= 0) & (k < m), a[np.clip(k, 0, m - 1)], 0.0)
    if mode == "full":
        return whole
    short = min(m, n)
    first = short - 1 if mode == "valid" else (short - 1) // 2
    count = max(m, n) - short + 1 if mode == "valid" else max(m, n)
    return whole[first : first + count]


@composes(linalg.hilbert)
def hilbert(n):
    return 1.0 / (np.arange(n)[:, None] + np.arange(n) + 1)


@composes(linalg.hankel)
def hankel(c, r=None):
    c = alone(c, 1)
    r = np.zeros_like(c) if r is None else alone(r, 1)
    k = np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])
    return np.concatenate((c, r[1:]))[k]


@composes(linalg.solve_banded)
def solve_banded(
    l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True
):
    below, above = l_and_u
    n = alone(ab, 2).shape[1]
    if below + above + 1 != ab.shape[0]:
        raise ValueError(
            f"invalid values for the number of lower and upper diagonals: "
            f"l+u+1 ({below + above + 1}) does not equal ab.shape[0] ({ab.shape[0]})"
        )
    i, j = np.arange(n)[:, None], np.arange(n)
    inside = (i - j <= below) & (j - i <= above)
    band = ab[np.clip(above + i - j, 0, below + above), j]
    return np.linalg.solve(np.where(inside, band, 0.0), b)


@composes(linalg.solveh_banded)
def solveh_banded(
    ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True
):
    ab = alone(ab, 2)
    width, n = ab.shape
    i, j = np.arange(n)[:, None], np.arange(n)
    apart = np.abs(i - j)
    row = np.minimum(apart, width - 1)
    if lower:
        band = ab[row, np.minimum(i, j)]
    else:
        band = ab[width - 1 - row, np.maximum(i, j)]
    return np.linalg.solve(np.where(apart < width, band, 0.0), b)


@composes(linalg.khatri_rao)
def khatri_rao(a, b):
    products = alone(a, 2)[:, None, :] * alone(b, 2)[None, :, :]
    return products.reshape((a.shape[0] * b.shape[0], a.shape[1]))


@composes(linalg.solve_sylvester)
def solve_sylvester(a, b, q):
    m, n = alone(a, 2).shape[0], alone(b, 2).shape[0]
    matrix = np.kron(a, np.eye(n)) + np.kron(np.eye(m), b.T)
    return np.linalg.solve(matrix, q.reshape(m * n)).reshape((m, n))


@composes(linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a, q):
    return linalg.solve_sylvester(alone(a, 2), a.T, q)


@composes(linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a, q):
    n = alone(a, 2).shape[0]
    matrix = np.eye(n * n) - np.kron(a, a)
    return np.linalg.solve(matrix, q.reshape(n * n)).reshape((n, n))
