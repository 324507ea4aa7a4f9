"""What every module holds besides its functions: memory, integers, Python objects.

In: nothing. Out: LLVM text, of which only what is used is kept.
Invariants: each block of memory is in the list of its run's *context*, so that a run
that ends early frees what it holds; a block is freed when nobody holds it.

A block has a head of 64 bytes, which what it holds comes after. Of an array the
elements come first, so that an array object can take them over as memory of its own,
and the head stands behind them:

====== =========================================================================
offset what
====== =========================================================================
0, 8   the blocks before and after it in the list of the context
16     how many hold it
24     what lets go of its contents, or null
32     a list's records; the Python object that owns an array's memory; the elements
40     0: plain, 1: a list, 2: of a Python object, 3: an array
48, 56 a list's length and capacity
====== =========================================================================

A context is the first block, the lowest address that the stack may reach, and a count
of trips, by which signals are looked for now and then.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from adcompiler.emit.llvm.scalars import LIBM

__all__ = ["RUNTIME", "declarations", "mathematics"]

HEAD = 64

_MEMORY = """
define internal i64 @adc_bytes(i64 %count, i64 %size) {
  %pair = call {i64, i1} @llvm.umul.with.overflow.i64(i64 %count, i64 %size)
  %bytes = extractvalue {i64, i1} %pair, 0
  %over = extractvalue {i64, i1} %pair, 1
  %huge = icmp ugt i64 %bytes, 140737488355328
  %none = or i1 %over, %huge
  %rounded = add i64 %bytes, 15
  %whole = and i64 %rounded, -16
  %found = select i1 %none, i64 -1, i64 %whole
  ret i64 %found
}

define internal void @adc_enter(ptr %ctx, ptr %block) {
  call void @llvm.memset.p0.i64(ptr %block, i8 0, i64 64, i1 false)
  %first = load ptr, ptr %ctx
  %next = getelementptr i8, ptr %block, i64 8
  store ptr %first, ptr %next
  %refs = getelementptr i8, ptr %block, i64 16
  store i64 1, ptr %refs
  store ptr %block, ptr %ctx
  %alone = icmp eq ptr %first, null
  br i1 %alone, label %done, label %link
link:
  store ptr %block, ptr %first
  br label %done
done:
  ret void
}

define internal noalias ptr @adc_block(ptr %ctx, i64 %count, i64 %size) noinline {
  %bytes = call i64 @adc_bytes(i64 %count, i64 %size)
  %none = icmp slt i64 %bytes, 0
  br i1 %none, label %fail, label %take
take:
  %whole = add i64 %bytes, 64
  %block = call ptr @malloc(i64 %whole)
  %lacking = icmp eq ptr %block, null
  br i1 %lacking, label %fail, label %enter
enter:
  call void @adc_enter(ptr %ctx, ptr %block)
  ret ptr %block
fail:
  ret ptr null
}

define internal noalias ptr @adc_array(ptr %ctx, i64 %count, i64 %size) noinline {
  %bytes = call i64 @adc_bytes(i64 %count, i64 %size)
  %none = icmp slt i64 %bytes, 0
  br i1 %none, label %fail, label %take
take:
  %whole = add i64 %bytes, 64
  %elements = call ptr @malloc(i64 %whole)
  %lacking = icmp eq ptr %elements, null
  br i1 %lacking, label %fail, label %enter
enter:
  %block = getelementptr i8, ptr %elements, i64 %bytes
  call void @adc_enter(ptr %ctx, ptr %block)
  %at = getelementptr i8, ptr %block, i64 32
  store ptr %elements, ptr %at
  %kind_at = getelementptr i8, ptr %block, i64 40
  store i64 3, ptr %kind_at
  %large = icmp uge i64 %bytes, 4194304
  br i1 %large, label %advise, label %done
advise:
  call void @adc_advise(ptr %elements, i64 %bytes)
  br label %done
done:
  ret ptr %elements
fail:
  ret ptr null
}

define internal void @adc_unlink(ptr %ctx, ptr %block) {
  %before = load ptr, ptr %block
  %place = getelementptr i8, ptr %block, i64 8
  %after = load ptr, ptr %place
  %is_first = icmp eq ptr %before, null
  %slot = getelementptr i8, ptr %before, i64 8
  %where = select i1 %is_first, ptr %ctx, ptr %slot
  store ptr %after, ptr %where
  %is_last = icmp eq ptr %after, null
  br i1 %is_last, label %done, label %link
link:
  store ptr %before, ptr %after
  br label %done
done:
  ret void
}

