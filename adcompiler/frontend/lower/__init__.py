"""Lowering: an abstract interpreter from the syntax tree to the IR.

In: a captured function and what is known of its arguments. Out: a `Lowered` function.
Reading order: `context` (the state), `joins` (where paths meet), `statements`,
`expressions`, `loops`, `arrays`, `calls`, then the families of `library`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    Location,
    RecordVal,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import (
    ArgSpec,
    Captured,
    Derive,
    LeafSpec,
    Lowered,
    ResultStatic,
    ResultTree,
    StaticSpec,
    TupleSpec,
)
from adcompiler.frontend.lower import called, calls, drawing, listing, records
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.expansion import Expansion
from adcompiler.frontend.lower.isolation import flattened
from adcompiler.frontend.lower.restarts import (
    Element,
    Inexpressible,
    NeedCall,
    NeedCapture,
    NeedList,
    NeedSplit,
    Site,
    Unreachable,
)
from adcompiler.frontend.structures import (
    DictOf,
    KeywordsOf,
    Positional,
    Shape,
    Stacked,
    named_part,
    shape_of,
)
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Function, Region, Var, fresh_var
from adcompiler.ir.types import PY_INT, Array, Dim, Scalar
from adcompiler.ir.walk import free_vars

__all__ = ["lower_function"]


def lower_function(
    captured: Captured,
    args: Mapping[str, ArgSpec],
    derive: Derive | None = None,
    owner: object = None,
    *,
    finals: bool = False,
) -> Lowered:
    """The function in IR, for arguments of these specs.

    `args` has one entry per parameter. `derive` serves derivatives that are taken
    inside. `owner` is what has a rule for this function. With `finals` the last results
    are what the arrays hold at the end that the function stores to, in the order of
    `mutated`. Raises UnsupportedError, or NeedStatic for an argument that must be
    known.
    """
    static: frozenset[str] = frozenset()
    lists: dict[Site, Element] = {}
    functions, recursive = set[ast.AST](), set[ast.AST]()
    open_lists: frozenset[Site] = frozenset()
    split: frozenset[Site] = frozenset()
    while True:
        ctx = Context(
            calls.make_frame(captured, captured.node, None, {}),
            derive=derive,
            static_captures=static,
            lists=lists,
            open_lists=open_lists,
            split=split,
            expansion=Expansion(functions, recursive),
        )
        before = len(functions)
        try:
            lowered = _lower(ctx, captured, args, owner, finals=finals)
            if len(functions) == before:
                return lowered
        except NeedCapture as need:
            static |= {need.key}
        except NeedCall as need:
            functions.add(need.fn)
            recursive.add(need.fn)
        except NeedSplit as apart:
            split |= apart.sites
        except NeedList as wanted:
            laid_out = {s for s in wanted.elements if lists.get(s, PY_INT) is None}
            open_lists |= laid_out
            lists |= wanted.elements


def _lower(
    ctx: Context,
    captured: Captured,
    args: Mapping[str, ArgSpec],
    owner: object,
    *,
    finals: bool,
) -> Lowered:
    frame = ctx.frame
    params: list[Var] = []
    for name, spec in args.items():
        frame.env[name] = _argument(ctx, spec, name, params)
    given = {leaf: place for place in ctx.values for leaf in place.params}
    calls.make_cells(ctx, frame)
    ctx.calls = ((captured.node, None),)
    results: list[Atom] = []
    tree: ResultTree = ResultStatic(None)
    falls = True
    try:
        if owner is not None:
            value = _by_rule(ctx, captured, owner)
        else:
            value = _called(ctx, captured) or calls.run_function(ctx)
        value = records.frozen(ctx, captured.node, value)
        value = _handed_back(ctx, captured.node, value)
        tree = flattened(ctx, captured.node, value, results)
        if finals:
            held = (ctx.contents(given[k], captured.node) for k in ctx.mutated)
            results += held
    except Unreachable:
        falls = False
    used = free_vars(Region((), tuple(ctx.builder.stmts), tuple(results)))
    order = [key for key in ctx.captures if ctx.capture_of(key) in used]
    params += [ctx.capture_of(key) for key in order]
    body = tuple(ctx.builder.stmts)
    region = Region(tuple(params), body, tuple(results) if falls else (), falls)
    drawing.check(region)
    name = getattr(captured.node, "name", "lambda")
    return Lowered(
        Function(name, region, captured.span(captured.node)),
        tuple(ctx.captures[key][0] for key in order),
        tree,
        ctx.mutated,
        tuple(ctx.guards.values()),
    )


def _handed_back(ctx: Context, node: ast.AST, value: Binding) -> Binding:
    """A result, lists of numbers in it as arrays that lists are made of."""
    match value:
        case ListRef(element=Scalar(dtype="float64" | "float32", kind=kind)):
            array = listing.stacked(ctx, node, value)
            return RecordVal(Stacked(kind == "python"), (array,))
        case TupleVal(items, cls):
            return TupleVal(tuple(_handed_back(ctx, node, v) for v in items), cls)
        case RecordVal(shape, items):
            return RecordVal(shape, tuple(_handed_back(ctx, node, v) for v in items))
        case _:
            return value


def _by_rule(ctx: Context, captured: Captured, owner: object) -> Binding:
    """The result of a function that has a rule: that of a call."""
    keywords = {a.arg for a in captured.node.args.kwonlyargs}
    env, ctx.calls = dict(ctx.frame.env), ()
    args = [value for name, value in env.items() if name not in keywords]
    kwargs = {name: value for name, value in env.items() if name in keywords}
    return calls.apply(ctx, captured.node, Static(owner), args, kwargs)


def _called(ctx: Context, captured: Captured) -> Binding | None:
    """The result of a call of the function itself, if it is one that is called."""
    if captured.node not in ctx.expansion.called:
        return None
    env, ctx.calls = dict(ctx.frame.env), ()
    try:
        return called.call(ctx, captured.node, captured, captured.node, None, env)
    except Inexpressible:
        ctx.calls = ((captured.node, None),)
        return None  # it is refused where it calls itself


def _argument(ctx: Context, spec: ArgSpec, name: str, params: list[Var]) -> Binding:
    """The binding of a parameter; its dynamic leaves become parameters of the IR."""
    match spec:
        case LeafSpec(type=t, contiguous=contiguous):
            var = fresh_var(t, name)
            leaf = len(params)
            params.append(var)
            if isinstance(t, Array):
                location = Location.of(spec, params=frozenset({leaf}))
                axes = ((n, (leaf, axis)) for axis, n in enumerate(t.dims))
                ctx.origins.axes.update(row for row in axes if isinstance(row[0], Dim))
                ctx.values[location] = var
                if spec.trained is not None:
                    ctx.parameters[location] = spec.trained
                return ArrayRef(location, (), t, contiguous)
            if not spec.moving:
                ctx.origins.given(var, leaf)
            return Dyn(var)
        case TupleSpec(items=items, cls=cls):
            if isinstance(cls, KeywordsOf):
                names = list(map(str, cls.names))
            elif isinstance(cls, Shape):
                names = [named_part(name, key) for key in cls.names]
            else:
                names = [f"{name}_{k}" for k in range(len(items))]
            parts = tuple(
                _argument(ctx, item, part, params)
                for item, part in zip(items, names, strict=True)
            )
            if isinstance(cls, KeywordsOf):
                return ctx.new_object(RecordVal(DictOf(cls.names), parts))
            if isinstance(cls, Shape):
                return RecordVal(cls, parts)
            return TupleVal(parts, tuple if cls is Positional else cls)
        case StaticSpec(value=value):
            return known(value)


def known(value: object) -> Binding:
    """The binding of a value known while compiling."""
    if isinstance(value, tuple):
        return TupleVal(tuple(known(item) for item in value), type(value))
    if isinstance(value, dict) and (shape := shape_of(value)) is not None:
        return RecordVal(shape, tuple(map(known, shape.parts(value))))
    try:
        return Dyn(constant(value))
    except TypeError:
        return Static(value)
