"""One program against its reference: the verdict.

Every number that the compiler returns is compared: values, gradients along random
directions and component by component, tangents, the caller's data, float32, order
two, and the variants of `variants.py`.
"""

from __future__ import annotations

import importlib.util
import linecache
import math
import re
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.calls import Calls, Mismatch, NotANumber
from tests.fuzz.instrument import call
from tests.fuzz.program import Program, is_real
from tests.fuzz.reference import Reference, inner, reference, shifted, weighed
from tests.fuzz.stencils import Derivatives, Kink

OK, RAISED, REFUSED, DISCARDED = "ok", "raised", "refused", "discarded"
WRONG, CRASH, INVALID = "WRONG", "CRASH", "invalid"

# What programs raise on purpose; LinAlgError is a ValueError.
# Of a gradient in single precision: what its steps multiply by may be as large again.
LARGEST = 1e-4 * float(np.finfo(np.float32).max)
PLANNED = (ArithmeticError, ValueError, LookupError, AssertionError)


@dataclass(frozen=True)
class Checks:
    """What to compare beyond first order at float64."""

    variants: bool = False
    second_order: bool = False
    float32: bool = True
    primal: bool = True


@dataclass
class Verdict:
    kind: str
    message: str = ""  # one line, the same for the same kind of failure
    detail: str = ""


@contextmanager
def module(source: str) -> Iterator[Any]:
    """The source as a real module with a real file, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    name = folder.name.replace("-", "_")
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    made = importlib.util.module_from_spec(specification)
    sys.modules[name] = made
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        specification.loader.exec_module(made)
        yield made
    finally:
        sys.dont_write_bytecode = written
        sys.modules.pop(name, None)
        linecache.cache.pop(str(path), None)
        shutil.rmtree(folder, ignore_errors=True)


def examine(program: Program, ad: Any, checks: Checks = Checks()) -> Verdict:
    """Compile, differentiate and compare one program."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            raised = _raised_by(program)
            expected = Reference() if raised else reference(program)
        except PLANNED as problem:
            return Verdict(DISCARDED, f"raises nearby: {headline(problem)}")
        except ad.UnsupportedError as problem:  # of a derivative that it takes
            return refused(problem)
        except Exception as problem:  # noqa: BLE001 - the verdict
            return Verdict(INVALID, headline(problem), traceback.format_exc())
        try:
            if raised is not None:
                _compare_raised(program, ad, raised)
                return Verdict(RAISED, type(raised).__name__)
            _compare(program, ad, expected, checks)
        except Mismatch as problem:
            if isinstance(problem, NotANumber) and _overflows(program):
                return Verdict(DISCARDED, f"overflows: {problem.args[0]}")
            if has_no_digits(program, problem.args[0]):
                return Verdict(DISCARDED, f"no digits left: {problem.args[0]}")
            return Verdict(WRONG, problem.args[0], problem.args[1])
        except Kink as problem:  # of the reference, on a rounded path
            return Verdict(DISCARDED, headline(problem))
        except Exception as problem:  # noqa: BLE001 - the verdict
            if isinstance(problem, ad.UnsupportedError):
                return refused(problem)
            return Verdict(CRASH, headline(problem), traceback.format_exc())
    if expected.unreliable:
        return Verdict(DISCARDED, expected.unreliable)
    return Verdict(OK)


def refused(problem: Any) -> Verdict:
    """A refusal, which must say where, with a caret, and what to write instead."""
    if hasattr(problem, "span") and (problem.span is None or "^" not in str(problem)):
        return Verdict(CRASH, f"refused without a line: {refusal(problem)}")
    if hasattr(problem, "hint") and not problem.hint:
        return Verdict(CRASH, f"refused without a hint: {refusal(problem)}")
    return Verdict(REFUSED, refusal(problem), str(problem))


def _raised_by(program: Program) -> Exception | None:
    """What the plain program raises, of what programs may raise on purpose."""
    with module(program.source) as plain:
        try:
            weighed(call(vars(plain), "program", program.values()))
        except PLANNED as problem:
            return problem.with_traceback(None)
    return None


def _overflows(program: Program) -> bool:
    """The plain program has an infinity on its way to a number: 0 times infinity is nan
    in its derivative, as in PyTorch's and JAX's."""
    with module(program.source) as plain, np.errstate(over="raise"):
        try:
            call(vars(plain), "program", program.values())
        except FloatingPointError:
            return True
    return False


class _Periodic:
    """Stands for `np` or `math`, and sees how far sine, cosine and tangent go."""

    def __init__(self, of: Any) -> None:
        self._of, self.farthest = of, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if name not in ("sin", "cos", "tan"):
            return found

        def seen(x: Any, *rest: Any, **how: Any) -> Any:
            self.farthest = max(self.farthest, greatest(x))
            return found(x, *rest, **how)

        return seen


