"""Normal numbers as LLVM text.

In: nothing. Out: functions of the module that `native` puts together, whose `@words`,
`@u24` and `@u53` they call.
Invariants: operations and their order are those of `exact` and `streams`. Of single
precision, blocks of 16 are vectors, two blocks at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from adcompiler.random import exact

__all__ = ["OPENED", "normals"]

_PART = 2048  # numbers that are made of words in the cache: whole blocks
_TWO_PI = 6.283185307179586

# Where an array object has its elements.
OPENED = """\
  %s_place = getelementptr i8, ptr %s, i64 16
  %o_place = getelementptr i8, ptr %o, i64 16
  %state = load ptr, ptr %s_place
  %out = load ptr, ptr %o_place"""

# --- Normal numbers in single precision ---------------------------------------------


def _hex(value: float) -> str:
    return "0x" + struct.pack(">d", float(value)).hex().upper()


class _Vectors:
    """Writes operations on vectors of floats, one after the other."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self.f, self.i = f"<{lanes} x float>", f"<{lanes} x i32>"

    def op(self, what: str) -> str:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {what}")
        return name

    def splat(self, value: float) -> str:
        return f"<{', '.join([f'float {_hex(value)}'] * self.lanes)}>"

    def whole(self, value: int) -> str:
        return f"<{', '.join([f'i32 {value}'] * self.lanes)}>"

    def two(self, name: str, a: str, b: str) -> str:
        return self.op(f"{name} {self.f} {a}, {b}")

    def bits(self, name: str, a: str, b: int) -> str:
        return self.op(f"{name} {self.i} {a}, {self.whole(b)}")

    def fma(self, a: str, b: str, c: str) -> str:
        f = self.f
        return self.op(
            f"call {f} @llvm.fma.v{self.lanes}f32({f} {a}, {f} {b}, {f} {c})"
        )

    def chosen(self, flag: str, a: str, b: str) -> str:
        flags = f"<{self.lanes} x i1>"
        return self.op(f"select {flags} {flag}, {self.f} {a}, {self.f} {b}")

    def flag(self, word: str, bit: int) -> str:
        zero = self.bits("and", word, bit)
        return self.op(f"icmp ne {self.i} {zero}, {self.whole(0)}")

    def horner(self, coefficients: tuple[float, ...], x: str) -> str:
        first, *others = (self.splat(c) for c in coefficients)
        for c in others:
            first = self.fma(first, x, c)
        return first

    def log(self, x: str) -> str:
        """See `exact.log32`."""
        word = self.op(f"bitcast {self.f} {x} to {self.i}")
        power = self.bits("sub", self.bits("lshr", word, 23), 126)
        exponent = self.op(f"sitofp {self.i} {power} to {self.f}")
        digits = self.bits("or", self.bits("and", word, 0x007FFFFF), 0x3F000000)
        mantissa = self.op(f"bitcast {self.i} {digits} to {self.f}")
        low = self.op(
            f"fcmp olt {self.f} {mantissa}, {self.splat(float(exact.ROOT_HALF))}"
        )
        less = self.two("fsub", exponent, self.splat(1.0))
        exponent = self.chosen(low, less, exponent)
        more = self.chosen(low, mantissa, self.splat(0.0))
        m = self.two("fadd", self.two("fsub", mantissa, self.splat(1.0)), more)
        y = self.horner(tuple(map(float, exact.LOG)), m)
        square = self.two("fmul", m, m)
        least = self.two("fmul", exponent, self.splat(float(exact.LOG2_LOW)))
        y = self.fma(self.two("fmul", y, m), square, least)
        y = self.fma(square, self.splat(-0.5), y)
        return self.fma(
            exponent, self.splat(float(exact.LOG2_HIGH)), self.two("fadd", m, y)
        )

    def sine_cosine(self, x: str) -> tuple[str, str]:
        """See `exact.sine_cosine32`."""
        scaled = self.two("fmul", x, self.splat(float(exact.OCTANTS)))
        whole = self.op(f"fptosi {self.f} {scaled} to {self.i}")
        octant = self.bits("and", self.bits("add", whole, 1), -2)
        turns = self.op(f"sitofp {self.i} {octant} to {self.f}")
        for part in exact.QUARTER:
            x = self.fma(turns, self.splat(-float(part)), x)
        square = self.two("fmul", x, x)
        last = float(exact.COSINE_LAST)
        c = self.horner((*map(float, exact.COSINE), last), square)
        half = self.two("fmul", square, self.splat(-0.5))
        c = self.fma(self.two("fmul", c, square), square, half)
        cosine = self.two("fadd", c, self.splat(1.0))
        s = self.horner(tuple(map(float, exact.SINE)), square)
        sine = self.fma(self.two("fmul", s, square), x, x)
        swapped = self.flag(octant, 2)
        sines = self.chosen(swapped, cosine, sine)
        cosines = self.chosen(swapped, sine, cosine)
        minus = self.op(f"fneg {self.f} {sines}")
        sines = self.chosen(self.flag(octant, 4), minus, sines)
        minus = self.op(f"fneg {self.f} {cosines}")
        kept = self.flag(self.bits("sub", octant, 2), 4)
        return sines, self.chosen(kept, cosines, minus)

    def normals(self, first: str, second: str, mean: str, std: str) -> tuple[str, str]:
        """Of the halves of a block the normal numbers; see `streams`."""
        rest = self.two("fsub", self.splat(1.0), first)
        twice = self.two("fmul", self.splat(-2.0), self.log(rest))
        radius = self.op(f"call {self.f} @llvm.sqrt.v{self.lanes}f32({self.f} {twice})")
        angle = self.two("fmul", self.splat(float(exact.TURN)), second)
        sine, cosine = self.sine_cosine(angle)
        return (
            self.fma(self.two("fmul", radius, cosine), std, mean),
            self.fma(self.two("fmul", radius, sine), std, mean),
        )


