"""Containers, recursion, iterators, patterns: what of them a program has.

In: a program's tree. Out: names of `GROUPS`, read off the text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

ITERATORS = ("zip", "enumerate", "reversed", "sorted", "map", "filter", "reduce")
CALLS = (
    *("einsum", "pad", "roll", "sort", "argsort", "take_along_axis", "norm", "diff"),
    *("select", "tensordot", "outer", "median", "var", "insert", "delete", "take"),
    *("meshgrid", "triu", "tril", "repeat", "tile", "interp", "convolve", "average"),
)
KEYWORDS = ("where", "initial", "ddof", "out")
GROUPS = {
    "containers": (
        *("dict", "dataclass", "named tuple", "class", "namespace"),
        *("container argument", "nested container argument", "container result"),
        *("method", "property", "attribute assigned", "item of a dict assigned"),
        *("assigned in a loop", "object in a loop", "copy", "replace"),
    ),
    "syntax": (
        *("recursion", "mutual recursion", "nonlocal", "walrus", "match"),
        *("starred target", "starred argument", "nested target", "*args"),
        *(
            "generator",
            "comprehension",
            "generator with a test",
            "itertools",
            "partial",
        ),
        *ITERATORS,
    ),
    "more numpy": (*CALLS, *(f"{word}=" for word in KEYWORDS)),
}


def constructs(tree: ast.Module) -> Iterator[str]:
    """The names of `GROUPS` that occur; some of them more than once."""
    for node in ast.walk(tree):
        yield from _syntax(node)
        yield from _calls(node)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _class(node)
        if isinstance(node, ast.FunctionDef):
            yield from _function(node)
    yield from _recursion(tree)


def _syntax(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Nonlocal():
            yield "nonlocal"
        case ast.NamedExpr():
            yield "walrus"
        case ast.Match():
            yield "match"
        case ast.Dict():
            yield "dict"
        case ast.GeneratorExp(generators=rows):
            yield "generator"
            if any(row.ifs for row in rows):
                yield "generator with a test"
        case ast.ListComp() | ast.DictComp():
            yield "comprehension"
        case ast.Starred(ctx=ast.Store()):
            yield "starred target"
        case ast.Starred():
            yield "starred argument"
        case ast.arguments(vararg=ast.arg()):
            yield "*args"
        case ast.Tuple(elts=parts, ctx=ast.Store()):
            if any(isinstance(p, ast.Tuple) for p in parts):
                yield "nested target"


def _calls(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=words):
            if name in ITERATORS or name == "replace":
                yield name
            if name == "SimpleNamespace":
                yield "namespace"
        case ast.Call(func=ast.Attribute(attr=name, value=owner), keywords=words):
            if name in CALLS or name in ("reduce", "partial"):
                yield name
            if isinstance(owner, ast.Name) and owner.id in ("itertools", "copy"):
                yield owner.id
            if name == "_replace":
                yield "replace"
            if name.startswith("method"):
                yield "method"
            for word in words:
                if word.arg in KEYWORDS:
                    yield f"{word.arg}="


def _class(node: ast.ClassDef) -> Iterator[str]:
    if node.decorator_list:
        yield "dataclass"
    elif node.bases:
        yield "named tuple"
    else:
        yield "class"
    for row in node.body:
        if isinstance(row, ast.FunctionDef) and row.decorator_list:
            yield "property"


def _function(node: ast.FunctionDef) -> Iterator[str]:
    if node.name == "packed":
        yield "container argument"
        depths = [
            _depth(part) for part in ast.walk(node) if isinstance(part, ast.Tuple)
        ]
        if max(depths) > 2:
            yield "nested container argument"
        return
    yield from _assigned(node, loops=0)
    for row in ast.walk(node):
        if isinstance(row, ast.Return) and isinstance(row.value, ast.Dict | ast.Call):
            text = ast.unparse(row.value)
            if text.startswith(("{", "Kind", "SimpleNamespace")):
                yield "container result"


def _depth(node: ast.AST) -> int:
    """How many displays and calls there are in one another."""
    below = max((_depth(part) for part in ast.iter_child_nodes(node)), default=0)
    return below + isinstance(node, ast.Tuple | ast.List | ast.Dict | ast.Call)


def _assigned(node: ast.AST, loops: int) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = loops + isinstance(child, ast.For | ast.While)
        if isinstance(child, ast.Assign | ast.AugAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            for target in targets:
                yield from _target(target, loops)
        if isinstance(child, ast.For) and ast.unparse(child.target).startswith("m"):
            yield "object in a loop"
        yield from _assigned(child, inner)


def _target(target: ast.expr, loops: int) -> Iterator[str]:
    match target:
        case ast.Attribute():
            yield "attribute assigned"
        case ast.Subscript(slice=ast.Constant(value=str())):
            yield "item of a dict assigned"
        case _:
            return
    if loops:
        yield "assigned in a loop"


def _recursion(tree: ast.Module) -> Iterator[str]:
    called = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names = (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
            called[node.name] = set(names)
    for name, names in called.items():
        if name in names:
            yield "recursion"
        if any(name in called.get(other, ()) for other in names - {name}):
            yield "mutual recursion"
