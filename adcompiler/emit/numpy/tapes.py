"""Tapes as a person writes them: popped where the value is used, or gone over.

In: statements that pop, what follows them, and what is read how often. Out: what is to
be printed. Invariant: what is popped in the middle of a statement is popped at the same
time as before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from adcompiler.emit.numpy.layout import Block, Comment, Line, Node, Nodes
from adcompiler.ir.nodes import For, Let, Stmt, Var


def popped_into(
    pop: Stmt, stmt: Stmt, found: Nodes, before: list[Node], used: Mapping[Var, int]
) -> Nodes:
    """The nodes of a statement; what the one before pops is written in it, if that
    is the value stored or added or in a loop's range, and nothing else reads it:
    ``x[i] = x_tape.pop()``."""
    if not (isinstance(pop, Let) and pop.primitive.name == "list_pop"):
        return found
    value = pop.results[0]
    comments = tuple(n for n in found[:1] if isinstance(n, Comment))
    first, *rest = found[len(comments) :]
    if used.get(value) != 1:
        return found
    match stmt, first:
        case Let(), Line(text) if stmt.primitive.name == "store":
            if stmt.operands[1] != value:
                return found
        case Let(), Line(text) if text.endswith(f" += {popped_name(before)}"):
            pass
        case For(), Block(((text, _),)) if value in stmt.range.atoms:
            pass
        case _:
            return found
    popped = before.pop()
    assert isinstance(popped, Line)
    name, _, call = popped.text.partition(" = ")
    if isinstance(first, Line):
        line = replace(first, text=text.removesuffix(name) + call)
        return (*comments, line, *rest)
    assert isinstance(first, Block)
    ((header, body),) = first.clauses
    # The index may have the name of what is popped.
    index, within, bounds = header.partition(" in ")
    bounds = re.sub(rf"\b{re.escape(name)}\b", lambda _: call, bounds)
    clauses = ((f"{index}{within}{bounds}", body),)
    return (*comments, replace(first, clauses=clauses), *rest)


def displayed(before: Stmt, stmt: Stmt, found: Nodes, nodes: list[Node]) -> Nodes:
    """The nodes of a statement; what a list display of the program appends to its new
    list is written in it: ``xs = [x, y]``."""
    last = nodes[-1] if nodes else None
    if not (_appends(stmt) and _starts(before) and stmt.span == before.span):
        return found
    if stmt.span is None or not isinstance(last, Line) or len(found) != 1:
        return found
    (line,) = found
    assert isinstance(line, Line)
    name, _, items = last.text.partition(" = ")
    value = line.text.removeprefix(f"{name}.append(").removesuffix(")")
    if len(value) + len(name) + 9 != len(line.text) or re.search(rf"\b{name}\b", value):
        return found
    nodes.pop()
    inside = items.removeprefix("[").removesuffix("]")
    whole = f"{inside}, {value}" if inside else value
    return (replace(line, text=f"{name} = [{whole}]"),)


def _appends(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and stmt.primitive.name == "list_append"


def _starts(stmt: Stmt) -> bool:
    """Whether a list begins here, or the display of one goes on."""
    new = isinstance(stmt, Let) and stmt.primitive.name == "list_new"
    return new or _appends(stmt)


def popped_name(before: Sequence[Node]) -> str | None:
    """The name that the last line gives to what it pops."""
    line = before[-1] if before else None
    return line.text.partition(" = ")[0] if isinstance(line, Line) else None
