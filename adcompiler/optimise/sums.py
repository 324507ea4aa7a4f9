"""What a line of source adds to a derivative is added at once.

In: a simplified function. Out: one in which several terms that one line of source adds
to a derivative, a number, are summed first. Invariants: the terms are the same and in
order, but for the negative ones, which stand last; the derivative is read by the sum
alone, so that it keeps its name.

    x_bar1 = x_bar0 - a * b
    x_bar2 = x_bar1 + c         ->   x_bar2 = x_bar0 + (c - a * b)

which is written ``x_bar += c - a * b``.

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT
>>> x, c = fresh_var(NP_FLOAT, "x_bar"), fresh_var(NP_FLOAT, "c")
>>> b = Builder(role="adjoint")
>>> first = b.apply("subtract", x, c, hint="x_bar")
>>> total = b.apply("add", first, c, hint="x_bar")
>>> print(show(gather_terms(Function("f", b.region((x, c), (total,))))))
f(x_bar: np.float64, c: np.float64)
    %0: np.float64 = subtract(c, c)
    x_bar.1: np.float64 = add(x_bar, %0)
    return x_bar.1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adcompiler.analysis.deciding import deciding, must_agree
from adcompiler.errors import Span
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Function, Let, Region, Stmt, Var
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Scalar, covers
from adcompiler.ir.walk import count_uses, map_regions
from adcompiler.ir.wrapping import may_wrap


def gather_terms(function: Function) -> Function:
    """The function with such terms gathered."""
    gatherer = _Gatherer(function.region)
    region = gatherer.region(function.region)
    return replace(function, region=region) if gatherer.changed else function


class _Gatherer:
    def __init__(self, region: Region) -> None:
        self.uses = count_uses(region)
        self.deciding = deciding(region)
        self.changed = False

    def region(self, region: Region) -> Region:
        chains: dict[Var, list[Let]] = {}  # by what the chain gives
        spans: dict[Var, Span | None] = {}
        for stmt in region.body:
            agrees = isinstance(stmt, Let) and must_agree(stmt, self.deciding)
            if isinstance(stmt, Let) and _adds(stmt) and not agrees:
                chains[stmt.result] = [*self.before(stmt, chains), stmt]
            if isinstance(stmt, Let):
                spans.update((r, stmt.span) for r in stmt.results)
        new: dict[Stmt, list[Stmt]] = {}
        for chain in chains.values():
            total = _gathered(chain) if self.stays(chain, spans) else None
            if total is not None:
                new |= {let: [] for let in chain[:-1]}
                new[chain[-1]] = total
                self.changed = True
        body = (s for stmt in region.body for s in new.get(stmt, [stmt]))
        return replace(region, body=tuple(map(self.inner, body)))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)

    def before(self, let: Let, chains: dict[Var, list[Let]]) -> list[Let]:
        """The additions before this one by the same line, which nothing else reads."""
        head = let.operands[0]
        assert isinstance(head, Var)
        chain = chains.get(head, [])
        same = bool(chain) and chain[-1].span == let.span
        if same and self.uses.get(head) == 1:
            return chains.pop(head)
        return []

    def stays(self, chain: list[Let], spans: Mapping[Var, Span | None]) -> bool:
        """Whether the derivative comes from another line, and is read here alone."""
        head = chain[0].operands[0]
        if len(chain) < 2 or not isinstance(head, Var) or self.uses.get(head) != 1:
            return False
        return head not in spans or spans[head] != chain[0].span


def _adds(let: Let) -> bool:
    """Whether a statement adds to a derivative that keeps its name."""
    if let.primitive.name not in ("add", "subtract") or let.role == "primal":
        return False
    head = let.operands[0]
    if let.params or not isinstance(head, Var) or head.name is None:
        return False
    # To an array one term after the other is added in place.
    return head.name == let.result.name and isinstance(let.result.type, Scalar)


def _gathered(chain: list[Let]) -> list[Stmt] | None:
    """The chain with its terms summed first; None where that has another type."""
    last = chain[-1]
    plus = [s.operands[1] for s in chain if s.primitive.name == "add"]
    minus = [s.operands[1] for s in chain if s.primitive.name == "subtract"]
    builder = Builder([], last.span, last.role)
    name = "add" if plus else "subtract"
    total, *rest = plus or minus
    for term in rest:
        total = builder.apply("add", total, term)
    for term in minus if plus else ():
        total = builder.apply("subtract", total, term)
    if any(isinstance(s, Let) and may_wrap(s) for s in builder.stmts):
        return None
    operands = (chain[0].operands[0], total)
    types = PRIMITIVES[name].types(tuple(a.type for a in operands), {})
    if not covers(last.result.type, types[0]):
        return None
    whole = replace(last, primitive=PRIMITIVES[name], operands=operands)
    return [*builder.stmts, whole]
