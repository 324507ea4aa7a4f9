"""Machine code touches its own memory alone: part of the corpus, between walls."""

import os
import signal
import subprocess
import sys

import pytest

from tests.test_native import ROWS

STEP = 20

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="pages are protected by Linux's mprotect"
)


def run(*command):
    env = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.perturb=1", "ADC_CACHE": "0"}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env=env, check=False
    )


@pytest.mark.parametrize("first", [0, STEP // 2])
def test_nothing_beside_arrays_is_touched(first):
    found = run("-m", "tests.guarded", str(first), str(STEP))
    *_, last = found.stdout.splitlines() or [""]
    assert found.returncode == 0, f"{last}\n{found.stderr[-2000:]}"
    programs, layouts = (int(word) for word in last.split() if word.isdigit())
    assert programs > len(ROWS) / STEP / 3
    assert layouts > 2 * programs


@pytest.mark.parametrize(("side", "beyond"), [("end", 5), ("start", -1)])
def test_the_walls_stand(side, beyond):
    text = (
        "import ctypes, numpy as np; from tests.guarded import walled; "
        f"x = walled(np.arange(5.0), {side!r}); assert x.sum() == 10.0; "
        f"ctypes.c_double.from_address(x.ctypes.data + 8 * {beyond}).value"
    )
    assert run("-c", text).returncode == -signal.SIGSEGV
