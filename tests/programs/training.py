"""Networks and optimisers as classes, and the loops that train with them."""

import functools

import numpy as np

from .registry import TRIPS, positive, program, real, trips


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


@trips(positive(), real(3), TRIPS)
def moments_made_at_the_first_step(lr, x, n):
    params = {"w": x, "b": np.ones(3) * 0.1}
    opt = Adam(lr)
    for i in range(n):
        grads = {"w": 2 * params["w"] + params["b"], "b": params["w"] * params["b"]}
        opt.step(params, grads)
    return np.sum(params["w"] ** 2 + params["b"])


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
