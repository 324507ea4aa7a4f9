"""Idioms of arrays: stencils, recurrences, rows written through views, sorting."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.arrays import operand
from tests.fuzz.expressions import condition, index, index_of, integer, scalar
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def chosen_store(frame: Frame, v: Variable) -> None:
    """A conditional expression stored, plainly or added."""
    a, b = statements.value(frame, 1), statements.value(frame, 1)
    value = f"{a} if {condition(frame)} else {b}"
    form = frame.chooser.pick(["{} = {}", "{} = {}", "{} += 0.3 * ({})"])
    frame.emit(form.format(f"{v.name}[{index_of(frame, v.shape)}]", value))


def shifted_store(frame: Frame, v: Variable) -> None:
    """Source and target overlap, or are strided, or reversed."""
    x, e = v.name, operand(frame, v.shape[1:] or (1,), 1).text
    forms = [
        f"{x}[1:] = {x}[:-1]",
        f"{x}[1:] += 0.3 * {x}[:-1]",
        f"{x}[:-1] -= 0.3 * {x}[1:] * {e}",
        f"{x}[::-1] = {x}.copy()",
        f"{x}[::-1] = {x}",
        f"{x}[:] = {x}[::-1]",
        f"{x}[::2] *= np.cos({e})",
        f"{x}[-1::-2] = np.sin({e})",
        f"{x}[-2:] -= 0.3 * {e}",
        f"{x}[1::2] /= 1.5 + ({e}) ** 2",
        f"{x}[0], {x}[-1] = 1.0 * {x}[-1], 0.5 * {x}[0]",
    ]
    if v.shape[0] > 2:
        middle = f"{x}[2:] - 2.0 * {x}[1:-1] + {x}[:-2]"
        forms.append(f"{x}[1:-1] = np.sin({x}[1:-1] + 0.2 * ({middle}))")
        forms.append(f"{x}[1:-1] += 0.1 * ({middle})")
    frame.emit(frame.chooser.pick(forms))


def recurrence(frame: Frame, v: Variable) -> None:
    """Each element, or row, from the one before or behind it."""
    choose, x, n = frame.chooser, v.name, v.shape[0]
    if not frame.room(n):
        return statements.store(frame)
    i = frame.fresh("i")
    length = choose.pick([f"len({x})", f"{x}.shape[0]", str(n)])
    forward = choose.chance(60)
    bounds = f"1, {length}" if forward else f"{length} - 2, -1, -1"
    before = f"{x}[{i} {'-' if forward else '+'} 1]"
    frame.emit(f"for {i} in range({bounds}):")
    with frame.loop(n):
        low = 1 if forward else 0
        frame.add(Variable(i, "int", low=low, high=low + n - 2, fixed=True))
        if choose.chance(30):
            control.block(frame, 1)
        e = operand(frame, v.shape[1:] or (1,), 1).text
        if len(v.shape) == 1:
            e = scalar(frame, 1).text
        frame.emit(
            choose.pick(
                [
                    f"{x}[{i}] = np.sin({before} + {e})",
                    f"{x}[{i}] += 0.4 * {before} * {e}",
                    f"{x}[{i}] = 0.5 * {before} + 0.5 * {x}[{i}]",
                    f"{x}[{i}] *= np.cos({before})",
                ]
            )
        )
        if choose.chance(30):
            control.leave(frame)
    return None


def element_loops(frame: Frame, v: Variable) -> None:
    """A nest over all elements of a matrix, bounds from its shape."""
    if len(v.shape) != 2 or not frame.room(v.shape[0] * v.shape[1]):
        return recurrence(frame, v)
    choose, x, (n, m) = frame.chooser, v.name, v.shape
    i, j = frame.fresh("i"), frame.fresh("i")
    frame.emit(f"for {i} in range({x}.shape[0]):")
    with frame.loop(n):
        frame.add(Variable(i, "int", low=0, high=n - 1, fixed=True))
        first = choose.below(2)
        frame.emit(f"for {j} in range({first}, {x}.shape[1]):")
        with frame.loop(m):
            frame.add(Variable(j, "int", low=first, high=m - 1, fixed=True))
            e = scalar(frame, 1).text
            forms = [f"{x}[{i}, {j}] = np.tanh({x}[{i}, {j}] * {e})"]
            forms.append(f"{x}[{i}, {j}] -= 0.2 * {e}")
            if first:
                forms.append(f"{x}[{i}, {j}] = np.sin({x}[{i}, {j} - 1] + {e})")
                forms.append(f"{x}[{i}, {j}] += 0.3 * {x}[{i}, {j} - 1]")
            if n == m:
                forms.append(f"{x}[{i}, {j}] = np.cos({x}[{j}, {i}] - {e})")
            frame.emit(choose.pick(forms))
            if choose.chance(30):
                control.leave(frame)
        if choose.chance(30):
            control.block(frame, 1)
    return None


def row_views(frame: Frame, v: Variable) -> None:
    """`row = a[i]`, then written through."""
    if len(v.shape) != 2 or not frame.room(v.shape[0]):
        return shifted_store(frame, v)
    choose, columns = frame.chooser, frame.chooser.chance(35)
    n, m = v.shape[::-1] if columns else v.shape
    i, row = frame.fresh("i"), frame.fresh("v")
    frame.emit(f"for {i} in range({n}):")
    with frame.loop(n):
        frame.add(Variable(i, "int", low=0, high=n - 1, fixed=True))
        part = f"[:, {i}]" if columns else choose.pick([f"[{i}]", f"[{i}, :]"])
        frame.emit(f"{row} = {v.name}{part}")
        frame.add(Variable(row, "array", (m,), group=v.group, fixed=True))
        for _ in range(choose.between(1, 2)):
            e = operand(frame, (m,), 1).text
            frame.emit(
                choose.pick(
                    [
                        f"{row}[:] += 0.2 * ({e})",
                        f"{row} *= np.cos({e})",
                        f"{row} -= 0.3 * {row}[::-1]",
                        f"{row}[{index(frame, m)}] = {statements.value(frame, 1)}",
                        f"{row}[::-1] = np.sin({e})",
                        f"{row}[...] = {v.name}[0, 0]",
                    ]
                )
            )
        if choose.chance(40):
            control.block(frame, 1)
    return None


def bubble(frame: Frame, v: Variable) -> None:
    """One pass of sorting, or all."""
    n = v.shape[0]
    if len(v.shape) != 1 or not frame.room(n * n):
        return shifted_store(frame, v)
    x, i, j = v.name, frame.fresh("i"), frame.fresh("i")
    swap = f"{x}[{j}], {x}[{j} + 1] = {x}[{j} + 1], {x}[{j}]"
    frame.emit(f"for {i} in range({n} - 1):")
    with frame.loop(n):
        frame.emit(f"for {j} in range({n} - 1 - {i}):")
        with frame.loop(n):
            frame.add(Variable(j, "int", low=0, high=n - 2, fixed=True))
            frame.emit(f"if {x}[{j}] > {x}[{j} + 1]:")
            with frame.block():
                frame.emit(swap)
                if frame.chooser.chance(40):
                    control.block(frame, 1)
    return None


def part_of_run_time_length(frame: Frame, v: Variable) -> None:
    """A slice between bounds known at run time, empty at times."""
    choose, x, n = frame.chooser, v.name, v.shape[0]
    a, b = integer(frame, n + 1), integer(frame, n + 1)
    part = choose.pick([f"[{a}:{b}]", f"[:{b}]", f"[{a}:]", f"[:-{a}]", "[2:2]"])
    s = statements.value(frame, 1)
    form = choose.weighted(
        [
            (2, f"{x}{part} *= math.cos({s})"),
            (2, f"{x}{part} = {s}"),
            (1, f"{x}{part} += 0.3 * np.sin({x}{part})"),
            (3, ""),
        ]
    )
    if form:
        frame.emit(form)
        return
    name = frame.fresh("part")
    frame.emit(f"{name} = {x}{part}" + choose.pick(["", " * 1.0", ".copy()"]))
    statements.bind(
        frame, statements.python(frame, f"np.tanh(np.sum({name} * {name}))")
    )


def procedure(frame: Frame, v: Variable) -> None:
    """A local function that stores into an array of the enclosing one."""
    if not frame.may_call:
        return shifted_store(frame, v)
    choose = frame.chooser
    name, u = frame.fresh("g"), frame.fresh("u")
    frame.emit(f"def {name}({u}):")
    e = choose.pick(
        [
            f"np.sin({u})",
            f"{u} * {f'{v.name}[{index_of(frame, v.shape)}]'}",
            f"0.5 * {u}",
        ]
    )
    frame.emit(
        f"    {f'{v.name}[{index_of(frame, v.shape)}]'} {choose.pick(['=', '+='])} {e}"
    )
    if choose.chance(50):
        frame.emit(f"    return {u} * {f'{v.name}[{index_of(frame, v.shape)}]'}")
        statements.bind(
            frame, statements.python(frame, f"np.sin({name}({scalar(frame, 1).text}))")
        )
    else:
        frame.emit(f"{name}({scalar(frame, 1).text})")
    if choose.chance(50):
        statements.store(frame)
        frame.emit(f"{name}({scalar(frame, 1).text})")
    return None


def reading_closure(frame: Frame, v: Variable) -> None:
    """A function over an array that changes between its calls."""
    if not frame.may_call:
        return shifted_store(frame, v)
    name, u = frame.fresh("g"), frame.fresh("u")
    frame.emit(
        f"{name} = lambda {u}: np.sin({u} * {f'{v.name}[{index_of(frame, v.shape)}]'})"
    )
    statements.bind(frame, statements.python(frame, f"{name}({scalar(frame, 1).text})"))
    statements.store(frame)
    statements.bind(frame, statements.python(frame, f"{name}({scalar(frame, 1).text})"))
    return None


def ring(frame: Frame, v: Variable) -> None:
    """A ring buffer: the index wraps around."""
    n = v.shape[0]
    if len(v.shape) != 1 or not frame.room(5):
        return shifted_store(frame, v)
    x, i = v.name, frame.fresh("i")
    frame.emit(f"for {i} in range(5):")
    with frame.loop(5):
        frame.add(Variable(i, "int", low=0, high=4, fixed=True))
        e = scalar(frame, 1).text
        frame.emit(f"{x}[{i} % {n}] = np.cos({x}[({i} + 1) % {n}] + {e})")
        if frame.chooser.chance(40):
            control.block(frame, 1)
    return None
