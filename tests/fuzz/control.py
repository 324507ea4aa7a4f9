"""Random control flow: branches, loops of every kind, exits, early returns."""

from __future__ import annotations

from tests.fuzz import raising, statements
from tests.fuzz.arrays import any_shape
from tests.fuzz.expressions import condition, python_float, scalar
from tests.fuzz.frame import Frame, Loop
from tests.fuzz.program import Variable


def block(frame: Frame, most: int) -> None:
    """Between one and `most` statements, within the function's budget."""
    for _ in range(frame.chooser.between(1, max(most, 1))):
        if frame.budget <= 0:
            return
        frame.budget -= 1
        statement(frame)


def statement(frame: Frame) -> None:
    o, nested = frame.options, frame.level < 4
    small = nested and frame.trips < o.max_trips
    arrays = 1 if o.arrays else 0
    frame.chooser.weighted(
        [
            (10, statements.assign_scalar),
            (o.augmented, statements.augment_scalar),
            (o.integers, statements.assign_integer),
            (o.booleans, statements.assign_boolean),
            (8 * arrays, statements.assign_array),
            (o.augmented * arrays // 2, statements.augment_array),
            (o.stores * arrays, statements.store),
            (2 * arrays, statements.element_into_scalar),
            (o.views * arrays, statements.make_view),
            (o.swaps * arrays, statements.swap_arrays),
            (o.branches if nested else 0, branch),
            (2 if nested else 0, branch_that_defines),
            (o.for_range if small else 0, for_range),
            (o.for_array * arrays if small else 0, for_array),
            (o.while_loops if small else 0, while_loop),
            (o.loop_exits if frame.loops and nested else 0, loop_exit),
            (_returns(frame) if nested else 0, early_return),
            (o.closures if frame.may_call and nested else 0, closure),
            (3 if frame.shared.helpers and frame.may_call else 0, procedure),
            (o.asserts, statements.assert_something),
            (o.idioms if nested else 0, _idiom),
            (8 if frame.shared.raising else 0, raising.risk),
            (o.containers if nested else 0, _container),
        ]
    )(frame)


def _idiom(frame: Frame) -> None:
    from tests.fuzz.idioms import idiom

    idiom(frame)


def _container(frame: Frame) -> None:
    from tests.fuzz.container_idioms import container

    container(frame)


def procedure(frame: Frame) -> None:
    statements.call_procedure(frame)


def branch(frame: Frame) -> None:
    choose = frame.chooser
    frame.emit(f"if {condition(frame)}:")
    with frame.block():
        block(frame, 3)
    if choose.chance(25):
        frame.emit(f"elif {condition(frame)}:")
        with frame.block():
            block(frame, 2)
    if choose.chance(45):
        frame.emit("else:")
        with frame.block():
            block(frame, 3)


def branch_that_defines(frame: Frame) -> None:
    """Both ways bind the same new name, which lives on afterwards."""
    choose = frame.chooser
    of_arrays = frame.options.arrays and choose.chance(40)
    name = frame.shared.fresh("y" if of_arrays else "s")
    shape = any_shape(frame) if of_arrays else ()
    for head in (f"if {condition(frame)}:", "else:"):
        frame.emit(head)
        with frame.block():
            if choose.chance(30):
                block(frame, 1)
            if of_arrays:
                text = statements.owned(frame, shape, 2)
            else:
                text = statements.value(frame, 2)
            frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "array" if of_arrays else "float", shape))


# -- loops ----------------------------------------------------------------------


def for_range(frame: Frame) -> None:
    choose = frame.chooser
    text, low, high, trips = _range(frame)
    name = frame.shared.fresh("i")
    frame.emit(f"for {name} in range({text}):")
    with frame.loop(trips) as opened:
        rebindable = low >= 0 and choose.chance(15)
        counter = Variable(name, "int", low=low, high=high, fixed=not rebindable)
        frame.add(counter)
        if rebindable:
            counter.low = 0
        block(frame, 4)
    _loop_else(frame, opened)
    certain = text in _CERTAIN
    if certain and choose.chance(30):
        frame.add(Variable(name, "int", low=min(low, 0), high=high, fixed=True))


_CERTAIN = ("3", "2", "1, 4", "4", "4, 0, -1", "0, 5, 2", "5", "5, -1, -2", "1")


