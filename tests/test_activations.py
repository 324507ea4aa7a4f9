"""Activations: dtypes, shapes, derivatives away from kinks. Kinks are in
`tests/test_conventions.py`."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.runtime import activations

BACKENDS = ["numpy", "llvm"]
MORE = {"prelu": (0.25,), "threshold": (0.1, 9.0)}
ALONG_AN_AXIS = {"softmax", "log_softmax", "softmin", "glu"}
MATRIX = np.linspace(-4.0, 4.0, 12).reshape(3, 4) + 0.01


@functools.cache
def squared(name: str, backend: str):
    activation = getattr(activations, name)

    def total(x, more):
        return np.sum(activation(x, *more) ** 2)

    return total, ad.value_and_grad(total, wrt="x", backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", activations.__all__)
def test_dtypes_and_derivatives(name, dtype, backend):
    x, more = MATRIX.astype(dtype), MORE.get(name, ())
    assert getattr(activations, name)(x, *more).dtype == dtype
    total, both = squared(name, backend)
    value, gradient = both(x, more)
    assert (value.dtype, gradient.dtype, gradient.shape) == (dtype, dtype, x.shape)
    towards, h = np.cos(np.arange(12.0)).reshape(3, 4), 1e-6
    slope = (total(MATRIX + h * towards, more) - total(MATRIX - h * towards, more)) / h
    found = 2.0 * np.sum(gradient * towards)
    assert found == pytest.approx(slope, rel=1e-7 if dtype == np.float64 else 1e-4)


@pytest.mark.parametrize("name", sorted({*activations.__all__} - ALONG_AN_AXIS))
def test_numbers(name):
    activation, more = getattr(activations, name), MORE.get(name, ())
    for x in (0.7, np.float64(-0.7), np.float32(0.7)):
        value = activation(x, *more)
        gradient = ad.grad(activation, wrt=0)(x, *more)
        assert np.ndim(value) == 0
        assert type(gradient) is type(x)
        if isinstance(x, np.float32):
            assert value.dtype == np.float32


def channels(x, w):
    return np.sum(activations.prelu(x, w) ** 2)


def test_prelu_has_a_slope_for_each_channel():
    x, w = np.linspace(-1.0, 1.0, 12).reshape(2, 3, 2), np.array([0.1, 0.2, 0.3])
    for backend in BACKENDS:
        found = ad.grad(channels, backend=backend)(x, w)
        low = np.minimum(x, 0.0)
        np.testing.assert_allclose(found.w, np.sum(2 * low**2, axis=(0, 2)) * w)
        slopes = np.where(x > 0.0, 1.0, w[:, None] ** 2)
        np.testing.assert_allclose(found.x, 2 * slopes * x)


BAD = [
    ("glu", (np.ones(3),), "odd length"),
    ("softshrink", (np.ones(3), -1.0), "lambd"),
    ("gelu", (np.ones(3), "fast"), "'fast'"),
    ("prelu", (np.ones((2, 3)), np.ones(2)), "2 weights for 3"),
    ("prelu", (np.ones((2, 3)), np.ones((3, 1))), "vector"),
]


@pytest.mark.parametrize(("name", "args", "message"), BAD)
def test_what_does_not_fit_is_said(name, args, message):
    activation = getattr(activations, name)
    with pytest.raises(ValueError, match=message):
        activation(*args)
    for backend in BACKENDS:
        with pytest.raises(ValueError, match=message):
            ad.vjp(activation, wrt=0, backend=backend)(*args)
