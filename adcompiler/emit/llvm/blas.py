"""Products of matrices by BLAS, as functions of the module.

In: nothing. Out: LLVM text of ``i1 adc_gemm_f64(...)`` and its like, which give a
product or, with a share of 1 of what is there, add it to that; they tell whether they
have: not of lengths beyond 32 bits, nor of matrices neither axis of which is dense.
They call BLAS as Fortran does, which has matrices in columns: it is asked for the
transpose of the product, of the transposes of what is multiplied.
Invariant: lengths are passed by address, in 64 bits of which the lower 32 come first:
a BLAS with integers of either size reads them.
"""

from __future__ import annotations

__all__ = ["GEMM", "gemm"]

GEMM = {"float64": "adc_gemm_f64", "float32": "adc_gemm_f32"}

_TEXT = """
declare void @{blas}(ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)

define internal i1 @{name}(
    ptr %a, i64 %a0, i64 %a1, ptr %b, i64 %b0, i64 %b1,
    ptr %c, i64 %m, i64 %k, i64 %n, {word} %share
) noinline {{
entry:
  %cells = alloca [8 x i64]
  %reals = alloca [2 x {word}]
  %letters = alloca [2 x i8]
  %mk = call i64 @llvm.smax.i64(i64 %m, i64 %k)
  %mkn = call i64 @llvm.smax.i64(i64 %mk, i64 %n)
  %s1 = call i64 @llvm.smax.i64(i64 %a0, i64 %a1)
  %s2 = call i64 @llvm.smax.i64(i64 %b0, i64 %b1)
  %s3 = call i64 @llvm.smax.i64(i64 %s1, i64 %s2)
  %most = call i64 @llvm.smax.i64(i64 %mkn, i64 %s3)
  %long = icmp sgt i64 %most, 2147483647
  %a_rows_ld = icmp sge i64 %a0, %k
  %a_rows_1 = icmp eq i64 %a1, 1
  %a_rows = and i1 %a_rows_1, %a_rows_ld
  %a_cols_ld = icmp sge i64 %a1, %m
  %a_cols_1 = icmp eq i64 %a0, 1
  %a_cols = and i1 %a_cols_1, %a_cols_ld
  %a_fits = or i1 %a_rows, %a_cols
  %b_rows_ld = icmp sge i64 %b0, %n
  %b_rows_1 = icmp eq i64 %b1, 1
  %b_rows = and i1 %b_rows_1, %b_rows_ld
  %b_cols_ld = icmp sge i64 %b1, %k
  %b_cols_1 = icmp eq i64 %b0, 1
  %b_cols = and i1 %b_cols_1, %b_cols_ld
  %b_fits = or i1 %b_rows, %b_cols
  %fits = and i1 %a_fits, %b_fits
  %short = xor i1 %long, true
  %go = and i1 %fits, %short
  br i1 %go, label %run, label %leave
leave:
  ret i1 false
run:
  %a_letter = select i1 %a_rows, i8 78, i8 84
  %a_ld = select i1 %a_rows, i64 %a0, i64 %a1
  %b_letter = select i1 %b_rows, i8 78, i8 84
  %b_ld = select i1 %b_rows, i64 %b0, i64 %b1
  %alead = call i64 @llvm.smax.i64(i64 %a_ld, i64 1)
  %blead = call i64 @llvm.smax.i64(i64 %b_ld, i64 1)
  %clead = call i64 @llvm.smax.i64(i64 %n, i64 1)
  %pk = getelementptr i64, ptr %cells, i64 1
  %pn = getelementptr i64, ptr %cells, i64 2
  %pa = getelementptr i64, ptr %cells, i64 3
  %pb = getelementptr i64, ptr %cells, i64 4
  %pc = getelementptr i64, ptr %cells, i64 5
  store i64 %m, ptr %cells
  store i64 %k, ptr %pk
  store i64 %n, ptr %pn
  store i64 %alead, ptr %pa
  store i64 %blead, ptr %pb
  store i64 %clead, ptr %pc
  %beta = getelementptr {word}, ptr %reals, i64 1
  store {word} 1.0, ptr %reals
  store {word} %share, ptr %beta
  %second = getelementptr i8, ptr %letters, i64 1
  store i8 %b_letter, ptr %letters
  store i8 %a_letter, ptr %second
  call void @{blas}(
    ptr %letters, ptr %second, ptr %pn, ptr %cells, ptr %pk,
    ptr %reals, ptr %b, ptr %pb, ptr %a, ptr %pa, ptr %beta, ptr %c, ptr %pc)
  ret i1 true
}}
"""


def gemm(dtype: str) -> str:
    """The text of the function for matrices of a dtype."""
    word, blas = {"float64": ("double", "dgemm"), "float32": ("float", "sgemm")}[dtype]
    return _TEXT.format(name=GEMM[dtype], blas=f"adc_{blas}", word=word)
