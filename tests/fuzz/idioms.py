"""What people write: whole idioms, with random expressions in their places.

Scans, stencils, recurrences, iterations to a tolerance, loops left in several ways,
rows written through views, closures over what changes.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import control, statements
from tests.fuzz.arrays import operand
from tests.fuzz.expressions import condition, index, integer, scalar, threshold
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def idiom(frame: Frame) -> None:
    """One idiom that fits what is visible, or a plain assignment."""
    choose = frame.chooser
    arrays = [w for w in statements.storable(frame) if w.shape[0] > 1]
    if arrays and choose.chance(60):
        choose.pick(_ON_ARRAYS)(frame, choose.pick(arrays))
    else:
        choose.pick(_OTHERS)(frame)


def _room(frame: Frame, trips: int) -> bool:
    return frame.trips * trips <= frame.options.max_trips and frame.level < 4


def _name(frame: Frame, prefix: str) -> str:
    return frame.shared.fresh(prefix)


def _bind(frame: Frame, text: str) -> str:
    """A new float variable."""
    name = _name(frame, "s")
    frame.emit(f"{name} = {text}")
    frame.add(Variable(name, "float"))
    return name


def _python(frame: Frame, text: str) -> str:
    return f"float({text})" if frame.shared.python_scalars else text


# -- loops ----------------------------------------------------------------------


def two_exits(frame: Frame) -> None:
    """A `while` left by its condition, by a `break`, by another or a `return`."""
    most = frame.chooser.between(2, 4)
    if not _room(frame, most):
        return statements.assign_scalar(frame)
    name = _name(frame, "n")
    frame.emit(f"{name} = 0")
    frame.emit(f"while {name} < {most}:")
    with frame.loop(most):
        frame.emit(f"{name} += 1")
        frame.add(Variable(name, "int", low=1, high=most, fixed=True))
        for _ in range(2):
            control.block(frame, 2)
            _leave(frame)
        control.block(frame, 1)
    if frame.chooser.chance(30):
        frame.emit("else:")
        with frame.block():
            control.block(frame, 2)
    frame.add(Variable(name, "int", low=0, high=most, fixed=True))
    return None


def _leave(frame: Frame) -> None:
    """`break`, `continue` or `return`, on a condition."""
    choose = frame.chooser
    frame.emit(f"if {condition(frame)}:")
    with frame.block():
        if choose.chance(40):
            statements.augment_scalar(frame)
        if choose.chance(30) and frame.returns:
            control.final_return(frame)
        else:
            frame.emit(choose.pick(["break", "break", "continue"]))


def nested_exits(frame: Frame) -> None:
    """Two or three loops inside one another, each left early, the outer with `else`."""
    choose = frame.chooser
    depth = 3 if choose.chance(25) and _room(frame, 8) else 2
    if not _room(frame, 2**depth):
        return statements.assign_scalar(frame)
    _nest(frame, depth)
    return None


def _nest(frame: Frame, depth: int) -> None:
    choose = frame.chooser
    name, low = _name(frame, "i"), choose.below(2)
    text = choose.pick([f"{low}, {low + 2}", f"{low + 1}, {low - 1}, -1"])
    frame.emit(f"for {name} in range({text}):")
    with frame.loop(2):
        frame.add(Variable(name, "int", low=low, high=low + 1, fixed=True))
        if choose.chance(60):
            control.block(frame, 2)
        if choose.chance(50):
            _leave(frame)
        if depth > 1:
            _nest(frame, depth - 1)
        else:
            control.block(frame, 2)
        if choose.chance(50):
            _leave(frame)
        if choose.chance(40):
            control.block(frame, 1)
    if choose.chance(30):
        frame.emit("else:")
        with frame.block():
            control.block(frame, 2)


def newton(frame: Frame) -> None:
    """A square root by Newton's iteration, to a tolerance."""
    choose = frame.chooser
    if not _room(frame, 5):
        return statements.assign_scalar(frame)
    e = scalar(frame, 1).text
    target, start = _bind(frame, _python(frame, f"1.5 + np.cos({e})")), "1.5"
    x, rest = _bind(frame, start), _name(frame, "q")
    i = _name(frame, "i")
    frame.emit(f"for {i} in range(5):")
    with frame.loop(5):
        frame.emit(f"{rest} = {x} * {x} - {target}")
        frame.emit(f"{x} -= {rest} / (2.0 * {x})")
        if choose.chance(70):
            frame.emit(f"if abs({rest}) < {choose.pick(['0.1', '0.003', '1e-09'])}:")
            with frame.block():
                frame.emit(choose.pick(["break", f"{x} *= 1.5\n{_pad(frame)}break"]))
    return None


