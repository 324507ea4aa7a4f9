"""Trainings as users write them: what they find, and what they leave alone."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import Parameter
from adcompiler import runtime as rt


@pytest.fixture(autouse=True, params=["numpy", "llvm"])
def _backend(request, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", request.param)


RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 5)).astype(np.float32)
Y = (X @ np.arange(1, 6) + 0.1 * RNG.standard_normal(64)).astype(np.float32)
LABELS, CLASSES = (Y > 0).astype(np.float32), RNG.integers(0, 3, 64)


class Net(rt.Module):
    def __init__(self, n_out=1, seed=3):
        generator = rt.Generator().manual_seed(seed)
        self.first = rt.Linear(5, 8, generator=generator)
        self.second = rt.Linear(8, n_out, generator=generator)

    def forward(self, x):
        return self.second(np.maximum(self.first(x), 0.0))


@ad.differentiate
def squares(model, x, y):
    return np.mean((model(x)[:, 0] - y) ** 2)


def trained(opt, step, count=40):
    """The first loss and the last."""
    losses = []
    for _ in range(count):
        opt.zero_grad()
        losses.append(step())
        opt.step()
    return losses[0], losses[-1]


def test_regression():
    w, b = Parameter(np.zeros(5, np.float32)), Parameter(np.float32(0.0))
    loss = ad.differentiate(lambda x, y: np.mean((x @ w + b - y) ** 2))
    trained(rt.SGD([w, b], lr=0.1), lambda: loss.backward(X, Y), 200)
    found, *_ = np.linalg.lstsq(np.c_[X, np.ones(64)], Y, rcond=None)
    assert np.allclose([*w, float(b)], found, atol=1e-4)


def test_logistic_regression():
    w = Parameter(np.zeros(5, np.float32))
    loss = ad.differentiate(lambda x, y: rt.binary_cross_entropy_with_logits(x @ w, y))
    _, last = trained(rt.Adam([w], lr=0.1), lambda: loss.backward(X, LABELS), 100)
    assert last < 0.2
    assert np.mean((X @ w > 0) == LABELS) > 0.95


def test_classes():
    net = Net(3)
    loss = ad.differentiate(lambda x, y: rt.cross_entropy(net(x), y))
    opt = rt.SGD(net, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    first, last = trained(opt, lambda: loss.backward(X, CLASSES), 60)
    assert last < 0.8 * first


def test_a_layer_that_is_frozen_for_a_while():
    net = Net()
    net.first.requires_grad_(False)
    held = net.first.weight.data.copy()
    opt = rt.Adam(net, lr=0.05)
    first, last = trained(opt, lambda: squares.backward(net, X, Y))
    assert last < first
    assert np.array_equal(net.first.weight.data, held)
    assert sorted(opt.state) == [2, 3]
    net.first.requires_grad_(True)
    trained(opt, lambda: squares.backward(net, X, Y), 2)
    assert not np.array_equal(net.first.weight.data, held)
    assert opt.state[0]["step"] == 2
    assert opt.state[2]["step"] == 42


def test_groups_with_rates_of_their_own():
    net, same = Net(), Net()
    groups = [{"params": net.first, "lr": 0.0}, {"params": net.second.parameters()}]
    trained(rt.RMSprop(groups, lr=0.01), lambda: squares.backward(net, X, Y))
    assert np.array_equal(net.first.weight.data, same.first.weight.data)
    assert not np.array_equal(net.second.weight.data, same.second.weight.data)


def test_schedule_and_clipping_and_batches():
    net = Net()
    opt = rt.AdamW(net, lr=0.1)
    schedule = rt.OneCycleLR(opt, max_lr=0.1, total_steps=140)
    loader = rt.batches(X, Y, size=10, generator=rt.Generator().manual_seed(1))
    first = squares(net, X, Y)
    for _ in range(20):
        for x, y in loader:
            opt.zero_grad()
            squares.backward(net, x, y)
            rt.clip_grad_norm_(net.parameters(), 5.0)
            opt.step()
            schedule.step()
    assert squares(net, X, Y) < 0.05 * first


def test_resumed_in_the_middle(tmp_path):
    def epochs(net, opt, schedule, count):
        for _ in range(count):
            for x, y in rt.batches(X, Y, size=16):
                opt.zero_grad()
                squares.backward(net, x, y)
                opt.step()
            schedule.step()

    rt.manual_seed(9)
    net = Net()
    opt = rt.Adam(net, lr=0.05, amsgrad=True)
    schedule = rt.StepLR(opt, 3)
    epochs(net, opt, schedule, 4)
    rt.save(tmp_path / "net.npz", net)
    kept = (opt.state_dict(), schedule.state_dict(), rt.get_rng_state())
    kept = pickle.loads(pickle.dumps(kept))
    epochs(net, opt, schedule, 5)

    again = rt.load(tmp_path / "net.npz", Net(seed=4))
    opt = rt.Adam(again)
    schedule = rt.StepLR(opt, 3)
    opt.load_state_dict(kept[0])
    schedule.load_state_dict(kept[1])
    rt.set_rng_state(kept[2])
    epochs(again, opt, schedule, 5)
    for p, q in zip(net.parameters(), again.parameters(), strict=True):
        assert np.array_equal(p.data, q.data)


def test_gradients_of_parts_add_up():
    net = Net()
    loss = ad.differentiate(lambda m, x, y: np.sum((m(x)[:, 0] - y) ** 2))
    loss.backward(net, X, Y)
    whole = net.first.weight.grad.copy()
    net.zero_grad()
    for k in range(0, 64, 16):
        loss.backward(net, X[k : k + 16], Y[k : k + 16])
    np.testing.assert_allclose(net.first.weight.grad, whole, rtol=1e-4, atol=1e-4)


def test_two_losses_of_one_parameter():
    w = Parameter(np.ones(5))
    fit = ad.differentiate(lambda x: np.sum((x @ w) ** 2))
    small = ad.differentiate(lambda: 0.1 * np.sum(w * w))
    fit.backward(X)
    small.backward()
    expected = 2 * X.T.astype(float) @ (X @ np.ones(5)) + 0.2
    np.testing.assert_allclose(w.grad, expected, rtol=1e-5)


def test_tied_weights():
    class Coder(rt.Module):
        def __init__(self):
            self.inward = Parameter(RNG.standard_normal((5, 3)).astype(np.float32))
            self.outward = self.inward

        def forward(self, x):
            return np.tanh(x @ self.inward) @ self.outward.T

    coder = Coder()
    assert len(coder.parameters()) == 1
    loss = ad.differentiate(lambda m, x: np.mean((m(x) - x) ** 2))
    first, last = trained(rt.Adam(coder, lr=0.02), lambda: loss.backward(coder, X))
    assert last < first


def test_layers_in_containers_and_heads_by_name():
    class Tanh(rt.Module):
        def forward(self, x):
            return np.tanh(x)

    class Heads(rt.Module):
        def __init__(self):
            self.body = [rt.Linear(5, 3), Tanh()]
            self.heads = {"a": rt.Linear(3, 1), "b": rt.Linear(3, 1)}

        def forward(self, x, *, head="a", scale=1.0):
            for layer in self.body:
                x = layer(x)
            return scale * self.heads[head](x)

    net = Heads()
    loss = ad.differentiate(lambda x: np.mean(net(x, head="b", scale=2.0) ** 2))
    loss.backward(X)
    assert net.heads["a"].weight.grad is None
    assert net.heads["b"].weight.grad is not None
    names = [name for name, _ in net.named_parameters()]
    assert names[:3] == ["body.0.weight", "body.0.bias", "heads.a.weight"]


@dataclasses.dataclass
class Line:
    slope: np.ndarray
    start: np.ndarray
    degree: int = 1


def test_a_dataclass_of_arrays():
    line = Line(np.zeros(5), np.zeros(()))
    loss = ad.differentiate(
        lambda p, x, y: np.mean((x @ p.slope + p.start - y) ** 2), wrt="p"
    )
    opt = rt.SGD(line, lr=0.1)
    for _ in range(100):
        opt.step(loss.grad(line, X, Y))
    assert loss(line, X, Y) < 0.05


def test_a_target_that_is_detached():
    w = Parameter(np.ones(5, np.float32))
    loss = ad.differentiate(lambda x: np.mean((2.0 * (x @ w) - x @ w.detach()) ** 2))
    loss.backward(X)
    expected = 4.0 * X.T @ (X @ np.ones(5, np.float32)) / 64
    np.testing.assert_allclose(w.grad, expected, rtol=1e-4, atol=1e-5)


def test_an_average_of_weights():
    net = Net()
    mean = copy.deepcopy(net)
    for p, q in zip(net.parameters(), mean.parameters(), strict=True):
        p.data[...] = 1.0
        q *= 0.9
        q += 0.1 * p
    assert mean.second.bias.data.dtype == np.float32
    assert not np.array_equal(mean.second.bias.data, net.second.bias.data)


def test_a_gradient_that_is_straight_through():
    rounded = ad.custom_vjp(lambda x: np.round(x))
    rounded.defvjp(lambda x: (np.round(x), ()), lambda _, y_bar: (y_bar,))
    w = Parameter(np.array([0.4, 0.6, 1.7]))
    loss = ad.differentiate(lambda: np.sum(rounded(w) * np.arange(3.0)))
    loss.backward()
    assert np.array_equal(w.grad, [0.0, 1.0, 2.0])


def test_dropout_while_training():
    class Dropped(rt.Module):
        def __init__(self):
            self.layer = rt.Linear(5, 1, generator=rt.Generator().manual_seed(0))

        def forward(self, x):
            return self.layer(rt.dropout(x, 0.5) if self.training else x)

    net = Dropped()
    loss = ad.differentiate(lambda m, x: np.mean(m(x) ** 2))
    rt.manual_seed(0)
    noisy = loss.backward(net, X)
    rt.manual_seed(0)
    assert loss(net, X) == pytest.approx(noisy)
    net.eval()
    assert loss.backward(net, X) == pytest.approx(np.mean(net.layer(X) ** 2))


def test_batches_of_any_length():
    net = Net()
    opt = rt.Adam(net)
    for count in (1, 2, 3, 64, 1, 7):
        opt.zero_grad()
        assert np.isfinite(squares.backward(net, X[:count], Y[:count]))
        opt.step()


def test_a_model_with_its_own_loss_by_lbfgs():
    class Fitted(Net):
        @ad.differentiate
        def loss(self, x, y):
            return np.mean((self(x)[:, 0] - y) ** 2)

    net = Fitted()
    opt = rt.LBFGS(net, max_iter=20, line_search_fn="strong_wolfe")

    def closure():
        opt.zero_grad()
        return net.loss.backward(X, Y)

    first = opt.step(closure)
    assert opt.step(closure) < 0.02 * first


def test_the_text_of_what_was_pulled_back():
    net = Net()
    values = ad.differentiate(net)
    values.backward(X, cotangent=np.ones((64, 1), np.float32))
    assert "weight_bar = " in values.source()
    with pytest.raises(TypeError, match=r"ad\.differentiate\(model\)\.backward"):
        values.grad(X)


def test_what_is_kept_beside_a_loss():
    def spread(net, x):
        h = net.first(x)
        return np.mean(net.second(h) ** 2), h.mean(axis=0)

    net = Net()
    loss = ad.differentiate(spread)
    with pytest.raises(ad.UnsupportedError) as caught:
        loss.backward(net, X)
    assert "cotangent=c), as c = (1.0, None)" in caught.value.hint
    value, mean = loss.backward(net, X, cotangent=(1.0, None))
    assert value == pytest.approx(np.mean(net.second(net.first(X)) ** 2), rel=1e-5)
    np.testing.assert_allclose(mean, net.first(X).mean(axis=0), rtol=1e-4, atol=1e-6)
    assert net.second.bias.grad is not None


def test_what_trains_is_called_outside():
    net = Net()
    opt, path = rt.SGD(net, lr=0.1), "net.npz"

    def stepped(x, y):
        opt.zero_grad()
        return rt.mse_loss(net(x)[:, 0], y)

    def kept(x, y):
        rt.save(path, net)
        return rt.mse_loss(net(x)[:, 0], y)

    for loss, called in [(stepped, r"opt\.zero_grad"), (kept, r"rt\.save")]:
        with pytest.raises(ad.UnsupportedError, match=called) as caught:
            ad.differentiate(loss).backward(X, Y)
        assert caught.value.hint == "call it outside, around the derivative"


class Layers(list):
    """A list by another name."""


class Heads(dict):
    """A dict by another name."""


class Chain(list):
    """A list that does more."""

    def __call__(self, x):
        for layer in self:
            x = layer(x)
        return x


class Held(rt.Module):
    def __init__(self, body):
        self.body, self.heads = body, Heads(a=rt.Linear(5, 1), b=rt.Linear(5, 2))

    def forward(self, x):
        for layer in self.body:
            x = np.tanh(layer(x))
        return sum(np.sum(head(x)) for head in self.heads.values())


def test_layers_in_classes_of_lists_and_dicts():
    rt.manual_seed(0)
    net = Held(Layers([rt.Linear(5, 5), rt.Linear(5, 5)]))
    loss = ad.differentiate(lambda m, x: m(x) ** 2)
    assert loss.backward(net, X) == pytest.approx(net(X) ** 2, rel=1e-5)
    before = net.heads["b"].weight.grad.copy()
    net.body.append(rt.Linear(5, 5))
    net.zero_grad()
    assert loss.backward(net, X) == pytest.approx(net(X) ** 2, rel=1e-5)
    assert not np.allclose(net.heads["b"].weight.grad, before)
    with pytest.raises(ad.UnsupportedError, match="a Chain cannot be iterated over"):
        loss.backward(Held(Chain([rt.Linear(5, 5)])), X)
