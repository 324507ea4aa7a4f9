"""What the front end reads outside of the program, to guard it or to capture it.

In: the object that is asked, and for what. Out: a `Read`, which gives what is there at
each call.
Invariants: a read is data, so that another process can ask the same of objects of its
own (`adcompiler.cache`); errors in reading, such as the NameError of a global that is
gone, are those of a plain call.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CellType, FunctionType
from typing import Any

from adcompiler.frontend import resolve
from adcompiler.parameter import Parameter

__all__ = [
    "MISSING",
    "Above",
    "Attribute",
    "Cell",
    "ClassOf",
    "Default",
    "FieldDefault",
    "Given",
    "Global",
    "Has",
    "InClass",
    "InObject",
    "Item",
    "Keys",
    "Kind",
    "Length",
    "Part",
    "Read",
    "Trained",
    "WrittenIn",
    "in_classes",
]

MISSING = object()


def in_classes(classes: Sequence[type], name: str) -> Any:
    """What the first of the classes that has this name says it is.

    >>> in_classes((bool, int), "real") is int.__dict__["real"]
    True
    """
    for cls in classes:
        if name in cls.__dict__:
            return cls.__dict__[name]
    return MISSING


# --- Of names and objects -------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A global name, or one of Python's own."""

    scope: Mapping[str, Any]
    name: str

    def __call__(self) -> Any:
        if self.name in self.scope:
            return self.scope[self.name]
        if not hasattr(builtins, self.name):
            raise NameError(f"name '{self.name}' is not defined")
        return getattr(builtins, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A variable of the function around."""

    cell: CellType

    def __call__(self) -> Any:
        return self.cell.cell_contents


@dataclass(frozen=True, slots=True, eq=False)
class Default:
    """The default of a parameter: by its place, or by the name of a keyword."""

    function: FunctionType
    key: int | str

    def __call__(self) -> Any:
        if isinstance(self.key, int):
            return (self.function.__defaults__ or ())[self.key]
        return (self.function.__kwdefaults__ or {})[self.key]


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """``owner.name``."""

    owner: Any
    name: str

    def __call__(self) -> Any:
        return getattr(self.owner, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Has:
    """Whether an object has an attribute."""

    owner: Any
    name: str

    def __call__(self) -> Any:
        return hasattr(self.owner, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class InObject:
    """What the class of an object says, unless the object itself has the name."""

    owner: Any
    name: str

    def __call__(self) -> Any:
        found = in_classes(type(self.owner).__mro__, self.name)
        own = getattr(self.owner, "__dict__", ())
        hidden = not hasattr(type(found), "__set__") and self.name in own
        return MISSING if hidden else found


@dataclass(frozen=True, slots=True, eq=False)
class ClassOf:
    """What the class of an object says, whatever the object has."""

    owner: Any
    name: str

    def __call__(self) -> Any:
        return in_classes(type(self.owner).__mro__, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class InClass:
    """What a class says of a name."""

    cls: type
    name: str

    def __call__(self) -> Any:
        return in_classes(self.cls.__mro__, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """What the classes after one of its classes say, for ``super()``."""

    cls: type
    after: type
    name: str

    @property
    def classes(self) -> tuple[type, ...]:
        """Those classes."""
        every = self.cls.__mro__
        return every[every.index(self.after) + 1 :]

    def __call__(self) -> Any:
        return in_classes(self.classes, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class WrittenIn:
    """What a class of named tuples says of a name, which is no field."""

    cls: type
    name: str

    def __call__(self) -> Any:
        classes = [c for c in self.cls.__mro__ if not resolve.is_library(c)]
        named = hasattr(self.cls, "_fields")
        return in_classes(classes, self.name) if named else MISSING


@dataclass(frozen=True, slots=True, eq=False)
class FieldDefault:
    """The default of a field of a dataclass or of a named tuple."""

    cls: Any
    name: str

    def __call__(self) -> Any:
        if dataclasses.is_dataclass(self.cls):
            return self.cls.__dataclass_fields__[self.name].default
        return self.cls._field_defaults[self.name]


# --- Of what another read gives -------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """The class of what is read."""

    base: Read

    def __call__(self) -> Any:
        return type(self.base())


@dataclass(frozen=True, slots=True, eq=False)
class Length:
    """How many items there are in what is read."""

    base: Read

    def __call__(self) -> Any:
        return len(self.base())


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The keys of a dict that is read."""

    base: Read

    def __call__(self) -> Any:
        return tuple(self.base())


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item of what is read."""

    base: Read
    key: Any

    def __call__(self) -> Any:
        return self.base()[self.key]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An attribute of what is read, and with a key an item of that: what a bound
    method or a partial function is made of."""

    base: Read
    name: str
    key: int | str | None = None

    def __call__(self) -> Any:
        found = getattr(self.base(), self.name)
        return found if self.key is None else found[self.key]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Which arguments a partial function that is read has been given."""

    base: Read

    def __call__(self) -> Any:
        partial: functools.partial[Any] = self.base()
        return (len(partial.args), *partial.keywords)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Whether gradients are computed for a parameter; None of what is none."""

    base: Read

    def __call__(self) -> Any:
        value = self.base()
        return value.requires_grad if isinstance(value, Parameter) else None


Read = (
    Global
    | Cell
    | Default
    | Attribute
    | Has
    | InObject
    | ClassOf
    | InClass
    | Above
    | WrittenIn
    | FieldDefault
    | Kind
    | Length
    | Keys
    | Item
    | Part
    | Given
    | Trained
)
