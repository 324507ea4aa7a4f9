"""Calls that stay calls: of functions that call themselves, and of large ones.

In: a user's function and the bindings of its arguments. Out: the binding of its result,
after a `call` of a `Callee`: the function lowered as one of its own, once for all the
arguments of the same structure.

Invariants: a callee stores into nothing that it is given, so that a call has no effect
but its results and what it may raise. What it reads of the functions around it, and of
captured arrays, becomes further operands. Of a function that calls itself, the results
and the operands' types are a fixpoint: they start with what the paths give that do not
call it again, and grow until a lowering confirms them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    FunctionVal,
    Location,
    Static,
    TupleVal,
)
from adcompiler.frontend.interface import Captured, ResultTree
from adcompiler.frontend.lower import calls, signatures
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.frames import Arm, Frame
from adcompiler.frontend.lower.isolation import flattened, rebuilt
from adcompiler.frontend.lower.restarts import Inexpressible, Unreachable
from adcompiler.frontend.lower.signatures import Given, Leaf, Open
from adcompiler.ir.callee import Callee
from adcompiler.ir.nodes import Atom, Const, Function, Let, Region, Stmt, Var, fresh_var
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import PY_INT, Array, Dim, Scalar, Type, fresh_dim, join_types
from adcompiler.ir.walk import Lengths, all_stmts, free_vars

Fn = ast.FunctionDef | ast.Lambda
Several = tuple[frozenset[Type], ...]  # of the types in `ctx.mixed`, in `ctx.classes`


@dataclass(eq=False, slots=True)
class Made:
    """A callee, and what it was made for.

    `leaves` are its operands, and the numbers that are known instead; `free` what it
    reads of what is around; `shared` the results that may be memory of its operands.
    While it is being made, `tree` is None as long as no result is known, and `used`
    tells that it was called. `calls` are the other callees in the making that it, or
    what it calls, was lowered with: when these are lowered again, it is out of date.
    """

    structure: object
    leaves: list[Leaf]
    tree: ResultTree | None = None
    results: tuple[Type, ...] = ()
    mixed: tuple[Several, ...] = ()  # the types that each may have, if several
    shared: frozenset[int] = frozenset()
    free: tuple[Var, ...] = ()
    callee: Callee | None = None
    used: bool = False
    done: bool = False
    calls: set[Made] = field(default_factory=set)

    @property
    def awaited(self) -> bool:
        """Whether it was called before any result of it is known."""
        return self.used and self.tree is None


class Widened(Exception):
    """A callee in the making was called with other operands than it is made for."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        self.made = made


def call(
    ctx: Context,
    node: ast.AST,
    captured: Captured,
    fn: Fn,
    closure: Frame | None,
    env: dict[str, Binding],
) -> Binding:
    """The result of a call; raises Inexpressible."""
    given: list[Given] = []
    walks = fn in ctx.expansion.recursive  # and may walk objects of known structure
    env = {
        name: signatures.as_it_is(ctx, node, v, walks=walks) for name, v in env.items()
    }
    rows = ((name, signatures.structure_of(v, given)) for name, v in env.items())
    structure = (ctx.frame.muted, *rows)  # under `no_grad` it has no derivative
    atoms = [signatures.atom_of(ctx, node, value) for value in given]
    known = ctx.made.setdefault((fn, closure), [])
    alike = [m for m in known if m.structure == structure]
    fitting = (m for m in alike if signatures.fits(ctx, m.leaves, atoms, given))
    found = next(fitting, None)
    if found is None:
        _widen(ctx, [m for m in alike if m in ctx.making], atoms, given)
        pairs = zip(atoms, given, strict=True)
        leaves = [signatures.leaf_of(ctx, *pair) for pair in pairs]
        found = Made(structure, signatures.own_lengths(leaves))
        known.append(found)
    if not found.done and found not in ctx.making:
        lasts, emitted = False, ctx.emitted
        try:
            _make(ctx, node, found, atoms, captured, fn, closure, env)
            if found.shared and not found.used:
                found.done = False
                raise Inexpressible("may return what it is given")
            lasts = closure is None and _lasts(ctx, found, env)
        except UnsupportedError as error:
            # In place of the call it may be supported; if not, that is found out there.
            raise Inexpressible("is not supported as a function of its own") from error
        finally:
            ctx.emitted = emitted  # none of it is the caller's
            if not lasts:
                known.remove(found)  # what it reads may be another value elsewhere
            if not found.done:
                _outdate(ctx, found)
    return _apply(ctx, node, found, atoms, given)


