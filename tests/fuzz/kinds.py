"""Kinds of containers that a program has: what they hold, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass

ATTRIBUTES = ("dataclass", "named tuple", "class", "namespace")
CLASSES = ("dataclass", "named tuple", "class")
CHANGING = ("dict", "list", "dataclass", "class", "namespace")
ARGUMENTS = ("tuple", "list", "dict", "named tuple", "dataclass", "namespace")


@dataclass(frozen=True)
class Field:
    """A part: a float, an int, an array of `shape`, or a container."""

    name: str
    kind: str
    shape: tuple[int, ...] = ()
    inner: Kind | None = None
    high: int = 0  # of an int, which is never negative


@dataclass(frozen=True)
class Method:
    """`way` is number (of self and a float), change (of self), or anew."""

    name: str
    way: str


@dataclass(frozen=True)
class Kind:
    form: str
    name: str
    fields: tuple[Field, ...]
    methods: tuple[Method, ...] = ()

    @property
    def changing(self) -> bool:
        """Whether parts may be assigned."""
        return self.form in CHANGING

    @property
    def floats(self) -> bool:
        return all(f.kind == "float" for f in self.fields)

    def part(self, path: str, field: Field) -> str:
        """How a part of the container `path` is written."""
        if self.form in ATTRIBUTES:
            return f"{path}.{field.name}"
        if self.form == "dict":
            return f'{path}["{field.name}"]'
        return f"{path}[{self.fields.index(field)}]"

    def display(self, parts: list[str], by_name: bool = False) -> str:
        """How a container of these parts is made."""
        named = [f"{f.name}={p}" for f, p in zip(self.fields, parts, strict=True)]
        if self.form == "dict":
            if by_name:
                return f"dict({', '.join(named)})"
            rows = zip(self.fields, parts, strict=True)
            return "{" + ", ".join(f'"{f.name}": {p}' for f, p in rows) + "}"
        if self.form == "tuple":
            return f"({', '.join(parts)},)"
        if self.form == "list":
            return f"[{', '.join(parts)}]"
        if self.form == "namespace":
            return f"SimpleNamespace({', '.join(named)})"
        return f"{self.name}({', '.join(named if by_name else parts)})"

    def named(self, way: str) -> list[Method]:
        return [m for m in self.methods if m.way == way]
