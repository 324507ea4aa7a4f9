"""docs/how-it-works.md traces one function through every pass, as the passes do it.

The page is its own template: the fenced block after a line ``<!-- stage -->`` is what
that stage gives, and is written anew by `--update-golden`. What the prose claims of
the blocks is asserted here.
"""

from __future__ import annotations

import ast
import linecache
import re
import textwrap
from functools import cached_property
from pathlib import Path

import numpy as np

import adcompiler as ad
from adcompiler.analysis.activity import active
from adcompiler.differentiate.cotangents import Cotangent, Cotangents
from adcompiler.differentiate.gradient import gradient
from adcompiler.differentiate.residuals import Primal, plan_residuals
from adcompiler.differentiate.reverse import (
    Adjoint,
    reverse_statements,
    twin_regions,
)
from adcompiler.differentiate.shapes import read_shapes_in_scope
from adcompiler.emit.numpy_source import emit
from adcompiler.frontend.arguments import describe
from adcompiler.frontend.capture import capture
from adcompiler.frontend.lower import lower_function
from adcompiler.frontend.subset import check
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Function, Region
from adcompiler.ir.printer import _Printer, show
from adcompiler.ir.verifier import verify
from adcompiler.ir.walk import all_stmts, count_uses
from adcompiler.lowering.bufferise import bufferise
from adcompiler.lowering.naming import name_values
from adcompiler.optimise import optimise
from adcompiler.pipeline import derive

PAGE = Path(__file__).parent.parent / "docs" / "how-it-works.md"
BLOCK = re.compile(r"<!-- (\w+) -->\n```(\w+)\n(.*?)```\n", re.DOTALL)
NAME = "program.py"
WIDTH = 88
GLUE = "\u00a0"  # a space where no line is broken


