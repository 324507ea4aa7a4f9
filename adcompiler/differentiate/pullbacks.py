"""The adjoint of one statement: what it gives to the cotangents of its operands.

In: a statement that calls a primitive, and the running cotangents. Out: statements that
add to the cotangents of its active operands, by the row: elementwise by the partials,
linear by the transpose, else by the pullback; a load adds in place.

Invariant: the cotangents of the results are final and are taken out: nothing that comes
before the statement reads its results.

    y = x * x            ->   x_bar = 2 * x * y_bar
    y = x[i]             ->   x_bar[i] += y_bar
"""

from __future__ import annotations

from adcompiler.analysis.activity import differentiable_operands
from adcompiler.differentiate import masks
from adcompiler.differentiate.cotangents import (
    Cotangent,
    Cotangents,
    bar_name,
    either,
    in_an_array,
    in_precision,
    masked,
    taken,
    unbroadcast,
)
from adcompiler.errors import InternalError
from adcompiler.ir.builder import Builder, Expr, constant
from adcompiler.ir.nodes import Atom, Const, Let, Var
from adcompiler.ir.types import ListOf, Residuals, dims_of, may_stretch


def reverse_let(let: Let, bars: Cotangents, active: set[Var]) -> None:
    """Add what a statement gives to the cotangents of its active operands."""
    cotangents = [bars.pop(r) for r in let.results]
    if all(c is None for c in cotangents):
        return
    wanted = [k for k in differentiable_operands(let) if _active(let, k, active)]
    if not wanted:
        return
    if let.primitive.name == "list_get":
        _reverse_get(let, _only(cotangents), bars)
    elif let.primitive.name in ("load", "gather"):
        _reverse_load(let, _only(cotangents), bars)
    elif let.primitive.pullback is not None:
        _pull_back(let, cotangents, wanted, bars)
    elif let.primitive.name == "where":
        _reverse_where(let, _only(cotangents), wanted, bars)
    elif let.primitive.partials is not None:
        _reverse_elementwise(let, _only(cotangents), wanted, bars)
    else:
        _transpose(let, _only(cotangents), wanted, bars)


def _active(let: Let, k: int, active: set[Var]) -> bool:
    operand = let.operands[k]
    return isinstance(operand, Var) and operand in active


def _only(cotangents: list[Cotangent | None]) -> Cotangent:
    (cotangent,) = cotangents
    if cotangent is None:
        raise InternalError("a rule was asked to propagate a structural zero")
    return cotangent


def _exprs(builder: Builder, atoms: tuple[Atom, ...]) -> tuple[Expr, ...]:
    return tuple(builder.expr(a) for a in atoms)


def _operand(let: Let, k: int) -> Var:
    operand = let.operands[k]
    if not isinstance(operand, Var):
        raise InternalError(f"operand {k} of {let.primitive.name} is no value")
    return operand


def _reverse_elementwise(
    let: Let, y_bar: Cotangent, wanted: list[int], bars: Cotangents
) -> None:
    """x_bar += y_bar * dy/dx, summed over what broadcasting repeated."""
    builder = bars.builder
    operands, result = _exprs(builder, let.operands), builder.expr(let.result)
    partials = let.primitive.partials
    assert partials is not None
    for k in wanted:
        rule = partials[k]
        assert rule is not None
        partial = rule(*operands, result, **dict(let.params))
        product = _product(builder, y_bar, partial, let)
        if let.primitive.chooses and let.result in bars.factors.exposed:
            product = masks.chosen(builder, product, partial)
        _contribute(bars, _operand(let, k), product)


def _product(
    builder: Builder, y_bar: Cotangent, partial: Expr | float | int, let: Let
) -> Cotangent:
    if not isinstance(partial, Expr):
        partial = builder.expr(constant(partial))
    if isinstance(partial.atom, Const) and partial.atom.value == 1:
        return y_bar
    factor = in_precision(builder, y_bar.value, partial.type, let.result.type)
    product = (builder.expr(factor) * partial).atom
    zeroed = y_bar.zeroed and isinstance(partial.atom, Const)
    return Cotangent(product, y_bar.mask, zeroed)


