"""Cotangents while a region is walked backwards: sums, structural zeros, masks.

In: contributions to the cotangent of a value. Out: `Cotangents`, the running cotangent
of every value that has one; a value without an entry has a cotangent that is exactly
zero and is never materialised unless control flow must carry it.

Invariants: a cotangent has its value's dtype and shape: broadcasting is undone and
dtypes are cast here and nowhere else. A cotangent that comes through `where` keeps the
mask beside the unmasked product, so that the factor of the side not taken can never
turn its zero into a NaN: the mask is applied after the last product, also where
broadcasting is undone in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import Atom, Const, Let, Undef, Var
from adcompiler.ir.types import (
    Array,
    ListOf,
    Residuals,
    Scalar,
    Type,
    dims_of,
    is_float,
    may_stretch,
)

_SUMS = {ListOf: "list_add", Residuals: "residuals_add"}


@dataclass(frozen=True, slots=True)
class Cotangent:
    """``where(mask, value, 0)``; without a mask, the value. What is `zeroed` is zero
    where the mask is false, until a factor may be infinite there; without a mask, that
    of a list of which elements are zero because a mask left them out."""

    value: Atom
    mask: Atom | None = None
    zeroed: bool = False


@dataclass(frozen=True, slots=True)
class Factors:
    """By what cotangents are multiplied.

    Those of the `factored` values will be multiplied by factors that may be infinite
    where the program runs as it should, those of the `exposed` ones have been; those of
    the `scaled` ones will be by values, with which a branch that was not taken has
    nothing to do.
    """

    factored: frozenset[Var] = frozenset()
    exposed: frozenset[Var] = frozenset()
    scaled: frozenset[Var] = frozenset()


class Cotangents:
    """Running cotangents of the values in scope.

    Those of factored values keep a mask through all that is added to them; of those in
    `lost` a mask has been applied, and what it left out is zero; so of those in `shed`,
    which need not be factored.
    """

    def __init__(
        self,
        builder: Builder,
        factors: Factors = Factors(),
        known: dict[Var, Cotangent] | None = None,
        lost: set[Var] | None = None,
        shed: set[Var] | None = None,
        *,
        in_trip: bool = False,
    ) -> None:
        self.builder, self.factors, self.in_trip = builder, factors, in_trip
        self.lost = set() if lost is None else lost
        self.shed = set() if shed is None else shed
        self._known = dict(known or {})

    def fork(self, builder: Builder) -> Cotangents:
        """The same cotangents, to be added to by a nested region."""
        known, lost, shed = self._known, self.lost, self.shed
        inside = self.in_trip
        return Cotangents(builder, self.factors, known, lost, shed, in_trip=inside)

    @property
    def factored(self) -> frozenset[Var]:
        return self.factors.factored

    def keeps(self, var: Atom, *masks: Atom | None) -> bool:
        """Whether a cotangent keeps such masks, a list's what they have left out; only
        what a branch leaves out matters where factors are finite."""
        whole = not any(mask is not None and dims_of(mask.type) for mask in masks)
        return var in self.factored or (whole and var in self.factors.scaled)

    def __contains__(self, var: Var) -> bool:
        return var in self._known

    def pop(self, var: Var) -> Cotangent | None:
        """The final cotangent of a value whose definition is reached."""
        return self._known.pop(var, None)

    def set(
        self, var: Var, value: Atom, mask: Atom | None = None, *, zeroed: bool = False
    ) -> None:
        """Replace the running cotangent."""
        self._known[var] = Cotangent(_named(self.builder, value, var), mask, zeroed)
        if zeroed and mask is None:
            self.lost.add(var)

    def mask(self, var: Var) -> Atom | None:
        """The mask of the running cotangent."""
        return self._known[var].mask

    def add(self, var: Var, contribution: Cotangent) -> None:
        """Add a contribution that has the value's shape."""
        contribution = _cast(self.builder, contribution, var.type)
        if isinstance(var.type, Scalar):
            contribution = _as_number(self.builder, contribution)
        if contribution.zeroed and contribution.mask is None:
            self.lost.add(var)
        earlier = self._known.get(var)
        if earlier is None:
            self._known[var] = contribution
            if contribution.mask is None or contribution.zeroed:
                value = _named(self.builder, contribution.value, var)
                if value is not contribution.value:
                    self._known[var] = replace(contribution, value=value)
            return
        mask = None
        if self.keeps(var, earlier.mask, contribution.mask):
            mask = either(self.builder, earlier.mask, contribution.mask)
            self.lose(var, earlier.mask, contribution.mask)
        total = self.builder.apply(
            _SUMS.get(type(var.type), "add"),
            masked(self.builder, earlier),
            masked(self.builder, contribution),
            hint=bar_name(var),
        )
        self._known[var] = Cotangent(total, mask, zeroed=mask is not None)

    def lose(self, var: Var, *masks: Atom | None) -> None:
        """Note that a cotangent will be without these masks."""
        if any(mask is not None for mask in masks):
            self.shed.add(var)
            if var in self.factored:
                self.lost.add(var)

    def passed(self, var: Var, value: Atom, *, lost: bool) -> Cotangent:
        """What control flow gives as the cotangent of a value: if a mask was lost, what
        it left out is zero, and stays it; so are elements of a list."""
        if isinstance(var.type, ListOf | Residuals):
            return Cotangent(value, zeroed=lost and self.keeps(var))
        if not lost or var not in self.factored:
            return Cotangent(value)
        return Cotangent(value, nonzero(self.builder, value), zeroed=True)

    def looped(self, var: Var, value: Atom, name: Var, *, lost: bool) -> Cotangent:
        """What a loop gives as the cotangent of a value that it knows by a name. A trip
        may leave unused what it computes, as of a datum that is nan; of what comes
        before all loops that is not asked."""
        given = self.passed(var, value, lost=lost)
        unused = self.in_trip and name in self.shed and var in self.factors.scaled
        if given.mask is None and unused and isinstance(var.type, Scalar):
            return Cotangent(value, nonzero(self.builder, value), zeroed=True)
        return given

    def choose(self, var: Var, value: Atom, where: Atom | None) -> None:
        """Replace the running cotangent by what a branch gives; if not `where`, it is
        zero."""
        given = self.passed(var, value, lost=var in self.lost)
        if given.mask is None and not given.zeroed:
            given = self._chosen(var, value, where)
        self.set(var, value, given.mask, zeroed=given.zeroed)

    def _chosen(self, var: Var, value: Atom, where: Atom | None) -> Cotangent:
        if isinstance(var.type, ListOf | Residuals):
            return Cotangent(value, zeroed=where is not None and self.keeps(var))
        scaled = var in self.factors.scaled
        if scaled and var in self.shed and isinstance(var.type, Scalar):
            where = nonzero(self.builder, value)
        if where is None or not self.keeps(var):
            return Cotangent(value)
        return Cotangent(value, where, zeroed=True)

    def value(self, var: Var) -> Atom | None:
        """The running cotangent, its mask applied; None for a structural zero."""
        found = self._known.get(var)
        if found is None:
            return None
        self.lose(var, found.mask)
        value = masked(self.builder, found, bar_name(var))
        value = in_an_array(self.builder, value, var.type, bar_name(var))
        self._known[var] = Cotangent(value)
        return value

    def unmasked(self, among: Iterable[Var]) -> dict[Var, Cotangent]:
        """Make plain values of running cotangents; give those that had a mask."""
        found = {var: self._known[var] for var in among if var in self._known}
        for var, cotangent in found.items():
            value = masked(self.builder, cotangent, bar_name(var))
            value = in_an_array(self.builder, value, var.type, bar_name(var))
            self._known[var] = Cotangent(value)
        return {v: c for v, c in found.items() if c.mask is not None}

    def mask_again(self, before: dict[Var, Cotangent], but: Iterable[Var]) -> None:
        """Put these back, but for those that are others now, and without their mask."""
        for var in but:
            if var in before:
                self.lose(var, before[var].mask)
        self._known |= {v: c for v, c in before.items() if v not in set(but)}

    def value_or_zero(self, var: Var) -> Atom:
        """The running cotangent, zeros materialised; of an array it is an array."""
        value = self.value(var)
        if value is None:
            return zero(self.builder, var)
        if isinstance(var.type, Array) and isinstance(value.type, Scalar):
            dtype, hint = var.type.dtype, bar_name(var)
            return self.builder.apply("full", value, dtype=dtype, hint=hint)
        return value


