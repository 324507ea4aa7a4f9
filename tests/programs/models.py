"""What simulations, fits and models look like as classes, at some length."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .registry import TRIPS, positive, program, real, trips


class Spring:
    def __init__(self, k, rest=1.0):
        self.k = k
        self.rest = rest

    def force(self, d):
        return -self.k * (d - self.rest)


class Damper:
    def __init__(self, c):
        self.c = c

    def force(self, v):
        return -self.c * v


class Mass:
    def __init__(self, m, x, v=0.0):
        self.m, self.x, self.v = (m, x, v)


class System:
    def __init__(self):
        self.masses, self.links, self.t = ([], [], 0.0)

    def add_mass(self, *a):
        self.masses.append(Mass(*a))
        return len(self.masses) - 1

    def link(self, i, j, *elements):
        self.links.append((i, j, elements))

    def forces(self):
        f = [0.0] * len(self.masses)
        for i, j, els in self.links:
            a, b = (self.masses[i], self.masses[j])
            for e in els:
                if isinstance(e, Spring):
                    g = e.force(b.x - a.x)
                else:
                    g = e.force(b.v - a.v)
                f[j] += g
                f[i] -= g
        return f

    def step(self, dt):
        for m, f in zip(self.masses, self.forces()):
            m.v += dt * f / m.m
        for m in self.masses:
            m.x += dt * m.v
        self.t += dt

    @property
    def energy(self):
        total = sum(0.5 * m.m * m.v**2 for m in self.masses)
        for i, j, elements in self.links:
            stretch = self.masses[j].x - self.masses[i].x
            for e in elements:
                if isinstance(e, Spring):
                    total += 0.5 * e.k * (stretch - e.rest) ** 2
        return total


@trips(positive(), positive(), positive(), TRIPS, counts=(0, 3))
def springs(k, c, x, n):
    s = System()
    a = s.add_mass(1.0, 0.0)
    b = s.add_mass(2.0, x)
    d = s.add_mass(1.5, 2.5, 0.1)
    s.link(a, b, Spring(k), Damper(c))
    s.link(b, d, Spring(2 * k, 0.9))
    for _ in range(n):
        s.step(0.05)
    return s.energy * s.t


@dataclass
class GP:
    ls: float
    var: float
    noise: float = 0.1

    def kernel(self, a, b):
        return self.var * np.exp(-0.5 * (a[:, None] - b[None, :]) ** 2 / self.ls**2)

    def nll(self, x, y):
        K = self.kernel(x, x) + self.noise * np.eye(len(x))
        L = np.linalg.cholesky(K)
        al = np.linalg.solve(K, y)
        return 0.5 * y @ al + np.sum(np.log(np.diag(L)))


@program(positive(), positive(), real(3))
def gp(ls, var, y):
    return GP(ls, var).nll(np.array([0.0, 0.7, 1.9]), y)


class RunningStats:
    def __init__(self):
        self.n = 0
        self.mean = 0.0
        self.m2 = 0.0

    def push(self, v):
        self.n += 1
        d = v - self.mean
        self.mean += d / self.n
        self.m2 += d * (v - self.mean)

    @property
    def var(self):
        return self.m2 / (self.n - 1)


@program(real(3))
def welford(x):
    s = RunningStats()
    for v in x:
        s.push(v)
    return s.var * s.mean


class Ode:
    def __init__(self, rhs, **params):
        self.rhs = rhs
        self.params = params

    def rk4(self, y, t, h):
        f = lambda t, y: self.rhs(t, y, **self.params)
        k1 = f(t, y)
        k2 = f(t + h / 2, y + h / 2 * k1)
        k3 = f(t + h / 2, y + h / 2 * k2)
        k4 = f(t + h, y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def solve(self, y, n, h):
        out = []
        for i in range(n):
            y = self.rk4(y, i * h, h)
            out.append(y)
        return np.array(out)


def lv(t, y, a, b, *, c=1.0):
    return np.array([a * y[0] - b * y[0] * y[1], c * y[0] * y[1] - y[1]])


@program(positive(), positive(), positive(2), 3)
def ode(a, b, y0, n):
    sol = Ode(lv, a=a, b=b, c=0.8).solve(y0, n, 0.1)
    return np.sum(sol[-1] ** 2) + sol[1, 0]


class HMM:
    def __init__(self, pi, A, B):
        self.pi, self.A, self.B = (pi, A, B)

    def forward(self, obs):
        al = self.pi * self.B[:, obs[0]]
        ll = 0.0
        for o in obs[1:]:
            s = al.sum()
            ll += np.log(s)
            al = al / s @ self.A * self.B[:, o]
        return ll + np.log(al.sum())


@program(0.6, 0.6)
def hmm(a, b):
    A = np.array([[a, 1 - a], [0.3, 0.7]])
    B = np.array([[b, 1 - b], [0.2, 0.8]])
    return HMM(np.array([0.5, 0.5]), A, B).forward((0, 1, 1, 0))


class Schedule(NamedTuple):
    lr: float
    decay: float = 0.9

    def at(self, t):
        return self.lr * self.decay**t

    def faster(self):
        return self._replace(lr=self.lr * 2)


@trips(positive(), real(3), TRIPS)
def momentum(lr, x, n):
    sched = Schedule(lr).faster()
    state = {"x": x, "m": np.zeros_like(x)}
    for t in range(n):
        g = 2 * state["x"] + np.cos(state["x"])
        state["m"] = 0.9 * state["m"] + g
        state["x"] = state["x"] - sched.at(t) * state["m"]
    return np.sum(state["x"] ** 2)


class Cell:
    def __init__(self, p):
        self.p = p

    def __call__(self, h, x):
        z = 1 / (1 + np.exp(-(self.p["Wz"] @ x + self.p["Uz"] @ h)))
        c = np.tanh(self.p["Wh"] @ x + self.p["Uh"] @ (z * h))
        return (1 - z) * h + z * c


@program(real(2, 2), real(2, 2), 3)
def gru(W, U, n):
    cell = Cell({"Wz": W, "Uz": U, "Wh": 2 * W, "Uh": U.T})
    h = np.zeros(2)
    for t in range(n):
        h = cell(h, np.array([t * 0.1, 1.0]))
    return np.sum(h)


@program(1.0, 0.97, 0.3, 4)
def option_tree(s, k, sig, n):
    p = SimpleNamespace(u=np.exp(sig * 0.5), r=0.02)
    p.d = 1 / p.u
    p.q = (np.exp(p.r * 0.25) - p.d) / (p.u - p.d)
    v = [max(s * p.u ** (2.0 * j - n) - k, 0.0) for j in range(n + 1)]
    for i in range(n):
        v = [
            np.exp(-p.r * 0.25) * (p.q * v[j + 1] + (1 - p.q) * v[j])
            for j in range(len(v) - 1)
        ]
    return v[0]


class Interp:
    def __init__(self, xs, ys):
        self.xs, self.ys = (xs, ys)
        self.slopes = (ys[1:] - ys[:-1]) / (xs[1:] - xs[:-1])

    def __call__(self, x):
        for i in range(len(self.xs) - 1):
            if x <= self.xs[i + 1]:
                return self.ys[i] + self.slopes[i] * (x - self.xs[i])
        return self.ys[-1]


@program(0.7, real(4))
def interp(x, y):
    f = Interp(np.array([0.0, 0.5, 1.0, 2.0]), y)
    return f(x) * f(2 * x) + f(5.0)


class Graph:
    def __init__(self):
        self.nodes = {}
        self.edges = []

    def node(self, name, v):
        self.nodes[name] = v
        return self

    def edge(self, a, b, w):
        self.edges.append((a, b, w))
        return self

    def propagate(self):
        new = {k: 0.0 for k in self.nodes}
        for a, b, w in self.edges:
            new[b] += w * self.nodes[a]
        self.nodes = {k: np.tanh(self.nodes[k] + new[k]) for k in self.nodes}
        return self


@trips(real(), real(), TRIPS)
def graph(x, w, n):
    g = Graph().node("a", x).node("b", 0.5).node("c", x * w)
    g.edge("a", "b", w).edge("b", "c", 0.3).edge("c", "a", w * w)
    for _ in range(n):
        g.propagate()
    return sum(g.nodes.values()) * len(g.edges)


@program(real(3), 4)
def line_search(x, n):
    f = lambda v: np.sum((v - 1) ** 4 + v**2)
    st = {"x": x, "f": f(x), "step": 0.5, "accepted": 0}
    for _ in range(n):
        g = 4 * (st["x"] - 1) ** 3 + 2 * st["x"]
        cand = st["x"] - st["step"] * g
        if f(cand) < st["f"]:
            st.update(x=cand, f=f(cand), accepted=st["accepted"] + 1)
        else:
            st["step"] *= 0.5
    return st["f"] + 0.1 * st["accepted"]


class Dual:
    def __init__(self, v, d):
        self.v, self.d = (v, d)

    def mul(self, o):
        return Dual(self.v * o.v, self.v * o.d + self.d * o.v)

    def sin(self):
        return Dual(np.sin(self.v), np.cos(self.v) * self.d)


@program(real())
def own_forward_mode(x):
    a = Dual(x, 1.0)
    return a.mul(a).sin().mul(a).d


@dataclass
class Config:
    dims: tuple = (2, 3)
    lr: float = 0.1
    reg: dict = field(default_factory=lambda: {"l1": 0.01, "l2": 0.02})

    def loss(self, w):
        return self.reg["l1"] * np.sum(np.abs(w)) + self.reg["l2"] * np.sum(w**2)


@program(real(3))
def config(x):
    c = Config(lr=x[0])
    c.reg["l2"] = x[1]
    d = replace(c, lr=c.lr * 2)
    d.reg["l1"] = x[2]
    return c.loss(x) * d.lr + sum(c.dims)


class Recorder:
    def __init__(self):
        self.data = {}

    def log(self, **kw):
        for k, v in kw.items():
            self.data.setdefault(k, []).append(v)

    def mean(self, k):
        return sum(self.data[k]) / len(self.data[k])


@program(real(), 3)
def recorder(x, n):
    r = Recorder()
    for i in range(n):
        x = x * 0.9 + 0.1
        r.log(x=x, sq=x * x)
    return r.mean("x") * r.mean("sq")


class Tensor2:
    def __init__(self, m):
        self.m = m

    @classmethod
    def diag(cls, d):
        return cls(np.diag(d))

    @property
    def inv(self):
        return type(self)(np.linalg.inv(self.m))

    @property
    def T(self):
        return Tensor2(self.m.T)

    def dot(self, o):
        return Tensor2(self.m @ o.m)

    @property
    def trace(self):
        return np.trace(self.m)


@program(positive(3, 3), real(3))
def tensors(a, x):
    t = Tensor2(a).dot(Tensor2.diag(x))
    return t.inv.trace + t.T.dot(t).trace


class Bisect:
    def __init__(self, f, lo, hi):
        self.f, self.lo, self.hi = (f, lo, hi)

    def run(self, n):
        for _ in range(n):
            mid = 0.5 * (self.lo + self.hi)
            if self.f(mid) > 0:
                self.hi = mid
            else:
                self.lo = mid
        return 0.5 * (self.lo + self.hi)


@program(1.3)
def bisect(x):
    b = Bisect(lambda v: v**3 - 0.2, 0.0, x)
    return b.run(6) * x


@program(real())
def monte(x):
    rng = {"state": 12345}

    def rand():
        rng["state"] = (1103515245 * rng["state"] + 12345) % 2147483648
        return rng["state"] / 2147483648

    tot = 0.0
    for _ in range(4):
        tot += np.exp(-x * rand())
    return tot


class Ensemble:
    def __init__(self, members):
        self.members = list(members)

    def predict(self, x):
        return np.mean(np.array([m(x) for m in self.members]))

    def boost(self, x, y):
        r = y - self.predict(x)
        self.members.append(lambda v, r=r: r * v)
        return r


@program(real())
def ensemble(x):
    e = Ensemble([np.sin, np.cos])
    r = e.boost(x, 1.0)
    r2 = e.boost(x, r)
    return e.predict(x) + r2


class Layered:
    def __init__(self, n):
        self.n = n
        self.k = np.zeros(n)
        self.h = np.ones(n)

    def set(self, i, k):
        self.k[i] = k
        return self

    def resistance(self):
        r = 0.0
        for i in range(self.n):
            r += self.h[i] / self.k[i]
        return r


@program(positive(), 3)
def layered(x, n):
    m = Layered(n)
    for i in range(n):
        m.set(i, 1.0 + x * i)
    m.h[1] = x
    return m.resistance()


class Tree:
    def __init__(self, value, branches=()):
        self.value = value
        self.branches = list(branches)

    def total(self):
        return self.value + sum(branch.total() for branch in self.branches)

    def scale(self, factor):
        self.value = self.value * factor
        for branch in self.branches:
            branch.scale(factor * self.value)


@program(real())
def tree_that_walks_itself(x):
    tree = Tree(x, [Tree(x * x), Tree(2.0, [Tree(x)])])
    tree.scale(x)
    return tree.total()


@program(real())
def tree_of_dicts(x):
    def build(depth):
        if depth == 0:
            return {"v": x, "branches": ()}
        return {"v": x * depth, "branches": (build(depth - 1), build(depth - 1))}

    def total(tree):
        found = tree["v"] * tree["v"]
        for branch in tree["branches"]:
            found += total(branch)
        return found

    return total(build(2))


@program(real(), 0.3, refused="calls itself")
def recursion_on_objects_without_a_known_end(x, y):
    def go(state, a):
        if a > 2.0:
            return a * state["v"]
        return go({"v": state["v"] * 1.1}, a * 1.5)

    return go({"v": x}, y)
