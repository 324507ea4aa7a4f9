"""The mixture of Gaussians of `gmm`, in loops; the peers have arrays."""

import numpy as np

from bench.workload import Numba, Workload
from bench.workloads import gmm


def gmm_loops(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    terms = np.empty(k)
    total = 0.0
    for i in range(n):
        for j in range(k):
            centred = x[i] - means[j]
            y = diagonals[j] * centred
            p = d
            for b in range(d):
                for a in range(b + 1, d):
                    y[a] += icf[j, p] * centred[b]
                    p += 1
            terms[j] = alphas[j] + sums[j] - 0.5 * np.sum(y * y)
        most = np.max(terms)
        total += most + np.log(np.sum(np.exp(terms - most)))
    most = np.max(alphas)
    total -= n * (most + np.log(np.sum(np.exp(alphas - most))))
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * np.sum(sums)


def primal(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    terms, centred, y = np.empty(k), np.empty(d), np.empty(d)
    total = 0.0
    for i in range(n):
        for j in range(k):
            for a in range(d):
                centred[a] = x[i, a] - means[j, a]
                y[a] = diagonals[j, a] * centred[a]
            p = d - 1
            for b in range(d):
                for a in range(b + 1, d):
                    y[a] += icf[j, p + a - b] * centred[b]
                p += d - b - 1
            square = 0.0
            for a in range(d):
                square += y[a] * y[a]
            terms[j] = alphas[j] + sums[j] - 0.5 * square
        most = terms.max()
        total += most + np.log(np.sum(np.exp(terms - most)))
    most = alphas.max()
    total -= n * (most + np.log(np.sum(np.exp(alphas - most))))
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    return total + 0.5 * gamma**2 * squares - m * np.sum(sums)


def value_and_grad(alphas, means, icf, x, gamma, m):
    """The terms of a point are a sum: its adjoint is run right after it."""
    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    terms, ys, centreds = np.empty(k), np.empty((k, d)), np.empty((k, d))
    alphas_bar, means_bar = np.zeros(k), np.zeros((k, d))
    diagonals_bar, icf_bar = np.zeros((k, d)), np.zeros(icf.shape)
    y_bar, centred_bar = np.empty(d), np.empty(d)
    total = 0.0
    for i in range(n):
        for j in range(k):
            y, centred = ys[j], centreds[j]
            for a in range(d):
                centred[a] = x[i, a] - means[j, a]
                y[a] = diagonals[j, a] * centred[a]
            p = d - 1
            for b in range(d):
                for a in range(b + 1, d):
                    y[a] += icf[j, p + a - b] * centred[b]
                p += d - b - 1
            square = 0.0
            for a in range(d):
                square += y[a] * y[a]
            terms[j] = alphas[j] + sums[j] - 0.5 * square
        most = terms.max()
        weight = 0.0
        for j in range(k):
            terms[j] = np.exp(terms[j] - most)
            weight += terms[j]
        total += most + np.log(weight)
        for j in range(k):
            share = terms[j] / weight
            alphas_bar[j] += share
            centred = centreds[j]
            for a in range(d):
                y_bar[a] = -share * ys[j, a]
                diagonals_bar[j, a] += y_bar[a] * centred[a]
                centred_bar[a] = y_bar[a] * diagonals[j, a]
            p = d - 1
            for b in range(d):
                inner = 0.0
                for a in range(b + 1, d):
                    icf_bar[j, p + a - b] += y_bar[a] * centred[b]
                    inner += y_bar[a] * icf[j, p + a - b]
                centred_bar[b] += inner
                p += d - b - 1
            for a in range(d):
                means_bar[j, a] -= centred_bar[a]
    for j in range(k):
        for a in range(d):
            own = alphas_bar[j] + diagonals_bar[j, a] * diagonals[j, a]
            icf_bar[j, a] = own + gamma**2 * diagonals[j, a] ** 2 - m
        for p in range(d, icf.shape[1]):
            icf_bar[j, p] += gamma**2 * icf[j, p]
    most = alphas.max()
    weights = np.exp(alphas - most)
    weight = np.sum(weights)
    total -= n * (most + np.log(weight))
    alphas_bar -= n / weight * weights
    squares = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    total += 0.5 * gamma**2 * squares - m * np.sum(sums)
    return total, (alphas_bar, means_bar, icf_bar)


STEPS = "12,800,000 trips of Python's loops take longer than 5 s"
ALL = dict.fromkeys(("numpy", "Python"), STEPS)

WORKLOAD = Workload(
    title="GMM of ADBench, loops",
    program=gmm_loops,
    wrt=("alphas", "means", "icf"),
    sizes=gmm.SIZES,
    tiny=gmm.inputs_of(4, 3, 2),
    hand=Numba(primal, value_and_grad, loose=True),
    peers=gmm.PEERS,
    left_out={"n=1000 d=32 k=25": ALL},
)
