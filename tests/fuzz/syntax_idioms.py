"""Idioms of syntax: unpacking, `:=`, `match`, `nonlocal`, chains of `elif`."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import condition, integer, threshold
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def _e(frame: Frame, depth: int = 1) -> str:
    return statements.value(frame, depth)


def nested_tuples(frame: Frame) -> None:
    """Tuples in tuples, taken apart by nested and starred targets, or indexed."""
    choose, t = frame.chooser, frame.fresh("t")
    names = [frame.fresh("s") for _ in range(3)]
    parts = [_e(frame) for _ in range(4)]
    frame.emit(f"{t} = ({parts[0]}, ({parts[1]}, {parts[2]}), {parts[3]})")
    a, b, c = names
    forms = [
        f"{a}, ({b}, {c}), _ = {t}",
        f"({a}, ({b}, _), {c}) = {t}",
        f"{a}, *_, {b} = {t}\n{c} = {t}[1][-1]",
        f"{a}, {b}, {c} = {t}[0], {t}[1][0], {t}[-1]",
        f"({b}, {c}), {a} = {t}[1:]",
        f"{a}, *rest = {t}\n{b}, {c} = rest[0]",
        f"{a}, {b}, {c} = (*{t}[1], {t}[0])",
        f"({a}, {b}), {c} = ({t}[1][1], {t}[1][0]), {t}[0]",
    ]
    for line in choose.pick(forms).splitlines():
        frame.emit(line)
    for name in names:
        frame.add(Variable(name, "float"))
    if choose.chance(40):
        frame.emit(f"{t} = ({_e(frame)}, {t}[1], {t}[0])")
        statements.bind(frame, f"{t}[0] * {t}[1][0] - {t}[2]")


def unpacked_array(frame: Frame) -> None:
    """An array's elements under names, starred ones too."""
    choose = frame.chooser
    arrays = [v for v in frame.visible("array") if len(v.shape) == 1 and v.shape[0] > 1]
    if not arrays:
        return nested_tuples(frame)
    v = choose.pick(arrays)
    a, b, rest = frame.fresh("s"), frame.fresh("s"), frame.fresh("rest")
    forms = [f"{a}, *{rest} = {v.name}", f"*{rest}, {a} = np.sin({v.name})"]
    forms.append(f"{a}, *{rest} = {v.name}.tolist()")
    if v.shape[0] > 2:
        forms.append(f"{a}, *{rest}, _ = {v.name}[::-1]")
    frame.emit(choose.pick(forms))
    uses = [f"sum({rest})", f"{rest}[0] * {rest}[-1]", f"np.prod({rest})"]
    frame.emit(f"{b} = np.tanh({choose.pick(uses)})")
    if frame.shared.python_scalars:
        frame.emit(f"{a}, {b} = float({a}), float({b})")
    frame.add(Variable(a, "float"))
    frame.add(Variable(b, "float"))
    return None


def walrus(frame: Frame) -> None:
    """Names bound within tests, calls and displays."""
    choose, s = frame.chooser, frame.fresh("s")
    if choose.chance(40) and frame.room(3):
        k = frame.fresh("k")
        frame.emit(f"{k} = {s} = 0")
        test = f"({s} := {_e(frame)}) < {threshold(frame)}"
        frame.emit(f"while ({k} := {k} + 1) < 4 and {test}:")
        with frame.loop(3):
            frame.add(Variable(k, "int", low=1, high=4, fixed=True))
            control.block(frame, 3)
        statements.bind(frame, f"np.sin({s}) * {k}")
        return
    if choose.chance(50):
        frame.emit(f"if ({s} := {_e(frame, 2)}) > {threshold(frame)}:")
        frame.add(Variable(s, "float"))
        with frame.block():
            control.block(frame, 2)
        return
    forms = [
        f"({s} := {_e(frame)}) * {_e(frame)} + {s}",
        f"max(({s} := {_e(frame)}), {_e(frame)}) - {s}",
        f"({s} := {_e(frame)}) if {condition(frame)} else ({s} := {_e(frame)})",
        f"sum([({s} := {_e(frame)}), {s} * {_e(frame)}])",
    ]
    statements.bind(frame, statements.python(frame, f"np.tanh({choose.pick(forms)})"))
    frame.add(Variable(s, "float"))


