"""Square matrices taken apart by LAPACK, as functions of the module.

In: nothing. Out: LLVM text of functions that call LAPACK as Fortran does, which has
matrices in columns, and tell whether it has found what was asked for:

- ``i1 adc_solve_f64(a, b, pivots, n, count)``: `count` columns b become what a takes to
  b, both transposed;
- ``i1 adc_root_f64(a, n)``: a becomes its Cholesky factor, below zeros;
- ``i1 adc_log_det_f64(a, pivots, n, found)``: the determinant, the logarithm of its
  absolute value, and its sign, of a or its transpose.

Invariants: what is given is overwritten. Numbers are passed by address, in 64 bits of
which the lower 32 come first: a LAPACK with integers of either size reads them. Which
size it has is seen from what it writes.
"""

from __future__ import annotations

__all__ = ["log_det", "root", "solve"]

_WORDS = {"float64": ("double", "f64", "d"), "float32": ("float", "f32", "s")}

_SOLVE = """
declare void @adc_{letter}gesv(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define internal i1 @adc_solve_{suffix}(
    ptr %a, ptr %b, ptr %pivots, i64 %n, i64 %count
) noinline {{
  %cells = alloca [4 x i64]
  %lead = call i64 @llvm.smax.i64(i64 %n, i64 1)
  %pcount = getelementptr i64, ptr %cells, i64 1
  %plead = getelementptr i64, ptr %cells, i64 2
  %info = getelementptr i64, ptr %cells, i64 3
  store i64 %n, ptr %cells
  store i64 %count, ptr %pcount
  store i64 %lead, ptr %plead
  store i64 0, ptr %info
  call void @adc_{letter}gesv(
    ptr %cells, ptr %pcount, ptr %a, ptr %plead, ptr %pivots, ptr %b, ptr %plead,
    ptr %info)
  %told = load i32, ptr %info
  %done = icmp eq i32 %told, 0
  ret i1 %done
}}
"""

_ROOT = """
declare void @adc_{letter}potrf(ptr, ptr, ptr, ptr, ptr, i64)

define internal i1 @adc_root_{suffix}(ptr %a, i64 %n) noinline {{
entry:
  %cells = alloca [3 x i64]
  %upper = alloca i8
  %lead = call i64 @llvm.smax.i64(i64 %n, i64 1)
  %plead = getelementptr i64, ptr %cells, i64 1
  %info = getelementptr i64, ptr %cells, i64 2
  store i64 %n, ptr %cells
  store i64 %lead, ptr %plead
  store i64 0, ptr %info
  store i8 85, ptr %upper
  call void @adc_{letter}potrf(
    ptr %upper, ptr %cells, ptr %a, ptr %plead, ptr %info, i64 1)
  %told = load i32, ptr %info
  %done = icmp eq i32 %told, 0
  br label %rows
rows:
  %i = phi i64 [ 0, %entry ], [ %next, %row_end ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %row, label %leave
row:
  %next = add i64 %i, 1
  %begin = mul i64 %i, %n
  br label %columns
columns:
  %j = phi i64 [ %next, %row ], [ %after, %column ]
  %inside = icmp slt i64 %j, %n
  br i1 %inside, label %column, label %row_end
column:
  %offset = add i64 %begin, %j
  %place = getelementptr {word}, ptr %a, i64 %offset
  store {word} 0.0, ptr %place
  %after = add i64 %j, 1
  br label %columns
row_end:
  br label %rows
leave:
  ret i1 %done
}}
"""

_LOG_DET = """
declare void @adc_{letter}getrf(ptr, ptr, ptr, ptr, ptr, ptr)

define internal i1 @adc_log_det_{suffix}(
    ptr %a, ptr %pivots, i64 %n, ptr %found
) noinline {{
entry:
  %cells = alloca [3 x i64]
  %lead = call i64 @llvm.smax.i64(i64 %n, i64 1)
  %plead = getelementptr i64, ptr %cells, i64 1
  %info = getelementptr i64, ptr %cells, i64 2
  store i64 %n, ptr %cells
  store i64 %lead, ptr %plead
  store i64 0, ptr %info
  %several = icmp sgt i64 %n, 1
  br i1 %several, label %clear, label %run
clear:
  store i64 0, ptr %pivots
  br label %run
run:
  call void @adc_{letter}getrf(
    ptr %cells, ptr %cells, ptr %a, ptr %plead, ptr %pivots, ptr %info)
  %told = load i32, ptr %info
  %done = icmp eq i32 %told, 0
  br i1 %several, label %look, label %pivots_known
look:
  ; the second pivot is at least 1, and here if integers have 32 bits
  %second = getelementptr i32, ptr %pivots, i64 1
  %half = load i32, ptr %second
  %short = icmp ne i32 %half, 0
  br label %pivots_known
pivots_known:
  %is_short = phi i1 [ false, %run ], [ %short, %look ]
  %step = select i1 %is_short, i64 1, i64 2
  br label %loop
loop:
  %k = phi i64 [ 0, %pivots_known ], [ %next, %trip ]
  %det = phi {word} [ 1.0, %pivots_known ], [ %det2, %trip ]
  %log = phi {word} [ 0.0, %pivots_known ], [ %log2, %trip ]
  %sign = phi {word} [ 1.0, %pivots_known ], [ %sign2, %trip ]
  %more = icmp slt i64 %k, %n
  br i1 %more, label %trip, label %leave
trip:
  %next = add i64 %k, 1
  %begin = mul i64 %k, %n
  %offset = add i64 %begin, %k
  %place = getelementptr {word}, ptr %a, i64 %offset
  %u = load {word}, ptr %place
  %at = mul i64 %k, %step
  %pplace = getelementptr i32, ptr %pivots, i64 %at
  %pivot = load i32, ptr %pplace
  %row = trunc i64 %next to i32
  %stays = icmp eq i32 %pivot, %row
  %minus = fneg {word} %u
  %factor = select i1 %stays, {word} %u, {word} %minus
  %det2 = fmul {word} %det, %factor
  %size = call {word} @llvm.fabs.{suffix}({word} %u)
  %one = call {word} @llvm.log.{suffix}({word} %size)
  %log2 = fadd {word} %log, %one
  %turn = call {word} @llvm.copysign.{suffix}({word} 1.0, {word} %factor)
  %sign2 = fmul {word} %sign, %turn
  br label %loop
leave:
  %plog = getelementptr {word}, ptr %found, i64 1
  %psign = getelementptr {word}, ptr %found, i64 2
  store {word} %det, ptr %found
  store {word} %log, ptr %plog
  store {word} %sign, ptr %psign
  ret i1 %done
}}
"""


def solve(dtype: str) -> tuple[str, str]:
    """The name and the text of the function that solves, for matrices of a dtype."""
    return _written("adc_solve", _SOLVE, dtype)


def root(dtype: str) -> tuple[str, str]:
    """The name and the text of the function that finds the Cholesky factor."""
    return _written("adc_root", _ROOT, dtype)


def log_det(dtype: str) -> tuple[str, str]:
    """The name and the text of the function that finds the determinant."""
    return _written("adc_log_det", _LOG_DET, dtype)


def _written(name: str, text: str, dtype: str) -> tuple[str, str]:
    word, suffix, letter = _WORDS[dtype]
    filled = text.format(word=word, suffix=suffix, letter=letter)
    return f"{name}_{suffix}", filled
