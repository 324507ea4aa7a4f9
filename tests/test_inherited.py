"""Subclasses of numbers and tuples: taken for what they inherit from, or refused."""

from collections import namedtuple
from typing import NamedTuple

import numpy as np
import pytest

import adcompiler as ad


class Metres(float):
    """A number with a name."""

    unit = "m"


class Tenfold(float):
    def __mul__(self, other):
        return 10.0 * float(self) * other


class Tripled(np.float64):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return 3.0


class Wrapped(int):
    def __add__(self, other):
        return (int(self) + other) % 7


class Shifted(tuple):
    __slots__ = ()

    def __getitem__(self, k):
        return tuple.__getitem__(self, k) + 1.0


class Doubled(NamedTuple):
    first: float
    second: float

    def __iter__(self):
        yield 2.0 * self.first
        yield 2.0 * self.second


Pair = namedtuple("Pair", "first second")  # noqa: PYI024


@ad.differentiate
def scaled(x, factor):
    return factor[0] * x if isinstance(factor, tuple) else x * x + factor * x


PLAIN = (Metres(0.5), np.float64(0.5), 2, Pair(0.5, 0.7), (0.5, 0.7))
OWN = (
    (Tenfold(0.5), "__mul__"),
    (Tripled(0.5), "__array_ufunc__"),
    (Wrapped(2), "__add__"),
    (Shifted((0.5, 0.7)), "__getitem__"),
    (Doubled(0.5, 0.7), "__iter__"),
)


@pytest.mark.parametrize("factor", PLAIN, ids=repr)
def test_what_computes_as_its_base_does(factor):
    first = factor[0] if isinstance(factor, tuple) else factor
    expected = first if isinstance(factor, tuple) else 2.0 * 1.3 + first
    assert ad.grad(scaled, wrt="x")(1.3, factor) == expected


@pytest.mark.parametrize(("factor", "method"), OWN, ids=repr)
def test_what_does_not_is_refused_at_every_call(factor, method):
    """Also where a program for the plain class has been compiled before."""
    base = tuple if isinstance(factor, tuple) else type(factor).__mro__[1]
    assert np.isfinite(ad.grad(scaled, wrt="x")(1.3, base(factor)))
    message = f"whose {method} is not followed"
    with pytest.raises(ad.UnsupportedError, match=message) as caught:
        ad.grad(scaled, wrt="x")(1.3, factor)
    assert "plain" in str(caught.value)
