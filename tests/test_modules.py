"""Models, their parameters, mini-batches, and parameters in files."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import Parameter, runtime
from adcompiler.runtime import Generator, Linear, Module

RNG = np.load(Path(__file__).parent / "reference" / "rng.npz")
INDEX = json.loads((Path(__file__).parent / "reference" / "rng_index.json").read_text())
LINEAR = [c for c in INDEX["cases"] if [op[0] for op in c["ops"]] == ["linear"]]


@pytest.fixture(params=["numpy", "llvm"])
def backend(request, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", request.param)
    return request.param


class MLP(Module):
    def __init__(self, sizes, generator=None):
        pairs = zip(sizes, sizes[1:])
        self.layers = [Linear(n, m, generator=generator) for n, m in pairs]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = np.tanh(layer(x))
        return self.layers[-1](x)

    @ad.differentiate
    def loss(self, x, y):
        return np.mean((self(x) - y) ** 2)


def seeded():
    return Generator().manual_seed(3)


def data(n=20, dtype=np.float32):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, 2)).astype(dtype)
    return x, (x[:, :1] * x[:, 1:]).astype(dtype)


# --- Models ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", LINEAR, ids=lambda c: f"{c['seed']}-{c['ops'][0]}")
def test_linear_has_pytorchs_initial_values(case):
    _, n_in, n_out, dtype = case["ops"][0]
    generator = Generator().manual_seed(case["seed"])
    layer = Linear(n_in, n_out, dtype=np.dtype(dtype), generator=generator)
    weight, bias = (RNG[key] for key in case["keys"])
    assert np.array_equal(layer.weight.data, weight)
    assert np.array_equal(layer.bias.data, bias)
    runtime.manual_seed(case["seed"])
    assert np.array_equal(Linear(n_in, n_out, dtype=dtype).weight.data, weight)


def test_linear_without_a_bias():
    layer = Linear(3, 2, bias=False, generator=seeded())
    assert layer.bias is None
    assert repr(layer) == "Linear(3, 2, bias=False)"
    x = np.ones((4, 3), np.float32)
    assert np.array_equal(layer(x), x @ layer.weight.data.T)
    f = ad.differentiate(lambda x: np.sum(layer(x)))
    f.backward(x)
    assert np.array_equal(layer.weight.grad, np.full((2, 3), 4.0))
    with pytest.raises(ValueError, match="-1"):
        Linear(-1, 2)


def test_a_layer_is_differentiable_itself(backend):
    layer = Linear(3, 2, generator=seeded())
    x, c = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    y = ad.differentiate(layer).backward(x, cotangent=c)
    assert np.allclose(y, layer(x))
    assert np.array_equal(layer.bias.grad, [4.0, 4.0])


def test_training_a_model(backend):
    model = MLP([2, 8, 1], seeded())
    x, y = data()
    opt = runtime.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        opt.zero_grad()
        losses.append(model.loss.backward(x, y))
        opt.step()
    assert losses[-1] < 0.2 * losses[0]


def test_models_as_functions_of_a_dict(backend):
    def model(params, x):
        hidden = np.tanh(x @ params["w"] + params["b"])
        return hidden @ params["v"]

    @ad.differentiate(wrt="params")
    def loss(params, x, y):
        return np.mean((model(params, x) - y) ** 2)

    rng = np.random.default_rng(1)
    shapes = {"w": (2, 8), "b": (8,), "v": (8, 1)}
    params = {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}
    x, y = data()
    opt = runtime.Adam(params, lr=0.05)
    first = loss(params, x, y)
    for _ in range(60):
        value, grads = loss.value_and_grad(params, x, y)
        runtime.clip_grad_norm_(grads, 1.0)
        opt.step(grads)
    assert value < 0.2 * first
    assert params["w"].dtype == np.float32


def test_frozen_layers_are_not_computed():
    model = MLP([2, 4, 1], seeded())
    x, y = data()
    model.layers[0].requires_grad_(False)
    before = model.layers[0].weight.data.copy()
    f = ad.differentiate(lambda m, x, y: np.mean((m(x) - y) ** 2))
    opt = runtime.SGD(model, lr=0.1)
    f.backward(model, x, y)
    opt.step()
    assert model.layers[0].weight.grad is None
    assert np.array_equal(model.layers[0].weight.data, before)
    assert model.layers[1].weight.grad is not None
    one = ad.differentiate(lambda w, v, x: np.sum(np.tanh(x @ w) @ v))
    w, v = Parameter(np.ones((2, 3)), requires_grad=False), Parameter(np.ones(3))
    text = one.source(w, v, x)
    assert "w_bar" not in text
    assert "tanh" in text
    assert "1 - " not in text  # nor what leads to it, the derivative of tanh


def test_names_and_order_of_parameters():
    model = MLP([2, 4, 1], seeded())
    names = [name for name, _ in model.named_parameters()]
    assert names == [f"layers.{k}.{w}" for k in (0, 1) for w in ("weight", "bias")]
    model.tied = model.layers[0].weight
    model.more = {"extra": Parameter(1.0)}
    model.me = model
    assert [n for n, _ in runtime.named_parameters(model)] == [*names, "more.extra"]
    assert runtime.parameters(model) == model.parameters()
    assert runtime.parameters([model, model.layers]) == model.parameters()
    assert runtime.parameters(np.ones(3), 1.0, None, "w") == []


def test_objects_with_slots_and_dataclasses():
    class Slotted:
        __slots__ = ("b", "w")

        def __init__(self):
            self.w, self.b = Parameter(1.0), Parameter(2.0)

    @dataclasses.dataclass
    class Data:
        first: object
        second: object

    held = Data(Slotted(), SimpleNamespace(w=Parameter(3.0)))
    found = [(n, float(p)) for n, p in runtime.named_parameters(held)]
    assert found == [("first.b", 2.0), ("first.w", 1.0), ("second.w", 3.0)]


def test_modes_and_copies_of_a_model():
    class Dropped(Module):
        def __init__(self):
            self.inner = [Linear(2, 2, generator=seeded())]

        def forward(self, x):
            return x * 2.0 if self.training else x

    model = Dropped()
    assert model.train() is model
    f = ad.differentiate(lambda x: np.sum(model(x)))
    assert np.array_equal(ad.grad(f)(np.ones(2)), [2.0, 2.0])
    assert model.eval().training is False
    assert model.inner[0].training is False
    assert np.array_equal(ad.grad(f)(np.ones(2)), [1.0, 1.0])
    for again in (copy.deepcopy(model), None):
        again = again or copy.copy(model)
        assert again.training is False
    mlp = MLP([2, 2, 1], seeded())
    again = pickle.loads(pickle.dumps(mlp))
    x, _ = data()
    assert np.array_equal(again(x), mlp(x))
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        Module()(1.0)


# --- Dtypes ---------------------------------------------------------------------------


def test_float32_parameters_and_float64_data(backend):
    """Computed in float64, as NumPy does; gradients and steps are float32."""
    model = MLP([2, 4, 1], seeded())
    x, y = data(dtype=np.float64)
    assert model(x).dtype == np.float64
    value = model.loss.backward(x, y)
    assert value.dtype == np.float64
    opt = runtime.Adam(model.parameters())
    opt.step()
    for p in model.parameters():
        assert p.data.dtype == p.grad.dtype == np.float32
    assert opt.state[0]["exp_avg"].dtype == np.float32


# --- The imperative style -------------------------------------------------------------


def test_backward_from_a_cotangent(backend):
    w, b = Parameter([1.0, 2.0]), Parameter(0.5)
    frozen = Parameter([1.0, 1.0], requires_grad=False)
    f = ad.differentiate(lambda x: x * w * frozen + b)
    x, c = np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(f.backward(x, cotangent=c), f(x))
    assert np.array_equal(w.grad, np.sum(c * x, axis=0))
    assert b.grad == 10.0
    f.backward(x, cotangent=c)
    assert np.array_equal(w.grad, 2 * np.sum(c * x, axis=0))
    assert frozen.grad is None
    before = w.grad.copy()
    for bad in (np.ones(3), "c", 1.0):
        with pytest.raises((ValueError, TypeError), match="cotangent"):
            f.backward(x, cotangent=bad)
    assert np.array_equal(w.grad, before)
    with pytest.raises(ad.UnsupportedError, match=r"cotangent=c"):
        f.backward(x)
    plain = ad.differentiate(lambda x: 2.0 * x)
    with pytest.raises(TypeError, match="finds no parameter"):
        plain.backward(x, cotangent=c)


def test_several_values_and_their_cotangents(backend):
    w = Parameter([1.0, 2.0])
    f = ad.differentiate(lambda w: (w * w, np.sum(w)))
    f.backward(w, cotangent=(np.array([1.0, 10.0]), 5.0))
    assert np.array_equal(w.grad, [7.0, 45.0])
    w.zero_grad()
    f.backward(w, cotangent=(None, 5.0))
    assert np.array_equal(w.grad, [5.0, 5.0])
    own = ad.differentiate(lambda w, cotangent: np.sum(w * cotangent))
    w.zero_grad()
    own.backward(w, cotangent=np.array([3.0, 4.0]))
    assert np.array_equal(w.grad, [3.0, 4.0])


def test_pullbacks_of_parameters_any_number_of_times(backend):
    w = Parameter([1.0, 2.0])
    _, pullback = ad.vjp(lambda w: w * w)(w)
    for factor in (1.0, 2.0, 1.0):
        assert np.array_equal(pullback(np.full(2, factor)), factor * 2 * w.data)


def test_detached_parameters_are_constants(backend):
    w = Parameter([1.0, 2.0])
    f = ad.differentiate(lambda w: np.sum(w.detach() * w))
    f.backward(w)
    assert np.array_equal(w.grad, w.data)
    assert f(w) == 5.0
    with pytest.raises(ad.UnsupportedError, match=r"stop_gradient\(x\)"):
        ad.grad(lambda x: np.sum(x.detach()))(np.ones(2))


def test_steps_by_hand_under_no_grad(backend):
    w = Parameter([1.0, 2.0])
    f = ad.differentiate(lambda w: np.sum(w * w))
    for _ in range(2):
        f.backward(w)
        with ad.no_grad():
            w -= 0.25 * w.grad
        w.grad = None
    assert np.array_equal(w.data, [0.25, 0.5])


# --- Mini-batches ---------------------------------------------------------------------


def test_batches_are_seeded():
    x, y = np.arange(10.0), np.arange(10) * 10
    loader = runtime.batches(x, y, size=4, generator=seeded())
    assert len(loader) == 3
    generator = seeded()
    for _ in range(2):
        order = runtime.randperm(10, generator=generator)
        found = list(loader)
        assert [len(xb) for xb, _ in found] == [4, 4, 2]
        assert np.array_equal(np.concatenate([xb for xb, _ in found]), x[order])
        assert np.array_equal(np.concatenate([yb for _, yb in found]), y[order])
    runtime.manual_seed(3)
    first = list(runtime.batches(x, size=4, drop_last=True))
    assert [len(b) for b in first] == [4, 4]
    assert np.array_equal(first[0], x[runtime.randperm(10, generator=seeded())][:4])
    first[0][...] = -1.0
    assert x.min() == 0.0
    assert list(runtime.batches(np.zeros((0, 2)), size=4)) == []


def test_what_cannot_be_batched():
    x = np.arange(10.0)
    for args, more, message in (
        ((x, x[:5]), {"size": 2}, r"\[10, 5\] rows"),
        ((x,), {"size": 0}, "size is 0"),
        ((x,), {"size": 2.5}, "whole number"),
        ((), {"size": 2}, "with a first axis"),
        ((1.0,), {"size": 2}, "with a first axis"),
        ((x,), {"size": 2, "generator": 3}, "no Generator"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            runtime.batches(*args, **more)


# --- Files ----------------------------------------------------------------------------


def test_parameters_in_files(tmp_path):
    model, other = MLP([2, 4, 1], seeded()), MLP([2, 4, 1], Generator().manual_seed(4))
    path = tmp_path / "model.npz"
    runtime.save(path, model)
    assert runtime.load(path, other) is other
    x, _ = data()
    assert np.array_equal(other(x), model(x))
    assert sorted(runtime.load(path)) == sorted(n for n, _ in model.named_parameters())
    assert list(tmp_path.iterdir()) == [path]
    tree = {"file": np.ones(2), "n": 3, "more": [Parameter(0.5), model]}
    runtime.save(path, tree)
    again = {"file": np.zeros(2), "n": 3, "more": [Parameter(1.5), other]}
    runtime.load(path, again)
    assert np.array_equal(again["file"], [1.0, 1.0])
    assert float(again["more"][0]) == 0.5


def test_files_that_do_not_fit_change_nothing(tmp_path):
    path = tmp_path / "model.npz"
    model = MLP([2, 4, 1], seeded())
    runtime.save(path, model)
    for other, message in (
        (MLP([2, 4, 4, 1], seeded()), r"layers.2.weight, layers.2.bias is not in it"),
        (MLP([2, 5, 1], seeded()), r"layers.0.weight has shape \(4, 2\)"),
        ({"w": np.ones(2)}, r"w is not in it; layers.0.weight"),
    ):
        before = pickle.dumps(other)
        with pytest.raises((KeyError, ValueError), match=message):
            runtime.load(path, other)
        assert pickle.dumps(other) == before
    for nothing in (3.0, {"n": 3}, object()):
        with pytest.raises(TypeError, match="there are no parameters"):
            runtime.save(path, nothing)
    with pytest.raises(FileNotFoundError):
        runtime.save(tmp_path / "none" / "model.npz", model)


def test_states_of_models():
    model, other = MLP([2, 4, 1], seeded()), MLP([2, 4, 1], Generator().manual_seed(4))
    kept = model.state_dict()
    other.load_state_dict(kept)
    assert np.array_equal(other.layers[0].weight.data, model.layers[0].weight.data)
    kept["layers.0.weight"][...] = 0.0
    assert model.layers[0].weight.data.any()
    with pytest.raises(KeyError, match="layers.1.bias is not in it"):
        other.load_state_dict({k: v for k, v in kept.items() if k != "layers.1.bias"})


# --- Gradients that are asked for of a model ------------------------------------------


class Scaled:
    def __init__(self):
        self.layers = [runtime.Parameter([1.0, 2.0, 3.0])]

    def __call__(self, x):
        return np.sum(np.sin(self.layers[0] * x))


def of_model(model, x):
    return model(x)


def test_grad_of_a_model_says_what_to_call():
    x = np.array([0.5, 1.5, 2.5])
    for derivative in (ad.grad, ad.value_and_grad, ad.vjp):
        with pytest.raises(TypeError, match=r"model is a Scaled that holds parameters"):
            derivative(of_model)(Scaled(), x)
    with pytest.raises(TypeError, match=r"model\.layers\.0.*wrt='x'"):
        ad.grad(of_model)(Scaled(), x)
    w = np.array([1.0, 2.0, 3.0])
    found = ad.grad(of_model, wrt="x")(Scaled(), x)
    np.testing.assert_allclose(found, w * np.cos(w * x), 1e-14)
    frozen = Scaled()
    frozen.layers[0].requires_grad_(False)
    np.testing.assert_allclose(ad.grad(of_model)(frozen, x), found, 1e-15)


def test_grad_of_a_model_inside_of_a_function_is_refused():
    model = Scaled()

    def squares(x):
        return np.sum(ad.grad(of_model)(model, x) ** 2)

    with pytest.raises(ad.UnsupportedError, match="'model' is a Scaled that holds"):
        ad.grad(squares)(np.array([0.5, 1.5, 2.5]))


# --- Parameters differentiated inside of a function -----------------------------------


def energy(p, x):
    return np.sum(np.sin(p["w"] * x))


def penalty(p, x):
    return np.sum(ad.grad(energy)(p, x)["w"] ** 2)


def both(p, x):
    return np.sum(ad.grad(energy, wrt=("p", "x"))(p, x).x ** 2)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_inside_of_a_function_parameters_alone_are_differentiated(backend):
    w, x = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, 2.5])
    p = {"w": runtime.Parameter(w.copy())}
    value = ad.differentiate(penalty, backend=backend).backward(p, x)
    np.testing.assert_allclose(value, np.sum((x * np.cos(w * x)) ** 2), 1e-14)
    np.testing.assert_allclose(
        p["w"].grad, -2 * x**3 * np.cos(w * x) * np.sin(w * x), 1e-13
    )
    p["w"].grad = None
    value = ad.differentiate(both, backend=backend).backward(p, x)
    np.testing.assert_allclose(value, np.sum((w * np.cos(w * x)) ** 2), 1e-14)


def test_what_a_derivative_inside_leaves_alone_is_refused():
    x = np.array([0.5, 1.5, 2.5])
    p = {"w": runtime.Parameter([1.0, 2.0, 3.0]), "more": np.ones(3)}
    with pytest.raises(ad.UnsupportedError, match="and other floats beside them"):
        ad.differentiate(penalty).backward(p, x)
    p = {"w": runtime.Parameter([1.0, 2.0, 3.0], requires_grad=False)}
    with pytest.raises(ad.UnsupportedError, match="a parameter that is frozen"):
        ad.grad(both, wrt="x")(p, x)
