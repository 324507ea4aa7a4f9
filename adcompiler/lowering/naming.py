"""Out of SSA: which values share a Python name, and what the names are.

In: a function out of `bufferise`. Out: `Named`: the function, its trip counts explicit,
a name for each value that needs one, and the values that are folded into expressions.
Invariants: what is stored to and the result of the store have one name; values with one
name are otherwise never needed at the same time; where control flow joins values with
different names, the emitter assigns. A name is the user's wherever the value has one;
no name shadows a builtin, a keyword, an argument, or a helper of the generated code.

    x0, x1 = phi(x0, x2)      ->   x, x, x
    u1, v1 = phi(u0, v1), phi(v0, u1)   ->   u, v  (and ``u, v = v, u`` when emitted)

Live ranges and copies follow Boissinot et al., "Revisiting out-of-SSA translation for
correctness, code quality, and efficiency" (2009): all values of a join are copied in
parallel, and coalesced where their live ranges do not meet.

>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.types import PY_FLOAT
>>> import adcompiler.primitives
>>> x, builder = Var(1, PY_FLOAT, "x"), Builder()
>>> y = builder.apply("multiply", x, x, hint="x")
>>> z = builder.apply("add", y, x, hint="z")
>>> named = name_values(Function("f", builder.region((x,), (z, y))), arg_names=("x",))
>>> [named.names[v] for v in (x, y, z)]
['x', 'x_1', 'z']
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping, Sequence

from adcompiler.analysis.liveness import Bits, Liveness, liveness
from adcompiler.analysis.tapes import element_taken
from adcompiler.ir.names import Named
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
    defined,
    is_adjoint,
    stop_flag,
    stop_marks,
)
from adcompiler.ir.walk import all_regions, all_stmts, count_uses, regions
from adcompiler.lowering.aliasing import memory
from adcompiler.lowering.counters import explicit_counters
from adcompiler.lowering.describing import Describer
from adcompiler.lowering.inlining import Folding, fold, leaves
from adcompiler.lowering.missing import find_missing
from adcompiler.primitives.spelling import HELPERS, MODULES

RESERVED = frozenset(
    {*MODULES, *HELPERS, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
)

# What generated code may call; other builtins may be names of arguments.
SPELLED = frozenset(
    {*MODULES, *HELPERS, "abs", "bool", "divmod", "float", "int", "len", "list"}
    | {"max", "min", "pow", "print", "range", "reversed", "round", "sum", "tuple"}
    | {n for n in dir(builtins) if n.endswith(("Error", "Exception"))}
)


def name_values(
    function: Function, *, arg_names: Sequence[str], taken: Iterable[str] = ()
) -> Named:
    """Give the values names; `arg_names` are those of the parameters, in order.

    Names `taken` are those of other functions. An argument whose name the generated
    code needs for something else is renamed.
    """
    arg_names = tuple(f"{n}_" if n in SPELLED else n for n in arg_names)
    function = explicit_counters(function)
    folding = fold(function, memory(function))
    classes = _classes(function, arg_names, folding)
    late = _crowded_out(function, classes)
    if late:
        folding.folded.update(late)
        classes = _classes(function, arg_names, folding)
    used = _used(function, folding)
    _describe_rest(function, classes, used)
    return Named(
        function,
        _choose(function, classes, arg_names, used, taken),
        folding.folded,
        frozenset(folding.choices),
        *find_missing(function, classes.together),
    )


def _classes(
    function: Function, arg_names: Sequence[str], folding: Folding
) -> _Classes:
    live = liveness(function.region, leaves(folding.folded))
    classes = _Classes(function, arg_names, live)
    _interfere(function, classes, folding, live)
    _coalesce(function, classes)
    return classes


def _crowded_out(function: Function, classes: _Classes) -> dict[Var, Let]:
    """Zeros made just before a loop that starts with them, under a name that something
    else has until then: they are written out where the loop's values are assigned.

        u_bar_1 = zeros_like(u)               new_bar = u_bar
        new_bar = u_bar                 ->    u_bar = zeros_like(u)
        u_bar = u_bar_1
    """
    found: dict[Var, Let] = {}
    used = count_uses(function.region)
    for region in all_regions(function.region):
        before: dict[Atom, Let] = {}
        for stmt in region.body:
            if isinstance(stmt, Let):
                if stmt.primitive.name == "zeros_like":
                    before[stmt.result] = stmt
                continue
            if isinstance(stmt, For | While):
                rows = zip(carried_params(stmt), stmt.inits, strict=True)
                found.update(
                    (made.result, made)
                    for param, init in rows
                    if (made := before.get(init)) is not None
                    and used[made.result] == 1
                    and not classes.same(param, made.result)
                )
            before = {}
    return found


class _Classes:
    """Sets of values that share a name (union-find), and which values conflict.

    Of each set there are the values in it, and those needed where one of it is defined,
    as bits (see `analysis.liveness`).
    """

    def __init__(
        self, function: Function, arg_names: Sequence[str], live: Liveness
    ) -> None:
        self.live = live
        self.parent: dict[Var, Var] = {}
        self.members: dict[Var, list[Var]] = {}
        self.within: dict[Var, Bits] = {}
        self.needed: dict[Var, Bits] = {}
        self.hint: dict[Var, str | None] = {}
        self.arguments = frozenset(function.params)
        for param, name in zip(function.params, arg_names, strict=True):
            self.add(param)
            self.hint[param] = name

    def add(self, var: Var) -> None:
        if var not in self.parent:
            self.parent[var] = var
            self.members[var] = [var]
            self.within[var] = self.live.bits((var,))
            self.needed[var] = 0
            self.hint[var] = var.name

    def find(self, var: Var) -> Var:
        while self.parent[var] != var:
            self.parent[var] = var = self.parent[self.parent[var]]
        return var

    def conflict(self, var: Var, others: Bits) -> None:
        """The value is defined while the others are needed; before any are merged."""
        self.needed[var] |= others & ~self.within[var]

    def apart(self, left: Var, right: Var) -> bool:
        """Whether some members of two sets are needed at the same time."""
        return bool(
            self.needed[left] & self.within[right]
            or self.needed[right] & self.within[left]
        )

    def same(self, left: Var, right: Var) -> bool:
        """Whether the two have one name."""
        if left not in self.parent or right not in self.parent:
            return False
        return self.find(left) == self.find(right)

    def name_of(self, var: Var) -> str | None:
        """The name that the value will have, as far as one has been asked for."""
        hint = self.hint[self.find(var)] if var in self.parent else var.name
        return None if hint == "_" else hint

    def together(self, var: Var) -> Sequence[Var]:
        """The values that share a name with this one."""
        return self.members[self.find(var)] if var in self.parent else (var,)

    def merge(self, left: Var, right: Var) -> None:
        """Make one class of two."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return
        if len(self.members[left]) < len(self.members[right]):
            left, right = right, left
        self.parent[right] = left
        self.members[left] += self.members.pop(right)
        self.within[left] |= self.within.pop(right)
        self.needed[left] |= self.needed.pop(right)
        self.hint[left] = self.hint[left] or self.hint[right]

    def try_merge(self, left: Atom, right: Atom) -> None:
        """Make one class of two, if they have no different names and never meet."""
        if not (isinstance(left, Var) and isinstance(right, Var)):
            return
        if left not in self.parent or right not in self.parent:
            return
        a, b = self.find(left), self.find(right)
        if a == b or self.apart(a, b):
            return
        members = self.members[a] + self.members[b]
        # An argument is assigned to only where the user did so.
        given = not self.arguments.isdisjoint(members)
        if len({self.hint[a], self.hint[b]} - (set() if given else {None})) < 2:
            self.merge(a, b)

    def share(self, var: Var, roots: list[Var]) -> None:
        """Merge the value's set with the first of these, which have the same hint,
        that it never meets; if there is none it becomes one of them."""
        root = self.find(var)
        within, needed = self.within[root], self.needed[root]
        for k, other in enumerate(roots):
            if other.id == root.id:
                return
            if not (needed & self.within[other] or within & self.needed[other]):
                self.merge(other, root)
                roots[k] = self.find(root)
                return
        roots.append(root)


