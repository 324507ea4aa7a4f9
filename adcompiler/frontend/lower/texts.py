"""What is done with texts: formats, slices, the methods of `str`.

In: a text that is known while compiling, or one that numbers are part of, and what is
done to it. Out: a text again, or what Python gives of the known ones.
Invariant: ``"%.3f" % x``, ``"{:.3f}".format(x)`` and ``f"{x:.3f}"`` make the same
template; `messages` has the rules of what may stand in one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Sequence
from string import Formatter
from typing import Any

from adcompiler.frontend.bindings import (
    Binding,
    Dyn,
    SliceVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import iteration, listing, messages, names
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import describe
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import Scalar

Text = Static | TextVal
Piece = tuple[Binding, str]  # a value in a text, and how it is written

F_STRING = "write an f-string: f'{x:.2f}'"
METHODS = frozenset(
    (
        *("capitalize", "casefold", "center", "count", "endswith", "find", "format"),
        *("index", "isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier"),
        *("islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust"),
        *("lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace"),
        *("rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split"),
        *("splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill"),
    )
)


def is_text(binding: Binding) -> bool:
    """Whether this is a text, known or not."""
    known = isinstance(binding, Static) and isinstance(binding.value, str)
    return known or isinstance(binding, TextVal)


def _made(ctx: Context, node: ast.AST, pieces: Sequence[Piece]) -> Text:
    """The text that these pieces make."""
    operands: list[Atom] = []
    found: list[str] = []
    for value, form in pieces:
        known = value.value if isinstance(value, Static) else None
        if isinstance(value, Dyn) and isinstance(value.atom, Const):
            known = value.atom.value
        try:
            format(known, form.partition(":")[2])
        except (TypeError, ValueError) as error:
            if known is not None:
                ctx.fail(node, type(error).__name__, messages.escaped(str(error)))
        found.append(messages.value_text(ctx, node, value, form, operands))
    return messages.made(ctx, node, "".join(found), operands)


# --- Formats -------------------------------------------------------------------------

_CONVERSION = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>\d*)(?:\.(?P<digits>\d*))?(?P<kind>.)"
)


def percent(ctx: Context, node: ast.AST, left: Binding, right: Binding) -> Binding:
    """``"%.3f and %d" % (x, n)``."""
    text = messages.settled(ctx, node, left)
    assert isinstance(text, Static)
    given = [right]
    if isinstance(right, TupleVal) and right.cls is not list:
        given = list(right.items)
    pieces: list[Piece] = []
    end = 0
    for found in _CONVERSION.finditer(text.value):
        pieces.append((Static(text.value[end : found.start()]), ""))
        end = found.end()
        if found["kind"] == "%":
            pieces.append((Static("%"), ""))
            continue
        if not given:
            what = "not enough arguments for format string"
            ctx.fail(node, "TypeError", what)
        value = given.pop(0)
        pieces.append((value, _form(ctx, node, found, value)))
    rest = text.value[end:]
    if "%" in rest:
        ctx.refuse(node, f"the format {rest!r} is not supported", F_STRING)
    if given:
        what = "not all arguments converted during string formatting"
        ctx.fail(node, "TypeError", what)
    return _made(ctx, node, [*pieces, (Static(rest), "")])


def _form(ctx: Context, node: ast.AST, found: re.Match[str], value: Binding) -> str:
    """How `str.format` writes what a ``%`` stands for."""
    flags, width, digits, kind = found.group("flags", "width", "digits", "kind")
    if kind in "sr" and flags in ("", "-") and not digits:
        align = f":{'<' if flags else '>'}{width}" if width else ""
        return f"!{kind}{align}"
    t = value.atom.type if isinstance(value, Dyn) else None
    whole = kind in "di" and isinstance(t, Scalar) and t.dtype.startswith("int")
    if kind not in "feEgGF" and not whole:
        shown = found.group()
        what = f"the format '{shown}' of {describe(value)} is not supported"
        ctx.refuse(node, what, "write an f-string, and convert: f'{int(x)}'")
    if t is None:
        what = f"the format '{found.group()}' of {describe(value)} is not supported"
        ctx.refuse(node, what, F_STRING)
    align = "<" if "-" in flags else "0" if "0" in flags else ""
    sign = "+" if "+" in flags else " " if " " in flags else ""
    alternate = "#" if "#" in flags else ""
    if align == "0":
        sign, align = f"{sign}{alternate}0", ""
        alternate = ""
    places = "" if digits is None else f".{digits or 0}"
    if whole and places:
        ctx.refuse(node, f"the format '{found.group()}' is not supported", F_STRING)
    letter = "d" if kind == "i" else kind
    return f":{align}{sign}{alternate}{width}{places}{letter}"


def formatted(call: Call, template: str) -> Binding:
    """``"{:.3f} {name}".format(x, name=y)``."""
    pieces: list[Piece] = []
    count = 0
    for literal, field, spec, conversion in Formatter().parse(template):
        pieces.append((Static(literal), ""))
        if field is None:
            continue
        name = field or str(count)
        count += not field
        if not name.isidentifier() and not name.isdigit():
            what = f"the field {{{name}}} of a format is not supported"
            call.refuse(what, F_STRING)
        form = (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
        if "{" in form:
            call.refuse("a format that is computed is not supported", F_STRING)
        if name.isdigit() and int(name) >= len(call.args):
            what = f"Replacement index {name} out of range for positional args tuple"
            call.ctx.fail(call.node, "IndexError", what)
        if not name.isdigit() and name not in call.kwargs:
            call.ctx.fail(call.node, "KeyError", name)
        value = call.args[int(name)] if name.isdigit() else call.kwargs[name]
        pieces.append((value, form))
    return _made(call.ctx, call.node, pieces)


def joined(call: Call, between: str) -> Binding:
    """``", ".join(texts)``."""
    (x,) = call.bind("iterable")
    items = iteration.known_items(call.ctx, call.node, x)
    if items is None:
        what = f"{describe(x)} of unknown length is joined to a text"
        call.refuse(what, "print its items in a loop: print(v, end=', ')")
    iteration.taken(call.ctx, call.node, x)
    pieces: list[Piece] = []
    for k, item in enumerate(items):
        if not is_text(item):
            what = f"{describe(item)} is joined to a text"
            call.refuse(what, "make texts of the items: ', '.join(map(str, xs))")
        pieces += [(Static(between), "")] if k else []
        pieces.append((item, ""))
    return _made(call.ctx, call.node, pieces)


# --- What is known -------------------------------------------------------------------


def item(ctx: Context, node: ast.AST, text: str, index: Binding) -> Binding:
    """``text[k]``, ``text[i:j]``."""
    if isinstance(index, SliceVal):
        bounds = (
            None if p is None else names.static_int(ctx, node, p, "a bound of a slice")
            for p in (index.start, index.stop, index.step)
        )
        return Static(text[slice(*bounds)])
    k = names.static_int(ctx, node, index, "the index of a string")
    if not -len(text) <= k < len(text):
        ctx.fail(node, "IndexError", "string index out of range")
    return Static(text[k])


def method(call: Call, name: str, owner: Text) -> Binding:
    """``text.upper()`` and the like, of what is known."""
    text = messages.settled(call.ctx, call.node, owner)
    assert isinstance(text, Static)
    match name:
        case "format":
            return formatted(call, text.value)
        case "join":
            return joined(call, text.value)
        case _:
            pass
    args = [_known(call, arg) for arg in call.args]
    kwargs = {word: _known(call, arg) for word, arg in call.kwargs.items()}
    try:
        found = getattr(text.value, name)(*args, **kwargs)
    except (TypeError, ValueError) as error:
        call.ctx.fail(call.node, type(error).__name__, messages.escaped(str(error)))
    return _value(call, found)


def _known(call: Call, binding: Binding) -> Any:
    """An argument of a method, which is known while compiling."""
    match messages.settled(call.ctx, call.node, binding):
        case Static(str() | None as value):
            return value
        case Dyn(Const(value)):
            return value
        case TupleVal(items):
            return tuple(_known(call, part) for part in items)
        case Dyn():
            return names.static_int(call.ctx, call.node, binding, "a part of a text")
        case _:
            what = f"{call.name} takes texts, not {describe(binding)}"
            call.refuse(what, F_STRING)


def _value(call: Call, found: Any) -> Binding:
    """What a method gave."""
    match found:
        case str():
            return Static(found)
        case tuple():
            return TupleVal(tuple(map(Static, found)))
        case list():
            words = tuple(map(Static, found))
            return listing.display(call.ctx, call.node, words)
        case _:
            return Dyn(constant(found))


# --- Functions -----------------------------------------------------------------------


def shown(call: Call) -> Binding:
    """``repr(x)``."""
    (x,) = call.bind("obj")
    return _made(call.ctx, call.node, [(x, "!r")])


def written(call: Call) -> Binding:
    """``format(x, ".3f")``."""
    x, spec = call.bind("value", format_spec=Static(""))
    how = _known(call, spec)
    return _made(call.ctx, call.node, [(x, f":{how}" if how else "")])


def code_of(call: Call) -> Binding:
    """``ord(letter)``."""
    (letter,) = call.bind("c")
    text = _known(call, letter)
    if not isinstance(text, str) or len(text) != 1:
        call.refuse("ord takes one letter", "name the letter: ord('a')")
    return Dyn(constant(ord(text)))


def letter_of(call: Call) -> Binding:
    """``chr(code)``."""
    (code,) = call.bind("i")
    k = call.integer(code, "the code of a letter")
    if not 0 <= k < 0x110000:
        call.ctx.fail(call.node, "ValueError", "chr() arg not in range(0x110000)")
    return Static(chr(k))


FUNCTIONS: dict[Hashable, Handler] = {
    repr: shown,
    format: written,
    ord: code_of,
    chr: letter_of,
}

__all__ = ["FUNCTIONS", "METHODS", "formatted", "item", "method", "percent"]
