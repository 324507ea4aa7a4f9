"""The last touch on derivative code: where signs stand.

In: a simplified function, in which each sign stands in front of a whole product. Out:
one in which it stands at the first factor, as it is written: ``-(2 * y_bar * x)`` is
``-2 * y_bar * x``. Invariants: values are the same to the bit; the sign of an
accumulated value stays in front, to be printed ``x_bar[i] -= ...``; a mask, which has
no sign, is passed over (``mask * -y_bar``), as are integers that wrap.

>>> from adcompiler.optimise import tidy
>>> tidy(lambda x, y_bar: -(y_bar / x))
'-y_bar / x'
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Const, Function, Let, Region, Stmt, Var, fresh_var
from adcompiler.ir.types import Array, Scalar, is_float
from adcompiler.ir.walk import all_stmts, count_uses, map_regions
from adcompiler.ir.wrapping import is_sized, may_wrap

PRODUCTS = ("multiply", "ieee_divide")
VIEWS = ("transpose", "expand_dims", "squeeze")


def settle_signs(function: Function) -> Function:
    """Give each sign in front of a product to the product's first factor."""
    accumulated = {
        let.operands[1]
        for let in all_stmts(function.region)
        if isinstance(let, Let) and let.primitive.name in ("accumulate", "scatter_add")
    }
    settler = _Settler(count_uses(function.region), accumulated)
    region = settler.region(function.region)
    return replace(function, region=region) if settler.changed else function


class _Settler:
    def __init__(self, uses: dict[Var, int], accumulated: set[Atom]) -> None:
        self.uses = uses
        self.accumulated = accumulated
        self.local: dict[Var, Let] = {}
        self.changed = False

    def region(self, region: Region) -> Region:
        outer, self.local = self.local, {}
        body: list[Stmt] = []
        for stmt in region.body:
            body += self.stmt(stmt)
        self.local = outer
        return replace(region, body=tuple(body))

    def stmt(self, stmt: Stmt) -> list[Stmt]:
        if not isinstance(stmt, Let):
            return [map_regions(stmt, self.region)]
        for var in stmt.results:
            self.local[var] = stmt
        product = self.product(stmt.operands[0]) if _is_sign(stmt) else None
        if product is None or stmt.result in self.accumulated:
            return [stmt]
        self.changed = True
        return self.settled(stmt, product)

    def product(self, atom: Atom) -> Let | None:
        """The product that the atom is, if only the sign reads it."""
        let = self.local.get(atom) if isinstance(atom, Var) else None
        if let is None or let.role == "primal" or may_wrap(let):
            return None
        if let.primitive.name not in (*PRODUCTS, *VIEWS):
            return None
        return let if self.uses.get(let.result, 0) == 1 else None

    def settled(self, sign: Let, product: Let) -> list[Stmt]:
        """The product again, with the sign at its first factor."""
        chain = [product]
        while (inner := self.product(chain[-1].operands[0])) is not None:
            chain.append(inner)
        if all(factor.primitive.name in VIEWS for factor in chain):
            return [sign]
        builder = Builder([], sign.span, sign.role)
        head: Atom = chain[-1].operands[0]
        signed = _has_sign(head, chain[-1])
        if signed:
            head = _opposite(head, builder)
        for factor in reversed(chain):
            others = factor.operands[1:]
            if not signed and others and _has_sign(others[0], factor):
                others, signed = (_opposite(others[0], builder),), True
            whole = factor is product
            result = sign.result if whole else fresh_var(factor.result.type)
            builder.append(replace(factor, results=(result,), operands=(head, *others)))
            head = result
        return builder.stmts if signed else [sign]


def _has_sign(atom: Atom, product: Let) -> bool:
    """Whether an operand may have a sign: a float, or an int of Python's that meets no
    integer which may have no room for it."""
    if not isinstance(atom.type, Scalar | Array) or atom.type.dtype == "bool":
        return False
    return is_float(atom.type) or not any(is_sized(a.type) for a in product.operands)


def _opposite(atom: Atom, builder: Builder) -> Atom:
    if isinstance(atom, Const):
        return Const(-atom.value, atom.type)
    return builder.apply("negative", atom)


def _is_sign(let: Let) -> bool:
    return let.primitive.name == "negative" and let.role != "primal"