def _interfere(
    function: Function, classes: _Classes, folding: Folding, live: Liveness
) -> None:
    """Note which values are needed at the same time."""
    finder = _Interference(classes, live, folding)
    params = function.params
    finder.define(params, live.entry[function.region] | live.bits(params))
    finder.region(function.region)


class _Interference:
    """At every definition, what is needed after it."""

    def __init__(self, classes: _Classes, live: Liveness, folding: Folding) -> None:
        self.classes = classes
        self.live = live
        self.folded = folding.folded
        self.choices = folding.choices
        self.read = leaves(folding.folded)
        self.values = leaves(folding.folded, shapes=False)

    def define(self, variables: Iterable[Var], needed: Bits) -> None:
        """These become names at one point, after which all of `needed` are read."""
        for var in variables:
            if var not in self.folded:
                self.classes.add(var)
                self.classes.conflict(var, needed)

    def region(self, region: Region) -> None:
        """The statements of a region; its parameters are defined by its owner."""
        for stmt in region.body:
            if any(v in self.folded for v in defined(stmt)):
                continue
            if isinstance(stmt, For | While):
                self.loop(stmt)
            elif stmt not in self.choices:
                for inner in regions(stmt):
                    self.region(inner)
            self.define(defined(stmt), self.live.after[stmt])

    def loop(self, loop: For | While) -> None:
        params = carried_params(loop)
        bits = self.live.bits
        through = self.live.through[loop]
        entry = self.live.entry[loop.body]
        after = self.live.after[loop]
        rows = zip(params, loop.results, strict=True)
        kept = bits(p for p, r in rows if after & bits((r,)))
        needed = through | kept | (entry & bits(params))
        self.define(params, needed)
        self.bounds(loop, params)
        if isinstance(loop, For):
            self.define(loop.body.params[:1], entry | through)
        else:
            self.define(loop.cond.params, needed)
            self.region(loop.cond)
        self.region(loop.body)
        for mark in stop_marks(loop):
            # It is assigned to where the loop stops, and keeps its value until then.
            flag = bits(loop.body.results[:1])
            self.classes.conflict(mark, bits(self.assigned(loop.body)) & ~flag)

    def assigned(self, region: Region) -> Iterable[Var]:
        """The values with names that are defined in a region."""
        for inner in all_regions(region):
            for group in (inner.params, *map(defined, inner.body)):
                yield from (v for v in group if v in self.classes.parent)

    def bounds(self, loop: For | While, params: Sequence[Var]) -> None:
        """The range is written after the carried values are given their first ones."""
        if not isinstance(loop, For):
            return
        bounds = [a for a in loop.range.atoms if isinstance(a, Var)]
        read = {v for a in bounds for v in self.read.get(a, (a,))}
        values = {v for a in bounds for v in self.values.get(a, (a,))}
        for param, init in zip(params, loop.inits, strict=True):
            same = {init}
            made = self.folded.get(init) if isinstance(init, Var) else None
            if isinstance(made, Let) and made.primitive.name == "copy":
                # A copy has the lengths of what it is a copy of.
                same |= {a for a in made.operands if a not in values}
            self.classes.conflict(param, self.live.bits(read - same))


