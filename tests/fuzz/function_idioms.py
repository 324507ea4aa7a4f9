"""Idioms of functions: defaults, keywords, tuples, functions of functions, `ad`."""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.arrays import operand
from tests.fuzz.expressions import scalar
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def defaults(frame: Frame) -> None:
    """Called by position, by keyword, and with arguments left to their defaults."""
    if not frame.may_call:
        return statements.assign_scalar(frame)
    choose = frame.chooser
    g, u, w, k = frame.fresh("g"), *(frame.fresh("u") for _ in range(3))
    floats = [v.name for v in frame.visible("float")]
    early = choose.pick([*floats[-3:], "0.7"])  # read when the function is made
    if choose.chance(30):
        frame.emit(f"{g} = lambda {u}, {w}={early}, {k}=2: np.sin({u} * {w}) * {k}")
    else:
        frame.emit(f"def {g}({u}, {w}={early}, {k}=2):")
        if choose.chance(50):
            frame.emit(f"    if {u} > 0.137:")
            frame.emit(f"        return {w} * np.cos({u})")
        frame.emit(f"    return np.sin({u} * {w} + {k})")
    if choose.chance(50):
        control.block(frame, 2)
    a, b = scalar(frame, 1).text, scalar(frame, 1).text
    calls = [
        f"{g}({a})",
        f"{g}({a}, {w}={b})",
        f"{g}({w}={b}, {u}={a})",
        f"{g}({a}, {k}=3)",
        f"{g}({a}, {b}, 1)",
    ]
    first, second = choose.pick(calls), choose.pick(calls)
    statements.bind(frame, statements.python(frame, f"{first} * {second}"))
    return None


def tuples(frame: Frame) -> None:
    """A function of several results, unpacked or indexed."""
    if not frame.may_call:
        return statements.assign_scalar(frame)
    choose = frame.chooser
    g, u = frame.fresh("g"), frame.fresh("u")
    frame.emit(f"def {g}({u}):")
    if choose.chance(40):
        frame.emit(f"    if {u} < 0.137:")
        frame.emit(f"        return {u} * 0.5, {u} + 1.0")
    first, second = f"np.sin({u})", f"{u} * {statements.value(frame, 1)}"
    frame.emit(f"    return {first}, {second}")
    e = scalar(frame, 1).text
    if choose.chance(60):
        a, b = frame.fresh("s"), frame.fresh("s")
        form = choose.pick(["{0}, {1} = {2}", "({0}, {1}) = {2}", "{1}, {0} = {2}"])
        frame.emit(form.format(a, b, f"{g}({e})"))
        if frame.shared.python_scalars:
            frame.emit(f"{a}, {b} = float({a}), float({b})")
        frame.add(Variable(a, "float"))
        frame.add(Variable(b, "float"))
    else:
        both = frame.fresh("both")
        frame.emit(f"{both} = {g}({e})")
        text = choose.pick([f"{both}[1] - {both}[0]", f"{both}[-1]", f"{g}({e})[0]"])
        statements.bind(frame, statements.python(frame, text))
    return None


def functions_of_functions(frame: Frame) -> None:
    if not frame.may_call:
        return statements.assign_scalar(frame)
    choose = frame.chooser
    h, g, u = frame.fresh("g"), frame.fresh("g"), frame.fresh("u")
    a, b = scalar(frame, 1).text, scalar(frame, 0).text
    frame.emit(f"{g} = lambda {u}: np.sin({u} + {a})")
    frame.emit(f"def {h}(h, {u}):")
    body = choose.pick(
        ["return h(h({0}))", "return h({0}) * {0}", "return h(0.5 * {0})"]
    )
    frame.emit("    " + body.format(u))
    calls = [
        f"{h}({g}, {b})",
        f"{h}(lambda {u}: {u} * {g}({u}), {b})",
        f"{h}(np.sin, {b})",
    ]
    statements.bind(frame, statements.python(frame, choose.pick(calls)))
    return None


