"""In which order an array's elements lie in memory.

In: an application of a primitive, and the values that may not be in C order. Out:
whether its result may not be.
Invariant: what is not said here to be in C order is so only if all operands are: NumPy
lays out most results as it finds the operands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adcompiler.frontend.bindings import ArrayRef
from adcompiler.ir.nodes import Atom, Var
from adcompiler.ir.types import Array

# In C order whatever the operands are.
_C_ORDER = frozenset({"matmul", "outer", "repeat"})
# Views that are not, whatever the operand is.
_TURNED = frozenset(
    {"transpose", "flip", "diagonal", "broadcast_to", "broadcast_lengths"}
)
# Steps to views that leave the axes in their order.
_AXES_KEPT = frozenset({"load", "reshape", "expand_dims", "squeeze", "flip"})


def axes_kept(ref: ArrayRef) -> bool:
    """Whether what NumPy computes from this array by elements is in C order: its axes
    are in the order of their strides, of which there may be gaps.

    >>> from adcompiler.frontend.bindings import Location, Step
    >>> t = Array("float64", (2, 3))
    >>> slice_, turned = Step("load", (), ()), Step("transpose", (), ())
    >>> [axes_kept(ArrayRef(Location(), (s,), t, False)) for s in (slice_, turned)]
    [True, False]
    """
    if ref.contiguous:
        return True
    steps = (step.primitive for step in ref.path)
    return ref.location.contiguous and _AXES_KEPT.issuperset(steps)


def scattered(
    known: set[Var], name: str, operands: Iterable[Atom], results: Sequence[Var]
) -> list[Var]:
    """Those of the results that may not be in C order, given the values of which this
    is known.

    >>> from adcompiler.ir.nodes import fresh_var
    >>> a = fresh_var(Array("float64", (2, 3)), "a")
    >>> s = fresh_var(Array("float64", (2, 3)), "s")
    >>> scattered(set(), "sort", [a], [s]), scattered({a}, "matmul", [a], [s])
    ([], [])
    >>> scattered({a}, "sort", [a], [s]) == scattered(set(), "flip", [a], [s]) == [s]
    True
    """
    if name in _C_ORDER or (name not in _TURNED and known.isdisjoint(operands)):
        return []
    return [v for v in results if isinstance(v.type, Array) and v.type.ndim > 1]
