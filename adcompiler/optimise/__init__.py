"""Optimisation: simplify, merge what is computed twice, remove what is dead.

In: a primal or derivative function. Out: an equal one that reads better.
Invariant: the passes repeat until nothing changes, a bounded number of times.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from adcompiler.ir.builder import Builder, Expr
from adcompiler.ir.nodes import Function, fresh_var
from adcompiler.ir.printer import formula
from adcompiler.ir.types import NP_FLOAT
from adcompiler.optimise.ahead import with_tests_ahead
from adcompiler.optimise.arms import sink
from adcompiler.optimise.bounds import with_sure_elements
from adcompiler.optimise.checks import drop_repeated_checks
from adcompiler.optimise.cse import merge_common_subexpressions
from adcompiler.optimise.dce import eliminate_dead_code
from adcompiler.optimise.draining import drain, keep_whole
from adcompiler.optimise.excluded import without_excluded_errors
from adcompiler.optimise.flags import kept_flags
from adcompiler.optimise.indices import with_sure_indices
from adcompiler.optimise.lengths import infer_lengths
from adcompiler.optimise.merging import merge_branches
from adcompiler.optimise.ordering import in_reading_order
from adcompiler.optimise.ranges import upwards
from adcompiler.optimise.signs import settle_signs
from adcompiler.optimise.simplify import simplify
from adcompiler.optimise.sinking import sink_exits
from adcompiler.optimise.stores import join_stores
from adcompiler.optimise.sums import gather_terms
from adcompiler.optimise.unruled import without_rules
from adcompiler.optimise.views import repeat_views
from adcompiler.optimise.whole import with_stores_at_end, without_whole_stores

__all__ = [
    "drain",
    "drop_repeated_checks",
    "eliminate_dead_code",
    "finish",
    "gather_terms",
    "in_reading_order",
    "infer_lengths",
    "join_stores",
    "keep_whole",
    "kept_flags",
    "merge_branches",
    "merge_common_subexpressions",
    "optimise",
    "settle_signs",
    "simplify",
    "sink",
    "sink_exits",
    "tidy",
    "upwards",
    "with_stores_at_end",
    "with_sure_elements",
    "with_sure_indices",
    "with_tests_ahead",
    "without_excluded_errors",
    "without_rules",
    "without_whole_stores",
]

ROUNDS = 5
PASSES = (
    simplify,
    merge_common_subexpressions,
    eliminate_dead_code,
    join_stores,
    sink,
    merge_branches,
)


def optimise(function: Function) -> Function:
    """Infer lengths; then the passes, until each has left the function as it was; and
    what shows only where all else is done."""
    function = without_excluded_errors(with_sure_elements(infer_lengths(function)))
    idle = 0
    for each in PASSES * ROUNDS:
        before = function
        function = each(function)
        idle = idle + 1 if function is before else 0
        if idle == len(PASSES):
            break
    return keep_whole(eliminate_dead_code(settle_signs(gather_terms(function))))


def finish(function: Function) -> Function:
    """A function to be emitted: no check made twice, each view where it is read, in the
    order in which it reads best, tapes gone over."""
    while (fewer := drop_repeated_checks(function)) is not function:
        function = eliminate_dead_code(fewer)
    function = kept_flags(eliminate_dead_code(repeat_views(function)))
    function = in_reading_order(function)
    return eliminate_dead_code(upwards(drain(function)))


def tidy(build: Callable[..., Expr]) -> str:
    """A formula of NumPy floats as it reads when optimised as derivative code.

    >>> tidy(lambda x, y_bar: y_bar * x + x * y_bar)
    '2 * y_bar * x'
    """
    import adcompiler.primitives  # noqa: F401  (fills the registry)

    names = inspect.signature(build).parameters
    params = tuple(fresh_var(NP_FLOAT, name) for name in names)
    builder = Builder(role="adjoint")
    result = build(*map(builder.expr, params)).atom
    return formula(optimise(Function("tidy", builder.region(params, (result,)))))
