"""Containers whose parts have names: dicts, dataclasses, namespaces.

In: a value. Out: its `Shape`, which takes such values apart and puts them together.
Invariant: equal shapes have equal names in the same order, so that the parts of one
value stand for those of another.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np

from adcompiler.random import Generator

__all__ = [
    "Cell",
    "DictOf",
    "ItemsOf",
    "Key",
    "Keywords",
    "KeywordsOf",
    "ObjectOf",
    "Positional",
    "Shape",
    "Stacked",
    "StreamOf",
    "is_key",
    "made",
    "named_part",
    "opened",
    "parts_of",
    "shape_of",
]

Key = str | int | Enum | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DictOf:
    """A dict with these keys.

    >>> DictOf(("w", "b")).make((1.0, 2.0))
    {'w': 1.0, 'b': 2.0}
    """

    names: tuple[Key, ...]

    @property
    def cls(self) -> type:
        return dict

    @property
    def __name__(self) -> str:
        return "dict"

    def parts(self, value: Any) -> tuple[Any, ...]:
        """The values, in the order of the keys."""
        return tuple(value[name] for name in self.names)

    def make(self, parts: Iterable[Any]) -> Any:
        """A dict of these values."""
        return dict(zip(self.names, parts, strict=True))

    def path(self, name: Key) -> str:
        """How an entry is written behind the container."""
        return f"[{name!r}]"

    def renamed(self, names: tuple[Key, ...]) -> DictOf:
        """The shape of a dict that holds more, or less."""
        return DictOf(names)


@dataclass(frozen=True, slots=True)
class Cell(DictOf):
    """What holds a variable that nested functions assign, under its name."""

    def path(self, name: Key) -> str:
        """The variable as it is written."""
        return str(name)

    def renamed(self, names: tuple[Key, ...]) -> Cell:
        """A cell of these variables."""
        return Cell(names)


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object of a class, with these attributes."""

    cls: type
    names: tuple[Key, ...]

    @property
    def __name__(self) -> str:
        return self.cls.__name__

    def parts(self, value: Any) -> tuple[Any, ...]:
        """The values of the attributes."""
        return tuple(getattr(value, str(name)) for name in self.names)

    def make(self, parts: Iterable[Any]) -> Any:
        """An object with these attributes; its `__init__` is not called."""
        new: Any = self.cls.__new__
        made = new(self.cls)
        for name, part in zip(self.names, parts, strict=True):
            object.__setattr__(made, str(name), part)
        return made

    def path(self, name: Key) -> str:
        """How an attribute is written behind the object."""
        return f".{name}"

    def renamed(self, names: tuple[Key, ...]) -> ObjectOf:
        """The shape of an object that holds more, or less."""
        return ObjectOf(self.cls, names)


@dataclass(frozen=True, slots=True)
class ItemsOf:
    """A list of this length; `site` stands for the display that made it, if any.

    >>> ItemsOf(2).make((1.0, 2.0)), ItemsOf(2).names
    ([1.0, 2.0], (0, 1))
    """

    count: int
    site: tuple[object, ...] | None = field(default=None, compare=False)

    @property
    def names(self) -> tuple[Key, ...]:
        return tuple(range(self.count))

    @property
    def cls(self) -> type:
        return list

    @property
    def __name__(self) -> str:
        return "list"

    def parts(self, value: Any) -> tuple[Any, ...]:
        """The items."""
        return tuple(value)

    def make(self, parts: Iterable[Any]) -> Any:
        """A list of these items."""
        return list(parts)

    def path(self, name: Key) -> str:
        """How an item is written behind the list."""
        return f"[{name!r}]"

    def renamed(self, names: tuple[Key, ...]) -> ItemsOf:
        """The shape of a list that holds more, or less."""
        return ItemsOf(len(names), self.site)


@dataclass(frozen=True, slots=True)
class Stacked:
    """A list of numbers whose length is known at run time only: one array.

    >>> Stacked(True).make(Stacked(True).parts([1.0, 2.0]))
    [1.0, 2.0]
    """

    python: bool  # whether they are Python's floats, not NumPy's

    @property
    def names(self) -> tuple[Key, ...]:
        return ("",)

    @property
    def cls(self) -> type:
        return list

    @property
    def __name__(self) -> str:
        return "list"

    def parts(self, value: Any) -> tuple[Any, ...]:
        """The numbers, in an array."""
        return (np.asarray(value),)

    def make(self, parts: Iterable[Any]) -> Any:
        """A list of the numbers of an array."""
        (array,) = parts
        return array.tolist() if self.python else list(array)

    def path(self, name: Key) -> str:
        """How an item is written behind the list."""
        return "[0]"

    def renamed(self, names: tuple[Key, ...]) -> Stacked:
        """The shape of a list that holds more, or less."""
        return self


