"""Whole random programs as source text.

`program(seed)` is the fast way; `program_from(source_of_decisions)` serves
Hypothesis. The same decisions give the same program.
"""

from __future__ import annotations

import copy
import re

import numpy as np

from tests.fuzz import containers, control, raising, recursion
from tests.fuzz.entropy import Chooser, SeededEntropy, Source
from tests.fuzz.frame import Frame, Helper, Shape, Shared
from tests.fuzz.names import renamed
from tests.fuzz.program import Argument, Options, Program, Variable, tidy

DEFAULT = Options()
IMPORTS = {
    r"@dataclass": "from dataclasses import dataclass",
    r"\breplace\(": "from dataclasses import replace",
    r"NamedTuple\)": "from typing import NamedTuple",
    r"SimpleNamespace\(": "from types import SimpleNamespace",
    r"\bcopy\.": "import copy",
    r"\bfunctools\.": "import functools",
    r"\bitertools\.": "import itertools",
    r"\boperator\.": "import operator",
    r"\bad\.": "import adcompiler as ad",
}


def program(seed: int, options: Options = DEFAULT) -> Program:
    """The program of that seed."""
    made = program_from(SeededEntropy(seed), options)
    notes = (f"seed {seed}",)
    return Program(made.source, made.arguments, seed, made.float32, notes)


def program_from(source: Source, options: Options = DEFAULT) -> Program:
    """A program made of the decisions that `source` takes."""
    choose = Chooser(source)
    shared = Shared(choose, options)
    shared.float32 = options.arrays and choose.chance(options.float32)
    mixed = choose.chance(options.mixed_joins)
    shared.python_scalars = shared.float32 or not mixed
    shared.raising = choose.chance(options.raising)
    shapes = [(3, 2), (2, 3), (4, 2), (3, 3), (1, 3), (2, 2), (2, 1), (4, 3)]
    shared.dims = choose.pick(shapes)
    lines = ["import math", "import numpy as np", ""]
    lines += _constants(shared)
    if choose.chance(options.helpers):
        for _ in range(choose.between(1, 2)):
            shared.helpers.append(_helper(shared))
    if choose.chance(options.recursion):
        recursion.functions(shared)
    frame = Frame(shared)
    arguments = _arguments(frame)
    names, pack = [a.name for a in arguments], []
    if choose.chance(options.packed):
        names, pack = containers.packed(frame, arguments)
    annotation = _result(frame)
    _body(frame, options.max_statements)
    lines += shared.classes
    lines += [helper.source for helper in shared.helpers]
    lines += [*pack, f"def program({', '.join(names)}){annotation}:"]
    text = _imported("\n".join(lines + frame.lines) + "\n")
    if choose.chance(options.names):
        text, other = renamed(text, choose)
        arguments = [Argument(other.get(a.name, a.name), a.value) for a in arguments]
    return Program(tidy(text), tuple(arguments), None, shared.float32)


def _imported(text: str) -> str:
    """With the imports of what the text mentions."""
    wanted = [line for word, line in IMPORTS.items() if re.search(word, text)]
    return "\n".join([*wanted, text])


def _body(frame: Frame, statements: int) -> None:
    frame.blocks[0].extend(frame.shared.constants)
    frame.budget = 2 * statements
    for _ in range(frame.chooser.between(2, statements)):
        if frame.budget > 0:
            control.block(frame, 1)
        if frame.shared.raising and frame.chooser.chance(20):
            raising.risk(frame)
    control.final_return(frame)


def _result(frame: Frame) -> str:
    """Choose what is returned; other results than numbers are annotated."""
    choose, options = frame.chooser, frame.options
    if not options.arrays or not choose.chance(options.other_results):
        return ""
    frame.returns = choose.pick(["whole array", "tuple"])
    frame.shape_of_result = _shape(frame.shared)
    return " -> tuple" if frame.returns == "tuple" else " -> np.ndarray"


def _constants(shared: Shared) -> list[str]:
    """Global numbers and arrays that functions read."""
    choose, lines = shared.chooser, []
    if choose.chance(shared.options.global_values):
        lines.append(f"SCALE = {choose.pick([0.7, -1.2, 1.5])}")
        shared.constants.append(Variable("SCALE", "float", fixed=True))
        if shared.options.arrays and not shared.float32 and choose.chance(50):
            n = shared.dims[0]
            values = [round(0.9 - 0.45 * k, 2) for k in range(n)]
            lines.append(f"WEIGHTS = np.array({values})")
            constant = Variable("WEIGHTS", "array", (n,), fixed=True, storable=False)
            constant.group = shared.group()
            shared.constants.append(constant)
    return lines


def _shape(shared: Shared) -> Shape:
    n, m = shared.dims
    shapes: list[tuple[int, Shape]] = [(6, (n,)), (1, (m,))]
    if shared.options.matrices:
        shapes += [(3, (n, m)), (2, (n, n)), (1, (1, m)), (1, (n, 1))]
    return shared.chooser.weighted(shapes)


