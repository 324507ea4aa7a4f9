"""Arguments that many functions of NumPy take alike: `out`, `dtype`, `where`, `order`.

In: a call as the program writes it, and the handler of the function. Out: what the
handler gives of the call without these, converted before and stored afterwards:
``np.sum(x, dtype=d)`` is the sum of ``x.astype(d)``; ``np.exp(x, out=y, where=c)``
stores ``np.where(c, np.exp(x), y)`` into y.
Invariants: a handler of a function listed here sees none of them. Arguments that follow
one of them by position come to the handler by name.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    Static,
    TupleVal,
)
from adcompiler.frontend.lower import arrays, composed
from adcompiler.frontend.lower.constructors import cast
from adcompiler.frontend.lower.handling import Call, Handler
from adcompiler.frontend.lower.operands import in_order
from adcompiler.ir.builder import constant
from adcompiler.ir.types import Array, Scalar

COMMON = ("out", "dtype", "casting", "order", "subok")

# The parameters of functions that take `out`, `dtype` or `order`, in NumPy's order.
_FUNCTIONS = """\
sum prod nansum nanprod: a axis dtype out keepdims initial where
mean nanmean: a axis dtype out keepdims where
max min amax amin nanmax nanmin: a axis out keepdims initial where
any all: a axis out keepdims where
argmax argmin nanargmax nanargmin: a axis out keepdims
cumsum cumprod nancumsum nancumprod: a axis dtype out
var std nanvar nanstd: a axis dtype out ddof keepdims where mean correction
median nanmedian: a axis out overwrite_input keepdims
quantile nanquantile: a q axis out overwrite_input method keepdims
percentile nanpercentile: a q axis out overwrite_input method keepdims
ptp: a axis out keepdims
trace: a offset axis1 axis2 dtype out
dot: a b out
outer: a b out
clip: a a_min a_max out min max dtype casting where order subok
round around: a decimals out
take: a indices axis out mode
compress: condition a axis out
choose: a choices out mode
concatenate concat: arrays axis out dtype casting
stack: arrays axis out dtype casting
vstack hstack: tup dtype casting
cumulative_sum cumulative_prod: x axis dtype out include_initial
zeros ones empty: shape dtype order device like
full: shape fill_value dtype order device like
eye: N M k dtype order device like
identity: n dtype like
zeros_like ones_like empty_like: a dtype order subok shape device
full_like: a fill_value dtype order subok shape device
copy: a order subok
isposinf isneginf fix: x out
nan_to_num: x copy nan posinf neginf
"""
_METHODS = """\
sum prod: a axis dtype out keepdims initial where
mean: a axis dtype out keepdims where
max min: a axis out keepdims initial where
any all: a axis out keepdims where
argmax argmin: a axis out keepdims
cumsum cumprod: a axis dtype out
var std: a axis dtype out ddof keepdims where mean correction
trace: a offset axis1 axis2 dtype out
dot: a b out
clip: a min max out
round: a decimals out
take: a indices axis out mode
compress: a condition axis out
copy: a order
astype: x dtype order casting subok copy
"""
# Their handlers take a dtype themselves: it says what to make, not how to compute.
MAKERS = (
    "zeros", "ones", "empty", "full", "eye", "identity", "zeros_like", "ones_like",
    "empty_like", "full_like", "astype",
)  # fmt: skip
# They compute in the dtype of `out`.
_ACCUMULATING = ("sum", "prod", "cumsum", "cumprod", "mean")
# Functions that are not defined everywhere, and a number at which they are: it stands
# where the mask is false, so that nothing is undefined there.
_PARTIAL = {
    **dict.fromkeys(
        ["sqrt", "log", "log2", "log10", "arcsin", "arccos", "arccosh", "power"], 1.0
    ),
    **dict.fromkeys(["divide", "floor_divide", "remainder", "fmod", "reciprocal"], 1.0),
    **dict.fromkeys(["log1p", "arctanh"], 0.0),
}


def _table(text: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for line in text.splitlines():
        names, words = line.split(": ")
        found.update(dict.fromkeys(names.split(), tuple(words.split())))
    return found


METHODS = _table(_METHODS)
FUNCTIONS: dict[Hashable, tuple[str, ...]] = {
    getattr(np, name): words for name, words in _table(_FUNCTIONS).items()
}


def of_function(value: Hashable, handler: Handler) -> Handler:
    """The handler of a function, given what many functions take alike."""
    if isinstance(value, np.ufunc):
        operands = tuple(f"x{k}" for k in range(1, value.nin + 1))
        outs = ("out",) * (value.nout == 1)
        return _with_words(handler, (*operands, *outs, *COMMON, "where"), True)
    words = FUNCTIONS.get(value)
    return handler if words is None else _with_words(handler, words, False)


def of_method(name: str, handler: Handler) -> Handler:
    """The handler of a method."""
    words = METHODS.get(name)
    return handler if words is None else _with_words(handler, words, False)


def _with_words(handler: Handler, words: tuple[str, ...], ufunc: bool) -> Handler:
    def handle(call: Call) -> Binding:
        plain, given = _parted(call, words)
        _check_ignored(call, given)
        out, dtype = _out(call, given.get("out", NONE)), given.get("dtype", NONE)
        if dtype != NONE or out is not None:
            plain = _converted(plain, dtype, out, ufunc)
        mask = plain.kwargs.pop("where", None) if ufunc else None
        if mask is not None and call.name.rpartition(".")[2] in _PARTIAL:
            plain = _in_domain(plain, mask)
        result = handler(plain)
        if _may_be_turned(plain, given.get("order", NONE)):
            result = composed.in_any_order(result)
        if mask is not None:
            result = _masked(call, mask, result, out)
        return result if out is None else _stored(call, result, out)

    return handle


def _parted(call: Call, words: tuple[str, ...]) -> tuple[Call, dict[str, Binding]]:
    """The call without what is common to many, and that."""
    name = call.name.rpartition(".")[2]
    common = tuple(w for w in COMMON if w in words)
    if name in MAKERS:
        common = tuple(w for w in common if w != "dtype")
    first = min((words.index(w) for w in common), default=len(words))
    named = zip(words[first:], call.args[first:], strict=False)
    keywords = {**dict(named), **call.kwargs}
    if len(call.args) > len(words):
        what = f"{call.name} with {len(call.args)} arguments is not supported"
        call.refuse(what, call.taken(words))
    given = {w: keywords.pop(w) for w in common if w in keywords}
    return replace(call, args=call.args[:first], kwargs=keywords, words=words), given


def _check_ignored(call: Call, given: dict[str, Binding]) -> None:
    """What changes no number must have a value that does not."""
    order = given.get("order", Static("K"))
    if order != NONE and order not in tuple(map(Static, "CFKA")):
        what = f"order= of {call.name} is 'C', 'F', 'A' or 'K'"
        call.refuse(what, "leave it away: it changes no number")
    casting = given.get("casting", Static("same_kind"))
    if casting not in (Static("same_kind"), Static("unsafe"), Static("safe")):
        call.refuse(f"casting= of {call.name} is 'same_kind' here", "leave it away")


def _may_be_turned(call: Call, order: Binding) -> bool:
    """Whether order= says that the result need not be in C order."""
    turned = not in_order(*call.args)
    return order == Static("F") or (turned and order in (Static("A"), Static("K")))


def _out(call: Call, out: Binding) -> ArrayRef | None:
    """The array that takes the result."""
    if isinstance(out, TupleVal) and len(out.items) == 1:
        (out,) = out.items
    if out == NONE or out == Static(...):
        return None
    if not isinstance(out, ArrayRef):
        call.refuse(f"out= of {call.name} is an array", "leave it away")
    return out


def _converted(call: Call, dtype: Binding, out: ArrayRef | None, ufunc: bool) -> Call:
    """The call with its operands in the dtype in which NumPy computes."""
    name = call.name.rpartition(".")[2]
    if dtype != NONE:
        wanted = call.dtype(dtype, None)
        assert wanted is not None
    elif out is not None and not ufunc and name in _ACCUMULATING:
        wanted = out.type.dtype
    else:
        return call
    joins = name in ("concatenate", "concat", "stack", "vstack", "hstack")
    args = [
        _cast(call, arg, wanted, ufunc) if ufunc or (k == 0 and not joins) else arg
        for k, arg in enumerate(call.args)
    ]
    if joins and isinstance(args[0], TupleVal):
        parts = tuple(_cast(call, a, wanted, True) for a in args[0].items)
        args[0] = TupleVal(parts, args[0].cls)
    return replace(call, args=args)


def _cast(call: Call, x: Binding, dtype: str, checked: bool) -> Binding:
    """The operand in this dtype; where NumPy refuses the cast, so do we."""
    x = call.array(x)
    t = x.type if isinstance(x, ArrayRef) else call.atom(x).type
    assert isinstance(t, Scalar | Array)
    if t.dtype == dtype:
        return x
    if checked and not np.can_cast(t.dtype, dtype, "same_kind"):
        call.refuse(
            f"{call.name} with dtype={dtype} takes no {t.dtype}, as in NumPy",
            "convert it first: x.astype(...)",
        )
    if isinstance(x, ArrayRef):
        return cast(call, x, dtype)
    return call.result("cast", call.atom(x), dtype=dtype, via="scalar")


def _in_domain(call: Call, mask: Binding) -> Call:
    """The call with a safe number in its last operand where the mask is false."""
    number = constant(_PARTIAL[call.name.rpartition(".")[2]])
    *others, last = call.args
    if isinstance(mask, Dyn) and mask.atom == constant(True):
        return call
    safe = call.emit("where", call.atom(mask), call.atom(call.array(last)), number)
    return replace(call, args=[*others, call.ctx.wrap(safe)])


def _masked(
    call: Call, mask: Binding, result: Binding, out: ArrayRef | None
) -> Binding:
    """The result where the mask is true, and what `out` holds elsewhere."""
    if isinstance(mask, Dyn) and mask.atom == constant(True):
        return result
    if out is None:
        call.refuse(
            f"{call.name} with where= and without out= leaves elements undefined",
            "pass an array: out=np.zeros_like(x)",
        )
    chosen = call.emit("where", call.atom(mask), call.atom(result), call.atom(out))
    return call.ctx.wrap(chosen)


def _stored(call: Call, result: Binding, out: ArrayRef) -> Binding:
    """`out`, which holds the result now."""
    atom = call.atom(result)
    assert isinstance(atom.type, Scalar | Array)
    if not np.can_cast(atom.type.dtype, out.type.dtype, "same_kind"):
        call.refuse(
            f"{call.name} stores {atom.type.dtype} into an array of "
            f"{out.type.dtype}, which NumPy refuses",
            "make out= an array of floats",
        )
    arrays.fill(call.ctx, call.node, out, atom)
    return out