def _widen(
    ctx: Context, making: list[Made], atoms: list[Atom], given: list[Given]
) -> None:
    """Let a callee in the making take these arguments too, if one can; else they are
    served by another, up to some."""
    for k, made in enumerate(making):
        try:
            made.leaves = signatures.widened(ctx, made.leaves, atoms, given)
        except Inexpressible:
            if k + 1 < VARIANTS:
                continue
            raise
        raise Widened(made)


def _lasts(ctx: Context, made: Made, env: Mapping[str, Binding]) -> bool:
    """Whether the callee computes the same wherever it is called."""
    functions = any(isinstance(value, FunctionVal) for value in env.values())
    return not functions and set(made.free) <= set(ctx.capture_vars.values())


# --- Making a callee ------------------------------------------------------------------


def _make(
    ctx: Context,
    node: ast.AST,
    made: Made,
    atoms: list[Atom],
    captured: Captured,
    fn: Fn,
    closure: Frame | None,
    env: dict[str, Binding],
) -> None:
    """Lower the function until what was assumed of its own calls is confirmed."""
    # A method such as __call__ is no name for what is not in a class.
    name = fn.name.strip("_") if isinstance(fn, ast.FunctionDef) else ""
    name = name or "function"
    assert ctx.derive is not None
    for _ in range(ROUNDS):
        _outdate(ctx, made)
        made.calls.clear()
        params = _params(made, env)
        _trace(ctx, made, params, atoms)
        types = (*(p.type for p in params), *(v.type for v in made.free))
        callee = Callee(name, ("value",), types, made.results, ctx.derive)
        made.callee, made.used = callee, False
        lowering = _Lowering(ctx, node, captured, fn, closure, env, made)
        around, ctx.making = ctx.making, (*ctx.making, made)
        try:
            found = lowering.run(params)
        except Widened as widened:
            if widened.made is not made:
                raise
            continue
        finally:
            ctx.making = around
        if not made.used or _confirmed(ctx, made, found):
            break
        made.results, made.mixed = _joined_results(ctx, made, found)
        made.tree = found.tree
        made.shared |= found.shared
        made.free = tuple(dict.fromkeys((*made.free, *found.free)))
    else:
        raise Inexpressible("is called with ever other operands")
    made.tree, made.shared = found.tree, found.shared
    if not made.used:
        made.results, made.free = found.types, found.free
        made.mixed = _joined_results(ctx, made, found)[1]
    region = Region((*params, *made.free), found.stmts, found.results)
    callee.params = tuple(p.type for p in region.params)
    callee.results = made.results
    if any(other.awaited for other in made.calls):
        return  # paths are missing, so the caller is lowered again, and this with it
    function = Function(name, region, captured.span(fn))
    callee.make(*ctx.derive("value", function, ()))
    made.done = True


def _outdate(ctx: Context, made: Made) -> None:
    """What was lowered with this callee is lowered again when it is called; what is
    known of its results is a start."""
    for known in ctx.made.values():
        for other in known:
            if made in other.calls:
                other.done = False


def _params(made: Made, env: dict[str, Binding]) -> list[Var]:
    """A parameter for each operand, called as the user calls it."""
    names = (n for name, v in env.items() for n in signatures.named_leaves(v, name))
    return [
        fresh_var(leaf.type, name)
        for leaf, name in zip(made.leaves, names, strict=True)
        if isinstance(leaf, Open)
    ]


def _trace(ctx: Context, made: Made, params: list[Var], atoms: list[Atom]) -> None:
    """A number that must be known while compiling comes from where the operand does;
    one that may be an int in the program says so."""
    pairs = zip(made.leaves, atoms, strict=True)
    operands = [(leaf, atom) for leaf, atom in pairs if isinstance(leaf, Open)]
    for param, (leaf, atom) in zip(params, operands, strict=True):
        if leaf.whole:
            ctx.classes[param] = frozenset({PY_INT, leaf.type})
        if isinstance(atom, Var) and atom in ctx.origins.of:
            ctx.origins.of[param] = ctx.origins.of[atom]


@dataclass(frozen=True, slots=True)
class Found:
    """What a lowering has found."""

    tree: ResultTree
    stmts: tuple[Stmt, ...]
    results: tuple[Atom, ...]
    shared: frozenset[int]
    free: tuple[Var, ...]

    @property
    def types(self) -> tuple[Type, ...]:
        return tuple(atom.type for atom in self.results)


