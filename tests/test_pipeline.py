"""The passes in order: what they print, that each is verified, what a fault carries;
and that the work grows with the source, not with what the program does."""

from __future__ import annotations

import linecache
import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import pipeline
from adcompiler.building import Built, build
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Function, Region, fresh_var
from adcompiler.ir.printer import show
from adcompiler.ir.types import PY_FLOAT
from adcompiler.ir.walk import all_stmts
from tests.gradients_in_ir import gradient_of, lowered

HEADLINE = re.compile(r"^--- (\w+)$", re.MULTILINE)


def cubed(x):
    y = x
    for _ in range(2):
        y = y * x
    return y


def function_in_ir() -> Function:
    """``2 x x``."""
    x = fresh_var(PY_FLOAT, "x")
    builder = Builder()
    square = builder.apply("multiply", x, x)
    double = builder.apply("multiply", constant(2.0), square)
    return Function("f", builder.region((x,), (double,)))


def broken(function: Function) -> Function:
    """The function with a result that nothing defines."""
    region = replace(function.region, results=(fresh_var(PY_FLOAT, "nowhere"),))
    return replace(function, region=region)


def size(function: Function) -> int:
    return sum(1 for _ in all_stmts(function.region))


# --- Dumps -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "dump", "stages"),
    [
        ("grad", "lower", ["lower"]),
        ("grad", "reverse,bufferise", ["reverse", "bufferise"]),
        (
            "grad",
            "lower, optimise, reverse, bufferise",
            ["lower", "optimise", "reverse", "optimise", "bufferise"],
        ),
        ("grad", "forward", []),
        ("jvp", "forward", ["forward"]),
        ("vjp", "reverse", ["reverse", "reverse"]),
        ("grad", "", []),
    ],
)
def test_the_passes_that_are_named_are_printed(call, dump, stages, capsys, monkeypatch):
    monkeypatch.setenv("ADC_DUMP", dump)
    f = ad.differentiate(cubed)
    if call == "jvp":
        f.jvp((2.0,), (1.0,))
    else:
        getattr(f, call)(2.0)
    captured = capsys.readouterr()
    assert HEADLINE.findall(captured.err) == stages
    assert captured.out == ""


def test_what_is_printed_is_the_ir(capsys, monkeypatch):
    monkeypatch.setenv("ADC_DUMP", "reverse")
    function = function_in_ir()
    (result,) = pipeline.derive("grad", function, (0,))
    text = capsys.readouterr().err
    assert text.startswith("--- reverse\nf(x: float64)\n")
    assert "    return " in text
    monkeypatch.setenv("ADC_DUMP", "optimise")
    pipeline.derive("value", result, ())
    assert capsys.readouterr().err == f"--- optimise\n{show(result)}\n\n"


def test_dumps_are_the_same_from_run_to_run(capsys, monkeypatch):
    monkeypatch.setenv("ADC_DUMP", "lower,optimise,reverse,bufferise")
    texts = []
    for _ in range(2):
        ad.differentiate(cubed).grad(2.0)
        texts.append(capsys.readouterr().err)
    assert texts[0] == texts[1] != ""


# --- Every pass is verified --------------------------------------------------------


def test_the_verifier_runs_after_each_pass(monkeypatch):
    seen = []
    monkeypatch.setattr(
        pipeline, "verify", lambda function, *, stage: seen.append(stage)
    )
    (gradient,) = pipeline.derive("grad", function_in_ir(), (0,))
    build(gradient, name="f_grad", label="Gradient of f").source
    before, after = ["lower", "optimise", "exits", "reverse"], ["finish", "bufferise"]
    assert seen == [*before, "optimise", *after]
    seen.clear()
    pipeline.derive("jvp", function_in_ir(), (0,))
    assert seen == ["lower", "optimise", "forward", "optimise"]
    seen.clear()
    pipeline.derive("vjp", function_in_ir(), (0,))
    assert seen == ["lower", "optimise", "exits", *["reverse", "optimise"] * 2]
    seen.clear()
    pipeline.derive("value", function_in_ir(), ())
    assert seen == ["lower", "optimise"]


def test_the_verifier_runs_only_when_asked(monkeypatch):
    monkeypatch.setenv("ADC_VERIFY", "0")
    unverified = broken(function_in_ir())
    assert pipeline.run(unverified, ("optimise", lambda f: f)) is unverified


@pytest.mark.parametrize("kind", ["value", "grad", "jvp", "vjp"])
def test_what_the_front_end_gives_is_always_verified(kind, monkeypatch):
    monkeypatch.setenv("ADC_VERIFY", "0")
    with pytest.raises(InternalError, match=r"^lower: f: nowhere is read"):
        pipeline.derive(kind, broken(function_in_ir()), (0,))


