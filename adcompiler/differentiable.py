"""A differentiable function, and its derivatives as callables.

In: a user's function. Out: `Differentiable`, whose call is the function's own and whose
attributes `grad`, `value_and_grad`, `vjp`, `jvp` are `Derived` callables.
Invariants: nothing is compiled before the first derivative call; programs are shared by
all derivatives and by all methods bound to instances; derivative calls leave the
caller's data untouched.
"""

from __future__ import annotations

import copy
import functools
import inspect
import reprlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    cast,
    overload,
)

from adcompiler.called import what_a_call_runs
from adcompiler.choices import Wrt, called_too_early, names_of, require_backend
from adcompiler.evaluation import (
    arguments_of,
    bind_call,
    bind_jvp,
    collect,
    find_program,
    run,
)
from adcompiler.examples import of_annotations, unit_tangent
from adcompiler.execute.vectorcall import Called, called_by_address, point
from adcompiler.frontend import partials
from adcompiler.frontend.arguments import signature_of
from adcompiler.frontend.interface import Derivative, DerivativeKind
from adcompiler.frontend.specialise import Specialisations
from adcompiler.into import run_into, takes_out
from adcompiler.jacobians import hessian, jacobian
from adcompiler.pickling import reduced
from adcompiler.programs import Program, Request, name_of
from adcompiler.repeated import MISS, ShortWays, short_ways
from adcompiler.saving import save

if TYPE_CHECKING:
    from adcompiler.explain import Explanation

__all__ = ["Derived", "Differentiable", "Wrt"]

# Short ways that are made for one derivative: what it reads elsewhere may change often.
_WAYS = 16

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")

Values = tuple[Any, ...]

_ONES_OF_CLASSES = (staticmethod, classmethod)

_SOURCES: dict[str, DerivativeKind] = {
    "primal": "value",
    "gradient": "grad",
    "tangent": "jvp",
    "pullback": "vjp",
    "hessian": "jvp",
}


@dataclass(slots=True)
class _Shared:
    """What a method has in common with the same method bound to instances."""

    programs: Specialisations[Program] = field(default_factory=Specialisations)
    signature: tuple[Hashable, inspect.Signature] | None = None
    short: dict[DerivativeKind, ShortWays | None] = field(default_factory=dict)
    second: Differentiable[..., Any] | None = None


