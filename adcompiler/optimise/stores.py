"""An element that is set to zero and then added to is set once.

In: any function. Out: an equal one, in which derivative code that sets an element (or a
slice) of an array to zero, and later adds to the same element, stores the sum instead.
In between it may change and read other elements: those that surely are others.
Invariant: values are the same but for the sign of a zero; the store happens where the
last addition did, so whatever reads the array in between sees the same elements.

    y_bar[i] = 0.0
    y_bar[i - 1] += g         ->   y_bar[i - 1] += g
    y_bar[i] += 2 * g              y_bar[i] = 2 * g

>>> import adcompiler.primitives
>>> from adcompiler.ir.builder import Builder, constant
>>> from adcompiler.ir.nodes import fresh_var
>>> from adcompiler.ir.printer import show
>>> from adcompiler.ir.types import NP_FLOAT, Array
>>> x, g = fresh_var(Array("float64", (3,)), "x"), fresh_var(NP_FLOAT, "g")
>>> b, at = Builder(role="adjoint"), {"index": ("int",)}
>>> y = b.apply("store", x, constant(0.0), constant(1), **at)
>>> z = b.apply("accumulate", y, g, constant(0), **at)
>>> total = b.apply("accumulate", z, g, constant(1), **at)
>>> print(show(join_stores(Function("f", b.region((x, g), (total,))))))
f(x: float64[3], g: np.float64)
    %0: float64[3] = accumulate(x, g, 0, index=('int',))
    %1: float64[3] = store(%0, g, 1, index=('int',))
    return %1
"""

from __future__ import annotations

from dataclasses import replace

from adcompiler.analysis.dependence import Access, Dependence, access
from adcompiler.ir.nodes import Atom, Function, Let, Region, Stmt
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts, count_uses, map_regions
from adcompiler.optimise.rewriting import atom_key, is_number


def join_stores(function: Function) -> Function:
    """The function with such stores joined; the same object where there are none."""
    stores = [s for s in all_stmts(function.region) if _sets_zero(s)]
    if not stores:
        return function
    joiner = _Joiner(function.region)
    region = joiner.region(function.region)
    return replace(function, region=region) if joiner.changed else function


def _sets_zero(stmt: Stmt) -> bool:
    return (
        isinstance(stmt, Let)
        and stmt.primitive.name == "store"
        and stmt.role != "primal"
        and is_number(stmt.operands[1], 0)
    )


class _Joiner:
    def __init__(self, region: Region) -> None:
        self.uses = count_uses(region)
        self.dependence = Dependence(region)
        self.origin: dict[Let, Let] = {}  # of what was changed, as it was
        self.accesses: dict[Let, Access] = {}
        self.changed = False

    def region(self, region: Region) -> Region:
        body = list(region.body)
        place = 0
        while place < len(body):
            if not (_sets_zero(body[place]) and self.joined(body, place)):
                place += 1
        return replace(region, body=tuple(map(self.inner, body)))

    def inner(self, stmt: Stmt) -> Stmt:
        return stmt if isinstance(stmt, Let) else map_regions(stmt, self.region)

    def joined(self, body: list[Stmt], start: int) -> bool:
        """Whether the store at this place was joined with an addition after it."""
        store = body[start]
        assert isinstance(store, Let)
        new: dict[int, Let] = {}
        before, after = store.operands[0], store.result  # without and with the store
        left = self.uses.get(after, 0)
        for position in range(start + 1, len(body)):
            stmt = body[position]
            if not isinstance(stmt, Let) or stmt.operands[:1] != (after,):
                continue
            if after in stmt.operands[1:]:
                return False
            other = replace(stmt, operands=(before, *stmt.operands[1:]))
            match stmt.primitive.name:
                case "load" if self.differ(store, stmt):
                    new[position] = other
                    left -= 1
                case "accumulate" if left > 1 or stmt.role == "primal":
                    return False
                case "accumulate" if _same_place(store, stmt):
                    new[position] = replace(other, primitive=PRIMITIVES["store"])
                    for place, let in new.items():
                        old = body[place]
                        assert isinstance(old, Let)
                        self.origin[let] = self.origin.get(old, old)
                        body[place] = let
                    del body[start]
                    self.changed = True
                    return True
                case "store" if left > 1:
                    return False
                case "accumulate" | "store" if self.differ(store, stmt):
                    new[position] = other
                    before = after = stmt.result
                    left = self.uses.get(after, 0)
                case _:
                    return False
        return False

    def differ(self, one: Let, other: Let) -> bool:
        """Whether two statements surely reach different elements of an array."""
        return self.dependence.apart(self.access(one), self.access(other))

    def access(self, let: Let) -> Access:
        """The element or slice that a statement reads or writes."""
        let = self.origin.get(let, let)
        if let not in self.accesses:
            array = let.operands[0].type
            assert isinstance(array, Array)
            self.accesses[let] = access(let, array)
        return self.accesses[let]


def _places(let: Let) -> tuple[Atom, ...]:
    """The operands that say where an array is read or written."""
    return let.operands[1 if let.primitive.name == "load" else 2 :]


def _same_place(store: Let, other: Let) -> bool:
    same = store.param("index") == other.param("index")
    return same and [*map(atom_key, _places(store))] == [*map(atom_key, _places(other))]
