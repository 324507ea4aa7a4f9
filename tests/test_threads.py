"""Derivative calls from several threads: programs are compiled once, results hold."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import adcompiler as ad
import adcompiler.evaluation as evaluation

THREADS = 8


def together(work, count=THREADS):
    """Run `work(k)` in threads that start at the same time."""
    barrier = threading.Barrier(count)

    def run(k):
        barrier.wait()
        return work(k)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_compiled_once(monkeypatch):
    compiled = []
    compile_program = evaluation.compile_program

    def counting(request, **options):
        compiled.append(request)
        return compile_program(request, **options)

    monkeypatch.setattr(evaluation, "compile_program", counting)
    g = ad.grad(lambda x: np.sum(x * x * x))
    results = together(lambda k: g(np.full(3, float(k))))
    assert len(compiled) == 1
    for k, result in enumerate(results):
        np.testing.assert_array_equal(result, np.full(3, 3.0 * k * k))


def test_different_programs_of_one_function():
    f = ad.differentiate(lambda x: np.sum(x * x))

    def work(k):
        x = np.full((2,) * (k % 3 + 1), float(k), [np.float32, np.float64][k % 2])
        for _ in range(20):
            gradient = f.grad(x)
        return gradient

    for k, result in enumerate(together(work)):
        assert result.ndim == k % 3 + 1
        np.testing.assert_array_equal(result, np.full(result.shape, 2.0 * k))
    assert len(f._shared.programs) == 6


def test_pullbacks_are_apart():
    f = ad.differentiate(lambda x: x * x)

    def work(k):
        value, pullback = f.vjp(np.full(4, float(k)))
        return [pullback(np.ones(4)) for _ in range(20)][-1]

    for k, result in enumerate(together(work)):
        np.testing.assert_array_equal(result, np.full(4, 2.0 * k))


def test_functions_that_use_each_other():
    def inner(x):
        return x * x

    def outer(x):
        return x * ad.grad(inner)(x)

    one, two = ad.grad(inner), ad.grad(outer)
    results = together(lambda k: (one if k % 2 else two)(float(k)))
    assert results == [2.0 * k if k % 2 else 4.0 * k for k in range(THREADS)]
