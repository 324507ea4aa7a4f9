"""Random straight-line statements: assignments, stores, views, swaps."""

from __future__ import annotations

import re

from tests.fuzz.arrays import any_shape, array, fresh, gathered, operand, subscript
from tests.fuzz.expressions import (
    arguments,
    condition,
    element,
    index,
    integer,
    python_float,
    scalar,
)
from tests.fuzz.frame import Frame, Shape
from tests.fuzz.program import Variable


def value(frame: Frame, depth: int | None = None) -> str:
    """The right-hand side of an assignment to a scalar variable."""
    depth = frame.options.max_depth if depth is None else depth
    return python_float(frame, scalar(frame, depth)).text


def python(frame: Frame, text: str) -> str:
    """`text`, a Python float where the program's numbers are."""
    return f"float({text})" if frame.shared.python_scalars else text


def bind(frame: Frame, text: str) -> str:
    """A new float variable."""
    name = frame.fresh("s")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "float"))
    return name


def assign_scalar(frame: Frame) -> None:
    choose = frame.chooser
    old = [v for v in frame.visible("float") if frame.may_rebind(v)]
    if old and choose.chance(60):
        if len(old) > 1 and choose.chance(20):
            tuple_assignment(frame, old)
            return
        frame.emit(f"{choose.pick(old).name} = {value(frame)}")
        return
    text = value(frame)
    name = frame.shared.fresh("s")
    if choose.chance(8):
        other = frame.shared.fresh("s")
        frame.emit(f"{name} = {other} = {text}")
        frame.add(Variable(other, "float"))
    elif choose.chance(8):
        other = frame.shared.fresh("s")
        frame.emit(f"{name}, {other} = {text}, {value(frame, 1)}")
        frame.add(Variable(other, "float"))
    else:
        frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "float"))


def tuple_assignment(frame: Frame, old: list[Variable]) -> None:
    """A swap, a rotation, or new values for two names at once."""
    choose = frame.chooser
    a = choose.below(len(old))
    b = (a + 1 + choose.below(len(old) - 1)) % len(old)
    first, second = old[a].name, old[b].name
    if choose.chance(50):
        frame.emit(f"{first}, {second} = {second}, {first}")
    elif choose.chance(50):
        frame.emit(f"{first}, {second} = {second}, {value(frame, 2)}")
    else:
        frame.emit(f"{first}, {second} = {value(frame, 1)}, {value(frame, 1)}")


def augment_scalar(frame: Frame) -> None:
    choose = frame.chooser
    old = [v for v in frame.visible("float") if frame.may_rebind(v)]
    if not old:
        assign_scalar(frame)
        return
    frame.emit(f"{choose.pick(old).name} {_augmentation(frame, value(frame, 2))}")


def _augmentation(frame: Frame, text: str) -> str:
    """An augmented operator and an operand that keeps the target bounded."""
    numpy = not frame.shared.python_scalars
    cos = "np.cos" if numpy else "math.cos"
    form = frame.chooser.weighted(
        [
            (4, "+= 0.2 * ({0})"),
            (3, "-= 0.2 * ({0})"),
            (3, "*= {1}({0})"),
            (2, "/= 1.5 + ({0}) ** 2"),
            (1, "+= {0}"),
        ]
    )
    return form.format(text, cos)


def assign_integer(frame: Frame) -> None:
    choose = frame.chooser
    old = [v for v in frame.visible("int") if frame.may_rebind(v) and v.low == 0]
    if old and choose.chance(60):
        v = choose.pick(old)
        ops = ["+ 1", "* 2 + 1", "+ 3", "* 3", "// 2 + 1", "- 1"]
        source = choose.pick(frame.visible("int")).name
        if choose.chance(30):
            frame.emit(f"{v.name} = {integer(frame, v.high + 1)}")
        else:
            frame.emit(f"{v.name} = ({source} {choose.pick(ops)}) % {v.high + 1}")
        return
    high = choose.between(1, 4)
    text = integer(frame, high + 1)
    if choose.chance(8):
        text = f"int(2.0 + np.tanh({scalar(frame, 1).text})) % {high + 1}"
    name = frame.shared.fresh("k")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "int", low=0, high=high))


def assign_boolean(frame: Frame) -> None:
    text = condition(frame)
    old = [v for v in frame.visible("bool") if not v.fixed]
    if old and frame.chooser.chance(50):
        frame.emit(f"{frame.chooser.pick(old).name} = {text}")
        return
    name = frame.shared.fresh("b")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "bool"))


