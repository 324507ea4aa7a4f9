"""Arrays: reading through views, storing through views.

In: an `ArrayRef` and a subscript. Out: views, elements, and stores, which give the
location a new value.
Invariants: subscripts of subscripts are one access where they compose; a store through
any view reaches the memory viewed; what is entangled with it becomes stale.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    RangeVal,
    SliceVal,
    Static,
    Step,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import aliases, gradientless, hints, masked
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Stale
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.kinds import shown
from adcompiler.frontend.lower.operands import atom_of, describe
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array, Length, Scalar, dims_of
from adcompiler.primitives.indexing import part_lengths

Entry = Any  # "int" | "new" | "full" | ("slice", bool, bool, bool)


@dataclass(frozen=True, slots=True)
class Access:
    """A subscript: one entry per position, with the operands of each."""

    entries: tuple[Entry, ...]
    operands: tuple[tuple[Atom, ...], ...]

    @property
    def step(self) -> Step:
        """The subscript as a step of a view path; trailing full slices left out."""
        entries, operands = self.entries, self.operands
        while entries and entries[-1] == "full":
            entries, operands = entries[:-1], operands[:-1]
        flat = tuple(atom for group in operands for atom in group)
        return Step("load", flat, (("index", entries),))

    @property
    def scalar(self) -> bool:
        """Whether every position is an integer."""
        return all(entry == "int" for entry in self.entries)

    @property
    def advanced(self) -> bool:
        """Whether a position is an array: what is read is new memory."""
        return any(entry in ("array", "mask") for entry in self.entries)


def access_of(ctx: Context, node: ast.AST, ref: ArrayRef, index: Binding) -> Access:
    """The meaning of a subscript of this array."""
    parts: list[Binding] = [index]
    if isinstance(index, TupleVal) and index.cls is not list:
        parts = list(index.items)
    parts = [_indices(ctx, node, part) for part in parts]
    parts = masked.places(ctx, node, ref, parts)
    used = sum(map(masked.axes, parts))
    if used > ref.type.ndim:
        ctx.refuse(
            node,
            f"{used} indices are given, and the array has rank {ref.type.ndim}",
            "index each axis once",
        )
    entries: list[Entry] = []
    operands: list[tuple[Atom, ...]] = []
    missing = ref.type.ndim - used
    if Static(...) not in parts:
        parts.append(Static(...))
    for part in parts:
        if part == Static(...):
            entries += ["full"] * missing
            operands += [()] * missing
            continue
        entry, atoms = _entry(ctx, node, part)
        entries.append(entry)
        operands.append(atoms)
    return Access(tuple(entries), tuple(operands))


def _indices(ctx: Context, node: ast.AST, part: Binding) -> Binding:
    """An index, lists and the like as arrays: an empty one takes nothing."""
    if isinstance(part, TupleVal) and not part.items:
        return ctx.wrap(ctx.emit(node, "zeros", constant(0), dtype="int64"))
    return listed(ctx, node, part)


def listed(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """A tuple, list or range where NumPy makes an array of it: an index, a value."""
    if isinstance(binding, RangeVal):
        bounds = (binding.start.atom, binding.stop.atom, binding.step.atom)
        return ctx.wrap(ctx.emit(node, "arange", *bounds, dtype=None), True)
    if isinstance(binding, TupleVal | ListRef) or is_list(binding):
        return Call(ctx, node, "np.array", [], {}).array(binding)
    return binding


def _entry(
    ctx: Context, node: ast.AST, part: Binding
) -> tuple[Entry, tuple[Atom, ...]]:
    match part:
        case Static(None):
            return "new", ()
        case Dyn(atom) if isinstance(atom.type, Scalar):
            if atom.type.dtype == "bool":
                what = "an index by a bool is not supported"
                ctx.refuse(node, what, "write if, or np.where(c, x, 0.0)")
            if not atom.type.dtype.startswith(("int", "uint")):
                ctx.refuse(
                    node,
                    f"an index is a {atom.type.dtype}, where NumPy wants an integer",
                    "convert it: int(i)",
                )
            return "int", (atom,)
        case SliceVal(start, stop, step):
            parts = (start, stop, step)
            given = tuple(p for p in parts if p is not None)
            if not given:
                return "full", ()
            has = ("slice", *(p is not None for p in parts))
            return has, tuple(p.atom for p in given)
        case ArrayRef(_, _, Array("bool", dims)) if dims:
            return "mask", (ctx.read(part, node),)
        case ArrayRef(_, _, Array(dtype)) if dtype.startswith(("int", "uint")):
            return "array", (ctx.read(part, node),)
        case ArrayRef(_, _, t):
            ctx.refuse(
                node,
                f"an index is an array of {t.dtype}, where NumPy wants integers",
                "convert it: i.astype(int)",
            )
        case _:
            ctx.refuse(
                node,
                f"{describe(part)} is no index",
                "index by integers, slices, or arrays of integers or bools",
            )


# --- Views -------------------------------------------------------------------------


def view(ctx: Context, node: ast.AST, ref: ArrayRef, index: Binding) -> Binding:
    """``ref[index]`` as a reference, without reading it; a number is read."""
    if _is_whole(ref, index):
        return ref
    access = access_of(ctx, node, ref, index)
    if access.scalar or access.advanced:
        return load(ctx, node, ref, index)
    return _view(ctx, node, ref, access)


def _is_whole(ref: ArrayRef, index: Binding) -> bool:
    """Whether it is ``ref[()]``, which makes a number of rank 0 only."""
    return index == TupleVal(()) and ref.type.ndim > 0


def _of_rank_0(ctx: Context, node: ast.AST, ref: ArrayRef, access: Access) -> ArrayRef:
    """``x[0, ...]`` of a vector: a view of one element."""
    if not ref.type.ndim:
        return ref
    wide = Step("expand_dims", (), (("axis", (0,)),))
    operands = tuple(atom for group in access.operands for atom in group)
    part = Step("load", operands, (("index", ("full", *access.entries)),))
    alone = Step("reshape", (), (("known", Array(ref.type.dtype, ())),))
    for step in (wide, part, alone):
        ref = through(ctx, node, ref, step, False)
    return looked_at(ctx, node, ref)


def load(ctx: Context, node: ast.AST, ref: ArrayRef, index: Binding) -> Binding:
    """``ref[index]``: an element, or a view."""
    if _is_whole(ref, index):
        return ref
    access = access_of(ctx, node, ref, index)
    if access.advanced:
        return _gather(ctx, node, ref, access)
    if access.scalar and _has_ellipsis(index):
        return _of_rank_0(ctx, node, ref, access)
    seen = _view(ctx, node, ref, access) if not access.scalar else None
    if seen is not None:
        return looked_at(ctx, node, seen)
    base, last = composed(ref, access)
    atom = ctx.step(ctx.read(base, node), last.step, node)
    return ctx.wrap(atom)


def _has_ellipsis(index: Binding) -> bool:
    """Whether the subscript says ``...``, and so gives an array in any case."""
    parts = index.items if isinstance(index, TupleVal) else (index,)
    return Static(...) in parts


def _gather(ctx: Context, node: ast.AST, ref: ArrayRef, access: Access) -> Binding:
    """Elements selected by arrays, in new memory."""
    operands, params = spread(access)
    whole = ctx.read(ref, node)
    atom = ctx.emit(node, "gather", whole, *operands, **params)
    ordered = access.entries[0] in ("array", "mask") and set(access.entries[1:]) <= {
        "full"
    }
    return ctx.wrap(atom, ordered and ctx.scattered.isdisjoint((whole, *operands)))


def spread(access: Access) -> tuple[tuple[Atom, ...], dict[str, Any]]:
    """The operands and the parameters of a primitive that takes this subscript."""
    step = access.step
    return step.operands, dict(step.params)


def _view(ctx: Context, node: ast.AST, ref: ArrayRef, access: Access) -> ArrayRef:
    seen = through(ctx, node, ref, access.step, _keeps_order(ref, access))
    base, last = composed(ref, access)
    return replace(seen, path=(*base.path, last.step))


def through(
    ctx: Context, node: ast.AST, ref: ArrayRef, step: Step, contiguous: bool
) -> ArrayRef:
    """The view one step further."""
    types = (ref.type, *(a.type for a in step.operands))
    try:
        (t,) = PRIMITIVES[step.primitive].types(types, dict(step.params))
    except TypeError as error:
        ctx.refuse(node, *hints.of_error(error))
    assert isinstance(t, Array)
    contiguous = contiguous or t.ndim == 0
    return ArrayRef(ref.location, (*ref.path, step), t, contiguous)


def looked_at(ctx: Context, node: ast.AST, ref: ArrayRef) -> ArrayRef:
    """A view that NumPy checks here, even if it is never read: with the lengths that
    are found, which are symbols of their own each time they are not known."""
    t = ctx.read(ref, node).type
    assert isinstance(t, Array)
    return replace(ref, type=t)


def count(ctx: Context, ref: ArrayRef) -> Length:
    """How many items an array has, as far as its slices tell."""
    held = ctx.values.get(ref.location) or ctx.outer.get(ref.location)
    dims = dims_of(held.type) if isinstance(held, Atom) else ()
    for step in ref.path:
        if step.primitive != "load":
            return ref.type.dims[0]
        dims = tuple(part_lengths(dims, dict(step.params)["index"], step.operands))
    return dims[0] if len(dims) == ref.type.ndim else ref.type.dims[0]


def _keeps_order(ref: ArrayRef, access: Access) -> bool:
    """Whether the view is in C order: integers, then at most one slice, then all."""
    entries = [entry for entry in access.entries if entry != "new"]
    while entries and entries[0] == "int":
        entries.pop(0)
    if entries and isinstance(entries[0], tuple) and not entries[0][3]:
        entries.pop(0)
    return ref.contiguous and all(entry == "full" for entry in entries)


def composed(ref: ArrayRef, access: Access) -> tuple[ArrayRef, Access]:
    """The access merged with the subscript before it, if they compose."""
    if not ref.path or ref.path[-1].primitive != "load" or access.advanced:
        return ref, access
    step = ref.path[-1]
    earlier = dict(step.params)["index"]
    merged = _merge(earlier, step.operands, access)
    if merged is None:
        return ref, access
    base = ArrayRef(ref.location, ref.path[:-1], ref.type, ref.contiguous)
    return base, merged


def _merge(
    earlier: Sequence[Entry], flat: Sequence[Atom], later: Access
) -> Access | None:
    """``x[earlier][later]`` as one subscript; None where it takes arithmetic."""
    entries: list[Entry] = []
    operands: list[tuple[Atom, ...]] = []
    rest = list(zip(later.entries, later.operands, strict=True))
    atoms = list(flat)
    for entry in earlier:
        count = 1 if entry == "int" else sum(entry[1:]) if entry[0] == "slice" else 0
        own = tuple(atoms[:count])
        del atoms[:count]
        if entry == "int":
            entries.append(entry)
            operands.append(own)
            continue
        while rest and rest[0][0] == "new":
            _push(entries, operands, rest.pop(0))
        if entry == "full":
            _push(entries, operands, rest.pop(0))
        elif entry != "new" and rest.pop(0)[0] == "full":
            entries.append(entry)
            operands.append(own)
        else:
            return None
    for pair in rest:
        _push(entries, operands, pair)
    return Access(tuple(entries), tuple(operands))


def _push(
    entries: list[Entry],
    operands: list[tuple[Atom, ...]],
    pair: tuple[Entry, tuple[Atom, ...]],
) -> None:
    entries.append(pair[0])
    operands.append(pair[1])


# --- Stores --------------------------------------------------------------------------


def store(
    ctx: Context, node: ast.AST, ref: ArrayRef, index: Binding, value: Binding
) -> None:
    """``ref[index] = value``."""
    base, access = composed(ref, access_of(ctx, node, ref, index))
    atom = atom_of(ctx, node, listed(ctx, node, value))
    atom = gradientless.muted(ctx, node, atom)
    check_fits(ctx, node, access, atom)
    operands, params = spread(access)
    held = ctx.read(base, node)
    name = "scatter" if access.advanced else "store"
    changed = ctx.emit(node, name, held, atom, *operands, **params)
    write_back(ctx, node, base, changed)


def check_fits(ctx: Context, node: ast.AST, access: Access, value: Atom) -> None:
    """NumPy's refusal to store an array into an element."""
    if access.scalar and isinstance(value.type, Array) and value.type.ndim > 0:
        ctx.refuse(
            node,
            f"an array of rank {value.type.ndim} is stored into one element, which "
            "holds a number",
            "store it into a slice, or take one of its elements",
        )


