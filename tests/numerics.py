"""Reference derivatives of plain Python functions, and the comparison with them.

In comes an ordinary Python function of floats and NumPy arrays; out come its Jacobian
and its Hessian-vector products in float64, each entry with an error estimate. The
function runs as plain Python; nothing here knows the compiler.

Two methods, each checked by the other:

- *Complex step* (Squire & Trapp, 1998): ``imag(f(x + ih)) / h`` has no cancellation
  and is right to rounding, for programs that are complex-analytic. ``abs``, ``max``,
  ``math.*`` and ``float`` are not: some raise, some return nonsense without a word. So
  the complex step is believed only where it agrees with the second method.
- *Richardson extrapolation* of central differences (Ridders, 1982), over a ladder of
  steps, with the error estimate of the extrapolation table.

Invariants: arguments are copied before every call, so that programs that write into
their arguments see the entry values each time; float32 arguments become float64.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

COMPLEX_STEP = 1e-30
COMPLEX_RTOL = 1e-11
RICHARDSON_RTOL = 1e-7
LADDER = tuple(0.02 / 1.6**k for k in range(10))
SECOND_LADDER = tuple(0.06 / 1.5**k for k in range(12))
NOT_ANALYTIC = (
    *(TypeError, ValueError, ArithmeticError, NotImplementedError),
    np.exceptions.ComplexWarning,
)


@dataclass(frozen=True)
class Reference:
    """A derivative, the estimated error of each entry, and how it was found."""

    value: np.ndarray
    error: np.ndarray
    method: str

    @property
    def rtol(self) -> float:
        return COMPLEX_RTOL if self.method == "complex" else RICHARDSON_RTOL

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Reference:
        """The reference after a linear map with nonnegative action on the error."""
        return Reference(change(self.value), np.abs(change(self.error)), self.method)


# --- arguments as vectors ---------------------------------------------------------


def is_differentiable(argument: Any) -> bool:
    """Whether an argument is differentiated by default: a float or a float array."""
    if isinstance(argument, (float, np.floating)):
        return True
    return isinstance(argument, np.ndarray) and argument.dtype.kind == "f"


def wrt_positions(fn: Callable, args: Sequence, wrt: Sequence | None) -> tuple:
    """Positions of the differentiated arguments; names are looked up in ``fn``."""
    if wrt is None:
        return tuple(k for k, a in enumerate(args) if is_differentiable(a))
    names = list(inspect.signature(fn).parameters)
    return tuple(names.index(w) if isinstance(w, str) else w for w in wrt)


def copy_argument(argument: Any) -> Any:
    return argument.copy(order="K") if isinstance(argument, np.ndarray) else argument


def copy_arguments(args: Sequence) -> tuple:
    """Fresh arguments for one call; an array given twice stays one array."""
    copies: dict[int, Any] = {}
    return tuple(copies.setdefault(id(a), copy_argument(a)) for a in args)


def flatten(value: Any) -> np.ndarray:
    """A result (float, array, or tuple of such) as one vector."""
    if value is None:
        return np.zeros(0)
    if isinstance(value, (tuple, list)):
        parts = [flatten(v) for v in value]
        return np.concatenate(parts) if parts else np.zeros(0)
    return np.asarray(value).ravel()


def unflatten(vector: np.ndarray, like: Any) -> Any:
    """The inverse of ``flatten``, in the structure and dtypes of ``like``."""
    value, used = _unflatten(vector, like)
    if used != len(vector):
        raise ValueError(f"{len(vector)} numbers for a structure of {used}")
    return value


def _unflatten(vector: np.ndarray, like: Any) -> tuple[Any, int]:
    if isinstance(like, (tuple, list)):
        parts, used = [], 0
        for element in like:
            part, count = _unflatten(vector[used:], element)
            parts.append(part)
            used += count
        return type(like)(parts), used
    shape, size = np.shape(like), int(np.size(like))
    piece = vector[:size].reshape(shape)
    if isinstance(like, np.ndarray):
        return piece.astype(_float_of(like.dtype)), size
    if isinstance(like, np.generic):
        return _float_of(like.dtype).type(piece[()]), size
    return float(piece[()]), size


def _float_of(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _wide(argument: Any, dtype: type) -> Any:
    """The argument in double precision, real or complex, of the same kind."""
    if isinstance(argument, np.ndarray):
        return argument.astype(dtype)
    if isinstance(argument, np.generic):
        return dtype(argument)
    # NumPy's complex numbers can be compared (by real part first), Python's cannot.
    return np.complex128(argument) if dtype is np.complex128 else float(argument)


def laid_out(value: Any) -> tuple:
    """An array's numbers in other memory: read-only, every other one and backwards; in
    Fortran's order; and a number repeated without memory of its own. Anything else
    stays."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return (value, value)
    wide = np.empty(tuple(2 * n for n in value.shape), value.dtype)
    every_other = wide[(slice(None, None, -2),) * value.ndim]
    every_other[...] = value
    every_other.flags.writeable = False
    return (every_other, np.array(value, order="F"))


