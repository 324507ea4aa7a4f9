"""Statements: blocks, assignments, branches and exits.

In: statements of the syntax tree. Out: appended IR and the changed state.
Invariants: `break`, `continue` and `return` set flags in the environment, and what
follows them is taken into the arm where the flag is not set, or guarded by it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NoReturn

from adcompiler.frontend import subset
from adcompiler.frontend.bindings import (
    NONE,
    ArrayRef,
    Binding,
    Dyn,
    ListRef,
    ObjectRef,
    RecordVal,
    SliceVal,
    TupleVal,
    is_list,
)
from adcompiler.frontend.lower import (
    arrays,
    attributes,
    comparisons,
    displays,
    expressions,
    gradientless,
    instances,
    list_methods,
    listing,
    loops,
    maybe,
    membership,
    messages,
    names,
    objects,
    operators,
    overloads,
    records,
    sequences,
    unpacking,
    updates,
)
from adcompiler.frontend.lower.context import DONE, RETURNED, STOP, VALUE, Context
from adcompiler.frontend.lower.facts import meaning
from adcompiler.frontend.lower.frames import Arm
from adcompiler.frontend.lower.joins import join_arms
from adcompiler.frontend.lower.operands import describe
from adcompiler.frontend.lower.syntax import always_leaves
from adcompiler.frontend.structures import Key
from adcompiler.ir.builder import constant
from adcompiler.ir.nodes import Atom, Const

TRUE = Dyn(constant(True))
FALSE = Dyn(constant(False))


def block(ctx: Context, stmts: Sequence[ast.stmt]) -> None:
    """Interpret statements up to the end or to where control leaves them."""
    for k, stmt in enumerate(stmts):
        rest = stmts[k + 1 :]
        with ctx.at(stmt):
            if isinstance(stmt, ast.If):
                if branch(ctx, stmt, rest):
                    return
            else:
                statement(ctx, stmt)
        done = ctx.flag(DONE)
        if done is True:
            return
        if done is not False:
            if rest:
                guarded(ctx, done, rest)
            return


def guarded(ctx: Context, done: Atom, rest: Sequence[ast.stmt]) -> None:
    """Interpret what follows only where control has not left."""

    def go_on() -> None:
        settled(ctx, done, FALSE)
        ctx.frame.env[DONE] = FALSE
        block(ctx, rest)

    with ctx.at(rest[0]):
        left = ctx.run(lambda: settled(ctx, done), (done, True))
        right = ctx.run(go_on, (done, False))
        join_arms(ctx, done, left, right, live_after(ctx, rest[-1]), rest[0])


def settled(ctx: Context, flag: Atom, value: Dyn = TRUE) -> None:
    """In an arm whose condition a flag is, whatever is that flag is known."""
    env = ctx.frame.env
    known = meaning(ctx.connected, flag, value == TRUE)
    for name in (DONE, STOP, RETURNED):
        given = env[name]
        if isinstance(given, Dyn) and given.atom in known:
            env[name] = Dyn(constant(known[given.atom]))


def live_after(ctx: Context, stmt: ast.stmt) -> frozenset[str]:
    """The names live after a statement, or where the exits inside it lead to."""
    try:
        live = ctx.frame.liveness.after(stmt)
    except KeyError:  # the implicit return at the end
        live = frozenset()
    return live | ctx.frame.exit_live


def statement(ctx: Context, stmt: ast.stmt) -> None:
    """Interpret one statement that is no `if`."""
    match stmt:
        case ast.Assign(targets=targets, value=value):
            binding = expressions.optional(ctx, value)
            for target in targets:
                assign(ctx, target, binding)
        case ast.AnnAssign(target=target, value=value):
            if value is not None:
                assign(ctx, target, expressions.optional(ctx, value))
        case ast.AugAssign():
            augmented(ctx, stmt)
        case ast.Expr(value=value):
            expressions.optional(ctx, value)
        case ast.Pass() | ast.Nonlocal():
            return
        case ast.For():
            loops.lower_for(ctx, stmt)
        case ast.While():
            loops.lower_while(ctx, stmt)
        case ast.Break() | ast.Continue() | ast.Return():
            leave(ctx, stmt)
        case ast.Assert(test=test, msg=msg):
            lower_assert(ctx, stmt, test, msg)
        case ast.Raise():
            messages.lower_raise(ctx, stmt)
        case ast.FunctionDef(name=name):
            bind(ctx, name, expressions.function_value(ctx, stmt), stmt)
        case ast.With():
            gradientless.lower_with(ctx, stmt)
        case ast.Delete(targets=targets):
            delete(ctx, targets)
        case _:
            subset.refuse_syntax(ctx.frame.captured, stmt)


def leave(ctx: Context, stmt: ast.Break | ast.Continue | ast.Return) -> None:
    """Set the flags of an exit."""
    env = ctx.frame.env
    env[DONE] = TRUE
    if isinstance(stmt, ast.Continue):
        return
    env[STOP] = TRUE
    if isinstance(stmt, ast.Return):
        value = stmt.value
        result = NONE if value is None else expressions.optional(ctx, value)
        if isinstance(result, Dyn):
            result = Dyn(gradientless.muted(ctx, stmt, result.atom), result.boxed)
        env[VALUE] = result
        env[RETURNED] = TRUE
        ctx.frame.sites[VALUE] = stmt


def delete(ctx: Context, targets: Sequence[ast.expr]) -> None:
    """``del a, b``: the names are not bound any more."""
    for target in targets:
        assert isinstance(target, ast.Name)
        names.load(ctx, target, target.id)
        if ctx.frame.cell(target.id) is not None:
            what = "a nested function assigns this name, too"
            ctx.refuse(target, what, f"leave 'del {target.id}' away")
        del ctx.frame.env[target.id]


# --- Branches ------------------------------------------------------------------------


def leaves(arm: Arm) -> bool:
    """Whether control always leaves the block in this arm."""
    done = arm.env.get(DONE)
    return (
        arm.falls
        and isinstance(done, Dyn)
        and isinstance(done.atom, Const)
        and bool(done.atom.value)
    )


def branch(ctx: Context, stmt: ast.If, rest: Sequence[ast.stmt]) -> bool:
    """Interpret an `if`; gives True where it has taken the rest of the block along."""
    cond = expressions.test(ctx, stmt.test)
    if isinstance(cond, Const):
        block(ctx, stmt.body if cond.value else stmt.orelse)
        return False
    taken = False
    body, other = stmt.body, stmt.orelse
    if rest and always_leaves(other) and not always_leaves(body):
        taken, body = True, [*body, *rest]
    then = ctx.run(lambda: block(ctx, body), (cond, True))
    if rest and not taken and leaves(then):
        taken, other = True, [*other, *rest]
    orelse = ctx.run(lambda: block(ctx, other), (cond, False))
    if rest and not taken and leaves(orelse):
        taken = True
        if then.falls:
            ctx.resume(then, lambda: resumed(ctx, rest))
    last = rest[-1] if taken else stmt
    join_arms(ctx, cond, then, orelse, live_after(ctx, last), stmt)
    return taken


def resumed(ctx: Context, rest: Sequence[ast.stmt]) -> None:
    """Go on with the rest of a block after an arm."""
    done = ctx.flag(DONE)
    if done is False:
        block(ctx, rest)
    elif done is not True:
        guarded(ctx, done, rest)


def lower_assert(
    ctx: Context, stmt: ast.Assert, test: ast.expr, message: ast.expr | None
) -> None:
    """``assert test, message``; the message is made only where it fails."""
    cond = expressions.test(ctx, test)
    if isinstance(cond, Const):
        if not cond.value:
            messages.fail(ctx, stmt, "AssertionError", message)
        return
    good = ctx.run(lambda: None, (cond, True))
    bad = ctx.run(
        lambda: messages.fail(ctx, stmt, "AssertionError", message), (cond, False)
    )
    failed = comparisons.negated(ctx, test, cond)
    join_arms(ctx, failed, bad, good, live_after(ctx, stmt), stmt)


# --- Assignment ----------------------------------------------------------------------


def assign(ctx: Context, target: ast.expr, binding: Binding) -> None:
    """``target = value``."""
    match target:
        case ast.Name(id=name):
            set_name(ctx, name, binding, target)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            text = "cannot unpack non-iterable NoneType object"
            binding = maybe.present(ctx, target, binding, text)
            starred = [k for k, t in enumerate(targets) if isinstance(t, ast.Starred)]
            count = len(targets)
            if starred:
                (at,) = starred
                items = unpacking.items_around(ctx, target, binding, at, count)
            else:
                items = unpacking.items(ctx, target, binding, count)
            for part, item in zip(targets, items, strict=True):
                assign(ctx, part, item)
        case ast.Starred(value=inner):
            assign(ctx, inner, binding)
        case ast.Subscript():
            owner, index = expressions.place(ctx, target)
            if isinstance(owner, ObjectRef) and owner.cls is list:
                sequences.store(ctx, target, owner, index, binding)
                return
            if overloads.call(ctx, target, owner, "__setitem__", index, binding):
                return
            if isinstance(owner, ObjectRef | RecordVal):
                key = records.key_of(ctx, target, index)
                records.require_dict(ctx, target, owner)
                records.store(ctx, target, owner, key, binding)
                return
            if isinstance(owner, TupleVal) and owner.cls is list:
                more = () if isinstance(index, SliceVal) else (binding,)  # of an item
                displays.becomes_list(ctx, target, owner, *more)
            if isinstance(owner, ListRef):
                listing.put(ctx, target, owner, index, binding)
                return
            if not isinstance(owner, ArrayRef):
                _refuse_store(ctx, target, owner)
            arrays.store(ctx, target, owner, index, binding)
        case ast.Attribute(value=value, attr=name):
            owner = expressions.evaluate(ctx, value)
            name = objects.mangled(ctx, name)
            instances.assign(ctx, target, owner, name, binding)
        case _:
            subset.refuse_syntax(ctx.frame.captured, target)


def _refuse_store(ctx: Context, target: ast.AST, owner: Binding) -> NoReturn:
    hint = "make it a list or an array first: np.array(...)"
    ctx.refuse(target, f"{describe(owner)} cannot be stored into", hint)


def bind(ctx: Context, name: str, binding: Binding, node: ast.AST) -> None:
    """Make the name, which may be that of a function around, stand for this."""
    frame = ctx.frame
    if name in frame.cells or name in frame.nonlocals:
        cell = frame.cell(name)
        if cell is None:
            ctx.refuse(
                node,
                f"'{name}' is a name outside of what is differentiated",
                "pass the value as an argument and return it",
            )
        records.store(ctx, node, cell, name, binding)
    else:
        frame.env[name] = binding


def set_name(ctx: Context, name: str, binding: Binding, node: ast.AST) -> None:
    """Bind a name; a value just built takes it as its own."""
    frame = ctx.frame
    if frame.muted:
        binding = gradientless.assigned(ctx, node, binding)
    bind(ctx, name, named(ctx, name, binding, node), node)
    frame.sites[name] = node


def named(ctx: Context, name: str, binding: Binding, node: ast.AST) -> Binding:
    """A binding whose value, if it was just built, has this name."""
    word = name.removeprefix("$")
    match binding:
        case Dyn(atom, boxed):
            return Dyn(ctx.name(atom, word), boxed)
        case ObjectRef(location) if word == name:
            ctx.labels.setdefault(location, word)
        case ListRef(location):
            contents = ctx.values.get(location)
            if isinstance(contents, Atom):
                ctx.values[location] = ctx.name(contents, word)
        case ArrayRef(location, path, _, _):
            held = ctx.values.get(location)
            if not path and isinstance(held, Atom):
                ctx.values[location] = ctx.name(held, name)
            elif path and isinstance(held, Atom):
                name_view(ctx, binding, name, node)
        case _:
            pass
    return binding


def name_view(ctx: Context, ref: ArrayRef, name: str, node: ast.AST) -> None:
    """Give a view that was just read the user's name."""
    base = ctx.contents(ref.location, node)
    for step in ref.path[:-1]:
        base = ctx.step(base, step, node)
    key = (base, ref.path[-1])
    if key in ctx.cache:
        ctx.cache[key] = ctx.name(ctx.cache[key], name)


