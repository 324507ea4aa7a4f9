"""Other names: what a program calls its own becomes what generated code would choose.

The same program, so that the derivatives of the old one are those of the new one. Names
that occur in a string stay, which may be code.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

from tests.fuzz.entropy import Chooser

POOL = (
    *("_", "__", "x", "y", "x_bar", "y_bar", "x_dot", "x_tape", "trips", "condition"),
    *("k", "v", "g", "w", "total", "product", "difference", "quotient", "power"),
    *("items", "item", "result", "value", "mask", "part", "count", "shape", "axis"),
    *("selected", "summed", "stop", "returned", "broke", "tape", "range_", "np_"),
    *("sum_to", "ones", "lead", "copy", "sin", "cos", "tanh", "x_item", "self"),
)


def renamed(text: str, choose: Chooser) -> tuple[str, dict[str, str]]:
    """The program with other names, and which these are."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    used = {t.string for t in tokens if t.type == tokenize.NAME}
    quoted = " ".join(t.string for t in tokens if t.type == tokenize.STRING)
    own = [n for n in _own(ast.parse(text)) if not re.search(rf"\b{n}\b", quoted)]
    free = [name for name in POOL if name not in used]
    names: dict[str, str] = {}
    for name in own:
        if free and choose.chance(60):
            names[name] = free.pop(choose.below(len(free)))
    lines = text.splitlines(keepends=True)
    for before, token in reversed(list(zip(tokens, tokens[1:], strict=False))):
        if token.type == tokenize.NAME and before.string != ".":
            (row, start), (_, end) = token.start, token.end
            line, name = lines[row - 1], names.get(token.string, token.string)
            lines[row - 1] = line[:start] + name + line[end:]
    return "".join(lines), names


def _own(tree: ast.Module) -> list[str]:
    """The names of variables and parameters, which have a number."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.append(name)
            case _:
                pass
    return [n for n in dict.fromkeys(found) if re.fullmatch(r"[a-z]+\d+", n)]
