"""The compiler of LLVM text, and the processor that it compiles for.

In: a module's text. Out: an object file; and what links one that is no `Image`.
Invariants: addresses are no part of the text, they are bound when it is linked. One
engine serves the process, under a lock; what is linked stays as long as its tracker.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from adcompiler import settings
from adcompiler.execute.llvm.alike import like_vectors

__all__ = ["compile_text", "link", "optimised_text", "processor"]

_lock = threading.RLock()
_numbers = itertools.count(1)


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


def compile_text(text: str) -> bytes:
    """The object file of a module."""
    with _lock:
        module = _with_functions_alike(_optimised(text))
        large = text.count("\n") > _LARGE
        with _addresses_as_they_are() if large else contextlib.nullcontext():
            file: bytes = _machine().emit_object(module)
        return file


def _with_functions_alike(module: Any) -> Any:
    """The module, in which functions of numbers give what those of vectors give."""
    if (more := like_vectors(str(module))) is not None:
        module.link_in(llvm.parse_assembly(more))
    return module


# The lines of a module from which on its code is made without loop strength reduction.
_LARGE = 4000


@contextlib.contextmanager
def _addresses_as_they_are() -> Iterator[None]:
    """Loop strength reduction is left out: its time grows faster than the code, to half
    of all that making it takes, and what it gains is some hundredths in loops over
    elements. The option is the process's, in which others may compile, too."""
    llvm.set_option("", "-disable-lsr=true")
    try:
        yield
    finally:
        llvm.set_option("", "-disable-lsr=false")


def link(
    file: bytes, names: Sequence[str], symbols: Mapping[str, int]
) -> tuple[tuple[int, ...], Any]:
    """The addresses of functions of an object file, and what keeps it in memory."""
    with _lock:
        builder = llvm.JITLibraryBuilder().add_object_img(file).add_current_process()
        for name, address in symbols.items():
            builder.import_symbol(name, address)
        for name in names:
            builder.export_symbol(name)
        tracker = builder.link(_jit(), f"adc{next(_numbers)}")
        return tuple(tracker[name] for name in names), tracker


@cache
def processor() -> str:
    """The name and the features of the processor that is compiled for."""
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