class Differentiable(Generic[P, R]):
    """A function with derivatives. Calling it calls the function itself.

    >>> def area(r, h):
    ...     return 3.0 * r * r * h
    >>> g = Differentiable(area, wrt="r")
    >>> g(2.0, 1.0), g.wrt
    (12.0, ('r',))
    """

    # The front end may look through it, to the function.
    __adcompiler__ = True
    __wrapped__: Callable[P, R]
    __name__: str
    function: Any
    wrt: tuple[str, ...] | None
    prefix: tuple[Any, ...]

    def __init__(
        self,
        function: Callable[P, R],
        wrt: Wrt = None,
        backend: str | None = None,
    ) -> None:
        if not isinstance(backend, str | None):
            raise called_too_early(backend)
        require_backend(backend)
        prefix: tuple[Any, ...] = ()
        plain: Any = function
        self.binds = type(plain) if isinstance(plain, _ONES_OF_CLASSES) else None
        if self.binds is not None:
            plain = plain.__func__
        if isinstance(plain, Differentiable):
            wrt = plain.wrt if wrt is None else wrt
            self.binds = self.binds or plain.binds
            plain, prefix = plain.function, plain.prefix
        elif isinstance(plain, Derived) and plain.base.prefix and plain.kind != "jvp":
            prefix = plain.base.prefix
            plain = Derived(plain.kind, plain.base._bound(()))
        if isinstance(plain, property):
            raise TypeError("a property is no function: write @property above this")
        if not callable(plain):
            raise TypeError(f"not a function: {plain!r}")
        plain = what_a_call_runs(plain)
        if isinstance(plain, functools.partial) and _is_written(plain.func):
            plain = partials.written_out(plain)
        names = tuple(signature_of(plain).parameters)
        if isinstance(plain, MethodType):
            plain, prefix = plain.__func__, (plain.__self__,)
        functools.update_wrapper(self, plain)
        self.function = plain
        self.wrt = names_of(wrt, names, name_of(plain))
        self.backend = backend
        self.prefix = prefix
        self._shared = _Shared()
        self._derived: dict[DerivativeKind, Derived[..., Any]] = {}

    @property
    def signature(self) -> inspect.Signature:
        """The function's signature, read anew if its defaults are replaced."""
        function = self.function
        version: Hashable = None
        if isinstance(function, FunctionType):
            parts = function.__code__, function.__defaults__, function.__kwdefaults__
            version = tuple(map(id, parts))
        known = self._shared.signature
        if known is None or known[0] != version:
            known = self._shared.signature = version, signature_of(function)
        return known[1]

    @property
    def __signature__(self) -> inspect.Signature:
        parameters = tuple(self.signature.parameters.values())[len(self.prefix) :]
        return self.signature.replace(parameters=parameters)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = self.function(*self.prefix, *args, **kwargs)
        return result

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(
        self: Differentiable[Concatenate[S, Q], R],
        instance: S,
        owner: type | None = None,
    ) -> Differentiable[Q, R]: ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """The method bound to an instance; programs are shared by all instances."""
        if self.binds is staticmethod:
            return self
        if self.binds is classmethod:
            return self._bound((type(instance) if owner is None else owner,))
        return self if instance is None else self._bound((instance,))

    def __repr__(self) -> str:
        name = getattr(self, "__qualname__", None) or reprlib.repr(self.function)
        whose = f" of {reprlib.repr(self.prefix[0])}" if self.prefix else ""
        by = f", wrt {', '.join(self.wrt)}" if self.wrt else ""
        names = ", ".join(self.__signature__.parameters)
        return f"<differentiable {name}({names}){whose}{by}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return reduced(self, Differentiable)

    def __copy__(self) -> Self:
        return self  # as functions are

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if not self.prefix:
            return self
        return self._bound(copy.deepcopy(self.prefix, memo))

    @property
    def __adcompiler_derivative__(self) -> Derivative:
        return Derivative("value", self.function, self.wrt)

    # --- Derivatives -------------------------------------------------------------

    @property
    def grad(self) -> Derived[P, Any]:
        """``grad(*args)``: the gradient, or `Gradients` of several arguments."""
        found: Derived[P, Any] = self._derivative("grad")
        return found

    @property
    def value_and_grad(self) -> Derived[P, tuple[R, Any]]:
        """``value_and_grad(*args)``: the value and the gradient."""
        found: Derived[P, tuple[R, Any]] = self._derivative("value_and_grad")
        return found

    @property
    def vjp(self) -> Derived[P, tuple[R, Callable[[Any], Any]]]:
        """``vjp(*args)``: the value, and the pullback of cotangents."""
        found: Derived[P, tuple[R, Callable[[Any], Any]]] = self._derivative("vjp")
        return found

    @property
    def jvp(self) -> Derived[[Values, Values], tuple[R, Any]]:
        """``jvp(primals, tangents)``: the value and its tangent."""
        found: Derived[[Values, Values], tuple[R, Any]] = self._derivative("jvp")
        return found

    def _derivative(self, kind: DerivativeKind) -> Any:
        """The callable of a derivative, one for each kind."""
        found = self._derived.get(kind)
        if found is None:
            found = self._derived[kind] = Derived(kind, self)
        return found

    def backward(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The value; its gradients are added to the `grad` of every `Parameter` that
        requires one, among the arguments and in what the function reads.

        A value that is no scalar needs a cotangent of its shape, ``cotangent=c``: what
        is added then are the gradients of ``sum(c * value)``. A function that has a
        parameter of this name is given it.
        """
        given: dict[str, Any] = dict(kwargs)
        apart = "cotangent" in given and "cotangent" not in self.signature.parameters
        cotangent = given.pop("cotangent") if apart else None
        kind: DerivativeKind = "backward" if cotangent is None else "backward_from"
        derived: Derived[..., Any] = Derived(kind, self)
        request = derived.request(*args, **given)
        program = find_program(self._shared.programs, request, self.backend)
        result: R = collect(program, request, cotangent)
        return result

    def hvp(self, args: tuple[Any, ...], vectors: tuple[Any, ...]) -> Any:
        """The product of the Hessian with one vector per argument, shaped as `grad`.

        A vector is None where its argument is not differentiated.
        """
        return self.gradient_function().jvp(args, vectors)[1]

    def jacobian(self, *args: Any, mode: str | None = None) -> Any:
        """The Jacobian, of shape result.shape + argument.shape, per argument."""
        return jacobian(self, args, mode)

    def hessian(self, *args: Any) -> Any:
        """The Hessian, of shape argument.shape * 2; of several arguments nested."""
        return hessian(self, args)

    def gradient_function(self) -> Differentiable[..., Any]:
        """The gradient as a function to be differentiated."""
        if self._shared.second is None:
            gradient: Derived[..., Any] = Derived("grad", self._bound(()))
            self._shared.second = Differentiable(gradient)
        return self._shared.second._bound(self.prefix)

    def _bound(self, prefix: tuple[Any, ...]) -> Differentiable[..., Any]:
        """This with its first arguments given."""
        bound: Differentiable[..., Any] = object.__new__(Differentiable)
        bound.__dict__.update(self.__dict__)
        bound.prefix = prefix
        bound._derived = {}
        return bound

    def source(
        self,
        *args: Any,
        backend: str | None = None,
        of: str = "gradient",
        optimised: bool = False,
    ) -> str:
        """The generated text for such arguments, or for those of the last call.

        `of` is "primal", "gradient", "tangent" (forward mode), "pullback" (the two
        functions behind `vjp`) or "hessian" (the tangent of the gradient).

        The text is the NumPy program, on every backend; with ``backend="llvm"`` it is
        the module of machine code in LLVM's language, each part under the source line
        that it comes from: as LLVM is given it, or, `optimised`, as LLVM has left it.
        """
        require_backend(backend)
        if optimised and backend != "llvm":
            raise ValueError("optimised=True is for backend='llvm'")
        kind = _SOURCES.get(of)
        if kind is None:
            known = ", ".join(map(repr, _SOURCES))
            raise ValueError(f"there is no source of {of!r}, only of {known}")
        base = self.gradient_function() if of == "hessian" else self
        derived: Derived[..., Any] = Derived(kind, base)
        program = derived.compile(*args) if args else derived.last()
        parts = [p.built for p in (program, program.pullback) if p is not None]
        if backend != "llvm":
            return "\n\n".join(built.text for built in parts)
        from adcompiler.machine import machine_text

        return machine_text(parts, optimised=optimised)

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> Explanation:
        """Each source line beside its adjoint, what is recorded, its bytes, and why.

        Printed it is a text, in a notebook it shows tables. The gradient for such
        arguments is run up to where its reverse sweep begins, to measure what it keeps.
        """
        return self.grad.explain(*args, **kwargs)

    def save(self, path: str | Path, *args: Any) -> Path:
        """Write value and gradient for such arguments as a module of its own.

        The module defines ``f_value_and_grad``, which returns the value and then the
        gradients, and imports NumPy alone (and SciPy, where the function uses it). What
        the function captured becomes a keyword with a default; arrays stand in an
        ``.npz`` file beside it. Without arguments, those of the last call count.
        """
        derived = self.value_and_grad
        program = derived.compile(*args) if args else derived.last()
        origin = f"Value and gradient of {name_of(self.function)}"
        return save(program, path, origin)


@called_by_address
class Derived(Called, Generic[P, T]):
    """A derivative as a callable; it may be differentiated in turn.

    >>> def cube(x):
    ...     return x * x * x
    >>> Differentiable(cube).grad
    <grad of cube>
    """

    __name__: str

    def __init__(self, kind: DerivativeKind, base: Differentiable[..., Any]) -> None:
        self.kind: DerivativeKind = kind
        self.base = base
        self.__name__ = self.__qualname__ = name_of(self)
        self.__doc__ = f"The {kind} of {name_of(base.function)}."
        self._kept: list[ShortWays] = []
        self._point(base._shared.short.get(kind))

    @property
    def __signature__(self) -> inspect.Signature:
        if self.kind == "jvp":
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            names = ("primals", "tangents")
            return inspect.Signature([inspect.Parameter(name, kind) for name in names])
        return self.base.__signature__

    @property
    def __adcompiler_derivative__(self) -> Derivative:
        return Derivative(self.kind, self.base.function, self.base.wrt)

    def __repr__(self) -> str:
        return f"<{self.kind} of {name_of(self.base.function)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.base, self.kind)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Derived[P, T]:
        return Derived(self.kind, copy.deepcopy(self.base, memo))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        base = self.base
        ways = base._shared.short.get(self.kind)
        if ways is not None and ways.repeated is not None and not base.prefix:
            result = MISS if kwargs else ways.repeated(args)
            if result is not MISS:
                return cast("T", result)
        if "out" in kwargs and takes_out(self.kind, base.signature):
            return cast("T", self._into(kwargs.pop("out"), args, kwargs))
        request = self.request(*args, **kwargs)
        program = find_program(base._shared.programs, request, base.backend)
        result = run(program, request)
        ways = self._ways(program, request)
        if ways is not None:
            ways.open()
            self._point(ways)
        return cast("T", result)

    def _into(self, out: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call gives whose gradients go to the arrays of `out`."""
        if out is None:
            return self(*args, **kwargs)
        base, valued = self.base, self.kind == "value_and_grad"
        request = self.request(*args, **kwargs)
        program = find_program(base._shared.programs, request, base.backend)
        result = run_into(program, request, out, valued=valued)
        self._point(self._ways(program, request))
        return result

    def _point(self, ways: ShortWays | None) -> None:
        """Let calls like those of a program go straight to it, past this class."""
        if ways is None or ways.address is None or self.base.prefix:
            return
        point(self, ways.address, ways.table, ways.writing)
        if ways not in self._kept:
            # What a call may be running stays: what was pointed at is kept, too.
            self._kept.append(ways)

    def _ways(self, program: Program, request: Request) -> ShortWays | None:
        """The short ways of calls like this one, from now on."""
        base = self.base
        if program.built.backend != "llvm" or base.prefix:
            return None
        ways = base._shared.short.get(self.kind)
        if ways is None or not ways.serves(program):
            ways = self._other_ways(program, request)
            base._shared.short[self.kind] = ways
        return ways

    def _other_ways(self, program: Program, request: Request) -> ShortWays | None:
        known = next((w for w in self._kept if w.serves(program)), None)
        if known is not None or len(self._kept) >= _WAYS:
            return known
        named = self.base.backend is not None
        return short_ways(program, request, named=named)

    def request(self, *args: Any, **kwargs: Any) -> Request:
        """What such a call asks for."""
        base = self.base
        if self.kind == "jvp":
            return bind_jvp(self, base.signature, base.prefix, *args, **kwargs)
        own = len(base.prefix)
        return bind_call(self, base.signature, (*base.prefix, *args), kwargs, own)

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Each source line beside its adjoint or its tangent, and what is kept."""
        from adcompiler.explain import explain

        request = self.request(*args, **kwargs)
        base = self.base
        program = find_program(base._shared.programs, request, base.backend)
        what = f"The {_IN_WORDS[self.kind]} of {name_of(base.function)}"
        arguments = arguments_of(program, request)
        return explain(program, arguments, what, forward=self.kind == "jvp")

    def compile(self, *args: Any, **kwargs: Any) -> Program:
        """The program for such arguments, without running it."""
        if self.kind == "jvp":
            args = (args, tuple(map(unit_tangent, args)))
        request, base = self.request(*args, **kwargs), self.base
        return find_program(base._shared.programs, request, base.backend)

    def last(self) -> Program:
        """The program used last, or the one for the annotated types."""
        with_value = _WITH_VALUE if self.kind == "grad" else ()
        program = self.base._shared.programs.last(self.kind, *with_value)
        if program is not None:
            return program
        parameters = list(self.base.signature.parameters.values())
        wanted = parameters[len(self.base.prefix) :]
        return self.compile(*of_annotations(name_of(self.base.function), wanted))


_WITH_VALUE: tuple[DerivativeKind, ...]
_WITH_VALUE = ("value_and_grad", "backward", "backward_from")
_IN_WORDS: dict[DerivativeKind, str] = {
    "value": "value",
    "grad": "gradient",
    "value_and_grad": "value and gradient",
    "backward": "value and gradient",
    "backward_from": "value and gradient",
    "inplace": "changes",
    "vjp": "pullback",
    "jvp": "tangent",
}


def _is_written(function: Any) -> bool:
    """Whether this is a function written in Python, differentiable or not."""
    return isinstance(function, FunctionType | MethodType | Differentiable)
