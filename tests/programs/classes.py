"""Classes, as those who simulate and fit write them: objects that change themselves."""

import copy
import functools
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from .registry import TRIPS, positive, program, real, trips


@dataclass
class Particle:
    pos: np.ndarray
    vel: np.ndarray
    mass: float = 1.0

    @property
    def kinetic(self):
        return 0.5 * self.mass * np.sum(self.vel**2)

    def kick(self, f, dt):
        self.vel = self.vel + dt * f / self.mass

    def drift(self, dt):
        self.pos = self.pos + dt * self.vel

    def drift_in_place(self, dt):
        self.pos += dt * self.vel


@program(real(3), 4)
def leapfrog(x, n):
    p = Particle(x.copy(), np.zeros(3), 2.0)
    for _ in range(n):
        p.kick(-p.pos, 0.1)
        p.drift(0.2)
        p.kick(-p.pos, 0.1)
    return p.kinetic + np.sum(p.pos**2)


@program(real(3), 4)
def leapfrog_inplace(x, n):
    p = Particle(x.copy(), np.zeros(3), 2.0)
    for _ in range(n):
        p.kick(-p.pos, 0.1)
        p.drift_in_place(0.2)
    return p.kinetic + np.sum(p.pos**2)


@program(real(3))
def two_bodies(x):
    bodies = [Particle(x, np.zeros(3)), Particle(2 * x, np.ones(3), 3.0)]
    for step in range(3):
        for i, a in enumerate(bodies):
            for j, b in enumerate(bodies):
                if i != j:
                    d = b.pos - a.pos
                    a.kick(d / (np.sum(d * d) + 0.1), 0.05)
        for b in bodies:
            b.drift(0.05)
    return sum((b.kinetic for b in bodies)) + np.sum(bodies[0].pos * bodies[1].pos)


class Adam:
    def __init__(self, lr, b1=0.9, b2=0.99, eps=0.001):
        self.lr, self.b1, self.b2, self.eps = (lr, b1, b2, eps)
        self.m = {}
        self.v = {}
        self.t = 0

    def step(self, params, grads):
        self.t += 1
        for k in params:
            m = self.m.get(k, 0.0)
            v = self.v.get(k, 0.0)
            self.m[k] = self.b1 * m + (1 - self.b1) * grads[k]
            self.v[k] = self.b2 * v + (1 - self.b2) * grads[k] ** 2
            mh = self.m[k] / (1 - self.b1**self.t)
            vh = self.v[k] / (1 - self.b2**self.t)
            params[k] = params[k] - self.lr * mh / (np.sqrt(vh) + self.eps)


class Adam2(Adam):
    def __init__(self, lr, params):
        super().__init__(lr)
        self.m = {k: np.zeros_like(v) for k, v in params.items()}
        self.v = {k: np.zeros_like(v) for k, v in params.items()}


@trips(positive(), real(3), TRIPS)
def adam_loop(lr, x, n):
    params = {"w": x, "b": np.ones(3) * 0.1}
    opt = Adam2(lr, params)
    for i in range(n):
        grads = {"w": 2 * params["w"] + params["b"], "b": params["w"] * params["b"]}
        opt.step(params, grads)
    return np.sum(params["w"] ** 2 + params["b"])


class Stack:
    def __init__(self):
        self.items = []

    def push(self, v):
        self.items.append(v)
        return self

    def pop(self):
        return self.items.pop()

    @property
    def top(self):
        return self.items[-1]


@trips(real(), TRIPS)
def stack(x, n):
    s = Stack()
    for k in range(n):
        s.push(x * k).push(np.sin(x))
    t = 0.0
    for k in range(n):
        t = t * x + s.pop() * s.top
    return t


class Kalman:
    def __init__(self, q, r):
        self.q, self.r = (q, r)
        self.x = 0.0
        self.p = 1.0
        self.ll = 0.0

    def predict(self):
        self.p = self.p + self.q

    def update(self, z):
        s = self.p + self.r
        k = self.p / s
        e = z - self.x
        self.x += k * e
        self.p = (1 - k) * self.p
        self.ll -= 0.5 * (np.log(2 * np.pi * s) + e * e / s)


@program(positive(), positive(), real(3))
def kalman(q, r, z):
    f = Kalman(q, r)
    for v in z:
        f.predict()
        f.update(v)
    return f.ll


