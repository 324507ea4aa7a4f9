"""Idioms of containers: made, changed in loops, copied, gone over, taken apart."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import control, statements
from tests.fuzz.containers import made, show, some_kind
from tests.fuzz.expressions import arguments, condition, python_float, scalar
from tests.fuzz.frame import Frame
from tests.fuzz.kinds import Kind
from tests.fuzz.program import Variable

Way = Callable[[Frame, Variable], None]


def container(frame: Frame) -> None:
    """A new container, or something done with a visible one."""
    choose = frame.chooser
    seen = frame.visible("container")
    if not seen or choose.chance(35):
        return _new(frame)
    return choose.weighted(_WAYS)(frame, choose.pick(seen))


def _new(frame: Frame) -> None:
    choose = frame.chooser
    makers = [h for h in frame.shared.helpers if h.made and frame.may_call]
    path = frame.fresh("m")
    if makers and choose.chance(50):
        helper = choose.pick(makers)
        frame.emit(f"{path} = {helper.name}({arguments(frame, helper.parameters, 1)})")
        assert helper.made
        show(frame, helper.made, path)
        return
    inner = choose.pick(frame.shared.kinds) if frame.shared.kinds else None
    kind = some_kind(frame, inner if choose.chance(25) else None)
    if choose.chance(20):
        frame.emit(f"if {condition(frame)}:")
        with frame.block():
            frame.emit(f"{path} = {made(frame, kind)}")
        frame.emit("else:")
        with frame.block():
            frame.emit(f"{path} = {made(frame, kind)}")
    else:
        frame.emit(f"{path} = {made(frame, kind)}")
    show(frame, kind, path)


def _own(frame: Frame, v: Variable) -> bool:
    """Whether it is made inside, by a name of its own, and may be changed."""
    return not v.fixed and v.container is not None and v.name not in frame.captured


def _value(frame: Frame, depth: int = 2) -> str:
    return python_float(frame, scalar(frame, depth)).text


def _changed(frame: Frame, v: Variable) -> None:
    """By its methods, or a dict's; else a part is assigned."""
    kind, choose = v.container, frame.chooser
    assert kind
    if not _own(frame, v) or not kind.changing:
        return _taken_apart(frame, v)
    changes = kind.named("change")
    floats = [f for f in kind.fields if f.kind == "float"]
    if changes and choose.chance(80):
        frame.emit(f"{v.name}.{choose.pick(changes).name}({_value(frame)})")
        return None
    if kind.form == "dict" and floats:
        name, e = choose.pick(floats).name, _value(frame)
        forms = [
            f"{v.name}.update({name}={e})",
            f'{v.name}.update({{"{name}": {e}}})',
            f'{v.name}["{name}"] = {e} + 0.5 * {v.name}.pop("{name}")',
            f'{v.name}["{name}"] = {v.name}.get("{name}", 1.0) * 0.5',
            f'{v.name}.setdefault("{name}", {e})',
        ]
        frame.emit(choose.pick(forms))
        return None
    if floats:
        part = kind.part(v.name, choose.pick(floats))
        frame.emit(f"{part} = {_value(frame)}")
    return None


def _in_a_loop(frame: Frame, v: Variable) -> None:
    """Changed in every trip, among other statements."""
    choose = frame.chooser
    if not frame.room(3):
        return _changed(frame, v)
    i, trips = frame.fresh("i"), choose.between(1, 3)
    counts = [n.name for n in frame.visible("int") if 0 <= n.low and n.high <= 3]
    text = choose.pick([*counts, str(trips)])
    frame.emit(f"for {i} in range({text}):")
    with frame.loop(3):
        frame.add(Variable(i, "int", low=0, high=2, fixed=True))
        if choose.chance(40):
            control.block(frame, 2)
        _changed(frame, v)
        if choose.chance(40):
            control.leave(frame)
        if choose.chance(40):
            _made_anew(frame, v)
        if choose.chance(40):
            control.block(frame, 2)
    return None


def _made_anew(frame: Frame, v: Variable) -> None:
    """The name is bound to another container of that kind."""
    kind, choose = v.container, frame.chooser
    assert kind
    if not _own(frame, v) or not v.name.isidentifier():
        return _taken_apart(frame, v)
    forms = [made(frame, kind)]
    forms += [f"{v.name}.{m.name}({_value(frame)})" for m in kind.named("anew")]
    floats = [f for f in kind.fields if f.kind == "float"]
    if kind.form == "dataclass" and floats:
        forms.append(f"replace({v.name}, {choose.pick(floats).name}={_value(frame)})")
    if kind.form == "named tuple" and floats:
        forms.append(f"{v.name}._replace({choose.pick(floats).name}={_value(frame)})")
    if kind.form == "dict" and floats:
        forms.append(f'{{**{v.name}, "{choose.pick(floats).name}": {_value(frame)}}}')
    if kind.form == "dict" and kind.floats:
        a, b = frame.fresh("t"), frame.fresh("t")
        e = f"np.tanh({b} + {_value(frame, 1)})"
        forms.append(f"{{{a}: {e} for {a}, {b} in {v.name}.items()}}")
        if frame.shared.python_scalars:
            forms.pop()
    frame.emit(f"{v.name} = {choose.pick(forms)}")
    return None


