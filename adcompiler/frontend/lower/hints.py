"""What to write instead, in the names that the program itself uses.

In: what is refused, and the names around. Out: a message and a hint.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from adcompiler.frontend.bindings import Binding, Location, locations


def may_alias(
    env: Mapping[str, Binding], memory: Location, store: ast.AST, read: ast.AST
) -> tuple[str, str]:
    """Of a store into what may be the memory of another name, which is read later."""
    names = [n for n, b in env.items() if n.isidentifier() and memory in locations(b)]
    stored, line = root_name(store), getattr(read, "lineno", "?")
    others = [name for name in names if name != stored]
    this = f"'{stored}'" if stored else "an array"
    other = f"the array '{others[0]}'" if others else "another array"
    message = (
        f"this stores into {this}, which may or may not be an alias of {other}, read "
        f"afterwards at line {line}"
    )
    name = stored or "x"
    return message, f"copy it first: {name} = {name}.copy()"


def root_name(node: ast.AST) -> str | None:
    """The name whose array a statement or target stores into.

    >>> root_name(ast.parse("x[0][1:] += 2").body[0])
    'x'
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return root_name(inner)
        case ast.AugAssign(target=inner):
            return root_name(inner)
        case _:
            return None
