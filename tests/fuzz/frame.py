"""The state of one function while it is being generated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fuzz.entropy import Chooser
from tests.fuzz.kinds import Kind
from tests.fuzz.program import Options, Variable

Shape = tuple[int, ...]


@dataclass
class Shared:
    """What all functions of one program have in common."""

    chooser: Chooser
    options: Options
    float32: bool = False
    raising: bool = False
    python_scalars: bool = True  # every scalar variable is a Python float
    names: dict[str, int] = field(default_factory=dict)
    groups: int = 0
    dims: tuple[int, ...] = (2, 3)
    helpers: list[Helper] = field(default_factory=list)
    constants: list[Variable] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)

    def fresh(self, prefix: str) -> str:
        number = self.names.get(prefix, 0)
        self.names[prefix] = number + 1
        return f"{prefix}{number}"

    def group(self) -> int:
        self.groups += 1
        return self.groups


@dataclass
class Helper:
    """A function that generated code may call."""

    name: str
    parameters: list[Variable]
    result: str  # float, pair, array (as the first parameter), none, both, container
    source: str
    made: Kind | None = None  # of which kind the container is


@dataclass
class Loop:
    """An open loop: what a `continue` has to run first, and whether it may be left."""

    before_continue: str | None = None
    breaks: int = 0


class Frame:
    """Lines, blocks of visible variables, and open loops of one function."""

    def __init__(self, shared: Shared, indent: int = 1) -> None:
        self.shared = shared
        self.chooser = shared.chooser
        self.options = shared.options
        self.lines: list[str] = []
        self.indent = indent
        self.blocks: list[list[Variable]] = [[]]
        self.loops: list[Loop] = []
        self.trips = 1
        self.budget = 0
        self.may_call = True
        self.dtype_of: str | None = None  # an array whose dtype new arrays take
        self.returns: str | None = "float"
        self.shape_of_result: Shape = ()
        self.captured: set[str] = set()

    @property
    def level(self) -> int:
        return len(self.blocks) - 1

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def fresh(self, prefix: str) -> str:
        return self.shared.fresh(prefix)

    def room(self, trips: int) -> bool:
        """Whether another loop of so many trips may be opened here."""
        return self.trips * trips <= self.options.max_trips and self.level < 4

    def visible(self, kind: str, shape: Shape | None = None) -> list[Variable]:
        return [
            v
            for block in self.blocks
            for v in block
            if v.kind == kind and (shape is None or v.shape == shape)
        ]

    def add(self, variable: Variable) -> Variable:
        variable.level = self.level
        if variable.kind == "array" and variable.group < 0:
            variable.group = self.shared.group()
        self.blocks[-1].append(variable)
        return variable

    @contextmanager
    def block(self) -> Iterator[None]:
        """A nested block; names that it binds are not visible afterwards."""
        self.indent += 1
        self.blocks.append([])
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.emit("pass")
        self.blocks.pop()
        self.indent -= 1

    @contextmanager
    def loop(self, trips: int, before_continue: str | None = None) -> Iterator[Loop]:
        opened = Loop(before_continue)
        self.loops.append(opened)
        saved, self.trips = self.trips, self.trips * max(trips, 1)
        with self.block():
            yield opened
        self.trips = saved
        self.loops.pop()

    def shares(self, variable: Variable) -> bool:
        """Whether another visible name may share the variable's memory."""
        return any(
            v is not variable and v.group == variable.group
            for v in self.visible("array")
        )

    def may_rebind(self, variable: Variable) -> bool:
        """Whether rebinding keeps it clear which names share memory."""
        if variable.fixed or variable.name in self.captured:
            return False
        if variable.kind != "array" or variable.level == self.level:
            return True
        if self.options.ambiguous_aliases:
            return True
        return not self.shares(variable)

    def rebind(self, variable: Variable, group: int | None = None) -> None:
        """Note that the array variable now names other memory."""
        nested = variable.level != self.level
        if nested and variable.argument and not self.options.ambiguous_aliases:
            variable.storable = False
        if not nested:
            variable.argument = False
            variable.storable = True
        variable.group = self.shared.group() if group is None else group
