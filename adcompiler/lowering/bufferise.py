"""Copies made explicit, so that every store may happen in place.

In: a function of immutable values. Out: the same function with `copy`s inserted, after
which whatever is stored to (`store`, `accumulate`, a list's `append` and `pop`) is the
function's own, dead afterwards, and shares memory with no live value; and sums of
cotangents of arrays, ``x_bar1 = add(x_bar0, g)``, done in place where that takes no
copy: ``accumulate(x_bar0, g)``, written ``x_bar += g``. What has another name than its
sum, or none, is left as it is.
Invariants: no value changes; results share memory with nothing; a loop's parameter that
the body stores to is copied at entry at most, and a swap of two buffers copies nothing.

    y = store(x, v, i)         y = copy(x)
    return y            ->     y = store(y, v, i)
                               return y

`aliasing` finds the hazards, this pass mends them until there are none.

>>> from adcompiler.ir.builder import constant
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import Array
>>> import adcompiler.primitives
>>> x, builder = fresh_var(Array("float64", (3,)), "x"), Builder()
>>> y = builder.apply("store", x, constant(1.0), constant(0), index=("int",), hint="y")
>>> print(show(bufferise(Function("f", builder.region((x,), (y,))))))
f(x: float64[3])
    y: float64[3] = copy(x)
    y.1: float64[3] = store(y, 1.0, 0, index=('int',))
    return y.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from adcompiler import settings
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder
from adcompiler.ir.joins import may_be_undefined
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    fresh_var,
    is_adjoint,
)
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts, count_uses, map_regions
from adcompiler.lowering.aliasing import Place, is_view, memory
from adcompiler.lowering.filling import fill_at_once

_ROUNDS = 100


def bufferise(
    function: Function, owned_params: Set[int] = frozenset(), *, inner: bool = False
) -> Function:
    """Insert copies until all stores may be done in place.

    `owned_params` are the positions of parameters that may themselves be stored to,
    besides those that results lie in. The residuals of an `inner` function may hold
    what it is given.
    """
    owned_params = owned_params | set(function.within)
    hazards_of = partial(_hazards, owned_params=owned_params, inner=inner)
    function = _mended(function, hazards_of)
    function = fill_at_once(_accumulated(function, hazards_of))
    if settings.current().verify:
        check_buffers(function, owned_params, inner=inner)
    return function


Hazards = Callable[[Function], dict[Place, set[Let]]]


def _hazards(
    function: Function, owned_params: Set[int], inner: bool
) -> dict[Place, set[Let]]:
    return memory(function, owned_params, inner=inner).hazards


def check_buffers(
    function: Function, owned_params: Set[int] = frozenset(), *, inner: bool = False
) -> None:
    """Raise InternalError where a store in place would change what is still needed."""
    hazards = _hazards(function, owned_params, inner)
    if hazards:
        places = ", ".join(_describe(p) for p in hazards)
        raise InternalError(f"bufferise: {function.name} needs a copy of {places}")


def _describe(place: Place) -> str:
    match place.node:
        case Let():
            node = place.node.primitive.name
        case other:
            node = type(other).__name__
    return f"{place.kind} {place.index} of {node}"


def _mended(function: Function, hazards_of: Hazards) -> Function:
    for _ in range(_ROUNDS):
        hazards = hazards_of(function)
        if not hazards:
            return function
        mend = _Mend(hazards, may_be_undefined(function.region.body))
        function = replace(function, region=mend.region(function.region))
    raise InternalError(f"bufferise: {function.name} still has hazards")


class _Mend:
    """Inserts a copy at each place."""

    def __init__(self, places: Iterable[Place], lacking: Set[Var]) -> None:
        self.lacking = lacking
        self.operands: dict[Stmt | Region, list[int]] = {}
        self.ends: dict[Stmt | Region, list[int]] = {}
        self.views: set[Stmt | Region] = set()
        for place in places:
            if place.kind == "view":
                self.views.add(place.node)
            else:
                table = self.operands if place.kind == "operand" else self.ends
                table.setdefault(place.node, []).append(place.index)

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            self.stmt(stmt, builder)
        results = list(region.results)
        for k in self.ends.get(region, ()):
            builder.role = region.body[-1].role if region.body else "primal"
            end = results[k]
            alone = isinstance(end, Var) and count_uses(region)[end] == 1
            results[k] = (self.copied_end if alone else self.copy)(builder, end)
        return replace(region, body=tuple(builder.stmts), results=tuple(results))

    def stmt(self, stmt: Stmt, builder: Builder) -> None:
        copied = self.operands.get(stmt, ())
        viewed = stmt in self.views
        with builder.at(stmt.span, stmt.role):
            # What is stored to gets a name; other copies are written where used.
            stored = isinstance(stmt, Let) and 0 in copied
            hint = _let(stmt).results[-1].name if stored else None
            lacking = set() if isinstance(stmt, Let) else self.lacking
            atoms = {
                k: _copy(builder, _operand(stmt, k), hint, lacking) for k in copied
            }
            stmt = _with_operands(map_regions(stmt, self.region), atoms)
            if not viewed:
                builder.append(stmt)
                return
            assert isinstance(stmt, Let)
            view = fresh_var(stmt.result.type)
            builder.append(replace(stmt, results=(view,)))
            copy = PRIMITIVES["copy"]
            builder.append(Let(stmt.results, copy, (view,), (), stmt.span, stmt.role))

    def copy(self, builder: Builder, atom: Atom) -> Atom:
        """A copy of what is handed on, which need not be there."""
        return _copy(builder, atom, None, self.lacking)

    def copied_end(self, builder: Builder, atom: Atom) -> Atom:
        """A copy of what a region hands on: made in the arms of the branch that gives
        it where some of these leave it undefined."""
        for position, stmt in enumerate(builder.stmts):
            if isinstance(stmt, If) and atom in stmt.results:
                k = stmt.results.index(atom)
                if _may_lack(stmt, k):
                    then, orelse = (
                        self.with_copy(arm, k) for arm in (stmt.then, stmt.orelse)
                    )
                    builder.stmts[position] = replace(stmt, then=then, orelse=orelse)
                    return atom
        return self.copy(builder, atom)

    def with_copy(self, arm: Region, k: int) -> Region:
        """The arm of a branch with a copy as its result `k`, unless that is new
        memory."""
        if not arm.falls or _is_fresh(arm, k):
            return arm
        role = arm.body[-1].role if arm.body else "primal"
        builder = Builder(list(arm.body), role=role)
        results = list(arm.results)
        results[k] = self.copied_end(builder, results[k])
        return replace(arm, body=tuple(builder.stmts), results=tuple(results))


def _copy(builder: Builder, atom: Atom, hint: str | None, lacking: Set[Var]) -> Atom:
    if isinstance(atom, Undef):
        return atom
    maybe = {"maybe": True} if atom in lacking else {}
    return builder.apply("copy", atom, hint=hint, **maybe)


def _may_lack(stmt: If, k: int) -> bool:
    """Whether a path through a branch leaves its result `k` undefined."""
    for arm in (stmt.then, stmt.orelse):
        if not arm.falls:
            continue
        given = arm.results[k]
        if isinstance(given, Undef):
            return True
        inner = [s for s in arm.body if isinstance(s, If) and given in s.results]
        if any(_may_lack(s, s.results.index(given)) for s in inner):
            return True
    return False


def _is_fresh(arm: Region, k: int) -> bool:
    """Whether the result `k` of an arm is new memory that nothing else uses."""
    given = arm.results[k]
    return any(
        isinstance(s, Let)
        and s.results == (given,)
        and not (s.primitive.writes or is_view(s))
        and count_uses(arm)[s.result] == 1
        for s in arm.body
    )


def _operand(stmt: Stmt, k: int) -> Atom:
    return stmt.inits[k] if isinstance(stmt, For | While) else _let(stmt).operands[k]


def _let(stmt: Stmt) -> Let:
    assert isinstance(stmt, Let)
    return stmt


def _with_operands(stmt: Stmt, atoms: Mapping[int, Atom]) -> Stmt:
    if not atoms:
        return stmt
    if isinstance(stmt, For):
        return replace(stmt, inits=_replaced(stmt.inits, atoms))
    if isinstance(stmt, While):
        return replace(stmt, inits=_replaced(stmt.inits, atoms))
    let = _let(stmt)
    return replace(let, operands=_replaced(let.operands, atoms))


def _replaced(old: Sequence[Atom], atoms: Mapping[int, Atom]) -> tuple[Atom, ...]:
    return tuple(atoms.get(k, atom) for k, atom in enumerate(old))


# --- sums in place ----------------------------------------------------------------


def _accumulated(function: Function, hazards_of: Hazards) -> Function:
    """Do sums of cotangents in place where that takes no copy."""
    lets = [s for s in all_stmts(function.region) if isinstance(s, Let)]
    made = {v for s in lets if not s.primitive.writes for v in s.results}
    wanted: set[Stmt] = {s for s in lets if _is_running_sum(s, made)}
    while wanted:
        changed = _InPlace(wanted)
        result = replace(function, region=changed.region(function.region))
        hazards = hazards_of(result)
        if not hazards:
            return result
        blamed = {
            changed.origin[s]
            for w in hazards.values()
            for s in w
            if s in changed.origin
        }
        wanted = wanted - blamed if blamed else set()
    return function


def _is_running_sum(let: Let, made: Set[Var]) -> bool:
    """Whether this adds to a cotangent of the same name, shape and dtype. Of those
    without a name, what a statement has just `made` is a part of the sum's text."""
    if let.primitive.name != "add" or not is_adjoint(let):
        return False
    total, result = let.operands[0], let.result
    if not isinstance(total, Var) or not isinstance(total.type, Array):
        return False
    alike = total.name in (None, result.name)
    named = result.name is not None or total not in made
    return total.type == result.type and alike and named


class _InPlace:
    """Rewrites the chosen sums; `origin` maps what they became to what they were."""

    def __init__(self, wanted: Set[Stmt]) -> None:
        self.wanted = wanted
        self.origin: dict[Let, Stmt] = {}

    def region(self, region: Region) -> Region:
        return replace(region, body=tuple(map(self.stmt, region.body)))

    def stmt(self, stmt: Stmt) -> Stmt:
        if stmt not in self.wanted:
            return map_regions(stmt, self.region)
        assert isinstance(stmt, Let)
        params = (("index", ()),)
        changed = replace(stmt, primitive=PRIMITIVES["accumulate"], params=params)
        self.origin[changed] = stmt
        return changed
