"""Second derivatives where every cotangent is used and zero: of ``(f - f0) ** 2`` where
it vanishes, the Hessian times v is ``2 * g * (g @ v)``, of the gradient g of f."""

import numpy as np
import pytest

import adcompiler as ad
from tests.programs import PROGRAMS, checks

THEMES = {"at_rest", "branches", "masks", "missing"}
# A cotangent of two branches on one condition has no mask, and data with gaps are nan:
# so are the second derivatives, and were before what is asked here.
UNMASKED = {"missing.another_model_where_there_are_gaps[gaps]"}
ROWS = [
    row
    for row in PROGRAMS.values()
    if THEMES & row.tags
    and row.order >= 2
    and row.name not in UNMASKED
    and "float32" not in row.tags
    and not (row.refused or row.raises)
]


def squared(fn, weights, f0, arity):
    """The square of a number's distance from another."""

    def of_one(a):
        return (np.sum(weights * fn(a)) - f0) ** 2

    def of_two(a, b):
        return (np.sum(weights * fn(a, b)) - f0) ** 2

    def of_three(a, b, c):
        return (np.sum(weights * fn(a, b, c)) - f0) ** 2

    def of_four(a, b, c, d):
        return (np.sum(weights * fn(a, b, c, d)) - f0) ** 2

    return (of_one, of_two, of_three, of_four)[arity - 1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_hessian_of_the_squared_distance_from_what_is(row):
    args, wrt = row.args(), checks.positions(row)
    rng = checks.generator_for(row)
    value = checks.quietly(row.fn, *row.args())
    weights = checks.draw_like(rng, value)
    f0 = float(np.sum(weights * value))
    vectors = tuple(checks.draw_like(rng, args[k]) for k in wrt)
    # Half a unit beside it the gradient of the square is that of the number.
    beside = squared(row.fn, weights, f0 - 0.5, len(args))
    found = checks.quietly(checks.compiled_gradient(beside, wrt), *row.args())
    g = [np.asarray(a, float) for a in checks.several(found, len(wrt))]
    along = sum(np.sum(a * v) for a, v in zip(g, vectors, strict=True))
    at_rest = squared(row.fn, weights, f0, len(args))
    for product in (checks.forward_over_reverse, checks.reverse_over_reverse):
        found = checks.quietly(product, at_rest, wrt, row.args(), vectors)
        for a, mine in zip(checks.several(found, len(wrt)), g, strict=True):
            wanted = 2.0 * mine * along
            scale = max(1e-3, np.max(np.abs(wanted), initial=0.0))
            assert np.allclose(a, wanted, rtol=1e-7, atol=1e-8 * scale, equal_nan=True)


def test_what_is_passed_by_stays_so_in_third_derivatives():
    def energy(x, y):
        total = 0.0
        for k in range(len(y)):
            d = np.sqrt(x) - y[k]
            if np.isnan(d):
                continue
            total += d * d
            if d < 1.0:
                total += d * d * d
        return total

    y = np.array([1.0, np.nan, 0.5])
    third = ad.grad(ad.grad(ad.grad(energy, wrt="x"), wrt="x"), wrt="x")

    def plain(x):  # of (sqrt(x) - y) ** 2 + (sqrt(x) - y) ** 3
        r = np.sqrt(x)
        d1, d2, d3 = 0.5 / r, -0.25 / r**3, 0.375 / r**5
        total = 0.0
        for v in (1.0, 0.5):
            d = r - v
            f1, f2, f3 = 2 * d + 3 * d * d, 2 + 6 * d, 6.0
            total += f3 * d1**3 + 3 * f2 * d1 * d2 + f1 * d3
        return total

    for x in (1.0, 0.25, 1.3):
        assert np.isclose(third(x, y), plain(x), rtol=1e-9)