class Node:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = (value, left, right)

    def total(self):
        t = self.value
        if self.left is not None:
            t += self.left.value * 2
        if self.right is not None:
            t += self.right.value * 3
        return t


@program(real())
def tree(x):
    n = Node(x, Node(x * x), Node(np.sin(x), Node(1.0)))
    n.left.value *= 2
    return n.total() * n.right.left.value + n.right.total()


class Base:
    scale = 2.0

    def f(self, x):
        return self.scale * self.g(x)

    def g(self, x):
        return x


class Mid(Base):
    def g(self, x):
        return x * x + super().g(x)


class Leaf(Mid):
    scale = 3.0

    def __init__(self, a):
        self.a = a

    def g(self, x):
        return self.a * super().g(x)

    @classmethod
    def make(cls, a):
        return cls(a * 2)

    @staticmethod
    def helper(x):
        return x + 1


@program(real())
def hierarchy(x):
    o = Leaf.make(x)
    return o.f(x) * o.helper(x) * Leaf.scale


@program(real())
def partials(x):

    def h(a, b, c=1.0):
        return a * b + c

    f = functools.partial(h, x, c=x * x)
    d = {"f": f}
    return d["f"](2.0) * f(b=x)


class Poly:
    def __init__(self, *coef, **opts):
        self.coef = coef
        self.opts = opts

    def __call__(self, x):
        r = 0.0
        for c in self.coef:
            r = r * x + c
        return r * self.opts["scale"] + self.opts.get("shift", 0.0)


@program(real())
def poly(x):
    p = Poly(x, 2.0, x * x, scale=x, shift=1.0)
    return p(x) + p(2.0)


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


class PID:
    def __init__(self, kp, ki, kd):
        self.kp, self.ki, self.kd = (kp, ki, kd)
        self.integral = 0
        self.prev = None

    def __call__(self, e, dt):
        self.integral += e * dt
        d = 0.0 if self.prev is None else (e - self.prev) / dt
        self.prev = e
        return self.kp * e + self.ki * self.integral + self.kd * d


class PID2(PID):
    def __init__(self, kp, ki, kd):
        super().__init__(kp, ki, kd)
        self.prev = 0.0
        self.first = True

    def __call__(self, e, dt):
        if self.first:
            self.first = False
            self.prev = e
        return super().__call__(e, dt)


@program(positive(), positive(), positive())
def pid2(kp, ki, kd):
    c = PID2(kp, ki, kd)
    y = 0.0
    cost = 0.0
    for _ in range(5):
        y += 0.1 * c(1.0 - y, 0.1)
        cost += (1 - y) ** 2
    return cost


class Grid:
    def __init__(self, u, dx):
        self.u = u
        self.dx = dx
        self.t = 0.0
        self.history = {}

    def laplace(self):
        l = np.zeros_like(self.u)
        l[1:-1] = (self.u[2:] - 2 * self.u[1:-1] + self.u[:-2]) / self.dx**2
        return l

    def step(self, dt):
        self.u = self.u + dt * self.laplace()
        self.t += dt

    def step_inplace(self, dt):
        self.u += dt * self.laplace()
        self.u[0] = self.u[1]
        self.t += dt


@program(positive(6), positive())
def heat(u, k):
    g = Grid(u.copy(), 0.5)
    while g.t < 0.35:
        g.step(0.1 * k)
    return np.sum(g.u**2) * g.t


@program(positive(6), positive())
def heat2(u, k):
    g = Grid(u.copy(), 0.5)
    for i in range(4):
        g.step_inplace(0.1 * k)
        if i == 2:
            g.u[3] *= k
    return np.sum(g.u**2) * g.t


@dataclass(frozen=True)
class Vec:
    x: float
    y: float

    def add(self, o):
        return Vec(self.x + o.x, self.y + o.y)

    def scale(self, s):
        return replace(self, x=self.x * s, y=self.y * s)

    @property
    def norm2(self):
        return self.x**2 + self.y**2

    @classmethod
    def polar(cls, r, t):
        return cls(r * np.cos(t), r * np.sin(t))