def match_numbers(frame: Frame) -> None:
    """`match` of a whole number, of pairs, or of tuples of floats."""
    choose = frame.chooser
    k = integer(frame, 4)
    subject = choose.pick([k, f"({k}, {integer(frame, 3)})", f"({_e(frame)}, {k})"])
    frame.emit(f"match {subject}:")
    if not subject.startswith("("):
        cases = ["case 0:", "case 1 | 2:", f"case k if {condition(frame)}:", "case _:"]
    elif subject == k or subject.endswith(f", {k})"):
        t = frame.fresh("t")
        cases = [
            f"case ({t}, 0 | 1):",
            f"case ({t}, _) if {t} > {threshold(frame)}:",
            "case _:",
        ]
    else:
        cases = ["case (0, 0):", "case (0 | 1, k):", "case (_, 1):", "case _:"]
    if choose.chance(25):
        cases.pop()
    name = frame.fresh("s")
    bound = "case _:" in cases and choose.chance(60)
    for case in cases:
        with frame.block():
            frame.emit(case)
            with frame.block():
                if bound:
                    frame.emit(f"{name} = {_e(frame, 2)}")
                if not bound or choose.chance(40):
                    control.block(frame, 2)
                if frame.loops and choose.chance(20):
                    frame.emit(choose.pick(["break", "break"]))
    if bound and not any("break" in line for line in frame.lines[-12:]):
        frame.add(Variable(name, "float"))


def match_arrays(frame: Frame) -> None:
    """`match` of the shape of an array, and of a list made of its elements."""
    choose = frame.chooser
    arrays = [v for v in frame.visible("array") if v.shape]
    if not arrays:
        return match_numbers(frame)
    v, n, s = choose.pick(arrays), frame.fresh("k"), frame.fresh("s")
    frame.emit(f"match {v.name}.shape:")
    frame.emit(f"    case ({n},):")
    frame.emit(f"        {s} = 0.1 * {n} * {_e(frame)}")
    frame.emit(f"    case ({n}, k) if k > 1:")
    frame.emit(f"        {s} = 0.1 * ({n} - k) * {_e(frame)}")
    frame.emit("    case _:")
    frame.emit(f"        {s} = {_e(frame)}")
    frame.add(Variable(s, "float"))
    return None


def nonlocals(frame: Frame) -> None:
    """A local function that assigns names of the enclosing one, called in a loop."""
    old = [v for v in frame.visible("float") if frame.may_rebind(v)]
    old = [v for v in old if v.name.isidentifier()]
    if not old or not frame.may_call or frame.captured:
        return walrus(frame)
    choose, g, u = frame.chooser, frame.fresh("g"), frame.fresh("u")
    v = choose.pick(old)
    inner = control.inside(frame, Variable(u, "float", fixed=True))
    inner.captured.discard(v.name)
    inner.returns, inner.budget = None, 3
    frame.emit(f"def {g}({u}):")
    inner.emit(f"nonlocal {v.name}")
    if choose.chance(30):
        inner.emit(f"if {condition(inner)}:")
        inner.emit(f"    return {_e(inner)}")
    inner.emit(f"{v.name} = {_e(inner, 2)}")
    for _ in range(choose.below(2)):
        control.block(inner, 1)
    inner.emit(f"return {v.name} * {u}")
    frame.lines += inner.lines
    if choose.chance(60) and frame.room(3):
        i = frame.fresh("i")
        frame.emit(f"for {i} in range({choose.between(1, 3)}):")
        with frame.loop(3):
            frame.add(Variable(i, "int", low=0, high=2, fixed=True))
            statements.bind(frame, f"{g}({_e(frame)} - 0.2 * {i})")
            control.block(frame, 2)
    statements.bind(frame, statements.python(frame, f"np.sin({g}({_e(frame)}))"))
    return None


def elif_chain(frame: Frame) -> None:
    """Four ways to a value, of which one may be left out."""
    s, choose = frame.fresh("s"), frame.chooser
    heads = [f"if {condition(frame)}:"]
    heads += [f"elif {condition(frame)}:" for _ in range(choose.between(1, 3))]
    before = choose.chance(40)
    if before:
        frame.emit(f"{s} = {_e(frame)}")
    for head in [*heads, *([] if before else ["else:"])]:
        frame.emit(head)
        with frame.block():
            if choose.chance(30):
                control.block(frame, 1)
            frame.emit(f"{s} = {_e(frame, 2)}")
    frame.add(Variable(s, "float"))


def scalar_function(frame: Frame) -> None:
    """A function with `*args` and `**kwargs`, called with some of each."""
    if not frame.may_call:
        return elif_chain(frame)
    choose, g = frame.chooser, frame.fresh("g")
    frame.emit(f"def {g}(a, *rest, scale=1.0, **named):")
    bodies = [
        "return a * scale + sum(rest) - named.get('shift', 0.3)",
        "return a * len(rest) + (rest[0] if rest else scale)",
        "return sum(r * k for k, r in enumerate(rest)) * scale + a",
    ]
    frame.emit("    " + choose.pick(bodies))
    e = [_e(frame) for _ in range(3)]
    calls = [
        f"{g}({e[0]})",
        f"{g}({e[0]}, {e[1]}, {e[2]})",
        f"{g}(*({e[0]}, {e[1]}), scale={e[2]})",
        f"{g}({e[0]}, **{{'scale': {e[1]}, 'shift': {e[2]}}})",
    ]
    statements.bind(frame, statements.python(frame, f"np.tanh({choose.pick(calls)})"))
    return None
