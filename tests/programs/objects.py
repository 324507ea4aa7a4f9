"""Objects: parameters in `self`, methods, properties, class hierarchies, callables."""

import copy
import functools
import math
from types import SimpleNamespace

import numpy as np

from .registry import program, real


class Layer:
    """An affine map and an activation, in the manner of a hand-written network."""

    gain = 1.25

    def __init__(self, rows, columns, seed, activation=np.tanh):
        rng = np.random.default_rng(seed)
        self.w = rng.normal(size=(rows, columns))
        self.b = rng.normal(size=rows)
        self.activation = activation

    def __call__(self, x):
        return self.activation(self.gain * self.w @ x + self.b)

    @property
    def penalty(self):
        return np.sum(self.w * self.w) + np.sum(self.b * self.b)


class Scaled(Layer):
    gain = 0.5

    def __init__(self, rows, columns, seed, scale):
        super().__init__(rows, columns, seed)
        self.scale = scale

    def __call__(self, x):
        return self.scale * super().__call__(x)


class Network:
    def __init__(self, *layers, norm="l2"):
        self.layers = layers
        self.norm = norm

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def loss(self, x, target):
        difference = self.forward(x) - target
        if self.norm == "l2":
            return np.sum(difference * difference)
        return np.sum(np.sqrt(1.0 + difference * difference))


class Pendulum:
    """A model with steps of an integrator as methods."""

    method = "midpoint"

    def __init__(self, length, damping, steps):
        self.length = length
        self.damping = damping
        self.steps = steps
        self._gravity = 9.81
        self.__scale = 0.5

    @property
    def stiffness(self):
        return self._gravity / self.length

    @functools.cached_property
    def half(self):
        return 0.5 * self.__scale

    @staticmethod
    def wrapped(angle):
        return math.sin(angle)

    @classmethod
    def order(cls):
        return 2.0 if cls.method == "midpoint" else 1.0

    def slope(self, angle, speed):
        return speed, -self.stiffness * self.wrapped(angle) - self.damping * speed

    def step(self, angle, speed, dt):
        a, s = self.slope(angle, speed)
        a, s = self.slope(angle + self.half * dt * a, speed + self.half * dt * s)
        return angle + dt * a, speed + dt * s

    def run(self, angle, dt):
        speed = 0.0
        for _ in range(self.steps):
            angle, speed = self.step(angle, speed, dt)
        return angle * angle / self.order() + speed * speed


NETWORK = Network(Layer(4, 3, 1), Scaled(2, 4, 2, scale=1.5))
ROBUST = Network(Layer(4, 3, 3), Layer(2, 4, 4, activation=np.sin), norm="huber")
SHORT, LONG = Pendulum(0.5, 0.1, 3), Pendulum(2.0, 0.3, 5)
RUN = SHORT.run
SCALED_RUN = functools.partial(LONG.run, dt=0.05)


@program(real(3), real(2))
def network_of_layers(x, target):
    return NETWORK.loss(x, target)


@program(real(3), real(2))
def string_attribute_decides(x, target):
    return ROBUST.loss(x, target)


@program(real())
def two_instances_of_one_class(x):
    return SHORT.run(x, 0.1) * LONG.run(x, 0.2)


@program(real())
def bound_method_as_a_global(x):
    return RUN(x, 0.1) + SCALED_RUN(x)


@program(real())
def bound_method_as_a_value(x):
    step = LONG.step
    for _ in range(2):
        angle, speed = step(x, 0.5 * x, 0.1)
        x = angle + speed
    return x


@program(real(3))
def property_of_arrays(x):
    return NETWORK.layers[0].penalty * np.sum(x * x) + np.sum(Layer.gain * x)


@program(real(3))
def layers_by_index(x):
    for k in range(2):
        x = NETWORK.layers[k](x)
    return np.sum(x)


@program(real(3), refused="store")
def stores_into_an_array_attribute(x):
    b = NETWORK.layers[0].b
    b[0] = x[0]
    return np.sum(b * b)


@program(real(3))
def stores_into_a_copy_of_an_attribute(x):
    b = NETWORK.layers[0].b.copy()
    b[:3] += x
    return np.sum(b * NETWORK.layers[0].b * b)


@program(real(), refused="attribute")
def assigns_an_attribute_outside(x):
    SHORT.steps = 3
    return SHORT.run(x, 0.1)


# --- Lists and namespaces from outside ------------------------------------------------

RATES = [0.5, -0.25, 1.5]
GROWING = [0.5]
MIXED = [np.array([0.5, -1.5, 2.0]), [0.7, 3], "tanh"]
SETTINGS = SimpleNamespace(rate=0.3, bounds=[-0.4, 0.4], inner=SimpleNamespace(n=2))


@program(real(3))
def a_list_of_numbers_outside(x):
    first, *rest = RATES
    total = first * x[0] * len(RATES) + rest[-1] * x[1] ** 2
    for k, rate in enumerate(reversed(RATES)):
        total += rate * x[k] ** 3
    return total + max(RATES) * sum(RATES) * np.sum(np.array(RATES) * x * x)


@program(real(3))
def a_list_of_many_kinds_outside(x):
    scale, count = MIXED[1]
    y = np.tanh(x) if MIXED[-1] == "tanh" else x
    return np.sum(MIXED[0] * y * scale) ** count


@program(real(3), refused="cannot be changed")
def appends_to_a_list_outside(x):
    GROWING.append(x[0])
    return np.sum(x)


@program(real(3))
def a_namespace_outside(x):
    low, high = SETTINGS.bounds
    total = 0.0
    for v in x:
        total += SETTINGS.rate * min(max(v, low), high) ** SETTINGS.inner.n
    return total


@program(real(), real())
def a_namespace_copied(x, y):
    state = SimpleNamespace(x=x, inner=SimpleNamespace(y=y))
    shallow, deep = copy.copy(state), copy.deepcopy(state)
    shallow.x = 2.0 * x * y
    deep.inner.y = x
    shallow.inner.y *= x
    return state.x * shallow.x * deep.inner.y * state.inner.y


def summed(part):
    if not isinstance(part, tuple):
        return part * part
    return sum(map(summed, part))


@program(1.1)
@program(-0.7, label="other")
def pairs_walked_down_to_numbers_of_either_kind(x):
    y = x if x > 0.0 else np.float64(0.5)
    return summed((y, (x, y * x)))


@program(real(4))
def interpolated_between_lists(x):
    y = np.interp(x, [-2.0, 0.1, 2.0], [0.4, -0.3, 0.9])
    return np.sum(y * y) * np.interp(x[0], (-2.0, 2.0), (1.0, 2.0))