def updated(ctx: Context, stmt: ast.AugAssign, old: Binding) -> Binding:
    """What an entry of a dict or an object is then: the same, if changed in place."""
    value = expressions.optional(ctx, stmt.value)
    old, value = maybe.operands(ctx, stmt, stmt.op, old, value)
    if isinstance(old, ArrayRef):
        updates.update(ctx, stmt, old, value)
        return old
    if _resized(ctx, stmt, old, value):
        return old
    check_unboxed(ctx, stmt, ast.unparse(stmt.target), old)
    return _anew(ctx, stmt, old, value)


def _anew(ctx: Context, stmt: ast.AugAssign, old: Binding, value: Binding) -> Binding:
    """``old op value`` where nothing that we change in place is on the left."""
    given = overloads.in_place(ctx, stmt, stmt.op, old, value)
    if given is None and is_list(old) and isinstance(value, ArrayRef):
        old = arrays.listed(ctx, stmt, old)  # NumPy adds to an array made of the list
    return given or operators.binary(ctx, stmt, stmt.op, old, value)


def _resized(ctx: Context, stmt: ast.AugAssign, old: Binding, value: Binding) -> bool:
    """Give a list more items, or its own again, in place, if this is what is done: with
    an array, NumPy computes."""
    if not is_list(old) or isinstance(value, ArrayRef):
        return False
    match stmt.op:
        case ast.Add():
            list_methods.method(ctx, stmt, old, "extend", [value])
        case ast.Mult():
            list_methods.repeat(ctx, stmt, old, value)
        case _:
            return False
    return True


