"""Classes, as those who simulate and fit write them: objects that change themselves."""

import copy
import functools
from dataclasses import astuple, dataclass, field, replace
from operator import attrgetter
from types import SimpleNamespace
from typing import ClassVar, NamedTuple

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


@program(positive(), positive(), positive())
def pid(kp, ki, kd):
    c = PID(kp, ki, kd)
    y = 0.0
    cost = 0.0
    for _ in range(5):
        y += 0.1 * c(1.0 - y, 0.1)
        cost += (1 - y) ** 2
    return cost


class Bounds(NamedTuple):
    low: float
    high: float

    def __bool__(self):
        return self.low < self.high


@program(0.4, label="holds")
@program(-0.4, label="does not hold")
def named_tuple_with_a_truth_of_its_own(v):
    return v * v if Bounds(0.0, v) else 3.0 * v


@program(0.4, (), wrt=("v",), label="empty")
@program(0.4, (0.3,), wrt=("v",), label="one")
def truth_of_a_tuple(v, parts):
    return v * parts[0] if parts else 3.0 * v


@dataclass(order=True)
class Candidate:
    cost: float
    share: float
    label: str = field(default="", compare=False)


@program(positive(), positive())
def least_of_two_candidates(v, w):
    best = min(Candidate(v * w, v, "a"), Candidate(v * v, w, "b"))
    return best.cost * best.share


@program(0.7, 0.4, label="other")
def candidates_compared(v, w):
    one, other = Candidate(v, 2.0 * v, "one"), Candidate(w, 2.0 * w, "other")
    if one == other:
        return v * w
    return v * v if one > other else w * w


@program(positive())
def fields_as_a_tuple(v):
    cost, share, _ = astuple(Candidate(v * v, v))
    return cost * share + attrgetter("cost")(Candidate(v, v))
