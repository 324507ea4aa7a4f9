"""A native entry as a function of Python.

In: a `Native` module, and the slow path, which serves every call that the module does
not. Out: a callable that keeps both.
Invariant: the objects that the code names live as long as the callable.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Protocol

import numpy as np

from adcompiler.execute.llvm.engine import compile_text

__all__ = ["Entry", "load"]

_FASTCALL = 0x80


class Module(Protocol):
    """What the emitter gives."""

    @property
    def text(self) -> str: ...

    @property
    def entry(self) -> str: ...

    @property
    def objects(self) -> Mapping[str, Any]: ...

    @property
    def direct(self) -> str | None: ...


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _SlowPath:
    """What the entry hands calls on to; it keeps the code that does so."""

    __slots__ = ("_function", "_kept")

    def __init__(self, function: Callable[..., Any], kept: tuple[Any, ...]) -> None:
        self._function = function
        self._kept = kept

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


@cache
def _numpy_api() -> Mapping[str, int]:
    """The functions of NumPy's C API that modules call, by the names there."""
    capsule: Any = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = (
        ctypes.c_void_p,
        (ctypes.py_object, ctypes.c_char_p),
    )
    table = ctypes.cast(pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    places = {
        "adc_array_type": 2,
        "adc_array_scalar": 60,
        "adc_array_new": 93,
        "adc_default_handler": 306,
    }
    found = {name: int(table[k] or 0) for name, k in places.items()}
    errors: Any = np._core._multiarray_umath._extobj_contextvar  # type: ignore[attr-defined]
    return {**found, "adc_error_state": id(errors)}


@cache
def _blas() -> Mapping[str, int]:
    """The routines of BLAS that SciPy has, imported when one is first called."""
    from scipy.linalg import cython_blas

    pointer, name = ctypes.pythonapi.PyCapsule_GetPointer, _capsule_name()
    pointer.restype, pointer.argtypes = (
        ctypes.c_void_p,
        (ctypes.py_object, ctypes.c_char_p),
    )
    found = cython_blas.__pyx_capi__
    routines = ("dgemm", "sgemm")
    return {f"adc_{r}": int(pointer(found[r], name(found[r])) or 0) for r in routines}


def _capsule_name() -> Callable[[Any], bytes]:
    name: Any = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    found: Callable[[Any], bytes] = name
    return found


class Entry:
    """The code of a module, as callables that differ in their slow paths.

    `direct` is the address of what an object calls itself by, if there is that.
    """

    def __init__(self, module: Module, name: str) -> None:
        symbols = {**_numpy_api(), **{k: id(v) for k, v in module.objects.items()}}
        if "@adc_dgemm" in module.text or "@adc_sgemm" in module.text:
            symbols |= _blas()
        wanted = [module.entry, *([module.direct] if module.direct else [])]
        linked = compile_text(module.text, wanted, symbols)
        first, *others = linked.addresses
        self.direct = others[0] if others else None
        self._definition = _MethodDef(name.encode(), first, _FASTCALL, None)
        self._kept = (self._definition, linked, dict(module.objects))

    def callable(self, slow: Callable[..., Any]) -> Callable[..., Any]:
        """The entry; calls that it does not serve go to `slow`."""
        path = _SlowPath(slow, self._kept)
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype = ctypes.py_object
        make.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
        place = ctypes.addressof(self._definition)
        made: Callable[..., Any] = make(place, path, None)
        return made


def load(module: Module, name: str, slow: Callable[..., Any]) -> Callable[..., Any]:
    """The entry of a module; calls that it does not serve go to `slow`."""
    return Entry(module, name).callable(slow)
