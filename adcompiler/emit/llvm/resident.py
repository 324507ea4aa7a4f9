"""The runtime: functions that modules of machine code call, and do not hold.

In: the texts of a module. Out: `runtime_module`, a module of these functions, which a
process needs once; and `runtime_within`, what another module holds of the runtime:
those functions that are inlined, and what the other ones are declared as.
Invariant: only what is called stands in a module.

    call ptr @adc_array(...)     ->   declare noalias ptr @adc_array(ptr, i64, i64)
    call void @adc_retain(...)   ->   define internal void @adc_retain(ptr %block) ...

LLVM took longer for the runtime than for a small program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from adcompiler.emit.llvm.runtime import INTEGERS, RUNTIME, declarations, mathematics

__all__ = ["runtime_module", "runtime_within"]

_FUNCTION = re.compile(
    r"^define internal (?P<head>[^@]*@(?P<name>\w+)\([^)]*\))(?P<how>[^{]*)"
    r"(?P<body>\{\n.*?^\}\n)",
    re.MULTILINE | re.DOTALL,
)
_NAMES = re.compile(r"@(adc_\w+)")
_PARAMETER = re.compile(r" %\w+")


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the runtime: what stands before its body."""

    name: str
    head: str
    how: str
    body: str
    inlined: bool

    @property
    def within(self) -> str:
        """What stands for it in a module that calls it."""
        if self.inlined:
            return f"define internal {self.head}{self.how}{self.body}"
        how = self.how.replace("noinline", "").replace("optnone", "").strip()
        return f"declare {_PARAMETER.sub('', self.head)} {how}\n"

    @property
    def standing(self) -> str:
        """What stands for it in the module of the runtime."""
        kind = "internal " if self.inlined else ""
        return f"define {kind}{self.head}{self.how}{self.body}"


def runtime_module() -> tuple[str, tuple[str, ...]]:
    """The text, and the names of the functions that other modules call."""
    functions = _functions().values()
    outside = _FUNCTION.sub("", RUNTIME)
    texts = [*declarations(), outside, *(f.standing for f in functions)]
    names = tuple(f.name for f in functions if not f.inlined)
    return "\n".join([*texts, *mathematics(())]), names


def runtime_within(texts: Iterable[str]) -> str:
    """What a module of these texts holds of the runtime."""
    functions, found = _functions(), dict[str, str]()
    called = [name for text in texts for name in _NAMES.findall(text)]
    while called:
        name = called.pop()
        if name in functions and name not in found:
            function = functions[name]
            found[name] = function.within
            called += _NAMES.findall(function.within)
    return "\n".join(found[name] for name in functions if name in found)


@cache
def _functions() -> dict[str, _Function]:
    """The functions, by their names."""
    found = {}
    for text, small in ((RUNTIME, False), (INTEGERS, True)):
        for m in _FUNCTION.finditer(text):
            inlined = small or "alwaysinline" in m["how"]
            parts = (m["name"], m["head"], m["how"], m["body"])
            found[m["name"]] = _Function(*parts, inlined)
    return found
