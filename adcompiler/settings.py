"""Every environment variable that adcompiler reads, and nothing else reads any.

============ =================  ====================================================
variable     example            effect
============ =================  ====================================================
ADC_DUMP     ``lower,reverse``  print the IR after each pass that is named
ADC_VERIFY   ``1``              verify the IR after every pass; on in the tests
ADC_KEEP     ``/tmp/emitted``   keep each emitted text as a file in this directory
ADC_OPTIMISE ``0``              leave out the optimiser; derivatives are the same
ADC_BACKEND  ``llvm``           the backend where none is named; ``numpy`` otherwise
============ =================  ====================================================

The environment is read when `current` is called, not on import, so that a notebook
or a test can change a variable and compile again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ABSENT", "Settings", "backend_fact", "current"]

ABSENT = object()

_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for.

    Attributes:
        dump: the passes after which the IR is printed.
        verify: whether the IR is verified after every pass.
        keep: the directory that emitted text is kept in; None keeps nothing.
        optimise: whether programs are optimised; the tests do without, too.
        backend: what runs a program where no backend is named.
    """

    dump: frozenset[str] = frozenset()
    verify: bool = False
    keep: Path | None = None
    optimise: bool = True
    backend: str = "numpy"


def current(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that `environ` (`os.environ` if None) asks for at this moment.

    Raises ValueError when ADC_VERIFY or ADC_OPTIMISE is neither on nor off.

    >>> settings = current({"ADC_DUMP": "lower, reverse", "ADC_VERIFY": "1"})
    >>> sorted(settings.dump), settings.verify, settings.keep
    (['lower', 'reverse'], True, None)
    >>> current({}) == Settings()
    True
    >>> current({"ADC_VERIFY": "perhaps"})
    Traceback (most recent call last):
    ...
    ValueError: ADC_VERIFY is 'perhaps'; write 1 or 0
    """
    environ = os.environ if environ is None else environ
    names = (name.strip() for name in environ.get("ADC_DUMP", "").split(","))
    keep = environ.get("ADC_KEEP", "")
    return Settings(
        dump=frozenset(name for name in names if name),
        verify=_switch("ADC_VERIFY", environ.get("ADC_VERIFY", "")),
        keep=Path(keep).expanduser() if keep else None,
        optimise=_switch("ADC_OPTIMISE", environ.get("ADC_OPTIMISE", "1")),
        backend=_backend(environ.get("ADC_BACKEND", "") or "numpy"),
    )


def backend_fact() -> tuple[Mapping[Any, Any], Any, Any] | None:
    """Where the environment holds ADC_BACKEND, by which key, and what is there now or
    `ABSENT`; so that it need not be read to be known unchanged. None where it is not
    known how the environment is held."""
    held = getattr(os.environ, "_data", None)
    encode = getattr(os.environ, "encodekey", None)
    if type(held) is not dict or encode is None:
        return None
    key = encode("ADC_BACKEND")
    return held, key, held.get(key, ABSENT)


def _backend(text: str) -> str:
    """The backend of this name."""
    if text not in ("numpy", "llvm"):
        raise ValueError(f"ADC_BACKEND is {text!r}; write numpy or llvm")
    return text


def _switch(name: str, text: str) -> bool:
    """Whether the variable `name`, set to `text`, is on."""
    state = _SWITCH.get(text.strip().lower())
    if state is None:
        raise ValueError(f"{name} is {text!r}; write 1 or 0")
    return state
