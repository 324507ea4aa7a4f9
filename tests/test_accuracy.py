"""Elementary functions of machine code: units in the last place, and special values.

References have more digits than what is tested: extended precision for float64, float64
for float32, mpmath where NumPy has no such function. Loops over vectors and the numbers
that are left of them call different functions of libm; both are looked at.
"""

from __future__ import annotations

import linecache

import mpmath
import numpy as np
import pytest
from scipy import special

import adcompiler as ad

MOST = 4.0  # units in the last place, of vectors; see docs/conventions.md
N = 4096
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
WIDE = {np.float64: np.longdouble, np.float32: np.float64}
TINY, HUGE = 5e-324, 1.7e308

extended = pytest.mark.skipif(
    np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps,
    reason="there is no wider float",
)


def between(low, high):
    return lambda rng: rng.uniform(low, high, N)


def sizes(low, high, *, signed=True):
    """Numbers of any size, their logarithms equally likely."""

    def draw(rng):
        found = np.exp(rng.uniform(np.log(low), np.log(high), N))
        return found * rng.choice([-1.0, 1.0], N) if signed else found

    return draw


def near(centre, *, below=True):
    """Numbers just beside one."""

    def draw(rng):
        away = np.exp(rng.uniform(np.log(1e-16), np.log(1e-2), N))
        return centre - away * (rng.choice([-1.0, 1.0], N) if below else -1.0)

    return draw


def multiples(step, shift=0.0):
    """Numbers beside which a periodic function has its zeros and poles."""
    return lambda rng: (np.arange(1, N + 1) + shift) * step


SMALL = sizes(1e-308, 1e-3)
ANY = sizes(1e-308, HUGE)
ANGLES = (
    *(between(-10.0, 10.0), sizes(10.0, 1e5), sizes(1e5, 1e15), sizes(1e15, HUGE)),
    *(SMALL, multiples(np.pi), multiples(np.pi, 0.5)),
)
OF_LOG = (
    *(sizes(1e-307, HUGE, signed=False), sizes(TINY, 1e-307, signed=False)),
    *(between(0.5, 2.0), near(1.0)),
)
DOMAINS = {
    "exp": (between(-708.0, 709.0), between(-745.1, -708.0), SMALL, between(-1.0, 1.0)),
    "exp2": (between(-1022.0, 1023.0), between(-1074.0, -1022.0), between(-1.0, 1.0)),
    "expm1": (between(-50.0, 709.0), SMALL, between(-1.0, 1.0)),
    **dict.fromkeys(("log", "log2", "log10"), OF_LOG),
    "log1p": (sizes(1e-300, HUGE, signed=False), between(-0.999, 1.0), SMALL),
    **dict.fromkeys(("sin", "cos", "tan"), ANGLES),
    "arcsin": (between(-1.0, 1.0), SMALL, near(1.0 - 1e-2)),
    "arccos": (between(-1.0, 1.0), SMALL, near(1.0 - 1e-2)),
    "arctan": (between(-5.0, 5.0), ANY),
    "sinh": (between(-710.0, 710.0), sizes(1e-308, 1.0)),
    "cosh": (between(-710.0, 710.0), sizes(1e-308, 1.0)),
    "tanh": (between(-20.0, 20.0), sizes(1e-308, 1.0), sizes(20.0, HUGE)),
    "arcsinh": (ANY, between(-2.0, 2.0)),
    "arccosh": (sizes(1.0, HUGE, signed=False), near(1.0, below=False)),
    "arctanh": (between(-1.0, 1.0), SMALL),
    "cbrt": (ANY, sizes(TINY, 1e-307)),
    "sqrt": (sizes(TINY, HUGE, signed=False),),
}
SPECIAL = [
    *(0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0),
    *(5e-324, -5e-324, 2.2250738585072014e-308, HUGE, -HUGE, 1e22, -1e22),
    *(709.782712893384, 709.7827128933841, 710.5, -745.1332191019411, -745.2),
    *(88.72283, 88.72284, -103.97, -104.0, 1.4e-45, -1.4e-45, 3.4e38),
]


