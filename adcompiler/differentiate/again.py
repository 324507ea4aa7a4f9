"""A derivative that is differentiated again multiplies by zeros that happen to be.

In: a function, which may be a gradient, and the parameters to differentiate. Out: the
same without masks that tell by its value whether a cotangent was used, of cotangents
that depend on these parameters.
Invariant: a mask ``y_bar != 0`` keeps the product with a factor that is infinite or nan
from being nan where nothing uses it. Where `y_bar` is used and happens to be zero, as
at a minimum, the product is zero as well, but its derivative ``y_bar_dot * partial`` is
not. So the product itself is asked: it is nan where a factor is infinite or nan, and
is left out there alone. Masks that are conditions of the program stay; where what is
asked for decides what runs, it is taken to be used.

    x_bar = where(y_bar != 0, part, 0)
        ->   x_bar = where(y_bar != 0 or not isnan(part), part, 0)
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

import numpy as np

from adcompiler.analysis.activity import varied
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    fresh_var,
)
from adcompiler.ir.types import Scalar
from adcompiler.ir.walk import all_stmts, map_regions, operands, regions, substitute

__all__ = ["all_used"]


def all_used(function: Function, wrt: tuple[int, ...]) -> Function:
    """The function without such masks; the same object where there are none."""
    if not any(map(_asks, all_stmts(function.region))):
        return function
    moving = varied(function.region, [function.params[k] for k in wrt])
    asking = _Asking(function.region, moving)
    region = asking.region(function.region)
    return replace(function, region=substitute(region, asking.known))


def _asks(stmt: Stmt) -> bool:
    """Whether a statement asks by its value whether a cotangent was used."""
    return isinstance(stmt, Let) and bool(stmt.param("cotangent"))


class _Asking:
    """The masks of a function that tell what was used, and what they are if all is:
    `whole` has that of each, `known` of those that are taken to be so."""

    def __init__(self, region: Region, moving: set[Var]) -> None:
        self.moving = moving
        self.whole: dict[Var, Atom] = {}
        self.known: dict[Var, Atom] = {}
        self.plain = not _decides(region, self._found(region))

    def _found(self, region: Region) -> set[Atom]:
        """What tells of varied cotangents, and what is made of it."""
        found: set[Atom] = set()
        before = -1
        while len(found) > before:
            before = len(found)
            for stmt in all_stmts(region):
                if isinstance(stmt, If):
                    found.update(stmt.results[k] for k in _told(stmt, found))
                elif isinstance(stmt, Let) and (
                    self._asks_of_varied(stmt)
                    or (_is_mask(stmt) and not found.isdisjoint(stmt.operands))
                ):
                    found.update(stmt.results)
        return found

    def _asks_of_varied(self, let: Let) -> bool:
        return _asks(let) and not self.moving.isdisjoint(let.operands)

    def region(self, region: Region) -> Region:
        body = (s for stmt in region.body for s in self.stmt(stmt))
        return replace(region, body=tuple(body))

    def stmt(self, stmt: Stmt) -> Iterable[Stmt]:
        if isinstance(stmt, If):
            return (self.branch(stmt),)
        if not isinstance(stmt, Let):
            return (map_regions(stmt, self.region),)
        if self._asks_of_varied(stmt):
            return self.asked(stmt)
        if self.whole.keys().isdisjoint(stmt.operands):
            return (stmt,)
        return self.masked(stmt) if _masks(stmt) else self.made(stmt)

    def branch(self, stmt: If) -> If:
        """A branch, which gives for its masks what they are if all is used, too."""
        stmt = replace(
            stmt, then=self.region(stmt.then), orelse=self.region(stmt.orelse)
        )
        told = _told(stmt, self.whole) if self.plain else []
        wholes = [fresh_var(stmt.results[k].type) for k in told]
        self.whole |= {stmt.results[k]: v for k, v in zip(told, wholes, strict=True)}

        def longer(arm: Region) -> Region:
            if not arm.falls:
                return arm
            more = (self._whole(arm.results[k]) for k in told)
            return replace(arm, results=(*arm.results, *more))

        then, orelse = longer(stmt.then), longer(stmt.orelse)
        results = (*stmt.results, *wholes)
        return replace(stmt, results=results, then=then, orelse=orelse)

    def asked(self, let: Let) -> Iterable[Stmt]:
        """What would hold if the cotangent were used; and what does."""
        used, result = let.primitive.name == "not_equal", let.result
        builder = Builder([], let.span, let.role)
        if isinstance(result.type, Scalar):
            python = result.type.kind != "numpy"
            whole: Atom = constant(used if python else np.bool_(used))
        else:
            name = "ones_like" if used else "zeros_like"
            whole = builder.apply(name, let.operands[0], dtype="bool")
        self.whole[result] = whole
        if not self.plain:
            self.known[result] = whole
            return builder.stmts
        return (*builder.stmts, replace(let, params=()))

    def made(self, let: Let) -> Iterable[Stmt]:
        """A mask made of others."""
        if not self.plain:
            return (let,)
        builder = Builder([], let.span, let.role)
        read = map(self._whole, let.operands)
        row, params = let.primitive.name, dict(let.params)
        self.whole[let.result] = builder.apply(row, *read, **params)
        return (let, *builder.stmts)

    def masked(self, let: Let) -> Iterable[Stmt]:
        """A product that a mask leaves out is left out where it is nan, too."""
        mask, product, nothing = let.operands
        if not self.plain:
            return (let,)
        builder = Builder([], let.span, let.role)
        number = builder.apply("logical_not", builder.apply("isnan", product))
        if not isinstance(whole := self._whole(mask), Const):
            number = builder.apply("logical_and", whole, number)
        either = builder.apply("logical_or", mask, number)
        return (*builder.stmts, replace(let, operands=(either, product, nothing)))

    def _whole(self, atom: Atom) -> Atom:
        return self.whole.get(atom, atom) if isinstance(atom, Var) else atom


def _is_mask(let: Let) -> bool:
    """Whether a statement gives bools."""
    return all(getattr(r.type, "dtype", "") == "bool" for r in let.results)


def _masks(let: Let) -> bool:
    """Whether a statement leaves out what a mask says."""
    if let.primitive.name != "where" or _is_mask(let):
        return False
    nothing = let.operands[2]
    return isinstance(nothing, Const) and nothing.value == 0


def _told(stmt: If, found: Container[Atom]) -> list[int]:
    """The results of a branch, bools, of which an arm gives what was found."""
    arms = [arm for arm in (stmt.then, stmt.orelse) if arm.falls]
    return [
        k
        for k, result in enumerate(stmt.results)
        if getattr(result.type, "dtype", "") == "bool"
        and any(arm.results[k] in found for arm in arms)
    ]


def _decides(region: Region, found: set[Atom]) -> bool:
    """Whether something else depends on what tells of cotangents than what it leaves
    out: what runs, or what loops carry."""
    if not found.isdisjoint(region.results):
        return True
    for stmt in all_stmts(region):
        read = operands(stmt)
        if isinstance(stmt, Let):
            left_out = _masks(stmt) and found.isdisjoint(read[1:])
            read = () if left_out or _is_mask(stmt) else read
        elif not isinstance(stmt, If):
            ends = (a for inner in regions(stmt) for a in inner.results)
            read = (*read, *ends)
        if not found.isdisjoint(read):
            return True
    return False