define internal void @adc_dispose(ptr %block) {
  %kind_at = getelementptr i8, ptr %block, i64 40
  %kind = load i64, ptr %kind_at
  %payload_at = getelementptr i8, ptr %block, i64 32
  %payload = load ptr, ptr %payload_at
  switch i64 %kind, label %plain [
    i64 1, label %list i64 2, label %object i64 3, label %array
  ]
list:
  call void @free(ptr %payload)
  br label %plain
object:
  call void @Py_DecRef(ptr %payload)
  br label %plain
plain:
  call void @free(ptr %block)
  ret void
array:
  call void @free(ptr %payload)
  ret void
}

define internal void @adc_free(ptr %ctx, ptr %block) noinline {
  %drop_at = getelementptr i8, ptr %block, i64 24
  %drop = load ptr, ptr %drop_at
  %simple = icmp eq ptr %drop, null
  br i1 %simple, label %go, label %inner
inner:
  call void %drop(ptr %ctx, ptr %block)
  br label %go
go:
  call void @adc_unlink(ptr %ctx, ptr %block)
  call void @adc_dispose(ptr %block)
  ret void
}

define internal void @adc_free_all(ptr %ctx) noinline {
entry:
  br label %loop
loop:
  %block = load ptr, ptr %ctx
  %none = icmp eq ptr %block, null
  br i1 %none, label %done, label %one
one:
  call void @adc_unlink(ptr %ctx, ptr %block)
  call void @adc_dispose(ptr %block)
  br label %loop
done:
  ret void
}

define internal void @adc_release(ptr %ctx, ptr %block) alwaysinline {
  %none = icmp eq ptr %block, null
  br i1 %none, label %done, label %some
some:
  %at = getelementptr i8, ptr %block, i64 16
  %refs = load i64, ptr %at
  %left = sub i64 %refs, 1
  store i64 %left, ptr %at
  %last = icmp eq i64 %left, 0
  br i1 %last, label %free, label %done
free:
  call void @adc_free(ptr %ctx, ptr %block)
  br label %done
done:
  ret void
}

define internal void @adc_retain(ptr %block) alwaysinline {
  %none = icmp eq ptr %block, null
  br i1 %none, label %done, label %some
some:
  %at = getelementptr i8, ptr %block, i64 16
  %refs = load i64, ptr %at
  %more = add i64 %refs, 1
  store i64 %more, ptr %at
  br label %done
done:
  ret void
}

define internal i1 @adc_grow(ptr %block, i64 %size) noinline {
  %cap_at = getelementptr i8, ptr %block, i64 56
  %cap = load i64, ptr %cap_at
  %twice = shl i64 %cap, 1
  %next = call i64 @llvm.smax.i64(i64 %twice, i64 16)
  %pair = call {i64, i1} @llvm.umul.with.overflow.i64(i64 %next, i64 %size)
  %bytes = extractvalue {i64, i1} %pair, 0
  %data_at = getelementptr i8, ptr %block, i64 32
  %data = load ptr, ptr %data_at
  %moved = call ptr @realloc(ptr %data, i64 %bytes)
  %lacking = icmp eq ptr %moved, null
  br i1 %lacking, label %fail, label %ok
ok:
  store ptr %moved, ptr %data_at
  store i64 %next, ptr %cap_at
  ret i1 false
fail:
  ret i1 true
}
"""

# Pages of two megabytes where the system has them: far fewer are touched first.
_ADVICE = """
define internal void @adc_advise(ptr %elements, i64 %bytes) noinline {
  %address = ptrtoint ptr %elements to i64
  %past = add i64 %address, 4095
  %page = and i64 %past, -4096
  %end = add i64 %address, %bytes
  %length = sub i64 %end, %page
  %start = inttoptr i64 %page to ptr
  call i32 @madvise(ptr %start, i64 %length, i32 14)
  ret void
}
declare i32 @madvise(ptr, i64, i32)
"""

_NO_ADVICE = """
define internal void @adc_advise(ptr %elements, i64 %bytes) {
  ret void
}
"""

_SIGNALS = """
define internal i1 @adc_tick(ptr %ctx) alwaysinline {
  %place = getelementptr i8, ptr %ctx, i64 16
  %before = load i64, ptr %place
  %count = add i64 %before, 1
  store i64 %count, ptr %place
  %rest = and i64 %count, 4095
  %now = icmp eq i64 %rest, 0
  br i1 %now, label %look, label %go
look:
  %status = call i32 @PyErr_CheckSignals()
  %raised = icmp ne i32 %status, 0
  ret i1 %raised
go:
  ret i1 false
}
"""

_INTEGERS = """
define internal i64 @adc_floor_divide_i64(i64 %a, i64 %b) alwaysinline {
  %zero = icmp eq i64 %b, 0
  %minus = icmp eq i64 %b, -1
  %special = or i1 %zero, %minus
  %d = select i1 %special, i64 1, i64 %b
  %q = sdiv i64 %a, %d
  %back = mul i64 %q, %d
  %r = sub i64 %a, %back
  %rest = icmp ne i64 %r, 0
  %signs = xor i64 %r, %d
  %differ = icmp slt i64 %signs, 0
  %down = and i1 %rest, %differ
  %less = sub i64 %q, 1
  %plain = select i1 %down, i64 %less, i64 %q
  %negated = sub i64 0, %a
  %other = select i1 %minus, i64 %negated, i64 %plain
  %result = select i1 %zero, i64 0, i64 %other
  ret i64 %result
}

