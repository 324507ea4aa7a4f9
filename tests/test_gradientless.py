"""What `no_grad` and `stop_gradient` take for constant, and the memory it is in.

Each program stands beside one that gets the constants as a second argument: the
derivatives are equal, and so is the value that plain Python gives.
"""

import numpy as np
import pytest

import adcompiler as ad

VECTOR = np.array([2.0, 3.0, 5.0])


def elements(x, c):
    y = np.zeros(3)
    with ad.no_grad():
        y[0] = x[0] * x[0]
        y[1] = x[1]
    y[2] = x[2] * x[1]
    return np.sum(y * x)


def elements_given(x, c):
    return c[0] ** 2 * x[0] + c[1] * x[1] + x[2] * x[1] * x[2]


def slices(x, c):
    y = np.zeros(3)
    with ad.no_grad():
        y[:] = x
        y[:2] = x[:2] * x[0]
    return np.sum(y * x)


def slices_given(x, c):
    return np.sum(np.array([c[0] ** 2, c[0] * c[1], c[2]]) * x)


def updates(x, c):
    y = x * 1.0
    with ad.no_grad():
        y += x * x
        y[0] += x[1]
        y[1:] *= x[0]
    return np.sum(y * x)


def updates_given(x, c):
    y = c + c * c
    return (y[0] + c[1]) * x[0] + y[1] * c[0] * x[1] + y[2] * c[0] * x[2]


def functions_in_place(x, c):
    y, z = np.zeros(3), np.zeros(3)
    with ad.no_grad():
        np.multiply(x, x, out=y)
        np.add.at(z, [1, 1], x[1])
        z[[2]] = x[2]
        z[z > 100.0] = 0.0
    return np.sum((y + z) * x)


def functions_in_place_given(x, c):
    return np.sum((c * c + np.array([0.0, 2.0 * c[1], c[2]])) * x)


def filled(x, c):
    y, z = np.zeros(3), np.zeros((2, 2))
    with ad.no_grad():
        y.fill(x[1])
        row = z[0]
        row[1] = x[0] * x[1]
        for part in z:
            part[0] += x[2]
    z[0, 0] = x[2]
    return np.sum(y * x) + np.sum(z) * x[0]


def filled_given(x, c):
    return c[1] * np.sum(x) + (c[0] * c[1] + x[2] + c[2]) * x[0]


def lists(x, c):
    ys = [x[0]]
    with ad.no_grad():
        ys += [x[1] * x[1]]
        ys.append(x[2])
        ys.insert(0, x[2] ** 3)
        zs = [v * v for v in x]
        zs.append(x[0])
    return sum(ys) * x[1] + sum(zs) * x[2]


def lists_given(x, c):
    zs = np.sum(c * c) + c[0]
    return (c[2] ** 3 + x[0] + c[1] ** 2 + c[2]) * x[1] + zs * x[2]


def buffers(x, c):
    a, b = x * x, np.zeros(3)
    with ad.no_grad():
        for _ in range(3):
            z = a
            b[1:] = 0.5 * (z[1:] + z[:-1])
            b[0] = z[0]
            a, b = b, a
    return np.sum(a * x)


def buffers_given(x, c):
    a = c * c
    for _ in range(3):
        a = np.concatenate((a[:1], 0.5 * (a[1:] + a[:-1])))
    return np.sum(a * x)


def returned(x, c):
    with ad.no_grad():
        if x[0] > 0.0:
            return np.sum(x * x)
    return x[0]


def returned_given(x, c):
    return np.sum(c * c) + 0.0 * x[0]


def names(x, c):
    y = x * 2.0
    with ad.no_grad():
        z, w = y, x[1:]
        a, (b, _) = x[0], (x[1] * x[1], 1)
    return np.sum(z * x) + np.sum(w) * x[0] + (a + b) * x[2]


def names_given(x, c):
    return np.sum(2.0 * c * x) + (c[1] + c[2]) * x[0] + (c[0] + c[1] ** 2) * x[2]


def helpers(x, c):
    y, total = np.zeros(3), 0.0

    def put(k, v):
        nonlocal total
        y[k] = v
        total = total + v
        return v * v

    with ad.no_grad():
        r = put(0, x[0] * x[1])
    s = put(1, x[2])
    return np.sum(y * x) + r * x[0] + s + total


