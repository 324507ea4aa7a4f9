"""The heat equation, stepped in place by slices; the peers build each step anew."""

import numpy as np

from bench.workload import Numba, Workload


def heat(u, k, steps):
    for _ in range(steps):
        laplacian = u[2:] - 2.0 * u[1:-1] + u[:-2]
        u[1:-1] += k * laplacian
    return np.sum(u * u)


def primal(u, k, steps):
    n = len(u)
    u = u.copy()
    laplacian = np.empty(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            laplacian[i] = u[i + 1] - 2.0 * u[i] + u[i - 1]
        for i in range(1, n - 1):
            u[i] += k * laplacian[i]
    total = 0.0
    for i in range(n):
        total += u[i] * u[i]
    return total


def value_and_grad(u, k, steps):
    """Keeps the Laplacians, of which the rate's cotangent is made."""
    n = len(u)
    u = u.copy()
    kept = np.empty((steps, n - 2))
    for t in range(steps):
        laplacian = kept[t]
        for i in range(n - 2):
            laplacian[i] = u[i + 2] - 2.0 * u[i + 1] + u[i]
        for i in range(n - 2):
            u[i + 1] += k * laplacian[i]
    total = 0.0
    for i in range(n):
        total += u[i] * u[i]

    u_bar = 2.0 * u
    flow = np.empty(n)  # k * u_bar of what is stepped, with none around it
    k_bar = 0.0
    for t in range(steps - 1, -1, -1):
        laplacian = kept[t]
        flow[0] = flow[n - 1] = 0.0
        for i in range(n - 2):
            k_bar += u_bar[i + 1] * laplacian[i]
            flow[i + 1] = k * u_bar[i + 1]
        u_bar[0] += flow[1]
        u_bar[n - 1] += flow[n - 2]
        for i in range(1, n - 1):
            u_bar[i] += flow[i - 1] - 2.0 * flow[i] + flow[i + 1]
    return total, (u_bar, k_bar)


def jax(u, k, steps):
    from jax import lax

    def step(u, _):
        return u.at[1:-1].add(k * (u[2:] - 2.0 * u[1:-1] + u[:-2])), None

    u, _ = lax.scan(step, u, None, length=steps)
    return (u * u).sum()


def torch(u, k, steps):
    import torch

    for _ in range(steps):
        inner = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = torch.cat((u[:1], inner, u[-1:]))
    return (u * u).sum()


def autograd(u, k, steps):
    import autograd.numpy as np

    for _ in range(steps):
        inner = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u = np.concatenate((u[:1], inner, u[-1:]))
    return np.sum(u * u)


def _of(cells, steps):
    return lambda rng: (rng.normal(size=cells), 0.3, steps)


WORKLOAD = Workload(
    title="heat equation, in place",
    program=heat,
    wrt=("u", "k"),
    sizes={
        "10 x 1000": _of(10, 1000),
        "100 x 1000": _of(100, 1000),
        "1000 x 1000": _of(1000, 1000),
    },
    tiny=_of(7, 4),
    hand=Numba(primal, value_and_grad, loose=True),
    bar=1.2,
    peers={"jax": jax, "torch": torch, "autograd": autograd},
    static=("steps",),
    stores=(0,),
)
