"""The memory of a run: blocks that are counted, as LLVM text.

In: nothing. Out: `MEMORY`.
Invariants: each block is in the list of its run's *context*, or in a chunk of its
pool, so that a run that ends early frees what it holds; a block is free when nobody
holds it.

A block has a head of 64 bytes, which what it holds comes after. Of an array the
elements come first, so that an array object can take them over as memory of its own,
and the head stands behind them:

====== =========================================================================
offset what
====== =========================================================================
0, 8   the blocks before and after it in the list of the context
16     how many hold it
24     0: plain, 1: a list, 2: of a Python object, 3: an array, 4: one of the pool
32     a list's records; the Python object that owns an array's memory; the elements
40     what lets go of its contents, or null
48, 56 a list's length and capacity
====== =========================================================================

Small arrays are of the *pool*, which is the run's own: a free one serves the next of
its class, which has as many times 32 bytes. Their heads have 32 bytes, with the next
that is free in the place of the block before, and the class in that of the one after.
They are cut from chunks, which go when the run is over. So are larger ones, up to 64
KiB, that loops make in each trip, of eight classes for each doubling. What has more
than 32 bytes begins with a line of the caches: vectors that lie in two take twice as
long to load. A context is

====== =========================================================================
0      the first block of its list
8, 16  see `runtime`
24     the first chunk, each of which begins with the address of the next
32, 40 where the rest of the chunk begins and ends from which is cut
48     the bytes of the next chunk
56     of each class, the first block that is free
704    the state of the Python thread while it has let others run, and
712    when it has last asked for signals, see `signals`
====== =========================================================================
"""

from __future__ import annotations

import sys

__all__ = ["CONTEXT_BYTES", "LARGEST_CLASS", "MEMORY", "POOL", "SAVED"]

LARGEST_CLASS = 32  # of arrays of the pool: larger ones may change hands
POOL = 24  # where in a context the pool begins
CLASSES = LARGEST_CLASS + 1 + 8 * 6  # with those of what loops make
SAVED = 56 + 8 * CLASSES  # where the state of the thread is
CONTEXT_BYTES = SAVED + 16