def _pad(frame: Frame) -> str:
    return "    " * frame.indent


def bisection(frame: Frame) -> None:
    if not _room(frame, 4):
        return statements.assign_scalar(frame)
    low, high = _bind(frame, "-1.0"), _bind(frame, "2.0")
    goal = scalar(frame, 1).text
    middle = _name(frame, "q")
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
    if not sources or not _room(frame, 4):
        return statements.assign_scalar(frame)
    x, k = choose.pick(sources), _name(frame, "k")
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
    if not names or not _room(frame, 5):
        return statements.assign_scalar(frame)
    a, b = choose.pick(names), choose.pick(names)
    text = choose.pick(
        [f"{a}, 5, {b} + 1", f"4, {a} - 1, -1 - {b}", f"0, 5, {b} % 2 * 2 - 1"]
    )
    name = _name(frame, "i")
    frame.emit(f"for {name} in range({text}):")
    with frame.loop(5):
        frame.add(Variable(name, "int", low=0, high=5, fixed=True))
        control.block(frame, 3)
    return None


# -- arrays ---------------------------------------------------------------------


def _element(frame: Frame, v: Variable) -> str:
    return f"{v.name}[{', '.join(index(frame, n) for n in v.shape)}]"


def chosen_store(frame: Frame, v: Variable) -> None:
    """A conditional expression stored, plainly or added."""
    a, b = statements.value(frame, 1), statements.value(frame, 1)
    value = f"{a} if {condition(frame)} else {b}"
    form = frame.chooser.pick(["{} = {}", "{} = {}", "{} += 0.3 * ({})"])
    frame.emit(form.format(_element(frame, v), value))


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
    if not _room(frame, n):
        return statements.store(frame)
    i = _name(frame, "i")
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
            _leave(frame)
    return None


def element_loops(frame: Frame, v: Variable) -> None:
    """A nest over all elements of a matrix, bounds from its shape."""
    if len(v.shape) != 2 or not _room(frame, v.shape[0] * v.shape[1]):
        return recurrence(frame, v)
    choose, x, (n, m) = frame.chooser, v.name, v.shape
    i, j = _name(frame, "i"), _name(frame, "i")
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
                _leave(frame)
        if choose.chance(30):
            control.block(frame, 1)
    return None


def row_views(frame: Frame, v: Variable) -> None:
    """`row = a[i]`, then written through."""
    if len(v.shape) != 2 or not _room(frame, v.shape[0]):
        return shifted_store(frame, v)
    choose, columns = frame.chooser, frame.chooser.chance(35)
    n, m = v.shape[::-1] if columns else v.shape
    i, row = _name(frame, "i"), _name(frame, "v")
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
    if len(v.shape) != 1 or not _room(frame, n * n):
        return shifted_store(frame, v)
    x, i, j = v.name, _name(frame, "i"), _name(frame, "i")
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
    name = _name(frame, "part")
    frame.emit(f"{name} = {x}{part}" + choose.pick(["", " * 1.0", ".copy()"]))
    _bind(frame, _python(frame, f"np.tanh(np.sum({name} * {name}))"))


