"""Where paths meet: the arms of an `If`; the entry of a loop and its trips.

In: a statement with regions. Out: what each path gives, and whether the types say so.

The rule of lengths, which every pass keeps and `ir.verifier` checks. Each length in
the type of a result, or of a carried parameter, is either

- *outer*: a number, or made of symbols known before the statement. It means one number
  on all paths, so each path gives that very length; or
- the join's *own* symbol, seen there first: each path gives it some length, and gives
  axes that share the symbol the same one.

`ir.types.join_types` makes such types: what the paths do not agree on becomes a symbol
of the join's own. So does a length that a pass cannot show any more, though it be
the same in every run: a symbol says less than may be true, never more. A loop has two
joins. Its parameters' own symbols are other numbers at each trip, so they mean nothing
after it: the results have symbols of their own.

>>> from adcompiler.ir.types import Array, fresh_dim
>>> n, m, own = fresh_dim(), fresh_dim(), fresh_dim()
>>> def vector(*dims):
...     return Array("float64", dims)
>>> given = [vector(n, n), vector(m, m)]
>>> [unfit((vector(own, own),), (path,), {n, m}) for path in given]
[None, None]
>>> unfit((vector(own, own),), (vector(n, m),), {n, m})
0
>>> unfit((vector(n, own),), (vector(m, m),), {n, m})
0
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from adcompiler.ir.nodes import (
    Atom,
    For,
    If,
    Let,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    carried_results,
    defined,
)
from adcompiler.ir.types import (
    Array,
    Dim,
    Length,
    Type,
    dims_of,
    drop_dim,
    fresh_dim,
)
from adcompiler.ir.walk import all_regions, all_stmts, rebuild, regions

Path = tuple[Atom, ...]


def joins(stmt: If | For | While) -> Iterator[tuple[tuple[Var, ...], list[Path]]]:
    """The values of each join, and what each path gives for them."""
    if isinstance(stmt, If):
        yield stmt.results, [a.results for a in (stmt.then, stmt.orelse) if a.falls]
        return
    paths = [stmt.inits]
    if stmt.body.falls:
        paths.append(carried_results(stmt))
    yield carried_params(stmt), paths
    yield stmt.results, paths


def joined(stmt: If | For | While) -> Iterator[tuple[Var, list[Atom]]]:
    """Each value of a join, and what the paths give for it."""
    for values, paths in joins(stmt):
        for k, var in enumerate(values):
            yield var, [path[k] for path in paths]


def may_be_undefined(stmts: tuple[Stmt, ...]) -> set[Var]:
    """The values that a path leaves unassigned."""
    missing: set[Atom] = set()
    before = -1
    while len(missing) > before:
        before = len(missing)
        for stmt in all_stmts(stmts):
            if isinstance(stmt, Let):
                continue
            for result, given in joined(stmt):
                if any(isinstance(a, Undef) or a in missing for a in given):
                    missing.add(result)
    return {v for v in missing if isinstance(v, Var)}


def types_of(path: Path) -> tuple[Type | None, ...]:
    """The types that a path gives; none of a value that nothing reads."""
    return tuple(None if isinstance(a, Undef) else a.type for a in path)


def unfit(
    types: Sequence[Type], given: Sequence[Type | None], outer: Container[Length]
) -> int | None:
    """The first value to which a path gives a length against the rule."""
    own: dict[Length, Length] = {}
    pairs = [
        (k, length, other)
        for k, (t, g) in enumerate(zip(types, given, strict=True))
        if g is not None
        for length, other in zip(dims_of(t), dims_of(g), strict=True)
    ]
    # Lengths made of others come last: by then it is known what those are.
    for k, length, other in sorted(pairs, key=lambda p: _is_made(p[1])):
        if not is_outer(length, outer) and not _is_made(length):
            own.setdefault(length, other)
        if _meaning(length, own) != other:
            return k
    return None


def widened(region: Region) -> Region:
    """The region with lengths of its own for each value of a join to which a path gives
    a length against the rule: fewer are known of what comes into the region."""
    while (free := _against_the_rule(region, set())) is not None:
        region = _retyped(region, free)
    return region


def _against_the_rule(region: Region, outer: set[Length]) -> Var | None:
    """The first value to which a path gives a length against the rule."""
    known = outer.union(*(dims_of(p.type) for p in region.params))
    for stmt in region.body:
        for inner in regions(stmt):
            found = _against_the_rule(inner, known)
            if found is not None:
                return found
        for values, paths in joins(stmt) if not isinstance(stmt, Let) else ():
            types = [v.type for v in values]
            for path in paths:
                k = unfit(types, types_of(path), known)
                if k is not None:
                    return values[k]
        if isinstance(stmt, For | While):
            value = of_one_trip(stmt, known)
            if value is not None:
                return value
        known.update(d for v in defined(stmt) for d in dims_of(v.type))
    return None


def _retyped(region: Region, free: Var) -> Region:
    """The region with new lengths for one value."""
    own = Var(free.id, with_own_lengths(free.type), free.name, free.noun)

    def atom(a: Atom) -> Atom:
        return own if a == free else a

    def define(var: Var) -> Var:
        return own if var == free else var

    def inside(r: Region) -> Region:
        return Region(
            tuple(map(define, r.params)),
            tuple(rebuild(s, atom, inside, define) for s in r.body),
            tuple(map(atom, r.results)),
            r.falls,
        )

    return inside(region)


def with_own_lengths(t: Type) -> Type:
    """The type with new symbols for its lengths."""
    if not isinstance(t, Array):
        return t
    dims = (
        fresh_dim(not_one=n.not_one if isinstance(n, Dim) else n != 1) for n in t.dims
    )
    return Array(t.dtype, tuple(dims))


def of_one_trip(loop: For | While, outer: Container[Length]) -> Var | None:
    """The first result whose length is a symbol of the body, where it is another number
    at each trip."""
    inside = (v for r in regions(loop) for v in _values(r))
    trip = {d for v in inside for d in dims_of(v.type)}
    for value in loop.results:
        if any(d in trip and not is_outer(d, outer) for d in dims_of(value.type)):
            return value
    return None


def _values(region: Region) -> Iterator[Var]:
    for inner in all_regions(region):
        yield from inner.params
        for stmt in inner.body:
            yield from defined(stmt)


def is_outer(length: Length, outer: Container[Length]) -> bool:
    """Whether a length means one number wherever these are known."""
    if isinstance(length, int) or length in outer:
        return True
    return _is_made(length) and all(is_outer(p, outer) for p in parts(length))


def parts(length: Length) -> Iterator[Length]:
    """The lengths that a length is made of."""
    key = length.key if isinstance(length, Dim) else None
    for part in key if isinstance(key, tuple) else ():
        if isinstance(part, Dim):
            yield part


def _is_made(length: Length) -> bool:
    return any(True for _ in parts(length))


def _meaning(length: Length, own: dict[Length, Length]) -> Length:
    """The length where the join's own symbols have these."""
    key = length.key if isinstance(length, Dim) else None
    match key:
        case ("drop", (int() | Dim()) as base, int() as count):
            return drop_dim(_meaning(base, own), count)
        case _:
            return own.get(length, length)