_BLOCKS = """
define internal i64 @adc_bytes(i64 %count, i64 %size) {
  %pair = call {i64, i1} @llvm.umul.with.overflow.i64(i64 %count, i64 %size)
  %bytes = extractvalue {i64, i1} %pair, 0
  %over = extractvalue {i64, i1} %pair, 1
  %huge = icmp ugt i64 %bytes, 140737488355328
  %none = or i1 %over, %huge
  %whole = call i64 @adc_rounded(i64 %bytes)
  %found = select i1 %none, i64 -1, i64 %whole
  ret i64 %found
}

define internal i64 @adc_rounded(i64 %bytes) alwaysinline {
  %lines = add i64 %bytes, 63
  %whole_lines = and i64 %lines, -64
  %halves = add i64 %bytes, 31
  %half_line = and i64 %halves, -32
  %few = icmp ule i64 %bytes, 32
  %rounded = select i1 %few, i64 %half_line, i64 %whole_lines
  ret i64 %rounded
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

define internal noalias ptr @adc_block(ptr %ctx, i64 %count, i64 %size)
    noinline nounwind willreturn {
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

define internal noalias ptr @adc_array(ptr %ctx, i64 %count, i64 %size)
    noinline nounwind willreturn {
  %bytes = call i64 @adc_bytes(i64 %count, i64 %size)
  %none = icmp slt i64 %bytes, 0
  br i1 %none, label %fail, label %some
some:
  %past = add i64 %bytes, 31
  %class = lshr i64 %past, 5
  %small = icmp ule i64 %class, LARGEST_CLASS
  br i1 %small, label %pool, label %take
pool:
  %pooled = call ptr @adc_pooled(ptr %ctx, i64 %class)
  ret ptr %pooled
take:
  %whole = add i64 %bytes, 64
  %elements = call ptr @adc_lines(i64 %whole)
  %lacking = icmp eq ptr %elements, null
  br i1 %lacking, label %fail, label %enter
enter:
  %block = getelementptr i8, ptr %elements, i64 %bytes
  call void @adc_enter(ptr %ctx, ptr %block)
  %at = getelementptr i8, ptr %block, i64 32
  store ptr %elements, ptr %at
  %kind_at = getelementptr i8, ptr %block, i64 24
  store i64 3, ptr %kind_at
  %large = icmp uge i64 %bytes, 4194304
  br i1 %large, label %advise, label %done
advise:
  call void @adc_advise(ptr %elements, i64 %bytes)
  br label %done
done:
  ret ptr %block
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
  %kind_at = getelementptr i8, ptr %block, i64 24
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
  %kind_at = getelementptr i8, ptr %block, i64 24
  %kind = load i64, ptr %kind_at
  %pooled = icmp eq i64 %kind, 4
  br i1 %pooled, label %back, label %other
back:
  %class_at = getelementptr i8, ptr %block, i64 8
  %class = load i64, ptr %class_at
  %lists = getelementptr i8, ptr %ctx, i64 56
  %list = getelementptr ptr, ptr %lists, i64 %class
  %next = load ptr, ptr %list
  store ptr %next, ptr %block
  store ptr %block, ptr %list
  ret void
other:
  %drop_at = getelementptr i8, ptr %block, i64 40
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
  call void @adc_free_chunks(ptr %ctx)
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

define internal i1 @adc_grow(ptr %block, i64 %size)
    noinline nounwind willreturn {
  %failed = call i1 @adc_resize(ptr %block, i64 16, i64 %size)
  ret i1 %failed
}

define internal i1 @adc_reserve(ptr %block, i64 %trips, i64 %each, i64 %size)
    noinline nounwind willreturn {
  %huge = icmp sgt i64 %trips, 281474976710656
  br i1 %huge, label %fail, label %count
count:
  %more = mul i64 %trips, %each
  %length_at = getelementptr i8, ptr %block, i64 48
  %length = load i64, ptr %length_at
  %least = add i64 %length, %more
  %cap_at = getelementptr i8, ptr %block, i64 56
  %cap = load i64, ptr %cap_at
  %enough = icmp sle i64 %least, %cap
  br i1 %enough, label %done, label %resize
resize:
  %failed = call i1 @adc_resize(ptr %block, i64 %least, i64 %size)
  ret i1 %failed
done:
  ret i1 false
fail:
  ret i1 true
}

define internal i1 @adc_resize(ptr %block, i64 %least, i64 %size)
    nounwind willreturn {
  %cap_at = getelementptr i8, ptr %block, i64 56
  %cap = load i64, ptr %cap_at
  %twice = shl i64 %cap, 1
  %next = call i64 @llvm.smax.i64(i64 %twice, i64 %least)
  %bytes = call i64 @adc_bytes(i64 %next, i64 %size)
  %none = icmp slt i64 %bytes, 0
  br i1 %none, label %fail, label %move
move:
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

# What a chunk leaves over is lost. Each is twice as large as the one before: malloc
# then keeps from one run to the next what it has of the system.
_POOL = """
define internal noalias ptr @adc_pooled(ptr %ctx, i64 %class)
    noinline nounwind willreturn {
  %lists = getelementptr i8, ptr %ctx, i64 56
  %list = getelementptr ptr, ptr %lists, i64 %class
  %block = load ptr, ptr %list
  %none = icmp eq ptr %block, null
  br i1 %none, label %more, label %take
take:
  %next = load ptr, ptr %block
  store ptr %next, ptr %list
  %refs = getelementptr i8, ptr %block, i64 16
  store i64 1, ptr %refs
  ret ptr %block
more:
  %size = shl i64 %class, 5
  %whole = add i64 %size, 32
  %new = call ptr @adc_cut(ptr %ctx, i64 %class, i64 %size, i64 %whole)
  ret ptr %new
}

define internal noalias ptr @adc_each_trip(ptr %ctx, i64 %count, i64 %size)
    noinline nounwind willreturn {
  %bytes = call i64 @adc_bytes(i64 %count, i64 %size)
  %small = icmp ule i64 %bytes, 1024
  %huge = icmp ugt i64 %bytes, 65536
  %other = or i1 %small, %huge
  br i1 %other, label %usual, label %own
usual:
  %array = call noalias ptr @adc_array(ptr %ctx, i64 %count, i64 %size)
  ret ptr %array
own:
  %last = sub i64 %bytes, 1
  %zeros = call i64 @llvm.ctlz.i64(i64 %last, i1 true)
  %shift = sub i64 60, %zeros
  %eighths = lshr i64 %last, %shift
  %more = add i64 %eighths, 1
  %room = shl i64 %more, %shift
  %doublings = shl i64 %shift, 3
  %place = add i64 %doublings, %eighths
  %class = sub i64 %place, FIRST_PLACE
  %lists = getelementptr i8, ptr %ctx, i64 56
  %list = getelementptr ptr, ptr %lists, i64 %class
  %block = load ptr, ptr %list
  %none = icmp eq ptr %block, null
  br i1 %none, label %new, label %take
take:
  %next = load ptr, ptr %block
  store ptr %next, ptr %list
  %refs = getelementptr i8, ptr %block, i64 16
  store i64 1, ptr %refs
  ret ptr %block
new:
  %whole = add i64 %room, 64
  %cut = call ptr @adc_cut(ptr %ctx, i64 %class, i64 %room, i64 %whole)
  ret ptr %cut
}

