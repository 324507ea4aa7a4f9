"""The IR as text, for dumps, tests and bug reports.

In: a function. Out: text that depends on what the function does, not on how it was
built: values and lengths are numbered in the order of the text.
Invariant: functions that differ only in the identities of their values and lengths
print alike. A value shows its name hint if it has one (numbered if another has it
too), else a number; ``n0?`` is a length that may be 1; the trip count of a loop is
shown where something reads it.

>>> from adcompiler.ir.nodes import If, fresh_var
>>> from adcompiler.ir.types import PY_BOOL, PY_FLOAT
>>> x, y, c = fresh_var(PY_FLOAT, "x"), fresh_var(PY_FLOAT), fresh_var(PY_BOOL, "c")
>>> arms = Region((), (), (x,)), Region((), (), (Const(1.0, PY_FLOAT),))
>>> print(show(Function("f", Region((x, c), (If((y,), c, *arms),), (y,)))))
f(x: float64, c: bool)
    if c -> %0: float64
        yield x
    else
        yield 1.0
    return %0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, assert_never

from adcompiler.errors import Span
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Role,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
)
from adcompiler.ir.primitive import ATOM, UNARY, Piece
from adcompiler.ir.types import Array, Dim, Length, ListOf, Residuals, Scalar, Type
from adcompiler.ir.walk import count_uses

INDENT = "    "


def show(function: Function, *, spans: bool = False) -> str:
    """The function as text; with `spans`, each statement's role and source line; `safe`
    where it cannot raise."""
    return "\n".join(_Printer(count_uses(function.region), spans).function(function))


def formula(function: Function) -> str:
    """What a function without control flow gives, each value written out in place."""
    pieces: dict[Atom, Piece] = {
        p: Piece(p.name or f"v{k}", ATOM) for k, p in enumerate(function.params)
    }

    def piece(atom: Atom) -> Piece:
        if isinstance(atom, Const):
            return Piece(repr(atom.value), ATOM if atom.value >= 0 else UNARY)
        return pieces[atom]

    for stmt in function.region.body:
        assert isinstance(stmt, Let), "control flow is no formula"
        if len(stmt.results) == 1:
            read = tuple(map(piece, stmt.operands))
            pieces[stmt.result] = stmt.primitive.spell(stmt, read)
    return ", ".join(piece(a).text for a in function.results)


class _Printer:
    def __init__(self, uses: dict[Var, int], spans: bool) -> None:
        self.uses = uses
        self.spans = spans
        self.names: dict[Var, str] = {}
        self.taken: dict[str, int] = {}
        self.lengths: dict[Dim, str] = {}

    # --- Names -------------------------------------------------------------------

    def var(self, var: Var) -> str:
        if var not in self.names:
            hint = var.name or "%"
            count = self.taken.get(hint, 0)
            self.taken[hint] = count + 1
            if var.name is None:
                self.names[var] = f"%{count}"
            else:
                self.names[var] = f"{hint}.{count}" if count else hint
        return self.names[var]

    def atom(self, atom: Atom) -> str:
        match atom:
            case Var():
                return self.var(atom)
            case Const():
                return repr(atom.value)
            case Undef():
                return "undef"
            case _:
                assert_never(atom)

    def atoms(self, atoms: Iterable[Atom]) -> str:
        return ", ".join(map(self.atom, atoms))

    def typed(self, var: Var) -> str:
        return f"{self.var(var)}: {self.type(var.type)}"

    def type(self, type: Type) -> str:
        match type:
            case Scalar():
                return str(type)
            case Array():
                return f"{type.dtype}[{', '.join(map(self.length, type.dims))}]"
            case ListOf():
                return f"list<{self.type(type.element)}>"
            case Residuals():
                return str(type)
            case _:
                assert_never(type)

    def length(self, length: Length) -> str:
        if isinstance(length, int):
            return str(length)
        match length.key:
            case ("drop", (int() | Dim()) as base, count):
                return f"{self.length(base)}-{count}"
            case _:
                number = self.lengths.setdefault(length, f"n{len(self.lengths)}")
                return number if length.not_one else f"{number}?"

    def static(self, value: Any) -> str:
        match value:
            case Scalar() | Array() | ListOf():
                return self.type(value)
            case tuple():
                inner = ", ".join(map(self.static, value))
                return f"({inner},)" if len(value) == 1 else f"({inner})"
            case _:
                return repr(value)

    # --- Statements --------------------------------------------------------------

    def function(self, function: Function) -> Iterator[str]:
        params = ", ".join(map(self.typed, function.params))
        yield f"{function.name}({params})"
        yield from self.region(function.region, "return")

    def region(self, region: Region, last: str = "yield") -> Iterator[str]:
        for stmt in region.body:
            for line in self.stmt(stmt):
                yield INDENT + line
        if not region.falls:
            yield INDENT + "unreachable"
        elif region.results or not region.body:
            yield f"{INDENT}{last} {self.atoms(region.results)}".rstrip()

    def stmt(self, stmt: Stmt) -> Iterator[str]:
        match stmt:
            case Let():
                yield self.let(stmt)
            case If():
                head = f"if {self.atom(stmt.cond)}"
                then = list(self.region(stmt.then))
                orelse = list(self.region(stmt.orelse))
                yield self.headed(head, stmt.results, stmt)
                yield from then
                yield "else"
                yield from orelse
            case For():
                index = stmt.body.params[0]
                head = f"for {self.var(index)} in {self.range(stmt.range)}"
                yield from self.loop(head, stmt, None)
            case While():
                yield from self.loop("while", stmt, stmt.cond)
            case _:
                assert_never(stmt)

    def let(self, let: Let) -> str:
        static = [f"{k}={self.static(v)}" for k, v in let.params]
        read = [self.atom(a) for a in let.operands]
        name = (
            f"{let.spelled}.{let.primitive.name}" if let.spelled else let.primitive.name
        )
        call = f"{name}({', '.join(read + static)})"
        results = ", ".join(map(self.typed, let.results))
        return (f"{results} = {call}" if results else call) + self.note(let)

    def range(self, range_: Range) -> str:
        bounds = self.atoms((range_.start, range_.stop, range_.step))
        limit = "" if range_.limit is None else f"[:{self.atom(range_.limit)}]"
        text = f"range({bounds}){limit}"
        return f"reversed({text})" if range_.reverse else text

    def loop(self, head: str, loop: For | While, cond: Region | None) -> Iterator[str]:
        inits = [self.atom(a) for a in loop.inits]
        # Not strict: what is malformed must be shown, too.
        pairs = zip_longest(map(self.typed, carried_params(loop)), inits, fillvalue="?")
        carried = ", ".join(f"{param} = {init}" for param, init in pairs)
        if cond is not None:
            # The parameters of the condition have the names of the body's.
            for param, twin in zip(cond.params, carried_params(loop), strict=False):
                self.names[param] = self.names[twin]
            test = list(self.region(cond, "test"))
        body = list(self.region(loop.body))
        yield self.headed(f"{head} ({carried})", self.ends(loop), loop)
        if cond is not None:
            yield from test
            yield "do"
        yield from body

    def ends(self, loop: For | While) -> tuple[Var, ...]:
        trips = (loop.trips,) if loop.trips in self.uses else ()
        stopped = () if loop.stopped is None else (loop.stopped,)
        return (*loop.results, *trips, *stopped)

    def headed(self, head: str, results: tuple[Var, ...], stmt: Stmt) -> str:
        given = ", ".join(map(self.typed, results))
        return (f"{head} -> {given}" if given else head) + self.note(stmt)

    def note(self, stmt: Stmt) -> str:
        if not self.spans:
            return ""
        safe = ", safe" if isinstance(stmt, Let) and stmt.safe else ""
        return f"  # {_place(stmt.role, stmt.span)}{safe}"


def _place(role: Role, span: Span | None) -> str:
    return role if span is None else f"{role}, line {span.lineno}"