def _confirmed(ctx: Context, made: Made, found: Found) -> bool:
    """Whether what was assumed of the function's own calls holds."""
    return (
        made.tree == found.tree
        and _joined_results(ctx, made, found) == (made.results, made.mixed)
        and found.shared <= made.shared
        and set(found.free) <= set(made.free)
    )


Joined = tuple[tuple[Type, ...], tuple[Several, ...]]


def _joined_results(ctx: Context, made: Made, found: Found) -> Joined:
    """The types of results in every call: lengths are those of operands, or open. Of
    numbers that are ints at first and floats then, it is the latter that is tried."""
    known: tuple[dict[Any, Any], ...] = ctx.mixed, ctx.classes
    mixed = tuple(tuple(d.get(a, ONE) for d in known) for a in found.results)
    if made.tree is None:
        return tuple(_settled(made, t) for t in found.types), mixed
    if made.tree != found.tree:
        raise Inexpressible("gives results that are put together in two ways")
    joined: list[Type] = []
    for before, now in zip(made.results, found.types, strict=True):
        t = join_types(before, now)
        if t is None and (_is_number(before) and _is_number(now)):
            t = now
        if t is None:
            raise Inexpressible(f"gives {before} on one path and {now} on another")
        joined.append(_settled(made, t))
    return tuple(joined), mixed


def _is_number(t: Type) -> bool:
    return isinstance(t, Scalar) and t.dtype != "bool"


def _settled(made: Made, t: Type) -> Type:
    """The type of a result with the lengths of operands, or open ones."""
    if not isinstance(t, Array):
        return t
    types = [leaf.type for leaf in made.leaves if isinstance(leaf, Open)]
    lengths = {n for x in types if isinstance(x, Array) for n in x.dims}
    dims = (n if isinstance(n, int) or n in lengths else OPEN for n in t.dims)
    return Array(t.dtype, tuple(dims))


ONE: frozenset[Type] = frozenset()
VARIANTS = 4  # callees of one structure in the making: of other types each
ROUNDS = 20  # far more than types have to grow
OPEN = Dim("open")  # a length of a result that each call has anew


@dataclass(frozen=True, slots=True)
class _Lowering:
    """One lowering of the function as one of its own."""

    ctx: Context
    node: ast.AST
    captured: Captured
    fn: Fn
    closure: Frame | None
    env: dict[str, Binding]
    made: Made

    def run(self, params: list[Var]) -> Found:
        ctx, node = self.ctx, self.node
        around = dict(self.closure.env) if self.closure is not None else {}
        before, objects = dict(ctx.values), dict(ctx.objects)
        memory: dict[Location, Var] = {}
        results: list[Atom] = []
        trees: list[ResultTree] = []

        def interpret() -> Binding:
            ctx.cache = {}
            leaves = self._leaves(params, memory)
            env = {
                name: signatures.with_leaves(v, leaves) for name, v in self.env.items()
            }
            value = calls.interpret(ctx, self.captured, self.fn, self.closure, env)
            _require_plain(value)
            trees.append(flattened(ctx, node, value, results))
            return value

        arm = ctx.run(interpret)
        if not arm.falls or arm.value is None:
            raise Inexpressible("never returns without calling itself")
        if any(arm.objects.get(place) != held for place, held in objects.items()):
            raise Inexpressible("stores into an object from outside")
        self._check(arm, before, memory, around)
        stmts = tuple(arm.builder.stmts)
        free = free_vars(Region(tuple(params), stmts, tuple(results)))
        shared = self._shared(arm.value, before, memory)
        return Found(trees[0], stmts, tuple(results), shared, free)

    def _leaves(
        self, params: list[Var], memory: dict[Location, Var]
    ) -> Iterator[Binding]:
        """The bindings inside of what is passed."""
        rest = iter(params)
        for leaf in self.made.leaves:
            if isinstance(leaf, Const):
                yield Dyn(leaf)
            elif isinstance(leaf.type, Array):
                var = next(rest)
                ref = self.ctx.fresh_array(var, leaf.contiguous)
                memory[ref.location] = var
                yield ref
            else:
                yield Dyn(next(rest))

    def _check(
        self,
        arm: Arm,
        before: Mapping[Location, object],
        memory: Mapping[Location, Var],
        around: dict[str, Binding],
    ) -> None:
        """Nothing but results may be left behind."""
        if any(arm.values.get(location) is not var for location, var in memory.items()):
            raise Inexpressible("stores into an array that it is given")
        if any(arm.values.get(place) != held for place, held in before.items()):
            raise Inexpressible("stores into an array from outside")
        if self.closure is not None and self.closure.env != around:
            raise Inexpressible("assigns to a name of the function around it")
        for stmt in all_stmts(tuple(arm.builder.stmts)):
            if isinstance(stmt, Let) and stmt.primitive.name == "print":
                raise Inexpressible("prints")
            if isinstance(stmt, Let) and stmt.primitive.effect & Effect.DRAWS:
                raise Inexpressible("draws random numbers")

    def _shared(
        self,
        value: Binding,
        before: Mapping[Location, object],
        memory: Mapping[Location, Var],
    ) -> frozenset[int]:
        """The results that may share memory with operands, or with each other."""
        ctx = self.ctx
        refs = list(_leaves_of(value))
        places = [r.location for r in refs if isinstance(r, ArrayRef)]
        if any(p in before or p in ctx.outer or p.captured for p in places):
            raise Inexpressible("returns an array from outside")
        return frozenset(
            k
            for k, ref in enumerate(refs)
            if isinstance(ref, ArrayRef)
            and (
                ref.location in memory
                or ref.location in ctx.aliases
                or ctx.entangled.get(ref.location)
                or places.count(ref.location) > 1
            )
        )


