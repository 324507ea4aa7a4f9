"""Machine code for the streams, where there is any.

In: a state, and what is drawn from it. Out: an array, or None where NumPy draws.
Invariants: the bits are the same either way. This layer knows no LLVM: who does is
given to `use`, and asked once as much has been drawn as makes it worth while. Functions
hold Python's lock, so that a draw is one step for other threads.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from adcompiler.random.state import HAS_PLACE

__all__ = ["NAMES", "addresses", "drawn", "permuted", "use"]

# Of single and double precision, and of integers.
NAMES = (
    *("adc_rand_f", "adc_rand_d", "adc_uniform_f", "adc_uniform_d"),
    *("adc_normals_f", "adc_normals_d"),
    *("adc_coins_f", "adc_coins_d", "adc_exponential_f", "adc_exponential_d"),
    *("adc_randint", "adc_randint_wide", "adc_randperm"),
)

Array = np.ndarray[Any, Any]
Function = Callable[..., None]

# From so many numbers on code is asked for that is kept on disk, and is compiled. An
# array of normals takes NumPy some 200 ns a number, and LLVM the time of 10**6.
_READ, _COMPILED = 2_000, 200_000


class Loader(Protocol):
    """Gives the addresses of functions, see `cache.streams`."""

    def __call__(
        self, text: Callable[[], str], names: tuple[str, ...], *, compiled: bool
    ) -> Mapping[str, int] | None: ...


class _Known:
    """What is known of the code."""

    loader: Loader | None = None
    functions: Mapping[str, Function] | None = None
    addresses: Mapping[str, int] | None = None
    count = 0  # of numbers that NumPy has drawn
    next = _READ  # when to ask for the code again


_known = _Known()
_lock = threading.Lock()


def use(loader: Loader | None) -> None:
    """Say who has the code; None stands for nobody."""
    with _lock:
        _known.loader = loader if HAS_PLACE else None
        _known.functions = _known.addresses = None
        _known.count, _known.next = 0, _READ


def drawn(
    name: str, state: Array, shape: tuple[int, ...], dtype: np.dtype[Any], *params: Any
) -> Array | None:
    """What the function of this name draws; None where there is no code."""
    count = math.prod(shape)
    functions = _known.functions or _asked(count)
    if functions is None:
        return None
    out = np.empty(shape, dtype)
    functions[name](id(state), id(out), count, *params)
    return out


def permuted(state: Array, count: int) -> Array | None:
    """The numbers below `count` in random order; None where there is no code."""
    functions = _known.functions or _asked(count)
    if functions is None:
        return None
    out = np.arange(count)
    functions["adc_randperm"](id(state), id(out), count - 1)
    return out


def _asked(count: int) -> Mapping[str, Function] | None:
    """The functions, if so many more numbers make it time to have them."""
    _known.count += count
    if _known.count < _known.next or _known.loader is None:
        return None
    from adcompiler.random import native

    with _lock:
        if _known.functions is None and _known.count >= _known.next:
            compiled = _known.count >= _COMPILED
            # What is not there by then is not asked for again.
            _known.next = 2**62 if compiled else _COMPILED
            found = _known.loader(native.text, NAMES, compiled=compiled)
            if found is not None:
                _known.addresses = found
                _known.functions = {k: _function(k, v) for k, v in found.items()}
        return _known.functions


def addresses() -> Mapping[str, int]:
    """Where the functions are, for machine code that calls them; empty if nowhere.

    They take two array objects, of which they read the place of the elements, 16 bytes
    behind their beginnings; the number of elements; and what `drawn` is given.
    """
    if _known.addresses is None and _known.next < 2**62:
        _asked(_COMPILED)
    return _known.addresses or {}


_NUMBER, _WHOLE = ctypes.c_double, ctypes.c_int64


def _function(name: str, address: int) -> Function:
    more: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("uniform", "normals", "coins"), (_NUMBER, _NUMBER)),
        "exponential": (_NUMBER,),
        "randint": (_WHOLE, _WHOLE),
    }
    params: tuple[Any, ...] = more.get(name.split("_")[1], ())
    pointers = (ctypes.c_void_p, ctypes.c_void_p, _WHOLE)
    made: Function = ctypes.PYFUNCTYPE(None, *pointers, *params)(address)
    return made
