"""Large nests are shared by threads: the same bits for any number of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import resident
from adcompiler.emit.llvm import resident as resident_text
from adcompiler.emit.llvm import runtime, sharing
from adcompiler.execute.llvm.threads import allow
from adcompiler.settings import current
from tests.test_threads import together

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="nests are shared on Linux"
)

COUNTS = (1, 2, 3, 7)


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", "llvm")
    yield
    allow(current().threads)


def least_of(f, *args):
    """How many elements the first of the nests is shared from."""
    text = ad.differentiate(f).source(*args, backend="llvm")
    found = re.search(r"icmp uge i64 \S+ (\d+)\n.*label %then\d+, label %else", text)
    assert found is not None
    return int(found.group(1))


def bits(results):
    if isinstance(results, tuple):
        return b"".join(map(bits, results))
    return np.asarray(results).tobytes()


def held_equal(call, *args):
    """The results, which have the same bits for any number of threads."""
    found = []
    for count in COUNTS:
        allow(count)
        found.append(call(*args))
        assert bits(found[-1]) == bits(found[0])
    return found[0]


def chain(x, y):
    t = np.tanh(x * y)
    return np.sum(t * t + np.exp(-y))


def flat(results):
    return [v for r in results for v in (flat(r) if isinstance(r, tuple) else [r])]


def close(f, results, *args):
    """Whether they are what the NumPy program gives."""
    wanted = flat(ad.value_and_grad(f, backend="numpy")(*args))
    for mine, other in zip(flat(results), wanted, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)


def drawn(*shapes):
    rng = np.random.default_rng(3)
    return [rng.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize("past", [-1, 0, 1, 65])
def test_around_the_ends_of_chunks(past):
    least = least_of(chain, np.ones(3), np.ones(3))
    call = ad.value_and_grad(chain)
    for n in (least + past, 3 * least + past):
        x, y = drawn(n, n)
        close(chain, held_equal(call, x, y), x, y)


def over_rows(x, b, c):
    return np.sum(np.tanh(x + b) * c[:, None])


def test_rows_that_do_not_lie_alike():
    for shape in ((700, 301), (301, 700), (2, 120_001), (210_001, 1), (1, 210_001)):
        x, b, c = drawn(shape, shape[1], shape[0])
        for mine in (x, x[::-1], np.asfortranarray(x)):
            results = held_equal(ad.value_and_grad(over_rows), mine, b, c)
            close(over_rows, results, mine, b, c)


def spread(x):
    y = np.maximum(x, 0.0) * x
    return np.max(y) - np.min(y) + np.mean(y) + 0.0 * np.prod(1.0 + 1e-9 * y)


def test_what_is_reduced():
    (x,) = drawn(700_001)
    close(spread, held_equal(ad.value_and_grad(spread), x), x)
    for k in (0, 350_003, 700_000):
        hurt = x.copy()
        hurt[k] = np.nan
        value, _ = held_equal(ad.value_and_grad(spread), hurt)
        assert np.isnan(value)


def counted(x):
    return np.sum(np.where(x > 0.5, x, 2.0 * x)) * (1.0 + np.sum(x > 0.5))


def test_single_precision_and_counts():
    (x,) = drawn(900_001)
    held_equal(ad.value_and_grad(counted), x.astype(np.float32))
    close(counted, held_equal(ad.value_and_grad(counted), x), x)


def along(x, b):
    y = x * b + x
    return np.sum(np.sum(y, axis=0) ** 2) + np.sum(np.mean(y, axis=1) * b[0])


def columns(x, b):
    y = x * b
    best = np.sum(np.max(y, axis=0) * b) + np.sum(np.min(y, axis=1))
    return best + np.sum(np.mean(y * y, axis=0, keepdims=True) * b)


@pytest.mark.parametrize("f", [along, columns])
@pytest.mark.parametrize("shape", [(3001, 301), (301, 3001), (20, 50_001)])
def test_along_axes(f, shape):
    x, b = drawn(shape, shape[1])
    wide = drawn((2 * shape[0], shape[1]))[0]
    for mine in (x, wide[::2], x.astype(np.float32), np.asfortranarray(x)):
        results = held_equal(ad.value_and_grad(f), mine, b.astype(mine.dtype))
        if mine.dtype == np.float64:
            close(f, results, mine, b)
    x[shape[0] // 2, shape[1] // 2] = np.nan
    assert np.isnan(held_equal(ad.value_and_grad(f), x, b)[0])


def reduced(x, a, b):
    total = np.sum(np.sum(x, axis=1, keepdims=True) ** 2)
    total = total + np.sum(np.mean(x, axis=0) ** 2) + np.sum(np.max(x, axis=(1, 2)))
    total = total + np.sum(np.prod(1.0 + 1e-3 * x, axis=(0, 2)) * a)
    total = total + np.sum(np.min(x, axis=(0, 1, 2), keepdims=True) * b)
    return total + np.sum(np.any(x > 2.0, axis=1) * b)


@pytest.mark.parametrize("shape", [(60, 101, 201), (1, 1201, 1001), (2, 3, 300_001)])
def test_reductions_alone(shape):
    x, a, b = drawn(shape, shape[1], shape[2])
    wide = np.repeat(x, 2, axis=2)[:, :, ::2]
    for mine in (x, wide):
        results = held_equal(ad.value_and_grad(reduced), mine, a, b)
        close(reduced, results, mine, a, b)


def softmax(z, b, w):
    z = z * w[:, None] + b
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return np.sum(p * p) - np.mean(np.log(p[:, 0]) * w)


def normed(z, b, w):
    y = (z - np.mean(z, axis=1, keepdims=True)) * b
    s = np.sqrt(np.mean(y * y, axis=1) + 1e-3)
    return np.sum(np.tanh(y / s[:, None]) * w[:, None])


@pytest.mark.parametrize("f", [softmax, normed])
@pytest.mark.parametrize("shape", [(9001, 50), (50, 9001), (3, 200_001), (200_001, 2)])
def test_loops_over_rows(f, shape):
    z, b, w = drawn(shape, shape[1], shape[0])
    call = ad.value_and_grad(f)
    close(f, held_equal(call, z, b, w), z, b, w)
    held_equal(call, *(v.astype(np.float32) for v in (z, b, w)))
    z[-1, 0] = np.nan
    value, gradients = held_equal(call, z, b, w)
    assert np.isnan(value)
    assert np.isnan(gradients[1]).any()


def test_a_loop_over_rows_is_a_function():
    text = ad.differentiate(softmax).source(*drawn((4, 3), 3, 4), backend="llvm")
    assert re.search(r"define internal i32 @adc_loop\d+\(ptr %ctx, i64 %from", text)


def test_long_loops_over_rows_go_in_rounds(monkeypatch, request):
    arguments = drawn((9001, 50), 50, 9001)
    wanted = bits(ad.value_and_grad(softmax)(*arguments))
    often = runtime.RUNTIME.replace(f", {1 << 25}\n", ", 1\n")
    assert often != runtime.RUNTIME
    monkeypatch.setattr(resident_text, "RUNTIME", often)
    monkeypatch.setattr(resident, "_loaded", {})
    resident_text._functions.cache_clear()
    request.addfinalizer(resident_text._functions.cache_clear)
    call = ad.value_and_grad(lambda z, b, w: softmax(z, b, w))
    assert bits(held_equal(call, *arguments)) == wanted


def test_a_signal_ends_a_loop_over_rows():
    class Enough(Exception):
        pass

    def handler(*_):
        raise Enough

    z, b, w = drawn((20_000, 200), 200, 20_000)
    call = ad.value_and_grad(softmax)
    wanted = bits(call(z, b, w))
    before = signal.signal(signal.SIGALRM, handler)
    try:
        for count in (1, 3):
            allow(count)
            for _ in range(10):
                with pytest.raises(Enough):
                    signal.setitimer(signal.ITIMER_REAL, 5e-3)
                    while True:
                        call(z, b, w)
            assert bits(call(z, b, w)) == wanted
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def steps(x, v, n):
    for _ in range(n):
        v = v - 0.01 * np.sin(x)
        x = x + 0.1 * v
    return np.sum(x * v)


def test_nests_in_loops_and_results_in_given_arrays():
    x, v = drawn(300_001, 300_001)
    call = ad.grad(steps, wrt=(0, 1))
    wanted = held_equal(call, x, v, 4)
    out = tuple(np.empty_like(a) for a in (x, v))
    for count in COUNTS:
        allow(count)
        call(x, v, 4, out=out)
        assert bits(out) == bits(tuple(wanted))


def test_sums_in_order_stay_in_order(monkeypatch):
    monkeypatch.setenv("ADC_STRICT_FP", "1")
    (x,) = drawn(500_000)
    call = ad.value_and_grad(lambda x: np.sum(x * x))
    value, _ = held_equal(call, x)
    assert value == np.cumsum(x * x)[-1]


def smoothed(u, k):
    v = u.copy()
    v[1:-1, 1:-1] += k * (u[2:, 1:-1] + u[:-2, 1:-1] - 2.0 * u[1:-1, 1:-1])
    v[1:-1, 1:-1] += k * (u[1:-1, 2:] + u[1:-1, :-2] - 2.0 * u[1:-1, 1:-1])
    return np.sum(v * v)


@pytest.mark.parametrize("shape", [(1003, 1001), (5, 300_001), (300_001, 5)])
def test_sums_to_overlapping_parts(shape):
    (u,) = drawn(shape)
    close(smoothed, held_equal(ad.value_and_grad(smoothed), u, 0.1), u, 0.1)


def test_elsewhere_nothing_is_shared(monkeypatch):
    monkeypatch.setattr(sharing, "SHARES", False)
    for f, args in ((chain, drawn(3, 3)), (softmax, drawn((4, 3), 3, 4))):
        text = ad.differentiate(f).source(*args, backend="llvm")
        assert "pthread" not in text
        assert "adc_loop" not in text


def test_the_setting(monkeypatch):
    assert current({"ADC_NUM_THREADS": " 3 "}).threads == 3
    assert current({"ADC_NUM_THREADS": ""}).threads is None
    for text in ("0", "-1", "two"):
        with pytest.raises(ValueError, match="ADC_NUM_THREADS"):
            current({"ADC_NUM_THREADS": text})


def others_time(call, *args):
    """Seconds that threads other than the caller's have worked for a call."""
    whole, mine = time.process_time(), time.thread_time()
    call(*args)
    return time.process_time() - whole - (time.thread_time() - mine)


