"""The IR: typed SSA with structured regions and immutable values.

In: built by the front end and by passes through `ir.builder`. Out: read by every later
stage. Grammar, whole::

    Function = name, Region
    Region   = params, statements, results
    Stmt     = Let | If | For | While
    Atom     = Var | Const | Undef

Invariants (checked by `ir.verifier`): every `Var` is defined once and before its uses,
in its own region or an enclosing one; values never change: ``x[i] = v`` is a `store`
that yields a new array (`lowering.bufferise` decides what happens in place); control
has one entry and one exit: `break`, `continue` and `return` are values (a loop's *stop*
flag), never jumps. Passes rebuild nodes, they never mutate them.
"""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from adcompiler.errors import Span
from adcompiler.ir.primitive import Effect, Primitive, Raises
from adcompiler.ir.types import Type

Role = Literal[
    "primal", "tangent", "adjoint", "adjoint of adjoint", "adjoint of tangent"
]

_fresh = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Var:
    """An SSA value. `name` is a hint for the emitted code, not an identity.

    `noun` says what a value without a name is, should it need one: a name of the
    compiler's choice, which is no reason to keep the value apart from its use.
    """

    id: int
    type: Type = field(compare=False)
    name: str | None = field(default=None, compare=False)
    noun: str | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        return self.id


def fresh_var(type: Type, name: str | None = None, noun: str | None = None) -> Var:
    """A new value of this type."""
    return Var(next(_fresh), type, name, noun)


@dataclass(frozen=True, slots=True)
class Const:
    """A number known while compiling."""

    value: Any
    type: Type


@dataclass(frozen=True, slots=True)
class Undef:
    """A value that no run reads: a name not assigned on this path."""

    type: Type


Atom = Var | Const | Undef

Params = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Let:
    """``results = primitive(*operands, **params)``.

    `safe`: it cannot raise, whatever its row says, since a statement before it would
    have raised. Derivative code is safe, but for what has taken over a check.
    `spelled`: it is written as a call of NumPy's function, ``np.add(a, b)``, where an
    operator means the same; params say what is computed, this how it reads.
    `again`: it is a statement of the primal, which the reverse sweep runs again.
    """

    results: tuple[Var, ...]
    primitive: Primitive
    operands: tuple[Atom, ...]
    params: Params = ()
    span: Span | None = None
    role: Role = "primal"
    safe: bool = False
    spelled: Literal["np"] | None = None
    again: bool = False
    _effect: Effect | None = field(default=None, init=False, repr=False)

    @property
    def result(self) -> Var:
        """The only result."""
        (result,) = self.results
        return result

    @property
    def dtypes(self) -> tuple[str | None, ...]:
        """The dtypes in which it computes: what each operand is converted to.

        None for an operand that is taken as it is.
        """
        rule = self.primitive.computes
        if rule is None:
            return (None,) * len(self.operands)
        return rule(tuple(a.type for a in self.operands), dict(self.params))

    @property
    def raises(self) -> tuple[Raises, ...]:
        """The exceptions that it may raise, in the order of their tests."""
        if self.safe:
            return ()
        if isinstance(self.primitive.raises, tuple):
            return self.primitive.raises  # whatever the types
        types = tuple(a.type for a in self.operands)
        return self.primitive.raises_on(types, dict(self.params))

    @property
    def effect(self) -> Effect:
        """What running it may do besides giving its results."""
        if self._effect is None:  # asked for by every pass, and the same each time
            raising = Effect.MAY_RAISE if self.raises else Effect.PURE
            object.__setattr__(self, "_effect", self.primitive.effect | raising)
        assert self._effect is not None
        return self._effect

    def reading(self, operands: tuple[Atom, ...]) -> Let:
        """The same of these operands; the same object if they are its own."""
        if all(map(operator.is_, operands, self.operands)):
            return self
        return self.renewed(self.results, operands)

    def renewed(self, results: tuple[Var, ...], operands: tuple[Atom, ...]) -> Let:
        """`dataclasses.replace` of both, which every pass does for every statement."""
        said = (self.params, self.span, self.role, self.safe, self.spelled, self.again)
        return Let(results, self.primitive, operands, *said)

    def param(self, name: str, default: Any = None) -> Any:
        """A static parameter, e.g. the axis of a reduction."""
        for known, value in self.params:
            if known == name:
                return value
        return default


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Statements with parameters and results.

    `falls` is False where control never reaches the end (the last statement raises);
    then the results are empty.
    """

    params: tuple[Var, ...]
    body: tuple[Stmt, ...]
    results: tuple[Atom, ...]
    falls: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """Exactly one arm runs; both take no parameters and give `results`."""

    results: tuple[Var, ...]
    cond: Atom
    then: Region
    orelse: Region
    span: Span | None = None
    role: Role = "primal"


@dataclass(frozen=True, slots=True)
class Range:
    """The indices of a counted loop: ``range(start, stop, step)[:limit]``.

    With `reverse`, the same indices from last to first.
    """

    start: Atom
    stop: Atom
    step: Atom
    limit: Atom | None = None
    reverse: bool = False

    @property
    def atoms(self) -> tuple[Atom, ...]:
        bounds = (self.start, self.stop, self.step)
        return bounds if self.limit is None else (*bounds, self.limit)


@dataclass(frozen=True, slots=True, eq=False)
class For:
    """A counted loop.

    ``body.params`` are (index, *carried); ``body.results`` are the next carried values,
    preceded by the stop flag if the loop `exits`: where it is true, the loop ends after
    this trip. `results` are the carried values at the end; `trips` counts the trips
    begun, `stopped` tells whether the stop flag ended the loop (None unless `exits`).
    The range is evaluated once, at entry. `by_rows`: a backend's own loop over some
    rows of arrays at a time.
    """

    results: tuple[Var, ...]
    range: Range
    inits: tuple[Atom, ...]
    body: Region
    trips: Var
    stopped: Var | None = None
    span: Span | None = None
    role: Role = "primal"
    by_rows: bool = False

    @property
    def exits(self) -> bool:
        return self.stopped is not None


@dataclass(frozen=True, slots=True, eq=False)
class While:
    """A loop on a condition.

    ``cond.params`` and ``body.params`` are the carried values; `cond` gives one bool;
    ``body.results``, `trips` and `stopped` are as in `For`.
    """

    results: tuple[Var, ...]
    inits: tuple[Atom, ...]
    cond: Region
    body: Region
    trips: Var
    stopped: Var | None = None
    span: Span | None = None
    role: Role = "primal"

    @property
    def exits(self) -> bool:
        return self.stopped is not None


Stmt = Let | If | For | While


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of IR values: parameters and results are those of its region.

    `within` are the positions of the parameters that the last results lie in: the
    caller's memory, which the function changes. Of each, the last statement stores all
    of it.
    """

    name: str
    region: Region
    span: Span | None = None
    within: tuple[int, ...] = ()

    @property
    def params(self) -> tuple[Var, ...]:
        return self.region.params

    @property
    def results(self) -> tuple[Atom, ...]:
        return self.region.results


