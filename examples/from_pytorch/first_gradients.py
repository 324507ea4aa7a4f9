"""First gradients: backward, seeds, losses, and one step of an optimizer.

In PyTorch a number that is computed remembers how, and `backward` is called on it. Here
the function is what is differentiated: `backward` is called on the function, with the
arguments that the number would have been computed from. What it leaves in `.grad` is
the same.
"""

from __future__ import annotations

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt


def square():
    """The gradient of the sum of squares."""
    x = ad.Parameter(np.float32([2.0, 3.0]))
    value = ad.differentiate(lambda x: np.sum(x**2)).backward(x)
    return {"value": value, "x.grad": x.grad}


def polynomial():
    """More than one term."""
    x = ad.Parameter(np.float32([2.0, 3.0]))

    @ad.differentiate
    def total(x):
        return np.sum(3 * x**2 + 2 * x)

    value = total.backward(x)
    return {"value": value, "x.grad": x.grad}


@ad.differentiate
def cubic(x):
    """Five times the cube."""
    return 5 * x**3


def one_element():
    """A result with one element needs no sum."""
    x = ad.Parameter(np.float32([2.0]))
    value = cubic.backward(x)
    return {"value": value, "x.grad": x.grad}


def without_backward():
    """`grad` gives the gradient, as autograd.grad does, and leaves `.grad` as it is."""
    x = ad.Parameter(np.float32([2.0]))
    return {"grad": cubic.grad(x), "x.grad": x.grad}


def seeded(seed=42):
    """The same numbers as PyTorch's, from the same seed."""
    rt.manual_seed(seed)
    return {"rand": rt.rand(2, 2)}


def seeded_on():
    """What comes next: a seed for the GPU would not change it."""
    seeded()
    return {"rand_if_run_right_after_p0.rand42": rt.rand(2, 2)}


def squared_error():
    """The mean squared error of a prediction, and its gradient."""
    output = ad.Parameter(np.float32([0.5, 1.0, 2.0]))
    target = np.float32([0.0, 1.0, 2.0])
    loss = ad.differentiate(rt.mse_loss).backward(output, target)
    return {"loss": loss, "output.grad": output.grad}


def cross_entropy():
    """Of scores for three classes, where the second is right: 0.6041.

    (A page of PyTorch's prints 0.8971, which it is not.)
    """
    output = ad.Parameter(np.float32([[1.5, 2.0, 0.5]]))
    target = np.array([1])
    loss = ad.differentiate(rt.cross_entropy).backward(output, target)
    return {"loss": loss, "output.grad": output.grad}


@ad.differentiate
def fit(model, x, y):
    """How far a model is off."""
    return rt.mse_loss(model(x), y)


def one_step(optimizer, seed):
    """A linear model, and one step of an optimizer."""
    rt.manual_seed(seed)
    model = rt.Linear(1, 1)
    first = {"weight0": model.weight.data.copy(), "bias0": model.bias.data.copy()}
    opt = optimizer(rt.parameters(model), lr=0.01)
    x, y = np.float32([[1.0]]), np.float32([[2.0]])

    output = model(x)
    opt.zero_grad()
    loss = fit.backward(model, x, y)
    opt.step()
    return {
        **first,
        "output": output,
        "loss": loss,
        "weight.grad": model.weight.grad,
        "bias.grad": model.bias.grad,
        "weight": model.weight,
        "bias": model.bias,
    }


def main():
    """Show what each program finds."""
    for program in (square, polynomial, one_element, without_backward, seeded):
        print(f"{program.__name__:>16}: {program()}")
    for program in (squared_error, cross_entropy):
        print(f"{program.__name__:>16}: {program()}")
    for optimizer in (rt.SGD, rt.Adam):
        after = one_step(optimizer, seed=0)
        print(
            f"{optimizer.__name__:>16}: weight {after['weight0']} -> {after['weight']}"
        )
    print("\nThe gradient of `cubic`, as it was written for it:\n")
    print(cubic.source())


if __name__ == "__main__":
    main()
