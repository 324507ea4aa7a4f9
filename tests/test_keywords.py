"""Arguments that many functions take alike, and arguments by position.

`SPELLED` has expressions of a matrix `x` and an array `y` of its shape; each is
compared with what it gives outside, and differentiated both ways.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.frontend.lower import handling, keywords, library
from adcompiler.library.registry import COMPOSED
from tests.programs import checks
from tests.programs.registry import Program

X = np.array([[0.3, -1.2, 0.8], [1.7, 0.45, -0.6]])

SPELLED = """\
np.sum(x, 0, float, None, True)
np.sum(x, axis=1, out=np.zeros(2))
np.sum(x, out=np.zeros(3), axis=0) * y[0]
np.sum(x, dtype=np.float64, where=x > 0)
x.mean(1, None, None, True)
x.mean(axis=0, dtype=float)
np.max(x, 0, None, True)
np.cumsum(x, 1, float)
np.cumsum(x, axis=0, out=y)
np.cumprod(x, axis=0, out=y[:]) + y
np.add(x, y, out=y) * y
np.add(x, y, y)
np.multiply(x, y, out=y[:, :1] * y)
np.exp(x, out=np.empty_like(x))
np.sqrt(x, out=np.zeros_like(x), where=x > 0)
np.divide(x, y, out=np.zeros_like(x), where=y != 0)
np.log(x, where=x > 0, out=y) + y
np.add(1.0, x[0, 0], out=y[0]) * y
np.hypot(x, 1, dtype=float)
np.clip(x, -0.5, 0.9, y) * y
np.clip(x, -0.5, 0.9, out=y[:])
x.clip(-0.5, out=y)
np.dot(x, x.T, out=np.zeros((2, 2)))
np.matmul(x, x.T, np.zeros((2, 2)))
np.maximum(x, 0, out=x)
np.eye(2, 3, 1) * x
np.eye(3, k=-1, dtype=np.float64) * x[0]
np.zeros(3, order="C") + x
np.zeros((2, 3), float, "F").ravel() + x.ravel()
np.full_like(x, 2.0, float, order="K") * x
x.copy(order="F").T * y.T
x.astype(float, copy=False)
np.concatenate([x, y], axis=0, dtype=float)
np.concatenate((x, y), out=np.zeros((4, 3)))
np.stack((x, y), 1, out=np.zeros((2, 2, 3)))
np.take(x, [1, 0], 1, out=np.zeros((2, 2)))
np.round(x, 1, out=np.zeros_like(x)) * x
np.var(x, 0, None, None, 1)
np.var(x, where=x > 0)
np.var(x, axis=0, where=x > -2, ddof=1)
np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True))
np.std(x, correction=1)
x.std(1, float, None, 1, keepdims=True)
np.trace(x, 1, dtype=float)
np.median(x, 0, keepdims=True)
np.linspace(0.0, x[0, 0], 5, False)[1] * x
np.linspace(x[0], x[1], 4) * x[0]
np.linspace(x[0], y[1], 4, endpoint=False, axis=1)
np.linspace(0.0, x[0, 0], 5, retstep=True)[1] * x
np.linspace(0, 1, 3, dtype=float) * x
np.logspace(0.0, x[0, 0], 3, False, 2.0) * x
np.geomspace(0.5, y[0, 0] ** 2 + 1, 3, endpoint=False) * x
np.nan_to_num(x, True, 1.0)
np.average(x, 0, y * y, True)[1] * x
np.average(x, 1, returned=True)[1] * x[:, 0]
np.vectorize(lambda v: v * v if v > 0 else 0, otypes=[float])(x)
np.vectorize(lambda v, w: v * w, [float])(x, y[0])
np.r_[x[0], 1.5, y[1], 0:3]
np.r_[x, y]
np.c_[x[0], y[1]]
np.mgrid[0:2, 0:3][1] * x
np.ogrid[1:3, 0:3][0] * x
np.mgrid[0:3] * x
x[np.s_[:, 1:]]
x[np.nonzero(x > 0)]
x[np.where(x > 0)]
x[np.where(x[:, 0] > 0)[0], 1]
x[x[:, 0].nonzero()]
x[np.ix_([0, 1], [2, 0])]
np.take(x, 1, axis=1) * y[:, 0]
np.take(x, [0, 5])
np.take(x, [0, 7], mode="wrap", axis=1)
np.take(x, [-3, 7], 1, mode="clip")
np.reshape(x, (3, 2), order="F")
x.reshape(3, 2, order="F") * np.ravel(y, "F").reshape((3, 2))
x.flatten("F")
np.moveaxis(x[None], (0, 1), (-1, -2))
np.concatenate((x, y[0:1]), axis=None)
np.vstack((x, y[0]))
np.hstack((x[0], 1.5, y[1]))
np.pad(x, ((1, 2), (0, 1)), constant_values=((1.5, 2.5), (0.0, 3.5)))
np.pad(x[0], (1, 2), constant_values=(1.5, y[0, 0]))
np.partition(x, 1, axis=1)
np.repeat(x, [2, 0, 1], axis=1)
np.outer(x, y)
np.vdot(x, y) * x
np.array(x, copy=True, ndmin=3)
x.item(4) * y.item((1, 1)) * y.item(0, 2)
np.finfo(float).eps * 1e16 * x
np.finfo(np.float32).max * 1e-38 * x
np.array(x[0].tolist()) * y
x.compress([True, False, True], axis=1)
np.bitwise_and(x > 0, ~np.invert(y > 0)) * x
np.real(x) * x.conj()
np.searchsorted(x[0], 0.5, sorter=np.argsort(x[0])) * x
np.percentile(x, [20, 40], axis=1, method="higher")
np.linalg.cholesky(x @ x.T + np.eye(2), upper=True)
np.interp(x, [-2, 0, 2], [y[0, 0], 2.0, 3.0])
np.average(x, weights=[1.0, 2.0, 3.0], axis=1)
np.sum(x, axis=(0, -1), where=x > 0)
np.maximum.reduce([x, y, x * y])
np.add.reduce(x, axis=(0, 1))
np.add.outer([1.0, 2.0], x[0])
np.tensordot([[x[0, 0], 1.0]], x, axes=1)
np.tensordot(x, y, axes=([0, 1], [0, 1]))
np.gradient([x[0, 0], 1.0, y[0, 0]], [0.0, 1.0, 3.0])
np.subtract(*np.percentile(x, [75, 25]))
np.unravel_index([1, 4], (2, 3))[0] * x[0, :2]
np.block([[x, y], [y, x]])
np.select([x > 1, x > 0], [x, 2.0], 0.5)
np.vander([x[0, 0], 2.0], 3)
np.fliplr([[x[0, 0], 1.0], [2.0, y[0, 0]]])
np.linalg.matrix_power([[x[0, 0], 1.0], [2.0, y[0, 0]]], 3)
np.polyfit([0, 1, 2], [x[0, 0], y[0, 0], 1.0], 1)
np.rot90([[x[0, 0], x[0, 1], x[0, 2]], [y[0, 0], y[0, 1], y[0, 2]]], k=4)
x / np.linalg.norm(x, axis=1)[:, None]
x.std(axis=-1, ddof=1, keepdims=True)
x[np.abs(x) > 0.5].mean()
np.einsum('ij,kj->ik', x, y)
np.arctanh(x / 2, out=np.zeros_like(x), where=abs(x) < 1.5)
""".splitlines()

REFUSED = """\
np.sqrt(x, where=x > 0)
np.add(x, 1.5, dtype=int)
np.add(x, 1.0, out=np.zeros((2, 3), int))
np.exp(x, out=1.0)
np.vectorize(lambda v: 0 if v < 0 else v)(x)
np.apply_along_axis(lambda r: 0 if r[0] < 0 else r[0], 1, x) * y[:, 0]
np.exp(x, out=(y, y))
np.zeros(3, order="Q") + x
np.sum(x, 0, float, None, True, 0.0, x > 0, 1)
np.add(x, y, casting="no")
np.zeros(3, x[0, 0])
""".splitlines()


def scope_of(text: str) -> Program:
    source = f"def program(x, y):\n    z = {text}\n    return np.sum(z * z * 0.5 + z)\n"
    name = f"<keywords {text}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    scope: dict[str, Any] = {"np": np}
    exec(compile(source, name, "exec"), scope)
    return Program(text, scope["program"], lambda _: (X.copy(), np.cos(X) + 0.2))


@pytest.mark.parametrize("text", SPELLED)
def test_it_is_differentiated(text):
    row = scope_of(text)
    checks.check_value(row)
    checks.check_reverse(row)
    checks.check_forward(row)
    checks.check_second_order(row)


@pytest.mark.parametrize("text", REFUSED)
def test_it_is_refused_at_its_line(text):
    row = scope_of(text)
    with pytest.raises(ad.UnsupportedError) as info:
        ad.grad(row.fn)(*row.args())
    assert info.value.lineno == 2


# --- By position ----------------------------------------------------------------------


# Parameters that NumPy takes by position alone, and calls otherwise.
OTHER_NAMES = {
    (np.empty_like, "a"),
    (np.arange, "start"),
    (np.linspace, "dtype"),
}


class Bound(Exception):
    """The parameters that a handler asks for, in its order."""


class Asking(handling.Call):
    """A call that says which parameters it is asked for."""

    def bind(self, *required: str, **optional: Any) -> list[Any]:
        raise Bound((*required, *optional))


def asked_for(function: Any) -> tuple[str, ...] | None:
    """The parameters of a handler or definition, in its order; None if unknown."""
    definition = COMPOSED.get(function)
    if function in library.FUNCTIONS:
        call = Asking(None, None, "np", [], {})  # type: ignore[arg-type]
        try:
            library.FUNCTIONS[function](call)
        except Bound as bound:
            return bound.args[0]
        except (IndexError, ValueError, AttributeError):  # it reads its arguments first
            return None
    spec = inspect.getfullargspec(definition)
    return tuple(spec.args)


def numpys(function: Any) -> list[str] | None:
    """The parameters of NumPy's function that may be given by position."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in found):
        return None
    places = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return [p.name for p in found if p.kind in places]