def _coalesce(function: Function, classes: _Classes) -> None:
    """Merge what must have one name, then what joins join, then equal hints."""
    stmts = list(all_stmts(function.region))
    for stmt in stmts:
        if isinstance(stmt, Let) and stmt.primitive.writes:
            stored = stmt.operands[0]
            assert isinstance(stored, Var)
            classes.merge(stored, stmt.results[-1])
        if isinstance(stmt, While):
            for param, twin in zip(stmt.cond.params, stmt.body.params, strict=True):
                classes.merge(param, twin)
    for stmt in stmts:
        for left, right in _joined(stmt):
            classes.try_merge(left, right)
    by_hint: dict[str, list[Var]] = {}
    for var in classes.parent:
        hint = classes.hint[classes.find(var)]
        if hint is not None:
            classes.share(var, by_hint.setdefault(hint, []))


def _joined(stmt: Stmt) -> list[tuple[Atom, Atom]]:
    """The pairs of values that would best share a name."""
    match stmt:
        case If():
            return [
                (r, end)
                for arm in (stmt.then, stmt.orelse)
                if arm.falls
                for r, end in zip(stmt.results, arm.results, strict=True)
            ]
        case For() | While():
            params = carried_params(stmt)
            return [
                *zip(params, stmt.results, strict=True),
                *zip(params, carried_results(stmt), strict=True),
                *zip(params, stmt.inits, strict=True),
            ]
        case Let():
            return []


