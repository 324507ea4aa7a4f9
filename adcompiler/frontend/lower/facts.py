"""What a path knows of flags: that the tests around it have held, or have not.

In: a condition, and its value. Out: what follows of the flags that `and`, `or` and
`not` make it of, and of those that are the same.

>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.types import PY_BOOL
>>> a, b, either, neither = (fresh_var(PY_BOOL) for _ in range(4))
>>> connected = {
...     either: [("logical_or", (a, b))], neither: [("logical_not", (either,))]
... }
>>> meaning(connected, neither, True) == {neither: True, either: False, a: False,
...     b: False}
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from adcompiler.ir.nodes import Atom

Facts = dict[Atom, bool]
CONNECTIVES = ("logical_not", "logical_and", "logical_or")

Connection = tuple[str, tuple[Atom, ...]]  # a connective, and what it takes
Connected = Mapping[Atom, Sequence[Connection]]
Connections = dict[Atom, list[Connection]]


def meaning(connected: Connected, cond: Atom, value: bool) -> Facts:
    """What follows where a condition has this value."""
    found: Facts = {}
    open_ = [(cond, value)]
    while open_:
        atom, known = open_.pop()
        if atom in found:
            continue
        found[atom] = known
        for name, parts in connected.get(atom, ()):
            if name == "logical_not":
                open_.append((parts[0], not known))
            elif name in ("same", "logical_and" if known else "logical_or"):
                open_ += [(part, known) for part in parts]
    return found


def same(connected: Connections, atoms: Sequence[Atom]) -> None:
    """Note that flags have one value."""
    for one, other in pairwise(atoms):
        connected.setdefault(one, []).append(("same", (other,)))
        connected.setdefault(other, []).append(("same", (one,)))
