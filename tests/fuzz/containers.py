"""Containers in random programs: their kinds and classes, and those of arguments.

A part of a container, `m0.x` or `m0["x"]`, is a variable like any other, so every
statement of the generator reads, assigns and stores into it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tests.fuzz import control, statements
from tests.fuzz.expressions import condition, integer, python_float, scalar
from tests.fuzz.frame import Frame, Shared
from tests.fuzz.kinds import ARGUMENTS, CLASSES, Field, Kind, Method
from tests.fuzz.program import Argument, Variable

PARTS = ("float", "int", "bool", "array")
FORMS = ("tuple", "dict", "dataclass", "class", "named tuple", "namespace", "list")


def some_kind(frame: Frame, inner: Kind | None = None) -> Kind:
    """One of the program's kinds, or a new one; new classes are added to the text."""
    shared, choose = frame.shared, frame.chooser
    if shared.kinds and inner is None and choose.chance(60):
        return choose.pick(shared.kinds)
    form = choose.pick(FORMS)
    fields = [Field("x", "float")]
    names = ["y", "z", "w"]
    for _ in range(choose.between(1, 2)):
        fields.append(_field(frame, names.pop(0)))
    if inner is not None:
        fields.append(Field(names.pop(0), "container", inner=inner))
    return declared(shared, Kind(form, shared.fresh("Kind"), tuple(fields)))


def _field(frame: Frame, name: str) -> Field:
    arrays = [v for v in frame.visible("array") if v.shape]
    if arrays and frame.chooser.chance(40):
        return Field(name, "array", frame.chooser.pick(arrays).shape)
    return Field(name, "float")


def declared(shared: Shared, kind: Kind) -> Kind:
    """The kind with its methods; its class is in the text before all functions."""
    if kind.form in CLASSES:
        kind, text = _class(shared, kind)
        shared.classes.append(text)
    shared.kinds.append(kind)
    return kind


def _class(shared: Shared, kind: Kind) -> tuple[Kind, str]:
    base = "(NamedTuple)" if kind.form == "named tuple" else ""
    lines = ["@dataclass"] if kind.form == "dataclass" else []
    lines.append(f"class {kind.name}{base}:")
    if kind.form == "class":
        lines.append(
            f"    def __init__(self, {', '.join(f.name for f in kind.fields)}):"
        )
        lines += [f"        self.{f.name} = {f.name}" for f in kind.fields]
    else:
        lines += [f"    {f.name}: {_annotation(f)}" for f in kind.fields]
    ways = ["number", "property", "anew"] + ["change", "change"] * kind.changing
    found = [shared.chooser.pick(ways) for _ in range(2)] if kind.fields else []
    for way in dict.fromkeys(found):
        method, text = _method(shared, kind, way)
        kind = dataclasses.replace(kind, methods=(*kind.methods, method))
        lines += text
    return kind, "\n".join(lines) + "\n"


def _annotation(field: Field) -> str:
    if field.inner is not None:
        return "object"
    return {"float": "float", "int": "int"}.get(field.kind, "np.ndarray")


def _method(shared: Shared, kind: Kind, way: str) -> tuple[Method, list[str]]:
    frame, name = Frame(shared, indent=2), shared.fresh("method")
    frame.may_call, frame.budget = False, 3
    frame.returns = "float" if way in ("number", "property") else None
    show(frame, kind, "self", fixed=way != "change")
    u = shared.fresh("u")
    heading = f"    def {name}(self, {u}):"
    if way == "property":
        lines, heading = ["    @property"], f"    def {name}(self):"
    else:
        lines = []
        frame.add(Variable(u, "float"))
    for _ in range(shared.chooser.below(3)):
        control.block(frame, 1)
    if way == "anew":
        frame.emit(f"return {made(frame, kind, 1)}")
    elif way == "change":
        floats = [f for f in kind.fields if f.kind == "float"]
        for field in floats[-1:]:
            frame.emit(f"{kind.part('self', field)} = {statements.value(frame, 2)}")
        if not frame.lines or shared.chooser.chance(30):
            frame.emit("return self")
    else:
        control.final_return(frame)
    return Method(name, way), [*lines, heading, *frame.lines]


