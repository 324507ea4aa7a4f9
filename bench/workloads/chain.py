"""An elementwise chain with tanh and exp, and its sum."""

import numpy as np

from bench.workload import C, Workload


def chain(x):
    y = np.tanh(x)
    return np.sum(y * np.exp(-y * y))


def jax(x):
    import jax.numpy as np

    y = np.tanh(x)
    return np.sum(y * np.exp(-y * y))


def torch(x):
    import torch

    y = torch.tanh(x)
    return torch.sum(y * torch.exp(-y * y))


def autograd(x):
    import autograd.numpy as np

    y = np.tanh(x)
    return np.sum(y * np.exp(-y * y))


def _of(n):
    return lambda rng: (rng.normal(size=n),)


WORKLOAD = Workload(
    title="elementwise chain",
    program=chain,
    wrt=("x",),
    sizes={"10^3": _of(1000), "10^5": _of(100_000), "10^7": _of(10_000_000)},
    tiny=_of(11),
    hand=C("chain", floor="floor_of"),
    bar=1.5,
    peers={"jax": jax, "torch": torch, "autograd": autograd},
)
