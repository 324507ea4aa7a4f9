"""Indices that are surely within their arrays.

In: any function. Out: the same, in which what reads an element in a loop, or writes
one, is `safe` where the bounds of loops and branches around it leave no other index.
Invariant: nothing else changes. That a length is what it is by its type is taken as
known, as in `analysis.points`.

    for i in range(len(x) - 1): total += x[i + 1]     ->     x[i + 1] raises nothing

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import Range, fresh_var
>>> from adcompiler.ir.types import PY_INT, Array, fresh_dim
>>> x, i, trips = fresh_var(Array("float64", (fresh_dim(),))), *(
...     fresh_var(PY_INT) for _ in "it")
>>> b, inner = Builder(), Builder()
>>> n = b.apply("shape", x, axis=0)
>>> for place in (i, inner.apply("add", i, constant(1))):
...     _ = inner.apply("load", x, place, index=("int",))
>>> bounds = Range(constant(0), n, constant(1))
>>> b.append(For((), bounds, (), inner.region((i,), ()), trips))
>>> found = with_sure_indices(Function("f", b.region((x,), ())))
>>> [s.safe for s in found.region.body[1].body.body if s.primitive.name == "load"]
[True, False]
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.analysis.inequalities import Affine, infeasible
from adcompiler.analysis.points import Nest, Point
from adcompiler.ir.nodes import Atom, For, Function, Let, Region
from adcompiler.ir.types import Dim, Length, dims_of
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise.bounds import made_safe

_ROWS = {"load": 1, "store": 2, "accumulate": 2}  # and where their indices begin
_Where = tuple[Region, int]  # a region, and how many conditions are known to hold
_MOST = 200  # proofs that are tried


def with_sure_indices(function: Function) -> Function:
    """The function with such statements safe; the same object where there are none."""
    loops = (s for s in all_stmts(function.region) if isinstance(s, For))
    inside = [s for loop in loops for s in all_stmts(loop.body)]
    doubtful = dict.fromkeys(s for s in inside if isinstance(s, Let) and _may_miss(s))
    if not doubtful:
        return function
    proofs = _Proofs(Nest(function.region))
    return made_safe(function, {s for s in doubtful if proofs.is_sure(s)})


def _may_miss(let: Let) -> bool:
    """Whether an index that is out of bounds is all that may be wrong."""
    if let.primitive.name not in _ROWS:
        return False
    raises = let.raises
    return bool(raises) and all(r.exception == "IndexError" for r in raises)


def _indices(let: Let) -> Iterator[tuple[Atom, Length]]:
    """The ints of an index, each with the length of its axis."""
    atoms = iter(let.operands[_ROWS[let.primitive.name] :])
    dims = iter(dims_of(let.operands[0].type))
    for entry in let.param("index"):
        if entry == "new":
            continue
        length = next(dims)
        if entry == "int":
            yield next(atoms), length
        elif isinstance(entry, tuple):
            for has in entry[1:]:
                if has:
                    next(atoms)


class _Proofs:
    """What is known in each region, and what has been shown there."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        self.points: dict[_Where, Point] = {}
        self.known: dict[tuple[_Where, Affine, Affine], bool] = {}

    def is_sure(self, let: Let) -> bool:
        """Whether every index is within its axis."""
        region = self.nest.places[let].region
        where = region, sum(1 for _ in self.nest.held_before(let))
        if where not in self.points:
            self.points[where] = Point(self.nest, 0, "")
            self.points[where].stand(let)
        point = self.points[where]
        for atom, length in _indices(let):
            if isinstance(length, Dim) and length not in self.nest.lengths:
                return False
            index, size = point.form(atom), point.length(length)
            key = where, index, size
            if key not in self.known:
                self.known[key] = self._is_within(point, index, size)
            if not self.known[key]:
                return False
        return True

    def _is_within(self, point: Point, index: Affine, size: Affine) -> bool:
        if len(self.known) >= _MOST:
            return False
        above = infeasible([*point.facts, index - size])
        return above and infeasible([*point.facts, -1 - size - index])
