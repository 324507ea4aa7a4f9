"""The passes, in order. Nothing else composes them.

In: what is to be computed, a function or a derivative of one, and what is known of its
arguments. Out: a `Program`: generated text, and the callable that it defines.
Invariants: with ADC_VERIFY every pass is followed by the verifier; a fault of a pass is
an `InternalError` that shows the last IR that was sound.
"""

from __future__ import annotations

import keyword
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from adcompiler.errors import InternalError
from adcompiler.frontend.interface import DerivedKind, Lowered
from adcompiler.ir.names import Named
from adcompiler.ir.nodes import Function
from adcompiler.ir.printer import show
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import count_uses
from adcompiler.settings import current

if TYPE_CHECKING:
    from adcompiler.emit.numpy_source import Source
    from adcompiler.lowering.linking import Unit

__all__ = ["Built", "build", "derive", "primal"]

Pass = Callable[[Function], Function]
Step = tuple[str, Pass]


# --- The passes ------------------------------------------------------------------


def primal(lowered: Lowered) -> Function:
    """The function itself."""
    return run(
        lowered.function,
        ("lower", _same),
        ("optimise", _optimise),
    )


def derive(
    kind: DerivedKind, function: Function, wrt: tuple[int, ...]
) -> tuple[Function, ...]:
    """A derivative of a function, as functions: see `frontend.interface.Derive`."""
    from adcompiler.differentiate.forward import jvp
    from adcompiler.differentiate.gradient import gradient

    match kind:
        case "value":
            return (run(function, ("optimise", _optimise)),)
        case "grad" | "value_and_grad" | "backward":
            with_value = kind != "grad"
            return (
                run(
                    function,
                    ("lower", _same),
                    ("optimise", _optimise),
                    ("exits", _sink_exits),
                    ("reverse", partial(gradient, wrt=wrt, with_value=with_value)),
                    ("optimise", _optimise),
                ),
            )
        case "jvp" | "called jvp":
            tangents = partial(jvp, wrt=wrt, called=kind == "called jvp")
            return (
                run(
                    function,
                    ("lower", _same),
                    ("optimise", _optimise),
                    ("forward", tangents),
                    ("optimise", _optimise),
                ),
            )
        case "vjp" | "called vjp":
            return _derive_vjp(function, wrt, called=kind == "called vjp")


def _derive_vjp(
    function: Function, wrt: tuple[int, ...], *, called: bool
) -> tuple[Function, ...]:
    from adcompiler.differentiate.gradient import vjp

    function = run(
        function, ("lower", _same), ("optimise", _optimise), ("exits", _sink_exits)
    )
    with _Faults("reverse", function):
        sweeps = vjp(function, wrt, called=called)
    forward, pullback = sweeps
    pullback = run(pullback, ("reverse", _same), ("optimise", _optimise))
    forward, pullback = _without_idle(forward, pullback, len(function.results))
    return run(forward, ("reverse", _same), ("optimise", _optimise)), pullback


def _without_idle(
    forward: Function, pullback: Function, values: int
) -> tuple[Function, Function]:
    """The two sweeps without the residuals that the optimised pullback does not read;
    `values` are the results of the first that are none."""
    used = count_uses(pullback.region)
    count = len(forward.results) - values
    kept = [k for k in range(count) if pullback.params[k] in used]
    residuals = (forward.results[values + k] for k in kept)
    results = (*forward.results[:values], *residuals)
    params = (*(pullback.params[k] for k in kept), *pullback.params[count:])
    return (
        replace(forward, region=replace(forward.region, results=results)),
        replace(pullback, region=replace(pullback.region, params=params)),
    )


@dataclass(frozen=True, slots=True)
class Built:
    """A function as generated text and as a callable on flat leaves.

    The callable takes the leaves by position, and gives the results as a tuple.
    `source` is the text with where its lines come from.
    """

    source: Source
    call: Callable[..., tuple[Any, ...]]

    @property
    def text(self) -> str:
        return self.source.text


