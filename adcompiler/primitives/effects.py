"""Rows run for what they do: raise, print, check that a name is bound.

In: the values to be shown. Out: nothing, save `stop_gradient`, which is the identity.
Invariant: `template` is a tuple with one entry for each argument of the call that is
printed: an int is the operand of that number as it is; a string is text in which
``{0}`` or ``{1:.3f}`` stands for an operand, printed as an f-string, and braces are
doubled.
"""

from __future__ import annotations

import builtins
import string
from typing import Any

from adcompiler.ir.nodes import Let
from adcompiler.ir.primitive import LAMBDA, Effect, Piece, Primitive, define
from adcompiler.primitives import spelling

Template = tuple[int | str, ...]

UNBOUND = "cannot access local variable '{}' where it is not associated with a value"


def argument_texts(template: Template, pieces: spelling.Pieces) -> list[str]:
    """The arguments as source."""
    return [
        pieces[entry].text if isinstance(entry, int) else _text(entry, pieces)
        for entry in template
    ]


def _text(entry: str, pieces: spelling.Pieces) -> str:
    """A string literal, with an f in front if operands stand in it."""
    source = ""
    formatted = False
    for literal, field, spec, conversion in string.Formatter().parse(entry):
        source += literal.replace("{", "{{").replace("}", "}}")
        if field is not None:
            formatted = True
            after = (f"!{conversion}" if conversion else "") + (
                f":{spec}" if spec else ""
            )
            # A space keeps a brace that opens the operand from reading as an escape.
            text = pieces[int(field)].text
            space = " " if text.startswith("{") else ""
            source += "{" + space + text + after + "}"
    if formatted:
        return "f" + _quoted(source)
    return _quoted(source.replace("{{", "{").replace("}}", "}"))


def _quoted(text: str) -> str:
    literal = repr(text)
    plain = literal[0] == "'" and '"' not in literal and "\\" not in literal
    return f'"{literal[1:-1]}"' if plain else literal


def arguments(template: Template, values: tuple[Any, ...]) -> list[Any]:
    """The arguments as values."""
    return [
        values[entry] if isinstance(entry, int) else entry.format(*values)
        for entry in template
    ]


# --- raise ------------------------------------------------------------------------


def _raise_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    given = argument_texts(let.param("template", ()), pieces)
    name = let.param("exception")
    call = spelling.called(name, *given).text if given else name
    return Piece(f"raise {call}", LAMBDA)


def _raise(*values: Any, exception: str, template: Template = ()) -> None:
    raise getattr(builtins, exception)(*arguments(template, values))


define(
    Primitive(
        "raise",
        lambda types, params: (),
        _raise_spell,
        _raise,
        Effect.MAY_RAISE,
        linear=(),
        cheap=False,
    )
)

# --- print ------------------------------------------------------------------------


def _print_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    given = argument_texts(let.param("template", ()), pieces)
    for name in ("sep", "end"):
        if let.param(name) is not None:
            given.append(f"{name}={_quoted(let.param(name))}")
    return spelling.called("print", *given)


def _print(
    *values: Any,
    template: Template = (),
    sep: str | None = None,
    end: str | None = None,
) -> None:
    print(*arguments(template, values), sep=sep, end=end)


define(
    Primitive(
        "print",
        lambda types, params: (),
        _print_spell,
        _print,
        Effect.PRINTS,
        linear=(),
        cheap=False,
    )
)

# --- check_bound, stop_gradient ---------------------------------------------------


def _check_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    message = _quoted(UNBOUND.format(let.param("name")))
    flag = spelling.negation(pieces[0]).text
    raised = f"raise UnboundLocalError({message})"
    return Piece(f"if {flag}:\n    {raised}", LAMBDA)


def _check(flag: Any, name: str) -> None:
    if not flag:
        raise UnboundLocalError(UNBOUND.format(name))


define(
    Primitive(
        "check_bound",
        lambda types, params: (),
        _check_spell,
        _check,
        Effect.MAY_RAISE,
        linear=(),
        cheap=False,
    )
)

stop_gradient = define(
    Primitive(
        "stop_gradient",
        lambda types, params: (types[0],),
        lambda let, pieces: pieces[0],
        lambda x: x,
        linear=(),
        domain=("real",),
    )
)
