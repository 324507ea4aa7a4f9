"""A wider set of NumPy's functions, each of them an array of exactly the wanted shape.

`out=` and stores by functions are statements; they are in `array_idioms`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.expressions import Expr, integer, python_float, scalar, threshold
from tests.fuzz.frame import Frame, Shape

Row = tuple[str, float | None, bool]  # template, factor of the bound, whether kinked


def numpy_call(frame: Frame, shape: Shape, depth: int) -> Expr:
    """One of the functions below, by the rank that is wanted."""
    choose = frame.chooser
    ways: list[Callable[[Frame, Shape, int], Expr]] = [_same, _same, _reduced, _joined]
    if len(shape) == 2 and frame.options.matrices:
        ways += [_product, _of_matrices]
    if len(shape) == 1:
        ways += [_of_vectors]
    return choose.pick(ways)(frame, shape, depth)


# {0}: the array, {1}: an axis, {2}: another array of that shape, {3}: a threshold,
# {4}: a number.
SAME: tuple[Row, ...] = (
    ("np.roll({0}, 1)", 1, False),
    ("np.roll({0}, -1, axis={1})", 1, False),
    ("np.flip({0}, axis={1})", 1, False),
    ("np.flip({0})", 1, False),
    ("np.sort({0}, axis={1})", 1, True),
    ("np.sort({0}, axis={1})[::-1]", 1, True),
    ("np.take_along_axis({0}, np.argsort({2}, axis={1}), axis={1})", 1, True),
    ("({0})[np.argsort(np.sum({2}, axis=-1) * np.ones({0}.shape[0]))]", 1, True),
    ("np.where({0} > {3}, {0}, np.where({2} < {3}, {2}, {4}))", None, True),
    ("np.select([{0} > {3}, {2} > {3}], [{0}, 0.5 * {2}], default=0.2)", None, True),
    ("np.where(np.isnan({0}), 0.0, {0} * {2})", None, False),
    ("np.pad({0}, 1)[{5}]", 1, False),
    ("np.pad({0}, 1, mode='edge')[{5}]", 1, False),
    ("np.pad({0}, 1, constant_values=0.4)[{6}]", 1, False),
    ("np.cumsum({0}, axis={1}) / ({0}).shape[{1}]", 1, False),
    ("np.cumsum(({0})[::-1], axis={1})[::-1] / ({0}).shape[{1}]", 1, False),
    ("np.repeat({0}, 2, axis={1})[{7}]", 1, False),
    ("np.tile({0}, {8})[{7}]", 1, False),
    ("np.concatenate(np.split({0}, [1], axis={1})[::-1], axis={1})", 1, False),
    ("np.swapaxes(np.swapaxes({0}, 0, -1), 0, -1)", 1, False),
    ("np.moveaxis({0}[None], 0, -1)[..., 0]", 1, False),
    ("np.clip({0}, {4}, {4} + 1.0)", None, True),
    ("np.copysign({0}, {2} - {3})", 1, True),
    ("np.hypot({0}, 1.5)", None, False),
    ("np.logaddexp({0}, 0.4)", None, False),
    ("np.nan_to_num({0})", 1, False),
    ("np.einsum('...,...->...', {0}, np.sin({2}))", None, False),
    ("np.broadcast_to({0}, {0}.shape) * 0.7", 1, False),
    ("np.diff({0}, axis={1}, prepend=0.3)", 2, False),
    ("({0} - np.mean({0})) / np.sqrt(0.5 + np.var({0}))", None, False),
    ("{2} * np.std(np.append({0}, [3.5, -3.5]))", None, False),
    ("{0} / (1.0 + np.linalg.norm({0}))", 1, False),
    ("{0} * np.ptp({2})", None, True),
    ("{0} - np.median({2}, axis={1}, keepdims=True)", None, True),
    ("{0} - np.average({2}, axis={1}, keepdims=True)", None, False),
    ("np.sum({0}, axis={1}, keepdims=True, where={2} > {3}) + {0}", None, True),
    ("np.var({0}, axis={1}, keepdims=True) * {2}", None, False),
    ("np.add({0}, {2}, where={0} > {3}, out=np.zeros_like({2}))", None, True),
    ("np.multiply({0}, {2}, out=np.empty_like({0}))", None, False),
    ("np.take({0}, np.arange(({0}).shape[{1}])[::-1], axis={1})", 1, False),
    ("np.reshape({0}, -1)[np.arange({0}.size)].reshape({0}.shape)", 1, False),
)


def _operands(frame: Frame, shape: Shape, depth: int) -> tuple[Expr, Expr]:
    from tests.fuzz.arrays import array

    a, b = array(frame, shape, depth - 1), array(frame, shape, 0)
    return Expr(f"({a.text})", a.bound), Expr(f"({b.text})", b.bound)


def _same(frame: Frame, shape: Shape, depth: int) -> Expr:
    choose = frame.chooser
    a, b = _operands(frame, shape, depth)
    rows = [r for r in SAME if frame.options.kinks or not r[2]]
    template, factor, _ = choose.pick(rows)
    axis = choose.below(len(shape))
    first = ("slice(None), " * axis) + f"slice({shape[axis]})"
    reps = [2 if k == axis else 1 for k in range(len(shape))]
    text = template.format(
        a.text,
        axis - len(shape) if choose.chance(30) else axis,
        b.text,
        threshold(frame),
        python_float(frame, scalar(frame, 1)).text,
        ", ".join(["1:-1"] * len(shape)),
        ", ".join([choose.pick(["2:", ":-2", "1:-1"]) for _ in shape]),
        f"({first},)",
        f"({', '.join(map(str, reps))},)",
    )
    bound = 3 * a.bound * max(b.bound, 1.0) + 3 if factor is None else factor * a.bound
    return Expr(f"({text})", bound)


def _reduced(frame: Frame, shape: Shape, depth: int) -> Expr:
    """A reduction with a tuple of axes, `ddof`, `where` or `initial`."""
    from tests.fuzz.arrays import array

    choose, n = frame.chooser, frame.chooser.pick(frame.shared.dims)
    a, b = _operands(frame, shape, depth)
    if len(shape) == 1 and frame.options.matrices:
        other = array(frame, (n, *shape), 0)
        stack = f"np.stack(({other.text}, np.sin({other.text})))"
        forms = [
            f"np.sum({stack}, axis=(0, 1))",
            f"np.mean({stack}, axis=(0, -2))",
            f"np.sum({stack}.transpose(2, 0, 1), axis=(1, 2))",
            f"np.einsum('ijk->k', {stack})",
            f"np.linalg.norm(1.5 + {other.text} ** 2, axis=0)",
            f"np.sqrt(0.5 + np.var({other.text}, axis=0))",
            f"np.sum({other.text}, axis=0, initial=0.5)",
        ]
        if n > 1:
            forms.append(f"np.var({other.text}, axis=0, ddof=1)")
        if frame.options.kinks:
            forms += [
                f"np.max({other.text}, axis=0, initial=0.2)",
                f"np.min({stack}, axis=(0, 1))",
                f"np.sum({other.text}, axis=0, where={other.text} > 0.137)",
                f"np.median({other.text}, axis=0)",
            ]
        return Expr(choose.pick(forms), 2 * n * max(other.bound, 1.0) ** 2 + 2)
    forms = [
        f"{a.text} * np.sum({b.text}, axis=(0, -1), keepdims=True)",
        f"{a.text} + np.mean({b.text}, axis=tuple(range({len(shape)})))",
        f"{a.text} * np.var({b.text}, ddof=0)",
    ]
    if len(shape) == 1:
        forms.pop(0)
    size = max(shape) ** len(shape)
    return Expr(f"({choose.pick(forms)})", a.bound * size * max(b.bound, 1.0) + 3)


def _joined(frame: Frame, shape: Shape, depth: int) -> Expr:
    """Integer arrays and masks as indices, `insert`, `delete`, `r_`."""
    choose, n = frame.chooser, shape[0]
    a, b = _operands(frame, shape, depth)
    listed = [str(choose.below(n) - (n if choose.chance(20) else 0)) for _ in range(n)]
    index = f"np.array([{', '.join(listed)}])"
    forms = [
        f"{a.text}[{index}]",
        f"np.take({a.text}, [{', '.join(listed)}], axis=0)",
        f"np.delete(np.concatenate(({a.text}, {b.text})), range({n}), axis=0)",
        f"np.insert({a.text}, {integer(frame, n)}, 0.3, axis=0)[:{n}]",
        f"np.concatenate(({a.text}, {b.text}))[::2]",
        f"np.concatenate(({a.text}, {b.text}))[np.arange(2 * {n}) % 2 == 0]",
        f"np.append({a.text}, {b.text}, axis=0)[{n}:]",
        f"np.vstack(({a.text}, {b.text}))[-{n}:].reshape({a.text}.shape)",
        f"np.stack(({a.text}, {b.text}), axis=-1)[..., {choose.below(2)}]",
    ]
    if len(shape) == 1:
        forms.append(f"np.r_[{a.text}[:1], {b.text}[1:]]")
    if len(shape) == 2:
        m = shape[1]
        columns = ", ".join(str(choose.below(m)) for _ in range(m))
        rows = ", ".join(listed)
        forms += [
            f"{a.text}[np.ix_([{rows}], [{columns}])]",
            f"{a.text}[:, [{columns}]]",
            f"{a.text}[np.arange({n})[:, None], np.array([{columns}])]",
            f"np.hstack(({a.text}, {b.text}))[:, ::2]",
        ]
    if frame.options.kinks:
        mask = f"({b.text} > {threshold(frame)})"
        forms += [
            f"np.where(np.any({mask}), {a.text}, {b.text})",
            f"{a.text} * np.sum({b.text}[{mask}])",
            f"{a.text} + np.sum(np.sort({b.text}[{mask}]))",
            f"{a.text} * (0.3 * np.count_nonzero({mask}))",
            f"{a.text} * np.mean(np.append({b.text}[{mask}], 0.4))",
        ]
    bound = max(a.bound, b.bound)
    return Expr(f"({choose.pick(forms)})", bound * bound * 12 + 3)


def _product(frame: Frame, shape: Shape, depth: int) -> Expr:
    from tests.fuzz.arrays import array

    choose, k = frame.chooser, frame.chooser.pick(frame.shared.dims)
    a = array(frame, (shape[0], k), depth - 1)
    b = array(frame, (k, shape[1]), 0)
    x, y = f"({a.text})", f"({b.text})"
    forms = [
        f"np.einsum('ij,jk->ik', {x}, {y})",
        f"np.einsum('ij,jk', {x}, {y})",
        f"np.einsum('ji,jk->ik', {x}.T, {y})",
        f"np.tensordot({x}, {y}, axes=1)",
        f"np.tensordot({x}.T, {y}, axes=((0,), (0,)))",
        f"np.einsum('ij,jk->ki', {x}, {y}).T",
        f"np.inner({x}, {y}.T)",
        f"np.sum({x}[:, :, None] * {y}[None, :, :], axis=1)",
        f"np.dot({x}, {y}, out=np.empty({shape}))",
    ]
    if frame.shared.float32:
        forms.pop()
    return Expr(f"({choose.pick(forms)})", k * a.bound * b.bound)


def _of_matrices(frame: Frame, shape: Shape, depth: int) -> Expr:
    from tests.fuzz.arrays import array

    choose, (n, m) = frame.chooser, shape
    a, _ = _operands(frame, shape, depth)
    u, v = array(frame, (n,), 0), array(frame, (m,), 0)
    x, y = f"({u.text})", f"({v.text})"
    forms = [
        f"np.outer({x}, {y})",
        f"np.multiply.outer({x}, {y})",
        f"np.add.outer({x}, {y})",
        f"np.meshgrid({x}, {y}, indexing='ij')[{choose.below(2)}]",
        f"np.meshgrid({y}, {x})[0]",
        f"np.triu({a.text})",
        f"np.tril({a.text}, {choose.pick(['-1', '1', 'k=0'])})",
        f"np.einsum('i,j->ij', {x}, {y})",
        f"np.einsum('ij,i->ij', {a.text}, {x})",
        f"np.rot90({a.text}, 2)",
        f"np.flipud({a.text}) - np.fliplr({a.text})",
        f"np.squeeze({a.text}[None], axis=0)",
        f"np.column_stack([{x}] * {m})",
        f"np.apply_along_axis(np.cumsum, 1, {a.text})",
        f"np.kron({a.text}, np.ones((1, 1)))",
    ]
    if n == m:
        forms += [f"np.diag({x})", f"np.diag(np.diag({a.text}))"]
        forms += [f"({a.text} + {a.text}.T)", f"np.trace({a.text}) * np.eye({n})"]
        forms.append(f"np.linalg.matrix_power(0.4 * {a.text}, 2)")
    return Expr(f"({choose.pick(forms)})", m * (2 * a.bound + u.bound) * v.bound + 3)


def _of_vectors(frame: Frame, shape: Shape, depth: int) -> Expr:
    from tests.fuzz.arrays import array

    choose, n = frame.chooser, shape[0]
    a, b = _operands(frame, shape, depth)
    forms = [
        f"np.convolve({a.text}, {b.text}, mode='same')[:{n}]",
        f"np.convolve({a.text}, np.array([0.5, 0.3]))[:{n}]",
        f"np.correlate({a.text}, {b.text}, 'full')[:{n}]",
        f"np.vander({a.text}, 2)[:, 0]",
        f"np.polyval([0.3, -0.2, 0.1], {a.text})",
        f"np.interp({a.text}, [-1.0, 0.2, 1.1], [0.4, -0.3, 0.9])",
        f"np.linspace({a.text}[0], {b.text}[-1], {n})",
        f"np.bincount(np.arange({n}), weights={a.text})",
        f"np.ravel({a.text}[:, None] * np.ones(2))[::2]",
        f"np.array([np.dot({a.text}, {b.text})] * {n})",
        f"np.array([{a.text}[k] * k for k in range({n})])",
    ]
    if n > 1:
        forms += [f"np.gradient({a.text})", f"np.ediff1d({a.text}, to_end=0.3)"]
    if frame.options.matrices and not frame.shared.float32:
        m = array(frame, (n, n), depth - 1).text
        matrix = f"np.eye({n}) * 4.0 + np.tanh({m})"
        forms.append(f"np.linalg.solve({matrix}, {a.text})")
        forms.append(f"np.linalg.inv({matrix}) @ {a.text}")
        forms.append(f"np.diag({m})")
        forms.append(f"np.linalg.norm({matrix}, axis={choose.below(2)})")
        if n > 1:
            forms.append(f"np.cov({m}, rowvar=False)[0]")
    return Expr(f"({choose.pick(forms)})", n * a.bound * max(b.bound, 1.0) + 5)
