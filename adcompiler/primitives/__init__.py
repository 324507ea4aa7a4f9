"""The primitives, one row each, by kind; importing this package fills the registry."""

from adcompiler.primitives import (
    arithmetic,
    comparison,
    creation,
    effects,
    indexing,
    lists,
    selection,
    transcendental,
)

__all__ = [
    "arithmetic",
    "comparison",
    "creation",
    "effects",
    "indexing",
    "lists",
    "selection",
    "transcendental",
]
