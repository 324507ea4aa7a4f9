"""Parameters in files: ``.npz``, by name.

In: a model, or a container of parameters or arrays. Out: a file; and from a file the
values, into parameters of the same names and shapes.
Invariants: a file is written whole or not at all; nothing in it is run when it is read.
A parameter is given values only when all fit.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adcompiler.holders import named_parameters
from adcompiler.parameter import Parameter
from adcompiler.runtime.trees import leaves

__all__ = ["checked_state", "load", "put_state", "save"]

Array = np.ndarray[Any, Any]


def save(path: str | Path, given: Any) -> None:
    """Write parameters to a file, ``.npz``, which `load` and ``np.load`` read.

    `given` is what holds them: a model, a list, a dict of arrays, nested in any way.
    Of objects `Parameter`s are written, of containers arrays of floats, too. Names are
    the paths to them, as in ``layers.0.weight``. TypeError of what holds none.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "weights.npz"
    >>> save(path, {"w": np.ones(2), "more": [Parameter(0.5)]})
    >>> {name: value.tolist() for name, value in np.load(path).items()}
    {'w': [1.0, 1.0], 'more.0': 0.5}
    """
    arrays = {name: _array(leaf) for name, leaf in _named(given).items()}
    target = Path(path)
    # A name of its own, and the rights that a new file has.
    part = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with zipfile.ZipFile(part, "w") as packed:
            for name, array in arrays.items():
                with packed.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)  # what was not finished


def load(path: str | Path, given: Any = None) -> Any:
    """Read what `save` has written: into the parameters of `given`, which is given
    back, or as a dict of arrays.

    Raises KeyError where names differ, ValueError where shapes do, and changes nothing
    then.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "weights.npz"
    >>> save(path, {"w": np.ones(2)})
    >>> w = Parameter([3.0, 4.0])
    >>> _ = load(path, {"w": w})
    >>> w
    Parameter(array([1., 1.]))
    """
    with np.load(path, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    if given is None:
        return found
    put_state(checked_state(_named(given), found, str(path)))
    return given


def checked_state(
    named: Mapping[str, Any], state: Mapping[str, Any], whose: str
) -> list[tuple[Array, Array]]:
    """Each parameter's array with its new values, if these are for such parameters."""
    lacking = [name for name in named if name not in state]
    more = [name for name in state if name not in named]
    if lacking or more:
        said = [f"{', '.join(lacking)} is not in it"] if lacking else []
        said += [f"{', '.join(more)} is no parameter"] if more else []
        raise KeyError(f"{whose} does not fit: {'; '.join(said)}")
    pairs = []
    for name, leaf in named.items():
        p, value = _array(leaf), np.asarray(state[name])
        if value.shape != p.shape:
            raise ValueError(
                f"{name} has shape {value.shape} in {whose}, and {p.shape} here"
            )
        if value.dtype.kind not in "fiu":
            raise TypeError(f"{name} is of dtype {value.dtype} in {whose}")
        if not p.flags.writeable:
            raise ValueError(f"{name} is read-only")
        pairs.append((p, value))
    return pairs


def put_state(pairs: list[tuple[Array, Array]]) -> None:
    """Give arrays their values."""
    for p, value in pairs:
        p[...] = value


def _named(given: Any) -> dict[str, Any]:
    """The parameters and arrays of a container, and the parameters of objects, by
    name."""
    found: dict[str, Any] = {}
    for path, leaf in leaves(given, "", plain=True):
        word = path.lstrip(".")
        if isinstance(leaf, Parameter):
            found[word] = leaf
        elif isinstance(leaf, np.ndarray):
            found |= {word: leaf} if leaf.dtype.kind == "f" else {}
        else:
            inner = named_parameters(leaf)
            found |= {f"{word}.{name}" if word else name: p for name, p in inner}
    if not found or "" in found:
        raise TypeError(
            f"there are no parameters in a {type(given).__name__}: pass a model, or a "
            "dict or list of parameters or arrays"
        )
    return found


def _array(leaf: Any) -> Array:
    found: Array = leaf.data if isinstance(leaf, Parameter) else leaf
    return found
