"""How each row is written.

In: a statement whose operands have values. Out: the values of its results, which the
caller holds. What has no code of its own is computed by NumPy, which is called.
"""

from __future__ import annotations

from collections.abc import Callable

from adcompiler.emit.llvm import (
    calls,
    contractions,
    creating,
    drawing,
    eliminated,
    gathered,
    listed,
    located,
    parts,
    reductions,
    triangles,
    views,
)
from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.mapped import applied, is_mapped
from adcompiler.emit.llvm.values import NotNative, Value
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import ListOf, Residuals

__all__ = ["written"]

Row = Callable[[Writer, Let], list[Value] | None]

TABLE: dict[str, Row] = {
    **parts.ROWS,
    **views.ROWS,
    **creating.ROWS,
    **drawing.ROWS,
    **reductions.ROWS,
    **contractions.ROWS,
    **eliminated.ROWS,
    **gathered.ROWS,
    **located.ROWS,
    **triangles.ROWS,
    **listed.ROWS,
    **calls.ROWS,
}


def written(writer: Writer, let: Let) -> list[Value]:
    """The results of a statement."""
    name = let.primitive.name
    if name == "copy" and isinstance(let.result.type, ListOf):
        name = "list_copy"
    row = TABLE.get(name)
    found = None if row is None else row(writer, let)
    if found is not None:
        return found
    if is_mapped(let):
        return [applied(writer, let)]
    if let.effect & ~Effect.MAY_RAISE:
        raise NotNative(f"{name}, which is seen outside of the program")
    atoms = (*let.operands, *let.results)
    if any(isinstance(a.type, Residuals) for a in atoms):
        raise NotNative(f"{name} of residuals")
    return by_numpy(writer, let)