def procedure(frame: Frame, v: Variable) -> None:
    """A local function that stores into an array of the enclosing one."""
    if not frame.may_call:
        return shifted_store(frame, v)
    choose = frame.chooser
    name, u = _name(frame, "g"), _name(frame, "u")
    frame.emit(f"def {name}({u}):")
    e = choose.pick([f"np.sin({u})", f"{u} * {_element(frame, v)}", f"0.5 * {u}"])
    frame.emit(f"    {_element(frame, v)} {choose.pick(['=', '+='])} {e}")
    if choose.chance(50):
        frame.emit(f"    return {u} * {_element(frame, v)}")
        _bind(frame, _python(frame, f"np.sin({name}({scalar(frame, 1).text}))"))
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
    name, u = _name(frame, "g"), _name(frame, "u")
    frame.emit(f"{name} = lambda {u}: np.sin({u} * {_element(frame, v)})")
    _bind(frame, _python(frame, f"{name}({scalar(frame, 1).text})"))
    statements.store(frame)
    _bind(frame, _python(frame, f"{name}({scalar(frame, 1).text})"))
    return None


def ring(frame: Frame, v: Variable) -> None:
    """A ring buffer: the index wraps around."""
    n = v.shape[0]
    if len(v.shape) != 1 or not _room(frame, 5):
        return shifted_store(frame, v)
    x, i = v.name, _name(frame, "i")
    frame.emit(f"for {i} in range(5):")
    with frame.loop(5):
        frame.add(Variable(i, "int", low=0, high=4, fixed=True))
        e = scalar(frame, 1).text
        frame.emit(f"{x}[{i} % {n}] = np.cos({x}[({i} + 1) % {n}] + {e})")
        if frame.chooser.chance(40):
            control.block(frame, 1)
    return None


def zero_d(frame: Frame) -> None:
    """A 0-d array, changed in place."""
    choose, name = frame.chooser, _name(frame, "z")
    frame.emit(f"{name} = np.array({_float(statements.value(frame, 1))})")
    alias = _name(frame, "z")
    if choose.chance(40):
        frame.emit(f"{alias} = {name}")
    for _ in range(choose.between(1, 2)):
        e = statements.value(frame, 1)
        frame.emit(
            choose.pick(
                [
                    f"{name} += 0.2 * {e}",
                    f"{name}[...] = {e}",
                    f"{name} *= math.cos({e})",
                ]
            )
        )
    _bind(frame, _python(frame, f"np.tanh({name})"))


def _float(text: str) -> str:
    return f"1.0 * ({text})"


def whole_numbers(frame: Frame) -> None:
    """Integers in an array: weights, and indices to run over."""
    choose = frame.chooser
    sources = [w for w in frame.visible("array") if len(w.shape) == 1]
    if not sources:
        return statements.assign_scalar(frame)
    x, name = choose.pick(sources), _name(frame, "j")
    n = x.shape[0]
    listed = [str(choose.below(n)) for _ in range(choose.pick([n, 2]))]
    frame.emit(f"{name} = np.array([{', '.join(listed)}])")
    if choose.chance(50) and _room(frame, len(listed)):
        i = _name(frame, "i")
        frame.emit(f"for {i} in {name}:")
        with frame.loop(len(listed)):
            frame.add(Variable(i, "int", low=0, high=n - 1, fixed=True))
            statements.augment_scalar(frame)
            control.block(frame, 2)
    elif len(listed) == n:
        _bind(frame, _python(frame, f"np.tanh(np.sum({x.name} * {name}))"))
    else:
        k = choose.below(2)
        _bind(frame, _python(frame, f"0.3 * {x.name}[{name}[{k}]] * {name}[{1 - k}]"))
    return None


_ON_ARRAYS: tuple[Callable[[Frame, Variable], None], ...] = (
    chosen_store,
    shifted_store,
    shifted_store,
    recurrence,
    recurrence,
    element_loops,
    row_views,
    bubble,
    part_of_run_time_length,
    procedure,
    reading_closure,
    ring,
)
_OTHERS: tuple[Callable[[Frame], None], ...] = (
    two_exits,
    two_exits,
    nested_exits,
    nested_exits,
    newton,
    bisection,
    rotation,
    scan,
    run_time_step,
    zero_d,
    whole_numbers,
)
