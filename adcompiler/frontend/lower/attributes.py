"""Attributes of values: of modules, arrays, numbers and named tuples.

In: the binding of the owner and a name. Out: the binding of the attribute.
"""

from __future__ import annotations

import ast

import numpy as np

from adcompiler.frontend import resolve
from adcompiler.frontend.bindings import (
    ArrayRef,
    Binding,
    Dyn,
    IterVal,
    ListRef,
    MethodVal,
    ObjectRef,
    RangeVal,
    RecordVal,
    Static,
    Step,
    TextVal,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import (
    arrays,
    hints,
    instances,
    intrinsics,
    iteration,
    lengths,
    list_methods,
    names,
    objects,
    records,
    texts,
)
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.reads import MISSING, WrittenIn
from adcompiler.gradients import Gradients
from adcompiler.ir.builder import constant
from adcompiler.ir.types import Array, Scalar


def attribute(ctx: Context, node: ast.AST, owner: Binding, name: str) -> Binding:
    """``owner.name``."""
    match owner:
        case Static(str()) | TextVal() if name in texts.METHODS:
            return MethodVal(owner, name)
        case Static(value):
            derived = intrinsics.attribute(ctx, node, value, name)
            return derived or names.attribute(ctx, node, value, name)
        case TupleVal(items, cls) if name in (fields := _fields(cls)):
            return records.checked(ctx, node, items[fields.index(name)])
        case _ if is_list(owner) and name in list_methods.METHODS:
            return MethodVal(owner, name)
        case TupleVal(_, cls) if hasattr(cls, "_fields") and name in instances.METHODS:
            return MethodVal(owner, name)
        case TupleVal(_, cls) if (found := WrittenIn(cls, name)()) is not MISSING:
            key = f"class {id(cls)} {name}"
            names.guard(ctx, key, name, WrittenIn(cls, name), found)
            return objects.of_class(ctx, node, owner, cls, found, name)
        case ObjectRef() | RecordVal() if owner.cls is not dict:
            return instances.attribute(ctx, node, owner, name)
        case ObjectRef() | RecordVal() if name in records.METHODS:
            return MethodVal(owner, name)
        case ArrayRef():
            return _of_array(ctx, node, owner, name)
        case Dyn(atom) if isinstance(atom.type, Scalar):
            return _of_number(ctx, node, owner, name)
        case _:
            what = f"the attribute '{name}' of {describe(owner)} is not supported"
            ctx.refuse(node, what, _instead(owner, name))


def _instead(owner: Binding, name: str) -> str:
    """What to write instead of an attribute of what is no array or number."""
    known = resolve.method(name) is not None or name in ("shape", "ndim", "T")
    match owner:
        case TupleVal() | ListRef() if known:
            return "make it an array: np.array(...)"
        case ObjectRef(cls=cls) if cls is list and known:
            return "make it an array: np.array(...)"
        case TupleVal(_, cls) if cls is not list and name in list_methods.METHODS:
            return "make it a list, or a new tuple: t + (v,)"
        case _ if is_list(owner) or getattr(owner, "cls", None) is list:
            return hints.OF_LISTS.get(name, "write a loop over the items")
        case ObjectRef() | RecordVal():
            return hints.OF_DICTS.get(name, "read its entries: d['k']")
        case MethodVal(_, method):
            return f"call the method: .{method}(...)"
        case RangeVal():
            return "give its bounds names of their own"
        case IterVal():
            return iteration.AS_LIST
        case _:
            return "read it outside, and pass it as an argument"


def _fields(cls: type) -> tuple[str, ...]:
    """The names of the items of a named tuple, or of gradients."""
    names = "__match_args__" if issubclass(cls, Gradients) else "_fields"
    fields: tuple[str, ...] = getattr(cls, names, ())
    return fields


def _of_array(ctx: Context, node: ast.AST, ref: ArrayRef, name: str) -> Binding:
    match name:
        case "shape":
            return lengths.shape(ctx, node, ref)
        case "ndim":
            return Dyn(constant(ref.type.ndim))
        case "dtype":
            return Static(np.dtype(ref.type.dtype))
        case "size":
            if all(isinstance(n, int) for n in ref.type.dims):
                total = int(np.prod([int(str(n)) for n in ref.type.dims]))
                return Dyn(constant(total))
            if ref.type.ndim == 1:
                return lengths.axis_length(ctx, node, ref, 0)
            return Dyn(ctx.emit(node, "size", ctx.read(ref, node)))
        case "T":
            return transposed(ctx, node, ref, tuple(range(ref.type.ndim))[::-1])
        case "mT" if ref.type.ndim >= 2:
            axes = list(range(ref.type.ndim))
            return transposed(ctx, node, ref, (*axes[:-2], axes[-1], axes[-2]))
        case "real":
            return ref
        case "itemsize":
            return Dyn(constant(np.dtype(ref.type.dtype).itemsize))
        case _:
            return _method(ctx, node, ref, name)


def _is_trained(ctx: Context, owner: Binding) -> bool:
    """Whether this is a parameter itself."""
    if not isinstance(owner, ArrayRef) or owner.path:
        return False
    return owner.location in ctx.parameters


def _of_number(ctx: Context, node: ast.AST, owner: Dyn, name: str) -> Binding:
    t = owner.atom.type
    assert isinstance(t, Scalar)
    if t.kind == "numpy":
        match name:
            case "shape":
                return TupleVal(())
            case "ndim":
                return Dyn(constant(0))
            case "size":
                return Dyn(constant(1))
            case "dtype":
                return Static(np.dtype(t.dtype))
            case "T" | "real":
                return owner
            case _:
                return _method(ctx, node, owner, name)
    if name == "real":
        return owner
    what = f"a Python number has no '{name}', which this value may be"
    if hasattr(float, name):
        what = f"'.{name}' of a Python number is not supported"
    ctx.refuse(node, what, hints.of_number(name))


def _method(ctx: Context, node: ast.AST, owner: Binding, name: str) -> Binding:
    if name in ("data", "detach") and not (
        name == "detach" and _is_trained(ctx, owner)
    ):
        hint = "ad.stop_gradient(x) is the array as a constant"
        ctx.refuse(node, f"the array attribute '.{name}' is not supported here", hint)
    if resolve.method(name) is None:
        ctx.refuse(
            node,
            f"the array attribute '.{name}' is not supported yet",
            hints.of_method(name),
        )
    return MethodVal(owner, name)


def transposed(
    ctx: Context, node: ast.AST, ref: ArrayRef, axes: tuple[int, ...]
) -> ArrayRef:
    """The view with its axes in another order."""
    if axes == tuple(range(len(axes))):
        return ref
    match ref.path:
        case (Step("transpose", _, (("axes", before),)),):
            whole = tuple(before[k] for k in axes)
            if whole == tuple(range(len(axes))) and ref.location.contiguous:
                dims = tuple(ref.type.dims[k] for k in axes)
                return ArrayRef(ref.location, (), Array(ref.type.dtype, dims), True)
    step = Step("transpose", (), (("axes", axes),))
    turned = not ref.path and axes == tuple(range(len(axes)))[::-1]
    ordered = turned and ref.location.fortran
    seen = arrays.through(ctx, node, ref, step, ordered)
    ctx.read(seen, node)
    return seen
