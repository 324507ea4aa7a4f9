"""What was measured, as text, as JSON, and as tables of a page.

In: `Measured`. Out: lines on the terminal, and files.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.compare import Measured

__all__ = ["machine", "show", "summary", "write_json", "write_page"]

_OTHERS = ("hand", "jax", "torch", "autograd", "floor")
_ALL = ("llvm", "numpy", *_OTHERS)
_TITLES = {
    "llvm": "ours, llvm",
    "numpy": "ours, numpy",
    "hand": "by hand",
    "jax": "JAX",
    "torch": "PyTorch",
    "autograd": "autograd",
    "floor": "memory alone",
    "Python": "the program",
}
_OVER = "The primal of `llvm` is that by hand, that of `numpy` the program itself."
_PACKAGES = ("numpy", "scipy", "llvmlite", "numba", "jax", "torch", "autograd")


def show(row: Measured) -> None:
    """What was measured of a workload at a size."""
    print(f"{row.title}, {row.size} (by hand: {row.hand_by})")
    for name in ("Python", *_ALL):
        gradient, primal = row.gradients.get(name), row.primals.get(name)
        if gradient is None and primal is None:
            if name in row.left_out:
                print(f"  {name:9} left out: {row.left_out[name]}")
            continue
        cells = [
            f"{_seconds(primal.median) if primal else '':>10}",
            f"{_seconds(gradient.median) if gradient else '':>10}",
            f"{_number(row.over_primal(name)):>8}",
            f"{_number(row.ratio(name)):>8}",
            f"{_seconds(row.first_calls.get(name)):>10}",
        ]
        print(f"  {name:9}{''.join(cells)}", flush=True)
    print(flush=True)


def summary(rows: Sequence[Measured]) -> None:
    """Which bars are met, and which peers are faster."""
    print(
        "columns: primal, value and gradient, their ratio, ours (llvm) over it, first"
    )
    for row in rows:
        print(f"{row.title:28}{row.size:22}{_verdict(row)}")


def _verdict(row: Measured) -> str:
    """The ratio to the adjoint by hand, the bar, and the peers that are faster."""
    text = f"{_number(row.ratio('hand'))}{_of_bar(row)}"
    peers = ((n, row.ratio(n) or 0.0) for n in ("jax", "torch", "autograd"))
    slower = ", ".join(f"{_TITLES[n]} ({r:.2f})" for n, r in peers if r > 1.0)
    return f"{text}; slower than {slower}" if slower else text


def _of_bar(row: Measured) -> str:
    """Whether the bar is met, if there is one, and if it was measured."""
    ratio = row.ratio("hand")
    if row.bar is None:
        return ""
    if ratio is None:
        return f"not measured by hand, at most {row.bar}"
    return f" of at most {row.bar}, {'met' if ratio <= row.bar else 'missed'}"


# --- Files --------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """The processor, the system and the versions."""
    found = {"processor": _processor(), "system": platform.platform()}
    found["python"] = platform.python_version()
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def write_json(rows: Sequence[Measured], path: str) -> None:
    """All that was measured, in seconds."""
    whole = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    Path(path).write_text(json.dumps(whole, indent=1) + "\n")


def write_page(rows: Sequence[Measured], path: str) -> None:
    """The tables, in the place of those that the page has."""
    page = Path(path)
    start, end = "<!-- measured -->\n", "<!-- end -->\n"
    before, found, rest = page.read_text().partition(start)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{path} has no part between {start!r} and {end!r}")
    page.write_text(f"{before}{start}{_tables(rows)}{end}{after}")


def _tables(rows: Sequence[Measured]) -> str:
    peers = ("hand", "jax", "torch", "autograd")
    parts = [
        "\n".join(f"- {name}: {value}" for name, value in machine().items()),
        "### Machine code over the others\n\nBelow 1, ours is faster.",
        _table(rows, ("bar", "by hand in", *peers, "floor"), _of_ratios),
        "### Value and gradient, seconds",
        _table(rows, _ALL, lambda row, n: _seconds(_median(row.gradients, n))),
        "### Primal, seconds",
        _table(
            rows, ("Python", *peers), lambda row, n: _seconds(_median(row.primals, n))
        ),
        f"### Value and gradient over the primal\n\n{_OVER}",
        _table(rows, ("llvm", "numpy", *peers), lambda r, n: _number(r.over_primal(n))),
        "### First call, compilation included, seconds",
        _table(
            rows,
            ("llvm", "numpy", *peers),
            lambda row, name: _seconds(row.first_calls.get(name)),
        ),
    ]
    left = [
        f"- {row.title}, {row.size}: {_TITLES[name]}: {why}"
        for row in rows
        for name, why in row.left_out.items()
    ]
    if left:
        parts += ["### Left out", "\n".join(left)]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _of_ratios(row: Measured, column: str) -> str:
    match column:
        case "bar":
            return "" if row.bar is None else str(row.bar)
        case "by hand in":
            return row.hand_by
        case "hand" if row.bar is not None:
            ratio = row.ratio("hand")
            if ratio is None:
                return "not measured"
            return f"{_number(ratio)} {'met' if ratio <= row.bar else '**missed**'}"
        case _:
            return _number(row.ratio(column))


def _table(
    rows: Sequence[Measured],
    columns: Sequence[str],
    cell: Callable[[Measured, str], str],
) -> str:
    titles = ["", "", *(_TITLES.get(name, name) for name in columns)]
    lines = [_line(titles), _line(["---", "---", *["---:"] * len(columns)])]
    last = ""
    for row in rows:
        title = "" if row.title == last else row.title
        last = row.title
        lines.append(_line([title, row.size, *(cell(row, n) for n in columns)]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _median(times: dict[str, Any], name: str) -> float | None:
    return times[name].median if name in times else None


def _seconds(value: float | None) -> str:
    """Three digits and a unit."""
    if value is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
