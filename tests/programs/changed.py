"""Objects that helpers, closures, methods and paths change."""

import dataclasses
from types import SimpleNamespace

import numpy as np

from .containers import WEIGHTS
from .registry import TRIPS, program, real, trips


def push(state, force, dt):
    state["v"] = state["v"] + dt * force
    state["x"] += dt * state["v"]


@trips(real(), TRIPS)
def helper_changes_a_dict(x, n):
    state = {"x": x, "v": 0.3}
    for _ in range(n):
        push(state, -np.sin(state["x"]), 0.1)
    return state["x"] * state["v"]


@trips(real(), TRIPS)
def closure_changes_a_dict(x, n):
    state = {"total": x, "count": 0}

    def add(value):
        state["total"] = state["total"] + value * x
        state["count"] += 1

    for k in range(n):
        add(0.5 * k)
    return state["total"] / (1 + state["count"])


class Counter:
    def __init__(self, start, rate=0.1):
        self.value = start
        self.rate = rate
        self.steps = 0

    def step(self, force):
        self.value = self.value + self.rate * force
        self.steps += 1
        return self

    @property
    def mean(self):
        return self.value / max(1, self.steps)

    @mean.setter
    def mean(self, value):
        self.value = value * max(1, self.steps)


class Damped(Counter):
    damping = 0.5

    def __init__(self, start):
        super().__init__(start, rate=0.2)
        self.last = start

    def step(self, force):
        self.last = self.value
        super().step(force - self.damping * self.last)
        return self


@trips(real(), TRIPS)
def object_changed_by_methods(x, n):
    counter = Counter(x)
    for k in range(n):
        counter.step(np.sin(counter.value) * x)
    return counter.mean


@trips(real(), TRIPS)
def object_of_a_derived_class(x, n):
    counter = Damped(x * x)
    for k in range(n):
        counter.step(x + k).step(x)
    counter.mean = counter.mean * counter.last
    return counter.value + counter.last


@program(real(3), 3)
def object_holds_an_array(x, n):
    counter = Counter(np.zeros(3))
    alias = counter.value
    for k in range(n):
        counter.value[k] = x[k] * x[0]
    counter.value = counter.value + x
    alias[1] *= 2.0
    return np.sum(counter.value * x) + np.sum(alias)


@trips(real(), TRIPS)
def object_replaced_in_some_trips(x, n):
    best = Counter(x)
    for k in range(n):
        other = Counter(np.sin(x * (k + 1)))
        if other.value > best.value:
            best = other
    return best.value * x


@program(real())
def object_changed_in_one_branch(x):
    counter = Counter(x)
    if x > 0.0:
        counter.step(x * x)
    else:
        counter.rate = 2.0 * x
        counter.step(3.0)
    return counter.value * counter.rate


@trips(real(), TRIPS)
def object_returned_early(x, n):
    def walk(counter):
        for k in range(n):
            counter.step(x)
            if counter.value > 0.6:
                counter.rate = counter.rate * x
                return counter
        counter.step(2.0 * x)
        return counter

    found = walk(Counter(0.4 * x))
    return found.step(1.0).value * found.rate


@trips(real(), TRIPS)
def object_in_a_while_loop(x, n):
    state = {"x": x, "k": 0, "going": True}
    while state["going"]:
        state["x"] = state["x"] + 0.1 * np.cos(state["x"])
        state["k"] += 1
        state["going"] = state["k"] < n
    return state["x"]


@program(real(3))
def integer_in_a_dict_becomes_a_float(x):
    state = {"sum": 0, "n": 0}
    for value in x:
        state["sum"] += value * value
        state["n"] += 1
    return state["sum"] / state["n"]


@trips(real(), TRIPS)
def objects_change_places(x, n):
    old, new = {"u": x}, {"u": 0.5 * x}
    for k in range(n):
        new["u"] = old["u"] * old["u"] + 0.1 * new["u"]
        old, new = new, old
    return old["u"] + 2.0 * new["u"]


@trips(real(), TRIPS)
def object_inside_an_object(x, n):
    world = {"ball": Counter(x), "t": 0.0, "walls": (0.1, -0.2)}
    ball = world["ball"]
    for k in range(n):
        ball.step(world["walls"][0] + world["t"] * x)
        world["t"] = world["t"] + 0.25
        world["ball"].rate *= 0.9
    return ball.value * world["t"] + world["ball"].rate


@trips(real(), TRIPS)
def object_with_a_list(x, n):
    log = SimpleNamespace(values=[], total=0.0)
    for k in range(n):
        log.values.append(x * k)
        log.total += log.values[-1]
    return log.total + sum(log.values) * x


@trips(real(), TRIPS)
def previous_object_is_kept(x, n):
    state = {"x": x, "v": 1.0}
    before = state
    for _ in range(n):
        before = state
        state = {"x": state["x"] + 0.1 * state["v"], "v": state["v"] - 0.1 * state["x"]}
    return state["x"] * before["v"] + before["x"]


@trips(real(), TRIPS)
def nested_loops_over_a_dict(x, n):
    state = {"a": x, "b": 0.5, "c": 0.0}
    for i in range(n):
        for j in range(i + 1):
            state["c"] = state["c"] + state["a"] * state["b"]
            if state["c"] > 2.0:
                break
        state["b"] = state["b"] * 0.9 + 0.01 * state["c"]
    return state["c"] + state["b"]


