"""`import adcompiler` is cheap: NumPy, and nothing heavy besides."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

HEAVY = ("sympy", "llvmlite", "scipy", "cupy", "torch", "matplotlib")
LIMIT = 2.5  # times what NumPy takes
ROUNDS = 7

# What is measured is ours alone, beside the import of NumPy in the same process:
# machines differ, and a busy one is slow for both.
IMPORT = """
import sys, time
start = time.process_time()
import numpy
middle = time.process_time()
import adcompiler
share = (time.process_time() - middle) / (middle - start)
print(share, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def import_in_a_new_process() -> tuple[float, set[str]]:
    """What `import adcompiler` takes beyond NumPy, as a multiple of that; the packages
    then loaded."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
    )
    share, *packages = done.stdout.split()
    return float(share), set(packages)


def test_import_loads_nothing_heavy() -> None:
    _, packages = import_in_a_new_process()
    assert "numpy" in packages
    assert packages.isdisjoint(HEAVY)


def test_import_is_fast() -> None:
    import_in_a_new_process()  # writes the byte code
    shares = [import_in_a_new_process()[0] for _ in range(ROUNDS)]
    assert median(shares) < LIMIT, sorted(shares)
