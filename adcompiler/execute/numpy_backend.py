"""Emitted NumPy source becomes a function that can be called and debugged.

In: source text and the objects it names. Out: the function that it defines.
Invariants: the text is registered with `linecache` under a name of its own as long as
the function lives, until the next load, so that tracebacks and pdb show it; two loads
share nothing.
"""

from __future__ import annotations

import itertools
import linecache
import re
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol

from adcompiler import settings
from adcompiler.errors import InternalError

_numbers = itertools.count(1)
_gone: deque[str] = deque()  # the names of texts whose function is gone


class Source(Protocol):
    """What the emitter gives."""

    @property
    def text(self) -> str: ...

    @property
    def globals(self) -> Mapping[str, object]: ...


def load(source: Source, name: str, label: str | None = None) -> Callable[..., Any]:
    """Compile the text and give the function `name` that it defines.

    `label` says what it is, e.g. ``"gradient of loss"``; it is shown in tracebacks.
    Without one, the name is.
    Where ADC_KEEP names a directory, the text is kept there as a file.

    >>> from types import SimpleNamespace
    >>> source = SimpleNamespace(text="def f(x):\\n    return 2 * x\\n", globals={})
    >>> f = load(source, "f", "example")
    >>> f(3), f.__code__.co_filename.startswith("<adcompiler example ")
    (6, True)
    """
    _forget()
    filename = f"<adcompiler {label or name} {next(_numbers)}>"
    _keep(filename, source.text)
    lines = source.text.splitlines(keepends=True)
    # Without a modification time linecache never looks for a file.
    linecache.cache[filename] = (len(source.text), None, lines, filename)
    namespace: dict[str, Any] = {"__name__": f"adcompiler.{name}", **source.globals}
    exec(compile(source.text, filename, "exec", dont_inherit=True), namespace)
    function = namespace.get(name)
    if not isinstance(function, FunctionType):
        raise InternalError(f"the emitted source defines no function {name}")
    weakref.finalize(function, _gone.append, filename)
    return function


def _forget() -> None:
    """Drop the texts of functions that are gone.

    Not when they go: garbage is collected in the midst of anything, of linecache going
    through its own entries too.
    """
    while _gone:
        linecache.cache.pop(_gone.popleft(), None)


def _keep(filename: str, text: str) -> None:
    """Keep the text as a file, if the settings ask for it."""
    directory = settings.current().keep
    if directory is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"\W+", "_", filename).strip("_")
    Path(directory, f"{stem}.py").write_text(text, encoding="utf-8")
