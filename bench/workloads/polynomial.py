"""A polynomial of one number: what a call costs."""

from bench.workload import Numba, Workload


def polynomial(x):
    return ((((0.5 * x - 1.0) * x + 2.0) * x + 0.3) * x - 1.7) * x + 0.9


def value_and_grad(x):
    value = ((((0.5 * x - 1.0) * x + 2.0) * x + 0.3) * x - 1.7) * x + 0.9
    return value, (((2.5 * x - 4.0) * x + 6.0) * x + 0.6) * x - 1.7


def inputs(rng):
    return (0.7,)


WORKLOAD = Workload(
    title="scalar polynomial",
    program=polynomial,
    wrt=("x",),
    sizes={"1 number": inputs},
    tiny=inputs,
    hand=Numba(polynomial, value_and_grad),
    bar=0.6,
    peers=dict.fromkeys(("jax", "torch", "autograd"), polynomial),
)
