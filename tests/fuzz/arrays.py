"""Random array expressions of a wanted shape, and subscripts that select it."""

from __future__ import annotations

from tests.fuzz.expressions import (
    Expr,
    combine,
    constant,
    index,
    integer,
    python_float,
    scalar,
    tamed,
    threshold,
    unary,
)
from tests.fuzz.frame import Frame, Shape
from tests.fuzz.numpy_calls import numpy_call
from tests.fuzz.program import LIMIT, Variable


def any_shape(frame: Frame) -> Shape:
    """A shape that occurs in the program, or a fresh one of its dimensions."""
    choose, dims = frame.chooser, frame.shared.dims
    arrays = frame.visible("array")
    if arrays and choose.chance(75):
        return choose.pick(arrays).shape or (1,)
    shapes: list[tuple[int, Shape]] = [(4, (dims[0],)), (2, (dims[1],)), (1, (1,))]
    if frame.options.matrices:
        n, m = dims
        shapes += [(3, (n, m)), (1, (m, n)), (2, (n, n)), (1, (n, 1)), (1, (1, m))]
    return choose.weighted(shapes)


def array(frame: Frame, shape: Shape, depth: int) -> Expr:
    """An array expression of exactly `shape`, elements bounded by LIMIT."""
    choose = frame.chooser
    if depth <= 0 or not shape:
        return array_leaf(frame, shape)
    matrix = frame.options.matrices
    way = choose.weighted(
        [
            (4, _leaf),
            (8, _binary),
            (5, _unary),
            (3, _where),
            (2 if frame.options.kinks else 0, _guarded),
            (2, _centred),
            (4, _matmul),
            (3 if matrix or len(shape) == 1 else 0, _reduced),
            (2, _reshaped),
            (3 if len(shape) == 2 else 0, _transposed),
            (2, _joined),
            (1, _cumsum),
            (1 if len(shape) == 2 and matrix else 0, _stacked_product),
            (3 if frame.options.linalg else 0, _linalg),
            (frame.options.numpy_calls, numpy_call),
        ]
    )
    return tamed(frame, way(frame, shape, depth))


def _leaf(frame: Frame, shape: Shape, depth: int) -> Expr:
    return array_leaf(frame, shape)


def array_leaf(frame: Frame, shape: Shape) -> Expr:
    """A variable, a selection from a larger one, or a fresh constant array."""
    choose = frame.chooser
    exact = frame.visible("array", shape)
    larger = [v for v in frame.visible("array") if reachable(v.shape, shape)]
    way = choose.weighted(
        [(8 if exact else 0, "name"), (3 if larger else 0, "part"), (1, "fresh")]
    )
    if way == "name":
        return Expr(choose.pick(exact).name, LIMIT)
    if way == "part":
        v = choose.pick(larger)
        return Expr(v.name + subscript(frame, v.shape, shape), LIMIT)
    return fresh(frame, shape)


def fresh(frame: Frame, shape: Shape) -> Expr:
    """An array made of nothing: zeros, ones, full, eye, arange, *_like."""
    choose = frame.chooser
    text = f"({shape[0]},)" if len(shape) == 1 else str(shape)
    dtype = f", dtype={frame.dtype_of}.dtype" if frame.shared.float32 else ""
    if frame.shared.float32 and frame.dtype_of is None:
        dtype = ""
    like = frame.visible("array", shape)
    forms = [f"np.ones({text}{dtype})", f"np.zeros({text}{dtype})"]
    if like:
        forms.append(f"np.zeros_like({choose.pick(like).name})")
    if len(shape) == 2 and shape[0] == shape[1]:
        forms.append(f"np.eye({shape[0]}{dtype})")
    if len(shape) == 1 and not frame.shared.float32:
        forms.append(f"(0.3 * np.arange({shape[0]}))")
    if choose.chance(30):
        value = python_float(frame, scalar(frame, 1))
        value_text = surely_float(value.text)
        return Expr(f"np.full({text}, {value_text}{dtype})", value.bound)
    return Expr(choose.pick(forms), 1.3)


def surely_float(text: str) -> str:
    """A scalar expression that is no integer, whatever `text` is."""
    return text if text.startswith("float(") else f"1.0 * ({text})"


