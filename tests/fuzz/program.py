"""What the generator makes: options, variables, and the finished program."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.fuzz.kinds import Kind

LIMIT = 3.0  # soft bound on the magnitude of every number


@dataclass(frozen=True)
class Options:
    """Feature switches (True or False) and weights (0 never comes)."""

    max_statements: int = 9
    max_depth: int = 3
    max_trips: int = 40  # product of the trip counts of nested loops
    arrays: bool = True
    matrices: bool = True
    float32: int = 12  # per cent of programs
    helpers: int = 55  # per cent of programs that have helpers
    closures: int = 3
    global_values: int = 25  # per cent of programs
    stores: int = 10
    views: int = 4
    swaps: int = 3
    augmented: int = 7
    branches: int = 7
    for_range: int = 7
    for_array: int = 3
    while_loops: int = 4
    loop_exits: int = 8
    early_returns: int = 3
    loop_else: int = 45  # per cent of loops with a break
    integers: int = 4
    booleans: int = 2
    asserts: int = 1
    idioms: int = 18
    other_results: int = 16  # per cent of programs that return an array or a tuple
    other_arguments: int = 8  # per cent with bools, integer arrays, empty arrays
    raising: int = 5  # per cent of programs
    containers: int = 6  # statements that make and change them
    packed: int = 25  # per cent of programs of which arguments are in containers
    recursion: int = 25  # per cent of programs that have functions that call themselves
    index_arrays: bool = True
    math_module: bool = True
    # Per cent of programs whose scalar variables may be a Python float on one way
    # and NumPy's on another; in the others every scalar variable is a Python float.
    mixed_joins: int = 30
    builtins: bool = True  # abs, min, max, float
    conditional_expressions: bool = True
    methods: bool = True  # x.sum() beside np.sum(x)
    linalg: bool = True
    names: int = 25  # programs whose names are those that generated code would choose
    numpy_calls: int = 5  # functions of NumPy beside those that occur everywhere
    kinks: bool = True  # maximum, clip, where, abs, max, ...
    mutate_arguments: bool = True
    mutating_helpers: bool = True
    # What the design lets the compiler refuse; off in the usual run.
    ambiguous_aliases: bool = False


@dataclass
class Variable:
    """A name in scope. Its type (and an int's range) holds for its whole life."""

    name: str
    kind: str  # float, int, bool, array, index, function, container
    shape: tuple[int, ...] = ()
    low: int = 0
    high: int = 0
    group: int = -1  # arrays that may share memory share a group
    level: int = 0  # nesting level of the block that bound it
    fixed: bool = False  # not to be rebound
    storable: bool = True
    argument: bool = False
    default: str = ""  # of a parameter
    container: Kind | None = None  # the name of one, whose parts are variables too


def is_real(value: Any) -> bool:
    """Whether it is, or holds, floats: what derivatives are taken of."""
    return np.asarray(value).dtype.kind == "f"


@dataclass(frozen=True)
class Argument:
    """A parameter of the program and its value (floats in float64 or float32)."""

    name: str
    value: Any

    @property
    def differentiable(self) -> bool:
        return is_real(self.value)

    def literal(self) -> str:
        if isinstance(self.value, np.ndarray):
            if not self.value.size:
                return f"np.zeros({self.value.shape})"
            text = f"np.array({self.value.tolist()!r}"
            if self.value.dtype != np.float64:
                text += f", dtype=np.{self.value.dtype}"
            return text + ")"
        return repr(self.value)


@dataclass(frozen=True)
class Program:
    """A module with a function `program`, and the arguments to call it with."""

    source: str
    arguments: tuple[Argument, ...]
    seed: int | None = None
    float32: bool = False
    notes: tuple[str, ...] = field(default=())

    def text(self) -> str:
        """A module that stands alone: the source and `ARGUMENTS`."""
        rows = "".join(f"    {a.literal()},\n" for a in self.arguments)
        header = "".join(f"# {line}\n" for n in self.notes for line in n.splitlines())
        return f"{header}{self.source}\n\nARGUMENTS = (\n{rows})\n"

    def values(self, dtype: str = "float64") -> list[Any]:
        """Fresh copies of the arguments; arrays in `dtype`, exactly converted."""
        return [
            a.value.astype(dtype if a.differentiable else a.value.dtype)
            if isinstance(a.value, np.ndarray)
            else a.value
            for a in self.arguments
        ]

    @property
    def scalar(self) -> bool:
        """Whether the result is a number; other programs are annotated."""
        return not re.search(r"def program\(.*\) ->", self.source)

    @property
    def takes_derivatives(self) -> bool:
        """Whether the program calls `ad.grad` or the like itself."""
        return "import adcompiler" in self.source

    def with_source(self, source: str) -> Program:
        return Program(source, self.arguments, self.seed, self.float32, self.notes)


def tidy(source: str) -> str:
    """The same program as `ast.unparse` prints it: no needless parentheses."""
    return ast.unparse(ast.parse(source)) + "\n"


def load_text(text: str, seed: int | None = None) -> Program:
    """Read a saved program back: the inverse of `Program.text`."""
    tree = ast.parse(text)
    last = tree.body[-1]
    assert isinstance(last, ast.Assign) and ast.unparse(last.targets[0]) == "ARGUMENTS"
    values = eval(ast.unparse(last.value), {"np": np})
    tree.body.pop()
    top = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    main = top.get("packed", top["program"])
    names = [a.arg for a in main.args.args]
    arguments = tuple(map(Argument, names, values))
    single = any(getattr(v, "dtype", None) == np.float32 for v in values)
    found = re.search(r"seed[ =](\d+)", text)
    if seed is None and found:
        seed = int(found[1])
    return Program(ast.unparse(tree) + "\n", arguments, seed, single)
