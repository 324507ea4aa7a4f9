"""Dependence tests against what random loop nests do when they are run.

Each nest reads an element of an array and stores another, at random affine indices or
slices, in random loops. Where the test says that the store never touches what was read,
no run of the nest may show that it does; and in plain cases it must say so.
"""

from __future__ import annotations

import linecache
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from adcompiler.analysis.dependence import Clash, Dependence, access
from adcompiler.analysis.inequalities import infeasible, unknown
from adcompiler.ir.nodes import Let
from adcompiler.ir.types import Array
from adcompiler.ir.walk import all_stmts
from adcompiler.optimise import optimise
from tests.gradients_in_ir import lowered

# --- Systems of inequalities ---------------------------------------------------------


@pytest.mark.parametrize("seed", range(200))
def test_what_is_infeasible_has_no_solution(seed):
    rng = random.Random(seed)
    symbols = [unknown(name) for name in "abc"]

    def form():
        total = symbols[0].scaled(rng.randint(-3, 3)) + rng.randint(-4, 4)
        for symbol in symbols[1:]:
            total = total + symbol.scaled(rng.randint(-3, 3))
        return total

    nonnegative = [form() for _ in range(rng.randint(1, 4))]
    equal = [form() for _ in range(rng.randint(0, 2))]
    if infeasible(nonnegative, equal):
        for point in np.ndindex(13, 13, 13):
            at = dict(zip("abc", (k - 6 for k in point), strict=True))
            values = [sum(c * at[u] for u, c in f.terms) + f.constant for f in equal]
            others = [
                sum(c * at[u] for u, c in f.terms) + f.constant for f in nonnegative
            ]
            assert any(values) or min(others) < 0


def test_a_large_system_is_given_up():
    unknowns = [unknown(k) for k in range(40)]
    system = [a - b - 1 for a in unknowns for b in unknowns if a != b]
    assert infeasible(system[:2]) is False
    infeasible(system)  # comes to an end


# --- Loop nests ----------------------------------------------------------------------


