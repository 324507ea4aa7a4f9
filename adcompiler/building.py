"""Functions of the IR become text and callables, for one backend or another.

In: a function, and the name that it is to have. Out: `Built`.
Invariants: every program has NumPy text, written when it is first asked for; native
code serves the calls that it was compiled for and hands all others, those that raise
among them, to the NumPy program. Where code is kept from an earlier process, the
function itself is asked for no sooner than something else is.
"""

from __future__ import annotations

import contextlib
import keyword
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from adcompiler.ir.names import Named
from adcompiler.ir.nodes import Function, Var
from adcompiler.pipeline import Faults, stored
from adcompiler.resident import Resident, RuntimeShelf

if TYPE_CHECKING:
    from adcompiler.emit.llvm import Native
    from adcompiler.emit.llvm.direct import Direct
    from adcompiler.emit.llvm.notes import Notes
    from adcompiler.emit.numpy_source import Source
    from adcompiler.execute.llvm.entry import Code, Entry
    from adcompiler.lowering.linking import Unit

__all__ = ["Built", "Shelf", "build", "native_module"]

Call = Callable[..., Any]


class Shelf(RuntimeShelf, Protocol):
    """Where the code of one program is kept: "dense" for arrays in C order, "strided"
    for others, "into" for what writes gradients to such that are given."""

    def code(self, form: str) -> Code | None:
        """The code, if it is there."""

    def keep(self, code: Code, form: str) -> None:
        """Put it there."""


class Built:
    """A function as generated text and as a callable on flat leaves.

    The callable takes the leaves by position, and gives the results as a tuple.
    `source` is the text with where its lines come from; `label` is shown in tracebacks.
    `shelf` keeps the machine code for other processes. `native` gives the same function
    for machine code alone, which may know more of the arguments that it is called with.
    """

    def __init__(
        self,
        function: Callable[[], Function],
        name: str,
        label: str,
        doc: str,
        backend: str,
        direct: Callable[[], Direct | None] = lambda: None,
        shelf: Shelf | None = None,
        *,
        strict: bool = False,
        native: Callable[[], Function] | None = None,
    ) -> None:
        self._function = function
        self.native = native
        self.shelf = shelf
        self.name = _identifier(name)
        self.label = label
        self.doc = doc or f"{label}."
        self.backend = backend
        self.direct = direct
        self.strict = strict
        self._native = _Native(self) if backend == "llvm" else None
        self.call = self.numpy_call if self._native is None else self._native.call

    @cached_property
    def function(self) -> Function:
        """The function in IR."""
        return self._function()

    @cached_property
    def source(self) -> Source:
        """The NumPy program."""
        from adcompiler.emit.numpy_source import definition, emit
        from adcompiler.lowering.linking import exceptions, linked

        *others, main = linked(self.function, self.name)
        raised = exceptions((*others, main))
        taken = [*(unit.name for unit in (*others, main)), *raised]
        named = [(u, _named(u.function, taken, inner=True)) for u in others]
        whole = _named(main.function, taken)
        with Faults("emit", main.function):
            before = [
                (u.name, definition(n, name=u.name, doc=_doc(u))) for u, n in named
            ]
            return emit(
                whole, name=self.name, doc=self.doc, before=before, names=raised
            )

    @cached_property
    def numpy_call(self) -> Call:
        """What the NumPy program defines."""
        from adcompiler.execute.numpy_backend import load

        call = load(self.source, self.name, self.label)
        if len(self.function.results) == 1:
            return lambda *leaves: (call(*leaves),)
        return call

    @property
    def text(self) -> str:
        return self.source.text

    def machine(
        self,
        *,
        dense: bool,
        notes: Notes | None = None,
        into: Sequence[tuple[int, int]] = (),
    ) -> Native:
        """The module of machine code, see `native_module`."""
        more = self.native if dense else None
        direct = self.direct() if dense else None
        if into and direct is not None and direct.out is None:
            direct = None
        return native_module(
            *(self.function if more is None else more(), self.name),
            dense=dense,
            direct=direct,
            strict=self.strict,
            notes=notes,
            into=into,
        )

    def writing(self, into: Sequence[tuple[int, int]], slow: Call) -> Call | None:
        """The machine code that takes arrays for these results behind the arguments;
        `into` has with each a parameter of its shape. All else goes to `slow`."""
        entry = None if self._native is None else self._native.into(into)
        return None if entry is None else entry.callable(slow)

    @property
    def writing_address(self) -> int | None:
        """What an object calls itself by where arrays are given for results, if such
        code was made."""
        made = None if self._native is None else self._native.made_into
        entry = None if made is None else made[1]
        return None if entry is None else entry.direct

    def sharing(self, slow: Call) -> Call | None:
        """The machine code for arrays in C order, which hands all else to `slow`."""
        entry = None if self._native is None else self._native.dense
        return None if entry is None else entry.callable(slow)

    @property
    def address(self) -> int | None:
        """What an object calls itself by, for arrays in C order."""
        entry = None if self._native is None else self._native.dense
        return None if entry is None else entry.direct


def build(
    function: Function,
    *,
    name: str,
    label: str,
    doc: str = "",
    backend: str = "numpy",
    direct: Direct | None = None,
) -> Built:
    """The text of a function and what it defines; `label` is shown in tracebacks.

    `direct` is how an object calls itself by machine code, if it may.
    """
    return Built(lambda: function, name, label, doc, backend, lambda: direct)


# --- Native code ------------------------------------------------------------------