define internal i64 @adc_remainder_i64(i64 %a, i64 %b) alwaysinline {
  %zero = icmp eq i64 %b, 0
  %minus = icmp eq i64 %b, -1
  %special = or i1 %zero, %minus
  %d = select i1 %special, i64 1, i64 %b
  %r = srem i64 %a, %d
  %rest = icmp ne i64 %r, 0
  %signs = xor i64 %r, %d
  %differ = icmp slt i64 %signs, 0
  %down = and i1 %rest, %differ
  %up = add i64 %r, %d
  %result = select i1 %down, i64 %up, i64 %r
  ret i64 %result
}

define internal i64 @adc_power_i64(i64 %a, i64 %b) {
entry:
  br label %loop
loop:
  %base = phi i64 [%a, %entry], [%square, %next]
  %left = phi i64 [%b, %entry], [%half, %next]
  %total = phi i64 [1, %entry], [%more, %next]
  %go = icmp sgt i64 %left, 0
  br i1 %go, label %next, label %done
next:
  %bit = and i64 %left, 1
  %odd = icmp ne i64 %bit, 0
  %times = mul i64 %total, %base
  %more = select i1 %odd, i64 %times, i64 %total
  %square = mul i64 %base, %base
  %half = lshr i64 %left, 1
  br label %loop
done:
  ret i64 %total
}

define internal double @adc_remainder_f64(double %a, double %b) {
  %m = call double @fmod(double %a, double %b)
  %rest = fcmp une double %m, 0.0
  %low = fcmp olt double %m, 0.0
  %negative = fcmp olt double %b, 0.0
  %differ = xor i1 %low, %negative
  %number = fcmp ord double %m, %b
  %d1 = and i1 %rest, %differ
  %d2 = and i1 %d1, %number
  %up = fadd double %m, %b
  %moved = select i1 %d2, double %up, double %m
  %zero = call double @llvm.copysign.f64(double 0.0, double %b)
  %result = select i1 %rest, double %moved, double %zero
  ret double %result
}

define internal double @adc_floor_divide_f64(double %a, double %b) {
  %none = fcmp oeq double %b, 0.0
  %quotient = fdiv double %a, %b
  br i1 %none, label %plain, label %go
plain:
  ret double %quotient
go:
  %m = call double @fmod(double %a, double %b)
  %diff = fsub double %a, %m
  %div = fdiv double %diff, %b
  %rest = fcmp une double %m, 0.0
  %low = fcmp olt double %m, 0.0
  %negative = fcmp olt double %b, 0.0
  %differ = xor i1 %low, %negative
  %down = and i1 %rest, %differ
  %less = fsub double %div, 1.0
  %d = select i1 %down, double %less, double %div
  %whole = call double @llvm.floor.f64(double %d)
  %gap = fsub double %d, %whole
  %over = fcmp ogt double %gap, 0.5
  %next = fadd double %whole, 1.0
  %rounded = select i1 %over, double %next, double %whole
  %zero = call double @llvm.copysign.f64(double 0.0, double %quotient)
  %some = fcmp une double %d, 0.0
  %result = select i1 %some, double %rounded, double %zero
  ret double %result
}

