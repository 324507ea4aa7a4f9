"""Train a classifier of handwritten digits with a gradient that you can read.

`loss` below is ordinary NumPy: a hidden layer, a softmax and the cross entropy.
adcompiler reads its source and writes the gradient, also in NumPy. This program
prints that gradient, checks it against finite differences, trains with it on the 1,797
digits (8 by 8 pixels) that scikit-learn ships, and draws what is still mistaken.

Run it with `make demo`. It fails if fewer than 95 % of the digits that were held out
are recognised.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from tqdm import tqdm

import adcompiler as ad

PICTURE = Path(__file__).parent / "out" / "digits.png"
HIDDEN = 32
HELD_OUT = 360
EPOCHS = 60
BATCH = 64
RATE = 0.1
MOMENTUM = 0.9
TARGET = 0.95


@ad.differentiate(wrt=("W1", "b1", "W2", "b2"))
def loss(W1, b1, W2, b2, x, y):
    """The mean cross entropy of images `x` (n, 64) with one-hot labels `y` (n, 10)."""
    hidden = np.tanh(x @ W1 + b1)
    scores = hidden @ W2 + b2
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return np.sum(y * (log_total - scores)) / len(x)


def predict(W1, b1, W2, b2, x):
    """The most probable digit for each of the images `x`."""
    return np.argmax(np.tanh(x @ W1 + b1) @ W2 + b2, axis=1)


def initial_weights(random):
    """W1, b1, W2, b2, scaled so that neither layer starts out saturated."""
    return (
        random.normal(0.0, 1.0 / np.sqrt(64), (64, HIDDEN)),
        np.zeros(HIDDEN),
        random.normal(0.0, 1.0 / np.sqrt(HIDDEN), (HIDDEN, 10)),
        np.zeros(10),
    )


def check(weights, x, y, random):
    """Compare the gradient with finite differences; raise where they disagree."""
    ad.check_grads(loss, (*weights, x, y))

    gradients = loss.grad(*weights, x, y)
    step = 1e-5
    print("  entry           gradient   central difference   difference")
    for k, name in enumerate(("W1", "b1", "W2", "b2")):
        index = tuple(int(random.integers(n)) for n in weights[k].shape)
        values = []
        for sign in (1.0, -1.0):
            moved = [w.copy() for w in weights]
            moved[k][index] += sign * step
            values.append(loss(*moved, x, y))
        expected = (values[0] - values[1]) / (2.0 * step)
        found = gradients[k][index]
        entry = f"{name}[{', '.join(map(str, index))}]"
        error = abs(found - expected)
        print(f"  {entry:<10} {found:+13.10f}   {expected:+18.10f}   {error:.1e}")
        if error > 1e-7:
            raise AssertionError(f"the gradient of {entry} is wrong")


def train(weights, x, y, random):
    """Descend with momentum; the trained weights and the mean loss of each epoch."""
    weights = list(weights)
    velocities = [np.zeros_like(w) for w in weights]
    history = []
    progress = tqdm(range(EPOCHS), desc="training", unit="epoch", file=sys.stdout)
    for _ in progress:
        order = random.permutation(len(x))
        total = 0.0
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            value, gradients = loss.value_and_grad(*weights, x[batch], y[batch])
            total += value * len(batch)
            for k, gradient in enumerate(gradients):
                velocities[k] = MOMENTUM * velocities[k] - RATE * gradient
                weights[k] = weights[k] + velocities[k]
        history.append(total / len(x))
        progress.set_postfix(loss=f"{history[-1]:.4f}")
    return weights, history


def draw(history, images, labels, predicted):
    """Save the loss curve beside the held-out digits that are not recognised."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    axes.semilogy(range(1, len(history) + 1), history)
    axes.set(xlabel="epoch", ylabel="loss", title="Training loss")
    axes.grid(alpha=0.3)

    (wrong,) = np.nonzero(predicted != labels)
    right.suptitle(f"{len(wrong)} of {len(labels)} held-out digits mistaken")
    cells = right.subplots(3, 6).ravel()
    for cell in cells:
        cell.axis("off")
    for cell, k in zip(cells, wrong, strict=False):  # the first of them, if too many
        cell.imshow(images[k].reshape(8, 8), cmap="gray_r")
        cell.set_title(f"{labels[k]} as {predicted[k]}", fontsize=9)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)


def main():
    """Run the demonstration; the exit status is 0 where the accuracy suffices."""
    random = np.random.default_rng(0)
    digits = load_digits()
    order = random.permutation(len(digits.target))
    x, labels = digits.data[order] / 16.0, digits.target[order]
    y = np.eye(10)[labels]
    test, rest = slice(None, HELD_OUT), slice(HELD_OUT, None)
    weights = initial_weights(random)

    print("The gradient that adcompiler wrote:\n")
    print(loss.source(*weights, x[:8], y[:8]))

    print("\nThe same against finite differences:\n")
    check(weights, x[:8], y[:8], random)

    print(f"\nTraining on {len(x) - HELD_OUT} digits, {HELD_OUT} held out:\n")
    weights, history = train(weights, x[rest], y[rest], random)
    predicted = predict(*weights, x[test])
    accuracy = float(np.mean(predicted == labels[test]))
    draw(history, x[test], labels[test], predicted)
    print(f"\nheld-out accuracy {accuracy:.1%}, picture in {PICTURE}")
    if accuracy < TARGET:
        print(f"that is below {TARGET:.0%}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
