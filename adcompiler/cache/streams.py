"""The machine code of the random streams: read where it is kept, or compiled.

In: the text of a module, and the names of its functions. Out: their addresses.
Invariants: where there is no LLVM, or a product and a sum are two instructions, there
are none, and NumPy draws the same bits. The code stays as long as the process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from adcompiler import settings
from adcompiler.cache.codes import keep, kept
from adcompiler.cache.directory import directory

if TYPE_CHECKING:
    from adcompiler.execute.llvm.entry import Code

__all__ = ["streams_in_memory"]

_NAME = "streams"
_memory: list[Any] = []


def streams_in_memory(
    text: Callable[[], str], names: tuple[str, ...], *, compiled: bool
) -> Mapping[str, int] | None:
    """Where the functions are; None if there are none. They are compiled only if
    `compiled` is true."""
    files = directory(settings.current())
    code = None if files is None else kept(files, _NAME)
    if code is not None and code.names == names:
        with contextlib.suppress(ValueError, OSError):
            return _linked(code)
    if not compiled:
        return None
    try:
        from adcompiler.execute.llvm.vectors import has_fused_products
    except ImportError:
        return None
    if not has_fused_products():
        return None
    from adcompiler.execute.llvm.entry import code_of

    code = code_of(text(), names, {})
    if files is not None:
        keep(files, _NAME, code)
    return _linked(code)


def _linked(code: Code) -> Mapping[str, int]:
    from adcompiler.execute.llvm.entry import linked_runtime

    addresses, memory = linked_runtime(code)
    _memory.append(memory)
    return addresses
