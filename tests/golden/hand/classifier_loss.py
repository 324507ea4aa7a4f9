"""The cross-entropy of a softmax classifier with one hidden layer.

The derivative is one for every `y`, as that of a program is: the program does not say
that the rows of `y` sum to 1, so the shift does not cancel out, and what reaches the
maximum goes to where it is attained. The labels are smoothed without being normalised,
so that a derivative which relied on their sum would be wrong here.
"""

import numpy as np

WRT = ("w1", "b1", "w2", "b2")


def inputs(rng):
    return [
        (
            rng.normal(size=(4, 3)),
            rng.normal(size=3),
            rng.normal(size=(3, 5)),
            rng.normal(size=5),
            rng.normal(size=(6, 4)),
            0.7 * np.eye(5)[rng.integers(0, 5, 6)] + rng.uniform(0.0, 0.2, (6, 5)),
        )
    ]


def classifier_loss(w1, b1, w2, b2, x, y):
    hidden = np.tanh(x @ w1 + b1)
    logits = hidden @ w2 + b2
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    return np.mean(log_sum - np.sum(y * shifted, axis=1))


def grad_classifier_loss(w1, b1, w2, b2, x, y):
    hidden = np.tanh(x @ w1 + b1)
    logits = hidden @ w2 + b2
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    exp_shifted = np.exp(shifted)

    # return np.mean(log_sum - np.sum(y * shifted, axis=1))
    # log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    softmax = exp_shifted / np.sum(exp_shifted, axis=1, keepdims=True)
    shifted_bar = (softmax - y) / len(x)
    # shifted = logits - np.max(logits, axis=1, keepdims=True)
    at_max = shifted == 0.0
    max_bar = -np.sum(shifted_bar, axis=1, keepdims=True)
    share = max_bar / np.sum(at_max, axis=1, keepdims=True)
    logits_bar = shifted_bar + share * at_max
    # logits = hidden @ w2 + b2
    w2_bar = hidden.T @ logits_bar
    b2_bar = np.sum(logits_bar, axis=0)
    hidden_bar = logits_bar @ w2.T
    # hidden = np.tanh(x @ w1 + b1)
    preact_bar = hidden_bar * (1.0 - hidden**2)
    w1_bar = x.T @ preact_bar
    b1_bar = np.sum(preact_bar, axis=0)
    return w1_bar, b1_bar, w2_bar, b2_bar