@program(real())
def methods_of_dicts(x):
    d = {"a": x}
    d.update(b=2.0 * x, a=x * x)
    d.update({"c": d["a"] * d["b"]})
    e = d.copy()
    e["a"] = d.pop("b")
    f = e.setdefault("z", x) + e.setdefault("a", 5.0)
    pairs = {k: v for k, v in zip(("p", "q"), d.values())}
    return d["a"] * e["a"] + d.get("b", 3.0) * f + pairs["q"] * sum(d.values())


@program(real(3), real(3))
def keys_that_are_numbers(x, y):
    table = {0: x, 1: y, (0, 1): x * y}
    total = 0.0
    for k in range(2):
        table[k] = table[k] * table[0, 1]
        total += np.sum(table[k] * table[1 - k])
    return total


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: np.ndarray
    kind: str = "tanh"
    calls: int = dataclasses.field(default=0, init=False)
    log: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.scale = 1.0 + self.b[0]

    def __call__(self, x):
        self.calls += 1
        y = self.w @ x + self.b
        return np.tanh(y) * self.scale if self.kind == "tanh" else y


@program(real(3, 3), real(3), real(3))
def network_of_dataclasses(w, b, x):
    layers = [Layer(w, b), Layer(w.T, 2.0 * b, "linear")]
    for layer in layers:
        x = layer(x)
        layer.b = layer.b * x
    return np.sum(x * layers[0].b) * layers[1].calls


@program(real(3, 3), real(3))
def network_of_dicts(w, x):
    params = {"l1": {"w": w, "b": x}, "l2": {"w": w.T, "b": 0.5 * x}}
    h = x
    for name, layer in params.items():
        h = np.tanh(layer["w"] @ h + layer["b"])
    params["l1"]["w"] = params["l2"]["w"] * 2.0
    return np.sum(params["l1"]["w"] @ h)


@program(real(2))
def object_or_one_from_outside(x):
    weights = WEIGHTS["hidden"] if x[0] > 0.0 else {"w": np.ones((2, 3)), "b": x}
    return np.sum(weights["b"] * x)


@program(real(), refused="comes from outside")
def object_or_one_from_outside_is_changed(x):
    layer = {"scale": x} if x > 0.0 else {"scale": WEIGHTS["scale"]}
    either = layer if x > 0.5 else {**WEIGHTS["hidden"]}
    other = WEIGHTS
    other["scale"] = x
    return layer["scale"] + either["scale"]


@program(real(), refused="on another")
def entry_on_one_path_only(x):
    state = {"a": x}
    if x * x > 0.0:
        state["b"] = x
    return state["a"] * state["b"]


@program(real(), 3)
def structure_changes_in_a_loop(x, n):
    state = {"a": x}
    for k in range(n):
        if k > 0:
            state["b"] = state["a"] * k
    return state["a"] + state["b"] ** 2


@program(real(), 3, refused="on another")
def structure_changes_in_a_while_loop(x, n):
    state, k = {"a": x}, 0
    while k < n:
        if x > 0.1 * k:
            state["b"] = state["a"]
        k += 1
    return state["a"]


@program(real(3), refused="must be known")
def key_is_a_value(x):
    table = {0: x[0], 1: x[1]}
    k = 0
    while x[k] > 10.0:
        k = 1 - k
    return table[k] * x[2]


@program(real(), refused="no key here")
def key_is_a_float(x):
    table = {0.5: x}
    return table[0.5]


@program(real(), refused="is read afterwards")
def object_of_two_is_changed_in_a_loop(x):
    first = {"x": x}
    state = first
    for _ in range(3):
        if state["x"] > 0.2:
            state = {"x": state["x"] * x}
        state["x"] += 0.1
    return state["x"] + first["x"]


@program(real())
@program(0.3, label="one")
@program(0.7, label="other")
def operand_that_changes_an_object(x):
    state = {"v": x, "n": 0}

    def bump():
        state["n"] += 1
        state["v"] = state["v"] * 2.0
        return state["v"] > 1.0

    if (x > 0.5 and bump()) or bump():
        state["v"] += 0.25
    y = 1.0 if bump() else x
    return state["v"] * y * state["n"]


@program(real(3), 0.2)
@program(real(3), -2.0, label="not taken")
def operand_that_stores(x, y):
    u = x * x

    def bump(k):
        u[k] = u[k] * 2.0
        return u[k] > 1.0

    if y > 0.0 and bump(0):
        u[1] = x[0]
    if y < -5.0 or bump(1):
        u[2] = u[2] * y
    return np.sum(u * x)


@program(real(), real())
def object_after_returns_in_branches(x, y):
    d = {"a": x, "b": y, "u": x * np.ones(3)}
    t = x * y
    if t > 0.6:
        d["a"] = 2.0 * x
        if y > -0.4:
            return np.tanh(d["u"][2]) + y
    else:
        d["a"] = np.cos(y)
        d["u"][1] = y
    d["b"] = d["b"] * t
    return d["a"] * d["b"] + np.sum(d["u"])


@program(real(), refused="made on one path only")
def function_of_an_object_of_one_path(x):
    if x * x > 0.0:
        method = Counter(x).step
    return method(2.0).value
