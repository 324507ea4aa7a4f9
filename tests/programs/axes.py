"""Reductions along axes, what makes their operands and what goes on with them; places
that arrays point out."""

import numpy as np
from scipy.special import logsumexp

from .registry import const, distinct, positive, program, real

LABELS = const(2, 0, 2, dtype=np.int64)
EDGES = const(0, 1, 1, 3, dtype=np.int64)
ENDS = const(2, 2, 0, -1, dtype=np.int64)


@program(real(3, 4), LABELS)
def cross_entropy_of_labels(z, labels):
    shifted = z - np.max(z, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(logs[np.arange(3), labels])


@program(real(3, 4), LABELS)
def error_of_a_softmax_by_hand(z, labels):
    e = np.exp(z - np.max(z, axis=1)[:, None])
    p = e / np.sum(e, axis=1)[:, None]
    p[np.arange(len(labels)), labels] -= 1.0
    return np.sum(p**2)


@program(real(3, 4), real(4), real(4))
def normalised_layer(x, scale, shift):
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    y = (x - mean) / np.sqrt(variance + 1e-3) * scale + shift
    return np.sum(np.tanh(y))


@program(real(5, 3))
def standardised_columns(x):
    y = (x - x.mean(axis=0)) / x.std(axis=0)
    return np.sum(y**3) + np.sum(np.sum(y, axis=1) ** 2)


@program(distinct(4, 2), real(3, 2))
def distances_to_centres(x, centres):
    d = np.sum((x[:, None, :] - centres[None]) ** 2, axis=2)
    soft = -logsumexp(-d, axis=1)
    return np.sum(soft) + np.sum(np.min(d, axis=1))


@program(distinct(4, 2), real(3, 2))
def nearest_centres(x, centres):
    d = np.sum((x[:, None, :] - centres) ** 2, axis=-1)
    nearest = np.argmin(d, axis=1)
    counts = np.zeros(3)
    np.add.at(counts, nearest, np.sum(x, axis=1))
    return np.sum((x - centres[nearest]) ** 2) + np.sum(counts**2)


@program(real(3, 2), real(4, 2), real(4, 2))
def attention_of_one_head(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    weights /= np.sum(weights, axis=1, keepdims=True)
    return np.sum((weights @ v) ** 2)


@program(real(4, 3), EDGES, ENDS)
def messages_on_a_graph(x, sources, targets):
    messages = np.tanh(x[sources] * 0.5 - x[targets])
    total = np.zeros(x.shape)
    np.add.at(total, targets, messages)
    return np.sum(total**2 * x)


@program(real(2, 3, 3), real(2, 3))
def quadratic_forms(a, x):
    low = np.tril(a) + np.swapaxes(np.tril(a, -1), 1, 2)
    y = np.squeeze(low @ x[:, :, None], axis=2)
    return np.sum(np.sum(x * y, axis=1) ** 2) + np.sum(np.triu(a, 1))


@program(positive(3, 4))
def shares_and_entropy(x):
    p = x / np.sum(x, axis=1, keepdims=True)
    entropy = -np.sum(p * np.log(p), axis=1)
    return np.sum(entropy * np.max(p, axis=1)) + np.prod(np.sum(p, axis=0))


@program(real(4, 3), const(1, 0, 1, 1, dtype=bool))
def statistics_of_chosen_rows(x, chosen):
    rows = x[chosen]
    centred = rows - np.mean(rows, axis=0)
    x = x * 2.0
    x[chosen] = centred
    x[~chosen] += 1.0
    return np.sum(x**2) + np.sum(np.sum(centred**2, axis=1) ** 1.5)