@dataclass(frozen=True, slots=True)
class StreamOf:
    """A generator of random numbers: its state, which draws change.

    >>> state, = StreamOf().parts(Generator())
    >>> StreamOf().make([state]).initial_seed()
    67280421310721
    """

    @property
    def names(self) -> tuple[Key, ...]:
        return ("",)

    @property
    def cls(self) -> type:
        return Generator

    @property
    def __name__(self) -> str:
        return "Generator"

    def parts(self, value: Any) -> tuple[Any, ...]:
        """The state; of a gradient by a generator, nothing."""
        return (None if value is None else value.state,)

    def make(self, parts: Iterable[Any]) -> Any:
        """A generator of this state; of a gradient, nothing."""
        (state,) = parts
        return None if state is None else Generator.at(state)

    def path(self, name: Key) -> str:
        """How the state is written behind the generator."""
        return ".state"

    def renamed(self, names: tuple[Key, ...]) -> StreamOf:
        """A generator holds its state alone."""
        return self


class Positional(tuple[Any, ...]):
    """What `*args` takes: each item is an argument of its own."""

    __slots__ = ()


class Keywords(dict[str, Any]):
    """What `**kwargs` takes: each value is an argument of its own."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class KeywordsOf(DictOf):
    """Keywords of these names."""

    def make(self, parts: Iterable[Any]) -> Any:
        """Keywords with these values."""
        return Keywords(zip(map(str, self.names), parts, strict=True))


Shape = DictOf | ObjectOf | ItemsOf | Stacked | StreamOf


def shape_of(value: Any) -> Shape | None:
    """How a dict, a dataclass or a namespace is put together; None of anything else.

    >>> shape_of({"w": 1.0, "b": 2.0})
    DictOf(names=('w', 'b'))
    >>> shape_of([1.0]) is None
    True
    """
    if type(value) is dict:
        return DictOf(tuple(value)) if all(map(is_key, value)) else None
    if type(value) is Keywords:
        return KeywordsOf(tuple(value))
    if isinstance(value, Generator):
        return StreamOf()
    cls = type(value)
    if cls is SimpleNamespace:
        return ObjectOf(cls, tuple(vars(value)))
    if not dataclasses.is_dataclass(cls) or isinstance(value, type):
        return None
    if cls.__new__ is not object.__new__ or _hooked(cls):
        return None
    fields = [f.name for f in dataclasses.fields(value) if hasattr(value, f.name)]
    own = [name for name in getattr(value, "__dict__", ()) if name not in fields]
    return ObjectOf(cls, (*fields, *own))


def is_key(key: Any) -> bool:
    """Whether a key is told from others by its value.

    >>> [is_key(key) for key in ("w", 0, ("w", 1), True, 1.0)]
    [True, True, True, False, False]
    """
    if type(key) is tuple:
        return all(map(is_key, key))
    return type(key) is str or type(key) is int


def named_part(name: str, key: Key) -> str:
    """The name of an entry of what has a name.

    >>> named_part("params", "w"), named_part("params", ("a", 0))
    ('params_w', 'params_a_0')
    """
    part = re.sub(r"\W+", "_", str(key)).strip("_")
    return f"{name}_{part}" if part else name


def _hooked(cls: type) -> bool:
    """Whether attributes of the class are not what they are in its dict."""
    hooks = ("__getattribute__", "__getattr__")
    return any(hook in c.__dict__ for c in cls.__mro__[:-1] for hook in hooks)


def parts_of(cls: type | Shape, value: Any) -> Iterable[Any]:
    """The parts of a tuple, or of what has a shape."""
    return value if isinstance(cls, type) else cls.parts(value)


def opened(value: Any) -> tuple[type | Shape, list[Any]] | None:
    """A container as what makes it and its parts; None of anything else.

    >>> opened({"w": 1.0}), opened((1.0, 2.0)), opened(1.0)
    ((DictOf(names=('w',)), [1.0]), (<class 'tuple'>, [1.0, 2.0]), None)
    """
    if isinstance(value, tuple) or type(value) is list:
        return type(value), list(value)
    shape = shape_of(value)
    return None if shape is None else (shape, list(shape.parts(value)))


def made(cls: type | Shape, parts: Iterable[Any]) -> Any:
    """A tuple, a named tuple or another container of these parts."""
    if not isinstance(cls, type):
        return cls.make(parts)
    make: Callable[[Iterable[Any]], Any] = getattr(cls, "_make", cls)
    return make(parts)