def operand(frame: Frame, shape: Shape, depth: int) -> Expr:
    """An operand that broadcasts to `shape`, often a smaller one."""
    choose = frame.chooser
    if choose.chance(45):
        return array(frame, shape, depth)
    if choose.chance(50):
        return python_float(frame, scalar(frame, min(depth, 1)))
    smaller: list[Shape] = [(1,)]
    if len(shape) == 2:
        smaller = [(shape[1],), (shape[0], 1), (1, shape[1]), (1, 1), (1,)]
    if len(shape) == 2 and choose.chance(25):
        column = array(frame, (shape[0],), 0)
        return Expr(f"({column.text})[:, None]", column.bound)
    return array(frame, choose.pick(smaller), depth)


def _binary(frame: Frame, shape: Shape, depth: int) -> Expr:
    a, b = array(frame, shape, depth - 1), operand(frame, shape, depth - 1)
    if frame.chooser.chance(30):
        a, b = b, a
    return combine(frame, a, b)


def _unary(frame: Frame, shape: Shape, depth: int) -> Expr:
    return unary(frame, array(frame, shape, depth - 1))


def _where(frame: Frame, shape: Shape, depth: int) -> Expr:
    choose = frame.chooser
    a, b = array(frame, shape, depth - 1), operand(frame, shape, depth - 1)
    if not frame.options.kinks:
        return combine(frame, a, b)
    tested = operand(frame, shape, 0)
    test = f"{tested.text} {choose.pick(['>', '<'])} {threshold(frame)}"
    return Expr(f"np.where({test}, {a.text}, {b.text})", max(a.bound, b.bound))


_SINGULAR = [
    ("np.log({})", 2.0),
    ("np.sqrt({})", 1.8),
    ("(0.3 / {})", 2.2),
    ("({}) ** 0.5", 1.8),
    ("np.power({}, 0.7)", 2.2),
    ("0.2 * np.arccosh(1.0 + {})", 1.0),
]


def _guarded(frame: Frame, shape: Shape, depth: int) -> Expr:
    """A function of the elements where it is defined, something else where not."""
    choose = frame.chooser
    a, b = array(frame, shape, 1), operand(frame, shape, depth - 1)
    template, bound = choose.pick(_SINGULAR)
    test = f"{a.text} > 0.137"
    way = choose.below(3)
    if way == 0:
        text = f"np.where({test}, {template.format(f'({a.text})')}, {b.text})"
    elif way == 1:
        safe = f"np.where({test}, {a.text}, 1.0)"
        text = f"np.where({test}, {template.format(safe)}, {b.text})"
    else:
        text = f"(np.sin({b.text}) * ({test}))"
    return Expr(text, max(bound, b.bound))


def _centred(frame: Frame, shape: Shape, depth: int) -> Expr:
    """Less a mean or maximum with `keepdims`; or normalised, as by a softmax."""
    choose, a = frame.chooser, array(frame, shape, depth - 1)
    axis = choose.below(len(shape))
    tail = f"axis={choose.pick([axis, axis - len(shape)])}, keepdims=True"
    names = ["mean", "mean", "max", "min"] if frame.options.kinks else ["mean"]
    if choose.chance(30):
        e = f"np.exp(0.4 * {a.text})"
        return Expr(f"({e} / np.sum({e}, {tail}))", 1.0)
    return Expr(f"({a.text} - np.{choose.pick(names)}({a.text}, {tail}))", 2 * a.bound)


def _stacked_product(frame: Frame, shape: Shape, depth: int) -> Expr:
    """`matmul` with an operand of rank 3."""
    choose, k = frame.chooser, frame.chooser.pick(frame.shared.dims)
    a = [array(frame, (shape[0], k), depth - 1), array(frame, (shape[0], k), 0)]
    b = array(frame, (k, shape[1]), 0)
    stack, bound = f"np.stack(({a[0].text}, {a[1].text}))", max(x.bound for x in a)
    product = choose.pick([f"({stack} @ {b.text})", f"np.matmul({stack}, {b.text})"])
    if choose.chance(40):
        other = f"np.stack(({b.text}, np.cos({b.text})))"
        product = f"({stack} @ {other})"
    text = choose.pick([f"{product}[{choose.below(2)}]", f"np.mean({product}, axis=0)"])
    return Expr(text, k * bound * max(b.bound, 1.0))


