"""Rewritings of a program that must not change its value or its gradient.

Each variant is an AST rewriting; `variants(source)` yields (name, new source) for
those that changed something. What a name is bound to is told by `Kinds`. Programs of
the generator tell it by their names: s*, a*, q*, u* and e* are floats, x*, y*, v*, p*
and r* arrays, k*, n* and i* integers.
"""

from __future__ import annotations

import ast
import builtins
import copy
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.fuzz.calls import Calls, Mismatch
from tests.fuzz.program import Program

UNOPTIMISED = "unoptimised"
SIMPLE = (ast.Assign, ast.AugAssign, ast.Return)


@dataclass(frozen=True)
class Kinds:
    """What names are bound to, wherever they are."""

    scalar: Callable[[str], object]  # a number
    number: Callable[[str], object]  # a float
    own: Callable[[str], object]  # a float array that the program may store to
    indexed: Callable[[str], object]  # an array, list or tuple
    outside: frozenset[str]  # names of the module


BY_NAME = Kinds(
    re.compile(r"[saque]\d+|[kni]\d+").fullmatch,
    re.compile(r"[saque]\d+").fullmatch,
    re.compile(r"y\d+").fullmatch,
    re.compile(r"[xyvprjo]\d+").fullmatch,
    frozenset({"np", "math", "ad", "SCALE", "WEIGHTS"}),
)
Rewriting = Callable[[ast.AST, Kinds], ast.AST]


def variants(source: str, kinds: Kinds = BY_NAME) -> Iterator[tuple[str, str]]:
    tree = ast.parse(source)
    original = ast.unparse(tree)
    for name, rewrite in REWRITINGS.items():
        changed = ast.fix_missing_locations(rewrite(copy.deepcopy(tree), kinds))
        text = ast.unparse(changed)
        if text == original:
            continue
        if "np." in text and "import numpy as np" not in text:
            text = f"import numpy as np\n{text}"
        yield name, f"{text}\n"


def agree(program: Program, ad: Any, gradient: list[Any], expected: Any) -> None:
    """Differentiate every variant and compare with the original's gradient."""
    from tests.fuzz.check import agreed, greatest

    cases = list(variants(program.source))
    if _optimiser_can_be_turned_off(ad):
        cases.append((UNOPTIMISED, program.source))
    for name, source in cases:
        found = _differentiated(program, ad, name, source, expected)
        if found is None:
            continue
        value, parts = found
        slack = 1e-9 if program.takes_derivatives else 1e-11
        slack *= 1 + abs(expected.value)
        agreed(f"value of variant {name}", value, expected.value, slack)
        if expected.unreliable:
            continue
        for a, g in zip(gradient, parts, strict=True):
            if a is None:
                continue
            scale = 1 + greatest(a)
            if not np.all(np.abs(np.asarray(g) - a) <= 1e-8 * scale):
                detail = f"{source}\n got {g!r}\n not {a!r}"
                raise Mismatch(f"gradient of variant {name}", detail)


def _optimiser_can_be_turned_off(ad: Any) -> bool:
    settings = getattr(ad, "settings", None)
    return "optimise" in getattr(getattr(settings, "Settings", None), "__slots__", ())


def _differentiated(
    program: Program, ad: Any, name: str, source: str, expected: Any
) -> Any:
    """(value, gradients) of a variant, or None where it is refused, or no variant."""
    from tests.fuzz.check import derived, module, weighed

    before = os.environ.get("ADC_OPTIMISE")
    if name == UNOPTIMISED:
        os.environ["ADC_OPTIMISE"] = "0"
    try:
        with module(source) as made:
            calls = Calls(made, ad, program.scalar)
            plain = weighed(calls.plain(program.values()))
            if abs(plain - expected.value) > 1e-6 * (1 + abs(expected.value)):
                return None  # a name that a call rebinds is read before it now
            return derived(calls, program.values())
    except ad.UnsupportedError:
        return None
    except Exception as problem:
        raise RuntimeError(f"variant {name}: {problem!r}") from problem
    finally:
        if name == UNOPTIMISED:
            del os.environ["ADC_OPTIMISE"]
            if before is not None:
                os.environ["ADC_OPTIMISE"] = before