def _range(frame: Frame) -> tuple[str, int, int, int]:
    """(text, lowest, highest, most trips) of a range."""
    choose = frame.chooser
    names = [v for v in frame.visible("int") if 0 <= v.low and v.high <= 5]
    if names and choose.chance(45):
        v = choose.pick(names)
        forms = [
            (v.name, 0, max(v.high - 1, 0), v.high),
            (f"1, {v.name} + 1", 1, max(v.high, 1), v.high),
            (f"{v.name}, -1, -1", 0, v.high, v.high + 1),
            (f"{v.name}, 4", v.low, max(3, v.low), 4),
            (f"0, {v.name} + 2, 2", 0, v.high + 1, (v.high + 3) // 2),
        ]
        return choose.pick(forms)
    fixed = [
        ("3", 0, 2, 3),
        ("2", 0, 1, 2),
        ("1, 4", 1, 3, 3),
        ("4", 0, 3, 4),
        ("4, 0, -1", 1, 4, 4),
        ("0, 5, 2", 0, 4, 3),
        ("5, -1, -2", 1, 5, 3),
        ("5", 0, 4, 5),
        ("1", 0, 0, 1),
        ("0", 0, 0, 0),
    ]
    return choose.pick(fixed)


def for_array(frame: Frame) -> None:
    """A loop over the elements of a vector, or the rows of a matrix."""
    choose = frame.chooser
    sources = [v for v in frame.visible("array") if v.shape]
    if not sources:
        for_range(frame)
        return
    v = choose.pick(sources)
    was, v.storable = v.storable, False  # iterating while storing: see `for_range`
    others = [w for w in frame.visible("array") if w.group == v.group]
    saved = [(w, w.storable, w.fixed) for w in others]
    for w in others:
        w.storable, w.fixed = False, True
    if len(v.shape) == 1 and choose.chance(85):
        name = frame.shared.fresh("e")
        frame.emit(f"for {name} in {v.name}:")
        item = Variable(name, "float", fixed=True)
    else:
        name = frame.shared.fresh("r")
        frame.emit(f"for {name} in {v.name}:")
        shape = v.shape[1:]
        item = Variable(name, "array", shape, group=v.group, fixed=True)
        item.storable = False
        if not shape:
            item = Variable(name, "float", fixed=True)
    with frame.loop(v.shape[0]) as opened:
        frame.add(item)
        block(frame, 4)
    for w, could_store, fixed in saved:
        w.storable, w.fixed = could_store, fixed
    v.storable = was
    _loop_else(frame, opened)


def while_loop(frame: Frame) -> None:
    choose = frame.chooser
    most = choose.between(1, 4)
    name = frame.shared.fresh("n")
    first = choose.chance(50)  # the counter moves first, or last
    frame.emit(f"{name} = 0")
    test = f"{name} < {most}"
    if choose.chance(35):
        test += f" and {scalar(frame, 1).text} {choose.pick(['<', '>'])} 0.577"
    elif choose.chance(10):
        test = "True"
    frame.emit(f"while {test}:")
    step = f"{name} += 1"
    low, high = (1, most) if first else (0, most - 1)
    with frame.loop(most, None if first else step) as opened:
        if test == "True":
            frame.emit(f"if {name} >= {most}:")
            frame.emit("    break")
        if first:
            frame.emit(step)
        frame.add(Variable(name, "int", low=low, high=max(high, 0), fixed=True))
        block(frame, 4)
        if not first:
            frame.emit(step)
    _loop_else(frame, opened)
    frame.add(Variable(name, "int", low=0, high=most, fixed=True))


def _loop_else(frame: Frame, opened: Loop) -> None:
    if opened.breaks and frame.chooser.chance(frame.options.loop_else):
        frame.emit("else:")
        with frame.block():
            block(frame, 2)


def loop_exit(frame: Frame) -> None:
    """A conditional `break` or `continue`, with or without work before it."""
    choose = frame.chooser
    opened = frame.loops[-1]
    frame.emit(f"if {condition(frame)}:")
    with frame.block():
        if choose.chance(40):
            block(frame, 2)
        if choose.chance(60):
            opened.breaks += 1
            frame.emit("break")
        else:
            if opened.before_continue:
                frame.emit(opened.before_continue)
            frame.emit("continue")


def leave(frame: Frame) -> None:
    """`break`, `continue` or `return`, on a condition."""
    choose = frame.chooser
    frame.emit(f"if {condition(frame)}:")
    with frame.block():
        if choose.chance(40):
            statements.augment_scalar(frame)
        if choose.chance(30) and frame.returns:
            final_return(frame)
        else:
            frame.emit(choose.pick(["break", "break", "continue"]))


def _returns(frame: Frame) -> int:
    """The weight of an early return, greater in nested loops."""
    weight = frame.options.early_returns if frame.returns else 0
    return weight * min(1 + len(frame.loops), 3)


def early_return(frame: Frame) -> None:
    frame.emit(f"if {condition(frame)}:")
    with frame.block():
        if frame.chooser.chance(30):
            block(frame, 1)
        final_return(frame)


# -- functions ------------------------------------------------------------------


WHOLE = ("float", "whole array", "tuple")


def final_return(frame: Frame) -> None:
    """`return`, of a value in which everything visible takes part."""
    if frame.returns == "float":
        frame.emit(f"return {summary(frame)}")
    elif frame.returns == "pair":
        frame.emit(f"return {summary(frame)}, {statements.value(frame, 2)}")
    elif frame.returns == "array":
        shape = frame.blocks[0][0].shape
        frame.emit(f"return {statements.owned(frame, shape, 2)}")
    elif frame.returns == "whole array":
        frame.emit(f"return {_whole_array(frame)}")
    elif frame.returns == "tuple":
        frame.emit(f"return {summary(frame)}, {_whole_array(frame)}")


def _whole_array(frame: Frame) -> str:
    """A result in which everything visible takes part, or an array as it is."""
    shape = frame.shape_of_result
    names = frame.visible("array", shape)
    if names and frame.chooser.chance(25):
        return frame.chooser.pick(names).name
    weight = summary(frame) if frame.returns == "whole array" else "0.7"
    return f"({statements.owned(frame, shape, 2)}) * ({weight})"


def summary(frame: Frame) -> str:
    """A float made of all visible floats and arrays, each with its own weight."""
    terms, scale = [], 0
    for v in frame.visible("float") + frame.visible("array"):
        scale += 1
        weight = f"{0.3 + 0.17 * (scale % 7):.2f}"
        if v.kind == "float":
            terms.append(f"{weight} * {v.name}")
        elif scale % 3 and v.shape:
            terms.append(f"{weight} * np.sum({v.name} * {v.name})")
        else:
            terms.append(f"{weight} * np.sum(np.sin({v.name}))")
    chosen = terms if frame.blocks[0] and frame.returns in WHOLE else terms[:4]
    total = " + ".join(chosen) or "0.5"
    if frame.may_call is False or len(frame.shared.helpers) == 0:
        total = f"{total} + {statements.value(frame, 1)}"
    text = total if frame.captured is None else f"({total})"
    return f"float({text})" if frame.shared.python_scalars else f"1.0 * {text}"


def inside(frame: Frame, parameter: Variable) -> Frame:
    """The frame of a function of `parameter` that sees the names now visible."""
    inner = Frame(frame.shared, frame.indent + 1)
    inner.dtype_of, inner.may_call = frame.dtype_of, False
    seen = [v for b in frame.blocks for v in b if v.kind in ("float", "int", "array")]
    inner.blocks = [list(seen), []]
    inner.add(parameter)
    inner.captured = {v.name for v in seen if v.name.isidentifier()}
    return inner


def closure(frame: Frame) -> None:
    """A local function or lambda over the names now visible (bound late)."""
    choose = frame.chooser
    name, parameter = frame.fresh("f"), frame.fresh("u")
    inner = inside(frame, Variable(parameter, "float", fixed=True))
    if choose.chance(40):
        body = python_float(inner, scalar(inner, 2)).text
        frame.emit(f"{name} = lambda {parameter}: np.sin({body}) * {parameter}")
    else:
        frame.emit(f"def {name}({parameter}):")
        inner.budget, inner.returns = 2, None
        if choose.chance(50):
            statements.assign_scalar(inner)
        inner.emit(f"return np.tanh({statements.value(inner, 2)} + 0.3 * {parameter})")
        frame.lines += inner.lines
    frame.add(Variable(name, "function", fixed=True))


__all__ = ["block", "final_return", "statement", "summary"]