def _matmul(frame: Frame, shape: Shape, depth: int) -> Expr:
    choose = frame.chooser
    k = choose.pick(frame.shared.dims)
    if len(shape) == 2:
        a, b = array(frame, (shape[0], k), depth - 1), array(frame, (k, shape[1]), 0)
    elif choose.chance(50) and frame.options.matrices:
        a, b = array(frame, (k,), 0), array(frame, (k, shape[0]), depth - 1)
    elif frame.options.matrices:
        a, b = array(frame, (shape[0], k), depth - 1), array(frame, (k,), 0)
    else:
        return _unary(frame, shape, depth)
    form = choose.pick(
        ["({} @ {})", "({} @ {})", "np.dot({}, {})", "np.matmul({}, {})"]
    )
    return Expr(form.format(a.text, b.text), k * a.bound * b.bound)


def _reduced(frame: Frame, shape: Shape, depth: int) -> Expr:
    """A reduction along one axis, or with `keepdims`, that leaves `shape`."""
    choose, options = frame.chooser, frame.options
    names = ["sum", "mean", "sum", "prod"] + (["max", "min"] if options.kinks else [])
    name = choose.pick(names)
    n = choose.pick(frame.shared.dims)
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    if ones and choose.chance(60):
        axis = choose.pick(ones)
        wide = shape[:axis] + (n,) + shape[axis + 1 :]
        tail = f"axis={axis}, keepdims=True"
    elif len(shape) == 1 and options.matrices:
        axis = choose.below(2)
        wide = (n, shape[0]) if axis == 0 else (shape[0], n)
        tail = f"axis={axis - 2 if choose.chance(30) else axis}"
    else:
        return _unary(frame, shape, depth)
    a = array(frame, wide, depth - 1)
    if name == "prod":
        a = Expr(f"np.cos({a.text})", 1.0)
    bound = a.bound * n if name == "sum" else a.bound
    if options.methods and choose.chance(30):
        return Expr(f"({a.text}).{name}({tail})", bound)
    return Expr(f"np.{name}({a.text}, {tail})", bound)