def native(expression, *names):
    """An expression of machine code, as a function of arrays."""
    file, namespace = f"<accuracy of {expression}>", {"np": np}
    text = f"def f({', '.join(names)}):\n    return {expression}\n"
    if "special" in expression:
        import scipy.special

        namespace["special"] = scipy.special
    linecache.cache[file] = (0, None, text.splitlines(True), file)
    exec(compile(text, file, "exec"), namespace)
    tangent = ad.jvp(namespace["f"], backend="llvm")

    def value(*args):
        return tangent(args, tuple(map(np.ones_like, args)))[0]

    return value


def ulps(found, expected):
    """How far numbers are off, in units of the last place of the expected ones."""
    with np.errstate(all="ignore"):
        rounded = expected.astype(found.dtype)
        same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
        unit = np.spacing(np.abs(rounded)).astype(expected.dtype)
        off = np.abs(found.astype(expected.dtype) - expected) / unit
    off = np.where(same & ~np.isfinite(rounded), 0.0, off)
    return np.where(np.isnan(off), np.inf, off)


def drawn(domain, dtype, seed=0):
    most = float(np.finfo(dtype).max)
    with np.errstate(all="ignore"):
        found = np.clip(domain(np.random.default_rng(seed)), -most, most)
        return found.astype(dtype)


@extended
@DTYPES
@pytest.mark.parametrize("name", DOMAINS)
def test_units_in_the_last_place(name, dtype):
    value = native(f"np.{name}(x)", "x")
    for domain in DOMAINS[name]:
        x = drawn(domain, dtype)
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(x.astype(WIDE[dtype]))
        off = ulps(value(x), expected)
        assert off.max() <= MOST, (x[off.argmax()], off.max())
        few = ulps(value(x[:3]), expected[:3])  # one by one
        assert few.max() <= MOST


@DTYPES
@pytest.mark.parametrize("name", DOMAINS)
def test_special_values(name, dtype):
    """Infinities, nan and the signs of zeros are NumPy's, wherever they stand."""
    value, function = native(f"np.{name}(x)", "x"), getattr(np, name)
    with np.errstate(all="ignore"):
        special = np.array(SPECIAL).astype(dtype)
        x = np.resize(special, 10 * len(special) + 3)
        expected = function(x)
    for found, wanted in ((value(x), expected), (value(x[:3]), expected[:3])):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
        np.testing.assert_array_equal(np.isinf(found), np.isinf(wanted))
        zero = wanted == 0
        np.testing.assert_array_equal(found[zero], 0.0)
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(wanted[zero]))
        some = np.isfinite(wanted) & ~zero
        assert (
            ulps(found[some], wanted[some].astype(WIDE[dtype])).max(initial=0.0)
            <= MOST + 1.0
        )


