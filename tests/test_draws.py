"""Draws inside functions: one draw for the value and the gradient, and generators that
go on as after a plain call, on every backend."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import runtime as rt
from adcompiler.runtime import Generator
from tests import drawing_fuzz
from tests import drawing_programs as programs
from tests.drawing_programs import PROGRAMS

BACKENDS = ("numpy", "llvm")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = rt.get_rng_state()
    yield
    rt.set_rng_state(before)


def arguments(name: str) -> tuple[Any, ...]:
    """What a program is called with."""
    _, args = PROGRAMS[name]
    return tuple(Generator() if v is programs.STREAM else v for v in args)


def generators(args: tuple[Any, ...]) -> list[Generator]:
    """All that a program may draw from."""
    found = [rt.default_generator, programs.GLOBAL, programs.PLAIN.g]
    found.append(programs.HELD["noise"])  # type: ignore[arg-type]
    for value in args:
        match value:
            case Generator():
                found.append(value)
            case programs.Layer():
                found.append(value.generator)
            case SimpleNamespace():
                found.append(value.g)
    return found


def seeded(args: tuple[Any, ...]) -> None:
    for k, generator in enumerate(generators(args)):
        generator.manual_seed(100 + k)


def states(args: tuple[Any, ...]) -> list[bytes]:
    return [generator.get_state().tobytes() for generator in generators(args)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_value_and_state(name: str, backend: str) -> None:
    """Derivatives draw what the plain call draws, as often as it does."""
    function, args = PROGRAMS[name][0], arguments(name)
    seeded(args)
    value, after = function(*args), states(args)
    derived = ad.differentiate(function, backend=backend)
    for _ in range(2):
        seeded(args)
        found, _ = derived.value_and_grad(*args)
        assert found == pytest.approx(value, rel=1e-12)
        assert states(args) == after
    seeded(args)
    derived.grad(*args)
    assert states(args) == after
    seeded(args)
    _, pullback = derived.vjp(*args)
    assert states(args) == after
    first, second = pullback(1.0), pullback(1.0)
    assert states(args) == after
    np.testing.assert_equal(_flat(first), _flat(second))


def _flat(gradients: Any) -> list[Any]:
    if isinstance(gradients, tuple | list):
        return [v for item in gradients for v in _flat(item)]
    return [getattr(gradients, "w", getattr(gradients, "k", gradients))]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_derivatives(name: str, backend: str) -> None:
    """Against difference quotients, whose runs draw the same; nothing moves on."""
    function, args = PROGRAMS[name][0], arguments(name)
    seeded(args)
    before = states(args)
    ad.check_grads(ad.differentiate(function, backend=backend), args)
    assert states(args) == before


ONE_MOVES = [
    name
    for name, (_, args) in PROGRAMS.items()
    if sum(isinstance(v, float | np.ndarray) for v in args) == 1
    and not any(isinstance(v, programs.Layer | SimpleNamespace) for v in args)
]


@pytest.mark.parametrize("name", ONE_MOVES)
def test_second_order(name: str) -> None:
    function, args = PROGRAMS[name][0], arguments(name)
    derived = ad.differentiate(function, backend="numpy")
    seeded(args)
    function(*args)
    after = states(args)
    seeded(args)
    derived.hessian(*args)
    assert states(args) == after
    seeded(args)
    ad.check_grads(derived, args, order=2)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
def test_jacobians_have_one_draw_for_all_columns(
    backend: str, mode: str | None
) -> None:
    def masked(x):  # type: ignore[no-untyped-def]
        return rt.dropout(x, 0.5)

    x, derived = np.ones(6), ad.differentiate(masked, backend=backend)
    rt.manual_seed(3)
    value, after = masked(x), rt.get_rng_state().tolist()
    rt.manual_seed(3)
    found = derived.jacobian(x, mode=mode)
    assert rt.get_rng_state().tolist() == after
    np.testing.assert_array_equal(found, np.diag(value))


def test_explaining_draws_nothing() -> None:
    args = arguments("option_price")
    seeded(args)
    before = states(args)
    str(ad.differentiate(programs.option_price).explain(*args))
    assert states(args) == before


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(10))
def test_random_programs(seed: int, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(drawing_fuzz.program(seed))
    module: dict[str, Any] = {"__name__": "program"}
    exec(compile(path.read_text(), str(path), "exec"), module)
    function, g = module["program"], Generator()
    args = (np.array([0.3, -0.7, 1.1]), 0.4, 0.8, g)

    def seeded() -> None:
        for k, generator in enumerate((rt.default_generator, module["G"], g)):
            generator.manual_seed(seed + k)

    def states() -> list[bytes]:
        three = (rt.default_generator, module["G"], g)
        return [generator.get_state().tobytes() for generator in three]

    seeded()
    value, after = function(*args), states()
    derived = ad.differentiate(function, backend=backend)
    seeded()
    assert derived.value_and_grad(*args)[0] == pytest.approx(value, rel=1e-9)
    assert states() == after
    seeded()
    derived.jvp(args, (np.ones(3), 1.0, 1.0, None))
    assert states() == after
    ad.check_grads(derived, args)


# --- Machine code that gives a call up ----------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_is_given_up_draws_once(backend: str) -> None:
    def stretched(x, y):  # type: ignore[no-untyped-def]
        z = rt.randn(3, dtype=np.float64)
        w = x[1:] + y[:-1]  # of which one may be stretched
        return np.sum(w) * np.sum(z) + np.sum(x) * rt.rand()

    derived = ad.differentiate(stretched, backend=backend)
    for lengths in ((4, 4), (4, 2), (4, 2), (4, 2), (4, 2), (4, 4)):
        args = tuple(map(np.ones, lengths))
        rt.manual_seed(0)
        value, after = stretched(*args), rt.get_rng_state().tolist()
        rt.manual_seed(0)
        assert derived.value_and_grad(*args)[0] == pytest.approx(value, rel=1e-12)
        assert rt.get_rng_state().tolist() == after


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_leaves_what_a_plain_call_leaves(backend: str) -> None:
    def failing(x):  # type: ignore[no-untyped-def]
        z = rt.randn(2, dtype=np.float64)
        if x < 0.0:
            raise ValueError("negative")
        return x * z[0] * rt.rand()

    derived = ad.grad(failing, backend=backend)
    derived(1.0)
    rt.manual_seed(0)
    with pytest.raises(ValueError, match="negative"):
        derived(-1.0)
    after = rt.get_rng_state().tolist()
    rt.manual_seed(0)
    rt.randn(2)
    assert rt.get_rng_state().tolist() == after


@pytest.mark.parametrize("backend", BACKENDS)
def test_refused_draws(backend: str) -> None:
    def dropped(x, p):  # type: ignore[no-untyped-def]
        return np.sum(rt.dropout(x, p))

    def long(x, n):  # type: ignore[no-untyped-def]
        return x * np.sum(rt.rand(n))

    before = rt.get_rng_state().tolist()
    with pytest.raises(ValueError, match="probability"):
        ad.grad(dropped, wrt="x", backend=backend)(np.ones(3), 1.5)
    with pytest.raises(ValueError, match="negative"):
        ad.grad(long, backend=backend)(1.0, -2)
    assert rt.get_rng_state().tolist() == before
    with pytest.raises(ad.UnsupportedError, match="no derivative"):
        ad.grad(dropped, wrt=("x", "p"), backend=backend)(np.ones(3), 0.5)


# --- Generators as values -----------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_program_serves_all_generators(backend: str) -> None:
    derived = ad.grad(programs.common_numbers, backend=backend)
    found = [derived(0.7, Generator().manual_seed(k)) for k in range(3)]
    assert len(set(found)) == 1  # it seeds them itself


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_generator_given_twice(backend: str) -> None:
    def both(x, g, h):  # type: ignore[no-untyped-def]
        return x * rt.rand(generator=g) + x * rt.rand(generator=h)

    g = Generator()
    expected = both(1.0, g.manual_seed(0), g)
    found = ad.grad(both, backend=backend)(1.0, g.manual_seed(0), g)
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_generator_has_no_gradient() -> None:
    def scaled(bag):  # type: ignore[no-untyped-def]
        return bag["s"] * rt.rand(generator=bag["g"])

    found = ad.grad(scaled)({"s": 3.0, "g": Generator()})
    assert found["g"] is None
    assert found["s"] > 0.0


def test_parameters_that_have_no_spread() -> None:
    """The slope by a standard deviation of zero, or an empty interval, is the noise."""

    def shifted(mean, std, lo, hi):  # type: ignore[no-untyped-def]
        a = rt.normal(mean, std, 4, dtype=np.float64)
        return np.sum(a) + np.sum(rt.uniform(lo, hi, 3, dtype=np.float64))

    rt.manual_seed(5)
    z, u = rt.randn(4, dtype=np.float64), rt.rand(3, dtype=np.float64)
    rt.manual_seed(5)
    found = ad.grad(shifted)(1.0, 0.0, 2.0, 2.0)
    np.testing.assert_allclose(found, [4, z.sum(), 3 - u.sum(), u.sum()], rtol=1e-13)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_short_circuit_decides_what_is_drawn(backend: str) -> None:
    def either(x):  # type: ignore[no-untyped-def]
        return x * rt.rand() if rt.rand() < 0.5 and rt.rand() < 0.5 else -x

    derived = ad.grad(either, backend=backend)
    rt.manual_seed(0)
    plain, after = [either(1.0) for _ in range(9)], rt.rand()
    rt.manual_seed(0)
    assert [derived(1.0) for _ in range(9)] == pytest.approx(plain)
    assert rt.rand() == after


NOT_INSIDE: list[tuple[Any, str]] = [
    (lambda x, g: x * g.initial_seed(), "initial_seed"),
    (lambda x, g: x * np.sum(g.get_state()), "get_state"),
    (lambda x, g: x * rt.kaiming_uniform((2, 2))[0, 0], "kaiming_uniform"),
    (lambda x, g: x * rt.rand(generator=3), "draws from an ad.runtime.Generator"),
    (lambda x, g: (x * rt.rand(generator=g), g), "a generator is returned"),
    (lambda x, g: x * rt.rand(2.5), "a length must be an integer"),
    (lambda x, g: x * rt.rand(dtype=np.int64), "gives no int64"),
    (lambda x, g: x * rt.rand(size=3), "'size='"),
    (lambda x, g: x * rt.rand(generator=g if x > 0 else Generator()), "on one path"),
]


@pytest.mark.parametrize(("function", "said"), NOT_INSIDE, ids=lambda v: str(v)[:20])
def test_refused_inside(function: Any, said: str) -> None:
    with pytest.raises(ad.UnsupportedError) as caught:
        ad.vjp(function)(1.0, Generator())
    assert said in str(caught.value)


# --- Text, files, other processes ---------------------------------------------------


def test_the_text_draws_as_the_program_does() -> None:
    text = ad.differentiate(programs.helper).source(1.0)
    assert "from adcompiler import random\n" in text
    assert "= random.randn(dtype=float, generator=default_generator)\n" in text


@pytest.mark.parametrize("where", ["default", "argument", "global"])
def test_a_saved_module_draws(tmp_path: Any, where: str) -> None:
    g = Generator().manual_seed(4)
    function, args = {
        "default": (programs.unused, (0.7,)),
        "argument": (programs.early, (0.7, g)),
        "global": (programs.held_in_a_dict, (programs.VECTOR,)),
    }[where]
    derived, path = ad.differentiate(function), tmp_path / "saved.py"
    if where == "global":
        with pytest.raises(ad.UnsupportedError, match="generator"):
            derived.save(path, *args)
        assert not path.exists()
        return
    before = states(args)
    derived.save(path, *args)
    assert states(args) == before
    namespace: dict[str, Any] = {"__file__": str(path)}
    exec(path.read_text(), namespace)
    saved = namespace[f"{function.__name__}_value_and_grad"]
    seeded(args)
    expected, after = derived.value_and_grad(*args), states(args)
    seeded(args)
    found = saved(*args)
    assert states(args) == after
    assert found == pytest.approx(expected)


def test_a_differentiable_that_draws_is_pickled() -> None:
    derived = pickle.loads(pickle.dumps(ad.differentiate(programs.unused)))
    rt.manual_seed(1)
    expected = ad.grad(programs.unused)(0.7)
    rt.manual_seed(1)
    assert derived.grad(0.7) == expected
    assert copy.copy(programs.GLOBAL).state is not programs.GLOBAL.state
