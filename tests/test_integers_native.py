"""Integers in machine code that leave 64 bits, have fewer, or have no sign.

Python's ints have any number of digits, and are compared with floats exactly; NumPy's
raise where one of Python's does not fit. The same comes out as of the NumPy program.
"""

import math

import numpy as np
import pytest

import adcompiler as ad

pytestmark = pytest.mark.filterwarnings("ignore:overflow")

LARGE = (2**53 + 1, 2**62, 2**63 - 1, -(2**63), -(2**62), -1, 0, 1, 7, -3)
X = np.array([1.5, -2.5])
WIDE = np.array([2**63, 2**64 - 1], np.uint64)
SIGNED = np.array([-1, 2**62])
NARROW = [np.array([200, 7], np.uint8), np.array([-100, 7], np.int8)]


def outcome(call, *args):
    """What a call gives, as text, or the exception that it raises."""
    try:
        found = call(*args)
    except Exception as error:  # noqa: BLE001 - compared
        return type(error).__name__
    value, *gradient = found if isinstance(found, tuple) else (found,)
    return repr([float(value), *(np.asarray(g).tolist() for g in gradient)])


class Both:
    """A function on both backends."""

    def __init__(self, f):
        self.f = f
        self.calls = [
            ad.value_and_grad(f, wrt="x", backend=b) for b in ("numpy", "llvm")
        ]

    def __call__(self, *args):
        expected, found = (outcome(call, *args) for call in self.calls)
        assert found == expected, args
        plain = outcome(self.f, *args)
        assert found.partition(",")[0] == plain.rstrip("]"), args


# -- of Python ---------------------------------------------------------------------


def factorial(x, n):
    return x * math.factorial(n)


def binomial(x, n):
    return x + math.comb(n, n // 2) + math.perm(n, 3)


def least_multiple(x, n):
    return x * math.lcm(n, n - 1)


def rounded(x, n):
    return x * round(x * float(n)) + round(n, -3)


def compared_only(x, n):
    k = math.factorial(n)
    found = np.zeros(3)
    for i in range(3):
        if k < 0:
            found[i] = x
    return np.sum(found) + x


def in_lists(x, n):
    held = [math.factorial(n), n]
    return x * held[0] + held[1]


@pytest.mark.parametrize("f", [factorial, compared_only, in_lists])
def test_ints_of_calls_leave_64_bits(f):
    both = Both(f)
    for n in (3, 20, 21, 25, 171, -1):
        both(1.5, n)


@pytest.mark.parametrize("f", [binomial, least_multiple, rounded])
def test_results_of_math_leave_64_bits(f):
    both = Both(f)
    for n in (5, 100, 2**62, 2**63 - 1, -(2**63)):
        if f is not binomial or n <= 100:
            both(1.5, n)


def quotient(x, n, m):
    return x * (n // m)


def rest(x, n, m):
    return x * (n % m)


def both_of_them(x, n, m):
    q, r = divmod(n, m)
    return x * q + r


@pytest.mark.parametrize("f", [quotient, rest, both_of_them])
def test_a_quotient_leaves_64_bits(f):
    both = Both(f)
    for n in LARGE:
        for m in LARGE:
            both(1.5, n, m)


def before(x, n, y):
    return x if n < y else 2.0 * x


def not_after(x, n, y):
    return x if y >= n else 2.0 * x


def equal(x, n, y):
    return (x if n == y else 2.0 * x) + (x if y * 1.0 != n else 5.0 * x)


def largest(x, n, y):
    return x * max(n, y) + x * min(y, n)


def of_either(x, n, y):
    k = n if y > 0.0 else np.int64(n)
    return x if k > y else 2.0 * x


@pytest.mark.parametrize("f", [before, not_after, equal, largest, of_either])
def test_ints_and_floats_are_compared_exactly(f):
    both = Both(f)
    floats = {float(n) + d for n in LARGE for d in (0.0, 2.0, 0.5)}
    for n in (*LARGE, 2**53, 2**63 - 2, 2**63 - 600, -(2**53) - 1):
        for y in (*floats, math.inf, -math.inf, math.nan):
            both(1.5, n, y)
            both(1.5, n, -y)


def ratio(x, n, m):
    return x * (n / m)


def test_ratios_of_ints_are_rounded_once(monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    both = Both(ratio)
    for n in (*LARGE, 63):
        for m in LARGE:
            both(1.5, n, m)


# -- of NumPy ----------------------------------------------------------------------


def parted(x, a):
    return np.sum(x * (a // 3)) + x[0] * (a[1] // 7)


def left(x, a):
    return np.sum(x * (a % 3)) + x[0] * (a[1] % 7)


def as_python(x, a):
    return x[0] * int(a[0])


def counted(x, a):
    total = x[0]
    for i in range(a[1]):
        total = total * 1.5
        if i > 3:
            break
    return total


def indexed(x, a):
    return x[a[1]] * 2.0


@pytest.mark.parametrize("f", [parted, left, as_python, counted, indexed])
@pytest.mark.parametrize("a", [WIDE, *NARROW, SIGNED], ids=lambda a: str(a.dtype))
def test_integers_without_a_sign(f, a):
    Both(f)(X, a)


def less(x, a, b):
    return np.sum(np.where(a < b, x, 3.0 * x)) + np.sum(np.where(a == b, x, 5.0 * x))


def less_by_element(x, a, b):
    return (x[0] if a[0] < b[0] else 3.0 * x[1]) + (x[1] if a[1] >= b[1] else x[0])


@pytest.mark.parametrize("f", [less, less_by_element])
@pytest.mark.parametrize("a", [WIDE, SIGNED, *NARROW], ids=lambda a: str(a.dtype))
@pytest.mark.parametrize("b", [WIDE, SIGNED, *NARROW], ids=lambda a: str(a.dtype))
def test_integers_with_a_sign_meet_some_without(f, a, b):
    Both(f)(X, a, b)


def added(x, a, n):
    return np.sum(x * (a + n)) + x[0] * (a[1] * n)


def asked(x, a, n):
    return np.sum(np.where(a < n, x, 3.0 * x)) + (x[0] if a[0] == n else x[1])


def stored(x, a, n):
    b = a.copy()
    b[0] = n
    return np.sum(b * x)


def filled(x, a, n):
    return np.sum(np.full_like(a, n) * x) + np.sum(np.clip(a, 0, n) * x)


def converted(x, a, n):
    return x[0] * np.int32(n) + a[1]


@pytest.mark.parametrize("f", [added, asked, stored, filled, converted])
@pytest.mark.parametrize("a", [WIDE, *NARROW], ids=lambda a: str(a.dtype))
def test_an_int_of_pythons_need_not_fit(f, a):
    both = Both(f)
    for n in (3, -1, 300, 2**40):
        both(X, a, n)