def _blocks(lanes: int) -> str:
    """A function that makes normal numbers of `lanes / 8` blocks, in place."""
    v, half = _Vectors(lanes), "<8 x float>"
    count = lanes // 8
    firsts: list[str] = []
    seconds: list[str] = []
    for k in range(2 * count):
        place = v.op(f"getelementptr float, ptr %block, i64 {8 * k}")
        (seconds if k % 2 else firsts).append(
            v.op(f"load {half}, ptr {place}, align 4")
        )
    both = [_joined(v, parts) for parts in (firsts, seconds)]
    wide = [_wide(v, name) for name in ("%mean", "%std")]
    found = v.normals(both[0], both[1], wide[0], wide[1])
    for k in range(2 * count):
        part = _half(v, found[k % 2], k // 2)
        place = v.op(f"getelementptr float, ptr %block, i64 {8 * k}")
        v.lines.append(f"  store {half} {part}, ptr {place}, align 4")
    body = "\n".join(v.lines)
    return f"""
declare {v.f} @llvm.fma.v{lanes}f32({v.f}, {v.f}, {v.f})
declare {v.f} @llvm.sqrt.v{lanes}f32({v.f})

define internal void @blocks{lanes}(ptr %block, float %mean, float %std) alwaysinline {{
{body}
  ret void
}}
"""


def _joined(v: _Vectors, parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    order = ", ".join(f"i32 {k}" for k in range(v.lanes))
    pair = ", ".join(f"<8 x float> {p}" for p in parts)
    return v.op(f"shufflevector {pair}, <{v.lanes} x i32> <{order}>")


def _half(v: _Vectors, value: str, k: int) -> str:
    if v.lanes == 8:
        return value
    order = ", ".join(f"i32 {8 * k + n}" for n in range(8))
    return v.op(f"shufflevector {v.f} {value}, {v.f} poison, <8 x i32> <{order}>")


def _wide(v: _Vectors, number: str) -> str:
    one = v.op(f"insertelement {v.f} poison, float {number}, i64 0")
    zeros = v.whole(0)
    return v.op(f"shufflevector {v.f} {one}, {v.f} poison, {v.i} {zeros}")


_NORMALS_32 = f"""
define internal void @fill24(
  ptr %state, ptr noalias %out, ptr noalias %buffer, i64 %count
) noinline {{
entry:
  call void @words(ptr %state, ptr %buffer, i64 %count)
  br label %trip
trip:
  %i = phi i64 [ 0, %entry ], [ %next, %trip ]
  %p = getelementptr i32, ptr %buffer, i64 %i
  %w = load i32, ptr %p
  %u = call float @u24(i32 %w)
  %q = getelementptr float, ptr %out, i64 %i
  store float %u, ptr %q
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %trip, label %done
done:
  ret void
}}

define internal void @turned(ptr %out, i64 %count, float %mean, float %std) noinline {{
entry:
  %pairs = and i64 %count, -32
  %any = icmp sgt i64 %pairs, 0
  br i1 %any, label %two, label %rest
two:
  %i = phi i64 [ 0, %entry ], [ %next, %two ]
  %p = getelementptr float, ptr %out, i64 %i
  call void @blocks16(ptr %p, float %mean, float %std)
  %next = add i64 %i, 32
  %more = icmp slt i64 %next, %pairs
  br i1 %more, label %two, label %rest
rest:
  %odd = icmp slt i64 %pairs, %count
  br i1 %odd, label %one, label %done
one:
  %q = getelementptr float, ptr %out, i64 %pairs
  call void @blocks8(ptr %q, float %mean, float %std)
  br label %done
done:
  ret void
}}

define internal void @blocks_f(ptr %s, ptr %o, i64 %count, double %m, double %d) {{
entry:
{OPENED}
  %buffer = alloca [{_PART} x i32], align 64
  %mean = fptrunc double %m to float
  %std = fptrunc double %d to float
  %whole = and i64 %count, -16
  br label %part
part:
  %base = phi i64 [ 0, %entry ], [ %after, %part ]
  %wanted = sub i64 %whole, %base
  %few = icmp slt i64 %wanted, {_PART}
  %take = select i1 %few, i64 %wanted, i64 {_PART}
  %p = getelementptr float, ptr %out, i64 %base
  call void @fill24(ptr %state, ptr %p, ptr %buffer, i64 %take)
  call void @turned(ptr %p, i64 %take, float %mean, float %std)
  %after = add i64 %base, %take
  %again = icmp slt i64 %after, %whole
  br i1 %again, label %part, label %end
end:
  %over = sub i64 %count, %whole
  %some = icmp sgt i64 %over, 0
  br i1 %some, label %last, label %done
last:
  ; The words of what is left are drawn, and then the last block anew.
  call void @words(ptr %state, ptr %buffer, i64 %over)
  %back = sub i64 %count, 16
  %q = getelementptr float, ptr %out, i64 %back
  call void @fill24(ptr %state, ptr %q, ptr %buffer, i64 16)
  call void @turned(ptr %q, i64 16, float %mean, float %std)
  br label %done
done:
  ret void
}}
"""

# --- Normal numbers in double precision ---------------------------------------------

_NORMALS_64 = f"""
define internal void @block_d(
  ptr %state, ptr noalias %out, ptr noalias %buffer, double %mean, double %std
) noinline {{
entry:
  call void @words(ptr %state, ptr %buffer, i64 32)
  br label %trip
trip:
  %i = phi i64 [ 0, %entry ], [ %next, %trip ]
  %j = add i64 %i, 8
  %i2 = shl i64 %i, 1
  %j2 = shl i64 %j, 1
  %p = getelementptr i32, ptr %buffer, i64 %i2
  %q = getelementptr i32, ptr %buffer, i64 %j2
  %pp = getelementptr i32, ptr %p, i64 1
  %qq = getelementptr i32, ptr %q, i64 1
  %a = load i32, ptr %p
  %b = load i32, ptr %pp
  %c = load i32, ptr %q
  %d = load i32, ptr %qq
  %u = call double @u53(i32 %a, i32 %b)
  %v = call double @u53(i32 %c, i32 %d)
  %rest = fsub double 1.0, %u
  %log = call double @log(double %rest)
  %twice = fmul double -2.0, %log
  %radius = call double @llvm.sqrt.f64(double %twice)
  %angle = fmul double {_hex(_TWO_PI)}, %v
  %cos = call double @cos(double %angle)
  %sin = call double @sin(double %angle)
  %x = fmul double %radius, %cos
  %y = fmul double %radius, %sin
  %xx = call double @llvm.fma.f64(double %x, double %std, double %mean)
  %yy = call double @llvm.fma.f64(double %y, double %std, double %mean)
  %to = getelementptr double, ptr %out, i64 %i
  %also = getelementptr double, ptr %out, i64 %j
  store double %xx, ptr %to
  store double %yy, ptr %also
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, 8
  br i1 %more, label %trip, label %done
done:
  ret void
}}

define internal void @blocks_d(ptr %s, ptr %o, i64 %count, double %mean, double %std) {{
entry:
{OPENED}
  %buffer = alloca [32 x i32], align 64
  %whole = and i64 %count, -16
  br label %part
part:
  %base = phi i64 [ 0, %entry ], [ %after, %part ]
  %p = getelementptr double, ptr %out, i64 %base
  call void @block_d(ptr %state, ptr %p, ptr %buffer, double %mean, double %std)
  %after = add i64 %base, 16
  %again = icmp slt i64 %after, %whole
  br i1 %again, label %part, label %end
end:
  %over = sub i64 %count, %whole
  %some = icmp sgt i64 %over, 0
  br i1 %some, label %last, label %done
last:
  %double = shl i64 %over, 1
  call void @words(ptr %state, ptr %buffer, i64 %double)
  %back = sub i64 %count, 16
  %q = getelementptr double, ptr %out, i64 %back
  call void @block_d(ptr %state, ptr %q, ptr %buffer, double %mean, double %std)
  br label %done
done:
  ret void
}}

; One by one, in pairs, of which the state keeps the second.
define internal void @singly(ptr %s, ptr %o, i64 %count, double %mean, double %std) {{
entry:
{OPENED}
  %buffer = alloca [4 x i32], align 16
  %kept = getelementptr i64, ptr %state, i64 628
  %valid = getelementptr i64, ptr %state, i64 630
  %any = icmp sgt i64 %count, 0
  br i1 %any, label %trip, label %done
trip:
  %i = phi i64 [ 0, %entry ], [ %next, %stored ]
  %flag = load i32, ptr %valid
  %there = icmp ne i32 %flag, 0
  br i1 %there, label %second, label %first
second:
  %held = load double, ptr %kept
  store i32 0, ptr %valid
  store double 0.0, ptr %kept
  br label %stored
first:
  call void @words(ptr %state, ptr %buffer, i64 4)
  %p1 = getelementptr i32, ptr %buffer, i64 1
  %p2 = getelementptr i32, ptr %buffer, i64 2
  %p3 = getelementptr i32, ptr %buffer, i64 3
  %a = load i32, ptr %buffer
  %b = load i32, ptr %p1
  %c = load i32, ptr %p2
  %d = load i32, ptr %p3
  %u = call double @u53(i32 %a, i32 %b)
  %v = call double @u53(i32 %c, i32 %d)
  %angle = fmul double {_hex(_TWO_PI)}, %u
  %minus = fneg double %v
  %log = call double @log1p(double %minus)
  %twice = fmul double -2.0, %log
  %radius = call double @llvm.sqrt.f64(double %twice)
  %cos = call double @cos(double %angle)
  %sin = call double @sin(double %angle)
  %now = fmul double %radius, %cos
  %later = fmul double %radius, %sin
  store double %later, ptr %kept
  store i32 1, ptr %valid
  br label %stored
stored:
  %z = phi double [ %held, %second ], [ %now, %first ]
  %x = call double @llvm.fma.f64(double %z, double %std, double %mean)
  %q = getelementptr double, ptr %out, i64 %i
  store double %x, ptr %q
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %trip, label %done
done:
  ret void
}}
"""

_NORMALS = """
define void @adc_normals_d(ptr %s, ptr %o, i64 %count, double %mean, double %std) {
entry:
  %few = icmp slt i64 %count, 16
  br i1 %few, label %one, label %many
one:
  call void @singly(ptr %s, ptr %o, i64 %count, double %mean, double %std)
  ret void
many:
  call void @blocks_d(ptr %s, ptr %o, i64 %count, double %mean, double %std)
  ret void
}

define void @adc_normals_f(ptr %s, ptr %o, i64 %count, double %mean, double %std) {
entry:
  %wide = alloca [16 x double], align 64
  %holder = alloca [3 x i64]
  %held = getelementptr i8, ptr %holder, i64 16
  store ptr %wide, ptr %held
  %o_place = getelementptr i8, ptr %o, i64 16
  %out = load ptr, ptr %o_place
  %few = icmp slt i64 %count, 16
  br i1 %few, label %one, label %many
many:
  call void @blocks_f(ptr %s, ptr %o, i64 %count, double %mean, double %std)
  ret void
one:
  ; They are computed in double precision.
  call void @singly(ptr %s, ptr %holder, i64 %count, double %mean, double %std)
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %trip, label %done
trip:
  %i = phi i64 [ 0, %one ], [ %next, %trip ]
  %p = getelementptr double, ptr %wide, i64 %i
  %q = getelementptr float, ptr %out, i64 %i
  %x = load double, ptr %p
  %y = fptrunc double %x to float
  store float %y, ptr %q
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %trip, label %done
done:
  ret void
}
"""


def normals() -> Iterator[str]:
    """The functions."""
    yield from (_blocks(8), _blocks(16), _NORMALS_32, _NORMALS_64, _NORMALS)
