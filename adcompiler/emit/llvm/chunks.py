"""Threads that take the chunks of a job, one after the other, as LLVM text.

In: nothing. Out: `SHARE`: ``i64 adc_size(count, all, least, round)``, how many of so
many places a chunk has, and ``i32 adc_share(ctx, part, env, count, all, least, size,
totals, bytes)``, which has threads call ``i32 part(env, from, to, totals)`` for each.

Invariants: what a chunk has follows from lengths alone, and each has a place of its own
for what it gives. Threads end with the job: none is left to be looked after at a fork,
or when Python ends. They block all signals, and look for none: the caller does, if it
has a context. It does so when it is alone, since a thread that asks for Python's lock
when Python ends does not come back: so a long job goes in rounds, each with threads of
its own. Where none can be made, or others have taken them, the caller takes all chunks.
A status that is not 0 ends the job; that of a signal comes first.

A job, which threads are given:

====== =========================================================================
offset what
====== =========================================================================
0, 8   what does a chunk, and what it is given
16, 24 how many places there are, and how many of them a chunk has
32     how many chunks there are
40, 48 where the first puts what it gives, and how many bytes on the next does
56     the next chunk
64     the status
72     the first chunk of the next round
====== =========================================================================
"""

from __future__ import annotations

from adcompiler.emit.llvm.memory import CONTEXT_BYTES

__all__ = ["CHUNKS", "ONCE", "SHARE"]

CHUNKS = 64  # at most
_LOOK = 1 << 25  # elements between two looks for signals, as those of `signals`
ONCE = "noinline optnone"  # what is done once for a chunk, or less: LLVM takes no time