def _reshaped(frame: Frame, shape: Shape, depth: int) -> Expr:
    choose = frame.chooser
    if len(shape) == 1 and frame.options.matrices:
        n = choose.pick([d for d in (1, *frame.shared.dims) if shape[0] % d == 0])
        a = array(frame, (n, shape[0] // n), depth - 1)
        form = choose.pick(["np.ravel({})", "({}).ravel()", "({}).reshape(-1)"])
        return Expr(form.format(a.text), a.bound)
    if len(shape) == 2:
        a = array(frame, (shape[0] * shape[1],), depth - 1)
        form = choose.pick(["({}).reshape({}, {})", "np.reshape({}, ({}, {}))"])
        return Expr(form.format(a.text, *shape), a.bound)
    return _unary(frame, shape, depth)


def _transposed(frame: Frame, shape: Shape, depth: int) -> Expr:
    a = array(frame, shape[::-1], depth - 1)
    form = frame.chooser.pick(["({}).T", "np.transpose({})", "({}).transpose()"])
    return Expr(form.format(a.text), a.bound)


def _joined(frame: Frame, shape: Shape, depth: int) -> Expr:
    """`concatenate` or `stack`."""
    choose, n = frame.chooser, shape[0]
    if len(shape) == 1 and n <= 3 and choose.chance(30):
        parts = [python_float(frame, scalar(frame, 1)) for _ in range(n)]
        if not frame.shared.float32:
            listed = ", ".join(surely_float(p.text) for p in parts)
            return Expr(f"np.array([{listed}])", max(p.bound for p in parts))
    if len(shape) == 2 and choose.chance(50) and n <= 3:
        rows = [array(frame, shape[1:], depth - 1) for _ in range(n)]
        text = f"np.stack(({', '.join(r.text for r in rows)},))"
        return Expr(text, max(r.bound for r in rows))
    if n == 1:
        return _unary(frame, shape, depth)
    if choose.chance(25):
        a, b, k = (
            array(frame, shape, depth - 1),
            array(frame, shape, 0),
            integer(frame, n),
        )
        text = f"np.concatenate((({a.text})[:{k}], ({b.text})[{k}:]))"
        return Expr(text, max(a.bound, b.bound))
    cut = choose.between(1, n - 1)
    a = array(frame, (cut, *shape[1:]), depth - 1)
    b = array(frame, (n - cut, *shape[1:]), 0)
    text = f"np.concatenate(({a.text}, {b.text}))"
    return Expr(text, max(a.bound, b.bound))


def _cumsum(frame: Frame, shape: Shape, depth: int) -> Expr:
    a = array(frame, shape, depth - 1)
    axis = ", axis=" + str(frame.chooser.below(len(shape))) if len(shape) > 1 else ""
    if frame.chooser.chance(30):
        return Expr(f"np.cumprod(np.cos({a.text}){axis})", 1.0)
    return Expr(f"np.cumsum({a.text}{axis})", a.bound * max(shape))


def _linalg(frame: Frame, shape: Shape, depth: int) -> Expr:
    """`solve` or `inv` of a diagonally dominant matrix, or the factor of another."""
    n = shape[0]
    if frame.shared.float32 or n == 1 or not frame.options.matrices:
        return _unary(frame, shape, depth)
    matrix = f"np.eye({n}) * 4.0 + np.tanh({array(frame, (n, n), depth - 1).text})"
    if len(shape) == 2 and shape[1] == n and frame.chooser.chance(55):
        return Expr(f"np.linalg.inv({matrix})", 1.0)
    if len(shape) == 2 and shape[1] == n and frame.chooser.chance(60):
        return Expr(f"np.linalg.cholesky({_definite(frame, n, depth)})", 2.5)
    b = array(frame, shape, 0)
    return Expr(f"np.linalg.solve({matrix}, {b.text})", b.bound)


def _definite(frame: Frame, n: int, depth: int) -> str:
    """A symmetric matrix with positive eigenvalues."""
    half = array(frame, (n, n), depth - 1).text
    if frame.chooser.chance(50):
        return f"np.eye({n}) * 3.0 + 0.2 * (({half}) + ({half}).T)"
    return f"np.eye({n}) + np.tanh({half}) @ np.tanh({half}).T"


def determinant(frame: Frame, n: int, depth: int) -> Expr:
    """`det`, or the logarithm that `slogdet` gives."""
    matrix = f"np.eye({n}) * 2.0 + np.tanh({array(frame, (n, n), depth - 1).text})"
    if frame.chooser.chance(40):
        return Expr(f"np.linalg.slogdet({matrix})[1]", 3.0 * n)
    return Expr(f"np.linalg.det({matrix})", 6.0**n)


# -- selections -----------------------------------------------------------------


def reachable(whole: Shape, part: Shape) -> bool:
    """Whether basic subscripts of an array of shape `whole` can have shape `part`."""
    if whole == part or not part or len(part) > len(whole):
        return False
    if len(whole) == len(part):
        return all(p <= w for p, w in zip(part, whole, strict=True))
    return part[0] <= whole[0] or part[0] <= whole[1]


def subscript(frame: Frame, whole: Shape, part: Shape) -> str:
    """A basic subscript that takes `part` out of an array of shape `whole`."""
    if len(whole) == len(part):
        rows = [_slice(frame, w, p) for w, p in zip(whole, part, strict=True)]
        while len(rows) > 1 and rows[-1] == ":":
            rows.pop()
        return f"[{', '.join(rows)}]"
    axes = [axis for axis in (0, 1) if part[0] <= whole[axis]]
    axis = frame.chooser.pick(axes)
    row, rest = index(frame, whole[1 - axis]), _slice(frame, whole[axis], part[0])
    if axis == 0:
        return f"[{rest}, {row}]"
    return f"[{row}]" if rest == ":" else f"[{row}, {rest}]"


def _slice(frame: Frame, n: int, m: int) -> str:
    """A slice of `m` out of `n` elements: plain, strided, reversed, at an offset."""
    choose = frame.chooser
    if n == m:
        return choose.weighted([(6, ":"), (1, "::-1"), (1, f":{n}"), (1, "0:")])
    forms = [f":{m}", f"{n - m}:", f"-{m}:"]
    strides = [s for s in (2, 3) if len(range(0, n, s)) == m]
    forms += [f"::{s}" for s in strides]
    if len(range(n - 1, -1, -2)) == m:
        forms.append("::-2")
    if n - m >= 2:
        forms.append(f"1:{m + 1}")
    if choose.chance(25):
        start = integer(frame, n - m + 1)
        if start.isidentifier():
            return f"{start}:{start} + {m}"
    return choose.pick(forms)


def gathered(frame: Frame, source: Variable, n: int) -> Expr:
    """Rows or elements taken by an integer array, with repetitions."""
    listed = [index(frame, source.shape[0]) for _ in range(n)]
    return Expr(f"{source.name}[np.array([{', '.join(listed)}])]", LIMIT)


__all__ = [
    "any_shape",
    "array",
    "constant",
    "determinant",
    "fresh",
    "gathered",
    "subscript",
]
