"""A module as somebody reads it: names of values, and where its lines come from.

In: the lines of functions with their marks. Out: text whose values have the names that
they have in the source, and whose lines end in a *tag*, ``;@3``. Of that, `commented`
makes text with a comment above each run of lines of one mark, and `located` text that
carries the marks through LLVM, from which `marked` has the tags back.
Invariant: each of these is a module that LLVM reads, and means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.notes import Mark
from adcompiler.emit.llvm.values import Block, Elements, Number, Value
from adcompiler.ir.nodes import Var

__all__ = ["commented", "located", "marked", "names_of", "reached", "renamed", "tagged"]

_TAG = re.compile(r" ;@(\d+)$")
_TAGS = re.compile(_TAG.pattern, re.MULTILINE)
_CALL = re.compile(r"  (%\S+ = )?((musttail|tail|notail) )?call ")
_NUMBERED = re.compile(r"%[vp]\d+\b")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_FIRST = 1_000_000  # of the metadata that says where lines come from


# --- Names and tags -------------------------------------------------------------------


def tagged(code: Code, values: Mapping[Var, Value]) -> str:
    """The lines of a function, with their tags and with names."""
    for text, word in names_of(values).items():
        code.names.setdefault(text, word)
    _make_distinct(code)
    lines = (
        f"{line} ;@{mark}" if mark else line
        for line, mark in zip(code.lines, code.marks, strict=True)
    )
    return renamed("\n".join(lines), code.names)


def names_of(values: Mapping[Var, Value]) -> dict[str, str]:
    """What the parts of values are called, by their texts."""
    found: dict[str, str] = {}
    for var, value in values.items():
        name = var.name or var.noun
        if name is not None and _NAME.fullmatch(name):
            for text, word in _parts(value, name):
                found.setdefault(text, word)
    return found


def _parts(value: Value, name: str) -> Iterator[tuple[str, str]]:
    """What the parts of a value are called."""
    match value:
        case Number(text=text):
            yield text, name
        case Elements():
            yield value.data, f"{name}.data"
            yield value.owner, f"{name}.owner"
            for k, (n, stride) in enumerate(
                zip(value.dims, value.strides, strict=True)
            ):
                yield n, f"{name}.length{k}"
                yield stride, f"{name}.stride{k}"
        case Block(owner=owner):
            yield owner, name


def _make_distinct(code: Code) -> None:
    """Values and blocks of a function share one space of names."""
    taken = {line[:-1] for line in code.lines if line.endswith(":")} | {"ctx", "out"}
    found: dict[str, str] = {}
    for text, word in code.names.items():
        if not _NUMBERED.fullmatch(text):
            continue
        name, count = word, 1
        while name in taken:
            count += 1
            name = f"{word}.{count}"
        taken.add(name)
        found[text] = f"%{name}"
    code.names = found


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text, with these values under other names."""
    return _NUMBERED.sub(lambda m: names.get(m.group(), m.group()), text)


# --- For whoever reads it -------------------------------------------------------------


def commented(text: str, marks: Sequence[Mark]) -> str:
    """The text with the source line above what comes from it, in place of tags."""
    found: list[str] = []
    last = ""
    for line in text.splitlines():
        tag = _TAG.search(line)
        if tag is not None:
            said = _said(marks[int(tag.group(1))])
            if said != last:
                found.append(f"  ; {said}")
                last = said
        elif line.startswith("}"):
            last = ""
        found.append(_TAG.sub("", line))
    return "\n".join(found) + "\n"


def _said(mark: Mark) -> str:
    """A source line in words, and whether it is an adjoint that is computed."""
    if mark.span is None:
        return "of no source line"
    name = mark.span.filename
    shown = name if name.startswith("<") else Path(name).name
    role = "" if mark.role == "primal" else f"{mark.role} of "
    source = (mark.span.text or "").strip()
    return f"{role}{shown}:{mark.span.lineno}  {source}".rstrip()


