"""The streams as machine code: LLVM text of functions that fill arrays.

In: nothing. Out: `text`, a module of the functions in `kernels.NAMES`.
Invariants: each function takes the state and gives the bits that `streams` gives, by
the same operations in the same order: products are fused with sums where `exact` fuses
them and nowhere else. Functions of double precision are the C library's.

Functions take two array objects, the state and what they fill, whose lock the caller
holds, and how many numbers that is; then what they depend on. Long arrays are filled by
parts that the cache holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from adcompiler.random.normals import OPENED, normals

__all__ = ["text"]

_PART = 2048  # numbers

# --- Words --------------------------------------------------------------------------

_WORDS = """
declare double @log(double)
declare double @log1p(double)
declare double @sin(double)
declare double @cos(double)
declare double @sqrt(double)
declare double @llvm.fma.f64(double, double, double)
declare float @llvm.fma.f32(float, float, float)
declare double @llvm.sqrt.f64(double)

; A word of the next block: by the one behind it, and by one 397 places on.
define internal i64 @mixed(i64 %a, i64 %b, i64 %far) alwaysinline {
  %high = and i64 %a, 2147483648
  %low = and i64 %b, 2147483647
  %y = or i64 %high, %low
  %half = lshr i64 %y, 1
  %odd = and i64 %y, 1
  %all = sub i64 0, %odd
  %matrix = and i64 %all, 2567483615
  %x = xor i64 %half, %matrix
  %found = xor i64 %x, %far
  ret i64 %found
}

define internal void @turn(ptr %key, i64 %begin, i64 %end, i64 %far) {
entry:
  br label %trip
trip:
  %i = phi i64 [ %begin, %entry ], [ %next, %trip ]
  %next = add i64 %i, 1
  %other = add i64 %i, %far
  %p = getelementptr i64, ptr %key, i64 %i
  %q = getelementptr i64, ptr %key, i64 %next
  %r = getelementptr i64, ptr %key, i64 %other
  %a = load i64, ptr %p
  %b = load i64, ptr %q
  %c = load i64, ptr %r
  %x = call i64 @mixed(i64 %a, i64 %b, i64 %c)
  store i64 %x, ptr %p
  %more = icmp slt i64 %next, %end
  br i1 %more, label %trip, label %done
done:
  ret void
}

define internal void @twist(ptr %key) noinline {
  call void @turn(ptr %key, i64 0, i64 227, i64 397)
  call void @turn(ptr %key, i64 227, i64 623, i64 -227)
  %p = getelementptr i64, ptr %key, i64 623
  %r = getelementptr i64, ptr %key, i64 396
  %a = load i64, ptr %p
  %b = load i64, ptr %key
  %c = load i64, ptr %r
  %x = call i64 @mixed(i64 %a, i64 %b, i64 %c)
  store i64 %x, ptr %p
  ret void
}

define internal i32 @tempered(i64 %wide) alwaysinline {
  %w = trunc i64 %wide to i32
  %a = lshr i32 %w, 11
  %b = xor i32 %w, %a
  %c = shl i32 %b, 7
  %d = and i32 %c, -1658038656
  %e = xor i32 %b, %d
  %f = shl i32 %e, 15
  %g = and i32 %f, -272236544
  %h = xor i32 %e, %g
  %i = lshr i32 %h, 18
  %j = xor i32 %h, %i
  ret i32 %j
}

