"""Functions that our library defines in terms of others.

In: a call of NumPy's or SciPy's function. Out: what its definition gives, interpreted
in place of the call.
Invariant: the definition's statements, errors and refusals are those of the user's
call.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Hashable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from adcompiler.frontend import capture as capturing
from adcompiler.frontend import resolve
from adcompiler.frontend.bindings import ArrayRef, Binding, Dyn, Static, TupleVal
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.ir.builder import constant
from adcompiler.library import applying, definition_of
from adcompiler.library.registry import ARRAYS, STORING, VIEWS


def composed(definition: FunctionType) -> Handler:
    """The handler of a function that has this definition."""

    def handle(call: Call) -> Binding:
        from adcompiler.frontend.lower import calls

        site = call.ctx.frame.captured.span(call.node)
        captured = replace(capturing.capture(definition), site=site)
        keywords = definition.__kwdefaults__ or {}
        given = (
            tuple(map(_default, definition.__defaults__ or ())),
            {name: _default(value) for name, value in keywords.items()},
        )
        fn = captured.node
        args, kwargs = call.args, call.kwargs
        if definition not in STORING:
            args, kwargs = _arrays(call, definition)
        return calls.inline(
            call.ctx, call.node, captured, fn, None, given, args, kwargs
        )

    return handle


def _arrays(
    call: Call, definition: FunctionType
) -> tuple[list[Binding], dict[str, Binding]]:
    """The arguments, lists and tuples as arrays where the parameter is one."""
    code = definition.__code__
    names = list(code.co_varnames[: code.co_argcount])
    if code.co_flags & inspect.CO_VARARGS:
        rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        names += [rest] * (len(call.args) - len(names))
    args = list(call.args)
    for k, name in enumerate(names[: len(args)]):
        args[k] = call.array(args[k]) if name in ARRAYS else args[k]
    kwargs = {k: call.array(v) if k in ARRAYS else v for k, v in call.kwargs.items()}
    return args, kwargs


def _default(value: Any) -> Binding:
    """A default of ours, which nobody changes."""
    if isinstance(value, tuple):
        return TupleVal(tuple(map(_default, value)))
    return Dyn(constant(value)) if isinstance(value, int | float) else Static(value)


def handler_of(value: Hashable) -> Handler | None:
    """The handler of a function of NumPy's or SciPy's, if it has a definition."""
    definition = definition_of(value)
    if definition is None:
        return _of_ufunc(value)
    handler = composed(definition)
    if value in VIEWS:
        return lambda call: _seen_through(call, handler(call))
    home = getattr(value, "__module__", None) or ""
    if not home.startswith("scipy.linalg"):
        return handler
    return lambda call: in_any_order(handler(call))


def _seen_through(call: Call, result: Binding) -> Binding:
    """The result as what may share the memory of the arguments, and is read."""
    sources = (*call.args, *call.kwargs.values())
    places = [source.location for source in sources if isinstance(source, ArrayRef)]
    if isinstance(result, ArrayRef) and result.location not in places:
        result.location.read_only = True
    for source in (*call.args, *call.kwargs.values()):
        if isinstance(source, ArrayRef) and isinstance(result, ArrayRef):
            call.ctx.entangle(result.location, source.location)
    return in_any_order(result)


def _density(distribution: object, name: str) -> FunctionType | None:
    """The density of a distribution of which the logarithm is defined."""
    if definition_of(getattr(distribution, f"log{name}", None)) is None:
        return None
    module = importlib.import_module("adcompiler.library.distributions")
    found: FunctionType | None = module.OF_DISTRIBUTIONS.get(name)
    return found


def _of_ufunc(value: Hashable) -> Handler | None:
    """``ufunc.outer`` and its like, of every ufunc that is supported itself, and the
    densities of distributions."""
    ufunc = getattr(value, "__self__", None)
    definition: Any = applying.OF_UFUNCS.get(getattr(value, "__name__", ""))
    if resolve.is_distribution(ufunc):
        definition = _density(ufunc, getattr(value, "__name__", ""))
    elif not isinstance(ufunc, np.ufunc):
        return None
    if definition is None:
        return None
    handler = composed(definition)
    return lambda call: handler(replace(call, args=[Static(ufunc), *call.args]))


def in_any_order(binding: Binding) -> Binding:
    """New memory that may be in Fortran's order, as SciPy's linear algebra gives."""
    match binding:
        case ArrayRef() if binding.type.ndim > 1:
            binding.location.contiguous = False
            return replace(binding, contiguous=False)
        case TupleVal(items, cls):
            return TupleVal(tuple(map(in_any_order, items)), cls)
        case _:
            return binding


def method(function: Hashable) -> Handler:
    """The handler of a method that is NumPy's function of the array."""
    handler = handler_of(function)
    assert handler is not None
    return handler


METHODS: dict[str, Handler] = {
    "compress": lambda call: method(np.compress)(
        replace(call, args=[*call.args[1:2], call.args[0], *call.args[2:]])
    ),
    "var": method(np.var),
    "std": method(np.std),
    "trace": method(np.trace),
}