def of_numpy() -> Iterator[Any]:
    for function in (*library.FUNCTIONS, *COMPOSED):
        module = getattr(function, "__module__", None) or ""
        plain = callable(function) and not isinstance(function, type | np.ufunc)
        if plain and module.startswith("numpy"):
            yield function


@pytest.mark.parametrize("function", of_numpy(), ids=lambda f: f.__name__)
def test_arguments_have_numpys_places(function):
    """Those in front of what `keywords` takes; what follows comes by name."""
    ours, theirs = asked_for(function), numpys(function)
    if ours is None or theirs is None:
        return
    words = keywords.FUNCTIONS.get(function, tuple(theirs))
    common = (k for k, w in enumerate(words) if w in keywords.COMMON)
    first = next(common, len(words))
    if function.__name__ in keywords.MAKERS:
        first = len(theirs)
        theirs = [w for w in theirs if w not in ("order", "subok")]
    for mine, numpy in zip(ours, theirs[:first], strict=False):
        assert mine == numpy or (function, mine) in OTHER_NAMES, (ours, theirs)


@pytest.mark.parametrize("function", keywords.FUNCTIONS, ids=lambda f: f.__name__)
def test_the_table_is_numpys(function):
    theirs = numpys(function)
    if theirs is not None:
        words = list(keywords.FUNCTIONS[function])
        assert words[1 : len(theirs)] == theirs[1 : len(words)]