def made(frame: Frame, kind: Kind, depth: int = 2) -> str:
    """A container of that kind, of random parts that share no memory."""
    parts = []
    for field in kind.fields:
        if field.inner is not None:
            parts.append(made(frame, field.inner, 1))
        elif field.kind == "none":
            parts.append("None")
        elif field.kind == "int":
            parts.append(integer(frame, field.high + 1))
        elif field.kind == "bool":
            parts.append(f"({condition(frame)})")
        elif field.kind == "array":
            parts.append(statements.owned(frame, field.shape, depth))
        else:
            parts.append(python_float(frame, scalar(frame, depth)).text)
    return kind.display(parts, kind.form != "class" and frame.chooser.chance(40))


def show(frame: Frame, kind: Kind, path: str, fixed: bool = False) -> Variable:
    """Make the container visible, and its parts."""
    whole = frame.add(Variable(path, "container", fixed=fixed, container=kind))
    for field in kind.fields:
        part = kind.part(path, field)
        closed = fixed or not kind.changing
        if field.inner is not None:
            show(frame, field.inner, part, fixed)
            continue
        if field.kind == "none":
            continue
        variable = Variable(part, field.kind, field.shape, high=field.high)
        variable.fixed = closed
        variable.storable = not closed
        frame.add(variable)
    return whole


def passed(frame: Frame, kind: Kind) -> str:
    """A container of that kind to pass to a function: a visible one, or a new one."""
    seen = [v.name for v in frame.visible("container") if v.container == kind]
    if seen and frame.chooser.chance(70):
        return frame.chooser.pick(seen)
    return made(frame, kind, 1)


# -- arguments ------------------------------------------------------------------


def packed(frame: Frame, arguments: list[Argument]) -> tuple[list[str], list[str]]:
    """(the parameters of `program`, the lines of `packed`): some in a container."""
    variables = {v.name: v for v in frame.blocks[0]}
    every = [a.name for a in arguments]
    names = [n for n in every if variables[n].kind in PARTS]
    choose = frame.chooser
    count = choose.between(1, min(3, len(names)))
    taken = names[:count]
    if len(names) > count and choose.chance(50):
        taken = [names[0], *names[1 - count :]] if count > 1 else names[:1]
    rest = [n for n in every if n not in taken]
    path = frame.fresh("m")
    parts = [variables[n] for n in taken]
    kind, text = _nested(frame, parts)
    _renamed(frame, kind, path, iter(parts))
    parameters = [path, *rest] if choose.chance(50) else [*rest, path]
    values = ", ".join(text if n == path else n for n in parameters)
    lines = [f"def packed({', '.join(every)}):", f"    return ({values},)", ""]
    return parameters, lines


def _nested(frame: Frame, parts: list[Variable]) -> tuple[Kind, str]:
    """A kind of container for these variables, nested perhaps, and what makes it."""
    choose = frame.chooser
    inner = parts[1:] if len(parts) > 1 and choose.chance(35) else []
    plain = parts[:1] if inner else parts
    fields = [
        Field("xyzw"[k], v.kind, v.shape, high=v.high) for k, v in enumerate(plain)
    ]
    texts = [v.name for v in plain]
    if inner:
        kind, text = _nested(frame, inner)
        fields.append(Field("inner", "container", inner=kind))
        texts.append(text)
    form, name = choose.pick(ARGUMENTS), frame.fresh("Kind")
    kind = declared(frame.shared, Kind(form, name, tuple(fields)))
    return kind, kind.display(texts)


def _renamed(
    frame: Frame, kind: Kind, path: str, variables: Iterator[Variable]
) -> None:
    """The variables are parts of the container `path` from now on."""
    frame.add(Variable(path, "container", fixed=True, container=kind))
    for field in kind.fields:
        part = kind.part(path, field)
        if field.inner is not None:
            _renamed(frame, field.inner, part, variables)
            continue
        variable = next(variables)
        if frame.dtype_of == variable.name:
            frame.dtype_of = part
        variable.name, variable.fixed = part, True
        if variable.kind == "array":
            _aliased(frame, variable)


def _aliased(frame: Frame, part: Variable) -> None:
    """A name for an array: `m.x *= 2` would assign a part of what is an argument."""
    if part.storable and frame.chooser.chance(60):
        name = frame.fresh("v")
        frame.emit(f"{name} = {part.name}")
        frame.add(Variable(name, "array", part.shape, group=part.group))
    part.storable = False
