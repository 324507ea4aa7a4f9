"""Idioms of numbers and arrays of several kinds, and of names that change theirs."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.arrays import surely_float
from tests.fuzz.expressions import index_of, integer, scalar
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def zero_d(frame: Frame) -> None:
    """A 0-d array, changed in place."""
    choose, name = frame.chooser, frame.fresh("z")
    frame.emit(f"{name} = np.array({surely_float(statements.value(frame, 1))})")
    alias = frame.fresh("z")
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
    statements.bind(frame, statements.python(frame, f"np.tanh({name})"))


def whole_numbers(frame: Frame) -> None:
    """Integers in an array: weights, and indices to run over."""
    choose = frame.chooser
    sources = [w for w in frame.visible("array") if len(w.shape) == 1]
    if not sources:
        return statements.assign_scalar(frame)
    x = choose.pick(sources)
    n = x.shape[0]
    given = [v for v in frame.visible("ints") if v.high < n]
    if given:
        name, count = given[0].name, given[0].shape[0]
    else:
        name, count = frame.fresh("j"), choose.pick([n, 2])
        listed = [str(choose.below(n)) for _ in range(count)]
        frame.emit(f"{name} = np.array([{', '.join(listed)}])")
    if choose.chance(50) and frame.room(count):
        i = frame.fresh("i")
        frame.emit(f"for {i} in {name}:")
        with frame.loop(count):
            frame.add(Variable(i, "int", low=0, high=n - 1, fixed=True))
            statements.augment_scalar(frame)
            control.block(frame, 2)
    elif count == n:
        statements.bind(
            frame, statements.python(frame, f"np.tanh(np.sum({x.name} * {name}))")
        )
    else:
        k = choose.below(2)
        statements.bind(
            frame,
            statements.python(frame, f"0.3 * {x.name}[{name}[{k}]] * {name}[{1 - k}]"),
        )
    return None


def changing(frame: Frame) -> None:
    """A name that is an int, then a float, then an array, of one rank or another."""
    choose, w = frame.chooser, frame.fresh("w")
    sources = [v for v in frame.visible("array") if v.shape and v.shape[0] > 1]
    frame.emit(f"{w} = {choose.pick([integer(frame, 4), '0', '1', '2'])}")
    if choose.chance(40):
        frame.emit(f"{w} += 1")
    if choose.chance(70):
        frame.emit(f"{w} = {choose.pick([f'{w} * 0.5', f'{w} / 2', f'1.0 - {w}'])}")
        _between(frame)
        frame.emit(f"{w} = {w} + {statements.value(frame, 1)}")
    if sources and choose.chance(70):
        x = choose.pick(sources)
        frame.emit(f"{w} = {x.name} * (1.0 + {w})")
        if choose.chance(50):
            frame.emit(f"{w}[{index_of(frame, x.shape)}] = 0.4")
        _between(frame)
        if len(x.shape) == 1:
            forms = [f"{w}[:, None] * {x.name}", f"{w}[None, :] - {w}[:, None]"]
        else:
            forms = [f"{w}.T", f"{w}.ravel()", f"{w}[0]", f"{w} @ {x.name}.T"]
        frame.emit(f"{w} = {choose.pick([*forms, f'np.cos({w})'])}")
        _between(frame)
        reduced = [f"np.sum({w}, axis=0)", f"{w}[-1]", f"np.mean({w}, axis=-1)"]
        frame.emit(f"{w} = {choose.pick(reduced)}")
        frame.emit(f"{w} = np.sum({w})")
    statements.bind(frame, statements.python(frame, f"np.tanh({w})"))


def _between(frame: Frame) -> None:
    if frame.chooser.chance(40):
        control.block(frame, 1)


def accumulated(frame: Frame) -> None:
    """A sum that starts as an int, or as NumPy's zero, and ends as a float."""
    choose, trips = frame.chooser, frame.chooser.between(1, 4)
    if not frame.room(trips):
        return statements.assign_scalar(frame)
    total, i = frame.fresh("w"), frame.fresh("i")
    frame.emit(f"{total} = {choose.pick(['0', '1', '0.0', 'np.float64(0.5)'])}")
    ints = [v.name for v in frame.visible("int") if 0 <= v.low and v.high <= 4]
    bound = choose.pick([*ints, str(trips), str(trips)])
    frame.emit(f"for {i} in range({bound}):")
    with frame.loop(4):
        frame.add(Variable(i, "int", low=0, high=3, fixed=True))
        e = scalar(frame, 2).text
        forms = [
            f"{total} += {e}",
            f"{total} = {total} * 0.5 + {e}",
            f"{total} -= {i} * {e}",
            f"{total} = {e} if {total} < {e} + 0.137 else {total} * 0.7",
        ]
        frame.emit(choose.pick(forms))
        if choose.chance(40):
            control.block(frame, 1)
    statements.bind(frame, statements.python(frame, f"np.tanh({total})"))
    return None