def _data(shared: Shared, shape: Shape) -> np.ndarray:
    """Values in [-1.2, 1.2], a few decimals, exact in float32."""
    generator = np.random.default_rng(shared.chooser.below(1 << 16))
    values = np.round(generator.uniform(-1.2, 1.2, shape) * 1024) / 1024
    return values.astype(np.float32 if shared.float32 else np.float64)


def _arguments(frame: Frame) -> list[Argument]:
    shared, choose = frame.shared, frame.chooser
    arguments = []
    for _ in range(choose.between(1, 2)):
        name = shared.fresh("a")
        frame.add(Variable(name, "float", argument=True))
        value = _data(shared, ())[()]
        numpy = not shared.python_scalars and choose.chance(30)
        arguments.append(Argument(name, value if numpy else float(value)))
    most = 2 if shared.options.arrays else 0
    least = 1 if shared.float32 else 0
    for _ in range(choose.between(least, most)):
        name, shape = shared.fresh("x"), _shape(shared)
        variable = Variable(name, "array", shape, argument=True)
        variable.storable = shared.options.mutate_arguments
        frame.add(variable)
        frame.dtype_of = frame.dtype_of or name
        arguments.append(Argument(name, _data(shared, shape)))
    if shared.options.integers and choose.chance(35):
        name = shared.fresh("n")
        high = choose.between(1, 4)
        fixed = choose.chance(60)
        frame.add(Variable(name, "int", low=0, high=high, argument=True, fixed=fixed))
        arguments.append(Argument(name, choose.below(high + 1)))
    if shared.options.arrays:
        arguments += _other_arguments(frame)
    return arguments


def _other_arguments(frame: Frame) -> list[Argument]:
    """A bool, an array of integers, an array without elements."""
    shared, choose, found = frame.shared, frame.chooser, []
    share, n = shared.options.other_arguments, shared.dims[0]
    if choose.chance(share):
        name = frame.fresh("c")
        frame.add(Variable(name, "bool", fixed=True, argument=True))
        found.append(Argument(name, choose.chance(50)))
    if choose.chance(share):
        name, count = frame.fresh("j"), choose.pick([n, 2])
        frame.add(Variable(name, "ints", (count,), high=n - 1, argument=True))
        found.append(Argument(name, np.array([choose.below(n) for _ in range(count)])))
    if choose.chance(share):
        name, shape = frame.fresh("o"), choose.pick([(0,), (0, n), (n, 0)])
        frame.add(Variable(name, "empty", shape, argument=True))
        dtype = np.float32 if shared.float32 else np.float64
        found.append(Argument(name, np.zeros(shape, dtype)))
    return found


def _helper(shared: Shared) -> Helper:
    """A function with a few parameters and a short body of its own."""
    choose = shared.chooser
    arrays = shared.options.arrays
    result = choose.weighted(
        [
            (5, "float"),
            (2, "pair"),
            (3 if arrays else 0, "array"),
            (2 if arrays and shared.options.mutating_helpers else 0, "none"),
            (2 if arrays and shared.options.mutating_helpers else 0, "both"),
            (2 if shared.options.containers else 0, "container"),
        ]
    )
    name = shared.fresh("helper")
    frame = Frame(shared)
    frame.may_call = choose.chance(40)
    of_number = {"none": None, "both": "float", "container": None}
    frame.returns = of_number.get(result, result)
    mutating = result in ("none", "both")
    parameters = []
    if result == "array" or mutating or (arrays and choose.chance(35)):
        variable = Variable(shared.fresh("p"), "array", _shape(shared), fixed=True)
        variable.storable = mutating
        variable.argument = True
        parameters.append(frame.add(variable))
        frame.dtype_of = variable.name
    for _ in range(choose.between(1, 2)):
        parameters.append(frame.add(Variable(shared.fresh("q"), "float")))
    if shared.options.containers and not mutating and choose.chance(30):
        kind, name_of = containers.some_kind(frame), shared.fresh("m")
        parameters.append(containers.show(frame, kind, name_of, fixed=True))
    if choose.chance(35):
        given = Variable(
            shared.fresh("q"), "float", default=choose.pick(["0.4", "-1.1"])
        )
        parameters.append(frame.add(given))
    kept = list(parameters)
    frame.blocks[0].extend(shared.constants)
    frame.budget = 5
    if mutating:
        control.statements.store(frame)
    for _ in range(choose.below(3)):
        control.block(frame, 1)
    made = containers.some_kind(frame) if result == "container" else None
    if made:
        frame.emit(f"return {containers.made(frame, made)}")
    else:
        control.final_return(frame)
    listed = [p.name + (f"={p.default}" if p.default else "") for p in kept]
    heading = f"def {name}({', '.join(listed)}):"
    source = "\n".join([heading, *frame.lines]) + "\n"
    return Helper(
        name,
        [copy.copy(p) for p in kept],
        result,
        source,
        made,
    )
