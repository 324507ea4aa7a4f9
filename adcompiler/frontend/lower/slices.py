"""Views of one array whose slices differ in the bounds they give: ``y[:2]``, ``y[2:]``.

In: two paths from an array to views of it. Out: one form for both, in which the bounds
that either leaves out are given.
Invariant: the bounds left out are 0 and the length of the axis; a step other than 1 is
the same known number in both.

    lo, hi = y[:2], y[2:]           # y[0:2], y[2:len(y)]
    for k in range(n):
        lo, hi = hi, lo             # y[a:b], y[c:d], and the bounds change places
"""

from __future__ import annotations

import ast
from itertools import zip_longest
from typing import Any

from adcompiler.frontend.bindings import ArrayRef, Step
from adcompiler.frontend.lower.context import Context
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Undef
from adcompiler.ir.types import NP_INT, PY_INT, Scalar, dims_of

Entry = Any  # as in `arrays`
Path = tuple[Step, ...]

ANY = Undef(Scalar("int64", "either"))
ONE = constant(1)
INTS = (PY_INT, NP_INT, Scalar("int64", "either"))


def common(left: Path, right: Path) -> tuple[Step, ...] | None:
    """The steps of both, with the operands that are the same, if there are such."""
    pairs = zip_longest(left, right)
    found = [a and b and _common(a, b) for a, b in pairs]
    steps = tuple(step for step in found if step is not None)
    return steps if len(steps) == len(found) else None


def _common(one: Step, other: Step) -> Step | None:
    if one.skeleton == other.skeleton:
        return one
    integers = all(a.type in INTS for a in (*one.operands, *other.operands))
    if {one.primitive, other.primitive} != {"load"} or not integers:
        return None
    left, right = _parts(one), _parts(other)
    entries: list[Entry] = []
    operands: list[Atom] = []
    for (a, own), (b, others) in zip_longest(left, right, fillvalue=("full", ())):
        if a == b:
            entries.append(a)
            operands += own
            continue
        if {a, b} & {"int", "new"}:
            return None
        step = _step(a, own)
        if step != _step(b, others) or not isinstance(step, Const) or step.value <= 0:
            return None
        entries.append(("slice", True, True, step != ONE))
        operands += [ANY, ANY] if step == ONE else [ANY, ANY, step]
    return Step("load", tuple(operands), (("index", tuple(entries)),))


def _step(entry: Entry, operands: tuple[Atom, ...]) -> Atom:
    return operands[-1] if entry != "full" and entry[3] else ONE


def _parts(step: Step) -> list[tuple[Entry, tuple[Atom, ...]]]:
    """The entries of a subscript, each with its operands."""
    found, given = [], list(step.operands)
    for entry in dict(step.params)["index"]:
        count = sum(entry[1:]) if isinstance(entry, tuple) else int(entry == "int")
        found.append((entry, tuple(given[:count])))
        del given[:count]
    return found


def explicit(ctx: Context, node: ast.AST, ref: ArrayRef, form: Path) -> Path:
    """The path of a view with the bounds that this form gives."""
    if [s.skeleton for s in ref.path] == [s.skeleton for s in form]:
        return ref.path
    found, base = [], ctx.contents(ref.location, node)
    for step, general in zip(ref.path, form, strict=True):
        if step.skeleton != general.skeleton:
            operands = tuple(_operands(ctx, node, base, step, general))
            found.append(Step("load", operands, general.params))
        else:
            found.append(step)
        if len(found) < len(form):
            base = ctx.step(base, step, node)
    return tuple(found)


def _operands(
    ctx: Context, node: ast.AST, base: Atom, step: Step, general: Step
) -> list[Atom]:
    """The operands of a subscript, with the bounds that it leaves out."""
    found, axis = list[Atom](), 0
    pairs = zip_longest(_parts(step), _parts(general), fillvalue=("full", ()))
    for (entry, own), (wanted, _) in pairs:
        if entry == wanted:
            found += own
        else:
            start, stop = (entry != "full" and bool(entry[k]) for k in (1, 2))
            found.append(own[0] if start else constant(0))
            found.append(own[int(start)] if stop else _length(ctx, node, base, axis))
            found += [_step(entry, own)] if wanted[3] else []
        axis += entry != "new"
    return found


def _length(ctx: Context, node: ast.AST, base: Atom, axis: int) -> Atom:
    length = dims_of(base.type)[axis]
    if isinstance(length, int):
        return constant(length)
    return ctx.emit(node, "shape", base, axis=axis)