@trips(positive(), positive(), TRIPS)
def vec(r, t, n):
    p = Vec.polar(r, t)
    v = Vec(0.0, 1.0)
    for _ in range(n):
        v = v.add(p.scale(-0.1 / p.norm2))
        p = p.add(v.scale(0.1))
    return p.norm2 + v.x


class Rk:
    def __init__(self, f):
        self.f = f

    def step(self, t, y, h):
        k1 = self.f(t, y)
        k2 = self.f(t + h / 2, {k: y[k] + h / 2 * k1[k] for k in y})
        return {k: y[k] + h * k2[k] for k in y}


@trips(positive(), positive(), TRIPS)
def rk(a, b, n):

    def f(t, y):
        return {
            "x": a * y["x"] - y["x"] * y["y"],
            "y": -b * y["y"] + y["x"] * y["y"] * t,
        }

    y = {"x": 1.0, "y": 0.5}
    s = Rk(f)
    for i in range(n):
        y = s.step(0.1 * i, y, 0.1)
    return y["x"] * y["y"]


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


class Lazy:
    def __init__(self, x):
        self.x = x
        self.calls = 0

    @functools.cached_property
    def big(self):
        self.calls += 1
        return np.sin(self.x) * 3


@program(real())
def lazy(x):
    l = Lazy(x)
    a = l.big
    l.x = 5.0
    return a * l.big + l.calls * x


@program(real())
def tempered(x):
    class_ = Lazy(x)
    other = copy.copy(class_)
    other.x = x * x
    third = copy.deepcopy({"a": class_, "b": class_})
    third["a"].x = 2.0 * x
    return class_.x + other.x * third["b"].x + class_.big


class Temp:
    def __init__(self, c):
        self._c = c

    @property
    def f(self):
        return self._c * 9 / 5 + 32

    @f.setter
    def f(self, v):
        self._c = (v - 32) * 5 / 9


@program(real())
def temp(x):
    t = Temp(x)
    t.f += 10 * x
    t.f = t.f * 1.1
    return t._c


class Private:
    def __init__(self, v):
        self.__v = v

    def twice(self):
        self.__v *= 2
        return self.__v


@program(real())
def private(x):
    p = Private(x)
    p.twice()
    return p.twice()


class Bank:
    rate: ClassVar[float] = 0.05

    def __init__(self, b):
        self.b = b

    def year(self):
        self.b *= 1 + self.rate


class Risky(Bank):
    rate = 0.1

    def year(self):
        Bank.year(self)
        if self.b > 1.0:
            self.b -= 0.2 * self.b**2


@trips(real(), TRIPS)
def bank(x, n):
    a, b = (Bank(x), Risky(2 * x))
    for _ in range(n):
        for acc in (a, b):
            acc.year()
    return a.b * b.b


@program(real())
def mixed_objects(x):
    items = (Bank(x), Risky(x), SimpleNamespace(b=x * x))
    tot = 0.0
    for k, it in enumerate(items):
        if isinstance(it, Risky):
            it.year()
        elif hasattr(it, "year"):
            it.year()
            it.year()
        tot += (k + 1) * it.b
    return tot


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


@trips(positive(), real(3), TRIPS)
def moments_made_at_the_first_step(lr, x, n):
    params = {"w": x, "b": np.ones(3) * 0.1}
    opt = Adam(lr)
    for i in range(n):
        grads = {"w": 2 * params["w"] + params["b"], "b": params["w"] * params["b"]}
        opt.step(params, grads)
    return np.sum(params["w"] ** 2 + params["b"])


@program(positive(), positive(), positive())
def pid(kp, ki, kd):
    c = PID(kp, ki, kd)
    y = 0.0
    cost = 0.0
    for _ in range(5):
        y += 0.1 * c(1.0 - y, 0.1)
        cost += (1 - y) ** 2
    return cost


class Layer:
    count = 0

    def __init__(self, w, b=None, act=np.tanh):
        self.w = w
        self.b = np.zeros(w.shape[0]) if b is None else b
        self.act = act
        self._cache = None

    def forward(self, x):
        self._cache = self.w @ x + self.b
        return self.act(self._cache)

    def penalty(self):
        return np.sum(self.w**2) + (0.0 if self._cache is None else np.sum(self._cache))