def check_unboxed(
    ctx: Context, stmt: ast.AugAssign, name: str, binding: Binding
) -> None:
    """Refuse to change in place what is an array of rank 0 on one path only."""
    if isinstance(binding, Dyn) and binding.boxed:
        plain = ast.BinOp(ast.Name(name), stmt.op, stmt.value)
        ctx.refuse(
            stmt,
            f"'{name}' is an array of rank 0 on one path, changed in place, and a "
            "number on another",
            f"write {name} = {ast.unparse(plain)}",
        )


def augmented_item(
    ctx: Context, stmt: ast.AugAssign, owner: ListRef, index: Binding
) -> None:
    """``xs[i] += value``: in place, if this is an array."""
    old = listing.get(ctx, stmt, owner, index)
    value = expressions.evaluate(ctx, stmt.value)
    if isinstance(old, ArrayRef):
        if not membership.keeps_apart(ctx, owner):
            membership.refuse_change(ctx.frame.captured, stmt)
        updates.update(ctx, stmt, old, value)
        return
    new = operators.binary(ctx, stmt, stmt.op, old, value)
    listing.put(ctx, stmt, owner, index, new)


def augmented_entry(
    ctx: Context, stmt: ast.AugAssign, owner: records.Object, index: Binding
) -> None:
    """``d[k] op= value``."""
    old = expressions.item(ctx, stmt.target, owner, index)
    result = updated(ctx, stmt, old)
    if result is not old:
        if isinstance(owner, ObjectRef) and owner.cls is list:
            key: Key = sequences.position(ctx, stmt.target, owner, index)
        else:
            if overloads.call(ctx, stmt.target, owner, "__setitem__", index, result):
                return
            key = records.key_of(ctx, stmt.target, index)
        records.store(ctx, stmt.target, owner, key, result)