; The next words, in order.
define internal void @words(ptr %state, ptr noalias %out, i64 %count) noinline {
entry:
  %place = getelementptr i64, ptr %state, i64 1
  %at = getelementptr i64, ptr %state, i64 2
  %key = getelementptr i64, ptr %state, i64 3
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %block, label %done
block:
  %done_before = phi i64 [ 0, %entry ], [ %done_now, %taken ]
  %held = load i64, ptr %place
  %left = and i64 %held, 4294967295
  %empty = icmp eq i64 %left, 1
  br i1 %empty, label %twisting, label %ready
twisting:
  call void @twist(ptr %key)
  br label %ready
ready:
  %have = phi i64 [ %left, %block ], [ 625, %twisting ]
  %begin = sub i64 625, %have
  %room = sub i64 %have, 1
  %wanted = sub i64 %count, %done_before
  %few = icmp slt i64 %wanted, %room
  %take = select i1 %few, i64 %wanted, i64 %room
  %from = getelementptr i64, ptr %key, i64 %begin
  %to = getelementptr i32, ptr %out, i64 %done_before
  br label %trip
trip:
  %i = phi i64 [ 0, %ready ], [ %next, %trip ]
  %p = getelementptr i64, ptr %from, i64 %i
  %q = getelementptr i32, ptr %to, i64 %i
  %x = load i64, ptr %p
  %w = call i32 @tempered(i64 %x)
  store i32 %w, ptr %q
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %take
  br i1 %more, label %trip, label %taken
taken:
  %rest = sub i64 %have, %take
  %marked = or i64 %rest, 4294967296
  store i64 %marked, ptr %place
  %position = sub i64 625, %rest
  store i64 %position, ptr %at
  %done_now = add i64 %done_before, %take
  %again = icmp slt i64 %done_now, %count
  br i1 %again, label %block, label %done
done:
  ret void
}

define internal float @u24(i32 %w) alwaysinline {
  %low = and i32 %w, 16777215
  %x = sitofp i32 %low to float
  %u = fmul float %x, 0x3E70000000000000
  ret float %u
}

define internal double @u53(i32 %first, i32 %second) alwaysinline {
  %a = zext i32 %first to i64
  %b = zext i32 %second to i64
  %high = shl i64 %a, 32
  %long = or i64 %high, %b
  %low = and i64 %long, 9007199254740991
  %x = sitofp i64 %low to double
  %u = fmul double %x, 0x3CA0000000000000
  ret double %u
}
"""

# --- Loops --------------------------------------------------------------------------


def _parts(name: str, params: str, before: str, body: str, words: int) -> str:
    """A function that fills `%count` numbers, part by part: for each part it has drawn
    `words` words a number, in `%buffer`, when `body` is run for number `%n`, which is
    the `%i`-th of the part."""
    return f"""
