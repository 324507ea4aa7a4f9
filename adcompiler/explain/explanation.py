"""An explanation of a derivative: adjoint or tangent of each line, and what is kept.

In: the program of a derivative, the arguments as it takes them, and what it is of.
Out: an `Explanation`. The forward sweep is run once, for what it keeps is measured.
Invariants: the numbers are those of these arguments; no name is shown that is not in
the user's source or in the generated one.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompiler.explain.listing import Section, Spot, sections
from adcompiler.explain.memory import footprint, in_words, owner
from adcompiler.explain.native import MachineCode, machine_code
from adcompiler.explain.sizes import Sizes
from adcompiler.explain.sweeps import Start, is_cotangent, reasons, starts
from adcompiler.programs import Program
from adcompiler.random.rewinding import Rewinding

__all__ = ["Explanation", "Kept", "explain"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that the forward sweep leaves to the reverse sweep.

    Attributes:
        name: its name in the generated source.
        what: what it is, in words.
        bytes: the memory it holds that nothing above it holds.
        lines: the source lines that record or compute it.
        reasons: the lines of the reverse sweep that need it, each with the source line
            of which it is the adjoint.
        recorded: whether it is a tape, that is, a list that a loop appends to.
        formula: the bytes as an expression over the arguments, where these tell.
    """

    name: str
    what: str
    bytes: int
    lines: tuple[int, ...]
    reasons: tuple[tuple[int | None, str], ...]
    recorded: bool
    formula: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """What ``explain`` gives: printed, it is a text; in a notebook, tables.

    Attributes:
        title: which derivative it is, of which function.
        sections: the source lines beside their adjoints or tangents, by function.
        kept: what the forward sweep leaves to the reverse sweep, tapes first.
        free: the arguments that the reverse sweep reads as they are.
        numbers: the numbers that it reads off the forward sweep.
        again: names that the reverse sweep computes again instead of having them kept.
        machine: what machine code makes of it; None where the NumPy program runs.
    """

    title: str
    sections: tuple[Section, ...]
    kept: tuple[Kept, ...]
    free: tuple[str, ...]
    numbers: tuple[str, ...]
    again: tuple[str, ...]
    beside: str = "adjoint"  # or "tangent": what stands beside the source
    machine: MachineCode | None = None

    @property
    def bytes(self) -> int:
        """What is kept in all, in bytes."""
        return sum(k.bytes for k in self.kept)

    def __repr__(self) -> str:
        from adcompiler.explain.rendering import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from adcompiler.explain.rendering import as_html

        return as_html(self)


def explain(
    program: Program, arguments: Sequence[Any], what: str, *, forward: bool = False
) -> Explanation:
    """The explanation of a derivative, for these arguments; of one in forward mode
    where `forward` is true."""
    code = _Code(program)
    reverse = code if program.pullback is None else _Code(program.pullback)
    kept: tuple[Kept, ...] = ()
    free: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    found = None
    with Rewinding() as journal:
        if program.pullback is not None:
            found = reverse.residuals(program, arguments)
        elif not forward:
            found = code.started(arguments)
        journal.rewind()  # to explain draws nothing
    if found is not None:
        start, values = found
        kept = reverse.kept(start, values, arguments, code)
        free = code.free(start, values, arguments)
        numbers = reverse.numbers(start, values, free)
        again = reverse.computed_again(start)
    span = program.built.function.span
    main = (span.filename, span.lineno) if span is not None else ("", 0)
    marked = (code.spots[n] for k in kept if k.recorded for n in code.appends(k.name))
    beside = "tangent" if forward else "adjoint"
    lines = reverse.lines(beside)
    return Explanation(
        f"{what}, line by line",
        sections(main, lines, filter(None, marked), reverse.signatures(beside)),
        kept,
        free,
        numbers,
        again,
        beside,
        _machine(program),
    )


def _machine(program: Program) -> MachineCode | None:
    """What is said of the machine code, if there may be some."""
    if program.built.backend != "llvm":
        return None
    parts = [program, *((program.pullback,) if program.pullback else ())]
    return machine_code([part.built for part in parts])


class _Started(Exception):
    """Ends the run of a gradient where its reverse sweep begins."""