define internal ptr @adc_cut(ptr %ctx, i64 %class, i64 %size, i64 %whole)
    noinline nounwind willreturn {
  %rest_at = getelementptr i8, ptr %ctx, i64 32
  %end_at = getelementptr i8, ptr %ctx, i64 40
  %first = load ptr, ptr %rest_at
  %end = load ptr, ptr %end_at
  %from = ptrtoint ptr %first to i64
  %to = ptrtoint ptr %end to i64
  %left = sub i64 %to, %from
  %needed = add i64 %whole, 63
  %enough = icmp uge i64 %left, %needed
  br i1 %enough, label %cut, label %refill
refill:
  %lacking = call i1 @adc_chunk(ptr %ctx, i64 %needed)
  br i1 %lacking, label %fail, label %again
again:
  %second = load ptr, ptr %rest_at
  br label %cut
cut:
  %start = phi ptr [%first, %0], [%second, %again]
  %address = ptrtoint ptr %start to i64
  %head_at = add i64 %address, %size
  %before_line = sub i64 0, %head_at
  %skipped = and i64 %before_line, 63
  %elements = getelementptr i8, ptr %start, i64 %skipped
  %rest = getelementptr i8, ptr %elements, i64 %whole
  store ptr %rest, ptr %rest_at
  %block = getelementptr i8, ptr %elements, i64 %size
  %class_at = getelementptr i8, ptr %block, i64 8
  store i64 %class, ptr %class_at
  %refs = getelementptr i8, ptr %block, i64 16
  store i64 1, ptr %refs
  %kind_at = getelementptr i8, ptr %block, i64 24
  store i64 4, ptr %kind_at
  ret ptr %block
fail:
  ret ptr null
}

define internal i1 @adc_chunk(ptr %ctx, i64 %wanted)
    noinline nounwind willreturn {
  %size_at = getelementptr i8, ptr %ctx, i64 48
  %usual = load i64, ptr %size_at
  %least = shl i64 %wanted, 2
  %size = call i64 @llvm.umax.i64(i64 %usual, i64 %least)
  %chunk = call ptr @malloc(i64 %size)
  %lacking = icmp eq ptr %chunk, null
  br i1 %lacking, label %fail, label %link
link:
  %first_at = getelementptr i8, ptr %ctx, i64 24
  %first = load ptr, ptr %first_at
  store ptr %first, ptr %chunk
  store ptr %chunk, ptr %first_at
  %rest = getelementptr i8, ptr %chunk, i64 16
  %rest_at = getelementptr i8, ptr %ctx, i64 32
  store ptr %rest, ptr %rest_at
  %end = getelementptr i8, ptr %chunk, i64 %size
  %end_at = getelementptr i8, ptr %ctx, i64 40
  store ptr %end, ptr %end_at
  %twice = shl i64 %size, 1
  %next = call i64 @llvm.umin.i64(i64 %twice, i64 16777216)
  store i64 %next, ptr %size_at
  ret i1 false
fail:
  ret i1 true
}

define internal void @adc_free_chunks(ptr %ctx) {
entry:
  %first_at = getelementptr i8, ptr %ctx, i64 24
  %first = load ptr, ptr %first_at
  br label %loop
loop:
  %chunk = phi ptr [%first, %entry], [%next, %one]
  %none = icmp eq ptr %chunk, null
  br i1 %none, label %done, label %one
one:
  %next = load ptr, ptr %chunk
  call void @free(ptr %chunk)
  br label %loop
done:
  ret void
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

# Of whole lines, which an array object frees as what malloc gave.
_LINES = """
define internal noalias ptr @adc_lines(i64 %bytes) alwaysinline {
  %lines = call ptr @aligned_alloc(i64 64, i64 %bytes)
  ret ptr %lines
}
declare noalias ptr @aligned_alloc(i64, i64)
"""

_NO_LINES = """
define internal noalias ptr @adc_lines(i64 %bytes) alwaysinline {
  %some = call ptr @malloc(i64 %bytes)
  ret ptr %some
}
"""

_FIRST_PLACE = 8 * 7 + 8 - (LARGEST_CLASS + 1)  # of 1025 bytes: eight of 128 and more
_TEXT = _BLOCKS.replace("LARGEST_CLASS", str(LARGEST_CLASS)) + _POOL.replace(
    "FIRST_PLACE", str(_FIRST_PLACE)
)
MEMORY = _TEXT + (_ADVICE if sys.platform == "linux" else _NO_ADVICE)
MEMORY += _NO_LINES if sys.platform == "win32" else _LINES
