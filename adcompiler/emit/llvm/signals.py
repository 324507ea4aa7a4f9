"""Signals, and other threads, while a run takes long.

In: nothing. Out: `SIGNALS`, LLVM text: ``i1 adc_tick(ctx, weight)`` for loops with
much in them, ``i1 adc_look(ctx)`` for other ones, which give true where a signal has
raised, ``void adc_let_go(ctx)`` and ``void adc_resume(ctx)``, between which other
threads run.
Invariants: what looks for signals, and whatever comes after a run, holds Python's lock.
A run that touches no objects lets go of the lock when it has taken a while, or at once
where arrays are large, and takes it back now and then for signals alone: every tenth of
a second, as another thread may keep it for some milliseconds. A run that touches such
`KEEPS` the lock: that stands in its context in the place of when it asked last.
"""

from __future__ import annotations

import sys

from adcompiler.emit.llvm.memory import SAVED

__all__ = ["KEEPS", "MANY", "SIGNALS", "TRIPS"]

TRIPS = 20  # as a power of two: trips of a plain loop, or elements, between two looks
MANY = 32768  # elements of arguments, with which others may run from the start
KEEPS = -1  # of a context, at the place of a time
_CLOCKS = {"linux": 1, "darwin": 6}  # that go on steadily

_TICK = """
define internal i1 @adc_tick(ptr %ctx, i64 %weight) alwaysinline {
  %place = getelementptr i8, ptr %ctx, i64 16
  %before = load i64, ptr %place
  %count = add i64 %before, %weight
  store i64 %count, ptr %place
  %now = icmp sge i64 %count, 16384
  br i1 %now, label %look, label %go, !prof !0
look:
  store i64 0, ptr %place
  %raised = call i1 @adc_look(ptr %ctx)
  ret i1 %raised
go:
  ret i1 false
}

define internal void @adc_count(ptr %ctx, i64 %weight) alwaysinline {
  %place = getelementptr i8, ptr %ctx, i64 16
  %before = load i64, ptr %place
  %count = add i64 %before, %weight
  store i64 %count, ptr %place
  ret void
}
"""

_LOOK = """
define internal i64 @adc_now() {
  %pair = alloca [2 x i64]
  %status = call i32 @clock_gettime(i32 CLOCK, ptr %pair)
  %seconds = load i64, ptr %pair
  %at = getelementptr i8, ptr %pair, i64 8
  %rest = load i64, ptr %at
  %whole = mul i64 %seconds, 1000000000
  %found = add i64 %whole, %rest
  ret i64 %found
}

define internal i1 @adc_look(ptr %ctx) noinline cold {
  %saved_at = getelementptr i8, ptr %ctx, i64 SAVED
  %last_at = getelementptr i8, ptr %saved_at, i64 8
  %saved = load ptr, ptr %saved_at
  %held = icmp eq ptr %saved, null
  br i1 %held, label %ask, label %away
away:
  %now = call i64 @adc_now()
  %last = load i64, ptr %last_at
  %gone = sub i64 %now, %last
  %soon = icmp slt i64 %gone, 100000000
  br i1 %soon, label %go, label %return
return:
  call void @PyEval_RestoreThread(ptr %saved)
  store ptr null, ptr %saved_at
  br label %ask
ask:
  %status = call i32 @PyErr_CheckSignals()
  %raised = icmp ne i32 %status, 0
  br i1 %raised, label %end, label %good
good:
  %mark = load i64, ptr %last_at
  %keeps = icmp eq i64 %mark, KEEPS
  br i1 %keeps, label %go, label %leave
leave:
  call void @adc_let_go(ptr %ctx)
  br label %go
go:
  ret i1 false
end:
  ret i1 true
}

define internal void @adc_let_go(ptr %ctx) noinline {
  %saved_at = getelementptr i8, ptr %ctx, i64 SAVED
  %last_at = getelementptr i8, ptr %saved_at, i64 8
  %state = call ptr @PyEval_SaveThread()
  store ptr %state, ptr %saved_at
  %now = call i64 @adc_now()
  store i64 %now, ptr %last_at
  ret void
}

define internal void @adc_resume(ptr %ctx) alwaysinline {
  %saved_at = getelementptr i8, ptr %ctx, i64 SAVED
  %saved = load ptr, ptr %saved_at
  %held = icmp eq ptr %saved, null
  br i1 %held, label %done, label %return
return:
  call void @PyEval_RestoreThread(ptr %saved)
  store ptr null, ptr %saved_at
  br label %done
done:
  ret void
}
declare i32 @clock_gettime(i32, ptr)
"""

# Where the system has no such clock.
_ALWAYS_HELD = """
define internal i1 @adc_look(ptr %ctx) noinline cold {
  %status = call i32 @PyErr_CheckSignals()
  %raised = icmp ne i32 %status, 0
  ret i1 %raised
}

define internal void @adc_let_go(ptr %ctx) alwaysinline {
  ret void
}

define internal void @adc_resume(ptr %ctx) alwaysinline {
  ret void
}
"""


def _signals() -> str:
    clock = _CLOCKS.get(sys.platform)
    if clock is None:
        return _TICK + _ALWAYS_HELD
    text = _LOOK.replace("SAVED", str(SAVED)).replace("CLOCK", str(clock))
    return _TICK + text.replace("KEEPS", str(KEEPS))


SIGNALS = _signals()
