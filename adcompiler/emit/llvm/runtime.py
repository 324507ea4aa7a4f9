"""What modules have besides their functions: memory, integers, Python objects.

In: nothing. Out: LLVM text, of functions and of what they call, see `resident`.

A context has, besides memory, the lowest address that the stack may reach (at 8), where
functions of the module call each other (`stacks`), and a count of trips (at 16), by
which signals are looked for now and then (`signals`).
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from adcompiler.emit.llvm.chunks import SHARE
from adcompiler.emit.llvm.memory import MEMORY
from adcompiler.emit.llvm.objects import OBJECTS
from adcompiler.emit.llvm.scalars import LIBM
from adcompiler.emit.llvm.signals import SIGNALS
from adcompiler.emit.llvm.spans import LENGTH
from adcompiler.emit.llvm.stacks import STACKS

__all__ = ["INTEGERS", "RUNTIME", "declarations", "mathematics"]

INTEGERS = """
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

define internal i64 @adc_floor_divide_u64(i64 %a, i64 %b) alwaysinline {
  %zero = icmp eq i64 %b, 0
  %d = select i1 %zero, i64 1, i64 %b
  %q = udiv i64 %a, %d
  %result = select i1 %zero, i64 0, i64 %q
  ret i64 %result
}

define internal i64 @adc_remainder_u64(i64 %a, i64 %b) alwaysinline {
  %zero = icmp eq i64 %b, 0
  %d = select i1 %zero, i64 1, i64 %b
  %r = urem i64 %a, %d
  ret i64 %r
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
"""

INTEGERS += LENGTH
RUNTIME = MEMORY + OBJECTS + SIGNALS + STACKS
RUNTIME += SHARE if sys.platform == "linux" else ""

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
declare ptr @PyLong_FromUnsignedLongLong(i64)
declare i64 @PyLong_AsUnsignedLongLongMask(ptr)
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare i32 @PyErr_CheckSignals()
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare ptr @PyTuple_New(i64)
declare ptr @PyType_GenericAlloc(ptr, i64)
declare ptr @PyDict_GetItemWithError(ptr, ptr)
declare ptr @PyObject_VectorcallMethod(ptr, ptr, i64, ptr)
declare i32 @PyContextVar_Get(ptr, ptr, ptr)
declare ptr @PyList_New(i64)
declare ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)
declare ptr @adc_array_new(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)
declare ptr @adc_array_scalar(ptr, ptr, ptr)
@adc_default_handler = external global ptr
@adc_error_state = external global i8
@adc_unequal = external global i8
@PyFloat_Type = external global i8
@PyLong_Type = external global i8
@PyBool_Type = external global i8
@PyList_Type = external global i8
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
