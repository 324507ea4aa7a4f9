"""Composed functions: each definition does what NumPy's own function does.

Each case is called as plain Python, against NumPy, and differentiated as a part of a
program, in both modes and twice.
"""

from __future__ import annotations

import collections
import copy
import linecache
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from scipy import integrate, linalg, special, stats

import adcompiler as ad
from adcompiler import library
from adcompiler.frontend import resolve
from adcompiler.library import definition_of
from adcompiler.library.applying import OF_UFUNCS
from adcompiler.library.distributions import OF_DISTRIBUTIONS
from adcompiler.library.reducing import SELECTIVE
from adcompiler.library.registry import COMPOSED
from tests.library_cases import (
    ALONE,
    CASES,
    IN_PLACE,
    INF,
    RNG,
    Case,
    X,
    dtype_of,
)
from tests.programs import checks
from tests.programs.registry import Program


def test_every_definition_has_a_case():
    pair = set(map(definition_of, (linalg.cho_factor, linalg.expm_frechet)))
    # These are in programs.
    objects = (np.vectorize.__call__, np.r_, np.c_, np.mgrid, np.ogrid)
    pair |= set(map(definition_of, objects))  # see test_keywords
    cases = {definition_of(case.function) for case in CASES + ALONE} - {None}
    assert cases | pair == set(COMPOSED.values())


def outcome(function: Callable[..., Any], case: Case) -> list[np.ndarray]:
    """The results of a call; of one that stores into its argument, that."""
    args = copy.deepcopy(case.args)
    found = function(*args, **case.kwargs)
    if found is None:
        found = args[0]
    return list(found) if isinstance(found, tuple | list) else [found]


def by_definition(function: Callable[..., Any]) -> Callable[..., Any]:
    """The definition of a function, or of what all ufuncs or distributions have."""
    own = definition_of(function)
    if own is not None:
        return own
    common = {**OF_UFUNCS, **OF_DISTRIBUTIONS}
    return partial(common[function.__name__], function.__self__)


@pytest.mark.parametrize("case", CASES + ALONE, ids=str)
def test_the_definition_is_numpys(case):
    wanted = outcome(case.function, case)
    pairs = zip(outcome(by_definition(case.function), case), wanted, strict=True)
    for found, expected in pairs:
        if isinstance(found, tuple):
            assert found == expected
            continue
        single = np.asarray(expected).dtype == "float32"
        np.testing.assert_allclose(found, expected, rtol=1e-6 if single else 1e-13)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        assert np.shape(found) == np.shape(expected)


def argument(value: Any, name: str, values: dict[str, Any]) -> str:
    """An argument as it is written: arrays and floats are parameters, of this name."""
    if isinstance(value, tuple | list):
        parts = [argument(v, f"{name}_{k}", values) for k, v in enumerate(value)]
        text = ", ".join(parts)
        return f"[{text}]" if isinstance(value, list) else f"({text},)"
    if isinstance(value, np.ndarray) or (type(value) is float and value < 1e9):
        values[name] = value
        return name
    if callable(value):
        return resolve.shown(value)
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()})"
    return repr(value).replace("inf", "np.inf")


def called(case: Case, texts: list[str]) -> str:
    """The statements that give y, the results in one array."""
    call = f"{resolve.shown(case.function)}({', '.join(texts)})"
    if case.function in IN_PLACE:
        return f"y = a0 * 1.0\n    {call.replace('a0', 'y', 1)}"
    found = case.function(*copy.deepcopy(case.args), **case.kwargs)
    if isinstance(found, tuple | list):
        return f"y = np.concatenate([np.ravel(p) for p in {call}])"
    return f"y = {call}"


def in_lists(value: Any, name: str) -> str:
    """An array of this name as lists of its elements."""
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.dtype.kind != "f":
        return name

    def listed(index: tuple[int, ...]) -> str:
        if len(index) == value.ndim:
            return f"{name}[{', '.join(map(str, index))}]"
        parts = (listed((*index, k)) for k in range(value.shape[len(index)]))
        return f"[{', '.join(parts)}]"

    return listed(())


