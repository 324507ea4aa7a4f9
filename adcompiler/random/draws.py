"""The functions that draw: what users call.

In: shapes, parameters, a generator or None. Out: NumPy arrays, and NumPy's numbers
where the shape is ``()``.
Invariants: all that can be refused is refused before anything is drawn, so that the
generator then stays where it was. Defaults are PyTorch's, float32 included.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from adcompiler.random import checks, streams
from adcompiler.random import generator as generators
from adcompiler.random.generator import Generator
from adcompiler.random.rewinding import touched
from adcompiler.random.state import DEFAULT_SEED, LENGTH, reseed, seeded

Array = np.ndarray[Any, Any]
Lengths = int | tuple[int, ...] | list[int]


def state_of(generator: Generator | Array | None) -> Array:
    """The state that is about to be drawn from; generated code gives it itself."""
    match generator:
        case None:
            return touched(generators.default_generator.state)
        case Generator():
            return touched(generator.state)
        case np.ndarray(shape=(count,)) if count == LENGTH:
            return touched(generator)
    raise TypeError(
        f"a generator is an ad.runtime.Generator, not {type(generator).__name__}"
    )


def rand(
    *shape: Lengths, dtype: DTypeLike = np.float32, generator: Generator | None = None
) -> Any:
    """Uniform numbers from 0 to below 1, as ``torch.rand``.

    float32 ones have 24 bits, float64 ones 53. ValueError of negative lengths,
    TypeError of other dtypes.

    >>> rand(2, 2, generator=Generator().manual_seed(0)).shape
    (2, 2)
    """
    lengths, kind = checks.shape_of_all(shape), checks.float_dtype(dtype)
    return streams.rand(state_of(generator), lengths, kind)[()]


def randn(
    *shape: Lengths, dtype: DTypeLike = np.float32, generator: Generator | None = None
) -> Any:
    """Standard normal numbers, as ``torch.randn``.

    Fewer than 16 are drawn one by one, in pairs, of which the generator keeps the
    second. ValueError of negative lengths, TypeError of other dtypes than float32 and
    float64.

    >>> randn(3, generator=Generator().manual_seed(0))
    array([ 1.5409961, -0.2934289, -2.1787894], dtype=float32)
    """
    lengths, kind = checks.shape_of_all(shape), checks.float_dtype(dtype)
    return streams.normal(state_of(generator), 0.0, 1.0, lengths, kind)[()]


def uniform(
    lo: float = 0.0,
    hi: float = 1.0,
    shape: Lengths = (),
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> Any:
    """Uniform numbers from `lo` to below `hi`, as ``tensor.uniform_(lo, hi)``.

    ValueError where `lo` is above `hi`.

    >>> uniform(-1.0, 1.0, 2, generator=Generator().manual_seed(0))
    array([-0.00748682,  0.5364436 ], dtype=float32)
    """
    lengths, kind = checks.shape_of(shape), checks.float_dtype(dtype)
    begin, end = checks.number(lo, "lo"), checks.number(hi, "hi")
    checks.interval(begin, end, kind)
    return streams.uniform(state_of(generator), begin, end, lengths, kind)[()]


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    shape: Lengths | None = None,
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
) -> Any:
    """Normal numbers, as ``torch.normal(mean, std, shape)``.

    Where `mean` or `std` is an array there is no `shape`: the numbers have the shape to
    which both broadcast, and their dtype. Else float32. ValueError of a negative `std`.

    >>> normal(1.0, 2.0, 2, generator=Generator().manual_seed(0))
    array([4.081992  , 0.41314217], dtype=float32)
    >>> normal(np.zeros(2), 3.0, generator=Generator().manual_seed(0)).dtype
    dtype('float64')
    """
    checks.spread(std)
    several = type(mean) is not float or type(std) is not float
    if several and (np.ndim(mean) or np.ndim(std)):
        if shape is not None:
            raise TypeError("normal() of arrays takes no shape: it is theirs")
        return _normal_of_arrays(mean, std, dtype, generator)
    lengths = checks.shape_of(() if shape is None else shape)
    kind = checks.float_dtype(np.float32 if dtype is None else dtype)
    state = state_of(generator)
    return streams.normal(state, float(mean), float(std), lengths, kind)[()]


def _normal_of_arrays(
    mean: ArrayLike, std: ArrayLike, dtype: DTypeLike | None, generator: Any
) -> Array:
    lengths = np.broadcast_shapes(np.shape(mean), np.shape(std))
    kind = checks.float_dtype(np.result_type(mean, std) if dtype is None else dtype)
    z = streams.randn(state_of(generator), lengths, kind)
    z *= np.asarray(std, kind)
    z += np.asarray(mean, kind)
    return z


def exponential(
    rate: float = 1.0,
    shape: Lengths = (),
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> Any:
    """Exponential numbers, as ``tensor.exponential_(rate)``: of mean ``1 / rate``.

    ValueError of a rate that is not positive.

    >>> exponential(2.0, 2, generator=Generator().manual_seed(0)).dtype
    dtype('float32')
    """
    lengths, kind = checks.shape_of(shape), checks.float_dtype(dtype)
    each = checks.number(rate, "rate")
    checks.positive_rate(each)
    return streams.exponential(state_of(generator), each, lengths, kind)[()]


def randint(
    low: int,
    high: int | tuple[int, ...] | list[int],
    shape: Lengths = (),
    dtype: DTypeLike = np.int64,
    generator: Generator | None = None,
) -> Any:
    """Integers from `low` to below `high`, as ``torch.randint(low, high, shape)``.

    ``randint(high, shape)`` begins at 0; the shape is a tuple then. ValueError where
    nothing lies between, or the dtype does not hold what does.

    >>> randint(0, 10, 5, generator=Generator().manual_seed(0))
    array([4, 9, 3, 0, 3])
    >>> randint(10, (5,), generator=Generator().manual_seed(0))
    array([4, 9, 3, 0, 3])
    """
    if isinstance(high, tuple | list):
        low, high, shape = 0, low, high
    lengths, kind = checks.shape_of(shape), checks.number_dtype(dtype)
    first, last = checks.integer(low), checks.integer(high)
    checks.integers(first, last, kind)
    return streams.randint(state_of(generator), first, last, lengths, kind)[()]


def randperm(
    n: int, dtype: DTypeLike = np.int64, generator: Generator | None = None
) -> Array:
    """The numbers below `n` in random order, as ``torch.randperm(n)``.

    >>> randperm(5, generator=Generator().manual_seed(0))
    array([4, 0, 1, 3, 2])
    """
    (count,) = checks.shape_of(n)
    return streams.randperm(state_of(generator), count, checks.number_dtype(dtype))


def bernoulli(
    p: Any,
    shape: Lengths | None = None,
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
) -> Any:
    """1 with probability `p`, else 0.

    Of probabilities, as ``torch.bernoulli(p)``, in their shape and dtype (a number's is
    float32). Of a number and a shape as ``tensor.bernoulli_(p)``, float32 if no dtype
    is given; the two draw differently. ValueError of what lies outside [0, 1].

    >>> bernoulli(np.full(4, 0.5), generator=Generator().manual_seed(0))
    array([0., 0., 1., 0.])
    """
    checks.probability(p)
    if shape is None:
        plain = isinstance(p, (int, float)) and not isinstance(p, np.floating)
        values = np.asarray(p, np.float32 if plain else None)
        checks.float_dtype(values.dtype)
        found = streams.bernoulli(state_of(generator), values)
        return found.astype(found.dtype if dtype is None else dtype)[()]
    lengths, each = checks.shape_of(shape), checks.number(p, "p")
    kind = checks.number_dtype(np.float32 if dtype is None else dtype)
    return streams.coins(state_of(generator), each, lengths, kind)[()]


def multinomial(
    weights: ArrayLike,
    k: int,
    replacement: bool = False,
    generator: Generator | None = None,
) -> Array:
    """`k` indices, drawn with probabilities proportional to `weights`.

    As ``torch.multinomial``. Weights are a vector, or rows: then there are `k` indices
    for each. ValueError where none can be drawn.

    >>> multinomial([0.0, 3.0, 1.0], 2, generator=Generator().manual_seed(0))
    array([1, 2])
    """
    values = np.asarray(weights)
    if values.dtype.kind != "f":
        values = values.astype(np.float32)
    checks.float_dtype(values.dtype)
    count = checks.integer(k)
    checks.draws_of(values, count, bool(replacement))
    return streams.multinomial(state_of(generator), values, count, bool(replacement))


def dropout(
    x: ArrayLike,
    p: float = 0.5,
    training: bool = True,
    generator: Generator | None = None,
) -> Any:
    """`x` with elements set to zero with probability `p`, the others grown to make up.

    As ``torch.nn.functional.dropout``: what stays is multiplied by ``1 / (1 - p)``.
    Without `training`, and at p = 0, it is `x`. Nothing is drawn at p of 0 and 1.
    ValueError of p outside [0, 1], TypeError of what is no float32 or float64.

    >>> dropout(np.ones(4), 0.5, generator=Generator().manual_seed(0))
    array([0., 0., 2., 0.])
    """
    values = np.asarray(x)
    if not training:
        checks.probability(checks.number(p, "p"))
        return values[()]
    return (values * dropout_mask(values, p, generator))[()]


def dropout_mask(x: ArrayLike, p: float, generator: Generator | None = None) -> Any:
    """What `dropout` multiplies `x` with: 0 or ``1 / (1 - p)``, in its dtype."""
    share, values = checks.number(p, "p"), np.asarray(x)
    checks.probability(share)
    kind = checks.float_dtype(values.dtype)
    return streams.dropout_mask(state_of(generator), share, values.shape, kind)[()]


def kaiming_uniform(
    shape: Lengths,
    a: float = 0.0,
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> Array:
    """Initial weights, as ``torch.nn.init.kaiming_uniform_(tensor, a)``.

    The first axis of a weight is its outputs. ValueError of fewer than two axes.

    >>> kaiming_uniform((2, 3), generator=Generator().manual_seed(0)).shape
    (2, 3)
    """
    lengths, kind = checks.shape_of(shape), checks.float_dtype(dtype)
    inputs = checks.fan_in(lengths)
    if 0 in lengths:
        return np.empty(lengths, kind)
    bound = streams.kaiming_bound(inputs, checks.number(a, "a"))
    return streams.uniform(state_of(generator), -bound, bound, lengths, kind)


def linear_values(
    n_in: int,
    n_out: int,
    bias: bool = True,
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> tuple[Array, Array | None]:
    """The initial weight ``(n_out, n_in)`` and bias of ``torch.nn.Linear``.

    >>> weight, bias = linear_values(3, 2, generator=Generator().manual_seed(0))
    >>> weight.shape, bias.shape
    ((2, 3), (2,))
    """
    inputs, outputs = checks.shape_of((n_in, n_out))
    weight = kaiming_uniform((outputs, inputs), math.sqrt(5.0), dtype, generator)
    if not bias:
        return weight, None
    bound = 1.0 / math.sqrt(inputs) if inputs else 0.0
    return weight, uniform(-bound, bound, outputs, dtype, generator)


# --- What generated code draws besides ----------------------------------------------


def normal_and_noise(
    mean: float,
    std: float,
    shape: Lengths = (),
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> tuple[Any, Any]:
    """What `normal` gives, and the standard normal numbers that it is made of."""
    state = state_of(generator)
    before = state.copy()
    found = normal(mean, std, shape, dtype, generator)
    return found, normal(0.0, 1.0, shape, dtype, before)  # type: ignore[arg-type]


def uniform_and_noise(
    lo: float,
    hi: float,
    shape: Lengths = (),
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
) -> tuple[Any, Any]:
    """What `uniform` gives, and the numbers below 1 that it is made of."""
    state = state_of(generator)
    before = state.copy()
    found = uniform(lo, hi, shape, dtype, generator)
    return found, uniform(0.0, 1.0, shape, dtype, before)  # type: ignore[arg-type]


def fork(generator: Generator) -> Array:
    """The state of a generator at the same place, which goes on by itself."""
    return state_of(generator).copy()


def touch(generator: Generator) -> None:
    """Note that a generator is about to be drawn from by machine code."""
    state_of(generator)


def start(seed: int, generator: Generator) -> None:
    """Start again from a seed."""
    reseed(state_of(generator), seed)


def fresh() -> Array:
    """The state of a new generator."""
    return seeded(DEFAULT_SEED)
