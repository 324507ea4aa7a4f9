"""A call like the one before: straight to the machine code.

In: a program and the request that it has served. Out: a callable on arguments, which
gives what the program does, or `MISS` for any that are not alike.
Invariants: the entry checks types, ranks, dtypes and layouts; guards are checked anew,
and what was captured is read anew, as on the long way. What takes containers or values
known while compiling always goes that way; so does what stores into its arguments,
unless it is called by its address: the entry looks at their memory then.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from adcompiler import settings
from adcompiler.directly import is_exact
from adcompiler.evaluation import as_type
from adcompiler.execute.vectorcall import Fact, Table, code_place
from adcompiler.frontend.arguments import same_static
from adcompiler.frontend.interface import (
    Guard,
    LeafSpec,
    ResultLeaf,
    ResultStatic,
    ResultTree,
)
from adcompiler.frontend.reads import Attribute, Cell, Global, Read
from adcompiler.frontend.specialise import guards_hold
from adcompiler.frontend.structures import made
from adcompiler.ir.types import Array
from adcompiler.programs import Program, Request
from adcompiler.settings import ABSENT

__all__ = ["MISS", "ShortWays", "finisher", "short_ways"]

Results = tuple[Any, ...]


class _Miss:
    """The answer to a call that is not alike."""

    def __repr__(self) -> str:
        return "MISS"


MISS = _Miss()


def _miss(*_: Any) -> Any:
    return MISS


class Repeated:
    """A program, called without a request."""

    __slots__ = (
        *("_call", "_captures", "_count", "_facts", "_finish", "_guards", "_shaped"),
    )

    def __init__(
        self,
        program: Program,
        call: Callable[..., Any],
        count: int,
        facts: Sequence[Fact],
    ) -> None:
        outline = program.outline
        self._call = call
        self._count = count
        self._facts = facts
        self._guards = outline.guards
        self._captures = tuple(c.read for c in outline.captures)
        self._finish = finisher(outline.result, program)
        first = len(program.types) - len(program.wrt)
        self._shaped = tuple(
            (first + n, k)
            for n, k in enumerate(program.wrt)
            if isinstance(program.types[first + n], Array)
        )

    def __call__(self, args: tuple[Any, ...]) -> Any:
        if len(args) != self._count or not guards_hold(self._guards, ()):
            return MISS
        for holder, key, value in self._facts:
            if holder.get(key, ABSENT) is not value:
                return MISS
        if self._captures:
            args = (*args, *(read() for read in self._captures))
        results = self._call(*args)
        if results is MISS:
            return MISS
        for result, argument in self._shaped:
            if results[result].shape != args[argument].shape:
                return MISS  # the long way says what is wrong
        return self._finish(results)


class ShortWays:
    """The short ways of one derivative: by its address, and through `Repeated`; and by
    an address of its own where gradients go to given arrays. Each is made when a call
    has gone the long way that could have gone there."""

    __slots__ = ("_count", "_direct", "_facts", "_made", "program", "repeated", "table")

    def __init__(
        self, program: Program, request: Request, facts: Sequence[Fact]
    ) -> None:
        self.program = program
        guards = _facts_of(program.outline.guards)
        self.table = Table.of((*facts, *(guards or ())))
        self.repeated: Repeated | None = None
        self._direct, self._made = guards is not None, False
        self._facts, self._count = facts, len(request.specs)

    @property
    def address(self) -> int | None:
        """What calls go by; those with ``out=`` alone, if there were no others."""
        built = self.program.built
        return (built.address if self._made else self.writing) if self._direct else None

    @property
    def writing(self) -> int | None:
        """What calls with ``out=`` go by, if there was one that wrote there."""
        return self.program.built.writing_address if self._direct else None

    def open(self) -> None:
        """Make the way of calls without ``out=``."""
        if self._made:
            return
        self._made = True
        if self.address is None and not self.program.outline.mutated:
            call = self.program.built.sharing(_miss)
            if call is not None:
                facts = self._facts
                self.repeated = Repeated(self.program, call, self._count, facts)

    def serves(self, program: Program) -> bool:
        """Whether these are the program's, and what they ask for is as it was."""
        return self.program is program and self.table.holds()


def short_ways(program: Program, request: Request, *, named: bool) -> ShortWays | None:
    """The short ways of calls like this one, if there are any.

    `named`: the backend is the caller's choice, whatever the settings say.
    """
    # The entry takes arrays in C order, for which another program may have been made:
    # what is a view of one array is a copy of another that lies otherwise.
    specs = [*request.specs.values(), *(c.spec for c in program.outline.captures)]
    plain = all(isinstance(s, LeafSpec) and s.contiguous for s in specs)
    if not plain or program.statics or program.pullback:
        return None
    if len(request.passed) != len(request.specs):
        return None
    facts = settings.facts("ADC_STRICT_FP", *(() if named else ("ADC_BACKEND",)))
    return None if facts is None else ShortWays(program, request, facts)


def _facts_of(guards: Sequence[Guard]) -> list[Fact] | None:
    """The guards as facts that machine code checks; None where there are others.

    Facts are of objects themselves: an equal number in the place of another is none.
    """
    found: list[Fact] = []
    for guard in guards:
        facts = _facts(guard.read)
        if facts is None:
            return None
        *_, (_, _, value) = facts
        if value is not guard.value and not same_static(value, guard.value):
            return None
        found += facts
    return found


def _facts(read: Read) -> list[Fact] | None:
    """What is read as it is now, last of these facts; None of what has no such form."""
    match read:
        case Global(scope=dict() as scope, name=name) if name in scope:
            return [(scope, name, scope[name])]
        case Global(scope=dict() as scope, name=name) if name in vars(builtins):
            # Python's own, as long as no global hides it.
            own = vars(builtins)
            return [(scope, name, ABSENT), (own, name, own[name])]
        case Cell(cell=cell):
            return [(cell, None, cell.cell_contents)]
        case Attribute(owner=FunctionType() as owner, name="__code__"):
            place = code_place()
            return None if place is None else [(owner, place, owner.__code__)]
        case _:
            return None


def finisher(tree: ResultTree, program: Program) -> Callable[[Results], Any]:
    """What puts results together."""
    types = program.types
    exact = list(map(is_exact, program.outline.results, types))
    if all(exact) and _whole(tree) == tuple(range(len(types))):
        return lambda results: results

    def visit(tree: ResultTree) -> Callable[[Results], Any]:
        match tree:
            case ResultLeaf(index=index) if exact[index]:
                return operator.itemgetter(index)
            case ResultLeaf(index=index):
                return lambda results: as_type(results[index], types[index])
            case ResultStatic(value=value):
                return lambda results: value
            case _:
                cls, parts = tree.cls, [visit(t) for t in tree.items]
                return lambda results: made(cls, (part(results) for part in parts))

    return visit(tree)


def _whole(tree: ResultTree) -> tuple[int, ...] | None:
    """The results that a plain tuple consists of, in order."""
    if isinstance(tree, ResultLeaf | ResultStatic) or tree.cls is not tuple:
        return None
    if not all(isinstance(item, ResultLeaf) for item in tree.items):
        return None
    return tuple(i.index for i in tree.items if isinstance(i, ResultLeaf))