@pytest.mark.parametrize("stage", ["optimise", "reverse", "bufferise"])
def test_what_a_pass_breaks_is_found_at_that_pass(stage):
    with pytest.raises(InternalError, match=rf"^{stage}: f: nowhere is read"):
        pipeline.run(function_in_ir(), (stage, broken))


def test_later_passes_do_not_run():
    ran = []

    def note(function):
        ran.append(function)
        return function

    with pytest.raises(InternalError):
        pipeline.run(function_in_ir(), ("first", broken), ("second", note))
    assert ran == []


# --- What a fault carries ----------------------------------------------------------


def faulty(function: Function) -> Function:
    raise InternalError("no rule for this")


def test_a_fault_carries_the_last_ir_and_the_name_of_the_pass():
    function = function_in_ir()
    shrunk = replace(function, region=Region(function.params, (), function.params))
    with pytest.raises(InternalError) as info:
        pipeline.run(function, ("first", lambda _: shrunk), ("second", faulty))
    assert info.value.message == "second: no rule for this"
    assert info.value.ir == show(shrunk)
    assert str(info.value).endswith(f"the last verified IR:\n{show(shrunk)}")


def test_a_fault_that_carries_ir_keeps_it():
    def faulty_with_ir(function):
        raise InternalError("no rule", ir="the culprit")

    with pytest.raises(InternalError) as info:
        pipeline.run(function_in_ir(), ("second", faulty_with_ir))
    assert (info.value.message, info.value.ir) == ("no rule", "the culprit")


@pytest.mark.parametrize(
    ("module", "name", "stage", "call"),
    [
        ("differentiate.gradient", "gradient", "reverse", "grad"),
        ("differentiate.gradient", "vjp", "reverse", "vjp"),
        ("differentiate.forward", "jvp", "forward", "jvp"),
        ("lowering.bufferise", "bufferise", "bufferise", "grad"),
        ("lowering.naming", "name_values", "emit", "grad"),
        ("emit.numpy_source", "emit", "emit", "grad"),
        ("optimise", "optimise", "optimise", "grad"),
    ],
)
def test_a_fault_of_any_pass_reaches_the_caller_with_ir(
    module, name, stage, call, monkeypatch
):
    def faulty_pass(*args, **kwargs):
        raise InternalError("no rule for this")

    # By hand: `adcompiler.differentiate` is the function, not the package.
    monkeypatch.setattr(import_module(f"adcompiler.{module}"), name, faulty_pass)
    f = ad.differentiate(cubed)
    with pytest.raises(InternalError) as info:
        f.jvp((2.0,), (1.0,)) if call == "jvp" else getattr(f, call)(2.0)
    assert info.value.message == f"{stage}: no rule for this"
    assert info.value.ir.startswith("cubed(x: float64")


# --- The work grows with the source ------------------------------------------------


def program(text: str):
    """A function out of its text."""
    name = f"<program of {len(text)} characters>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {"np": np}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


def straight(lines: int):
    """``lines`` statements, each of another kind than the one before it."""
    kinds = [
        "y = y * np.sin(x)",
        "z = x * y + z",
        "y = y / (1.0 + z * z)",
        "z = np.exp(-z) + y",
    ]
    body = "".join(f"    {kinds[k % 4]}\n" for k in range(lines))
    return program(f"def f(x):\n    y = x\n    z = x\n{body}    return y * z\n")


def scaled(lines: int):
    """Statements that each bring a factor, whose products have many digits."""
    body = "".join(f"    y = np.sin(y) * {1 + k / 1000}\n" for k in range(lines))
    return program(f"def f(x):\n    y = x\n{body}    return y\n")


def loops(lines: int):
    """Loops one after the other, with a store and a branch in each."""
    block = (
        "    for i in range(1, len(x)):\n"
        "        if x[i] > y:\n"
        "            y = y + x[i] * x[i - 1]\n"
        "        else:\n"
        "            x[i] = y * x[i]\n"
    )
    return program(f"def f(x, y):\n{block * (lines // 5)}    return y\n")


def nest(depth: int):
    """Loops inside loops, around one statement."""
    body = "".join(f"{'    ' * (d + 1)}for i{d} in range(3):\n" for d in range(depth))
    inner = "    " * (depth + 1) + "y = y * np.sin(y) + x\n"
    return program(f"def f(x):\n    y = x\n{body}{inner}    return y\n")


def branches(count: int):
    """Branches one after the other: two to the power of `count` paths."""
    block = "    if y > x:\n        y = y * x\n    else:\n        y = y + x\n"
    return program(f"def f(x):\n    y = x\n{block * count}    return y\n")


