"""Statements as code: assignments, control flow, exits.

In: a region whose values have names. Out: a tree of lines and blocks, and whether
control goes on after it.

A region is written with what is to be done at its end, its *finish*: assign the results
of an `If`, give a loop its next values and perhaps `break`, or `return`. An `If` at the
end of a region takes the finish into its arms where that gives an arm an exit; what
follows an arm that exits is not nested under `else`. Only the names of the join's own
results are then never assigned, and nothing reads these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from adcompiler.analysis.tapes import element_taken
from adcompiler.emit.numpy.augmented import SIGNED, assigned, scaled, subtracted
from adcompiler.emit.numpy.comments import (
    RAISES,
    is_unread,
    place_of,
    quoting,
    written_for,
)
from adcompiler.emit.numpy.exits import NO_EXIT, Exits
from adcompiler.emit.numpy.expressions import Expressions
from adcompiler.emit.numpy.iteration import item_taken
from adcompiler.emit.numpy.layout import (
    Block,
    Comment,
    Line,
    Node,
    Nodes,
    Place,
    placed,
)
from adcompiler.emit.numpy.tapes import displayed, popped_into
from adcompiler.ir.builder import constant
from adcompiler.ir.names import Named
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Undef,
    Var,
    While,
    carried_params,
    defined,
    stop_flag,
    stop_marks,
)
from adcompiler.ir.primitive import Effect, Piece
from adcompiler.ir.walk import count_uses
from adcompiler.ir.wrapping import may_wrap


class Code(NamedTuple):
    """Emitted statements, and whether control goes on after them."""

    nodes: Nodes
    falls: bool = True


Finish = Callable[[tuple[Atom, ...]], Code]


class Statements:
    """Writes the statements of one function."""

    def __init__(self, named: Named) -> None:
        self.named = named
        self.expr = Expressions(named)
        self.used = count_uses(named.function.region)
        self.heading: Place | None = None  # what the last comment quotes

    # --- regions ------------------------------------------------------------------

    def region(self, region: Region, finish: Finish, exits: Exits) -> Code:
        """The statements, then the finish on the results."""
        last = region.body[-1] if region.body and region.falls else None
        if not (isinstance(last, If) and exits.within(last, region.results)):
            nodes = self.sequence(region.body, top=exits.top)
            end = finish(region.results) if region.falls else Code((), False)
            return Code((*nodes, *end.nodes), end.falls)

        def inner(atoms: tuple[Atom, ...]) -> Code:
            known: dict[Atom, Atom] = dict(zip(last.results, atoms, strict=True))
            return finish(tuple(known.get(a, a) for a in region.results))

        nodes = self.sequence(region.body[:-1], top=exits.top)
        end = self.headed(last, lambda: self.branch(last, inner, exits))
        return Code((*nodes, *end.nodes), end.falls)

    def sequence(self, stmts: Sequence[Stmt], *, top: bool = False) -> Nodes:
        """Statements one after another; adjoint ones headed by their source line."""
        nodes: list[Node] = []
        previous: Stmt | None = None
        forward = top
        for stmt in stmts:
            found = self.headed(stmt, partial(self.written, stmt)).nodes
            if not found:
                continue
            if isinstance(found[0], Comment) and found[0] is not RAISES:
                found = (replace(found[0], apart=forward and bool(nodes)), *found[1:])
                forward = False
            if found[0] is RAISES and isinstance(previous, Let) and is_unread(nodes):
                found = found[1:]
            if previous is not None:
                found = popped_into(previous, stmt, found, nodes, self.used)
                found = displayed(previous, stmt, found, nodes)
            if nodes and isinstance(found[0], Comment):
                above = nodes[-1]
                if isinstance(above, Comment):  # what it stood over is now in this
                    nodes.pop()
                    found = (replace(found[0], apart=above.apart), *found[1:])
            nodes += found
            previous = stmt
        return tuple(nodes)

    def headed(self, stmt: Stmt, write: Callable[[], Code]) -> Code:
        """What is written for a statement, under a comment that quotes its source line
        where the comment in force quotes another."""
        last = self.heading
        place = place_of(stmt, last)
        self.heading = place
        code = write()
        if not code.nodes:
            self.heading = last
            return code
        self.heading = place
        own = written_for(stmt)
        if own is not None:
            code = Code(placed(code.nodes, own), code.falls)
        if place is None or place == last:
            return code
        return Code((quoting(stmt, place), *code.nodes), code.falls)

    def written(self, stmt: Stmt) -> Code:
        return Code(self.stmt(stmt))

    def keeps(self, stmt: If) -> bool:
        """Whether an arm leaves the name as it is: perhaps not assigned at all."""
        (result,) = stmt.results
        kept = (arm.results[0] for arm in (stmt.then, stmt.orelse))
        names = self.named.names
        return any(
            isinstance(v, Var)
            and v not in self.named.folded
            and names.get(v) == names[result]
            for v in kept
        )

    def stmt(self, stmt: Stmt) -> Nodes:
        if any(v in self.named.folded for v in defined(stmt)):
            return ()
        match stmt:
            case Let():
                return self.let(stmt)
            case If() if stmt in self.named.choices and not self.keeps(stmt):
                (result,) = stmt.results
                name = self.named.names[result]
                return (Line(f"{name} = {self.expr.choice(stmt).text}"),)
            case If():
                return self.branch(stmt, self.joining(stmt), NO_EXIT).nodes
            case For() | While():
                return self.loop(stmt)

    # --- simple statements ----------------------------------------------------------

    def let(self, let: Let) -> Nodes:
        pieces = self.expr.pieces(let.operands)
        if let.primitive.writes:
            return self.inplace_of(let)
        targets = [self.named.names[v] for v in let.results]
        text = let.primitive.spell(let, pieces).text
        if not targets:
            return guarded(text)
        if let.effect is Effect.PURE and not any(v in self.used for v in let.results):
            return ()
        if len(let.results) == 1:
            return self.assign(targets[0], let, text)
        return (Line(f"{', '.join(targets)} = {text}"),)

    def inplace_of(self, let: Let) -> Nodes:
        """A statement that changes its first operand."""
        pieces = self.expr.pieces(let.operands)
        name = let.primitive.name
        text = let.primitive.spell(let, pieces).text
        if name == "accumulate":
            if not let.param("index"):
                text = f"{pieces[0].text} += {pieces[1].text}"
            return (Line(self.subtracted(let, text, pieces[1])),)
        if name == "scatter_add" and not let.param("repeats"):
            return (Line(self.subtracted(let, text, pieces[1])),)
        if name == "store":
            return (Line(self.stored(let, text)),)
        if name == "list_pop" and let.results[0] in self.used:
            return (Line(f"{self.named.names[let.results[0]]} = {text}"),)
        return (Line(text),)

    def subtracted(self, let: Let, text: str, value: Piece) -> str:
        """``x -= v`` for ``x += -v``, where v is no integer that may have wrapped."""
        atom = let.operands[1]
        while isinstance(atom, Var):
            stmt = self.named.folded.get(atom)
            if not isinstance(stmt, Let) or stmt.primitive.name not in SIGNED:
                break
            if may_wrap(stmt):
                return text
            atom = stmt.operands[0]
        return subtracted(text, value)

    def stored(self, store: Let, text: str) -> str:
        value = store.operands[1]
        let = self.named.folded.get(value) if isinstance(value, Var) else None
        if not isinstance(let, Let):
            return text
        return scaled(store, let, text, self.expr.pieces(let.operands))

    def assign(self, target: str, let: Let, text: str) -> Nodes:
        """``y = ...``; nothing, where that is what the name holds."""
        if text == target:
            return ()
        if target == "_":
            return (RAISES, Line(f"_ = {text}"))
        pieces = self.expr.pieces(let.operands)
        return (Line(assigned(target, let, text, pieces)),)

    def moves(self, pairs: Iterable[tuple[Var, Atom]]) -> Nodes:
        """Assign all at once: one after another where none reads an earlier target."""
        moves = [
            (self.named.names[target], source)
            for target, source in pairs
            if self.is_assigned(target, source)
        ]
        nodes: list[Node] = []
        while moves:
            position = next((k for k in range(len(moves)) if self.free(moves, k)), None)
            if position is None:
                targets = ", ".join(t for t, _ in moves)
                sources = ", ".join(self.expr.text(s) for _, s in moves)
                nodes.append(Line(f"{targets} = {sources}"))
                break
            target, source = moves.pop(position)
            nodes += self.move(target, source)
        return tuple(nodes)

    def is_assigned(self, target: Var, source: Atom) -> bool:
        """Whether a move has anything to do."""
        if isinstance(source, Undef):
            return target in self.named.unset
        return self.expr.text(source) != self.named.names[target]

    def free(self, moves: Sequence[tuple[str, Atom]], position: int) -> bool:
        """Whether no other move reads what this one assigns."""
        target, _ = moves[position]
        return not any(
            target in self.expr.read(source)
            for k, (_, source) in enumerate(moves)
            if k != position
        )

    def move(self, target: str, source: Atom) -> Nodes:
        stmt = self.named.folded.get(source) if isinstance(source, Var) else None
        text = self.expr.text(source)
        if isinstance(stmt, Let):
            return self.assign(target, stmt, text)
        return (Line(f"{target} = {text}"),)

    # --- branches -------------------------------------------------------------------

    def joining(self, stmt: If) -> Finish:
        """The end of an arm: the results of the `If` get their values."""

        def finish(atoms: tuple[Atom, ...]) -> Code:
            pairs = zip(stmt.results, atoms, strict=True)
            return Code(self.moves(p for p in pairs if p[0] in self.used))

        return finish

    def branch(self, stmt: If, finish: Finish, exits: Exits) -> Code:
        """An `If`; what follows an arm that exits is not nested."""
        if isinstance(stmt.cond, Const):  # the arm taken raises, or has no value
            taken = stmt.then if stmt.cond.value else stmt.orelse
            return self.region(taken, finish, exits.arm(stmt, taken))
        heading = self.heading
        then = self.region(stmt.then, finish, exits.arm(stmt, stmt.then))
        self.heading = heading
        orelse = self.region(stmt.orelse, finish, exits.arm(stmt, stmt.orelse))
        rest = exits.rest(stmt)
        if rest is not None and then.falls and orelse.falls:
            if rest is stmt.orelse:
                then = Code((*then.nodes, Line("continue")), False)
            else:
                orelse = Code((*orelse.nodes, Line("continue")), False)
        falls = then.falls or orelse.falls
        if not then.nodes and not orelse.nodes:
            return Code((), falls)
        if not then.falls and then.nodes:
            return Code((self.when(stmt.cond, then.nodes), *orelse.nodes), falls)
        if not orelse.falls and orelse.nodes:
            return Code((self.unless(stmt.cond, orelse.nodes), *then.nodes), falls)
        if not then.nodes:
            return Code((self.unless(stmt.cond, orelse.nodes),), falls)
        block = self.when(stmt.cond, then.nodes)
        if not orelse.nodes:
            return Code((block,), falls)
        return Code((Block((*block.clauses, *_else(orelse.nodes))),), falls)

    def when(self, cond: Atom, nodes: Nodes) -> Block:
        return Block(((f"if {self.expr.text(cond)}:", nodes),))

    def unless(self, cond: Atom, nodes: Nodes) -> Block:
        return Block(((f"if {self.expr.opposite(cond)}:", nodes),))

    # --- loops ----------------------------------------------------------------------

    def loop(self, loop: For | While) -> Nodes:
        params = carried_params(loop)
        kept = [
            k
            for k, (p, r) in enumerate(zip(params, loop.results, strict=True))
            if self.is_carried(loop, k) or r in self.used
        ]
        before = self.moves((params[k], loop.inits[k]) for k in kept)
        pop = element_taken(loop, self.named.folded, self.used)
        inside = loop.body
        if pop is not None:
            inside = replace(inside, body=inside.body[1:])
        item = item_taken(loop, self.named.folded, self.used)
        if item is not None:
            rest = tuple(s for s in inside.body if s is not item)
            inside = replace(inside, body=rest)
        exits = Exits(stop_flag(loop), trip=True)
        body = self.region(inside, self.next_trip(loop, kept), exits)
        after = self.moves(
            (loop.results[k], params[k]) for k in kept if loop.results[k] in self.used
        )
        if isinstance(loop, For):
            block = Block(((self.for_header(loop, pop, item), body.nodes),))
        else:
            block = self.while_block(loop, body.nodes)
        return (*before, block, *after)

    def is_carried(self, loop: For | While, k: int) -> bool:
        """Whether a trip reads this value of the one before."""
        if isinstance(loop, While) and loop.cond.params[k] in self.used:
            return True
        return carried_params(loop)[k] in self.used

    def next_trip(self, loop: For | While, kept: Sequence[int]) -> Finish:
        """The end of a trip: the next values, and `break` if the stop flag says so."""
        params, skip = carried_params(loop), 1 if loop.exits else 0
        marks = stop_marks(loop)

        def finish(atoms: tuple[Atom, ...]) -> Code:
            pairs = [(params[k], atoms[skip + k]) for k in kept]
            stop = atoms[0] if loop.exits else constant(False)
            if _is_false(stop):
                pairs = [p for p in pairs if p[0] not in marks]  # false already
                return Code(self.moves(pairs))
            if isinstance(stop, Const):
                last = [
                    (params[k], atoms[skip + k])
                    for k in kept
                    if loop.results[k] in self.used
                ]
                return Code((*self.moves(last), Line("break")), False)
            return Code(self.maybe_stop(loop, stop, pairs))

        return finish

    def maybe_stop(
        self, loop: For | While, stop: Atom, pairs: Sequence[tuple[Var, Atom]]
    ) -> Nodes:
        """A stop flag known at run time is read before the next values are assigned."""
        moves = self.moves(pairs)
        assigned = {self.named.names[target] for target, _ in pairs}
        if moves and assigned & self.expr.read(stop):
            assert loop.stopped is not None
            name = self.named.names[loop.stopped]
            first: Nodes = (Line(f"{name} = {self.expr.text(stop)}"),)
            return (*first, *moves, Block(((f"if {name}:", (Line("break"),)),)))
        return (*moves, self.when(stop, (Line("break"),)))

    def for_header(self, loop: For, pop: Let | None, item: Let | None) -> str:
        index = loop.body.params[0]
        if pop is not None:
            element, tape = (
                self.expr.text(a) for a in (pop.results[0], pop.operands[0])
            )
            items = f"reversed({tape})" if loop.range.reverse else tape
            return f"for {element} in {items}:"
        if item is not None:
            array = self.expr.text(item.operands[0])
            return f"for {self.named.names[item.result]} in {array}:"
        text = self.range_text(loop.range, ordered=index in self.used)
        return f"for {self.named.names[index]} in {text}:"

    def range_text(self, bounds: Range, *, ordered: bool) -> str:
        """The indices; where no one reads them, only their number counts."""
        start, stop, step = map(
            self.expr.text, (bounds.start, bounds.stop, bounds.step)
        )
        arguments = [start, stop, step]
        if step == "1":
            arguments = [start, stop] if start != "0" else [stop]
        text = f"range({', '.join(arguments)})"
        if bounds.limit is not None:
            text = f"{text}[:{self.expr.text(bounds.limit)}]"
        return f"reversed({text})" if bounds.reverse and ordered else text

    def while_block(self, loop: While, body: Nodes) -> Block:
        """``while c:``; a condition that takes statements is tested in the body."""
        (cond,) = loop.cond.results
        first = self.sequence(loop.cond.body)
        if not first:
            return Block(((f"while {self.expr.text(cond)}:", body),))
        leave = self.unless(cond, (Line("break"),))
        return Block((("while True:", (*first, leave, *body)),))


def guarded(text: str) -> Nodes:
    """A statement, or one under the condition that its text begins with."""
    condition, _, action = text.partition(": raise ")
    if condition.startswith("if ") and action:
        return (Block(((f"{condition}:", (Line(f"raise {action}"),)),)),)
    return (Line(text),)


def _is_false(atom: Atom) -> bool:
    return isinstance(atom, Const) and not atom.value


def _else(nodes: Nodes) -> tuple[tuple[str, Nodes], ...]:
    """``else:``, or ``elif`` where all that is in it is an `if`."""
    if len(nodes) == 1 and isinstance(nodes[0], Block):
        (header, body), *rest = nodes[0].clauses
        if header.startswith("if "):
            return (("el" + header, body), *rest)
    return (("else:", nodes),)
