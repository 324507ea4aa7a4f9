"""Which programs an object may call itself by, without a way through Python.

In: what a program takes and gives. Out: how machine code puts its results together, and
the facts that it is to find as they were; None for programs that need the long way.
Invariants: arguments are leaves, one for each parameter; one that the function stores
to is writeable, and shares no memory with another. A result is a number or an array of
the dtype that the caller expects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adcompiler.frontend.interface import (
    Outline,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
)
from adcompiler.gradients import Gradients
from adcompiler.ir.types import Array, Scalar, Type

if TYPE_CHECKING:
    from adcompiler.emit.llvm.direct import Direct, Item, Known, Packed

__all__ = ["direct_of", "is_exact"]


def direct_of(
    outline: Outline, types: Sequence[Type], wrt: Sequence[int], kind: str
) -> Direct | None:
    """How the results of a program are put together; None where Python does it. `kind`
    is that of the derivative."""
    from adcompiler.emit.llvm.direct import Direct

    if outline.captures:
        return None
    tree = _tree(outline.result, outline.results, types)
    if tree is None or any(n > 1 for n in Counter(_leaves(outline.result)).values()):
        return None
    first = len(types) - len(wrt)
    shaped = [(first + n, k) for n, k in enumerate(wrt)]
    arrays = tuple(p for p in shaped if isinstance(types[p[0]], Array))
    out = _out(outline.result, types, first, kind)
    return Direct(tree, arrays, tuple(types), tuple(outline.mutated), out)


def _out(
    tree: ResultTree, types: Sequence[Type], first: int, kind: str
) -> int | tuple[int | None, ...] | None:
    """The gradients as `out` has them, where it is an array or a tuple of arrays; None
    where it is something else, or nothing is an array."""
    if kind == "value_and_grad" and isinstance(tree, ResultTuple):
        tree = tree.items[1]
    elif kind != "grad":
        return None
    places = [k if isinstance(t, Array) else None for k, t in enumerate(types)]
    match tree:
        case ResultLeaf(index=k):
            return places[k]
        case ResultTuple(items=items):
            leaves = [item.index for item in items if isinstance(item, ResultLeaf)]
            if leaves == list(range(first, len(types))) and len(leaves) == len(items):
                return tuple(places[first:])
    return None


def is_exact(given: Type, wanted: Type) -> bool:
    """Whether results of a type are handed back as they come."""
    match given, wanted:
        case Scalar(), Scalar():
            return wanted.kind == "either" or given == wanted
        case Array(), Array():
            return (given.dtype, given.ndim) == (wanted.dtype, wanted.ndim)
        case _:
            return False


def _tree(
    tree: ResultTree, given: Sequence[Type], types: Sequence[Type]
) -> Item | Known | Packed | None:
    from adcompiler.emit.llvm.direct import Item, Known, Packed

    match tree:
        case ResultLeaf(index=k):
            return Item(k) if _is_made(given[k], types[k]) else None
        case ResultStatic(value=value):
            return Known(value)
        case _:
            if not isinstance(tree.cls, type) or not _is_plain(tree.cls):
                return None
            items = [_tree(item, given, types) for item in tree.items]
            found = tuple(item for item in items if item is not None)
            return Packed(tree.cls, found) if len(found) == len(items) else None


def _is_made(given: Type, wanted: Type) -> bool:
    """Whether machine code makes an object of this type of such a result."""
    match given, wanted:
        case Scalar(dtype=dtype), Scalar(dtype=other, kind="python" | "numpy"):
            floats = dtype.startswith("float") and other.startswith("float")
            return dtype == other or floats
        case _:
            return is_exact(given, wanted)


def _is_plain(cls: type) -> bool:
    """Whether instances of a class are tuples, and made as tuples are."""
    named = cls.__bases__ == (tuple,) and hasattr(cls, "_fields")
    return cls is tuple or named or issubclass(cls, Gradients)


def _leaves(tree: ResultTree) -> Iterator[int]:
    match tree:
        case ResultLeaf(index=k):
            yield k
        case ResultStatic():
            return
        case _:
            for item in tree.items:
                yield from _leaves(item)
