"""Unpacking: what is assigned to several targets, a starred one among them.

In: the binding of what is unpacked, and how many targets there are. Out: an item for
each. Invariant: of a length that is known at run time only it is checked there, with
Python's own errors.

    a, b = xs     ->     if len(xs) != 2: raise ValueError(...)
                         a, b = xs[0], xs[1]
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    ObjectRef,
    RangeVal,
    RecordVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    arrays,
    comparisons,
    comprehensions,
    expressions,
    iteration,
    lengths,
    listing,
    messages,
    sequences,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import describe
from adcompiler.ir.builder import constant
from adcompiler.library import lists as library


def items(
    ctx: Context, node: ast.AST, binding: Binding, count: int
) -> Sequence[Binding]:
    """The items of what is assigned to several targets."""
    binding = comprehensions.used_up(ctx, node, iteration.opened(ctx, node, binding))
    if isinstance(binding, ArrayRef):
        _check_count(ctx, node, binding, count)
        return [arrays.load(ctx, node, binding, Dyn(constant(k))) for k in range(count)]
    if isinstance(binding, ListRef):
        _check_length(ctx, node, listing.length(ctx, node, binding), count)
        return [listing.get(ctx, node, binding, Dyn(constant(k))) for k in range(count)]
    binding = sequences.as_tuple(ctx, node, binding)
    if not isinstance(binding, TupleVal):
        hint = "it is one value: assign it to one name"
        if isinstance(binding, RangeVal):
            hint = iteration.AS_LIST
        if isinstance(binding, ObjectRef | RecordVal):
            hint = "name each part: a, b = d['a'], d['b'], or p.a, p.b"
        ctx.refuse(node, f"{describe(binding)} cannot be unpacked", hint)
    if len(binding.items) != count:
        what = f"{len(binding.items)} values are unpacked into {count} names"
        hint = f"write {len(binding.items)} names, or a star: first, *rest = ..."
        ctx.refuse(node, what, hint)
    return binding.items


def items_around(
    ctx: Context, node: ast.AST, binding: Binding, star: int, count: int
) -> Sequence[Binding]:
    """The items where the target at `star` takes all that the others leave, a list."""
    binding = comprehensions.used_up(ctx, node, iteration.opened(ctx, node, binding))
    after = count - 1 - star
    if isinstance(binding, ListRef) or (
        isinstance(binding, ArrayRef)
        and binding.type.ndim > 0
        and not isinstance(binding.type.dims[0], int)
    ):
        return _at_run_time(ctx, node, binding, star, after)
    found = iteration.known_items(ctx, node, binding)
    if found is None:
        ctx.refuse(
            node,
            f"{describe(binding)} cannot be unpacked here",
            "write slices: first, rest = a[0], a[1:]",
        )
    if len(found) < count - 1:
        ctx.refuse(
            node,
            f"{len(found)} values are unpacked into {count - 1} names or more",
            f"write at most {len(found)} names besides the one with the star",
        )
    end = len(found) - after
    rest = TupleVal(tuple(found[star:end]), list)
    return [*found[:star], rest, *found[end:]]


def _at_run_time(
    ctx: Context, node: ast.AST, whole: ArrayRef | ListRef, before: int, after: int
) -> Sequence[Binding]:
    """The items of what has a length known at run time only."""
    few = before + after
    length = (
        lengths.axis_length(ctx, node, whole, 0)
        if isinstance(whole, ArrayRef)
        else listing.length(ctx, node, whole)
    )
    short = comparisons.compare(ctx, node, ast.Lt(), length, Dyn(constant(few)))
    text = f"not enough values to unpack (expected at least {few}, got {{0}})"
    wrong = comparisons.truth(ctx, node, short)
    messages.fail_if(ctx, node, wrong, "ValueError", text, (length.atom,))
    ends = [Dyn(constant(k)) for k in (*range(before), *range(-after, 0))]
    known = [expressions.item_of(ctx, node, whole, k) for k in ends]
    bounds = Dyn(constant(before)), Dyn(constant(after))
    rest = listing.call(ctx, node, library.between, whole, *bounds)
    return [*known[:before], rest, *known[before:]]


def _check_count(ctx: Context, node: ast.AST, ref: ArrayRef, count: int) -> None:
    """Raise as Python does where an array has another length than there are names."""
    if ref.type.ndim == 0:
        hint = "it is one number: assign it to one name, as x.item()"
        ctx.refuse(node, "a 0-d array cannot be unpacked", hint)
    if ref.type.dims[0] != count:
        _check_length(ctx, node, lengths.axis_length(ctx, node, ref, 0), count)


def _check_length(ctx: Context, node: ast.AST, length: Dyn, count: int) -> None:
    """Raise as Python does where this is not how many names there are."""
    few = f"not enough values to unpack (expected {count}, got {{0}})"
    many = f"too many values to unpack (expected {count})"
    bound = Dyn(constant(count))
    for op, template, shown in ((ast.Lt(), few, True), (ast.Gt(), many, False)):
        wrong = comparisons.truth(
            ctx, node, comparisons.compare(ctx, node, op, length, bound)
        )
        operands = (length.atom,) if shown else ()
        messages.fail_if(ctx, node, wrong, "ValueError", template, operands)
