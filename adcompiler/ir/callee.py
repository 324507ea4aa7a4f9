"""A function of its own that statements call, and its derivatives, each made once.

In: a function of IR and the passes that derive one. Out: `Callee`, which a `call` names
in its parameters.
Invariants: a callee stores into none of its operands, and what it gives shares memory
with nothing but its `Residuals`; `function` is set once, after which nothing changes:
while it is being made, or derived, it may already be called, by itself too.

In reverse mode a call becomes two: *forward* gives the results and one value more, the
residuals, from which *pullback* gives the cotangents of the operands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Function, Let, Region, Var, fresh_var
from adcompiler.ir.types import Residuals, Scalar, Type, covers, is_float
from adcompiler.ir.walk import all_stmts

Derive = Callable[[Any, Function, tuple[int, ...]], tuple[Function, ...]]
Wrt = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Callee:
    """A function that is called: its name, the types of its operands and results.

    `base` is the user's function that it belongs to, `part` what it is of that:
    "value", "forward", "pullback" or "jvp", or one of these of one of these.
    """

    base: str
    part: tuple[str, ...]
    params: tuple[Type, ...]
    results: tuple[Type, ...]
    derive: Derive
    made: Function | None = None
    _tangents: dict[Wrt, Callee] = field(default_factory=dict)
    _sweeps: dict[Wrt, tuple[Callee, Callee]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is called, unless something else has that name."""
        return "_".join((self.base, *(p for p in self.part if p != "value")))

    @property
    def function(self) -> Function:
        """What it computes."""
        if self.made is None:
            raise InternalError(f"{self.name} is read before it is made")
        return self.made

    def make(self, function: Function) -> None:
        """Say what it computes, once."""
        declared = (*self.params, *self.results)
        found = (*function.params, *function.results)
        types = [atom.type for atom in found]
        if len(declared) != len(found) or not all(map(covers, declared, types)):
            raise InternalError(f"{self.name} was declared otherwise")
        self.made = function

    def tangent(self, wrt: Wrt) -> Callee:
        """The callee that takes tangents of the operands `wrt` besides, and gives a
        tangent per float result besides."""
        if wrt not in self._tangents:
            dots = tuple(map(derivative_type, filter(is_float, self.results)))
            found = self._part(
                "jvp",
                (*self.params, *(derivative_type(self.params[k]) for k in wrt)),
                (*self.results, *dots),
            )
            self._tangents[wrt] = found
            found.make(*self.derive("called jvp", self.function, wrt))
        return self._tangents[wrt]

    def sweeps(self, wrt: Wrt) -> tuple[Callee, Callee]:
        """The callee that gives residuals besides; and that which takes these and a
        cotangent per float result, and gives those of the operands `wrt`."""
        if wrt not in self._sweeps:
            saved = Residuals(f"{self.name}{list(wrt)}")
            bars = tuple(map(derivative_type, filter(is_float, self.results)))
            gradients = tuple(derivative_type(self.params[k]) for k in wrt)
            forward = self._part("forward", self.params, (*self.results, saved))
            pullback = self._part("pullback", (saved, *bars), gradients)
            self._sweeps[wrt] = forward, pullback
            first, second = self.derive("called vjp", self.function, wrt)
            first, second = _packed(first, second, saved, len(self.results))
            forward.make(first)
            pullback.make(second)
        return self._sweeps[wrt]

    def _part(
        self, part: str, params: tuple[Type, ...], results: tuple[Type, ...]
    ) -> Callee:
        parts = (*self.part, part)
        return Callee(self.base, parts, params, results, self.derive)


def derivative_type(t: Type) -> Type:
    """The type of a tangent or cotangent: a number's may be Python's or NumPy's."""
    return Scalar(t.dtype, "either") if isinstance(t, Scalar) else t


def _packed(
    forward: Function, pullback: Function, saved: Residuals, values: int
) -> tuple[Function, Function]:
    """The two sweeps, the residuals as one value."""
    kept = forward.results[values:]
    builder = Builder(list(forward.region.body), forward.span)
    name = f"{forward.name}_residuals"
    packed = builder.apply("pack", *kept, of=saved.of, hint=name)
    body = tuple(builder.stmts)
    results = (*forward.results[:values], packed)
    first = replace(forward.region, body=body, results=results)
    residuals = pullback.params[: len(kept)]
    given = fresh_var(saved, name)
    opened = _opened(given, residuals)
    params = (given, *pullback.params[len(kept) :])
    second = replace(
        pullback.region, params=params, body=(*opened, *pullback.region.body)
    )
    return replace(forward, region=first), replace(pullback, region=second)


def _opened(packed: Var, residuals: tuple[Var, ...]) -> tuple[Let, ...]:
    """The statement that defines the residuals."""
    if not residuals:
        return ()
    builder = Builder(role="adjoint")
    types = tuple(v.type for v in residuals)
    builder.apply_all("unpack", packed, types=types)
    (let,) = builder.stmts
    assert isinstance(let, Let)
    return (replace(let, results=residuals),)


def callees(function: Function) -> list[Callee]:
    """The callees that a function's statements name, and those that theirs do."""
    found: dict[Callee, None] = {}
    pending = [function]
    while pending:
        for callee in called_in(pending.pop().region):
            if callee not in found:
                found[callee] = None
                pending.append(callee.function)
    return list(found)


def called_in(region: Region) -> list[Callee]:
    """The callees that statements of a region name."""
    return [
        callee
        for stmt in all_stmts(region)
        if isinstance(stmt, Let) and isinstance(callee := stmt.param("callee"), Callee)
    ]


__all__ = ["Callee", "called_in", "callees", "derivative_type"]
