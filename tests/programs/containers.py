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


@program(real(2), real(4, 2))
def nearest_by_pairs(p, points):
    best = (np.inf, -1)
    for i in range(len(points)):
        best = min(best, (np.sum((points[i] - p) ** 2), i))
    return best[0] * points[best[1], 0]


@program(0.7, 0.4, 2, label="first")
@program(0.4, 0.7, 2, label="less")
def pairs_in_order(v, w, n):
    if (v, n) > (w, 1):
        return v * w
    return v * v if (v, n) <= (w, 1) else w


@program(0.3)
def greatest_of_a_list_of_pairs(v):
    return max([(v, 1.0), (v * v, 2.0), (2.0 * v, 0.5)])[1] * v


@program(0.3, 2, label="second item")
@program(0.3, 0, label="first item")
def pairs_that_begin_alike(v, n):
    pair = max((1, v), (n, 3.0 * v)) if n < 1 else min((n, v * v), (n, v))
    return pair[1] * v if (n, 1) <= (n, 1, v) else v


@program(0.3, -0.7, 2)
def keys_that_an_index_names(v, w, n):
    state = {f"w{k}": v * (k + 1) for k in range(3)}
    for k in range(n):
        state[f"w{k}"] = state["w" + str(k + 1)] * w
    return state["w0"] * state["w1"] + len(f"{n:03d}") * v


@program(0.7, 1.0, wrt=("x",), label="constant")
@program(0.7, 1.0, refused="must be known", label="differentiated")
def index_from_a_float(x, y):
    return x * (1.0, 2.0)[int(y)] + y * y
