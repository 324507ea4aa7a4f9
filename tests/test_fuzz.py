"""Random whole programs: none may be differentiated wrongly, none may crash.

The sample here has fixed seeds. `python -m tests.fuzz.run --help` runs many more.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz import check, fake
from tests.fuzz.check import Checks, examine, module
from tests.fuzz.entropy import HypothesisEntropy
from tests.fuzz.generate import program, program_from
from tests.fuzz.instrument import Watched, call
from tests.fuzz.program import Argument, Options, Program, load_text
from tests.fuzz.reference import reference, weighed
from tests.fuzz.stencils import Derivatives, Kink
from tests.fuzz.variants import REWRITINGS, UNOPTIMISED, agree, variants

CHUNKS, CHUNK = 3, 15
SQUARES = "def program(a0):\n    s0 = a0 * a0\n    s1 = a0 * a0\n    return s0 + s1\n"
# The stand-ins know no containers as arguments, and all by complex steps.
FLAT = Options(packed=0, numpy_calls=0)
BAD = (check.WRONG, check.CRASH, check.INVALID)
REGRESSIONS = sorted(
    p
    for p in (Path(__file__).parent / "fuzz" / "regressions").glob("*.py")
    if p.name != "__init__.py"
)


@pytest.fixture
def compiler():
    """The compiler, as soon as its surface stands."""
    ad = pytest.importorskip("adcompiler")
    if not hasattr(ad, "differentiate"):
        pytest.skip("the compiler has no differentiate() yet")
    return ad


def assert_good(case, verdict) -> None:
    assert verdict.kind not in BAD, (
        f"{verdict.kind}: {verdict.message}\n{verdict.detail}\n{case.text()}"
    )


# -- the compiler ---------------------------------------------------------------


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_sample(compiler, chunk):
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        case = program(seed)
        verdict = examine(case, compiler)
        assert_good(case, verdict)
        kinds[verdict.kind] += 1
        refused[verdict.message] += verdict.kind == check.REFUSED
    # 70 % over the whole sample; one chunk of fifteen may fall a little below.
    assert kinds[check.OK] >= 0.6 * CHUNK, refused.most_common(5)


@pytest.mark.parametrize("seed", range(1000, 1006))
def test_variants_agree(compiler, seed):
    case = program(seed)
    assert_good(case, examine(case, compiler, Checks(variants=True)))


@pytest.mark.parametrize("seed", range(2000, 2006))
def test_second_order(compiler, seed):
    case = program(seed)
    assert_good(case, examine(case, compiler, Checks(second_order=True)))


@pytest.mark.parametrize("seed", range(3000, 3008))
def test_in_machine_code(compiler, seed, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", "llvm")
    case = program(seed)
    assert_good(case, examine(case, compiler))


def test_hypothesis(compiler):
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies

    @hypothesis.settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategies.data())
    def holds(data):
        case = program_from(HypothesisEntropy(data))
        assert_good(case, examine(case, compiler))

    holds()


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda p: p.stem)
def test_regression(compiler, path):
    case = load_text(path.read_text(encoding="utf-8"))
    verdict = examine(case, compiler, Checks(variants=True))
    assert_good(case, verdict)
    assert verdict.kind == check.OK, verdict


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(40))
def test_long(compiler, chunk):
    for seed in range(10_000 + chunk * 500, 10_000 + (chunk + 1) * 500):
        case = program(seed)
        checks = Checks(variants=seed % 2 == 0, second_order=seed % 2 == 1)
        assert_good(case, examine(case, compiler, checks))


# -- the harness itself ---------------------------------------------------------


def test_programs_run_and_references_converge():
    reliable = 0
    for seed in range(30):
        case = program(seed, Options(raising=0))
        with module(case.source) as made, np.errstate(all="ignore"):
            plain = weighed(call(vars(made), "program", case.values()))
        found = reference(case)
        near = 1e-9 if case.takes_derivatives else 1e-12
        assert found.value == pytest.approx(plain, rel=near, abs=near)
        reliable += not found.unreliable
    assert reliable >= 24


def test_programs_are_reproducible_and_can_be_read_back():
    for seed in range(10):
        case = program(seed)
        again = load_text(case.text())
        assert program(seed).text() == case.text()
        assert again.source == case.source
        for a, b in zip(again.values(), case.values(), strict=True):
            assert np.array_equal(a, b)


def test_variants_keep_the_value():
    seen = set()
    for seed in range(25):
        case = program(seed, Options(raising=0))
        value, _ = Watched(case.source).run(case.values())
        for name, source in variants(case.source):
            seen.add(name)
            other, _ = Watched(source).run(case.values())
            assert weighed(other) == pytest.approx(weighed(value), rel=1e-11), (
                name,
                seed,
            )
    assert seen == set(REWRITINGS)


def test_unoptimised_is_a_variant(compiler, monkeypatch):
    """The text differs, so the variant compares two programs; the numbers agree."""
    with module(SQUARES) as made:
        optimised = compiler.differentiate(made.program).source(0.3)
        monkeypatch.setenv("ADC_OPTIMISE", "0")
        plain = compiler.differentiate(made.program)
        assert plain.source(0.3) != optimised
        assert plain.grad(0.3) == pytest.approx(1.2, rel=1e-15)
    monkeypatch.delenv("ADC_OPTIMISE")
    asked = []
    monkeypatch.setattr(
        "tests.fuzz.variants._differentiated", lambda *a: asked.append(a[2])
    )
    case = Program(SQUARES, (Argument("a0", 0.3),))
    agree(case, compiler, [1.2], reference(case))
    assert UNOPTIMISED in asked


def test_what_a_program_raises_its_derivatives_raise(compiler):
    kinds = Counter()
    for seed in range(10):
        case = program(seed, Options(max_statements=6, raising=100))
        verdict = examine(case, compiler)
        assert_good(case, verdict)
        kinds[verdict.kind] += 1
    assert kinds[check.RAISED] >= 1, kinds


@pytest.mark.parametrize(("where", "hint"), [(True, "this"), (True, ""), (False, "x")])
def test_a_refusal_says_where_and_what_instead(compiler, where, hint):
    from adcompiler.errors import Span

    span = Span(__file__, 1, 0, 1, 3) if where else None
    problem = compiler.UnsupportedError("no", span=span, hint=hint)
    good = where and hint
    assert check.refused(problem).kind == (check.REFUSED if good else check.CRASH)


def test_a_seed_stands_for_a_program():
    """Whatever order sets have in an interpreter."""
    text = (
        "from tests.fuzz.generate import program; import zlib; "
        "print(zlib.crc32(''.join(program(s).source for s in range(80)).encode()))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", text],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(found) == 1


def test_too_steep_for_differences_is_no_reference():
    """What a derivative inside is compared with."""
    steep = Derivatives([]).grad(lambda x: np.sin(x * x))
    np.testing.assert_allclose(steep(0.4), 0.8 * np.cos(0.16), rtol=1e-9)
    with pytest.raises(Kink):
        steep(2e4)


def test_tables_have_exact_slopes():
    """Those by differences had half the digits: a right gradient was called wrong."""
    text = (
        "import numpy as np\n\ndef program(a0):\n"
        "    y = np.interp(np.array([a0, 5.0]), [-1.0, 0.2, 1.1], [0.4, -0.3, 0.9])\n"
        "    return np.exp(y[0] * a0 + y[1])\n"
    )
    found = reference(Program(text, (Argument("a0", 0.7),)))
    slope, y = 1.2 / 0.9, -0.3 + 0.5 * 1.2 / 0.9
    value = np.exp(0.7 * y + 0.9)
    assert found.components[0] == pytest.approx(value * (y + 0.7 * slope), rel=1e-14)


def test_a_right_gradient_passes():
    cases = [program(s, FLAT) for s in range(20)]
    kinds = Counter(examine(case, fake.Numerical()).kind for case in cases)
    # What has no reference it refuses.
    assert set(kinds) <= {check.OK, check.RAISED, check.DISCARDED, check.REFUSED}
    assert kinds[check.OK] >= 15 and kinds[check.REFUSED] <= 2, kinds


@pytest.mark.parametrize("fault", fake.FAULTS)
def test_a_wrong_gradient_is_noticed(fault):
    ad = fake.Numerical(fault)
    cases = (program(s, FLAT) for s in range(200))
    single = (case for case in cases if fault != "dtype" or case.float32)
    kinds = Counter(examine(case, ad).kind for case in itertools.islice(single, 16))
    assert kinds[check.WRONG] >= 3, kinds
    assert kinds[check.CRASH] == kinds[check.INVALID] == 0, kinds


def test_what_overflows_on_its_way_has_a_derivative_of_nan(compiler):
    """As in PyTorch and JAX. Where nothing overflows, nan is wrong: see above."""
    level = (
        "import numpy as np\n\n"
        "def program(a0):\n    return float(np.tanh(np.exp(a0))) + 0.5 * a0\n"
    )
    verdict = examine(Program(level, (Argument("a0", 1000.0),)), compiler)
    assert verdict.kind == check.DISCARDED
    assert verdict.message.startswith("overflows: gradient")


def test_covariances_have_complex_steps():
    """NumPy's of complex numbers are others, and a small derivative is not missed."""
    text = (
        "import numpy as np\n\ndef program(a0):\n"
        "    x = np.array([[a0, 0.3], [0.2, a0 * a0]])\n"
        "    return a0 + np.sum(np.cov(x, rowvar=False)[0] * 1e-6)\n"
    )
    a = 0.7
    found = reference(Program(text, (Argument("a0", a),)))
    # of (a - 0.2)^2 / 2 and (a - 0.2) * (0.3 - a^2) / 2
    slope = (a - 0.2) + 0.5 * ((0.3 - a * a) - 2 * a * (a - 0.2))
    assert found.components[0] == pytest.approx(1 + 1e-6 * slope, rel=1e-14)


