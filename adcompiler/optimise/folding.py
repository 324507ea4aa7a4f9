"""What a statement comes to, if some of what it reads is known to be zero.

In: a statement of derivative code, and what each operand is on some path: an atom, a
zero. Out: the atom, or the zero, that the statement then gives; None where it must be
computed. Invariant: a zero says that nothing depends on a value, so ``0 * x`` is zero
for every x, infinity too; what the primal gives is a number like others.

    x_bar.1 = add(x_bar, multiply(r_bar, y))      # with r_bar zero: x_bar
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from adcompiler.ir.builder import Builder
from adcompiler.ir.nodes import Atom, Const, Let, Region, Undef, Var
from adcompiler.ir.types import Scalar, Type, covers, dims_of
from adcompiler.optimise.rewriting import Known, Site, is_number, rules_for
from adcompiler.optimise.shapes import Shapes

ADDING = ("add", "subtract", "accumulate", "scatter_add")
EMPTY = Region((), (), ())


class Value(NamedTuple):
    """What a value is in one arm; a zero may have no atom that says so."""

    atom: Atom | None
    zero: bool


def folded(let: Let, read: list[Value]) -> Value | None:
    """What a statement is; None if it is a computation."""
    return _linear(let, read) or by_rule(let, read)


def fits(var: Var, atom: Atom) -> bool:
    """Whether an atom may be what a value is on a path."""
    same = dims_of(var.type) == dims_of(atom.type)
    return same and kindred(var.type, atom.type) and not isinstance(atom, Undef)


def kindred(type_: Type, other: Type) -> bool:
    """Whether one type holds the values of both, but for who made a number."""
    if isinstance(type_, Scalar) and isinstance(other, Scalar):
        return type_.dtype == other.dtype
    return covers(type_, other)


def _linear(let: Let, read: list[Value]) -> Value | None:
    """What a statement is if some of what it reads is zero."""
    zeros = [value.zero for value in read]
    name, primitive = let.primitive.name, let.primitive
    if name == "where" and isinstance(read[0].atom, Const):
        return _chosen(let, read[1 if read[0].atom.value else 2])
    if name in ADDING and any(zeros[:2]) and not all(zeros[:2]):
        if zeros[0] and name != "add":
            return None
        other = read[0 if zeros[1] else 1].atom
        fitting = other is not None and fits(let.result, other)
        return Value(other, False) if fitting else None
    if name == "multiply" or primitive.bilinear is not None:
        whole = any(zeros)
    elif name == "ieee_divide":
        whole = zeros[0]
    else:
        signed = name in ("add", "subtract", "negative")
        parts = range(len(zeros)) if signed else primitive.linear or ()
        whole = bool(parts) and all(zeros[k] for k in parts)
    if not whole:
        return None
    atoms = (value.atom for value in read if value.zero)
    same = (a for a in atoms if a is not None and fits(let.result, a))
    return Value(next(same, None), True)


def _chosen(let: Let, value: Value) -> Value | None:
    """What a selection is that is settled; a zero beside a mask is one of ours."""
    atom = value.atom
    zero = value.zero or (atom is not None and is_number(atom, 0))
    fitting = atom is not None and fits(let.result, atom)
    return Value(atom if fitting else None, zero) if fitting or zero else None


def by_rule(let: Let, read: list[Value]) -> Value | None:
    """What a statement is if a rule of simplification gives an atom for it."""
    operands = tuple(value.atom for value in read if value.atom is not None)
    if len(operands) < len(read) or any(isinstance(a, Undef) for a in operands):
        return None
    let = replace(let, operands=operands)
    for rule in rules_for(let.primitive, exact=False):
        site = Site(Known({}, Shapes(EMPTY)), Builder([], let.span, let.role), 0)
        atom = rule.rewrite(let, site)
        if isinstance(atom, Var | Const) and not site.builder.stmts:
            return Value(atom, False) if fits(let.result, atom) else None
    return None
