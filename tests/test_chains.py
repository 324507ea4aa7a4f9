"""Random chains of library functions on matrices, of which some run in loops.

Each chain is a function of a matrix of three rows and four columns; where NumPy refuses
a chain, or it gives no finite number, there is nothing to compare. All others must be
accepted: values, gradients and tangents are compared with plain Python's.
"""

from __future__ import annotations

import linecache
import random
import warnings

import numpy as np
import pytest
from scipy import special

import adcompiler as ad
from tests.numerics import assert_matches, reference_gradient

LINKS = """\
np.roll({0}, 1, axis=0)
np.roll({0}, -2)
np.pad({0}, 1)[1:, :-1]
np.pad({0}, ((0, 1), (1, 0)), constant_values=0.5)[:-1, 1:]
np.pad({0}, 1, mode="edge")[:-1, 1:]
np.pad({0}, (1, 2), "reflect")[::2]
np.pad({0}, 2, mode="wrap")[1:-2]
np.pad({0}, ((1, 0), (0, 1)), "symmetric")
np.pad({0}, 1, "linear_ramp", end_values=0.3)[1:]
np.sort({0}, axis=0)
np.sort({0}, axis=-1)
np.tile({0}, (2, 1))[::2]
np.repeat({0}, 2, axis=1)[:, ::2]
np.repeat({0}, np.arange(len({0})), axis=0)
np.partition({0}, 1, axis=1)
{0}[np.argpartition({0}[:, 0], 0)]
{0}[np.where({0}[:, 0] > -0.5)[0]]
{0}[np.nonzero({0} > 0.0)][:, None] * np.ones(3)
np.take({0}, [0, 5, 1, 2], mode="wrap", axis=0)
np.delete({0}, 1, axis=0)
np.insert({0}, 1, {0}[0], axis=0)
np.r_[{0}, {0}[:1]]
np.c_[{0}[0], {0}[-1]]
np.meshgrid({0}[0], {0}[:, 0], indexing="ij")[1]
np.apply_along_axis(np.cumsum, 1, {0})
np.apply_along_axis(lambda v: v * v[0], 0, {0})
np.vectorize(lambda v: v * v if v > 0.2 else 0, otypes=[float])({0})
np.maximum.accumulate({0}, axis=0)
np.hypot.outer({0}[0], 1.5 + {0}[:, 0] ** 2)
np.reshape({0}, (-1, 2), order="F")
np.add({0}, 1.0, out=np.zeros_like({0}), where={0} > 0.1)
np.cumsum({0}, axis=0, dtype=float)
np.linspace({0}[0], {0}[-1], 4)
np.bincount(np.arange(len({0}[0])) % 3, weights={0}[0])[:, None] * np.ones(2)
np.diff({0}, axis=0, prepend=0.5)
np.gradient({0})[1]
np.gradient({0}, axis=0, edge_order=2)
np.percentile({0}, [20, 60], axis=0)
np.nanmedian({0}, axis=0) + {0}
np.unwrap({0} * 5.0, axis=0)
np.polyfit(np.arange(len({0})), {0}, 1)
np.lib.stride_tricks.sliding_window_view({0}, 2, axis=0)[..., 0]
np.unique({0})[:3, None] * np.ones(2)
special.j0({0})
special.gammainc(1.5, {0} ** 2 + 0.1)
np.flip({0}, axis=1)
np.rot90({0})
{0}.T
np.swapaxes({0}, 0, 1)
np.triu({0})
np.tril({0}, 1)
np.cumsum({0}, axis=1)
np.cumprod({0}, axis=0)
np.diff({0}, axis=0)
np.vstack(({0}, {0}[:1]))
np.column_stack(({0}, {0}[:, 0]))
np.concatenate(np.split({0}, [1]), axis=0)
np.block([[{0}, {0}], [{0}, {0} * 2.0]])[:3]
np.diag(np.diagonal({0}))
np.diag({0}[0])
np.outer({0}[0], {0}[:, 0])
np.add.outer({0}[0], {0}[:, 0])
np.vander({0}[0], 3)
np.kron({0}, np.ones((1, 2)))[:, ::2]
{0} @ {0}.T
np.einsum("ij,kj->ik", {0}, {0})
np.tensordot({0}, {0}, axes=((0,), (0,)))
np.linalg.matrix_power({0} @ {0}.T * 0.1, 2)
np.cov({0})
np.convolve({0}[0], {0}[:, 0])[None, :] * np.ones((2, 1))
{0} - np.mean({0}, axis=0)
{0} / (1.0 + np.linalg.norm({0}, axis=1, keepdims=True))
np.broadcast_to(np.median({0}, axis=0), {0}.shape)
np.quantile({0}, 0.4, axis=1)[:, None] * {0}
np.average({0}, axis=0) * {0}
np.ptp({0}, axis=0) * {0}
{0} * np.std({0})
np.trace({0}) * {0}
np.sum({0}, where={0} > 0) * {0}
np.maximum.reduce({0}, axis=1)[:, None] * {0}
np.trapezoid({0}, axis=0)[None, :] + {0}
np.gradient({0}, axis=0)
np.take_along_axis({0}, np.argsort({0}, axis=0), axis=0)
np.searchsorted(np.array([-0.5, 0.0, 0.5]), {0}) * {0}
np.interp({0}, np.linspace(-2.0, 2.0, 5), np.array([0.1, 0.5, -0.3, 0.8, 0.2]))
np.where({0} > 0.2, {0}, {0} ** 2)
np.piecewise({0}, [{0} < 0.0, {0} >= 0.0], [lambda t: t * t, np.sin])
np.clip({0}, -0.8, 0.9)
np.fmax({0}, 0.1)
np.logaddexp({0}, 0.3)
np.heaviside({0}, 0.5) * {0}
np.nan_to_num({0})
np.sinc({0})
special.expit({0})
special.erf({0})
special.softmax({0}, axis=1)
special.logsumexp({0}, axis=0)[None, :] + {0}
""".splitlines()
LOOPS = ("np.sin({0})", "np.roll({0}, 1, axis=0)", "np.flip({0}, axis=0)")


