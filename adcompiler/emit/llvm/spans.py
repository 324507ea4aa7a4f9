"""Ranges: how many numbers one has, and which.

In: start, stop and step, LLVM operands of 64 bits; the step is not 0. Out: LLVM code.
Invariants: both are exact, though numbers of a range may be more than 2**63 apart. A
range of 2**63 numbers and more has one less than that: no run gets so far.
"""

from __future__ import annotations

from adcompiler.emit.llvm.code import Code

__all__ = ["LENGTH", "number_at", "range_length"]

LENGTH = f"""
define internal i64 @adc_range_length(i64 %start, i64 %stop, i64 %step) alwaysinline {{
  %up = icmp sgt i64 %step, 0
  %none = icmp eq i64 %step, 0
  %below = icmp slt i64 %start, %stop
  %above = icmp sgt i64 %start, %stop
  %some = select i1 %up, i1 %below, i1 %above
  %forward = sub i64 %stop, %start
  %backward = sub i64 %start, %stop
  %gap = select i1 %up, i64 %forward, i64 %backward
  %less = sub i64 0, %step
  %size = select i1 %up, i64 %step, i64 %less
  %divisor = select i1 %none, i64 1, i64 %size
  %before = sub i64 %gap, 1
  %whole = udiv i64 %before, %divisor
  %count = add i64 %whole, 1
  %endless = icmp slt i64 %count, 0
  %bounded = select i1 %endless, i64 {2**63 - 1}, i64 %count
  %result = select i1 %some, i64 %bounded, i64 0
  ret i64 %result
}}
"""


def range_length(code: Code, start: str, stop: str, step: str) -> str:
    """How many numbers ``range(start, stop, step)`` has."""
    if not _is_narrow(start, step):
        return code.op(
            f"call i64 @adc_range_length(i64 {start}, i64 {stop}, i64 {step})"
        )
    if stop.isdigit():
        return str(len(range(int(start), int(stop), int(step))))
    count = stop
    if start != "0":
        count = code.op(f"sub nsw i64 {stop}, {start}")
    if step != "1":
        before = code.op(f"sub i64 {count}, 1")
        count = code.op(f"add i64 {code.op(f'udiv i64 {before}, {step}')}, 1")
    return code.select(code.op(f"icmp sgt i64 {stop}, {start}"), "i64", count, "0")


def number_at(code: Code, start: str, step: str, place: str) -> str:
    """The number at a place of a range."""
    if _is_narrow(start, step) or step in ("1", "-1"):
        return code.add(start, code.multiply(place, step))
    return code.add(start, code.op(f"mul i64 {place}, {step}"))


def _is_narrow(start: str, step: str) -> bool:
    """Whether no two numbers of a range are 2**63 apart."""
    return start.isdigit() and step.isdigit() and step != "0"
