"""A derivative as a module of its own, which needs no compiler.

In: the program of a function's value and gradient. Out: a file that defines
``f_value_and_grad``; arrays that the function captured stand in a file beside it.
Invariants: the module gives the numbers that the program gives, and imports nothing but
what its text uses, exceptions of the program's own among it. It holds for arguments of
the types that its docstring names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.interface import Capture
from adcompiler.frontend.reads import Part
from adcompiler.ir.types import Array, Scalar, Type
from adcompiler.programs import Program
from adcompiler.random import Generator, default_generator

__all__ = ["save"]

_WIDTH = 88
_WORDS = {"float64": "float", "int64": "int", "bool": "bool"}


def save(program: Program, path: str | Path, origin: str) -> Path:
    """Write the module; gives the path. `origin` says what it is the derivative of."""
    path = Path(path)
    if path.suffix != ".py":
        raise ValueError(f"a module is saved as a file that ends in .py, not {path}")
    tree = ast.parse(program.text)
    definition = next(n for n in tree.body[::-1] if isinstance(n, ast.FunctionDef))
    names = [argument.arg for argument in definition.args.args]
    captures = program.outline.captures
    given = names[: len(names) - len(captures)]
    pairs = zip(names[len(given) :], captures, strict=True)
    values = {name: _value(capture) for name, capture in pairs}
    arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
    text = _text(program, path, origin, given, values, definition.name)
    if arrays:
        np.savez(path.with_suffix(".npz"), allow_pickle=False, **arrays)
    path.write_text(text, encoding="utf-8")
    return path


def _value(capture: Capture) -> Any:
    """What a keyword has as its default; None stands for the default generator."""
    read = capture.read
    owner = read.base() if isinstance(read, Part) else None
    if not isinstance(owner, Generator):
        return read()
    if owner is not default_generator:
        raise UnsupportedError(
            f"the derivative draws from {capture.name}, a generator that no file holds",
            hint="pass it as an argument: def f(x, generator)",
        )
    return None


def _text(
    program: Program,
    path: Path,
    origin: str,
    given: list[str],
    values: dict[str, Any],
    name: str,
) -> str:
    imports, _, code = program.text.partition("\n\n\n")
    if not imports.startswith(("import", "from")):
        imports, code = "", program.text
    arrays = any(isinstance(v, np.ndarray) for v in values.values())
    lines = set(imports.split("\n")) - {""}
    lines |= {_imported(k, v) for k, v in program.source.globals.items()}
    if arrays:
        lines |= {"from pathlib import Path", "import numpy as np"}
    header = "\n".join(_signature(name, given, values))
    old = re.compile(rf"^def {name}\(.*?\):$", re.MULTILINE | re.DOTALL)
    code = old.sub(lambda _: header, code, count=1)
    blocks = ["\n".join(_docstring(program, origin, given))]
    blocks += ["\n".join(block) for block in _sections(lines)]
    if arrays:
        beside = path.with_suffix(".npz").name
        blocks.append(f'CAPTURED = np.load(Path(__file__).with_name("{beside}"))')
    return "\n\n".join(blocks) + "\n\n\n" + code.lstrip("\n").rstrip("\n") + "\n"


def _imported(name: str, thing: Any) -> str:
    """The import of a class that the program raises."""
    home, known = thing.__module__, thing.__qualname__
    if getattr(sys.modules.get(home), known, None) is not thing or home == "__main__":
        raise UnsupportedError(
            f"the derivative raises {known}, which no module defines",
            hint="define it in a module, and outside of classes and functions",
        )
    return f"from {home} import {known}" + ("" if known == name else f" as {name}")


def _sections(lines: set[str]) -> Iterator[list[str]]:
    """The imports, the standard library's first."""
    own = {line for line in lines if line.split()[1] in ("math", "pathlib")}
    for section in (own, lines - own):
        if section:
            yield sorted(section, key=lambda line: (line.startswith("from"), line))


def _signature(name: str, given: list[str], values: dict[str, Any]) -> list[str]:
    """The header; what was captured is a keyword, which has it as its default."""
    parts = list(given)
    if values:
        parts.append("*")
        parts += [f"{key}={_shown(key, value)}" for key, value in values.items()]
    line = f"def {name}({', '.join(parts)}):"
    if len(line) <= _WIDTH:
        return [line]
    return [f"def {name}(", *(f"    {part}," for part in parts), "):"]


def _shown(key: str, value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f'CAPTURED["{key}"]'
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({value.item()!r})"
    return repr(value)


def _docstring(program: Program, origin: str, given: list[str]) -> Iterator[str]:
    yield f'"""{origin}.'
    yield ""
    yield "Derived by adcompiler, not to be edited by hand."
    yield "It holds for arguments of these types:"
    yield ""
    for name, param in zip(given, program.outline.params, strict=False):
        drawn = re.search(rf"\bgenerator={name}\b", program.text)
        yield f"    {name}: {'a generator' if drawn else _described(param.type)}"
    known = [repr(value) for _, value in program.statics]
    if known:
        yield f"    and where these were passed: {', '.join(known)}"
    yield '"""'


def _described(type_: Type) -> str:
    """A type in words."""
    match type_:
        case Array(dtype=dtype, dims=dims):
            word = _WORDS.get(dtype, dtype)
            known = [(k, n) for k, n in enumerate(dims) if isinstance(n, int)]
            lengths = sorted({n for _, n in known})
            places = [", ".join(str(k) for k, m in known if m == n) for n in lengths]
            pairs = zip(lengths, places, strict=True)
            also = "".join(f", of length {n} on axis {axes}" for n, axes in pairs)
            return f"array of {word}s with {len(dims)} axes{also}".replace(
                "1 axes", "1 axis"
            )
        case Scalar(dtype=dtype, kind="python"):
            return _WORDS.get(dtype, dtype)
        case Scalar(dtype=dtype):
            return f"np.{dtype}"
        case _:
            return str(type_)
