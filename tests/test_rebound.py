"""What a program reads from outside may be bound to something else between calls."""

import operator

import numpy as np
import pytest

import adcompiler as ad

ACT = np.sin
DTYPE = np.float32
TABLE = {"act": [np.sin]}


class Layer:
    def __init__(self, act):
        self.act = act


LAYER = Layer(np.tanh)


@ad.differentiate
def by_global(x):
    return ACT(x) * x


@ad.differentiate
def by_attribute(x):
    return LAYER.act(x) * x


@ad.differentiate
def by_item(x):
    return TABLE["act"][0](x) * x


@ad.differentiate
def by_dtype(x):
    return np.sum(x.astype(DTYPE) ** 2)


@ad.differentiate
def by_builtin(x):
    return abs(x) * max(x, 0.5)


def test_a_global_function_of_the_library(monkeypatch):
    assert by_global.grad(1.0) == pytest.approx(np.cos(1.0) + np.sin(1.0))
    monkeypatch.setitem(globals(), "ACT", np.cos)
    assert by_global.grad(1.0) == pytest.approx(np.cos(1.0) - np.sin(1.0))


def test_an_attribute(monkeypatch):
    assert by_attribute.value_and_grad(1.0)[0] == np.tanh(1.0)
    monkeypatch.setattr(LAYER, "act", np.exp)
    assert by_attribute.value_and_grad(1.0) == pytest.approx((np.e, 2.0 * np.e))


def test_an_item(monkeypatch):
    assert by_item.value_and_grad(1.0)[0] == np.sin(1.0)
    monkeypatch.setitem(TABLE, "act", [np.exp])
    assert by_item.value_and_grad(1.0) == pytest.approx((np.e, 2.0 * np.e))


def test_a_closure():
    combine = operator.add

    @ad.differentiate
    def combined(x):
        return combine(x, x * x)

    assert combined.grad(2.0) == 5.0
    combine = operator.mul
    assert combined.grad(2.0) == 12.0


def test_a_dtype(monkeypatch):
    x = np.array([1.0 / 3.0])
    assert by_dtype.value_and_grad(x)[0] == np.sum(x.astype(np.float32) ** 2)
    monkeypatch.setitem(globals(), "DTYPE", np.float64)
    assert by_dtype.value_and_grad(x)[0] == np.sum(x**2)


def test_a_builtin_that_gets_a_namesake(monkeypatch):
    assert by_builtin.value_and_grad(2.0) == (4.0, 4.0)
    monkeypatch.setitem(globals(), "abs", lambda v: 10.0 * v)
    assert by_builtin.value_and_grad(2.0) == (40.0, 40.0)
    monkeypatch.delitem(globals(), "abs")
    assert by_builtin.value_and_grad(2.0) == (4.0, 4.0)
