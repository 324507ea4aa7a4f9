"""What must hold of a program and its derivatives; the only place that calls the API.

Every check takes a row of the corpus and raises AssertionError with the row's name.
References are cached, and so are compiled functions: rows of one function share them.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

import adcompiler as ad
from tests import numerics
from tests.numerics import assert_close, assert_dot_product, assert_matches, flatten
from tests.programs.registry import Program

FLOAT32_RTOL = 1e-5


# --- the API, in one place ----------------------------------------------------------


@lru_cache(maxsize=None)
def compiled(fn: Callable, wrt: tuple | None, backend: str | None = None) -> Any:
    return ad.differentiate(fn, wrt=wrt, backend=backend)


@lru_cache(maxsize=None)
def compiled_gradient(fn: Callable, wrt: tuple, backend: str | None = None) -> Any:
    return ad.grad(fn, wrt=wrt, backend=backend)


def several(gradients: Any, count: int) -> tuple:
    """Gradients as a tuple also where one argument is differentiated."""
    if count == 1:
        return (gradients,)
    assert isinstance(gradients, tuple)
    assert len(gradients) == count
    return tuple(gradients)


def forward_over_reverse(fn: Callable, wrt: tuple, args: tuple, vectors: tuple) -> Any:
    """The Hessian of ``fn`` times ``vectors``: the tangent of the gradient."""
    gradient = compiled_gradient(fn, wrt)
    tangents = spread(vectors, wrt, len(args))
    return ad.jvp(gradient, wrt=wrt)(args, tangents)[1]


def reverse_over_reverse(fn: Callable, wrt: tuple, args: tuple, vectors: tuple) -> Any:
    """The Hessian of ``fn`` times ``vectors``: the pullback of the gradient."""
    gradient = compiled_gradient(fn, wrt)
    _, pullback = ad.vjp(gradient, wrt=wrt)(*args)
    return pullback(vectors if len(wrt) > 1 else vectors[0])


def spread(vectors: tuple, wrt: tuple, count: int) -> tuple:
    """One tangent an argument: the vectors where differentiated, else None."""
    return tuple(vectors[wrt.index(k)] if k in wrt else None for k in range(count))


def weighted_sum(fn: Callable, weights: np.ndarray, arity: int) -> Callable:
    """``sum(weights * fn(...))`` as a function of the same positional arguments."""

    def of_one(a):
        return np.sum(weights * fn(a))

    def of_two(a, b):
        return np.sum(weights * fn(a, b))

    def of_three(a, b, c):
        return np.sum(weights * fn(a, b, c))

    def of_four(a, b, c, d):
        return np.sum(weights * fn(a, b, c, d))

    return (of_one, of_two, of_three, of_four)[arity - 1]


# --- one row ------------------------------------------------------------------------


@lru_cache(maxsize=None)
def jacobian_of(row: Program) -> numerics.Reference:
    return numerics.reference_jacobian(row.double, row.args(), row.wrt)


def positions(row: Program) -> tuple[int, ...]:
    return numerics.wrt_positions(row.fn, row.args(), row.wrt)


def rtol_of(row: Program) -> float | None:
    return FLOAT32_RTOL if "float32" in row.tags else None


def quietly(fn: Callable, *args: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return fn(*args)


def generator_for(row: Program) -> np.random.Generator:
    return np.random.default_rng(len(row.name))


def draw_like(rng: np.random.Generator, like: Any) -> Any:
    """Random numbers in the structure, shapes and dtypes of ``like``."""
    size = flatten(like).size
    return numerics.unflatten(rng.uniform(0.5, 1.5, size) * _signs(rng, size), like)


def _signs(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.choice((-1.0, 1.0), size)


def split(vector: np.ndarray, args: tuple, wrt: tuple) -> dict[str, np.ndarray]:
    """A flat derivative cut into the pieces of the differentiated arguments."""
    pieces, used = {}, 0
    for k in wrt:
        size = int(np.size(args[k]))
        pieces[k] = vector[used : used + size]
        used += size
    return pieces


def assert_gradients_match(
    row: Program, found: tuple, reference: numerics.Reference
) -> None:
    """Compare gradients with a flat reference, argument by argument."""
    args, wrt = row.args(), positions(row)
    names = list(inspect.signature(row.fn).parameters)
    values, errors = (
        split(part, args, wrt) for part in (reference.value, reference.error)
    )
    rtol = rtol_of(row) or reference.rtol
    scale = max(float(np.max(np.abs(reference.value), initial=0.0)), 1e-3)
    for k, gradient in zip(wrt, found, strict=True):
        own = max(float(np.max(np.abs(values[k]), initial=0.0)), 1e-3)
        assert_close(
            flatten(gradient),
            values[k],
            errors[k],
            rtol=rtol * max(1.0, 1e-3 * scale / own),
            program=row.name,
            argument=f"d/d{names[k]}",
        )


# --- the checks ---------------------------------------------------------------------


def check_value(row: Program, backend: str | None = None) -> None:
    """The value, what is printed and what is written into arguments are Python's."""
    expected_args, actual_args = row.args(), row.args()
    expected_out, actual_out = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(expected_out):
        expected = row.fn(*expected_args)
    with contextlib.redirect_stdout(actual_out):
        actual = compiled(row.fn, row.wrt, backend)(*actual_args)
    assert_same_value(actual, expected, row)
    assert actual_out.getvalue() == expected_out.getvalue(), row.name
    for mine, theirs in zip(actual_args, expected_args, strict=True):
        if isinstance(theirs, np.ndarray):
            assert_same_value(mine, theirs, row)