def build(function: Function, *, name: str, label: str, doc: str = "") -> Built:
    """The text of a function and what it defines; `label` is shown in tracebacks."""
    from adcompiler.emit.numpy_source import definition, emit
    from adcompiler.execute.numpy_backend import load
    from adcompiler.lowering.linking import exceptions, linked

    name = _identifier(name)
    *others, main = linked(function, name)
    raised = exceptions((*others, main))
    taken = [*(unit.name for unit in (*others, main)), *raised]
    named = [(u, _named(u.function, taken, inner=True)) for u in others]
    whole = _named(main.function, taken)
    with _Faults("emit", main.function):
        before = [definition(n, name=u.name, doc=_doc(u)) for u, n in named]
        text = doc or f"{label}."
        source = emit(whole, name=name, doc=text, before=before, names=raised)
    call = load(source, name, label)
    if len(function.results) == 1:
        return Built(source, lambda *leaves: (call(*leaves),))
    return Built(source, call)


def _named(function: Function, taken: Iterable[str], *, inner: bool = False) -> Named:
    """The function made ready to be written: what is stored in place, and names."""
    from adcompiler.lowering.bufferise import bufferise
    from adcompiler.lowering.naming import name_values

    store = partial(bufferise, inner=inner)
    function = run(function, ("finish", _finish), ("bufferise", store))
    arg_names = _distinct(_identifier(p.name or p.noun or "x") for p in function.params)
    with _Faults("emit", function):
        return name_values(function, arg_names=arg_names, taken=taken)


def _doc(unit: Unit) -> str:
    """What a function that is called computes."""
    callee = unit.callee
    assert callee is not None
    text = f"{callee.base}()"
    for part in callee.part:
        text = _PARTS[part].format(text)
    return f"{text[0].upper()}{text[1:]}."


_PARTS = {
    "value": "what {} gives",
    "jvp": "{}, and its tangent",
    "forward": "{}, and the residuals for its pullback",
    "pullback": "the pullback of {}",
}

# --- Running them ----------------------------------------------------------------


def run(function: Function, *steps: Step) -> Function:
    """The passes one after the other, each dumped and verified as asked for."""
    settings = current()
    for name, step in steps:
        with _Faults(name, function):
            function = step(function)
        if name in settings.dump:
            print(f"--- {name}\n{show(function)}\n", file=sys.stderr)
        if settings.verify:
            verify(function, stage=name)
    return function


@dataclass(frozen=True, slots=True)
class _Faults:
    """Adds to the faults of a pass its name and the IR that it was given."""

    stage: str
    given: Function

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: object, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, InternalError) and error.ir is None:
            error.ir = show(self.given)
            error.message = f"{self.stage}: {error.message}"


def _same(function: Function) -> Function:
    return function


def _optimise(function: Function) -> Function:
    """The optimiser, unless ADC_OPTIMISE=0 leaves it out."""
    from adcompiler.optimise import optimise

    return optimise(function) if current().optimise else function


def _sink_exits(function: Function) -> Function:
    from adcompiler.optimise import optimise, sink_exits

    sunk = sink_exits(function) if current().optimise else function
    return function if sunk is function else optimise(sunk)


def _finish(function: Function) -> Function:
    from adcompiler.optimise import finish, without_rules

    plain = without_rules(function)
    return finish(function if plain is function else _optimise(plain))


# --- Names -----------------------------------------------------------------------


def _identifier(name: str) -> str:
    """A name that Python accepts.

    >>> _identifier("<lambda>_grad"), _identifier("x_dot"), _identifier("2nd²_grad")
    ('lambda_grad', 'x_dot', '_2nd_grad')
    """
    name = "".join(c for c in name if f"_{c}".isidentifier())
    name = name if name.isidentifier() else f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, later ones altered where they would repeat an earlier one.

    >>> _distinct(["x", "y", "x"])
    ('x', 'y', 'x_2')
    """
    taken: list[str] = []
    for name in names:
        count, candidate = 1, name
        while candidate in taken:
            count += 1
            candidate = f"{name}_{count}"
        taken.append(candidate)
    return tuple(taken)
