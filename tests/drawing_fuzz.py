"""Random programs that draw: in loops, branches, helpers and conditions, from the
default generator, a global one, and one that is an argument."""

from __future__ import annotations

import random

HEAD = """\
import numpy as np
from adcompiler import runtime as rt

G = rt.Generator()

def helper(y, g):
    if rt.rand() < 0.5:
        return np.sum(y * rt.rand(3, dtype=np.float64, generator=g))
    return np.sum(np.sin(y))

def program(x, a, b, g):
    x = x.copy()
"""
CONDITIONS = (
    "rt.rand(generator=g) < 0.5",
    "a > 0.2",
    "rt.rand() < 0.5 and b > rt.rand()",
    "rt.rand() < 0.2 or a > rt.rand()",
)
EXITS = ("break", "continue", "return a * b + np.sum(x)")
NUMBERS = ("a", "b", "0.3", "a * b", "np.sin(a)", "x[1]")


class Writer:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.counts = 0

    def draw(self, *, whole: bool) -> str:
        """A draw of a number, or of an array of three."""
        one = self.random.choice
        given = one((["dtype=np.float64"], ["dtype=np.float64"], []))
        given = [*given, *one(([], [], ["generator=g"], ["generator=G"]))]
        shape = "3" if whole else "()"
        mean, std = one(NUMBERS), one(("0.7", "1.0 + a * a"))
        name, *numbers = one(
            (
                ("rand",),
                ("randn",),
                ("uniform", "-0.5", "1.5"),
                ("uniform", "a - 1.0", "a + b"),
                ("normal", mean, std),
                ("normal", "0.1", "0.5"),
                ("exponential", "1.0 + b * b"),
                ("bernoulli", "0.6"),
            )
        )
        lengths = [shape] if numbers else [shape] * whole
        # What is rounded to single precision has no difference quotients.
        moves = any(c in "abx" for number in numbers for c in number)
        if moves and "dtype=np.float64" not in given:
            given.append("dtype=np.float64")
        text = f"rt.{name}({', '.join([*numbers, *lengths, *given])})"
        if "dtype=np.float64" in given:
            return text
        return f"{text}.astype(np.float64)" if whole else f"float({text})"

    def statement(self) -> str:
        """An assignment."""
        own = self.random.choice(("", ", generator=g"))
        return self.random.choice(
            (
                f"a = np.sin(a) * {self.draw(whole=False)} + b",
                f"b = b + 0.3 * {self.draw(whole=False)} * a",
                f"x = x * {self.draw(whole=True)} + 0.1 * a",
                f"x = rt.dropout(np.sin(x), 0.4{own})",
                f"x[rt.randint(0, 3{own})] += {self.draw(whole=False)} * b",
                "a = a + helper(x, g) * 0.2",
                f"x = x[rt.randperm(3{own})] * np.cos(b)",
                "b = np.cos(b) + np.sum(x) * 0.1",
            )
        )

    def block(self, depth: int, indent: str) -> None:
        """Some statements."""
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.random() if depth else 1.0
            if kind < 0.2:
                trips = self.random.randint(1, 3)
                self.lines.append(f"{indent}for i{depth} in range({trips}):")
                self.block(depth - 1, indent + "    ")
                if self.random.random() < 0.4:
                    self.lines.append(f"{indent}    if rt.rand() < 0.3:")
                    self.lines.append(f"{indent}        {self.random.choice(EXITS)}")
            elif kind < 0.4:
                self.lines.append(f"{indent}if {self.random.choice(CONDITIONS)}:")
                self.block(depth - 1, indent + "    ")
                if self.random.random() < 0.6:
                    self.lines.append(f"{indent}else:")
                    self.block(depth - 1, indent + "    ")
            elif kind < 0.48:
                self.counts += 1
                n = f"n{self.counts}"
                self.lines.append(f"{indent}{n} = 0")
                self.lines.append(f"{indent}while rt.rand() < 0.6 and {n} < 4:")
                self.lines.append(f"{indent}    {n} += 1")
                self.block(depth - 1, indent + "    ")
            else:
                self.lines.append(indent + self.statement())


def program(seed: int) -> str:
    """The text of a module."""
    writer = Writer(seed)
    writer.block(3, "    ")
    return HEAD + "\n".join(writer.lines) + "\n    return np.sum(x * x) + a * b\n"
