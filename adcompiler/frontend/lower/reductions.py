"""Reductions and running sums.

In: calls with `axis` and `keepdims`. Out: applications of reducing primitives.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import FunctionType

import numpy as np

from adcompiler.frontend.bindings import NONE, ArrayRef, Binding, Dyn, TupleVal
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.builder import constant
from adcompiler.ir.types import Array, Scalar
from adcompiler.library import linear, statistics
from adcompiler.library import reducing as library


def operand(call: Call, x: Binding) -> Binding:
    """The argument, a tuple as an array."""
    return call.array(x) if isinstance(x, TupleVal) else x


def reduction(name: str) -> Handler:
    """``np.sum(x, axis=..., keepdims=...)``."""

    def handle(call: Call) -> Binding:
        if call.kwargs.keys() & {"where", "initial"}:
            return composed.composed(library.SELECTIVE[name])(call)
        x, axis, keep = call.bind("a", axis=None, keepdims=None)
        x = operand(call, x)
        axes = call.axes(axis, call.rank(x))
        return reduced(call, name, x, axes, call.flag(keep, "keepdims"))

    return handle


def reduced(
    call: Call, name: str, x: Binding, axes: tuple[int, ...] | None, keep: bool
) -> Binding:
    """The reduction of a value over some of its axes."""
    return call.result(name, call.atom(x), axis=axes, keepdims=keep)


def extremum(name: str) -> Handler:
    """The extremum of elements that may be none: then what none exceeds; the maximum
    of sizes is then 0."""

    def handle(call: Call) -> Binding:
        x, axis, keep = call.bind("a", "axis", "keepdims")
        axes, flag = call.axes(axis, call.rank(x)), call.flag(keep, "keepdims")
        atom = call.atom(x)
        assert isinstance(atom.type, Scalar | Array)
        if name == "size":
            return call.result("max", atom, axis=axes, keepdims=flag, initial=0)
        none = np.zeros(0, atom.type.dtype)
        initial = library.lowest(none) if name == "max" else library.highest(none)
        return call.result(name, atom, axis=axes, keepdims=flag, initial=initial)

    return handle


def position(name: str) -> Handler:
    """``np.argmax(x, axis=...)``."""

    def handle(call: Call) -> Binding:
        x, axis, keep = call.bind("a", axis=None, keepdims=None)
        x = operand(call, x)
        where = None if axis == NONE else call.axis(axis, call.rank(x))
        kept = call.flag(keep, "keepdims")
        return call.result(name, call.atom(x), axis=where, keepdims=kept)

    return handle


def running(name: str) -> Handler:
    """``np.cumsum(x, axis=...)``."""

    def handle(call: Call) -> Binding:
        x, axis = call.bind("a", axis=None)
        x = operand(call, x)
        along = None if axis == NONE else call.axis(axis, call.rank(x))
        if along is None and call.rank(x) == 1:
            along = 0
        return call.result(name, call.atom(x), axis=along)

    return handle


def covariance(call: Call) -> Binding:
    """``np.cov(m)``, which is a number of one variable: of a matrix, too, of which it
    is known that it has one."""
    m, y, rowvar, *_ = call.bind(
        "m",
        y=None,
        rowvar=Dyn(constant(True)),
        bias=None,
        ddof=None,
        fweights=None,
        aweights=None,
    )
    found = call.array(m)
    lengths = found.type.dims if isinstance(found, ArrayRef) else ()
    one = len(lengths) == 2 and lengths[0 if call.flag(rowvar, "rowvar") else 1] == 1
    alone = one and y == NONE
    definition = statistics.cov_of_one if alone else statistics.cov
    assert isinstance(definition, FunctionType)
    return composed.composed(definition)(call)


NAMES = ("sum", "prod", "mean", "max", "min", "any", "all")

FUNCTIONS: dict[Hashable, Handler] = {
    **{getattr(np, name): reduction(name) for name in NAMES},
    np.amax: reduction("max"),
    np.amin: reduction("min"),
    library.greatest: extremum("max"),
    linear.largest: extremum("size"),
    library.least: extremum("min"),
    np.argmax: position("argmax"),
    np.cov: covariance,
    np.argmin: position("argmin"),
    np.cumsum: running("cumsum"),
    np.cumprod: running("cumprod"),
}

METHODS: dict[str, Handler] = {
    **{name: reduction(name) for name in NAMES},
    "argmax": position("argmax"),
    "argmin": position("argmin"),
    "cumsum": running("cumsum"),
    "cumprod": running("cumprod"),
}
