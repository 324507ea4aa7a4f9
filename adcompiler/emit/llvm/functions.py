"""A function of the IR as a function of LLVM.

In: a bufferised function. Out: the text of ``i32 name(ctx, components..., out)``, which
gives a status and writes its results, as records, to `out`.

Invariants: stores are in place, as `bufferise` has settled. Errors that rows state are
tested before the statement: where one holds, the function leaves with the status that
has the NumPy program run, which raises it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from adcompiler.emit.llvm.code import FALLBACK, LINED, UNEQUAL, Code, Loop
from adcompiler.emit.llvm.contractions import waits
from adcompiler.emit.llvm.delayed import Delays
from adcompiler.emit.llvm.fitting import require_fitting
from adcompiler.emit.llvm.foreseen import Ahead
from adcompiler.emit.llvm.framed import framed_arrays
from adcompiler.emit.llvm.fusion import accepted, deferred, is_fusible
from adcompiler.emit.llvm.gathered import looks_itself
from adcompiler.emit.llvm.giving import list_object
from adcompiler.emit.llvm.grouped import write_group
from adcompiler.emit.llvm.groups import Group, Scope
from adcompiler.emit.llvm.heads import Counted
from adcompiler.emit.llvm.into import deliver, memory_given
from adcompiler.emit.llvm.pace import Pace
from adcompiler.emit.llvm.parts import sinks_into
from adcompiler.emit.llvm.rowloop import is_of_lengths
from adcompiler.emit.llvm.rows import written
from adcompiler.emit.llvm.rowshared import shared_rows
from adcompiler.emit.llvm.shifted import joins_sums, write_sums
from adcompiler.emit.llvm.shown import renamed, tagged
from adcompiler.emit.llvm.spans import number_at, range_length
from adcompiler.emit.llvm.summed import sums_of_loops
from adcompiler.emit.llvm.taking import list_given
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    Number,
    Value,
    component_types,
    components,
    from_components,
    offset_by,
    record_size,
    store_record,
)
from adcompiler.emit.llvm.writer import Memory, Module, Writer, owned
from adcompiler.ir.builder import Builder
from adcompiler.ir.joins import may_be_undefined
from adcompiler.ir.nodes import (
    Atom,
    For,
    Function,
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
    fresh_var,
)
from adcompiler.ir.primitive import Raises
from adcompiler.ir.types import ListOf
from adcompiler.ir.walk import free_vars, regions
from adcompiler.primitives.raising import always

__all__ = ["write_function"]


class FunctionWriter(Writer):
    """Writes the statements of one function."""

    def write_group(self, group: Group, needed: set[Var]) -> None:
        if group.terms:
            write_sums(self, group)
        else:
            write_group(self, group, needed)

    # -- regions --

    def region(self, region: Region, borrowed: Sequence[Var] = ()) -> bool:
        """The statements of a region, and whether control reaches its end.

        Its parameters have their values. At its end the scope stays open, so that what
        is handed on can be taken: `leave` closes it.
        """
        scope = Scope(_last_uses(region, borrowed), region.body)
        self.scopes.append(scope)
        scope.at = -1
        self._let_go(scope)
        for k, stmt in enumerate(region.body):
            scope.at = k
            self.stmt(stmt)
            if not region.falls and k == len(region.body) - 1:
                self.code.fail()
                self.drop_groups()
                return False
            self._let_go(scope)
        scope.at = len(region.body)
        return True

    def leave(self) -> None:
        """Let go of what a region holds that was not handed on."""
        self.flush_all()
        self._let_go(self.scopes[-1])
        self.scopes.pop()

    def stmt(self, stmt: Stmt) -> None:
        if not isinstance(stmt, Let):
            self.flush_all()
        around = self.code.mark
        self.code.mark = self.module.mark(stmt) or around
        self._written(stmt)
        self.code.mark = around

    def _written(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self.let(stmt)
            case If():
                self.choice(stmt)
            case For():
                self.counted(stmt)
            case While():
                self.repeated(stmt)
            case _:
                assert_never(stmt)

    # -- control --

    def choice(self, stmt: If) -> None:
        code = self.code
        first, second, after = (code.label(h) for h in ("then", "else", "done"))
        code.branch(self.number(stmt.cond).text, first, second)
        ends: list[tuple[list[list[str]], str]] = []
        for label, arm in ((first, stmt.then), (second, stmt.orelse)):
            code.start(label)
            if not self.region(arm):
                self.scopes.pop()
                continue
            rows = [
                self._as(self.handed(a), v)
                for a, v in zip(arm.results, stmt.results, strict=True)
            ]
            self.leave()
            ends.append((rows, code.block))
            code.jump(after)
        code.start(after)
        if ends:
            self._join(stmt.results, ends)

    def _as(self, value: Value, var: Var) -> list[str]:
        return components(value, var.type, self.is_dense(var))

    def _join(
        self, results: Sequence[Var], ways: Sequence[tuple[list[list[str]], str]]
    ) -> None:
        """The values of results, from the components that each way gives them."""
        found = []
        for k, var in enumerate(results):
            types = component_types(var.type, self.is_dense(var))
            ends = [(rows[k], block) for rows, block in ways]
            found.append(
                [
                    self.code.phi(t, [(row[c], block) for row, block in ends])
                    for c, t in enumerate(types)
                ]
            )
        # After all phis, which stand at the head of a block.
        for var, texts in zip(results, found, strict=True):
            self._define(var, texts)

    def _define(self, var: Var, texts: Sequence[str]) -> None:
        dense = self.is_dense(var)
        found = from_components(self.code, var.type, texts, dense)
        if isinstance(found, Elements):
            found = self._of_shape(found, var)
        self.values[var] = found

    def _opened(
        self, stmt: For | While, first: Sequence[tuple[str, str]], way: Pace
    ) -> tuple[Loop, list[str]]:
        """The head of a loop, and the texts of `first`, phis of its own."""
        params = carried_params(stmt)
        inside = {v for region in regions(stmt) for v in free_vars(region)}
        inits = list(first)
        for param, init in zip(params, stmt.inits, strict=True):
            types = component_types(param.type, self.is_dense(param))
            # What trips read besides is held until the loop is over.
            given = self.kept(init) if init in inside else self.handed(init)
            texts = self._as(given, param)
            inits += zip(types, texts, strict=True)
        loop = way.opened(inits)
        rest = list(loop.values[len(first) :])
        for param in params:
            count = len(component_types(param.type, self.is_dense(param)))
            self._define(param, rest[:count])
            del rest[:count]
        return loop, list(loop.values[: len(first)])

    def counted(self, stmt: For) -> None:
        if stmt.by_rows and shared_rows(self, stmt):
            return
        code, bounds = self.code, stmt.range
        start, stop, step = (
            self.int64(a) for a in (bounds.start, bounds.stop, bounds.step)
        )
        if not step.lstrip("-").isdigit() or step == "0":
            code.fail_if(code.op(f"icmp eq i64 {step}, 0"))
        count = range_length(code, start, stop, step)
        if bounds.limit is not None:
            count = self._limited(count, self.number(bounds.limit).text)
        way, lists = Pace(self, stmt, count), Counted(self, stmt, count)
        sums, ahead = Delays(self, stmt, count), Ahead(self, stmt, count)
        loop, (trips,) = self._opened(stmt, [("i64", "0")], way)
        more = code.op(f"icmp slt i64 {trips}, {way.bound}")
        place = trips
        if bounds.reverse:
            last = code.op(f"sub nsw i64 {count}, 1")
            place = code.op(f"sub nsw i64 {last}, {trips}")
        index = number_at(code, start, step, place)
        inside, after = code.label("body"), code.label("after")
        self.values[stmt.body.params[0]] = Number("int64", index, "true")
        head = way.head(loop, more, inside, after)
        code.start(inside)
        if way.runs:
            # LLVM does not see through the runs that trips are counted from 0 up.
            for bound in (f"sge i64 {trips}, 0", f"slt i64 {trips}, {count}"):
                fact = code.op(f"icmp {bound}")
                code.do(f"call void @llvm.assume(i1 {fact})")
        if bounds.reverse and step.isdigit():
            # LLVM sees what counts up, and not that this does not go below or above.
            for bound in (f"sge i64 {index}, {start}", f"slt i64 {index}, {stop}"):
                within = code.op(f"icmp {bound}")
                code.do(f"call void @llvm.assume(i1 {within})")
        lists.trip(trips)
        ahead.trip(trips)
        self._trip(stmt, loop, trips, head, after, way)
        lists.over(self.number(stmt.trips).text)
        sums.over()
        ahead.over()

    def _limited(self, count: str, limit: str) -> str:
        code = self.code
        below = code.op(f"icmp slt i64 {limit}, 0")
        fewer = code.most(code.op(f"add i64 {count}, {limit}"), "0")
        return code.select(below, "i64", fewer, code.least(count, limit))

    def repeated(self, stmt: While) -> None:
        code = self.code
        way, sums = Pace(self, stmt), Delays(self, stmt, None)
        loop, (trips,) = self._opened(stmt, [("i64", "0")], way)
        held = stmt.cond.params
        for param, mine in zip(carried_params(stmt), held, strict=True):
            self.values[mine] = self.values[param]
        self.region(stmt.cond, held)
        (result,) = stmt.cond.results
        more = self.number(result).text
        self.leave()
        inside, after = code.label("body"), code.label("after")
        head = way.head(loop, more, inside, after)
        code.start(inside)
        self._trip(stmt, loop, trips, head, after, way)
        sums.over()

    def _trip(
        self,
        stmt: For | While,
        loop: Loop,
        trips: str,
        head: str,
        after: str,
        way: Pace,
    ) -> None:
        """The body, what is carried on, and what is left when the loop is over."""
        code, params = self.code, carried_params(stmt)
        finals = [
            self._as(self.values[p], r)
            for p, r in zip(params, stmt.results, strict=True)
        ]
        ways = [(finals, trips, "false", head)]
        way.tick()
        self.depth += 1
        code.looped = True
        outside, self.by_rows = self.by_rows, isinstance(stmt, For) and stmt.by_rows
        if self.region(stmt.body):
            ends = [self.handed(a) for a in carried_results(stmt)]
            stop = self.number(stmt.body.results[0]).text if stmt.exits else None
            self.leave()
            following = code.op(f"add nsw i64 {trips}, 1")
            if stop is not None:
                onward = code.label("onward")
                code.branch(stop, after, onward)
                rows = [self._as(v, r) for v, r in zip(ends, stmt.results, strict=True)]
                ways.append((rows, following, "true", code.block))
                code.start(onward)
            carried = [
                t for v, p in zip(ends, params, strict=True) for t in self._as(v, p)
            ]
            loop.close((following, *carried))
        else:
            self.scopes.pop()
        self.depth, self.by_rows = self.depth - 1, outside
        code.looped = self.depth > 0
        code.start(after)
        self.values[stmt.trips] = Number(
            "int64", code.phi("i64", [(t, b) for _, t, _, b in ways]), "true"
        )
        if stmt.stopped is not None:
            flag = code.phi("i1", [(s, b) for _, _, s, b in ways])
            self.values[stmt.stopped] = Number("bool", flag, "true")
        self._join(stmt.results, [(rows, block) for rows, _, _, block in ways])
        way.over(self.number(stmt.trips).text)

    # -- statements --

    def let(self, let: Let) -> None:
        for raises in () if looks_itself(self, let) else let.raises:
            self._test(let, raises)
        require_fitting(self, let)
        if joins_sums(self, let):
            return
        if is_fusible(self, let):
            accepted(self, let)
            return
        if waits(self, let) or (not let.raises and deferred(self, let)):
            return
        if let.primitive.writes:
            self.flush_readers(let.operands[0], sinks_into(self, let))
        with self.making(let.results):
            values = written(self, let)
        self.enter(let, values)

    def _test(self, let: Let, raises: Raises) -> None:
        """Leave the function if an error's condition holds."""
        if raises.when is None:
            return
        if raises.when is always:
            self.code.fail(UNEQUAL if is_of_lengths(let) else FALLBACK)
            self.code.start(self.code.label("never"))
            return
        condition = self.formula(raises.when, let.operands)
        if raises.kind is not None:
            for atom in let.operands:
                found = self.value(atom)
                if isinstance(found, Number):
                    condition = self.code.both(condition, found.python)
        self.code.fail_if(condition)

    def formula(self, rule: Callable[..., Any], atoms: Sequence[Atom]) -> str:
        """A formula over operands, a bool, as code."""
        builder = Builder()
        params = [fresh_var(a.type) if isinstance(a, Undef) else a for a in atoms]
        result = rule(*map(builder.expr, params)).atom
        region = Region((), tuple(builder.stmts), (result,))
        inner = tuple(
            replace(s, safe=True) if isinstance(s, Let) else s for s in region.body
        )
        self.region(replace(region, body=inner))
        text = self.number(result).text
        self.leave()
        return text


