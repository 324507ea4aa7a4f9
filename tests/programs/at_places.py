"""`ufunc.at`: of every form of index, elements that are named again each time."""

import numpy as np

from .registry import const, positive, program, real

TWICE = const(0, 2, 0, dtype=np.int64)
APART = const(0, 2, dtype=np.int64)
WEIGHTS = np.arange(6.0).reshape(3, 2) + 0.3


@program(real(2), APART, wrt=("v",))
@program(real(2, 2), APART, wrt=("v",), label="rows")
@program(real(2, 1), APART, wrt=("v",), label="columns")
@program(real(), TWICE, wrt=("v",), label="a number")
@program(real(3, 2), TWICE, wrt=("v",), label="rows twice")
def forces_and_reactions(v, j):
    f = np.zeros((3, 2)) + 1.7
    np.add.at(f, j, v)
    np.subtract.at(f, j[::-1], v * v)
    return np.sum(f * f * WEIGHTS)


@program(positive(2), APART, wrt=("v",))
@program(positive(3, 2), TWICE, wrt=("v",), label="rows twice")
@program(positive(3, 1), TWICE, wrt=("v",), label="columns twice")
@program(positive(), TWICE, wrt=("v",), label="a number")
def scaled_rows(v, j):
    f = np.zeros((3, 2)) + 1.7
    np.multiply.at(f, j, v)
    np.divide.at(f, j, v + 2.0)
    np.power.at(f, j, v)
    return np.sum(f * f * WEIGHTS)


@program(real(2, 2))
@program(real(2, 1), label="one for each row")
@program(real(), label="a number")
def places_in_a_matrix(v):
    y = np.ones(4)
    np.add.at(y, np.array([[0, 0], [3, 1]]), v)
    np.multiply.at(y, np.array([[0, 0], [3, 1]]), v + 2.0)
    np.subtract.at(y, np.array([[1, 1], [1, 0]]), v)
    return np.sum(y * y * np.arange(1.0, 5.0))


@program(real(2), const(1, 1, dtype=np.int64), wrt=("v",))
@program(real(2), const(2, 0, dtype=np.int64), wrt=("v",), label="apart")
def pairs_of_places(v, i):
    f = np.zeros((3, 2)) + 1.7
    np.subtract.at(f, (i, np.array([1, 1])), v)
    np.multiply.at(f, (i, np.array([1, 0])), v)
    np.maximum.at(f, (i, i % 2), v)
    return np.sum(f * f * WEIGHTS)


@program(real(3, 2))
def columns_rows_and_masks(v):
    f = v * 1.5
    np.multiply.at(f, (slice(None), np.array([1, 1])), v)
    np.subtract.at(f, (slice(1, None), 0), v[0, 0])
    np.multiply.at(f, f > 0, v[0, 1])
    np.multiply.at(f, 1, v[0])
    np.negative.at(f, [0, 2, 0])
    return np.sum(f * f * WEIGHTS)


@program(real(2, 2), APART, wrt=("v",))
def through_a_view(v, j):
    whole = np.ones((4, 3))
    np.multiply.at(whole.T[:, ::2], j, v)
    np.subtract.at(whole[1:], j[:1], v[0, 0])
    return np.sum(whole * whole * np.arange(12.0).reshape(4, 3))


@program(real(3), const(0, 5, dtype=np.int64), wrt=("v",), raises=IndexError)
def places_outside(v, j):
    y = np.ones(3)
    np.multiply.at(y, j, 2.0)
    return np.sum(y * v)