class _Code:
    """The generated source, and where its lines come from."""

    def __init__(self, program: Program) -> None:
        self.text = program.text.splitlines()
        self.tapes = program.source.tapes
        self.globals = program.source.globals
        self.sizes = Sizes.of_source(program.source)
        self.tree = ast.parse(program.text)
        units = [n for n in self.tree.body if isinstance(n, ast.FunctionDef)]
        *self.units, self.main = units
        self.places = dict(enumerate(program.source.places, 1))
        self.spots: dict[int, Spot | None] = {
            n: None if place is None else place[:2] for n, place in self.places.items()
        }

    def reverse(self, lineno: int, role: str = "adjoint") -> bool | None:
        """Whether a line is of the reverse sweep, or has another role."""
        place = self.places.get(lineno)
        return None if place is None else place[2].startswith(role)

    def residuals(
        self, program: Program, arguments: Sequence[Any]
    ) -> tuple[Start, dict[str, Any]]:
        """The body of a pullback, and what the forward sweep hands to it."""
        found = program.call(*arguments)[program.values :]
        names = [a.arg for a in self.main.args.args[: len(found)]]
        body = self.main.body
        start = Start(body, 0, tuple(body), frozenset(names))
        return start, dict(zip(names, found, strict=True))

    # --- Running it up to the reverse sweep -----------------------------------------

    def started(self, arguments: Sequence[Any]) -> tuple[Start, dict[str, Any]] | None:
        """Where the reverse sweep begins for these arguments, and what is there."""
        found: list[tuple[Start, dict[str, Any]]] = []

        def stop(number: int, values: dict[str, Any]) -> None:
            found.append((begun[number], values))
            raise _Started

        tree = ast.parse("\n".join(self.text))
        (main,) = (
            n
            for n in tree.body
            if isinstance(n, ast.FunctionDef) and n.name == self.main.name
        )
        begun = starts(main.body, self.reverse)
        for number, start in enumerate(begun):
            call = ast.parse(f"_begin({number}, locals())").body[0]
            start.block.insert(start.position, ast.fix_missing_locations(call))
        namespace: dict[str, Any] = {**self.globals, "_begin": stop}
        exec(compile(tree, "<adcompiler explain>", "exec"), namespace)
        with contextlib.suppress(_Started):
            namespace[main.name](*arguments)
        return found[0] if found else None

    # --- What is kept ----------------------------------------------------------------

    def kept(
        self,
        start: Start,
        values: Mapping[str, Any],
        arguments: Sequence[Any],
        code: _Code,
    ) -> tuple[Kept, ...]:
        """Tapes and arrays of a forward sweep that are read from here on, and are not
        the caller's."""
        seen = {id(owner(a)) for a in arguments if isinstance(a, np.ndarray)}
        names = [n for n in self.read(start, values) if _has_memory(values[n])]
        found = []
        for name in sorted(names, key=lambda n: n not in code.tapes):
            value, recorded = values[name], name in code.tapes
            size = footprint(value, seen)
            if size == 0 and not recorded:
                continue
            lines = code.appends(name) if recorded else code.assignments(name)
            why = [self.reason(s) for s in reasons(name, start.rest)]
            spots = (code.spots[n] for n in lines)
            found.append(
                Kept(
                    name,
                    code.what(name, value),
                    size,
                    tuple(dict.fromkeys(s[1] for s in spots if s is not None)),
                    tuple(dict.fromkeys(why)),
                    recorded,
                    _formula(code.sizes.of(name), value, size),
                )
            )
        return tuple(found)

    def free(
        self, start: Start, values: Mapping[str, Any], arguments: Sequence[Any]
    ) -> tuple[str, ...]:
        """The arguments that are read from here on as they were passed."""
        names = [a.arg for a in self.main.args.args]
        pairs = zip(names, arguments, strict=True)
        return tuple(n for n, a in pairs if n in start.names and values.get(n) is a)

    def numbers(
        self, start: Start, values: Mapping[str, Any], free: Sequence[str]
    ) -> tuple[str, ...]:
        """The numbers that are read from here on."""
        kinds = int | float | np.generic
        found = (n for n in self.read(start, values) if n not in free)
        return tuple(n for n in found if isinstance(values[n], kinds))

    def read(self, start: Start, values: Mapping[str, Any]) -> list[str]:
        """The names of the forward sweep that are read from here on."""
        words = self.words()
        return [
            n
            for n in values
            if n in start.names and (n in words or not is_cotangent(n))
        ]

    def what(self, name: str, value: Any) -> str:
        """A value in words."""
        copied = any(a.arg == name for a in self.main.args.args)
        return f"copy of the argument, {in_words(value)}" if copied else in_words(value)

    def computed_again(self, start: Start) -> tuple[str, ...]:
        """The values of the forward sweep that the reverse sweep computes."""
        words = self.words()
        nodes = (node for stmt in start.rest for node in ast.walk(stmt))
        found = (
            node.targets[0].id
            for node in nodes
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.BinOp | ast.Call | ast.UnaryOp)
            and not _pops(node.value)
        )
        return tuple(dict.fromkeys(n for n in found if n in words))

    def words(self) -> set[str]:
        """The words of the source lines."""
        lines = (linecache.getline(*spot) for spot in self.spots.values() if spot)
        return {word for line in lines for word in re.findall(r"[^\W\d]\w*", line)}

    # --- Lines -----------------------------------------------------------------------

    def line(self, stmt: ast.stmt) -> str:
        """A statement of the reverse sweep on one line, a compound one's head."""
        last = stmt.end_lineno or stmt.lineno
        body = getattr(stmt, "body", None)
        if body:
            last = max(stmt.lineno, body[0].lineno - 1)
        lines = [t.strip() for t in self.text[stmt.lineno - 1 : last]]
        text = " ".join(t for t in lines if not t.startswith("#"))
        return re.sub(r"(?<=[(\[]) | (?=[)\]])", "", text)

    def reason(self, stmt: ast.stmt) -> tuple[int | None, str]:
        """A statement with the source line of which it is the adjoint."""
        spot = self.spots.get(stmt.lineno)
        return None if spot is None else spot[1], self.line(stmt)

    def appends(self, name: str) -> list[int]:
        """The lines that record on a list."""
        pattern = re.compile(rf"\s*{re.escape(name)}\.append\(")
        return [n for n, text in enumerate(self.text, 1) if pattern.match(text)]

    def assignments(self, name: str) -> list[int]:
        """The lines of the forward sweep that assign a name."""
        return [
            stmt.lineno
            for stmt in ast.walk(self.main)
            if isinstance(stmt, ast.Assign | ast.AugAssign)
            and name in _changed(stmt)
            and not self.reverse(stmt.lineno)
            and ast.unparse(stmt) != f"{name} = {name}.copy()"
        ]

    def lines(self, role: str) -> list[tuple[Spot, str]]:
        """The lines of the derivative with the source lines they come from."""
        return [
            (spot, self.text[n - 1])
            for n, spot in self.spots.items()
            if spot is not None and self.reverse(n, role)
        ]

    def signatures(self, role: str) -> dict[Spot | None, str]:
        """The heads of the derivative and of the functions that it calls."""
        heads: dict[Spot | None, str] = {None: self.line(self.main)}
        for unit in self.units:
            lines = range(unit.lineno, (unit.end_lineno or unit.lineno) + 1)
            inside = (self.spots[n] for n in lines if self.reverse(n, role))
            spot = next(inside, None)
            if spot is not None:
                heads[spot] = self.line(unit)
        return heads


def _formula(formula: str | None, value: Any, size: int) -> str | None:
    """The formula of a value, as far as it holds where memory is shared."""
    whole = footprint(value, set())
    items = value if isinstance(value, list) else [value]
    alone = sum(v.nbytes if isinstance(v, np.ndarray) else 8 for v in items)
    if len({getattr(v, "shape", ()) for v in items}) > 1:
        return None
    if formula is None or (size == whole and (whole == alone or not _arrays(items))):
        return formula
    return f"at most {formula}" if isinstance(value, list) else None


def _arrays(items: Sequence[Any]) -> bool:
    return any(isinstance(v, np.ndarray) for v in items)


def _has_memory(value: Any) -> bool:
    return isinstance(value, np.ndarray | list | tuple)


def _changed(stmt: ast.Assign | ast.AugAssign) -> set[str]:
    """The names that a statement assigns, or changes elements of."""
    targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
    parts = [p for t in targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
    found = (p.value if isinstance(p, ast.Subscript) else p for p in parts)
    return {p.id for p in found if isinstance(p, ast.Name)}


def _pops(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(attr="pop")):
            return True
        case _:
            return False