def has_no_digits(program: Program, what: str) -> bool:
    """The plain program takes the sine of a number so large that its rounding alone
    moves the sine by a thousandth: neither it nor its differences are known then."""
    dtype = "float32" if "float32" in what else "float64"
    with module(program.source) as plain:
        seen = [_Periodic(np), _Periodic(math)]
        vars(plain).update(np=seen[0], math=seen[1], ad=Derivatives([]))
        try:
            call(vars(plain), "program", program.values(dtype))
        except PLANNED:
            return False
    return max(s.farthest for s in seen) * np.finfo(dtype).eps > 1e-3


def _compare_raised(program: Program, ad: Any, raised: Exception) -> None:
    """Both modes raise what the program raises."""
    direction = _tangent(program.values())
    with module(program.source) as made:
        calls = Calls(made, ad)
        scalar = [
            ("value and gradient", calls.value_and_grad),
            ("gradient", calls.grad),
        ]
        for what, run in (
            ("vjp", calls.vjp),
            *(scalar if program.scalar else ()),
            ("jvp", lambda values: calls.jvp(values, direction)),
            ("plain call", calls.compiled),
        ):
            try:
                run(program.values())
            except PLANNED as problem:
                if _named(problem) != _named(raised):
                    detail = f"{problem!r}, not {raised!r}"
                    raise Mismatch(f"error of {what}", detail) from problem
            else:
                raise Mismatch(f"{what} does not raise", repr(raised))


def _named(problem: Exception) -> tuple[str, str]:
    """An exception's class may be of the program's own module, which is made anew.
    What is written ``x[i][k]`` is ``x[i, k]`` in derivatives, with other axes."""
    return type(problem).__qualname__, re.sub(r"for axis \d+", "", str(problem))


def headline(problem: BaseException) -> str:
    """Type and first line, with the innermost place, of an exception."""
    text = (str(problem).splitlines() or [""])[0]
    frames = traceback.extract_tb(problem.__traceback__)
    place = ""
    if frames:
        file = Path(frames[-1].filename).name
        place = " in the program" if file.startswith("fuzz") else f" at {file}"
        place += f":{frames[-1].name}"
    return f"{type(problem).__name__}: {text[:90]}{place}"


def refusal(problem: Any) -> str:
    message = getattr(problem, "message", None) or str(problem).splitlines()[0]
    return " ".join(str(message).split())[:110]


# -- comparisons ----------------------------------------------------------------


def _compare(program: Program, ad: Any, expected: Reference, checks: Checks) -> None:
    with module(program.source) as made:
        calls = Calls(made, ad, program.scalar)
        gradient = first_order(program, calls, expected)
        if checks.primal:
            primal(program, calls, gradient)
    if checks.float32 and program.float32 and not expected.unreliable:
        single_precision(program, ad, gradient, expected)
    if checks.second_order and program.scalar and not expected.unreliable:
        second_order(program, ad, expected)
    if checks.variants:
        from tests.fuzz.variants import agree

        agree(program, ad, gradient, expected)


def derived(calls: Calls, values: list[Any]) -> tuple[float, list[Any]]:
    """The value and the gradients: those of `weighed`, if it is no number."""
    value, found = calls.value_and_gradients(values)
    return weighed(value), found


def first_order(program: Program, calls: Calls, expected: Reference) -> list[Any]:
    values, kept = program.values(), program.values()
    value, gradient = derived(calls, values)
    for before, after in zip(kept, values, strict=True):
        if not np.array_equal(before, after):
            raise Mismatch("the caller's data changed", f"{before!r} -> {after!r}")
    for v, g in zip(values, gradient, strict=True):
        if g is not None and np.shape(g) != np.shape(v):
            raise Mismatch("shape of a gradient", f"{np.shape(g)} for {np.shape(v)}")
    # A derivative that the program takes is one by differences in the reference.
    slack = 1e-9 if program.takes_derivatives else 1e-11
    slack = slack * (1 + abs(expected.value)) + last_digits(gradient, values)
    agreed("value", value, expected.value, slack)
    if expected.unreliable:
        calls.jvp(values, _tangent(values))
        return gradient
    if expected.components is not None:
        _by_component(program, gradient, expected.components)
    for direction, estimate in zip(
        expected.directions, expected.estimates, strict=True
    ):
        scale = magnitude(gradient, direction) + abs(estimate.value)
        slack = 20 * estimate.error + 1e-9 * (1e-3 + scale)
        reverse = inner(gradient, direction)
        _slopes_agreed("gradient along a direction", reverse, estimate.value, slack)
        _, tangent = calls.jvp(program.values(), direction)
        tangent = weighed(tangent)
        _slopes_agreed("jvp", tangent, estimate.value, slack)
        _slopes_agreed("jvp and gradient", tangent, reverse, 1e-9 * (1e-3 + scale))
    return gradient


def _tangent(values: list[Any]) -> list[Any]:
    return [
        None if not is_real(v) else np.ones_like(v) if np.ndim(v) else 1.0
        for v in values
    ]


def magnitude(gradient: list[Any], direction: list[Any]) -> float:
    pairs = zip(gradient, direction, strict=True)
    return float(
        sum(np.sum(np.abs(np.multiply(g, d))) for g, d in pairs if d is not None)
    )


def greatest(array: Any) -> float:
    return float(np.max(np.abs(array), initial=0.0))


