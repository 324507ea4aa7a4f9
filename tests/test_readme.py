"""The README's example runs and prints what the README says; with --update-golden it is
made to say what it prints."""

import linecache
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_prints_what_it_says(capsys, update_golden):
    program, printed = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    name = str(README)
    lines = program.splitlines(keepends=True)
    linecache.cache[name] = (len(program), None, lines, name)
    try:
        exec(compile(program, name, "exec"), {})
    finally:
        del linecache.cache[name]
    output = capsys.readouterr().out
    if update_golden:
        source = output[output.index("def ") :].strip() + "\n"
        README.write_text(README.read_text().replace(printed, source))
        printed = source
    assert output.strip().endswith(printed.strip())