def reached(text: str, kept: Iterable[str]) -> str:
    """The module without functions of its own that `kept` do not lead to."""
    parts = re.split(r"^(?=define |declare )|(?<=^}\n)", text, flags=re.MULTILINE)
    bodies: dict[str, str] = {}
    for part in parts:
        head = re.match(r"define [^@]*@([\w.]+)\(", part)
        if head is not None:
            bodies[head.group(1)] = part
    wanted: set[str] = set()
    pending = list(kept)
    while pending:
        name = pending.pop()
        if name in bodies and name not in wanted:
            wanted.add(name)
            pending += re.findall(r"@([\w.]+)", bodies[name])
    dropped = {id(body) for name, body in bodies.items() if name not in wanted}
    return "".join(part for part in parts if id(part) not in dropped)


# --- Through LLVM ---------------------------------------------------------------------


def located(text: str) -> str:
    """The text with its tags as what LLVM keeps of lines: locations for a debugger.

    A mark is the line number of its location; calls that have none are in line 0, as
    LLVM wants one for each call in a function that has locations.
    """
    lines: list[str] = []
    facts: dict[tuple[int, int], int] = {}
    for functions, part in enumerate(re.split(r"^(?=define )", text, flags=re.M)):
        has_tags = _TAGS.search(part) is not None
        for line in part.splitlines():
            tag = _TAG.search(line)
            if tag is None and not (has_tags and _CALL.match(line)):
                lines.append(line)
                continue
            place = functions, int(tag.group(1)) if tag else 0
            number = facts.setdefault(place, len(facts))
            body = line[: tag.start()] if tag else line
            lines.append(f"{body}, !dbg !{_FIRST + 10 + number}")
    scopes = {function: k for k, function in enumerate({f: None for f, _ in facts})}
    base = _FIRST + 10 + len(facts)
    functions = 0
    for k, line in enumerate(lines):
        if line.startswith("define "):
            functions += 1
            if functions in scopes:
                head = line.removesuffix(" {")
                lines[k] = f"{head} !dbg !{base + scopes[functions]} {{"
    lines += _facts(facts, scopes, base)
    return "\n".join(lines) + "\n"


def _facts(
    places: Mapping[tuple[int, int], int], scopes: Mapping[int, int], base: int
) -> Iterator[str]:
    unit, file, kind, version, none = (f"!{_FIRST + k}" for k in range(5))
    yield f"!llvm.dbg.cu = !{{{unit}}}"
    yield f"!llvm.module.flags = !{{{version}}}"
    yield f'{version} = !{{i32 2, !"Debug Info Version", i32 3}}'
    yield (
        f"{unit} = distinct !DICompileUnit(language: DW_LANG_C, file: {file}, "
        "isOptimized: true, emissionKind: LineTablesOnly)"
    )
    yield f'{file} = !DIFile(filename: "marks", directory: "")'
    yield f"{kind} = !DISubroutineType(types: {none})"
    yield f"{none} = !{{}}"
    for (function, mark), number in places.items():
        scope = f"!{base + scopes[function]}"
        yield f"!{_FIRST + 10 + number} = !DILocation(line: {mark}, scope: {scope})"
    for function, k in scopes.items():
        yield (
            f'!{base + k} = distinct !DISubprogram(name: "f{function}", scope: {file}, '
            f"file: {file}, type: {kind}, unit: {unit}, spFlags: DISPFlagDefinition)"
        )


_LOCATION = re.compile(r"^!(\d+) = .*!DILocation\(line: (\d+)", re.MULTILINE)
_OF_DEBUGGERS = re.compile(
    r"^(!llvm\.dbg\.cu = .*|!\d+ = .*!DI[A-Z]\w*\(.*|"
    r'!\d+ = !\{i32 2, !"Debug Info Version", i32 3\}|!llvm\.module\.flags = .*)\n',
    re.MULTILINE,
)


def marked(text: str) -> str:
    """What LLVM made of `located` text, with tags again."""
    lines: dict[str, str] = dict(_LOCATION.findall(text))

    def tag(match: re.Match[str]) -> str:
        mark = lines.get(match.group(1))
        return f" ;@{mark}" if mark is not None and mark != "0" else ""

    text = _OF_DEBUGGERS.sub("", text)
    text = re.sub(r"^(define .*) !dbg !\d+( .*)?{$", r"\1\2 {", text, flags=re.M)
    return re.sub(
        r", !dbg !(\d+)(.*)$", lambda m: m.group(2) + tag(m), text, flags=re.M
    )
