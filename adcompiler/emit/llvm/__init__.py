"""Machine code: functions of the IR as LLVM text.

In: bufferised functions, the callees before the one that is asked for, what is known of
their memory, and which parameters lie in C order. Out: `Native`: the text of a module,
whose entry Python calls, and the objects that its external symbols stand for.
Invariant: a program that this backend has no code for raises `NotNative`, and is served
by the NumPy program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adcompiler.emit.llvm.apart import sums_apart
from adcompiler.emit.llvm.code import with_loops_numbered
from adcompiler.emit.llvm.contiguity import contiguous_values
from adcompiler.emit.llvm.direct import Direct, write_direct
from adcompiler.emit.llvm.drawing import touched
from adcompiler.emit.llvm.entry import write_entry
from adcompiler.emit.llvm.folded import folded, renamed
from adcompiler.emit.llvm.functions import write_function
from adcompiler.emit.llvm.lengths import assumed_lengths, equal_lengths
from adcompiler.emit.llvm.needs import needs_of
from adcompiler.emit.llvm.notes import Notes
from adcompiler.emit.llvm.recording import recorded_last
from adcompiler.emit.llvm.resident import runtime_within
from adcompiler.emit.llvm.rowwise import by_rows
from adcompiler.emit.llvm.runtime import declarations, mathematics
from adcompiler.emit.llvm.values import NotNative
from adcompiler.emit.llvm.writer import Memory, Module
from adcompiler.ir.callee import Callee
from adcompiler.ir.nodes import Function, Var

__all__ = [
    "Native",
    "NotNative",
    "Part",
    "by_rows",
    "emit",
    "recorded_last",
    "sums_apart",
    "touched",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A function to be written; `roots` gives the memory that a value may lie in, by
    value; `callee` says whose code it is, None for the one that is asked for."""

    function: Function
    roots: Mapping[Var, frozenset[Any]]
    callee: Callee | None = None


@dataclass(frozen=True, slots=True)
class Native:
    """A module: its text, the name of its entry, the objects of external symbols, the
    name of what an object calls itself by."""

    text: str
    entry: str
    objects: Mapping[str, Any]
    direct: str | None = None


def emit(
    parts: Sequence[Part],
    name: str,
    *,
    dense: bool,
    vectors: Sequence[str] = (),
    fused: bool = False,
    direct: Direct | None = None,
    notes: Notes | None = None,
    into: Sequence[tuple[int, int]] = (),
    strict: bool = False,
) -> Native:
    """The module of these parts, the last of which is the one that is asked for.

    `dense`: its arrays all lie in C order. `vectors` are the functions of libm on
    vectors that the processor has, `fused`: it multiplies and adds, rounding once.
    `direct` is how an object calls itself by it. Where `notes` are taken, lines end in
    tags, see `shown`. `into` are results that go to arrays which are given behind the
    parameters, each with one that has its shape.
    `strict`: numbers are computed in the order in which the functions state them.
    """
    names = {
        p.callee: f"adc_f{k}_{p.callee.name}" for k, p in enumerate(parts) if p.callee
    }
    module = Module(names, notes=notes, strict=strict, fused=fused)
    inner: dict[str, str] = {}
    around: list[str] = []
    for part in parts:
        main = part.callee is None
        params = part.function.params if main and dense else ()
        known = contiguous_values(part.function, params)
        title = name if part.callee is None else names[part.callee]
        roots = Memory(part.roots)
        # Of a function that is called inside, nobody sees what it is called with.
        equal = equal_lengths(part.function) if main else {}
        assumed = assumed_lengths(part.function) if main and dense else {}
        facts = (known, roots, equal, assumed, into if main else ())
        inner[title] = write_function(module, part.function, title, *facts)
        if main:
            others = {n: t for n, t in inner.items() if n != title} | module.extra
            needs = needs_of([p.function for p in parts], inner[title], others)
            facts_ = (known, equal, needs, direct, into)
            entry = write_entry(module, part.function, title, *facts_)
            around.append(entry)
            if direct is not None:
                asked = (part.function, [k for k, _ in into])
                around.append(write_direct(module, title, direct, *asked))
    objects = {symbol[1:]: value for symbol, value in module.objects.items()}
    sections = _sections(module, inner, around, vectors)
    text = with_loops_numbered("\n".join(sections))
    directly = None if direct is None else f"{name}_direct"
    found = Native(text, f"{name}_entry", objects, directly)
    return _in_order(found) if strict else found


def _sections(
    module: Module,
    inner: Mapping[str, str],
    around: Sequence[str],
    vectors: Sequence[str],
) -> list[str]:
    """The texts of a module: its functions by name, those `around` them, what they
    need."""
    external = [f"{symbol} = external global i8" for symbol in module.objects]
    extra = module.extra
    if module.notes is None:
        inner, extra, around = _once(inner, extra, around)
    texts, helpers = list(inner.values()), list(extra.values())
    runtime = runtime_within((*helpers, *texts, *around))
    given = [*declarations(), *external, runtime]
    sections = [*given, *helpers, *texts, *around]
    if module.notes is not None:  # what is read comes first
        sections = [*reversed(texts), *around, *helpers, *given]
    return [*sections, *mathematics(_called(vectors, [*texts, *helpers, *around]))]


def _once(
    inner: Mapping[str, str], extra: Mapping[str, str], around: Sequence[str]
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The texts without those functions that are others, too."""
    kept, names = folded({**extra, **inner})
    return (
        {name: kept[name] for name in inner if name in kept},
        {name: kept[name] for name in extra if name in kept},
        [renamed(text, names) for text in around],
    )


def _in_order(module: Native) -> Native:
    """The module without leave to compute sums in another order, or to contract."""
    text = re.sub(r"= (fadd|fmul)( reassoc)? contract ", r"= \1 ", module.text)
    return replace(module, text=text)


def _called(vectors: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The forms of the functions that are called."""
    called = {found for text in texts for found in re.findall(r"@(\w+)\(", text)}
    return [v for v in vectors if v.rpartition("_")[2] in called]
