"""Which arguments of a call are differentiated, and which of their leaves.

In: the specs of the arguments, and what the user asked for (`wrt`). Out: names, and the
specs that these arguments are compiled with.
Invariants: a leaf has a gradient if it is a float and no frozen parameter. Without
`wrt` an argument is differentiated only if it was passed and holds such a leaf; one
that is named and has none is an error that says what to pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from adcompiler.frontend.arguments import is_dynamic, leaf_specs
from adcompiler.frontend.interface import ArgSpec, LeafSpec, StaticSpec, TupleSpec
from adcompiler.frontend.structures import KeywordsOf, Positional, Shape
from adcompiler.holders import named_parameters
from adcompiler.ir.types import Array, Scalar, is_float

__all__ = [
    "as_differentiated",
    "differentiated",
    "is_wanted",
    "moving",
    "named",
    "spread",
    "with_parameters_alone",
]


def spread(
    specs: Mapping[str, ArgSpec], names: Iterable[str], *, floats: bool = True
) -> dict[str, ArgSpec]:
    """The arguments of these names, those behind `*args` and `**kwargs` by themselves,
    if they hold floats.

    >>> from adcompiler.ir.types import PY_FLOAT, PY_INT
    >>> spec = TupleSpec((LeafSpec(PY_FLOAT), LeafSpec(PY_INT)), Positional)
    >>> list(spread({"x": LeafSpec(PY_INT), "more": spec}, ("x", "more")))
    ['x', 'more_0']
    """
    found: dict[str, ArgSpec] = {}
    for name in names:
        match specs[name]:
            case TupleSpec(items=items, cls=cls) if cls is Positional:
                parts = {f"{name}_{k}": item for k, item in enumerate(items)}
            case TupleSpec(items=items, cls=KeywordsOf(names=keys)):
                parts = dict(zip(map(str, keys), items, strict=True))
            case spec:
                found[name] = spec
                continue
        found.update({n: s for n, s in parts.items() if _holds(s) or not floats})
    return found


def differentiated(
    specs: Mapping[str, ArgSpec],
    wrt: Sequence[str | int] | None,
    passed: frozenset[str],
    function: str,
) -> tuple[str, ...]:
    """The names of the arguments to differentiate.

    Without `wrt` they are those that are or hold parameters, if there are such; else
    those passed that are or hold floats. An argument that is left to its default is
    differentiated only if it is named; an object with parameters in it is a TypeError.

    >>> from adcompiler.ir.types import PY_FLOAT, PY_INT
    >>> specs = {"x": LeafSpec(PY_FLOAT), "n": LeafSpec(PY_INT)}
    >>> differentiated(specs, None, frozenset(specs), "f")
    ('x',)
    >>> differentiated(specs, (1,), frozenset(specs), "f")
    ('n',)
    """
    names = tuple(specs)
    if wrt is not None:
        return tuple(named(names, entry, function) for entry in wrt)
    trained = tuple(n for n in names if any(x.trained for x in leaf_specs(specs[n])))
    if trained:
        return trained
    _refuse_models(specs, passed, function)
    chosen = tuple(name for name in names if name in passed and _holds(specs[name]))
    if chosen:
        return chosen
    left = [n for n in names if n not in passed and _holds(specs[n])]
    if left:
        raise TypeError(
            f"nothing can be differentiated in {function}(): {left[0]} is left to its "
            "default, which is not differentiated unless it is passed, or named as in "
            f"wrt={left[0]!r}"
        )
    kinds = ", ".join(f"{name} is {_kind(specs[name])}" for name in names)
    reason = f": {kinds}" if names else ": it takes no arguments"
    raise TypeError(
        f"nothing can be differentiated in {function}(){reason}. {_advice(specs)}"
    )


def _refuse_models(
    specs: Mapping[str, ArgSpec], passed: Collection[str], function: str
) -> None:
    """TypeError of an object with parameters in it: whose gradients are wanted, only
    the caller knows."""
    for name in specs:
        match specs[name]:
            case StaticSpec(value=value) if name in passed:
                trained = [n for n, p in named_parameters(value) if p.requires_grad]
                others = [n for n in specs if n in passed and _holds(specs[n])]
                if trained:
                    called = "model" if function == "__call__" else function
                    raise TypeError(
                        f"{name} is a {type(value).__name__} that holds parameters, as "
                        f"{name}.{trained[0]}. For their gradients call "
                        f"ad.differentiate({called}).backward(...), which adds to "
                        "the `grad` of each; for others name the argument, as in "
                        f"wrt={(others or ['x'])[0]!r}"
                    )


def _advice(specs: Mapping[str, ArgSpec]) -> str:
    """What to pass where no argument holds a float."""
    for name, spec in specs.items():
        match spec:
            case LeafSpec(type=Array()):
                return f"Pass it as floats: {name}.astype(float)"
            case TupleSpec(items=items) if any(map(is_dynamic, items)):
                return f"Pass floats, as 1.0 for 1, or np.array({name}, float)"
    first = next(iter(specs), "x")
    return (
        "Pass a float or an array of floats, or name an argument, as in "
        f"wrt={(first,)!r}"
    )


def named(names: tuple[str, ...], entry: str | int, function: str) -> str:
    """The argument that an entry of `wrt` names, by name or position."""
    if isinstance(entry, str) and entry in names:
        return entry
    if isinstance(entry, int) and 0 <= entry < len(names):
        return names[entry]
    raise ValueError(
        f"wrt names {entry!r}, which is no argument of {function}({', '.join(names)})"
    )


def _holds(spec: ArgSpec) -> bool:
    return any(map(is_wanted, leaf_specs(spec)))


def is_wanted(leaf: LeafSpec) -> bool:
    """Whether a leaf of an argument that is differentiated has a gradient: it is a
    float, and no parameter that is frozen."""
    return is_float(leaf.type) and leaf.trained is not False and not leaf.constant


def moving(spec: ArgSpec) -> ArgSpec:
    """The spec of an argument whose floats are differentiated."""
    match spec:
        case LeafSpec() if is_wanted(spec):
            return replace(spec, moving=True)
        case TupleSpec(items=items):
            return replace(spec, items=tuple(map(moving, items)))
        case _:
            return spec


def with_parameters_alone(spec: ArgSpec) -> ArgSpec:
    """The spec of an argument of which the parameters are differentiated."""
    match spec:
        case LeafSpec(trained=None):
            return replace(spec, constant=True)
        case TupleSpec(items=items):
            return replace(spec, items=tuple(map(with_parameters_alone, items)))
        case _:
            return spec


def _kind(spec: ArgSpec) -> str:
    """What an argument is, in the words of an error message."""
    match spec:
        case LeafSpec(type=Array(dtype=dtype)):
            return f"an array of {dtype}"
        case LeafSpec(type=Scalar(dtype=dtype)):
            return {"int64": "an int", "bool": "a bool", "float64": "a float"}.get(
                dtype, f"a number of {dtype}"
            )
        case TupleSpec(cls=cls):
            what = cls.__name__ if isinstance(cls, Shape) or cls is list else "tuple"
            return f"a {what} without floats"
        case StaticSpec(value=None):
            return "None"
        case StaticSpec(value=value):
            return f"a {type(value).__name__}"
        case LeafSpec():
            return "a list"


def as_differentiated(spec: ArgSpec, *, name: str) -> ArgSpec:
    """The spec of an argument that is differentiated: a whole number becomes float64.

    >>> from adcompiler.ir.types import PY_FLOAT, PY_INT
    >>> as_differentiated(LeafSpec(PY_INT), name="n").type == PY_FLOAT
    True
    """
    match spec:
        case LeafSpec() if is_wanted(spec):
            return moving(spec)
        case LeafSpec(trained=False):
            hint = "; let it be trained: w.requires_grad_()"
            raise TypeError(f"{name} is a parameter that is frozen{hint}")
        case LeafSpec(type=Scalar(dtype=dtype, kind=kind)) if dtype != "bool":
            return LeafSpec(Scalar("float64", kind), moving=True)
        case TupleSpec() if _holds(spec):
            return moving(spec)
        case LeafSpec(type=Array()):
            hint = "; pass it as floats: x.astype(float)"
        case _:
            hint = ""
    raise TypeError(f"{name} cannot be differentiated: it is {_kind(spec)}{hint}")
