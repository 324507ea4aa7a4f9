"""Idioms of loops: iterations to a tolerance, loops left in several ways, scans."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import scalar, threshold
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def two_exits(frame: Frame) -> None:
    """A `while` left by its condition, by a `break`, by another or a `return`."""
    most = frame.chooser.between(2, 4)
    if not frame.room(most):
        return statements.assign_scalar(frame)
    name = frame.fresh("n")
    frame.emit(f"{name} = 0")
    frame.emit(f"while {name} < {most}:")
    with frame.loop(most):
        frame.emit(f"{name} += 1")
        frame.add(Variable(name, "int", low=1, high=most, fixed=True))
        for _ in range(2):
            control.block(frame, 2)
            control.leave(frame)
        control.block(frame, 1)
    if frame.chooser.chance(30):
        frame.emit("else:")
        with frame.block():
            control.block(frame, 2)
    frame.add(Variable(name, "int", low=0, high=most, fixed=True))
    return None


def nested_exits(frame: Frame) -> None:
    """Two or three loops inside one another, each left early, the outer with `else`."""
    choose = frame.chooser
    depth = 3 if choose.chance(25) and frame.room(8) else 2
    if not frame.room(2**depth):
        return statements.assign_scalar(frame)
    _nest(frame, depth)
    return None


def _nest(frame: Frame, depth: int) -> None:
    choose = frame.chooser
    name, low = frame.fresh("i"), choose.below(2)
    text = choose.pick([f"{low}, {low + 2}", f"{low + 1}, {low - 1}, -1"])
    frame.emit(f"for {name} in range({text}):")
    with frame.loop(2):
        frame.add(Variable(name, "int", low=low, high=low + 1, fixed=True))
        if choose.chance(60):
            control.block(frame, 2)
        if choose.chance(50):
            control.leave(frame)
        if depth > 1:
            _nest(frame, depth - 1)
        else:
            control.block(frame, 2)
        if choose.chance(50):
            control.leave(frame)
        if choose.chance(40):
            control.block(frame, 1)
    if choose.chance(30):
        frame.emit("else:")
        with frame.block():
            control.block(frame, 2)


def newton(frame: Frame) -> None:
    """A square root by Newton's iteration, to a tolerance."""
    choose = frame.chooser
    if not frame.room(5):
        return statements.assign_scalar(frame)
    e = scalar(frame, 1).text
    target, start = (
        statements.bind(frame, statements.python(frame, f"1.5 + np.cos({e})")),
        "1.5",
    )
    x, rest = statements.bind(frame, start), frame.fresh("q")
    i = frame.fresh("i")
    frame.emit(f"for {i} in range(5):")
    with frame.loop(5):
        frame.emit(f"{rest} = {x} * {x} - {target}")
        frame.emit(f"{x} -= {rest} / (2.0 * {x})")
        if choose.chance(70):
            frame.emit(f"if abs({rest}) < {choose.pick(['0.1', '0.003', '1e-09'])}:")
            with frame.block():
                frame.emit(choose.pick(["break", f"{x} *= 1.5; break"]))
    return None


def bisection(frame: Frame) -> None:
    if not frame.room(4):
        return statements.assign_scalar(frame)
    low, high = statements.bind(frame, "-1.0"), statements.bind(frame, "2.0")
    goal = scalar(frame, 1).text
    middle = frame.fresh("q")
    frame.emit(f"while {high} - {low} > 0.23:")
    with frame.loop(4):
        frame.emit(f"{middle} = 0.5 * ({low} + {high})")
        if frame.chooser.chance(50):
            frame.emit(f"{middle} = {middle} + 0.01 * math.sin({goal})")
        frame.emit(f"if {middle} ** 3 < {goal}:")
        frame.emit(f"    {low} = {middle}")
        frame.emit("else:")
        frame.emit(f"    {high} = {middle}")
    return None


def rotation(frame: Frame) -> None:
    """Three or more names change places."""
    choose = frame.chooser
    old = [w.name for w in frame.visible("float") if frame.may_rebind(w)]
    if len(old) < 3:
        return statements.assign_scalar(frame)
    a, b, c = old[-3:]
    frame.emit(
        choose.pick(
            [
                f"{a}, {b}, {c} = {b}, {c}, {a}",
                f"{a}, ({b}, {c}) = {c}, ({a}, {b})",
                f"{a}, {b} = {b}, math.sin({a} + {b})",
                f"{c}, {a}, {b} = {a}, {a}, {statements.value(frame, 1)}",
            ]
        )
    )
    return None


def scan(frame: Frame) -> None:
    """`while k < len(x) and x[k] > t`: the guard keeps the index in bounds."""
    choose = frame.chooser
    sources = [w for w in frame.visible("array") if len(w.shape) == 1]
    if not sources or not frame.room(4):
        return statements.assign_scalar(frame)
    x, k = choose.pick(sources), frame.fresh("k")
    n = x.shape[0]
    frame.emit(f"{k} = 0")
    test = f"{x.name}[{k}] {choose.pick('<>')} {threshold(frame)}"
    frame.emit(f"while {k} < len({x.name}) and {test}:")
    with frame.loop(n, f"{k} += 1"):
        frame.add(Variable(k, "int", low=0, high=n - 1, fixed=True))
        statements.augment_scalar(frame)
        frame.emit(f"{k} += 1")
    frame.add(Variable(k, "int", low=0, high=n, fixed=True))
    if choose.chance(50):
        frame.emit(f"if {k} < {n} and {x.name}[{k}] < 0.7:")
        with frame.block():
            control.block(frame, 2)
    return None


def run_time_step(frame: Frame) -> None:
    """A range of which every part is known at run time only."""
    choose = frame.chooser
    names = [w.name for w in frame.visible("int") if 0 <= w.low and w.high <= 5]
    if not names or not frame.room(5):
        return statements.assign_scalar(frame)
    a, b = choose.pick(names), choose.pick(names)
    text = choose.pick(
        [f"{a}, 5, {b} + 1", f"4, {a} - 1, -1 - {b}", f"0, 5, {b} % 2 * 2 - 1"]
    )
    name = frame.fresh("i")
    frame.emit(f"for {name} in range({text}):")
    with frame.loop(5):
        frame.add(Variable(name, "int", low=0, high=5, fixed=True))
        control.block(frame, 3)
    return None
