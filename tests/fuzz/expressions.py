"""Random expressions: text together with a bound on its magnitude."""

from __future__ import annotations

from typing import NamedTuple

from tests.fuzz.frame import Frame
from tests.fuzz.kinds import Method
from tests.fuzz.program import LIMIT, Variable


class Expr(NamedTuple):
    text: str
    bound: float
    numpy: bool = True  # False: a Python number for sure


# Template, bound of the result for an operand bounded by 1 (None: the operand's own).
UNARY = [
    (4, ("np.sin({})", 1.0)),
    (4, ("np.cos({})", 1.0)),
    (4, ("np.tanh({})", 1.0)),
    (2, ("np.exp(-({0}) * ({0}))", 1.0)),
    (2, ("np.exp(0.3 * {})", 2.5)),
    (2, ("np.log(1.5 + ({0}) ** 2)", 2.4)),
    (1, ("np.log1p(({0}) * ({0}))", 2.3)),
    (2, ("np.sqrt(1.0 + ({0}) ** 2)", 3.2)),
    (1, ("np.square(0.5 * ({}))", 2.3)),
    (1, ("np.arctan({})", 1.6)),
    (1, ("np.arctan2({}, 1.7)", 1.1)),
    (1, ("np.tan(0.3 * ({}))", 1.3)),
    (1, ("np.expm1(0.3 * ({}))", 1.5)),
    (1, ("np.arcsin(0.6 * np.sin({}))", 0.7)),
    (1, ("np.arccos(0.6 * np.sin({}))", 2.3)),
    (1, ("np.sinh(0.4 * ({}))", 1.6)),
    (1, ("np.cosh(0.4 * ({}))", 1.9)),
    (2, ("1.0 / (1.5 + ({0}) * ({0}))", 0.7)),
    (1, ("2.0 / (2.0 + np.cos({0}))", 2.0)),
    (1, ("np.power(1.5 + np.sin({0}), 1.3)", 3.3)),
    (1, ("(1.2 + ({0}) ** 2) ** 0.5", 3.3)),
    (1, ("(1.3 + np.cos({0})) ** -1", 3.4)),
    (1, ("-({})", None)),
    (1, ("+({})", None)),
]
KINKED = [
    (2, ("np.abs({})", None)),
    (2, ("np.maximum({}, 0.1)", None)),
    (1, ("np.minimum({}, 0.9)", None)),
    (1, ("np.clip({}, -0.8, 1.1)", 1.1)),
    (1, ("np.sign({}) * 0.7", 0.7)),
    (1, ("np.floor({}) * 0.2", 0.8)),
]
MATH = ["sin", "cos", "tanh", "atan"]
REDUCTIONS = ["sum", "mean", "sum", "mean", "prod"]


def tamed(frame: Frame, e: Expr) -> Expr:
    """`e`, bounded: wrapped where it could exceed the limit."""
    if e.bound <= LIMIT:
        return e
    template, bound = frame.chooser.weighted(
        [
            (4, ("np.tanh({})", 1.0)),
            (4, ("np.sin({})", 1.0)),
            (3, ("1.3 * np.arctan({})", 2.1)),
            (1, ("({0}) / (1.5 + ({0}) ** 2)", 0.41)),
        ]
    )
    text = f"({template.format(e.text)})"
    return Expr(text, bound, e.numpy or "np." in template)


def constant(frame: Frame) -> Expr:
    value = frame.chooser.pick([0.5, 1.0, 0.7, -0.4, 1.3, 0.25, -1.1, 2, 0.1, 3, -1])
    return Expr(f"({value})" if value < 0 else str(value), abs(value), False)


