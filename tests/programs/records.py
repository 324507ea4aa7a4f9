"""Dicts and namespaces that hold the state of a computation, under several names."""

import copy
import functools
from types import SimpleNamespace

import numpy as np

from .registry import TRIPS, program, real, trips


@program(real())
def partials(x):

    def h(a, b, c=1.0):
        return a * b + c

    f = functools.partial(h, x, c=x * x)
    d = {"f": f}
    return d["f"](2.0) * f(b=x)


@program(real())
def alias_chain(x):
    a = {"v": x}
    b = {"inner": a}
    c = SimpleNamespace(d=b)
    a["v"] = a["v"] * x
    c.d["inner"]["v"] += x
    b["inner"] = {"v": 1.0}
    return a["v"] * c.d["inner"]["v"] + a["v"]


@program(real())
def alias_in_branch(x):
    a = {"v": x}
    b = {"v": 2 * x}
    holder = {"cur": a}
    if x > 0:
        holder["cur"] = b
    holder["cur"]["v"] = holder["cur"]["v"] * 3
    return holder["cur"]["v"]


@program(real(3))
def array_alias(x):
    u = x * 1.0
    s = {"u": u, "w": u[1:]}
    s["w"][0] = s["u"][0] * s["u"][2]
    u[2] *= 2
    return np.sum(s["u"] * x) + s["w"][1]


@program(real(), 3)
def loop_dict_of_lists(x, n):
    hist = {"x": [], "v": []}
    v = 1.0
    for i in range(n):
        x = x + 0.1 * v
        v = v - 0.1 * x
        hist["x"].append(x)
        hist["v"].append(v)
    return (
        np.sum(np.array(hist["x"]) * np.array(hist["v"]))
        + len(hist["x"]) * hist["x"][0]
    )


@program(real())
def early_return_obj(x):
    c = {"v": x, "n": 0}
    for i in range(5):
        c["v"] = c["v"] * 1.5
        if c["v"] > 1.2:
            return c["v"] * c["n"] + x
        c["n"] += 1
    return c["v"]


@program(real())
def break_obj(x):
    c = SimpleNamespace(v=x, n=0, best=None)
    best = 0.0
    for i in range(6):
        c.v = c.v * 1.3
        if c.v > 1.5:
            break
        if i % 2:
            continue
        c.n += 1
        best = best + c.v
    else:
        c.v = 0.0
    return c.v * c.n + best


@program(real())
def deep(x):
    cfg = {
        "model": {"layers": [{"w": x, "act": "tanh"}, {"w": 2 * x, "act": "sin"}]},
        "out": (1.0, {"k": x}),
    }
    acts = {"tanh": np.tanh, "sin": np.sin}
    h = 0.5
    for layer in cfg["model"]["layers"]:
        h = acts[layer["act"]](layer["w"] * h)
    scale, d = cfg["out"]
    return h * scale * d["k"]


@program(real())
def setattr_getattr(x):
    s = SimpleNamespace()
    setattr(s, "a", x)
    for name in ("b", "c"):
        setattr(s, name, getattr(s, "a") * x)
    return s.b * s.c if hasattr(s, "b") else s.a


@program(real())
def copies(x):
    a = {"v": x, "u": np.ones(2) * x}
    b = copy.copy(a)
    c = copy.deepcopy(a)
    d = dict(a)
    a["v"] = 5.0
    a["u"][0] = 7.0
    return b["v"] * np.sum(c["u"]) * d["v"] + b["u"][0] * x


@trips(real(3), TRIPS)
def nested_state(x, n):
    state = {"pos": x, "aux": {"e": 0.0, "n": 0}, "hist": SimpleNamespace(last=None)}
    state["hist"].last = x
    for _ in range(n):
        new = {
            **state,
            "pos": np.sin(state["pos"]),
            "aux": {**state["aux"], "e": state["aux"]["e"] + np.sum(state["pos"])},
        }
        new["hist"].last = state["pos"]
        state = new
    return state["aux"]["e"] + np.sum(state["hist"].last * x)


@trips(real(), TRIPS)
def swap_fields(x, n):
    s = SimpleNamespace(a=x, b=2 * x)
    for _ in range(n):
        s.a, s.b = (s.b, s.a * s.b)
    return s.a + s.b


@program(real(3), 3)
def swap_arrays(x, n):
    s = SimpleNamespace(cur=x.copy(), nxt=np.zeros(3))
    for k in range(n):
        s.nxt[:] = s.cur * s.cur + k
        s.cur, s.nxt = (s.nxt, s.cur)
    return np.sum(s.cur * s.nxt)


@program(real(3))
def counter_dict(x):
    counts = {"pos": 0.0, "neg": 0.0}
    for v in x:
        key = "pos"
        if v > 0:
            counts["pos"] += v * v
        else:
            counts["neg"] -= v
    return counts["pos"] * counts["neg"]


@program(real())
def cached(x):
    cache = {}

    def fib(n):
        a, b = (x, 1.0)
        for _ in range(n):
            a, b = (b, a + b * x)
        return a

    for n in (2, 3, 2):
        if n not in cache:
            cache[n] = fib(n)
    return cache[2] * cache[3]


@trips(real(), TRIPS)
def obj_in_closure_loop(x, n):
    st = {"y": x}

    def bump(d, amount=0.1):
        d["y"] = d["y"] + amount * np.cos(d["y"])
        return d

    for i in range(n):
        if bump(st)["y"] > 0.9:
            bump(st, -0.3 * x)
    return st["y"]


@program(real())
def sorted_keys(x):
    p = {"b": x, "a": x * x, "c": 1.0}
    v = np.array([p[k] for k in sorted(p)])
    w = [k for k, _ in sorted(p.items())]
    return np.sum(v * np.arange(3.0)) + p[w[0]]
