"""Machine code as somebody reads it.

In: a built program. Out: the module of LLVM for arrays in C order, as text, before or
after LLVM has optimised it; and what was noted of it, see `emit.llvm.notes`.
Invariants: both texts are modules that LLVM reads. What is asked for here is written
anew; the code that runs is written without notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adcompiler.building import Built
from adcompiler.emit.llvm import Native, NotNative
from adcompiler.emit.llvm.notes import Notes
from adcompiler.emit.llvm.shown import commented, located, marked, reached

__all__ = ["Shown", "machine_text", "shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A module whose lines end in tags, which number `notes.marks`."""

    module: Native
    notes: Notes

    @property
    def optimised(self) -> str:
        """What LLVM makes of it, with tags."""
        from adcompiler.execute.llvm.engine import optimised_text

        return marked(optimised_text(located(self.module.text)))


def shown(built: Built) -> Shown:
    """The module of a program; NotNative where there is no code."""
    notes = Notes()
    return Shown(built.machine(dense=True, notes=notes), notes)


def machine_text(parts: Sequence[Built], *, optimised: bool) -> str:
    """The modules of programs with the source lines that their parts come from.

    Of a program that has none, the reason; a ValueError where no program has one.
    """
    texts, lacking = [], []
    for built in parts:
        try:
            texts.append(_text(built, optimised=optimised))
        except NotNative as error:
            lacking.append(f"{built.label} has no machine code ({error})")
            texts.append(f"; {lacking[-1]}: its NumPy program runs.\n")
    if len(lacking) == len(parts):
        raise ValueError(
            f"{'; '.join(lacking)}: the NumPy program runs, see source(backend='numpy')"
        )
    return "\n\n".join(texts)


def _text(built: Built, *, optimised: bool) -> str:
    found = shown(built)
    entries = [found.module.entry, *filter(None, (found.module.direct,))]
    text = found.optimised if optimised else reached(found.module.text, entries)
    how = "as LLVM has optimised it" if optimised else "as LLVM is given it"
    heading = f"; Machine code of {built.label}, for arrays in C order, {how}.\n\n"
    return heading + commented(text, found.notes.marks)