def _reverse_where(
    let: Let, y_bar: Cotangent, wanted: list[int], bars: Cotangents
) -> None:
    """Each arm of a selection gets the cotangent where it was selected."""
    builder = bars.builder
    condition = let.operands[0]
    for k in wanted:
        mask = condition if k == 1 else builder.apply("logical_not", condition)
        if y_bar.mask is not None:
            mask = builder.apply("logical_and", y_bar.mask, mask)
        _contribute(bars, _operand(let, k), Cotangent(y_bar.value, mask))


def _contribute(bars: Cotangents, operand: Var, contribution: Cotangent) -> None:
    if isinstance(operand.type, ListOf | Residuals):
        bars.add(operand, contribution)
        return
    source, target = dims_of(contribution.value.type), dims_of(operand.type)
    if len(source) == len(target) and not any(map(may_stretch, target, source)):
        bars.add(operand, contribution)
        return
    builder, mask = bars.builder, contribution.mask
    value = masked(builder, contribution)
    total = unbroadcast(builder, value, operand)
    if mask is not None and bars.keeps(operand, mask):
        mask = taken(builder, mask, value, operand)
        bars.add(operand, Cotangent(total, mask, zeroed=True))
    else:
        bars.add(operand, Cotangent(total))


def _reverse_load(let: Let, y_bar: Cotangent, bars: Cotangents) -> None:
    """``x_bar[index] += y_bar``, on the running cotangent."""
    array = _operand(let, 0)
    if not dims_of(array.type) and let.param("index") == ():
        bars.add(array, y_bar)  # the number of an array without axes
        return
    mask = masks.through(let, 0, y_bar.mask, bars)
    bars.lose(array, mask)
    if array in bars:
        mask = either(bars.builder, bars.mask(array), mask)
    index = let.param("index")
    params = {"index": index}
    name = "accumulate"
    if let.primitive.name == "gather":
        # An element that was gathered several times gets each cotangent.
        name, params["repeats"] = "scatter_add", "array" in index
    total = bars.builder.apply(
        name,
        bars.value_or_zero(array),
        masked(bars.builder, y_bar),
        *let.operands[1:],
        hint=bar_name(array),
        **params,
    )
    bars.set(array, total, mask, zeroed=mask is not None)


def _reverse_get(let: Let, y_bar: Cotangent, bars: Cotangents) -> None:
    """``xs_bar[i] += v_bar``, on the running cotangent."""
    xs = _operand(let, 0)
    value = masked(bars.builder, y_bar)
    bars.lose(xs, y_bar.mask)
    total = bars.builder.apply(
        "list_accumulate",
        bars.value_or_zero(xs),
        in_an_array(bars.builder, value, let.result.type, None),
        let.operands[1],
        hint=bar_name(xs),
    )
    bars.set(xs, total)


def _transpose(let: Let, y_bar: Cotangent, wanted: list[int], bars: Cotangents) -> None:
    """The transpose of a linear operand; broadcasting of a stored value undone."""
    builder, rule = bars.builder, let.primitive.transpose
    if rule is None:
        raise InternalError(f"{let.primitive.name} is linear without a transpose")
    operands = _exprs(builder, let.operands)
    value = builder.expr(masked(builder, y_bar))
    for k in reversed(wanted):
        contribution = rule(k, value, operands, let)
        if contribution is not None:
            given = masks.pulled_back(let, k, [y_bar], contribution.atom, bars)
            _contribute(bars, _operand(let, k), given)


def _pull_back(
    let: Let, cotangents: list[Cotangent | None], wanted: list[int], bars: Cotangents
) -> None:
    builder, rule = bars.builder, let.primitive.pullback
    assert rule is not None
    values = tuple(
        None if c is None else builder.expr(masked(builder, c)) for c in cotangents
    )
    contributions = rule(
        values, _exprs(builder, let.operands), _exprs(builder, let.results), let
    )
    for k in wanted:
        contribution = contributions[k]
        if contribution is not None:
            given = masks.pulled_back(let, k, cotangents, contribution.atom, bars)
            _contribute(bars, _operand(let, k), given)
