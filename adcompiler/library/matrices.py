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
    if np.ndim(a) != 2:
        raise NotImplementedError("linalg.solve_triangular is supported for a matrix")
    if unit_diagonal:
        strict = np.tril(a, -1) if lower else np.triu(a, 1)
        triangle = strict + np.eye(a.shape[0], dtype=a.dtype)
    else:
        triangle = np.tril(a) if lower else np.triu(a)
    if trans in (0, "N"):
        return np.linalg.solve(triangle, b)
    return np.linalg.solve(triangle.T, b)


@composes(linalg.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    if np.ndim(a) != 2:
        raise NotImplementedError("linalg.cholesky is supported for a matrix")
    return np.linalg.cholesky(a) if lower else np.linalg.cholesky(a.T).T


@composes(linalg.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The factor, beside what the other triangle holds."""
    if np.ndim(a) != 2:
        raise NotImplementedError("linalg.cho_factor is supported for a matrix")
    if lower:
        return np.linalg.cholesky(a) + np.triu(a, 1), True
    return np.linalg.cholesky(a.T).T + np.tril(a, -1), False


@composes(linalg.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    c, lower = c_and_lower
    factor = np.tril(c) if lower else np.triu(c).T
    return np.linalg.solve(factor.T, np.linalg.solve(factor, b))
