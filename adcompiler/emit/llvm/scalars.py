"""Machine code of elementwise rows: what each computes for one element.

In: the row's name and params, its operands in the dtypes in which it computes. Out: the
result, of the dtype that `computed` states.
Invariants: integers wrap as NumPy's do, unless the operation is *checked*: that of
Python's ints leaves the program where it leaves 64 bits. No instruction traps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.values import NotNative, constant_text, machine

__all__ = ["LIBM", "convert", "elementwise", "is_scalar_code"]

Params = Mapping[str, Any]


def is_float(dtype: str) -> bool:
    return dtype.startswith("float")


def is_signed(dtype: str) -> bool:
    return not dtype.startswith("u") and dtype != "bool"


def convert(code: Code, text: str, given: str, wanted: str) -> str:
    """A number in another dtype, as NumPy's casts and Python's conversions do."""
    if given == wanted:
        return text
    a, b = machine(given), machine(wanted)
    if wanted == "bool":
        return _is_nonzero(code, text, given)
    if is_float(given) and is_float(wanted):
        wider = wanted == "float64"
        return code.op(f"{'fpext' if wider else 'fptrunc'} {a} {text} to {b}")
    if is_float(wanted):
        how = "sitofp" if is_signed(given) else "uitofp"
        return code.op(f"{how} {a} {text} to {b}")
    if is_float(given):
        # Of what is out of range NumPy says nothing.
        kind = "s" if is_signed(wanted) else "u"
        name = f"llvm.fpto{kind}i.sat.{b}.f{_bits(given)}"
        return code.op(f"call {b} @{name}({a} {text})")
    if _bits(given) > _bits(wanted):
        return code.op(f"trunc {a} {text} to {b}")
    if _bits(given) == _bits(wanted):
        return text
    how = "sext" if is_signed(given) else "zext"
    return code.op(f"{how} {a} {text} to {b}")


def _bits(dtype: str) -> int:
    return 1 if dtype == "bool" else int(dtype.lstrip("uintfloa"))


def _is_nonzero(code: Code, text: str, dtype: str) -> str:
    if is_float(dtype):
        return code.op(f"fcmp une {machine(dtype)} {text}, 0.0")
    return code.op(f"icmp ne {machine(dtype)} {text}, 0")


# -- the table ---------------------------------------------------------------------


class Op:
    """One application: the code, its params, the dtype computed in."""

    def __init__(self, code: Code, params: Params, dtype: str, checked: bool) -> None:
        self.code, self.params, self.dtype, self.checked = code, params, dtype, checked
        self.word = machine(dtype)

    def op(self, text: str) -> str:
        return self.code.op(text)

    @property
    def floats(self) -> bool:
        return is_float(self.dtype)

    def arithmetic(self, name: str, a: str, b: str) -> str:
        """``add``, ``sub`` or ``mul``."""
        if self.floats:
            return self.op(f"f{name} {self.word} {a}, {b}")
        if self.dtype == "bool":
            return self.op(f"{'or' if name == 'add' else 'and'} i1 {a}, {b}")
        if self.params.get("tested"):
            return self.op(f"{name} nsw {self.word} {a}, {b}")
        if not self.checked:
            return self.op(f"{name} {self.word} {a}, {b}")
        pair = f"{{{self.word}, i1}}"
        both = self.op(
            f"call {pair} @llvm.s{name}.with.overflow.{self.word}"
            f"({self.word} {a}, {self.word} {b})"
        )
        result = self.op(f"extractvalue {pair} {both}, 0")
        self.code.fail_if(self.op(f"extractvalue {pair} {both}, 1"))
        return result

    def call(self, name: str, *args: str, as_it_is: bool = False) -> str:
        """A function of libm, in the precision of the operands, for which LLVM knows no
        other code if it is called `as_it_is`."""
        suffix = "f" if self.dtype == "float32" else ""
        given = ", ".join(f"{self.word} {a}" for a in args)
        own = " nobuiltin" if as_it_is else ""
        return self.op(f"call {self.word} @{name}{suffix}({given}){own}")

    def intrinsic(self, name: str, *args: str) -> str:
        given = ", ".join(f"{self.word} {a}" for a in args)
        suffix = f"f{_bits(self.dtype)}" if self.floats else self.word
        return self.op(f"call {self.word} @llvm.{name}.{suffix}({given})")

    def number(self, value: float) -> str:
        return constant_text(value, self.dtype)

    def compare(self, how: str, a: str, b: str) -> str:
        """A comparison: ``lt``, ``le``, ``gt``, ``ge``, ``eq`` or ``ne``."""
        if self.floats:
            return self.op(
                f"fcmp {'une' if how == 'ne' else 'o' + how} {self.word} {a}, {b}"
            )
        if a == b:  # as of lengths that are known to be equal
            return "true" if how in ("eq", "le", "ge") else "false"
        if how in ("eq", "ne"):
            return self.op(f"icmp {how} {self.word} {a}, {b}")
        return self.op(
            f"icmp {'s' if is_signed(self.dtype) else 'u'}{how} {self.word} {a}, {b}"
        )

    def select(self, condition: str, a: str, b: str) -> str:
        return self.code.select(condition, self.word, a, b)

    def helper(self, name: str, *args: str) -> str:
        """A function of the runtime, in 64 bits; of integers without a sign in those
        that have none."""
        wide, kind = "float64", "f64"
        if not self.floats:
            signed = is_signed(self.dtype)
            wide, kind = ("int64", "i64") if signed else ("uint64", "u64")
        given = [convert(self.code, a, self.dtype, wide) for a in args]
        word = machine(wide)
        shown = ", ".join(f"{word} {a}" for a in given)
        return convert(
            self.code,
            self.op(f"call {word} @adc_{name}_{kind}({shown})"),
            wide,
            self.dtype,
        )


Rule = Callable[..., str]


def _libm(name: str) -> Rule:
    return lambda m, *args: m.call(name, *args)


def _compare(how: str) -> Rule:
    return lambda m, a, b: m.compare(how, a, b)


def _signs_compared(m: Op, name: str, args: Sequence[str], first: bool) -> str:
    """A comparison of two integers, the first or the second of which has a sign, as of
    numbers without bounds."""
    how = COMPARISONS[name]
    signed = args[0] if first else args[1]
    below = m.op(f"icmp slt i64 {signed}, 0")
    sign = f"icmp {how if how in ('eq', 'ne') else 'u' + how} i64 "
    found = m.op(f"{sign}{args[0]}, {args[1]}")
    less = {"eq": False, "ne": True}.get(how, how.startswith("l" if first else "g"))
    return m.code.select(below, "i1", str(less).lower(), found)


def _divide(m: Op, a: str, b: str) -> str:
    return m.op(f"fdiv {m.word} {a}, {b}")


def _negative(m: Op, a: str) -> str:
    return m.op(f"fneg {m.word} {a}") if m.floats else m.arithmetic("sub", "0", a)


def _absolute(m: Op, a: str) -> str:
    if m.floats:
        return m.intrinsic("fabs", a)
    if not is_signed(m.dtype):
        return a
    below = m.compare("lt", a, "0")
    return m.select(below, m.arithmetic("sub", "0", a), a)


def _sign(m: Op, a: str) -> str:
    if not m.floats:
        above = m.select(m.compare("gt", a, "0"), "1", "0")
        return (
            above
            if not is_signed(m.dtype)
            else m.select(m.compare("lt", a, "0"), "-1", above)
        )
    zero = m.select(m.compare("eq", a, "0.0"), m.number(0), a)  # nan stays nan
    above = m.select(m.compare("gt", a, "0.0"), m.number(1), zero)
    return m.select(m.compare("lt", a, "0.0"), m.number(-1), above)


def _power(m: Op, a: str, b: str) -> str:
    if m.floats:
        known = m.params.get("exponent")
        match known:
            case 2:
                return m.op(f"fmul {m.word} {a}, {a}")
            case 3:
                return m.op(f"fmul {m.word} {m.op(f'fmul {m.word} {a}, {a}')}, {a}")
            case 4:
                square = m.op(f"fmul {m.word} {a}, {a}")
                return m.op(f"fmul {m.word} {square}, {square}")
            case 1:
                return a
            case -1:
                return m.op(f"fdiv {m.word} {m.number(1)}, {a}")
            case _:
                # LLVM has quicker ones for some exponents, with other last digits.
                return m.call("pow", a, b, as_it_is="libm" in m.params)
    if m.checked:
        code = m.code
        base = _absolute(m, a)
        size = code.op(
            f"call double @pow(double {convert(code, base, m.dtype, 'float64')}, "
            f"double {convert(code, b, m.dtype, 'float64')})"
        )
        code.fail_if(
            code.op(f"fcmp uge double {size}, {constant_text(2.0**62, 'float64')}")
        )
    wide = "int64"  # a product has the same bits with a sign and without
    given = [convert(m.code, x, m.dtype, wide) for x in (a, b)]
    shown = ", ".join(f"i64 {x}" for x in given)
    return convert(m.code, m.op(f"call i64 @adc_power_i64({shown})"), wide, m.dtype)


def _floor_divide(m: Op, a: str, b: str) -> str:
    if m.checked:
        # Of Python's ints, the one quotient that leaves 64 bits.
        least = m.op(f"icmp eq i64 {a}, {-(2**63)}")
        minus = m.op(f"icmp eq i64 {b}, -1")
        m.code.fail_if(m.code.both(least, minus))
    return m.helper("floor_divide", a, b)


def _floor_like(name: str) -> Rule:
    return lambda m, a: m.intrinsic(name, a) if m.floats else a


def _extreme(how: str) -> Rule:
    """NumPy's, which hands on nan, or Python's, the first at a tie."""

    def rule(m: Op, a: str, b: str) -> str:
        if m.params.get("via") == "builtin":
            return m.select(m.compare(how, b, a), b, a)
        better = m.compare(f"{how[0]}e", a, b)
        if m.floats:
            better = m.code.either(better, m.op(f"fcmp uno {m.word} {a}, {a}"))
        return m.select(better, a, b)

    return rule


def _clip(m: Op, x: str, low: str, high: str) -> str:
    return _extreme("lt")(m, _extreme("gt")(m, x, low), high)


def _logical(name: str) -> Rule:
    known = {"and": Code.both, "or": Code.either}.get(name)
    if known is not None:
        return lambda m, a, b: known(m.code, a, b)
    return lambda m, a, b: m.op(f"{name} i1 {a}, {b}")


def _isinf(m: Op, a: str) -> str:
    size = m.intrinsic("fabs", a)
    return m.op(f"fcmp oeq {m.word} {size}, {m.number(math.inf)}")


def _isfinite(m: Op, a: str) -> str:
    size = m.intrinsic("fabs", a)
    return m.op(f"fcmp olt {m.word} {size}, {m.number(math.inf)}")


def _expit(m: Op, a: str) -> str:
    e = m.call("exp", m.op(f"fneg {m.word} {a}"))
    return _divide(m, m.number(1), m.op(f"fadd {m.word} {e}, {m.number(1)}"))


def _xlogy(m: Op, x: str, y: str) -> str:
    product = m.op(f"fmul {m.word} {x}, {m.call('log', y)}")
    number = m.op(f"fcmp ord {m.word} {y}, {y}")
    zero = m.code.both(m.compare("eq", x, "0.0"), number)
    return m.select(zero, m.number(0), product)


def _xlog1py(m: Op, x: str, y: str) -> str:
    product = m.op(f"fmul {m.word} {x}, {m.call('log1p', y)}")
    number = m.op(f"fcmp ord {m.word} {y}, {y}")
    zero = m.code.both(m.compare("eq", x, "0.0"), number)
    return m.select(zero, m.number(0), product)


def _entr(m: Op, x: str) -> str:
    product = m.op(f"fmul {m.word} {x}, {m.call('log', x)}")
    above = m.select(
        m.compare("lt", x, "0.0"), m.number(-math.inf), _negative(m, product)
    )
    return m.select(m.compare("eq", x, "0.0"), m.number(0), above)


def _log_expit(m: Op, x: str) -> str:
    e = m.call("exp", m.op(f"fneg {m.word} {m.intrinsic('fabs', x)}"))
    rest = m.op(f"fneg {m.word} {m.call('log1p', e)}")
    return m.select(m.compare("lt", x, "0.0"), m.op(f"fadd {m.word} {x}, {rest}"), rest)


def _logaddexp(m: Op, a: str, b: str) -> str:
    """As NumPy computes it: infinities that are equal have no difference."""
    away = m.op(f"fsub {m.word} {a}, {b}")
    larger = m.select(m.compare("gt", a, b), a, b)
    e = m.call("exp", m.op(f"fneg {m.word} {m.intrinsic('fabs', away)}"))
    total = m.op(f"fadd {m.word} {larger}, {m.call('log1p', e)}")
    twice = m.op(f"fadd {m.word} {a}, {m.number(math.log(2.0))}")
    return m.select(m.compare("eq", a, b), twice, total)


def _ndtr(m: Op, x: str) -> str:
    """In double precision, as SciPy computes it."""
    given = convert(m.code, x, m.dtype, "float64")
    wide = Op(m.code, m.params, "float64", checked=False)
    z = wide.op(f"fmul double {given}, {wide.number(-math.sqrt(0.5))}")
    found = wide.op(f"fmul double {wide.call('erfc', z)}, {wide.number(0.5)}")
    return convert(m.code, found, "float64", m.dtype)


def _scaled(factor: float) -> Rule:
    return lambda m, a: m.op(f"fmul {m.word} {a}, {m.number(factor)}")


def _where(m: Op, c: str, a: str, b: str) -> str:
    return m.select(c, a, b)


_ADD: Rule = lambda m, a, b: m.arithmetic("add", a, b)  # noqa: E731
_SAME: Rule = lambda m, a: a  # noqa: E731

COMPARISONS = {
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "equal": "eq",
    "not_equal": "ne",
}
LIBM = (
    *(
        [
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "asinh",
            "acosh",
            "atanh",
        ]
    ),
    *(["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "erf", "erfc"]),
)

TABLE: dict[str, Rule] = {
    "add": _ADD,
    "subtract": lambda m, a, b: m.arithmetic("sub", a, b),
    "multiply": lambda m, a, b: m.arithmetic("mul", a, b),
    "divide": _divide,
    "ieee_divide": _divide,
    "floor_divide": _floor_divide,
    "remainder": lambda m, a, b: m.helper("remainder", a, b),
    "fmod": lambda m, a, b: m.call("fmod", a, b) if m.floats else _no("fmod"),
    "power": _power,
    "negative": _negative,
    "positive": _SAME,
    "absolute": _absolute,
    "square": lambda m, a: m.arithmetic("mul", a, a),
    "sign": _sign,
    "sqrt": lambda m, a: m.intrinsic("sqrt", a),
    "root": lambda m, a: m.intrinsic("sqrt", a),
    "floor": _floor_like("floor"),
    "ceil": _floor_like("ceil"),
    "trunc": _floor_like("trunc"),
    "rint": _floor_like("rint"),
    "degrees": _scaled(180.0 / math.pi),
    "radians": _scaled(math.pi / 180.0),
    "arctan2": _libm("atan2"),
    "hypot": _libm("hypot"),
    "copysign": lambda m, a, b: m.intrinsic("copysign", a, b),
    "nextafter": _libm("nextafter"),
    **{name: _compare(how) for name, how in COMPARISONS.items()},
    "logical_and": _logical("and"),
    "logical_or": _logical("or"),
    "logical_xor": _logical("xor"),
    "logical_not": lambda m, a: m.op(f"xor i1 {a}, true"),
    "isnan": lambda m, a: m.op(f"fcmp uno {m.word} {a}, {a}"),
    "isinf": _isinf,
    "isfinite": _isfinite,
    "where": _where,
    "maximum": _extreme("gt"),
    "minimum": _extreme("lt"),
    "clip": _clip,
    "expit": _expit,
    "log_expit": _log_expit,
    "logaddexp": _logaddexp,
    "xlogy": _xlogy,
    "xlog1py": _xlog1py,
    "entr": _entr,
    "ndtr": _ndtr,
    "stop_gradient": _SAME,
    **{
        ours: _libm(theirs)
        for theirs in LIBM
        for ours in [f"arc{theirs[1:]}" if theirs[0] == "a" else theirs]
    },
}

BOOLS = {"logical_and", "logical_or", "logical_xor", "logical_not"}
TESTS = {*COMPARISONS, *BOOLS, "isnan", "isinf", "isfinite", "logical_not"}


def _no(what: str) -> str:
    raise NotNative(what)


def is_scalar_code(name: str) -> bool:
    """Whether there is code for the row of this name."""
    return name in TABLE


def computed(name: str, dtype: str) -> str:
    """The dtype of what the code gives, computing in this dtype."""
    return "bool" if name in TESTS else dtype


def elementwise(
    code: Code,
    name: str,
    params: Params,
    args: Sequence[str],
    dtypes: Sequence[str],
    *,
    checked: bool = False,
) -> tuple[str, str]:
    """One element of the row's result, and its dtype."""
    dtype = dtypes[-1]  # of where, the condition is first
    if name in BOOLS:
        args = [convert(code, a, d, "bool") for a, d in zip(args, dtypes, strict=True)]
        dtype = "bool"
    if name in ("isnan", "isinf", "isfinite") and not is_float(dtype):
        known = {"isfinite": "true"}.get(name, "false")
        return known, "bool"
    operation = Op(code, params, dtype, checked)
    if name in COMPARISONS and set(dtypes) == {"int64", "uint64"}:
        return _signs_compared(operation, name, args, dtypes[0] == "int64"), "bool"
    return TABLE[name](operation, *args), computed(name, dtype)
