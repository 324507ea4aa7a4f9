"""Delta debugging: the smallest program that still fails in the same way.

Statements are deleted, blocks replaced by their bodies, expressions by their
operands or a constant; a step is kept if the verdict stays the same.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator

from tests.fuzz.check import Verdict
from tests.fuzz.program import Program


def same_failure(a: Verdict, b: Verdict) -> bool:
    return a.kind == b.kind and _key(a) == _key(b)


def _key(verdict: Verdict) -> str:
    """The message without the names and numbers that shrinking changes.

    Which wrong number showed first may change; that it is wrong may not.
    """
    if verdict.kind == "WRONG":
        return "variant" if "variant" in verdict.message else ""
    if verdict.kind == "CRASH":  # the exception, and where it was raised
        return re.sub(r":.* (at|in) ", " ", verdict.message)
    return re.sub(r"[a-z]*\d+(_\d+)?|'[^']*'", "_", verdict.message)


def shrink(
    program: Program, judge: Callable[[Program], Verdict], most: int = 1500
) -> Program:
    """Shrink `program` while `judge` gives the same failure; at most `most` runs."""
    wanted = judge(program)
    best, runs = program, 0
    improved = True
    while improved and runs < most:
        improved = False
        for candidate in _candidates(best.source):
            runs += 1
            if runs >= most:
                break
            smaller = best.with_source(candidate)
            if len(candidate) < len(best.source) and same_failure(
                judge(smaller), wanted
            ):
                best, improved = smaller, True
                break
    return best


def _candidates(source: str) -> Iterator[str]:
    """Programs one step smaller, big steps first."""
    for steps in (_without_statements, _flattened, _simpler_expressions):
        total = sum(1 for _ in steps(ast.parse(source)))
        for number in range(total):
            tree = ast.parse(source)
            for position, step in enumerate(steps(tree)):
                if position == number:
                    step()
                    break
            text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            if _compiles(text):
                yield text


def _compiles(text: str) -> bool:
    try:
        compile(text, "candidate", "exec")
    except (SyntaxError, ValueError):
        return False
    return "def program(" in text


Step = Callable[[], None]


def _lists(tree: ast.AST) -> Iterator[tuple[ast.AST, str, list[ast.stmt]]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            rows = getattr(node, field, None)
            if isinstance(rows, list):
                yield node, field, rows


def _without_statements(tree: ast.AST) -> Iterator[Step]:
    """Delete half a block, an `else`, or one statement (from the end)."""
    for node, field, rows in list(_lists(tree)):
        if field == "orelse" and rows:
            yield rows.clear
        if len(rows) > 3 and not isinstance(node, ast.Module):
            yield lambda rows=rows: rows.__delitem__(slice(0, len(rows) // 2))
    for _, field, rows in list(_lists(tree)):
        for position in reversed(range(len(rows))):
            if isinstance(rows[position], ast.Import):
                continue
            if field == "orelse" or len(rows) > 1:
                yield lambda rows=rows, i=position: rows.__delitem__(i)
            elif not isinstance(rows[0], ast.Pass):
                yield lambda rows=rows: rows.__setitem__(0, ast.Pass())


def _flattened(tree: ast.AST) -> Iterator[Step]:
    """Replace a branch or a loop by its body."""
    for _, _, rows in list(_lists(tree)):
        for position, row in enumerate(rows):
            if isinstance(row, (ast.If, ast.For, ast.While)):
                place = slice(position, position + 1)
                yield lambda rows=rows, p=place, b=row.body: rows.__setitem__(p, b)


def _simpler_expressions(tree: ast.AST) -> Iterator[Step]:
    """Replace an expression by an operand of it, or by a constant."""
    for node in list(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and field not in ("func", "target", "ctx"):
                for simpler in _simpler(value):
                    yield lambda n=node, f=field, s=simpler: setattr(n, f, s)
            elif isinstance(value, list):
                for position, item in enumerate(value):
                    if isinstance(item, ast.expr) and field in ("args", "comparators"):
                        for simpler in _simpler(item):
                            yield lambda v=value, i=position, s=simpler: v.__setitem__(
                                i, s
                            )


def _simpler(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Call):
        parts = [a for a in node.args if not isinstance(a, ast.Tuple)]
    elif isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        parts = list(node.values)
    else:
        parts = []
    if not isinstance(node, (ast.Constant, ast.Name, ast.Tuple, ast.Slice)):
        parts.append(ast.Constant(0.7))
    return [copy.deepcopy(p) for p in parts]