define internal i64 @adc_range_length(i64 %start, i64 %stop, i64 %step) alwaysinline {
  %up = icmp sgt i64 %step, 0
  %none = icmp eq i64 %step, 0
  %forward = sub i64 %stop, %start
  %backward = sub i64 %start, %stop
  %gap = select i1 %up, i64 %forward, i64 %backward
  %less = sub i64 0, %step
  %size = select i1 %up, i64 %step, i64 %less
  %divisor = select i1 %none, i64 1, i64 %size
  %before = sub i64 %gap, 1
  %whole = sdiv i64 %before, %divisor
  %count = add i64 %whole, 1
  %some = icmp sgt i64 %gap, 0
  %result = select i1 %some, i64 %count, i64 0
  ret i64 %result
}
"""

_OBJECTS = """
define internal void @adc_drop_boxes(ptr %boxes, i64 %count) noinline {
entry:
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %one]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %done
one:
  %place = getelementptr ptr, ptr %boxes, i64 %k
  %box = load ptr, ptr %place
  call void @Py_DecRef(ptr %box)
  %next = add i64 %k, 1
  br label %loop
done:
  ret void
}

define internal ptr @adc_filled(ptr %made, ptr %boxes, i64 %count) {
  %lacking = icmp eq ptr %made, null
  br i1 %lacking, label %fail, label %fill
fill:
  %items = getelementptr i8, ptr %made, i64 24
  %bytes = mul i64 %count, 8
  call void @llvm.memcpy.p0.p0.i64(ptr %items, ptr %boxes, i64 %bytes, i1 false)
  ret ptr %made
fail:
  call void @adc_drop_boxes(ptr %boxes, i64 %count)
  ret ptr null
}

define internal ptr @adc_tuple_of(ptr %boxes, i64 %count) {
  %made = call ptr @PyTuple_New(i64 %count)
  %found = call ptr @adc_filled(ptr %made, ptr %boxes, i64 %count)
  ret ptr %found
}

define internal ptr @adc_instance_of(ptr %class, ptr %boxes, i64 %count) {
  %made = call ptr @PyType_GenericAlloc(ptr %class, i64 %count)
  %found = call ptr @adc_filled(ptr %made, ptr %boxes, i64 %count)
  ret ptr %found
}

define internal i1 @adc_facts_hold(ptr %self) {
entry:
  %at = getelementptr i8, ptr %self, i64 24
  %facts = load ptr, ptr %at
  %count_at = getelementptr i8, ptr %self, i64 32
  %count = load i64, ptr %count_at
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %same]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %done
one:
  %fact = getelementptr [3 x ptr], ptr %facts, i64 %k
  %holder = load ptr, ptr %fact
  %key_at = getelementptr i8, ptr %fact, i64 8
  %key = load ptr, ptr %key_at
  %value_at = getelementptr i8, ptr %fact, i64 16
  %value = load ptr, ptr %value_at
  %is_cell = icmp eq ptr %key, null
  br i1 %is_cell, label %cell, label %dict
cell:
  %content_at = getelementptr i8, ptr %holder, i64 16
  %content = load ptr, ptr %content_at
  br label %compare
dict:
  %item = call ptr @PyDict_GetItemWithError(ptr %holder, ptr %key)
  br label %compare
compare:
  %found = phi ptr [%content, %cell], [%item, %dict]
  %is_same = icmp eq ptr %found, %value
  br i1 %is_same, label %same, label %differs
same:
  %next = add i64 %k, 1
  br label %loop
done:
  ret i1 true
differs:
  ret i1 false
}

define internal ptr @adc_call_method(
    ptr %name, ptr %self, ptr %args, i64 %flags, ptr %words
) noinline {
entry:
  %count = and i64 %flags, 9223372036854775807
  %none = icmp eq ptr %words, null
  br i1 %none, label %ready, label %named
named:
  %size_at = getelementptr i8, ptr %words, i64 16
  %size = load i64, ptr %size_at
  br label %ready
ready:
  %more = phi i64 [0, %entry], [%size, %named]
  %given = add i64 %count, %more
  %whole = add i64 %given, 1
  %all = alloca ptr, i64 %whole
  store ptr %self, ptr %all
  %rest = getelementptr ptr, ptr %all, i64 1
  %bytes = mul i64 %given, 8
  call void @llvm.memcpy.p0.p0.i64(ptr %rest, ptr %args, i64 %bytes, i1 false)
  %number = add i64 %count, 1
  %result = call ptr @PyObject_VectorcallMethod(
    ptr %name, ptr %all, i64 %number, ptr %words)
  ret ptr %result
}