def nonzero(builder: Builder, value: Atom) -> Atom:
    """A mask that leaves out what is zero, as what was not used is; one that is used
    may be zero, too, which `again` must know."""
    return builder.apply("not_equal", value, constant(0), cotangent=True)


def bar_name(var: Var) -> str | None:
    """The name of a value's cotangent in emitted code."""
    return derived_name(var, "bar")


def derived_name(var: Var, word: str) -> str | None:
    """The name of a value's derivative; a tape's is the tape of a derivative.

    >>> from adcompiler.ir.types import NP_FLOAT
    >>> derived_name(Var(1, NP_FLOAT, "x"), "bar")
    'x_bar'
    >>> derived_name(Var(2, ListOf(NP_FLOAT), "x_tape"), "dot")
    'x_dot_tape'
    """
    if var.name is None:
        return None
    if isinstance(var.type, ListOf) and not var.type.indexed:
        return f"{var.name.removesuffix('_tape')}_{word}_tape"
    return f"{var.name}_{word}"


def masked(builder: Builder, cotangent: Cotangent, hint: str | None = None) -> Atom:
    """The cotangent as one value, its mask applied."""
    if cotangent.mask is None or cotangent.zeroed:
        return cotangent.value
    types = (cotangent.mask.type, cotangent.value.type)
    scalar = not any(isinstance(t, Array) for t in types)
    via = "builtin" if scalar else "np"
    nothing = constant(0.0)
    return builder.apply(
        "where", cotangent.mask, cotangent.value, nothing, via=via, hint=hint
    )


