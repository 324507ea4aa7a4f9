"""Trees of parameters: what a model or a container holds, and gradients beside it.

In: a parameter, an array, a container of these (dict, list, tuple, named tuple,
dataclass, nested in any way), or an object whose attributes hold them. Out: its leaves,
in a stable order, each with the path that names it in messages.
Invariants: a container is gone through in its own order (dicts and attributes as they
were filled); nothing is copied.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from adcompiler.frontend.structures import shape_of
from adcompiler.gradients import Gradients
from adcompiler.holders import SINGLE
from adcompiler.parameter import Parameter

__all__ = [
    "Leaf",
    "leaves",
    "matched",
]

Array = np.ndarray[Any, Any]
Leaf = Parameter | Array

Names = tuple[Hashable, ...]


def _opened(node: Any) -> tuple[Names | None, list[Any]] | None:
    """The parts of a container, with their names if they have some; None of what is no
    container."""
    if isinstance(node, SINGLE):
        return None
    match node:
        case Gradients():
            return type(node).__match_args__, list(node)
        case tuple():
            return getattr(type(node), "_fields", None), list(node)
        case list():
            return None, node
        case Mapping():
            return tuple(node), list(node.values())
        case _:
            shape = shape_of(node)
            return None if shape is None else (shape.names, list(shape.parts(node)))


def _paths(node: Any, path: str, *, plain: bool = False) -> Iterator[tuple[str, Any]]:
    """The parts of a container, each as it is written; `plain`: as in ``a.0.b``."""
    opened = _opened(node)
    assert opened is not None
    names, parts = opened
    for k, part in enumerate(parts):
        key = k if names is None else names[k]
        keyed = names is None or isinstance(node, Mapping)
        keyed = keyed and not plain
        yield (f"{path}[{key!r}]" if keyed else f"{path}.{key}"), part


def leaves(
    tree: Any, path: str = "params", *, plain: bool = False
) -> Iterator[tuple[str, Any]]:
    """What a container holds that is no container, in order, each with its path;
    `plain` paths have dots in them, as in ``a.0.b``.

    >>> [where for where, _ in leaves({"w": np.ones(2), "more": (1.0, None)})]
    ["params['w']", "params['more'][0]", "params['more'][1]"]
    """
    if _opened(tree) is None:
        yield path, tree
        return
    for where, part in _paths(tree, path, plain=plain):
        yield from leaves(part, where, plain=plain)


def matched(
    tree: Any, other: Any, path: str = "grads"
) -> Iterator[tuple[str, Any, Any]]:
    """Each leaf of a tree with what another of the same structure has in its place; in
    the place of a container there may be None, for None at each of its leaves.

    Containers with names match by name, others by position; `Gradients` by either.
    Raises TypeError or ValueError where the other has another structure.

    >>> list(matched({"w": 1.0}, {"w": 2.0}))
    [("grads['w']", 1.0, 2.0)]
    >>> list(matched({"w": 1.0}, {"v": 2.0}))
    Traceback (most recent call last):
    ...
    ValueError: grads lacks 'w', and has 'v', which the parameters lack
    """
    if _opened(tree) is None:
        if _opened(other) is not None:
            raise TypeError(
                f"{path} is a {type(other).__name__}, where the parameters have one "
                "array"
            )
        yield path, tree, other
        return
    found = list(_paths(tree, path))
    given = [None] * len(found) if other is None else _in_place(tree, other, path)
    for (where, part), theirs in zip(found, given, strict=True):
        yield from matched(part, theirs, where)


def _in_place(tree: Any, other: Any, path: str) -> list[Any]:
    """The parts of another container, in the order of this one."""
    mine, theirs = _opened(tree), _opened(other)
    assert mine is not None
    if theirs is None:
        raise TypeError(
            f"{path} is a {type(other).__name__}, where the parameters are a "
            f"{type(tree).__name__}"
        )
    by_name = mine[0] is not None and theirs[0] is not None
    if not by_name and (isinstance(tree, Mapping) or isinstance(other, Mapping)):
        raise TypeError(
            f"{path} is a {type(other).__name__}, where the parameters are a "
            f"{type(tree).__name__}"
        )
    if by_name:
        _require_names(mine[0] or (), theirs[0] or (), path)
        found = dict(zip(theirs[0] or (), theirs[1], strict=True))
        return [found[name] for name in mine[0] or ()]
    if len(mine[1]) != len(theirs[1]):
        raise ValueError(
            f"{path} has {len(theirs[1])} entries, where the parameters have "
            f"{len(mine[1])}"
        )
    return theirs[1]


def _require_names(mine: Names, theirs: Names, path: str) -> None:
    lacking = [n for n in mine if n not in theirs]
    more = [n for n in theirs if n not in mine]
    if not lacking and not more:
        return
    said = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
    if more:
        said.append(f"has {', '.join(map(repr, more))}, which the parameters lack")
    raise ValueError(f"{path} {', and '.join(said)}")
