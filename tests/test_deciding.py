"""What is computed again, and decides, is the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import adcompiler as ad
import adcompiler.primitives  # noqa: F401  (fills the registry)
from adcompiler.analysis.deciding import deciding
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Let, fresh_var
from adcompiler.ir.types import NP_FLOAT, PY_INT
from tests.programs import branches

MANY = range(40)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("make", ["the_least_found_again", "nearest_of_rows"])
def test_equality_holds_in_the_reverse_sweep(make, backend):
    """Products that are put in another order are rounded in another way, often enough:
    of forty draws some twelve gave a gradient of zero."""
    for seed in MANY:
        rng = np.random.default_rng(seed)
        w = rng.normal()
        if make == "the_least_found_again":
            x = rng.normal(size=5)
            least = x[np.argmin(x * w)]
            gradient = ad.grad(branches.the_least_found_again, "w", backend=backend)
            assert gradient(w, x) == pytest.approx(0.02 * least**2 * w, rel=1e-12)
        else:
            x = rng.normal(size=(4, 3))
            best = np.min(np.sum(x * x, axis=1)) * 0.1 / 3.0
            gradient = ad.grad(
                branches.nearest_of_rows_found_again, "w", backend=backend
            )
            assert gradient(x, w) == pytest.approx(3.0 * best * w * w, rel=1e-12)


def test_steps_decide_and_smooth_functions_do_not():
    x, y, n = (
        fresh_var(t, s) for t, s in ((NP_FLOAT, "x"), (NP_FLOAT, "y"), (PY_INT, "n"))
    )

    def found(name, *operands, again=True):
        builder = Builder(role="adjoint")
        product = builder.apply("multiply", x, constant(2.0))
        (let,) = builder.stmts
        assert isinstance(let, Let)
        builder.stmts[0] = Let(
            let.results, let.primitive, let.operands, role="adjoint", again=again
        )
        builder.apply(name, product, *operands)
        return x in deciding(builder.region((x, y, n), ()))

    for name, *operands in (
        *(("floor",), ("sign",), ("isnan",), ("rint",)),
        *(("remainder", y), ("remainder", n), ("floor_divide", y), ("less", y)),
    ):
        assert found(name, *operands)
        assert not found(name, *operands, again=False)
    for name, *operands in (("sin",), ("add", y), ("maximum", y), ("multiply", n)):
        assert not found(name, *operands)
