"""Optimizers and clipping against PyTorch's trajectories, and what they refuse."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import Parameter, runtime
from adcompiler.runtime.optimizers import descent, means
from adcompiler.runtime.optimizers.running import LEAST, Update
from tests.optimizer_cases import FOUND, GRADS, PARAMS, X0, A, B, array, label, options

NEAR = {"rtol": 1e-10, "atol": 1e-12}
CASES = FOUND["cases"]
ALL = [*dict.fromkeys(c["optimizer"] for c in CASES)]


def close(found, expected):
    return np.testing.assert_allclose(found, expected, **NEAR)


def named(name):
    return getattr(runtime, name)


@ad.differentiate
def quadratic(x, sign):
    return sign * (0.5 * x @ A @ x - B @ x)


# --- PyTorch's trajectories ---------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda c: label(c, "optimizer"))
def test_on_a_quadratic_by_backward(case):
    x = Parameter(X0.copy())
    opt = named(case["optimizer"])([x], lr=case["lr"], **options(case))
    losses = []
    for expected in case["quadratic_x_after_step"]:
        opt.zero_grad()
        losses.append(quadratic.backward(x, case["quadratic_sign"]))
        opt.step()
        close(x.data, expected)
    close(losses, case["quadratic_loss_before_step"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: label(c, "optimizer"))
def test_on_a_sequence_of_gradients(case):
    params = [p.copy() for p in PARAMS]
    opt = named(case["optimizer"])(params, lr=case["lr"], **options(case))
    for grads, expected in zip(GRADS, case["sequence_params_after_step"], strict=True):
        opt.step(grads)
        for p, q in zip(params, expected, strict=True):
            close(p.ravel(), q)


@pytest.mark.parametrize("case", FOUND["groups"], ids=lambda c: c["optimizer"])
def test_groups_and_missing_gradients(case):
    first, second = (Parameter(p.copy()) for p in PARAMS)
    groups = [
        {"params": [first], **case["group0"]},
        {"params": [second], **case["group1"]},
    ]
    make = named(case["optimizer"])
    opt = make(groups, lr=case["default_lr"], **case["options"])
    functional = [p.copy() for p in PARAMS]
    groups = [
        {"params": [p], **g}
        for p, g in zip(functional, (case["group0"], case["group1"]))
    ]
    other = make(groups, lr=case["default_lr"], **case["options"])
    for k, (grads, expected) in enumerate(
        zip(GRADS, case["sequence_params_after_step"], strict=True)
    ):
        first.grad = None if k % 5 == 2 else grads[0].copy()
        second.grad = grads[1].copy()
        opt.step()
        other.step([[first.grad], [second.grad]])
        for p, q, expect in zip((first, second), functional, expected, strict=True):
            close(p.data.ravel(), expect)
            assert np.array_equal(p.data, q)


@pytest.mark.parametrize(
    "case", FOUND["clip"], ids=lambda c: "-".join(map(str, list(c.values())[:3]))
)
@pytest.mark.parametrize("form", ["parameters", "tree", "model"])
def test_clipping(case, form):
    grads = [array(g) for g in FOUND["clip_grads_before"]]
    params = [Parameter(np.zeros_like(g)) for g in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = g
    given = {
        "parameters": iter(params),
        "tree": {"w": grads[0], "more": tuple(grads[1:])},
        "model": SimpleNamespace(a=params[0], b=params[1:]),
    }[form]
    if case["fn"] == "clip_grad_norm_":
        total = runtime.clip_grad_norm_(
            given, case["max_norm"], norm_type=float(case["norm_type"])
        )
        close(total, case["returned_total_norm"])
    else:
        assert runtime.clip_grad_value_(given, case["clip_value"]) is None
    for g, expected in zip(grads, case["grads_after"], strict=True):
        close(g, array(expected))


# --- Forms of parameters and gradients ----------------------------------------------

Pair = namedtuple("Pair", "w b")


@dataclasses.dataclass
class Point:
    w: object
    b: object


@pytest.mark.parametrize(
    "make",
    [
        lambda w, b: {"w": w, "b": b},
        lambda w, b: [w, b],
        lambda w, b: (w, b),
        Pair,
        Point,
        lambda w, b: SimpleNamespace(w=w, b=b),
        lambda w, b: {"first": {"w": w}, "more": [b, None]},
    ],
)
def test_steps_by_trees(make):
    w, b = np.array([1.0, 2.0]), np.array(0.5)
    params = make(w, b)
    opt = runtime.Adam(params, lr=0.1)
    expected = [w.copy(), b.copy()]
    other = runtime.Adam(expected, lr=0.1)
    for k in range(3):
        gw, gb = np.array([0.3, -k]), np.float64(1.5)
        assert opt.step(make(gw, gb)) is None
        other.step([gw, gb])
    assert np.array_equal(w, expected[0])
    assert np.array_equal(b, expected[1])


def test_what_grad_gives_is_a_tree_of_gradients():
    def loss(w, b, x):
        return np.sum((x @ w + b) ** 2)

    w, b, x = np.array([1.0, 2.0]), np.array(0.5), np.eye(2)
    grads = ad.grad(loss, wrt=("w", "b"))(w, b, x)
    for params in ({"b": b.copy(), "w": w.copy()}, [w.copy(), b.copy()]):
        runtime.SGD(params, lr=0.1).step(grads)
        found = params["w"] if isinstance(params, dict) else params[0]
        assert np.array_equal(found, w - 0.1 * grads.w)


def test_a_closure_computes_the_gradients():
    x = Parameter(X0.copy())
    opt = runtime.SGD([x], lr=0.05)

    def closure():
        opt.zero_grad()
        return quadratic.backward(x, 1.0)

    first = opt.step(closure)
    assert first == pytest.approx(CASES[0]["quadratic_loss_before_step"][0])
    close(x.data, CASES[0]["quadratic_x_after_step"][0])
    y = X0.copy()
    opt = runtime.SGD([y], lr=0.05)
    loss = ad.value_and_grad(quadratic, wrt="x")
    found = opt.step(lambda: (lambda v, g: (v, [g]))(*loss(y, 1.0)))
    assert found == first
    assert np.array_equal(x.data, y)


def test_models_and_iterators_of_parameters():
    class Layer:
        def __init__(self):
            self.w, self.b = Parameter([1.0, 2.0]), Parameter(0.5)

    class Model:
        def __init__(self):
            self.layers = [Layer(), Layer()]
            self.size = 2

    model = Model()
    for given in (model, model.layers, iter(runtime.parameters(model))):
        opt = runtime.SGD(given, lr=1.0)
        assert len(opt.param_groups[0]["params"]) == 4
    named_ones = {"w": model.layers[0].w}
    assert runtime.SGD(named_ones.values()).param_groups[0]["params"] == [
        model.layers[0].w
    ]


def test_single_precision_stays():
    for name in ALL:
        w = np.array([1.0, 2.0], np.float32)
        opt = named(name)([w], lr=0.1)
        opt.step([np.array([1.0, -2.0])])
        assert w.dtype == np.float32
        for value in opt.state[0].values() if 0 in opt.state else ():
            assert not isinstance(value, np.ndarray) or value.dtype == np.float32


def test_frozen_parameters_and_those_without_gradients_stay():
    w, b = Parameter([1.0]), Parameter([2.0], requires_grad=False)
    opt = runtime.Adam([w, b], lr=0.1)
    f = ad.differentiate(lambda w, b: np.sum(w * b))
    f.backward(w, b)
    opt.step()
    assert w.data[0] != 1.0
    assert b.data[0] == 2.0
    assert list(opt.state) == [0]


def test_gradients_that_are_zeroed():
    w = Parameter([1.0, 2.0])
    w.accumulate([1.0, 1.0])
    held = w.grad
    opt = runtime.SGD([w])
    opt.zero_grad(set_to_none=False)
    assert w.grad is held
    assert np.array_equal(held, [0.0, 0.0])
    opt.zero_grad()
    assert w.grad is None


@pytest.mark.parametrize("order", ["C", "F", "reversed", "gaps"])
def test_arrays_in_any_layout(order):
    whole = np.arange(24.0).reshape(4, 6)
    w = {
        "C": whole.copy(),
        "F": np.asfortranarray(whole),
        "reversed": whole.copy()[::-1],
        "gaps": np.zeros((8, 6))[::2],
    }[order]
    w[...] = whole
    expected = whole.copy()
    for p in (w, expected):
        opt = runtime.Adam([p], lr=0.1)
        for k in range(3):
            opt.step([np.cos(whole + k)])
    assert np.array_equal(w, expected)


# --- State --------------------------------------------------------------------------


def trained(opt, params, steps):
    for grads in GRADS[steps]:
        opt.step(grads)
    return [p.copy() for p in params]


@pytest.mark.parametrize("case", CASES, ids=lambda c: label(c, "optimizer"))
def test_resumed_from_a_state_it_goes_on_alike(case):
    make = named(case["optimizer"])
    params = [p.copy() for p in PARAMS]
    opt = make(params, lr=case["lr"], **options(case))
    trained(opt, params, slice(0, 8))
    kept, values = opt.state_dict(), [p.copy() for p in params]
    expected = trained(opt, params, slice(8, 20))
    # The state is a copy, and pickles.
    again = make(values, lr=123.0)
    again.load_state_dict(pickle.loads(pickle.dumps(kept)))
    assert again.param_groups[0]["lr"] == case["lr"]
    for p, q in zip(trained(again, values, slice(8, 20)), expected, strict=True):
        assert np.array_equal(p, q)


def test_an_optimizer_is_pickled_with_its_parameters():
    w = Parameter([1.0, 2.0])
    opt = runtime.Adam([w], lr=0.1)
    w.grad = np.array([1.0, -1.0])
    opt.step()
    for again in (
        pickle.loads(pickle.dumps((w, opt))),
        copy.deepcopy((w, opt)),
    ):
        w2, opt2 = again
        opt2.step()
        assert w2 is not w
        assert opt2.param_groups[0]["params"][0] is w2
        assert w2.data[0] == pytest.approx(0.8)
    assert w.data[0] == pytest.approx(0.9)


def test_state_of_another_optimizer_or_other_parameters():
    w = np.array([1.0, 2.0])
    opt = runtime.Adam([w])
    opt.step([np.ones(2)])
    before = opt.state_dict()
    sgd = runtime.SGD([w], momentum=0.9)
    sgd.step([np.ones(2)])
    larger = runtime.Adam([np.ones(3)])
    larger.step([np.ones(3)])
    anonymous = {k: v for k, v in sgd.state_dict().items() if k != "optimizer"}
    for state, message in (
        (sgd.state_dict(), "state of SGD, not of Adam"),
        (anonymous, "a group lacks 'betas'"),
        (runtime.Adam([w, np.ones(3)]).state_dict(), r"groups of \[2\] parameters"),
        (larger.state_dict(), r"'exp_avg' of parameter 0 has shape \(3,\), not \(2,\)"),
        ({**before, "state": {7: {}}}, "state for 7"),
        ({}, "no state of an optimizer"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            opt.load_state_dict(state)
        after = opt.state_dict()
        assert repr(after) == repr(before)


def test_what_it_says_of_itself():
    opt = runtime.SGD(
        [{"params": [np.ones(3)], "lr": 0.5}, {"params": np.ones((2, 2))}]
    )
    text = repr(opt)
    assert text.startswith("SGD(lr=0.001, momentum=0")
    assert "group 0: 1 parameter of 3 numbers, lr=0.5" in text
    assert "group 1: 1 parameter of 4 numbers" in text


# --- What is refused ----------------------------------------------------------------

W = np.array([1.0, 2.0])
BAD = [
    (lambda: runtime.SGD([W], lr=math.nan), "lr is nan"),
    (lambda: runtime.SGD([W], lr=-0.1), "lr is -0.1, and must not be negative"),
    (lambda: runtime.SGD([W], lr=math.inf), "lr is inf"),
    (lambda: runtime.SGD([W], lr="fast"), "lr is a number, not str"),
    (lambda: runtime.SGD([W], momentum=-1.0), "momentum is -1.0"),
    (lambda: runtime.SGD([W], nesterov=True), "nesterov=True needs a momentum"),
    (lambda: runtime.SGD([W], nesterov=1), "nesterov is True or False"),
    (lambda: runtime.Adam([W], betas=(0.9, 1.0)), r"betas\[1\] is 1.0"),
    (lambda: runtime.Adam([W], betas=(-0.1, 0.9)), r"betas\[0\] is -0.1"),
    (lambda: runtime.Adam([W], betas=0.9), "betas is a pair"),
    (lambda: runtime.Adam([W], eps=-1e-8), "eps is -1e-08"),
    (lambda: runtime.Adam([W], weight_decay=math.nan), "weight_decay is nan"),
    (lambda: runtime.Adadelta([W], rho=1.5), "rho is 1.5"),
    (lambda: runtime.Rprop([W], etas=(1.2, 0.5)), r"etas are \(1.2, 0.5\)"),
    (lambda: runtime.Rprop([W], step_sizes=(1.0, 0.5)), "step_sizes are"),
    (lambda: runtime.SGD([]), "empty list of parameters"),
    (lambda: runtime.SGD({}), "empty list of parameters"),
    (lambda: runtime.SGD([W, W]), "parameter 1 is listed twice"),
    (lambda: runtime.SGD([W, W[1:]]), "parameter 1 shares memory"),
    (lambda: runtime.SGD([{"params": W}, {"params": W}]), "listed twice"),
    (lambda: runtime.SGD([{"params": W}, W]), "among groups there is a ndarray"),
    (lambda: runtime.SGD([{"params": W, "rate": 1.0}]), "'rate', which is no option"),
    (lambda: runtime.SGD([{"params": W, "lr": -1.0}]), "lr is -1.0"),
    (lambda: runtime.SGD([1.0]), r"params\[0\] is a number, which cannot be changed"),
    (lambda: runtime.SGD([object()]), r"params\[0\] is a object"),
    (lambda: runtime.SGD([np.broadcast_to(1.0, 3)]), r"params\[0\] is read-only"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_what_is_no_optimizer(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


BAD_GRADS = [
    (None, "arrays have no gradients of their own"),
    ({"w": np.ones(2)}, "grads lacks 'b'"),
    ({"w": np.ones(2), "b": 1.0, "c": 1.0}, "grads has 'c', which"),
    ({"w": np.ones(3), "b": 1.0}, r"grads\['w'\] has shape \(3,\), and its param"),
    ({"w": np.ones(2), "b": np.ones(2)}, r"grads\['b'\] has shape \(2,\)"),
    ({"w": {"v": np.ones(2)}, "b": 1.0}, r"grads\['w'\] is a dict"),
    ([np.ones(2), 1.0], "grads is a list, where the parameters are a dict"),
    (np.ones(2), "grads is a ndarray, where the parameters are a dict"),
    ({"w": np.array(["a", "b"]), "b": 1.0}, r"grads\['w'\] is of dtype"),
]


@pytest.mark.parametrize(("grads", "message"), BAD_GRADS, ids=[m for _, m in BAD_GRADS])
def test_gradients_that_do_not_match_change_nothing(grads, message):
    params = {"w": np.array([1.0, 2.0]), "b": np.array(0.5)}
    opt = runtime.Adam(params)
    with pytest.raises((ValueError, TypeError), match=message):
        opt.step(grads)
    assert np.array_equal(params["w"], [1.0, 2.0])
    assert params["b"] == 0.5
    assert not opt.state


def test_a_rate_that_became_bad_changes_nothing():
    w = np.ones(2)
    opt = runtime.SGD([w], lr=0.1)
    opt.param_groups[0]["lr"] = math.nan
    with pytest.raises(ValueError, match="lr is nan"):
        opt.step([np.ones(2)])
    assert np.array_equal(w, [1.0, 1.0])


def test_gradients_that_were_assigned_are_looked_at():
    w, b = Parameter([1.0, 2.0]), Parameter([3.0])
    opt = runtime.SGD([w, b], lr=1.0)
    w.grad, b.grad = np.ones(2), np.ones(2)
    with pytest.raises(ValueError, match="the gradient of parameter 1 has shape"):
        opt.step()
    assert np.array_equal(w.data, [1.0, 2.0])


def test_clipping_what_is_not_finite():
    grads = [np.array([math.inf, 1.0])]
    with pytest.raises(RuntimeError, match="the norm of the gradients is inf"):
        runtime.clip_grad_norm_(grads, 1.0, error_if_nonfinite=True)
    assert grads[0][1] == 1.0
    for bad in (math.nan, -1.0):
        with pytest.raises(ValueError, match="must not be negative or nan"):
            runtime.clip_grad_norm_(grads, bad)
        with pytest.raises(ValueError, match="must not be negative or nan"):
            runtime.clip_grad_value_(grads, bad)
    with pytest.raises(TypeError, match=r"grads\[0\] is a float64"):
        runtime.clip_grad_norm_([np.float64(1.0)], 1.0)
    assert runtime.clip_grad_norm_([], 1.0) == 0.0


# --- Large parameters -----------------------------------------------------------------


LARGE = 3 * LEAST


@pytest.mark.parametrize("case", CASES, ids=lambda c: label(c, "optimizer"))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_parameters_by_machine_code(case, dtype, monkeypatch):
    """What machine code computes of many elements is what NumPy does of few."""
    monkeypatch.setenv("ADC_BACKEND", "llvm")
    rng = np.random.default_rng(5)
    start = rng.standard_normal(LARGE).astype(dtype)
    grads = rng.standard_normal((7, LARGE)).astype(dtype)
    make = named(case["optimizer"])
    large = start.reshape(3, LEAST).copy()
    small = start[:10].copy()
    whole = make([large], lr=case["lr"], **options(case))
    part = make([small], lr=case["lr"], **options(case))
    for g in grads:
        whole.step([g.reshape(3, LEAST)])
        part.step([g[:10]])
    near = 2e-5 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(large.ravel()[:10], small, rtol=near, atol=near)
    assert large.dtype == dtype
    for module in (descent, means):
        for update in vars(module).values():
            if isinstance(update, Update):
                calls = update.native._calls.items()
                assert all(c.call for key, c in calls if key[0] is not None)


# --- L-BFGS ---------------------------------------------------------------------------


@ad.differentiate
def rosenbrock(x):
    return np.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)


@pytest.mark.parametrize(
    "case", FOUND["lbfgs"], ids=lambda c: f"{c['function']}-{label(c, 'function')}"
)
@pytest.mark.parametrize("form", ["parameter", "arrays"])
def test_lbfgs(case, form):
    function = {"quadratic": lambda x: quadratic(x, 1.0), "rosenbrock": rosenbrock}
    loss, start = ad.differentiate(function[case["function"]]), array(case["x0"])
    calls = 0
    x = Parameter(start) if form == "parameter" else start
    opt = runtime.LBFGS([x], **case["options"])

    def closure():
        nonlocal calls
        calls += 1
        if form == "arrays":
            value, grad = loss.value_and_grad(x)
            return value, [grad]
        opt.zero_grad()
        return loss.backward(x)

    before = np.inf
    for row in case["steps"]:
        found = opt.step(closure)
        if before - found < 1e-12:  # it has converged: a last bit decides
            break
        np.testing.assert_allclose(start, row["x"], rtol=1e-6)
        assert found == pytest.approx(row["returned_loss"], rel=1e-6, abs=1e-10)
        assert calls == row["evaluations"]
        before = found


def test_lbfgs_goes_on_alike_from_a_state():
    def steps(opt, x, count):
        for _ in range(count):
            opt.step(lambda: (lambda v, g: (v, [g]))(*rosenbrock.value_and_grad(x)))
        return x.copy()

    x = np.array([-1.2, 1.0, 0.7])
    opt = runtime.LBFGS([x], max_iter=4, line_search_fn="strong_wolfe")
    y = steps(opt, x, 2)
    kept = pickle.loads(pickle.dumps(opt.state_dict()))
    again = runtime.LBFGS([y])
    again.load_state_dict(kept)
    assert np.array_equal(steps(again, y, 3), steps(opt, x, 3))


def test_lbfgs_refuses():
    w, b = np.ones(2), np.ones(3)
    for make, message in (
        (lambda: runtime.LBFGS([{"params": w}, {"params": b}]), "in one group"),
        (lambda: runtime.LBFGS([w], max_iter=0), "max_iter is 0"),
        (lambda: runtime.LBFGS([w], line_search_fn="x"), "line_search_fn is 'x'"),
        (lambda: runtime.LBFGS([w]).step(), r"step\(closure\)"),
        (lambda: runtime.LBFGS([w]).step([b]), r"step\(closure\)"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            make()
