"""Every environment variable that adcompiler reads, and nothing else reads any.

=============== ================= ====================================================
variable        example           effect
=============== ================= ====================================================
ADC_DUMP        ``lower,reverse`` print the IR after each pass that is named
ADC_VERIFY      ``1``             verify the IR after every pass; on in the tests
ADC_KEEP        ``/tmp/emitted``  keep each emitted text as a file in this directory
ADC_OPTIMISE    ``0``             leave out the optimiser; derivatives are the same
ADC_BACKEND     ``numpy``         the backend where none is named; ``llvm`` otherwise
ADC_STRICT_FP   ``1``             machine code computes as written, in that order
ADC_NUM_THREADS ``1``             so many threads share large arrays; all otherwise
ADC_CACHE       ``0``             keep no machine code for other processes
ADC_CACHE_DIR   ``/tmp/code``     keep it there, not in the user's directory for caches
ADC_CACHE_SIZE  ``64``            keep so many megabytes of it at most; 256 otherwise
=============== ================= ====================================================

The environment is read when `current` is called, not on import, so that a notebook
or a test can change a variable and compile again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

__all__ = ["ABSENT", "Settings", "current", "facts"]

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
        strict_fp: whether machine code keeps to the order of what it computes.
        threads: how many threads share large nests of machine code; None are as many as
            there are processors for this process.
        cache: whether machine code is kept for other processes.
        cache_dir: the directory that it is kept in; None is the user's.
        cache_size: how many bytes are kept at most.
    """

    dump: frozenset[str] = frozenset()
    verify: bool = False
    keep: Path | None = None
    optimise: bool = True
    backend: str = "llvm"
    strict_fp: bool = False
    threads: int | None = None
    cache: bool = True
    cache_dir: Path | None = None
    cache_size: int = 256 << 20


def current(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that `environ` (`os.environ` if None) asks for at this moment.

    Raises ValueError when ADC_VERIFY, ADC_OPTIMISE or ADC_CACHE is neither on nor off.

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
    held = _held() if environ is None else None
    if held is not None:
        return _settings(*(held.get(key, text) for key, text in _encoded()))
    environ = os.environ if environ is None else environ
    return _settings(*(environ.get(name, text) for name, text in _UNSET.items()))


# The variables, and what each is where it is not set; the last is for ``~``.
_UNSET = {
    "ADC_DUMP": "",
    "ADC_VERIFY": "",
    "ADC_KEEP": "",
    "ADC_OPTIMISE": "1",
    "ADC_BACKEND": "",
    "ADC_STRICT_FP": "",
    "ADC_NUM_THREADS": "",
    "ADC_CACHE": "1",
    "ADC_CACHE_DIR": "",
    "ADC_CACHE_SIZE": "",
    "HOME": "",
}


@cache
def _encoded() -> tuple[tuple[Any, str], ...]:
    """The variables by the keys under which `os.environ` holds them."""
    return tuple((os.environ.encodekey(name), text) for name, text in _UNSET.items())


@lru_cache(maxsize=16)
def _settings(*given: str | bytes) -> Settings:
    """The settings of these texts, in the order of `_UNSET`."""
    texts = (os.fsdecode(text) for text in given)
    of = dict(zip(_UNSET, texts, strict=True))
    names = (name.strip() for name in of["ADC_DUMP"].split(","))
    return Settings(
        dump=frozenset(name for name in names if name),
        verify=_switch("ADC_VERIFY", of["ADC_VERIFY"]),
        keep=_path(of["ADC_KEEP"]),
        optimise=_switch("ADC_OPTIMISE", of["ADC_OPTIMISE"]),
        backend=_backend(of["ADC_BACKEND"] or "llvm"),
        strict_fp=_switch("ADC_STRICT_FP", of["ADC_STRICT_FP"]),
        threads=_threads(of["ADC_NUM_THREADS"]),
        cache=_switch("ADC_CACHE", of["ADC_CACHE"]),
        cache_dir=_path(of["ADC_CACHE_DIR"]),
        cache_size=_megabytes(of["ADC_CACHE_SIZE"] or "256"),
    )


def _held() -> dict[Any, Any] | None:
    """What `os.environ` holds, by its own keys: to read that takes a tenth of the time.
    None where it is not known how it does."""
    held = getattr(os.environ, "_data", None)
    known = type(held) is dict and hasattr(os.environ, "encodekey")
    return held if known else None


def facts(*names: str) -> list[tuple[Mapping[Any, Any], Any, Any]] | None:
    """Where the environment holds these variables, by which keys, and what is there now
    or `ABSENT`; so that they need not be read to be known unchanged. None where it is
    not known how the environment is held."""
    held = _held()
    if held is None:
        return None
    keys = map(os.environ.encodekey, names)
    return [(held, key, held.get(key, ABSENT)) for key in keys]


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _threads(text: str) -> int | None:
    """So many threads; None where nothing is said."""
    if not text.strip():
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError(f"ADC_NUM_THREADS is {text!r}; write a number from 1 up")
    return int(text)


def _megabytes(text: str) -> int:
    """So many megabytes, in bytes."""
    if not text.strip().isdecimal():
        raise ValueError(f"ADC_CACHE_SIZE is {text!r}; write a number of megabytes")
    return int(text) << 20


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
