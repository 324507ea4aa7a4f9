"""One layer with a loss, and what is differentiated and what is not.

The layer's logits and loss, the gradients of its weights; then the ways to leave
something out: `no_grad`, `detach`, and `requires_grad_(False)`.
"""

from __future__ import annotations

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt


def layer(seed=0):
    """The input, the target, and the parameters of the layer."""
    x, y = np.ones(5, np.float32), np.zeros(3, np.float32)
    rt.manual_seed(seed)
    w, b = ad.Parameter(rt.randn(5, 3)), ad.Parameter(rt.randn(3))
    return x, y, w, b


@ad.differentiate
def loss(w, b, x, y):
    """The mean binary cross entropy of the layer's logits."""
    z = x @ w + b
    return rt.binary_cross_entropy_with_logits(z, y)


def gradients(seed=0):
    """The logits, the loss, and what `backward` gives."""
    x, y, w, b = layer(seed)
    z = x @ w + b
    value = loss.backward(w, b, x, y)
    return {
        "x": x,
        "y": y,
        "w": w,
        "b": b,
        "z": z,
        "loss": value,
        "w.grad": w.grad,
        "b.grad": b.grad,
    }


@ad.differentiate(wrt="w")
def logits(w, b, x):
    """The sum of the logits."""
    return np.sum(x @ w + b)


@ad.differentiate(wrt="w")
def logits_without(w, b, x):
    """The same; what is computed here has no derivatives."""
    with ad.no_grad():
        z = x @ w + b
    return np.sum(z)


@ad.differentiate(wrt="w")
def logits_detached(w, b, x):
    """The same, said of a value: it counts as a constant."""
    z = x @ w + b
    return np.sum(ad.stop_gradient(z))


def what_flows(function, seed=0):
    """Whether a gradient comes through the logits."""
    x, _, w, b = layer(seed)
    return bool(np.any(function.grad(w, b, x)))


def frozen(seed=0):
    """A parameter that requires no gradient: none is computed for it."""
    x, y, w, b = layer(seed)
    w.requires_grad_(False)
    loss.backward(w, b, x, y)
    return {"w.grad": w.grad, "b.grad": b.grad, "source": loss.source(w, b, x, y)}


def main():
    """Show the gradients, and what comes through what."""
    for name, value in gradients().items():
        print(f"{name} = {value!r}")
    for function in (logits, logits_without, logits_detached):
        print(f"a gradient comes through {function.__name__}: {what_flows(function)}")
    print("\nA computational graph has nodes; here it is a program:\n")
    print(loss.source())
    print("With `w` frozen:\n")
    print(frozen()["source"])


if __name__ == "__main__":
    main()
