"""What to write instead, in the names that the program itself uses.

In: what is refused, and the names around. Out: a message and a hint.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from adcompiler.frontend.bindings import Binding, Location, locations

LOOK = "look at the shapes and types of what it is given: print(x.shape, x.dtype)"
NEW = "make a new one: {**d, 'k': v}, or dataclasses.replace(p, k=v)"


def of_error(error: TypeError) -> tuple[str, str]:
    """What the type rule of a primitive raises, as a message and a hint.

    >>> of_error(TypeError("np.outer takes two vectors", "use np.multiply.outer"))
    ('np.outer takes two vectors', 'use np.multiply.outer')
    """
    message, hint = (*map(str, error.args), LOOK)[:2]
    return message, hint


def may_alias(
    env: Mapping[str, Binding], memory: Location, store: ast.AST, read: ast.AST
) -> tuple[str, str]:
    """Of a store into what may be the memory of another name, which is read later."""
    names = [n for n, b in env.items() if n.isidentifier() and memory in locations(b)]
    stored, line = root_name(store), getattr(read, "lineno", "?")
    others = [name for name in names if name != stored]
    this = f"'{stored}'" if stored else "an array"
    other = f"the array '{others[0]}'" if others else "another array"
    message = (
        f"this stores into {this}, which may or may not be an alias of {other}, read "
        f"afterwards at line {line}"
    )
    name = stored or "x"
    return message, f"copy it first: {name} = {name}.copy()"


def may_be_changed(
    env: Mapping[str, Binding], memory: Location, read: ast.AST
) -> tuple[str, str]:
    """Of a store into what may be the object that another name has, read later."""
    names = [n for n, b in env.items() if n.isidentifier() and memory in locations(b)]
    other, line = f"'{names[0]}'" if names else "it", getattr(read, "lineno", "?")
    message = (
        f"this may or may not change an object, as the path decides: {other} is read "
        f"afterwards at line {line}"
    )
    return message, NEW


def in_a_list(
    env: Mapping[str, Binding], memory: Location, store: ast.AST, read: ast.AST
) -> tuple[str, str]:
    """Of a store into an array that a list holds, where the list is read later."""
    names = [n for n, b in env.items() if n.isidentifier() and memory in locations(b)]
    stored, line = root_name(store) or "an array", getattr(read, "lineno", "?")
    held = f"'{names[0]}'" if names else "a list"
    message = (
        f"this changes '{stored}', which a list holds: {held} is read afterwards at "
        f"line {line}"
    )
    return message, f"let the list hold a copy: {stored}.copy()"


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


# --- Functions that are not supported ------------------------------------------------

ANYTHING = "write it with functions that are, or compute it outside"
DRAW = "draw outside, and pass the numbers as an argument"

# By the name as it is written; {0} and {1} are the first arguments.
INSTEAD = {
    "np.linalg.eig": "use np.linalg.eigh, if the matrix is symmetric",
    "np.linalg.eigvals": "use np.linalg.eigvalsh, if the matrix is symmetric",
    **dict.fromkeys(
        ["np.fft.fft", "np.fft.rfft"],
        "the result is complex; its parts are products with np.cos(k) and -np.sin(k), "
        "k = 2 * np.pi * np.outer(np.arange(m), np.arange(n)) / n",
    ),
    "np.roots": "the result is complex; find a real root by Newton's method",
    "linalg.sqrtm": "of a symmetric matrix: w, v = np.linalg.eigh(x), "
    "then (v * np.sqrt(w)) @ v.T",
    "linalg.logm": "of a symmetric matrix: w, v = np.linalg.eigh(x), "
    "then (v * np.log(w)) @ v.T",
    **dict.fromkeys(["linalg.lu_factor", "linalg.lu_solve"], "use np.linalg.solve"),
    "linalg.lstsq": "use np.linalg.lstsq",
    "linalg.eig": "use np.linalg.eigh, if the matrix is symmetric",
    "np.fromiter": "write a list: np.array([f(v) for v in x])",
    "np.lexsort": "sort by one key after the other: np.argsort(x, kind='stable')",
}


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


def around(function: object) -> str | None:
    """What to do instead of calling a function of the standard library that has
    effects."""
    module = getattr(function, "__module__", None) or ""
    return AROUND.get(module.partition(".")[0].lstrip("_"))


def instead(shown: str, node: ast.AST) -> str:
    """What to write instead of a call of this function."""
    if "random" in shown or (getattr(node, "func", None) and _is_random(node)):
        return DRAW
    text = INSTEAD.get(shown, ANYTHING)
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