define internal i1 @adc_errors_are_warnings() noinline {
  %slot = alloca ptr
  %status = call i32 @PyContextVar_Get(ptr @adc_error_state, ptr null, ptr %slot)
  %capsule = load ptr, ptr %slot
  %state = call ptr @PyCapsule_GetPointer(ptr %capsule, ptr @adc_error_name)
  %mask = load i32, ptr %state
  call void @Py_DecRef(ptr %capsule)
  %asked = and i32 %mask, 3510
  %none = icmp eq i32 %asked, 0
  ret i1 %none
}
@adc_error_name = private constant [19 x i8] c"numpy.ufunc.extobj\\00"
"""

_PAGES = _ADVICE if sys.platform == "linux" else _NO_ADVICE

RUNTIME = _MEMORY + _OBJECTS + _PAGES + _SIGNALS + _INTEGERS

_DECLARED = """
declare noalias ptr @malloc(i64)
declare ptr @realloc(ptr, i64)
declare void @free(ptr)
declare void @Py_DecRef(ptr)
declare void @Py_IncRef(ptr)
declare ptr @PyFloat_FromDouble(double)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyBool_FromLong(i64)
declare double @PyFloat_AsDouble(ptr)
declare i64 @PyLong_AsLongLong(ptr)
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare i32 @PyErr_CheckSignals()
declare ptr @PyTuple_New(i64)
declare ptr @PyType_GenericAlloc(ptr, i64)
declare ptr @PyDict_GetItemWithError(ptr, ptr)
declare ptr @PyObject_VectorcallMethod(ptr, ptr, i64, ptr)
declare i32 @PyContextVar_Get(ptr, ptr, ptr)
declare ptr @PyCapsule_GetPointer(ptr, ptr)
declare ptr @PyList_New(i64)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @adc_array_new(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
declare ptr @adc_array_scalar(ptr, ptr, ptr)
@adc_default_handler = external global ptr
@adc_error_state = external global i8
@PyFloat_Type = external global i8
@PyLong_Type = external global i8
@PyBool_Type = external global i8
@adc_array_type = external global i8
@_Py_TrueStruct = external global i8
"""

_PAIRS = ("pow", "atan2", "hypot", "fmod", "nextafter")

_ATTRIBUTES = """
attributes #0 = { nounwind willreturn memory(none) }
!0 = !{!"branch_weights", i32 1, i32 1048576}
"""


def declarations() -> Iterator[str]:
    """The functions of the Python and of the NumPy API."""
    yield _DECLARED


def mathematics(vectors: Collection[str]) -> Iterator[str]:
    """The functions of libm, with those of its forms on vectors that there are.

    `vectors` are names of the vector ABI: ``_ZGVdN4v_sin`` is sin of four doubles.
    """
    attributes: list[str] = []
    singles = [(name, 1) for name in LIBM] + [(name, 2) for name in _PAIRS]
    for name, count in singles:
        for suffix, word in (("", "double"), ("f", "float")):
            given = ", ".join([word] * count)
            forms = [v for v in vectors if v.endswith(f"{'v' * count}_{name}{suffix}")]
            if not forms:
                yield f"declare {word} @{name}{suffix}({given}) #0"
                continue
            number = 10 + len(attributes)
            listed = ",".join(f"{v}({v})" for v in forms)
            attributes.append(
                f"attributes #{number} = {{ nounwind willreturn memory(none) "
                f'"vector-function-abi-variant"="{listed}" }}'
            )
            yield f"declare {word} @{name}{suffix}({given}) #{number}"
            for form in forms:
                wide = f"<{_lanes(form)} x {word}>"
                yield f"declare {wide} @{form}({', '.join([wide] * count)})"
    used = ", ".join(f"ptr @{v}" for v in vectors)
    if used:
        yield (
            f"@llvm.compiler.used = appending global [{len(vectors)} x ptr] [{used}], "
            'section "llvm.metadata"'
        )
    yield from attributes
    yield _ATTRIBUTES


def _lanes(form: str) -> int:
    """How many numbers a form takes.

    >>> _lanes("_ZGVeN16v_sinf")
    16
    """
    return int("".join(filter(str.isdigit, form.partition("N")[2].partition("v")[0])))