def assert_same_value(actual: Any, expected: Any, row: Program) -> None:
    if isinstance(expected, tuple):
        assert isinstance(actual, tuple), row.name
        assert len(actual) == len(expected), row.name
        for a, e in zip(actual, expected, strict=True):
            assert_same_value(a, e, row)
        return
    assert np.shape(actual) == np.shape(expected), row.name
    assert np.asarray(actual).dtype == np.asarray(expected).dtype, row.name
    single = np.asarray(expected).dtype == np.float32
    rtol = 1e-6 if single else 1e-13
    assert_close(actual, expected, rtol=rtol, program=row.name, argument="value")


def assert_same_sum(value: Any, row: Program) -> None:
    """A value that a derivative gives is Python's, but for the order of sums."""
    expected = quietly(row.fn, *row.args())
    actual, wanted = flatten(value).astype(float), flatten(expected).astype(float)
    single = any(np.asarray(v).dtype == np.float32 for v in _leaves(expected))
    tolerance = 1e-5 if single else 1e-11
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = tolerance * np.max(finite, initial=1.0)
    assert np.allclose(actual, wanted, tolerance, scale, equal_nan=True), row.name


def pulled_back(row: Program, args: tuple, backend: str | None = None):
    """(value, cotangent, gradients) for a random cotangent."""
    value, pullback = quietly(compiled(row.fn, row.wrt, backend).vjp, *args)
    cotangent = draw_like(generator_for(row), value)
    wrt = positions(row)
    return value, cotangent, several(pullback(cotangent), len(wrt))


def check_reverse(row: Program, backend: str | None = None) -> None:
    """The pullback of a random cotangent; the gradient too, of scalar functions, with
    the value or without. The values are Python's."""
    args = row.args()
    value, cotangent, found = pulled_back(row, args, backend)
    assert_same_sum(value, row)
    jacobian = jacobian_of(row)
    weights = flatten(cotangent).astype(float)
    reference = numerics.Reference(
        weights @ jacobian.value, np.abs(weights) @ jacobian.error, jacobian.method
    )
    assert_gradients_match(row, found, reference)
    if not isinstance(value, tuple) and np.size(value) == 1:
        function = compiled(row.fn, row.wrt, backend)
        if zlib.crc32(row.name.encode()) % 2:
            gradients = quietly(function.grad, *args)
        else:
            again, gradients = quietly(function.value_and_grad, *args)
            assert_same_sum(again, row)
        whole = jacobian.map(lambda matrix: matrix[0])
        assert_gradients_match(row, several(gradients, len(found)), whole)


def pushed_forward(row: Program, args: tuple, backend: str | None = None):
    """(value, tangents, tangent of the result) for random tangents."""
    rng = generator_for(row)
    wrt = positions(row)
    vectors = tuple(draw_like(rng, args[k]) for k in wrt)
    tangents = spread(vectors, wrt, len(args))
    function = compiled(row.fn, row.wrt, backend)
    value, tangent = quietly(function.jvp, args, tangents)
    return value, vectors, tangent


def check_forward(row: Program, backend: str | None = None) -> None:
    """The pushforward of random tangents."""
    value, vectors, tangent = pushed_forward(row, row.args(), backend)
    assert_same_sum(value, row)
    direction = flatten(vectors).astype(float)
    jacobian = jacobian_of(row)
    reference = numerics.Reference(
        jacobian.value @ direction, jacobian.error @ np.abs(direction), jacobian.method
    )
    assert_matches(
        flatten(tangent),
        reference,
        program=row.name,
        argument="tangent",
        rtol=rtol_of(row),
    )