class Net:
    def __init__(self, sizes, theta):
        self.layers = []
        k = 0
        for n, m in zip(sizes[:-1], sizes[1:]):
            w = theta[k : k + n * m].reshape(m, n)
            k += n * m
            self.layers.append(Layer(w))
        self.used = k

    def __call__(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    @property
    def reg(self):
        return sum((l.penalty() for l in self.layers))


@program(real(10), real(3))
def net(theta, x):
    n = Net((3, 2, 2), theta)
    return np.sum(n(x) ** 2) + 0.1 * n.reg


class Chain:
    def __init__(self):
        self.fs = []
        self.log = 0.0

    def then(self, f):
        self.fs.append(f)
        return self

    def run(self, x):
        for f in self.fs:
            x = f(x)
            self.log += x
        return x


@program(positive())
def chain(x):
    c = Chain().then(np.sin).then(lambda v: v * x).then(functools.partial(pow, 2.0))
    return c.run(x) + c.log


@trips(real(), TRIPS)
def particles(x, n):
    ps = []
    for k in range(4):
        ps.append({"x": x * k, "v": 0.1 * k})
    for _ in range(n):
        for p in ps:
            p["v"] = p["v"] - 0.1 * np.sin(p["x"])
        for p in ps:
            p["x"] += 0.1 * p["v"]
    return sum((p["x"] * p["v"] for p in ps)) + ps[-1]["x"] * len(ps)


@program(real())
def list_of_tuples(x):
    pts = []
    for k in range(3):
        pts.append((x * k, np.sin(x)))
    pts[1] = (x, x)
    pts.insert(0, (1.0, x * x))
    last = pts.pop()
    tot = 0.0
    for a, b in pts:
        tot += a * b
    return tot + last[0] * pts[2][1]


@program(real())
def nested_lists(x):
    rows = []
    for i in range(3):
        row = []
        for j in range(2):
            row.append(x * (i + 1.0) ** j)
        rows.append(row)
    rows[1][0] = x * x
    return sum((r[0] * r[1] for r in rows)) + len(rows[0])


@program(real())
def matrix_of_lists(x):
    m = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            m[i][j] = x * i + j * x * x
    return m[0][1] * m[2][2] + sum(m[1]) + np.sum(np.array(m))


@program(real())
def alias_rows(x):
    m = [[x, 1.0]] * 2
    m[0][0] = x * x
    return m[1][0] * m[0][1]


@trips(real(), TRIPS)
def list_in_loop_carried(x, n):
    fs = [SimpleNamespace(v=x), SimpleNamespace(v=1.0)]
    for _ in range(n):
        fs[0], fs[1] = (fs[1], fs[0])
        fs[0].v = fs[0].v * x
    return fs[0].v + 2 * fs[1].v


@trips(real(), TRIPS)
def list_swap_nums(x, n):
    fs = [x, (1.0, x)]
    fs.append(None)
    for _ in range(n):
        fs[0] = fs[0] * fs[1][1]
    return fs[0]


@program(real())
def sort_objs(x):
    bs = [Bank(x), Bank(2.0)]
    bs.reverse()
    c = bs.copy()
    c.append(Bank(x * x))
    d = bs + [Bank(5.0 * x)]
    c[0].b = c[0].b * x
    return bs[0].b * d[2].b + sum((b.b for b in c))


@program(real())
def list_attr(x):
    s = SimpleNamespace(parts=[], n=0)

    def add(p):
        s.parts.append(p)
        s.n += 1

    add({"w": x})
    add({"w": x * x})
    w = np.array([p["w"] for p in s.parts])
    a, b = s.parts
    a["w"] = 3.0
    first, *rest = s.parts
    return np.sum(w) * s.n + b["w"] * first["w"] + len(rest)


@program(real())
def masks(x):
    hist = [None] * 3
    for k in range(3):
        hist[k] = (x * k, x)
    return hist[2][0] * hist[1][1]


@program(real())
def none_then_numbers(x):
    hist = [None] * 3
    for k in range(3):
        hist[k] = x * k
    return hist[2] * hist[1]


@program(real(), 3)
def grow_in_dynamic(x, n):
    out = []
    for k in range(n):
        out.append((x * k, k))
    return out[0][0]


@program(real(), refused="items on another")
def branch_append(x):
    out = [(x, 1.0)]
    if x > 0:
        out.append((2.0, x))
    return out[0][0]