def part_of_an_argument(frame: Frame) -> None:
    """A function whose result is a view of its argument, stored to by the caller."""
    choose = frame.chooser
    arrays = [v for v in statements.storable(frame) if v.shape[0] > 1]
    if not frame.may_call or not arrays:
        return statements.assign_scalar(frame)
    v, g, u, name = (
        choose.pick(arrays),
        frame.fresh("g"),
        frame.fresh("u"),
        frame.fresh("v"),
    )
    forms = [("[1:]", (v.shape[0] - 1, *v.shape[1:])), ("[::-1]", v.shape)]
    if len(v.shape) == 2:
        forms += [("[0]", v.shape[1:]), (".T", v.shape[::-1])]
    part, shape = choose.pick(forms)
    frame.emit(f"def {g}({u}):")
    if choose.chance(40):
        frame.emit(f"    {u}[0] = {statements.value(frame, 1)}")
    frame.emit(f"    return {u}{part}")
    frame.emit(f"{name} = {g}({v.name})")
    frame.add(Variable(name, "array", shape, group=v.group))
    frame.emit(f"{name}[0] *= 0.7")
    statements.store(frame)
    return None


def derivative_of_a_number(frame: Frame) -> None:
    """`ad.grad` and the like, of a function of one number."""
    if not frame.may_call:
        return statements.assign_scalar(frame)
    choose, g, u = frame.chooser, frame.fresh("g"), frame.fresh("u")
    inner = control.inside(frame, Variable(u, "float", fixed=True))
    body = f"np.sin({scalar(inner, 2).text}) * {u}"
    if choose.chance(40):
        frame.emit(f"{g} = lambda {u}: {body}")
    else:
        frame.emit(f"def {g}({u}):")
        if choose.chance(30):
            frame.emit(f"    for {frame.fresh('i')} in range(2):")
            frame.emit(f"        {u} = {u} * np.cos({u})")
        frame.emit(f"    return {body}")
    a, b = scalar(frame, 1).text, scalar(frame, 0).text
    value, rest = frame.fresh("t"), frame.fresh("t")
    forms = [
        ("", f"ad.grad({g})(1.0 * {a})"),
        ("", f"ad.grad(ad.grad({g}))(1.0 * {a})"),
        ("", f"ad.jvp({g})((1.0 * {a},), (1.0 * {b},))[1]"),
        ("value_and_grad", f"{value} * {rest}"),
        ("vjp", f"{rest}(1.0 * {b})"),
    ]
    before, text = choose.pick(forms)
    if before:
        frame.emit(f"{value}, {rest} = ad.{before}({g})(1.0 * {a})")
    statements.bind(frame, statements.python(frame, f"np.tanh({text})"))
    return None


def derivative_of_an_array(frame: Frame) -> None:
    """Steps of descent, and products with a Jacobian."""
    choose = frame.chooser
    arrays = [v for v in statements.storable(frame) if v.name[0] != "v"]
    if not frame.may_call or not arrays or not frame.room(2):
        return derivative_of_a_number(frame)
    v, g, u = choose.pick(arrays), frame.fresh("g"), frame.fresh("v")
    inner = control.inside(frame, Variable(u, "array", v.shape, fixed=True))
    e = operand(inner, v.shape, 1).text
    frame.emit(f"def {g}({u}):")
    if choose.chance(30):
        frame.emit(f"    {u} = np.sin({u})")
        frame.emit(f"    {u}[0] = {u}[-1] * 0.5")
    x, y, t = v.name, frame.fresh("y"), frame.fresh("t")
    of_array = choose.chance(40)
    frame.emit(f"    return {'' if of_array else 'np.sum'}(np.sin({u}) * {e})")
    if of_array:
        frame.emit(
            choose.pick(
                [
                    f"{t}, {y} = ad.jvp({g})(({x},), (np.cos({x}),))",
                    f"{y} = ad.vjp({g})({x})[1](np.cos({x}))",
                ]
            )
        )
    elif choose.chance(40):
        frame.emit(f"for {frame.fresh('i')} in range(2):")
        frame.emit(f"    {x} -= 0.1 * np.tanh(ad.grad({g})({x}))")
        return None
    elif choose.chance(40):
        frame.emit(f"{t}, {y} = ad.value_and_grad({g})({x})")
    else:
        frame.emit(f"{y} = ad.grad({g})({x})")
    frame.emit(f"{y} = np.tanh({y})" if choose.chance(60) else f"{y}[0] = 0.3")
    frame.add(Variable(y, "array", v.shape))
    return None
