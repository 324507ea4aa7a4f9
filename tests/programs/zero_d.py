"""Arrays of rank 0: stored to, joined with numbers, carried through loops."""

import numpy as np

from .registry import TRIPS, program, real, trips, zero_d


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


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def product_that_becomes_a_number(x, n):
    t = np.array(1.0)
    for i in range(n):
        t = t * x[i]
    return t


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def sum_that_becomes_a_number(x, n):
    t = np.zeros(())
    i = 0
    while i < n:
        t = t + x[i] ** 2
        i += 1
    s = t * 2.0
    return s * t


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def number_in_one_arm_array_in_the_other(x, n):
    t = np.array(0.5)
    for i in range(n):
        if x[i] > 0.0:
            t = t * x[i]
        else:
            t = np.array(x[i])
    if n > 3:
        t = np.array(2.0) * t
    return t * x[0]


@program(real(4))
def returns_an_array_or_a_number(x):
    if x[0] > 0.5:
        return np.array(x[1])
    return x[2] * x[0]


@program(real(4))
def returns_a_number_or_an_array(x):
    if x[0] < 0.5:
        return np.array(x[1])
    return x[2] * x[0]


@program(real(4), refused="array of rank 0")
def changed_in_place_if_it_is_an_array(x):
    t = np.array(1.0)
    for v in x:
        t += 1.0
        t = t * v
    return t


@program(zero_d(), real(3))
def argument_that_may_become_a_number(t, x):
    for v in x:
        if v > 0:
            t = t * v
    return t * t


@program(real(3))
def items_that_become_numbers(x):
    s = (np.array(0.0), 1.0)
    for v in x:
        s = (s[0] + v, s[1] * s[0])
    return s[0] * s[1]


@program(real(3))
def array_or_python_number(x):
    t = np.array(1.0) if x[0] > 0.2 else 1.0
    t = t * x[1] * x[0]
    return t


@program(real(3))
def whole_number_that_becomes_a_float(x):
    t = np.array(1)
    for v in x:
        t = t * v
    return t


@program(zero_d())
def number_made_of_an_array(x):
    y = np.float64(x)
    z = y
    z += 1.0
    w = np.einsum("->", np.flip(x))
    u = w
    u *= x
    return y * z + w * u * np.flip(x)


@program(zero_d(), refused="a number on another")
def array_changed_that_may_be_a_number(x):
    y = x if x > 0.0 else x * 2.0
    x += 1.0
    return y * x


@program(real(2, 2))
def places_of_rank_0(a):
    k = np.array(1)
    row = a[k]
    row[np.array(0)] = 3.0
    a[k, k] *= a[0, k]
    a[k] += row
    return np.sum(a * a) + row[k]
