"""Runs that take long: signals stop them, and other threads run meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import adcompiler as ad


class Rung(Exception):
    pass


def ring(number, frame):
    raise Rung


def plain(x, n):
    s = x
    for _ in range(n):
        s = 0.5 * s + 1.0
    return s


def reductions(x, n):
    s = 0.0
    for i in range(n):
        s += x[i % 3]
    return s


def nested(x, n):
    s = x
    for _ in range(n):
        for _ in range(n):
            s = 0.5 * s + 1.0
    return s


def of_arrays(u, n):
    for _ in range(n):
        u = u + 0.1 * np.sin(u)
    return np.sum(u)


def around_arrays(u, n):
    for i in range(n):
        v = u * 0.5
        for _ in range(3):
            v = v + u
        u = v * 0.1
    return np.sum(u)


def unending(x, n):
    s, k = x, 0
    while k < n:
        s = 0.5 * s + 1.0
        k += 1
    return s


def in_place(x, n):
    x = x.copy()
    for k in range(n):
        x[k % 5] = x[(k + 1) % 5] * 0.5
    return np.sum(x)


HUGE = 10**14
ROWS = [
    (plain, (1.0, HUGE)),
    (reductions, (np.ones(3), HUGE)),
    (nested, (1.0, 10**7)),
    (of_arrays, (np.ones(400_000), HUGE)),
    (around_arrays, (np.ones(400_000), HUGE)),
    (unending, (1.0, HUGE)),
    (in_place, (np.ones(5), HUGE)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].__name__)
def test_ctrl_c_stops_long_runs(row):
    f, args = row
    value = ad.jvp(
        f, backend="llvm"
    )  # of a gradient the tape would be the first to end
    dot = 1.0 if isinstance(args[0], float) else np.ones_like(args[0])
    value((args[0], 3), (dot, None))
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    start = time.monotonic()
    try:
        with pytest.raises(Rung):
            value(args, (dot, None))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 30.0  # it would take days


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].__name__)
@pytest.mark.parametrize("n", [0, 1, 5, 300])
def test_loops_in_runs_give_what_loops_give(row, n, monkeypatch):
    monkeypatch.setattr("adcompiler.emit.llvm.pace.TRIPS", 2)
    f, (x, _) = row
    x = x if isinstance(x, float) else x[:7]
    n = min(n, 20) if f is nested else n
    found = ad.value_and_grad(f, wrt=0, backend="llvm")(x, n)
    expected = ad.value_and_grad(f, wrt=0, backend="numpy")(x, n)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


def counted_meanwhile(work):
    """How often another thread comes to run while this one works, and how long that
    takes."""
    count, stop, ready = [0], threading.Event(), threading.Event()

    def run():
        ready.set()
        while not stop.is_set():
            count[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    first, start = count[0], time.monotonic()
    work()
    found = count[0] - first, time.monotonic() - start
    stop.set()
    thread.join()
    return found


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (unending, (1.0, 300_000_000)),
        (nested, (1.0, 20_000)),
        (plain, (1.0, 300_000_000)),
        (of_arrays, (np.ones(200_000), 500)),
    ],
)
def test_other_threads_run_meanwhile(f, args):
    value = ad.jvp(f, backend="llvm")
    dots = (1.0 if isinstance(args[0], float) else np.ones_like(args[0]), None)
    value((args[0], 3), dots)
    count, seconds = counted_meanwhile(lambda: value(args, dots))
    assert seconds > 0.05, "too short to tell"
    assert count > 3 * seconds / 0.1  # more than at each look for signals


def test_signals_stop_a_run_that_others_run_beside():
    value = ad.jvp(unending, backend="llvm")
    value((1.0, 3), (1.0, None))
    before = signal.signal(signal.SIGALRM, ring)

    def work():
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Rung):
            value((1.0, HUGE), (1.0, None))

    try:
        count, seconds = counted_meanwhile(work)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert seconds < 30.0
    assert count > 0


def test_threads_work_at_once_and_give_the_same():
    derivative = ad.value_and_grad(of_arrays, wrt=0, backend="llvm")
    u = np.linspace(0.0, 1.0, 50_000)
    expected = derivative(u, 20)
    found = [None] * 4

    def work(k):
        for _ in range(3):
            found[k] = derivative(u, 20)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for value, gradient in found:
        assert value == expected[0]
        np.testing.assert_array_equal(gradient, expected[1])


def test_what_calls_numpy_keeps_the_lock():
    """And its errors are raised as ever."""

    def f(x, n):
        s = 0.0
        for _ in range(n):
            s = s + np.linalg.eigvalsh(x * s)[0]
        return s

    built = ad.grad(f, wrt=0, backend="llvm").compile(np.eye(3), 2).built
    assert "@adc_resume(" not in built.machine(dense=True).text
    other = ad.grad(plain, wrt=0, backend="llvm").compile(1.0, 2).built
    assert "@adc_resume(" in other.machine(dense=True).text


AT_THE_END = """
import builtins, os, sys, threading, time
import adcompiler as ad
from tests.test_signals import unending

value = ad.jvp(unending, backend="llvm")
print(value((1.0, 3), (1.0, None)))


def run():
    value((1.0, int(sys.argv[1])), (1.0, None))


threading.Thread(target=run, daemon=True).start()
time.sleep(0.2)
if (child := os.fork()) == 0:
    print(value((1.0, 3), (1.0, None)))
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)


class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(2.0)


builtins.slow = Slow()  # goes when Python is on its way out
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("trips", [HUGE, 300_000_000])
def test_runs_that_python_does_not_wait_for(trips):
    """Python ends while a thread is in machine code, or comes back from it; and a
    process that is forked meanwhile computes."""
    command = [sys.executable, "-W", "ignore", "-c", AT_THE_END, str(trips)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == second
