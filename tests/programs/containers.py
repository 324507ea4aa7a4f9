"""Dicts, dataclasses and named tuples: made, read, stored into, passed on, returned."""

import dataclasses
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .registry import TRIPS, program, real, trips

WEIGHTS = {
    "hidden": {
        "w": np.linspace(-1.0, 1.0, 6).reshape(2, 3),
        "b": np.array([0.1, -0.2]),
    },
    "scale": 0.7,
    "steps": 3,
    "kind": "tanh",
}


@dataclasses.dataclass
class State:
    position: float
    speed: float = 0.5

    @property
    def energy(self):
        return 0.5 * self.speed * self.speed + self.position * self.position

    def moved(self, dt):
        return State(self.position + dt * self.speed, self.speed - dt * self.position)


@dataclasses.dataclass(frozen=True)
class Model:
    stiffness: float = 2.0
    damping: float = 0.1
    steps: int = 4

    def force(self, x, v):
        return -self.stiffness * x - self.damping * v


class Pair(NamedTuple):
    first: float
    second: float = 2.0

    def product(self):
        return self.first * self.second


MODEL = Model(stiffness=1.5)


def shifted(x, **options):
    return options.get("scale", 1.0) * x + options["shift"]


def with_norm(state):
    return {**state, "norm": state["x"] * state["x"] + state["y"] * state["y"]}


@program(real())
def dict_display(x):
    values = {"square": x * x, "cube": x * x * x}
    return values["square"] + 2.0 * values["cube"]


@program(real(3))
def weights_in_a_dict_outside(x):
    layer = WEIGHTS["hidden"]
    y = np.tanh(layer["w"] @ x + layer["b"])
    for _ in range(WEIGHTS["steps"]):
        y = y * WEIGHTS["scale"] if WEIGHTS["kind"] == "tanh" else y
    return np.sum(y)


@program(real(), real())
def stores_into_a_dict(x, y):
    state = {"x": x, "y": y}
    state["x"] = state["x"] * state["y"]
    state["z"] = np.sin(state["x"])
    state["y"] += state["z"]
    return state["x"] + state["y"] * state["z"]


@program(real(), real())
def two_names_for_one_dict(x, y):
    state = {"x": x}
    other = state
    other["x"] = x * y
    pair = (state, {"inner": state})
    state["y"] = y
    return state["x"] * other["y"] + pair[1]["inner"]["x"] * pair[0]["y"]


@trips(real(), TRIPS)
def dict_carried_by_a_loop(x, n):
    state = {"x": x, "v": 1.0, "name": "orbit"}
    alias = state
    for k in range(n):
        state["x"] = state["x"] + 0.1 * state["v"]
        state["v"] = state["v"] - 0.1 * alias["x"]
    return alias["x"] * state["v"]


@trips(real(), TRIPS)
def dict_made_anew_by_a_loop(x, n):
    state = {"x": x, "y": 0.5 * x}
    for k in range(n):
        state = {name: 0.9 * value + 0.1 * x for name, value in state.items()}
        state["y"] = state["x"] * state["y"]
    return state["x"] + state["y"]


@program(real())
def dict_stored_in_branches(x):
    state = {"x": x, "y": 2.0 * x}
    if x > 0.1:
        state["x"] = x * x
    elif x < -0.3:
        state["y"] = np.sin(x)
    else:
        state = {"x": 3.0 * x, "y": x}
    return state["x"] * state["y"]


@program(real())
def dict_from_a_helper(x):
    state = with_norm({"x": x, "y": 2.0})
    state["norm"] = np.sqrt(1.0 + state["norm"])
    total = 0.0
    for key in state:
        total += state[key]
    return total * len(state) if "norm" in state else total


@program(real())
def keywords_spread(x):
    options = dict(shift=x * x, scale=3.0)
    return shifted(x, **options) + shifted(x, shift=2.0)


@program(real(3))
def dict_of_functions(x):
    functions = {"sin": np.sin, "square": lambda v: v * v}
    return np.sum(functions["sin"](x) * functions["square"](x))


@program(real())
def dataclass_made_inside(x):
    state = State(x)
    for _ in range(3):
        state = state.moved(0.1)
    return state.energy


@trips(real(), TRIPS)
def dataclass_stored_into(x, n):
    state = State(x, speed=0.2 * x)
    for _ in range(n):
        state.speed += 0.1 * MODEL.force(state.position, state.speed)
        state.position += 0.1 * state.speed
    return state.energy


@program(real())
def dataclass_replaced(x):
    model = dataclasses.replace(MODEL, damping=x * x)
    return model.force(x, 2.0) * model.steps


@program(real())
def namespace(x):
    p = SimpleNamespace(a=x, b=x * x)
    p.c = p.a * p.b
    p.a = 2.0 * p.c
    return p.a + p.b + p.c


@program(real(), real())
def named_tuple_with_a_method(x, y):
    pair = Pair(x * y)
    other = pair._replace(second=y) if False else Pair(first=x, second=y)
    return pair.product() * other.product() + pair.second


@program(real(3))
def array_in_a_dict_stored_into(x):
    state = {"u": np.zeros(3), "v": x * x}
    u = state["u"]
    state["u"][1:] = x[1:]
    state["v"] *= 2.0
    u[0] = x[0] * x[1]
    return np.sum(state["u"] * state["v"])


@program(real(), refused="comes from outside")
def stores_into_a_dict_outside(x):
    WEIGHTS["scale"] = 0.7
    return x * WEIGHTS["scale"]


@program(real())
def stores_while_a_loop_goes_over_it(x):
    state = {"a": x, "b": x * x}
    for key, value in state.items():
        state["b"] = 2.0 * value
    return state["a"] + state["b"]


@program(real(), refused="may or may not")
def stores_into_one_of_two(x):
    one, two = {"x": x}, {"x": 2.0 * x}
    either = one if x > 0.0 else two
    either["x"] = 3.0
    return one["x"] + two["x"]


# --- Objects changed by helpers, closures and methods ---------------------------------


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


@program(real(), 3, refused="on another")
def structure_changes_in_a_loop(x, n):
    state = {"a": x}
    for k in range(n):
        if k > 0:
            state["b"] = state["a"]
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
