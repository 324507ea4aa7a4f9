"""What is kept of a program: all that a call needs but for its machine code.

In: the programs of a request, the trail of what was read for them. Out: JSON; and back,
once the trail has been followed.
Invariant: what comes back is what was compiled, up to the names of lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from adcompiler.cache.fingerprints import Undescribed, own
from adcompiler.cache.notation import decoded, encoded
from adcompiler.cache.trails import Followed, Lost, Trail
from adcompiler.errors import Span, UnsupportedError
from adcompiler.frontend import reads
from adcompiler.frontend.arguments import describe
from adcompiler.frontend.interface import (
    Capture,
    Guard,
    LeafSpec,
    Outline,
    Param,
    ResultLeaf,
    ResultStatic,
    ResultTree,
    ResultTuple,
)
from adcompiler.frontend.structures import (
    DictOf,
    ItemsOf,
    KeywordsOf,
    ObjectOf,
    Shape,
    Stacked,
    StreamOf,
)
from adcompiler.gradients import Gradients, gradients_type
from adcompiler.ir.types import Array, Type

__all__ = ["Part", "alike", "read_part", "spec_words", "written_part"]


@dataclass(frozen=True, slots=True)
class Part:
    """A program, or the pullback of one; see `programs.Program`."""

    outline: Outline
    types: tuple[Type, ...]
    values: int
    wrt: tuple[int, ...]

    @property
    def classes(self) -> tuple[type, ...]:
        """The classes that the result is made of, in order."""
        return tuple(_classes(self.outline.result))


def _classes(tree: ResultTree) -> Iterator[type]:
    if isinstance(tree, ResultTuple):
        if isinstance(tree.cls, type):
            yield tree.cls
        for item in tree.items:
            yield from _classes(item)


def alike(left: Part, right: Part) -> bool:
    """Whether two parts are one program's, compiled at different times."""
    return _told(left) == _told(right)


def _told(part: Part) -> tuple[Any, ...]:
    outline = part.outline
    return (
        *(part.values, part.wrt, outline.result, tuple(outline.mutated)),
        [(p.name, _kind(p.type)) for p in outline.params],
        [_kind(t) for t in (*outline.results, *part.types)],
        [(c.name, spec_words(c.spec)) for c in outline.captures],
    )


def _kind(t: Type) -> tuple[Any, ...]:
    """A type but for its lengths."""
    return (t.dtype, t.ndim) if isinstance(t, Array) else (t,)


# --- Written --------------------------------------------------------------------------


def written_part(part: Part, trail: Trail) -> dict[str, Any]:
    """A part in JSON; Undescribed if it cannot be told."""
    outline = part.outline
    guards = [
        (g.description, trail.read(g.read, g.value))
        for g in outline.guards
        if not _is_own(g)
    ]
    return {
        "name": outline.name,
        "params": [[p.name, encoded(p.type)] for p in outline.params],
        "results": [encoded(t) for t in outline.results],
        "guards": [list(guard) for guard in guards],
        "captures": [
            [c.name, trail.read(c.read), spec_words(c.spec)] for c in outline.captures
        ],
        "tree": _tree(outline.result, trail),
        "mutated": [[k, *_place(s, trail)] for k, s in outline.mutated.items()],
        "types": [encoded(t) for t in part.types],
        "values": part.values,
        "wrt": list(part.wrt),
    }


def _is_own(guard: Guard) -> bool:
    """Whether a guard is for what the versions tell: the library's own functions."""
    return isinstance(guard.read, reads.Attribute) and own(guard.read.owner)


def spec_words(spec: LeafSpec) -> list[Any]:
    """What is known of a number or an array."""
    return [
        encoded(spec.type),
        *(spec.contiguous, spec.trained, spec.constant),
        None if spec.seams is None else list(spec.seams),
        *(spec.fortran, spec.moving),
    ]


def _tree(tree: ResultTree, trail: Trail) -> list[Any]:
    match tree:
        case ResultLeaf(index=index):
            return ["leaf", index]
        case ResultStatic(value=value):
            return ["static", encoded(value)]
        case ResultTuple(items=items, cls=cls):
            return ["tuple", shape_words(cls, trail), *(_tree(t, trail) for t in items)]