def role_reversed(role: Role) -> Role:
    """The role of the adjoint of a statement.

    >>> role_reversed("primal"), role_reversed(role_reversed("primal"))
    ('adjoint', 'adjoint of adjoint')
    """
    match role:
        case "primal":
            return "adjoint"
        case "tangent" | "adjoint of tangent":
            return "adjoint of tangent"
        case "adjoint" | "adjoint of adjoint":
            return "adjoint of adjoint"
        case _:
            assert_never(role)


def is_adjoint(stmt: Stmt) -> bool:
    """Whether the statement belongs to a reverse sweep."""
    return stmt.role.startswith("adjoint")


def carried_params(loop: For | While) -> tuple[Var, ...]:
    """The body's carried parameters, without the index."""
    return loop.body.params[1:] if isinstance(loop, For) else loop.body.params


def carried_results(loop: For | While) -> tuple[Atom, ...]:
    """The body's next carried values, without the stop flag."""
    return loop.body.results[1:] if loop.exits else loop.body.results


def stop_flag(loop: For | While) -> Atom | None:
    """The body's stop flag, if the loop exits early."""
    return loop.body.results[0] if loop.exits else None


def stop_marks(loop: For | While) -> tuple[Var, ...]:
    """The carried values that are false until the loop stops, and then true."""
    flag = stop_flag(loop) if loop.body.falls else None
    if not isinstance(flag, Var):
        return ()
    rows = zip(carried_params(loop), loop.inits, carried_results(loop), strict=True)
    return tuple(
        param
        for param, init, end in rows
        if end == flag and isinstance(init, Const) and not init.value
    )


def defined(stmt: Stmt) -> tuple[Var, ...]:
    """The values that a statement defines in its own region."""
    match stmt:
        case Let() | If():
            return stmt.results
        case For() | While():
            ends = (stmt.trips,) if stmt.stopped is None else (stmt.trips, stmt.stopped)
            return (*stmt.results, *ends)
        case _:
            assert_never(stmt)
