"""Random numbers: PyTorch's streams bit for bit, states, and what is refused."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.cache.streams import streams_in_memory
from adcompiler.random import kernels, linear_values
from adcompiler.random.exact import fma32, fma64
from adcompiler.random.state import words
from adcompiler.runtime import Generator

REFERENCE = Path(__file__).parent / "reference"
INDEX = json.loads((REFERENCE / "rng_index.json").read_text())
CASES = INDEX["cases"]
RECORDED = dict(np.load(REFERENCE / "rng.npz"))
rt = ad.runtime


def replayed(op: list[Any], generator: Generator) -> list[Any]:
    """What an operation of the index gives, by the public functions."""
    g = {"generator": generator}
    match op:
        case ["rand" | "randn" as name, shape, dtype]:
            return [getattr(rt, name)(*shape, dtype=dtype, **g)]
        case ["uniform_" | "normal_" as name, shape, dtype, a, b]:
            return [getattr(rt, name[:-1])(a, b, shape, dtype=dtype, **g)]
        case ["exponential_", shape, dtype, rate]:
            return [rt.exponential(rate, shape, dtype=dtype, **g)]
        case ["randint", low, high, shape]:
            return [rt.randint(low, high, shape, **g)]
        case ["randperm", n]:
            return [rt.randperm(n, **g)]
        case ["bernoulli", shape, dtype, p]:
            return [rt.bernoulli(np.full(shape, p, dtype), **g)]
        case ["bernoulli_", shape, dtype, p]:
            return [rt.bernoulli(p, shape, dtype=dtype, **g)]
        case ["dropout", shape, dtype, p]:
            return [rt.dropout(np.ones(shape, dtype), p, **g)]
        case ["multinomial", weights, dtype, k, replacement]:
            return [rt.multinomial(np.array(weights, dtype), k, replacement, **g)]
        case ["linear", n_in, n_out, dtype]:
            return list(linear_values(n_in, n_out, dtype=dtype, **g))
        case ["kaiming_uniform_", shape, dtype, a]:
            return [rt.kaiming_uniform(shape, a, dtype=dtype, **g)]
        case ["manual_seed", seed]:
            generator.manual_seed(seed)
            return []
        case _:
            raise AssertionError(op)


@pytest.fixture(scope="module", params=["numpy", "machine code"])
def drawn_by(request: pytest.FixtureRequest) -> Iterator[str]:
    """Who draws; machine code is there once enough has been drawn."""
    kernels.use(None)
    if request.param == "machine code":
        kernels.use(streams_in_memory)
        rt.rand(200_000, generator=Generator())
        assert kernels.drawn("adc_rand_f", Generator().state, (1,), np.dtype("f"))
    yield request.param
    kernels.use(streams_in_memory)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["keys"][0])
def test_streams(case: dict[str, Any], drawn_by: str) -> None:
    generator = Generator().manual_seed(case["seed"])
    found = [v for op in case["ops"] for v in replayed(op, generator)]
    for key, value in zip(case["keys"], found, strict=True):
        assert value.dtype == RECORDED[key].dtype
        np.testing.assert_array_equal(value, RECORDED[key], strict=False)


def test_the_default_generator_draws_the_same() -> None:
    kept = rt.get_rng_state()
    for case in CASES[::10]:
        assert rt.manual_seed(case["seed"]) is rt.default_generator
        found = [v for op in case["ops"] for v in replayed(op, None)]  # type: ignore[arg-type]
        if "manual_seed" not in [op[0] for op in case["ops"]]:
            for key, value in zip(case["keys"], found, strict=True):
                np.testing.assert_array_equal(value, RECORDED[key])
    rt.set_rng_state(kept)


# --- States -------------------------------------------------------------------------


@pytest.mark.parametrize("row", INDEX["states"], ids=lambda row: str(row["seed"]))
def test_states(row: dict[str, Any]) -> None:
    generator = Generator().manual_seed(row["seed"])
    state = generator.get_state()
    assert (state.dtype, state.size) == (np.uint8, row["bytes"])
    assert generator.initial_seed() == row["initial_seed"]
    assert state.view(np.uint64)[3:8].tolist() == row["first_state_words"]


def test_seeds_wrap() -> None:
    assert Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    first = rt.rand(3, generator=Generator().manual_seed(7))
    again = rt.rand(3, generator=Generator().manual_seed(7 + 2**32))
    assert first.tolist() == again.tolist()
    assert Generator().initial_seed() == 67280421310721


WAYS: dict[str, Callable[[Generator], Generator]] = {
    "state": lambda g: _from_state(g.get_state()),
    "pickle": lambda g: pickle.loads(pickle.dumps(g)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def _from_state(state: Any) -> Generator:
    generator = Generator()
    generator.set_state(state)
    return generator


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("drawn", [0, 1, 3, 623, 624, 625, 5000])
def test_a_copy_goes_on_from_there(way: str, drawn: int) -> None:
    generator = Generator().manual_seed(3)
    rt.rand(drawn, generator=generator)
    rt.randn(3, generator=generator)  # of the second pair, one is kept
    other = WAYS[way](generator)
    assert other.get_state().tolist() == generator.get_state().tolist()
    before = other.get_state()
    mine = [rt.randn(n, generator=generator).tolist() for n in (1, 2, 40, 1000)]
    assert other.get_state().tolist() == before.tolist()
    assert mine == [rt.randn(n, generator=other).tolist() for n in (1, 2, 40, 1000)]
    assert other.initial_seed() == 3


def test_words_do_not_depend_on_how_many_are_taken() -> None:
    whole = words(Generator().manual_seed(5).state, 20_000)
    state, parts, k = Generator().manual_seed(5).state, [], 0
    sizes = [1, 7, 9, 600, 7, 1, 624, 2496, 3000, 8, 1248, 10]
    while k < 20_000:
        n = min(sizes[len(parts) % len(sizes)], 20_000 - k)
        parts.append(words(state, n))
        k += n
    assert np.concatenate(parts).tolist() == whole.tolist()


def test_a_kept_normal() -> None:
    """It survives other draws and blocks, is shared by dtypes, and goes with a seed."""
    generator = Generator().manual_seed(11)
    first, second = rt.randn(2, dtype=np.float64, generator=generator)
    generator.manual_seed(11)
    assert rt.randn(dtype=np.float64, generator=generator) == first
    rt.rand(5, generator=generator)
    rt.randn(20, generator=generator)
    assert rt.randn(generator=generator) == np.float32(second)
    rt.randn(generator=generator)
    assert rt.randn(generator=generator.manual_seed(11)) == np.float32(first)


def test_a_fresh_seed() -> None:
    generator = Generator()
    seed = generator.seed()
    assert generator.initial_seed() == seed
    again = Generator().manual_seed(seed)
    assert rt.rand(generator=again) == rt.rand(generator=generator)


# --- Shapes and dtypes --------------------------------------------------------------


def test_shapes_and_defaults() -> None:
    g = Generator()
    for draw in (rt.rand, rt.randn):
        assert draw(generator=g).shape == ()
        assert draw(2, 3, generator=g).shape == draw((2, 3), generator=g).shape
        assert draw([4], dtype=np.float64, generator=g).dtype == np.float64
        assert draw(2, 0, generator=g).shape == (2, 0)
        assert draw(generator=g).dtype == np.float32
    assert rt.uniform(generator=g).dtype == np.float32
    assert rt.normal(0.0, 1.0, (2, 2), generator=g).shape == (2, 2)
    assert rt.randint(0, 9, (2, 2), generator=g).dtype == np.int64
    assert rt.randint(0, 9, dtype=np.float32, generator=g).dtype == np.float32
    assert rt.randint(9, (2, 2), generator=g).shape == (2, 2)
    assert rt.randperm(0, generator=g).tolist() == []
    assert rt.bernoulli(0.25, generator=g).dtype == np.float32
    assert rt.multinomial(np.ones((3, 4)), 2, generator=g).shape == (3, 2)
    assert type(rt.dropout(2.0, 0.5, generator=g)) is np.float64


def test_normals_of_arrays() -> None:
    """As ``torch.normal(mean, std)`` of tensors: a product, then a sum."""
    mean, std = np.array([[1.0], [2.0]]), np.array([0.0, 1.0, 3.0])
    found = rt.normal(mean, std, generator=Generator().manual_seed(2))
    z = rt.randn(2, 3, dtype=np.float64, generator=Generator().manual_seed(2))
    np.testing.assert_array_equal(found, z * std + mean)


def test_what_is_not_dropped_out() -> None:
    g = Generator().manual_seed(1)
    before, x = g.get_state(), np.arange(4.0)
    assert rt.dropout(x, 0.5, training=False, generator=g).tolist() == x.tolist()
    assert rt.dropout(x, 0.0, generator=g).tolist() == x.tolist()
    assert rt.dropout(x, 1.0, generator=g).tolist() == [0.0] * 4
    assert g.get_state().tolist() == before.tolist()


# --- What is refused ----------------------------------------------------------------

Row = tuple[str, Callable[[Any], Any], type[Exception], str]
REFUSED: list[Row] = [
    ("length", lambda g: rt.rand(2, -3, generator=g), ValueError, "negative"),
    ("length of one", lambda g: rt.randperm(-1, generator=g), ValueError, "negative"),
    ("no length", lambda g: rt.randn(2.5, generator=g), TypeError, "no integer"),
    ("dtype", lambda g: rt.rand(2, dtype="i8", generator=g), TypeError, "float32"),
    ("half", lambda g: rt.randn(2, dtype="f2", generator=g), TypeError, "float16"),
    ("ends", lambda g: rt.uniform(1.0, 0.0, 3, generator=g), ValueError, "order"),
    ("nan", lambda g: rt.uniform(math.nan, 0.0, generator=g), ValueError, "order"),
    ("wide", lambda g: rt.uniform(-3e38, 3e38, generator=g), ValueError, "wide"),
    ("array", lambda g: rt.uniform(np.ones(2), 3.0, generator=g), TypeError, "lo"),
    ("std", lambda g: rt.normal(0.0, -1.0, 3, generator=g), ValueError, "deviation"),
    ("shape", lambda g: rt.normal(np.ones(2), 1.0, 2, generator=g), TypeError, "shape"),
    ("rate", lambda g: rt.exponential(0.0, 3, generator=g), ValueError, "rate"),
    ("empty", lambda g: rt.randint(3, 3, 2, generator=g), ValueError, "between"),
    ("held", lambda g: rt.randint(0, 300, 2, "i1", generator=g), ValueError, "hold"),
    ("p", lambda g: rt.bernoulli(1.5, 3, generator=g), ValueError, "probability"),
    ("p nan", lambda g: rt.bernoulli(np.nan, generator=g), ValueError, "nan"),
    ("drop", lambda g: rt.dropout(np.ones(3), -0.1, generator=g), ValueError, "[0, 1]"),
    ("ints", lambda g: rt.dropout(np.arange(3), generator=g), TypeError, "int64"),
    ("zeros", lambda g: rt.multinomial([0.0, 0.0], 1, generator=g), ValueError, "zero"),
    ("minus", lambda g: rt.multinomial([1, -1], 1, generator=g), ValueError, "negat"),
    ("many", lambda g: rt.multinomial([1, 2], 3, generator=g), ValueError, "replace"),
    ("none", lambda g: rt.multinomial([1.0], 0, generator=g), ValueError, "one index"),
    (
        "cube",
        lambda g: rt.multinomial(np.ones((1, 1, 1)), 1, generator=g),
        ValueError,
        "rows",
    ),
    ("vector", lambda g: rt.kaiming_uniform(3, generator=g), ValueError, "two axes"),
    ("seed", lambda g: g.manual_seed(2**64), ValueError, "2**64"),
    ("seed of float", lambda g: g.manual_seed(1.5), TypeError, "integer"),
    ("state", lambda g: g.set_state(np.zeros(3)), ValueError, "5056"),
    ("bytes", lambda g: g.set_state(np.zeros(5056, "u1")), ValueError, "no state"),
    ("other", lambda g: rt.rand(2, generator=np.random), TypeError, "ad.runtime"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_refused(row: Row) -> None:
    _, draw, error, said = row
    generator = Generator().manual_seed(4)
    rt.randn(3, generator=generator)
    before = generator.get_state()
    with pytest.raises(error) as caught:
        draw(generator)
    assert said in str(caught.value)
    assert generator.get_state().tolist() == before.tolist()


# --- Machine code --------------------------------------------------------------------

ODD = (1, 2, 5, 15, 16, 17, 31, 32, 33, 47, 48, 100, 2047, 2048, 2049, 4113)
DRAWS: dict[str, Callable[[int, str, Generator], Any]] = {
    "rand": lambda n, t, g: rt.rand(n, dtype=t, generator=g),
    "uniform": lambda n, t, g: rt.uniform(-1.3, 2.7, n, dtype=t, generator=g),
    "narrow": lambda n, t, g: rt.uniform(1.0, 1.0 + 1e-7, n, dtype=t, generator=g),
    "normal": lambda n, t, g: rt.normal(0.3, 1.7, n, dtype=t, generator=g),
    "exponential": lambda n, t, g: rt.exponential(1.7, n, dtype=t, generator=g),
    "coins": lambda n, t, g: rt.bernoulli(0.3, n, dtype=t, generator=g),
    "dropout": lambda n, t, g: rt.dropout(np.ones(n, t), 0.3, generator=g),
    "randint": lambda n, t, g: rt.randint(-3, 14, n, generator=g),
    "wide": lambda n, t, g: rt.randint(-(2**62), 2**62, n, generator=g),
    "widest": lambda n, t, g: rt.randint(-(2**63), 2**63 - 1, n, generator=g),
    "randperm": lambda n, t, g: rt.randperm(n, generator=g),
    "rows": lambda n, t, g: rt.rand(n, 3, dtype=t, generator=g),
    "none": lambda n, t, g: rt.rand(0, n, dtype=t, generator=g),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DRAWS)
def test_machine_code_draws_the_same(name: str, dtype: str) -> None:
    found = []
    for loader in (None, streams_in_memory):
        kernels.use(loader)
        rt.rand(200_000, generator=Generator())
        generator = Generator().manual_seed(9)
        draws = [DRAWS[name](n, dtype, generator) for n in ODD]
        found.append([(v.dtype, v.shape, v.tobytes()) for v in draws])
        found[-1].append(generator.get_state().tobytes())
    assert found[0] == found[1]


# --- A multiply-add -----------------------------------------------------------------


def test_multiply_add_is_rounded_once() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 2000))
    c = -a * b * (1.0 + rng.choice([0.0, 1e-16, 1e-8, 1.0], 2000))
    for scale in (1.0, 2.0**900, 2.0**-1000):
        found = fma64(a, b * scale, c * scale)
        for x, y, z, v in zip(a, b * scale, c * scale, found, strict=True):
            assert v == float(Fraction(x) * Fraction(y) + Fraction(z))
    x, y, z = (v.astype(np.float32) for v in (a, b, c))
    exact = [
        Fraction(float(i)) * Fraction(float(j)) + Fraction(float(k))
        for i, j, k in zip(x, y, z, strict=True)
    ]
    for v, e in zip(fma32(x, y, z), exact, strict=True):
        below, above = (np.nextafter(v, np.float32(s)) for s in (-np.inf, np.inf))
        distance = abs(Fraction(float(v)) - e)
        assert all(distance <= abs(Fraction(float(w)) - e) for w in (below, above))


# --- Other processes ----------------------------------------------------------------

SCRIPT = """
import sys
import adcompiler as ad
print(ad.runtime.randn(300_000, generator=ad.runtime.Generator()).sum(), "llvmlite" in sys.modules)
"""  # noqa: E501


def test_code_is_kept_for_other_processes(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "ADC_CACHE": "1",
        "ADC_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(Path(ad.__file__).parent.parent),
    }
    told = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert told[0][0] == told[1][0]
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        assert [compiled for _, compiled in told] == ["True", "False"]
