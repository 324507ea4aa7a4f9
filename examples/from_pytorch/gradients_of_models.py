"""Gradients of numbers, of a model, and one step of gradient descent.

The gradient of a function of two numbers; that of a loss with respect to a model's
parameters and to its input; and a step of gradient descent written out.
"""

from __future__ import annotations

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt


def of_two_numbers():
    """z = x y + y^2 at x = 2, y = 3: dz/dx = y, dz/dy = x + 2 y."""
    x, y = ad.Parameter(np.float32(2.0)), ad.Parameter(np.float32(3.0))

    @ad.differentiate
    def function(x, y):
        return x * y + y**2

    z = function.backward(x, y)
    return {"z": z, "x.grad": x.grad, "y.grad": y.grad}


@ad.differentiate
def distance(model, x):
    """The squared distance of what a model says from 2; one number in a matrix."""
    return (model(x) - 2.0) ** 2


def of_a_model(seed):
    """An input can have a gradient, too: make it a parameter."""
    rt.manual_seed(seed)
    model = rt.Linear(1, 1)
    x = ad.Parameter(np.float32([[1.0]]))
    output = model(x)
    loss = distance.backward(model, x)
    return {
        "weight": model.weight,
        "bias": model.bias,
        "output": output,
        "loss": loss,
        "input.grad": x.grad,
        "weight.grad": model.weight.grad,
        "bias.grad": model.bias.grad,
    }


def of_a_polynomial():
    """y = 3 x^3 + 2 x^2 + x at 3: 9 x^2 + 4 x + 1 = 94."""
    x = ad.Parameter(np.float32(3.0))

    @ad.differentiate
    def polynomial(x):
        return 3 * x**3 + 2 * x**2 + x

    y = polynomial.backward(x)
    return {"y": y, "x.grad": x.grad}


def descent():
    """One step down (w - 5)^2 from w = 1.

    A step is plain arithmetic: outside of functions that are differentiated nothing is
    recorded, so no `no_grad` is needed.
    """
    w = ad.Parameter(np.float32(1.0))
    loss = ad.differentiate(lambda w: (w - 5) ** 2).backward(w)
    w -= 0.1 * w.grad
    return {"loss": loss, "grad": w.grad, "w": w}


def main():
    """Show what each program finds."""
    print("z = x y + y^2:", of_two_numbers())
    print("a linear model:", of_a_model(seed=0))
    print("a polynomial:", of_a_polynomial())
    print("a step of descent:", descent())
    print("\nThe gradient of the model's distance, as it was written for it:\n")
    print(distance.source())


if __name__ == "__main__":
    main()
