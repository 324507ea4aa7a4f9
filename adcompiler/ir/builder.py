"""Building IR: a list of statements under construction, and formulas over it.

In: primitives' names and atoms. Out: `Let`s appended in order, regions, and `Expr`, an
atom with Python's operators, in which derivative rules are written as formulas.
Invariant: everything appended is typed by the primitive's own rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

import numpy as np

from adcompiler.errors import Span
from adcompiler.ir.nodes import (
    Atom,
    Const,
    Let,
    Region,
    Role,
    Stmt,
    Var,
    fresh_var,
)
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import (
    NP_BOOL,
    PY_BOOL,
    PY_FLOAT,
    PY_INT,
    Array,
    Scalar,
    Type,
)


def constant(value: Any) -> Const:
    """A constant of the type that Python or NumPy gives this number.

    >>> constant(2).type, constant(np.float32(1)).type.kind
    (Scalar(dtype='int64', kind='python'), 'numpy')
    """
    match value:
        case np.bool_():
            return Const(value, NP_BOOL)
        case np.generic():
            return Const(value, Scalar(str(value.dtype), "numpy"))
        case bool():
            return Const(value, PY_BOOL)
        case int():
            return Const(value, PY_INT)
        case float():
            return Const(value, PY_FLOAT)
        case _:
            raise TypeError(f"not a number: {value!r}")


def known(t: Type) -> dict[str, Any]:
    """The param that states a result's lengths, where it has any."""
    return {"known": t} if isinstance(t, Array) else {}


@dataclass(slots=True)
class Builder:
    """Statements under construction, with the source span and role given to each."""

    stmts: list[Stmt] = field(default_factory=list)
    span: Span | None = None
    role: Role = "primal"

    def apply_all(
        self,
        name: str,
        /,
        *operands: Atom,
        hint: str | None = None,
        spelled: Literal["np"] | None = None,
        nouns: Iterable[str | None] = (),
        **params: Any,
    ) -> tuple[Var, ...]:
        """Append an application; gives all its results. `nouns` say what these are."""
        primitive = PRIMITIVES[name]
        if primitive.elementwise and self.role != "primal":
            operands = self._of_one_precision(operands)
        types = primitive.types(tuple(a.type for a in operands), params)
        words = zip_longest(types, nouns) if nouns else ((t, None) for t in types)
        results = tuple(fresh_var(t, hint, noun) for t, noun in words)
        pairs = tuple(sorted(params.items()))
        # What a derivative may raise, the primal has raised before.
        safe = self.role != "primal" and bool(results)
        place = (self.span, self.role, safe, spelled)
        self.stmts.append(Let(results, primitive, operands, pairs, *place))
        return results

    def _of_one_precision(self, operands: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """A derivative that is a Python float on some paths, beside single precision.

        It was derived in double precision, and becomes NumPy's, to stay so.
        """
        either = Scalar("float64", "either")
        dtypes = {getattr(a.type, "dtype", None) for a in operands}
        if "float32" not in dtypes:
            return operands
        return tuple(
            self.apply("cast", a, dtype="float64", via="scalar")
            if a.type == either
            else a
            for a in operands
        )

    def apply(
        self, name: str, /, *operands: Atom, hint: str | None = None, **params: Any
    ) -> Var:
        """Append an application that has one result."""
        (result,) = self.apply_all(name, *operands, hint=hint, **params)
        return result

    def append(self, stmt: Stmt) -> None:
        """Append a finished statement."""
        self.stmts.append(stmt)

    def expr(self, atom: Atom) -> Expr:
        """The atom as a formula over this builder."""
        return Expr(self, atom)

    def child(self) -> Builder:
        """A builder for a nested region."""
        return Builder([], self.span, self.role)

    def region(self, params: tuple[Var, ...], results: tuple[Atom, ...]) -> Region:
        """What was built, as a region."""
        return Region(params, tuple(self.stmts), results)

    @contextmanager
    def at(self, span: Span | None, role: Role | None = None) -> Iterator[None]:
        """Give what is appended meanwhile this source span (and role)."""
        saved = self.span, self.role
        self.span, self.role = span, role or self.role
        try:
            yield
        finally:
            self.span, self.role = saved


Operand = "Expr | float | int"


@dataclass(frozen=True, slots=True)
class Expr:
    """An atom that combines by Python's operators into new `Let`s.

    Division is the derivative's own: `/` appends `ieee_divide`, which gives inf or nan
    where Python floats would raise, since a derivative must not add errors to the
    primal's. A known number that is not zero is divided by as Python does.
    """

    builder: Builder
    atom: Atom

    @property
    def type(self) -> Type:
        return self.atom.type

    def lift(self, other: Any) -> Atom:
        """The other operand as an atom."""
        return other.atom if isinstance(other, Expr) else constant(other)

    def call(self, name: str, /, *others: Any, **params: Any) -> Expr:
        """Apply a primitive to this and the others."""
        rest = tuple(self.lift(o) for o in others)
        return Expr(self.builder, self.builder.apply(name, self.atom, *rest, **params))

    def _swapped(self, name: str, other: Any) -> Expr:
        return Expr(self.builder, self.builder.apply(name, self.lift(other), self.atom))

    def __add__(self, other: Any) -> Expr:
        return self.call("add", other)

    def __radd__(self, other: Any) -> Expr:
        return self._swapped("add", other)

    def __sub__(self, other: Any) -> Expr:
        return self.call("subtract", other)

    def __rsub__(self, other: Any) -> Expr:
        return self._swapped("subtract", other)

    def __mul__(self, other: Any) -> Expr:
        return self.call("multiply", other)

    def __rmul__(self, other: Any) -> Expr:
        return self._swapped("multiply", other)

    def __truediv__(self, other: Any) -> Expr:
        divisor = self.lift(other)
        safe = {"safe": True} if isinstance(divisor, Const) and divisor.value else {}
        return self.call("ieee_divide", other, **safe)

    def __rtruediv__(self, other: Any) -> Expr:
        return self._swapped("ieee_divide", other)

    def __matmul__(self, other: Any) -> Expr:
        return self.call("matmul", other)

    def __neg__(self) -> Expr:
        return self.call("negative")
