"""Common subexpressions: what is computed twice is computed once.

In: any function. Out: one in which no statement repeats a computation whose result is
in scope. Invariants: results and effects are the same. What may raise is merged with
an equal computation that always ran before it, which would have raised. Values are
immutable, so equal loads of the same array value are equal. New arrays (`zeros`,
`copy`, ...) are not merged: each is there to be written to. In the arm of an `If` its
condition is known.

A merged value takes the user's name, wherever in the program the user gave it.

Value numbering scoped by dominance, which in structured code is nesting (cf. Briggs,
Cooper and Simpson 1997); linear.

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder
>>> from adcompiler.ir.nodes import Function, Region, fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT
>>> b, x = Builder(), fresh_var(NP_FLOAT, "x")
>>> first, y = b.apply("multiply", x, x), b.apply("multiply", x, x, hint="y")
>>> both = b.apply("add", first, y)
>>> print(show(merge_common_subexpressions(Function("f", b.region((x,), (both,))))))
f(x: np.float64)
    y: np.float64 = multiply(x, x)
    %0: np.float64 = add(y, y)
    return %0
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    defined,
)
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import NP_BOOL, PY_BOOL, Array
from adcompiler.ir.walk import free_vars, map_regions, rebuild
from adcompiler.optimise.equations import Equations
from adcompiler.optimise.rewriting import atom_key
from adcompiler.primitives.comparison import opposite

NEW_ARRAYS = frozenset(
    {"copy", "list_new", "list_zeros", "list_full", "list_unstack", "list_add"}
    | {"list_split"}
) | {
    name + like for name in ("empty", "full", "ones", "zeros") for like in ("", "_like")
}
COMMUTATIVE = frozenset({"add", "multiply", "equal", "not_equal"})


def merge_common_subexpressions(function: Function) -> Function:
    """The function with equal computations merged; the same object if it has none."""
    merger = _Merger()
    region = merger.region(function.region)
    if not merger.merged:
        return function
    if merger.again:
        region = _marked(region, merger.again)
    return merger.equations.applied(replace(function, region=region))


def _marked(region: Region, again: set[Let]) -> Region:
    """The region with these statements for ones that are run again."""

    def stmt(s: Stmt) -> Stmt:
        if isinstance(s, Let):
            return replace(s, again=True) if s in again else s
        return map_regions(s, lambda r: _marked(r, again))

    return replace(region, body=tuple(map(stmt, region.body)))


class _Merger:
    def __init__(self) -> None:
        self.equations = Equations()
        self.known: dict[Var, Atom] = {}
        self.table: dict[Hashable, Let] = {}
        self.denials: dict[Var, Hashable] = {}  # what is true where a flag is not
        self.settled: dict[Hashable, bool] = {}
        self.scopes: list[list[Hashable]] = [[]]
        self.again: set[Let] = set()  # that stand for statements that are run again
        self.merged = False

    def atom(self, atom: Atom) -> Atom:
        # A condition may stand for an earlier one, which is known in the arms of an If.
        while isinstance(atom, Var) and atom in self.known:
            atom = self.known[atom]
        return atom

    def region(self, region: Region) -> Region:
        """The region merged; what is computed in it is known in it only."""
        for param in region.params:
            self.equations.define(param)
        self.scopes.append([])
        body = tuple(new for old in region.body if (new := self.stmt(old)) is not None)
        results = tuple(map(self.atom, region.results))
        for key in self.scopes.pop():
            del self.table[key]
        return replace(region, body=body, results=results)

    def stmt(self, stmt: Stmt) -> Stmt | None:
        """The statement merged; None where its results are known already."""
        match stmt:
            case Let():
                return self.let(stmt)
            case If():
                cond = self.atom(stmt.cond)
                then = self.arm(stmt.then, cond, True)
                orelse = self.arm(stmt.orelse, cond, False)
                new: Stmt = replace(stmt, cond=cond, then=then, orelse=orelse)
            case _:
                new = rebuild(stmt, self.atom, self.region)
        for var in defined(new):
            self.equations.define(var)
        return new

    def arm(self, arm: Region, cond: Atom, holds: bool) -> Region:
        """An arm, in which the condition is known."""
        if not isinstance(cond, Var) or cond.type not in (PY_BOOL, NP_BOOL):
            return self.region(arm)
        self.known[cond] = _flag(holds, cond)
        self.merged |= cond in free_vars(arm)
        denial, before = self.denials.get(cond), dict(self.settled)
        if denial is not None:
            self.settled[denial] = not holds
        region = self.region(arm)
        self.settled = before
        del self.known[cond]
        return region

    def let(self, let: Let) -> Let | None:
        new = let.reading(tuple(map(self.atom, let.operands)))
        key = _key(new)
        if key in self.settled:
            self.known[new.result] = _flag(self.settled[key], new.result)
            self.merged = True
            return None
        if key is not None:
            opposed = opposite(new.primitive.name, new.operands)
            if opposed is not None:
                self.denials[new.result] = (opposed, *key[1:])
            earlier = self.table.get(key)
            if earlier is not None and self.merge(new, earlier):
                return None
            if earlier is None:
                self.table[key] = new
                self.scopes[-1].append(key)
        for var in new.results:
            self.equations.define(var)
        return new

    def merge(self, later: Let, earlier: Let) -> bool:
        """Let the results of the earlier computation stand for those of the later."""
        if may_raise(later) and earlier.safe:
            return False  # the check would go with the later statement
        pairs = list(zip(later.results, earlier.results, strict=True))
        if not all(self.equations.agree(old.type, new.type) for old, new in pairs):
            return False
        for old, new in pairs:
            self.equations.equate(old.type, new.type)
            self.known[old] = new
            if later.role == "primal" and old.name is not None:
                self.equations.name(new, old.name)
        if later.again and not earlier.again and earlier.role != "primal":
            self.again.add(earlier)
        self.merged = True
        return True


def may_raise(let: Let) -> bool:
    """Whether the program expects an error of a statement."""
    return bool(let.effect & Effect.MAY_RAISE)


def _flag(holds: bool, flag: Var) -> Const:
    return constant(holds if flag.type == PY_BOOL else np.bool_(holds))


def _key(let: Let) -> tuple[Hashable, ...] | None:
    """What two computations have in common if they are one; None if they never are."""
    if let.primitive.name in NEW_ARRAYS or not let.results:
        return None
    if let.primitive.effect:
        return None
    types = tuple(a.type for a in let.operands)
    if any(isinstance(a, Undef) for a in let.operands):
        return None
    read = [atom_key(a) for a in let.operands]
    if let.primitive.name in COMMUTATIVE:
        read.sort(key=lambda k: (0, k.id) if isinstance(k, Var) else (1, repr(k)))
    # `known` says what is known of the result's lengths, not what is computed; of
    # arrays an operator and NumPy's function are one.
    spelt = {("via", "np")} if any(isinstance(t, Array) for t in types) else set()
    static = tuple(p for p in let.params if p[0] != "known" and p not in spelt)
    return (let.primitive.name, tuple(read), static)
