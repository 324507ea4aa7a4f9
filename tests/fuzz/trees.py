"""Containers taken apart and put together: tuples, lists, dicts, objects with fields.

A gradient, a tangent and a cotangent have the structure of what they belong to; a leaf
is whatever is no container.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Leaf = Callable[[Any], Any]


def members(tree: Any) -> list[tuple[Any, Any]] | None:
    """(key, part) for each part of a container; None for a leaf."""
    if isinstance(tree, (tuple, list)):
        return list(enumerate(tree))
    if isinstance(tree, dict):
        return list(tree.items())
    if dataclasses.is_dataclass(tree):
        return [(f.name, getattr(tree, f.name)) for f in dataclasses.fields(tree)]
    if isinstance(tree, SimpleNamespace):
        return list(vars(tree).items())
    return None


def leaves(tree: Any) -> list[Any]:
    parts = members(tree)
    if parts is None:
        return [tree]
    return [leaf for _, part in parts for leaf in leaves(part)]


def mapped(f: Leaf, tree: Any) -> Any:
    """The same containers with `f` of each leaf."""
    parts = members(tree)
    if parts is None:
        return f(tree)
    new = [mapped(f, part) for _, part in parts]
    if isinstance(tree, (tuple, list)):
        return type(tree)(*new) if hasattr(tree, "_fields") else type(tree)(new)
    named = {key: part for (key, _), part in zip(parts, new, strict=True)}
    return named if isinstance(tree, dict) else type(tree)(**named)


def structure(tree: Any) -> Any:
    """What two containers share that differ in their leaves alone."""
    parts = members(tree)
    if parts is None:
        return None
    return type(tree).__name__, tuple((key, structure(part)) for key, part in parts)