def exits(count: int):
    """Early returns one after the other."""
    block = "    y = y * x\n    if y > 100.0:\n        return y\n"
    return program(f"def f(x):\n    y = x\n{block * count}    return y\n")


def sizes(function, args):
    """Statements of the primal and of its gradient."""
    primal = lowered(function, args).function
    return np.array([size(primal), size(gradient_of(function, args, (0,)))])


ROW = np.array([0.5, 1.5, -0.5])
FAMILIES = [
    pytest.param(straight, (0.3,), (16, 32, 64), id="straight"),
    pytest.param(scaled, (0.3,), (10, 20, 40), id="scaled"),
    pytest.param(loops, (ROW, 0.3), (10, 20, 40), id="loops"),
    pytest.param(nest, (0.3,), (2, 4, 8), id="nest"),
    pytest.param(branches, (0.3,), (5, 10, 20), id="branches"),
    pytest.param(exits, (0.3,), (5, 10, 20), id="exits"),
]


@pytest.mark.parametrize(("family", "args", "lengths"), FAMILIES)
def test_statements_grow_in_proportion_to_the_source(family, args, lengths):
    small, middle, large = (sizes(family(n), args) for n in lengths)
    assert np.all(large - middle <= 2.2 * (middle - small) + 4)


def values_made(function, args):
    """How many values all passes together make on the way to the gradient."""
    before = fresh_var(PY_FLOAT).id
    gradient_of(function, args, (0,))
    return fresh_var(PY_FLOAT).id - before


@pytest.mark.parametrize(("family", "args", "lengths"), FAMILIES)
def test_work_is_no_more_than_quadratic(family, args, lengths):
    small, middle, large = (values_made(family(n), args) for n in lengths)
    # Nests take the square of their depth.
    assert large - middle <= 4.0 * (middle - small) + 10


@pytest.mark.parametrize(("family", "args", "lengths"), FAMILIES)
def test_gradient_is_a_small_multiple_of_the_primal(family, args, lengths):
    primal, gradient = sizes(family(lengths[-1]), args)
    assert gradient <= 5 * primal + 5


def test_fifty_lines():
    function = straight(50)
    primal, gradient = sizes(function, (0.3,))
    assert primal <= 150
    assert gradient <= 500
    step = 1e-6
    slope = (function(0.3 + step) - function(0.3 - step)) / (2 * step)
    assert ad.grad(function)(0.3) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_second_order_of_fifty_lines():
    function = straight(50)
    (second,) = pipeline.derive("grad", gradient_of(function, (0.3,), (0,)), (0,))
    assert size(second) <= 12 * size(lowered(function, (0.3,)).function)


@pytest.mark.parametrize(
    "text",
    [
        "for _ in range({n}):\n        y = y * x",
        "k = 0\n    while k < {n}:\n        y = y * x\n        k += 1",
        "for _ in range({n}):\n        y = y * x\n        if y > 2.0: break",
        "for i in range({n}):\n        for j in range(i, {n}):\n            y = y * x",
    ],
    ids=["for", "while", "break", "nest"],
)
def test_trip_counts_do_not_matter(text):
    def at(n):
        body = text.format(n=n)
        function = program(f"def f(x):\n    y = x\n    {body}\n    return y\n")
        return sizes(function, (0.9,))

    assert np.array_equal(at(3), at(3_000_000))


def test_lengths_do_not_matter():
    function = loops(10)
    few, many = np.linspace(-1.0, 1.0, 3), np.linspace(-1.0, 1.0, 3000)
    assert np.array_equal(sizes(function, (few, 0.3)), sizes(function, (many, 0.3)))


def test_a_program_serves_every_length(monkeypatch):
    built = []
    original = Built

    def counting(function, *options, **more):
        built.append(function)
        return original(function, *options, **more)

    monkeypatch.setattr("adcompiler.programs.Built", counting)
    gradient = ad.grad(loops(5))
    for length in (3, 10, 100):
        gradient(np.linspace(-1.0, 1.0, length), 0.3)
    assert len(built) == 1


def test_a_second_derivative_checks_what_the_first_one_did():
    def of_two_shapes(x, b):
        return np.sum(x * b + x * x)

    def total(x, b):
        return np.sum(ad.grad(of_two_shapes, wrt=0)(x, b))

    with pytest.raises(ValueError, match="broadcast"):
        ad.grad(total, wrt=0)(np.ones(3), np.ones(4))
    np.testing.assert_array_equal(ad.grad(total, wrt=0)(np.ones(3), np.ones(3)), 2.0)
