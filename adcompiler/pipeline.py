"""The passes, in order. Nothing else composes them.

In: what is to be computed, a function or a derivative of one. Out: functions of the IR,
up to those that are ready to be written.
Invariants: what the front end gives is always verified, as a wrong fact of it would be
a wrong gradient; with ADC_VERIFY every pass is followed by the verifier. A fault of a
pass is an `InternalError` that shows the last IR that was sound.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from adcompiler.errors import InternalError
from adcompiler.frontend.interface import DerivedKind
from adcompiler.ir.nodes import Function
from adcompiler.ir.printer import show
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import count_uses
from adcompiler.settings import current

__all__ = ["Faults", "derive", "run", "stored", "with_stores_at_end"]

Pass = Callable[[Function], Function]
Step = tuple[str, Pass]


# --- The passes ------------------------------------------------------------------


def derive(
    kind: DerivedKind, function: Function, wrt: tuple[int, ...]
) -> tuple[Function, ...]:
    """A derivative of a function, as functions: see `frontend.interface.Derive`."""
    from adcompiler.differentiate.again import all_used
    from adcompiler.differentiate.forward import jvp
    from adcompiler.differentiate.gradient import gradient

    match kind:
        case "value" | "inplace":
            return (run(function, ("lower", _same), ("optimise", _optimise)),)
        case "grad" | "value_and_grad" | "backward":
            with_value = kind != "grad"
            return (
                run(
                    function,
                    ("lower", partial(all_used, wrt=wrt)),
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
                    ("lower", partial(all_used, wrt=wrt)),
                    ("optimise", _optimise),
                    ("forward", tangents),
                    ("optimise", _optimise),
                ),
            )
        case "vjp" | "backward_from" | "called vjp":
            return _derive_vjp(function, wrt, called=kind == "called vjp")


def _derive_vjp(
    function: Function, wrt: tuple[int, ...], *, called: bool
) -> tuple[Function, ...]:
    from adcompiler.differentiate.again import all_used
    from adcompiler.differentiate.gradient import vjp

    function = run(
        function,
        ("lower", partial(all_used, wrt=wrt)),
        ("optimise", _optimise),
        ("exits", _sink_exits),
    )
    with Faults("reverse", function):
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


# --- Running them ----------------------------------------------------------------


def run(function: Function, *steps: Step) -> Function:
    """The passes one after the other, each dumped and verified as asked for."""
    settings = current()
    for name, step in steps:
        with Faults(name, function):
            function = step(function)
        if name in settings.dump:
            print(f"--- {name}\n{show(function)}\n", file=sys.stderr)
        if settings.verify or name == "lower":
            verify(function, stage=name)
    return function


@dataclass(frozen=True, slots=True)
class Faults:
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


def with_stores_at_end(function: Function, params: tuple[int, ...]) -> Function:
    """The function that stores its last results into these parameters, at its end."""
    from adcompiler.optimise import with_stores_at_end

    at_end = partial(with_stores_at_end, params=params)
    return run(function, ("whole", _without_whole_stores), ("inplace", at_end))


def _without_whole_stores(function: Function) -> Function:
    from adcompiler.optimise import without_whole_stores

    return _optimise(without_whole_stores(function))


def stored(function: Function, *steps: Step, inner: bool = False) -> Function:
    """The function ready to be written: what is stored is stored in place.

    `inner` is what another calls: its residuals may hold what it is given. `steps` are
    passes of the backend's own, before that is settled.
    """
    from adcompiler.lowering.bufferise import bufferise

    store = partial(bufferise, inner=inner)
    return run(function, ("finish", _finish), *steps, ("bufferise", store))


def _finish(function: Function) -> Function:
    from adcompiler.optimise import finish, without_rules

    plain = without_rules(function)
    return finish(function if plain is function else _optimise(plain))
