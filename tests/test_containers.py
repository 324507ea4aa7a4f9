"""Arguments and results that are containers, against derivatives by their leaves."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.frontend.structures import made, parts_of, shape_of

X = np.array([0.3, -0.7, 0.5])
W = np.linspace(-1.0, 1.0, 9).reshape(3, 3)


class Pair(NamedTuple):
    w: Any
    b: Any

    def forward(self, x):
        return np.tanh(self.w @ x + self.b)


@dataclasses.dataclass
class Model:
    layers: list
    rate: float
    name: str = "model"
    steps: int = 2

    @property
    def depth(self):
        return len(self.layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x) * self.rate
        return x


@dataclasses.dataclass(frozen=True)
class Options:
    rate: float = 0.5
    noise: tuple = (0.1, 0.2)


# --- Programs ------------------------------------------------------------------------


def params_by_name(params, x):
    h = np.tanh(params["w1"] @ x + params["b1"])
    return np.sum((params["w2"] @ h) ** 2) * params["scale"]


def layers_of_pairs(layers, x):
    for w, b in layers:
        x = np.tanh(w @ x + b)
    return np.sum(x * x)


def layers_by_index(layers, x):
    total = 0.0
    for k in range(len(layers)):
        x = layers[k]["w"] @ x
        total += layers[k]["c"] * np.sum(x)
    return total


def layers_counted_down(layers, x):
    for k, layer in enumerate(reversed(layers)):
        x = (k + 1) * np.sin(layer.forward(x))
    return x @ x


def model_with_methods(model, x):
    for _ in range(model.steps):
        x = model.forward(x)
    return np.sum(x) * model.depth


def replaced_options(options, x):
    other = dataclasses.replace(options, rate=options.rate * x[0])
    return other.rate * options.rate + sum(other.noise) * np.sum(x)


def replaced_pair(pair, x):
    other = pair._replace(b=pair.b * x)
    return np.sum(pair.forward(x) * other.forward(pair.b))


def array_stored_into(params, x):
    for k in range(3):
        params["w"][k] = params["w"][k] * x + params["w"][k - 1]
    return np.sum(params["w"]) * params["c"]


def namespace(p, x):
    return np.sum(p.a * x) * p.inner.b + p.inner.b


def mapped(params, x):
    squares = {k: v * v for k, v in params.items()}
    return sum(np.sum(v) for v in squares.values()) + np.sum(x * params["b"])


def descent(params, x):
    state = dict(params)
    for _ in range(3):
        grads = ad.grad(mapped, wrt="params")(state, x)
        state = {k: state[k] - 0.1 * grads[k] for k in state}
    return mapped(state, x)


def keyword_arguments(options, x):
    def scaled(v, *, scale, shift=1.0):
        return np.sum(v) * scale + shift

    return scaled(x, **options) * scaled(x * x, **{**options, "shift": 2.0})


def nothing_read(params, x):
    return np.sum(x * x)


def pair():
    return Pair(0.5 * W, X[::-1].copy())


CASES = {
    "params_by_name": (
        params_by_name,
        {"w1": W, "b1": X, "w2": W.T[:2].copy(), "scale": 0.7, "n": 3, "kind": "x"},
    ),
    "layers_of_pairs": (layers_of_pairs, [(W, X), (W.T.copy(), 0.3 * X), (W @ W, X)]),
    "layers_by_index": (layers_by_index, [{"w": W, "c": 0.5}, {"w": W.T, "c": -1.5}]),
    "layers_counted_down": (layers_counted_down, (pair(), Pair(W.T.copy(), X))),
    "model_with_methods": (model_with_methods, Model([pair(), Pair(W, X)], 0.8)),
    "replaced_options": (replaced_options, Options()),
    "replaced_pair": (replaced_pair, pair()),
    "array_stored_into": (array_stored_into, {"w": W, "c": 1.5}),
    "namespace": (
        namespace,
        SimpleNamespace(a=2.0, inner=SimpleNamespace(b=-0.4, c=None)),
    ),
    "mapped": (mapped, {"a": W, "b": X, "c": 0.3}),
    "descent": (descent, {"a": 0.5, "b": 0.2 * X}),
    "keyword_arguments": (keyword_arguments, {"scale": 0.3}),
    "nothing_read": (nothing_read, {"a": 1.0}),
}


# --- Leaves --------------------------------------------------------------------------


def is_container(value: Any) -> bool:
    return isinstance(value, tuple | list) or shape_of(value) is not None


def kind_of(value: Any) -> Any:
    return shape_of(value) or type(value)


def leaves(value: Any) -> list[np.ndarray]:
    """The floats in a container, in order."""
    if is_container(value):
        parts = parts_of(kind_of(value), value)
        return [leaf for part in parts for leaf in leaves(part)]
    is_float = isinstance(value, float | np.ndarray)
    return [np.asarray(value, float)] if is_float else []


def rebuilt(value: Any, given: list[Any], blank: bool = False) -> Any:
    """The container with other floats, and None for the rest if `blank`."""
    if is_container(value):
        kind = kind_of(value)
        parts = parts_of(kind, value)
        return made(kind, [rebuilt(part, given, blank) for part in parts])
    if isinstance(value, float | np.ndarray):
        return given.pop(0)
    return None if blank else value


def vector(value: Any) -> np.ndarray:
    return np.concatenate([leaf.ravel() for leaf in leaves(value)])


def from_vector(numbers: np.ndarray, like: Any, blank: bool = False) -> Any:
    given, start = [], 0
    for leaf in leaves(like):
        part = numbers[start : start + leaf.size].reshape(leaf.shape)
        given.append(part.copy() if leaf.ndim else part.item())
        start += leaf.size
    return rebuilt(like, given, blank)


def assert_same_structure(gradient: Any, value: Any) -> None:
    if is_container(value):
        assert type(gradient) is type(value)
        pairs = zip(
            parts_of(kind_of(gradient), gradient),
            parts_of(kind_of(value), value),
            strict=True,
        )
        for part, other in pairs:
            assert_same_structure(part, other)
    elif isinstance(value, float | np.ndarray):
        assert np.shape(gradient) == np.shape(value)
        assert type(gradient) is type(value)
    else:
        assert gradient is None


@pytest.mark.parametrize("name", CASES)
def test_derivatives_by_a_container(name):
    function, value = CASES[name]
    flat = vector(value)
    rng = np.random.default_rng(3)
    v = rng.uniform(-1.0, 1.0, flat.size)

    def of_vector(numbers):
        return function(from_vector(numbers, value), X.copy())

    step = 1e-5
    expected = np.array(
        [
            (of_vector(flat + step * e) - of_vector(flat - step * e)) / (2 * step)
            for e in np.eye(flat.size)
        ]
    )
    before = vector(value).copy()
    gradient = ad.grad(function, wrt=0)(value, X)
    assert np.array_equal(vector(value), before)
    assert_same_structure(gradient, value)
    found = vector(gradient)
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-8)
    both = ad.grad(function)(value, X)
    assert np.allclose(vector(both[0]), found, rtol=1e-12)
    tangent = from_vector(v, value, blank=True)
    result, dot = ad.jvp(function)((value, X), (tangent, None))
    assert np.isclose(result, of_vector(flat))
    assert np.isclose(dot, found @ v, rtol=1e-9)
    result, pullback = ad.vjp(function, wrt=0)(value, X)
    assert np.allclose(vector(pullback(2.0)), 2.0 * found, rtol=1e-12)
    product = ad.hvp(function, wrt=0)((value, X), (tangent, None))

    def slope(numbers):
        return vector(ad.grad(function, wrt=0)(from_vector(numbers, value), X))

    second = (slope(flat + step * v) - slope(flat - step * v)) / (2 * step)
    assert np.allclose(vector(product), second, rtol=1e-5, atol=1e-7)


# --- Results and refusals ------------------------------------------------------------


@dataclasses.dataclass
class State:
    position: Any
    speed: Any = 0.5


def slope(function, x):
    """The derivative by a complex step."""
    return function(x + 1e-30j).imag / 1e-30


def test_results_keep_their_structure():
    def f(x):
        history = [x, x * x]
        return {"state": State(x * x, history), "twice": (2.0 * x, None, "name")}

    value, pullback = ad.vjp(f)(3.0)
    expected = f(3.0)
    assert value == expected
    assert type(value["state"].speed) is list
    cotangent = {"twice": (10.0, None, None), "state": State(1.0, [0.0, 1.0])}
    assert pullback(cotangent) == 20.0 + 6.0 + 6.0
    assert ad.jvp(f)((3.0,), (1.0,))[1] == {
        "state": State(6.0, [1.0, 6.0]),
        "twice": (2.0, None, None),
    }
    with pytest.raises(TypeError, match="dict like the value"):
        pullback({"twice": 10.0})
    with pytest.raises(TypeError, match="no tuple of 3"):
        pullback({"twice": 10.0, "state": None})


def test_gradients_by_containers_inside():
    def loss(p, x):
        return p["a"] * p["a"] * p["b"] + np.sin(p["b"]) * x

    def descent(x):
        params = {"a": x, "b": 0.5}
        for _ in range(2):
            grads = ad.grad(loss, wrt=0)(params, x)
            grads["a"] *= 0.5
            for name in params:
                params[name] = params[name] - 0.1 * grads[name]
        return loss(params, x)

    def by_hand(x):
        a, b = x, 0.5
        for _ in range(2):
            da, db = a * b, a * a + np.cos(b) * x
            a, b = a - 0.1 * da, b - 0.1 * db
        return a * a * b + np.sin(b) * x

    assert np.isclose(ad.grad(descent)(0.7), slope(by_hand, 0.7), rtol=1e-12)


def test_tangents_and_pullbacks_of_objects_inside():
    def energy(state):
        return {"e": 0.5 * state.speed * state.speed + np.cos(state.position)}

    def f(x):
        value, dot = ad.jvp(energy)((State(x, 2.0 * x),), (State(1.0, x),))
        _, pullback = ad.vjp(energy)(State(x, x))
        bar = pullback({"e": x})
        return value["e"] * dot["e"] + bar.speed * bar.position

    def by_hand(x):
        e, dot = 2.0 * x * x + np.cos(x), -np.sin(x) + 2.0 * x * x
        return e * dot + x * x * -np.sin(x) * x

    assert np.isclose(ad.grad(f)(0.7), slope(by_hand, 0.7), rtol=1e-12)


def test_what_has_no_gradient():
    def f(x):
        state = {"a": x, "b": x * x}
        with ad.no_grad():
            state["c"] = state["a"] * state["b"]
            made = State(x * x, {"v": x})
            alias = state
        frozen = ad.stop_gradient({"a": x * x})
        alias["b"] = alias["b"] * 1.0
        return (
            state["c"] * state["b"] + made.position * x + frozen["a"] * made.speed["v"]
        )

    x = 0.7
    assert np.isclose(ad.grad(f)(x), x**3 * 2 * x + x * x)


def test_captured_containers_are_read_anew():
    weights = {"w": 2.0, "inner": {"b": np.ones(2)}}

    def f(x):
        return weights["w"] * np.sum(weights["inner"]["b"]) * x

    g = ad.grad(f)
    assert g(1.0) == 4.0
    weights["w"] = 3.0
    weights["inner"]["b"] = np.ones(3)
    assert g(1.0) == 9.0
    weights["inner"] = {"b": np.ones(1), "c": 1.0}
    assert g(1.0) == 3.0
    del weights["w"]
    with pytest.raises(ad.UnsupportedError, match="no key 'w'"):
        g(1.0)


def test_lists_from_outside_are_read_anew():
    coefficients, layers = [1.0, 2.0], [2, 3, 1]
    nested = OrderedDict(rate=0.5, parts=[np.ones(2), ["name", 4.0]])

    def f(x):
        return sum(c * x**k for k, c in enumerate(coefficients))

    def size(x):
        return sum(np.sum(np.zeros(p) + x) for p in zip(layers, layers[1:]))

    def whole(x):
        first, (_, scale) = nested["parts"]
        return nested["rate"] * np.sum(first) * scale * x

    g = ad.grad(f)
    assert g(2.0) == 2.0
    coefficients.append(5.0)
    assert g(2.0) == 22.0
    coefficients[:] = [1, 3]
    assert g(2.0) == 3.0
    coefficients = (0.0, 7.0)
    assert g(2.0) == 7.0
    coefficients = 1.0
    with pytest.raises(ad.UnsupportedError, match="a number cannot be iterated over"):
        g(2.0)
    assert ad.grad(size)(1.0) == 9.0
    assert ad.grad(whole)(1.0) == 4.0
    nested["parts"][1][1] = 8.0
    assert ad.grad(whole)(1.0) == 8.0


def test_what_is_not_read_or_changed_from_outside():
    history, long = [1.0], list(range(2000))
    masked = np.ma.masked_array(np.ones(2), [True, False])
    swapped, matrix = np.ones(2).astype(">f8"), np.matrix([[1.0, 2.0]])
    cases = [
        (lambda x: history.append(x), "copy it first: list(xs)"),
        (lambda x: x * sum(long), "make it an array: np.array(...)"),
        (lambda x: np.sum(x * masked), "pass x.filled(0.0)"),
        (lambda x: np.sum(matrix * x), "pass a plain array: np.asarray(...)"),
        (lambda x: np.sum(x * swapped), "convert it: x.astype(x.dtype.newbyteorder("),
    ]
    for f, hint in cases:
        with pytest.raises(ad.UnsupportedError) as caught:
            ad.grad(f)(2.0)
        assert caught.value.hint.startswith(hint)
        assert caught.value.lineno == f.__code__.co_firstlineno
    weights = np.ones(2)

    def total(x):
        return np.sum(weights * x)

    g = ad.grad(total)
    assert g(1.0) == 2.0
    weights = masked
    with pytest.raises(ad.UnsupportedError, match="'weights' is a MaskedArray"):
        g(1.0)


def test_arguments_of_another_structure_compile_anew():
    def f(params):
        return sum(np.sum(v) for v in params.values())

    g = ad.grad(f)
    assert g({"a": 1.0}) == {"a": 1.0}
    assert g({"b": 1.0, "a": 2.0}) == {"b": 1.0, "a": 1.0}
    assert np.array_equal(g({"a": np.ones(2)})["a"], np.ones(2))


def loops_forever():
    params: dict[str, Any] = {"a": 1.0}
    params["self"] = params
    return params


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1.5: 1.0}, "x is a dict"),
        ({"a": {1.0}}, r"x\['a'\] is a set"),
        (loops_forever(), "holds itself"),
        (State({1.5}, "a"), "a State without floats"),
    ],
)
def test_what_cannot_be_differentiated(value, message):
    with pytest.raises((ad.UnsupportedError, TypeError), match=message):
        ad.grad(lambda x: 1.0)(value)


def refused(function, *args):
    with pytest.raises(ad.UnsupportedError) as caught:
        ad.grad(function)(*args)
    code = function.__code__
    assert caught.value.filename == code.co_filename
    line = caught.value.lineno - code.co_firstlineno
    return line, caught.value.message, caught.value.hint


def test_refusals_of_what_python_refuses():
    def grows(x):
        state = {"a": x, "b": x * x}
        for key in state:
            state[key + "2"] = 2.0 * state[key]
        return state["a"]

    def missing(x):
        state = State(x)
        return state.mass

    def frozen(x):
        options = Options(x)
        options.rate = 2.0
        return options.rate

    def keyword(x):
        return State(x, mass=2.0).speed

    line, message, hint = refused(grows, 0.5)
    assert (line, message[:23], hint[:14]) == (
        2,
        "a dict changes its keys",
        "go over a copy",
    )
    line, message, hint = refused(missing, 0.5)
    assert (line, message) == (2, "this State has no attribute 'mass'")
    assert hint == "it has position, speed"
    line, message, hint = refused(frozen, 0.5)
    assert (line, message) == (2, "the class Options is frozen")
    assert hint == "make a new one: dataclasses.replace(p, rate=...)"
    line, message, _ = refused(keyword, 0.5)
    assert (line, message) == (1, "State() gets 'mass', which it cannot take")


@pytest.mark.parametrize("name", CASES)
def test_check_grads_moves_what_containers_hold(name):
    function, value = CASES[name]
    assert ad.check_grads(function, (value, X)) is None


@pytest.mark.parametrize("kind", ["jacobian", "hessian"])
def test_matrices_by_containers_are_refused(kind):
    for value in ({"w": 1.0}, [1.0], Pair(1.0, 2.0), State(1.0)):
        with pytest.raises(ad.UnsupportedError, match=type(value).__name__):
            getattr(ad, kind)(lambda x: 1.0)(value)
    with pytest.raises(ad.UnsupportedError, match="a dict of 1"):
        ad.jacobian(lambda x: {"a": x * x})(np.ones(2))


def partial_sums(x):
    sums, squares = [x[0]], []
    for v in x:
        sums.append(sums[-1] * v)
        if v > 0.0:
            squares.append(v * v)
    return sums, {"squares": squares}


def test_lists_of_any_length_are_results():
    x = np.array([2.0, -1.0, 3.0])
    f = ad.differentiate(partial_sums)
    value, pullback = f.vjp(x)
    assert value == partial_sums(x) == f(x)
    cotangent = [0.0, 1.0, 0.0, 2.0], {"squares": [1.0, 0.5]}
    gradient = pullback(cotangent)
    ahead = np.array([1.0, -2.0, 0.5])
    _, (sums, others) = f.jvp((x,), (ahead,))
    assert np.dot(cotangent[0], sums) + np.dot(
        cotangent[1]["squares"], others["squares"]
    ) == pytest.approx(gradient @ ahead)
    assert pullback((None, {"squares": [1.0, 0.0]})).tolist() == [4.0, 0.0, 0.0]
    value, pullback = f.vjp(-np.abs(x))
    assert value[1]["squares"] == []
    with pytest.raises(ValueError, match=r"shape \(1,\), not \(4,\)"):
        pullback(([1.0], None))
    with pytest.raises(TypeError, match="no list"):
        pullback((1.0, None))