define void @{name}(ptr %s, ptr %o, i64 %count{params}) {{
entry:
{OPENED}
  %buffer = alloca [{_PART * words} x i32], align 64
{before}
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %part, label %done
part:
  %base = phi i64 [ 0, %entry ], [ %after, %filled ]
  %wanted = sub i64 %count, %base
  %few = icmp slt i64 %wanted, {_PART}
  %take = select i1 %few, i64 %wanted, i64 {_PART}
  %drawn = mul i64 %take, {words}
  call void @words(ptr %state, ptr %buffer, i64 %drawn)
  br label %trip
trip:
  %i = phi i64 [ 0, %part ], [ %next, %trip ]
  %n = add i64 %base, %i
{body}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %take
  br i1 %more, label %trip, label %filled
filled:
  %after = add i64 %base, %take
  %again = icmp slt i64 %after, %count
  br i1 %again, label %part, label %done
done:
  ret void
}}
"""


_ONE_WORD = """\
  %p = getelementptr i32, ptr %buffer, i64 %i
  %w = load i32, ptr %p"""

_TWO_WORDS = """\
  %twice = shl i64 %i, 1
  %p = getelementptr i32, ptr %buffer, i64 %twice
  %p2 = getelementptr i32, ptr %p, i64 1
  %w = load i32, ptr %p
  %w2 = load i32, ptr %p2"""


def _store(t: str, value: str) -> str:
    return f"""\
  %q = getelementptr {t}, ptr %out, i64 %n
  store {t} {value}, ptr %q"""


def _uniform(t: str) -> Iterator[str]:
    """Numbers below 1, and between two ends."""
    one, letter = (_ONE_WORD, "f") if t == "float" else (_TWO_WORDS, "d")
    bits = "32" if t == "float" else "64"
    made = f"  %u = call {t} @u24(i32 %w)"
    if t == "double":
        made = f"  %u = call {t} @u53(i32 %w, i32 %w2)"
    words = 1 if t == "float" else 2
    yield _parts(
        f"adc_rand_{letter}", "", "", f"{one}\n{made}\n{_store(t, '%u')}", words
    )
    ends = "  %l = fadd double %low, 0.0\n  %h = fadd double %high, 0.0"
    if t == "float":
        ends = (
            "  %l = fptrunc double %low to float\n  %h = fptrunc double %high to float"
        )
    cast = f"{ends}\n  %width = fsub {t} %h, %l"
    body = f"""{one}
{made}
  %v = call {t} @llvm.fma.f{bits}({t} %u, {t} %width, {t} %l)
  %over = fcmp oge {t} %v, %h
  %x = select i1 %over, {t} %l, {t} %v
{_store(t, "%x")}"""
    yield _parts(
        f"adc_uniform_{letter}", ", double %low, double %high", cast, body, words
    )


def _of_doubles(t: str) -> Iterator[str]:
    """What is computed in double precision, whatever it is cast to."""
    letter = t[0]
    made = f"{_TWO_WORDS}\n  %u = call double @u53(i32 %w, i32 %w2)"
    given = "  %g = fadd double %kept, 0.0"
    cast = "  %x = fadd double %v, 0.0"
    if t == "float":
        given = "  %g = fptrunc double %kept to float"
        cast = "  %x = fptrunc double %v to float"
    body = f"""{made}
  %yes = fcmp olt double %u, %p_kept
  %x = select i1 %yes, {t} %g, {t} 0.0
{_store(t, "%x")}"""
    params = ", double %p_kept, double %kept"
    yield _parts(f"adc_coins_{letter}", params, given, body, 2)
    body = f"""{made}
  %minus = fneg double %u
  %e = call double @log1p(double %minus)
  %v = fmul double %scale, %e
{cast}
{_store(t, "%x")}"""
    yield _parts(f"adc_exponential_{letter}", ", double %scale", "", body, 2)


def _integers() -> Iterator[str]:
    narrow = f"""{_ONE_WORD}
  %rest = urem i32 %w, %narrow
  %wide = zext i32 %rest to i64
  %x = add i64 %wide, %low
{_store("i64", "%x")}"""
    before = "  %narrow = trunc i64 %span to i32"
    params = ", i64 %low, i64 %span"
    yield _parts("adc_randint", params, before, narrow, 1)
    wide = f"""{_TWO_WORDS}
  %a = zext i32 %w to i64
  %b = zext i32 %w2 to i64
  %high = shl i64 %a, 32
  %long = or i64 %high, %b
  %rest = urem i64 %long, %span
  %x = add i64 %rest, %low
{_store("i64", "%x")}"""
    yield _parts("adc_randint_wide", params, "", wide, 2)
    # `%out` has the numbers in order; what is counted is the swaps.
    swap = f"""{_ONE_WORD}
  %left = sub i64 %last, %n
  %wide = zext i32 %w to i64
  %step = urem i64 %wide, %left
  %k = add i64 %n, %step
  %here = getelementptr i64, ptr %out, i64 %n
  %there = getelementptr i64, ptr %out, i64 %k
  %mine = load i64, ptr %here
  %other = load i64, ptr %there
  store i64 %other, ptr %here
  store i64 %mine, ptr %there"""
    yield _parts("adc_randperm", "", "  %last = add i64 %count, 1", swap, 1)


def text() -> str:
    """The module."""
    parts = [_WORDS, *_uniform("float"), *_uniform("double")]
    parts += [*_of_doubles("float"), *_of_doubles("double"), *_integers()]
    return "".join([*parts, *normals()])
