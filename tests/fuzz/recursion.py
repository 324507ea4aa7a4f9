"""Functions that call themselves: over a count, halves of an array, a tree; or each
other.

They become helpers, which any expression of the program may call.
"""

from __future__ import annotations

from tests.fuzz import control, statements
from tests.fuzz.expressions import condition, scalar
from tests.fuzz.frame import Frame, Helper, Shared
from tests.fuzz.kinds import Field, Kind
from tests.fuzz.program import Variable


def functions(shared: Shared) -> None:
    """Add one such helper, or a pair of them."""
    ways = [(4, _over_a_count), (2, _each_other), (3, _over_a_tree)]
    if shared.options.arrays:
        ways += [(3, _over_halves), (2, _array_over_a_count)]
    shared.chooser.weighted(ways)(shared)


def _inner(shared: Shared, *parameters: Variable) -> Frame:
    frame = Frame(shared)
    frame.may_call = False
    for parameter in parameters:
        frame.add(parameter)
    frame.blocks[0].extend(shared.constants)
    return frame


def _helper(shared: Shared, name: str, frame: Frame, *parameters: Variable) -> None:
    heading = f"def {name}({', '.join(p.name for p in parameters)}):"
    source = "\n".join([heading, *frame.lines]) + "\n"
    shared.helpers.append(Helper(name, list(parameters), "float", source))


def _counted(shared: Shared) -> tuple[Variable, Variable]:
    q = Variable(shared.fresh("q"), "float")
    n = Variable(shared.fresh("n"), "int", low=0, high=3, fixed=True)
    return q, n


def _over_a_count(shared: Shared) -> None:
    choose, name = shared.chooser, shared.fresh("again")
    q, n = _counted(shared)
    frame = _inner(shared, q, n)
    _base(frame, f"{n.name} {choose.pick(['<= 0', '< 1', '== 0'])}")
    _some(frame)
    if choose.chance(25):
        frame.emit(f"if {condition(frame)}:")
        with frame.block():
            frame.emit(f"return {_step(frame, f'{name}({{}}, {n.name} - 1)')}")
    if choose.chance(25):
        _in_a_loop(frame, name, n.name)
    if choose.chance(30):
        half = f"{name}({{}}, {n.name} // 2)"
        frame.emit(f"{q.name} = {_step(frame, half)}")
    frame.emit(f"return {_step(frame, f'{name}({{}}, {n.name} - 1)')}")
    _helper(shared, name, frame, q, n)


def _in_a_loop(frame: Frame, name: str, n: str) -> None:
    """As many calls as there are trips."""
    s, i = frame.fresh("s"), frame.fresh("i")
    frame.emit(f"{s} = 0.0")
    frame.emit(f"for {i} in range({frame.chooser.pick(['2', n, f'{n} - 1'])}):")
    e = scalar(frame, 1).text
    frame.emit(f"    {s} += {name}({e} + 0.1 * {i}, {n} - 1)")
    frame.add(Variable(s, "float"))


def _each_other(shared: Shared) -> None:
    names = [shared.fresh("again"), shared.fresh("again")]
    made = []
    for name, other in zip(names, names[::-1], strict=True):
        q, n = _counted(shared)
        frame = _inner(shared, q, n)
        _base(frame, f"{n.name} <= 0")
        _some(frame)
        frame.emit(f"return {_step(frame, f'{other}({{}}, {n.name} - 1)')}")
        made.append((name, frame, q, n))
    for row in made:
        _helper(shared, *row)


def _over_halves(shared: Shared) -> None:
    """Of an array of any length; the parts are views of it."""
    choose, name = shared.chooser, shared.fresh("again")
    p = Variable(shared.fresh("p"), "array", (choose.between(1, 5),), fixed=True)
    p.storable = False
    frame, s = _inner(shared), shared.fresh("s")
    x = p.name
    frame.emit(f"if len({x}) <= 1:")
    frame.emit(f"    return {choose.pick([f'np.sin({x}[0])', f'{x}[0] * {x}[0]'])}")
    whole = choose.pick([f"np.mean({x})", f"{x}[0] * {x}[-1]", f"np.max({x})"])
    frame.emit(f"{s} = {statements.python(frame, whole)}")
    frame.add(Variable(s, "float"))
    _some(frame)
    cut = choose.pick([f"len({x}) // 2", "1", f"len({x}) - 1"])
    frame.emit(f"middle = {cut}")
    parts = [f"{x}[:middle]", f"{x}[middle:]", f"np.cos({x}[middle:])"]
    first = f"{name}({parts[0]})"
    second = f"{name}({choose.pick(parts[1:])})"
    e = scalar(frame, 2).text
    form = choose.pick(
        ["{0} * {1} + {2}", "np.sin({0}) - {2} * {1}", "np.tanh({0} + {1}) * {2}"]
    )
    frame.emit(f"return np.tanh({form.format(first, second, f'({e})')})")
    _helper(shared, name, frame, p)


