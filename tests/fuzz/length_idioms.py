"""Idioms of arrays whose lengths change from trip to trip, and of names that take over
one another's values: what holds at the end of one trip need not hold at the next."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import scalar, threshold
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def kept_and_grown(frame: Frame) -> None:
    """One array grows, another stays as it was at an earlier trip; both are read before
    they are assigned, from the second trip on."""
    choose = frame.chooser
    source = _source(frame)
    if source is None or not frame.room(3):
        return statements.assign_scalar(frame)
    total, kept, grown = (frame.fresh(prefix) for prefix in "qgg")
    i, trips = frame.fresh("i"), choose.between(2, 3)
    frame.emit(f"{total} = {choose.pick(['0.1', '-0.3'])} * np.sum({source})")
    if choose.chance(25):
        frame.emit(f"{kept} = {grown} = {source}[:1] * 0.5")
    frame.emit(f"for {i} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(i, "int", low=0, high=trips - 1, fixed=True))
        frame.emit(f"if {i} > 0:")
        with frame.block():
            for _ in range(choose.between(1, 2)):
                frame.emit(f"{total} = {total} + {_both(frame, kept, grown)}")
        part = choose.pick([f"[:{i} + 1]", f"[: {i} % 2 + 1]", f"[-1 - {i} :]", "[:1]"])
        frame.emit(
            f"{grown} = np.{choose.pick(['sin', 'tanh', 'cos'])}({source}{part})"
        )
        _keep(frame, kept, grown, i)
        if choose.chance(50):
            control.block(frame, 2)
        if choose.chance(20):
            control.leave(frame)
    statements.bind(frame, statements.python(frame, total))
    return None


def _source(frame: Frame) -> str | None:
    vectors = [
        w for w in frame.visible("array") if len(w.shape) == 1 and w.shape[0] > 1
    ]
    return frame.chooser.pick(vectors).name if vectors else None


def _both(frame: Frame, kept: str, grown: str) -> str:
    """A number of an array with one element, or of as many as another has."""
    choose = frame.chooser
    a, b = (kept, grown) if choose.chance(50) else (grown, kept)
    form = choose.weighted(
        [
            (5, "0.4 * np.sum({a} * {b})"),
            (2, "0.3 * np.sum(np.maximum({a}, {b}) * {a})"),
            (2, "0.3 * np.mean({a} / (1.5 + {b} * {b}))"),
            (2, "0.2 * np.sum(np.where({a} > {t}, {a}, {b}))"),
            (1, "0.2 * np.sum(np.outer({a}, {b}) ** 2)"),
            (1, "0.2 * float({a}[0] * {b}[-1])"),
            (1, "0.3 * np.sum({a}) * np.sum(np.sin({a} + {b}))"),
        ]
    )
    return form.format(a=a, b=b, t=threshold(frame))


def _keep(frame: Frame, kept: str, grown: str, i: str) -> None:
    """Keep what is there at the first trip, and perhaps a part of it later."""
    choose = frame.chooser
    frame.emit(f"if {i} == 0:")
    with frame.block():
        frame.emit(f"{kept} = {grown} * {scalar(frame, 1).text}")
        if choose.chance(30):
            frame.emit(f"{kept} = {kept}[:1]")
    if choose.chance(30):
        frame.emit(f"elif {choose.pick([f'{i} > 1', f'{i} == 1'])}:")
        with frame.block():
            form = choose.pick(["{b}[:1] + {s}", "{a} * {s}", "{a}[::-1]", "{b}[-1:]"])
            s = scalar(frame, 1).text
            frame.emit(f"{kept} = {form.format(a=kept, b=grown, s=s)}")


def handed_on(frame: Frame) -> None:
    """Names hand their values on from trip to trip; the first has none before them."""
    choose = frame.chooser
    source = _source(frame)
    if source is None or not frame.room(4):
        return statements.assign_scalar(frame)
    last, middle, first = (frame.fresh("g") for _ in range(3))
    total, i, trips = frame.fresh("q"), frame.fresh("i"), choose.between(2, 4)
    starts = [source, f"{source}[::-1]", f"{source} * 0.7", f"np.sin({source})"]
    frame.emit(f"{total} = 0.1 * np.sum({source})")
    frame.emit(f"{middle} = {choose.pick(starts)}")
    frame.emit(f"{first} = {choose.pick(starts)}")
    frame.emit(f"for {i} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(i, "int", low=0, high=trips - 1, fixed=True))
        frame.emit(f"if {i} > 0:")
        with frame.block():
            frame.emit(f"{total} = {total} + {_both(frame, last, middle)} * ({i} + 1)")
        frame.emit(f"{last} = {middle}")
        frame.emit(f"{middle} = {first}")
        if choose.chance(70):
            frame.emit(f"{first} = {choose.pick([*starts, f'{last} * {middle}'])}")
        if choose.chance(40):  # behind what a `continue` would leave unassigned
            control.block(frame, 1)
    statements.bind(frame, statements.python(frame, f"np.tanh({total})"))
    return None