def repeated(value: Any) -> Any:
    """An array's first row, as all its rows, without memory of their own."""
    if not isinstance(value, np.ndarray) or value.ndim < 2 or not value.size:
        return value
    return np.broadcast_to(value[:1], value.shape)


class FlatFunction:
    """``fn`` as a map from the vector of differentiated entries to a vector."""

    def __init__(self, fn: Callable, args: Sequence, wrt: Sequence | None = None):
        self.fn, self.args = fn, tuple(args)
        self.positions = wrt_positions(fn, args, wrt)
        starts = [self.args[p] for p in self.positions]
        self.start = flatten([_wide(a, np.float64) for a in starts]).astype(float)

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        args = list(copy_arguments(self.args))
        used, dtype = 0, vector.dtype.type
        for k, argument in enumerate(args):
            if k not in self.positions:
                if is_differentiable(argument):
                    args[k] = _wide(argument, np.float64)
                continue
            wide = _wide(argument, dtype)
            size = int(np.size(wide))
            piece = vector[used : used + size].reshape(np.shape(wide))
            if isinstance(wide, np.ndarray):
                wide[...] = piece
            else:
                wide = type(wide)(piece[()])
            args[k], used = wide, used + size
        with contextlib.redirect_stdout(io.StringIO()):
            return flatten(self.fn(*args))


# --- the two methods --------------------------------------------------------------