_PATIENCE = 2  # calls, before code is made for what they have in common


class _Native:
    """The callables of a program, each made when it is first needed: for arrays in C
    order, for others, and the NumPy program."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self._unserved = 0
        self.made_into: tuple[tuple[tuple[int, int], ...], Entry | None] | None = None

    @cached_property
    def call(self) -> Call:
        return self._of(self.dense, self._slow)

    @cached_property
    def strided(self) -> Call:
        return self._of(self._entry(dense=False), self._plain)

    def _plain(self, *leaves: Any) -> Any:
        """The NumPy program, made no sooner than it is needed."""
        return self.built.numpy_call(*leaves)

    def _slow(self, *leaves: Any) -> Any:
        """What the code for arrays in C order does not serve.

        That code takes lengths that meet for equal. Where these differ, the other code
        serves the call, which does not: from the first on, so that what a call gives
        does not depend on those before. It also does where calls give that code up
        again and again for something else, and not for an error.
        """
        from adcompiler.execute.llvm.entry import were_unequal

        arrays = (v for v in leaves if isinstance(v, np.ndarray))
        patient = not were_unequal() and self._unserved < _PATIENCE
        if patient and all(a.flags.c_contiguous for a in arrays):
            results = self.built.numpy_call(*leaves)
            self._unserved += 1
            return results
        return self.strided(*leaves)

    @cached_property
    def dense(self) -> Entry | None:
        return self._entry(dense=True)

    def into(self, places: Sequence[tuple[int, int]]) -> Entry | None:
        """The code that writes these results to arrays that are given."""
        if self.made_into is None or self.made_into[0] != tuple(places):
            self.made_into = tuple(places), self._entry(dense=True, into=places)
        return self.made_into[1]

    def _entry(
        self, *, dense: bool, into: Sequence[tuple[int, int]] = ()
    ) -> Entry | None:
        """The code; None where there is none."""
        from adcompiler.execute.llvm.entry import Entry, compiled

        built, shelf = self.built, self.built.shelf
        runtime = Resident(shelf)
        form = "into" if into else "dense" if dense else "strided"
        kept = None if shelf is None else shelf.code(form)
        if kept is not None:
            with contextlib.suppress(ValueError, OSError):
                return Entry(kept, built.name, runtime)
        from adcompiler.emit.llvm import NotNative

        try:
            module = built.machine(dense=dense, into=into)
        except NotNative:
            return None
        code = compiled(module)
        if shelf is not None:
            shelf.keep(code, form)
        return Entry(code, built.name, runtime)

    def _of(self, entry: Entry | None, slow: Call) -> Call:
        return self.built.numpy_call if entry is None else entry.callable(slow)


def native_module(
    function: Function,
    name: str,
    *,
    dense: bool,
    direct: Direct | None = None,
    strict: bool = False,
    notes: Notes | None = None,
    into: Sequence[tuple[int, int]] = (),
) -> Native:
    """The LLVM module of a function; `dense`: for arrays that lie in C order; `direct`:
    with what an object calls itself by; `strict`: it computes in the order it states;
    `notes` are taken of what is written for what; `into` are results that go to arrays
    which are given behind the parameters, each with a parameter of its shape.

    Raises NotNative where it does what there is no code for.
    """
    from adcompiler.emit.llvm import (
        Part,
        by_rows,
        emit,
        recorded_last,
        sums_apart,
        touched,
    )
    from adcompiler.execute.llvm.vectors import has_fused_products, vector_functions
    from adcompiler.lowering.aliasing import memory
    from adcompiler.lowering.linking import linked

    parts = []
    for unit in linked(function, name):
        inner = unit.callee is not None
        rowwise = dense and not inner and not strict
        own = (("apart", sums_apart), ("rows", by_rows)) if rowwise else ()
        steps = (
            *(("indices", _within), ("ahead", _ahead), ("draws", touched), *own),
            ("recording", recorded_last),
        )
        ready = stored(unit.function, *steps, inner=inner)
        with Faults("emit", ready):
            roots = memory(ready, inner=inner).roots
            parts.append(Part(ready, roots, unit.callee))
    vectors = () if strict else vector_functions()
    fused = not strict and has_fused_products()
    with Faults("emit", parts[-1].function):
        return emit(
            *(parts, name),
            dense=dense,
            vectors=vectors,
            fused=fused,
            direct=direct,
            notes=notes,
            into=into,
            strict=strict,
        )


def _within(function: Function) -> Function:
    """The function without looks at indices that are surely within their arrays, and
    without what is there for these alone."""
    from adcompiler.optimise import eliminate_dead_code, with_sure_indices

    found = with_sure_indices(function)
    return function if found is function else eliminate_dead_code(found)


def _ahead(function: Function) -> Function:
    """The function that looks at what loops index before these."""
    from adcompiler.optimise import with_tests_ahead

    return with_tests_ahead(function)


# --- Names ------------------------------------------------------------------------


def _named(function: Function, taken: Iterable[str], *, inner: bool = False) -> Named:
    """The function made ready to be written as Python: names."""
    from adcompiler.lowering.naming import name_values

    function = stored(function, inner=inner)
    arg_names = _distinct(map(_argument, function.params))
    with Faults("emit", function):
        return name_values(function, arg_names=arg_names, taken=taken)


def _argument(param: Var) -> str:
    """The name of a parameter: `_` is assigned to, where nothing reads what is."""
    name = _identifier(param.name or param.noun or "x")
    return _identifier(param.noun or "x") if name == "_" else name


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