def _aliased(frame: Frame, v: Variable) -> None:
    """Another name for it, or for a copy of it; then one of the two is changed."""
    kind, choose, other = v.container, frame.chooser, frame.fresh("m")
    assert kind
    forms = [v.name, f"copy.copy({v.name})", f"copy.deepcopy({v.name})"]
    if kind.form == "dict":
        forms += [f"{v.name}.copy()", f"dict({v.name})"]
    if kind.form == "list":
        forms += [f"{v.name}[:]", f"list({v.name})"]
    frame.emit(f"{other} = {choose.pick(forms)}")
    show(frame, kind, other, fixed=v.fixed)
    groups = {w.name[len(v.name) :]: w.group for w in frame.visible("array")
              if w.name.startswith(v.name)}  # fmt: skip
    for w in frame.visible("array"):
        if w.name.startswith(other):
            w.group = groups.get(w.name[len(other) :], w.group)
    both = [w for w in frame.visible("container") if w.name in (v.name, other)]
    _changed(frame, choose.pick(both))


def _taken_apart(frame: Frame, v: Variable) -> None:
    """Unpacked, gone over, matched; or a number made of its parts."""
    kind, choose = v.container, frame.chooser
    assert kind
    sequence = kind.form in ("tuple", "list", "named tuple")
    names = [frame.fresh("t") for _ in kind.fields]
    if sequence and choose.chance(60):
        targets = ", ".join(names) + "," * (len(names) == 1)
        if len(names) > 2 and choose.chance(40):
            kept = choose.below(2)
            names = ["" if k != -kept % len(names) else t for k, t in enumerate(names)]
            targets = f"*_, {names[-1]}" if kept else f"{names[0]}, *_"
        frame.emit(f"{targets} = {v.name}")
        return _bound(frame, kind, names)
    if kind.form in ("dataclass", "class") and choose.chance(40):
        captures = ", ".join(
            f"{f.name}={t}" for f, t in zip(kind.fields, names, strict=True)
        )
        frame.emit(f"match {v.name}:")
        frame.emit(f"    case {kind.name}({captures}):")
        frame.indent += 2
        with frame.block():
            frame.indent -= 1
            _bound(frame, kind, names)
            frame.indent += 1
        frame.indent -= 2
        return None
    if kind.floats and kind.form in ("dict", "tuple", "list", "named tuple"):
        return _gone_over(frame, v, kind)
    return statements.assign_scalar(frame)


def _bound(frame: Frame, kind: Kind, names: list[str]) -> None:
    """The parts under names of their own, some of them arrays."""
    for field, name in zip(kind.fields, names, strict=True):
        if name and field.kind in ("float", "array"):
            part = Variable(name, field.kind, field.shape, fixed=True)
            part.storable = False
            frame.add(part)
    control.block(frame, 2)


def _gone_over(frame: Frame, v: Variable, kind: Kind) -> None:
    """A loop over its parts, all of them numbers; or a sum, as of a generator."""
    choose, t, k = frame.chooser, frame.fresh("t"), frame.fresh("k")
    items = f"{v.name}.values()" if kind.form == "dict" else f"list({v.name})"
    if choose.chance(50) or not frame.room(len(kind.fields)):
        form = choose.pick(
            [
                f"sum({t} * {t} for {t} in {items})",
                f"max({items})",
                f"sum({items})",
                f"sum({t} * ({k} + 1) for {k}, {t} in enumerate({items}))",
            ]
        )
        statements.bind(frame, statements.python(frame, f"np.tanh({form})"))
        return
    head = f"for {t} in {items}:"
    if kind.form == "dict" and choose.chance(50):
        head = f"for {k}, {t} in {v.name}.items():"
    elif choose.chance(30):
        head = f"for {k}, {t} in enumerate({items}):"
    frame.emit(head)
    with frame.loop(len(kind.fields)):
        frame.add(Variable(t, "float", fixed=True))
        control.block(frame, 2)
        if choose.chance(30):
            control.leave(frame)


def _several(frame: Frame, v: Variable) -> None:
    """A list of containers of the kind, gone over and changed."""
    kind, choose, rows, row = (
        v.container,
        frame.chooser,
        frame.fresh("rows"),
        frame.fresh("m"),
    )
    assert kind
    if not frame.room(2):
        return _changed(frame, v)
    parts = [made(frame, kind, 1), made(frame, kind, 1)]
    if not v.fixed and choose.chance(30):
        parts[1] = v.name
    frame.emit(f"{rows} = [{', '.join(parts)}]")
    head = choose.pick(["for {0} in {1}:", "for {2}, {0} in enumerate({1}):"])
    frame.emit(head.format(row, rows, frame.fresh("k")))
    with frame.loop(2):
        show(frame, kind, row)
        _changed(frame, frame.visible("container")[_last(frame, row)])
        if choose.chance(50):
            control.block(frame, 2)
    floats = [f for f in kind.fields if f.kind == "float"]
    if floats:
        t = frame.fresh("t")
        part = kind.part(t, choose.pick(floats))
        first = kind.part(f"{rows}[{choose.below(2)}]", floats[0])
        text = choose.pick([f"sum({part} for {t} in {rows})", first])
        statements.bind(frame, statements.python(frame, f"np.tanh({text})"))
    return None


def _last(frame: Frame, name: str) -> int:
    return [v.name for v in frame.visible("container")].index(name)


_WAYS: tuple[tuple[int, Way], ...] = (
    (4, _changed),
    (4, _in_a_loop),
    (3, _made_anew),
    (2, _aliased),
    (3, _taken_apart),
    (2, _several),
)
