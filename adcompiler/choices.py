"""What is chosen where a derivative is made: `wrt` and the backend.

In: what was given. Out: names of arguments; errors that say where values belong.
"""

from __future__ import annotations

import reprlib
from typing import Any

from adcompiler.frontend.wrt import named

__all__ = ["Wrt", "called_too_early", "names_of", "require_backend"]

Wrt = str | int | tuple[str | int, ...] | None


def names_of(wrt: Wrt, names: tuple[str, ...], function: str) -> tuple[str, ...] | None:
    """`wrt` as names; a ValueError for what is no argument, where it is written."""
    if wrt is None:
        return None
    entries = wrt if isinstance(wrt, tuple | list) else (wrt,)
    for entry in entries:
        if not isinstance(entry, str | int):
            raise called_too_early(entry)
    return tuple(named(names, entry, function) for entry in entries)


def require_backend(name: str | None) -> None:
    """A ValueError for what is no backend."""
    if name not in (None, "numpy", "llvm"):
        raise ValueError(
            f"there is no backend {name!r}; write backend='numpy' or backend='llvm'"
        )


def called_too_early(given: Any) -> TypeError:
    """The error for arguments of the function given to what makes its derivative."""
    return TypeError(
        f"{reprlib.repr(given)} is given where wrt names arguments, or backend a "
        "backend; their values go to the derivative: grad(f)(x), vjp(f)(x), "
        "jvp(f)(primals, tangents)"
    )
