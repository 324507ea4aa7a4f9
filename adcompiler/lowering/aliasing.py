"""Which array values may share memory, and what would go wrong if stores were in place.

In: a function. Out: the *roots* of every array and list value, the memory that each
statement writes, and the `Hazard`s: places where a store in place would change a value
that is still needed, or memory that is not the function's own.

Memory is named by roots: ``(kind, value)`` with kind *fresh* (allocated by the
statement that defines the value), *param* (the caller's), *carried* (whatever a loop's
parameter holds when a trip begins), *content* (what a list holds then), *result* (what
a loop leaves in an owned parameter) or *readonly* (a broadcast view).

Invariants: values whose roots are disjoint share no memory. A loop's parameter that the
body stores to *owns* its memory: at entry and at the end of every trip it must be
disjoint from all other values alive, which is why ``carried`` roots are disjoint from
each other and from what was allocated in this trip; a swap of two owned parameters
keeps that, and copies nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal, assert_never

from adcompiler.analysis.liveness import Bits, Liveness, liveness
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
    If,
    Let,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    carried_results,
)
from adcompiler.ir.primitive import Storage
from adcompiler.ir.types import Array, ListOf, Residuals, dims_of
from adcompiler.ir.walk import definitions
from adcompiler.primitives.shape import settled_axes

Root = tuple[str, Var]
Roots = frozenset[Root]

NONE: Roots = frozenset()
Holder = ListOf | Residuals  # what holds other values


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy mends a hazard.

    - *operand*: of operand `index` of the statement, before it (of a loop: of init
      `index`, at entry);
    - *end*: of result `index` of the region (a loop's body, or the function);
    - *view*: of the result of the statement, where it is defined.
    """

    kind: Literal["operand", "end", "view"]
    node: Stmt | Region
    index: int = 0


@dataclass(slots=True)
class Memory:
    """What is known of memory.

    `roots` of arrays and lists themselves; `content` of what lists hold; `writes` of
    each statement, inner regions included; `hazards`, each with the statements whose
    being done in place makes it one.
    """

    roots: dict[Var, Roots] = field(default_factory=dict)
    content: dict[Var, Roots] = field(default_factory=dict)
    writes: dict[Stmt, Roots] = field(default_factory=dict)
    hazards: dict[Place, set[Let]] = field(default_factory=dict)

    def own(self, atom: Atom) -> Roots:
        """The memory of the array or list itself."""
        return self.roots.get(atom, NONE) if isinstance(atom, Var) else NONE

    def reach(self, atom: Atom) -> Roots:
        """The memory of the value and of all that it holds."""
        held = self.content.get(atom, NONE) if isinstance(atom, Var) else NONE
        return self.own(atom) | held


def is_view(let: Let) -> bool:
    """Whether the result may share memory with the first operand."""
    if not let.results or not isinstance(let.results[0].type, Array):
        return False
    if let.primitive.name == "sum_to":
        # Where nothing is summed, it is its operand.
        source, target = (dims_of(a.type) for a in let.operands)
        return len(source) == len(target) and settled_axes(source, target) == ()
    match let.primitive.storage:
        case Storage.READ_ONLY:
            return True  # even of a number
        case Storage.VIEW:
            # Of a number there is nothing to share.
            return isinstance(let.operands[0].type, Array | ListOf)
        case _:
            return False


def memory(
    function: Function, owned_params: Set[int] = frozenset(), *, inner: bool = False
) -> Memory:
    """The memory of the function's values; `owned_params` may be stored to.

    What our own functions call is `inner`: its residuals may hold what it is given.
    """
    analysis = _Analysis(function, owned_params | set(function.within))
    analysis.region(function.region)
    analysis.function_results(function.region, inner, len(function.within))
    return analysis.found


