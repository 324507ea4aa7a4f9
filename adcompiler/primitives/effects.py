"""Rows run for what they do: raise, print, check that a name is bound, a power real.

In: the values to be shown. Out: nothing, save `stop_gradient`, which is the identity.
Invariant: `template` is the text in the manner of `str.format`: ``{0}`` or ``{1:.3f}``
stands for an operand, other braces are doubled. It prints as an f-string. A class that
is not Python's own is the param `own` of a `raise`, whose `exception` is then its name
in the text.
"""

from __future__ import annotations

import builtins
import math
import string
from typing import Any

from adcompiler.ir.nodes import Const, Let
from adcompiler.ir.primitive import (
    LAMBDA,
    Effect,
    Piece,
    Primitive,
    Raises,
    Storage,
    define,
)
from adcompiler.primitives import spelling
from adcompiler.primitives.raising import always, fractional_power, never

UNBOUND = "cannot access local variable '{}' where it is not associated with a value"


def template_text(template: str, pieces: spelling.Pieces) -> str:
    """The template as a string literal, with an f in front if operands stand in it."""
    source, formatted = "", False
    for literal, field, spec, conversion in string.Formatter().parse(template):
        source += literal.replace("{", "{{").replace("}", "}}")
        if field is not None:
            formatted = True
            after = f"!{conversion}" if conversion else ""
            after += f":{spec}" if spec else ""
            source += "{" + pieces[int(field)].text + after + "}"
    if formatted:
        return "f" + _quoted(source)
    return _quoted(source.replace("{{", "{").replace("}}", "}"))


def _quoted(text: str) -> str:
    literal = repr(text)
    plain = literal[0] == "'" and '"' not in literal and "\\" not in literal
    return f'"{literal[1:-1]}"' if plain else literal


# --- raise ------------------------------------------------------------------------


# An argument of an exception: its keyword, and a template or the place of an operand.
Argument = tuple[str | None, str | int]


def _raise_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    template, name = let.param("template"), let.param("exception")
    if template is not None:
        name = f"{name}({template_text(template, pieces)})"
    given = let.param("arguments")
    if given is not None:
        name = f"{name}({', '.join(_argument_text(part, pieces) for part in given)})"
    after = " from None" if let.param("alone") else ""
    return Piece(f"raise {name}{after}", LAMBDA)


def _argument_text(argument: Argument, pieces: spelling.Pieces) -> str:
    keyword, value = argument
    if isinstance(value, int):
        text = pieces[value].text
    else:
        text = template_text(value, pieces)
    return text if keyword is None else f"{keyword}={text}"


def _raise(
    *values: Any,
    exception: str,
    template: str | None = None,
    own: type[Exception] | None = None,
    arguments: tuple[Argument, ...] | None = None,
    alone: bool = False,
) -> None:
    error: type[Exception] = own or getattr(builtins, exception)
    if arguments is not None:
        given = [
            (keyword, values[v] if isinstance(v, int) else v.format(*values))
            for keyword, v in arguments
        ]
        named = {keyword: v for keyword, v in given if keyword is not None}
        raise error(*(v for keyword, v in given if keyword is None), **named)
    raise error if template is None else error(template.format(*values))


define(
    Primitive(
        "raise",
        lambda types, params: (),
        _raise_spell,
        _raise,
        raises=lambda types, params: (Raises(params["exception"], always),),
        linear=(),
        cost=math.inf,
    )
)

# --- print ------------------------------------------------------------------------


def _print_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    template, end = let.param("template", ""), let.param("end")
    if template in ("{0}", "{0!s}"):
        text = pieces[0].text
    else:
        text = template_text(template, pieces) if template else ""
    return spelling.called("print", text, "" if end is None else f"end={_quoted(end)}")


def _print(*values: Any, template: str = "", end: str | None = None) -> None:
    print(template.format(*values), end=end)


define(
    Primitive(
        "print",
        lambda types, params: (),
        _print_spell,
        _print,
        Effect.PRINTS,
        linear=(),
        cost=math.inf,
    )
)

# --- check_bound, check_real, stop_gradient ---------------------------------------


def _check_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    message = _quoted(UNBOUND.format(let.param("name")))
    raised = f"raise UnboundLocalError({message})"
    flag = let.operands[0]
    if isinstance(flag, Const) and not flag.value:
        return Piece(raised, LAMBDA)
    return Piece(f"if {spelling.negation(pieces[0]).text}: {raised}", LAMBDA)


def _check(flag: Any, name: str) -> None:
    if not flag:
        raise UnboundLocalError(UNBOUND.format(name))


define(
    Primitive(
        "check_bound",
        lambda types, params: (),
        _check_spell,
        _check,
        raises=(Raises("UnboundLocalError", never),),
        linear=(),
        cost=math.inf,
    )
)

# Python's ``(-1.0) ** 0.5`` is complex, which no derivative of real numbers is.


def _real_spell(let: Let, pieces: spelling.Pieces) -> Piece:
    raised = f"raise ValueError({_quoted(_complex_text(let.param('power')))})"
    return Piece(f"if isinstance({pieces[0].text}, complex): {raised}", LAMBDA)


def _complex_text(power: str) -> str:
    return f"{power} is complex: it has no derivative here"


def _check_real(value: Any, base: Any, exponent: Any, power: str) -> None:
    if isinstance(value, complex):
        raise ValueError(_complex_text(power))


define(
    Primitive(
        "check_real",
        lambda types, params: (),
        _real_spell,
        _check_real,
        raises=(Raises("ValueError", lambda value, *ab: fractional_power(*ab)),),
        linear=(),
        cost=math.inf,
    )
)

stop_gradient = define(
    Primitive(
        "stop_gradient",
        lambda types, params: (types[0],),
        lambda let, pieces: pieces[0],
        lambda x: x,
        linear=(),
        storage=Storage.VIEW,
        domain=("real",),
    )
)
