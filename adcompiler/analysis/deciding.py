"""What is computed again of the values by which a program decides.

In: a region with the statements that the reverse sweep runs again. Out: the values of
which a comparison, a rounding or the like is made, and what these are computed from.
Invariant: what is decided in the reverse sweep is as it was only if these values are
the same to the bit. ``d == best`` is false of a `d` that is rounded in another way.

    d = 0.1 * (x * w)          # again
    if d == best:              # of d, x, w and best
"""

from __future__ import annotations

from adcompiler.analysis.partials import partial_of
from adcompiler.ir.builder import Expr
from adcompiler.ir.nodes import Atom, Const, Let, Region, Var
from adcompiler.ir.primitive import Primitive
from adcompiler.ir.types import Array, Scalar, is_float
from adcompiler.ir.walk import all_stmts

_JUMPS: dict[Primitive, bool] = {}


def deciding(region: Region) -> set[Var]:
    """The values by which something is decided, and of those that are computed again
    what they are computed from."""
    found: set[Var] = set()
    for stmt in reversed(list(all_stmts(region))):  # what reads a value comes later
        if isinstance(stmt, Let):
            again = stmt.again and not found.isdisjoint(stmt.results)
            if again or _decides(stmt):
                found.update(_read(stmt))
    return found


def must_agree(let: Let, deciding: set[Var]) -> bool:
    """Whether a statement that is run again must give what it gave, to the bit; of ints
    all that is done here gives the same."""
    if not let.again or deciding.isdisjoint(let.results):
        return False
    return any(is_float(result.type) for result in let.results)


def _read(let: Let) -> set[Var]:
    """The operands of which the elements are read."""
    shapes = let.primitive.shape_only
    pairs = enumerate(let.operands)
    return {a for k, a in pairs if isinstance(a, Var) and k not in shapes}


def _decides(let: Let) -> bool:
    """Whether the result jumps where the operands do not."""
    if _JUMPS.get(let.primitive) is False and _gives_floats(let):
        return False  # as of most statements, whatever it reads
    if not any(is_float(a.type) for a in _read(let)):
        return False
    return not _gives_floats(let) or _jumps(let)


def _gives_floats(let: Let) -> bool:
    return any(is_float(result.type) for result in let.results)


def _jumps(let: Let) -> bool:
    """Whether an elementwise function jumps: `floor`, and ``x % y``, in whose partial
    derivative there is such a function."""
    row = let.primitive
    if row not in _JUMPS:
        flat, built = _partials(let)
        _JUMPS[row] = flat or any(_partials(s)[0] for s in built)
    return _JUMPS[row]


def _partials(let: Let) -> tuple[bool, list[Let]]:
    """Whether no partial derivative by an operand is stated, or it is zero; and what
    the partial derivatives are made of."""
    if let.primitive.partials is None:
        return False, []
    numbers = (k for k, a in enumerate(let.operands) if not _is_mask(a))
    found = [partial_of(let, k) for k in numbers]
    flat = any(partial is None or _is_zero(partial) for partial, _ in found)
    return flat, [s for _, built in found for s in built if isinstance(s, Let)]


def _is_mask(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar | Array) and atom.type.dtype == "bool"


def _is_zero(partial: Expr | float) -> bool:
    atom = partial.atom if isinstance(partial, Expr) else partial
    value = atom.value if isinstance(atom, Const) else atom
    return isinstance(value, int | float) and value == 0