class _Analysis:
    def __init__(self, function: Function, owned_params: Set[int]) -> None:
        self.live: Liveness = liveness(function.region)
        self.defs: Mapping[Var, Stmt] = definitions(function.region)
        self.found = Memory()
        self.sharing: dict[Root, Bits] = {}  # the values that have ever had part in it
        self.appends: list[tuple[Let, Roots]] = []
        self.unowned: set[Root] = set()
        self.writers: dict[Root, set[Let]] = {}
        self.written: set[Root] = set()
        for position, param in enumerate(function.params):
            self.start(param, "param")
            if position not in owned_params:
                self.unowned.add(("param", param))

    def holds(self, var: Var, roots: Set[Root]) -> None:
        """Note the memory of an array or list."""
        self.found.roots[var] = frozenset(roots)
        self.shared_by(roots, var)

    def contains(self, var: Var, roots: Set[Root]) -> None:
        """Note the memory of what a list holds."""
        self.found.content[var] = frozenset(roots)
        self.shared_by(roots, var)

    def shared_by(self, roots: Set[Root], var: Var) -> None:
        bit = self.live.bits((var,))
        for root in roots:
            self.sharing[root] = self.sharing.get(root, 0) | bit

    def alive(self, bits: Bits, roots: Roots) -> list[Var]:
        """Those of the live values that may have a part in this memory."""
        sharing = 0
        for root in roots:
            sharing |= self.sharing.get(root, 0)
        return self.live.values(bits & sharing)

    def start(self, var: Var, kind: str) -> None:
        """A value of which only the type is known."""
        if isinstance(var.type, Array | ListOf):
            self.holds(var, {(kind, var)})
        if isinstance(var.type, Holder):
            self.contains(var, {("content", var)})
            self.unowned.add(("content", var))

    # --- statements ---------------------------------------------------------------

    def region(self, region: Region) -> None:
        for stmt in region.body:
            before = set(self.written)
            self.written.clear()
            match stmt:
                case Let():
                    self.let(stmt)
                case If():
                    self.choice(stmt)
                case For() | While():
                    self.loop(stmt)
                case _:
                    assert_never(stmt)
            self.found.writes[stmt] = frozenset(self.written)
            self.written |= before

    def let(self, let: Let) -> None:
        if let.primitive.writes:
            self.in_place(let)
        elif let.primitive.name == "list_get":
            self.popped(let.result, self.found.reach(let.operands[0]))
        elif let.primitive.name == "unpack":
            for result in let.results:
                self.popped(result, self.found.reach(let.operands[0]))
        elif is_view(let):
            roots = self.found.own(let.operands[0])
            if let.primitive.storage is Storage.READ_ONLY:
                self.unowned.add(("readonly", let.result))
                roots |= {("readonly", let.result)}
            self.holds(let.result, roots)
        else:
            for result in let.results:
                if isinstance(result.type, Array | ListOf):
                    self.holds(result, {("fresh", result)})
                if isinstance(result.type, Holder):
                    self.contains(result, self.held(let))

    def held(self, let: Let) -> Roots:
        """What a new list holds: the parts of an array, a value, or what lists hold."""
        if let.primitive.name in ("list_unstack", "list_full", "list_split"):
            return self.found.reach(let.operands[0])
        if let.primitive.name in ("call", "pack", "residuals_add"):
            # Residuals hold operands of a call, and what else it gives.
            given = (*_vars(let), *(v for v in let.results if v in self.found.roots))
            return NONE.union(*map(self.found.reach, given))
        whole = let.primitive.name == "copy" and isinstance(let.result.type, Residuals)
        if whole or let.primitive.name in ("list_zeros", "list_add", "residuals_zeros"):
            return frozenset({("fresh", let.result)})
        return NONE.union(*(self.found.content.get(v, NONE) for v in _vars(let)))

    def in_place(self, let: Let) -> None:
        target, after = let.operands[0], let.results[-1]
        found, roots = self.found, self.found.own(target)
        if isinstance(target.type, ListOf):
            content = found.reach(target) - roots
            if let.primitive.name == "list_pop":
                self.popped(let.results[0], content)
            else:
                value = found.reach(let.operands[1])
                if let.primitive.name == "list_accumulate":
                    value = frozenset({("fresh", after)})  # the sum
                else:
                    self.appends.append((let, value))
                content |= value
            self.contains(after, content)
        rivals = self.alive(self.live.after[let] & ~self.live.bits(let.results), roots)
        if self.separate(roots, rivals, Place("operand", let, 0), {let}):
            self.holds(after, roots)
            self.write(roots, {let})
        else:
            self.holds(after, {("fresh", after)})

    def write(self, roots: Roots, writers: Set[Let]) -> None:
        self.written |= roots
        for root in roots:
            self.writers.setdefault(root, set()).update(writers)

    def popped(self, value: Var, content: Roots) -> None:
        if isinstance(value.type, Array | ListOf):
            self.holds(value, content or {("fresh", value)})
        if isinstance(value.type, Holder):
            self.contains(value, content)

    def choice(self, stmt: If) -> None:
        for arm in (stmt.then, stmt.orelse):
            self.region(arm)
        for k, result in enumerate(stmt.results):
            ends = [a.results[k] for a in (stmt.then, stmt.orelse) if a.falls]
            self.join(result, ends)

    def join(self, result: Var, ends: Iterable[Atom]) -> None:
        ends = list(ends)
        if isinstance(result.type, Array | ListOf):
            self.holds(result, NONE.union(*map(self.found.own, ends)))
        if isinstance(result.type, Holder):
            held = [self.found.content.get(a, NONE) for a in ends if isinstance(a, Var)]
            self.contains(result, NONE.union(*held))

    # --- hazards ------------------------------------------------------------------

    def hazard(self, place: Place, writers: Set[Let]) -> None:
        self.found.hazards.setdefault(place, set()).update(writers)

    def separate(
        self, roots: Roots, rivals: Iterable[Atom], place: Place, writers: Set[Let]
    ) -> bool:
        """Note a hazard unless the memory is the function's own and no rival shares it.

        Where all rivals that share are views, or lists that a value was appended to,
        these are copied rather than what is stored to; False if a copy at `place` is
        asked for.
        """
        sharing = [v for v in rivals if self.found.reach(v) & roots]
        sharing.sort(key=_age)  # a set has no order of its own
        places = [self.elsewhere(v, roots) for v in sharing]
        if roots & self.unowned or any(not p for p in places):
            self.hazard(place, writers)
            return False
        for found in places:
            for other in found:
                self.hazard(other, writers)
        return True

    def elsewhere(self, rival: Atom, roots: Roots) -> list[Place]:
        """Where a copy would part this value from the memory; nowhere if empty."""
        if not isinstance(rival, Var) or self.found.own(rival) & roots == NONE:
            put = [s for s, held in self.appends if held & roots]
            if any(self.is_copy(s.operands[1]) for s in put):
                return []  # what was popped of the list may be what it holds
            return [Place("operand", s, 1) for s in put]
        stmt = self.defs.get(rival)
        if isinstance(stmt, Let) and is_view(stmt):
            return [Place("view", stmt)]
        return []

    # --- loops --------------------------------------------------------------------

    def loop(self, loop: For | While) -> None:
        params = carried_params(loop)
        for param in params:
            self.start(param, "carried")
        if isinstance(loop, While):
            for param, twin in zip(loop.cond.params, params, strict=True):
                self.join(param, (twin,))
            self.region(loop.cond)
        self.region(loop.body)
        owned = self.owned(loop)
        self.loop_ends(loop, owned)
        self.loop_entry(loop, owned)
        self.loop_results(loop, owned)

    def owned(self, loop: For | While) -> list[int]:
        """The parameters that are stored to, or whose memory becomes that of one."""
        params, ends = carried_params(loop), carried_results(loop)
        owned = {k for k, p in enumerate(params) if ("carried", p) in self.written}
        pending = sorted(owned)
        while pending:
            k = pending.pop()
            writers = self.writers.get(("carried", params[k]), set())
            for j, param in enumerate(params):
                root = ("carried", param)
                if j not in owned and root in self.found.own(ends[k]):
                    self.write(frozenset({root}), writers)
                    owned.add(j)
                    pending.append(j)
        return sorted(owned)

    def loop_ends(self, loop: For | While, owned: list[int]) -> None:
        """At the end of a trip, owned parameters get memory that nothing else holds."""
        params, ends = carried_params(loop), carried_results(loop)
        skip = 1 if loop.exits else 0
        parted: set[int] = set()
        for k in owned:
            roots = self.found.own(ends[k])
            place = Place("end", loop.body, skip + k)
            writers = self.writers.get(("carried", params[k]), set())
            peers = [ends[j] for j in owned if j < k and j not in parted]
            lists = [e for e in ends if not self.found.own(e) & roots]
            rivals = [*self.alive(self.live.through[loop], roots), *peers, *lists]
            if not self.separate(roots, rivals, place, writers):
                parted.add(k)
                continue
            for j, end in enumerate(ends):
                if j not in owned and self.found.own(end) & roots:
                    other = Place("end", loop.body, skip + j)
                    for place in self.elsewhere(end, roots) or [other]:
                        self.hazard(place, writers)

    def loop_entry(self, loop: For | While, owned: list[int]) -> None:
        """At entry, owned parameters get memory that nothing else holds."""
        params = carried_params(loop)
        parted: set[int] = set()
        self.written -= {("carried", p) for p in params}
        for k in owned:
            roots = self.found.own(loop.inits[k])
            writers = self.writers.get(("carried", params[k]), set())
            others = [a for j, a in enumerate(loop.inits) if j not in (k, *parted)]
            rivals = [*self.alive(self.live.through[loop], roots), *others]
            if self.separate(roots, rivals, Place("operand", loop, k), writers):
                self.write(roots, writers)
            else:
                parted.add(k)

    def loop_results(self, loop: For | While, owned: list[int]) -> None:
        params, ends = carried_params(loop), carried_results(loop)
        for k, result in enumerate(loop.results):
            self.join(result, (loop.inits[k], ends[k]))
            if k in owned:
                self.holds(result, {("result", result)})
        found = self.found
        meaning: dict[Root, Roots] = {}
        for k, (param, result) in enumerate(zip(params, loop.results, strict=True)):
            if k not in owned:
                meaning["carried", param] = found.roots.get(result, NONE)
            meaning["content", param] = found.content.get(result, NONE)
        for result in loop.results:
            if result in found.roots:
                self.holds(result, _closure(found.roots[result], meaning))
            if result in found.content:
                self.contains(result, _closure(found.content[result], meaning))

    # --- the function -------------------------------------------------------------

    def function_results(self, region: Region, inner: bool, within: int) -> None:
        """Results share memory with nothing: neither parameters nor each other; but for
        the last, so many that lie `within` parameters."""
        self.unowned |= {("param", p) for p in region.params}
        # What a loop's lists held is among what they hold afterwards.
        params = set(region.params)
        callers = {r for r in self.unowned if r[0] == "readonly" or r[1] in params}
        for k, atom in enumerate(region.results[: len(region.results) - within]):
            place = Place("end", region, k)
            self.separate(self.found.own(atom), region.results[:k], place, set())
            held = self.found.reach(atom) - self.found.own(atom)
            if isinstance(atom.type, Residuals):
                given = (self.found.reach(a) for a in region.results if a is not atom)
                if not inner and held & callers.union(*given):
                    self.hazard(place, set())
                continue
            shared = held & callers
            for j, other in enumerate(region.results):
                common = held & self.found.own(other) if other is not atom else NONE
                if common and self.is_element(other):
                    # It would be an element of the list, whatever that is made of.
                    self.hazard(Place("end", region, j), set())
                else:
                    shared |= common
            for append, value in self.appends:
                if value & shared:
                    self.hazard(Place("operand", append, 1), set())

    def is_copy(self, atom: Atom) -> bool:
        """Whether a value has been copied where it is."""
        stmt = self.defs.get(atom) if isinstance(atom, Var) else None
        return isinstance(stmt, Let) and stmt.primitive.name == "copy"

    def is_element(self, atom: Atom) -> bool:
        """Whether a value was read from a list, or is a view of one that was, or it
        after stores."""
        stmt = self.defs.get(atom) if isinstance(atom, Var) else None
        if not isinstance(stmt, Let):
            return False
        if stmt.primitive.name in ("list_get", "list_pop"):
            return True
        same = is_view(stmt) or stmt.primitive.storage is Storage.IN_PLACE
        return same and self.is_element(stmt.operands[0])


def _closure(roots: Roots, meaning: Mapping[Root, Roots]) -> Roots:
    """The roots with all that some stand for: what a parameter held on any trip."""
    result, pending = set(roots), list(roots)
    while pending:
        more = meaning.get(pending.pop(), NONE) - result
        result |= more
        pending += more
    return frozenset(result)


def _age(atom: Atom) -> int:
    return atom.id if isinstance(atom, Var) else 0


def _vars(let: Let) -> list[Var]:
    return [a for a in let.operands if isinstance(a, Var)]