def _require_plain(value: Binding) -> None:
    """Only numbers, arrays and tuples of them can be handed back."""
    match value:
        case Dyn(boxed=True) | ArrayRef(type=Array(dims=())):
            raise Inexpressible("gives an array of rank 0")
        case Dyn() | ArrayRef():
            pass
        case TupleVal(items, cls) if cls is not list:
            for item in items:
                _require_plain(item)
        case Static(value=known) if known is None or isinstance(known, str):
            pass
        case _:
            raise Inexpressible("gives what is no number, array or tuple")


def _leaves_of(value: Binding) -> Iterator[Binding]:
    match value:
        case TupleVal(items):
            for item in items:
                yield from _leaves_of(item)
        case Dyn() | ArrayRef():
            yield value
        case _:
            pass


# --- Calling it -----------------------------------------------------------------------


def _apply(
    ctx: Context, node: ast.AST, made: Made, atoms: list[Atom], given: list[Given]
) -> Binding:
    """The call of a callee, which may still be in the making."""
    _note(ctx, made)
    made.used = True
    if made.tree is None:
        raise Unreachable  # no path is known yet that returns
    lengths = Lengths()
    operands: list[Atom] = []
    for leaf, atom in zip(made.leaves, atoms, strict=True):
        if isinstance(leaf, Open):
            lengths.match(leaf.type, atom.type)
            operands.append(signatures.as_float(atom) if leaf.whole else atom)
    operands += made.free
    types = tuple(_stated(t, lengths) for t in made.results)
    assert made.callee is not None
    nouns = (f"{made.callee.name}_value",) * len(types)
    results = ctx.emit_all(
        node, "call", *operands, callee=made.callee, types=types, nouns=nouns
    )
    known: tuple[dict[Any, Any], ...] = ctx.mixed, ctx.classes
    for result, several in zip(results, made.mixed, strict=True):
        for entries, found in zip(known, several, strict=True):
            if found:
                entries[result] = found
    bindings = [ctx.as_found(result) for result in results]
    rivals = [v.location for v in given if isinstance(v, ArrayRef)]
    for k in sorted(made.shared):
        ref = bindings[k]
        assert isinstance(ref, ArrayRef)
        for location in rivals:
            ctx.entangle(ref.location, location)
        rivals.append(ref.location)
    return rebuilt(made.tree, bindings.__getitem__)


def _note(ctx: Context, made: Made) -> None:
    """Note of the callees in the making that they call this one."""
    for k, caller in enumerate(ctx.making):
        found = {made, *made.calls}
        caller.calls |= found.intersection(ctx.making[:k])


def _stated(t: Type, lengths: Lengths) -> Type:
    """The type of a result in the caller's lengths."""
    if not isinstance(t, Array):
        return t
    dims = (fresh_dim() if n == OPEN else n for n in t.dims)
    return lengths.type(Array(t.dtype, tuple(dims)))