def test_threads_take_part():
    x, y = drawn(4_000_000, 4_000_000)
    call = ad.value_and_grad(chain)
    call(x, y)
    allow(1)
    assert min(others_time(call, x, y) for _ in range(3)) < 1e-3
    allow(3)
    assert any(others_time(call, x, y) > 1e-3 for _ in range(50))


def test_several_callers():
    x, y = drawn(400_000, 400_000)
    call = ad.value_and_grad(chain)
    allow(3)
    wanted = bits(call(x, y))
    found = together(lambda k: [bits(call(x, y)) for _ in range(10)])
    assert all(one == wanted for many in found for one in many)


def test_signals_while_threads_work():
    x, y = drawn(1_000_000, 1_000_000)
    call, seen = ad.value_and_grad(chain), []
    allow(3)
    wanted = bits(call(x, y))
    before = signal.signal(
        signal.SIGALRM, lambda *_: seen.append(threading.get_ident())
    )
    signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
    try:
        for _ in range(20):
            assert bits(call(x, y)) == wanted
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert set(seen) == {threading.get_ident()}


PROLOGUE = """
import ctypes, os, threading, time
import numpy as np
import adcompiler as ad

def chain(x, y):
    t = np.tanh(x * y)
    return np.sum(t * t + np.exp(-y))

x = np.linspace(0.0, 1.0, 1_000_000)
call = ad.grad(chain, wrt=0)
wanted = call(x, x).tobytes()
"""