def combine(frame: Frame, a: Expr, b: Expr) -> Expr:
    numpy = a.numpy or b.numpy
    template, bound = frame.chooser.weighted(
        [
            (5, ("({0} + {1})", a.bound + b.bound)),
            (6, ("({0} * {1})", a.bound * b.bound)),
            (4, ("({0} - {1})", a.bound + b.bound)),
            (2, ("({0} / (1.5 + {1} * {1}))", a.bound / 1.5)),
            (1, ("({0} / (2.5 + np.sin({1})))", a.bound / 1.5)),
            (1, ("((1.6 + np.sin({0})) ** (0.5 * {1}))", 2.6 ** (b.bound / 2))),
            (1, ("np.arctan2({0}, 1.3 + {1} * {1})", 1.6)),
        ]
    )
    if frame.options.kinks and frame.chooser.chance(8):
        name = frame.chooser.pick(["maximum", "minimum"])
        template, bound = f"np.{name}({{0}}, {{1}})", max(a.bound, b.bound)
    text = template.format(a.text, b.text)
    return tamed(frame, Expr(text, bound, numpy or "np." in template))


def unary(frame: Frame, a: Expr) -> Expr:
    a = tamed(frame, a)
    rows = UNARY + (KINKED if frame.options.kinks else [])
    template, bound = frame.chooser.weighted(rows)
    text = f"({template.format(a.text)})"
    return Expr(text, a.bound if bound is None else bound, a.numpy or "np." in template)


# -- integers -------------------------------------------------------------------


def integer(frame: Frame, limit: int) -> str:
    """An int expression with a value in `range(limit)`."""
    choose = frame.chooser
    fitting = [v for v in frame.visible("int") if v.low >= 0 and v.high < limit]
    others = [v for v in frame.visible("int") if v not in fitting]
    way = choose.below(10)
    if way >= 4 and fitting:
        return choose.pick(fitting).name
    if way >= 3 and others:
        name = choose.pick(others).name
        return f"{name} % {limit}" if limit > 1 else "0"
    if way == 2 and fitting and others and limit > 1:
        a, b = choose.pick(fitting).name, choose.pick(others).name
        factor = choose.pick(["+ {}", "+ 2 * {}", "* {} + 1", "- {}"])
        return f"({a} {factor.format(b)}) % {limit}"
    return str(choose.below(limit))


def index(frame: Frame, n: int) -> str:
    """A subscript of an axis of length `n`, negative ones included."""
    if frame.chooser.chance(20):
        return str(-1 - frame.chooser.below(n))
    text = integer(frame, n)
    if frame.chooser.chance(10):
        return f"-1 - {text}" if text.isidentifier() else f"-1 - ({text})"
    return text


def index_of(frame: Frame, shape: tuple[int, ...]) -> str:
    """Subscripts of one element."""
    return ", ".join(index(frame, n) for n in shape)


# -- conditions -----------------------------------------------------------------


def condition(frame: Frame, depth: int = 1) -> str:
    choose = frame.chooser
    way = choose.weighted(
        [(8, "float"), (3, "int"), (2, "bool"), (2, "chain"), (2, "and"), (1, "not")]
    )
    ints, flags = frame.visible("int"), frame.visible("bool")
    if way == "int" and ints:
        v = choose.pick(ints)
        test = choose.pick(["{} == {}", "{} != {}", "{} < {}", "{} >= {}"])
        if choose.chance(30):
            return f"{v.name} % 2 == {choose.below(2)}"
        return test.format(v.name, choose.between(v.low, max(v.low, v.high)))
    if way == "bool" and flags:
        return choose.pick(flags).name
    if way == "chain" and choose.chance(30):
        tested = scalar(frame, depth).text
        return f"{scalar(frame, 0).text} - 0.613 < {tested} < {threshold(frame)} + 1"
    if way == "chain":
        return f"-0.9 < {scalar(frame, depth).text} <= 0.85"
    if way == "and" and depth:
        word = choose.pick(["and", "or"])
        return f"({condition(frame, 0)}) {word} ({condition(frame, 0)})"
    if way == "not" and depth:
        return f"not ({condition(frame, 0)})"
    sign = choose.pick([">", "<", ">=", "<="])
    return f"{scalar(frame, depth).text} {sign} {threshold(frame)}"


