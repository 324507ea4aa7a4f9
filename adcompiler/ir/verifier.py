"""What well-formed IR is: a table of checks.

In: a function, after any pass. Out: nothing, or `InternalError` with the IR's text.
Invariant: what passes here can be evaluated, differentiated and emitted.

The table `CHECKS` says what holds of each statement by itself. What concerns its place
is in `_Verifier`: every value is defined once, before it is read, in a region around
the read; `Undef` is only ever given on, never computed with; a region that does not
fall ends in a `raise` (or in a statement all of whose ways out raise).

>>> from adcompiler.ir.nodes import Const, fresh_var
>>> from adcompiler.ir.types import PY_FLOAT
>>> x = fresh_var(PY_FLOAT, "x")
>>> verify(Function("f", Region((), (), (x,))))
Traceback (most recent call last):
...
adcompiler.errors.InternalError: f: x is read before it is defined
<BLANKLINE>
the last verified IR:
f()
    return x
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import UnionType
from typing import Any

from adcompiler.errors import InternalError
from adcompiler.ir.joins import joins, of_one_trip, types_of, unfit
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
    stop_flag,
)
from adcompiler.ir.printer import show
from adcompiler.ir.types import (
    PY_BOOL,
    Length,
    Scalar,
    Type,
    covers,
    dims_of,
)
from adcompiler.ir.walk import operands, regions

Check = Callable[[Any], bool]


def verify(function: Function, *, stage: str = "") -> None:
    """Raise InternalError unless the function is well-formed."""
    try:
        _Verifier().function(function)
    except _Fault as fault:
        where = f"{stage}: " if stage else ""
        message = f"{where}{function.name}: {fault}"
        raise InternalError(message, ir=show(function)) from None


class _Fault(Exception):
    """What is wrong, in a sentence."""


# --- The table -------------------------------------------------------------------


def _is(atom: Atom | None, kind: str) -> bool:
    return (
        atom is not None
        and isinstance(atom.type, Scalar)
        and atom.type.dtype.startswith(kind)
    )


def _all_cover(general: Iterable[Var], special: Iterable[Atom]) -> bool:
    pairs = list(zip(general, special, strict=False))
    return all(covers(g.type, s.type) for g, s in pairs)


def _given(arm: Region, results: tuple[Var, ...]) -> bool:
    return len(arm.results) == len(results) if arm.falls else not arm.results


def _count(loop: For | While) -> int:
    return loop.exits + len(loop.inits)


def _retyped(let: Let) -> bool:
    """Whether the row gives the results' types for the operands' types."""
    try:
        found = let.primitive.types(
            tuple(a.type for a in let.operands), dict(let.params)
        )
    except TypeError as error:
        raise _Fault(f"{let.primitive.name}: {error}") from None
    return len(found) == len(let.results) and all(
        covers(r.type, t) and (_lengths_agree(r.type, t) or _never_fits(let))
        for r, t in zip(let.results, found, strict=True)
    )


def _never_fits(let: Let) -> bool:
    """Whether a statement raises, as the lengths of its operands say: then it gives
    nothing, and no type of that is wrong."""
    # A copy of one that has not raised is safe: it is not reached where that raises.
    if all(r.exception != "ValueError" for r in replace(let, safe=False).raises):
        return False
    shapes = [dims_of(a.type) for a in let.operands]
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        mine = {s[-axis] for s in shapes if len(s) >= axis}
        if len([n for n in mine if isinstance(n, int) and n != 1]) > 1:
            return True
    return False


def _lengths_agree(declared: Type, found: Type) -> bool:
    """Whether no axis is said to have two different lengths."""
    pairs = zip(dims_of(declared), dims_of(found), strict=True)
    return all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int))


CHECKS: tuple[tuple[type | UnionType, str, Check], ...] = (
    (Let, "its results have the types that the row gives", _retyped),
    (Let, "no kind that is known at run time alone tells whether a derivative raises",
     lambda s: s.role == "primal" or not any(r.kind for r in s.raises)),
    (If, "its condition is a bool", lambda s: _is(s.cond, "bool")),
    (If, "its arms take nothing", lambda s: not s.then.params + s.orelse.params),
    (If, "each arm that falls gives every result, any other none",
     lambda s: _given(s.then, s.results) and _given(s.orelse, s.results)),
    (If, "its results' types cover what the arms give",
     lambda s: _all_cover(s.results, s.then.results)
     and _all_cover(s.results, s.orelse.results)),
    (If, "without results unless an arm falls",
     lambda s: s.then.falls or s.orelse.falls or not s.results),
    (For, "its bounds are ints", lambda s: all(_is(a, "int") for a in s.range.atoms)),
    (For, "its body takes the index and the carried values",
     lambda s: len(s.body.params) == 1 + len(s.inits)),
    (For, "its index is an int", lambda s: _is(s.body.params[0], "int")),
    (While, "its condition and body take the carried values",
     lambda s: len(s.body.params) == len(s.cond.params) == len(s.inits)),
    (While, "its condition falls and gives one bool",
     lambda s: len(s.cond.results) == 1 and _is(s.cond.results[0], "bool")),
    (While, "the condition's parameters have the body's types",
     lambda s: _all_cover(s.cond.params, s.body.params)
     and _all_cover(s.body.params, s.cond.params)),
    (For | While, "its body gives the carried values, after the stop flag if it exits",
     lambda s: not s.body.falls or len(s.body.results) == _count(s)),
    (For | While, "it gives one result for each carried value",
     lambda s: len(s.results) == len(s.inits)),
    (For | While, "its stop flag is a bool",
     lambda s: not (s.exits and s.body.falls) or _is(stop_flag(s), "bool")),
    (For | While, "its trip count is an int, `stopped` a bool",
     lambda s: _is(s.trips, "int") and (not s.exits or _is(s.stopped, "bool"))),
    (For | While, "the carried types cover what comes in and what comes round",
     lambda s: _all_cover(carried_params(s), s.inits)
     and _all_cover(carried_params(s), _ends(s))),
    (For | While, "the results' types cover what comes in and what comes round",
     lambda s: _all_cover(s.results, s.inits) and _all_cover(s.results, _ends(s))),
)  # fmt: skip


def _ends(loop: For | While) -> tuple[Atom, ...]:
    return carried_results(loop) if loop.body.falls else ()


# --- Places ----------------------------------------------------------------------


class _Verifier:
    def __init__(self) -> None:
        self.everywhere: set[Var] = set()
        # In the order of definition, so that leaving a region takes back its own.
        self.visible: dict[Var, None] = {}
        self.lengths: dict[Length, int] = {}

    def function(self, function: Function) -> None:
        self.region(function.region)
        for atom in function.results:
            self.computed(atom, "the function's result")

    def define(self, var: Var) -> None:
        if var in self.everywhere:
            raise _Fault(f"{_name(var)} is defined twice")
        self.everywhere.add(var)
        self.visible[var] = None
        for length in dims_of(var.type):
            self.lengths.setdefault(length, len(self.lengths))

    def read(self, atom: Atom) -> None:
        if isinstance(atom, Var) and atom not in self.visible:
            reason = "read outside of the region that defines it"
            if atom not in self.everywhere:
                reason = "read before it is defined"
            raise _Fault(f"{_name(atom)} is {reason}")

    def computed(self, atom: Atom, place: str) -> None:
        if isinstance(atom, Undef):
            raise _Fault(f"{place} is undefined")

    def region(self, region: Region) -> None:
        outside, known = len(self.visible), len(self.lengths)
        for param in region.params:
            self.define(param)
        for stmt in region.body:
            self.stmt(stmt)
        for atom in region.results:
            self.read(atom)
        if not region.falls:
            _check_end(region)
        while len(self.visible) > outside:
            self.visible.popitem()
        while len(self.lengths) > known:
            # The twin of a loop's body has lengths of the same names.
            self.lengths.popitem()

    def stmt(self, stmt: Stmt) -> None:
        for atom in operands(stmt):
            self.read(atom)
        if isinstance(stmt, Let | If):
            for atom in operands(stmt):
                self.computed(atom, f"an operand of {_what(stmt)}")
        for inner in regions(stmt):
            self.region(inner)
        for kinds, sentence, holds in CHECKS:
            if isinstance(stmt, kinds) and not holds(stmt):
                raise _Fault(f"of {_what(stmt)} this does not hold: {sentence}")
        if not isinstance(stmt, Let):
            self.check_lengths(stmt)
        for var in defined(stmt):
            self.define(var)

    def check_lengths(self, stmt: If | For | While) -> None:
        """Where paths meet, the rule of `ir.joins` holds."""
        for values, paths in joins(stmt):
            types = [v.type for v in values]
            for path in paths:
                k = unfit(types, types_of(path), self.lengths)
                if k is not None:
                    what = f"{_name(values[k])} of {_what(stmt)}"
                    raise _Fault(f"{what} is given a length it may not have")
        if isinstance(stmt, For | While):
            value = of_one_trip(stmt, self.lengths)
            if value is not None:
                what = f"{_name(value)} of {_what(stmt)}"
                raise _Fault(f"{what} has a length of one trip")


def _check_end(region: Region) -> None:
    """A region that does not fall raises at its end, and gives nothing."""
    if region.results:
        raise _Fault("a region that does not fall gives results")
    last = region.body[-1] if region.body else None
    match last:
        case Let() if last.primitive.name == "raise":
            return
        case If() if not (last.then.falls or last.orelse.falls):
            return
        case While() if last.cond.results == (Const(True, PY_BOOL),):
            return  # for ever, or until something raises
        case _:
            raise _Fault("a region that does not fall does not end in a raise")


def _name(var: Var) -> str:
    return var.name or f"value {var.id}"


def _what(stmt: Stmt) -> str:
    name = stmt.primitive.name if isinstance(stmt, Let) else type(stmt).__name__.lower()
    given = ", ".join(map(_name, defined(stmt)))
    line = f", line {stmt.span.lineno}" if stmt.span else ""
    return f"{name} -> {given}{line}" if given else f"{name}{line}"
