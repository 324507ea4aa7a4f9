"""Applications of every elementwise row, drawn from the domains that the rows state.

Each row is applied to each combination of kinds and shapes below.
"""

from __future__ import annotations

import numpy as np

from adcompiler.ir.primitive import PRIMITIVES
from tests.primitive_harness import Case

RNG = np.random.default_rng(20)
RANGES = {
    "real": (-2.3, 2.3),
    "positive": (0.4, 2.5),
    "nonzero": (0.5, 2.5),
    "kinked": (0.5, 2.5),
    "unit": (-0.8, 0.8),
    "ge1": (1.3, 3.0),
    "low": (-0.9, -0.5),
    "high": (0.5, 0.9),
    "far": (3.0, 4.0),
    "period": (2.1, 2.4),
    "fraction": (0.15, 0.85),
}
INTEGERS = {"index": (2, 5), "natural": (1, 6)}
MATH = {
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "exp",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "floor",
    "ceil",
    "trunc",
    "degrees",
    "radians",
    "arctan2",
    "hypot",
    "copysign",
    "fmod",
    "power",
    "absolute",
    "isnan",
    "isinf",
    "isfinite",
    "erf",
    "erfc",
    "gamma",
    "gammaln",
    "ldexp",
}
MATH_ALONE = {"ieee_remainder", "nextafter", "ulp"}  # fmt: skip
OPERATORS = {
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power",
    "negative", "positive", "absolute", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal",
}  # fmt: skip
BOOLEAN = {"logical_and", "logical_or", "logical_xor", "logical_not"}
# Shapes, or kinds of scalars: Python's, NumPy's, float32 arrays and scalars.
ONE, TWO = ("s", (), (3,), (2, 0), (1, 3), "strided"), (
    ("s", "s"), ("n", "s"), ("n", "n"), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)),
    ((), (3,)), ("s", (3,)), ((2, 2), "s"), ((0, 3), (3,)), ((0, 1), (1, 3)),
    ((1,), (1,)), ("strided", (3,)), ("f", "s"), ("f", "f"), ("f", (3,)),
    ("nf", "s"), ("f", "n"),
)  # fmt: skip
THREE = (
    ("s", "s", "s"), ((3,), "s", "s"), ((3,), (3,), (3,)), ((2, 3), (3,), (2, 1)),
    ("f", "s", "s"), ("n", "n", "s"), ((0,), (0,), "s"),
)  # fmt: skip
FOUR = (("s", "s", "s", "s"), ("s", "n", "s", (3,)), ("s", (2, 1), "s", (3,)))


def draw(domain: str, shape):
    """A value of a domain: a shape, or "s", "n" (scalars), "f", "nf" (float32)."""
    if domain == "bool":
        if shape in ("s", "nf"):
            return bool(RNG.integers(2))
        if shape == "n":
            return np.bool_(RNG.integers(2))
        size = (3,) if isinstance(shape, str) else shape
        return np.asarray(RNG.integers(2, size=size), bool)
    if domain in INTEGERS:
        size = (3,) if shape in ("f", "strided") else shape
        return (
            np.asarray(RNG.integers(*INTEGERS[domain], size=size))
            if isinstance(size, tuple)
            else int(RNG.integers(*INTEGERS[domain]))
        )
    low, high = RANGES[domain]
    if shape in ("s", "n", "nf"):
        value = float(RNG.uniform(low, high))
        kinds = {"s": float, "n": np.float64, "nf": np.float32}
        return kinds[shape](value)
    if shape == "f":
        return RNG.uniform(low, high, 3).astype(np.float32)
    if shape == "strided":
        return RNG.uniform(low, high, (3, 4)).T[::2, ::-1]
    return np.asarray(RNG.uniform(low, high, shape))


def elementwise_cases() -> list[Case]:
    found = []
    for row in PRIMITIVES.values():
        if not row.elementwise:
            continue
        ones = [(s,) for s in (*ONE, "n", "f", "nf")]
        shapes = {1: ones, 2: TWO, 3: THREE, 4: FOUR}
        for shape in shapes[len(row.domain)]:
            scalars = all(s in ("s", "n", "nf") for s in shape)
            label = ",".join(str(s).replace(" ", "") for s in shape)
            for params in variants(row.name, scalars):
                if row.name == "zeta" and not isinstance(draw("index", shape[0]), int):
                    continue  # its first operand is a number
                if (row.name, shape[0], params) == ("trunc", "nf", {"via": "math"}):
                    continue  # Python refuses
                if params == {"via": "builtin"} and row.name != "where":
                    if "nf" in shape:
                        continue  # two dtypes
                values = tuple(map(draw, row.domain, shape))
                how = params.get("via", "")
                found.append(Case(row.name, values, params, f"{label}{how}"))
    return found


def variants(name: str, scalars: bool) -> list[dict]:
    if name in MATH_ALONE:
        return [{}] if scalars else []
    if name == "round":
        numpy = {"via": "np"}
        return [{}, {"decimals": 1}, numpy] if scalars else [numpy]
    if name in ("maximum", "minimum"):
        return [{}, {"via": "builtin"}] if scalars else [{}]
    if name == "where":
        return [{}, {"via": "builtin"}]
    if name == "ieee_divide":
        return [{}, {"safe": True}]
    found: list[dict] = [{}]
    if name in MATH and scalars:
        found.append({"via": "math"})
    if name in OPERATORS:
        found.append({"via": "np"})
    if name in BOOLEAN:
        found.append({"via": "np"})
    return found
