"""A step of training: three layers, 784-256-128-10, and the cross entropy of labels."""

from itertools import pairwise

import numpy as np

from bench.workload import C, Workload

LAYERS = 784, 256, 128, 10


def mlp(W1, b1, W2, b2, W3, b3, x, labels):
    h1 = np.maximum(x @ W1 + b1, 0.0)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    z = h2 @ W3 + b3
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(labels * log_p) / len(x)


def jax(W1, b1, W2, b2, W3, b3, x, labels):
    import jax.numpy as np
    from jax.nn import log_softmax

    h1 = np.maximum(x @ W1 + b1, 0.0)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    return -np.sum(labels * log_softmax(h2 @ W3 + b3, axis=1)) / len(x)


def torch(W1, b1, W2, b2, W3, b3, x, labels):
    import torch

    h1 = torch.relu(torch.addmm(b1, x, W1))
    h2 = torch.relu(torch.addmm(b2, h1, W2))
    z = torch.addmm(b3, h2, W3)
    return -torch.sum(labels * torch.log_softmax(z, 1)) / len(x)


def autograd(W1, b1, W2, b2, W3, b3, x, labels):
    import autograd.numpy as np

    h1 = np.maximum(np.dot(x, W1) + b1, 0.0)
    h2 = np.maximum(np.dot(h1, W2) + b2, 0.0)
    z = np.dot(h2, W3) + b3
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.sum(labels * log_p) / len(x)


def _of(batch, dtype, layers=LAYERS):
    def inputs(rng):
        parts = []
        for n, m in pairwise(layers):
            parts += [rng.normal(size=(n, m)) / n**0.5, 0.1 * rng.normal(size=m)]
        labels = np.eye(layers[-1])[rng.integers(0, layers[-1], batch)]
        parts += [rng.normal(size=(batch, layers[0])), labels]
        return tuple(np.asarray(part, dtype) for part in parts)

    return inputs


SIZES = {
    "batch 1, float32": _of(1, np.float32),
    "batch 1, float64": _of(1, np.float64),
    "batch 128, float32": _of(128, np.float32),
    "batch 128, float64": _of(128, np.float64),
}

WORKLOAD = Workload(
    title="MLP 784-256-128-10",
    program=mlp,
    wrt=("W1", "b1", "W2", "b2", "W3", "b3"),
    sizes=SIZES,
    tiny=_of(4, np.float64, (5, 4, 3, 2)),
    hand={size: C("mlp", single="32" in size) for size in (*SIZES, "tiny")},
    bar={size: 1.2 if "batch 1," in size else 1.05 for size in SIZES},
    peers={"jax": jax, "torch": torch, "autograd": autograd},
)
