"""A native entry as a function of Python.

In: the text of a module of LLVM, or its `Code`, and the slow path, which serves every
call that the code does not. Out: a callable that keeps both.
Invariant: the objects that the code names live as long as the callable.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from adcompiler.execute.llvm import threads
from adcompiler.execute.llvm.image import Image, image_of, is_found, load
from adcompiler.ir.evaluation import Evaluation
from adcompiler.random import kernels
from adcompiler.random.kernels import NAMES
from adcompiler.random.rewinding import same_draws

__all__ = [
    "Code",
    "Entry",
    "Runtime",
    "code_of",
    "compiled",
    "linked_runtime",
    "were_unequal",
]

_FASTCALL = 0x80
_DRAWING = frozenset({"draw", "dropout_mask", "fork", "generator", "touch"})


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
    def draws(self) -> bool:
        """Whether it may draw random numbers."""
        called = (v for v in self.objects.values() if isinstance(v, Evaluation))
        return any(v.name in _DRAWING for v in called)

    def needs(self, symbols: Iterable[str]) -> bool:
        """Whether it names any of these."""
        code = self.code
        if isinstance(code, bytes):
            return any(name.encode() in code for name in symbols)
        return not code.symbols.isdisjoint(symbols)


class Runtime(Protocol):
    """The functions that modules call and do not hold."""

    def symbols(self) -> Mapping[str, int]:
        """Their addresses, by their names."""


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
    names = (module.entry, *([module.direct] if module.direct else ()))
    return code_of(module.text, names, module.objects)


def code_of(text: str, names: tuple[str, ...], objects: Mapping[str, Any]) -> Code:
    """The code of these functions of a module."""
    from adcompiler.execute.llvm.engine import compile_text

    file = compile_text(text)
    image = image_of(file, names)
    if image is not None:
        bound = [n for n in image.symbols if n in objects or _is_ours(n)]
        if is_found(image, bound):
            return Code(image, names, objects)
    return Code(file, names, objects)


def _is_ours(name: str) -> bool:
    """Whether a symbol is bound here, and is none of the process's."""
    return name.startswith("adc_")


def linked_runtime(code: Code) -> tuple[dict[str, int], Any]:
    """Where the functions of the runtime are, and what keeps them in memory."""
    addresses, memory = _linked(code, {}, {})
    return dict(zip(code.names, addresses, strict=True)), memory


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


# A function object looks at its definition when it goes, and the collector may have
# cleared all that kept that by then: definitions, of some bytes each, are never freed.
_definitions: list[_MethodDef] = []


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
    found["adc_unequal"] = ctypes.addressof(_unequal)
    return {**found, "adc_error_state": id(errors)}


_unequal = ctypes.c_byte(0)


def were_unequal() -> bool:
    """Whether a run was given up, since this was asked last, for lengths that are taken
    for equal; of another thread's run, possibly."""
    found = bool(_unequal.value)
    _unequal.value = 0
    return found


# Where these stand in the table of NumPy's C API.
_NUMPY = {
    "adc_array_type": 2,
    "adc_array_scalar": 60,
    "adc_array_new": 93,
    "adc_default_handler": 306,
}


@cache
def _blas() -> Mapping[str, int]:
    """The routines of BLAS and LAPACK: NumPy's own, or SciPy's, which is imported."""
    return _numpys_blas() or _scipys_blas()


def _numpys_blas() -> Mapping[str, int]:
    """The routines of the library that NumPy brings along, if it brings one."""
    home = Path(np.__file__).parent
    folders = home.parent / "numpy.libs", home / ".dylibs"
    for path in (p for f in folders for p in f.glob("libscipy_openblas64_*")):
        with contextlib.suppress(OSError, ValueError):
            library = ctypes.CDLL(str(path))
            names = {w: f"scipy_{w.removeprefix('adc_')}_64_" for w in _BLAS}
            found = {w: ctypes.c_char.in_dll(library, n) for w, n in names.items()}
            return {w: ctypes.addressof(place) for w, place in found.items()}
    return {}


def _scipys_blas() -> Mapping[str, int]:
    from scipy.linalg import cython_blas, cython_lapack

    pointer, name = ctypes.pythonapi.PyCapsule_GetPointer, _capsule_name()
    pointer.restype, pointer.argtypes = (
        ctypes.c_void_p,
        (ctypes.py_object, ctypes.c_char_p),
    )
    found = cython_blas.__pyx_capi__ | cython_lapack.__pyx_capi__
    routines = {word: found[word.removeprefix("adc_")] for word in _BLAS}
    return {word: int(pointer(r, name(r)) or 0) for word, r in routines.items()}


_BLAS = tuple(
    f"adc_{letter}{routine}"
    for letter in "ds"
    for routine in ("gemm", "gesv", "getrf", "potrf")
)


def _capsule_name() -> Callable[[Any], bytes]:
    name: Any = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    found: Callable[[Any], bytes] = name
    return found


class Entry:
    """Code in memory, as callables that differ in their slow paths.

    `direct` is the address of what an object calls itself by, if there is that.
    """

    def __init__(self, code: Code, name: str, runtime: Runtime) -> None:
        objects = {k: _object(value) for k, value in code.objects.items()}
        (first, *others), memory = _linked(code, objects, runtime.symbols())
        # What draws is called by what undoes its draws, if it gives a call up.
        self.draws = code.draws
        self.direct = others[0] if others and not self.draws else None
        self._definition = _MethodDef(name.encode(), first, _FASTCALL, None)
        _definitions.append(self._definition)
        self._kept = (self._definition, memory, objects)

    def callable(self, slow: Callable[..., Any]) -> Callable[..., Any]:
        """The entry; calls that it does not serve go to `slow`."""
        if self.draws:
            served: Callable[..., Any] = same_draws(self._callable, slow)
            return served
        return self._callable(slow)

    def _callable(self, slow: Callable[..., Any]) -> Callable[..., Any]:
        path = _SlowPath(slow, self._kept)
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype = ctypes.py_object
        make.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
        place = ctypes.addressof(self._definition)
        made: Callable[..., Any] = make(place, path, None)
        return made


def _object(value: Any) -> Any:
    """What stands for an object that code names: for a text that of names in calls."""
    if type(value) is str:
        return sys.intern(value)
    if not isinstance(value, Evaluation):
        return value
    from adcompiler.execute.llvm.evaluated import Evaluated

    return Evaluated(value)


def _linked(
    code: Code, objects: Mapping[str, Any], runtime: Mapping[str, int]
) -> tuple[tuple[int, ...], Any]:
    """The addresses of the functions, and what keeps them; ValueError where a symbol
    of an image is not found."""
    symbols = {name: id(v) for name, v in objects.items()}
    symbols |= {**_numpy_api(), **threads.symbols(), **runtime}
    if code.needs(_BLAS):
        symbols |= _blas()
    if code.needs(NAMES):
        symbols |= kernels.addresses()
    if isinstance(code.code, Image):
        return load(code.code, symbols)
    from adcompiler.execute.llvm.engine import link

    return link(code.code, code.names, symbols)