# -- helpers --------------------------------------------------------------------


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every statement list, innermost last."""
    for node in list(ast.walk(tree)):
        for field in ("body", "orelse"):
            rows = getattr(node, field, None)
            if isinstance(rows, list) and rows and not isinstance(node, ast.Module):
                yield rows


def statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def names(node: ast.AST, context: type[ast.expr_context]) -> list[str]:
    """The names so used, without those that are a comprehension's own."""
    own = {
        n.id
        for part in ast.walk(node)
        if isinstance(part, ast.comprehension)
        for n in ast.walk(part.target)
        if isinstance(n, ast.Name)
    }
    return [
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, context) and n.id not in own
    ]


def rewritten(
    tree: ast.AST, change: Callable[[ast.stmt, int], list[ast.stmt] | None]
) -> ast.AST:
    """Replace statements, one by one, by what `change` gives for them."""
    count = 0
    for rows in list(bodies(tree)):
        result = []
        for row in rows:
            count += 1
            new = change(row, count)
            result += [row] if new is None else new
        rows[:] = result
    return tree


# -- the rewritings -------------------------------------------------------------


def name_temporaries(tree: ast.AST, _: Kinds) -> ast.AST:
    """`y = f(a) * g(b)` becomes `t1 = f(a); t2 = g(b); y = t1 * t2`."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        value = getattr(row, "value", None)
        if not isinstance(row, (ast.Assign, ast.Return)):
            return None
        new: list[ast.stmt] = []
        row.value = _hoisted(value, f"t{count}_", new, 3)
        return [*new, row]

    return rewritten(tree, change)


def _hoisted(node: Any, prefix: str, new: list[ast.stmt], depth: int) -> ast.expr:
    """`node` with its operands evaluated into temporaries, left to right."""

    def named(part: ast.expr) -> ast.expr:
        part = _hoisted(part, prefix, new, depth - 1)
        if isinstance(part, (ast.Name, ast.Constant)):
            return part
        name = f"{prefix}{len(new)}"
        new.append(ast.Assign([ast.Name(name, ast.Store())], part))
        return ast.Name(name, ast.Load())

    if depth and isinstance(node, ast.BinOp):
        node.left = named(node.left)
        node.right = named(node.right)
    elif depth and isinstance(node, ast.Call) and not node.keywords:
        if not any(isinstance(a, (ast.Tuple, ast.Starred)) for a in node.args):
            node.args = [named(a) for a in node.args]
    return node


def inline_temporaries(tree: ast.AST, _: Kinds) -> ast.AST:
    """A name bound once and read once, in the next statement, is inlined there."""
    for function in functions(tree):
        stored, loaded = names(function, ast.Store), names(function, ast.Load)
        for rows in bodies(function):
            position = 0
            while position + 1 < len(rows):
                row, following = rows[position], rows[position + 1]
                if _inlinable(row, following, stored, loaded):
                    assert isinstance(row, ast.Assign)
                    target = row.targets[0]
                    assert isinstance(target, ast.Name)
                    _Substitute(target.id, row.value).visit(following)
                    del rows[position]
                else:
                    position += 1
    return tree


def _inlinable(
    row: ast.stmt, following: ast.stmt, stored: list[str], loaded: list[str]
) -> bool:
    if not (isinstance(row, ast.Assign) and isinstance(following, SIMPLE)):
        return False
    target = row.targets[0]
    if len(row.targets) > 1 or not isinstance(target, ast.Name):
        return False
    once = stored.count(target.id) == 1 and loaded.count(target.id) == 1
    lazy = (ast.IfExp, ast.BoolOp, ast.Lambda)
    if any(isinstance(n, lazy) for n in ast.walk(following)):
        return False
    value = following.value
    return once and value is not None and target.id in names(value, ast.Load)


class _Substitute(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._value if node.id == self._name else node


def for_to_while(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """Every `for` over a range or an array becomes a `while` over a counter."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        if not isinstance(row, ast.For) or not isinstance(row.target, ast.Name):
            return None
        c, stop, target = f"counter{count}", f"stop{count}", row.target.id
        setup, test, bind, step = [], "", "", 1
        if isinstance(row.iter, ast.Call) and ast.unparse(row.iter.func) == "range":
            limits = [ast.unparse(a) for a in row.iter.args]
            low, high = ("0", limits[0]) if len(limits) == 1 else limits[:2]
            if len(limits) == 3 and not re.fullmatch(r"-?[1-9]", limits[2]):
                return None  # up or down, or no step at all: known at run time
            step = int(limits[2]) if len(limits) == 3 else 1
            setup = [f"{c} = {low}", f"{stop} = {high}"]
            test, bind = f"{c} {'<' if step > 0 else '>'} {stop}", f"{target} = {c}"
        elif isinstance(row.iter, ast.Name) and kinds.indexed(row.iter.id):
            rows = f"rows{count}"
            setup = [f"{c} = 0", f"{rows} = {row.iter.id}"]
            test, bind = f"{c} < len({rows})", f"{target} = {rows}[{c}]"
        else:
            return None
        head = [statement(bind), statement(f"{c} += {step}")]
        loop = ast.While(ast.parse(test, mode="eval").body, head + row.body, row.orelse)
        return [*map(statement, setup), loop]

    return rewritten(tree, change)


