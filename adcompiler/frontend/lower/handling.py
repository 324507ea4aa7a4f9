"""What a handler of a library function works with.

In: a call with its arguments evaluated. Out: `Call`, which binds arguments to parameter
names and builds results.
Invariant: a keyword that a handler does not know is refused by name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    ObjectRef,
    Static,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import hints, lengths, listing, names
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import atom_of
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Array, Scalar
from adcompiler.library import collected

REQUIRED = Static("<required>")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a library function."""

    ctx: Context
    node: ast.AST
    name: str
    args: list[Binding]
    kwargs: dict[str, Binding]
    words: tuple[str, ...] = ()  # its parameters, if the handler takes not all of them

    def refuse(self, message: str, hint: str) -> NoReturn:
        """Refuse the call."""
        self.ctx.refuse(self.node, message, hint)

    def bind(self, *required: str, **optional: Binding | None) -> list[Binding]:
        """The arguments in the order of these parameters; None means NONE."""
        order = [*required, *optional]
        if len(self.args) > len(order):
            what = f"{self.name} with {len(self.args)} arguments is not supported"
            self.refuse(what, self.taken(order))
        bound = dict(zip(order, self.args, strict=False))
        for key, value in self.kwargs.items():
            if key not in order:
                what = f"'{key}=' of {self.name} is not supported yet"
                self.refuse(what, hints.KEYWORDS.get(key) or self.taken(order))
            bound[key] = value
        for key in required:
            if key not in bound:
                what = f"{self.name} misses the argument '{key}'"
                self.refuse(what, self.taken(order))
        return [bound.get(key, optional.get(key) or NONE) for key in order]

    def written(self, k: int, name: str = "x") -> str:
        """The argument at this place or of this name, as the program has it."""
        if not isinstance(self.node, ast.Call):
            return "x"
        named = [word.value for word in self.node.keywords if word.arg == name]
        given = (self.node.args[k:] + named)[:1]
        return ast.unparse(given[0]) if given else "x"

    def taken(self, order: Sequence[str]) -> str:
        """Which arguments there are, but for the object of a method."""
        words = self.words or order
        words = words[1:] if self.name.startswith(".") else words
        return f"its arguments are: {', '.join(words) or 'none'}"

    def atom(self, binding: Binding) -> Atom:
        """The IR value of an argument; a tuple or list of numbers becomes an array."""
        lists = TupleVal | ListRef
        if isinstance(binding, lists) or is_list(binding) or listing.is_rows(binding):
            binding = self.array(binding)
        return atom_of(self.ctx, self.node, binding)

    def array(self, binding: Binding) -> Binding:
        """A nested tuple or list as an array."""
        if isinstance(binding, ListRef):
            return listing.stacked(self.ctx, self.node, binding)
        if listing.is_rows(binding):
            rows = collected.Rows.as_array
            return listing.of_them(self.ctx, self.node, binding, rows)
        if isinstance(binding, ObjectRef):
            from adcompiler.frontend.lower import sequences

            binding = sequences.as_tuple(self.ctx, self.node, binding)
        if not isinstance(binding, TupleVal):
            return binding
        if not binding.items:
            return self.ctx.wrap(self.emit("zeros", constant(0), dtype="float64"))
        parts = [self.array(item) for item in binding.items]
        atoms = [atom_of(self.ctx, self.node, part) for part in parts]
        return self.ctx.wrap(self.emit("stack", *atoms, axis=0), True)

    def emit(self, name: str, *operands: Atom, **params: Any) -> Atom:
        """Append an application of a primitive."""
        return self.ctx.emit(self.node, name, *operands, **params)

    def result(self, name: str, *operands: Atom, **params: Any) -> Binding:
        """Append an application that gives fresh memory."""
        return self.ctx.wrap(self.emit(name, *operands, **params))

    def integer(self, binding: Binding, what: str) -> int:
        """An integer that must be known while compiling."""
        return names.static_int(self.ctx, self.node, binding, what)

    def flag(self, binding: Binding, what: str) -> bool:
        """A bool that must be known while compiling."""
        if isinstance(binding, Dyn) and not isinstance(binding.atom, Const):
            return bool(names.static_int(self.ctx, self.node, binding, what))
        return isinstance(binding, Dyn) and bool(binding.atom.value)  # type: ignore[union-attr]

    def rank(self, binding: Binding) -> int:
        """The number of axes of a number or array."""
        return binding.type.ndim if isinstance(binding, ArrayRef) else 0

    def axes(self, binding: Binding, rank: int) -> tuple[int, ...] | None:
        """Normalised sorted axes; None for all of them."""
        if binding == NONE:
            return None
        items = binding.items if isinstance(binding, TupleVal) else (binding,)
        return tuple(sorted(self.axis(item, rank) for item in items))

    def axis(self, binding: Binding, rank: int) -> int:
        """One axis, counted from 0."""
        axis = self.integer(binding, "an axis")
        if not -rank <= axis < rank:
            what = f"axis {axis} is out of bounds for an array of rank {rank}"
            axes = ", ".join(map(str, range(rank)))
            none = "it has no axes: leave the axis away"
            self.refuse(what, f"its axes are: {axes}" if rank else none)
        return axis % rank

    def dtype(self, binding: Binding, default: str | None) -> str | None:
        """A dtype argument as its name."""
        if binding == NONE:
            return default
        try:
            # np.dtype(None) is float64, so what is not known must not come to it.
            name = str(np.dtype(binding.value)) if isinstance(binding, Static) else ""
        except TypeError:
            name = ""
        if not name:
            what = "the dtype must be known while compiling"
            self.refuse(
                what, "write it out, as np.float64, or take an array's: x.dtype"
            )
        if name not in ("bool", "int64", "int32", "float64", "float32"):
            self.refuse(f"the dtype {name} is not supported", "use float64 or float32")
        return name

    def lengths(self, binding: Binding) -> list[Atom]:
        """A shape argument: one number, or a tuple of them."""
        items = binding.items if isinstance(binding, TupleVal) else (binding,)
        atoms = []
        for item in items:
            atom = lengths.whole(
                self.ctx, self.node, atom_of(self.ctx, self.node, item)
            )
            if not isinstance(atom.type, Scalar) or atom.type.dtype != "int64":
                self.refuse("a length must be an integer", "convert it: int(n)")
            atoms.append(atom)
        return atoms


Handler = Callable[[Call], Binding]


def array_type(binding: Binding) -> Array | None:
    """The type of an array, None of anything else."""
    return binding.type if isinstance(binding, ArrayRef) else None
