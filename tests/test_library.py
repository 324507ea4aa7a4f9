"""Composed functions: each definition does what NumPy's own function does.

`CASES` has arguments for every definition; each is called as plain Python, against
NumPy, and differentiated as a part of a program, in both modes and twice.
"""

from __future__ import annotations

import copy
import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, linalg, special, stats

import adcompiler as ad
from adcompiler import library
from adcompiler.frontend import resolve
from adcompiler.library import definition_of
from adcompiler.library.applying import OF_UFUNCS
from adcompiler.library.distributions import OF_DISTRIBUTIONS
from adcompiler.library.reducing import SELECTIVE
from adcompiler.library.registry import COMPOSED
from tests.programs import checks
from tests.programs.registry import Program

RNG = np.random.default_rng(20260731)


def array(*shape: int, dtype: str = "float64") -> np.ndarray:
    """Numbers of either sign, all different."""
    size = int(np.prod(shape))
    ladder = np.linspace(0.3, 1.7, size) * RNG.choice([-1.0, 1.0], size)
    return RNG.permutation(ladder).reshape(shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """A call: the arguments, of which float arrays are differentiated."""

    function: Callable[..., Any]
    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        given = [shown(a) for a in self.args]
        given += [f"{k}={shown(v)}" for k, v in self.kwargs.items()]
        return "-".join([resolve.shown(self.function), *given]).replace(" ", "")


def shown(value: Any) -> str:
    """An argument in the name of a test: an array by its shape."""
    if isinstance(value, tuple | list):
        return f"({','.join(map(shown, value))})"
    if isinstance(value, np.ndarray):
        return str(value.shape)
    return resolve.shown(value) if callable(value) else str(value)


def dtype_of(value: Any) -> str:
    """The dtype of an argument, of a tuple that of its first item."""
    while isinstance(value, tuple | list):
        value = value[0]
    return str(np.asarray(value).dtype)


def each(function: Callable[..., Any], args: tuple, *choices: dict) -> list[Case]:
    """One case for each choice of keywords."""
    return [Case(function, args, kwargs) for kwargs in choices]


X, V = array(3, 4), array(5)
AXES: tuple[dict, ...] = ({}, {"axis": 0}, {"axis": -1, "keepdims": True})
NAN = (np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd)
SOFT = (special.softmax, special.log_softmax)
HOLES = np.where(np.max(X) == X, np.nan, X)
CUBE, TRIPLE = array(2, 3, 4), array(4, 3)
SQUARE = array(3, 3) + 2.0 * np.eye(3)
SPD = SQUARE @ SQUARE.T + np.eye(3)
BANDS = np.abs(array(3, 4)) + 2.0 * np.array([[0.0], [1.0], [0.0]]) + 1.0
INF = float("inf")
NORMS = [{"ord": p, "axis": 0} for p in (1, 2, 3, INF)]
MATRIX_NORMS = [
    {"ord": p, "keepdims": k}
    for p in ("fro", 1, -1, 2, -2, "nuc")
    for k in (False, True)
]
KNOTS = np.array([0.0, 0.5, 1.2, 2.0, 3.5])
ORDER = np.array([[0, 2], [1, 3], [2, 0]])
UFUNCS = (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp)
REDUCE = [f.reduce for f in UFUNCS]
ANY = (np.logical_and.reduce, np.logical_or.reduce)
OUTER = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum)
MODES = [{"mode": mode} for mode in ("full", "same", "valid")]
METHODS = (
    "lower", "higher", "nearest", "midpoint", "hazen", "weibull", "median_unbiased",
    "normal_unbiased",
)  # fmt: skip
IN_PLACE = (
    np.fill_diagonal, np.put_along_axis, np.copyto, np.putmask, np.place, np.put,
    np.subtract.at, np.multiply.at,
)  # fmt: skip
ROWS = {"axis": 0}
ANYWHERE = (
    stats.norm.logpdf, stats.norm.pdf, stats.norm.cdf, stats.norm.sf,
    stats.norm.logcdf, stats.norm.logsf, stats.cauchy.logpdf, stats.cauchy.cdf,
    stats.laplace.logpdf, stats.laplace.cdf, stats.logistic.logpdf, stats.logistic.cdf,
    stats.logistic.sf,
)  # fmt: skip
SHAPED = (
    stats.lognorm.logpdf, stats.lognorm.cdf, stats.gamma.logpdf, stats.invgamma.logpdf,
    stats.chi2.logpdf, stats.weibull_min.logpdf, stats.t.logpdf,
)  # fmt: skip
SHIFTS = (np.fft.fftshift, np.fft.ifftshift)
FREQUENCIES = (np.fft.fftfreq, np.fft.rfftfreq)
COUNTS = ((stats.bernoulli.logpmf, 0), (stats.geom.logpmf, 1))
SHARES = (
    (stats.gamma.cdf, 2), (stats.gamma.sf, 2), (stats.chi2.cdf, 3), (stats.chi2.sf, 3),
    (stats.t.cdf, 4), (stats.t.logcdf, 4), (stats.t.sf, 4), (stats.pareto.logpdf, 1.7),
)  # fmt: skip
CASES = [
    *[c for f in (np.var, np.std) for c in each(f, (X,), *AXES, {"axis": (0, 1)})],
    *[c for f in (np.var, np.std) for c in each(f, (X,), {"ddof": 1, "axis": 1})],
    *[Case(f, (array(3, 4, dtype="float32"),)) for f in (np.var, np.std)],
    Case(np.std, (V[::2],), {"ddof": 1}),
    *each(np.ptp, (X,), *AXES),
    *each(np.average, (X,), {}, {"axis": 0}, {"weights": X * X + 1.0}),
    *each(np.average, (X, 1), {"weights": array(4) ** 2}),
    *[c for f in NAN for c in each(f, (HOLES,), *AXES)],
    *[c for f in (np.nanvar, np.nanstd) for c in each(f, (HOLES,), {"ddof": 1})],
    *each(np.trapezoid, (X,), {}, {"dx": 0.5, "axis": 0}),
    Case(np.trapezoid, (V, np.cumsum(V * V))),
    Case(np.trapezoid, (X, np.cumsum(X * X, axis=1))),
    Case(np.polyval, (V, X)),
    Case(np.polyval, (V, 0.7)),
    *each(np.vander, (V,), {}, {"N": 3}, {"increasing": True}),
    *each(np.gradient, (X,), {"axis": 0}, {"axis": -1}),
    *[Case(np.gradient, args) for args in ((V,), (V, 0.3))],
    *[Case(np.inner, args) for args in ((V, V), (X, array(4)), (X, array(2, 4)))],
    Case(np.inner, (1.5, V)),
    *each(np.tensordot, (X, array(4, 2)), {"axes": 1}),
    *each(np.tensordot, (X, X * X), {}, {"axes": 0}, {"axes": ((0, 1), (0, 1))}),
    *each(np.tensordot, (CUBE, array(4, 2)), {"axes": ((2, 0), (0, 1))}, {"axes": 1}),
    Case(np.kron, (array(2, 3), array(3, 2))),
    *[Case(np.cross, args) for args in ((TRIPLE, X.T[:, :3]), (TRIPLE[0], TRIPLE))],
    *[Case(np.linalg.matrix_power, (SQUARE, n)) for n in (0, 1, 3, -2)],
    Case(np.linalg.multi_dot, ((X, X.T, X),)),
    *each(np.linalg.norm, (CUBE,), {"ord": "nuc", "axis": (2, 0), "keepdims": True}),
    *[Case(np.linalg.cond, (SQUARE, p)) for p in (None, 2, -2, "fro", 1, INF)],
    *each(
        linalg.solve_triangular,
        (SQUARE, array(3)),
        {},
        {"lower": True},
        {"trans": 1},
        {"unit_diagonal": True, "lower": True},
    ),
    *each(linalg.cholesky, (SQUARE @ SQUARE.T,), {}, {"lower": True}),
    *[Case(linalg.cho_solve, ((SQUARE, low), array(3, 2))) for low in (True, False)],
    *each(np.linalg.norm, (X,), *NORMS, *MATRIX_NORMS, *AXES),
    *each(np.linalg.norm, (V,), *[{"ord": p} for p in (0, 1, 2, 3, 0.5, INF, -INF)]),
    *each(special.logsumexp, (X,), *AXES, {"b": X * X, "axis": 0}),
    *[Case(f, (X,)) for f in (np.fliplr, np.flipud, np.trace, np.ediff1d)],
    *[Case(f, (x,)) for f in (np.atleast_1d, np.atleast_2d) for x in (1.5, V, X)],
    *each(np.rot90, (X,), {}, {"k": 2}, {"k": -1}, {"k": 4}),
    *each(np.rot90, (CUBE,), {"axes": (1, 2)}, {"k": 3, "axes": (0, 2)}),
    *[Case(np.append, args) for args in ((V, X), (V, V[:2]), (X, 2.5))],
    *each(np.append, (X, X[:1]), {"axis": 0}),
    Case(np.column_stack, ((V, X.T @ np.ones((3, 2)), V[:4])[1:],)),
    *[Case(np.dstack, ((a, a * a),)) for a in (V, X, CUBE)],
    Case(np.block, ([[X, X[:, :1]], [V[:4] * 1.0, V[4:]]],)),
    *[Case(np.hsplit, (a, 2)) for a in (X, V[:4])],
    *[Case(np.vsplit, (a, n)) for a, n in ((X, 3), (X, (1,)))],
    *each(np.split, (X, (1, 3)), {"axis": 1}),
    *each(np.tri, (3,), {}, {"M": 4, "k": -1}),
    Case(np.identity, (3,)),
    *each(np.logspace, (0.2, 1.3), {"num": 4}),
    *[c for c in each(np.meshgrid, (V, V[:2] * 2.0), {}, {"indexing": "ij"})],
    *each(np.trace, (X,), {"offset": 1}, {"offset": -2}),
    *each(np.trace, (CUBE,), {"axis1": 1, "axis2": 2}),
    *each(np.diff, (X,), {}, {"n": 2}, {"axis": 0}),
    *[c for f in (np.median,) for c in each(f, (X,), *AXES)],
    *[Case(np.median, (a,)) for a in (V, V[:4])],
    *each(np.percentile, (X, 30.0), *AXES),
    *each(np.quantile, (X, 0.8), *AXES),
    *[Case(np.interp, (x, KNOTS, V)) for x in (0.7, np.array([-1.0, 0.3, 2.2, 9.0]))],
    *each(np.interp, (np.array([-1.0, 9.0]), KNOTS, V), {"left": 0.5, "right": 1.5}),
    Case(np.select, ([X > 1.0, X > 0.0], [X * X, X])),
    *each(np.nan_to_num, (np.array([1.5, np.nan, -2.0]),), {}, {"nan": 2.0}),
    *[Case(f, (X, X + 1e-9)) for f in (np.isclose, np.allclose)],
    *each(np.isclose, (HOLES, HOLES), {"equal_nan": True}),
    *[Case(np.array_equal, (X, y)) for y in (X, X + 1, V)],
    *each(np.count_nonzero, (X > 0,), *AXES),
    Case(np.fill_diagonal, (X, 2.0)),
    Case(np.put_along_axis, (X, ORDER, X[:, :2], 1)),
    *[c for n in (2, 3, 7) for c in each(np.convolve, (V, array(n)), *MODES)],
    *[c for n in (2, 3, 7) for c in each(np.correlate, (V, array(n)), *MODES)],
    Case(np.correlate, (V, array(3))),
    *[Case(f, args) for f in (np.fmax, np.fmin) for args in ((X, 0.5), (HOLES, -X))],
    *[Case(np.atleast_3d, (x,)) for x in (V, X, CUBE)],
    *[Case(f, (X,)) for f in (np.matrix_transpose, np.linalg.matrix_transpose)],
    Case(np.matrix_transpose, (CUBE,)),
    *[Case(np.rollaxis, (CUBE, *args)) for args in ((2,), (0, 2), (-1, 1), (0, -1))],
    *[Case(np.array_split, (V, n)) for n in (1, 2, 3, (1, 4))],
    Case(np.dsplit, (CUBE, 2)),
    Case(np.broadcast_arrays, (X, array(4))),
    *each(np.diagflat, (X,), {}, {"k": 1}),
    *each(np.copyto, (X, X[0] * 2.0), {}, {"where": X > 0}),
    *each(np.geomspace, (0.2, 3.0), {"num": 4}),
    *each(np.cov, (X,), {}, {"rowvar": False}, {"bias": True}, {"ddof": 0}),
    Case(np.cov, (V,)),
    *each(np.corrcoef, (array(3, 6),), {}, {"rowvar": False}),
    *[Case(f, (X, X * X)) for f in (np.vecdot, np.linalg.vecdot)],
    Case(np.matvec, (CUBE, array(4))),
    Case(np.vecmat, (array(3), CUBE)),
    *each(np.linalg.vector_norm, (X,), {}, {"axis": 0, "ord": 1}, {"ord": 3}),
    *each(np.linalg.matrix_norm, (CUBE,), {}, {"keepdims": True, "ord": 1}),
    Case(np.linalg.outer, (V, V[:2])),
    Case(np.linalg.cross, (TRIPLE, TRIPLE * 0.3 + 1.0)),
    *[Case(f, (CUBE,)) for f in (np.linalg.trace, np.linalg.diagonal)],
    Case(np.linalg.matmul, (X, X.T)),
    *each(np.linalg.tensordot, (X, X), {}, {"axes": ((0,), (0,))}),
    *[Case(f, (HOLES,)) for f in (np.isposinf, np.isneginf)],
    *each(np.digitize, (X, KNOTS), {}, {"right": True}),
    Case(np.sinc, (np.array([-1.3, 0.4, 2.5]),)),
    *[Case(np.divmod, args) for args in ((X, 0.37), (X, V[:4]))],
    Case(np.modf, (X * 3.0,)),
    *[c for f in (np.nancumsum, np.nancumprod) for c in each(f, (HOLES,), {}, ROWS)],
    Case(np.piecewise, (V, [V < -0.5, V > 1.0], [-1.0, 2.0, 0.5])),
    *[c for f in REDUCE for c in each(f, (X,), *AXES, {"axis": None})],
    *[c for f in ANY for c in each(f, (X > 0.5,), {}, {"axis": 1})],
    *[c for f in (np.add, np.multiply) for c in each(f.accumulate, (X,), {}, ROWS)],
    *[Case(f.outer, (V, V[:2] ** 2 + 0.3)) for f in OUTER],
    Case(np.power.outer, (V * V, V[:2])),
    Case(np.add.outer, (X, V)),
    *[c for f in SOFT for c in each(f, (X,), {}, {"axis": 1}, {"axis": 0})],
    *[
        Case(np.pad, (X, widths, mode))
        for mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp")
        for widths in (1, (2, 0), ((0, 1), (5, 2)))
    ],
    *[Case(np.pad, (X, ((1, 2), (0, 1)), m)) for m in ("mean", "maximum", "minimum")],
    Case(np.pad, (V, 2, "median")),
    *each(
        np.pad, (X, 1), {"mode": "linear_ramp", "end_values": ((0.5, 1.5), (2.0, 2.5))}
    ),
    Case(np.pad, (X, (1, 2))),
    *[Case(f, (HOLES > 0,)) for f in (np.flatnonzero, np.argwhere)],
    Case(np.extract, (X > 0, X)),
    *[Case(np.compress, (X[0] > 0, X, 1)), Case(np.compress, (X[:, 0] > 9, X[0]))],
    *each(np.isin, (ORDER, [1, 2]), {}, {"invert": True}),
    Case(np.choose, (np.array([[0, 1, 0, 2]]), np.stack([X[:1], X[1:2], X[2:]]))),
    Case(np.choose, (np.array([0, 1, 0, 2]), V[:3])),
    Case(np.putmask, (X, X > 0, 1.5)),
    Case(np.place, (X, X > 0, 1.5)),
    Case(np.put, (V, [0, -1], 1.5)),
    *[Case(f, (3,)) for f in (np.tril_indices, np.triu_indices, np.diag_indices)],
    *[Case(f, (3, 1, 4)) for f in (np.tril_indices, np.triu_indices)],
    *[Case(f, (X,)) for f in (np.tril_indices_from, np.triu_indices_from)],
    Case(np.diag_indices_from, (SQUARE,)),
    Case(np.ix_, ([0, 2], np.array([1, 1, 3]), np.array([True, False, True]))),
    *each(np.indices, ((2, 3),), {}, {"sparse": True}),
    *each(np.meshgrid, (V, V[:2], V[:3]), {}, {"indexing": "ij"}, {"sparse": True}),
    *each(np.meshgrid, (V, V[:2] * 2.0), {"sparse": True, "indexing": "ij"}),
    Case(np.meshgrid, (V,)),
    Case(np.ravel_multi_index, ((ORDER, ORDER), (4, 5))),
    Case(np.unravel_index, (ORDER, (2, 3))),
    *[Case(special.yn, (n, X * X + 1.0)) for n in (0, 2)],
    *each(np.bincount, (np.array([0, 3, 1, 3]),), {}, {"minlength": 6}),
    *each(np.bincount, (np.array([0, 3, 1, 3]), V[:4]), {}, {"minlength": 6}),
    *[Case(np.unique, (x,)) for x in (X, ORDER)],
    *each(np.unique, (X,), {"return_inverse": True, "return_counts": True}),
    Case(np.unique, (X, True)),
    *each(np.histogram, (X,), {}, {"bins": 4}, {"bins": 3, "range": (-1.5, 1.5)}),
    *each(np.histogram, (X, KNOTS), {}, {"weights": X * X}, {"density": True}),
    *[Case(np.histogram_bin_edges, (X, bins)) for bins in (3, KNOTS)],
    *[Case(np.delete, (X, k, 0)) for k in (1, -1, [0, 2])],
    *[Case(np.delete, args) for args in ((V, 2), (X, [1, 3], 1), (X, slice(1, 3), 1))],
    *[Case(np.insert, args) for args in ((V, 2, 0.5), (X, 1, 0.5, 0), (V, -1, V[:2]))],
    *[Case(np.insert, (X, 4, X[:, 0], 1)), Case(np.insert, (X, 0, X[:2], 0))],
    Case(np.trim_zeros, (V,)),
    *[Case(np.resize, (X, shape)) for shape in ((4, 5), 3)],
    Case(np.polynomial.polynomial.polyval, (0.7, V)),
    *[Case(np.polyfit, (KNOTS, y, deg)) for y in (V, array(5, 2)) for deg in (1, 2)],
    *each(np.polyfit, (KNOTS, V, 1), {"w": V * V}),
    *[Case(f, (V, V[:3])) for f in (np.polyadd, np.polysub, np.polymul)],
    *[Case(f, (V, m)) for f in (np.polyder, np.polyint) for m in (1, 2)],
    Case(np.polyint, (V, 1, 0.5)),
    *[
        Case(f, (n,))
        for f in (np.hanning, np.hamming, np.blackman, np.bartlett)
        for n in (1, 4, 5)
    ],
    Case(np.apply_along_axis, (np.sum, 0, X)),
    Case(np.apply_along_axis, (np.cumsum, 1, X)),
    Case(np.apply_along_axis, (np.sort, 1, CUBE)),
    Case(np.apply_over_axes, (np.sum, CUBE, (0, 2))),
    Case(np.fromfunction, (np.hypot, (2, 3))),
    *each(np.gradient, (X,), {}, {"edge_order": 2}, {"axis": (0,)}),
    *[Case(np.gradient, args) for args in ((X, 0.5), (X, 0.5, KNOTS[:4] ** 2))],
    *each(np.gradient, (V, KNOTS), {}, {"edge_order": 2}),
    *each(np.gradient, (V, 0.5), {"edge_order": 2}),
    *each(np.diff, (X,), {"prepend": 0.5}, {"append": X[:1], "axis": 0}),
    *each(np.ediff1d, (V,), {"to_begin": 0.5, "to_end": V[:2]}),
    *each(np.unwrap, (V * 6.0,), {}, {"discont": 4.0}, {"period": 3.0}),
    Case(np.unwrap, (X * 6.0,)),
    Case(np.broadcast_shapes, ((3, 1), (4,))),
    Case(np.broadcast_arrays, (X, 2.5, array(4))),
    *[Case(np.cumulative_sum, (V,)), Case(np.cumulative_prod, (V,))],
    *each(np.cumulative_sum, (X,), {"axis": 1, "include_initial": True}),
    *each(np.cumulative_prod, (X,), {"axis": 0, "include_initial": True}),
    Case(np.lib.stride_tricks.sliding_window_view, (V, 3)),
    *each(np.lib.stride_tricks.sliding_window_view, (CUBE, 2), {"axis": 1}),
    Case(np.put_along_axis, (CUBE, np.array([[[1]], [[0]]]), 0.5, 1)),
    *[Case(np.kron, args) for args in ((V, V[:2]), (X, V[:2]), (CUBE, X))],
    *each(
        np.cross,
        (TRIPLE.T, TRIPLE.T * 0.3 + 1.0),
        {"axis": 0},
        {"axisa": 0, "axisb": 0},
    ),
    *each(np.linalg.cross, (TRIPLE.T, TRIPLE.T * 0.3 + 1.0), {"axis": 0}),
    *each(np.linalg.vector_norm, (X,), {"keepdims": True}),
    Case(np.linalg.svdvals, (X,)),
    *[Case(np.linalg.matrix_rank, (a,)) for a in (X, X[:1].T @ X[:1], CUBE)],
    Case(np.linalg.tensorsolve, (array(2, 3, 6), array(2, 3))),
    Case(np.linalg.tensorinv, (array(2, 3, 6),)),
    *each(np.cov, (X,), {"y": X * X}, {"aweights": np.array([1.0, 2.0, 0.5, 1.5])}),
    Case(np.cov, (V, V * V)),
    Case(np.corrcoef, (V, V * V)),
    *[Case(f, (X, [0.2, 0.7])) for f in (np.quantile,)],
    Case(np.percentile, (X, (20.0, 70.0), 1)),
    *each(
        np.quantile, (CUBE, 0.55), {"axis": (0, 2)}, {"axis": (1, 0), "keepdims": True}
    ),
    *[Case(np.quantile, (X, 0.3), {"method": m, "axis": 0}) for m in METHODS],
    *[c for f in (np.nanmedian,) for c in each(f, (HOLES,), *AXES)],
    *[Case(f, (HOLES, 0.3), {"axis": 1}) for f in (np.nanquantile, np.nanpercentile)],
    *each(np.interp, (X, KNOTS, V), {"period": 2.2}),
    *[Case(np.array_equiv, (X, y)) for y in (X, X[0])],
    *[Case(f, (X,)) for f in (np.signbit, np.isreal, np.imag)],
    Case(np.float_power, (X * X, 1.5)),
    *[c for f in (np.nanargmax, np.nanargmin) for c in each(f, (HOLES,), *AXES[:2])],
    *[Case(f.outer, (V, V[:2])) for f in (np.hypot, np.arctan2, np.less)],
    *[
        Case(f.accumulate, (X,), a)
        for f in (np.maximum, np.logaddexp)
        for a in ({}, ROWS)
    ],
    *each(np.subtract.reduce, (X,), {}, {"axis": 1, "keepdims": True}),
    Case(np.subtract.at, (V, [0, 1, 0], 0.5)),
    Case(np.multiply.at, (V, [0, 1, 0], V[:3])),
    *each(linalg.solve, (SPD, V[:3]), {}, {"assume_a": "pos"}),
    *each(linalg.solve, (SPD, X), {"assume_a": "sym", "lower": True}),
    *[Case(f, (SQUARE,)) for f in (linalg.inv, linalg.det, linalg.pinv)],
    *[Case(linalg.svdvals, (X,)), Case(linalg.norm, (X, 1))],
    *each(linalg.norm, (X,), {}, {"axis": 0, "keepdims": True}),
    *each(linalg.svd, (X,), {"full_matrices": False}, {"compute_uv": False}),
    Case(linalg.qr, (X.T,), {"mode": "economic"}),
    *each(linalg.eigh, (SPD,), {"eigvals_only": True, "lower": False}),
    *each(linalg.eigh, (SPD,), {"eigvals_only": True}),
    *each(linalg.eigvalsh, (SPD,), {}, {"lower": False}),
    Case(linalg.block_diag, (X, V, 2.5)),
    *[Case(f, (V,)) for f in (linalg.toeplitz, linalg.circulant, linalg.hankel)],
    *[Case(f, (V, array(3))) for f in (linalg.toeplitz, linalg.hankel)],
    *[Case(linalg.solve_banded, (w, BANDS, V[:4])) for w in ((1, 1), (2, 0), (0, 2))],
    Case(linalg.khatri_rao, (X, X[:2] * 0.5)),
    Case(linalg.solve_sylvester, (SPD, SQUARE[:2, :2], array(3, 2))),
    Case(linalg.solve_continuous_lyapunov, (SPD, array(3, 3))),
    Case(linalg.solve_discrete_lyapunov, (SQUARE * 0.2, array(3, 3))),
    *each(integrate.trapezoid, (X,), {}, {"dx": 0.5, "axis": 0}),
    *each(integrate.cumulative_trapezoid, (X,), {}, {"axis": 0}, {"initial": 0}),
    *each(integrate.cumulative_trapezoid, (V, KNOTS), {"initial": 0}),
    *each(integrate.simpson, (X,), {}, {"axis": 0}, {"dx": 0.5}),
    *[Case(integrate.simpson, (y, KNOTS[: len(y)])) for y in (V, V[:4], V[:2])],
    Case(special.multigammaln, (V * V + 2.0, 3)),
    *each(np.linalg.norm, (CUBE,), {"axis": (1, 2)}),
    *[c for f in SHIFTS for c in each(f, (X,), {}, {"axes": 1}, {"axes": (0, -1)})],
    *[c for f in FREQUENCIES for n in (4, 5) for c in each(f, (n,), {}, {"d": 0.5})],
    *[c for f in ANYWHERE for c in each(f, (X,), {}, {"loc": 0.2, "scale": 1.3})],
    *[Case(f, (X, V[:4], V[:4] ** 2)) for f in (stats.norm.pdf, stats.norm.logpdf)],
    *[Case(f, (X * X, 0.05, 1.3)) for f in (stats.expon.logpdf, stats.halfnorm.logpdf)],
    *[Case(f, (X, -0.1, 1.3)) for f in (stats.expon.cdf, stats.expon.sf)],
    *[Case(f, (X * X / 4.0,)) for f in (stats.uniform.cdf, stats.norm.ppf)],
    Case(stats.uniform.logpdf, (X * X, 0.05, 3.0)),
    *[c for f in SHAPED for c in each(f, (X * X, 1.7), {}, {"loc": -0.3})],
    *each(stats.beta.logpdf, (X * X / 4.0, 1.7, 2.2), {}, {"scale": 1.3}),
    *[Case(f, (X * X + 1.0, k)) for f, k in SHARES],
    Case(stats.beta.cdf, (X * X / 4.0, 2, 3)),
    *[Case(f, (ORDER, 1.7)) for f in (stats.poisson.logpmf, stats.poisson.pmf)],
    *each(stats.binom.logpmf, (ORDER, 5, 0.3), {}, {"loc": -1}),
    *[Case(f, (ORDER % 2 + n, 0.3)) for f, n in COUNTS],
    *each(stats.zscore, (X,), {}, {"axis": 1, "ddof": 1}),
    *[Case(f, (X, 1)) for f in (stats.skew, stats.kurtosis)],
    *[c for f in (stats.gmean, stats.hmean) for c in each(f, (X * X,), *AXES[:2])],
    *each(stats.entropy, (X * X,), {}, {"base": 2.0, "axis": 1}, {"qk": X[::-1] ** 2}),
]
# At these a difference step leaves the values: equal ones, zeros, what is not a number.
ALONE = [
    Case(stats.multivariate_normal.logpdf, (X[:, :3], V[:3], SPD)),
    *each(stats.multivariate_normal.pdf, (V[:3],), {"cov": SPD}),
    *each(stats.multivariate_normal.entropy, (), {"cov": SPD}),
    *[Case(f, (np.array([-0.5, 0.0, 1.0, 1.5]), 2, 3)) for f in (stats.beta.logpdf,)],
    *[
        Case(f, (np.array([-0.5, 0.0, 0.5, 1.0]), *k))
        for f, *k in (
            (stats.expon.logpdf,),
            (stats.expon.cdf,),
            (stats.gamma.logpdf, 2),
            (stats.chi2.cdf, 3),
            (stats.lognorm.logpdf, 0.5),
            (stats.pareto.pdf, 2),
            (stats.weibull_min.pdf, 1.5),
            (stats.invgamma.logpdf, 2),
            (stats.uniform.pdf,),
            (stats.halfnorm.pdf,),
            (stats.binom.pmf, 1, 0.3),
            (stats.poisson.pmf, 2.5),
            (stats.geom.pmf, 0.3),
        )  # fmt: skip
    ],
    *[Case(np.median, (HOLES,), kwargs) for kwargs in AXES],
    Case(np.unique, (HOLES,)),
    *each(np.unique, (np.round(X),), {"return_inverse": True, "return_counts": True}),
    Case(np.unique, (np.round(X), True)),
    Case(np.nan_to_num, (np.array([np.inf, 1.0, -np.inf], "float32"),)),
    Case(np.trim_zeros, (np.array([0.0, 0.0, 1.5, 0.0]),)),
    *each(np.polyfit, (KNOTS, V, 1), {"rcond": 1e-12}),
    *each(linalg.solve, (SQUARE, V[:3]), {"transposed": True}),
]


