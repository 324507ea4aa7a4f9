"""Expressions: from a node of the syntax tree to a binding.

In: an `ast.expr`. Out: its binding; what it computes is appended to the builder.
Invariant: operands are evaluated in Python's order, each once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from types import EllipsisType

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend import subset
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    IterVal,
    ListRef,
    MethodVal,
    ObjectRef,
    PartialVal,
    PullbackVal,
    RangeVal,
    RecordVal,
    SliceVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import (
    applying,
    arrays,
    attributes,
    calls,
    comparisons,
    comprehensions,
    counted,
    displays,
    iteration,
    listing,
    maybe,
    messages,
    names,
    objects,
    operators,
    overloads,
    records,
    sequences,
    shortcircuit,
    statements,
    texts,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.operands import check_count, converted, describe
from adcompiler.frontend.lower.restarts import NeedList
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Var
from adcompiler.library import lists as library


def evaluate(ctx: Context, node: ast.expr) -> Binding:
    """The binding of an expression, which is refused if it may be None or not."""
    return maybe.certain(ctx, node, optional(ctx, node))


def optional(ctx: Context, node: ast.expr) -> Binding:
    """The binding of an expression, which may be None on some paths."""
    return maybe.read(ctx, _evaluated(ctx, node))


def _evaluated(ctx: Context, node: ast.expr) -> Binding:
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return names.load(ctx, node, name)
        case ast.NamedExpr(target=target, value=value):
            statements.assign(ctx, target, optional(ctx, value))
            return optional(
                ctx, ast.copy_location(ast.Name(target.id, ast.Load()), target)
            )
        case ast.BinOp():
            return _binary(ctx, node)
        case ast.UnaryOp(op=unary, operand=operand):
            given = maybe.operand(ctx, node, unary, optional(ctx, operand))
            return operators.unary(ctx, node, unary, given)
        case ast.BoolOp():
            return _bool_op(ctx, node, node.values)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compare(ctx, node, optional(ctx, left), ops, comparators)
        case ast.IfExp(test=condition, body=body, orelse=orelse):
            cond = test(ctx, condition)
            return shortcircuit.choose(
                ctx,
                node,
                cond,
                lambda: optional(ctx, body),
                lambda: optional(ctx, orelse),
            )
        case ast.Call():
            return calls.call(ctx, node)
        case ast.Attribute(value=ast.Call(func=ast.Name("super"), args=[]), attr=name):
            return objects.super_attribute(ctx, node, name)
        case ast.Attribute(value=owner, attr=name):
            name = objects.mangled(ctx, name)
            text = f"'NoneType' object has no attribute '{name}'"
            held = maybe.present(
                ctx, node, optional(ctx, owner), text, "AttributeError"
            )
            return attributes.attribute(ctx, node, held, name)
        case ast.Subscript():
            return subscript(ctx, node)
        case _:
            return _made(ctx, node)


def _made(ctx: Context, node: ast.expr) -> Binding:
    """The binding of what is written out: a display, a comprehension, a function."""
    match node:
        case ast.Tuple(elts=items):
            return TupleVal(tuple(spread(ctx, items)))
        case ast.List(elts=items):
            return listed(ctx, node, items)
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = [_slice_part(ctx, part) for part in (lower, upper, step)]
            return SliceVal(*parts)
        case ast.Lambda():
            return function_value(ctx, node)
        case ast.Dict():
            return records.display(ctx, node, optional)
        case ast.DictComp():
            return dict_comprehension(ctx, node)
        case ast.ListComp():
            return comprehensions.comprehension(ctx, node)
        case ast.GeneratorExp():
            return comprehensions.generator(ctx, node)
        case ast.JoinedStr():
            return messages.formatted(ctx, node)
        case _:
            subset.refuse_syntax(ctx.frame.captured, node)


def _binary(ctx: Context, node: ast.BinOp) -> Binding:
    """``left op right``; a tuple or list times a number is repeated."""
    a, b = optional(ctx, node.left), optional(ctx, node.right)
    a, b = maybe.operands(ctx, node, node.op, a, b)
    given = overloads.binary(ctx, node, node.op, a, b)
    if given is not None:
        return given
    if any(isinstance(side, ObjectRef) and side.cls is list for side in (a, b)):
        a, b = (sequences.as_tuple(ctx, node, side) for side in (a, b))
        found = operators.binary(ctx, node, node.op, a, b)
        if isinstance(found, TupleVal):
            return sequences.made(ctx, node, found.items)
        return found
    if isinstance(node.op, ast.Mult):
        if isinstance(b, TupleVal | ListRef) and isinstance(a, Dyn):
            a, b = b, a
        if isinstance(a, ListRef) and isinstance(b, Dyn):
            check_count(ctx, node, "list", b)
            return listing.call(ctx, node, library.repeated, a, b)
        if isinstance(a, TupleVal) and isinstance(b, Dyn):
            check_count(ctx, node, a.cls.__name__, b)
            if a.cls is list:
                return listing.repeated(ctx, node, a, b)
            count = names.static_int(ctx, node, b, "how often a tuple is repeated")
            b = Dyn(constant(count))
    if isinstance(a, ArrayRef) or isinstance(b, ArrayRef):
        a, b = arrays.listed(ctx, node.left, a), arrays.listed(ctx, node.right, b)
    return operators.binary(ctx, node, node.op, a, b)


def dict_comprehension(ctx: Context, node: ast.DictComp) -> Binding:
    """``{k: v for k, v in t}``."""
    pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node.key)
    items = comprehensions.laid_out(ctx, node, pair, None)
    if items is None:
        ctx.refuse(
            node,
            "a dict comprehension goes over what is known while compiling",
            "loop over a tuple, or over the keys of a dict",
        )
    return records.make_dict(Call(ctx, node, "dict", [TupleVal(items)], {}))


def spread(ctx: Context, nodes: Sequence[ast.expr]) -> Iterator[Binding]:
    """The values of a display or of arguments, ``*x`` giving all of its items."""
    for node in nodes:
        if not isinstance(node, ast.Starred):
            yield optional(ctx, node)
            continue
        value = comprehensions.opened(ctx, node, evaluate(ctx, node.value))
        what = "'*' spreads what has a length known while compiling"
        hint = "name each part: a[0], a[1]"
        iteration.require_known(ctx, node, value, what, hint)
        spread_ = comprehensions.used_up(ctx, node, value)
        items = iteration.known_items(ctx, node, spread_)
        if items is None:
            ctx.refuse(node, what, hint)
        yield from items


def listed(ctx: Context, node: ast.expr, nodes: Sequence[ast.expr]) -> Binding:
    """``[a, *x]``: of unknown length, where `x` is."""
    parts: list[Binding] = []
    items: list[Binding] | None = []
    for k, item in enumerate(nodes):
        if not isinstance(item, ast.Starred):
            one = optional(ctx, item)
            parts.append(TupleVal((one,), list))
            items = None if items is None else [*items, one]
            continue
        value = comprehensions.opened(ctx, item, evaluate(ctx, item.value))
        value = comprehensions.used_up(ctx, item, value)
        more = iteration.known_items(ctx, item, value)
        if more is None:
            counted.source(ctx, item, value)  # refuses what has no items
            if any(
                isinstance(n, ast.Call) for x in nodes[k + 1 :] for n in ast.walk(x)
            ):
                # What comes after it may change it.
                value = listing.call(ctx, item, library.taken, value)
            items = None
        else:
            value = TupleVal(tuple(more), list)
            items = None if items is None else [*items, *more]
        parts.append(value)
    if items is not None:
        return listing.display(ctx, node, tuple(items))
    return listing.call(ctx, node, library.spread, *parts)


def _constant(value: object) -> Binding:
    if isinstance(value, bool | int | float):
        return Dyn(constant(value))
    return Static(value)


def _slice_part(ctx: Context, part: ast.expr | None) -> Dyn | None:
    if part is None:
        return None
    binding = evaluate(ctx, part)
    if binding == NONE:
        return None
    if not isinstance(binding, Dyn):
        what = f"{describe(binding)} is used as a bound of a slice"
        ctx.refuse(part, what, "a bound is an integer or None: int(n)")
    return binding


def function_value(ctx: Context, node: ast.FunctionDef | ast.Lambda) -> FunctionVal:
    """A nested function; its defaults are evaluated here."""
    defaults = tuple(evaluate(ctx, default) for default in node.args.defaults)
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    keywords = {a.arg: evaluate(ctx, d) for a, d in pairs if d is not None}
    return FunctionVal(node, ctx.frame, defaults, keywords)


def test(ctx: Context, node: ast.expr) -> Atom:
    """Whether an expression counts as true; which operand of `and` it is, does not."""
    match node:
        case ast.BoolOp(op=op, values=[first, *rest]):
            conjunctive = isinstance(op, ast.And)
            result: Binding = Dyn(test(ctx, first))
            for value in rest:
                right = partial(_tested, ctx, value)
                result = shortcircuit.connective(ctx, node, conjunctive, result, right)
            return comparisons.truth(ctx, node, result)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return comparisons.negated(ctx, node, test(ctx, operand))
        case _:
            return comparisons.truth(ctx, node, optional(ctx, node))


def _tested(ctx: Context, node: ast.expr) -> Binding:
    return Dyn(test(ctx, node))


def _bool_op(ctx: Context, node: ast.BoolOp, values: list[ast.expr]) -> Binding:
    """``a and b and c``, as ``(a and b) and c``; what is on the right, if needed."""
    conjunctive = isinstance(node.op, ast.And)
    result = optional(ctx, values[0])
    for value in values[1:]:
        right = partial(optional, ctx, value)
        result = shortcircuit.connective(ctx, node, conjunctive, result, right)
    return result


def _compare(
    ctx: Context,
    node: ast.Compare,
    left: Binding,
    ops: list[ast.cmpop],
    comparators: list[ast.expr],
) -> Binding:
    """``a < b < c``: the middle is evaluated once, the right only where a < b."""
    right = optional(ctx, comparators[0])
    first = comparisons.compare(ctx, node, ops[0], left, right)
    if len(ops) == 1:
        return first
    return shortcircuit.connective(
        ctx,
        node,
        True,
        first,
        lambda: _compare(ctx, node, right, ops[1:], comparators[1:]),
    )


# --- Subscripts ----------------------------------------------------------------------


def subscript(ctx: Context, node: ast.Subscript) -> Binding:
    """``value[index]``; ``x[i][j]`` is one access."""
    return item_of(ctx, node, *place(ctx, node))


def item_of(ctx: Context, node: ast.AST, owner: Binding, index: Binding) -> Binding:
    """What a subscript gives."""
    if isinstance(owner, ArrayRef):
        return arrays.load(ctx, node, owner, index)
    return item(ctx, node, owner, index)


def place(ctx: Context, node: ast.Subscript) -> tuple[Binding, Binding]:
    """What is subscripted, and by what; views on the way are not yet read."""
    inner = node.value
    if isinstance(inner, ast.Subscript):
        target, index = place(ctx, inner)
        if isinstance(target, ArrayRef):
            owner = arrays.view(ctx, inner, target, index)
        else:
            text = "'NoneType' object is not subscriptable"
            owner = maybe.present(ctx, inner, item(ctx, inner, target, index), text)
    else:
        text = "'NoneType' object is not subscriptable"
        owner = maybe.present(ctx, inner, optional(ctx, inner), text)
    text = "an index is None, which makes a new axis of an array"
    index = maybe.present(ctx, node.slice, optional(ctx, node.slice), text)
    return owner, index


def item(ctx: Context, node: ast.AST, owner: Binding, index: Binding) -> Binding:
    """An item of a tuple or range."""
    match owner, index:
        case ListRef(), _:
            return listing.get(ctx, node, owner, index)
        case TupleVal(), _:
            given = overloads.call(ctx, node, owner, "__getitem__", index)
            return given or _item_of_tuple(ctx, node, owner, index)
        case TextVal(), _:
            return item(ctx, node, messages.settled(ctx, node, owner), index)
        case Static(str() as text), _:
            return texts.item(ctx, node, text, index)
        case RangeVal(), Dyn():
            return counted.item_of_range(ctx, node, owner, index)
        case ObjectRef(), _ if owner.cls is list:
            return sequences.item(ctx, node, owner, index)
        case _ if given := overloads.call(ctx, node, owner, "__getitem__", index):
            return given
        case ((ObjectRef() | RecordVal()), _):
            return records.item(ctx, node, owner, index)
        case Dyn(_), Static(EllipsisType()):
            return owner
        case Static(value), _ if value is np.s_ or value is np.index_exp:
            one = value is np.s_ or isinstance(index, TupleVal)
            return index if one else TupleVal((index,))
        case Static(value), _ if applying.is_bracketed(value):
            return applying.bracketed(ctx, node, value, index)
        case _:
            what = f"{describe(owner)} cannot be subscripted here"
            ctx.refuse(node, what, converted(owner) or _in_brackets(owner))


def _item_of_tuple(
    ctx: Context, node: ast.AST, owner: TupleVal, index: Binding
) -> Binding:
    """An item or slice of a tuple, or of a list of known length."""
    items, cls = owner.items, owner.cls
    match index:
        case Dyn(Var()) if _may_be_list(ctx, owner):
            displays.becomes_list(ctx, node, owner)
        case SliceVal(start, stop, step):
            if _is_open(index) and _may_be_list(ctx, owner):
                displays.becomes_list(ctx, node, owner)
            bounds = [
                None
                if part is None
                else names.static_int(ctx, node, part, "a bound of a tuple's slice")
                for part in (start, stop, step)
            ]
            part = items[slice(*bounds)]
            return listing.display(ctx, node, part) if cls is list else TupleVal(part)
        case _:
            try:
                k = names.static_int(ctx, node, index, "the index of a tuple")
            except UnsupportedError:
                rows = listing.rows_of(items) if cls is list else None
                site = owner.site
                if rows is None or site is None or site in ctx.lists:
                    raise
                raise NeedList({site: rows}) from None
            if not -len(items) <= k < len(items):
                what = "list" if cls is list else "tuple"
                ctx.fail(node, "IndexError", f"{what} index out of range")
            return records.checked(ctx, node, items[k])


def _may_be_list(ctx: Context, owner: TupleVal) -> bool:
    """Whether a display may be one of unknown length: of numbers, or of like arrays."""
    display = owner.cls is list and owner.site is not None
    return display and (not owner.items or displays.uniform(ctx, owner))


def _is_open(index: SliceVal) -> bool:
    """Whether a bound is known at run time only."""
    bounds = (index.start, index.stop, index.step)
    return any(b is not None and isinstance(b.atom, Var) for b in bounds)


def _in_brackets(owner: Binding) -> str:
    """What to write instead of the item of what has none."""
    match owner:
        case Dyn():
            return "a number has no items: make it an array, np.atleast_1d(x)"
        case IterVal():
            return iteration.AS_LIST
        case Static(None):
            return "give it a value first, or decide by 'is None'"
        case FunctionVal() | MethodVal() | PartialVal() | PullbackVal():
            return "call it with parentheses"
        case _:
            return "subscript a tuple, a list, a dict or an array"
