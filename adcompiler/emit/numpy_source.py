"""The NumPy source of a function: the text that users read, save and run.

In: a function whose values have names (`lowering.naming`). Out: `Source`: a module
fragment with its imports, the helpers it calls, and one function definition; and the
objects that the text names but does not define. Nothing is decided here that changes
what is computed.
Invariants: the same function gives the same text; lines have 88 columns.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adcompiler.emit.numpy.exits import Exits
from adcompiler.emit.numpy.layout import WIDTH, Line, render
from adcompiler.emit.numpy.statements import Code, Statements
from adcompiler.ir.names import Named
from adcompiler.ir.nodes import Atom
from adcompiler.primitives.spelling import HELPERS, MODULES


@dataclass(frozen=True, slots=True)
class Source:
    """Text that defines one function, and the global names that it needs besides."""

    text: str
    globals: Mapping[str, object] = field(default_factory=dict)


def emit(
    named: Named, *, name: str, doc: str | None = None, before: Sequence[str] = ()
) -> Source:
    """The source of the function `name`, whose arguments are named as its parameters.

    It returns its result alone, or a tuple of several. `before` are the `definition`s
    of the functions that it calls.
    """
    parts = (*before, definition(named, name=name, doc=doc))
    return Source(_with_preamble("\n\n".join(parts)))


def definition(named: Named, *, name: str, doc: str | None = None) -> str:
    """The definition of the function alone."""
    statements = Statements(named)

    def finish(atoms: tuple[Atom, ...]) -> Code:
        texts = [statements.expr.text(a) for a in atoms]
        text = texts[0] if len(texts) == 1 else ", ".join(texts) or "()"
        return Code((Line(f"return {text}"),), False)

    region = named.function.region
    body = statements.region(region, finish, Exits(returns=True, top=True))
    arg_names = [named.names[p] for p in region.params]
    lines = [*_signature(name, arg_names), *_docstring(doc), *render(body.nodes, 4)]
    return "\n".join(lines) + "\n"


def _signature(name: str, arg_names: Sequence[str]) -> list[str]:
    header = f"def {name}({', '.join(arg_names)}):"
    if len(header) <= 88:
        return [header]
    inner = f"    {', '.join(arg_names)}"
    if len(inner) <= 88:
        return [f"def {name}(", inner, "):"]
    return [f"def {name}(", *(f"    {a}," for a in arg_names), "):"]


def _docstring(doc: str | None) -> list[str]:
    if not doc:
        return []
    text = doc.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    first, *rest = text.split("\n")
    if not rest and len(first) > WIDTH - 10:
        first, *rest = textwrap.wrap(first, WIDTH - 10)
    if not rest:
        return [f'    """{first}"""']
    return [f'    """{first}', *(f"    {t}".rstrip() for t in rest), '    """']


def _with_preamble(definitions: str) -> str:
    """The imports and helpers that the definitions use, in front of them."""
    helpers = [t for n, t in HELPERS.items() if re.search(rf"\b{n}\(", definitions)]
    parts = [*helpers, definitions]
    code = "\n\n".join(parts)
    run = re.sub(r"^ *#.*$", "", code, flags=re.MULTILINE)
    imports = [
        line
        for module, line in MODULES.items()
        if re.search(rf"(?<![\w.]){module}\.", run)
    ]
    if not imports:
        return code
    text = "\n".join(imports)
    # Standard library first, then the rest, as formatters have it.
    return text.replace("import math\n", "import math\n\n") + "\n\n\n" + code


__all__ = ["Source", "definition", "emit"]
