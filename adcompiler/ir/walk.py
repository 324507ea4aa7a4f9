"""Traversals of the IR: reading it, and copying it with something replaced.

In: a function, region or statement. Out: facts about it, or a new node.
Invariants: nodes are never mutated; an order is always that of the program text, so
that what is built from it is the same from run to run.

>>> from adcompiler.ir.nodes import Const, Function, If, fresh_var
>>> from adcompiler.ir.types import PY_BOOL, PY_FLOAT
>>> x, y, c = fresh_var(PY_FLOAT), fresh_var(PY_FLOAT), fresh_var(PY_BOOL)
>>> one = Const(1.0, PY_FLOAT)
>>> choice = If((y,), c, Region((), (), (x,)), Region((), (), (one,)))
>>> operands(choice) == (c,), free_vars(choice) == (c, x)
(True, True)
>>> operands(substitute(choice, {c: Const(True, PY_BOOL)}))
(Const(value=True, type=Scalar(dtype='bool', kind='python')),)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never, overload

from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    defined,
    fresh_var,
)
from adcompiler.ir.types import (
    Array,
    Dim,
    Length,
    ListOf,
    Residuals,
    Scalar,
    Type,
    drop_dim,
    fresh_dim,
)

if TYPE_CHECKING:
    from adcompiler.ir.builder import Builder

# --- Reading ---------------------------------------------------------------------


def operands(stmt: Stmt) -> tuple[Atom, ...]:
    """The atoms that a statement itself reads, without those read in its regions."""
    match stmt:
        case Let():
            return stmt.operands
        case If():
            return (stmt.cond,)
        case For():
            return (*stmt.range.atoms, *stmt.inits)
        case While():
            return stmt.inits
        case _:
            assert_never(stmt)


def regions(stmt: Stmt) -> tuple[Region, ...]:
    """The regions of a statement, in the order of the text."""
    match stmt:
        case Let():
            return ()
        case If():
            return (stmt.then, stmt.orelse)
        case For():
            return (stmt.body,)
        case While():
            return (stmt.cond, stmt.body)
        case _:
            assert_never(stmt)


def all_stmts(node: Region | Iterable[Stmt]) -> Iterator[Stmt]:
    """Every statement, the outer before those in its regions."""
    for stmt in node.body if isinstance(node, Region) else node:
        yield stmt
        if not isinstance(stmt, Let):
            for region in regions(stmt):
                yield from all_stmts(region)


def all_regions(region: Region) -> Iterator[Region]:
    """The region and every region in it, the outer first."""
    yield region
    for stmt in region.body:
        if not isinstance(stmt, Let):
            for inner in regions(stmt):
                yield from all_regions(inner)


def reads(node: Region) -> Iterator[Var]:
    """Every read of a value in the region, its results and inner regions included."""
    for region in all_regions(node):
        for stmt in region.body:
            yield from (a for a in operands(stmt) if isinstance(a, Var))
        yield from (a for a in region.results if isinstance(a, Var))


def count_uses(region: Region) -> dict[Var, int]:
    """How often each value is read; absent where never."""
    counts: dict[Var, int] = {}
    for inner in all_regions(region):  # as `reads` does, which takes twice the time
        for stmt in inner.body:
            for atom in stmt.operands if isinstance(stmt, Let) else operands(stmt):
                if isinstance(atom, Var):
                    counts[atom] = counts.get(atom, 0) + 1
        for atom in inner.results:
            if isinstance(atom, Var):
                counts[atom] = counts.get(atom, 0) + 1
    return counts


def definitions(region: Region) -> dict[Var, Stmt]:
    """The statement that defines each value (parameters have none)."""
    return {var: stmt for stmt in all_stmts(region) for var in defined(stmt)}


def free_vars(node: Region | Stmt | Iterable[Stmt]) -> tuple[Var, ...]:
    """The values read but not defined within, in the order of their first read.

    >>> x, y = (fresh_var(Scalar("float64", "python")) for _ in "xy")
    >>> free_vars(Region((x,), (), (y, x, y))) == (y,)
    True
    """
    match node:
        case Region():
            region = node
        case Let():
            return tuple(dict.fromkeys(a for a in node.operands if isinstance(a, Var)))
        case If() | For() | While():
            region = Region((), (node,), ())
        case _:
            region = Region((), tuple(node), ())
    inside: set[Var] = set()
    for inner in all_regions(region):
        inside.update(inner.params)
        for stmt in inner.body:
            inside.update(defined(stmt))
    # A dict is a set that keeps the order.
    return tuple(dict.fromkeys(v for v in reads(region) if v not in inside))


# --- Copying ---------------------------------------------------------------------


def _same(var: Var) -> Var:
    return var


def rebuild(
    stmt: Stmt,
    atom: Callable[[Atom], Atom],
    region: Callable[[Region], Region],
    define: Callable[[Var], Var] = _same,
) -> Stmt:
    """The statement with its operands, regions and definitions mapped, in this order.

    The copy of every pass is this function; `region` maps the whole inner region.
    """
    match stmt:
        case Let():
            read = stmt.reading(tuple(map(atom, stmt.operands)))
            if define is _same:
                return read
            return read.renewed(tuple(map(define, stmt.results)), read.operands)
        case If():
            cond = atom(stmt.cond)
            then, orelse = region(stmt.then), region(stmt.orelse)
            results = tuple(map(define, stmt.results))
            return replace(stmt, cond=cond, then=then, orelse=orelse, results=results)
        case For():
            range_ = map_range(stmt.range, atom)
            inits = tuple(map(atom, stmt.inits))
            body = region(stmt.body)
            changed: Stmt = replace(stmt, range=range_, inits=inits, body=body)
            return _defining(changed, define)
        case While():
            inits = tuple(map(atom, stmt.inits))
            cond_region, body = region(stmt.cond), region(stmt.body)
            changed = replace(stmt, inits=inits, cond=cond_region, body=body)
            return _defining(changed, define)
        case _:
            assert_never(stmt)


def _defining(stmt: Stmt, define: Callable[[Var], Var]) -> Stmt:
    assert isinstance(stmt, For | While)
    return replace(
        stmt,
        results=tuple(map(define, stmt.results)),
        trips=define(stmt.trips),
        stopped=None if stmt.stopped is None else define(stmt.stopped),
    )


def map_range(range_: Range, atom: Callable[[Atom], Atom]) -> Range:
    """The range with its bounds mapped."""
    return replace(
        range_,
        start=atom(range_.start),
        stop=atom(range_.stop),
        step=atom(range_.step),
        limit=None if range_.limit is None else atom(range_.limit),
    )


def map_regions(stmt: Stmt, change: Callable[[Region], Region]) -> Stmt:
    """The statement with each of its regions mapped."""
    return rebuild(stmt, lambda a: a, change)


@overload
def substitute(node: Region, mapping: Mapping[Var, Atom]) -> Region: ...
@overload
def substitute(node: Stmt, mapping: Mapping[Var, Atom]) -> Stmt: ...
def substitute(node: Region | Stmt, mapping: Mapping[Var, Atom]) -> Region | Stmt:
    """The node with every read of a mapped value replaced.

    The mapping is applied once: what it gives is not looked up again.
    """

    def atom(a: Atom) -> Atom:
        return mapping.get(a, a) if isinstance(a, Var) else a

    def region(r: Region) -> Region:
        body = tuple(rebuild(s, atom, region) for s in r.body)
        return replace(r, body=body, results=tuple(map(atom, r.results)))

    return region(node) if isinstance(node, Region) else rebuild(node, atom, region)


def clone(
    region: Region,
    mapping: Mapping[Var, Atom] | None = None,
    lengths: Lengths | None = None,
) -> Region:
    """The region with a fresh value for each that it defines.

    Reads of values in `mapping` are replaced too. Types stay as they are, but for
    `lengths`: the copy computes the same values at the same trip, or must be given new
    types.

    >>> x = fresh_var(Scalar("float64", "python"))
    >>> copy = clone(Region((x,), (), (x,)))
    >>> copy.params == copy.results, copy.params == (x,)
    (True, False)
    """
    retype = (lambda t: t) if lengths is None else lengths.type
    return _Copier(dict(mapping or {}), retype).region(region)


def inline(
    builder: Builder, function: Function, atoms: Iterable[Atom]
) -> tuple[Atom, ...]:
    """Append the function's statements, applied to these atoms; gives its results.

    Lengths of the parameters become those of the atoms; other symbolic lengths become
    new symbols, since another application may have others.
    """
    given = tuple(atoms)
    lengths = Lengths()
    for param, atom in zip(function.params, given, strict=True):
        lengths.match(param.type, atom.type)
    copier = _Copier(dict(zip(function.params, given, strict=True)), lengths.type)
    for stmt in function.region.body:
        builder.append(copier.stmt(stmt))
    return tuple(map(copier.atom, function.results))


class _Copier:
    """Copies nodes, with a fresh value for each definition met."""

    def __init__(self, mapping: dict[Var, Atom], retype: Callable[[Type], Type]):
        self.mapping = mapping
        self.retype = retype

    def atom(self, atom: Atom) -> Atom:
        match atom:
            case Var():
                return self.mapping.get(atom, atom)
            case Undef():
                return Undef(self.retype(atom.type))
            case Const():
                return atom
            case _:
                assert_never(atom)

    def define(self, var: Var) -> Var:
        fresh = fresh_var(self.retype(var.type), var.name, var.noun)
        self.mapping[var] = fresh
        return fresh

    def region(self, region: Region) -> Region:
        params = tuple(map(self.define, region.params))
        body = tuple(map(self.stmt, region.body))
        return Region(params, body, tuple(map(self.atom, region.results)), region.falls)

    def stmt(self, stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            stmt = replace(stmt, params=map_types(stmt.params, self.retype))
        return rebuild(stmt, self.atom, self.region, self.define)


# --- Types -----------------------------------------------------------------------


def map_types(params: Any, change: Callable[[Type], Type]) -> Any:
    """Static parameters with the types among them mapped."""
    match params:
        case Scalar() | Array() | ListOf() | Residuals():
            return change(params)
        case tuple():
            return tuple(map_types(p, change) for p in params)
        case _:
            return params


class Lengths:
    """A renaming of symbolic lengths, by which types are read in another function.

    >>> n, m = fresh_dim(), fresh_dim()
    >>> lengths = Lengths()
    >>> lengths.match(Array("float64", (n,)), Array("float64", (7,)))
    >>> print(lengths.type(Array("float64", (n, drop_dim(n, 2)))))
    float64[7, 5]
    >>> lengths.type(Array("float64", (m,))) == Array("float64", (m,))
    False
    """

    def __init__(self, *, fresh: bool = True) -> None:
        self.known: dict[Dim, Length] = {}
        self.fresh = fresh

    def match(self, general: Type, special: Type) -> None:
        """Make the symbols of a parameter's type mean the lengths of an operand."""
        match general, special:
            case Array(), Array():
                for symbol, length in zip(general.dims, special.dims, strict=True):
                    if isinstance(symbol, Dim):
                        self.known.setdefault(symbol, length)
            case _:
                pass

    def length(self, length: Length) -> Length:
        """The length that this one means."""
        if isinstance(length, int):
            return length
        if length not in self.known:
            self.known[length] = self._unknown(length)
        return self.known[length]

    def _unknown(self, dim: Dim) -> Length:
        match dim.key:
            case ("drop", (int() | Dim()) as base, int() as count):
                return drop_dim(self.length(base), count)
            case tuple() as parts:
                mapped = (self.length(p) if isinstance(p, Dim) else p for p in parts)
                return Dim(tuple(mapped), dim.not_one)
            case _:
                return fresh_dim(not_one=dim.not_one) if self.fresh else dim

    def type(self, type: Type) -> Type:
        """The type with its lengths mapped."""
        match type:
            case Scalar() | ListOf() | Residuals():
                return type
            case Array():
                return Array(type.dtype, tuple(map(self.length, type.dims)))
            case _:
                assert_never(type)


def retype(
    function: Function, lengths: Lengths, names: Mapping[Var, str] | None = None
) -> Function:
    """The function with the lengths in all its types mapped, and some values renamed.

    Values keep their identity.
    """
    renamed = names or {}

    def define(var: Var) -> Var:
        name = renamed.get(var, var.name)
        return Var(var.id, lengths.type(var.type), name, var.noun)

    def atom(a: Atom) -> Atom:
        match a:
            case Var():
                return define(a)
            case Undef():
                return Undef(lengths.type(a.type))
            case Const():
                return a
            case _:
                assert_never(a)

    def region(r: Region) -> Region:
        return Region(
            tuple(map(define, r.params)),
            tuple(map(stmt, r.body)),
            tuple(map(atom, r.results)),
            r.falls,
        )

    def stmt(s: Stmt) -> Stmt:
        if isinstance(s, Let):
            s = replace(s, params=map_types(s.params, lengths.type))
        return rebuild(s, atom, region, define)

    return replace(function, region=region(function.region))