def test_every_definition_has_a_case():
    pair = {definition_of(linalg.cho_factor)}  # see the programs
    objects = (np.vectorize.__call__, np.r_, np.c_, np.mgrid, np.ogrid)
    pair |= set(map(definition_of, objects))  # see test_keywords
    cases = {definition_of(case.function) for case in CASES + ALONE} - {None}
    assert cases | pair == set(COMPOSED.values())


def outcome(function: Callable[..., Any], case: Case) -> list[np.ndarray]:
    """The results of a call; of one that stores into its argument, that."""
    args = copy.deepcopy(case.args)
    found = function(*args, **case.kwargs)
    if found is None:
        found = args[0]
    return list(found) if isinstance(found, tuple | list) else [found]


def by_definition(function: Callable[..., Any]) -> Callable[..., Any]:
    """The definition of a function, or of what all ufuncs or distributions have."""
    own = definition_of(function)
    if own is not None:
        return own
    common = {**OF_UFUNCS, **OF_DISTRIBUTIONS}
    return partial(common[function.__name__], function.__self__)


@pytest.mark.parametrize("case", CASES + ALONE, ids=str)
def test_the_definition_is_numpys(case):
    wanted = outcome(case.function, case)
    pairs = zip(outcome(by_definition(case.function), case), wanted, strict=True)
    for found, expected in pairs:
        if isinstance(found, tuple):
            assert found == expected
            continue
        single = np.asarray(expected).dtype == "float32"
        np.testing.assert_allclose(found, expected, rtol=1e-6 if single else 1e-13)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        assert np.shape(found) == np.shape(expected)


