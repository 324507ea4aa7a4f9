"""Sums to overlapping parts of arrays in machine code, of all small lengths."""

import re
import sys

import numpy as np
import pytest

import adcompiler as ad


def agrees(f, *args, **asked):
    """Whether both backends give the same gradients."""
    wanted = ad.value_and_grad(f, backend="numpy", **asked)(*args)
    found = ad.value_and_grad(f, backend="llvm", **asked)(*args)
    assert found[0] == pytest.approx(wanted[0], rel=1e-12, abs=1e-12)
    pairs = [(found[1], wanted[1])]
    if isinstance(found[1], tuple):
        pairs = list(zip(found[1], wanted[1], strict=True))
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def in_place(u, k):
    for _ in range(3):
        u[1:-1] += k * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def far_apart(u, k):
    for _ in range(2):
        u[3:] = u[3:] * k + u[:-3] * u[:-3] - u[1:-2] + u[2:-1]
    return np.sum(u * u)


def three_parts(u, k):
    return np.sum(u[:-1] * u[1:]) * k + np.sum(u[2:] ** 2 * k) + np.sum(u[:2] * u[-2:])


def whole_between(u, k):
    v = u * 1.0
    for _ in range(2):
        w = v[1:] - v[:-1]
        v = v * k
        v[1:] -= w * w
        v[:-1] += w
    return np.sum(v * v)


@pytest.mark.parametrize("f", [in_place, far_apart, whole_between])
@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 9, 100])
def test_vectors(f, n):
    agrees(f, np.random.default_rng(n).normal(size=n), 0.3)


def whole_and_part(x, a):
    return np.sum(a * x) + np.sum(a[1:] * x[1:])


def grid_and_part(x, a):
    return np.sum(a * np.sin(x)) + np.sum(a[:, 1:] * x[:, :-1]) + np.sum(a * x[1:, :])


@pytest.mark.parametrize("n", [2, 3, 9])
def test_of_weights_nothing_is_asked(n):
    draw = np.random.default_rng(n).normal
    agrees(whole_and_part, draw(size=n), draw(size=n), wrt="x")
    agrees(grid_and_part, draw(size=(3, n)), draw(size=(1, n)), wrt="x")


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 11])
def test_parts_that_need_not_meet(n):
    agrees(three_parts, np.random.default_rng(n).normal(size=n), 0.7)


def plane(u, c):
    for _ in range(2):
        around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
        u[1:-1, 1:-1] += c[1:-1, 1:-1] * (around - 4.0 * u[1:-1, 1:-1])
    return np.sum(u * u)


def corners(u, c):
    d = u[1:, 1:] - u[:-1, :-1] + 2.0 * u[1:, :-1] * u[:-1, 1:]
    return np.sum(d * d * c[1:, 1:]) + np.sum(u[2:, :] * u[:-2, :])


@pytest.mark.parametrize("f", [plane, corners])
@pytest.mark.parametrize("shape", [(3, 3), (3, 9), (9, 3), (4, 4), (7, 18), (40, 50)])
def test_planes(f, shape):
    rng = np.random.default_rng(shape[0])
    agrees(f, rng.normal(size=shape), 0.1 * rng.normal(size=shape))


def solid(u):
    s = slice(1, -1)
    for _ in range(2):
        around = u[2:, s, s] + u[:-2, s, s] + u[s, 2:, s] + u[s, :-2, s]
        u[s, s, s] += 0.1 * (around + u[s, s, 2:] + u[s, s, :-2] - 6.0 * u[s, s, s])
    return np.sum(u * u)


def test_solids():
    for shape in ((3, 3, 3), (3, 4, 5), (6, 7, 8)):
        agrees(solid, np.random.default_rng(1).normal(size=shape))


def test_single_precision_and_arrays_with_gaps():
    u = np.random.default_rng(3).normal(size=(60,))
    single = u.astype(np.float32)
    wanted = ad.grad(in_place, wrt="u", backend="numpy")(single, 0.25)
    found = ad.grad(in_place, wrt="u", backend="llvm")(single, 0.25)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    agrees(in_place, u[::3], 0.25)
    agrees(plane, u.reshape(6, 10).T, np.full((10, 6), 0.1))


def test_what_is_added_may_be_read_again():
    def f(u, v):
        w = u[1:] * v
        x = u[:-1] * w
        return np.sum(w * x) + np.sum(u[1:] * x * w) + np.sum(u[:-1] * v)

    rng = np.random.default_rng(4)
    for n in (2, 3, 10, 33):
        agrees(f, rng.normal(size=n), rng.normal(size=n - 1))


def test_sums_to_parts_are_one_nest():
    def one(u):
        return np.sum(np.sin(u[1:-1]) * 3.0)

    def three(u):
        for _ in range(3):
            u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        return np.sum(np.sin(u))

    def nests(f):
        text = ad.differentiate(f).source(np.ones(100), backend="llvm")
        return text.count(", !2}\n")  # those that LLVM may take in any order

    # A copy, two on the way there, one at the end, what is added, and where it is.
    assert nests(three) == 6
    assert nests(one) <= 3


@pytest.mark.skipif(sys.platform != "linux", reason="nests are told apart on Linux")
def test_sums_to_whole_arrays_are_part_of_the_nest_that_computes_them():
    def f(x, y):
        z = np.log(x) * y
        return np.sum(np.exp(-(z * z)) * x + z / y * x)

    x = np.linspace(1.0, 2.0, 500)
    text = ad.value_and_grad(f, backend="llvm").compile(x, x).built.machine(dense=True)
    shared = re.findall(r"^define .*@adc_\w+_part\(", text.text, re.MULTILINE)
    assert len(shared) == 1
    agrees(f, x, x + 0.5)