def expand_augmented(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """`s += e` becomes `s = s + e`; so do elements and slices of arrays."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        if not isinstance(row, ast.AugAssign):
            return None
        target = row.target
        if isinstance(target, ast.Name) and not kinds.scalar(target.id):
            return None
        read = copy.deepcopy(target)
        read.ctx = ast.Load()
        return [ast.Assign([target], ast.BinOp(read, row.op, row.value))]

    return rewritten(tree, change)


def conditional_expression(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """A branch that only binds one name becomes a conditional expression."""
    return _masked(tree, kinds, lambda test, a, b: f"{a} if {test} else {b}")


def mask(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """The same with `np.where`, both sides evaluated."""
    return _masked(tree, kinds, lambda test, a, b: f"float(np.where({test}, {a}, {b}))")


def _masked(
    tree: ast.AST, kinds: Kinds, form: Callable[[str, str, str], str]
) -> ast.AST:
    for rows in list(bodies(tree)):
        for position, row in enumerate(rows):
            before = {n for r in rows[:position] for n in _surely_bound(r)}
            new = _masked_branch(row, kinds, form, before)
            if new is not None:
                rows[position] = new
    return tree


def _masked_branch(
    row: ast.stmt,
    kinds: Kinds,
    form: Callable[[str, str, str], str],
    before: set[str],
) -> ast.stmt | None:
    if not isinstance(row, ast.If) or len(row.body) != 1 or len(row.orelse) > 1:
        return None
    bound = [_bound(r, kinds) for r in row.body + row.orelse]
    if None in bound or len({name for name, _ in bound}) != 1:
        return None
    name = bound[0][0]
    if not row.orelse and name not in before:
        return None
    other = bound[1][1] if row.orelse else name
    return statement(f"{name} = {form(ast.unparse(row.test), bound[0][1], other)}")


def _surely_bound(row: ast.stmt) -> list[str]:
    return names(row, ast.Store) if isinstance(row, ast.Assign) else []


def _bound(row: ast.stmt, kinds: Kinds) -> Any:
    """(name, right-hand side) of a plain assignment to a float name."""
    if not isinstance(row, ast.Assign) or len(row.targets) != 1:
        return None
    target = row.targets[0]
    if not isinstance(target, ast.Name) or not kinds.number(target.id):
        return None
    return target.id, f"({ast.unparse(row.value)})"


def identities(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """After an assignment, the name times one: scalars rebound, arrays in place."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        if not isinstance(row, (ast.Assign, ast.AugAssign)):
            return None
        target = row.targets[0] if isinstance(row, ast.Assign) else row.target
        if not isinstance(target, ast.Name):
            return None
        if kinds.number(target.id):
            return [row, statement(f"{target.id} = {target.id} * 1.0 + 0.0")]
        if kinds.own(target.id):
            return [row, statement(f"{target.id} *= 1.0")]
        return None

    return rewritten(tree, change)


def dead_code(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """Code whose results nobody reads."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        if not isinstance(row, ast.Assign) or count % 2:
            return None
        target = row.targets[0]
        if not isinstance(target, ast.Name) or not kinds.number(target.id):
            return None
        name, u = target.id, f"unused{count}"
        return [
            row,
            statement(f"{u} = np.sin({name}) * 3.0"),
            statement(f"for index{count} in range(2):\n    {u} = {u} * {name}"),
        ]

    return rewritten(tree, change)


def single_trips(tree: ast.AST, _: Kinds) -> ast.AST:
    """A statement becomes the body of a loop of one trip, or of a true branch."""

    def change(row: ast.stmt, count: int) -> list[ast.stmt] | None:
        if not isinstance(row, (ast.Assign, ast.AugAssign)) or count % 3 == 0:
            return None
        target = row.targets[0] if isinstance(row, ast.Assign) else row.target
        if not isinstance(target, (ast.Name, ast.Subscript)):
            return None
        if count % 3 == 1:
            loop = statement(f"for once{count} in range(1):\n    pass")
        else:
            loop = statement("while True:\n    pass\n    break")
        assert isinstance(loop, (ast.For, ast.While))
        loop.body[0] = row
        return [loop]

    return rewritten(tree, change)


def outline(tree: ast.AST, kinds: Kinds) -> ast.AST:
    """A run of scalar assignments becomes a call of a new function."""
    assert isinstance(tree, ast.Module)
    new: list[ast.stmt] = []
    local = {f.name for f in functions(tree)} | kinds.outside
    for rows in list(bodies(tree)):
        start = next((i for i, r in enumerate(rows) if _bound(r, kinds)), None)
        if start is None:
            continue
        stop = start
        while stop < len(rows) and _bound(rows[stop], kinds):
            stop += 1
        replaced = _outlined(rows[start:stop], f"outlined{len(new)}", local, new)
        if replaced is not None:
            rows[start:stop] = [replaced]
    first = next(i for i, r in enumerate(tree.body) if isinstance(r, ast.FunctionDef))
    tree.body[first:first] = new
    return tree


def _outlined(
    rows: list[ast.stmt], name: str, known: set[str], new: list[ast.stmt]
) -> ast.stmt | None:
    inputs: list[str] = []
    outputs: list[str] = []
    for row in rows:
        scopes = ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.NamedExpr
        if any(isinstance(n, scopes) for n in ast.walk(row)):
            return None  # has names of its own
        for used in names(row, ast.Load):
            if used not in inputs + outputs and not _is_global(used, known):
                inputs.append(used)
        outputs += [n for n in names(row, ast.Store) if n not in outputs]
    if any(re.match(r"[fg]\d+$", n) for row in rows for n in names(row, ast.Load)):
        return None  # calls a local function: not to be moved out of its scope
    result = ", ".join(outputs)
    function = statement(f"def {name}({', '.join(inputs)}):\n    return {result}")
    assert isinstance(function, ast.FunctionDef)
    function.body[:0] = copy.deepcopy(rows)
    new.append(function)
    return statement(f"{result} = {name}({', '.join(inputs)})")


def _is_global(name: str, known: set[str]) -> bool:
    return name in known or hasattr(builtins, name)


REWRITINGS: dict[str, Rewriting] = {
    f.__name__: f
    for f in (
        name_temporaries,
        inline_temporaries,
        for_to_while,
        expand_augmented,
        conditional_expression,
        mask,
        identities,
        dead_code,
        single_trips,
        outline,
    )
}
