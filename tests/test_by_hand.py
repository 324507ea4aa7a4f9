"""The gradients of array programs: equal to those derived by hand, and hardly longer.

Nodes are counted as for the golden programs. Statements are not: a person merges what
the program names, and the generated gradient keeps the program's names.
"""

import ast
import inspect

import numpy as np
import pytest

import adcompiler as ad
from tests import numerics
from tests.golden import hand_arrays
from tests.programs import PROGRAMS
from tests.test_golden import function_of, size

NODES = 1.35  # generated over hand-written, at most
IN_ALL = 1.15
BY_HAND = dict(inspect.getmembers(hand_arrays, inspect.isfunction))


def row_of(name):
    return PROGRAMS[f"vectorised.{name}"]


def nodes(name):
    """Nodes generated, then by hand."""
    row = row_of(name)
    text = ad.differentiate(row.fn, wrt=row.wrt).source(*row.args())
    generated = function_of(ast.parse(text), f"{name}_grad")
    by_hand = function_of(ast.parse(inspect.getsource(BY_HAND[name])), name)
    return size(generated)[1], size(by_hand)[1]


@pytest.mark.parametrize("name", BY_HAND)
def test_gradient_equals_the_one_by_hand(name):
    row = row_of(name)
    found = ad.differentiate(row.fn, wrt=row.wrt).grad(*row.args())
    expected = BY_HAND[name](*row.args())
    np.testing.assert_allclose(
        numerics.flatten(found), numerics.flatten(expected), rtol=1e-10, atol=1e-13
    )


@pytest.mark.parametrize("name", BY_HAND)
def test_hardly_longer_than_by_hand(name):
    generated, by_hand = nodes(name)
    assert generated <= NODES * by_hand


def test_in_all():
    generated, by_hand = np.sum([nodes(name) for name in BY_HAND], axis=0)
    assert generated <= IN_ALL * by_hand
