"""Which share of random programs has which construct.

In: programs. Out: a table, `python -m tests.fuzz.run --statistics`. Most constructs are
read off the source; what numbers a name holds, and how often a loop runs, is seen by
running the program. What stays under three per cent is hardly tested.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

import numpy as np

from tests.fuzz import constructs as more
from tests.fuzz.check import PLANNED
from tests.fuzz.instrument import call
from tests.fuzz.program import Program
from tests.fuzz.stencils import Derivatives
from tests.fuzz.variants import REWRITINGS, variants

LEAST = 0.03
LOOPS = (ast.For, ast.While)
FUNCTIONS = (ast.FunctionDef, ast.Lambda)
NUMPY = (
    *("solve", "inv", "det", "cholesky", "slogdet", "cumsum", "cumprod", "prod"),
    *("max", "min", "where", "maximum", "clip", "concatenate", "stack", "matmul"),
)
DERIVATIVES = ("grad", "value_and_grad", "jvp", "vjp")
CONSTRUCTS = {
    "control": (
        *("loop in a loop", "loops three deep", "branch in a loop", "loop in a branch"),
        *("break", "continue", "break of an inner loop", "early return"),
        *("return out of a loop", "return out of nested loops", "for-else"),
        *("for-else, two exits", "while", "while, several exits", "while on floats"),
        *("while-else", "for over an array", "range known at run time", "trips 0"),
        *("trips 1", "trips 2", "trips 3 and more", "if-expression", "assert", "raise"),
    ),
    "stores": (
        *("element", "slice", "strided", "reversed", "negative index", "fancy index"),
        *("mask", "augmented", "augmented element", "swap of elements"),
        *("swap of names", "through a view", "through a view of a view"),
        *("through a transpose", "view kept across a store", "argument stored to"),
    ),
    "kinds": (
        *("dtype of a name changes", "rank of a name changes", "np.float64 numbers"),
        *("ints", "bools", "float32 arrays", "int arrays", "bool arrays"),
        *("0-d arrays", "zero-size arrays", "matrices", "arrays of rank 3"),
        *("int array argument", "bool argument", "np.float64 argument"),
        *("result: float", "result: array", "result: tuple"),
    ),
    "functions": (
        *("nested function", "lambda", "captured name changes", "helper"),
        *("loop in a helper", "early return in a helper", "default argument"),
        *("keyword argument", "tuple returned", "tuple unpacked"),
        *(f"ad.{name}" for name in DERIVATIVES),
    ),
    "numpy": NUMPY,
    **more.GROUPS,
    "variants": tuple(f"variant: {name}" for name in REWRITINGS),
}


def table(programs: Iterable[Program]) -> str:
    """The shares, a mark on those under `LEAST`."""
    counts: Counter[str] = Counter()
    total = 0
    for case in programs:
        counts.update(constructs(case))
        total += 1
    rows = []
    for group, names in CONSTRUCTS.items():
        rows.append(f"{group}\n{'-' * len(group)}")
        for name in names:
            share = counts[name] / max(total, 1)
            rows.append(f"{name:<30}{share:>7.1%}{'  few' * (share < LEAST)}")
        rows.append("")
    return "\n".join(rows)


def constructs(case: Program) -> set[str]:
    """The names of `CONSTRUCTS` that occur in the program."""
    tree = ast.parse(case.source)
    seen = _Seen()
    seen.run(case)
    found = set(seen.found) | set(_arguments(case))
    top = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found.update(_control(node, 0, 0, node.name != "program"))
            found.update(_stores(node, seen))
    found.update(_calls(tree, top))
    found.update(more.constructs(tree))
    found.update(f"variant: {name}" for name, _ in variants(case.source))
    return found


def _arguments(case: Program) -> Iterator[str]:
    for argument in case.arguments:
        value = argument.value
        if isinstance(value, np.ndarray) and value.dtype.kind == "i":
            yield "int array argument"
        if isinstance(value, bool):
            yield "bool argument"
        if isinstance(value, np.float64):
            yield "np.float64 argument"


# -- control flow ---------------------------------------------------------------


def _control(node: ast.AST, loops: int, branches: int, helper: bool) -> Iterator[str]:
    """The constructs of control flow under `node`, which is in so many loops."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.For() | ast.While():
                yield from _loop(child, loops, branches, helper)
                yield from _control(child, loops + 1, 0, helper)
                continue
            case ast.If():
                if loops:
                    yield "branch in a loop"
                yield from _control(child, loops, branches + 1, helper)
                continue
            case ast.Break():
                yield "break"
                if loops > 1:
                    yield "break of an inner loop"
            case ast.Continue():
                yield "continue"
            case ast.Return() if loops or branches:
                yield "early return in a helper" if helper else "early return"
                if loops:
                    yield "return out of a loop"
                if loops > 1:
                    yield "return out of nested loops"
            case ast.FunctionDef():
                yield "nested function"
                yield from _control(child, 0, 0, True)
                continue
            case ast.Assert():
                yield "assert"
            case ast.Raise():
                yield "raise"
            case ast.IfExp():
                yield "if-expression"
        yield from _control(child, loops, branches, helper)


