"""The adjoints by hand become callables: by Numba, or by gcc.

In: `Numba` or `C` of a workload. Out: `Compiled`. Raises `Missing` where the machine
lacks what it takes. What gcc makes is kept in `build/bench`, named by its sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from bench.workload import C, Function, Numba

__all__ = ["Compiled", "Missing", "compiled"]

SOURCES = Path(__file__).parent / "hand"
BUILT = Path(__file__).parent.parent / "build" / "bench"
FLAGS = (
    *("-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp-simd"),
    *("-fno-math-errno", "-shared", "-fPIC"),
)


class Missing(Exception):
    """What a contender needs, and this machine has not."""


@dataclass(frozen=True)
class Compiled:
    """Machine code of an adjoint by hand, and what made it."""

    by: str
    primal: Function
    value_and_grad: Function
    floor: Function | None = None


def compiled(hand: Numba | C) -> Compiled:
    """The functions, compiled."""
    return _by_numba(hand) if isinstance(hand, Numba) else _by_gcc(hand)


def _by_numba(hand: Numba) -> Compiled:
    try:
        import numba
    except ImportError as error:
        raise Missing(f"numba: {error}") from error
    # Contraction and order alone: nothing is assumed of nan, inf or signs.
    fast = {"reassoc", "contract"} if hand.loose else False
    make = numba.njit(fastmath=fast, error_model="numpy")
    called: dict[str, Function] = {}

    def jitted(f: Any) -> Function:
        names = {**f.__globals__, **called}
        result: Function = make(FunctionType(f.__code__, names, f.__name__))
        return result

    for f in hand.calls:
        called[f.__name__] = jitted(f)
    return Compiled("numba", jitted(hand.primal), jitted(hand.value_and_grad))


def _by_gcc(hand: C) -> Compiled:
    module = _load(hand.name, _library(hand))
    floor = getattr(module, hand.floor) if hand.floor else None
    return Compiled("C", module.primal, module.value_and_grad, floor)


def _library(hand: C) -> Path:
    """The extension of the source, built if it is not there."""
    gcc = shutil.which("gcc")
    include = Path(sysconfig.get_paths()["include"])
    if gcc is None:
        raise Missing("C: no gcc")
    if not (include / "Python.h").exists():
        raise Missing("C: no Python.h")
    source = SOURCES / f"{hand.name}.c"
    flags = (*FLAGS, *(("-DREAL=float",) if hand.single else ()))
    parts = source.read_text(), (SOURCES / "glue.h").read_text(), include, flags
    digest = hashlib.sha256(repr((parts, np.__version__)).encode()).hexdigest()[:16]
    target = BUILT / f"{hand.name}-{digest}.so"
    if not target.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        made = target.with_suffix(".part")
        places = (f"-I{include}", f"-I{np.get_include()}", str(source), "-o", str(made))
        command = [gcc, *flags, *places, "-lmvec", "-lm"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Missing(f"C: gcc failed: {run.stderr.strip()}")
        made.replace(target)
    return target


def _load(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
