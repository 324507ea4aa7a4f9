"""Texts that the program makes: f-strings in `raise`, `assert` and `print`.

In: expressions that make a text. Out: a template in the manner of `str.format`, and its
operands.
"""

from __future__ import annotations

import ast
import builtins
from string import Formatter
from typing import Any

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    ObjectRef,
    RangeVal,
    RecordVal,
    Static,
    TextVal,
    TupleVal,
)
from adcompiler.frontend.lower import expressions, names, stepping
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from adcompiler.frontend.lower.joins import join_arms
from adcompiler.frontend.lower.operands import atom_of, describe
from adcompiler.frontend.lower.restarts import Unreachable
from adcompiler.ir.nodes import Atom, Const
from adcompiler.ir.types import PY_INT, Array, Scalar

_CONVERSIONS = {-1: "", ord("r"): "!r", ord("s"): "!s", ord("a"): "!a"}


def text_of(ctx: Context, node: ast.expr, operands: list[Atom]) -> str:
    """The template of an expression's text; operands are appended to the list."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(ctx, value, operands) for value in node.values)
    value = expressions.evaluate(ctx, node)
    return value_text(ctx, node, value, _as_str(value), operands)


def _as_str(binding: Binding) -> str:
    """How a value is formatted to what `str` gives: NumPy's numbers in single precision
    are formatted in double precision otherwise."""
    t = binding.atom.type if isinstance(binding, Dyn) else None
    return "!s" if isinstance(t, Scalar) and t.dtype == "float32" else ""


def _piece(ctx: Context, node: ast.expr, operands: list[Atom]) -> str:
    if not isinstance(node, ast.FormattedValue):
        return text_of(ctx, node, operands)
    form = _CONVERSIONS[node.conversion]
    if node.format_spec is not None:
        spec: list[Atom] = []
        text = text_of(ctx, node.format_spec, spec)
        if spec:
            what = "a format that is computed is not supported"
            ctx.refuse(node, what, "write the format out: f'{x:.3f}'")
        form += f":{text}"
    return value_text(ctx, node, expressions.evaluate(ctx, node.value), form, operands)


def value_text(
    ctx: Context, node: ast.AST, binding: Binding, form: str, operands: list[Atom]
) -> str:
    """One value in a text."""
    match binding:
        case Static(value):
            return escaped(("{0" + form + "}").format(value))
        case TupleVal(items, cls) if form in ("", "!s"):
            inner = [value_text(ctx, node, item, "!r", operands) for item in items]
            if cls is list:
                return f"[{', '.join(inner)}]"
            comma = "," if len(inner) == 1 else ""
            return f"({', '.join(inner)}{comma})"
        case Dyn(Const(value)):
            return escaped(("{0" + form + "}").format(value))
        case Dyn() | ArrayRef():
            operands.append(atom_of(ctx, node, binding))
            return "{" + str(len(operands) - 1) + form + "}"
        case TextVal() if form in ("", "!s"):
            return _spliced(binding, operands)
        case _:
            ctx.refuse(
                node, f"{describe(binding)} cannot be printed here", _shown(binding)
            )


def formatted(ctx: Context, node: ast.JoinedStr) -> Binding:
    """An f-string as a value: a text that is known while compiling, or of numbers."""
    operands: list[Atom] = []
    pieces = (_evaluated(ctx, value) for value in node.values)
    texts = [value_text(ctx, node, value, form, operands) for value, form in pieces]
    return made(ctx, node, "".join(texts), operands)


def made(
    ctx: Context, node: ast.AST, template: str, operands: list[Atom]
) -> Static | TextVal:
    """The text of a template, which is known if nothing is put into it."""
    if not operands:
        return Static(template.format())
    if any(isinstance(atom.type, Array) for atom in operands):
        ctx.refuse(
            node,
            "a text of an array is supported in print, raise and assert only",
            "write the f-string there: raise ValueError(f'bad {x}')",
        )
    return TextVal(template, tuple(map(Dyn, operands)))


def joined(ctx: Context, node: ast.AST, left: Binding, right: Binding) -> Binding:
    """``left + right`` of texts."""
    operands: list[Atom] = []
    texts = [value_text(ctx, node, side, "", operands) for side in (left, right)]
    return made(ctx, node, "".join(texts), operands)


def settled(ctx: Context, node: ast.AST, binding: Binding) -> Binding:
    """A text that is needed while compiling, as a key is: the index of a loop is made
    known for it."""
    if not isinstance(binding, TextVal):
        return binding
    numbers = [v for v in binding.operands if isinstance(v, Dyn)]
    if any(v.atom.type != PY_INT for v in numbers):
        ctx.refuse(
            node,
            "a text of a number that is no int is not known while compiling",
            "make it of what is known, as f'w{i}' in a loop over range(3)",
        )
    what = "a number in a text"
    known = [names.static_int(ctx, node, v, what) for v in numbers]
    return Static(binding.template.format(*known))


def _evaluated(ctx: Context, node: ast.expr) -> tuple[Binding, str]:
    """A piece of an f-string, and how it is formatted."""
    if not isinstance(node, ast.FormattedValue):
        return expressions.evaluate(ctx, node), ""
    form = _CONVERSIONS[node.conversion]
    if isinstance(node.format_spec, ast.JoinedStr):
        spec = formatted(ctx, node.format_spec)
        spec = settled(ctx, node, spec)
        if not isinstance(spec, Static):
            what = "a format that is computed is not supported"
            ctx.refuse(node, what, "write the format out: f'{x:.3f}'")
        form += f":{spec.value}"
    return expressions.evaluate(ctx, node.value), form


def _spliced(text: TextVal, operands: list[Atom]) -> str:
    """The template of a text within another."""
    start = len(operands)
    operands += [v.atom for v in text.operands if isinstance(v, Dyn)]
    pieces = []
    for literal, place, spec, conversion in Formatter().parse(text.template):
        pieces.append(escaped(literal))
        if place is not None:
            how = f"!{conversion}" if conversion else ""
            how += f":{spec}" if spec else ""
            pieces.append("{" + str(int(place) + start) + how + "}")
    return "".join(pieces)


def text(call: Call) -> Binding:
    """``str(x)``."""
    (x,) = call.bind(object=Static(""))
    operands: list[Atom] = []
    template = value_text(call.ctx, call.node, x, _as_str(x), operands)
    return made(call.ctx, call.node, template, operands)


def _shown(binding: Binding) -> str:
    """What to print instead of a value that is no number, array or tuple of them."""
    match binding:
        case ListRef():
            return "print it as an array: np.array(...)"
        case ObjectRef() | RecordVal() if binding.cls in (dict, list):
            return "print its items one by one: d['k']"
        case ObjectRef() | RecordVal():
            return "print its attributes one by one: p.x"
        case IterVal() | RangeVal():
            return "make a list of it first, or print in a loop over it"
        case _:
            return "print a number, an array or a text"


def escaped(text: str) -> str:
    """The template of a text that is known."""
    return text.replace("{", "{{").replace("}", "}}")


# --- Statements ----------------------------------------------------------------------


def lower_raise(ctx: Context, node: ast.Raise) -> None:
    """``raise SomeError(message)``; control does not go on."""
    exc = node.exc
    assert exc is not None
    args: list[tuple[str | None, ast.expr]] = []
    if isinstance(exc, ast.Call):
        args = [(None, arg) for arg in exc.args]
        args += [(keyword.arg, keyword.value) for keyword in exc.keywords]
        exc = exc.func
    known = _exception(ctx, node, expressions.evaluate(ctx, exc))
    if known is StopIteration:
        stepping.check_raised(ctx, node)
    if known is NotImplementedError and ctx.frame.captured.site is not None:
        # A definition of our library says so of what it does not take, and a hint.
        message, hint = (ast.literal_eval(arg) for _, arg in args)
        ctx.refuse(node, message, hint)
    operands: list[Atom] = []
    params: dict[str, Any] = {"exception": known.__name__}
    if getattr(builtins, known.__name__, None) is not known:
        params["own"] = known
    plain = "own" not in params and len(args) == 1
    given = tuple((key, _argument(ctx, arg, operands, plain)) for key, arg in args)
    match given:
        case ((None, str(template)),):
            params["template"] = template
        case (_, *_):
            params["arguments"] = given
        case _:
            params["template"] = None
    if node.cause is not None:
        params["alone"] = True
    ctx.emit_all(node, "raise", *operands, **params)
    raise Unreachable


def _exception(ctx: Context, node: ast.Raise, binding: Binding) -> type[Exception]:
    """The class that is raised."""
    known = binding.value if isinstance(binding, Static) else None
    if isinstance(known, type) and issubclass(known, Exception):
        return known
    ctx.refuse(
        node,
        "only exceptions known while compiling can be raised",
        "write the class itself: raise ValueError(...)",
    )


def _argument(
    ctx: Context, node: ast.expr, operands: list[Atom], plain: bool
) -> str | int:
    """What an exception is made of: a template, or the place of a whole operand. What
    is `plain` need only show as what it is given."""
    if isinstance(node, ast.JoinedStr):
        return text_of(ctx, node, operands)
    binding = expressions.evaluate(ctx, node)
    if not isinstance(binding, Dyn | ArrayRef):
        text = isinstance(binding, Static) and isinstance(binding.value, str)
        if not (plain or text or isinstance(binding, TextVal)):
            ctx.refuse(
                node,
                f"an exception is given {describe(binding)} beside its message",
                "give it numbers, arrays and texts, or one text: f'{a} {b}'",
            )
        return value_text(ctx, node, binding, "", operands)
    operands.append(atom_of(ctx, node, binding))
    return len(operands) - 1


def fail(ctx: Context, node: ast.AST, exception: str, message: ast.expr | None) -> None:
    """Raise the exception; always raises Unreachable."""
    operands: list[Atom] = []
    template = None if message is None else text_of(ctx, message, operands)
    ctx.emit_all(node, "raise", *operands, exception=exception, template=template)
    raise Unreachable


def fail_if(
    ctx: Context,
    node: ast.AST,
    cond: Atom,
    exception: str,
    template: str,
    operands: tuple[Atom, ...] = (),
) -> None:
    """Raise where a flag is true."""

    def fail_here() -> None:
        ctx.emit_all(node, "raise", *operands, exception=exception, template=template)
        raise Unreachable

    if isinstance(cond, Const):
        if cond.value:
            fail_here()
        return
    bad, good = ctx.run(fail_here), ctx.run(lambda: None)
    join_arms(ctx, cond, bad, good, (), node)


def lower_print(ctx: Context, node: ast.Call) -> Binding:
    """``print(...)``, with texts for `sep` and `end`."""
    options = {"sep": " ", "end": "\n"}
    for keyword in node.keywords:
        value = expressions.evaluate(ctx, keyword.value)
        known = isinstance(value, Static) and isinstance(value.value, str)
        if keyword.arg not in options or not known:
            hint = (
                "write a text that is known"
                if keyword.arg in options
                else "leave it away"
            )
            ctx.refuse(node, f"'{keyword.arg}=' of print is not supported", hint)
        assert isinstance(value, Static)
        options[keyword.arg or ""] = value.value
    operands: list[Atom] = []
    pieces = [text_of(ctx, arg, operands) for arg in node.args]
    template = escaped(options["sep"]).join(pieces)
    params = {} if options["end"] == "\n" else {"end": options["end"]}
    ctx.emit_all(node, "print", *operands, template=template, **params)
    return NONE
