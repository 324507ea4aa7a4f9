"""Numbers that are Python's on some paths and NumPy's on others, divided by zero.

Python's raise, NumPy's are infinite then; a derivative raises where the function does.
"""

import warnings

import numpy as np
import pytest

import adcompiler as ad
from tests.test_library import written

SUMS = {
    "always NumPy's": "for i in range(3):\n        s += x[i]",
    "NumPy's where added": "for v in x:\n        if v > 0:\n            s += v",
}
QUOTIENTS = """\
s / (n - 3)
s / y
s / y / (n - 3)
(s * 2) / y
1.0 / s
y / s
s / s
s % y
y % s
s // y + s
s**-1.0
y**s
(s / y) ** 2
abs(s) / y
float(s) / y
(s if y <= 0 else y) / y
s / len(x[:0])
2 / s / y
s / (y * s)
y / max(s, y)
1.0 / min(s, y)
1.0 / min(y, s)
1.0 / max(x[0] * 0.0, y)
1.0 / max(y, x[0] * 0.0)
"""
XS = (np.array([0.3, 0.1, 0.2]), np.array([-0.3, -0.1, -0.2]))


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("sum_", SUMS)
@pytest.mark.parametrize("quotient", QUOTIENTS.splitlines())
def test_it_raises_where_the_function_does(quotient, sum_, backend):
    source = (
        "def program(x, y, n):\n    s = 0.0\n"
        f"    {SUMS[sum_]}\n    return 1.5 * ({quotient})\n"
    )
    function = written(source, f"<either {quotient} {sum_}>", {})
    modes = {
        "reverse": ad.value_and_grad(function, wrt=("x", "y"), backend=backend),
        "forward": ad.jvp(function, backend=backend),
    }
    for x in XS:
        expected = outcome(function, x, 0.0, 3)
        assert outcome(modes["reverse"], x, 0.0, 3) == expected
        tangents = np.ones(3), 1.0, None
        assert outcome(modes["forward"], (x, 0.0, 3), tangents) == expected


def outcome(function, *args):
    """What is raised, or the value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = function(*args)
        except ZeroDivisionError as error:
            return str(error)
    return str(found[0] if isinstance(found, tuple) else found)