@extended
@DTYPES
@pytest.mark.parametrize("name", DOMAINS)
def test_functions_on_numbers_are_closer(name, dtype, monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    value = native(f"np.{name}(x)", "x")
    most = 0.8 if name in ("exp", "log", "sin", "cos") else 2.0
    for domain in DOMAINS[name]:
        x = drawn(domain, dtype)
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(x.astype(WIDE[dtype]))
        assert ulps(value(x), expected).max() <= (MOST if name == "cbrt" else most)


PAIRS = {
    "x ** y": (np.power, sizes(1e-3, 1e3, signed=False), between(-80.0, 80.0)),
    "np.arctan2(x, y)": (np.arctan2, sizes(1e-30, 1e30), sizes(1e-30, 1e30)),
    "np.hypot(x, y)": (np.hypot, sizes(1e-300, 1e300), sizes(1e-300, 1e300)),
}


@extended
@DTYPES
@pytest.mark.parametrize("expression", PAIRS)
def test_functions_of_two(expression, dtype):
    function, first, second = PAIRS[expression]
    x, y = drawn(first, dtype, 1), drawn(second, dtype, 2)
    value = native(expression, "x", "y")
    with np.errstate(all="ignore"):
        expected = function(x.astype(WIDE[dtype]), y.astype(WIDE[dtype]))
        normal = np.abs(expected) < np.finfo(dtype).max
        normal &= np.abs(expected) > np.finfo(dtype).tiny
    off = ulps(value(x, y), expected)[normal]
    assert off.max() <= MOST
    assert ulps(value(x[:3], y[:3]), expected[:3])[normal[:3]].max(initial=0) <= MOST


def quotient(x, c):
    return x / c


def over_seven(x, c):
    return x / 7.0


def over_root(x, c):
    return x / np.sqrt(2.0)


def divided(f, x, c):
    return ad.jvp(f, backend="llvm")((x, c), (np.ones_like(x), type(c)(1)))[0]


DIVISORS = [
    *np.random.default_rng(0).uniform(-10.0, 10.0, 40),
    *sizes(1e-280, 1e280)(np.random.default_rng(1))[:40],
    *(1.0, -1.0, 2.0, 0.5, 3.0, 1e-300, -1e300, 5e-324, HUGE, 2.0**960, 2.0**-960),
    *(0.0, -0.0, np.inf, -np.inf, np.nan),
]


def test_quotients_by_numbers_are_those_of_a_division():
    """Products with a reciprocal, of twice the digits, take their place."""
    rng = np.random.default_rng(2)
    special = np.array([*SPECIAL, 1.7976931348623157e308, 2.2250738585072009e-308])
    x = np.concatenate([rng.normal(size=N), sizes(1e-300, HUGE)(rng), special])
    for c in DIVISORS:
        with np.errstate(all="ignore"):
            wanted, found = x / c, divided(quotient, x, np.float64(c))
        number = ~np.isnan(wanted)
        signs = np.signbit(found[number]), np.signbit(wanted[number])
        np.testing.assert_array_equal(*signs)
        tiny = (np.abs(wanted) < 2.0**-960) & (wanted != 0)
        np.testing.assert_array_equal(found[~tiny], wanted[~tiny])
        assert ulps(found[tiny], wanted[tiny]).max(initial=0.0) <= 1.0
    for f, c in ((over_seven, 7.0), (over_root, np.sqrt(2.0))):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(divided(f, x, 1.0), x / c)
    for count in (3, -5, 10**9 + 7, 2**53 + 1):
        np.testing.assert_array_equal(divided(quotient, x[:N], count), x[:N] / count)


def test_single_precision_and_short_arrays_are_divided():
    x = np.linspace(-3.0, 3.0, 101)
    single = x.astype(np.float32)
    np.testing.assert_array_equal(
        divided(quotient, single, np.float32(0.3)), single / np.float32(0.3)
    )
    for n in (0, 1, 5, 33):
        np.testing.assert_array_equal(divided(quotient, x[:n], 0.3), x[:n] / 0.3)


@pytest.mark.parametrize(
    "base", [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, np.inf, -np.inf, np.nan]
)
@DTYPES
def test_powers_of_special_values(base, dtype):
    exponents = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.0,
        3.0,
        -3.0,
        0.5,
        -0.5,
        np.inf,
        -np.inf,
        np.nan,
    ]
    y = np.resize(np.array(exponents, dtype), 4 * len(exponents) + 3)
    x = np.full_like(y, base)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    np.testing.assert_array_equal(native("x ** y", "x", "y")(x, y), expected)


def log_expit(x):
    return -mpmath.log1p(mpmath.exp(-x))


def entr(x):
    return -x * mpmath.log(x)


