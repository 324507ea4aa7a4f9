import numpy as np


def classifier_loss_grad(w1, b1, w2, b2, x, y):
    """Gradient of classifier_loss with respect to w1, b1, w2 and b2."""
    hidden = np.tanh(x @ w1 + b1)
    logits = hidden @ w2 + b2
    logits_max = np.max(logits, axis=1, keepdims=True)
    shifted = logits - logits_max
    exp_shifted = np.exp(shifted)
    summed = np.sum(exp_shifted, axis=1)

    # adjoint of: log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    shifted_bar = (exp_shifted / summed[:, None] - y) / summed.size
    # adjoint of: shifted = logits - np.max(logits, axis=1, keepdims=True)
    shifted_bar_sum = np.sum(shifted_bar, axis=1, keepdims=True)
    mask = logits == logits_max
    logits_bar = (
        shifted_bar - mask * (shifted_bar_sum / np.sum(mask, axis=1, keepdims=True))
    )
    # adjoint of: logits = hidden @ w2 + b2
    b2_bar = np.sum(logits_bar, axis=0)
    w2_bar = hidden.T @ logits_bar
    hidden_bar = logits_bar @ w2.T
    # adjoint of: hidden = np.tanh(x @ w1 + b1)
    total_bar = hidden_bar * (1 - hidden * hidden)
    b1_bar = np.sum(total_bar, axis=0)
    w1_bar = x.T @ total_bar
    return w1_bar, b1_bar, w2_bar, b2_bar
