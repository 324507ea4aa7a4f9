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
    z = x @ w + b
    return rt.binary_cross_entropy_with_logits(z, y)


def gradients(seed=0):
    """The logits, the loss, and what `backward` gives."""
    x, y, w, b = layer(seed)
    z = x @ w + b
    value = loss.backward(w, b, x, y)
    return {
        **{"x": x, "y": y, "w": w, "b": b, "z": z, "loss": value},
        **{"w.grad": w.grad, "b.grad": b.grad},
    }


@ad.differentiate(wrt=("w", "b"))
def cut_off(w, b, x, y):
    """Half of the logits are taken as they are: nothing flows back through them."""
    z = x @ w + b
    with ad.no_grad():
        other = x @ w + b
    return rt.binary_cross_entropy_with_logits(0.5 * (z + other), y)


@ad.differentiate(wrt=("w", "b"))
def detached(w, b, x, y):
    """The same, said of a value."""
    z = x @ w + b
    return rt.binary_cross_entropy_with_logits(0.5 * (z + ad.stop_gradient(z)), y)


def what_flows(seed=0):
    """Whether gradients flow through z, and through what was cut off from it."""
    x, y, w, b = layer(seed)
    whole = loss.grad(w.data, b.data, x, y) if False else loss.backward(w, b, x, y)
    parts = {f.__name__: f.grad(w, b, x, y).w for f in (cut_off, detached)}
    halves = {name: np.allclose(part, 0.5 * w.grad) for name, part in parts.items()}
    return {"loss": whole, **halves}


def frozen(seed=0):
    """A parameter that requires no gradient: none is computed for it."""
    x, y, w, b = layer(seed)
    w.requires_grad_(False)
    loss.backward(w, b, x, y)
    return {"w.grad": w.grad, "b.grad": b.grad, "source": loss.source(w, b, x, y)}


def main():
    for name, value in gradients().items():
        print(f"{name} = {value!r}")
    print("half of the gradient is left:", what_flows())
    print("\nA computational graph has nodes; here it is a program:\n")
    print(loss.source())
    print("With `w` frozen:\n")
    print(frozen()["source"])


if __name__ == "__main__":
    main()
