"""Results in memory that the caller gives.

In: a function, and which of its results go there. Out: the memory for the new arrays
that these results lie in; and, where a result lies elsewhere after all, a copy.
Invariants: an array is given that memory only where the function itself makes it, once.
A result is looked at when it is there: whatever is found out before decides how it
comes there, not whether it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adcompiler.emit.llvm.nests import fill
from adcompiler.emit.llvm.values import Elements, Value, dense
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
)
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts

__all__ = ["deliver", "memory_given"]


def memory_given(
    writer: Writer, function: Function, into: Sequence[tuple[int, int]]
) -> dict[int, Elements]:
    """The memory for each of these results; what is made for them is made in it."""
    makers = {v: s for s in all_stmts(function.region) for v in defined(s)}
    own = {v for s in function.region.body for v in defined(s)}
    found: dict[int, Elements] = {}
    origins: list[Var] = []
    for result, param in into:
        like = writer.values[function.params[param]]
        atom = function.results[result]
        assert isinstance(like, Elements)
        assert isinstance(atom.type, Array)
        steps = dense(writer.code, like.dims)
        place = Elements(
            atom.type.dtype, f"%into{result}", "null", like.dims, steps, True
        )
        found[result] = place
        origin = _origin(atom, makers)
        if origin in own:
            assert isinstance(origin, Var)
            writer.given[origin] = place
            origins.append(origin)
    for var in {v for v in origins if origins.count(v) > 1}:
        del writer.given[var]
    return found


def _origin(atom: Atom, makers: Mapping[Var, Stmt]) -> Atom:
    """The array that a value is, but for what was stored to it."""
    stmt = makers.get(atom) if isinstance(atom, Var) else None
    match stmt:
        case Let() if stmt.primitive.writes:
            return _origin(stmt.operands[0], makers)
        case For() | While() if atom in stmt.results:
            k = stmt.results.index(atom)
            if not stmt.body.falls:
                return _origin(stmt.inits[k], makers)
            end = _origin(carried_results(stmt)[k], makers)
            stays = end is carried_params(stmt)[k]
            return _origin(stmt.inits[k], makers) if stays else Undef(atom.type)
        case If() if atom in stmt.results:
            k = stmt.results.index(atom)
            arms = [arm for arm in (stmt.then, stmt.orelse) if arm.falls]
            ends = [_origin(arm.results[k], makers) for arm in arms]
            same = bool(ends) and all(end is ends[0] for end in ends)
            return ends[0] if same else Undef(atom.type)
        case _:
            return atom


def deliver(
    writer: Writer, value: Value, result: int, places: Mapping[int, Elements]
) -> None:
    """See to it that a result lies where the caller wants it."""
    code, place = writer.code, places[result]
    assert isinstance(value, Elements)
    for mine, theirs in zip(value.dims, place.dims, strict=True):
        writer.require_equal(mine, theirs)
    if value.data == place.data:
        return
    copy, done = code.label("copy"), code.label("there")
    code.branch(code.op(f"icmp eq ptr {value.data}, {place.data}"), done, copy)
    code.start(copy)
    for other in places.values():
        if other is not place:
            code.fail_if(code.op(f"icmp eq ptr {value.data}, {other.data}"))
    fill(code, place, value)
    code.jump(done)
    code.start(done)
