"""Arrays that leave a run become objects of NumPy.

In: an array, of which the run holds the memory. Out: LLVM text that gives an array
object in C order, or null where memory is lacking.
Invariants: memory that nobody else holds, all of which the array fills, becomes the
object's own, as if NumPy had made it; from other memory the elements are copied.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, bytes_of, each, rounded_bytes
from adcompiler.emit.llvm.values import Elements, dense, offset_by
from adcompiler.emit.llvm.writer import Module

__all__ = ["boxed_array", "is_boxing"]

_BOXING = "adc_box_"
_LEAST = 1024  # bytes from which memory changes hands: none of the pool, which has less
_CARRAY, _OWNDATA = 0x501, 0x4
_PAYLOAD, _KIND, _HOLDERS = "32", "24", "16"  # in the head of a block
_DATA, _FLAGS, _HANDLER = "16", "64", "88"  # in an array object


def is_boxing(name: str) -> bool:
    """Whether a function makes objects of arrays, which is done after a run."""
    return name.startswith(_BOXING)


def boxed_array(code: Code, module: Module, x: Elements, ctx: str) -> str:
    """The object of an array, whose holder lets go of it afterwards."""
    name = f"{_BOXING}{x.dtype}_{len(x.dims)}"
    if name not in module.extra:
        module.extra[name] = _function(name, x.dtype, len(x.dims))
    lengths = [f"i64 {n}" for n in (*x.dims, *x.strides)]
    given = ", ".join([f"ptr {ctx}, ptr {x.data}, ptr {x.owner}", *lengths])
    return code.op(f"call ptr @{name}({given})")


def _function(name: str, dtype: str, rank: int) -> str:
    """The function for arrays of a dtype and a rank."""
    code = Code()
    dims = tuple(f"%n{k}" for k in range(rank))
    strides = tuple(f"%s{k}" for k in range(rank))
    x = Elements(dtype, "%data", "%owner", dims, strides)
    place = code.alloca("i64", max(1, rank))
    for k, n in enumerate(dims):
        code.do(f"store i64 {n}, ptr {offset_by(code, place, str(8 * k))}")
    size = code.multiply(code.product(dims), str(bytes_of(dtype)))
    flat = _is_flat(code, x)
    some = code.op("icmp ne ptr %owner, null")
    large = code.op(f"icmp uge i64 {size}, {_LEAST}")
    look, own, new = (code.label(h) for h in ("look", "own", "new"))
    code.branch(code.both(code.both(flat, some), large), look, new)
    code.start(look)
    code.branch(_is_whole(code, size), own, new)
    code.start(own)
    _hand_over(code, rank, place, dtype)
    code.start(new)
    _copy(code, x, place, flat, size)
    lengths = [f"i64 {n}" for n in (*dims, *strides)]
    given = ", ".join(["ptr %ctx, ptr %data, ptr %owner", *lengths])
    return f"define internal ptr @{name}({given}) noinline {{\n{code.text}\n}}\n"


def _is_flat(code: Code, x: Elements) -> str:
    """Whether the elements lie in C order, without gaps."""
    flat = "true"
    for stride, wanted in zip(x.strides, dense(code, x.dims), strict=True):
        flat = code.both(flat, code.op(f"icmp eq i64 {stride}, {wanted}"))
    return flat


def _is_whole(code: Code, size: str) -> str:
    """Whether the array is all that is in its block, and has one holder."""
    found = "true"
    for place, wanted in ((_KIND, "3"), (_HOLDERS, "1")):
        held = code.op(f"load i64, ptr {offset_by(code, '%owner', place)}")
        found = code.both(found, code.op(f"icmp eq i64 {held}, {wanted}"))
    start = code.op(f"load ptr, ptr {offset_by(code, '%owner', _PAYLOAD)}")
    found = code.both(found, code.op(f"icmp eq ptr {start}, %data"))
    first = code.op("ptrtoint ptr %data to i64")
    last = code.op("ptrtoint ptr %owner to i64")
    rounded = rounded_bytes(code, size)
    filled = code.op(f"icmp eq i64 {code.op(f'sub i64 {last}, {first}')}, {rounded}")
    return code.both(found, filled)


def _made(code: Code, rank: int, place: str, dtype: str, data: str, flags: int) -> str:
    number = np.dtype(dtype).num
    box = code.op(
        f"call ptr @adc_array_new(ptr @adc_array_type, i32 {rank}, ptr {place}, "
        f"i32 {number}, ptr null, ptr {data}, i32 0, i32 {flags}, ptr null)"
    )
    onward, lacking = code.label("made"), code.label("lacking")
    code.branch(code.op(f"icmp eq ptr {box}, null"), lacking, onward)
    code.start(lacking)
    code.do("ret ptr null")
    code.start(onward)
    return box


def _hand_over(code: Code, rank: int, place: str, dtype: str) -> None:
    """The memory leaves the run; NumPy frees it as it frees its own."""
    box = _made(code, rank, place, dtype, "%data", _CARRAY)
    code.do("call void @adc_unlink(ptr %ctx, ptr %owner)")
    at = offset_by(code, box, _FLAGS)
    flags = code.op(f"load i32, ptr {at}")
    code.do(f"store i32 {code.op(f'or i32 {flags}, {_OWNDATA}')}, ptr {at}")
    handler = code.op("load ptr, ptr @adc_default_handler")
    code.do(f"call void @Py_IncRef(ptr {handler})")
    code.do(f"store ptr {handler}, ptr {offset_by(code, box, _HANDLER)}")
    code.do(f"ret ptr {box}")


def _copy(code: Code, x: Elements, place: str, flat: str, size: str) -> None:
    """The elements in memory that NumPy makes."""
    box = _made(code, len(x.dims), place, x.dtype, "null", 0)
    data = code.op(f"load ptr, ptr {offset_by(code, box, _DATA)}")
    first, second = code.label("flat"), code.label("gaps")
    code.branch(flat, first, second)
    code.start(first)
    code.do(
        f"call void @llvm.memcpy.p0.p0.i64(ptr {data}, ptr {x.data}, i64 {size}, "
        "i1 false)"
    )
    code.do(f"ret ptr {box}")
    code.start(second)
    target = Elements(x.dtype, data, "null", x.dims, dense(code, x.dims), True)

    def body(places: list[At], carried: tuple[str, ...]) -> Sequence[str]:
        places[0].put(code, places[1].get(code))
        return ()

    each(code, x.dims, [target, x], body)
    code.do(f"ret ptr {box}")