def argument(value: Any, name: str, values: dict[str, Any]) -> str:
    """An argument as it is written: arrays and floats are parameters, of this name."""
    if isinstance(value, tuple | list):
        parts = [argument(v, f"{name}_{k}", values) for k, v in enumerate(value)]
        text = ", ".join(parts)
        return f"[{text}]" if isinstance(value, list) else f"({text},)"
    if isinstance(value, np.ndarray) or (type(value) is float and value < 1e9):
        values[name] = value
        return name
    if callable(value):
        return resolve.shown(value)
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()})"
    return repr(value).replace("inf", "np.inf")


def called(case: Case, texts: list[str]) -> str:
    """The statements that give y, the results in one array."""
    call = f"{resolve.shown(case.function)}({', '.join(texts)})"
    if case.function in IN_PLACE:
        return f"y = a0 * 1.0\n    {call.replace('a0', 'y', 1)}"
    found = case.function(*copy.deepcopy(case.args), **case.kwargs)
    if isinstance(found, tuple | list):
        return f"y = np.concatenate([np.ravel(p) for p in {call}])"
    return f"y = {call}"


def in_lists(value: Any, name: str) -> str:
    """An array of this name as lists of its elements."""
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.dtype.kind != "f":
        return name

    def listed(index: tuple[int, ...]) -> str:
        if len(index) == value.ndim:
            return f"{name}[{', '.join(map(str, index))}]"
        parts = (listed((*index, k)) for k in range(value.shape[len(index)]))
        return f"[{', '.join(parts)}]"

    return listed(())