class Recorder:
    """Stands for an array; notes which elements are touched, and in which trips."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.numbers = np.arange(int(np.prod(shape))).reshape(shape)
        self.shape = shape
        self.events: list[tuple[str, frozenset[int], tuple[int, ...]]] = []
        self.trips: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self.shape[0]

    def _note(self, what: str, index: Any) -> None:
        touched = frozenset(np.ravel(self.numbers[index]).tolist())
        self.events.append((what, touched, self.trips))

    def __getitem__(self, index: Any) -> float:
        self._note("read", index)
        return 1.0

    def __setitem__(self, index: Any, value: Any) -> None:
        self._note("write", index)


@dataclass(frozen=True)
class Text:
    """A nest: its lines, and how many loops are around both accesses."""

    plain: str
    noted: str
    common: int


def random_nest(rng: random.Random) -> Text:
    """A read and a write in loops of their own within loops around both."""
    common = rng.randint(1, 2)
    rank = rng.randint(1, 2)
    names = ["i", "j", "k", "l"]
    lines = ["def nest(x, n, m):"]
    scope: list[str] = []

    def bound() -> str:
        choices = ["0", "1", "n", "n - 1", "m", "len(x)", "3"]
        choices += [f"{v} + {rng.randint(0, 2)}" for v in scope] + scope
        return rng.choice(choices)

    def head(depth: int) -> str:
        step = rng.choice(["", "", "", ", 1", ", 2", ", -1", ", -2"])
        low, high = bound(), bound()
        if "-" in step and rng.random() < 0.7:
            low, high = high, rng.choice(["-1", "0", low])
        return f"for {names[depth]} in range({low}, {high}{step}):"

    def entry() -> str:
        if rng.random() < 0.15:
            parts = [rng.choice(["", index()]) for _ in range(2)]
            return ":".join(parts) + rng.choice(["", ":2", ":1"])
        return index()

    def index() -> str:
        kind = rng.random()
        if kind < 0.6 and scope:
            sign = rng.choice(["", "", "", "-", "2 * "])
            return f"{sign}{rng.choice(scope)} + {rng.randint(-2, 2)}"
        if kind < 0.8 and scope:
            return rng.choice([*scope, f"{scope[-1]} // 2", f"{scope[0]} % 2"])
        return rng.choice(["0", "1", "-1", "n - 1", "m", "c"])

    def place() -> str:
        return ", ".join(entry() for _ in range(rank))

    lines.append("    c = 0")
    for depth in range(common):
        lines.append("    " * (depth + 1) + head(depth))
        scope.append(names[depth])
    inside = "    " * (common + 1)
    if rng.random() < 0.3:
        change = rng.choice(["c + 1", "c + 2", "c - 1", "i"])
        lines.append(f"{inside}c = {change}")
    blocks = []
    for what in ("read", "write"):
        block, here, own = [], inside, list(scope)
        if rng.random() < 0.4:
            block.append(here + head(common))
            scope.append(names[common])
            here += "    "
        if rng.random() < 0.3:
            sign = rng.choice(["<", ">", "<=", "!=", "=="])
            block.append(f"{here}if {rng.choice(scope)} {sign} {bound()}:")
            here += "    "
        read, write = f"s += np.sum(x[{place()}])", f"x[{place()}] = 0.5"
        block.append(f"{here}# {','.join(names[:common])}")
        block.append(here + (read if what == "read" else write))
        scope[:] = own
        blocks.append(block)
    rng.shuffle(blocks)
    lines.insert(2, "    s = 0.0")
    lines += [line for block in blocks for line in block]
    lines.append("    return np.sum(x) + s")
    plain = "\n".join(line for line in lines if "#" not in line) + "\n"
    noted = [
        line.replace("# ", "x.trips = (") + ",)" if "#" in line else line
        for line in lines
    ]
    return Text(plain, "\n".join(noted[:-1]) + "\n", common)


def defined(text: str, name: str) -> Any:
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = {"np": np}
    exec(compile(text, name, "exec"), scope)
    return scope["nest"]


def clash_of(text: Text, seed: int) -> Clash:
    rank = 2 if "," in text.plain.split("x[")[1].split("]")[0] else 1
    function = defined(text.plain, f"<nest {seed}>")
    args = (np.zeros((4,) * rank), 3, 2)
    region = optimise(lowered(function, args).function).region
    lets = [s for s in all_stmts(region) if isinstance(s, Let)]
    tester = Dependence(region)
    (write,) = (s for s in lets if s.primitive.name == "store")
    (read,) = (s for s in lets if s.primitive.name == "load")
    array = write.operands[0].type
    assert isinstance(array, Array)
    return tester.clash(access(read, array), access(write, array))


def observed(text: Text, shape: tuple[int, ...], n: int, m: int) -> Clash | None:
    """What a run shows; None if it does not come to its end."""
    x = Recorder(shape)
    try:
        defined(text.noted, "<run>")(x, n, m)
    except (IndexError, ValueError):
        return None
    same = later = False
    for k, (what, touched, trips) in enumerate(x.events):
        if what == "read":
            for other, others, after in x.events[k:]:
                if other == "write" and touched & others:
                    same |= trips == after
                    later |= trips != after
    return Clash(same, later)


@pytest.mark.parametrize("seed", range(400))
def test_no_run_shows_a_clash_that_was_ruled_out(seed):
    rng = random.Random(seed)
    text = random_nest(rng)
    try:
        clash = clash_of(text, seed)
    except ValueError:
        pytest.skip("the nest was optimised away")
    rank = 2 if "," in text.plain.split("x[")[1].split("]")[0] else 1
    for size in range(1, 6):
        for n, m in [(size, size), (size - 1, 2), (size + 1, 0), (2, size), (4, 1)]:
            shape = (size, max(size - 1, 1))[:rank]
            shown = observed(text, shape, n, m)
            if shown is not None:
                assert shown.same <= clash.same, text.plain
                assert shown.later <= clash.later, text.plain


# --- What must be ruled out ----------------------------------------------------------


def nest(*lines: str) -> Text:
    body = "\n".join(f"    {line}" for line in lines)
    text = f"def nest(x, n, m):\n    s = 0.0\n{body}\n    return np.sum(x) + s\n"
    return Text(text, text, 0)


def test_places_apart_in_the_same_trip():
    for index, apart in (("i + 1", True), ("i - 1", False), ("i", False)):
        text = nest("for i in range(n):", f"    s += x[{index}]", "    x[i] = s")
        function = defined(text.plain, f"<apart {index}>")
        region = optimise(lowered(function, (np.zeros(4), 3, 2)).function).region
        lets = [s for s in all_stmts(region) if isinstance(s, Let)]
        accesses = [
            access(s, s.operands[0].type)
            for s in lets
            if s.primitive.name in ("load", "store")
        ]
        # x[-1] is x[0] of an array with one element.
        assert Dependence(region).apart(*accesses) is apart


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["for i in range(1, n):", "    s += x[i - 1]", "    x[i] = s"], (0, 0)),
        (["for i in range(1, n):", "    s += x[i]", "    x[i] = s"], (1, 0)),
        (["for i in range(n):", "    s += x[i - 1]", "    x[i] = s"], (1, 1)),
        (["for i in range(1, n):", "    s += x[-i]", "    x[-i - 1] = s"], (0, 0)),
        (["for i in range(1, n):", "    s += x[-i - 1]", "    x[-i] = s"], (0, 1)),
        (["for i in range(n, 0, -1):", "    s += x[i]", "    x[i - 1] = s"], (0, 0)),
        (["for i in range(n, 0, -1):", "    s += x[i - 1]", "    x[i] = s"], (0, 1)),
        (["for i in range(0, n, 2):", "    s += x[i + 1]", "    x[i] = s"], (0, 0)),
        (["for i in range(n):", "    s += np.sum(x[:i])", "    x[i] = s"], (0, 0)),
        (["for i in range(n):", "    s += np.sum(x[i:])", "    x[i] = s"], (1, 1)),
        (["for i in range(n):", "    s += x[2 * i]", "    x[2 * i + 1] = s"], (0, 0)),
        (["for i in range(n):", "    if i > 1:", "        s += x[1]",
          "    x[i] = s"], (0, 0)),
        (["i = 0", "while i < n:", "    i = i + 1", "    s += x[i - 1]",
          "    x[i] = s"], (0, 0)),
    ],
)  # fmt: skip
def test_what_is_ruled_out(lines, expected):
    same, later = expected
    assert clash_of(nest(*lines), hash(tuple(lines))) == Clash(bool(same), bool(later))
