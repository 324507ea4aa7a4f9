"""Reductions and running sums.

In: calls with `axis` and `keepdims`. Out: applications of reducing primitives.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from adcompiler.frontend.bindings import NONE, Binding, TupleVal
from adcompiler.frontend.lower import composed
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.types import Array, Scalar
from adcompiler.library import linear
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


NAMES = ("sum", "prod", "mean", "max", "min", "any", "all")

FUNCTIONS: dict[Hashable, Handler] = {
    **{getattr(np, name): reduction(name) for name in NAMES},
    np.amax: reduction("max"),
    np.amin: reduction("min"),
    library.greatest: extremum("max"),
    linear.largest: extremum("size"),
    library.least: extremum("min"),
    np.argmax: position("argmax"),
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