def program_of(case: Case, lists: bool = False) -> Program:
    """A program around the call, which gives every result a weight of its own."""
    values: dict[str, Any] = {}
    texts = [argument(a, f"a{k}", values) for k, a in enumerate(case.args)]
    if lists:
        texts = [in_lists(a, text) for a, text in zip(case.args, texts, strict=True)]
    texts += [f"{k}={argument(v, k, values)}" for k, v in case.kwargs.items()]
    text = f"""\
def program({", ".join(values)}):
    {called(case, texts)}
    return np.sum(y * y * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))
"""
    floats = tuple(k for k, v in values.items() if dtype_of(v) == "float64")
    name = f"<{case}{' of lists' if lists else ''}>"
    scope: dict[str, Any] = {"np": np, "special": special, "linalg": linalg}
    function = written(text, name, {**scope, "integrate": integrate, "stats": stats})
    return Program(str(case), function, lambda _: tuple(values.values()), floats)


def written(text: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function `program` of a text, which has a file of this name."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), scope)
    return scope["program"]


def is_double(case: Case) -> bool:
    """What is single is compared with NumPy alone: differences do not tell."""
    dtypes = set(map(dtype_of, case.args))
    return "float64" in dtypes and "float32" not in dtypes


@pytest.mark.parametrize("case", list(filter(is_double, CASES)), ids=str)
def test_it_is_differentiated(case):
    row = program_of(case)
    checks.check_value(row)
    checks.check_reverse(row)
    checks.check_forward(row)
    checks.check_second_order(row)
    checks.check_layouts(row)


def gradients(row: Program, args: tuple) -> tuple:
    """The gradients by all arrays of floats."""
    return checks.several(ad.grad(row.fn, wrt=row.wrt)(*args), len(row.wrt))


ONE_EACH = {case.function: case for case in filter(is_double, reversed(CASES))}
# Of these a path in float64 meets one in float32.
TWO_DTYPES = (np.polynomial.polynomial.polyval,)


@pytest.mark.parametrize(
    "case", [c for f, c in ONE_EACH.items() if f not in IN_PLACE], ids=str
)
def test_lists_are_taken_as_arrays(case):
    row, plain = program_of(case, lists=True), program_of(case)
    try:
        row.fn(*row.args())
    except (AttributeError, TypeError):
        pytest.skip("NumPy takes no lists")
    for one, other in zip(gradients(row, row.args()), gradients(plain, row.args())):
        np.testing.assert_allclose(one, other, 1e-11, 1e-11)


@pytest.mark.parametrize(
    "case", [c for f, c in ONE_EACH.items() if f not in TWO_DTYPES], ids=str
)
def test_it_is_differentiated_in_single_precision(case):
    row = program_of(case)
    args = tuple(
        a.astype("float32") if dtype_of(a) == "float64" and np.ndim(a) else a
        for a in row.args()
    )
    for one, other in zip(gradients(row, args), gradients(row, row.args())):
        assert np.shape(one) == np.shape(other)
        size = float(np.max(np.abs(other), initial=1.0))
        np.testing.assert_allclose(one, other, 2e-3, 2e-3 * size)


@pytest.mark.parametrize("name", SELECTIVE)
@pytest.mark.parametrize("axis", [None, 0])
def test_selective_reductions_are_numpys(name, axis):
    function, definition = getattr(np, name), SELECTIVE[name]
    starts = {"sum": 0.7, "prod": 0.7, "max": 0.1, "min": 0.1}
    for words in ({}, {"initial": starts[name]} if name in starts else {}):
        if name not in ("max", "min"):
            words = {**words, "where": X > 0}
        expected = function(X, axis=axis, **words)
        np.testing.assert_allclose(definition(X, axis=axis, **words), expected)


# Where functions have a kink or a cusp: docs/conventions.md.
ZEROS, LEVEL = np.zeros(3), np.full(3, 1.5)
KINKS: list[tuple[str, np.ndarray, Any]] = [
    *[(f"np.linalg.norm(x, {p})", ZEROS, 0.0) for p in (None, 1, 2, 3, 0.5, -1, 0)],
    *[(f"np.linalg.norm(x, {p}np.inf)", ZEROS, 0.0) for p in ("", "-")],
    *[(f"np.linalg.norm(x, {p})", np.array([0.0, 2.0]), g)
      for p, g in ((0.5, [0.0, 1.0]), (-1, [0.0, 0.0]), (3, [0.0, 1.0]))],
    ("np.linalg.norm(x, 'nuc')", np.eye(2), np.eye(2)),
    *[(f"np.{f}(x)", LEVEL, 0.0) for f in ("std", "var", "nanstd", "ptp")],
    ("np.std(x, ddof=1)", LEVEL, 0.0),
    ("np.std(x, ddof=1)", np.array([1.0]), np.nan),
    ("np.prod(x)", np.array([0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]),
    ("np.sum(np.cumprod(x))", np.array([2.0, 0.0, 3.0]), [1.0, 8.0, 0.0]),
    ("special.logsumexp(x)", np.array([-INF, 0.0, 0.0]), [0.0, 0.5, 0.5]),
    ("np.median(x)", np.array([1.0, 2.0, 2.0, 5.0]), [0.0, 0.5, 0.5, 0.0]),
    ("np.median(x)", LEVEL, [0.0, 1.0, 0.0]),
    ("np.sort(x)[0]", LEVEL, [1.0, 0.0, 0.0]),
    ("np.sum(np.nan_to_num(x))", np.array([np.nan, INF, 1.0]), [0.0, 0.0, 1.0]),
    ("np.maximum.accumulate(x)[-1]", np.array([1.0, 3.0, 3.0]), [0.0, 0.5, 0.5]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "x", "wanted"), KINKS, ids=str)
def test_kinks(call, x, wanted):
    scope: dict[str, Any] = {"np": np, "special": special}
    function = written(f"def program(x):\n    return {call}\n", f"<{call}>", scope)
    with np.errstate(all="ignore"):
        found = ad.grad(function)(x)
        _, tangent = ad.jvp(function)(
            (x,), (np.arange(1.0, x.size + 1).reshape(x.shape),)
        )
    np.testing.assert_allclose(found, np.broadcast_to(wanted, x.shape), 1e-12)
    steps = np.arange(1.0, x.size + 1).reshape(x.shape)
    np.testing.assert_allclose(tangent, np.sum(found * steps), 1e-12)


OF_EQUAL_VALUES = """\
w, v = np.linalg.eigh(x); y = (v * np.log(w)) @ v.T
v = np.linalg.eigh(x)[1]; y = (v * np.log(np.linalg.eigvalsh(x))) @ v.T
w, v = np.linalg.eigh(x - np.eye(2)); y = (v * w) @ v.T
u, s, vh = np.linalg.svd(x, full_matrices=False); y = (u * np.log(s)) @ vh
""".splitlines()


@pytest.mark.parametrize("text", OF_EQUAL_VALUES)
def test_what_vectors_of_equal_values_leave_open_is_nan(text):
    """The cotangents of the vectors are zero there, and that of the matrix is not."""
    last = "return np.sum(y * np.arange(4.0).reshape(2, 2))"
    source = f"def program(x):\n    {text}\n    {last}\n"
    function = written(source, f"<{text}>", {"np": np})
    assert np.isnan(ad.grad(function)(np.eye(2))).any()
    assert np.isnan(ad.jvp(function)((np.eye(2),), (np.ones((2, 2)),))[1])


def test_refusals_and_errors_are_at_the_users_line():
    def program(x):
        return np.var(x, axes=0)

    with pytest.raises(ad.UnsupportedError, match=r"no parameter 'axes'") as info:
        ad.grad(program)(X)
    assert "np.var(x, axes=0)" in str(info.value)
    assert info.value.span.filename == __file__


# A call for each `NotImplementedError` of the library, and the matrix `x` it is given.
UNSUPPORTED = (
    "np.block(((x, x), (x, x)))",
    "np.put_along_axis(x * 1.0, np.zeros((1, 1), int), 1.0, None)",
    "np.putmask(x, x > 0, x[0])",
    "np.place(x, x > 0, x[0])",
    "np.put(x, [0], 1.0)",
    "np.pad(x, 1, mode='empty')",
    "np.pad(x, 1, mode='mean', stat_length=1)",
    "np.histogram(x, bins='auto')[1]",
    "np.insert(x, [0, 1], 1.0, axis=0)",
    "np.polynomial.polynomial.polyval(x, x)",
    "np.polyfit(x[0], x[1], 1, cov=True)[0]",
    "np.r_['0,2', x]",
    "np.apply_along_axis(lambda r: float(r[0]), 1, x)",
    "np.lib.stride_tricks.sliding_window_view(x, (2, 2))",
    "np.linalg.matrix_rank(x, hermitian=True) * x",
    "np.linalg.tensorsolve(x[None], x[0], axes=(0,))",
    "np.cov(x, fweights=np.array([1, 2, 1]))",
    "np.nan_to_num(x, copy=False)",
    "np.quantile(x, [0.1, 0.2], keepdims=True)",
    "np.quantile(x, 0.3, method='inverted_cdf')",
    "np.nanquantile(x, [0.1, 0.2])",
    "linalg.solve_triangular(x[None], x[0])",
    "linalg.cholesky(x[None])",
    "linalg.cho_factor(x[None])[0]",
    "linalg.solve(x[None], x[0])",
    "linalg.eigh(x)[0]",
    "linalg.qr(x, mode='r')[0]",
    "linalg.eigvalsh(x, x)",
    "linalg.toeplitz(x)",
    "stats.multivariate_normal.logpdf(x[0], cov=2.0)",
    "stats.multivariate_normal.entropy(cov=2.0) * x",
    "stats.skew(x, bias=False)",
    "stats.kurtosis(x, bias=False)",
)


def test_each_call_that_is_not_implemented_has_a_row():
    folder = Path(library.__file__).parent
    raised = sum(
        p.read_text().count("NotImplementedError(") for p in folder.glob("*.py")
    )
    assert raised == len(UNSUPPORTED)


@pytest.mark.parametrize("call", UNSUPPORTED)
def test_what_is_not_implemented_is_refused_at_the_users_line(call):
    text, name = (
        f"def program(x):\n    return np.sum({call})\n",
        f"<unsupported {call}>",
    )
    function = written(text, name, {"np": np, "linalg": linalg, "stats": stats})
    with pytest.raises(ad.UnsupportedError) as info:
        ad.grad(function)(np.eye(3) + 0.1)
    assert (info.value.filename, info.value.lineno) == (name, 2)