def _used(function: Function, folding: Folding) -> dict[Var, int]:
    """How often each value is read in the text: of loops over a list's elements the
    index is not."""
    used = count_uses(function.region)
    for stmt in all_stmts(function.region):
        if isinstance(stmt, For) and element_taken(stmt, folding.folded, used):
            del used[stmt.body.params[0]]
    return used


def _describe_rest(
    function: Function, classes: _Classes, used: Mapping[Var, int]
) -> None:
    """Give values that have no name a describing one; those of different blocks that
    are described alike share it where they can."""
    origin = {v: s for s in all_stmts(function.region) for v in defined(s)}
    home = {
        v: region
        for region in all_regions(function.region)
        for v in (*region.params, *(v for s in region.body for v in defined(s)))
    }
    describer = Describer(origin, classes.name_of, classes.together)
    alike: dict[str, dict[Region, list[Var]]] = {}
    for var in list(classes.parent):
        root = classes.find(var)
        members = classes.members[root]
        unnamed = classes.hint[root] in (None, "_")
        if not unnamed or all(v not in used for v in members):
            continue
        word = describer.word(members)
        classes.hint[root] = word
        blocks = alike.setdefault(word, {})
        for block, others in blocks.items():
            for other in others if block is not home[var] else ():
                classes.try_merge(other, var)
        blocks.setdefault(home[var], []).append(var)


# --- choosing the text ------------------------------------------------------------


def _choose(
    function: Function,
    classes: _Classes,
    arg_names: Sequence[str],
    used: Mapping[Var, int],
    others: Iterable[str],
) -> dict[Var, str]:
    """A name for each class, in the order in which they first appear."""
    taken = _Taken({*RESERVED, *arg_names, *others})
    stmts = list(all_stmts(function.region))
    # What nobody reads is computed for its errors alone.
    idle = {v for s in stmts if isinstance(s, Let) for v in s.results}
    chosen: dict[Var, str] = {}
    for param, name in zip(function.params, arg_names, strict=True):
        chosen[classes.find(param)] = name
    for var in classes.parent:
        root = classes.find(var)
        if root in chosen:
            continue
        members, hint = classes.members[root], classes.hint[root]
        read = any(v in used for v in members)
        if not read and (hint in (None, "_") or idle.issuperset(members)):
            chosen[root] = "_"
            continue
        chosen[root] = taken.free(hint or "value")
    names = {var: chosen[classes.find(var)] for var in classes.parent}
    for stmt in stmts:
        if isinstance(stmt, For):
            index = stmt.body.params[0]
            nobodys = is_adjoint(stmt) or index.name in (None, "_")
            if nobodys and index not in used:
                names[index] = "_"
    for stmt in stmts:
        if isinstance(stmt, For | While) and isinstance(stop_flag(stmt), Var):
            # In case the flag must be kept while the next values are assigned.
            assert stmt.stopped is not None
            names[stmt.stopped] = taken.free("stop")
    return names


class _Taken:
    """The names that something has already.

    >>> taken = _Taken({"x"})
    >>> [taken.free(hint) for hint in ("sum", "x", "x", "2nd")]
    ['sum_', 'x_1', 'x_2', 'v_2nd']
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = set(names)
        self.numbers: dict[str, int] = {}

    def free(self, hint: str) -> str:
        """The hint as an identifier that nothing else has; from now on it is taken."""
        base = name = _identifier(hint)
        while name in self.names:
            self.numbers[base] = self.numbers.get(base, 0) + 1
            name = f"{base}_{self.numbers[base]}"
        self.names.add(name)
        return name


def _identifier(hint: str) -> str:
    name = re.sub(r"\W", "_", hint)
    if not name.isidentifier() and not keyword.iskeyword(name):
        name = f"v_{name}"
    return f"{name}_" if name in RESERVED else name
