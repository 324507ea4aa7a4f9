"""Random numbers: the functions of ``ad.runtime`` that draw, and generators.

In: calls. Out: draws from the state of a generator, which is an argument's, captured,
or made here.
Invariants: a draw stands where the program makes it. Which state is drawn from is known
while compiling (`check`), since a draw changes it in place. What is run again, the
columns of a Jacobian or a forward sweep, draws from copies (`replayed`), so that the
generator goes on as after one run.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping

from adcompiler import random
from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    RecordVal,
    TupleVal,
)
from adcompiler.frontend.lower import arrays, lengths, names, operators
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.reads import Attribute
from adcompiler.frontend.structures import StreamOf
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, Function, Let, Region
from adcompiler.ir.types import Array, Scalar
from adcompiler.ir.walk import all_stmts
from adcompiler.random import Generator
from adcompiler.random import generator as generators

_DRAWING = frozenset({"draw", "dropout_mask"})
_MAKING = frozenset({"generator", "fork"})

# --- Generators ---------------------------------------------------------------------


def stream_of(call: Call, given: Binding) -> RecordVal:
    """The generator that is meant: that of the module where none is given."""
    if given == NONE:
        read = Attribute(generators, "default_generator")
        key, value = "default generator", generators.default_generator
        return names.stream(call.ctx, call.node, value, "default_generator", key, read)
    if isinstance(given, RecordVal) and given.cls is Generator:
        return given
    call.refuse(
        f"{call.name} draws from an ad.runtime.Generator",
        "make one outside: g = ad.runtime.Generator().manual_seed(0)",
    )


def state_of(call: Call, given: Binding) -> Atom:
    """Its state."""
    return _state(call.ctx, call.node, stream_of(call, given))


def _state(ctx: Context, node: ast.AST, stream: RecordVal) -> Atom:
    (ref,) = stream.items
    assert isinstance(ref, ArrayRef)
    return ctx.read(ref, node)


def _new(call: Call) -> Binding:
    """``Generator()``."""
    call.bind()
    return RecordVal(StreamOf(), (call.ctx.wrap(call.emit("generator")),))


def copied(ctx: Context, node: ast.AST, stream: RecordVal) -> RecordVal:
    """``copy.copy(generator)``."""
    found = ctx.emit(node, "fork", _state(ctx, node, stream))
    return RecordVal(StreamOf(), (ctx.wrap(found),))


def _seed(call: Call) -> Binding:
    """``manual_seed(3)``."""
    seed, generator = call.bind("seed", generator=None)
    return _start(call, stream_of(call, generator), seed)


def _seed_own(call: Call) -> Binding:
    """``generator.manual_seed(3)``."""
    own, seed = call.bind("self", "seed")
    return _start(call, stream_of(call, own), seed)


def _start(call: Call, stream: RecordVal, seed: Binding) -> Binding:
    atom = _number(call, seed, "a seed", whole=True)
    state = _state(call.ctx, call.node, stream)
    call.ctx.emit_all(call.node, "draw", state, atom, kind="start")
    return stream


def outside(call: Call) -> Binding:
    """What is refused."""
    call.refuse(
        f"{call.name} is not supported inside a function",
        "call it outside, and pass what it gives as an argument",
    )


# --- Arguments ----------------------------------------------------------------------


def _number(call: Call, given: Binding, what: str, *, whole: bool = False) -> Atom:
    """A number among the arguments."""
    atom = call.atom(given) if isinstance(given, Dyn | ArrayRef) else None
    kinds = ("i", "u") if whole else ("f", "i", "u")
    if atom is None or not isinstance(atom.type, Scalar):
        call.refuse(f"{what} is one number", "take one by one, in a loop")
    if atom.type.dtype.lstrip("u")[0] not in kinds:
        call.refuse(f"{what} is no {atom.type.dtype}", "convert it: int(n)")
    return atom


def _real(call: Call, given: Binding, what: str) -> Atom:
    """A number among the arguments, as a float."""
    atom = _number(call, given, what)
    if isinstance(atom, Const):
        return constant(float(atom.value))
    assert isinstance(atom.type, Scalar)
    if atom.type.dtype.startswith("float"):
        return atom
    return call.emit("cast", atom, dtype="float64", via="builtin")


def _float_dtype(call: Call, given: Binding) -> str:
    found = call.dtype(given, "float32") or "float32"
    if not found.startswith("float"):
        call.refuse(f"{call.name} gives no {found}", "use float32 or float64")
    return found


def _shape(call: Call, given: Binding) -> list[Atom]:
    return [] if given == NONE else call.lengths(given)


def _drawn(
    call: Call,
    kind: str,
    state: Atom,
    numbers: Iterable[Atom],
    shape: list[Atom],
    dtype: str,
) -> Binding:
    """A draw of this shape."""
    known = lengths.known(call.ctx, dtype, shape)
    operands = (state, *numbers, *shape)
    return call.result("draw", *operands, kind=kind, dtype=dtype, known=known)


# --- Draws --------------------------------------------------------------------------


def _spread(kind: str) -> Handler:
    """``rand(2, 3)`` and ``rand((2, 3))``."""

    def handle(call: Call) -> Binding:
        own = Call(call.ctx, call.node, call.name, [], call.kwargs)
        dtype, generator = own.bind(dtype=None, generator=None)
        given: Binding = TupleVal(tuple(call.args))
        if len(call.args) == 1 and isinstance(call.args[0], TupleVal):
            given = call.args[0]
        shape, wanted = call.lengths(given), _float_dtype(call, dtype)
        return _drawn(call, kind, state_of(call, generator), (), shape, wanted)

    return handle


def _between(kind: str, low: tuple[str, float], high: tuple[str, float]) -> Handler:
    """``uniform(lo, hi, shape)``, ``normal(mean, std, shape)``."""

    def handle(call: Call) -> Binding:
        first, last, shape, dtype, generator = call.bind(
            **{name: Dyn(constant(value)) for name, value in (low, high)},
            shape=None,
            dtype=None,
            generator=None,
        )
        several = call.rank(first) or call.rank(last)
        if several and kind == "normal" and shape == NONE:
            return _normal_of_arrays(call, first, last, dtype, generator)
        pairs = ((first, low[0]), (last, high[0]))
        numbers = [_real(call, given, name) for given, name in pairs]
        # Where they may be differentiated, the noise is the slope.
        known = all(isinstance(number, Const) for number in numbers)
        shape_, wanted = _shape(call, shape), _float_dtype(call, dtype)
        state = state_of(call, generator)
        if known:
            return _drawn(call, kind, state, numbers, shape_, wanted)
        value, noise = call.ctx.emit_all(
            call.node,
            "draw",
            *(state, *numbers, *shape_),
            kind=f"{kind}_and_noise",
            dtype=wanted,
            known=lengths.known(call.ctx, wanted, shape_),
            nouns=(kind, "noise"),
        )
        call.ctx.constants.add(noise)
        return call.ctx.wrap(value)

    return handle


def _normal_of_arrays(
    call: Call, mean: Binding, std: Binding, dtype: Binding, generator: Binding
) -> Binding:
    """Of a shape to which both broadcast: a product with noise, and a sum."""
    ctx, node = call.ctx, call.node
    like = call.atom(operators.binary(ctx, node, ast.Add(), mean, std))
    if not isinstance(like.type, Array) or not like.type.dtype.startswith("float"):
        call.refuse("normal() of arrays is of floats", "convert them: x.astype(float)")
    if call.dtype(dtype, like.type.dtype) != like.type.dtype:
        call.refuse("normal() of arrays is of their dtype", "convert what it gives")
    shape = lengths.shape(ctx, node, ctx.fresh_array(like))
    atoms = [call.atom(length) for length in shape.items]
    state = state_of(call, generator)
    z = _drawn(call, "randn", state, (), atoms, like.type.dtype)
    scaled = operators.binary(ctx, node, ast.Mult(), z, std)
    return operators.binary(ctx, node, ast.Add(), scaled, mean)


def _exponential(call: Call) -> Binding:
    """``exponential(rate, shape)``."""
    one = Dyn(constant(1.0))
    rate, shape, dtype, generator = call.bind(
        rate=one, shape=None, dtype=None, generator=None
    )
    number, wanted = _real(call, rate, "rate"), _float_dtype(call, dtype)
    state = state_of(call, generator)
    return _drawn(call, "exponential", state, (number,), _shape(call, shape), wanted)


def _randint(call: Call) -> Binding:
    """``randint(low, high, shape)``."""
    low, high, shape, dtype, generator = call.bind(
        "low", "high", shape=None, dtype=None, generator=None
    )
    if isinstance(high, TupleVal):  # ``randint(high, shape)``
        low, high, shape = Dyn(constant(0)), low, high
    ends = [_number(call, low, "low", whole=True)]
    ends.append(_number(call, high, "high", whole=True))
    wanted = call.dtype(dtype, "int64") or "int64"
    state = state_of(call, generator)
    return _drawn(call, "randint", state, ends, _shape(call, shape), wanted)


def _randperm(call: Call) -> Binding:
    """``randperm(n)``."""
    n, dtype, generator = call.bind("n", dtype=None, generator=None)
    count, wanted = _number(call, n, "n", whole=True), call.dtype(dtype, "int64")
    state = state_of(call, generator)
    known = lengths.known(call.ctx, wanted or "int64", [count])
    return call.result("draw", state, count, kind="randperm", dtype=wanted, known=known)


def _bernoulli(call: Call) -> Binding:
    """``bernoulli(p)`` of probabilities, ``bernoulli(p, shape)`` of one."""
    p, shape, dtype, generator = call.bind("p", shape=None, dtype=None, generator=None)
    if shape != NONE:
        number = _real(call, p, "p")
        wanted = call.dtype(dtype, "float32") or "float32"
        state = state_of(call, generator)
        return _drawn(call, "coins", state, (number,), call.lengths(shape), wanted)
    atom = call.atom(p)
    t = atom.type
    assert isinstance(t, Scalar | Array)
    if isinstance(t, Scalar) and t.kind != "numpy":
        atom = call.emit("cast", atom, dtype="float32", via="scalar")
    elif not t.dtype.startswith("float"):
        call.refuse(f"p is no {t.dtype}", "convert it: p.astype(float)")
    found = call.emit("draw", state_of(call, generator), atom, kind="bernoulli")
    into = call.dtype(dtype, None)
    if into is not None:
        via = "astype" if isinstance(found.type, Array) else "scalar"
        found = call.emit("cast", found, dtype=into, via=via)
    return call.ctx.wrap(found)


def _multinomial(call: Call) -> Binding:
    """``multinomial(weights, k, replacement)``."""
    weights, k, replacement, generator = call.bind(
        "weights", "k", replacement=Dyn(constant(False)), generator=None
    )
    atom, count = call.atom(weights), _number(call, k, "k", whole=True)
    if not isinstance(atom.type, Array) or atom.type.ndim not in (1, 2):
        call.refuse("weights are a vector, or rows", "take a row: weights[i]")
    if not atom.type.dtype.startswith("float"):
        atom = call.emit("cast", atom, dtype="float32", via="astype")
    assert isinstance(atom.type, Array)
    known = lengths.known(call.ctx, "int64", [count])
    return call.result(
        "draw",
        *(state_of(call, generator), atom, count),
        kind="multinomial",
        replacement=call.flag(replacement, "replacement"),
        known=Array("int64", (*atom.type.dims[:-1], *known.dims)),
    )


def _dropout(call: Call) -> Binding:
    """``dropout(x, p)``: a product with a mask."""
    half, yes = Dyn(constant(0.5)), Dyn(constant(True))
    x, p, training, generator = call.bind("x", p=half, training=yes, generator=None)
    x = arrays.listed(call.ctx, call.node, x)
    number = _real(call, p, "p")
    if not call.flag(training, "training"):
        return x
    atom = call.atom(x)
    if not isinstance(atom.type, Scalar | Array) or not atom.type.dtype.startswith("f"):
        call.refuse("dropout() is of floats", "convert it: x.astype(float)")
    mask = call.emit("dropout_mask", state_of(call, generator), atom, number)
    return operators.binary(call.ctx, call.node, ast.Mult(), x, call.ctx.wrap(mask))


FUNCTIONS: dict[Hashable, Handler] = {
    random.rand: _spread("rand"),
    random.randn: _spread("randn"),
    random.uniform: _between("uniform", ("lo", 0.0), ("hi", 1.0)),
    random.normal: _between("normal", ("mean", 0.0), ("std", 1.0)),
    random.exponential: _exponential,
    random.randint: _randint,
    random.randperm: _randperm,
    random.bernoulli: _bernoulli,
    random.multinomial: _multinomial,
    random.dropout: _dropout,
    random.manual_seed: _seed,
    Generator.manual_seed: _seed_own,
    Generator: _new,
    **dict.fromkeys(
        (
            *(random.kaiming_uniform, random.linear_values, random.seed),
            *(random.initial_seed, random.get_rng_state, random.set_rng_state),
            *(Generator.seed, Generator.initial_seed),
            *(Generator.get_state, Generator.set_state),
        ),
        outside,
    ),
}


# --- Runs that are made again -------------------------------------------------------


def drawn_from(function: Function) -> list[int]:
    """The parameters that are the states of generators which a function draws from."""
    states = {
        stmt.operands[0]
        for stmt in all_stmts(function.region.body)
        if isinstance(stmt, Let) and stmt.primitive.name in _DRAWING | {"fork"}
    }
    return [k for k, param in enumerate(function.params) if param in states]


def kept(
    ctx: Context, node: ast.AST, function: Function, atoms: tuple[Atom, ...]
) -> dict[Atom, Atom]:
    """Copies of the states that a function will draw from, as they are now."""
    return {atoms[k]: ctx.emit(node, "fork", atoms[k]) for k in drawn_from(function)}


def again(
    ctx: Context, atoms: tuple[Atom, ...], states: Mapping[Atom, Atom]
) -> tuple[Atom, ...]:
    """What a run is given to draw what another has drawn: copies of the copies."""
    builder = ctx.builder
    return tuple(builder.apply("fork", states[a]) if a in states else a for a in atoms)


# --- What is known of states --------------------------------------------------------


def check(region: Region) -> None:
    """Refuse to draw from what may be one generator or another."""
    known: set[Atom] = {*region.params}
    stmts = [s for s in all_stmts(region.body) if isinstance(s, Let)]
    known.update(s.result for s in stmts if s.primitive.name in _MAKING)
    for stmt in stmts:
        if stmt.primitive.name in _DRAWING | {"fork"} and stmt.operands[0] not in known:
            raise UnsupportedError(
                "which generator is drawn from is known at run time only",
                span=stmt.span,
                hint="draw on each path, from the generator that it has",
            )


__all__ = ["FUNCTIONS", "again", "check", "copied", "kept", "outside", "stream_of"]