def _by_component(program: Program, gradient: list[Any], wanted: list[Any]) -> None:
    largest = max(greatest(w) for w in wanted if w is not None)
    for argument, g, w in zip(program.arguments, gradient, wanted, strict=True):
        if w is None:
            continue
        wrong = ~(np.abs(np.asarray(g) - w) <= 1e-9 * (1 + largest))
        if np.any(wrong):
            kind = NotANumber if np.all(np.isnan(g)[wrong]) else Mismatch
            detail = f"{argument.name}:\n got {g!r}\n not {w!r}"
            raise kind("gradient by component", detail)


def agreed(what: str, got: Any, wanted: float, slack: float) -> None:
    if not np.isfinite(wanted) and np.array_equal(got, wanted, equal_nan=True):
        return
    if not abs(float(got) - wanted) <= slack:
        raise Mismatch(what, f"got {float(got)!r}, not {wanted!r} within {slack:.1e}")


def _slopes_agreed(what: str, got: Any, wanted: float, slack: float) -> None:
    if np.isnan(got) and np.isfinite(wanted):
        raise NotANumber(what, f"got nan, not {wanted!r}")
    agreed(what, got, wanted, slack)


def last_digits(gradient: list[Any], values: list[Any]) -> float:
    """How far the last digits of the arguments move the value: so far apart are those
    of two programs that round their sums and functions in other ways."""
    known = [
        v if g is not None else None for g, v in zip(gradient, values, strict=True)
    ]
    moved = 32 * np.finfo(float).eps * magnitude(gradient, known)
    return float(moved) if np.isfinite(moved) else 0.0


def primal(program: Program, calls: Calls, gradient: list[Any]) -> None:
    """A plain call: the value, and what it does to its arguments."""
    wanted, got = program.values(), program.values()
    value = weighed(calls.plain(wanted))
    found = weighed(calls.compiled(got))
    slack = 1e-11 * (1 + abs(value)) + last_digits(gradient, program.values())
    agreed("plain call", found, value, slack)
    for argument, a, b in zip(program.arguments, got, wanted, strict=True):
        if not np.allclose(a, b, rtol=1e-11, atol=1e-12, equal_nan=True):
            raise Mismatch("argument after a plain call", f"{argument.name}: {a} {b}")


def single_precision(
    program: Program, ad: Any, gradient: list[Any], expected: Reference
) -> None:
    """The same at float32, unless rounding makes it take other decisions."""
    from tests.fuzz.instrument import Watched

    watched = Watched(program.source)
    values = program.values("float32")
    value, path = watched.run(values)
    exact, exact_path = watched.run(program.values())
    if path != exact_path:
        return
    with module(program.source) as made:
        got_value, found = derived(Calls(made, ad, program.scalar), values)
    scale = 1 + max(greatest(g) for g in gradient if g is not None)
    # A derivative inside is taken by differences, which are coarse in single precision:
    # what has the number of double precision is right, too.
    wanted = min(weighed(value), weighed(exact), key=lambda w: abs(w - got_value))
    agreed("float32 value", got_value, wanted, 2e-4 * (1 + abs(wanted)))
    for argument, v, g, w in zip(
        program.arguments, values, found, gradient, strict=True
    ):
        if w is None:
            continue
        if isinstance(v, np.ndarray) and g.dtype != v.dtype:
            raise Mismatch("dtype of a float32 gradient", f"{argument.name}: {g.dtype}")
        if scale > LARGEST and not np.all(np.isfinite(g)):
            return  # single precision holds the gradient, but no step on its way
        if not np.all(np.abs(g - w) <= 5e-4 * scale):
            raise Mismatch("float32 gradient", f"{argument.name}:\n got {g}\n not {w}")


def second_order(program: Program, ad: Any, expected: Reference) -> None:
    """A Hessian-vector product against differences of the gradient."""
    from tests.fuzz.instrument import Watched

    v, w = expected.directions[0], expected.directions[1]
    values = program.values()
    _, path = (watched := Watched(program.source)).run(values)
    with module(program.source) as made:
        calls = Calls(made, ad)

        def slope(t: float) -> float | None:
            moved = shifted(program.values(), v, t)
            if watched.run(moved)[1] != path:
                return None
            return inner(calls.grad(moved), w)

        estimate = _differences(slope)
        got = calls.hvp(values, v)
    if estimate is None:
        return
    wanted, error = estimate
    scale = magnitude(got, w) + abs(wanted)
    agreed("second order", inner(got, w), wanted, 30 * error + 1e-6 * (1e-2 + scale))


def _differences(slope: Callable[[float], float | None]) -> tuple[float, float] | None:
    """Extrapolated central differences of `slope` at 0, and an error estimate."""
    for h in (4e-3, 4e-4):
        rows = []
        for step in (h, h / 2, h / 4):
            above, below = slope(step), slope(-step)
            if above is None or below is None:
                break
            rows.append((above - below) / (2 * step))
        if len(rows) == 3:
            first = [(4 * rows[1] - rows[0]) / 3, (4 * rows[2] - rows[1]) / 3]
            best = (16 * first[1] - first[0]) / 15
            return best, abs(best - first[1]) + 1e-15 / h
    return None
