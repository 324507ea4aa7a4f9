"""What a loop asks of its indices is asked before it.

In: a function about to become machine code. Out: the same, in which an innermost loop
whose indices change evenly asks once, before its first trip, whether they stay within
their arrays, so that nothing in it may fail and several trips can be run at a time. Its
statements are `tested`: their ints stay within 64 bits, and count from the start.

    for i in range(n):                if n > len(x): raise IndexError
        s += x[i]              ->     for i in range(n):
                                          s += x[i], tested

Where a test that fails does not mean that the loop would (an index may count from the
end, an access may stand in a branch or come after an early exit), the loop as it was
stands in the other arm.

Invariants: what is affine in the trip, and holds at the first and at the last, holds at
all. The ints of the two ends are computed with all checks. Machine code leaves what
raises to the NumPy program, which raises it where it is to be raised: so a test may
fail before what stands in front of the access.

Gupta, "Optimizing array bound checks using flow analysis" (1993); Bodik, Gupta and
Sarkar, "ABCD" (2000).

>>> import adcompiler.primitives
>>> from adcompiler.ir.nodes import Range
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT, fresh_dim
>>> x, n, i = fresh_var(Array("float64", (fresh_dim(),)), "x"), *(
...     fresh_var(PY_INT, name) for name in "ni")
>>> s, total, end = (fresh_var(NP_FLOAT, name) for name in ("s", "s", "s"))
>>> body = Builder()
>>> more = body.apply("add", s, body.apply("load", x, i, index=("int",)))
>>> bounds = Range(constant(0), n, constant(1))
>>> more = body.region((i, s), (more,))
>>> loop = For((end,), bounds, (total,), more, fresh_var(PY_INT))
>>> made = with_tests_ahead(Function("f", Region((x, n, total), (loop,), (end,))))
>>> print(show(made))
f(x: float64[n0?], n: int64, s: np.float64)
    %0: int64 = range_length(0, n, 1)
    %1: int64 = subtract(%0, 1)
    %2: int64 = shape(x, axis=0)
    %3: bool = less(%1, %2)
    %4: bool = less_equal(%0, 0)
    %5: bool = logical_or(%4, %3, via='builtin')
    if %5
        yield
    else
        raise(exception='IndexError', template=None)
        unreachable
    for i in range(0, n, 1) (s.1: np.float64 = s) -> s.2: np.float64
        %6: np.float64 = load(x, i, index=('int',), tested=True)
        %7: np.float64 = add(s.1, %6)
        yield %7
    return s.2
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adcompiler.analysis.inequalities import Affine, infeasible
from adcompiler.analysis.points import Nest, Point
from adcompiler.ir.builder import Builder, constant
from adcompiler.ir.nodes import (
    Atom,
    Const,
    For,
    Function,
    If,
    Let,
    Range,
    Region,
    Stmt,
    Var,
    While,
    carried_params,
    defined,
    fresh_var,
)
from adcompiler.ir.primitive import Effect
from adcompiler.ir.types import ANY, PY_INT, Array, Dim, Length, Scalar, dims_of
from adcompiler.ir.walk import all_stmts, clone, count_uses, map_regions
from adcompiler.optimise.rewriting import atom_key

_ROWS = {"load": 1, "store": 2, "accumulate": 2}  # and where their indices begin
_SUMS = frozenset({"add", "subtract", "multiply", "negative"})
_FAR = 2**62  # ints of which neither end is farther from 0 fit 64 bits between
_MOST = 200  # proofs that are tried
_FEW = 32  # trips, which are written one after the other


def with_tests_ahead(function: Function) -> Function:
    """The function with such loops; the same object where there are none."""
    if not any(isinstance(s, For) for s in all_stmts(function.region)):
        return function
    pass_ = _Ahead(function)
    region = pass_.region(function.region)
    return replace(function, region=region) if pass_.changed else function


class _Ahead:
    def __init__(self, function: Function) -> None:
        self.nest = Nest(function.region)
        self.uses = count_uses(function.region)
        self.left = _MOST
        self.changed = False

    def region(self, region: Region) -> Region:
        builder = Builder()
        for stmt in region.body:
            found = _Loop(self, stmt).found() if isinstance(stmt, For) else None
            if found is None:
                inner = isinstance(stmt, If | For | While)
                builder.append(map_regions(stmt, self.region) if inner else stmt)
            else:
                self.changed = True
                builder.stmts += found
        return replace(region, body=tuple(builder.stmts))

    def proven(self, facts: list[Affine], form: Affine) -> bool:
        """Whether a form is surely not negative."""
        self.left -= 1
        return self.left >= 0 and infeasible([*facts, form.scaled(-1) - 1])


@dataclass(frozen=True, slots=True)
class _Test:
    """An int of the loop that is to be at least 0, and less than a length."""

    atom: Atom
    array: Atom
    axis: int
    below: bool  # what is asked: whether it is not negative,
    above: bool  # and whether it is less than the length
    slope: int  # what each trip adds to it


@dataclass(slots=True)
class _Tests:
    """What is to be asked of a loop, and what it says of its statements."""

    asked: list[_Test] = field(default_factory=list)
    sums: list[Var] = field(default_factory=list)
    bounded: set[Atom] = field(default_factory=set)  # within an array, whatever else
    marked: set[Let] = field(default_factory=set)
    exact: bool = True  # what fails then fails in the loop, too


class _Loop:
    """A loop that may be asked ahead."""

    def __init__(self, outer: _Ahead, loop: For) -> None:
        self.outer, self.nest, self.loop = outer, outer.nest, loop
        self.point = Point(outer.nest, 0, "")
        self.lets = [s for s in all_stmts(loop.body) if isinstance(s, Let)]
        self.own = {v for s in all_stmts(loop.body) for v in defined(s)}
        self.own |= set(loop.body.params)
        self.tests = _Tests()
        self.points: dict[tuple[Region, int], Point] = {}

    def found(self) -> list[Stmt] | None:
        """The statements in its place; None if it stays as it is."""
        if not self.is_plain() or not all(map(self.visit, self.lets)):
            return None
        if not self.tests.marked:
            return None
        builder = Builder(span=self.loop.span, role=self.loop.role)
        holds = _Asked(self, builder).condition()
        marked = _marked(self.loop, self.tests.marked)
        if holds is None:
            return [*builder.stmts, marked]
        empty = Region((), (), ())
        if self.tests.exact:
            other = builder.child()
            other.apply_all("raise", exception="IndexError", template=None)
            raising = replace(other.region((), ()), falls=False)
            guard = If((), holds, empty, raising, self.loop.span, self.loop.role)
            return [*builder.stmts, guard, marked]
        return [*builder.stmts, self.either(holds, marked)]

    def either(self, holds: Atom, marked: For) -> If:
        """The loop of which all was asked, or the loop as it was."""
        loop = self.loop
        flags = (loop.trips, loop.stopped)
        more = [v for v in flags if v is not None and self.outer.uses.get(v, 0)]
        results = [*loop.results, *more]
        then, orelse = (
            clone(Region((), (each,), tuple(results))) for each in (marked, loop)
        )
        return If(tuple(results), holds, then, orelse, loop.span, loop.role)

    def is_plain(self) -> bool:
        """Whether the loop counts by a known step, makes more than a few trips and
        holds no other loop."""
        bounds = self.loop.range
        inner = list(all_stmts(self.loop.body))
        arms = [r for s in inner if isinstance(s, If) for r in (s.then, s.orelse)]
        return (
            all(region.falls for region in (self.loop.body, *arms))
            and bounds.limit is None
            and isinstance(bounds.step, Const)
            and bounds.step.value != 0
            and all(a.type == PY_INT for a in (bounds.start, bounds.stop))
            and not _is_short(bounds)
            and not any(isinstance(s, For | While) for s in inner)
        )

    # --- Its statements --------------------------------------------------------------

    def visit(self, let: Let) -> bool:
        """Note what is to be asked for a statement; whether it then cannot fail."""
        if let.primitive.name in _ROWS:
            return self.access(let)
        if not all(isinstance(r.type, Scalar) for r in let.results):
            return False
        if let.raises or let.primitive.effect is not Effect.PURE:
            return False
        if let.primitive.name in _SUMS and let.result.type == PY_INT:
            return self.sum(let)
        return True

    def sum(self, let: Let) -> bool:
        """An int that is to stay within 64 bits."""
        ints = all(a.type == PY_INT for a in let.operands)
        if not ints or not self.is_even(let.result):
            return False
        self.tests.sums.append(let.result)
        self.tests.marked.add(let)
        return True

    def access(self, let: Let) -> bool:
        """An element that is read or written, by ints alone."""
        array, first = let.operands[0], _ROWS[let.primitive.name]
        if not isinstance(array, Var) or not isinstance(array.type, Array):
            return False
        if let.param("index") != ("int",) * array.type.ndim or let.param("tested"):
            return False
        if first == 2 and not isinstance(let.operands[1].type, Scalar):
            return False
        if any(r.exception != "IndexError" for r in let.raises):
            return False
        if not all(self.index(let, axis) for axis in range(array.type.ndim)):
            return False
        self.tests.marked.add(let)
        return True

    def index(self, let: Let, axis: int) -> bool:
        """An index that is to be within its axis, counted from the start."""
        atom = let.operands[_ROWS[let.primitive.name] + axis]
        array = self.before(let.operands[0], axis)
        if atom.type != PY_INT or array is None or not self.is_even(atom):
            return False
        point = self.standing(let)
        form = point.form(atom)
        below = not self.outer.proven(point.facts, form)
        above = bool(let.raises) and not self.is_less(point, form, array.type, axis)
        always = self.nest.places[let].region is self.loop.body
        if below or above:
            asked = _Test(atom, array, axis, below, above, self.slope(form))
            self.tests.asked.append(asked)
            self.tests.exact &= always and not below and not self.loop.exits
        if always or (below and above):
            self.tests.bounded.add(atom)
        return True

    def slope(self, form: Affine) -> int:
        """What each trip adds to a form."""
        counts = dict(form.terms)
        trip, offset = (
            sum(c for u, c in counts.items() if self.counts(u, what))
            for what in ("trip", "offset")
        )
        return trip - offset if self.loop.range.reverse else trip + offset

    def counts(self, term: object, what: str) -> bool:
        """Whether an unknown is the number of the loop's trip, or its offset."""
        return isinstance(term, tuple) and term[:2] == (what, self.loop.trips)

    def standing(self, let: Let) -> Point:
        """What is known where a statement runs."""
        region = self.nest.places[let].region
        where = region, sum(1 for _ in self.nest.held_before(let))
        if where not in self.points:
            self.points[where] = Point(self.nest, 0, "")
            self.points[where].stand(let)
        return self.points[where]

    def is_less(self, point: Point, form: Affine, t: object, axis: int) -> bool:
        """Whether an index is surely less than a length."""
        assert isinstance(t, Array)
        length: Length = t.dims[axis]
        if isinstance(length, Dim) and length not in self.nest.lengths:
            return False
        size = point.length(length)
        return self.outer.proven(point.facts, size - form - 1)

    def before(self, array: Atom, axis: int) -> Var | None:
        """The array as it comes into the loop, if it is as long."""
        length = dims_of(array.type)[axis]
        if array in self.own and length == ANY:
            return None  # two of which nothing is known
        while array in self.own:
            assert isinstance(array, Var)
            made = self.nest.definitions.get(array)
            if isinstance(made, Let) and made.primitive.name in _ROWS:
                array = made.operands[0]
            elif isinstance(made, If):
                array = made.then.results[made.results.index(array)]
            elif made is None and array in carried_params(self.loop):
                k = carried_params(self.loop).index(array)
                array = self.loop.inits[k]
            else:
                return None
        same = isinstance(array, Var) and dims_of(array.type)[axis] == length
        return array if same and isinstance(array, Var) else None

    def is_even(self, atom: Atom) -> bool:
        """Whether an int is affine in the trip, all else being from outside."""
        return all(self.is_outer(term) for term, _ in self.point.form(atom).terms)

    def is_outer(self, term: object) -> bool:
        """Whether an unknown counts the loop's trips, or is known before it."""
        if isinstance(term, Dim):
            return True
        if not isinstance(term, tuple):
            return False
        what, *rest = term
        if what in ("offset", "trip"):
            return True
        var = rest[0] if what == "quotient" else what
        return isinstance(var, Var) and var not in self.own


