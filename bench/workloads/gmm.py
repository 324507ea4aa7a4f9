"""A mixture of Gaussians as in ADBench, on arrays: the log likelihood with a Wishart
prior. `icf` has a triangle by columns for each component, its diagonal as logarithms.
"""

import numpy as np
from scipy.special import logsumexp

from bench.workload import C, Workload


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    lower = np.zeros((k, d, d))
    columns, rows = np.triu_indices(d, 1)
    lower[:, rows, columns] = icf[:, d:]
    centred = x - means[:, None, :]
    y = diagonals[:, None, :] * centred + centred @ lower.transpose(0, 2, 1)
    terms = (alphas + sums)[:, None] - 0.5 * np.sum(y**2, axis=2)
    total = np.sum(logsumexp(terms, axis=0)) - n * logsumexp(alphas)
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * np.sum(sums)


def jax(alphas, means, icf, x, gamma, m):
    import jax.numpy as np
    from jax.scipy.special import logsumexp

    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    columns, rows = np.triu_indices(d, 1)
    lower = np.zeros((k, d, d)).at[:, rows, columns].set(icf[:, d:])
    centred = x - means[:, None, :]
    y = diagonals[:, None, :] * centred + centred @ lower.transpose(0, 2, 1)
    terms = (alphas + sums)[:, None] - 0.5 * np.sum(y**2, axis=2)
    total = np.sum(logsumexp(terms, axis=0)) - n * logsumexp(alphas)
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * np.sum(sums)


def torch(alphas, means, icf, x, gamma, m):
    import torch

    n, d = x.shape
    k = len(alphas)
    diagonals = torch.exp(icf[:, :d])
    sums = torch.sum(icf[:, :d], dim=1)
    columns, rows = np.triu_indices(d, 1)
    lower = torch.zeros((k, d, d), dtype=icf.dtype)
    lower[:, rows, columns] = icf[:, d:]
    centred = x - means[:, None, :]
    y = diagonals[:, None, :] * centred + centred @ lower.transpose(1, 2)
    terms = (alphas + sums)[:, None] - 0.5 * torch.sum(y**2, dim=2)
    total = torch.sum(torch.logsumexp(terms, 0)) - n * torch.logsumexp(alphas, 0)
    squares = torch.sum(diagonals**2) + torch.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * torch.sum(sums)


def autograd(alphas, means, icf, x, gamma, m):
    import autograd.numpy as np
    from autograd.scipy.special import logsumexp

    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    # It has no stores: the triangle is gathered, from a row with a zero at its end.
    places = np.full((d, d), icf.shape[1])
    columns, rows = np.triu_indices(d, 1)
    places[rows, columns] = np.arange(d, icf.shape[1])
    lower = np.concatenate((icf, np.zeros((k, 1))), axis=1)[:, places]
    centred = x - means[:, None, :]
    y = diagonals[:, None, :] * centred
    y = y + np.matmul(centred, np.transpose(lower, (0, 2, 1)))
    terms = (alphas + sums)[:, None] - 0.5 * np.sum(y**2, axis=2)
    total = np.sum(logsumexp(terms, axis=0)) - n * logsumexp(alphas)
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * np.sum(sums)


def inputs_of(n, d, k):
    def inputs(rng):
        return (
            rng.normal(size=k),
            rng.normal(size=(k, d)),
            0.3 * rng.normal(size=(k, d * (d + 1) // 2)),
            rng.normal(size=(n, d)),
            0.8,
            2.0,
        )

    return inputs


SIZES = {
    "n=10 d=2 k=5": inputs_of(10, 2, 5),
    "n=100 d=10 k=10": inputs_of(100, 10, 10),
    "n=1000 d=32 k=25": inputs_of(1000, 32, 25),
}
PEERS = {"jax": jax, "torch": torch, "autograd": autograd}

WORKLOAD = Workload(
    title="GMM of ADBench, arrays",
    program=gmm,
    wrt=("alphas", "means", "icf"),
    sizes=SIZES,
    tiny=inputs_of(4, 3, 2),
    hand=C("gmm"),
    bar=1.15,
    peers=PEERS,
)
