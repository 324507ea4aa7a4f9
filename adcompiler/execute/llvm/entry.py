"""A native entry as a function of Python.

In: the text of a module of LLVM, or its `Code`, and the slow path, which serves every
call that the code does not. Out: a callable that keeps both.
Invariant: the objects that the code names live as long as the callable.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from adcompiler.execute.llvm.image import Image, image_of, is_found, load

__all__ = ["Code", "Entry", "compiled"]

_FASTCALL = 0x80


@dataclass(frozen=True, slots=True)
class Code:
    """Machine code: an image, or the object file where there is no image of it.

    `names` are the entry, and what an object calls itself by, if there is that;
    `objects` are those of Python that it names, by their symbols.
    """

    code: Image | bytes
    names: tuple[str, ...]
    objects: Mapping[str, Any]

    @property
    def symbols(self) -> Mapping[str, int]:
        """The addresses that only this process knows."""
        found = {**_numpy_api(), **{k: id(v) for k, v in self.objects.items()}}
        if any(map(self._names, _BLAS)):
            found.update(_blas())
        return found

    def _names(self, symbol: str) -> bool:
        if isinstance(self.code, bytes):
            return symbol.encode() in self.code
        return symbol in self.code.symbols


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


def compiled(module: Module) -> Code:
    """The code of a module of LLVM."""
    from adcompiler.execute.llvm.engine import compile_text

    file = compile_text(module.text)
    names = (module.entry, *([module.direct] if module.direct else ()))
    image = image_of(file, names)
    known = {*_BLAS, *_numpy_api(), *module.objects}
    if image is None or not is_found(image, known):
        return Code(file, names, module.objects)
    return Code(image, names, module.objects)


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
    found = {name: int(table[k] or 0) for name, k in _NUMPY.items()}
    errors: Any = np._core._multiarray_umath._extobj_contextvar  # type: ignore[attr-defined]
    return {**found, "adc_error_state": id(errors)}


# Where these stand in the table of NumPy's C API.
_NUMPY = {
    "adc_array_type": 2,
    "adc_array_scalar": 60,
    "adc_array_new": 93,
    "adc_default_handler": 306,
}


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
    routines = {word: found[word.removeprefix("adc_")] for word in _BLAS}
    return {word: int(pointer(r, name(r)) or 0) for word, r in routines.items()}


_BLAS = ("adc_dgemm", "adc_sgemm")


def _capsule_name() -> Callable[[Any], bytes]:
    name: Any = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    found: Callable[[Any], bytes] = name
    return found


class Entry:
    """Code in memory, as callables that differ in their slow paths.

    `direct` is the address of what an object calls itself by, if there is that.
    """

    def __init__(self, code: Code, name: str) -> None:
        (first, *others), memory = _linked(code)
        self.direct = others[0] if others else None
        self._definition = _MethodDef(name.encode(), first, _FASTCALL, None)
        self._kept = (self._definition, memory, dict(code.objects))

    def callable(self, slow: Callable[..., Any]) -> Callable[..., Any]:
        """The entry; calls that it does not serve go to `slow`."""
        path = _SlowPath(slow, self._kept)
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype = ctypes.py_object
        make.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
        place = ctypes.addressof(self._definition)
        made: Callable[..., Any] = make(place, path, None)
        return made


def _linked(code: Code) -> tuple[tuple[int, ...], Any]:
    """The addresses of the functions, and what keeps them; ValueError where a symbol
    of an image is not found."""
    if isinstance(code.code, Image):
        return load(code.code, code.symbols)
    from adcompiler.execute.llvm.engine import link

    return link(code.code, code.names, code.symbols)
