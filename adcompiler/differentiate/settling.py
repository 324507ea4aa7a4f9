"""The types of what a derivative loop carries, settled by going round it.

In: the types at the entry, then those at the end of the body, until nothing changes.
Out: types that hold at every trip.
Invariants: a length that differs from trip to trip is a symbol of the loop's own; a
kind that differs is *either*. After the loop such a length has a new symbol, for it is
that of the last trip only.
"""

from __future__ import annotations

from collections.abc import Sequence

from adcompiler.errors import InternalError
from adcompiler.ir.types import Array, Length, Type, fresh_dim, join_all


def join_derivatives(types: Sequence[Type]) -> Type:
    """The type of a cotangent (or tangent) that has one of these types."""
    joined = join_all(types)
    if joined is None:
        raise InternalError(f"derivatives of types {[*map(str, types)]} meet")
    return joined


class CarriedTypes:
    """The types of carried cotangents or tangents.

    >>> entry, end = (Array("float64", (fresh_dim(),)) for _ in range(2))
    >>> carried = CarriedTypes([entry])
    >>> carried.absorb([end]), carried.absorb([end])
    (True, False)
    """

    def __init__(self, entry: Sequence[Type]) -> None:
        self.types = list(entry)
        self._own: set[Length] = set()

    def absorb(self, ends: Sequence[Type]) -> bool:
        """Make the types hold for the ends of the body too; tells if that took a
        change, so that the body must be built again."""
        joined = [self._join(t, e) for t, e in zip(self.types, ends, strict=True)]
        changed = joined != self.types
        self.types = joined
        return changed

    def _join(self, carried: Type, end: Type) -> Type:
        match carried, end:
            case Array(), Array() if carried.ndim == end.ndim:
                pairs = zip(carried.dims, end.dims, strict=True)
                dims = tuple(self._length(a, b) for a, b in pairs)
                return Array(_join_dtype(carried, end), dims)
            case _:
                return join_derivatives([carried, end])

    def _length(self, carried: Length, end: Length) -> Length:
        if carried == end or carried in self._own:
            return carried
        own = fresh_dim()
        self._own.add(own)
        return own

    def after(self) -> list[Type]:
        """The types after the loop."""
        renamed = {own: fresh_dim() for own in self._own}

        def outward(t: Type) -> Type:
            if isinstance(t, Array):
                return Array(t.dtype, tuple(renamed.get(d, d) for d in t.dims))
            return t

        return [outward(t) for t in self.types]


def _join_dtype(left: Array, right: Array) -> str:
    """The dtype of both, which derivatives of one value share."""
    if left.dtype != right.dtype:
        raise InternalError(f"derivatives of types {left} and {right} meet")
    return left.dtype
