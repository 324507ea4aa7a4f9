"""What modules do with objects of Python, as LLVM text.

In: nothing. Out: `OBJECTS`: tuples and instances of what is in memory, the method that
serves a call, whether facts hold, and what NumPy is asked to do on errors.
"""

from __future__ import annotations

__all__ = ["OBJECTS"]

OBJECTS = """
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

define internal ptr @adc_refilled(ptr %spare, ptr %class, ptr %boxes, i64 %count) {
entry:
  %holders = load i64, ptr %spare
  %alone = icmp eq i64 %holders, 1
  br i1 %alone, label %loop, label %held
loop:
  %k = phi i64 [0, %entry], [%next, %one]
  %more = icmp slt i64 %k, %count
  br i1 %more, label %one, label %done
one:
  %items = getelementptr i8, ptr %spare, i64 24
  %item_at = getelementptr ptr, ptr %items, i64 %k
  %box_at = getelementptr ptr, ptr %boxes, i64 %k
  %old = load ptr, ptr %item_at
  %box = load ptr, ptr %box_at
  store ptr %box, ptr %item_at
  call void @Py_DecRef(ptr %old)
  %next = add i64 %k, 1
  br label %loop
done:
  call void @Py_IncRef(ptr %spare)
  ret ptr %spare
held:
  %made = call ptr @adc_instance_of(ptr %class, ptr %boxes, i64 %count)
  ret ptr %made
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
  %fact = getelementptr [4 x ptr], ptr %facts, i64 %k
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
  %version_at = getelementptr i8, ptr %holder, i64 24
  %version = load i64, ptr %version_at
  %seen_at = getelementptr i8, ptr %fact, i64 24
  %seen = load i64, ptr %seen_at
  %as_it_was = icmp eq i64 %version, %seen
  br i1 %as_it_was, label %same, label %changed
changed:
  %item = call ptr @PyDict_GetItemWithError(ptr %holder, ptr %key)
  %is_there = icmp eq ptr %item, %value
  br i1 %is_there, label %again, label %differs
again:
  %none = icmp eq i64 %seen, -1
  %next_seen = select i1 %none, i64 -1, i64 %version
  store i64 %next_seen, ptr %seen_at
  br label %same
compare:
  %is_same = icmp eq ptr %content, %value
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
  %state_at = getelementptr i8, ptr %capsule, i64 16
  %state = load ptr, ptr %state_at
  %mask = load i32, ptr %state
  call void @Py_DecRef(ptr %capsule)
  %asked = and i32 %mask, 3510
  %none = icmp eq i32 %asked, 0
  ret i1 %none
}
"""
