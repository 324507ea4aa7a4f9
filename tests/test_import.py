"""`import adcompiler` is cheap: NumPy, and nothing heavy besides."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

HEAVY = ("sympy", "llvmlite", "scipy", "cupy", "torch", "matplotlib")
LIMIT_S = 0.150
ROUNDS = 7

# NumPy is imported before the clock starts: what is measured is ours alone. The time
# is that of the processor, which a busy machine stretches less than the clock's.
IMPORT = """
import sys, time
import numpy
start = time.process_time()
import adcompiler
seconds = time.process_time() - start
print(seconds, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def import_in_a_new_process() -> tuple[float, set[str]]:
    """Seconds that `import adcompiler` takes beyond NumPy; the packages then loaded."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )
    seconds, *packages = done.stdout.split()
    return float(seconds), set(packages)


def test_import_loads_nothing_heavy() -> None:
    _, packages = import_in_a_new_process()
    assert "numpy" in packages
    assert packages.isdisjoint(HEAVY)


def test_import_is_fast() -> None:
    import_in_a_new_process()  # writes the byte code
    times = [import_in_a_new_process()[0] for _ in range(ROUNDS)]
    assert median(times) < LIMIT_S, (
        f"took {median(times) * 1e3:.0f} ms: {sorted(times)}"
    )