def check_dot_product(row: Program, backend: str | None = None) -> None:
    """``<w, J v> == <J^T w, v>``, to rounding."""
    args = row.args()
    _, cotangent, gradients = pulled_back(row, args, backend)
    _, vectors, tangent = pushed_forward(row, args, backend)
    assert_dot_product(
        flatten(cotangent),
        flatten(tangent),
        flatten(gradients),
        flatten(vectors),
        program=row.name,
        rtol=rtol_of(row) or 1e-12,
    )


def check_second_order(row: Program) -> None:
    """The Hessian times a vector, forward over reverse and reverse over reverse."""
    args, wrt = row.args(), positions(row)
    rng = generator_for(row)
    value = quietly(row.fn, *row.args())
    fn, weights = row.fn, np.ones(1)
    if np.size(value) != 1:
        cotangent = draw_like(rng, value)
        fn, weights = weighted_sum(row.fn, cotangent, len(args)), flatten(cotangent)
    vectors = tuple(draw_like(rng, args[k]) for k in wrt)
    flat = flatten(vectors).astype(float)
    reference = numerics.reference_hvp(row.double, args, flat, wrt, weights)
    for product in (forward_over_reverse, reverse_over_reverse):
        found = quietly(product, fn, wrt, args, vectors)
        assert_gradients_match(row, several(found, len(wrt)), reference)


def check_layouts(row: Program) -> None:
    """Value and gradient of the same numbers in other memory, and of repeated rows."""
    function, count = compiled(row.fn, row.wrt), len(positions(row))
    layouts = zip(*map(numerics.laid_out, row.args()), strict=True)
    repeated = tuple(map(numerics.repeated, row.args()))
    for args in (*layouts, repeated):
        plain = tuple(np.array(a) if isinstance(a, np.ndarray) else a for a in args)
        try:
            value = row.fn(*plain)
        except ValueError:  # rows that are equal may be dependent, or all nan
            continue
        try:
            wanted = quietly(function.grad, *plain)
        except np.linalg.LinAlgError:
            continue
        found = quietly(function.grad, *args)
        assert_same_value(function(*args), value, row)
        pairs = zip(several(found, count), several(wanted, count), strict=True)
        for mine, theirs in pairs:
            assert_close(mine, theirs, rtol=1e-9, program=row.name, argument="layout")


def _alike(mine: Any, theirs: Any) -> bool:
    """Whether two arguments are equal; nan is equal to nan."""
    numbers = np.asarray(mine).dtype.kind in "fc"
    return np.array_equal(mine, theirs, equal_nan=numbers)


def check_ownership(row: Program, backend: str | None = None) -> None:
    """Arguments untouched; gradients of their dtype and shape, sharing no memory."""
    args, before, wrt = row.args(), row.args(), positions(row)
    _, pullback = quietly(compiled(row.fn, row.wrt, backend).vjp, *args)
    cotangent = draw_like(generator_for(row), quietly(row.fn, *row.args()))
    first = several(pullback(cotangent), len(wrt))
    kept = [np.array(gradient) for gradient in first]
    second = several(pullback(cotangent), len(wrt))
    pushed_forward(row, args, backend)
    for mine, theirs in zip(args, before, strict=True):
        assert _alike(mine, theirs), f"{row.name}: an argument was changed"
    for k, gradient in zip(wrt, first, strict=True):
        assert_kind_of(gradient, args[k], row)
    for a, b, c in zip(first, kept, second, strict=True):
        assert np.array_equal(a, b), f"{row.name}: a gradient changed later"
        assert np.array_equal(a, c), f"{row.name}: the second pullback differs"
    arrays = [a for a in (*first, *second) if isinstance(a, np.ndarray)]
    others = [a for a in (*args, *_leaves(cotangent)) if isinstance(a, np.ndarray)]
    for i, array in enumerate(arrays):
        for other in (*arrays[:i], *others):
            assert not np.shares_memory(array, other), f"{row.name}: shared memory"


def _leaves(value: Any) -> tuple:
    if isinstance(value, tuple):
        return tuple(leaf for part in value for leaf in _leaves(part))
    return (value,)


def assert_kind_of(gradient: Any, argument: Any, row: Program) -> None:
    """A gradient has its argument's shape and dtype; float in, float out."""
    assert np.shape(gradient) == np.shape(argument), row.name
    if isinstance(argument, np.ndarray):
        assert isinstance(gradient, np.ndarray), row.name
        assert gradient.dtype == argument.dtype, row.name
    elif isinstance(argument, np.floating):
        assert np.asarray(gradient).dtype == argument.dtype, row.name
    else:
        assert isinstance(gradient, float), row.name
