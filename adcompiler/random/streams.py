"""What is drawn from a state: PyTorch's streams, bit for bit.

In: the state of a generator, which is moved on, and what has been checked
(`checks.py`). Out: arrays of the shape and dtype asked for.
Invariants: how many words a draw takes, and in which order it uses them, is PyTorch's;
so are the roundings. `kernels` may compute what is long as machine code, with the same
bits.

PyTorch's definitions are those of ``aten/src/ATen/native/cpu/DistributionTemplates.h``
and ``aten/src/ATen/core/DistributionsHelper.h``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompiler.random import kernels
from adcompiler.random.exact import TURN, each, fma32, fma64, log32, sine_cosine32
from adcompiler.random.state import (
    NORMAL,
    VALID,
    long_words,
    uniform24,
    uniform53,
    uniform_number,
    words,
)

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Dtype = np.dtype[Any]

SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
WHOLE = np.dtype(np.int64)
_BLOCK = 16  # normals are made of so many uniform numbers at a time
_CHUNK = 1 << 14  # elements that stay in the cache between NumPy's operators


# --- Uniform ------------------------------------------------------------------------


def rand(state: Array, shape: Shape, dtype: Dtype) -> Array:
    """Uniform numbers from 0 to below 1."""
    found = kernels.drawn(f"adc_rand_{dtype.char}", state, shape, dtype)
    if found is not None:
        return found
    draw = uniform24 if dtype == SINGLE else uniform53
    return draw(state, math.prod(shape)).reshape(shape)


def uniform(state: Array, low: float, high: float, shape: Shape, dtype: Dtype) -> Array:
    """Uniform numbers from `low` to below `high`."""
    if (low, high) == (0.0, 1.0):
        return rand(state, shape, dtype)
    name = f"adc_uniform_{dtype.char}"
    native = kernels.drawn(name, state, shape, dtype, low, high)
    if native is not None:
        return native
    u = rand(state, shape, dtype)
    begin, end = dtype.type(low), dtype.type(high)
    found = multiply_add(u, end - begin, begin)
    # What is rounded up to the end is the beginning.
    return np.where(found >= end, begin, found)


def multiply_add(a: Array, b: Any, c: Any) -> Array:
    """``a * b + c``, rounded once, in the dtype of `a`."""
    fma = fma32 if a.dtype == SINGLE else fma64
    if a.size <= _CHUNK:
        return fma(a, b, c)
    out, flat = np.empty_like(a), a.reshape(-1)
    into = out.reshape(-1)
    for k in range(0, a.size, _CHUNK):
        into[k : k + _CHUNK] = fma(flat[k : k + _CHUNK], b, c)
    return out


# --- Normal -------------------------------------------------------------------------


def randn(state: Array, shape: Shape, dtype: Dtype) -> Array:
    """Standard normal numbers."""
    return normal(state, 0.0, 1.0, shape, dtype)


def normal(state: Array, mean: float, std: float, shape: Shape, dtype: Dtype) -> Array:
    """Normal numbers, by Box and Muller (Ann. Math. Stat. 29, 1958).

    Fewer than 16 are made one by one, in pairs, of which the second is kept; more in
    blocks of 16.
    """
    name = f"adc_normals_{dtype.char}"
    found = kernels.drawn(name, state, shape, dtype, mean, std)
    if found is not None:
        return found
    count = math.prod(shape)
    if count >= _BLOCK:
        return _blocks(state, mean, std, count, dtype).reshape(shape)
    z = np.array([_one_normal(state) for _ in range(count)], np.float64)
    if (mean, std) != (0.0, 1.0):
        z = fma64(z, std, mean)
    return z.astype(dtype).reshape(shape)


def _one_normal(state: Array) -> float:
    """One of a pair: the cosine's, or the sine's that has been kept."""
    kept = state[NORMAL : NORMAL + 1].view(np.float64)
    valid = state[VALID : VALID + 1].view(np.int32)
    if valid[0]:
        found = float(kept[0])
        valid[0], kept[0] = 0, 0.0
        return found
    angle = 2.0 * math.pi * uniform_number(state)
    radius = math.sqrt(-2.0 * math.log1p(-uniform_number(state)))
    kept[0], valid[0] = radius * math.sin(angle), 1
    return radius * math.cos(angle)


def _blocks(state: Array, mean: float, std: float, count: int, dtype: Dtype) -> Array:
    draw, turn = (uniform24, _turned32) if dtype == SINGLE else (uniform53, _turned64)
    u = draw(state, count)
    whole = count - count % _BLOCK
    for k in range(0, whole, _CHUNK):
        part = u[k : min(k + _CHUNK, whole)]
        part[:] = turn(part.reshape(-1, _BLOCK), mean, std).reshape(-1)
    if whole < count:
        # The last 16 are drawn anew, over the end of the last block.
        last = draw(state, _BLOCK).reshape(1, _BLOCK)
        u[count - _BLOCK :] = turn(last, mean, std).reshape(-1)
    return u


def _turned32(u: Array, mean: float, std: float) -> Array:
    """Of each row, the first half's radius at the second half's angle."""
    half = _BLOCK // 2
    radius = np.sqrt(np.float32(-2) * log32(np.float32(1) - u[:, :half]))
    sine, cosine = sine_cosine32(TURN * u[:, half:])
    z = np.concatenate([radius * cosine, radius * sine], axis=1)
    return fma32(z, np.float32(std), np.float32(mean))


def _turned64(u: Array, mean: float, std: float) -> Array:
    half = _BLOCK // 2
    radius = np.sqrt(-2.0 * each(math.log, 1.0 - u[:, :half]))
    angle = 2.0 * math.pi * u[:, half:]
    z = np.concatenate(
        [radius * each(math.cos, angle), radius * each(math.sin, angle)], 1
    )
    return fma64(z, std, mean)


# --- Others -------------------------------------------------------------------------


def exponential(state: Array, rate: float, shape: Shape, dtype: Dtype) -> Array:
    """Exponential numbers of a rate, computed in double precision."""
    name = f"adc_exponential_{dtype.char}"
    native = kernels.drawn(name, state, shape, dtype, -1.0 / rate)
    if native is not None:
        return native
    u = uniform53(state, math.prod(shape))
    found = (-1.0 / rate) * each(math.log1p, -u)
    return found.astype(dtype).reshape(shape)


def randint(state: Array, low: int, high: int, shape: Shape, dtype: Dtype) -> Array:
    """Integers from `low` to below `high`; of two words each where there are many."""
    count, span = math.prod(shape), high - low
    if span < 2**63:
        name = "adc_randint" if span < 2**28 else "adc_randint_wide"
        native = kernels.drawn(name, state, shape, WHOLE, low, span)
        if native is not None:
            return native.astype(dtype, copy=False)
    if span < 2**28:
        found = words(state, count) % span
    else:
        found = (long_words(state, count) % np.uint64(span)).view(np.int64)
    found += low
    return found.astype(dtype, copy=False).reshape(shape)


def randperm(state: Array, count: int, dtype: Dtype) -> Array:
    """A permutation of ``0 .. count - 1``, by Fisher and Yates, from the front."""
    native = kernels.permuted(state, count)
    if native is not None:
        return native.astype(dtype, copy=False)
    steps = words(state, max(count - 1, 0))
    others = (steps % np.arange(count, 1, -1) + np.arange(len(steps))).tolist()
    order = list(range(count))
    for k, other in enumerate(others):
        order[k], order[other] = order[other], order[k]
    return np.array(order, dtype)


def bernoulli(state: Array, p: Array) -> Array:
    """1 with the probability that stands there, else 0; compared in its dtype."""
    return (rand(state, p.shape, p.dtype) < p).astype(p.dtype)


def coins(state: Array, p: float, shape: Shape, dtype: Dtype) -> Array:
    """1 with one probability, else 0; compared in double precision."""
    return _scaled_coins(state, p, 1.0, shape, dtype)


def _scaled_coins(
    state: Array, p: float, value: float, shape: Shape, dtype: Dtype
) -> Array:
    """A value with one probability, else 0."""
    if dtype.kind == "f":
        name = f"adc_coins_{dtype.char}"
        native = kernels.drawn(name, state, shape, dtype, p, value)
        if native is not None:
            return native
    kept = rand(state, shape, DOUBLE) < p
    found = kept.astype(dtype)
    found *= dtype.type(value)
    return found


def dropout_mask(state: Array, p: float, shape: Shape, dtype: Dtype) -> Array:
    """What `dropout` multiplies with. Nothing is drawn at p of 0 and 1."""
    if p in (0.0, 1.0):
        return np.full(shape, 1.0 - p, dtype)
    value = dtype.type(1.0) / dtype.type(1.0 - p)
    return _scaled_coins(state, 1.0 - p, float(value), shape, dtype)


def multinomial(state: Array, weights: Array, count: int, replacement: bool) -> Array:
    """Of each row of weights, `count` indices."""
    rows = weights.reshape(-1, weights.shape[-1])
    if replacement:
        drawn = [_with_replacement(state, row, count) for row in rows]
        found = np.array(drawn, np.int64)
    else:
        # The largest of weights by exponential numbers are a draw without replacement.
        noise = exponential(state, 1.0, rows.shape, rows.dtype)
        with np.errstate(divide="ignore", invalid="ignore"):
            order = np.argsort(-(rows / noise), axis=1, kind="stable")
        found = order[:, :count]
    return found.reshape(*weights.shape[:-1], count)


def _with_replacement(state: Array, weights: Array, count: int) -> Array:
    total = np.cumsum(weights, dtype=weights.dtype)
    total /= total[-1]
    u = rand(state, (count,), DOUBLE)
    found: Array = np.searchsorted(total.astype(np.float64), u, side="left")
    return found


# --- Initial values -----------------------------------------------------------------


def kaiming_bound(fan_in: int, a: float) -> float:
    """Half the width of He's uniform distribution (arXiv:1502.01852)."""
    gain = math.sqrt(2.0 / (1.0 + a * a))
    return math.sqrt(3.0) * (gain / math.sqrt(fan_in))