class Trace:
    """The stages of the page's program, each computed from the one before it."""

    def __init__(self, page: str) -> None:
        self.text = next(
            body for name, _, body in BLOCK.findall(page) if name == "source"
        )
        lines = self.text.splitlines(keepends=True)
        linecache.cache[NAME] = (len(self.text), None, lines, NAME)
        scope: dict[str, object] = {}
        exec(compile(self.text, NAME, "exec"), scope)
        self.settle = scope["settle"]
        self.args = (np.array([1.0, 0.5, -0.25, 0.75]), 0.3)

    # --- The stages ---

    @cached_property
    def captured(self):
        captured = capture(self.settle)
        check(captured)
        return captured

    @cached_property
    def specs(self):
        names = [a.arg for a in self.captured.node.args.args]
        return {n: describe(v, name=n) for n, v in zip(names, self.args, strict=True)}

    @cached_property
    def lowered(self) -> Function:
        function = lower_function(self.captured, self.specs, derive).function
        verify(function, stage="lower")
        return function

    @cached_property
    def primal(self) -> Function:
        return optimise(self.lowered)

    @cached_property
    def sweep(self):
        """The primal, its adjoint that reads primal values freely, and the plan."""
        primal = Primal(self.primal.region)
        builder = Builder(role="adjoint")
        adjoint = Adjoint(active(primal.root, list(primal.root.params)))
        bars = Cotangents(builder)
        (result,) = primal.root.results
        bars.add(result, Cotangent(constant(1.0)))
        reverse_statements(primal.root.body, bars, adjoint)
        gradients = tuple(bars.value_or_zero(p) for p in primal.root.params)
        stmts, replaced = read_shapes_in_scope(primal, tuple(builder.stmts))
        adjoint.twins.update((n, adjoint.twins[old]) for n, old in replaced.items())
        twins = twin_regions(stmts, adjoint)
        primal.versions.reversed = frozenset(twin for _, twin in twins)
        plan = plan_residuals(primal, stmts, adjoint.indices)
        whole = Region(primal.root.params, (*primal.root.body, *stmts), gradients)
        return Function(self.primal.name, whole), plan

    @cached_property
    def adjoint(self) -> Function:
        function = gradient(self.primal, (0, 1))
        verify(function, stage="reverse")
        return function

    @cached_property
    def optimised(self) -> Function:
        return optimise(self.adjoint)

    @cached_property
    def bufferised(self) -> Function:
        return bufferise(self.optimised)

    @cached_property
    def named(self):
        return name_values(self.bufferised, arg_names=("x", "rate"))

    @cached_property
    def emitted(self) -> str:
        doc = "Gradient of settle with respect to x and rate."
        return emit(self.named, name="settle_grad", doc=doc).text

    @cached_property
    def numbers(self):
        """The gradient by the program, and by complex steps."""
        scope: dict[str, object] = {}
        exec(self.emitted, scope)
        x, rate = self.args
        found = scope["settle_grad"](x.copy(), rate)
        tiny = 1e-30

        def slope(dx, drate):
            return self.settle(x + 1j * tiny * dx, rate + 1j * tiny * drate).imag / tiny

        return found, (
            np.array([slope(e, 0.0) for e in np.eye(len(x))]),
            slope(np.zeros_like(x), 1.0),
        )

    # --- How they are shown ---

    def block(self, stage: str) -> str:
        return getattr(self, f"show_{stage}")()

    def show_source(self) -> str:
        return self.text

    def show_captured(self) -> str:
        node = self.captured.node
        kinds = ", ".join(type(s).__name__ for s in node.body)
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        glob = sorted(read & set(self.captured.globals))
        rows = [
            (
                "function",
                f"{node.name}, {NAME}, lines {node.lineno} to {node.end_lineno}",
            ),
            ("statements", kinds),
            ("globals", ", ".join(glob)),
            *((f"argument {n}", str(spec.type)) for n, spec in self.specs.items()),
        ]
        types = shown_types(self.lowered)
        rows = [(k, types.get(k.removeprefix("argument "), v)) for k, v in rows]
        return "".join(f"{k:<14} {v}\n" for k, v in rows)

    def show_lowered(self) -> str:
        return wrapped(show(self.lowered))

    def show_primal(self) -> str:
        return wrapped(show(self.primal))

    def show_wished(self) -> str:
        whole, _ = self.sweep
        return wrapped("\n".join(show(whole).splitlines()[self.forward_length :]))

    @property
    def forward_length(self) -> int:
        return len(show(self.primal).splitlines()) - 1  # without its `return`

    def show_plan(self) -> str:
        whole, plan = self.sweep
        names = printer_of(whole)
        return "".join(
            f"{what:<15} {', '.join(map(names.var, found))}\n"
            for what, found in (
                ("recorded", plan.recorded),
                ("had again", plan.recomputed),
            )
        )

    def show_adjoint(self) -> str:
        return wrapped(show(self.adjoint))

    def show_optimised(self) -> str:
        return wrapped(show(self.optimised))

    def show_bufferised(self) -> str:
        """The lines that are new, with the line after each."""
        before = nameless(show(self.optimised))
        lines = show(self.bufferised).splitlines()
        new = [k for k, line in enumerate(lines) if nameless(line)[0] not in before]
        return wrapped("\n".join(lines[k] for k in new))

    def show_names(self) -> str:
        names = printer_of(self.named.function)
        groups: dict[str, list[str]] = {}
        for var in names.names:
            if var in self.named.names and var not in self.named.folded:
                groups.setdefault(self.named.names[var], []).append(names.var(var))
        rows = [f"{name:<12} {', '.join(values)}" for name, values in groups.items()]
        folded = [names.var(v) for v in names.names if v in self.named.folded]
        rows.append(f"{'(folded)':<12} {', '.join(folded)}")
        return wrapped("\n".join(rows), 13)

    def show_emitted(self) -> str:
        return self.emitted

    def show_numbers(self) -> str:
        rows = []
        for label, (x_bar, rate_bar) in zip(
            ("settle_grad", "complex steps"), self.numbers, strict=True
        ):
            entries = ", ".join(f"{v:.6f}" for v in x_bar)
            rows.append(f"{label:<14} x_bar = [{entries}]  rate_bar = {rate_bar:.6f}\n")
        return "".join(rows)


