"""Objects: parameters in `self`, methods, properties, class hierarchies, callables."""

import functools
import math

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