def zero(builder: Builder, var: Var) -> Atom:
    """A zero cotangent for a value, materialised."""
    return zero_of_type(builder, var.type, var, bar_name(var))


def zero_of_type(builder: Builder, type: Type, like: Atom, hint: str | None) -> Atom:
    """Zeros of a float type, shaped as `like` if it is an array."""
    match type:
        case Scalar():
            scalar = 0.0 if type.dtype == "float64" else np.dtype(type.dtype).type(0)
            return constant(scalar)
        case Array():
            return builder.apply("zeros_like", like, hint=hint, dtype=None)
        case ListOf(indexed=True):
            return builder.apply("list_zeros", like, hint=hint)
        case ListOf():
            return builder.apply("list_new", element=type.element)
        case Residuals():
            return builder.apply("residuals_zeros", like, hint=hint)


def in_an_array(builder: Builder, value: Atom, of: Type, hint: str | None) -> Atom:
    """The derivative of a 0-d array as one: arithmetic has made a number of it."""
    if isinstance(of, Array) and not of.dims and isinstance(value.type, Scalar):
        return builder.apply("full", value, dtype=of.dtype, hint=hint)
    return value


def unbroadcast(builder: Builder, value: Atom, operand: Atom) -> Atom:
    """Sum a contribution, shaped as the broadcast result, to the operand's shape.

    Axes known to be stretched are summed outright; a length that may turn out to be 1
    at run time is settled there, by `sum_to`.
    """
    target, source = dims_of(operand.type), dims_of(value.type)
    if not source:
        return value
    if not target and not isinstance(operand.type, Array):
        return builder.apply("sum", value, axis=None, keepdims=False)
    lead = len(source) - len(target)
    if lead < 0:  # leading lengths of 1, which a store drops
        value = builder.apply("expand_dims", value, axis=tuple(range(-lead)))
        source = dims_of(value.type)
    elif lead:
        axes = tuple(range(lead))
        value = builder.apply("sum", value, axis=axes, keepdims=False)
        source = source[lead:]
    pairs = list(zip(target, source, strict=True))
    if any(may_stretch(t, s) and t != 1 for t, s in pairs):
        return builder.apply("sum_to", value, operand)
    ones = tuple(k for k, (t, s) in enumerate(pairs) if may_stretch(t, s))
    if ones:
        value = builder.apply("sum", value, axis=ones, keepdims=True)
    return value


