"""Equal numbers have equal images, wherever they stand.

In: a module after LLVM's optimisation, which has put functions on vectors in the place
of libm's in some loops. Out: the text of functions on numbers, and on narrower vectors,
that give what the widest form gives, to be linked with it.
Invariants: a module that calls no form on vectors calls libm's functions on numbers. In
one that does, the last elements of an array, and numbers beside it, are computed as the
others are: the forms round otherwise than libm, in more than half of all cases, and
``p[0] == p[-1]`` of ``p = np.exp(x)`` would be false of equal elements.

    call <8 x double> @_ZGVeN8v_exp(...)  and  call double @exp(...)
        ->  define hidden double @exp(double %x): element 0 of _ZGVeN8v_exp of eight x
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["like_vectors"]

_FORM = re.compile(r"_ZGV([ed])N(\d+)(v+)_(\w+)")
_CALLED = re.compile(r"call [^\n]*?@(\w+)\(")
_TARGET = re.compile(r"^target .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Form:
    """A function on vectors, by the vector ABI."""

    name: str
    lanes: int
    operands: int
    function: str

    @property
    def word(self) -> str:
        """The type of an element: single precision has twice as many."""
        wide = 8 if self.name[4] == "e" else 4
        return "double" if self.lanes == wide else "float"


def like_vectors(text: str) -> str | None:
    """The functions that a module needs besides, as text; None if it needs none."""
    called = set(_CALLED.findall(text))
    forms = [_form(name) for name in sorted(called) if _FORM.fullmatch(name)]
    declared = {m.group() for m in _FORM.finditer(text)}
    made: dict[str, str] = {}
    for form in forms:
        widest = _widest(form, declared)
        made[widest.name] = _declared(widest)
        if form != widest:
            made[form.name] = _defined(form.name, form.lanes, widest)
        if form.function in called:
            made[form.function] = _defined(form.function, 1, widest)
    if all(text.startswith("declare") for text in made.values()):
        return None
    return "\n".join([*_TARGET.findall(text), *made.values(), ""])


def _form(name: str) -> _Form:
    found = _FORM.fullmatch(name)
    assert found is not None
    _, lanes, operands, function = found.groups()
    return _Form(name, int(lanes), len(operands), function)


def _widest(form: _Form, declared: set[str]) -> _Form:
    """The form on the widest vectors that there is."""
    wider = f"_ZGVeN{2 * form.lanes}{'v' * form.operands}_{form.function}"
    return _form(wider) if form.name[4] == "d" and wider in declared else form


def _vector(lanes: int, word: str) -> str:
    return word if lanes == 1 else f"<{lanes} x {word}>"


def _declared(form: _Form) -> str:
    wide = _vector(form.lanes, form.word)
    return f"declare {wide} @{form.name}({', '.join([wide] * form.operands)})"


def _defined(name: str, lanes: int, widest: _Form) -> str:
    """A function on fewer numbers, by that on the most, which are the same again."""
    word, given = widest.word, _vector(lanes, widest.word)
    wide, names = (
        _vector(widest.lanes, word),
        [f"%x{k}" for k in range(widest.operands)],
    )
    params = ", ".join(f"{given} {n}" for n in names)
    body = [line for n in names for line in _widened(n, lanes, widest)]
    args = ", ".join(f"{wide} {n}.wide" for n in names)
    body.append(f"  %all = call {wide} @{widest.name}({args})")
    if lanes == 1:
        body.append(f"  %y = extractelement {wide} %all, i32 0")
    else:
        first = ", ".join(f"i32 {k}" for k in range(lanes))
        mask = f"<{lanes} x i32> <{first}>"
        body.append(f"  %y = shufflevector {wide} %all, {wide} poison, {mask}")
    lines = "\n".join(body)
    return f"define hidden {given} @{name}({params}) {{\n{lines}\n  ret {given} %y\n}}"


def _widened(name: str, lanes: int, widest: _Form) -> Iterator[str]:
    """The lines that repeat a number, or a vector, until the widest is full."""
    word, given = widest.word, _vector(lanes, widest.word)
    source, held = name, given
    if lanes == 1:
        held, source = f"<1 x {word}>", f"{name}.one"
        yield f"  {source} = insertelement {held} poison, {word} {name}, i32 0"
    places = ", ".join(f"i32 {k % lanes}" for k in range(widest.lanes))
    mask = f"<{widest.lanes} x i32> <{places}>"
    yield f"  {name}.wide = shufflevector {held} {source}, {held} poison, {mask}"
