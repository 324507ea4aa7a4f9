"""The entry: a function that Python calls, which takes objects and gives objects.

In: the function that it runs, and how its parameters lie in memory. Out: LLVM text of
``i32 name_boxed(args, count, boxes)``, which runs it and writes its results, objects,
to `boxes`; and of a METH_FASTCALL function ``ptr name_entry(self, args, count)``, which
gives them as a tuple.
Invariants: arguments of other types than were compiled for, floating-point errors that
NumPy was asked to raise, and runs that leave with the status of the NumPy program, are
handed to `self`, the slow path, with what was given. Nothing is held of a run when it
is over.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from adcompiler.emit.llvm.code import FAILED, FALLBACK, Code, note_unequal
from adcompiler.emit.llvm.giving import object_of
from adcompiler.emit.llvm.memory import CONTEXT_BYTES, POOL, SAVED
from adcompiler.emit.llvm.needs import Needs
from adcompiler.emit.llvm.nests import bytes_of
from adcompiler.emit.llvm.signals import KEEPS, MANY
from adcompiler.emit.llvm.taking import Objects
from adcompiler.emit.llvm.values import (
    Block,
    Elements,
    NotNative,
    Value,
    component_types,
    components,
    dense,
    load_record,
    offset_by,
    record_size,
)
from adcompiler.emit.llvm.writer import Module
from adcompiler.ir.nodes import Function, Var
from adcompiler.ir.types import Array, Dim, ListOf, Scalar, Type

if TYPE_CHECKING:
    from adcompiler.emit.llvm.direct import Direct

__all__ = ["branch_on_status", "write_entry"]

_CHUNK = 8192  # bytes of the first chunk of the pool
_WRITEABLE = 0x400  # a flag of an array object


def write_entry(
    module: Module,
    function: Function,
    name: str,
    contiguous: frozenset[Var],
    equal: Mapping[Hashable, Hashable],
    needs: Needs,
    direct: Direct | None = None,
    into: Sequence[tuple[int, int]] = (),
) -> str:
    """The entry of a function that is written under this name.

    It serves arguments whose lengths are `equal`, and sets up what is needed. `direct`
    says what is looked at where an object calls itself by it. `into` are results, with
    parameters of their shapes, for which arrays are given behind the parameters.
    """
    boxed = _Boxed(module, function, name, contiguous, equal, needs, direct, into)
    return boxed.text() + _entry_text(name, len(function.results))


def _entry_text(name: str, count: int) -> str:
    """The function that gives a tuple of so many results."""
    code = Code()
    boxes = code.alloca("ptr", max(1, count))
    given = f"ptr %args, i64 %count, ptr {boxes}"
    branch_on_status(code, code.op(f"call i32 @{name}_boxed({given})"))
    made = code.op(f"call ptr @adc_tuple_of(ptr {boxes}, i64 {count})")
    code.do(f"ret ptr {made}")
    code.start("slow")
    result = code.op(
        "call ptr @PyObject_Vectorcall(ptr %self, ptr %args, i64 %count, ptr null)"
    )
    code.do(f"ret ptr {result}")
    header = f"define ptr @{name}_entry(ptr %self, ptr %args, i64 %count)"
    return f"{header} {{\n{code.text}\n}}\n"


def branch_on_status(code: Code, status: str) -> None:
    """Go on where a run was good; leave where it raised, to "slow" otherwise."""
    good, failed = code.label("good"), code.label("failed")
    code.do(
        f"switch i32 {status}, label %slow [i32 0, label %{good} "
        f"i32 {FAILED}, label %{failed}]"
    )
    code.start(failed)
    code.do("ret ptr null")
    code.start(good)


class _Boxed:
    def __init__(
        self,
        module: Module,
        function: Function,
        name: str,
        contiguous: frozenset[Var],
        equal: Mapping[Hashable, Hashable],
        needs: Needs,
        direct: Direct | None,
        into: Sequence[tuple[int, int]],
    ) -> None:
        self.module, self.function, self.name = module, function, name
        self.needs, self.direct, self.into = needs, direct, into
        self.targets: dict[int, str] = {}  # the arrays that are given for results
        self.contiguous = contiguous
        self.equal = equal
        self.lengths: dict[Hashable, str] = {}
        self.code = Code()
        self.objects = Objects(self.code, module, self.require)

    def text(self) -> str:
        code, params = self.code, self.function.params
        ctx = "null"
        if self.needs.context:
            ctx = code.alloca("i64", CONTEXT_BYTES // 8)
        out = code.alloca(
            "i8", max(8, sum(record_size(a.type) for a in self.function.results))
        )
        number = len(params) + len(self.into)
        self.require(code.op(f"icmp eq i64 %count, {number}"))
        if self.needs.errors:
            self.require(code.op("call i1 @adc_errors_are_warnings()"))
        given, values = ["ptr " + ctx], []
        for k, param in enumerate(params):
            place = code.op(f"getelementptr ptr, ptr %args, i64 {k}")
            item = code.op(f"load ptr, ptr {place}")
            packed = param in self.contiguous
            value = self.taken(item, param.type, packed=packed)
            values.append(value)
            types = component_types(param.type, packed)
            texts = components(value, param.type, packed)
            given += [f"{t} {v}" for t, v in zip(types, texts, strict=True)]
        stored = () if self.direct is None else self.direct.stored
        for k in dict.fromkeys((*stored, *self.function.within)):
            self._require_own_memory(k, values)
        given += self._memory_for_results(values)
        if self.needs.context:
            self._start_context(ctx)
            self._let_others_run(ctx, values)
        status = code.op(f"call i32 @{self.name}({', '.join(given)}, ptr {out})")
        if self.needs.context and not self.needs.lock:
            code.do(f"call void @adc_resume(ptr {ctx})")
        # What goes to given arrays is looked at where it goes there.
        shaped = () if self.direct is None or self.into else self.direct.shaped
        self._finish(ctx, out, status, [(k, values[param]) for k, param in shaped])
        header = f"define internal i32 @{self.name}_boxed"
        given_ = "ptr %args, i64 %count, ptr %boxes"
        return f"{header}({given_}) noinline {{\n{code.text}\n}}\n"

    def _let_others_run(self, ctx: str, values: Sequence[Value]) -> None:
        """Let other threads run meanwhile where much is to be done."""
        code, counts = self.code, ["0"]
        for dims in dict.fromkeys(v.dims for v in values if isinstance(v, Elements)):
            counts.append(code.add(counts[-1], code.product(dims)))
        few_known = counts[-1].isdigit() and int(counts[-1]) < MANY
        if few_known or self.needs.lock:
            return
        many, few = code.label("many"), code.label("few")
        code.branch(code.op(f"icmp uge i64 {counts[-1]}, {MANY}"), many, few)
        code.start(many)
        code.do(f"call void @adc_let_go(ptr {ctx})")
        code.jump(few)
        code.start(few)

    def _memory_for_results(self, values: Sequence[Value]) -> list[str]:
        """The memory of the arrays that results go to, which nothing else is in."""
        found, params = [], self.function.params
        taken = [v for v in values if isinstance(v, Elements)]
        for k, (result, like) in enumerate(self.into):
            place = self.code.op(f"getelementptr ptr, ptr %args, i64 {len(params) + k}")
            item = self.targets[result] = self.code.op(f"load ptr, ptr {place}")
            type_ = params[like].type
            assert isinstance(type_, Array)
            value = self._array(item, type_, packed=True, more=_WRITEABLE)
            for other in taken:
                self._require_apart(self._extent(value), self._extent(other))
            taken.append(value)
            found.append(f"ptr {value.data}")
        return found

    def require(self, condition: str, otherwise: str = "slow") -> None:
        """Take the slow path unless the condition holds."""
        onward = self.code.label("fits")
        self.code.branch(condition, onward, otherwise)
        self.code.start(onward)

    def _start_context(self, ctx: str) -> None:
        code = self.code
        code.do(f"store ptr null, ptr {ctx}")
        if self.module.callees:
            frame = code.op("call ptr @llvm.frameaddress.p0(i32 0)")
            here = code.op(f"ptrtoint ptr {frame} to i64")
            least = code.op(f"call i64 @adc_stack_least(i64 {here})")
            code.do(f"store i64 {least}, ptr {offset_by(code, ctx, '8')}")
        code.do(f"store i64 0, ptr {offset_by(code, ctx, '16')}")
        if not self.needs.pool:
            for place in (POOL, SAVED):
                code.do(f"store ptr null, ptr {offset_by(code, ctx, str(place))}")
            self._say_who_runs(ctx)
            return
        pool = offset_by(code, ctx, str(POOL))
        size = CONTEXT_BYTES - POOL
        code.do(
            f"call void @llvm.memset.p0.i64(ptr {pool}, i8 0, i64 {size}, i1 false)"
        )
        code.do(f"store i64 {_CHUNK}, ptr {offset_by(code, ctx, '48')}")
        self._say_who_runs(ctx)

    def _say_who_runs(self, ctx: str) -> None:
        """Say whether Python's lock is kept."""
        last = offset_by(self.code, ctx, str(SAVED + 8))
        self.code.do(f"store i64 {KEEPS if self.needs.lock else 0}, ptr {last}")

    def _finish(
        self, ctx: str, out: str, status: str, same: Sequence[tuple[int, Value]]
    ) -> None:
        code = self.code
        good, early = code.label("good"), code.label("early")
        code.branch(code.op(f"icmp eq i32 {status}, 0"), good, early)
        code.start(good)
        self._results(ctx, out, same)
        code.start(early)
        self._free_all(ctx)
        code.do(f"ret i32 {status}")
        code.start("misshapen")
        self._free_all(ctx)
        code.jump("slow")
        code.start("unequal")
        note_unequal(code)
        code.jump("slow")
        code.start("slow")
        code.do(f"ret i32 {FALLBACK}")

    def _free_all(self, ctx: str) -> None:
        if self.needs.context:
            self.code.do(f"call void @adc_free_all(ptr {ctx})")

    # -- arguments --

    def taken(self, item: str, t: Type, *, packed: bool) -> Value:
        """The value of an argument."""
        match t:
            case Scalar():
                return self.objects.number(item, t)
            case Array():
                return self._array(item, t, packed=packed)
            case ListOf():
                # What is in it is looked at once there is memory for that.
                self.objects.require_type(item, "@PyList_Type")
                return Block(item)
            case _:
                raise NotNative(f"an argument of type {t}")

    def _array(self, item: str, t: Array, *, packed: bool, more: int = 0) -> Elements:
        """The elements of an array object that is what was compiled for, and has `more`
        flags."""
        code = self.code
        self.objects.require_array(item, t, (0x101 if packed else 0x100) | more)
        data = code.op(f"load ptr, ptr {offset_by(code, item, '16')}")
        return self._shaped(item, t, data, packed=packed)

    def _require_own_memory(self, which: int, values: Sequence[Value]) -> None:
        """Look that an array in C order may be stored to, and overlaps no other: the
        long way, to which it goes otherwise, says so."""
        code = self.code
        item = self._given(which)
        flags = code.op(f"load i32, ptr {offset_by(code, item, '64')}")
        writeable = code.op(f"and i32 {flags}, {_WRITEABLE}")
        self.require(code.op(f"icmp ne i32 {writeable}, 0"))
        mine = self._extent(values[which])
        for k, other in enumerate(values):
            if k == which or not isinstance(other, Elements):
                continue
            self._require_apart(mine, self._extent(other))

    def _require_apart(self, mine: tuple[str, str], theirs: tuple[str, str]) -> None:
        """Take the long way unless neither begins before the other's end."""
        before = self.code.op(f"icmp ule ptr {mine[1]}, {theirs[0]}")
        behind = self.code.op(f"icmp ule ptr {theirs[1]}, {mine[0]}")
        self.require(self.code.either(before, behind))

    def _extent(self, x: Value) -> tuple[str, str]:
        """Where the elements of an array in C order begin and end."""
        assert isinstance(x, Elements)
        size = self.code.multiply(self.code.product(x.dims), str(bytes_of(x.dtype)))
        return x.data, offset_by(self.code, x.data, size)

    def _shaped(self, item: str, t: Array, data: str, *, packed: bool) -> Elements:
        code = self.code
        lengths = code.op(f"load ptr, ptr {offset_by(code, item, '32')}")
        steps = code.op(f"load ptr, ptr {offset_by(code, item, '40')}")
        dims, strides = [], []
        size = bytes_of(t.dtype)
        for k, dim in enumerate(t.dims):
            n = code.op(f"load i64, ptr {offset_by(code, lengths, str(8 * k))}")
            if isinstance(dim, int):
                self.require(code.op(f"icmp eq i64 {n}, {dim}"))
                n = str(dim)
            else:
                self._require_length(dim, n)
            dims.append(n)
            if not packed:
                step = code.op(f"load i64, ptr {offset_by(code, steps, str(8 * k))}")
                rest = code.op(f"srem i64 {step}, {size}")
                self.require(code.op(f"icmp eq i64 {rest}, 0"))
                strides.append(code.op(f"sdiv exact i64 {step}, {size}"))
        if packed:
            strides = list(dense(code, dims))
        return Elements(t.dtype, data, "null", tuple(dims), tuple(strides), packed)

    def _require_length(self, dim: Dim, n: str) -> None:
        code, key = self.code, self.equal.get(dim.key, dim.key)
        if dim.not_one:
            self.require(code.op(f"icmp ne i64 {n}, 1"))
        known = self.lengths.setdefault(key, n)
        if known != n:
            self.require(code.op(f"icmp eq i64 {n}, {known}"), "unequal")

    # -- results --

    def _results(self, ctx: str, out: str, same: Sequence[tuple[int, Value]]) -> None:
        """The objects of the results."""
        code, offset, values = self.code, 0, []
        for atom in self.function.results:
            values.append(
                load_record(code, atom.type, offset_by(code, out, str(offset)))
            )
            offset += record_size(atom.type)
        for k, like in same:
            self._require_shape(values[k], like)
        first = len(self.function.results) - len(self.function.within)
        within = dict(enumerate(self.function.within, first))
        for k, atom in enumerate(self.function.results):
            if k in self.targets or k in within:
                box = self.targets[k] if k in self.targets else self._given(within[k])
                code.do(f"call void @Py_IncRef(ptr {box})")
            else:
                wanted = atom.type if self.direct is None else self.direct.types[k]
                box = object_of(code, self.module, values[k], wanted, ctx)
            code.do(f"store ptr {box}, ptr {offset_by(code, '%boxes', str(8 * k))}")
            lacking, onward = code.label("lacking"), code.label("made")
            code.branch(code.op(f"icmp eq ptr {box}, null"), lacking, onward)
            code.start(lacking)
            code.do(f"call void @adc_drop_boxes(ptr %boxes, i64 {k})")
            self._free_all(ctx)
            code.do(f"ret i32 {FAILED}")
            code.start(onward)
        self._free_all(ctx)
        code.do("ret i32 0")

    def _given(self, param: int) -> str:
        """The object that is given for a parameter."""
        place = offset_by(self.code, "%args", str(8 * param))
        return self.code.op(f"load ptr, ptr {place}")

    def _require_shape(self, value: Value, like: Value) -> None:
        """A gradient that is not shaped like its argument is wrong: the long way, to
        which it goes, says so."""
        assert isinstance(value, Elements)
        assert isinstance(like, Elements)
        for mine, wanted in zip(value.dims, like.dims, strict=True):
            if mine != wanted:
                onward = self.code.label("alike")
                equal = self.code.op(f"icmp eq i64 {mine}, {wanted}")
                self.code.branch(equal, onward, "misshapen")
                self.code.start(onward)
