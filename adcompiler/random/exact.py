"""Arithmetic to the last bit: multiply-add in one step, logarithm, sine and cosine.

In: arrays. Out: arrays of the same dtype, with the bits that PyTorch's kernels give.
Invariants: nothing here depends on NumPy's own loops for these functions, whose last
digit differs from processor to processor. In double precision they are the C
library's.

- Sums with their error: Knuth, TAOCP 2, 4.2.2; products: Dekker (Numer. Math. 18,
  1971).
- A multiply-add by rounding to odd: Boldo and Melquiond, IEEE Trans. Comput. 57 (2008).
- The single-precision polynomials are those of the Cephes library (S. L. Moshier).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_f32 = np.float32

# --- a * b + c, rounded once --------------------------------------------------------


def fma32(a: Any, b: Any, c: Any) -> Array:
    """``a * b + c`` of float32.

    The product is exact in double precision. Its sum with `c`, rounded to odd there,
    rounds to single precision as the exact sum does.
    """
    product = np.asarray(a, np.float64) * np.asarray(b, np.float64)
    return _odd_sum(product, np.asarray(c, np.float64)).astype(_f32)


def fma64(a: Any, b: Any, c: Any) -> Array:
    """``a * b + c`` of float64."""
    x, y, z = (np.asarray(v, np.float64) for v in (a, b, c))
    tame = _tame(y) and _tame(z) and (x.size == 0 or float(np.abs(x).max()) < 2.0**64)
    if not tame:
        return _by_fractions(x, y, z)
    high, low = _two_product(x, y)
    top, rest = _two_sum(z, low)
    value, error = _two_sum(high, top)
    return value + _odd_sum(rest, error)


def _tame(x: Array) -> bool:
    """Whether products with it neither overflow nor lose their last digits."""
    size = np.abs(x)
    return bool(np.all((size == 0.0) | ((size > 2.0**-800) & (size < 2.0**800))))


def _by_fractions(a: Array, b: Array, c: Array) -> Array:
    from fractions import Fraction

    def one(x: float, y: float, z: float) -> float:
        if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
            return x * y + z
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        try:
            return float(exact) if exact else x * y + z
        except OverflowError:
            return math.copysign(math.inf, exact)

    return np.asarray(np.vectorize(one, otypes=[np.float64])(a, b, c))


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The sum, rounded, and what rounding has taken away."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _odd_sum(a: Array, b: Array) -> Array:
    """The sum, of which an inexact one has an odd last digit."""
    total, error = _two_sum(a, b)
    even = (np.asarray(total).view(np.int64) & 1) == 0
    beyond = np.nextafter(total, np.where(error > 0.0, np.inf, -np.inf))
    return np.where((error != 0.0) & even, beyond, total)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    product = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    first = a_high * b_high - product
    return product, ((first + a_high * b_low) + a_low * b_high) + a_low * b_low


def _split(x: Array) -> tuple[Array, Array]:
    scaled = 134217729.0 * x  # 2**27 + 1
    high = scaled - (scaled - x)
    return high, x - high


# --- Double precision: the C library's ----------------------------------------------


def each(function: Callable[[float], float], x: Array) -> Array:
    """A function of `math`, of each number."""
    found = np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size)
    return found.reshape(x.shape)


# --- Single precision ---------------------------------------------------------------

LOG = tuple(
    _f32(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
ROOT_HALF = _f32(0.707106781186547524)
LOG2_HIGH, LOG2_LOW = _f32(0.693359375), _f32(-2.12194440e-4)
SINE = tuple(map(_f32, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)))
COSINE = tuple(map(_f32, (2.443315711809948e-5, -1.388731625493765e-3)))
COSINE_LAST = _f32(4.166664568298827e-2)
OCTANTS, TURN = _f32(4 / math.pi), _f32(2 * math.pi)
# A quarter of pi, in three parts of few digits.
QUARTER = tuple(
    map(_f32, (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8))
)


def log32(x: Array) -> Array:
    """The logarithm of positive, normal float32."""
    bits = np.ascontiguousarray(x, _f32).view(np.int32)
    exponent = ((bits >> 23) - 126).astype(_f32)
    mantissa = ((bits & 0x007FFFFF) | 0x3F000000).view(_f32)  # from 1/2 to 1
    low = mantissa < ROOT_HALF
    exponent -= low.astype(_f32)
    m = (mantissa - _f32(1)) + np.where(low, mantissa, _f32(0))
    y = fma32(LOG[0], m, LOG[1])
    for coefficient in LOG[2:]:
        y = fma32(y, m, coefficient)
    square = m * m
    y = fma32(y * m, square, exponent * LOG2_LOW)
    y = fma32(square, _f32(-0.5), y)
    return fma32(exponent, LOG2_HIGH, m + y)


def sine_cosine32(x: Array) -> tuple[Array, Array]:
    """Sine and cosine of float32 that are not negative."""
    octant = ((x * OCTANTS).astype(np.int32) + 1) & ~1
    turns = octant.astype(_f32)
    for part in QUARTER:
        x = fma32(turns, -part, x)
    square = x * x
    cosine = fma32(fma32(COSINE[0], square, COSINE[1]), square, COSINE_LAST) * square
    cosine = fma32(cosine, square, square * _f32(-0.5)) + _f32(1)
    sine = fma32(fma32(SINE[0], square, SINE[1]), square, SINE[2]) * square
    sine = fma32(sine, x, x)
    swapped = (octant & 2) != 0
    sines = np.where(swapped, cosine, sine)
    cosines = np.where(swapped, sine, cosine)
    sines = np.where((octant & 4) != 0, -sines, sines)
    return sines, np.where(((octant - 2) & 4) == 0, -cosines, cosines)
