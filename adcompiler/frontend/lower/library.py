"""The tables of handlers, put together from their families.

In: nothing. Out: `FUNCTIONS` by object, `METHODS` by name, `INTRINSICS` by mark.
"""

from __future__ import annotations

from collections.abc import Hashable

from adcompiler.frontend.lower import (
    applying,
    builtins_,
    composed,
    constructors,
    drawing,
    einsum,
    elementwise,
    gathers,
    intrinsics,
    iterators,
    linalg,
    maths,
    rearranging,
    reductions,
    reflection,
    shapes,
    shorthands,
)
from adcompiler.frontend.lower.handling import Handler

FUNCTIONS: dict[Hashable, Handler] = {
    **elementwise.FUNCTIONS,
    **reductions.FUNCTIONS,
    **reflection.FUNCTIONS,
    **constructors.FUNCTIONS,
    **shapes.FUNCTIONS,
    **gathers.FUNCTIONS,
    **rearranging.FUNCTIONS,
    **linalg.FUNCTIONS,
    **einsum.FUNCTIONS,
    **maths.FUNCTIONS,
    **builtins_.FUNCTIONS,
    **iterators.FUNCTIONS,
    **shorthands.FUNCTIONS,
    **applying.FUNCTIONS,
    **drawing.FUNCTIONS,
}

METHODS: dict[str, Handler] = {
    **elementwise.METHODS,
    **reductions.METHODS,
    **constructors.METHODS,
    **shapes.METHODS,
    **gathers.METHODS,
    **rearranging.METHODS,
    **linalg.METHODS,
    **composed.METHODS,
    **intrinsics.METHODS,
}

INTRINSICS: dict[str, Handler] = intrinsics.INTRINSICS
