"""Idioms of stores: by index arrays and masks, through chains of views, of rank 3."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.arrays import array, operand
from tests.fuzz.expressions import index, scalar, threshold
from tests.fuzz.frame import Frame, Shape
from tests.fuzz.program import Variable


def fancy_store(frame: Frame, v: Variable) -> None:
    """To rows or elements that integers choose, at times one of them twice."""
    choose, x, n = frame.chooser, v.name, v.shape[0]
    chosen = _indices(frame, n, choose.between(1, 3))
    count, rest = chosen.count(",") + 1, v.shape[1:]
    at = _named(frame, chosen, n)
    e = operand(frame, (count, *rest), 1).text
    forms = [
        f"{x}[{at}] = {e}",
        f"{x}[{at}] += 0.2 * ({e})",
        f"{x}[{at}] *= np.cos({e})",
        f"{x}[{at}] = 0.5 * {x}[{at}] + {scalar(frame, 0).text}",
        f"{x}[{at}] -= 0.3 * {x}[{at}][::-1]",
        f"np.add.at({x}, {at}, 0.2 * ({e}))",
    ]
    if rest:
        m = rest[0]
        columns = _indices(frame, m, count)
        one = operand(frame, (count,), 1).text
        forms += [
            f"{x}[{at}, {columns}] = {one}",
            f"{x}[{at}, {columns}] -= 0.2 * ({one})",
            f"{x}[{at}, {index(frame, m)}] *= np.cos({one})",
            f"{x}[:, {columns}] = np.sin({x}[:, {columns}])",
            f"{x}[{at}, 1:] += {scalar(frame, 0).text}",
        ]
    frame.emit(choose.pick(forms))


def _indices(frame: Frame, n: int, count: int) -> str:
    return f"[{', '.join(index(frame, n) for _ in range(count))}]"


def _named(frame: Frame, chosen: str, n: int) -> str:
    """The list itself, an array, or a name for it."""
    choose = frame.chooser
    given = [v for v in frame.visible("ints") if v.high < n]
    given = [v for v in given if v.shape[0] == chosen.count(",") + 1]
    if given and choose.chance(60):
        return choose.pick(given).name
    if choose.chance(35):
        return chosen
    if choose.chance(40):
        return f"np.array({chosen})"
    name = frame.fresh("j")
    frame.emit(f"{name} = np.array({chosen})")
    return name


def mask_store(frame: Frame, v: Variable) -> None:
    """Where a condition holds; the mask is named, negated, combined, used again."""
    choose, x = frame.chooser, v.name
    mask = test = f"{x} {choose.pick('<>')} {threshold(frame)}"
    other = array(frame, v.shape, 1).text
    if choose.chance(30):
        mask = test = f"{other} {choose.pick('<>')} {threshold(frame)}"
    if choose.chance(25):
        word = choose.pick("&|")
        mask = test = f"({test}) {word} ({x} < {threshold(frame)})"
    if choose.chance(60):
        mask = frame.fresh("m")
        frame.emit(f"{mask} = {test}")
        if choose.chance(30):
            frame.emit(f"{mask} = ~{mask}")
    s = scalar(frame, 1).text
    same = f"({other})[{mask}]"
    for _ in range(choose.between(1, 2)):
        frame.emit(
            choose.pick(
                [
                    f"{x}[{mask}] = {s}",
                    f"{x}[{mask}] *= 0.5",
                    f"{x}[{mask}] += 0.2 * ({s})",
                    f"{x}[{mask}] = np.sin({x}[{mask}])",
                    f"{x}[{mask}] = {same}",
                    f"{x}[{mask}] -= 0.3 * {same}",
                    f"{x}[~({mask})] = {s}",
                ]
            )
        )
    if choose.chance(40):
        part = choose.pick([f"{x}[{mask}]", same])
        e = choose.pick([f"np.sum(np.sin({part}))", f"0.2 * np.sum({mask})"])
        statements.bind(frame, statements.python(frame, f"np.tanh({e})"))


def view_chain(frame: Frame, v: Variable) -> None:
    """Views of views, of which some are stored to and others read afterwards."""
    choose, chain = frame.chooser, [v]
    for _ in range(choose.between(1, 3)):
        source = choose.pick(chain[-2:])
        shape, text = _view(frame, source)
        name = frame.fresh("v")
        frame.emit(f"{name} = {text}")
        chain.append(frame.add(Variable(name, "array", shape, group=v.group)))
    for _ in range(choose.between(1, 3)):
        if choose.chance(30):
            control.block(frame, 1)
        _store(frame, choose.pick(chain))
    for w in chain[1:]:
        if choose.chance(50):
            e = choose.pick([f"np.sum({w.name} * {w.name})", f"np.mean({w.name})"])
            statements.bind(frame, statements.python(frame, f"np.tanh({e})"))


def _view(frame: Frame, source: Variable) -> tuple[Shape, str]:
    choose, x, shape = frame.chooser, source.name, source.shape
    if len(shape) == 2 and choose.chance(30):
        return shape[::-1], choose.pick([f"{x}.T", f"np.transpose({x})"])
    if len(shape) == 1 and choose.chance(15):
        return (shape[0], 1), choose.pick([f"{x}[:, None]", f"{x}[:, np.newaxis]"])
    if len(shape) == 1 and choose.chance(10):
        return (1, shape[0]), f"{x}[None]"
    if choose.chance(15):
        return shape, choose.pick([f"{x}[...]", f"{x}[:]", f"{x}[::-1]", x])
    return statements.view_of(frame, source)


def _store(frame: Frame, w: Variable) -> None:
    """A store of any kind through the name."""
    choose, x = frame.chooser, w.name
    e = operand(frame, w.shape, 1).text
    at = ", ".join(index(frame, n) for n in w.shape)
    forms = [
        f"{x}[{at}] = {statements.value(frame, 1)}",
        f"{x}[{at}] += 0.3 * {statements.value(frame, 1)}",
        f"{x}[{at}] *= {x}[{at}]",
        f"{x}[:] = np.sin({e})",
        f"{x}[::2] -= 0.3 * np.sum({e})",
        f"{x}[...] = np.cos({x})",
    ]
    if w.name not in frame.captured:  # assigned here, it would be a local name
        forms += [f"{x} *= np.cos({e})", f"{x} += 0.2 * {x}"]
    frame.emit(choose.pick(forms))


def transposed_store(frame: Frame, v: Variable) -> None:
    """Rows of the transpose are columns."""
    if len(v.shape) != 2:
        return mask_store(frame, v)
    choose, name = frame.chooser, frame.fresh("v")
    frame.emit(f"{name} = {choose.pick(['{}.T', 'np.transpose({})']).format(v.name)}")
    w = frame.add(Variable(name, "array", v.shape[::-1], group=v.group))
    row = operand(frame, (w.shape[1],), 1).text
    k, j = index(frame, w.shape[0]), index(frame, w.shape[1])
    frame.emit(
        choose.pick(
            [
                f"{name}[{k}] = {row}",
                f"{name}[{k}] += 0.2 * ({row})",
                f"{name}[:, {j}] *= 0.7",
                f"{name}[{k}, {j}] = {statements.value(frame, 1)}",
                f"{name}[{k}, ::-1] = np.sin({row})",
            ]
        )
    )
    if choose.chance(60):
        _store(frame, choose.pick([v, w]))
    return None


def of_rank_three(frame: Frame, v: Variable) -> None:
    """Matrices stacked, stored to along every axis, summed along one."""
    if len(v.shape) != 2:
        return view_chain(frame, v)
    choose, d, (n, m) = frame.chooser, frame.fresh("d"), v.shape
    other = array(frame, v.shape, 1).text
    parts = f"{v.name}, {other}"
    frame.emit(f"{d} = np.stack(({parts}))")
    row, s = operand(frame, (m,), 1).text, statements.value(frame, 1)
    i, j = index(frame, n), index(frame, m)
    forms = [
        f"{d}[1] = {v.name} * {s}",
        f"{d}[:, {i}] += 0.2 * ({row})",
        f"{d}[0, :, {j}] = {s}",
        f"{d}[..., {j}] *= 0.6",
        f"{d}[1, {i}, {j}] -= {s}",
        f"{d}[::-1, 1:] = np.sin({d}[:, 1:])",
        f"{d}[1][{i}] *= np.cos({row})",
        f"{d}[{d} > {threshold(frame)}] *= 0.5",
        f"{d}[:, {i}, None] *= 0.8",
    ]
    for _ in range(choose.between(1, 3)):
        frame.emit(choose.pick(forms))
    if choose.chance(30) and frame.room(2):
        plane = frame.fresh("r")
        frame.emit(f"for {plane} in {d}:")
        with frame.loop(2):
            frame.add(Variable(plane, "array", v.shape, fixed=True))
            frame.emit(f"{plane}[{i}] += 0.1 * ({row})")
            control.block(frame, 1)
    name = frame.fresh("y")
    result = choose.pick(
        [
            f"np.sum({d}, axis=0)",
            f"{d}.mean(axis=0)",
            f"{d}[1] * {d}[0]",
            f"np.prod(np.cos({d}), axis=0)",
            f"{d}.transpose(1, 2, 0)[..., 1]",
            f"np.transpose({d}, (2, 0, 1))[:, 0].T",
        ]
    )
    frame.emit(f"{name} = np.tanh({result})")
    frame.add(Variable(name, "array", v.shape))
    return None