def _loop(node: Any, loops: int, branches: int, helper: bool) -> Iterator[str]:
    exits = sum(1 for _ in _exits(node.body, False))
    if helper:
        yield "loop in a helper"
    if loops:
        yield "loop in a loop"
    if loops > 1:
        yield "loops three deep"
    if branches:
        yield "loop in a branch"
    if isinstance(node, ast.While):
        yield "while"
        if exits > 1:
            yield "while, several exits"
        if node.orelse:
            yield "while-else"
        return
    if node.orelse:
        yield "for-else"
        if exits > 1:
            yield "for-else, two exits"
    if not isinstance(node.iter, ast.Call):
        yield "for over an array"
    elif any(isinstance(n, ast.Name) for a in node.iter.args for n in ast.walk(a)):
        yield "range known at run time"


def _exits(rows: list[ast.stmt], inner: bool) -> Iterator[ast.stmt]:
    """The statements that leave the loop with this body."""
    for row in rows:
        if isinstance(row, ast.Return) or (isinstance(row, ast.Break) and not inner):
            yield row
        if isinstance(row, ast.FunctionDef):
            continue
        yield from _exits(getattr(row, "body", []), inner or isinstance(row, LOOPS))
        yield from _exits(getattr(row, "orelse", []), inner)


# -- stores ---------------------------------------------------------------------


def _stores(function: ast.FunctionDef, seen: _Seen) -> Iterator[str]:
    """Stores, and the views that they go through, in the order of the text."""
    views: dict[str, tuple[str, int, bool]] = {}  # root, steps from it, transposed
    bound: dict[str, int] = {}  # where a view got its name
    stored: dict[str, int] = {}  # where last a root was stored to by another name
    parameters = {a.arg for a in function.args.args}
    for row in sorted(_statements(function), key=lambda r: r.lineno):
        for name in _names(row, ast.Load):
            root, _, _ = views.get(name, ("", 0, False))
            if root and bound[name] < stored.get(root, 0) < row.lineno:
                yield "view kept across a store"
        for target in _targets(row):
            if isinstance(target, ast.Subscript):
                yield from _subscript(target, row, seen)
                name = _root(target)
                root, steps, transposed = views.get(name, (name, 0, False))
                stored[root] = row.lineno
                yield from ("through a view",) * (steps > 0)
                yield from ("through a view of a view",) * (steps > 1)
                yield from ("through a transpose",) * transposed
                yield from ("argument stored to",) * (root in parameters)
            elif isinstance(row, ast.AugAssign) and isinstance(target, ast.Name):
                root, steps, _ = views.get(target.id, (target.id, 0, False))
                if target.id in seen.arrays:
                    stored[root] = row.lineno
                    yield from ("through a view",) * (steps > 0)
            elif isinstance(row, ast.Assign) and isinstance(target, ast.Name):
                views.pop(target.id, None)
                if target.id in seen.arrays and (source := _viewed(row.value)):
                    root, steps, turned = views.get(source, (source, 0, False))
                    text = ast.unparse(row.value)
                    turned = turned or text.endswith(".T") or "transpose" in text
                    views[target.id] = (root, steps + 1, turned)
                    bound[target.id] = row.lineno
        yield from _swaps(row)


def _statements(function: ast.FunctionDef) -> list[Any]:
    return [n for n in ast.walk(function) if isinstance(n, ast.stmt)]