def assert_something(frame: Frame) -> None:
    tested = scalar(frame, 0).text
    if frame.chooser.chance(60):
        frame.emit(f"assert abs({tested}) < 1000000.0, 'out of bounds'")
    else:
        frame.emit(f"if abs({tested}) > 1000000.0:")
        frame.emit(f"    raise ValueError(f'out of bounds: {{{tested}}}')")


# -- arrays ---------------------------------------------------------------------


def is_fresh(text: str) -> bool:
    """Whether the expression surely makes an array of its own."""
    return not (
        re.fullmatch(r"[\w.]+", text)
        or text.endswith(("]", ".T", ".ravel()", ".reshape(-1)", ".transpose()"))
        or text.startswith(("np.ravel", "np.reshape", "np.transpose"))
        or ".reshape(" in text
    )


def owned(frame: Frame, shape: Shape, depth: int) -> str:
    """An array expression that shares memory with no variable."""
    text = array(frame, shape, depth).text
    if is_fresh(text):
        return text
    form = ["({}) * 1.1", "({}).copy()", "np.tanh({})"]
    return frame.chooser.pick(form).format(text)


def assign_array(frame: Frame) -> None:
    choose = frame.chooser
    old = [v for v in frame.visible("array") if v.shape and frame.may_rebind(v)]
    if old and choose.chance(50):
        v = choose.pick(old)
        frame.emit(f"{v.name} = {owned(frame, v.shape, frame.options.max_depth)}")
        frame.rebind(v)
        return
    sources = [v for v in frame.visible("array") if v.shape]
    if sources and frame.options.index_arrays and choose.chance(6):
        source, n = choose.pick(sources), choose.between(1, 3)
        shape, text = (n, *source.shape[1:]), gathered(frame, source, n).text
    elif choose.chance(25):
        shape = any_shape(frame)
        text = fresh(frame, shape).text
    else:
        shape = any_shape(frame)
        text = owned(frame, shape, frame.options.max_depth)
    name = frame.shared.fresh("y")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "array", shape))


def make_view(frame: Frame) -> None:
    """A name for a part of an array, or another name for the whole of it."""
    choose = frame.chooser
    sources = [v for v in frame.visible("array") if v.shape]
    if not sources:
        assign_array(frame)
        return
    source = choose.pick(sources)
    name = frame.shared.fresh("v")
    shape, text = view_of(frame, source)
    frame.emit(f"{name} = {text}")
    view = Variable(name, "array", shape, group=source.group)
    view.storable = source.storable
    frame.add(view)


def view_of(frame: Frame, source: Variable) -> tuple[Shape, str]:
    choose, shape = frame.chooser, source.shape
    if choose.chance(20):
        return shape, source.name
    if len(shape) == 2 and choose.chance(25):
        return shape[::-1], f"{source.name}.T"
    if len(shape) == 2 and choose.chance(45):
        axis = choose.below(2)
        part = (choose.between(1, shape[axis]),)
        return part, source.name + subscript(frame, shape, part)
    part = tuple(choose.between(1, n) for n in shape)
    return part, source.name + subscript(frame, shape, part)


def storable(frame: Frame) -> list[Variable]:
    return [
        v
        for v in frame.visible("array")
        if v.shape
        and v.storable
        and (frame.options.mutate_arguments or not _reaches_argument(frame, v))
    ]


def _reaches_argument(frame: Frame, variable: Variable) -> bool:
    return any(v.argument and v.group == variable.group for v in frame.visible("array"))


def store(frame: Frame) -> None:
    """An in-place store: an element, a slice, a whole array; plain or augmented."""
    choose = frame.chooser
    targets = storable(frame)
    if not targets:
        assign_array(frame)
        return
    v = choose.pick(targets)
    way = choose.weighted([(6, "element"), (5, "slice"), (2, "all"), (2, "exchange")])
    augmented = choose.chance(40)
    if way == "exchange":
        _exchange(frame, v)
    elif way == "element":
        target = f"{v.name}[{', '.join(index(frame, n) for n in v.shape)}]"
        text = value(frame)
        tail = _augmentation(frame, text) if augmented else f"= {text}"
        frame.emit(f"{target} {tail}")
    else:
        part, target = v.shape, f"{v.name}[...]"
        if way == "slice":
            part, target = view_of(frame, v)
        if target == v.name or ".T" in target:
            target += "[:]"
        text = operand(frame, part, 2).text
        frame.emit(f"{target} {array_tail(frame, text, augmented)}")