def threshold(frame: Frame) -> str:
    """A constant that data seldom hits: comparisons stay away from ties."""
    return frame.chooser.pick(["0.137", "0.53", "-0.271", "0.911", "-0.613", "0.019"])


# -- scalars --------------------------------------------------------------------


def scalar(frame: Frame, depth: int) -> Expr:
    """A float expression, bounded by LIMIT."""
    choose = frame.chooser
    if depth <= 0 or choose.chance(15):
        return scalar_leaf(frame)
    way = choose.weighted(
        [
            (4, "leaf"),
            (8, "binary"),
            (6, "unary"),
            (2 if frame.options.math_module else 0, "math"),
            (2 if frame.options.builtins else 0, "builtin"),
            (2 if frame.options.conditional_expressions else 0, "choice"),
            (5 if frame.options.arrays else 0, "reduce"),
            (3 if frame.may_call else 0, "call"),
        ]
    )
    if way == "binary":
        return combine(frame, scalar(frame, depth - 1), scalar(frame, depth - 1))
    if way == "unary":
        return unary(frame, scalar(frame, depth - 1))
    if way == "math":
        inner = scalar(frame, depth - 1).text
        return Expr(f"math.{choose.pick(MATH)}({inner})", 1.6, False)
    if way == "builtin":
        return builtin(frame, depth)
    if way == "choice":
        a, b = scalar(frame, depth - 1), scalar(frame, depth - 1)
        text = f"({a.text} if {condition(frame, 0)} else {b.text})"
        return python_float(
            frame, Expr(text, max(a.bound, b.bound), a.numpy or b.numpy)
        )
    if way == "reduce":
        return reduction(frame, depth)
    if way == "call":
        return call(frame, depth)
    return scalar_leaf(frame)


def python_float(frame: Frame, e: Expr) -> Expr:
    """`e` as a Python float, where the program's scalars are Python floats."""
    if frame.shared.python_scalars and e.numpy:
        return Expr(f"float({e.text})", e.bound, False)
    return e


def builtin(frame: Frame, depth: int) -> Expr:
    choose, a = frame.chooser, scalar(frame, depth - 1)
    way = choose.below(4) if frame.options.kinks else 0
    if way == 0:
        return Expr(f"float({a.text})", a.bound, False)
    if way == 1:
        return Expr(f"abs({a.text})", a.bound, a.numpy)
    b = scalar(frame, depth - 1)
    name = "min" if way == 2 else "max"
    e = Expr(f"{name}({a.text}, {b.text})", max(a.bound, b.bound), a.numpy or b.numpy)
    return python_float(frame, e)


def scalar_leaf(frame: Frame) -> Expr:
    choose = frame.chooser
    floats, ints = frame.visible("float"), frame.visible("int")
    arrays = frame.visible("array") if frame.options.arrays else []
    way = choose.weighted(
        [
            (10 if floats else 0, "float"),
            (2, "constant"),
            (2 if ints else 0, "int"),
            (5 if arrays else 0, "element"),
        ]
    )
    if way == "float":
        return Expr(choose.pick(floats).name, LIMIT, not frame.shared.python_scalars)
    if way == "int":
        v = choose.pick(ints)
        bound = max(abs(v.low), abs(v.high), 1)
        form = choose.pick(["0.2 * {}", "{}", "{} / 3", "(1 + {}) * 0.3"])
        return tamed(frame, Expr(f"({form.format(v.name)})", bound, False))
    if way == "element":
        return element(frame, choose.pick(arrays))
    return constant(frame)


def element(frame: Frame, array: Variable) -> Expr:
    text = array.name
    if array.shape:
        text += f"[{', '.join(index(frame, n) for n in array.shape)}]"
    e = Expr(text, LIMIT)
    return e if frame.chooser.chance(15) else python_float(frame, e)


