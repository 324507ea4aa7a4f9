"""The primitives, one row each, by kind; importing this package fills the registry."""

from adcompiler.primitives import (
    arithmetic,
    comparison,
    contraction,
    creation,
    effects,
    gathering,
    indexing,
    joining,
    linalg,
    lists,
    reduction,
    selection,
    shape,
    transcendental,
)

__all__ = [
    "arithmetic",
    "comparison",
    "contraction",
    "creation",
    "effects",
    "gathering",
    "indexing",
    "joining",
    "linalg",
    "lists",
    "reduction",
    "selection",
    "shape",
    "transcendental",
]