def _results_size(function: Function) -> int:
    return sum(-(-record_size(a.type) // 8) * 8 for a in function.results)


def _last_uses(region: Region, borrowed: Sequence[Var]) -> dict[Var, int]:
    """When a region's own values that are held were used last; -1 if never.

    At len(body) stand those that its results name.
    """
    own: dict[Var, int] = {
        p: -1 for p in region.params if owned(p.type) and p not in borrowed
    }
    for k, stmt in enumerate(region.body):
        for var in free_vars(stmt):
            if var in own:
                own[var] = k
        own.update({v: k for v in defined(stmt) if owned(v.type)})
    for atom in region.results:
        if isinstance(atom, Var) and atom in own:
            own[atom] = len(region.body)
    return own


def write_function(
    module: Module,
    function: Function,
    name: str,
    contiguous: frozenset[Var],
    roots: Memory,
    equal: Mapping[Hashable, Hashable],
    assumed: Mapping[Hashable, Hashable],
    into: Sequence[tuple[int, int]] = (),
) -> str:
    """The text of a function; `equal` are lengths that its caller has found equal,
    `assumed` those for which it is for the function to look. `into` are results that
    go to memory of the caller's, each with the parameter that has its shape."""
    writer = FunctionWriter(module, contiguous, roots, equal, assumed)
    writer.framed = framed_arrays(function, roots)
    writer.summed = sums_of_loops(function)
    writer.missing = frozenset(may_be_undefined(function.region.body))
    writer.callers = frozenset(function.params[k] for k in function.within)
    code, given = writer.code, ["ptr %ctx"]
    count = 0
    for param in function.params:
        texts = []
        for word in component_types(param.type, param in contiguous):
            given.append(f"{word} %p{count}")
            texts.append(f"%p{count}")
            count += 1
        writer._define(param, texts)
        writer.takes(param)
    inner = name in module.callees.values()
    if inner:
        _require_stack(code)
    else:
        _take_lists(writer, function)
    places = memory_given(writer, function, into)
    given += [f"ptr {place.data}" for place in places.values()]
    if writer.region(function.region, function.params):
        _give_results(writer, function, places, inner=inner)
        writer.leave()
        writer.require_settled()
        code.do("ret i32 0")
    else:
        writer.scopes.pop()
    code.finish()
    header = f"define internal i32 @{name}({', '.join(given)}, ptr %out)"
    text = code.text if module.notes is None else tagged(code, writer.values)
    if module.notes is not None:
        header = renamed(header, code.names)
    how = f" {LINED}" if code.loops else ""
    return f"{header}{how} {{\n{text}\n}}\n"


def _give_results(
    writer: FunctionWriter,
    function: Function,
    places: Mapping[int, Elements],
    *,
    inner: bool,
) -> None:
    """Write the records of the results to `%out`."""
    code, offset = writer.code, 0
    for k, atom in enumerate(function.results):
        value = writer.handed(atom)
        if k in places:
            deliver(writer, value, k, places)
        if isinstance(value, Block) and isinstance(atom.type, ListOf) and not inner:
            value = list_object(writer, value, atom.type)
        store_record(code, value, atom.type, offset_by(code, "%out", str(offset)))
        offset += -(-record_size(atom.type) // 8) * 8


def _take_lists(writer: FunctionWriter, function: Function) -> None:
    """The lists that are given as objects; they stay until the run is over."""
    for param in function.params:
        given = writer.values[param]
        if isinstance(param.type, ListOf) and isinstance(given, Block):
            writer.values[param] = list_given(writer, given.owner, param.type)


def _require_stack(code: Code) -> None:
    """Leave where the stack is nearly used up: Python says so as it does. What is asked
    for is called by the entry alone, and has all of it."""
    here = code.op("call ptr @llvm.frameaddress.p0(i32 0)")
    address = code.op(f"ptrtoint ptr {here} to i64")
    place = code.op("getelementptr i8, ptr %ctx, i64 8")
    least = code.op(f"load i64, ptr {place}")
    code.fail_if(code.op(f"icmp ult i64 {address}, {least}"))