def _targets(row: ast.stmt) -> list[ast.expr]:
    if isinstance(row, ast.AugAssign):
        return [row.target]
    found = []
    for target in row.targets if isinstance(row, ast.Assign) else []:
        found += target.elts if isinstance(target, ast.Tuple) else [target]
    return found


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _viewed(value: ast.expr) -> str:
    """The name of the array of which `value` may be a view."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if value.func.attr in ("reshape", "ravel", "transpose"):
            of_module = _root(value.func) == "np"
            return _root(value.args[0] if of_module else value.func.value)
        return ""
    return _root(value)


def _subscript(target: ast.Subscript, row: ast.stmt, seen: _Seen) -> Iterator[str]:
    index = target.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if isinstance(row, ast.AugAssign):
        yield "augmented"
    slices = [p for p in parts if isinstance(p, ast.Slice)]
    for part in slices:
        step = ast.unparse(part.step) if part.step else "1"
        yield "reversed" if step.startswith("-") else "slice"
        if step.lstrip("-") != "1":
            yield "strided"
    if any(isinstance(p, ast.UnaryOp) for p in parts):
        yield "negative index"
    if any(isinstance(n, ast.Compare) for p in parts for n in ast.walk(p)):
        yield "mask"
    elif any(_is_array(p, seen) for p in parts):
        yield "mask" if _is_mask(parts, seen) else "fancy index"
    elif not slices and ast.unparse(index) != "...":
        yield "element"
        if isinstance(row, ast.AugAssign):
            yield "augmented element"


def _is_array(part: ast.expr, seen: _Seen) -> bool:
    if isinstance(part, ast.Name):
        return part.id in seen.arrays
    return isinstance(part, ast.List) or "np.array" in ast.unparse(part)


def _is_mask(parts: list[ast.expr], seen: _Seen) -> bool:
    return any(isinstance(p, ast.Name) and p.id in seen.masks for p in parts)


def _swaps(row: ast.stmt) -> Iterator[str]:
    if not isinstance(row, ast.Assign) or not isinstance(row.value, ast.Tuple):
        return
    targets = [ast.unparse(t) for t in _targets(row)]
    values = [ast.unparse(v).removesuffix(".copy()") for v in row.value.elts]
    if len(targets) > 1 and sorted(targets) == sorted(values):
        yield "swap of elements" if "[" in targets[0] else "swap of names"


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, context)
    }


# -- functions ------------------------------------------------------------------


def _calls(tree: ast.Module, top: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="ad"))):
                yield f"ad.{name}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in NUMPY:
                yield name
            case ast.Call(func=ast.Name(id=name), keywords=keywords):
                if name in top:
                    yield "helper"
                if keywords:
                    yield "keyword argument"
            case ast.Lambda():
                yield "lambda"
            case ast.BinOp(op=ast.MatMult()):
                yield "matmul"
            case ast.Return(value=ast.Tuple()):
                yield "tuple returned"
            case ast.Assign(targets=[ast.Tuple()], value=ast.Call()):
                yield "tuple unpacked"
            case ast.While(test=test) if not isinstance(test, ast.Constant):
                if "." in ast.unparse(test) or _is_float_test(test):
                    yield "while on floats"
        if isinstance(node, FUNCTIONS) and node.args.defaults:
            yield "default argument"
        if isinstance(node, ast.FunctionDef):
            yield from _captures(node)


def _is_float_test(test: ast.expr) -> bool:
    return any(name[0] in "saqe" for name in _names(test, ast.Load))


def _captures(function: ast.FunctionDef) -> Iterator[str]:
    """Whether a name that an inner function reads is bound again below it."""
    rows = _statements(function)
    for inner in ast.walk(function):
        if not isinstance(inner, FUNCTIONS) or inner is function:
            continue
        free = _names(inner, ast.Load) - {a.arg for a in inner.args.args}
        below = [r for r in rows if r.lineno > (inner.end_lineno or 0)]
        for row in below:
            if any(_root(t) in free for t in _targets(row)):
                yield "captured name changes"


# -- what runs ------------------------------------------------------------------


class _Seen:
    """What names hold while the program runs, and how often its loops do."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.arrays: set[str] = set()
        self.masks: set[str] = set()
        self._kinds: dict[tuple[str, str], tuple[Any, int]] = {}

    def run(self, case: Program) -> None:
        tree = ast.fix_missing_locations(_Counted().visit(ast.parse(case.source)))
        namespace = {
            "_trips": self._trips,
            "ad": Derivatives([]),
            "__name__": "counted",
        }
        before = sys.gettrace()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            exec(compile(tree, "<counted>", "exec", dont_inherit=True), namespace)
            sys.settrace(self._called)
            try:
                values = case.values("float32" if case.float32 else "float64")
                self._result(call(namespace, "program", values))
            except PLANNED:
                pass
            finally:
                sys.settrace(before)

    def _trips(self, items: Iterable[Any]) -> Iterator[Any]:
        count = 0
        try:
            for item in items:
                count += 1
                yield item
        finally:
            self.found.add(f"trips {count}" if count < 3 else "trips 3 and more")

    def _result(self, result: Any) -> None:
        if isinstance(result, tuple):
            self.found.add("result: tuple")
        else:
            self.found.add(f"result: {'array' if np.ndim(result) else 'float'}")

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != "<counted>":
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        for name, value in frame.f_locals.items():
            if isinstance(value, (bool, int, float, np.ndarray)):
                self._value(frame.f_code.co_name, name, value)
        return self._line

    def _value(self, function: str, name: str, value: Any) -> None:
        kind = np.asarray(value).dtype
        before, rank = self._kinds.setdefault((function, name), (kind, np.ndim(value)))
        self._kinds[function, name] = kind, np.ndim(value)
        if before != kind:
            self.found.add("dtype of a name changes")
        if rank != np.ndim(value):
            self.found.add("rank of a name changes")
        if isinstance(value, np.ndarray):
            self._array(name, value)
        elif type(value) is np.float64:
            self.found.add("np.float64 numbers")
        elif not isinstance(value, float):
            self.found.add("bools" if isinstance(value, bool) else "ints")

    def _array(self, name: str, value: np.ndarray) -> None:
        self.arrays.add(name)
        kinds = {"i": "int arrays", "b": "bool arrays"}
        found = {kinds.get(value.dtype.kind, f"{value.dtype} arrays")}
        if value.dtype.kind == "b":
            self.masks.add(name)
        found.add(
            {0: "0-d arrays", 2: "matrices", 3: "arrays of rank 3"}.get(value.ndim, "")
        )
        if not value.size:
            found.add("zero-size arrays")
        self.found |= found


class _Counted(ast.NodeTransformer):
    """Every `for` over what `_trips` counts."""

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = ast.Call(ast.Name("_trips", ast.Load()), [node.iter], [])
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return None if node.names[0].name == "adcompiler" else node