def run(tmp_path, body, threads=3):
    """Run a program in a process of its own."""
    path = tmp_path / "program.py"
    path.write_text(PROLOGUE + textwrap.dedent(body))
    env = {**os.environ, "ADC_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(path)],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_number_of_threads_is_no_part_of_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("ADC_CACHE", "1")
    monkeypatch.setenv("ADC_CACHE_DIR", str(tmp_path / "cache"))
    shown = "import sys; print(call(x, x).sum(), 'llvmlite' in sys.modules)"
    first, compiled = run(tmp_path, shown).split()
    again, once_more = run(tmp_path, shown, threads=1).split()
    assert (compiled, once_more) == ("True", "False")
    assert first == again


def test_forks_while_threads_work(tmp_path):
    out = run(
        tmp_path,
        """
        def work():
            while not over:
                call(x, x)

        over = []
        thread = threading.Thread(target=work)
        thread.start()
        for _ in range(5):
            time.sleep(0.01)
            child = os.fork()
            if child == 0:
                good = call(x, x).tobytes() == wanted
                whole, mine = time.process_time(), time.thread_time()
                others = 0.0
                while others < 1e-3:
                    call(x, x)
                    others = time.process_time() - whole - time.thread_time() + mine
                os._exit(0 if good else 1)
            assert os.waitpid(child, 0)[1] == 0
        over.append(1)
        thread.join()
        print("good")
        """,
    )
    assert out == "good\n"


def test_python_ends_while_threads_work(tmp_path):
    out = run(
        tmp_path,
        """
        def softmax(z):
            e = np.exp(z - np.max(z, axis=1, keepdims=True))
            return np.sum(np.sqrt(e / np.sum(e, axis=1, keepdims=True)))

        def work(call, *args):
            while True:
                call(*args)

        rows = ad.grad(softmax)
        z = x.reshape(-1, 50)
        rows(z)
        for _ in range(2):
            threading.Thread(target=work, args=(call, x, x), daemon=True).start()
            threading.Thread(target=work, args=(rows, z), daemon=True).start()
        time.sleep(0.2)
        print("good")
        """,
    )
    assert out == "good\n"


def test_no_thread_can_be_made(tmp_path):
    out = run(
        tmp_path,
        """
        libc = ctypes.CDLL(None)
        attributes = ctypes.create_string_buffer(256)
        libc.pthread_attr_init(attributes)
        size = ctypes.c_size_t(1 << 47)  # of a stack: more than there are addresses
        assert libc.pthread_attr_setstacksize(attributes, size) == 0
        assert libc.pthread_setattr_default_np(attributes) == 0
        try:
            threading.Thread(target=print).start()
        except RuntimeError:
            pass
        else:
            raise AssertionError("a thread was made")
        for _ in range(3):
            assert call(x, x).tobytes() == wanted
        print("good")
        """,
    )
    assert out == "good\n"
