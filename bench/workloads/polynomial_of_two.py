"""A polynomial of two numbers: what a call costs."""

from bench.workload import Numba, Workload


def polynomial_of_two(x, y):
    return (0.5 * x * y - x + 2.0 * y) * x * y + 0.3 * x - 1.7 * y + 0.9


def value_and_grad(x, y):
    xy = x * y
    inner = 0.5 * xy - x + 2.0 * y
    value = inner * xy + 0.3 * x - 1.7 * y + 0.9
    x_bar = (0.5 * y - 1.0) * xy + inner * y + 0.3
    y_bar = (0.5 * x + 2.0) * xy + inner * x - 1.7
    return value, (x_bar, y_bar)


def inputs(rng):
    return (0.7, 1.3)


WORKLOAD = Workload(
    title="scalar polynomial of two",
    program=polynomial_of_two,
    wrt=("x", "y"),
    sizes={"2 numbers": inputs},
    tiny=inputs,
    hand=Numba(polynomial_of_two, value_and_grad),
    bar=0.6,
    peers=dict.fromkeys(("jax", "torch", "autograd"), polynomial_of_two),
)
