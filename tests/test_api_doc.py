"""docs/api.md prints what it says; with --update-golden it is made to say so."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
PROGRAM = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def outputs() -> list[str]:
    """What the programs print, which are run one after the other."""
    found = []
    namespace: dict = {"__name__": "api"}
    for number, (program, _) in enumerate(PROGRAM.findall(PAGE.read_text()), 1):
        name = f"example_{number}.py"
        linecache.cache[name] = (0, None, program.splitlines(True), name)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(program, name, "exec"), namespace)
        found.append(printed.getvalue())
    return found


def test_the_programs_print_what_the_page_says(update_golden, monkeypatch):
    monkeypatch.delenv("ADC_BACKEND")
    found = outputs()
    if update_golden:
        texts = iter(found)
        page = PROGRAM.sub(
            lambda m: f"```python\n{m[1]}```\n\n```text\n{next(texts)}```",
            PAGE.read_text(),
        )
        PAGE.write_text(page)
    shown = [m[2] for m in PROGRAM.finditer(PAGE.read_text())]
    assert list(map(anywhere, shown)) == list(map(anywhere, found))


def anywhere(text: str) -> str:
    """The text without what processors differ in."""
    return re.sub(r"(one number|\d+ numbers) at a time", "so many at a time", text)
