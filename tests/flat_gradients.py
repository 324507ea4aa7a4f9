"""Gradients as flat vectors, to be compared with numbers written down."""

import numpy as np

import adcompiler as ad
from tests.numerics import flatten, unflatten
from tests.programs import checks


def gradients(fn, *args, wrt=None):
    """The gradients of a scalar function as one flat vector."""
    return flatten(checks.quietly(ad.grad(fn, wrt=wrt), *args)).astype(float)


def pulled(fn, *args):
    """The gradients of the sum of the results as one flat vector."""
    value, pullback = ad.vjp(fn)(*args)
    ones = unflatten(np.ones(np.size(value)), value)
    return flatten(pullback(ones)).astype(float)