def test_what_overflows_in_single_precision_alone_is_not_compared(compiler):
    """Where a gradient is nearly as large as its numbers go."""
    text = (
        "import numpy as np\n\ndef program(x0):\n"
        "    y = 0.1 * x0\n    return float(np.exp(float(y[0])))\n"
    )
    for x, overflows in ((898.0, True), (700.0, False)):
        case = Program(text, (Argument("x0", np.array([x])),), float32=True)
        with module(case.source) as made, np.errstate(over="ignore"):
            found = compiler.grad(made.program)(*case.values("float32"))
        assert np.all(np.isinf(found)) == overflows
        assert examine(case, compiler).kind == check.OK


def far(start: str) -> Program:
    text = f"import numpy as np\n\ndef program(a0):\n    return np.sin({start} + a0)\n"
    return Program(text, (Argument("a0", 0.4),))


def test_sines_of_large_numbers_have_no_digits():
    """Differences cannot tell which gradient is right."""
    assert check.has_no_digits(far("1e17"), "jvp")
    assert check.has_no_digits(far("1e5"), "float32 gradient")
    assert not check.has_no_digits(far("1e5"), "gradient along a direction")


def test_values_are_as_exact_as_their_arguments():
    """Programs that spread the last digits of what they are given have no more."""
    assert check.last_digits([2.0, None], [3.0, 7]) == 32 * 2.0**-52 * 6.0
    assert check.last_digits([np.array([1e6, -2e6])], [np.ones(2)]) < 1e-7
    assert check.last_digits([np.inf], [1.0]) == 0.0


def test_shrinking_keeps_the_failure():
    from tests.fuzz.shrink import shrink

    ad = fake.Numerical("tangent")
    # No `while`: without its step it runs for ever, and nothing here stops it.
    case = program(3, Options(while_loops=0, idioms=0, raising=0, packed=0))
    small = shrink(case, lambda c: examine(c, ad), most=120)
    assert examine(small, ad).kind == check.WRONG
    assert len(small.source) < len(case.source)