def shape_words(cls: type | Shape, trail: Trail) -> list[Any]:
    """What a container is."""
    match cls:
        case type() if cls in (tuple, list):
            return [cls.__name__]
        case type() if issubclass(cls, Gradients):
            return ["gradients", *cls.__match_args__]
        case type():
            return ["class", trail.object(cls)]
        case ObjectOf(cls=made, names=names):
            return ["object", trail.object(made), encoded(names)]
        case ItemsOf(count=count):
            return ["items", count]
        case Stacked(python=python):
            return ["stacked", python]
        case StreamOf():
            return ["stream"]
        case _ if type(cls) in (DictOf, KeywordsOf):
            return ["dict" if type(cls) is DictOf else "keywords", encoded(cls.names)]
        case _:
            raise Undescribed(f"a container {cls}")


def _place(span: Span, trail: Trail) -> list[int]:
    """A span, told by the function that it is in, and how far behind its head."""
    heads = [
        (code.co_firstlineno, number)
        for number, value in enumerate(trail.values)
        if (code := _code_of(value)) is not None
        and code.co_filename == span.filename
        and code.co_firstlineno <= span.lineno
    ]
    if not heads:
        raise Undescribed(f"where {span} is")
    head, number = max(heads)
    lines = span.lineno - head, span.end_lineno - head
    return [number, lines[0], span.col, lines[1], span.end_col]


def _code_of(value: Any) -> CodeType | None:
    if isinstance(value, FunctionType):
        return value.__code__
    return value if isinstance(value, CodeType) else None


# --- Read -----------------------------------------------------------------------------


def read_part(entry: Mapping[str, Any], found: Followed) -> Part:
    """The part that was written so; Lost where a captured value is of another kind."""
    outline = Outline(
        name=entry["name"],
        params=tuple(Param(name, decoded(t)) for name, t in entry["params"]),
        results=tuple(map(decoded, entry["results"])),
        captures=tuple(_capture(c, found) for c in entry["captures"]),
        result=_read_tree(entry["tree"], found),
        mutated={k: _span(place, found) for k, *place in entry["mutated"]},
        guards=tuple(_guard(text, k, found) for text, k in entry["guards"]),
    )
    types = tuple(map(decoded, entry["types"]))
    return Part(outline, types, entry["values"], tuple(entry["wrt"]))


def _guard(text: str, number: int, found: Followed) -> Guard:
    return Guard(text, _read(number, found), found.values[number])


def _read(number: int, found: Followed) -> reads.Read:
    read = found.reads[number]
    if read is None:
        raise ValueError(number)
    return read


def _capture(words: Sequence[Any], found: Followed) -> Capture:
    """A captured value, which is to be what it was but for its number."""
    name, number, given = words
    try:
        spec = describe(found.values[number], name=name)
    except UnsupportedError as error:
        raise Lost from error
    if not isinstance(spec, LeafSpec) or spec_words(spec) != given:
        raise Lost
    return Capture(name, _read(number, found), spec)


def _read_tree(words: Any, found: Followed) -> ResultTree:
    match words:
        case ["leaf", int(index)]:
            return ResultLeaf(index)
        case ["static", value]:
            return ResultStatic(decoded(value))
        case ["tuple", shape, *items]:
            parts = tuple(_read_tree(item, found) for item in items)
            return ResultTuple(parts, _read_shape(shape, found))
    raise ValueError(words)


def _read_shape(words: Any, found: Followed) -> type | Shape:
    match words:
        case ["tuple"]:
            return tuple
        case ["list"]:
            return list
        case ["gradients", *names]:
            return gradients_type(tuple(names))
        case ["class", int(number)]:
            cls: type = found.values[number]
            return cls
        case ["object", int(number), names]:
            return ObjectOf(found.values[number], decoded(names))
        case ["items", int(count)]:
            return ItemsOf(count)
        case ["stacked", bool(python)]:
            return Stacked(python)
        case ["stream"]:
            return StreamOf()
        case ["dict", names]:
            return DictOf(decoded(names))
        case ["keywords", names]:
            return KeywordsOf(decoded(names))
    raise ValueError(words)


def _span(place: Sequence[int], found: Followed) -> Span:
    number, line, col, end_line, end_col = place
    code = _code_of(found.values[number])
    if code is None:
        raise ValueError(number)
    head = code.co_firstlineno
    return Span(code.co_filename, head + line, col, head + end_line, end_col)
