"""Models of many layers alike: each layer's function is called, with its parameters."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import program, real

COUNT = 3


def normalised(x, gain, shift):
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(variance + 1e-5) + shift


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention(x, weights, out, heads):
    t, c = x.shape
    parts = [
        part.reshape(t, heads, c // heads).transpose(1, 0, 2)
        for part in np.split(x @ weights, 3, axis=-1)
    ]
    q, k, v = parts
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(c // heads)
    scores = np.where(np.tril(np.ones((t, t))) == 0.0, -1e10, scores)
    return (softmax(scores) @ v).transpose(1, 0, 2).reshape(t, c) @ out


def block(x, p, heads):
    x = x + attention(
        normalised(x, p["gain"], p["shift"]), p["weights"], p["out"], heads
    )
    h = np.tanh(normalised(x, p["gain"], p["shift"]) @ p["wide"] + p["bias"])
    return x + h @ p["narrow"]


@program(
    *(real(3, 4), real(COUNT, 2, 4), real(COUNT, 4, 16), real(COUNT, 4, 6)),
    *(real(COUNT, 6, 4), 2),
    order=1,
)
def transformer(x, norms, weights, wide, narrow, heads):
    blocks = [
        {
            "gain": norms[k, 0],
            "shift": norms[k, 1],
            "weights": weights[k, :, :12],
            "out": weights[k, :, 12:],
            "wide": wide[k],
            "bias": narrow[k, :, 0],
            "narrow": narrow[k],
        }
        for k in range(COUNT)
    ]
    for p in blocks:
        x = block(x, p, heads)
    return np.sum(x * x)


@dataclass
class Cell:
    w: np.ndarray
    b: float
    count: int = 0

    @property
    def half(self):
        return 0.5 * self.w

    def __call__(self, x):
        for c in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            x = np.sin(x * self.half + c) + np.cos(self.b * x) * np.tanh(x + c)
        return x


@program(real(3), 0.4)
def layers_that_are_objects(x, w):
    layers = [Cell(x * k, w * k) for k in (0.1, 0.2, 0.3)]
    y = x
    for layer in layers:
        y = layer(y)
    return np.sum(y)


@program(real(3), 0.4)
def layers_that_change_between(x, w):
    layers = [Cell(x * k, w * k) for k in (0.1, 0.2, 0.3)]
    y = x
    for layer in layers:
        y = layer(y)
        layer.count += 1
        layers[-1].b = layers[-1].b + w
    return np.sum(y) * layers[0].count


class Point(NamedTuple):
    value: np.ndarray
    scale: float


def counted(x, d):
    for c in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        x = np.sin(x * d["p"].value + c) + np.cos(d["p"].scale * x) * np.tanh(x + c)
    d["n"] += 1
    d["p"] = Point(x, d["p"].scale * 1.1)
    return x


@program(real(3), 0.4)
def a_dict_that_the_function_changes(x, w):
    d = {"p": Point(x, w), "n": 0}
    y = counted(x, d)
    y = counted(y, d) + counted(0.5 * y, d)
    return np.sum(y) * d["n"] + np.sum(d["p"].value)


def same_or_not(x, p, q):
    y = x * 3.0 if p is q else x
    for c in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        y = np.sin(y * p.half + c) + np.cos(q.b * y) * np.tanh(y + c)
    return y


@program(real(3), 0.4)
def the_same_object_twice(x, w):
    a, b = Cell(x, w), Cell(x * 2.0, w)
    y = same_or_not(x, a, b)
    return np.sum(same_or_not(y, a, a) + same_or_not(y, b, b))


def appended(xs, k):
    y = xs[0] * k
    for c in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        y = np.sin(y * c) + np.cos(xs[1] * y) * np.tanh(0.01 * xs[0] * len(xs))
    xs.append(y)
    return y


@program(real(3), 0.4)
def a_list_that_the_function_makes_longer(x, w):
    xs = [x, x * w]
    y = appended(xs, 2.0) + appended(xs, 3.0) + appended(xs, w)
    return np.sum(y) + np.sum(xs[-1])


def first_and_last(xs, k):
    y = xs[0] * k
    for c in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        y = np.sin(y * c) + np.cos(xs[1] * y) * np.tanh(0.01 * xs[0] * len(xs))
    return [y, xs[0]]


@program(real(3), 0.4)
def an_item_that_is_handed_back(x, w):
    xs = [x * 1.0, x * w]
    a = first_and_last(xs, 2.0)
    b = first_and_last(a, 3.0)
    a[1][0] = 5.0
    return np.sum(a[0] * b[0]) + np.sum(b[1]) + np.sum(xs[0]) * np.sum(a[1])