_TEXT = """
@adc_threads = external global [2 x i64]
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(ptr, ptr)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @sigfillset(ptr)

define internal i1 @adc_do_chunk(ptr %job) ONCE {
  %part = load ptr, ptr %job
  %env_at = getelementptr i8, ptr %job, i64 8
  %env = load ptr, ptr %env_at
  %count_at = getelementptr i8, ptr %job, i64 16
  %count = load i64, ptr %count_at
  %size_at = getelementptr i8, ptr %job, i64 24
  %size = load i64, ptr %size_at
  %limit_at = getelementptr i8, ptr %job, i64 72
  %limit = load i64, ptr %limit_at
  %totals_at = getelementptr i8, ptr %job, i64 40
  %totals = load ptr, ptr %totals_at
  %bytes_at = getelementptr i8, ptr %job, i64 48
  %bytes = load i64, ptr %bytes_at
  %next = getelementptr i8, ptr %job, i64 56
  %chunk = atomicrmw add ptr %next, i64 1 monotonic
  %more = icmp slt i64 %chunk, %limit
  br i1 %more, label %one, label %over
one:
  %from = mul i64 %chunk, %size
  %end = add i64 %from, %size
  %to = call i64 @llvm.smin.i64(i64 %end, i64 %count)
  %offset = mul i64 %chunk, %bytes
  %place = getelementptr i8, ptr %totals, i64 %offset
  %status = call i32 %part(ptr %env, i64 %from, i64 %to, ptr %place)
  %bad = icmp ne i32 %status, 0
  br i1 %bad, label %leave, label %done
leave:
  call void @adc_stop(ptr %job, i32 %status)
  br label %done
done:
  ret i1 true
over:
  ret i1 false
}

define internal void @adc_stop(ptr %job, i32 %status) ONCE {
  %wide = zext i32 %status to i64
  %status_at = getelementptr i8, ptr %job, i64 64
  %before = atomicrmw or ptr %status_at, i64 %wide monotonic
  %chunks_at = getelementptr i8, ptr %job, i64 32
  %chunks = load i64, ptr %chunks_at
  %next = getelementptr i8, ptr %job, i64 56
  store atomic i64 %chunks, ptr %next monotonic, align 8
  ret void
}

define internal ptr @adc_work(ptr %job) ONCE {
entry:
  br label %loop
loop:
  %more = call i1 @adc_do_chunk(ptr %job)
  br i1 %more, label %loop, label %done
done:
  ret ptr null
}

define internal void @adc_work_and_look(ptr %ctx, ptr %job) ONCE {
entry:
  %quiet = icmp eq ptr %ctx, null
  br label %loop
loop:
  %more = call i1 @adc_do_chunk(ptr %job)
  br i1 %more, label %go, label %done
go:
  br i1 %quiet, label %loop, label %look
look:
  %raised = call i1 @adc_look(ptr %ctx)
  br i1 %raised, label %stop, label %loop
stop:
  call void @adc_stop(ptr %job, i32 1)
  ret void
done:
  ret void
}

define internal i64 @adc_claim(i64 %wanted) ONCE {
  %allowed = load atomic i64, ptr @adc_threads monotonic, align 8
  %others = sub i64 %allowed, 1
  %most = call i64 @llvm.smin.i64(i64 %others, i64 %wanted)
  %some = icmp sgt i64 %most, 0
  br i1 %some, label %ask, label %none
ask:
  %busy_at = getelementptr i8, ptr @adc_threads, i64 8
  %busy = atomicrmw add ptr %busy_at, i64 %most monotonic
  %free = sub i64 %others, %busy
  %above = call i64 @llvm.smax.i64(i64 %free, i64 0)
  %got = call i64 @llvm.smin.i64(i64 %above, i64 %most)
  %back = sub i64 %most, %got
  %was = atomicrmw sub ptr %busy_at, i64 %back monotonic
  ret i64 %got
none:
  ret i64 0
}

define internal i64 @adc_size(i64 %count, i64 %all, i64 %least, i64 %round) ONCE {
  %grain = lshr i64 %least, 4
  %pieces = udiv i64 %all, %grain
  %few = call i64 @llvm.umin.i64(i64 %pieces, i64 CHUNKS)
  %parts = call i64 @llvm.umax.i64(i64 %few, i64 1)
  %past = add i64 %count, %parts
  %top = sub i64 %past, 1
  %even = udiv i64 %top, %parts
  %some = call i64 @llvm.umax.i64(i64 %even, i64 1)
  %up = add i64 %some, %round
  %last = sub i64 %up, 1
  %times = udiv i64 %last, %round
  %size = mul i64 %times, %round
  ret i64 %size
}

define internal i64 @adc_span(ptr %ctx, i64 %all, i64 %chunks) ONCE {
  %quiet = icmp eq ptr %ctx, null
  %many = mul i64 %chunks, LOOK
  %few = udiv i64 %many, %all
  %allowed = load atomic i64, ptr @adc_threads monotonic, align 8
  %twice = shl i64 %allowed, 1
  %least = call i64 @llvm.umax.i64(i64 %twice, i64 1)
  %some = call i64 @llvm.umax.i64(i64 %few, i64 %least)
  %span = select i1 %quiet, i64 %chunks, i64 %some
  ret i64 %span
}

define internal i32 @adc_share(ptr %ctx, ptr %part, ptr %env, i64 %count, i64 %all,
    i64 %least, i64 %size, ptr %totals, i64 %bytes) ONCE {
entry:
  %job = alloca [10 x i64]
  %handles = alloca [CHUNKS x i64]
  %full = alloca [128 x i8], align 8
  %mask = alloca [128 x i8], align 8
  %past = add i64 %count, %size
  %top = sub i64 %past, 1
  %chunks = udiv i64 %top, %size
  store ptr %part, ptr %job
  %env_at = getelementptr i8, ptr %job, i64 8
  store ptr %env, ptr %env_at
  %count_at = getelementptr i8, ptr %job, i64 16
  store i64 %count, ptr %count_at
  %size_at = getelementptr i8, ptr %job, i64 24
  store i64 %size, ptr %size_at
  %chunks_at = getelementptr i8, ptr %job, i64 32
  store i64 %chunks, ptr %chunks_at
  %totals_at = getelementptr i8, ptr %job, i64 40
  store ptr %totals, ptr %totals_at
  %bytes_at = getelementptr i8, ptr %job, i64 48
  store i64 %bytes, ptr %bytes_at
  %next_at = getelementptr i8, ptr %job, i64 56
  %limit_at = getelementptr i8, ptr %job, i64 72
  %status_at = getelementptr i8, ptr %job, i64 64
  store i64 0, ptr %status_at
  %span = call i64 @adc_span(ptr %ctx, i64 %all, i64 %chunks)
  br label %round
round:
  %start = phi i64 [0, %entry], [%limit, %checked]
  %whole = add i64 %start, %span
  %limit = call i64 @llvm.umin.i64(i64 %whole, i64 %chunks)
  store i64 %start, ptr %next_at
  store i64 %limit, ptr %limit_at
  %left = sub i64 %limit, %start
  %half = lshr i64 %least, 1
  %pays = udiv i64 %all, %half
  %useful = call i64 @llvm.umin.i64(i64 %pays, i64 %left)
  %wanted = sub i64 %useful, 1
  %claimed = call i64 @adc_claim(i64 %wanted)
  %alone = icmp sle i64 %claimed, 0
  br i1 %alone, label %all_of_it, label %begin
all_of_it:
  call void @adc_work_and_look(ptr %ctx, ptr %job)
  br label %rounded
begin:
  %filled = call i32 @sigfillset(ptr %full)
  %blocked = call i32 @pthread_sigmask(i32 2, ptr %full, ptr %mask)
  br label %make
make:
  %k = phi i64 [0, %begin], [%following, %made]
  %enough = icmp eq i64 %k, %claimed
  br i1 %enough, label %work, label %one
one:
  %handle = getelementptr i64, ptr %handles, i64 %k
  %created = call i32 @pthread_create(ptr %handle, ptr null, ptr @adc_work, ptr %job)
  %good = icmp eq i32 %created, 0
  br i1 %good, label %made, label %work
made:
  %following = add i64 %k, 1
  br label %make
work:
  %mine = phi i64 [%k, %make], [%k, %one]
  %unblocked = call i32 @pthread_sigmask(i32 2, ptr %mask, ptr null)
  %done = call ptr @adc_work(ptr %job)
  br label %join
join:
  %j = phi i64 [0, %work], [%after, %joined]
  %over = icmp eq i64 %j, %mine
  br i1 %over, label %back, label %joined
joined:
  %which = getelementptr i64, ptr %handles, i64 %j
  %thread = load ptr, ptr %which
  %ended = call i32 @pthread_join(ptr %thread, ptr null)
  %after = add i64 %j, 1
  br label %join
back:
  %busy_at = getelementptr i8, ptr @adc_threads, i64 8
  %was = atomicrmw sub ptr %busy_at, i64 %claimed monotonic
  br label %rounded
rounded:
  %so_far = load i64, ptr %status_at
  %bad = icmp ne i64 %so_far, 0
  %last = icmp eq i64 %limit, %chunks
  %ends = or i1 %bad, %last
  br i1 %ends, label %end, label %check
check:
  %stops = call i1 @adc_look(ptr %ctx)
  br i1 %stops, label %stop, label %checked
checked:
  br label %round
stop:
  call void @adc_stop(ptr %job, i32 1)
  br label %end
end:
  %found = load i64, ptr %status_at
  %signal = and i64 %found, 1
  %raised = icmp ne i64 %signal, 0
  %first = select i1 %raised, i64 1, i64 %found
  %status = trunc i64 %first to i32
  ret i32 %status
}

define internal void @adc_fresh_context(ptr %ctx) ONCE {
  call void @llvm.memset.p0.i64(ptr %ctx, i8 0, i64 CONTEXT, i1 false)
  %bytes_at = getelementptr i8, ptr %ctx, i64 48
  store i64 8192, ptr %bytes_at
  ret void
}
"""

SHARE = (
    _TEXT.replace("CHUNKS", str(CHUNKS))
    .replace("ONCE", ONCE)
    .replace("CONTEXT", str(CONTEXT_BYTES))
    .replace("LOOK", str(_LOOK))
)