def helpers_given(x, c):
    v = c[0] * c[1]
    return v * x[0] + x[2] * x[1] + v**2 * x[0] + x[2] ** 2 + v + x[2]


def loops(x, c):
    s = 0.0
    with ad.no_grad():
        for v in x:
            s += v * v
        k = 0
        while s > 3.0:
            s = s / x[0]
            k += 1
    return s * x[0] * k


def loops_given(x, c):
    s, k = np.sum(c * c), 0
    while s > 3.0:
        s = s / c[0]
        k += 1
    return s * x[0] * k


def read_outside_and_inside(x, c):
    i = np.array([2, 0])
    y = x[i]
    with ad.no_grad():
        z = x[i]
        u = np.sum(x[i] * x[1:])
    return np.sum(y * z) + u * x[1] + np.sum(x[i] * x[1:])


def read_outside_and_inside_given(x, c):
    i = np.array([2, 0])
    return np.sum(x[i] * c[i]) + np.sum(c[i] * c[1:]) * x[1] + np.sum(x[i] * x[1:])


def stopped(x, c):
    y = ad.stop_gradient(x)
    z = ad.stop_gradient((x[0], [x[1]]))
    return np.sum(y * x) + z[0] * z[1][0] * x[2]


def stopped_given(x, c):
    return np.sum(c * x) + c[0] * c[1] * x[2]


PAIRS = (
    (elements, elements_given),
    (slices, slices_given),
    (updates, updates_given),
    (functions_in_place, functions_in_place_given),
    (filled, filled_given),
    (lists, lists_given),
    (buffers, buffers_given),
    (returned, returned_given),
    (names, names_given),
    (helpers, helpers_given),
    (loops, loops_given),
    (read_outside_and_inside, read_outside_and_inside_given),
    (stopped, stopped_given),
)


@pytest.mark.parametrize(("program", "given"), PAIRS, ids=lambda f: f.__name__)
def test_derivatives_are_those_of_constants(program, given):
    x, x_dot = VECTOR.copy(), np.array([0.3, -0.7, 0.4])
    value, gradient = ad.value_and_grad(program, wrt="x")(x.copy(), x.copy())
    assert value == program(x.copy(), x.copy())
    expected = ad.grad(given, wrt="x")(x.copy(), x.copy())
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    tangents = (x_dot, np.zeros(3))
    forward = ad.jvp(program)((x.copy(), x.copy()), tangents)[1]
    np.testing.assert_allclose(forward, expected @ x_dot, rtol=1e-14)


# --- One memory under two names ------------------------------------------------------


def constant_changed(x):
    y = ad.stop_gradient(x)
    y[0] = 7.0
    return np.sum(x * x)


def array_changed(x):
    y = x * 1.0
    z = ad.stop_gradient(y)
    y[0] = 7.0 * x[1]
    return np.sum(z * x)


def view_changed(x):
    y = x * 1.0
    z = ad.stop_gradient(y[:2])
    z *= 3.0
    return np.sum(y * x)


def name_changed(x):
    y = x * 2.0
    with ad.no_grad():
        z = y
    z[0] = 100.0
    return np.sum(y * x)


def part_changed(x):
    y = x * 2.0
    with ad.no_grad():
        z = y[:2]
    z *= 3.0
    return np.sum(y * x)


SHARED = (constant_changed, array_changed, view_changed, name_changed, part_changed)


@pytest.mark.parametrize("program", SHARED, ids=lambda f: f.__name__)
def test_a_store_that_the_other_name_would_see_is_refused(program):
    with pytest.raises(ad.UnsupportedError, match="may or may not be an alias"):
        ad.grad(program)(VECTOR.copy())


def test_a_list_is_stopped_by_its_elements():
    def whole(x, n):
        xs = [x]
        for _ in range(n):
            xs.append(xs[-1] * x)
        return sum(ad.stop_gradient(xs)) * x

    def each(x, n):
        xs = [x]
        for _ in range(n):
            xs.append(xs[-1] * x)
        return sum([ad.stop_gradient(v) for v in xs]) * x

    with pytest.raises(ad.UnsupportedError, match="whole list"):
        ad.grad(whole, wrt="x")(2.0, 2)
    assert ad.grad(each, wrt="x")(2.0, 2) == 14.0
