"""Arrays over numbers: products in the place of quotients, which take far longer.

In: a division in a nest, of float64, whose divisor is the same everywhere. Out: the
divisor's reciprocal, to twice as many digits, and an element of the quotient by it.
Invariants: the quotient is the nearest number to a part in 2^105, so but once in 10^15
the one that a division gives; infinities, nan and the signs of zeros are those of a
division. A divisor whose reciprocal has not all its digits gives the run up.

    x / c  =  x * h + x * l,   h = 1 / c rounded, l = what it lacks, rounded once
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.groups import Group
from adcompiler.emit.llvm.scalars import convert
from adcompiler.emit.llvm.values import Number, constant_text
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Const, Let, Var

__all__ = ["Divisor", "divisor_of", "over"]

_FEWEST = 32  # elements, for which finding the reciprocal is worth it
_FAR = 2.0**960  # from 1, up and down, are divisors of which nothing underflows


@dataclass(frozen=True, slots=True)
class Divisor:
    """A reciprocal, as two numbers of which the second is what the first lacks."""

    high: str
    low: str

    @property
    def sources(self) -> list[Number]:
        """What a nest reads of it."""
        return [Number("float64", t, "false") for t in (self.high, self.low)]

    def under(self, code: Code, x: str) -> str:
        """A number over the divisor."""
        first = code.op(f"fmul double {x}, {self.high}")
        rest = code.op(f"fmul double {x}, {self.low}")
        given = f"double {x}, double {self.high}, double {rest}"
        both = code.op(f"call double @llvm.fma.f64({given})")
        # Where the rest alone is zero, infinite or nan, the first is right.
        usual = code.op(f"fcmp one double {both}, {rest}")
        return code.select(usual, "double", both, first)


def divisor_of(
    writer: Writer, group: Group, let: Let, made: dict[Var, Divisor]
) -> Divisor | None:
    """The divisor of a member of a group, if it is a number that this serves. Those
    that are `made` before the nest are kept by the numbers that they are of."""
    if let.primitive.name not in ("divide", "ieee_divide") or not writer.module.fused:
        return None
    given = [getattr(a.type, "dtype", "") for a in let.operands]
    wanted = [d or g for d, g in zip(let.dtypes, given, strict=True)]
    known = all(n.isdigit() for n in group.dims)
    if wanted != ["float64"] * 2 or (
        known and math.prod(map(int, group.dims)) < _FEWEST
    ):
        return None
    atom = let.operands[1]
    if isinstance(atom, Const):
        return _of_constant(float(atom.value))
    found = group.sources.get(atom) if isinstance(atom, Var) else None
    if not isinstance(atom, Var) or not isinstance(found, Number):
        return None
    if atom not in made:
        code = writer.code
        text = convert(code, found.text, found.dtype, "float64")
        if found.dtype == "float64":
            _require_usual(code, text)
        made[atom] = _of_number(code, text)
    return made[atom]


def over(writer: Writer, let: Let, text: str, divisor: Divisor) -> str:
    """An element of the quotient, from one of the dividend."""
    code, dividend = writer.code, getattr(let.operands[0].type, "dtype", "")
    found = divisor.under(code, convert(code, text, dividend, "float64"))
    return convert(code, found, "float64", getattr(let.result.type, "dtype", ""))


def _of_constant(value: float) -> Divisor | None:
    """Of powers of two the reciprocal is exact, which LLVM knows itself."""
    if not 1 / _FAR < abs(value) < _FAR or abs(math.frexp(value)[0]) == 0.5:
        return None
    high = 1.0 / value
    low = float(1 / Fraction(value) - Fraction(high))
    return Divisor(constant_text(high, "float64"), constant_text(low, "float64"))


def _require_usual(code: Code, text: str) -> None:
    """Give the run up where digits of the reciprocal would be lost. Those of zero and
    of infinity are exact."""
    size = code.op(f"call double @llvm.fabs.f64(double {text})")
    least, most = (constant_text(v, "float64") for v in (1 / _FAR, _FAR))
    infinite = constant_text(math.inf, "float64")
    small = code.both(
        code.op(f"fcmp ogt double {size}, 0.0"),
        code.op(f"fcmp olt double {size}, {least}"),
    )
    large = code.both(
        code.op(f"fcmp ogt double {size}, {most}"),
        code.op(f"fcmp olt double {size}, {infinite}"),
    )
    code.fail_if(code.either(small, large))


def _of_number(code: Code, text: str) -> Divisor:
    high = code.op(f"fdiv double {constant_text(1.0, 'float64')}, {text}")
    minus = code.op(f"fneg double {text}")
    one = constant_text(1.0, "float64")
    given = f"double {minus}, double {high}, double {one}"
    rest = code.op(f"call double @llvm.fma.f64({given})")
    return Divisor(high, code.op(f"fmul double {rest}, {high}"))
