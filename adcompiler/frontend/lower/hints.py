"""What to write instead, in the names that the program itself uses.

In: what is refused, and the names around. Out: a message and a hint.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Sequence
from types import FunctionType

import numpy as np

from adcompiler.frontend import resolve
from adcompiler.frontend.lower import replacements, tensors
from adcompiler.frontend.lower.replacements import DRAW

LOOK = "look at the shapes and types of what it is given: print(x.shape, x.dtype)"
NEW = "make a new one: {**d, 'k': v}, or dataclasses.replace(p, k=v)"


def of_error(error: TypeError) -> tuple[str, str]:
    """What the type rule of a primitive raises, as a message and a hint.

    >>> of_error(TypeError("np.outer takes two vectors", "use np.multiply.outer"))
    ('np.outer takes two vectors', 'use np.multiply.outer')
    """
    message, hint = (*map(str, error.args), LOOK)[:2]
    return message, hint


def may_alias(names: Sequence[str], store: ast.AST, read: object) -> tuple[str, str]:
    """Of a store into what may be the memory of other names, which is read later."""
    stored, line = root_name(store), getattr(read, "lineno", "?")
    others = [name for name in names if name != stored]
    this = f"'{stored}'" if stored else "an array"
    other = f"the array '{others[0]}'" if others else "another array"
    message = (
        f"this stores into {this}, which may or may not be an alias of {other}, read "
        f"afterwards at line {line}"
    )
    name = stored or (others or ["x"])[0]
    return message, f"copy it first: {name} = {name}.copy()"


def may_be_changed(
    names: Sequence[str], store: ast.AST, read: object
) -> tuple[str, str]:
    """Of a store into what may be the object that other names have, read later."""
    other, line = f"'{names[0]}'" if names else "it", getattr(read, "lineno", "?")
    message = (
        f"this may or may not change an object, as the path decides: {other} is read "
        f"afterwards at line {line}"
    )
    return message, NEW


def in_a_list(names: Sequence[str], store: ast.AST, read: object) -> tuple[str, str]:
    """Of a store into an array that a list holds, where the list is read later, which
    these names have."""
    stored, line = root_name(store) or "an array", getattr(read, "lineno", "?")
    hint = f"let the list hold a copy: {stored}.copy()"
    if stored in names:
        stored = _item_stored_to(store) or stored
        hint = f"store into a copy, y = {stored}.copy(), and put that into the list"
    held = f"'{names[0]}'" if names else "a list"
    message = (
        f"this changes '{stored}', which a list holds: {held} is read afterwards at "
        f"line {line}"
    )
    return message, hint


def of_an_item(names: Sequence[str], store: ast.AST, read: object) -> tuple[str, str]:
    """Of a store into an item of a list, where what may be the same array is read
    later, or a list that may hold it."""
    held, line = f"'{names[0]}'" if names else "a list", getattr(read, "lineno", "?")
    message = (
        f"this changes an array in place that a list holds, and {held}, read "
        f"afterwards at line {line}, may be or hold the same array"
    )
    return message, "put a copy into the list, or read one: y = xs[i].copy()"


CHANGED = {"alias": may_alias, "in a list": in_a_list, "an item": of_an_item}


def _item_stored_to(store: ast.AST) -> str | None:
    """``rows[0][1]`` of ``rows[0][1][k] = v``."""
    target = store.target if isinstance(store, ast.AugAssign) else store
    return ast.unparse(target.value) if isinstance(target, ast.Subscript) else None


def root_name(node: ast.AST) -> str | None:
    """The name whose array a statement or target stores into.

    >>> root_name(ast.parse("x[0][1:] += 2").body[0])
    'x'
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return root_name(inner)
        case ast.AugAssign(target=inner):
            return root_name(inner)
        case _:
            return None


# --- What a call or an attribute has been taken for ----------------------------------


def parameters(spec: ast.arguments) -> str:
    """What a function of the program takes.

    >>> parameters(ast.parse("lambda a, b=2, *, c: a").body[0].value.args)
    'its parameters are: a, b=2, *, c'
    """
    return f"its parameters are: {ast.unparse(spec) or 'none'}"


def fields(names: Iterable[str]) -> str:
    """What a class takes whose `__init__` nobody has written."""
    return f"its fields are: {', '.join(names) or 'none'}"