def printer_of(function: Function) -> _Printer:
    """A printer that has named the values as `show` does."""
    printer = _Printer(count_uses(function.region), False)
    list(printer.function(function))
    return printer


def shown_types(function: Function) -> dict[str, str]:
    printer = printer_of(function)
    return {p.name: printer.type(p.type) for p in function.params}


def nameless(text: str) -> list[str]:
    """The lines without the numbers of values."""
    return [re.sub(r"%\d+|(?<=\w)\.\d+\b", "%", line) for line in text.splitlines()]


def wrapped(text: str, indent: int | None = None) -> str:
    """The text in lines of the page's width, broken after commas and before arrows."""
    lines = []
    for line in text.splitlines():
        lead = len(line) - len(line.lstrip())
        further = " " * (lead + 8 if indent is None else indent)
        glued = line[:lead] + re.sub(r"(?<!,) (?!->)", GLUE, line[lead:])
        lines += textwrap.wrap(
            glued, WIDTH, subsequent_indent=further, break_long_words=False
        )
    return "".join(f"{line}\n".replace(GLUE, " ") for line in lines)


def filled(page: str) -> str:
    """The page, its blocks as the passes give them."""
    trace = Trace(page)
    return BLOCK.sub(
        lambda m: f"<!-- {m[1]} -->\n```{m[2]}\n{trace.block(m[1])}```\n", page
    )


def test_golden_page(update_golden):
    page = PAGE.read_text(encoding="utf-8")
    text = filled(page)
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")
        return
    assert text == page, (
        "pytest tests/test_how_it_works.py --update-golden, and read it"
    )


def test_every_stage_is_on_the_page():
    stages = [name for name, _, _ in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]
    shown = [n.removeprefix("show_") for n in vars(Trace) if n.startswith("show_")]
    assert stages == shown


# --- What the prose says -----------------------------------------------------------


def traced() -> Trace:
    return Trace(PAGE.read_text(encoding="utf-8"))


def names_of(function: Function) -> list[str]:
    return [
        s.primitive.name for s in all_stmts(function.region) if hasattr(s, "primitive")
    ]


def test_the_numbers_are_right():
    found, reference = traced().numbers
    np.testing.assert_allclose(found[0], reference[0], rtol=1e-13)
    np.testing.assert_allclose(found[1], reference[1], rtol=1e-13)


def test_the_public_functions_give_the_same_text():
    trace = traced()
    f = ad.differentiate(trace.settle, wrt=("x", "rate"))
    assert f.source(*trace.args) == trace.emitted
    assert f.grad(*trace.args).rate == trace.numbers[0][1]


def test_the_counter_is_dead():
    trace = traced()
    assert "steps" in show(trace.lowered)
    assert "steps" not in show(trace.primal)


def test_one_number_a_trip_is_recorded():
    trace = traced()
    _, plan = trace.sweep
    assert len(plan.recorded) == 1
    for function in (trace.adjoint, trace.optimised, trace.bufferised):
        names = names_of(function)
        assert names.count("list_append") == names.count("list_pop") == 1


def test_seven_versions_share_a_name():
    named = traced().named
    assert sum(name == "x" for name in named.names.values()) == 7


def test_the_caller_s_array_is_copied():
    trace = traced()
    assert "copy" not in names_of(trace.optimised)
    assert names_of(trace.bufferised).count("copy") == 1
    assert names_of(trace.bufferised).count("full_like") == 1
    x, rate = trace.args
    before = x.copy()
    ad.grad(trace.settle)(x, rate)
    np.testing.assert_array_equal(x, before)
