"""PyTorch's table of kinks, ties and extremes: what we have for each function, and
where and why we depart from it. `tests/test_conventions.py` checks it, and
docs/conventions.md has it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import special

from adcompiler.runtime import activations

REFERENCE = Path(__file__).parent / "reference" / "conventions.json"
ROWS = json.loads(REFERENCE.read_text())["cases"]
WEIGHTS, TOWARDS = np.array([1.0, -2.0, 0.5]), np.array([1.0, 2.0])


def number(given):
    """A number or array of the table: "nan" and "inf" are texts there."""
    if isinstance(given, list):
        return np.array([number(item) for item in given])
    return np.float64(given)


# By the table's name: as we write it, and the function.
OURS = {
    "relu": ("relu(x)", activations.relu),
    "maximum(x, 0)": ("np.maximum(x, 0.0)", lambda x: np.maximum(x, 0.0)),
    "where(x > 0, x, 0)": (
        "np.where(x > 0, x, 0.0)",
        lambda x: np.where(x > 0, x, 0.0),
    ),
    "abs": ("np.abs(x)", lambda x: np.abs(x)),
    "sign": ("np.sign(x)", lambda x: np.sign(x)),
    "leaky_relu 0.01": ("leaky_relu(x, 0.01)", activations.leaky_relu),
    "elu alpha 1": ("elu(x)", activations.elu),
    "elu alpha 2": ("elu(x, 2.0)", lambda x: activations.elu(x, 2.0)),
    "celu alpha 2": ("celu(x, 2.0)", lambda x: activations.celu(x, 2.0)),
    "selu": ("selu(x)", activations.selu),
    "relu6": ("relu6(x)", activations.relu6),
    "hardtanh": ("hardtanh(x)", activations.hardtanh),
    "hardsigmoid": ("hardsigmoid(x)", activations.hardsigmoid),
    "hardswish": ("hardswish(x)", activations.hardswish),
    "softshrink 0.5": ("softshrink(x, 0.5)", activations.softshrink),
    "hardshrink 0.5": ("hardshrink(x, 0.5)", activations.hardshrink),
    "threshold(x, 1, 9)": (
        "threshold(x, 1.0, 9.0)",
        lambda x: activations.threshold(x, 1.0, 9.0),
    ),
    "clip(x, -1, 1)": ("np.clip(x, -1.0, 1.0)", lambda x: np.clip(x, -1.0, 1.0)),
    "clip tensor bounds (x, lo, hi)": (
        "np.clip(x, lo, hi)",
        lambda x, lo, hi: np.clip(x, lo, hi),
    ),
    "floor": ("np.floor(x)", lambda x: np.floor(x)),
    "ceil": ("np.ceil(x)", lambda x: np.ceil(x)),
    "round": ("np.round(x)", lambda x: np.round(x)),
    "trunc": ("np.trunc(x)", lambda x: np.trunc(x)),
    "frac": ("x - np.trunc(x)", lambda x: x - np.trunc(x)),
    "maximum": ("np.maximum(x, y)", lambda x, y: np.maximum(x, y)),
    "minimum": ("np.minimum(x, y)", lambda x, y: np.minimum(x, y)),
    "fmax": ("np.fmax(x, y)", lambda x, y: np.fmax(x, y)),
    "fmin": ("np.fmin(x, y)", lambda x, y: np.fmin(x, y)),
    "max()": ("np.max(x)", lambda x: np.max(x)),
    "max(axis=0).values": ("x[np.argmax(x)]", lambda x: x[np.argmax(x)]),
    "amax(axis=0)": ("np.max(x, axis=0)", lambda x: np.max(x, axis=0)),
    "min()": ("np.min(x)", lambda x: np.min(x)),
    "min(axis=0).values": ("x[np.argmin(x)]", lambda x: x[np.argmin(x)]),
    "amin(axis=0)": ("np.min(x, axis=0)", lambda x: np.min(x, axis=0)),
    "median": ("np.median(x)", lambda x: np.median(x)),
    "sort()[0]": ("np.sort(x)[0]", lambda x: np.sort(x)[0]),
    "cummax last": (
        "np.sum(np.maximum.accumulate(x))",
        lambda x: np.sum(np.maximum.accumulate(x)),
    ),
    "prod": ("np.prod(x)", lambda x: np.prod(x)),
    "cumprod sum": ("np.sum(np.cumprod(x))", lambda x: np.sum(np.cumprod(x))),
    "norm 2": ("np.linalg.norm(x)", lambda x: np.linalg.norm(x)),
    "norm 1": ("np.linalg.norm(x, 1)", lambda x: np.linalg.norm(x, 1)),
    "norm inf": ("np.linalg.norm(x, np.inf)", lambda x: np.linalg.norm(x, np.inf)),
    "norm 3": ("np.linalg.norm(x, 3)", lambda x: np.linalg.norm(x, 3)),
    "norm 0.5": ("np.linalg.norm(x, 0.5)", lambda x: np.linalg.norm(x, 0.5)),
    "norm 0": ("np.linalg.norm(x, 0)", lambda x: np.linalg.norm(x, 0)),
    "sqrt(sum(x*x))": ("np.sqrt(np.sum(x * x))", lambda x: np.sqrt(np.sum(x * x))),
    "std (population)": ("np.std(x)", lambda x: np.std(x)),
    "var (population)": ("np.var(x)", lambda x: np.var(x)),
    "std (torch default: n-1)": ("np.std(x, ddof=1)", lambda x: np.std(x, ddof=1)),
    "sqrt": ("np.sqrt(x)", lambda x: np.sqrt(x)),
    "rsqrt": ("1.0 / np.sqrt(x)", lambda x: 1.0 / np.sqrt(x)),
    "log": ("np.log(x)", lambda x: np.log(x)),
    "log1p": ("np.log1p(x)", lambda x: np.log1p(x)),
    "exp": ("np.exp(x)", lambda x: np.exp(x)),
    "expm1": ("np.expm1(x)", lambda x: np.expm1(x)),
    "reciprocal": ("np.reciprocal(x)", lambda x: np.reciprocal(x)),
    "x ** 0": ("x ** 0", lambda x: x**0),
    "x ** 1": ("x ** 1", lambda x: x**1),
    "x ** 2": ("x ** 2", lambda x: x**2),
    "x ** 3": ("x ** 3", lambda x: x**3),
    "x ** 0.5": ("x ** 0.5", lambda x: x**0.5),
    "x ** -1": ("x ** -1", lambda x: x**-1),
    "x ** 1.5": ("x ** 1.5", lambda x: x**1.5),
    "pow(x, y)": ("np.power(x, y)", lambda x, y: np.power(x, y)),
    "2 ** y": ("2.0 ** y", lambda y: 2.0**y),
    "0 ** y": ("np.power(0.0, y)", lambda y: np.power(0.0, y)),
    "xlogy": ("special.xlogy(x, y)", lambda x, y: special.xlogy(x, y)),
    "x / y": ("x / y", lambda x, y: x / y),
    "fmod": ("np.fmod(x, y)", lambda x, y: np.fmod(x, y)),
    "remainder / mod": ("x % y", lambda x, y: x % y),
    "atan2(y, x)": ("np.arctan2(y, x)", lambda y, x: np.arctan2(y, x)),
    "hypot": ("np.hypot(x, y)", lambda x, y: np.hypot(x, y)),
    "asin": ("np.arcsin(x)", lambda x: np.arcsin(x)),
    "acos": ("np.arccos(x)", lambda x: np.arccos(x)),
    "acosh": ("np.arccosh(x)", lambda x: np.arccosh(x)),
    "atanh": ("np.arctanh(x)", lambda x: np.arctanh(x)),
    "sinc": ("np.sinc(x)", lambda x: np.sinc(x)),
    "copysign": ("np.copysign(x, y)", lambda x, y: np.copysign(x, y)),
    "logaddexp": ("np.logaddexp(x, y)", lambda x, y: np.logaddexp(x, y)),
    "sigmoid": ("sigmoid(x)", activations.sigmoid),
    "logsigmoid": ("logsigmoid(x)", activations.logsigmoid),
    "softplus (torch: linear above 20)": ("softplus(x)", activations.softplus),
    "softplus beta 2": ("softplus(x, 2.0)", lambda x: activations.softplus(x, 2.0)),
    "tanh": ("tanh(x)", activations.tanh),
    "tanhshrink": ("tanhshrink(x)", activations.tanhshrink),
    "softsign": ("softsign(x)", activations.softsign),
    "silu": ("silu(x)", activations.silu),
    "mish": ("mish(x)", activations.mish),
    "gelu (erf)": ("gelu(x)", activations.gelu),
    "gelu (tanh)": ('gelu(x, "tanh")', lambda x: activations.gelu(x, "tanh")),
    "sum(w * softmax), w = 1, -2, .5": (
        "np.sum(w * softmax(x)), w = 1, -2, .5",
        lambda x: np.sum(WEIGHTS[: len(x)] * activations.softmax(x)),
    ),
    "sum(w * log_softmax), w = 1, -2, .5": (
        "np.sum(w * log_softmax(x)), w = 1, -2, .5",
        lambda x: np.sum(WEIGHTS[: len(x)] * activations.log_softmax(x)),
    ),
    "logsumexp": ("special.logsumexp(x)", lambda x: special.logsumexp(x)),
    "normalize (eps 1e-12) sum": (
        "np.sum(x / np.maximum(np.linalg.norm(x), 1e-12))",
        lambda x: np.sum(x / np.maximum(np.linalg.norm(x), 1e-12)),
    ),
    "cosine_similarity with (1, 2)": (
        "x @ y / np.sqrt(np.maximum(x @ x, 1e-16) * (y @ y)), y = 1, 2",
        lambda x: x @ TOWARDS / np.sqrt(np.maximum(x @ x, 1e-16) * (TOWARDS @ TOWARDS)),
    ),
    "where(x > 0, log(x), 0)": (
        "np.where(x > 0, np.log(x), 0.0)",
        lambda x: np.where(x > 0, np.log(x), 0.0),
    ),
    "where(x > 0, sqrt(x), 0)": (
        "np.where(x > 0, np.sqrt(x), 0.0)",
        lambda x: np.where(x > 0, np.sqrt(x), 0.0),
    ),
    "nan_to_num": ("np.nan_to_num(x)", lambda x: np.nan_to_num(x)),
    "det": ("np.linalg.det(x)", lambda x: np.linalg.det(x)),
    "slogdet[1]": ("np.linalg.slogdet(x)[1]", lambda x: np.linalg.slogdet(x)[1]),
}

# Where we do not give what PyTorch gives, and why, in the words of the page.
NOT_TAKEN = "the side not taken gets 0"
DEPARTURES = {
    "abs": "the factor is `np.sign(x)`",
    "hardsigmoid": "PyTorch rounds 1/6 to single precision",
    "max()": "that of `amax` and `amin`, in PyTorch, too",
    "min()": "that of `amax` and `amin`, in PyTorch, too",
    "median": "NumPy's median of an even number is the mean of two",
    "xlogy": "the limit of the difference quotient",
    "gelu (erf)": "`1 + erf(x)` loses all digits there",
    "where(x > 0, log(x), 0)": NOT_TAKEN,
    "where(x > 0, sqrt(x), 0)": NOT_TAKEN,
    "det": "it is the derivative",
    "slogdet[1]": "there is none",
}
