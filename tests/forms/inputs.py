"""What the calls in this folder name: arrays of every kind, and a few numbers.

A name stands for the same values in every line. `s` is the number that is multiplied
where nothing else is differentiated.
"""

from __future__ import annotations

import numpy as np

_rng = np.random.default_rng(5)
_normal, _uniform = _rng.normal, _rng.random


def _spread(matrix: np.ndarray) -> np.ndarray:
    """With a diagonal that keeps it away from singular ones."""
    return matrix + 2 * np.eye(matrix.shape[-1])


_missing = _uniform((3, 4)) < 0.3
_symmetric = _spread(_normal(size=(3, 3)))
_symmetric = _symmetric @ _symmetric.T + np.eye(3)

INPUTS = {
    # Numbers, vectors, matrices, stacks
    "s": 1.3,
    "s2": 0.4,
    "D0": np.array(0.7),
    "v1": _normal(size=1),
    "U2": _normal(size=2),
    "v3": _normal(size=3),
    "u": _normal(size=4),
    "v": _normal(size=5) + 0.1,
    "W2": _normal(size=(3, 2)),
    "M": _normal(size=(3, 4)),
    "N": _normal(size=(4, 3)),
    "A3": _normal(size=(4, 3)),
    "Q": _spread(_normal(size=(3, 3))),
    "T": _normal(size=(2, 3, 4)),
    "R": _spread(_normal(size=(2, 3, 3))),
    "K4": _normal(size=(2, 2, 3, 2)),
    # Positive, symmetric, in order, with ties
    "p": np.abs(_normal(size=5)) + 0.3,
    "P": np.abs(_normal(size=(3, 4))) + 0.3,
    "PP": np.abs(_normal(size=(2, 3, 4))) + 0.3,
    "S": _symmetric,
    "RS": np.stack([_symmetric, _symmetric * 1.7 + np.eye(3)]),
    "srt": np.array([-2.0, -1.0, 0.2, 0.9, 2.5]),
    "tie": np.array([1.0, 2.0, 2.0, 0.0, 2.0]),
    "pq": np.array([0.1, 0.5, 0.75]),
    "pr": np.array([0.2, 0.3, 0.5]),
    # In another order, with gaps, empty
    "F": np.asfortranarray(_normal(size=(3, 4))),
    "G": _normal(size=(6, 8))[::2, ::-2],
    "E": np.zeros(0),
    "EM": np.zeros((0, 3)),
    # nan and infinities
    "vn": np.array([1.0, np.nan, -2.0, 0.5, 3.0]),
    "Mn": np.where(_missing, np.nan, _normal(size=(3, 4))),
    "vi": np.array([1.0, np.inf, -2.0, 0.5, -np.inf]),
    # Other dtypes
    "f4": np.abs(_normal(size=5)).astype(np.float32),
    "f4M": _normal(size=(3, 4)).astype(np.float32),
    "f16": np.array([0.5, 0.25, 2.0], dtype=np.float16),
    "i": np.array([0, 2, -1]),
    "i2": np.array([[0, 1], [2, 0]]),
    "ii": np.array([0, 2, 2, 1, 4]),
    "iv": np.array([3, 1, 2, 5, 4]),
    "iM": np.arange(12).reshape(3, 4) - 4,
    "i8": np.array([0, 2, 1], dtype=np.int8),
    "ib": np.array([100, -120, 127, -100], dtype=np.int8),
    "i32": np.array([0, 2, 1], dtype=np.int32),
    "f4i": np.array([1, 2, 3, 4, 5], dtype=np.int32),
    "u8": np.array([3, 2, 1], dtype=np.uint8),
    "ub": np.array([200, 201, 250, 251], dtype=np.uint8),
    "uM": np.array([[200, 3, 255], [1, 250, 4]], dtype=np.uint8),
    "w16": np.array([3, 2, 1], dtype=np.uint16),
    "w32": np.array([3, 2, 1], dtype=np.uint32),
    "w64": np.array([3, 2, 1], dtype=np.uint64),
    "b": np.array([True, False, True, True, False]),
    "b3": np.array([True, False, True]),
    "bM": (np.arange(12).reshape(3, 4) % 3) > 0,
    # Integers as arguments
    "k": 2,
    "km": -1,
    "k0": 0,
    "ax": np.int64(1),
    "ax0": np.int64(0),
    "i64": np.int64(2),
}