# With the units in the last place that may be lost, of SciPy's, too, where an argument
# is rounded.
OF_PROBABILITIES = {
    "ndtr": (mpmath.ncdf, (-37.0, 9.0), lambda x: MOST + 1.5 * x * x),
    "log_expit": (log_expit, (-700.0, 700.0), lambda x: MOST),
    "entr": (entr, (1e-30, 10.0), lambda x: MOST),
}


@DTYPES
@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_functions_of_probabilities(name, dtype):
    exact_of, (low, high), most = OF_PROBABILITIES[name]
    if dtype is np.float32:
        low, high = max(low, -13.0 if name == "ndtr" else -80.0), min(high, 80.0)
    rng = np.random.default_rng(0)
    near = np.clip(rng.normal(size=99) * 1e-2, low, high)
    x = np.concatenate([rng.uniform(low, high, 400), near]).astype(dtype)
    found = native(f"special.{name}(x)", "x")(x)
    with mpmath.workdps(60):
        for mine, given in zip(found, x, strict=True):
            exact = exact_of(mpmath.mpf(float(given)))
            unit = float(np.spacing(np.abs(dtype(float(exact)))))
            off = abs(mpmath.mpf(float(mine)) - exact) / unit
            assert off <= most(given), (given, off)


@DTYPES
@pytest.mark.parametrize("name", ["ndtr", "log_expit", "entr"])
def test_special_values_of_probabilities(name, dtype):
    with np.errstate(all="ignore"):
        x = np.resize(np.array(SPECIAL).astype(dtype), 10 * len(SPECIAL) + 3)
        wanted = getattr(special, name)(x)
        found = native(f"special.{name}(x)", "x")(x)
    np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(wanted[x == 0]))
    np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(dtype).eps, atol=0)


@DTYPES
def test_logarithms_times_zero(dtype):
    given = np.array([0.0, -0.0, 1.0, -1.0, -2.0, np.inf, -np.inf, np.nan], dtype)
    x, y = (a.ravel() for a in np.meshgrid(given, given))
    for name in ("xlogy", "xlog1py"):
        with np.errstate(all="ignore"):
            wanted = getattr(special, name)(x, y)
            found = native(f"special.{name}(x, y)", "x", "y")(x, y)
        np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(dtype).eps, atol=0)


@DTYPES
def test_logarithms_of_sums_of_exponentials(dtype):
    given = np.resize(np.array(SPECIAL).astype(dtype), len(SPECIAL) + 5)
    x, y = (a.ravel() for a in np.meshgrid(given, given))
    rng = np.random.default_rng(0)
    more = [rng.uniform(-50.0, 50.0, 400).astype(dtype) for _ in "xy"]
    x, y = (np.concatenate(pair) for pair in zip((x, y), more, strict=True))
    with np.errstate(all="ignore"):
        wanted = np.logaddexp(x, y)
        found = native("np.logaddexp(x, y)", "x", "y")(x, y)
    # Of x below 0 and y above, both may lose what they have in common.
    scale = np.maximum(np.abs(np.maximum(x, y)), np.abs(wanted))
    rest = 4 * np.finfo(dtype).eps * np.where(np.isfinite(scale), scale, 0.0)
    off = np.abs(np.where(found == wanted, 0.0, found - wanted))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    assert np.all((off <= rest + np.finfo(dtype).tiny) | np.isnan(wanted))


@DTYPES
@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_error_functions(name, dtype):
    rng = np.random.default_rng(0)
    high = 26.0 if dtype is np.float64 else 9.0
    x = np.concatenate([rng.uniform(-6, high, 400), rng.normal(size=99) * 1e-9])
    x = x.astype(dtype)
    found = native(f"special.{name}(x)", "x")(x)
    with mpmath.workdps(40):
        for mine, given in zip(found, x, strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(float(given)))
            unit = float(np.spacing(np.abs(dtype(float(exact)))))
            assert abs(mpmath.mpf(float(mine)) - exact) <= MOST * unit, given
