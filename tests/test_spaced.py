"""Evenly spaced numbers are NumPy's to the bit, as decisions may hang on them."""

import numpy as np
import pytest

import adcompiler as ad

ENDS = {
    "python": (0.1, 0.7),
    "double": (np.float64(0.3), -1.9),
    "single": (np.float32(0.1), np.float32(0.7)),
    "mixed": (np.float32(0.1), 0.7),
    "bytes": (np.uint8(200), np.uint8(100)),
    "equal": (0.1, 0.1),
    "arrays": (np.array([0.1, -0.2]), np.array([[0.7], [1.3]])),
    "rank 0": (np.array(0.1), 0.7),
}
CALLS = {
    "plain": lambda a, b, n: np.linspace(a, b, n),
    "open": lambda a, b, n: np.linspace(a, b, n, endpoint=False),
    "whole": lambda a, b, n: np.linspace(a, b, n, dtype=np.int64),
    "single": lambda a, b, n: np.linspace(a, b, n, dtype=np.float32),
    "with the step": lambda a, b, n: np.linspace(a, b, n, retstep=True),
    "last axis": lambda a, b, n: np.linspace(a, b, n, axis=-1),
    "seven": lambda a, b, n: np.linspace(a, b, 7),
    "one": lambda a, b, n: np.linspace(a, b, 1),
    "known": lambda a, b, n: (np.linspace(0.1, 0.7, 7), np.linspace(0.0, 1.0, 50)),
    "powers": lambda a, b, n: np.logspace(a, b, n),
}


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("ends", ENDS)
def test_every_bit(ends, call, backend):
    spaced, (first, last) = CALLS[call], ENDS[ends]

    def program(x, a, b, n):
        return x, spaced(a, b, n)

    compiled = ad.differentiate(program, wrt="x", backend=backend)
    for n in (0, 1, 2, 7, 12):
        _, found = compiled(0.5, first, last, n)
        expected = spaced(first, last, n)
        pairs = zip(found, expected, strict=True)
        for mine, theirs in pairs if isinstance(found, tuple) else [(found, expected)]:
            assert np.asarray(mine).dtype == np.asarray(theirs).dtype
            np.testing.assert_array_equal(mine, theirs)