def program_of(case: Case, lists: bool = False) -> Program:
    """A program around the call, which gives every result a weight of its own."""
    values: dict[str, Any] = {}
    texts = [argument(a, f"a{k}", values) for k, a in enumerate(case.args)]
    if lists:
        texts = [in_lists(a, text) for a, text in zip(case.args, texts, strict=True)]
    texts += [f"{k}={argument(v, k, values)}" for k, v in case.kwargs.items()]
    text = f"""\
def program({", ".join(values)}):
    {called(case, texts)}
    return np.sum(y * y * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))
"""
    floats = tuple(k for k, v in values.items() if dtype_of(v) == "float64")
    name = f"<{case}{' of lists' if lists else ''}>"
    given = [a for a in case.args if isinstance(a, FunctionType)]
    scope: dict[str, Any] = {f.__name__: f for f in given}
    scope |= {"np": np, "special": special, "linalg": linalg}
    function = written(text, name, {**scope, "integrate": integrate, "stats": stats})
    return Program(str(case), function, lambda _: tuple(values.values()), floats)


def written(text: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function `program` of a text, which has a file of this name."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), scope)
    return scope["program"]


def is_double(case: Case) -> bool:
    """What is single is compared with NumPy alone: differences do not tell."""
    dtypes = set(map(dtype_of, case.args))
    return "float64" in dtypes and "float32" not in dtypes


@pytest.mark.parametrize("case", list(filter(is_double, CASES)), ids=str)
def test_it_is_differentiated(case):
    row = program_of(case)
    checks.check_value(row)
    checks.check_reverse(row)
    checks.check_forward(row)
    checks.check_second_order(row)
    checks.check_layouts(row)


def gradients(row: Program, args: tuple) -> tuple:
    """The gradients by all arrays of floats."""
    return checks.several(ad.grad(row.fn, wrt=row.wrt)(*args), len(row.wrt))


ONE_EACH = {case.function: case for case in filter(is_double, reversed(CASES))}
# Of these a path in float64 meets one in float32.
TWO_DTYPES = (np.polynomial.polynomial.polyval,)


@pytest.mark.parametrize(
    "case", [c for f, c in ONE_EACH.items() if f not in IN_PLACE], ids=str
)
def test_lists_are_taken_as_arrays(case):
    row, plain = program_of(case, lists=True), program_of(case)
    try:
        row.fn(*row.args())
    except (AttributeError, TypeError):
        pytest.skip("NumPy takes no lists")
    for one, other in zip(gradients(row, row.args()), gradients(plain, row.args())):
        np.testing.assert_allclose(one, other, 1e-11, 1e-11)


@pytest.mark.parametrize(
    "case", [c for f, c in ONE_EACH.items() if f not in TWO_DTYPES], ids=str
)
def test_it_is_differentiated_in_single_precision(case):
    row = program_of(case)
    args = tuple(
        a.astype("float32") if dtype_of(a) == "float64" and np.ndim(a) else a
        for a in row.args()
    )
    for one, other in zip(gradients(row, args), gradients(row, row.args())):
        assert np.shape(one) == np.shape(other)
        size = float(np.max(np.abs(other), initial=1.0))
        np.testing.assert_allclose(one, other, 2e-3, 2e-3 * size)


@pytest.mark.parametrize("name", SELECTIVE)
@pytest.mark.parametrize("axis", [None, 0])
def test_selective_reductions_are_numpys(name, axis):
    function, definition = getattr(np, name), SELECTIVE[name]
    starts = {"sum": 0.7, "prod": 0.7, "max": 0.1, "min": 0.1}
    for words in ({}, {"initial": starts[name]} if name in starts else {}):
        if name not in ("max", "min"):
            words = {**words, "where": X > 0}
        expected = function(X, axis=axis, **words)
        np.testing.assert_allclose(definition(X, axis=axis, **words), expected)


# Where functions have a kink or a cusp: docs/conventions.md.
ZEROS, LEVEL = np.zeros(3), np.full(3, 1.5)
KINKS: list[tuple[str, np.ndarray, Any]] = [
    *[(f"np.linalg.norm(x, {p})", ZEROS, 0.0) for p in (None, 1, 2, 3, 0.5, -1, 0)],
    *[(f"np.linalg.norm(x, {p}np.inf)", ZEROS, 0.0) for p in ("", "-")],
    *[(f"np.linalg.norm(x, {p})", np.array([0.0, 2.0]), g)
      for p, g in ((0.5, [0.0, 1.0]), (-1, [0.0, 0.0]), (3, [0.0, 1.0]))],
    ("np.linalg.norm(x, 'nuc')", np.eye(2), np.eye(2)),
    *[(f"np.{f}(x)", LEVEL, 0.0) for f in ("std", "var", "nanstd", "ptp")],
    ("np.std(x, ddof=1)", LEVEL, 0.0),
    ("np.std(x, ddof=1)", np.array([1.0]), np.nan),
    ("np.prod(x)", np.array([0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]),
    ("np.sum(np.cumprod(x))", np.array([2.0, 0.0, 3.0]), [1.0, 8.0, 0.0]),
    ("special.logsumexp(x)", np.array([-INF, 0.0, 0.0]), [0.0, 0.5, 0.5]),
    ("np.median(x)", np.array([1.0, 2.0, 2.0, 5.0]), [0.0, 0.5, 0.5, 0.0]),
    ("np.median(x)", LEVEL, [0.0, 1.0, 0.0]),
    ("np.sort(x)[0]", LEVEL, [1.0, 0.0, 0.0]),
    ("np.sum(np.nan_to_num(x))", np.array([np.nan, INF, 1.0]), [0.0, 0.0, 1.0]),
    ("np.maximum.accumulate(x)[-1]", np.array([1.0, 3.0, 3.0]), [0.0, 0.0, 1.0]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "x", "wanted"), KINKS, ids=str)
def test_kinks(call, x, wanted):
    scope: dict[str, Any] = {"np": np, "special": special}
    function = written(f"def program(x):\n    return {call}\n", f"<{call}>", scope)
    with np.errstate(all="ignore"):
        found = ad.grad(function)(x)
        _, tangent = ad.jvp(function)(
            (x,), (np.arange(1.0, x.size + 1).reshape(x.shape),)
        )
    np.testing.assert_allclose(found, np.broadcast_to(wanted, x.shape), 1e-12)
    steps = np.arange(1.0, x.size + 1).reshape(x.shape)
    np.testing.assert_allclose(tangent, np.sum(found * steps), 1e-12)


OF_EQUAL_VALUES = """\
w, v = np.linalg.eigh(x); y = (v * np.log(w)) @ v.T
v = np.linalg.eigh(x)[1]; y = (v * np.log(np.linalg.eigvalsh(x))) @ v.T
w, v = np.linalg.eigh(x - np.eye(2)); y = (v * w) @ v.T
u, s, vh = np.linalg.svd(x, full_matrices=False); y = (u * np.log(s)) @ vh
""".splitlines()


@pytest.mark.parametrize("text", OF_EQUAL_VALUES)
def test_what_vectors_of_equal_values_leave_open_is_nan(text):
    """The cotangents of the vectors are zero there, and that of the matrix is not."""
    last = "return np.sum(y * np.arange(4.0).reshape(2, 2))"
    source = f"def program(x):\n    {text}\n    {last}\n"
    function = written(source, f"<{text}>", {"np": np})
    assert np.isnan(ad.grad(function)(np.eye(2))).any()
    assert np.isnan(ad.jvp(function)((np.eye(2),), (np.ones((2, 2)),))[1])


COMPLETED = ("np.linalg.svd(x)[0]", "np.linalg.qr(x, mode='complete')[0]")


@pytest.mark.parametrize("factor", COMPLETED)
def test_what_the_basis_of_what_is_left_decides_is_nan(factor):
    """Of what the space that is left decides alone, the gradient is there."""
    x = RNG.standard_normal((5, 2))
    both = f"u = {factor}[:, 2:]; y = (u @ u.T)[0]", f"u = {factor}; y = u[:, 3]"
    for text, there in zip(both, (True, False), strict=True):
        source = f"def program(x):\n    {text}\n    return np.sum(y * np.arange(5.0))\n"
        row = Program(text, written(source, f"<{text}>", {"np": np}), lambda _: (x,))
        if there:
            checks.check_reverse(row)
        else:
            assert np.isnan(ad.grad(row.fn)(x)).any()
        assert np.isnan(ad.jvp(row.fn)((x,), (np.ones((5, 2)),))[1])


@pytest.mark.parametrize(
    ("call", "matrix"),
    [
        ("np.linalg.eigvals(x)", [[0.5, 2.0], [-1.5, 1.0]]),
        ("linalg.sqrtm(x)", [[0.5, 2.0], [1.5, -1.0]]),
    ],
)
def test_what_is_complex_raises(call, matrix):
    """As a power of Python's numbers does."""
    source = f"def program(x):\n    return np.sum({call})\n"
    function = written(source, f"<complex {call}>", {"np": np, "linalg": linalg})
    with pytest.raises(ValueError, match="complex"):
        ad.grad(function)(np.array(matrix))


RAISING = """\
np.digitize(x, np.array([1.0, 0.0, 2.0])) * x
np.cov(m, aweights=-x)
np.cov(m, aweights=x - x)
np.histogram(x, bins=0)[0] * x[0]
np.histogram(x, bins=np.array([1.0, 0.0, 2.0]))[0] * x[0]
np.histogram(x, 3, range=(1.0, 0.0))[0] * x[0]
np.histogram(x / 0.0, 3)[0] * x[0]
np.histogram(x, 3, range=(0.0, x[0] / 0.0))[0] * x[0]
np.histogram(x, 3, range=(1e16, 1e16 + 4.0))[0] * x[0]
np.geomspace(0.0, x[0], 3)
np.geomspace(x[0], 2.0, -1)
np.linspace(x[0], 2.0, -1)
np.linspace(x, 2.0, -2)
np.linspace(x[0], 2.0, -int(x[1]))
np.linspace(x, 2.0, -int(x[1]))
np.linspace(x[0], 2.0, -1, endpoint=False)
np.logspace(x[0], 2.0, -1)
np.logspace(x[0], 2.0, -int(x[1]))
np.gradient(m, axis=(0, 0))[0]
np.gradient(m, axis=(0, -2))[1]
np.gradient(m, 1.0, 2.0, 3.0)[0]
np.gradient(m, x)[0]
np.gradient(x, x[:2])
np.gradient(x[:3], x[:2])
np.gradient(x, m)
np.gradient(x, edge_order=3)
np.gradient(x[:1])
np.unravel_index(12, (3, 4))[0] * x
np.unravel_index(-1, (3, 4))[0] * x
np.ravel_multi_index((3, 0), (3, 4)) * x
np.piecewise(x, [x > 0], [1.0, 2.0, 3.0])
np.rot90(m, axes=(0, 0))
np.linalg.multi_dot([m])
np.diff(x, n=-1)
np.polyder(x, -1)
np.polyfit(x, x, -1)
np.average(m, weights=x)
np.average(m, axis=1, weights=x[:1])
np.lib.stride_tricks.sliding_window_view(x, 5)
np.insert(x, 5, 1.0)
np.vsplit(x, 2)
linalg.companion(x - x)
linalg.convolution_matrix(x, 0)
linalg.lu_solve((np.eye(3), np.array([0, 1, 2])), x)
linalg.polar(m, "nope")
linalg.solve_banded((1, 1), m[:2], x)
integrate.cumulative_trapezoid(x, initial=1.0)
special.multigammaln(x - x, 2)
""".splitlines()


# Whose errors NumPy and SciPy say in words of other versions, or with whole arrays.
REWORDED = (
    *("np.average(m, axis=1", "np.piecewise"),
    *("linalg.companion", "linalg.lu_solve", "special.multigammaln"),
)


@pytest.mark.parametrize("call", RAISING)
def test_what_numpy_raises_is_raised(call):
    scope = {"np": np, "linalg": linalg, "special": special, "integrate": integrate}
    source = f"def program(x, m):\n    return np.sum({call})\n"
    function = written(source, f"<raises {call}>", scope)
    args = np.array([0.4, 1.5, 0.9, 2.2]), X
    with pytest.raises((ValueError, TypeError, IndexError, ZeroDivisionError)) as plain:
        function(*args)
    with pytest.raises(plain.type) as found:
        ad.grad(function)(*args)
    if not call.startswith(REWORDED):
        assert str(found.value) == str(plain.value)


def test_refusals_and_errors_are_at_the_users_line():
    def program(x):
        return np.var(x, axes=0)

    with pytest.raises(ad.UnsupportedError, match=r"no parameter 'axes'") as info:
        ad.grad(program)(X)
    assert "np.var(x, axes=0)" in str(info.value)
    assert info.value.span.filename == __file__


# A call for each `NotImplementedError` of the library, and the matrix `x` it is given.
UNSUPPORTED = (
    "np.block(((x, x), (x, x)))",
    "np.linalg.matrix_power(x[0], 2)",
    "np.block([[[[x]]]])",
    "np.put_along_axis(x * 1.0, np.zeros((1, 1), int), 1.0, None)",
    "np.putmask(x, x > 0, x[0])",
    "np.add.reduce(x, out=x[0])",
    "np.require(x, requirements=['W'])",
    "np.pad(x, 1, mode='empty')",
    "np.trim_zeros(x)",
    "np.intersect1d(x, x, return_indices=True)[0]",
    "np.pad(x, 1, mode='mean', stat_length=1)",
    "np.histogram(x, bins='auto')[1]",
    "np.insert(x, [0, 1], 1.0, axis=0)",
    "np.polynomial.polynomial.polyval(x, x)",
    "np.polyfit(x[0], x[1], 1, cov=True)[0]",
    "np.r_['0,2', x]",
    "np.apply_along_axis(lambda r: float(r[0]), 1, x)",
    "np.linalg.matrix_rank(x, hermitian=True) * x",
    "np.linalg.tensorsolve(x[None], x[0], axes=(0,))",
    "np.cov(x, fweights=np.array([1, 2, 1]))",
    "np.nan_to_num(x, copy=False)",
    "np.quantile(x, 0.3, method='inverted_cdf')",
    "linalg.cho_factor(x[None])[0]",
    "linalg.solve(x[None], x[0])",
    "linalg.eigh(x)[0]",
    "linalg.qr(x, mode='r')[0]",
    "linalg.eigvalsh(x, x)",
    "linalg.toeplitz(x)",
    "stats.multivariate_normal.logpdf(x[0], cov=2.0)",
    "stats.multivariate_normal.entropy(cov=2.0) * x",
    "stats.dirichlet.logpdf(x, x[0])",
    "stats.skew(x, bias=False)",
    "x * (collections.Counter([1]) == collections.Counter([2]))",
    "(collections.Counter({'a': x[0, 0]}) + collections.Counter({'a': 1}))['a']",
    "rows",
    "stats.kurtosis(x, bias=False)",
    "np.hypot.reduce(x, axis=(0, 1))",
    "np.divide.accumulate(np.array([3, 1, 2])) * x",
    "np.trapezoid(x, dx=x[0, 1:])",
    "integrate.cumulative_trapezoid(x, dx=x[0, 1:])",
    "integrate.simpson(x, dx=x[0, 1:])",
    "np.logspace(0.0, 1.0, 3, base=x[0])",
    "np.vecdot(x[0] > 0, x[0] > 0) * x",
    "np.matvec(x > 0, x[0] > 0) * x",
    "np.vecmat(x[0] > 0, x > 0) * x",
    "np.histogram(x, bins=3, weights=x > 0)[0] * x",
)


# "rows": tuples of several lengths in one list.
UNLIKE = """    ys = [(v, v) for v in x[0]]; ys.append((x[0, 0],))
    return ys[0][0]"""


def test_each_call_that_is_not_implemented_has_a_row():
    folder = Path(library.__file__).parent
    raised = sum(
        p.read_text().count("NotImplementedError(") for p in folder.glob("*.py")
    )
    assert raised == len(UNSUPPORTED)


@pytest.mark.parametrize("call", UNSUPPORTED)
def test_what_is_not_implemented_is_refused_at_the_users_line(call):
    body = UNLIKE if call == "rows" else f"    return np.sum({call})"
    text, name = f"def program(x):\n{body}\n", f"<unsupported {call}>"
    modules = {"np": np, "linalg": linalg, "stats": stats, "collections": collections}
    modules["integrate"] = integrate
    function = written(text, name, modules)
    with pytest.raises(ad.UnsupportedError) as info:
        ad.grad(function)(np.eye(3) + 0.1)
    assert (info.value.filename, info.value.lineno) == (name, 2)
    assert info.value.hint