def array_tail(frame: Frame, text: str, augmented: bool) -> str:
    if not augmented:
        return f"= {text}"
    form = frame.chooser.weighted(
        [
            (4, "+= 0.2 * ({})"),
            (3, "-= 0.3 * ({})"),
            (3, "*= np.cos({})"),
            (2, "/= 1.5 + ({}) ** 2"),
        ]
    )
    return form.format(text)


def _exchange(frame: Frame, v: Variable) -> None:
    """Swap two elements, or two rows, of one array."""
    n = v.shape[0]
    a, b = index(frame, n), index(frame, n)
    x, y = f"{v.name}[{a}]", f"{v.name}[{b}]"
    if len(v.shape) == 2:
        frame.emit(f"{x}, {y} = {y}.copy(), {x}.copy()")
    else:
        frame.emit(f"{x}, {y} = {y}, {x}")


def augment_array(frame: Frame) -> None:
    """`y += e` and the like: in place, seen through every view."""
    choose = frame.chooser
    targets = [
        v for v in storable(frame) if not v.fixed and v.name not in frame.captured
    ]
    if not targets:
        assign_array(frame)
        return
    v = choose.pick(targets)
    frame.emit(f"{v.name} {array_tail(frame, operand(frame, v.shape, 2).text, True)}")


def swap_arrays(frame: Frame) -> None:
    """A buffer swap: two names of one shape change places, once or in a loop."""
    choose = frame.chooser
    names = [
        v for v in frame.visible("array") if frame.may_rebind(v) and v.name[0] != "v"
    ]
    pairs = [
        (a, b)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if a.shape == b.shape
    ]
    if not pairs:
        assign_array(frame)
        return
    a, b = choose.pick(pairs)
    swap = f"{a.name}, {b.name} = {b.name}, {a.name}"
    trips = choose.below(4) if choose.chance(25) else None
    if trips is None:
        frame.emit(swap)
    else:
        frame.emit(f"for {frame.shared.fresh('i')} in range({trips}):")
        frame.emit(f"    {swap}")
    if a.argument or b.argument or a.level != b.level or trips is not None:
        here = a.level == b.level == frame.level and trips is None
        a.storable = b.storable = frame.options.ambiguous_aliases or here
    if trips is None or trips % 2:
        a.group, b.group = b.group, a.group


def call_procedure(frame: Frame) -> None:
    """A call for its effect on an array, or for two results."""
    choose = frame.chooser
    pairs = [h for h in frame.shared.helpers if h.result == "pair"]
    procedures = [h for h in frame.shared.helpers if h.result in ("none", "both")]
    makers = [h for h in frame.shared.helpers if h.result == "array"]
    for helper in procedures[: 1 if choose.chance(60) else 0]:
        shape = helper.parameters[0].shape
        targets = [v for v in storable(frame) if v.shape == shape]
        if targets:
            rest = arguments(frame, helper.parameters[1:], 1)
            call = f"{helper.name}({choose.pick(targets).name}, {rest})"
            if helper.result == "both" and choose.chance(70):
                name = frame.shared.fresh("s")
                frame.emit(f"{name} = {call}")
                frame.add(Variable(name, "float"))
            else:
                frame.emit(call)
            return
    if makers and choose.chance(50):
        helper = choose.pick(makers)
        name = frame.shared.fresh("y")
        frame.emit(f"{name} = {helper.name}({arguments(frame, helper.parameters, 1)})")
        frame.add(Variable(name, "array", helper.parameters[0].shape))
    elif pairs:
        helper = choose.pick(pairs)
        first, second = frame.shared.fresh("s"), frame.shared.fresh("s")
        call = f"{helper.name}({arguments(frame, helper.parameters, 1)})"
        if frame.shared.python_scalars:
            frame.emit(f"{first}, {second} = {call}")
        else:
            frame.emit(f"{first}, {second} = {call}")
        frame.add(Variable(first, "float"))
        frame.add(Variable(second, "float"))
    else:
        assign_scalar(frame)


def element_into_scalar(frame: Frame) -> None:
    """A scalar read out of an array just before it may be overwritten."""
    sources = [v for v in frame.visible("array") if v.shape]
    if not sources:
        assign_scalar(frame)
        return
    text = python_float(frame, element(frame, frame.chooser.pick(sources))).text
    name = frame.shared.fresh("s")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "float"))
