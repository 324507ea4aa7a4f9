"""Which functions of libm have forms on vectors, and what the processor has, here.

In: nothing. Out: the names of the forms, in the vector ABI of x86: those of glibc's
libmvec that the processor's registers are wide enough for. Elsewhere there are none,
and loops call the functions on numbers.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import cache
from itertools import product

import llvmlite.binding as llvm

from adcompiler.execute.llvm.image import vector_library

__all__ = ["has_fused_products", "vector_functions"]

_ONE = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "exp", "exp2", "expm1", "log", "log2", "log10"),
    *("log1p", "cbrt", "erf", "erfc"),
)
_TWO = ("pow", "atan2", "hypot")


@cache
def has_fused_products() -> bool:
    """Whether the processor multiplies and adds in one instruction, rounding once."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    return arm or bool(llvm.get_host_cpu_features().get("fma"))


@cache
def vector_functions() -> tuple[str, ...]:
    """The names of the forms, which are bound by them when code is linked."""
    library = vector_library()
    return tuple(name for name in _names() if hasattr(library, name))


def _names() -> Iterator[str]:
    features = llvm.get_host_cpu_features()
    sets = [("e", 8)] if features.get("avx512f") else []
    sets += [("d", 4)] if features.get("avx2") else []
    functions = [("v", name) for name in _ONE] + [("vv", name) for name in _TWO]
    for (letter, lanes), (operands, name) in product(sets, functions):
        yield f"_ZGV{letter}N{lanes}{operands}_{name}"
        yield f"_ZGV{letter}N{2 * lanes}{operands}_{name}f"
