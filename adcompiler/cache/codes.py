"""Machine code in files.

In: the code of a program, with the objects that it names. Out: bytes; and the code
back.
Invariants: objects are written by what they are: a dtype, a number, a row that NumPy
computes; classes by which of the program's results they make. Code that names others is
not kept. A program's entry is written when its first code is there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompiler.cache.files import Files
from adcompiler.cache.fingerprints import Undescribed
from adcompiler.cache.notation import decoded, encoded
from adcompiler.cache.versions import versions
from adcompiler.execute.llvm.image import Image
from adcompiler.gradients import Gradients, spare
from adcompiler.ir.evaluation import Evaluation

if TYPE_CHECKING:
    from adcompiler.execute.llvm.entry import Code

__all__ = ["CodeShelf", "keep", "kept"]


@dataclass(frozen=True, slots=True)
class CodeShelf:
    """The code of one program; `classes` are those of its results, `entry`, a name and
    what it holds, is put beside the first code."""

    files: Files
    group: str
    stem: str
    classes: tuple[type, ...]
    entry: tuple[str, bytes] | None = None

    def code(self, form: str) -> Code | None:
        """The code of this form, if it is there."""
        if self.entry is not None:
            return None
        data = self.files.read(self.group, f"{self.stem}.{form}")
        return None if data is None else _code(data, self.classes)

    def keep(self, code: Code, form: str) -> None:
        """Put it there."""
        try:
            data = _data(code, self.classes)
        except Undescribed:
            return
        self.files.write(self.group, f"{self.stem}.{form}", data)
        if self.entry is not None:
            self.files.write(self.group, *self.entry)

    def runtime(self) -> Code | None:
        """The code of the runtime, if it is there."""
        return kept(self.files, _RUNTIME)

    def keep_runtime(self, code: Code) -> None:
        """Put it there."""
        keep(self.files, _RUNTIME, code)


_RUNTIME = "runtime"


def kept(files: Files, name: str) -> Code | None:
    """Code of these versions that is no program's, if it is there."""
    data = files.read(_runtimes(), name)
    if data is None:
        return None
    files.touch(_runtimes(), name)
    return _code(data, ())


def keep(files: Files, name: str, code: Code) -> None:
    """Put it there."""
    files.write(_runtimes(), name, _data(code, ()))


def _runtimes() -> str:
    """The group of what these versions share."""
    said = versions().encode()
    return f"{zlib.crc32(said):08x}{zlib.adler32(said):08x}"


def _data(code: Code, classes: Sequence[type]) -> bytes:
    """What a file holds of code."""
    head = json.dumps(_written(code, classes)).encode()
    body = code.code if isinstance(code.code, bytes) else code.code.code
    return head + b"\n" + body


def _code(data: bytes, classes: Sequence[type]) -> Code | None:
    """The code of a file, if it can be read."""
    head, _, body = data.partition(b"\n")
    try:
        return _read(json.loads(head), body, classes)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _written(code: Code, classes: Sequence[type]) -> Mapping[str, Any]:
    image = None
    if isinstance(code.code, Image):
        image = [code.code.entries, [list(place) for place in code.code.places]]
    objects = {k: _words(value, classes) for k, value in code.objects.items()}
    return {"names": code.names, "image": image, "objects": objects}


def _words(value: Any, classes: Sequence[type]) -> list[Any]:
    """An object that code names."""
    match value:
        case type() if value in classes:
            return ["class", classes.index(value)]
        case type() if issubclass(value, np.generic):
            return ["scalar", np.dtype(value).str]
        case type():
            raise Undescribed(f"{value!r} in machine code")
    if isinstance(value, Gradients):
        return ["spare", classes.index(type(value))]
    if isinstance(value, Evaluation):
        params = encoded(value.params)
        types = encoded(value.operands), encoded(value.types)
        return ["evaluated", value.name, params, *types]
    return ["value", encoded(value)]


def _read(head: Mapping[str, Any], data: bytes, classes: Sequence[type]) -> Code:
    from adcompiler.execute.llvm.entry import Code

    objects = {k: _object(words, classes) for k, words in head["objects"].items()}
    names = tuple(head["names"])
    if head["image"] is None:
        return Code(data, names, objects)
    starts, places = head["image"]
    image = Image(data, tuple(starts), tuple((n, name, k) for n, name, k in places))
    return Code(image, names, objects)


def _object(words: Any, classes: Sequence[type]) -> Any:
    match words:
        case ["class", int(k)]:
            return classes[k]
        case ["scalar", str(text)]:
            return np.dtype(text).type
        case ["spare", int(k)]:
            return spare(classes[k])
        case ["evaluated", str(name), params, operands, types]:
            return Evaluation(name, decoded(params), decoded(operands), decoded(types))
        case ["value", value]:
            return decoded(value)
    raise ValueError(words)
