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

from adcompiler.emit.numpy.alike import Definition, merged
from adcompiler.emit.numpy.exits import Exits
from adcompiler.emit.numpy.layout import WIDTH, Line, Place, placed_lines
from adcompiler.emit.numpy.statements import Code, Statements
from adcompiler.ir.names import Named
from adcompiler.ir.nodes import Atom, Let
from adcompiler.ir.types import ListOf
from adcompiler.ir.walk import all_stmts
from adcompiler.primitives.spelling import HELPERS, MODULES


@dataclass(frozen=True, slots=True)
class Source:
    """Text that defines one function, and the global names that it needs besides.

    `named` is the function that it defines. `places` has for each line the source line
    that it was written for; `tapes` are the names of the lists on which the forward
    sweep records.
    """

    text: str
    globals: Mapping[str, object] = field(default_factory=dict)
    places: tuple[Place | None, ...] = ()
    tapes: frozenset[str] = frozenset()
    named: Named | None = None


def emit(
    named: Named,
    *,
    name: str,
    doc: str | None = None,
    before: Sequence[tuple[str, Definition]] = (),
    names: Mapping[str, object] | None = None,
) -> Source:
    """The source of the function `name`, whose arguments are named as its parameters.

    It returns its result alone, or a tuple of several. `before` are the `definition`s
    of the functions that it calls, each with its name, `names` global names that it
    finds.
    """
    apart: Definition = (("", None), ("", None))
    own = (name, definition(named, name=name, doc=doc))
    *others, (_, whole) = merged([*before, own])
    lines = (*(line for _, d in others for line in (*d, *apart)), *whole)
    text = _with_preamble("".join(f"{t}\n" for t, _ in lines))
    above = text.count("\n") - len(lines)
    places = (*(None for _ in range(above)), *(place for _, place in lines))
    return Source(text, names or {}, places, _tapes(named), named)


def definition(named: Named, *, name: str, doc: str | None = None) -> Definition:
    """The definition of the function alone, by lines."""
    statements = Statements(named)

    def finish(atoms: tuple[Atom, ...]) -> Code:
        texts = [statements.expr.text(a) for a in atoms]
        text = texts[0] if len(texts) == 1 else ", ".join(texts) or "()"
        return Code((Line(f"return {text}"),), False)

    region = named.function.region
    body = statements.region(region, finish, Exits(returns=True, top=True))
    arg_names = [named.names[p] for p in region.params]
    head = [*_signature(name, arg_names), *_docstring(doc)]
    lines = (*((text, None) for text in head), *placed_lines(body.nodes, 4))
    # A line may be a text of several.
    return tuple((part, place) for text, place in lines for part in text.split("\n"))


def _tapes(named: Named) -> frozenset[str]:
    """The names of the lists that are not the program's own."""
    found = (
        s.result
        for s in all_stmts(named.function.region)
        if isinstance(s, Let) and s.primitive.name == "list_new" and s.role == "primal"
    )
    return frozenset(
        named.names[v]
        for v in found
        if v in named.names and isinstance(v.type, ListOf) and not v.type.indexed
    )


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
