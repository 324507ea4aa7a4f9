"""Machine code that goes over arrays some rows at a time, against NumPy.

Few rows are taken at a time here, so that there are several trips and a rest.
"""

import numpy as np
import pytest
from scipy.special import logsumexp

import adcompiler as ad
from adcompiler.emit.llvm import by_rows, rowloop
from adcompiler.ir.nodes import For
from adcompiler.pipeline import derive, stored
from tests import ir_interpreter

RNG = np.random.default_rng(3)


def cross_entropy(z, y):
    m = np.max(z, axis=1, keepdims=True)
    e = np.exp(z - m)
    s = np.sum(e, axis=1, keepdims=True)
    return -np.sum(y * (z - m - np.log(s))) / z.shape[0]


def normalised(x, g):
    mean = np.mean(x, axis=1, keepdims=True)
    spread = np.mean((x - mean) ** 2, axis=1, keepdims=True)
    return np.sum(np.tanh((x - mean) / np.sqrt(spread + 1e-5) * g[0] + g[1]))


def standardised(x, g):
    y = (x - x.mean(axis=0)) / (x.std(axis=0) + 0.1)
    return np.sum(y**3 * g[0]) + np.sum(np.sum(y, axis=1) ** 2)


def distances(x, g):
    d = np.sum((x[:, None] - g[None]) ** 2, axis=2)
    return np.sum(np.min(d, axis=1)) - np.sum(np.log(np.sum(np.exp(-d), axis=1)))


def nearest(x, g):
    d = np.sum(np.abs(x[:, None, :] - g), axis=-1)
    k = np.argmin(d, axis=1)
    return np.sum((x - g[k]) ** 2) + np.sum(np.max(d, axis=1))


def attention(x, g):
    s = x @ x.T / np.sqrt(x.shape[1])
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return np.sum((p @ x) ** 2) + np.sum(g)


def stacks(x, g):
    a = x[:, :, None] * g[0][:, None]
    b = a @ np.swapaxes(a, 1, 2)
    return np.sum(np.sum(b * b, axis=2) * x) + np.sum(np.tanh(b[:, 0]) @ g[1])


def moments(x, g):
    """What stacks of matrices are multiplied of, which is summed after that."""
    a = x[:, :, None] * np.tanh(g[0]) - g[1]
    b = np.swapaxes(a, 1, 2) @ a
    first = np.sum(a, axis=1)
    return np.sum(first * g[2]) + np.sum(b**2) - np.sum(np.sum(a * a, axis=(1, 2)) ** 2)


def pooled(x, g):
    y = np.maximum(x * g[0], 0.0)
    w = y / (1.0 + np.sum(y, axis=1))[:, None]
    x = w * np.sum(w, axis=0) + np.prod(1.0 + 0.1 * w, axis=1, keepdims=True)
    return np.sum(logsumexp(x, axis=1)) + np.sum(x.max(axis=0))


def kept(x, g):
    e = np.exp(x - np.max(x, axis=1)[:, None])
    s = np.sum(e, axis=1)
    total = 0.0
    for _ in range(2):
        total += np.sum((e / s[:, None]) @ g.T)
        e = np.sqrt(e) * s[:, None]
        s = np.sum(e, axis=1)
    e[0] = 2.0
    return total + np.sum(e * x)


def spread_over(x, g):
    y = (x * g[:1])[None] + g[:, None, :] * x
    return np.sum(y**3) + np.sum(np.sum(y**2, axis=(0, 2)) ** 2)


PROGRAMS = [
    spread_over,
    cross_entropy,
    normalised,
    standardised,
    distances,
    nearest,
    attention,
    stacks,
    moments,
    pooled,
    kept,
]


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(rowloop, "ELEMENTS", 12)
    monkeypatch.setenv("ADC_CACHE", "0")


def both(f, *args):
    return (
        ad.differentiate(f, wrt=(0, 1), backend=b).value_and_grad(*args)
        for b in ("llvm", "numpy")
    )