def meant(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant, of those there are.

    >>> meant("sin_", ["sin", "cos"])
    "did you mean 'sin'?"
    """
    words = sorted(word for word in known if word.isidentifier())
    found = [word for word in words if word.lower() == name.lower()]
    found += difflib.get_close_matches(name, words, 1, cutoff=0.76)
    return f"did you mean '{found[0]}'?" if found else None


# What NumPy 2 has under another name, or no longer has.
RENAMED = {
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "sometrue": "np.any",
    "alltrue": "np.all",
    "in1d": "np.isin",
    "trapz": "np.trapezoid",
    "round_": "np.round",
    "float": "float",
    "int": "int",
    "float_": "np.float64",
    **dict.fromkeys(["Inf", "Infinity", "infty", "PINF"], "np.inf"),
    **dict.fromkeys(["NaN", "NAN"], "np.nan"),
}


def present(owner: object, name: str) -> str:
    """What a module, a class or an object has in place of a name that it lacks.

    >>> present(np, "Inf"), present(np, "arcsinn")
    ('it is np.inf now', "did you mean 'arcsin'?")
    """
    if owner is np and name in RENAMED:
        return f"it is {RENAMED[name]} now"
    if (ours := tensors.present(owner, name)) is not None:
        return ours
    shown = "np" if owner is np else getattr(owner, "__name__", "it")
    names = [n for n in dir(owner) if not n.startswith("_")]
    few = f"it has {', '.join(names) or 'none'}"
    return meant(name, names) or (
        few if len(names) < 9 else f"look for it in dir({shown})"
    )


# --- Functions that are not supported ------------------------------------------------

# What a keyword is for, by its name.
KEYWORDS = {
    "out": "store the result where it is to be: y[...] = ...",
    "dtype": "convert what goes in: x.astype(...)",
    **dict.fromkeys(
        ["casting", "subok", "like", "device"],
        "leave it away: it changes no number",
    ),
}

# By the name of a method or attribute of arrays.
OF_ARRAYS = {
    "flat": "use x.ravel(), or x.reshape(-1) to store into",
    "imag": "of real numbers it is np.zeros_like(x)",
    "nbytes": "multiply: x.size * x.itemsize",
    "itemset": "store: x[i] = value",
    "partition": "store: x[...] = np.partition(x, k)",
    "put": "store: x[indices] = values",
    "resize": "make a new array: y = np.resize(x, shape)",
}


# By the name of a method of lists, of dicts, of Python's numbers.
OF_LISTS = {
    "sort": "name what it takes: xs.sort(key=f, reverse=True)",
    "remove": "make a new list: [v for v in xs if v != a]",
    "count": "count in a loop: sum(1 for v in xs if v == a)",
    "index": "find it in a loop: for k, v in enumerate(xs)",
}
OF_DICTS = {
    "clear": "make a new one: d = {}",
    "popitem": "name the key: d.pop('k')",
    "fromkeys": "write {k: v for k in keys}",
}
OF_NUMBERS = {
    "imag": "it is 0.0",
    "conjugate": "it is the number itself",
    "is_integer": "write x == math.floor(x)",
}
OUTSIDE = "read it outside, and pass it as an argument"


def of_number(name: str) -> str:
    """What to write instead of an attribute of a number, which may be Python's.

    >>> of_number("shape"), of_number("is_integer")
    ('use the function instead: np.shape(x)', 'write x == math.floor(x)')
    """
    function = getattr(np, name, None)
    if name in OF_NUMBERS:
        return OF_NUMBERS[name]
    if callable(function) and resolve.function(function) is not None:
        return f"use the function instead: np.{name}(x)"
    return OUTSIDE if hasattr(float, name) else "make it an array: np.asarray(x)"


def of_object(owner: object, name: str) -> str:
    """What to write instead of an attribute of what is not followed."""
    match owner:
        case None:
            return "give it a value first, or decide by 'is None'"
        case str():
            return "make the text outside; in print and raise write an f-string"
        case FunctionType():
            return f"keep '{name}' in a name of its own, or pass it as an argument"
        case _ if type(owner).__name__ in ("Generator", "RandomState", "Random"):
            return DRAW
        case _:
            return OUTSIDE


def of_method(name: str) -> str:
    """What to write instead of a method or attribute of an array.

    >>> of_method("ptp"), of_method("tobytes")
    ('use the function: np.ptp(x)', 'read it outside, and pass it as an argument')
    """
    if name in OF_ARRAYS:
        return OF_ARRAYS[name]
    if name in tensors.OF_TENSORS:
        return tensors.OF_TENSORS[name]
    function = getattr(np, name, None)
    if callable(function) and resolve.function(function) is not None:
        return f"use the function: np.{name}(x)"
    if hasattr(np.ndarray, name):
        return OUTSIDE
    return meant(name, dir(np.ndarray)) or "an array has no such attribute"


ANYTHING = "write it with functions that are, or compute it outside"

# What functions of these modules do is done around the derivative, not in it.
AROUND = {
    "logging": "print the values, or log them outside",
    "warnings": "raise an error, or warn outside",
    "time": "take the time outside, around the call",
    "random": DRAW,
    **dict.fromkeys(
        ("os", "io", "pathlib", "sys", "json", "pickle", "datetime", "threading"),
        "do it outside, and pass what it gives as an argument",
    ),
}

# The updates of optimizers, by themselves, are programs as others.
TRAINING = tuple(
    f"adcompiler.runtime.{part}"
    for part in (
        *("batching", "saving", "schedulers", "optimizers.base"),
        *("optimizers.clipping", "optimizers.lbfgs"),
    )
)


def around(function: object) -> str | None:
    """What to do instead of calling a function that has effects, of the standard
    library or for trainings; or one of another library of arrays."""
    module = getattr(function, "__module__", None) or ""
    if module.startswith(TRAINING):
        return "call it outside, around the derivative"
    return AROUND.get(module.partition(".")[0].lstrip("_")) or tensors.function(
        function
    )


def instead(shown: str, node: ast.AST) -> str:
    """What to write instead of a call of this function."""
    if "random" in shown or (getattr(node, "func", None) and _is_random(node)):
        return DRAW
    text = replacements.of(shown, called(shown, node)) or ANYTHING
    args = [_quoted(arg) for arg in getattr(node, "args", ())]
    return text.format(*args, *("xy"[len(args) :]))


def _quoted(arg: ast.expr) -> str:
    """An argument as an operand of what is to be written."""
    text = ast.unparse(arg)
    if len(text) > 24:
        return "x"
    whole = ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant
    return text if isinstance(arg, whole) else f"({text})"


def called(shown: str, node: ast.AST) -> str:
    """A function as the program writes it."""
    func = getattr(node, "func", None)
    text = ast.unparse(func) if isinstance(func, ast.Name | ast.Attribute) else shown
    return text if len(text) < 40 else shown


def _is_random(node: ast.AST) -> bool:
    """Whether the call is of a module of random numbers."""
    words = ast.unparse(node).partition("(")[0].split(".")
    return "random" in words or "rng" in words
