"""The compiler of LLVM text, and the processor that it compiles for.

In: a module's text, the symbols that it names. Out: the addresses of functions.
Invariants: addresses are no part of the text, they are bound when it is linked. One
engine serves the process, under a lock; what is linked stays as long as its `Linked`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from adcompiler import settings

__all__ = ["Linked", "compile_text", "optimised_text"]

_lock = threading.RLock()
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Linked:
    """Code in memory: the addresses of what was asked for, and what keeps it there."""

    addresses: tuple[int, ...]
    tracker: Any


@cache
def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_features(),
        opt=3,
        jit=True,
    )


def _features() -> str:
    """What the processor has; vectors are as wide as its registers.

    LLVM halves them where wide ones once slowed the clock, and libmvec's functions,
    which take most of the time where they are called, give twice the numbers a call.
    """
    features = llvm.get_host_cpu_features()
    text: str = features.flatten()
    return f"{text},-prefer-256-bit" if features.get("avx512f") else text


@cache
def _jit() -> Any:
    return llvm.create_lljit_compiler(_machine())


def _optimised(text: str) -> Any:
    module = llvm.parse_assembly(text)
    if settings.current().verify:
        module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(_machine(), options)
    builder.getModulePassManager().run(module, builder)
    return module


def optimised_text(text: str) -> str:
    """The module after LLVM's optimisation, as text."""
    with _lock:
        return str(_optimised(text))


def compile_text(text: str, names: Sequence[str], symbols: Mapping[str, int]) -> Linked:
    """Compile and link a module, for the functions of these names."""
    with _lock:
        image = _machine().emit_object(_optimised(text))
        builder = llvm.JITLibraryBuilder().add_object_img(image).add_current_process()
        for name, address in symbols.items():
            builder.import_symbol(name, address)
        for name in names:
            builder.export_symbol(name)
        tracker = builder.link(_jit(), f"adc{next(_numbers)}")
        return Linked(tuple(tracker[name] for name in names), tracker)