def arrays_of_integers(frame: Frame) -> None:
    """Counts and flags in arrays, which become floats in the end."""
    choose, w = frame.chooser, frame.fresh("w")
    sources = [v for v in frame.visible("array") if v.shape]
    if not sources:
        return statements.assign_scalar(frame)
    x = choose.pick(sources)
    n, at = x.shape[0], index_of(frame, x.shape)
    if choose.chance(50):
        frame.emit(f"{w} = {x.name} > {choose.pick(['0.137', '-0.271'])}")
        frame.emit(choose.pick([f"{w}[{at}] = True", f"{w} = ~{w}", f"{w} = 1 * {w}"]))
        frame.emit(f"{w} = {w} * {x.name}")
    else:
        start = choose.pick(
            ["np.arange({})", "np.zeros({}, dtype=int)", "np.full({}, 2)"]
        )
        frame.emit(f"{w} = {start.format(n)}")
        k = index_of(frame, (n,))
        forms = [
            f"{w}[{k}] += 1",
            f"{w}[{k}] = {integer(frame, 3)}",
            f"{w}[1:] += {w}[:-1]",
        ]
        frame.emit(choose.pick(forms))
        if choose.chance(50):
            statements.bind(frame, f"{w}[{k}] * {statements.value(frame, 1)}")
        column = "" if len(x.shape) == 1 else "[:, None]"
        scaled = choose.pick([f"{w}{column} * {x.name}", f"{w}{column} / 3 - {x.name}"])
        frame.emit(f"{w} = {scaled}")
    statements.bind(frame, statements.python(frame, f"np.tanh(np.sum({w}))"))
    return None


def empties(frame: Frame) -> None:
    """Arrays without elements: sums of nothing, loops over nothing."""
    choose = frame.chooser
    given = frame.visible("empty")
    m = choose.pick(frame.shared.dims)
    if given and choose.chance(70):
        v = choose.pick(given)
        name, shape = v.name, v.shape
    else:
        name, shape = frame.fresh("o"), choose.pick([(0,), (0, m), (m, 0)])
        frame.emit(f"{name} = {choose.pick(['np.zeros', 'np.ones'])}({shape})")
    forms = [
        f"np.sum({name} * {name})",
        f"np.prod(np.cos({name}))",
        f"np.sum(np.cumsum({name}, axis=0))",
        f"len({name}) * 0.3",
    ]
    if len(shape) == 1:
        forms += [f"{name} @ {name}", f"np.sum(np.concatenate(({name}, np.ones(2))))"]
    else:
        forms += [f"np.sum({name} @ {name}.T)", f"np.sum(np.sum({name}, axis=1))"]
    for _ in range(choose.between(0, 2)):
        e = statements.value(frame, 1)
        stores = [f"{name}[:] = {e}", f"{name} += {e}", f"{name}[...] *= {e}"]
        frame.emit(choose.pick(stores))
    if choose.chance(30) and frame.room(1):
        item = frame.fresh("r")
        frame.emit(f"for {item} in {name}:")
        with frame.loop(1):
            control.block(frame, 2)
            frame.emit(f"{name}[0] = {item} * 2.0")
    text = f"{choose.pick(forms)} + {statements.value(frame, 1)}"
    statements.bind(frame, statements.python(frame, f"np.tanh({text})"))
