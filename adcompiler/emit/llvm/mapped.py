"""Elementwise rows, on numbers and on arrays.

In: a statement of an elementwise row that there is scalar code for. Out: a number, or
one element of an array, whose nest is written by `fusion`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adcompiler.emit.llvm.called import by_numpy
from adcompiler.emit.llvm.fitting import compared_dtypes
from adcompiler.emit.llvm.scalars import (
    COMPARISONS,
    convert,
    elementwise,
    is_scalar_code,
)
from adcompiler.emit.llvm.values import Elements, Number, Value, constant_text, machine
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Const, Let
from adcompiler.ir.types import Array, Scalar

__all__ = ["applied", "broadcast_dims", "is_mapped", "scalar_result"]

_BETTER = {"maximum": "gt", "minimum": "lt"}  # the second operand, to be the result
_ORDERS = {"float64": "fcmp o", "int64": "icmp s", "bool": "icmp u"}


def is_mapped(let: Let) -> bool:
    """Whether a statement is elementwise, with code for one element."""
    name = let.primitive.name
    known = let.primitive.elementwise or name == "stop_gradient"
    return known and is_scalar_code(name)


def applied(writer: Writer, let: Let) -> Value:
    """The result of an elementwise statement on numbers."""
    result = let.result.type
    assert isinstance(result, Scalar)
    texts = [writer.number(a).text for a in let.operands]
    if let in writer.summed:
        return Number(result.dtype, _in_any_order(writer, let, texts), "")
    if writer.module.strict:
        if _is_pythons_own(let):
            (found,) = by_numpy(writer, let)
            return found
        if _divides_ints(let):
            for text in texts:
                _require_exact(writer, text)
    text = scalar_result(writer, let, texts, checked=_is_python_int(let))
    if _compares_exactly(let):
        text = _compared_exactly(writer, let, text)
    return Number(result.dtype, text, _flag(writer, let))


def _in_any_order(writer: Writer, let: Let, texts: Sequence[str]) -> str:
    """What a loop adds up, or takes off, as one of the sums that may be exchanged."""
    code, t = writer.code, let.result.type
    assert isinstance(t, Scalar)
    total, more = texts
    word = machine(t.dtype)
    if let.primitive.name == "subtract":
        more = code.op(f"fneg {word} {more}")
    return code.op(f"fadd reassoc contract {word} {total}, {more}")


def scalar_result(
    writer: Writer, let: Let, texts: Sequence[str], *, checked: bool = False
) -> str:
    """One element of an elementwise statement, from those of its operands."""
    code, result = writer.code, let.result.type
    given = [getattr(a.type, "dtype", "") for a in let.operands]
    wanted = [d or g for d, g in zip(let.dtypes, given, strict=True)]
    if let.primitive.name in COMPARISONS:
        wanted = compared_dtypes(let, given, wanted)
    args = [
        convert(code, t, g, w) for t, g, w in zip(texts, given, wanted, strict=True)
    ]
    params = _params(let, writer.module.strict)
    text, dtype = elementwise(
        code, let.primitive.name, params, args, wanted, checked=checked
    )
    assert isinstance(result, Array | Scalar)
    if result.dtype.startswith("int") and dtype.startswith("float"):
        # Python's ints of floats, as of math.floor: those beyond 64 bits are none here.
        limit = constant_text(2.0**62, "float64")
        size = code.op(f"call double @llvm.fabs.f64(double {text})")
        code.fail_if(code.op(f"fcmp uge double {size}, {limit}"))
    return convert(code, text, dtype, result.dtype)


# -- ints and floats of Python's, which are compared as they are -------------------

_EXACT = 2**53  # ints up to here are floats, too


def _compares_exactly(let: Let) -> bool:
    """Whether Python may compare an int with a float, and rounding the int to a float
    may say something else."""
    if let.primitive.name not in COMPARISONS or dict(let.params).get("via") == "np":
        return False
    types = [a.type for a in let.operands]
    if any(not isinstance(t, Scalar) or t.kind == "numpy" for t in types):
        return False
    if {getattr(t, "dtype", "") for t in types} != {"int64", "float64"}:
        return False
    known = [a.value for a in let.operands if isinstance(a, Const)]
    return not any(_is_settled(value) for value in known)


def _is_settled(value: Any) -> bool:
    """Whether a number compares alike with what the other is rounded to."""
    if isinstance(value, int):
        return abs(value) <= _EXACT
    return not float(value).is_integer() or abs(value) < _EXACT


def _compared_exactly(writer: Writer, let: Let, rounded: str) -> str:
    """The comparison without rounding, where both are Python's: where the int rounds to
    the float, which is a whole number then, these are compared as ints."""
    code, how = writer.code, COMPARISONS[let.primitive.name]
    pair = [writer.number(a) for a in let.operands]
    first = pair[0].dtype == "int64"
    n, x = (p.text for p in (pair if first else reversed(pair)))
    nearest = convert(code, n, "int64", "float64")
    tie = code.op(f"fcmp oeq double {nearest}, {x}")
    # 2**63 is none of 64 bits: what stands for it stays above all that round to it.
    below = code.least(n, str(2**63 - 2))
    whole = convert(code, x, "float64", "int64")
    texts = (below, whole) if first else (whole, below)
    sign = how if how in ("eq", "ne") else f"s{how}"
    exact = code.op(f"icmp {sign} i64 {texts[0]}, {texts[1]}")
    python = code.both(pair[0].python, pair[1].python)
    return code.select(code.both(tie, python), "i1", exact, rounded)


def _is_pythons_own(let: Let) -> bool:
    """Whether Python computes it otherwise than libm, with other last digits."""
    return let.primitive.name == "hypot" and dict(let.params).get("via") == "math"


def _divides_ints(let: Let) -> bool:
    """Whether Python divides an int by another, and rounds the quotient alone."""
    types = [a.type for a in let.operands]
    named = let.primitive.name == "divide" and dict(let.params).get("via") != "np"
    return named and all(
        isinstance(t, Scalar) and t.dtype == "int64" and t.kind != "numpy"
        for t in types
    )


def _require_exact(writer: Writer, text: str) -> None:
    """Leave to the NumPy program what is computed with an int that is no float."""
    code = writer.code
    shifted = code.add(text, str(_EXACT))
    if shifted.isdigit() and int(shifted) <= 2 * _EXACT:
        return
    code.fail_if(code.op(f"icmp ugt i64 {shifted}, {2 * _EXACT}"))


def _params(let: Let, strict: bool) -> Mapping[str, Any]:
    """The params, with the exponent of a power that is known: of a number by strict
    arithmetic it does not matter, as Python asks libm for any."""
    params = dict(let.params)
    if let.primitive.name == "power":
        exponent = let.operands[1]
        if strict and isinstance(let.result.type, Scalar):
            params["libm"] = True
        elif isinstance(exponent, Const):
            params["exponent"] = exponent.value
    return params


def _is_python_int(let: Let) -> bool:
    """Whether a result is an int of Python's, which has any number of digits."""
    t = let.result.type
    return isinstance(t, Scalar) and t.dtype == "int64" and t.kind != "numpy"


