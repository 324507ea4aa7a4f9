"""Which directory the cache is in.

In: the settings. Out: its `Files`, or None where no cache is wanted, or none can be.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import platformdirs

from adcompiler.cache.files import Files
from adcompiler.settings import Settings

__all__ = ["directory"]


def directory(settings: Settings) -> Files | None:
    """The files of the cache that the settings ask for."""
    if not settings.cache:
        return None
    return _files(settings.cache_dir, settings.cache_size)


@cache
def _files(chosen: Path | None, limit: int) -> Files | None:
    files = Files(_usual() if chosen is None else chosen, limit)
    return files if files.usable() else None


def _usual() -> Path:
    """Where the system keeps what programs may make again."""
    return platformdirs.user_cache_path("adcompiler", appauthor=False)
