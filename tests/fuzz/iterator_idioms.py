"""Idioms of iterators: generators, zip, map, sorted, itertools, functools."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import scalar, threshold
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def _of(frame: Frame, *names: str) -> str:
    """An expression of items called `names`, and of what is visible."""
    inner = control.inside(frame, Variable(names[0], "float", fixed=True))
    for name in names[1:]:
        inner.add(Variable(name, "float", fixed=True))
    e = statements.value(inner, 2)
    weight = " * ".join(["0.7", *names])
    return frame.chooser.pick([f"{weight} + {e}", f"{weight} * {e}"])


def _vectors(frame: Frame) -> list[str]:
    """What is gone over: vectors, rows, lists and tuples of numbers."""
    found = [v.name for v in frame.visible("array") if len(v.shape) == 1]
    found += [f"{v.name}[0]" for v in frame.visible("array") if len(v.shape) == 2]
    e = [statements.value(frame, 1) for _ in range(3)]
    return [*found[-3:], f"({e[0]}, {e[1]}, {e[2]})", f"[{e[2]}, {e[0]}]"]


def _bound(frame: Frame, text: str) -> None:
    statements.bind(frame, statements.python(frame, f"np.tanh({text})"))


def summed(frame: Frame) -> None:
    """A generator, map or filter used up by `sum`, `max`, `np.array` and the like."""
    choose, t, w = frame.chooser, frame.fresh("t"), frame.fresh("t")
    xs, ys = choose.pick(_vectors(frame)), choose.pick(_vectors(frame))
    e, both = _of(frame, t), _of(frame, t, w)
    forms = [
        f"sum({e} for {t} in {xs})",
        f"sum([{e} for {t} in {xs} if {t} > {threshold(frame)}])",
        f"sum({both} for {t}, {w} in zip({xs}, {ys}))",
        f"sum({e} * k for k, {t} in enumerate({xs}))",
        f"sum(map(lambda {t}: {e}, {xs}))",
        f"sum(map(lambda {t}, {w}: {both}, {xs}, {ys}))",
        f"max({e} for {t} in {xs})",
        f"min([{e} for {t} in {xs}], default=0.5)",
        f"np.sum(np.array([{e} for {t} in {xs}]) ** 2)",
        f"np.prod([{e} for {t} in reversed({xs})])",
        f"sum({both} for {t} in {xs} for {w} in {ys})",
        f"len([{t} for {t} in {xs} if {e} < {threshold(frame)}]) * 0.3",
        f"sum(filter(lambda {t}: {t} > {threshold(frame)}, {xs}))",
        f"sum(v * v for v in ({e} for {t} in {xs}))",
        f"any({t} > {threshold(frame)} for {t} in {xs}) * {statements.value(frame, 1)}",
        f"sum(sorted({xs})[:2])",
        f"sorted({xs}, key=lambda {t}: -{t})[0]",
        f"max({xs}, key=lambda {t}: {e})",
        f"math.fsum({e} for {t} in {xs})",
        f"next(({e} for {t} in {xs} if {t} > {threshold(frame)}), 0.4)",
        f"dict(zip('ab', ({statements.value(frame, 1)}, 0.2))).get('a', 0.2)",
    ]
    _bound(frame, choose.pick(forms))


def gone_over(frame: Frame) -> None:
    """A loop over an iterator, other statements and exits in its body."""
    choose, t, w, k = (frame.chooser, *(frame.fresh(p) for p in "ttk"))
    xs, ys = choose.pick(_vectors(frame)), choose.pick(_vectors(frame))
    if not frame.room(4):
        return summed(frame)
    e = _of(frame, t)
    heads = [
        (f"for {t} in reversed({xs}):", False),
        (f"for {t} in ({e} for {t} in {xs}):", False),
        (f"for {t} in map(np.sin, {xs}):", False),
        (f"for {t} in filter(lambda v: v < {threshold(frame)}, {xs}):", False),
        (f"for {t} in [{e} for {t} in {xs}]:", False),
        (f"for {t} in sorted({xs}):", False),
        (f"for {k}, {t} in enumerate({xs}):", False),
        (f"for {k}, {t} in enumerate({xs}, start=1):", False),
        (f"for {t}, {w} in zip({xs}, {ys}):", True),
        (f"for {k}, ({t}, {w}) in enumerate(zip({xs}, {ys})):", True),
        (f"for {t}, {w} in itertools.product({xs}, {ys}[:2]):", True),
        (f"for {t}, {w} in itertools.pairwise({xs}):", True),
        (f"for {t}, {w} in itertools.combinations({xs}, 2):", True),
        (f"for {t} in itertools.chain({xs}, {ys}):", False),
        (f"for {t} in itertools.accumulate({xs}):", False),
        (f"for {t} in itertools.takewhile(lambda v: v < 0.911, {xs}):", False),
        (f"for {t} in itertools.islice({xs}, 2):", False),
    ]
    head, pairs = choose.pick(heads)
    frame.emit(head)
    with frame.loop(4) as opened:
        frame.add(Variable(t, "float", fixed=True))
        if pairs:
            frame.add(Variable(w, "float", fixed=True))
        statements.augment_scalar(frame)
        control.block(frame, 2)
        if choose.chance(50):
            control.leave(frame)
            opened.breaks += 1
    if opened.breaks and choose.chance(50):
        frame.emit("else:")
        with frame.block():
            control.block(frame, 2)
    return None


def folded(frame: Frame) -> None:
    """`functools.reduce`, `partial`, `operator`, `itertools.accumulate`."""
    choose, t, w, g = (frame.chooser, *(frame.fresh(p) for p in "ttg"))
    xs, s = choose.pick(_vectors(frame)), statements.value(frame, 1)
    both = _of(frame, t, w)
    if choose.chance(40) and frame.may_call:
        frame.emit(f"{g} = functools.partial(lambda {t}, {w}: np.sin({both}), {s})")
        calls = [f"{g}({s})", f"sum(map({g}, {xs}))", f"{g}({g}({s}))"]
        return _bound(frame, choose.pick(calls))
    forms = [
        f"functools.reduce(lambda {t}, {w}: np.sin({both}), {xs})",
        f"functools.reduce(lambda {t}, {w}: np.sin({both}), {xs}, {s})",
        f"functools.reduce(operator.mul, {xs}, {s})",
        f"sum(itertools.accumulate({xs}, lambda {t}, {w}: np.sin({both})))",
        f"sum(map(operator.mul, {xs}, {xs}))",
        f"functools.reduce(np.maximum, [{s}, *{xs}])",
        f"math.prod(np.cos({t}) for {t} in {xs})",
        f"math.dist({xs}, np.ones(len({xs})))",
        f"math.hypot(1.0, *({s}, {s} * 0.5))",
    ]
    return _bound(frame, choose.pick(forms))


def rows(frame: Frame) -> None:
    """Rows of a matrix, zipped with a vector, joined again."""
    choose = frame.chooser
    matrices = [v for v in frame.visible("array") if len(v.shape) == 2]
    if not matrices:
        return summed(frame)
    v, name = choose.pick(matrices), frame.fresh("y")
    x, e = v.name, scalar(frame, 1).text
    forms = [
        f"np.array([np.sin(r) * k for k, r in enumerate({x})])",
        f"np.stack([r * {e} for r in {x}])",
        f"np.array([r - q for r, q in zip({x}, {x}[::-1])])",
        f"np.array([[np.sin(u) * {e} for u in r] for r in {x}])",
        f"np.stack(list(map(np.cos, {x})))",
        f"np.column_stack([c * 0.5 for c in {x}.T])",
        f"np.vstack([r[::-1] for r in {x}])",
        f"np.array(list(itertools.accumulate({x}, lambda p, q: np.sin(p + q))))",
        f"np.array([row for row in sorted({x}, key=lambda r: r[0])])",
    ]
    frame.emit(f"{name} = np.tanh({choose.pick(forms)})")
    frame.add(Variable(name, "array", v.shape))
    return None