def _flag(writer: Writer, let: Let) -> str:
    """Whether a result of kind *either* is Python's, which the operand tells that it
    is; empty where it is the rule's, and all operands tell."""
    code, how, via = writer.code, let.primitive.name, let.param("via")
    t = let.result.type
    if not isinstance(t, Scalar) or t.kind != "either":
        return ""
    numbers = [writer.number(x) for x in let.operands]
    if how == "where":
        chosen, a, b = numbers
        return code.select(chosen.text, "i1", a.python, b.python)
    if how in _BETTER and via == "builtin":
        a, b = numbers
        order = f"{_ORDERS[t.dtype]}{_BETTER[how]} {machine(t.dtype)}"
        later = code.op(f"{order} {b.text}, {a.text}")
        return code.select(later, "i1", b.python, a.python)
    if how in ("logical_and", "logical_or") and via in (None, "builtin"):
        a, b = numbers
        if_true, if_false = (b, a) if how == "logical_and" else (a, b)
        return code.select(a.text, "i1", if_true.python, if_false.python)
    return ""


def broadcast_dims(
    writer: Writer, result: Array, operands: Sequence[Value]
) -> tuple[str, ...]:
    """The lengths of a result, one of which may be an operand's or 1 for it."""
    code, dims = writer.code, []
    for k, length in enumerate(result.dims):
        axis = k - len(result.dims)
        if isinstance(length, int):
            dims.append(str(length))
            continue
        mine = [
            v.dims[axis]
            for v in operands
            if isinstance(v, Elements) and len(v.dims) >= -axis
        ]
        open_ = list(dict.fromkeys(n for n in mine if n != "1"))
        fixed = [n for n in open_ if n.isdigit()]
        total = (fixed or open_ or ["1"])[0]
        for n in open_ if not fixed else ():
            if n != total:
                one = code.op(f"icmp eq i64 {total}, 1")
                total = code.select(one, "i64", n, total)
        dims.append(total)
    return tuple(dims)
