"""An LSTM over 100 steps: the squared distance of what it says from what it should."""

import numpy as np

from bench.workload import C, Workload


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def lstm(W, U, b, h, c, x, wanted):
    n = h.shape[1]
    total = 0.0
    for t in range(len(x)):
        gates = x[t] @ W + h @ U + b
        i = sigmoid(gates[:, :n])
        f = sigmoid(gates[:, n : 2 * n])
        o = sigmoid(gates[:, 2 * n : 3 * n])
        g = np.tanh(gates[:, 3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
        total += np.sum((h - wanted[t]) ** 2)
    return total


def jax(W, U, b, h, c, x, wanted):
    import jax.numpy as np
    from jax import lax
    from jax.nn import sigmoid

    n = h.shape[1]

    def step(state, given):
        h, c = state
        x, wanted = given
        gates = x @ W + h @ U + b
        i, f = sigmoid(gates[:, :n]), sigmoid(gates[:, n : 2 * n])
        o, g = sigmoid(gates[:, 2 * n : 3 * n]), np.tanh(gates[:, 3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
        return (h, c), np.sum((h - wanted) ** 2)

    _, terms = lax.scan(step, (h, c), (x, wanted))
    return np.sum(terms)


def torch(W, U, b, h, c, x, wanted):
    import torch

    n = h.shape[1]
    total = 0.0
    for t in range(len(x)):
        gates = x[t] @ W + h @ U + b
        i, f = torch.sigmoid(gates[:, :n]), torch.sigmoid(gates[:, n : 2 * n])
        o, g = torch.sigmoid(gates[:, 2 * n : 3 * n]), torch.tanh(gates[:, 3 * n :])
        c = f * c + i * g
        h = o * torch.tanh(c)
        total = total + torch.sum((h - wanted[t]) ** 2)
    return total


def autograd(W, U, b, h, c, x, wanted):
    import autograd.numpy as np

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    n = h.shape[1]
    total = 0.0
    for t in range(len(x)):
        gates = np.dot(x[t], W) + np.dot(h, U) + b
        i, f = sigmoid(gates[:, :n]), sigmoid(gates[:, n : 2 * n])
        o, g = sigmoid(gates[:, 2 * n : 3 * n]), np.tanh(gates[:, 3 * n :])
        c = f * c + i * g
        h = o * np.tanh(c)
        total = total + np.sum((h - wanted[t]) ** 2)
    return total


def _of(hidden, batch, steps=100):
    def inputs(rng):
        scale = hidden**-0.5
        return (
            scale * rng.normal(size=(hidden, 4 * hidden)),
            scale * rng.normal(size=(hidden, 4 * hidden)),
            rng.normal(size=4 * hidden),
            rng.normal(size=(batch, hidden)),
            rng.normal(size=(batch, hidden)),
            rng.normal(size=(steps, batch, hidden)),
            rng.normal(size=(steps, batch, hidden)),
        )

    return inputs


WORKLOAD = Workload(
    title="LSTM, 100 steps",
    program=lstm,
    wrt=("W", "U", "b"),
    sizes={
        "16 hidden, batch 1": _of(16, 1),
        "64 hidden, batch 16": _of(64, 16),
        "128 hidden, batch 32": _of(128, 32),
    },
    tiny=_of(3, 2, 4),
    hand=C("lstm"),
    bar=1.2,
    peers={"jax": jax, "torch": torch, "autograd": autograd},
)
