"""Sums over rows or columns of products of matrices are products of sums.

In: a function of immutable values, with the lengths that are taken for equal. Out: the
same, in which derivative code that adds up the rows of a product of matrices, or the
columns, adds up those of one factor, which then is multiplied: so there is a product of
a vector and a matrix instead of one of matrices. Sums and differences that such a
product is a term of are taken apart for it.
Invariants: a product, or a term, that is used elsewhere too stays as it is. No length
that is added up is one that a term is stretched to.

    s = sum(a @ b + c, axis=(0,))   ->   s = sum(a, axis=(0,)) @ b + sum(c, axis=(0,))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from adcompiler.emit.llvm.lengths import assumed_lengths
from adcompiler.emit.llvm.sliced import Classes
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Function, Let, Region, Var, defined
from adcompiler.ir.types import Array, dims_of
from adcompiler.ir.walk import all_stmts, count_uses, map_regions, substitute

__all__ = ["sums_apart"]


def sums_apart(function: Function) -> Function:
    """The function with such sums taken apart."""
    names = {s.primitive.name for s in all_stmts(function.region) if isinstance(s, Let)}
    if not {"matmul", "sum"} <= names:
        return function
    classes = Classes(assumed_lengths(function))
    apart = _Apart(classes, count_uses(function.region))
    return replace(function, region=apart.region(function.region))


@dataclass(slots=True)
class _Apart:
    classes: Classes
    uses: Mapping[Var, int]
    lets: dict[Var, Let] = field(default_factory=dict)
    gone: set[Var] = field(default_factory=set)

    def region(self, region: Region) -> Region:
        known = {
            s.result: s
            for s in region.body
            if isinstance(s, Let) and len(s.results) == 1
        }
        self.lets |= known
        builder, renamed = Builder(), dict[Var, Atom]()
        for stmt in region.body:
            found = self.stated(builder, stmt) if isinstance(stmt, Let) else None
            if found is not None:
                assert isinstance(stmt, Let)
                renamed[stmt.result] = found
            else:
                builder.append(map_regions(stmt, self.region))
        for var in known:
            del self.lets[var]
        body = tuple(s for s in builder.stmts if self.gone.isdisjoint(defined(s)))
        return substitute(replace(region, body=body), renamed)

    def stated(self, builder: Builder, let: Let) -> Var | None:
        """The sum, if it is one that is taken apart."""
        if let.primitive.name != "sum" or let.role == "primal":
            return None
        axis = let.param("axis")
        if not isinstance(axis, tuple) or len(axis) != 1:
            return None
        (x,) = let.operands
        if not self.has_product(x, axis[0]):
            return None
        with builder.at(let.span, let.role):
            found = self.summed(builder, x, axis[0])
            if not let.param("keepdims"):
                found = builder.apply("squeeze", found, axis=axis)
        return found

    def has_product(self, atom: Atom, axis: int) -> bool:
        """Whether what is added up is a product of matrices, or has one as a term."""
        let = self.made(atom)
        if let is None:
            return False
        rank = len(dims_of(atom.type))
        match let.primitive.name:
            case "matmul":
                ranks = {len(dims_of(a.type)) for a in let.operands}
                return min(ranks) > 1 and axis >= rank - 2
            case "negative":
                return self.has_product(let.operands[0], axis)
            case "add" | "subtract":
                fit = all(self.fits(a, atom, axis) for a in let.operands)
                return fit and any(self.has_product(a, axis) for a in let.operands)
            case _:
                return False

    def fits(self, term: Atom, total: Atom, axis: int) -> bool:
        """Whether a term has the shape of the sum, and certainly so along an axis."""
        mine, theirs = dims_of(term.type), dims_of(total.type)
        same = [self.classes(d) for d in mine] == [self.classes(d) for d in theirs]
        dtypes = {getattr(a.type, "dtype", "") for a in (term, total)}
        return same and mine[axis] == theirs[axis] and len(dtypes) == 1

    def made(self, atom: Atom) -> Let | None:
        """What makes a value that is used once, of floats."""
        if not isinstance(atom, Var) or self.uses.get(atom) != 1:
            return None
        t = atom.type
        floats = isinstance(t, Array) and t.dtype.startswith("float")
        let = self.lets.get(atom)
        return let if floats and let is not None and let.role != "primal" else None

    def summed(self, builder: Builder, atom: Atom, axis: int) -> Var:
        """The sum along an axis, which stays with length 1."""
        let = self.made(atom) if self.has_product(atom, axis) else None
        if let is None:
            return builder.apply("sum", atom, axis=(axis,), keepdims=True)
        self.gone.add(let.result)
        if let.primitive.name != "matmul":
            terms = [self.summed(builder, a, axis) for a in let.operands]
            return builder.apply(let.primitive.name, *terms)
        a, b = let.operands
        rank = len(dims_of(atom.type))
        if axis == rank - 2:
            left = len(dims_of(a.type)) - 2
            a = builder.apply("sum", a, axis=(left,), keepdims=True)
        else:
            right = len(dims_of(b.type)) - 1
            b = builder.apply("sum", b, axis=(right,), keepdims=True)
        return builder.apply("matmul", a, b)
