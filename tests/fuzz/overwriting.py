"""Arrays that loops overwrite in part, read as a whole in between.

The compiler chooses, for each state of such an array, whether it is recorded or had
again by undoing stores; with literal lengths, which are short, a whole array is often
the cheaper to record. So these programs hold what makes it choose: states read as a
whole, elements read beside those overwritten, and stores of which nothing is read.
"""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.arrays import fresh
from tests.fuzz.expressions import condition, index
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def overwritten_in_part(frame: Frame) -> None:
    """A loop over trips that may read the arrays, change them, or both."""
    choose, n = frame.chooser, frame.shared.dims[0]
    if n == 1 or not frame.room(4):
        return statements.assign_array(frame)
    ours = [_array(frame, n) for _ in range(choose.between(1, 2))]
    total, i = frame.fresh("s"), frame.fresh("i")
    frame.emit(f"{total} = 0.1")
    trips = choose.between(2, 3)
    frame.emit(f"for {i} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(i, "int", low=0, high=trips - 1, fixed=True))
        for _ in range(choose.between(1, 3)):
            if choose.chance(50):
                frame.emit(f"if {_turn(frame, i)}:")
                with frame.block():
                    _step(frame, ours, total)
            else:
                _step(frame, ours, total)
        if choose.chance(25):
            control.block(frame, 1)
    statements.bind(frame, statements.python(frame, f"np.tanh({total})"))
    return None


def _array(frame: Frame, n: int) -> Variable:
    """A new array whose length is a literal."""
    name, value = frame.fresh("y"), statements.value(frame, 1)
    frame.emit(f"{name} = {fresh(frame, (n,)).text} * {value}")
    return frame.add(Variable(name, "array", (n,)))


def _turn(frame: Frame, i: str) -> str:
    choose = frame.chooser
    if choose.chance(30):
        return condition(frame)
    return choose.pick([f"{i} != 1", f"{i} % 2 == 0", f"{i} > 0", f"{i} < 2"])


def _step(frame: Frame, ours: list[Variable], total: str) -> None:
    """Read the arrays as a whole, then overwrite elements; either may be missing."""
    choose = frame.chooser
    a, b = (choose.pick(ours).name for _ in "ab")
    if choose.chance(70):
        read = choose.pick([f"np.sin({a}) * {b}", f"{a} * {b}", f"np.tanh({a})"])
        more = statements.python(frame, f"0.5 * {total} + np.sum({read})")
        frame.emit(f"{total} = {more}")
    if choose.chance(20):
        _overwrite(frame, ours)
        return
    k, trips = frame.fresh("k"), choose.between(1, 2)
    if not frame.room(trips):
        return
    frame.emit(f"for {k} in range({trips}):")
    with frame.loop(trips):
        frame.add(Variable(k, "int", low=0, high=trips - 1, fixed=True))
        for _ in range(choose.between(1, 3)):
            _overwrite(frame, ours)


def _overwrite(frame: Frame, ours: list[Variable]) -> None:
    """Store into an element, from itself and another one or from neither."""
    choose = frame.chooser
    a, b = choose.pick(ours), choose.pick(ours)
    n = a.shape[0]
    e, f = f"{a.name}[{index(frame, n)}]", f"{b.name}[{index(frame, n)}]"
    forms = [
        f"{e} = {e} * np.cos({f})",
        f"{e} = np.sin({e} * {f})",
        f"{e} = 0.7 * {e} + np.sin({f})",
        f"{e} *= np.cos({f})",
        f"{e} = {choose.pick(['0.3', '-0.8'])}",
        f"{e} = {statements.value(frame, 1)}",
    ]
    frame.emit(choose.pick(forms))