def complex_step(f: Callable, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The directional derivative by a complex step; raises where that is impossible."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        value = f(x + 1j * COMPLEX_STEP * direction)
    if not np.iscomplexobj(value):
        return np.zeros(value.shape)
    return np.imag(value) / COMPLEX_STEP


def richardson(f: Callable, x: np.ndarray, direction: np.ndarray):
    """(directional derivative, error estimate) from central differences."""

    def central(h: float) -> np.ndarray:
        return (f(x + h * direction) - f(x - h * direction)) / (2.0 * h)

    return extrapolate(central, LADDER)


def extrapolate(quotient: Callable[[float], np.ndarray], steps: Sequence[float]):
    """Ridders' table for a quotient even in ``h``, entry by entry.

    A step at which the function raises or is not finite (outside the domain) is left
    out of the table. Of all extrapolants the one with the least estimated error wins,
    for each entry on its own.
    """
    value = error = None
    previous: list = []
    previous_step = 0.0
    for step in steps:
        try:
            with np.errstate(all="ignore"):
                row = [np.asarray(quotient(step), dtype=float)]
        except ArithmeticError:
            continue
        except (ValueError, np.linalg.LinAlgError):
            continue
        if not np.all(np.isfinite(row[0])):
            continue
        if value is None:
            value, error = row[0], np.full(row[0].shape, np.inf)
        for k, left in enumerate(previous):
            ratio = (previous_step / step) ** (2 * (k + 1))
            row.append((ratio * row[k] - left) / (ratio - 1.0))
            guess = np.maximum(np.abs(row[k + 1] - row[k]), np.abs(row[k + 1] - left))
            better = guess < error
            value = np.where(better, row[k + 1], value)
            error = np.where(better, guess, error)
        previous, previous_step = row, step
    if value is None:
        raise ArithmeticError("the function is not finite at any step")
    floor = 4e-15 * np.maximum(1.0, np.abs(value)) / steps[len(steps) // 2]
    return value, np.maximum(error, floor)


# --- references -------------------------------------------------------------------


def reference_jacobian(
    fn: Callable, args: Sequence, wrt: Sequence | None = None
) -> Reference:
    """The Jacobian (results by differentiated entries), by the better method."""
    f = FlatFunction(fn, args, wrt)
    rows = f(f.start).size
    if f.start.size == 0:
        return Reference(np.zeros((rows, 0)), np.zeros((rows, 0)), "complex")
    directions = np.eye(f.start.size)
    pairs = [richardson(f, f.start, e) for e in directions]
    value = np.stack([p[0] for p in pairs], axis=1)
    error = np.stack([p[1] for p in pairs], axis=1)
    exact = _complex_columns(f, directions)
    if exact is not None and _confirms(exact, value, error):
        return Reference(exact, np.zeros_like(exact), "complex")
    return Reference(value, error, "richardson")


def _complex_columns(f: FlatFunction, directions: np.ndarray) -> np.ndarray | None:
    try:
        columns = [complex_step(f, f.start, e) for e in directions]
    except NOT_ANALYTIC:
        return None
    result = np.stack(columns, axis=1)
    return result if np.all(np.isfinite(result)) else None


def _confirms(exact: np.ndarray, value: np.ndarray, error: np.ndarray) -> bool:
    """Whether the complex step agrees with differences that are accurate themselves."""
    return exact.shape == value.shape and _agrees(exact, value, error, 1e-9)


def reference_gradient(
    fn: Callable, args: Sequence, wrt: Sequence | None = None
) -> Reference:
    """The gradient of a scalar function, all differentiated entries in one vector."""
    jacobian = reference_jacobian(fn, args, wrt)
    if jacobian.value.shape[0] != 1:
        raise ValueError(f"result has {jacobian.value.shape[0]} entries, not one")
    return jacobian.map(lambda matrix: matrix[0])


def reference_hvp(
    fn: Callable,
    args: Sequence,
    vector: np.ndarray,
    wrt: Sequence | None = None,
    weights: np.ndarray | None = None,
) -> Reference:
    """The Hessian of ``sum(weights * fn(*args))`` times ``vector``, flat.

    Where the complex step is right, its gradients are differenced along ``vector``;
    elsewhere mixed second differences are extrapolated.
    """
    f = FlatFunction(fn, args, wrt)
    x = f.start
    if weights is None:
        weights = np.ones(f(x).size)

    def scalar(point: np.ndarray) -> np.ndarray:
        return np.sum(weights * f(point))

    value, error = _mixed_differences(scalar, x, vector)
    exact = _differenced_gradients(scalar, x, vector)
    if exact is not None and _agrees(exact[0], value, error, 1e-6):
        return Reference(*exact, "richardson")
    return Reference(value, error, "richardson")


def _mixed_differences(scalar: Callable, x: np.ndarray, vector: np.ndarray):
    def entry(e: np.ndarray):
        def quotient(h: float) -> np.ndarray:
            a, b = h * e, h * vector
            corners = scalar(x + a + b) - scalar(x + a - b)
            return (corners - scalar(x - a + b) + scalar(x - a - b)) / (4.0 * h * h)

        return extrapolate(quotient, SECOND_LADDER)

    pairs = [entry(e) for e in np.eye(x.size)]
    value = np.array([float(p[0]) for p in pairs])
    scale = float(np.abs(scalar(x))) + 1.0
    return value, np.array([float(p[1]) for p in pairs]) + 1e-12 * scale


def _differenced_gradients(scalar: Callable, x: np.ndarray, vector: np.ndarray):
    def gradient(point: np.ndarray) -> np.ndarray:
        return np.array([float(complex_step(scalar, point, e)) for e in np.eye(x.size)])

    def quotient(h: float) -> np.ndarray:
        return (gradient(x + h * vector) - gradient(x - h * vector)) / (2.0 * h)

    try:
        gradient(x)
        return extrapolate(quotient, LADDER)
    except NOT_ANALYTIC:
        return None


def _agrees(
    exact: np.ndarray, value: np.ndarray, error: np.ndarray, rtol: float
) -> bool:
    scale = 1.0 + np.abs(value)
    close = np.abs(exact - value) <= 100.0 * error + rtol * scale
    return bool(np.all(close & (error <= 1e3 * rtol * scale)))


# --- comparisons ------------------------------------------------------------------


def assert_close(
    actual: Any,
    expected: Any,
    error_estimate: Any = 0.0,
    *,
    rtol: float = COMPLEX_RTOL,
    program: str = "",
    argument: str = "",
) -> None:
    """Compare entry by entry; NaN and infinities must sit in the same places.

    An entry may be off by ``rtol`` of the largest finite expected entry (at least of
    1e-3) or by ten error estimates, whichever is more. The message names program,
    argument, index and both numbers.
    """
    found = np.asarray(actual, dtype=float)
    wanted = np.asarray(expected, dtype=float)
    where = " ".join(part for part in (program, argument) if part) or "value"
    if found.shape != wanted.shape:
        raise AssertionError(f"{where}: shape {found.shape}, expected {wanted.shape}")
    errors = np.broadcast_to(np.asarray(error_estimate, dtype=float), wanted.shape)
    finite = wanted[np.isfinite(wanted)]
    scale = max(float(np.max(np.abs(finite))) if finite.size else 0.0, 1e-3)
    for index in np.ndindex(wanted.shape):
        a, b = float(found[index]), float(wanted[index])
        if not _entry_close(a, b, rtol * scale + 10.0 * float(errors[index])):
            raise AssertionError(
                f"{where}[{', '.join(map(str, index))}]: got {a!r}, expected {b!r}; "
                f"off by {abs(a - b):.3g}, rtol {rtol:g} of {scale:.3g}, "
                f"error estimate {float(errors[index]):.3g}"
            )


def _entry_close(a: float, b: float, allowed: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a == b
    return abs(a - b) <= allowed


def assert_matches(
    actual: np.ndarray,
    reference: Reference,
    *,
    program: str = "",
    argument: str = "",
    rtol: float | None = None,
) -> None:
    """Compare a flat derivative with its reference, at the reference's accuracy."""
    assert_close(
        actual,
        reference.value,
        reference.error,
        rtol=reference.rtol if rtol is None else rtol,
        program=program,
        argument=argument,
    )


def assert_dot_product(
    cotangent: np.ndarray,
    tangent_out: np.ndarray,
    gradient: np.ndarray,
    tangent_in: np.ndarray,
    *,
    program: str = "",
    rtol: float = 1e-12,
) -> None:
    """``<w, J v> == <J^T w, v>``, to rounding of the sums themselves."""
    forward = np.asarray(cotangent, float) * np.asarray(tangent_out, float)
    reverse = np.asarray(gradient, float) * np.asarray(tangent_in, float)
    left, right = float(np.sum(forward)), float(np.sum(reverse))
    size = float(np.sum(np.abs(forward)) + np.sum(np.abs(reverse)))
    if abs(left - right) > rtol * max(size, 1e-3):
        raise AssertionError(
            f"{program or 'dot product'}: <w, Jv> = {left!r}, <J'w, v> = {right!r}"
        )