def write_back(ctx: Context, node: ast.AST, ref: ArrayRef, changed: Atom) -> None:
    """Give the view a new value: undo its path, back to the memory viewed."""
    location = ref.location
    if location.captured is not None:
        ctx.refuse(
            node,
            f"this stores into '{location.captured}', which belongs to the program "
            "around",
            "copy it first, or pass it as an argument",
        )
    if location.read_only:
        ctx.refuse(node, *aliases.READ_ONLY)
    held = ctx.contents(location, node)
    set_contents(ctx, node, ref, aliases.undone(ctx, node, held, ref.path, changed))


def set_contents(ctx: Context, node: ast.AST, ref: ArrayRef, value: Atom) -> None:
    """The memory holds this now; what may be the same memory follows, or is stale."""
    if ref.location in ctx.numbered:
        holder = shown(ctx.numbered[ref.location])
        ctx.refuse(
            node,
            f"this stores into the array of rank 0 that {holder} is on one path, where "
            "it is a number on another",
            "make it a number before the paths part: float(x), or x[()]",
        )
    name = getattr(ctx.values.get(ref.location), "name", None)
    value = ctx.name(value, name) if name else value
    ctx.values[ref.location] = value
    for leaf in ref.location.params:
        ctx.mutated.setdefault(leaf, ctx.frame.captured.span(node))
    ctx.spoil(ref.location, node)
    entangled = ctx.entangled.get(ref.location, frozenset())
    if not entangled:
        return
    # A set of locations has no order of its own, and the text is to have one.
    for other in dict.fromkeys((*ctx.values, *ctx.outer)):
        if other in entangled:
            decided = ctx.deciding.get(frozenset({ref.location, other}))
            stale = Stale(ctx.frame.captured, node, decided)
            followed = aliases.follow(ctx, node, ref.location, other, value)
            ctx.values[other] = followed or stale


def fill(ctx: Context, node: ast.AST, ref: ArrayRef, value: Atom) -> None:
    """All that the array holds is this now."""
    old = ctx.read(ref, node)
    value = gradientless.muted(ctx, node, value)
    if value.type != old.type:
        # A number (of 0-d arrays), another dtype, or a broadcast that could grow:
        # NumPy stores, casts, or raises.
        value = ctx.emit(node, "store", old, value, index=())
    write_back(ctx, node, ref, value)
