"""How far down the stack of a thread reaches, as LLVM text.

In: nothing. Out: `STACKS`: ``i64 adc_stack_least(here)``, the lowest address that calls
may come to in a run whose entry stands at `here`.
Invariants: what is called at that address finds `_SPARE` bytes, or half of a small
stack: that is what NumPy's and Python's functions may take. What was asked of the
system is kept for each thread of Python, under Python's lock: the number of one is
never given again.

A record of what is kept:

====== =========================================================================
offset what
====== =========================================================================
0      the number of the thread, and one
8      the thread, as the system calls it
16     the lowest address
====== =========================================================================
"""

from __future__ import annotations

import sys

__all__ = ["STACKS"]

_RECORDS = 16  # a power of two
_MOST = 6 << 20  # bytes that a run takes, however large the stack is
_SPARE = 2 << 20

_ASKED = """
@adc_stacks = external global [RECORDS x [3 x i64]]
declare ptr @PyThreadState_Get()
declare i64 @PyThreadState_GetID(ptr)
declare i64 @pthread_self()
declare i32 @pthread_getattr_np(i64, ptr)
declare i32 @pthread_attr_getstack(ptr, ptr, ptr)
declare i32 @pthread_attr_destroy(ptr)

define internal i64 @adc_stack_least(i64 %here) noinline {
  %most = sub i64 %here, MOST
  %state = call ptr @PyThreadState_Get()
  %id = call i64 @PyThreadState_GetID(ptr %state)
  %number = add i64 %id, 1
  %thread = call i64 @pthread_self()
  %which = and i64 %number, LAST
  %record = getelementptr [3 x i64], ptr @adc_stacks, i64 %which
  %thread_at = getelementptr i8, ptr %record, i64 8
  %low_at = getelementptr i8, ptr %record, i64 16
  %known_number = load i64, ptr %record
  %known_thread = load i64, ptr %thread_at
  %same_number = icmp eq i64 %known_number, %number
  %same_thread = icmp eq i64 %known_thread, %thread
  %same = and i1 %same_number, %same_thread
  br i1 %same, label %known, label %ask
known:
  %low = load i64, ptr %low_at
  %found = call i64 @llvm.umax.i64(i64 %low, i64 %most)
  ret i64 %found
ask:
  %asked = call i64 @adc_stack_asked(i64 %thread)
  store i64 %number, ptr %record
  store i64 %thread, ptr %thread_at
  store i64 %asked, ptr %low_at
  %first = call i64 @llvm.umax.i64(i64 %asked, i64 %most)
  ret i64 %first
}

define internal i64 @adc_stack_asked(i64 %thread) noinline {
  %attributes = alloca [16 x i64]
  %begin_at = alloca i64
  %size_at = alloca i64
  %status = call i32 @pthread_getattr_np(i64 %thread, ptr %attributes)
  %good = icmp eq i32 %status, 0
  br i1 %good, label %read, label %unknown
read:
  %none = call i32 @pthread_attr_getstack(
    ptr %attributes, ptr %begin_at, ptr %size_at)
  %gone = call i32 @pthread_attr_destroy(ptr %attributes)
  %begin = load i64, ptr %begin_at
  %size = load i64, ptr %size_at
  %half = lshr i64 %size, 1
  %spare = call i64 @llvm.umin.i64(i64 %half, i64 SPARE)
  %low = add i64 %begin, %spare
  ret i64 %low
unknown:
  ret i64 0
}
"""

# Where the system is not asked, stacks are taken to have eight megabytes.
_ASSUMED = """
define internal i64 @adc_stack_least(i64 %here) noinline {
  %most = sub i64 %here, MOST
  ret i64 %most
}
"""


def _stacks() -> str:
    text = _ASKED if sys.platform == "linux" else _ASSUMED
    values = {"RECORDS": _RECORDS, "LAST": _RECORDS - 1, "MOST": _MOST, "SPARE": _SPARE}
    for name, value in values.items():
        text = text.replace(name, str(value))
    return text


STACKS = _stacks()
