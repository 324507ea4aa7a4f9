"""Arrays of rank 0: stored to, joined with numbers, carried through loops."""

import numpy as np

from .registry import program, real, zero_d


@program(zero_d())
def zero_d_array_changed_in_place(c):
    d = c
    d *= 3.0
    d += c * c
    return d * c


@program(real(3))
def zero_d_array_as_a_sum(x):
    total = np.zeros(())
    for i in range(len(x)):
        total += x[i] * x[i]
        total /= 2
    return total * x[0]


@program(real(3))
def zero_d_array_changed_in_a_loop(x):
    t = np.array(1.0)
    for i in range(3):
        t *= x[i] * t
    return t


@program(real(3))
def zero_d_array_stored_elsewhere_in_a_loop(x):
    t = np.array(0.3)
    for i in range(3):
        t += x[i] * t + x[i]
        x[i] = t
    return t * np.sum(x)


@program(lambda rng: np.array(rng.uniform(0.5, 1.5)), real())
def zero_d_argument_named_again(t, x):
    t = t + x
    return t * t * x


@program(0.7)
def zero_d_arrays_through_loops(a):
    z = np.array(1.0 * a)
    y = np.array(0.5)
    for i in range(3):
        if i == 1:
            y += z * z
        else:
            z[...] = np.sin(z)
        z, y = y, z
    return np.tanh(z) * y
