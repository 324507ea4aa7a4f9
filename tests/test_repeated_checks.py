"""Loops that are there for their errors alone go where the derivative makes the checks,
and what is raised stays of the same kind."""

import numpy as np
import pytest

import adcompiler as ad

ASKS = "# raises where the original does"


def neighbours(x, n, k):
    s = 0.0
    for i in range(1, n):
        s += (x[i + k] - x[i - 1]) ** 2
    return s


def in_two_loops(x, n, k):
    m = np.outer(x, x)
    s = 0.0
    for i in range(n):
        for j in range(i + 1):
            s += m[i, j] * m[j, k]
    return s


def in_a_branch(x, n, k):
    s = 0.0
    for i in range(n):
        if x[i] > 0.5:
            s += x[i] * x[i + k]
        else:
            s += x[i] * x[n - 1]
    return s


def by_numbers_of_an_array(x, n, k):
    places = np.array([0, 2, 1, 5])
    s = 0.0
    for i in range(n):
        for j in range(places[i], places[i + 1]):
            s += x[places[i] + k] * x[j]
    return s


def asked_of_another(x, n, k):
    w = np.ones(4)
    s = 0.0
    for i in range(n):
        w[i + k]
        s += x[i] ** 2
    return s


def asked_in_another_branch(x, n, k):
    s = 0.0
    for i in range(n):
        if i < 3:
            x[i + k]
        if x[i] > 0.5:
            s += x[i + k] * x[i]
    return s


def asked_in_more_trips(x, n, k):
    s = 0.0
    for i in range(n + k):
        x[i]
    for i in range(n):
        s += x[i] ** 2
    return s


MADE = (neighbours, in_two_loops, in_a_branch, by_numbers_of_an_array)
OWN = (asked_of_another, asked_in_another_branch, asked_in_more_trips)


def x():
    return np.linspace(0.2, 0.9, 6)


@pytest.mark.parametrize("function", MADE)
def test_the_derivative_makes_the_checks(function):
    assert ASKS not in ad.differentiate(function).source(x(), 3, 1)


@pytest.mark.parametrize("function", OWN)
def test_other_checks_stay(function):
    assert ASKS in ad.differentiate(function).source(x(), 3, 1)


@pytest.mark.parametrize("function", MADE + OWN)
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_the_kind_of_the_error_stays(function, backend):
    gradient = ad.grad(function, backend=backend)
    raising = 0
    for n in range(9):
        for k in (0, 1, 3, 5, 6, -6, -7):
            try:
                function(x(), n, k)
            except IndexError:
                raising += 1
                with pytest.raises(IndexError):
                    gradient(x(), n, k)
            else:
                gradient(x(), n, k)
    assert raising > 10