def augmented(ctx: Context, stmt: ast.AugAssign) -> None:
    """``target op= value``: in place on arrays, a new value on numbers."""
    target = stmt.target
    match target:
        case ast.Name(id=name):
            read = ast.copy_location(ast.Name(name, ast.Load()), target)
            old = expressions.optional(ctx, read)
            value = expressions.optional(ctx, stmt.value)
            old, value = maybe.operands(ctx, stmt, stmt.op, old, value)
            if _resized(ctx, stmt, old, value):
                pass
            elif isinstance(old, ArrayRef):
                updates.update(ctx, stmt, old, value)
                ctx.frame.sites[name] = stmt
            else:
                check_unboxed(ctx, stmt, name, old)
                set_name(ctx, name, _anew(ctx, stmt, old, value), stmt)
        case ast.Subscript():
            owner, index = expressions.place(ctx, target)
            if isinstance(owner, ObjectRef | RecordVal):
                augmented_entry(ctx, stmt, owner, index)
                return
            if isinstance(owner, TupleVal) and owner.cls is list:
                displays.becomes_list(ctx, target, owner)
            if isinstance(owner, ListRef):
                augmented_item(ctx, stmt, owner, index)
                return
            if not isinstance(owner, ArrayRef):
                _refuse_store(ctx, target, owner)
            item = updates.item_to_update(ctx, stmt, owner, index)
            value = expressions.evaluate(ctx, stmt.value)
            updates.update_item(ctx, stmt, owner, item, value)
        case ast.Attribute(value=value, attr=name):
            owner = expressions.evaluate(ctx, value)
            name = objects.mangled(ctx, name)
            old = attributes.attribute(ctx, target, owner, name)
            new = updated(ctx, stmt, old)
            if new is not old:
                instances.assign(ctx, target, owner, name, new)
        case _:
            subset.refuse_syntax(ctx.frame.captured, target)
