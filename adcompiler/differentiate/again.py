"""A derivative that is differentiated again multiplies by zeros that happen to be.

In: a function, which may be a gradient, and the parameters to differentiate. Out: the
same without the masks that tell by its value whether a cotangent was used, of
cotangents that depend on these parameters.
Invariant: a mask ``y_bar != 0`` keeps the product with a factor that is infinite or nan
from being nan where nothing uses it. Where `y_bar` is used and happens to be zero, as
at a minimum, the product is zero as well, but its derivative ``y_bar_dot * partial`` is
not. So the derivative of such a product is taken without the mask: it is right, or it
is nan where a factor is infinite or nan. Masks that are conditions of the program stay.

    x_bar = where(y_bar != 0, y_bar / (2 * y), 0)   ->   x_bar = y_bar / (2 * y)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adcompiler.analysis.activity import varied
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Atom, Function, Let, Region, Stmt, Var
from adcompiler.ir.types import Scalar
from adcompiler.ir.walk import all_stmts, map_regions, substitute

__all__ = ["all_used"]


def all_used(function: Function, wrt: tuple[int, ...]) -> Function:
    """The function without such masks; the same object where there are none."""
    if not any(map(_asks, all_stmts(function.region))):
        return function
    moving = varied(function.region, [function.params[k] for k in wrt])
    settled = _Settled(moving)
    region = settled.region(function.region)
    return replace(function, region=substitute(region, settled.known))


def _asks(stmt: Stmt) -> bool:
    """Whether a statement asks by its value whether a cotangent was used."""
    return isinstance(stmt, Let) and bool(stmt.param("cotangent"))


class _Settled:
    """What masks are that are known; those of arrays are made."""

    def __init__(self, moving: set[Var]) -> None:
        self.moving = moving
        self.known: dict[Var, Atom] = {}

    def region(self, region: Region) -> Region:
        body = (s for stmt in region.body for s in self.stmt(stmt))
        return replace(region, body=tuple(body))

    def stmt(self, stmt: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(stmt, Let):
            return (map_regions(stmt, self.region),)
        if not _asks(stmt) or self.moving.isdisjoint(stmt.operands):
            return (stmt,)
        used, result = stmt.primitive.name == "not_equal", stmt.result
        if isinstance(result.type, Scalar):
            python = result.type.kind != "numpy"
            self.known[result] = constant(used if python else np.bool_(used))
            return ()
        builder = Builder([], stmt.span, stmt.role)
        name = "ones_like" if used else "zeros_like"
        self.known[result] = builder.apply(name, stmt.operands[0], dtype="bool")
        return tuple(builder.stmts)
