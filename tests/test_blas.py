"""Products of matrices by the BLAS of NumPy, and by that of SciPy."""

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.execute.llvm import entry


def product(a, b):
    return np.sum(np.sin(a @ b) * (b.T @ a.T).T)


@pytest.mark.parametrize("library", ["_numpys_blas", "_scipys_blas"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_products_by_either_library(monkeypatch, library, dtype):
    routines = getattr(entry, library)()
    if not routines:
        pytest.skip("NumPy brings no BLAS along")
    monkeypatch.setattr(entry, "_blas", lambda: routines)
    rng = np.random.default_rng(3)
    a = rng.normal(size=(5, 4)).astype(dtype)
    b = rng.normal(size=(4, 7)).astype(dtype)
    found = ad.grad(product, backend="llvm")(a, b)
    expected = ad.grad(product, backend="numpy")(a, b)
    for mine, theirs in zip(found, expected, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-4 if dtype == "float32" else 1e-12)