def either(builder: Builder, a: Atom | None, b: Atom | None) -> Atom | None:
    """The mask of a sum; None where a part has none."""
    if a is None or b is None:
        return None
    return a if a == b else builder.apply("logical_or", a, b)


def taken(builder: Builder, mask: Atom, value: Atom, operand: Atom) -> Atom:
    """A mask of a broadcast result as a mask of an operand: where any of the
    repetitions was selected."""
    dims = dims_of(operand.type)
    if dims_of(mask.type) in (dims, ()):
        return mask
    if not dims:
        return builder.apply("any", mask, axis=None, keepdims=False)
    ones = builder.apply("ones_like", value, dtype=None)
    selected = builder.apply("where", mask, ones, constant(0.0), via="np")
    count = unbroadcast(builder, selected, operand)
    return builder.apply("greater", count, constant(0.0))


def rename_last(builder: Builder, value: Atom, name: str | None) -> Atom:
    """Name a value that was just built and has no name yet."""
    last = builder.stmts[-1] if builder.stmts else None
    if (
        name is None
        or not isinstance(value, Var)
        or value.name is not None
        or not isinstance(last, Let)
        or last.results != (value,)
    ):
        return value
    renamed = Var(value.id, value.type, name, value.noun)
    builder.stmts[-1] = last.renewed((renamed,), last.operands)
    return renamed


def called_last(builder: Builder, value: Atom, var: Var, word: str) -> Atom:
    """What was just built, as the derivative of a value: under a name made of its
    name, or of what it is."""
    if var.name is not None:
        return rename_last(builder, value, derived_name(var, word))
    last = builder.stmts[-1] if builder.stmts else None
    if (
        var.noun is None
        or not isinstance(value, Var)
        or (value.name or value.noun) is not None
        or not isinstance(last, Let)
        or last.results != (value,)
        or last.primitive.name == "load"  # an element of something that has a name
    ):
        return value
    known = Var(value.id, value.type, value.name, f"{var.noun}_{word}")
    builder.stmts[-1] = last.renewed((known,), last.operands)
    return known


def _named(builder: Builder, value: Atom, var: Var) -> Atom:
    return called_last(builder, value, var, "bar")


def _cast(builder: Builder, cotangent: Cotangent, target: Type) -> Cotangent:
    source = cotangent.value.type
    if not isinstance(source, Scalar | Array) or not isinstance(target, Scalar | Array):
        return cotangent
    if source.dtype == target.dtype or not is_float(target):
        return cotangent
    if isinstance(cotangent.value, Const) and not isinstance(target, Array):
        value = constant(np.dtype(target.dtype).type(cotangent.value.value))
        return replace(cotangent, value=value)
    via = "astype" if isinstance(source, Array) else "scalar"
    cast = builder.apply("cast", cotangent.value, dtype=target.dtype, via=via)
    return replace(cotangent, value=cast)


def _as_number(builder: Builder, cotangent: Cotangent) -> Cotangent:
    """The cotangent of a number that was spread over an array without axes."""
    value, mask = cotangent.value, cotangent.mask
    if not any(a is not None and isinstance(a.type, Array) for a in (value, mask)):
        return cotangent
    if isinstance(value.type, Array):
        value = builder.apply("load", value, index=())
    if mask is not None and isinstance(mask.type, Array):
        mask = builder.apply("load", mask, index=())
    return replace(cotangent, value=value, mask=mask)


def in_precision(builder: Builder, derivative: Atom, factor: Type, of: Type) -> Atom:
    """The derivative of a value in double precision, to be multiplied by a factor.

    A Python number gives way to single precision, and becomes NumPy's.
    """
    single = isinstance(factor, Scalar | Array) and factor.dtype == "float32"
    double = isinstance(of, Scalar | Array) and of.dtype == "float64"
    weak = isinstance(derivative.type, Scalar) and derivative.type.kind != "numpy"
    if not (single and double and weak):
        return derivative
    if isinstance(derivative, Const):
        return constant(np.float64(derivative.value))
    return builder.apply("cast", derivative, dtype="float64", via="scalar")


def is_absent(atom: Atom) -> bool:
    """Whether no cotangent can be due to an atom: it is no value of the program."""
    return isinstance(atom, Const | Undef)
