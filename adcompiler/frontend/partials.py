"""A `functools.partial` as a function of Python's own.

In: a partial object. Out: a function with its signature, which calls what it calls with
the same arguments; its text is registered, so that it is captured as any other.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import linecache
from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["written_out"]

_numbers = itertools.count(1)


def written_out(partial: functools.partial[Any]) -> Callable[..., Any]:
    """The function that a partial object stands for.

    >>> def line(a, x, *, b=1.0):
    ...     return a * x + b
    >>> whole = written_out(functools.partial(line, 2.0, b=3.0))
    >>> inspect.signature(whole), whole(5.0)
    (<Signature (x, *, b=3.0)>, 13.0)
    """
    function, given = partial.func, partial.args
    signature = inspect.signature(partial)
    scope: dict[str, Any] = {}
    taken = {*signature.parameters}

    def own(name: str, value: Any) -> str:
        """A name for this that no parameter has."""
        while name in taken:
            name += "_"
        taken.add(name)
        scope[name] = value
        return name

    name = getattr(function, "__name__", "function")
    callee = own(name if name.isidentifier() else "function", function)
    args = [own(f"given_{k}", value) for k, value in enumerate(given)]
    spelled, star = [], False
    for parameter in signature.parameters.values():
        word = parameter.name
        match parameter.kind:
            case parameter.VAR_POSITIONAL:
                spelled.append(f"*{word}")
                args.append(f"*{word}")
                star = True
                continue
            case parameter.VAR_KEYWORD:
                spelled.append(f"**{word}")
                args.append(f"**{word}")
                continue
            case parameter.KEYWORD_ONLY:
                spelled += [] if star else ["*"]
                star = True
                args.append(f"{word}={word}")
            case _:
                args.append(word)
        default = parameter.default
        if default is not parameter.empty:
            word = f"{word}={own(f'default_of_{word}', default)}"
        spelled.append(word)
    header = f"def function({', '.join(spelled)}):"
    text = f"{header}\n    return {callee}({', '.join(args)})\n"
    made = _made(text, scope, f"<partial {name} {next(_numbers)}>")
    made.__name__ = made.__qualname__ = name
    return made


def _made(text: str, scope: dict[str, Any], filename: str) -> FunctionType:
    """The function of this text, whose lines tracebacks show."""
    exec(compile(text, filename, "exec", dont_inherit=True), scope)
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = len(text), None, lines, filename
    made: FunctionType = scope.pop("function")
    return made
