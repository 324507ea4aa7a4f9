"""Which statements may be done for some rows of their arrays at a time.

In: a statement, and the length of the first axis of what it is computed from. Out:
`Plan`, which says what each operand is for some rows.
Invariants: a statement on some rows is the same statement, on arrays whose first axis
is shorter. Of a sum over the first axis, too, which gives what these rows add to it.

    s = sum(x, axis=(1,))      x: float64[n, k]; the rows of s are those of x
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal

from adcompiler.emit.llvm.mapped import is_mapped
from adcompiler.ir.nodes import Let, Var
from adcompiler.ir.types import Array, Length, Type, dims_of

__all__ = ["Classes", "Plan", "is_wide", "plan_of"]

Kind = Literal["map", "reduce", "view", "product", "sum"]
Part = Literal["rows", "whole"]

_WHOLE: Part = "whole"
_REDUCTIONS = {"sum", "mean", "prod", "max", "min", "any", "all", "argmax", "argmin"}


@dataclass(frozen=True, slots=True)
class Classes:
    """Lengths that are taken for equal, by a common key."""

    known: Mapping[Hashable, Hashable]

    def __call__(self, length: Length) -> Hashable:
        if isinstance(length, int):
            return length
        return self.known.get(length.key, length.key), "key"

    def leads(self, t: Type, length: Hashable) -> bool:
        """Whether this is the length of the first axis."""
        return isinstance(t, Array) and bool(t.dims) and self(t.dims[0]) == length


def is_wide(t: Type) -> bool:
    """Whether its rows are more than a number each."""
    return isinstance(t, Array) and any(d != 1 for d in t.dims[1:])


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement by rows: of which operands it takes some rows."""

    let: Let
    kind: Kind
    parts: tuple[Part, ...]

    def taken(self, part: Part) -> tuple[Var, ...]:
        """The operands of which this part is taken."""
        pairs = zip(self.let.operands, self.parts, strict=True)
        return tuple(a for a, p in pairs if p == part and isinstance(a, Var))


def plan_of(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    """How a statement goes by rows of arrays whose first axis has this length."""
    if len(let.results) != 1:
        return None
    name = let.primitive.name
    if is_mapped(let):
        return _mapped(let, length, classes)
    if name in _REDUCTIONS:
        return _reduced(let, length, classes)
    rule = {
        "sum_to": _summed_to,
        "matmul": _multiplied,
        "broadcast_to": _repeated,
        **dict.fromkeys(("expand_dims", "squeeze", "transpose", "load"), _viewed),
    }.get(name)
    return None if rule is None else rule(let, length, classes)


def _part(t: Type, rank: int, length: Hashable, classes: Classes) -> Part | None:
    """What of an operand some rows of a result of this rank are made of."""
    dims = dims_of(t)
    if len(dims) < rank:
        return "whole"
    if len(dims) > rank:
        return None
    if classes.leads(t, length):
        return "rows"
    return "whole" if dims[0] == 1 else None


def _mapped(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    t = let.result.type
    if not classes.leads(t, length) or not isinstance(t, Array):
        return None
    parts = [_part(a.type, t.ndim, length, classes) for a in let.operands]
    found = tuple(p for p in parts if p is not None)
    if len(found) != len(parts) or "rows" not in found:
        return None
    return Plan(let, "map", found)


def axes_of(let: Let) -> tuple[int, ...]:
    """The axes that a reduction takes."""
    axis = let.param("axis")
    if axis is None:
        return tuple(range(len(dims_of(let.operands[0].type))))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _reduced(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    (x,) = let.operands
    if not classes.leads(x.type, length) or not is_wide(x.type):
        return None
    if 0 not in axes_of(let):
        return Plan(let, "reduce", ("rows",)) if axes_of(let) else None
    return Plan(let, "sum", ("rows",)) if _is_plain_sum(let) else None


def _is_plain_sum(let: Let) -> bool:
    """Whether a sum is of floats, in their own precision."""
    given, found = (getattr(a.type, "dtype", "") for a in (let.operands[0], let.result))
    named = let.primitive.name in ("sum", "sum_to")
    return named and given == found and given.startswith("float")


def _summed_to(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    g, like = let.operands
    if not classes.leads(g.type, length) or not is_wide(g.type):
        return None
    part = _part(like.type, len(dims_of(g.type)), length, classes)
    if part is None or not _is_plain_sum(let):
        return None
    return Plan(let, "reduce" if part == "rows" else "sum", ("rows", part))


def _viewed(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    x, *rest = let.operands
    t = let.result.type
    if not classes.leads(x.type, length) or not classes.leads(t, length):
        return None
    match let.primitive.name:
        case "load":
            kept = let.param("index")[:1] == ("full",)
        case "transpose":
            kept = let.param("axes")[0] == 0
        case _:
            kept = 0 not in let.param("axis")
    parts: list[Part] = ["rows", *(_WHOLE for _ in rest)]
    return Plan(let, "view", tuple(parts)) if kept else None


def _repeated(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    g, like = let.operands
    if not classes.leads(like.type, length) or not is_wide(like.type):
        return None
    part = _part(g.type, len(dims_of(like.type)), length, classes)
    return None if part is None else Plan(let, "view", (part, "rows"))


def _multiplied(let: Let, length: Hashable, classes: Classes) -> Plan | None:
    """Of stacks of matrices; a product of two matrices is one of BLAS."""
    t = let.result.type
    types = [x.type for x in let.operands]
    rank = max(len(dims_of(x)) for x in types)
    if rank < 3 or not classes.leads(t, length):
        return None
    parts: list[Part] = []
    for x in types:
        if len(dims_of(x)) == rank and classes.leads(x, length):
            parts.append("rows")
        elif len(dims_of(x)) < rank or dims_of(x)[0] == 1:
            parts.append("whole")
        else:
            return None
    return Plan(let, "product", tuple(parts)) if "rows" in parts else None
