"""Calls of composed functions, with arguments for every definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import integrate, linalg, special, stats

from adcompiler.frontend import resolve

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
TRIDIAGONAL = np.triu(np.tril(SQUARE, 1), -1)
HALF = np.abs(array(3, 4)) + np.array([[0.0], [0.0], [6.0]])
BANDS = np.abs(array(3, 4)) + 2.0 * np.array([[0.0], [1.0], [0.0]]) + 1.0
INF = float("inf")
NORMS = [{"ord": p, "axis": 0} for p in (1, 2, 3, INF)]
MATRIX_NORMS = [
    {"ord": p, "keepdims": k}
    for p in ("fro", 1, -1, 2, -2, "nuc")
    for k in (False, True)
]
KINDS = (np.isscalar, np.iscomplexobj, np.isrealobj, np.iscomplex)
KEPT = {"keepdims": True}
SINGLE = array(3, 4, dtype="float32")
KNOTS = np.array([0.0, 0.5, 1.2, 2.0, 3.5])
ORDER = np.array([[0, 2], [1, 3], [2, 0]])


def scaled(line, by=2.0):
    """With a keyword."""
    return line * by


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
COUNTS = (
    (stats.bernoulli.logpmf, 0), (stats.bernoulli.pmf, 0), (stats.geom.logpmf, 1),
)  # fmt: skip
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
    *each(np.geomspace, (0.2, 3.0), {"num": 4}, {"num": 1}, {"num": 0}),
    *each(np.geomspace, (-0.2, -3.0), {"num": 4}, {"num": 3, "endpoint": False}),
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
    *each(np.digitize, (X, KNOTS[::-1]), {}, {"right": True}),
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
    *[Case(np.fill_diagonal, (array(*n), 2.0)) for n in ((3, 3, 3), (4, 2), (2, 4))],
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
    *each(np.lib.stride_tricks.sliding_window_view, (X, (2, 3)), {}, {"axis": (-1, 0)}),
    Case(
        np.lib.stride_tricks.sliding_window_view, (CUBE, (2, 2, 1)), {"axis": (2, 2, 0)}
    ),
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
    *each(np.unstack, (X,), {}, {"axis": 1}),
    Case(np.astype, (X, "float64")),
    *each(np.require, (X,), {}, {"requirements": "C"}),
    Case(np.require, (X, None, "F")),
    *each(np.angle, (X,), {}, {"deg": True}),
    *each(np.add.reduce, (X,), {"initial": 0.5}, {"axis": 1, "where": X > 0}),
    *each(np.maximum.reduce, (X,), {"initial": 0.5, "where": X > 0, "axis": None}),
    *each(np.logaddexp.reduce, (X,), {"initial": 0.5}, {"initial": 0, "where": X > 0}),
    *[Case(f, (np.stack([SPD, SPD + SQUARE]),)) for f in (linalg.cholesky,)],
    *each(
        linalg.solve_triangular,
        (np.stack([SQUARE, SPD]), array(2, 3, 1)),
        {"lower": True},
        {"trans": "T", "unit_diagonal": True},
    ),
    Case(np.dstack, ((0.5, 1.5),)),
    *[Case(np.block, (a,)) for a in (X, [[[SQUARE, SPD]], [[SPD, SQUARE]]])],
    *[Case(np.piecewise, (V, c, [-1.0, 2.0])) for c in (V < 0, [V < 0.5])],
    *[Case(np.put, (X, [0, -1, 6], v)) for v in (1.5, array(3))],
    Case(np.place, (X, X > 0, V[:2])),
    *[Case(np.interp, (x, KNOTS[:1], V[:1])) for x in (0.0, KNOTS, KNOTS - 1.0)],
    *[Case(np.interp, (x, KNOTS, V, -1.0, 2)) for x in (-0.5, 0.7, 4.0)],
    *each(np.quantile, (X, [0.2, 0.7]), {"axis": 1, "keepdims": True}, KEPT),
    *each(np.nanquantile, (HOLES, [0.23, 0.68]), {"axis": 1}, KEPT),
    Case(np.nanpercentile, (HOLES, [23.0, 68.0]), {"axis": 0, "keepdims": True}),
    *[Case(f, (SINGLE,), {"axis": 0}) for f in (np.median, np.nanmean, np.nanvar)],
    *[Case(f, (SINGLE, 0.3)) for f in (np.quantile, np.nanquantile)],
    *[Case(f, (X,), {"initial": 0.3, "where": X > 0}) for f in NAN[:4]],
    *[Case(f, (X,), {"axis": 1, "where": X > -1}) for f in NAN[4:]],
    *[Case(np.nan_to_num, (a,)) for a in (ORDER, ORDER > 0)],
    *[Case(np.correlate, (V[:2], v, "same")) for v in (array(3), array(6))],
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
    *[Case(linalg.lu, (a,)) for a in (SQUARE, X, X.T)],
    *each(linalg.lu, (X,), {"permute_l": True}, {"p_indices": True}),
    Case(linalg.lu_factor, (SQUARE,)),
    *[
        Case(linalg.lu_solve, ((SQUARE, np.array([2, 1, 2])), b, trans))
        for b in (array(3), array(3, 2))
        for trans in (0, 1)
    ],
    *each(linalg.norm, (X,), {}, {"axis": 0, "keepdims": True}),
    *each(linalg.svd, (X,), {"full_matrices": False}, {"compute_uv": False}),
    Case(linalg.qr, (X.T,), {"mode": "economic"}),
    *each(linalg.eigh, (SPD,), {"eigvals_only": True, "lower": False}),
    *each(linalg.eigh, (SPD,), {"eigvals_only": True}),
    *each(linalg.eigvalsh, (SPD,), {}, {"lower": False}),
    *[Case(np.poly, (a,)) for a in (V, SPD)],
    *[Case(np.polydiv, (a, V[:2])) for a in (V, V[:1])],
    *[Case(np.kaiser, (n, 2.5)) for n in (1, 4, 5)],
    *[Case(f, (X, X[0] * 0.83)) for f in (np.union1d, np.setdiff1d, np.setxor1d)],
    Case(np.unique_values, (X,)),
    *[Case(np.put, (X, [0, -1, 13], 1.5, mode)) for mode in ("wrap", "clip")],
    Case(np.put, (V, [0, 7], 1.5, "wrap")),
    Case(np.average, (CUBE, (2, 0)), {"weights": CUBE[:, 0].T ** 2}),
    Case(linalg.block_diag, (X, V, 2.5)),
    *[Case(f, (V,)) for f in (linalg.toeplitz, linalg.circulant, linalg.hankel)],
    *[Case(f, (V, array(3))) for f in (linalg.toeplitz, linalg.hankel)],
    *[Case(linalg.solve_banded, (w, BANDS, V[:4])) for w in ((1, 1), (2, 0), (0, 2))],
    *each(linalg.solveh_banded, (HALF, V[:4]), {}),
    *each(linalg.solveh_banded, (HALF[::-1], array(4, 2)), {"lower": True}),
    *[
        Case(linalg.solve, (SQUARE, V[:3]), {"assume_a": structure})
        for structure in ("lower triangular", "upper triangular")
    ],
    *each(linalg.solve, (SQUARE, V[:3]), {"assume_a": "gen", "transposed": True}),
    *[
        Case(linalg.solve, (TRIDIAGONAL, V[:3]), {"assume_a": structure})
        for structure in ("tridiagonal", "banded", "diagonal")
    ],
    *[Case(linalg.polar, (a, side)) for a in (X.T, X) for side in ("right", "left")],
    Case(linalg.orthogonal_procrustes, (X.T, X[::-1].T * 0.5 + X.T * X.T)),
    *each(linalg.pinvh, (SPD,), {}, {"lower": False}),
    *[Case(linalg.companion, (V,)), Case(linalg.hilbert, (3,))],
    *[
        Case(linalg.convolution_matrix, (V, n, m))
        for n in (3, 7)
        for m in ("full", "same", "valid")
    ],
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
    *each(np.apply_along_axis, (scaled, 1, X), {"by": 0.7}),
    *[
        Case(f, (X, 0.2, scale))
        for f in (stats.norm.cdf, stats.laplace.cdf, stats.norm.logsf)
        for scale in (1.3, V[:4] ** 2)
    ],
    *each(stats.poisson.cdf, (ORDER, 1.7), {}, {"loc": 1}),
    Case(special.gammasgn, (X * 3.0,)),
    *[Case(np.lexsort, (k,)) for k in ((V, V * V), (ORDER, ORDER[::-1]))],
    Case(np.lexsort, ((ORDER, ORDER[::-1]), 0)),
    *each(stats.binom.logpmf, (ORDER, 5, 0.3), {}, {"loc": -1}),
    *[Case(f, (ORDER % 2 + n, 0.3)) for f, n in COUNTS],
    *each(stats.zscore, (X,), {}, {"axis": 1, "ddof": 1}),
    *[Case(f, (X, 1)) for f in (stats.skew, stats.kurtosis)],
    *[c for f in (stats.gmean, stats.hmean) for c in each(f, (X * X,), *AXES[:2])],
    *each(stats.entropy, (X * X,), {}, {"base": 2.0, "axis": 1}, {"qk": X[::-1] ** 2}),
]
# At these a difference step leaves the values: equal ones, zeros, what is not a number.
ALONE = [
    *[c for f in NAN[5:] for c in each(f, (HOLES[:2],), {"ddof": 2, "axis": 0})],
    *[
        Case(f, (X, 0.2, scale))
        for f in (stats.norm.cdf, stats.expon.sf, stats.logistic.cdf)
        for scale in (-1.3, 0.0, np.array([1.2, -0.3, 0.0, 2.0]))
    ],
    *[Case(f, (X,)) for f in (stats.hmean, stats.gmean)],
    *[
        Case(f, (np.array([0.2, 0.5, 0.3]), np.array([1.2, 0.7, 2.0])))
        for f in (stats.dirichlet.logpdf, stats.dirichlet.pdf)
    ],
    Case(special.gammasgn, (np.array([0.0, -0.0, -1.0, -2.0, -2.5, INF]),)),
    *[Case(f, (X, V)) for f in (np.union1d, np.setdiff1d, np.setxor1d)],
    *[Case(f, (V, V[1:3])) for f in (np.setdiff1d, np.setxor1d, np.intersect1d)],
    *each(np.intersect1d, (V[1:], V[:3]), {"assume_unique": True}),
    Case(np.polymul, (np.array([0.0, 1.5, 0.5]), V)),
    *[Case(f, (X, "float32")) for f in (np.astype, np.require)],
    *[Case(np.linalg.norm, (np.zeros(n), INF)) for n in (0, (0, 3), (3, 0))],
    *[Case(np.linalg.norm, (ORDER, p)) for p in (1, 2, INF)],
    *[Case(f, (SINGLE,)) for f in (np.cov, np.corrcoef)],
    *[Case(np.pad, (ORDER, 1, mode)) for mode in ("mean", "median")],
    *[Case(f, (x,)) for f in KINDS for x in (X, 1.5)],
    *[Case(np.linalg.cond, (a, 1)) for a in (np.ones((3, 3)), 0.0 * SQUARE)],
    Case(np.linalg.cond, (np.stack([SQUARE, np.ones((3, 3))]), 1)),
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
            (stats.bernoulli.pmf, 0.3),
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
