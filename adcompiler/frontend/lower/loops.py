"""Loop statements: which loop it is, its flags afterwards, its `else`.

In: a loop of the syntax tree. Out: a `For` or `While`, or for a tuple its trips one
after the other; the state after it. So are the trips of a range whose index must be
known, as an axis or the index of a tuple.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from adcompiler.errors import UnsupportedError
from adcompiler.frontend.bindings import Binding, Dead, Dyn, locations
from adcompiler.frontend.interface import NeedLength
from adcompiler.frontend.lower import (
    closing,
    comprehensions,
    counted,
    expressions,
    iteration,
    itertools_,
    maybe,
    remembering,
    sources,
    staging,
    statements,
    stepping,
)
from adcompiler.frontend.lower.context import DONE, RETURNED, STOP, Context
from adcompiler.frontend.lower.fixpoints import FALSE, Loop, Lowering
from adcompiler.frontend.lower.heads import runs_surely
from adcompiler.frontend.lower.joins import join_arms
from adcompiler.frontend.lower.restarts import NeedUnroll
from adcompiler.frontend.lower.syntax import breaks, exits, returns
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const, For, While
from adcompiler.ir.types import fresh_dim

Items = Sequence[sources.Item]
Stages = tuple[sources.Stage, ...]


def lower_for(ctx: Context, loop: ast.For) -> None:
    """``for target in iterable``."""
    text = "'NoneType' object is not iterable"
    given = expressions.optional(ctx, loop.iter)
    iterable = maybe.present(ctx, loop.iter, given, text)
    base, stages = staging.staged(ctx, iteration.taken(ctx, loop.iter, iterable))
    before = remembering.remembered(ctx, base)
    if not stages and stepping.is_stepped(ctx, base):
        stepping.lower(ctx, loop, base)
        remembering.check(ctx, loop.iter, base, before)
        return
    items = iteration.known(ctx, loop.iter, base)
    ahead = None
    if items is None and itertools_.is_ahead(base):
        ahead = remembering.seen(ctx, base)
        for part in base.parts:
            iteration.given_back(ctx, part)
        base, before = comprehensions.run_ahead(ctx, loop.iter, base), ()
    gone_over(ctx, loop, base, stages, items)
    remembering.check(ctx, loop.iter, base, before)
    if ahead is not None and remembering.seen(ctx, ahead.of) != ahead:
        ctx.refuse(loop.iter, remembering.CHANGED, iteration.AS_LIST)


def gone_over(
    ctx: Context, loop: ast.For, base: Binding, stages: Stages, items: Items | None
) -> None:
    """A loop over what has been taken."""
    key = ("unroll", loop, *ctx.calls)
    if items is None and key not in ctx.memo:
        saved = ctx.iterated
        ctx.iterated += tuple(locations(base))
        try:
            source = counted.source(ctx, loop.iter, base)
            lower(ctx, loop, replace(source, stages=stages))
            return
        except NeedUnroll as need:
            if need.loop is not loop:
                raise
            # What was lowered so far is in regions that are dropped.
            ctx.memo[key] = need
        finally:
            ctx.iterated = saved
    if items is None:
        items = _laid_out(ctx, loop, base, ctx.memo[key])
    sizes = iteration.sizes(ctx, base)
    unroll(ctx, loop, items, stages)
    if iteration.sizes(ctx, base) != sizes:
        iteration.refuse_growth(ctx, loop.iter, base)


def _laid_out(ctx: Context, loop: ast.For, base: Binding, need: NeedUnroll) -> Items:
    """The items of a loop that needs to be laid out, or why that is refused."""
    try:
        return iteration.laid_out(ctx, loop.iter, base, need.what)
    except UnsupportedError as refusal:
        raise need.refusal or refusal from None
    except NeedLength as length:
        said = need.refusal or length.refusal
        raise NeedLength(length.leaf, length.axis, said) from None


def lower_while(ctx: Context, loop: ast.While) -> None:
    """``while test``."""
    lower(ctx, loop, None)


def lower(ctx: Context, loop: Loop, source: sources.Source | None) -> None:
    """Lower a loop that is run in the generated code."""
    frame = ctx.frame
    mark = fresh_dim().key
    assert isinstance(mark, int)
    after_live = frame.liveness.after(loop) | frame.exit_live
    head_live = frame.liveness.head(loop)
    lowering = Lowering(
        ctx,
        loop,
        source,
        {n: b for n, b in frame.env.items() if not isinstance(b, Dead)},
        dict(ctx.values),
        dict(ctx.objects),
        head_live,
        after_live,
        mark,
    )
    saved = frame.exit_live
    if exits(loop):
        frame.exit_live |= after_live | head_live
    around = ctx.loops
    ctx.loops = (*around, loop)
    try:
        trip = lowering.fixpoint()
    finally:
        frame.exit_live, ctx.loops = saved, around
    after(ctx, loop, closing.close(lowering, trip))


def after(ctx: Context, loop: Loop, built: For | While) -> None:
    """The flags after a loop, and its `else`."""
    env = ctx.frame.env
    stopped: Atom = built.stopped if built.stopped is not None else constant(False)
    returned: Binding = FALSE
    if returns(loop) and built.stopped is not None:
        returned = env[RETURNED] if breaks(loop) else Dyn(stopped)
        endless = isinstance(built, While) and runs_surely(built)
        if endless and not breaks(loop):
            returned = statements.TRUE  # there is no other way out
    env.update({DONE: returned, RETURNED: returned, STOP: returned})
    if loop.orelse:
        otherwise(ctx, loop, stopped)


def otherwise(ctx: Context, loop: Loop, stopped: Atom) -> None:
    """``else`` of a loop: what runs where no `break` or `return` has ended it."""
    if isinstance(stopped, Const):
        statements.block(ctx, loop.orelse)
        return

    def run() -> None:
        ctx.frame.env.update({DONE: FALSE, RETURNED: FALSE, STOP: FALSE})
        statements.block(ctx, loop.orelse)

    left = ctx.run(lambda: statements.settled(ctx, stopped))
    right = ctx.run(run)
    live = statements.live_after(ctx, loop)
    join_arms(ctx, stopped, left, right, live, loop)


# --- Unrolling -----------------------------------------------------------------------


def unroll(ctx: Context, loop: ast.For, items: Items, stages: Stages) -> None:
    """A loop over known items: the body once for each."""
    saved = ctx.frame.exit_live
    if exits(loop):
        ctx.frame.exit_live |= ctx.frame.liveness.after(loop)
    ctx.frame.exit_live |= ctx.frame.liveness.head(loop)
    try:
        unrolled(ctx, loop, items, stages)
    finally:
        ctx.frame.exit_live = saved


def unrolled(ctx: Context, loop: ast.For, items: Items, stages: Stages) -> None:
    """The trips that remain, then the `else`, which may leave a loop around."""
    if not items:
        statements.block(ctx, loop.orelse)
        return
    with ctx.in_trip(len(items)):
        trip(ctx, loop, items[0](), stages)
    stop = ctx.flag(STOP)
    if stop is True:
        ended(ctx)
        return
    if stop is False:
        ctx.frame.env[DONE] = FALSE
        unrolled(ctx, loop, items[1:], stages)
        return

    def go_on() -> None:
        ctx.frame.env.update({DONE: FALSE, RETURNED: FALSE, STOP: FALSE})
        unrolled(ctx, loop, items[1:], stages)

    def leave() -> None:
        statements.settled(ctx, stop)
        ended(ctx)

    left, right = ctx.run(leave), ctx.run(go_on)
    live = statements.live_after(ctx, loop)
    join_arms(ctx, stop, left, right, live, loop)


def ended(ctx: Context) -> None:
    """The flags where a loop has been left: of a `break` nothing is left."""
    env = ctx.frame.env
    env[DONE] = env[STOP] = env[RETURNED]


def trip(ctx: Context, loop: ast.For, item: Binding, stages: Stages) -> None:
    """The body for one item, if the stages let it through."""

    def act(value: Binding) -> None:
        statements.assign(ctx, loop.target, value)
        statements.block(ctx, loop.body)

    frame = ctx.frame
    live = frame.liveness.after(loop) | frame.liveness.head(loop) | frame.exit_live
    staging.through(ctx, loop, stages, item, live, act)
