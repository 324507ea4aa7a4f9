"""The corpus: small programs by theme, each a row with its inputs."""

from . import (
    arrays,
    branches,
    calls,
    dtypes,
    elements,
    exits,
    gates,
    gathers,
    laid_out,
    linear,
    loops,
    refused,
    scalars,
    shapes,
    stores,
    traps,
    vectorised,
)
from .registry import PROGRAMS, Program

__all__ = [
    "PROGRAMS",
    "Program",
    "arrays",
    "branches",
    "calls",
    "dtypes",
    "elements",
    "exits",
    "gates",
    "gathers",
    "laid_out",
    "linear",
    "loops",
    "refused",
    "scalars",
    "shapes",
    "stores",
    "traps",
    "vectorised",
]
