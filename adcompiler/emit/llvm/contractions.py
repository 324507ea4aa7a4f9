"""Rows that contract arrays: products of matrices and vectors.

In: a statement. Out: its result; None where NumPy is to compute it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from adcompiler.emit.llvm.blas import GEMM
from adcompiler.emit.llvm.code import Code
from adcompiler.emit.llvm.nests import At, broadcast, copied, each, joined
from adcompiler.emit.llvm.products import FEW, by_nest, call_product, dot
from adcompiler.emit.llvm.scalars import convert, elementwise
from adcompiler.emit.llvm.values import Elements, Number, Value, dense, element
from adcompiler.emit.llvm.writer import Writer
from adcompiler.ir.nodes import Atom, Let, Stmt, Var
from adcompiler.ir.types import Array, Scalar

__all__ = ["ROWS", "add_product", "waits"]

Values = list[Value]


def _matmul(writer: Writer, let: Let) -> Values | None:
    """The product; None of what there is no code for."""
    foreseen = writer.foreseen.get(let)
    if foreseen is not None:
        return [foreseen.value(writer, let)]
    found = multiplied(writer, let, None)
    return None if found is None else [found]


def multiplied(writer: Writer, let: Let, target: Elements | None) -> Value | None:
    """A product of vectors or matrices, or of stacks of matrices.

    It is added to the target, if there is one.
    """
    a, b = (writer.value(x) for x in let.operands)
    t = let.result.type
    if not isinstance(a, Elements) or not isinstance(b, Elements):
        return None
    if not isinstance(t, Array | Scalar) or t.dtype not in GEMM:
        return None
    if not t.dtype == a.dtype == b.dtype:
        return None
    if isinstance(t, Scalar):
        row, column = _as_matrix(a, row=True), _as_matrix(b, row=False)
        total = dot(writer.code, row, column, t.dtype, "0", "0")
        return Number(t.dtype, total, "")
    result = let.result if target is None else None
    return _product(writer, a, b, target, result)


def _as_matrix(x: Elements, *, row: bool) -> Elements:
    """A vector as a matrix of one row, or of one column."""
    if len(x.dims) != 1:
        return x
    (n,), (step,) = x.dims, x.strides
    if row:
        return replace(x, dims=("1", n), strides=(n, step), contiguous=False)
    return replace(x, dims=(n, "1"), strides=(step, "1"), contiguous=False)


def _product(
    writer: Writer,
    a: Elements,
    b: Elements,
    target: Elements | None,
    result: Var | None,
) -> Elements:
    """The product, added to the target, or as the value of `result`."""
    code = writer.code
    left, right = _as_matrix(a, row=True), _as_matrix(b, row=False)
    copies = [x for x in (left, right) if "1" not in x.strides[-2:]]
    left, right = (copied(code, x) if x in copies else x for x in (left, right))
    lead = joined(code, left.dims[:-2], right.dims[:-2], settled=True)
    m, n = left.dims[-2], right.dims[-1]
    ends = (*(m for _ in range(len(a.dims) > 1)), *(n for _ in range(len(b.dims) > 1)))
    found = target
    if found is None:
        assert result is not None
        found = writer.room(result, (*lead, *ends))
    whole = replace(found, dims=(*lead, m, n), strides=dense(code, (*lead, m, n)))
    stacks = [
        broadcast(code, x, (*lead, *x.dims[-2:])) if lead else x for x in (left, right)
    ]
    _each_matrix(
        code,
        [whole, *stacks],
        len(lead),
        lambda parts: _multiply(writer, *parts, adds=target is not None),
    )
    for x in (left, right):
        if x.owner not in (a.owner, b.owner):
            writer.release(x)
    return found


def _each_matrix(
    code: Code,
    stacks: Sequence[Elements],
    rank: int,
    body: Callable[[list[Elements]], None],
) -> None:
    """Do something for each matrix of stacks that have the same leading lengths."""
    if rank == 0:
        body(list(stacks))
        return

    def trip(index: str, carried: tuple[str, ...]) -> Sequence[str]:
        inner = [
            replace(
                x,
                data=element(code, x, code.multiply(index, x.strides[0])),
                dims=x.dims[1:],
                strides=x.strides[1:],
                contiguous=False,
            )
            for x in stacks
        ]
        _each_matrix(code, inner, rank - 1, body)
        return ()

    code.counted(stacks[0].dims[0], trip)


def _multiply(
    writer: Writer, found: Elements, left: Elements, right: Elements, *, adds: bool
) -> None:
    """The product of two matrices: in place where their elements are few, and known to
    be, or of a column and a row; else by a function of the module."""
    code, (m, n), k = writer.code, found.dims, left.dims[1]
    lengths = (m, k, n)
    most = 4 * FEW if "1" in lengths else FEW
    known = all(d.isdigit() for d in lengths)
    if k == "1" or (known and math.prod(map(int, lengths)) <= most):
        by_nest(code, found, left, right, adds=adds)
        return
    call_product(writer, found, left, right, adds=adds)


def _outer(writer: Writer, let: Let) -> Values | None:
    a, b = (writer.value(x) for x in let.operands)
    t = let.result.type
    if not isinstance(a, Elements) or not isinstance(b, Elements):
        return None
    if not isinstance(t, Array):
        return None
    found = writer.room(let.result, (a.dims[0], b.dims[0]))
    _outer_product(writer.code, found, a, b, adds=False)
    return [found]


def _outer_product(
    code: Code, found: Elements, a: Elements, b: Elements, *, adds: bool
) -> None:
    dtype = found.dtype
    left = replace(a, dims=found.dims, strides=(a.strides[0], "0"), contiguous=False)
    right = replace(b, dims=found.dims, strides=("0", b.strides[0]), contiguous=False)

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        x = convert(code, places[1].get(code), a.dtype, dtype)
        y = convert(code, places[2].get(code), b.dtype, dtype)
        text, _ = elementwise(code, "multiply", {}, [x, y], [dtype, dtype])
        if adds:
            old = places[0].get(code)
            text, _ = elementwise(code, "add", {}, [old, text], [dtype, dtype])
        places[0].put(code, text)

    each(code, found.dims, [found, left, right], body)


# -- products that are added to what is there --------------------------------------


def waits(writer: Writer, let: Let) -> bool:
    """Whether a product is computed when it is added to something, and straight there.

    Its operands are held until then, and nothing is stored to them.
    """
    if let.primitive.name not in ("matmul", "outer"):
        return False
    scope, result = writer.scopes[-1], let.result
    at = scope.last.get(result, -1)
    if not scope.at < at < len(scope.body):
        return False
    user = scope.body[at]
    if not isinstance(user, Let) or not _adds(writer, user, let):
        return False
    between = scope.body[scope.at + 1 : at + 1]
    if any(_disturbs(writer, stmt, let) for stmt in between):
        return False
    if sum(result in _read(stmt) for stmt in between) != 1:
        return False
    for atom in let.operands:
        for var in (atom, writer.lent.get(atom) if isinstance(atom, Var) else None):
            if isinstance(var, Var) and var in scope.last:
                scope.last[var] = max(scope.last[var], at)
    writer.waiting[result] = let
    return True


def _read(stmt: Stmt) -> tuple[Atom, ...]:
    return stmt.operands if isinstance(stmt, Let) else ()


def _adds(writer: Writer, user: Let, made: Let) -> bool:
    """Whether a statement adds the product to a matrix of its shape and dtype, and has
    nothing to test, for which the product would have to be there."""
    product = made.result
    if user.primitive.name != "accumulate" or user.param("index") != () or user.raises:
        return False
    target, value = user.operands
    types = [product.type, *(a.type for a in made.operands)]
    if value is not product or not isinstance(target, Var):
        return False
    if writer.shape(target.type) != writer.shape(product.type):
        return False
    dtypes = {getattr(t, "dtype", None) for t in (target.type, *types)}
    small = all(isinstance(t, Array) and t.ndim <= 2 for t in types)
    return small and len(dtypes) == 1 and dtypes <= GEMM.keys()


def _disturbs(writer: Writer, stmt: Stmt, product: Let) -> bool:
    """Whether a statement may change what the product is made of."""
    if not isinstance(stmt, Let):
        return True
    if not stmt.primitive.writes:
        return False
    memory = writer.roots(stmt.operands[0])
    return any(memory & writer.roots(a) for a in product.operands)


def add_product(writer: Writer, let: Let) -> Values | None:
    """Add a product that has waited; None where the statement adds something else."""
    product = writer.waiting.pop(let.operands[1], None)
    if product is None:
        return None
    target = writer.elements(let.operands[0])
    delayed = writer.delayed.get(let)
    factors = [writer.elements(x) for x in product.operands]
    if delayed is None or not target.contiguous:
        _add_now(writer, product, target)
    else:
        row = product.primitive.name == "matmul"
        left = _as_matrix(factors[0], row=row)
        right = _as_matrix(factors[1], row=not row)
        delayed.add(
            *(writer, target, left, right),
            lambda: call_product(writer, target, left, right, adds=True),
        )
    return [writer.handed(let.operands[0])]


def _add_now(writer: Writer, product: Let, target: Elements) -> None:
    if product.primitive.name == "outer":
        a, b = (writer.elements(x) for x in product.operands)
        _outer_product(writer.code, target, a, b, adds=True)
    elif target.contiguous:
        multiplied(writer, product, target)
    else:
        found = multiplied(writer, product, None)
        assert isinstance(found, Elements)
        _add(writer.code, target, found)
        writer.release(found)


def _add(code: Code, target: Elements, more: Elements) -> None:
    dtype = target.dtype

    def body(places: list[At], carried: tuple[str, ...]) -> None:
        given = [place.get(code) for place in places]
        text, _ = elementwise(code, "add", {}, given, [dtype, dtype])
        places[0].put(code, text)

    each(code, target.dims, [target, more], body)


ROWS: dict[str, Callable[[Writer, Let], Values | None]] = {
    "matmul": _matmul,
    "outer": _outer,
}
