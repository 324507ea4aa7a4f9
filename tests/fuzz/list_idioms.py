"""Idioms of lists: collected in loops, queues, insertions, lists of arrays."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import condition, scalar
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def numbers(frame: Frame) -> None:
    """Numbers appended in a loop, among other statements, and changed in between."""
    if not frame.room(4):
        return statements.assign_scalar(frame)
    choose, xs = frame.chooser, frame.fresh("xs")
    frame.emit(f"{xs} = [{_number(frame)}]")
    name, trips = frame.fresh("i"), choose.between(2, 4)
    frame.emit(f"for {name} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(name, "int", low=0, high=trips - 1, fixed=True))
        if choose.chance(50):
            control.block(frame, 2)
        for _ in range(choose.between(1, 2)):
            _changed(frame, xs)
        if choose.chance(40):
            frame.emit(f"if {condition(frame)}:")
            with frame.block():
                _changed(frame, xs)
        if choose.chance(30):
            control.leave(frame)
    for _ in range(choose.below(3)):
        _changed(frame, xs)
    statements.bind(frame, statements.python(frame, f"np.tanh({_read(frame, xs)})"))
    return None


def _number(frame: Frame) -> str:
    return statements.python(frame, f"np.sin({scalar(frame, 2).text})")


def _changed(frame: Frame, xs: str) -> None:
    """One change; the list keeps an element at least."""
    e = _number(frame)
    form = frame.chooser.weighted(
        [
            (8, "{0}.append({1})"),
            (2, "{0}.append({0}[-1] * {1})"),
            (2, "{0}[-1] = {1}"),
            (2, "{0}[0] += 0.3 * {1}"),
            (1, "{0}[len({0}) // 2] *= {1}"),
            (2, "{0}.insert(0, {1})"),
            (1, "{0}.insert(-1, {1})"),
            (1, "{0}.insert(len({0}) // 2, {1})"),
            (1, "{0}.reverse()"),
            (1, "{0}.extend([{1}, {0}[0]])"),
            (2, "{0}.append(0.5 * {0}.pop(0))"),
            (1, "{0}.insert(0, {0}.pop())"),
            (1, "{0} = {0}[1:] + [{1}]"),
            (1, "{0} = {0}[::-1]"),
        ]
    )
    frame.emit(form.format(xs, e))


def _read(frame: Frame, xs: str) -> str:
    """A number that the list gives."""
    forms = [
        "sum({0})", "{0}[-1] + {0}[0]", "len({0}) * {0}[len({0}) // 2]",
        "np.sum(np.array({0}) * np.cos(np.arange(len({0}))))", "np.mean({0})",
        "sum({0}[::2])",
        "np.prod(np.array({0}))", "np.hstack({0})[0]", "{0}.pop() * {0}[0]",
        "max({0})",
    ]  # fmt: skip
    text = forms[frame.chooser.below(len(forms))]
    if "pop" in text:
        frame.emit(f"{xs}.append({_number(frame)})")
    return text.format(xs)


def arrays(frame: Frame) -> None:
    """Arrays of one shape appended in a loop, and joined after it."""
    choose = frame.chooser
    like = [v for v in frame.visible("array") if v.shape and 0 not in v.shape]
    if not like or not frame.room(3):
        return statements.assign_scalar(frame)
    shape, rows = choose.pick(like).shape, frame.fresh("rows")
    frame.emit(f"{rows} = [{_row(frame, shape) if choose.chance(70) else ''}]")
    name, trips = frame.fresh("i"), choose.between(1, 3)
    frame.emit(f"for {name} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(name, "int", low=0, high=trips - 1, fixed=True))
        if choose.chance(40):
            control.block(frame, 2)
        frame.emit(f"{rows}.append({_row(frame, shape)})")
        if choose.chance(30):
            frame.emit(f"if {condition(frame)}:")
            with frame.block():
                frame.emit(f"{rows}.insert(0, {_row(frame, shape)})")
        if choose.chance(20):
            frame.emit(f"{rows}.append({rows}.pop(0))")
    joined = choose.pick(
        ["np.concatenate({0})", "np.stack({0})", "np.vstack({0})", "np.hstack({0})",
         "np.array({0})", "np.concatenate({0}, axis=-1)", "{0}[0] - {0}[-1]"]
    ).format(rows)  # fmt: skip
    weights = choose.pick(["", " * 0.5", f" * {_number(frame)}"])
    text = f"np.tanh(np.sum(np.sin({joined}{weights})))"
    statements.bind(frame, statements.python(frame, text))
    return None


def _row(frame: Frame, shape: tuple[int, ...]) -> str:
    return f"np.tanh({statements.owned(frame, shape, 1)})"


def laid_out(frame: Frame) -> None:
    """A display repeated, by a number known at run time perhaps, and changed."""
    choose, xs = frame.chooser, frame.fresh("xs")
    counts = [v.name for v in frame.visible("int") if v.low >= 1 and v.high <= 4]
    count = choose.pick([*counts, "2", "3"])
    items = ", ".join(_number(frame) for _ in range(choose.between(1, 3)))
    frame.emit(f"{xs} = [{items}] * {count}")
    for _ in range(choose.below(3)):
        _changed(frame, xs)
    statements.bind(frame, statements.python(frame, f"np.tanh({_read(frame, xs)})"))