def reduction(frame: Frame, depth: int) -> Expr:
    from tests.fuzz.arrays import any_shape, array, determinant

    choose = frame.chooser
    shape = any_shape(frame)
    if len(shape) == 1 and choose.chance(25):
        a, b = array(frame, shape, depth - 1), array(frame, shape, 0)
        form = choose.pick(["({} @ {})", "np.dot({}, {})"])
        e = Expr(form.format(a.text, b.text), shape[0] * a.bound * b.bound)
        return python_float(frame, tamed(frame, e))
    square = frame.options.linalg and frame.options.matrices
    if square and not frame.shared.float32 and choose.chance(8):
        n = choose.pick(frame.shared.dims)
        return python_float(frame, tamed(frame, determinant(frame, n, depth)))
    a = array(frame, shape, depth - 1)
    if choose.chance(12):
        return _of_a_part(frame, a, shape)
    name = choose.pick(REDUCTIONS)
    if frame.options.kinks and choose.chance(20):
        name = choose.pick(["max", "min"])
    size = 1
    for n in shape:
        size *= n
    if name == "prod":
        a = Expr(f"np.cos({a.text})", 1.0)
    bound = a.bound * size if name == "sum" else a.bound
    if frame.options.methods and choose.chance(40):
        e = Expr(f"({a.text}).{name}()", bound)
    else:
        e = Expr(f"np.{name}({a.text})", bound)
    return python_float(frame, tamed(frame, e))


def _of_a_part(frame: Frame, a: Expr, shape: tuple[int, ...]) -> Expr:
    """A sum over a slice that may be empty."""
    n = shape[0] if shape else 0
    if not n:
        return python_float(frame, tamed(frame, Expr(f"np.sum({a.text})", a.bound)))
    low, high = integer(frame, n + 1), integer(frame, n + 1)
    part = frame.chooser.pick([f"[{low}:{high}]", f"[:{high}]", f"[{low}:]", "[:0]"])
    size = 1
    for length in shape:
        size *= length
    e = Expr(f"np.sum(({a.text}){part})", a.bound * size)
    return python_float(frame, tamed(frame, e))


def call(frame: Frame, depth: int) -> Expr:
    """A call of a helper or of a local function that returns a float."""
    choose = frame.chooser
    objects = [v for v in frame.visible("container") if numbers_of(v)]
    if objects and choose.chance(40):
        return method_call(frame, choose.pick(objects), depth)
    callees = [h for h in frame.shared.helpers if h.result == "float"]
    local = frame.visible("function")
    if local and (not callees or choose.chance(60)):
        text = f"{choose.pick(local).name}({scalar(frame, depth - 1).text})"
        return python_float(frame, Expr(text, LIMIT))
    if not callees:
        return unary(frame, scalar(frame, depth - 1))
    helper = choose.pick(callees)
    text = f"{helper.name}({arguments(frame, helper.parameters, depth)})"
    return python_float(frame, Expr(text, LIMIT))


def numbers_of(v: Variable) -> list[Method]:
    """The methods and properties of an object that give a number."""
    kind = v.container
    return kind.named("number") + kind.named("property") if kind else []


def method_call(frame: Frame, v: Variable, depth: int) -> Expr:
    method = frame.chooser.pick(numbers_of(v))
    text = f"{v.name}.{method.name}"
    if method.way == "number":
        text += f"({python_float(frame, scalar(frame, depth - 1)).text})"
    return python_float(frame, Expr(text, LIMIT))


def arguments(frame: Frame, parameters: list[Variable], depth: int) -> str:
    from tests.fuzz.arrays import array
    from tests.fuzz.containers import passed

    choose, texts, by_name = frame.chooser, [], False
    for p in parameters:
        if p.default and choose.chance(40):
            by_name = True
            continue
        if p.container:
            text = passed(frame, p.container)
        elif p.kind == "array":
            text = array(frame, p.shape, min(depth - 1, 1)).text
        elif p.kind == "int":
            text = integer(frame, p.high + 1)
        else:
            text = python_float(frame, scalar(frame, depth - 1)).text
        by_name = by_name or (p is parameters[-1] and choose.chance(25))
        texts.append(f"{p.name}={text}" if by_name else text)
    return ", ".join(texts)