def _array_over_a_count(shared: Shared) -> None:
    """An array goes in and comes out, new each time; its sum is the helper's."""
    choose, name, outer = shared.chooser, shared.fresh("again"), shared.fresh("again")
    shape = (choose.pick(shared.dims),)
    p = Variable(shared.fresh("p"), "array", shape, fixed=True)
    n = Variable(shared.fresh("n"), "int", low=0, high=3, fixed=True)
    p.storable = False
    frame = _inner(shared, p, n)
    frame.dtype_of, frame.returns = p.name, "array"
    frame.emit(f"if {n.name} == 0:")
    frame.emit(f"    return {choose.pick([p.name, f'np.sin({p.name})'])}")
    _some(frame)
    y = shared.fresh("y")
    inside = statements.owned(frame, shape, 2)
    frame.emit(f"{y} = {name}({inside}, {n.name} - 1)")
    frame.add(Variable(y, "array", shape, fixed=True)).storable = False
    frame.emit(f"return np.tanh({statements.owned(frame, shape, 2)} + {y})")
    first = "\n".join([f"def {name}({p.name}, {n.name}):", *frame.lines])
    last = _inner(shared, p, n)
    last.lines = [f"    return np.sum({name}({p.name}, {n.name}))"]
    _helper(shared, outer, last, p, n)
    shared.helpers[-1].source = first + "\n\n" + shared.helpers[-1].source


def _over_a_tree(shared: Shared) -> None:
    """Of pairs in pairs, or of nodes whose children are nodes or None."""
    choose, name = shared.chooser, shared.fresh("again")
    pairs = choose.chance(50)
    kind = _pairs(shared, 2) if pairs else _nodes(shared)
    m = Variable(shared.fresh("m"), "container", fixed=True, container=kind)
    q = Variable(shared.fresh("q"), "float")
    frame = _inner(shared, q)
    if pairs:
        frame.emit(f"if not isinstance({m.name}, tuple):")
        frame.emit(f"    return {m.name} * {scalar(frame, 1).text}")
        left, right = f"{m.name}[0]", f"{m.name}[1]"
    else:
        frame.emit(f"if {m.name} is None:")
        frame.emit(f"    return {choose.pick(['0.0', '1.0', q.name])}")
        left, right = f"{m.name}.left", f"{m.name}.right"
        frame.add(Variable(f"{m.name}.value", "float", fixed=True))
    _some(frame)
    first = f"{name}({left}, {scalar(frame, 1).text})"
    second = f"{name}({right}, {scalar(frame, 1).text})"
    form = choose.pick(
        ["{0} - 0.7 * {1} + {2}", "{0} * {1} + {2}", "{2} * ({0} + {1})"]
    )
    total = form.format(first, second, f"({scalar(frame, 1).text})")
    frame.emit(f"return {statements.python(frame, f'np.tanh({total})')}")
    _helper(shared, name, frame, m, q)


def _pairs(shared: Shared, depth: int) -> Kind:
    fields = []
    for name in ("x", "y"):
        if depth and shared.chooser.chance(60):
            fields.append(Field(name, "container", inner=_pairs(shared, depth - 1)))
        else:
            fields.append(Field(name, "float"))
    return Kind("tuple", "", tuple(fields))


def _nodes(shared: Shared) -> Kind:
    name = shared.fresh("Node")
    fields = ["value: float", "left: object = None", "right: object = None"]
    rows = "".join(f"    {f}\n" for f in fields)
    shared.classes.append(f"@dataclass\nclass {name}:\n{rows}")
    return _node(shared, name, 3)


def _node(shared: Shared, name: str, depth: int) -> Kind:
    fields = [Field("value", "float")]
    for side in ("left", "right"):
        if depth > 1 and shared.chooser.chance(55):
            fields.append(
                Field(side, "container", inner=_node(shared, name, depth - 1))
            )
        else:
            fields.append(Field(side, "none"))
    return Kind("dataclass", name, tuple(fields))


def _base(frame: Frame, test: str) -> None:
    frame.emit(f"if {test}:")
    with frame.block():
        frame.emit(f"return {statements.value(frame, 2)}")


def _some(frame: Frame) -> None:
    frame.budget = 3
    for _ in range(frame.chooser.below(3)):
        control.block(frame, 1)


def _step(frame: Frame, call: str) -> str:
    """A bounded number in which the call takes part, and its argument."""
    e, inner = scalar(frame, 2).text, statements.value(frame, 1)
    form = frame.chooser.pick(
        ["{0} * {1} + 0.3", "0.7 * {1} - {0}", "{0} / (1.5 + {1} ** 2)"]
    )
    return statements.python(
        frame, f"np.tanh({form.format(f'({e})', call.format(inner))})"
    )
