"""What machine code makes of a program, in words.

In: `MachineCode`. Out: a title, and a line for each loop nest and for what is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adcompiler.explain.native import Called, Loops, MachineCode

__all__ = ["in_machine_code"]


def in_machine_code(code: MachineCode) -> Iterator[str]:
    """The lines, the first of which is a title."""
    if code.lacking:
        yield f"There is no machine code, the NumPy program runs: {code.lacking}"
        return
    yield "In machine code, for arrays in C order, on this processor:"
    for loops in code.loops:
        yield f"  {_where(loops.lines)}: {_nest(loops)}"
    if code.others:
        yield f"  {_where(code.others)}: several numbers at a time in other loops"
    for what in dict.fromkeys(called.what for called in code.called):
        yield f"  {_of_calls(what, code.called)}{what} is called"
    if not (code.loops or code.others or code.called):
        yield "  numbers one by one: no loops over elements, no calls"


def _nest(loops: Loops) -> str:
    one = "a loop" if len(loops.over) <= 1 else "a nest"
    over = " x ".join(n or "?" for n in loops.over)
    several = loops.at_a_time > 1
    pace = f"{loops.at_a_time} numbers at a time" if several else "one number at a time"
    return f"{one} over {over or '1'}, {pace}"


def _of_calls(what: str, called: Sequence[Called]) -> str:
    lines = [c.line for c in called if c.what == what and c.line is not None]
    return f"{_where(lines)}: " if lines else ""


def _where(lines: Sequence[tuple[str, int]]) -> str:
    """Lines, by their roles.

    >>> _where([("primal", 3), ("adjoint", 4), ("adjoint", 3), ("primal", 4)])
    'lines 3, 4, adjoint of lines 4, 3'
    """
    parts = []
    for role in dict.fromkeys(role for role, _ in lines):
        mine = list(dict.fromkeys(n for r, n in lines if r == role))
        some = f"line{'s' * (len(mine) > 1)} {', '.join(map(str, mine))}"
        parts.append(some if role == "primal" else f"{role} of {some}")
    return ", ".join(parts)