def chain(seed: int) -> str:
    """The source of a chain."""
    draw = random.Random(seed)
    lines, name = [], "x"
    for k in range(draw.randint(2, 5)):
        before, name = name, f"t{k}"
        lines.append(f"    {name} = {draw.choice(LINKS).format(before)}")
        if draw.random() < 0.3:
            lines.append(f"    {name} = {name} * 0.7 + np.sum({before}) * 0.1")
        if draw.random() < 0.25:
            lines.append(f"    for _ in range({draw.randint(0, 3)}):")
            lines.append(f"        {name} = {draw.choice(LOOPS).format(name)}")
    result = f"    return np.sum(np.sin({name}))"
    return "\n".join(["def program(x):", *lines, result]) + "\n"


def check(seed: int) -> bool:
    """Compare one chain; False where there is nothing to compare."""
    text, name = chain(seed), f"<chain {seed}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {"np": np, "special": special}
    exec(compile(text, name, "exec"), scope)
    program = scope["program"]
    x = np.random.default_rng(seed).uniform(-1.0, 1.0, (3, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = program(x)
        except (ValueError, IndexError):
            return False
        if not np.isfinite(expected):
            return False
        value, gradient = ad.value_and_grad(program)(x)
        tangent = ad.jvp(program)((x,), (np.cos(x),))[1]
        reference = reference_gradient(program, (x,))
    assert value == pytest.approx(expected, rel=1e-13), text
    if np.max(reference.error) < 1e-6 * max(1.0, np.max(np.abs(reference.value))):
        assert_matches(gradient.ravel(), reference, program=text)
    else:  # a kink lies within the steps
        assert_slope(program, x, gradient, text)
    assert tangent == pytest.approx(np.sum(gradient * np.cos(x)), rel=1e-9), text
    return True


def assert_slope(program, x: np.ndarray, gradient: np.ndarray, text: str) -> None:
    """The gradient along a direction is the slope over one of ever smaller steps."""
    size = 1e-3 * max(1.0, abs(program(x)))
    for direction in np.random.default_rng(1).normal(size=(3, *x.shape)):
        wanted = np.sum(gradient * direction)
        errors = []
        for step in 10.0 ** np.arange(-4.0, -9.0, -1.0):
            ends = (program(x + s * step * direction) for s in (1.0, -1.0))
            slope = next(ends) - next(ends)
            errors.append(abs(slope / (2.0 * step) - wanted) / (size + abs(wanted)))
        assert min(errors) < 1e-4, text


@pytest.mark.parametrize("start", range(0, 60, 15))
def test_chains(start):
    assert sum(check(seed) for seed in range(start, start + 15)) > 5


@pytest.mark.long
@pytest.mark.parametrize("start", range(1000, 3000, 100))
def test_more_chains(start):
    assert sum(check(seed) for seed in range(start, start + 100)) > 50
