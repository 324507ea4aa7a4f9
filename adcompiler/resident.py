"""The runtime of machine code, in memory once for all modules of a process.

In: where machine code is kept. Out: `Resident`, which gives the addresses.
Invariant: it is compiled where it is first needed, or read where an earlier process
has kept it, and stays.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from adcompiler.execute.llvm.entry import Code

__all__ = ["Resident", "RuntimeShelf"]

_lock = threading.Lock()
_loaded: dict[str, int] = {}
_memory: list[Any] = []


class RuntimeShelf(Protocol):
    """Where the code of the runtime is kept."""

    def runtime(self) -> Code | None:
        """The code, if it is there."""

    def keep_runtime(self, code: Code) -> None:
        """Put it there."""


@dataclass(frozen=True, slots=True)
class Resident:
    """The runtime, kept on a shelf if there is one."""

    shelf: RuntimeShelf | None

    def symbols(self) -> Mapping[str, int]:
        """Where each function is."""
        with _lock:
            if not _loaded and not self._is_read():
                self._compile()
        return _loaded

    def _is_read(self) -> bool:
        kept = None if self.shelf is None else self.shelf.runtime()
        if kept is None:
            return False
        with contextlib.suppress(ValueError, OSError):
            _load(kept)
            return True
        return False

    def _compile(self) -> None:
        from adcompiler.emit.llvm.resident import runtime_module
        from adcompiler.execute.llvm.entry import code_of

        code = code_of(*runtime_module(), {})
        if self.shelf is not None:
            self.shelf.keep_runtime(code)
        _load(code)


def _load(code: Code) -> None:
    from adcompiler.execute.llvm.entry import linked_runtime

    symbols, memory = linked_runtime(code)
    _memory.append(memory)
    _loaded.update(symbols)