def _is_short(bounds: Range) -> bool:
    """Whether a loop makes few trips, which are known."""
    atoms = (bounds.start, bounds.stop, bounds.step)
    known = [int(a.value) for a in atoms if isinstance(a, Const)]
    return len(known) == len(atoms) and len(range(*known)) <= _FEW


def _marked(loop: For, marked: set[Let]) -> For:
    """The loop with these statements marked."""

    def change(region: Region) -> Region:
        return replace(region, body=tuple(map(mark, region.body)))

    def mark(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, Let):
            return map_regions(stmt, change)
        if stmt not in marked:
            return stmt
        params = tuple(sorted((*stmt.params, ("tested", True))))
        return replace(stmt, params=params, safe=True)

    return replace(loop, body=change(loop.body))


# --- The questions -----------------------------------------------------------------


class _Asked:
    """Builds what is asked of a loop, in front of it."""

    def __init__(self, loop: _Loop, builder: Builder) -> None:
        self.tests, self.nest, self.own = loop.tests, loop.nest, loop.own
        self.loop, self.builder = loop.loop, builder
        self.seen: set[tuple[object, ...]] = set()
        self.sizes: dict[tuple[Atom, int], Var] = {}
        self.holds: Var | None = None

    def condition(self) -> Atom | None:
        """The condition on which nothing in the loop fails; None if nothing does."""
        sums = [v for v in self.tests.sums if v not in self.tests.bounded]
        if not self.tests.asked and not sums:
            return None
        trips, ends = self.ends()
        for test in self.tests.asked:
            self.ask_index(test, ends)
        for var in sums:
            for end in ends:
                value = self.value(var, end)
                self.ask("greater", value, constant(-_FAR))
                self.ask("less", value, constant(_FAR))
        if self.holds is None:
            return None
        none = self.builder.apply("less_equal", trips, constant(0))
        return self.builder.apply("logical_or", none, self.holds, via="builtin")

    def ask_index(self, test: _Test, ends: list[dict[Var, Atom]]) -> None:
        first, last = ends if test.slope >= 0 else reversed(ends)
        if test.below:
            self.ask("greater_equal", self.value(test.atom, first), constant(0))
        if test.above:
            self.ask("less", self.value(test.atom, last), self.size(test))

    def size(self, test: _Test) -> Atom:
        known = dims_of(test.array.type)[test.axis]
        if isinstance(known, int):
            return constant(known)
        key = test.array, test.axis
        if key not in self.sizes:
            array, axis = key
            self.sizes[key] = self.builder.apply("shape", array, axis=axis)
        return self.sizes[key]

    def ask(self, name: str, value: Atom, bound: Atom) -> None:
        key = name, atom_key(value), atom_key(bound)
        if key in self.seen:
            return
        self.seen.add(key)
        holds = self.builder.apply(name, value, bound)
        if self.holds is not None:
            both = self.holds, holds
            holds = self.builder.apply("logical_and", *both, via="builtin")
        self.holds = holds

    def ends(self) -> tuple[Var, list[dict[Var, Atom]]]:
        """How many trips there are, and what counts them in the first and the last."""
        bounds, b = self.loop.range, self.builder
        trips = b.apply("range_length", bounds.start, bounds.stop, bounds.step)
        passed = b.apply("subtract", trips, constant(1))
        first, last = bounds.start, self.after(bounds.start, passed, bounds.step)
        if bounds.reverse:
            first, last = last, first
        index = self.loop.body.params[0]
        start: dict[Var, Atom] = {index: first}
        stop: dict[Var, Atom] = {index: last}
        rows = zip(carried_params(self.loop), self.loop.inits, strict=True)
        for param, init in rows:
            if param.type != PY_INT or init.type != PY_INT:
                continue
            change = self.nest.increment(param)
            if change is not None:
                start[param] = init
                stop[param] = self.after(init, passed, constant(change))
        return trips, [start, stop]

    def after(self, start: Atom, steps: Var, step: Atom) -> Atom:
        """An int after so many steps."""
        way: Atom = steps
        if step != constant(1):
            way = self.builder.apply("multiply", step, way)
        if start == constant(0):
            return way
        return self.builder.apply("add", start, way)

    def value(self, atom: Atom, known: dict[Var, Atom]) -> Atom:
        """An int of the loop as it is at one of its ends."""
        if not isinstance(atom, Var) or atom not in self.own:
            return atom
        if atom not in known:
            made = self.nest.definitions[atom]
            assert isinstance(made, Let)
            operands = tuple(self.value(a, known) for a in made.operands)
            copy = fresh_var(atom.type, atom.name)
            self.builder.append(
                replace(made, results=(copy,), operands=operands, span=self.loop.span)
            )
            known[atom] = copy
        return known[atom]
