"""What machine code depends on besides the program.

In: nothing. Out: a text, which differs wherever code that was compiled here might not
be the code that would be compiled.
Invariant: where the system tells what processor there is, nothing is imported for it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

__all__ = ["versions"]

_FORMAT = 1  # of what is written
_PACKAGE = Path(__file__).parent.parent
_DISTRIBUTION = re.compile(r"adcompiler-[^-]*\.dist-info")


@cache
def versions() -> str:
    """The versions of all that takes part."""
    packages = ("llvmlite", "scipy", "sympy")
    return "\n".join(
        (
            f"format {_FORMAT}",
            f"python {sys.version} {sys.flags.optimize} {sys.maxsize}",
            f"numpy {np.__version__} {np.__file__}",
            *(f"{name} {_stamp_of(name)}" for name in packages),
            f"adcompiler {_compiler()}",
            f"machine {sys.platform} {platform.machine()}",
            *_processor(),
        )
    )


def _stamp_of(package: str) -> str:
    """Where a package lies, and since when."""
    loaded = sys.modules.get(package)
    spec = find_spec(package) if loaded is None else loaded.__spec__
    origin = None if spec is None else spec.origin
    return "none" if origin is None else f"{origin} {_stamp(Path(origin))}"


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{found.st_mtime_ns} {found.st_size}"


def _compiler() -> str:
    """The files of this package: what was installed, or each of them."""
    with os.scandir(_PACKAGE.parent) as entries:
        installed = [e.path for e in entries if _DISTRIBUTION.fullmatch(e.name)]
    records = [Path(path) / "RECORD" for path in installed]
    if records and all(record.exists() for record in records):
        return " ".join(f"{record} {_stamp(record)}" for record in records)
    return " ".join(_files(str(_PACKAGE)))


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield f"{entry.name} {found.st_mtime_ns} {found.st_size}"
            elif "." not in entry.name and entry.name != "__pycache__":
                yield from _files(entry.path)


# What tells one processor from another in /proc/cpuinfo.
_TELLING = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags")


def _processor() -> Iterator[str]:
    """The processor, by the name and the features that code is compiled for."""
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() in _TELLING:
                    yield f"{key.strip()} {value.strip()}"
                if not key.strip():
                    return
    except OSError:
        from adcompiler.execute.llvm.engine import processor

        yield processor()
