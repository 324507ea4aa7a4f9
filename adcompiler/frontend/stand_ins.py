"""Functions that no program runs: what `frontend.shorthand` writes for syntax that has
no other form. The handlers of `frontend.lower.shorthands` say what each comes to.
"""

from __future__ import annotations

from typing import Any


def module(level: int, name: str) -> Any:
    """The module of this name."""
    raise NotImplementedError


def member(level: int, name: str, attribute: str) -> Any:
    """``from name import attribute``."""
    raise NotImplementedError


def part(subject: object, cls: type, k: int) -> Any:
    """What ``case cls(a, b)`` compares with `a` and `b`: parts of the subject."""
    raise NotImplementedError


def entered(manager: object) -> Any:
    """What ``with manager as value`` gives."""
    raise NotImplementedError


def left(manager: object) -> None:
    """What the end of the block does to the manager."""
    raise NotImplementedError


def deleted(owner: object, key: object) -> None:
    """``del owner[key]``."""
    raise NotImplementedError


def block_begun(k: int, errors: bool) -> None:
    """Where a block begins at whose end something is done, before a `raise` too."""
    raise NotImplementedError


def last_begun(k: int, errors: bool) -> None:
    """Where that begins on one of the ways out."""
    raise NotImplementedError


def last_ended(k: int, errors: bool) -> None:
    """Where it ends."""
    raise NotImplementedError
