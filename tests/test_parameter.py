"""Parameters as arrays, in compiled functions, and what `backward` does to them."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import Parameter

X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]])
Y = np.array([1.0, 2.0, 3.0])


@ad.differentiate
def loss(w, b, x, y):
    residual = x @ w + b - y
    return np.mean(residual**2)


class Linear:
    def __init__(self, w, b):
        self.w = Parameter(w)
        self.b = Parameter(b)

    def __call__(self, x):
        return x @ self.w + self.b


class Model:
    def __init__(self):
        self.layers = [Linear(np.eye(2), np.zeros(2)), Linear([1.0, -1.0], 0.5)]
        self.more = {"scale": Parameter(2.0)}
        self.constant = np.ones(3)

    @ad.differentiate
    def loss(self, x, y):
        for layer in self.layers:
            x = np.tanh(layer(x))
        return np.sum((self.more["scale"] * x - y * self.constant) ** 2)

    def parameters(self):
        found = [p for layer in self.layers for p in (layer.w, layer.b)]
        return [*found, self.more["scale"]]


def by_hand(w, b):
    return loss.grad(w, b, X, Y)


# --- backward ---------------------------------------------------------------------


def test_backward_gives_the_value_and_adds_gradients():
    w, b = Parameter([0.5, -1.0]), Parameter(0.25)
    expected = by_hand(w.data, float(b))
    assert loss.backward(w, b, X, Y) == pytest.approx(loss(w, b, X, Y))
    assert np.allclose(w.grad, expected.w)
    assert np.allclose(b.grad, expected.b)
    first = w.grad
    loss.backward(w, b, X, Y)
    assert w.grad is first
    assert np.allclose(w.grad, 2 * expected.w)
    assert w.grad.shape == (2,)
    assert b.grad.shape == ()
    assert np.array_equal(w.data, [0.5, -1.0])


def test_arguments_that_are_no_parameters_are_left_alone():
    w = Parameter([0.5, -1.0])
    loss.backward(w, 0.25, X, Y)
    assert np.allclose(w.grad, by_hand(w.data, 0.25).w)


def test_frozen_parameters_get_no_gradient():
    w, b = Parameter([0.5, -1.0]), Parameter(0.25, requires_grad=False)
    loss.backward(w, b, X, Y)
    assert b.grad is None
    b.requires_grad_()
    loss.backward(w, b, X, Y)
    assert np.allclose(b.grad, by_hand(w.data, 0.25).b)
    w.requires_grad_(False)
    before = w.grad.copy()
    loss.backward(w, b, X, Y)
    assert np.array_equal(w.grad, before)
    assert "w_bar" not in loss.source(w, b, X, Y)


def test_parameters_on_self_and_in_containers():
    model = Model()
    value = model.loss.backward(X, Y)
    assert value == pytest.approx(model.loss(X, Y))
    for p in model.parameters():
        assert p.grad.shape == p.data.shape
        for index in np.ndindex(p.data.shape):
            held, step = p.data[index], 1e-6
            p.data[index] = held + step
            above = model.loss(X, Y)
            p.data[index] = held - step
            below = model.loss(X, Y)
            p.data[index] = held
            assert p.grad[index] == pytest.approx((above - below) / (2 * step), 1e-6)


def test_parameters_in_arguments_that_are_containers():
    def f(p, x):
        return np.sum((x @ p["w"] + p["more"][0]) ** 2) * p["k"]

    p = {"w": Parameter([1.0, 2.0]), "more": (Parameter(0.5),), "k": 3.0}
    g = ad.differentiate(f)
    g.backward(p, X)
    plain = {"w": p["w"].data, "more": (p["more"][0].data,), "k": 3.0}
    expected = ad.differentiate(f, wrt="p").grad(plain, X)
    assert np.allclose(p["w"].grad, expected["w"])
    assert np.allclose(p["more"][0].grad, expected["more"][0])
    point = SimpleNamespace(w=Parameter([1.0, 2.0]))
    ad.differentiate(lambda q, x: np.sum(x @ q.w)).backward(point, X)
    assert np.allclose(point.w.grad, X.sum(axis=0))


SHARED = Parameter([2.0, 3.0])


def test_a_parameter_in_two_places_gets_the_sum():
    w = Parameter([2.0, 3.0])
    ad.differentiate(lambda a, b: np.sum(a * b)).backward(w, w)
    assert np.allclose(w.grad, [4.0, 6.0])
    SHARED.grad = None
    ad.differentiate(lambda a: np.sum(a * SHARED)).backward(SHARED)
    assert np.allclose(SHARED.grad, [4.0, 6.0])


def test_parameters_that_are_replaced_are_found():
    model = Model()
    model.loss.backward(X, Y)
    model.more["scale"] = new = Parameter(3.0)
    model.loss.backward(X, Y)
    assert new.grad is not None
    model.more["scale"] = 3.0
    before = new.grad.copy()
    model.loss.backward(X, Y)
    assert np.array_equal(new.grad, before)


def test_nothing_to_train():
    with pytest.raises(TypeError, match="finds no parameter in loss"):
        loss.backward(np.ones(2), 0.0, X, Y)
    w = Parameter([0.5, -1.0], requires_grad=False)
    with pytest.raises(TypeError, match="finds no parameter in loss"):
        loss.backward(w, 0.0, X, Y)
    with pytest.raises(ad.UnsupportedError, match="needs a scalar"):
        ad.differentiate(lambda w: 2.0 * w).backward(Parameter([1.0, 2.0]))


# --- Derivatives ------------------------------------------------------------------


def test_parameters_are_what_is_differentiated_by_default():
    w, b = Parameter([0.5, -1.0]), Parameter(0.25)
    gradients = loss.grad(w, b, X, Y)
    assert repr(gradients).startswith("Gradients(w=")
    assert np.allclose(gradients.w, by_hand(w.data, 0.25).w)
    assert type(gradients.w) is np.ndarray
    only = loss.grad(w, 0.25, X, Y)
    assert np.allclose(only, gradients.w)
    assert w.grad is None
    b.requires_grad_(False)
    assert np.allclose(loss.grad(w, b, X, Y), gradients.w)
    named = ad.differentiate(loss, wrt="x").grad(w, b, X, Y)
    assert named.shape == X.shape
    with pytest.raises(TypeError, match="b is a parameter that is frozen"):
        ad.grad(loss, wrt="b")(w, b, X, Y)


def test_of_a_container_the_parameters_alone():
    p = {"w": Parameter([1.0, 2.0]), "k": 3.0, "f": Parameter(1.0, requires_grad=False)}
    f = ad.differentiate(lambda p, x: np.sum(x @ p["w"]) * p["k"] * p["f"])
    gradient = f.grad(p, X)
    assert np.allclose(gradient["w"], 3.0 * X.sum(axis=0))
    assert gradient["k"] is None
    assert gradient["f"] is None
    # Named, whatever is a float has a gradient, unless it is frozen.
    gradient = ad.differentiate(f, wrt="p").grad(p, X)
    assert gradient["k"] == pytest.approx(np.sum(X @ [1.0, 2.0]))
    assert gradient["f"] is None


def test_what_a_function_finds_a_parameter_to_be():
    def f(w, x):
        if isinstance(w, Parameter) and isinstance(x, np.ndarray):
            return np.sum(w * w)
        return np.sum(w) if type(w) is np.ndarray else 0.0 * w[0]

    w = Parameter([1.0, 2.0])
    assert f(w, w.data) == 5.0
    assert np.array_equal(ad.grad(f)(w, w.data), [2.0, 4.0])
    assert np.array_equal(ad.grad(f, wrt="w")(w.data, w.data), [1.0, 1.0])
    with pytest.raises(ad.UnsupportedError, match=r"stop_gradient\(x\) is the array"):
        ad.grad(lambda w: np.sum(w.data))(w)


def test_other_derivatives():
    w, b = Parameter([0.5, -1.0]), Parameter(0.25)
    value, pullback = loss.vjp(w, b, X, Y)
    assert np.allclose(pullback(1.0).w, by_hand(w.data, 0.25).w)
    _, dot = loss.jvp((w, b, X, Y), (np.ones(2), None, None, None))
    assert dot == pytest.approx(np.sum(by_hand(w.data, 0.25).w))
    assert loss.hessian(w, b, X, Y).w.w.shape == (2, 2)


# --- As an array ------------------------------------------------------------------


def test_computes_as_its_array_does():
    w = Parameter([[1.0, 2.0], [3.0, 4.0]])
    for found, expected in (
        (w @ w, w.data @ w.data),
        (1.0 - w, 1.0 - w.data),
        (np.exp(w), np.exp(w.data)),
        (np.concatenate([w, w]), np.concatenate([w.data, w.data])),
        (np.where(w > 2.0, w, 0.0), np.where(w.data > 2.0, w.data, 0.0)),
        (w.T, w.data.T),
        (w.sum(axis=0), w.data.sum(axis=0)),
        (w[0], w.data[0]),
        (np.einsum("ij->j", w), np.einsum("ij->j", w.data)),
        (np.linalg.inv(w), np.linalg.inv(w.data)),
    ):
        assert type(found) is np.ndarray
        assert np.array_equal(found, expected)
    assert w.shape == (2, 2)
    assert len(w) == 2
    assert float(Parameter(2.0)) == 2.0


def test_changed_in_place_it_is_the_same():
    w = same = Parameter([1.0, 2.0])
    w -= 0.5
    assert w is same
    assert np.array_equal(w.data, [0.5, 1.5])
    w[0] = 7.0
    assert np.array_equal(w.data, [7.0, 1.5])


def test_data_and_detach_share_memory():
    data = np.ones(2)
    w = Parameter(data)
    assert w.data is data
    assert w.detach() is data


def test_what_a_parameter_holds():
    assert Parameter(np.float32(1.0)).data.dtype == np.float32
    assert repr(Parameter([1.0])) == "Parameter(array([1.]))"
    assert repr(Parameter([1.0], False)).endswith("requires_grad=False)")
    with pytest.raises(TypeError, match="holds floats, not int64"):
        Parameter([1, 2])
    assert Parameter([1.0]).requires_grad_(False).requires_grad is False


def test_copies_and_pickles():
    w = Parameter([1.0, 2.0])
    w.accumulate([3.0, 4.0])
    for again in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert again is not w
        assert np.array_equal(again.data, w.data)
        assert np.array_equal(again.grad, w.grad)
        again.data[0] = 9.0
        assert w.data[0] == 1.0
    with pytest.raises(ValueError, match="a gradient of shape"):
        w.accumulate([1.0])


def test_float32_stays():
    w = Parameter(np.ones(2, np.float32))
    ad.differentiate(lambda w: np.sum(w * w)).backward(w)
    assert w.grad.dtype == np.float32


def test_gradients_share_memory_with_nothing():
    w = Parameter([1.0, 2.0])
    f = ad.differentiate(lambda w: np.sum(w))
    f.backward(w)
    w.grad[0] = 5.0
    f.backward(w)
    assert np.array_equal(w.grad, [6.0, 2.0])
