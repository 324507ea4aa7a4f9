"""A function with a derivative of its own, and a model as a class.

PyTorch's `autograd.Function` has two static methods and a context that saves tensors;
`ad.custom_vjp` takes two functions, of which the first gives what the second needs.
Both are compiled like any other code.
"""

from __future__ import annotations

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt


@ad.custom_vjp
def double(x):
    """Twice the input."""
    return 2 * x


double.defvjp(lambda x: (2 * x, None), lambda saved, y_bar: (2 * y_bar,))


class Doubling(rt.Module):
    """A model without parameters."""

    def forward(self, x):
        return double(x)


@ad.differentiate
def error(model, x, target):
    """How far a model is off."""
    return rt.mse_loss(model(x), target)


def custom_function():
    """Its gradient; an optimizer has nothing to do for a model without parameters."""
    x = ad.Parameter(np.float32([1.0, -2.0, 3.0]))
    model = Doubling()
    output = model(x)
    loss = error.backward(model, x, np.zeros(3, np.float32))
    try:
        rt.SGD(rt.parameters(model), lr=0.01)
        said = None
    except ValueError as raised:
        said = f"ValueError: {raised}"
    return {
        "output": output,
        "loss": loss,
        "x.grad": x.grad,
        "sgd_on_its_parameters": said,
    }


class Model(rt.Module):
    """A linear layer from two numbers to one."""

    def __init__(self):
        self.layer = rt.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)


def simple_model(seed):
    """One step of SGD on two points."""
    rt.manual_seed(seed)
    model = Model()
    layer = model.layer
    first = {"weight0": layer.weight.data.copy(), "bias0": layer.bias.data.copy()}
    opt = rt.SGD(rt.parameters(model), lr=0.01)
    x = np.float32([[1, 2], [3, 4]])
    y = np.float32([[0], [1]])
    output = model(x)
    loss = error.backward(model, x, y)
    opt.step()
    return {
        **first,
        "output": output,
        "loss": loss,
        "weight.grad": layer.weight.grad,
        "bias.grad": layer.bias.grad,
        "weight": layer.weight,
        "bias": layer.bias,
    }


def main():
    """Show what each program finds."""
    print("a custom function:", custom_function())
    print("a model:", simple_model(seed=0))
    print("\nThe gradient through the custom function, as it was written for it:\n")
    print(error.source(Doubling(), ad.Parameter([1.0, 2.0]), np.zeros(2)))


if __name__ == "__main__":
    main()