def agree(found, wanted, close):
    assert type(found[0]) is type(wanted[0])
    assert found[0] == pytest.approx(wanted[0], rel=close, nan_ok=True)
    for mine, theirs in zip(found[1], wanted[1], strict=True):
        assert mine.dtype == theirs.dtype
        scale = np.nanmax(np.abs(theirs), initial=1.0)
        np.testing.assert_allclose(mine, theirs, rtol=close, atol=close * scale)


@pytest.mark.parametrize("f", PROGRAMS)
def test_it_agrees_with_numpy(f):
    for n in (7, 1, 2):
        x = RNG.normal(size=(n, 5))
        g = RNG.normal(size=(n if f is cross_entropy else 3, 5))
        agree(*both(f, x, g), 1e-11)


@pytest.mark.parametrize("f", [cross_entropy, normalised, distances, stacks, moments])
def test_other_arrays(f):
    n = 6
    x, g = RNG.normal(size=(n, 5)), RNG.normal(size=(n if f is cross_entropy else 3, 5))
    agree(*both(f, x.astype(np.float32), g.astype(np.float32)), 1e-4)
    agree(*both(f, x[::2], g[::2] if f is cross_entropy else g), 1e-11)
    if f is not cross_entropy:  # which divides by the length
        agree(*both(f, x[:0], g), 1e-11)
    x[2, 3] = np.nan
    agree(*both(f, x, g), 1e-11)


def test_lengths_that_differ_are_numpy_s():
    for shapes in (((4, 5), (3, 5)), ((4, 5), (1, 5)), ((1, 5), (4, 5))):
        x, y = (RNG.normal(size=s) for s in shapes)
        native, plain = (
            ad.differentiate(cross_entropy, wrt=(0, 1), backend=b).value_and_grad
            for b in ("llvm", "numpy")
        )
        if shapes[0][0] == 4 and shapes[1][0] == 3:
            with pytest.raises(ValueError, match="broadcast together"):
                native(x, y)
        else:
            agree(native(x, y), plain(x, y), 1e-11)


def largest(x, g):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(e / np.sum(e * g[0], axis=1, keepdims=True))


@pytest.mark.parametrize(
    "shapes", [((0, 0), (1, 1)), ((0, 3), (1, 4)), ((2, 0), (1, 1))]
)
def test_what_raises_does_so_without_rows(shapes):
    x, g = map(np.zeros, shapes)
    with pytest.raises(ValueError) as plain:
        largest(x, g)
    for backend in ("llvm", "numpy"):
        with pytest.raises(ValueError) as found:
            ad.grad(largest, wrt=(0, 1), backend=backend)(x, g)
        assert str(found.value) == str(plain.value)


def test_what_a_row_alone_needs_is_not_stored_for_all():
    args = RNG.normal(size=(7, 5)), RNG.normal(size=(7, 5))
    low, _ = ir_interpreter.lowered(cross_entropy, args)
    (function,) = derive("value_and_grad", low.function, (0, 1))
    body = stored(function, ("rows", by_rows)).region.body
    (loop,) = (s for s in body if isinstance(s, For))
    # The value, and the gradients by both.
    assert len(loop.inits) == 3


def test_what_a_product_reads_is_reduced_before_it():
    """So that one nest computes and reduces it, rather than two that read it."""
    args = RNG.normal(size=(7, 5)), RNG.normal(size=(3, 5))
    low, _ = ir_interpreter.lowered(moments, args)
    body = stored(low.function, ("rows", by_rows)).region.body
    (loop,) = (s for s in body if isinstance(s, For))
    lets = loop.body.body
    names = [let.primitive.name for let in lets]
    before = lets[: names.index("matmul")]
    axes = [let.param("axis") for let in before if let.primitive.name == "sum"]
    assert {(1,), (1, 2)} <= set(axes)
