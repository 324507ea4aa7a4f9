"""Functions that are called rather than inlined: what becomes one, and its derivatives.

`programs/recursion.py` has programs, which all backends run in both modes and twice.
Here is what they do not show: text, depth, sharing, growth, refusals.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.building import native_module
from adcompiler.errors import UnsupportedError
from adcompiler.frontend.lower import calls
from adcompiler.lowering.linking import linked
from tests.programs import layered, recursion


def halved(x, n):
    if n == 0:
        return x
    return 0.5 * halved(x + np.sin(x), n - 1)


def test_the_gradient_of_a_function_that_calls_itself_reads_as_one_would_write_it():
    text = ad.differentiate(recursion.power).source(1.5, 4)
    assert text == textwrap.dedent(
        '''\
        def power_forward(x, n):
            """What power() gives, and the residuals for its pullback."""
            condition = n == 0
            if condition:
                result = 1.0
                power_value = 0.0
                power_residuals = None
            else:
                power_value, power_residuals = power_forward(x, n - 1)
                result = x * power_value
            power_residuals = (condition, power_value, x, power_residuals)
            return result, power_residuals


        def power_pullback(power_residuals, result_bar):
            """The pullback of what power() gives."""
            condition, power_value, x, power_residuals = power_residuals
            # adjoint of: if n == 0:
            if condition:
                return 0.0
            # adjoint of: return x * power(x, n - 1)
            x_bar = result_bar * power_value
            x_bar += power_pullback(power_residuals, result_bar * x)
            return x_bar


        def power_grad(x, n):
            """Gradient of power with respect to x."""
            _, power_residuals = power_forward(x, n)
            x_bar = power_pullback(power_residuals, 1.0)
            return x_bar
        '''
    )


def test_depth_is_that_of_python():
    program = """
        import sys
        import adcompiler as ad
        from tests.test_calls import halved
        sys.setrecursionlimit(40_000)
        value, gradient = ad.value_and_grad(halved)(1e-3, 10_000)
        print(value == 0.0, gradient == 0.0)
        print(ad.value_and_grad(halved)(0.25, 30)[1] > 0.0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


DEPTHS = """
import sys
import threading

import adcompiler as ad
from tests.test_calls import chained

call = ad.value_and_grad(chained, wrt="x", backend="llvm")


def run():
    for depth in (3, 900, 20_000):
        try:
            print(depth, call(1.5, depth)[1] > 0.0)
        except RecursionError:
            print(depth, "too deep")


if int(sys.argv[1]):
    threading.stack_size(int(sys.argv[1]))
    for _ in range(2):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    threading.stack_size(0)
run()
print("after", call(1.5, 3)[1] > 0.0)
"""


def chained(x, n):
    return x if n == 0 else chained(x * 1.0000001, n - 1) * 1.0


@pytest.mark.skipif(sys.platform != "linux", reason="asks for the bounds of stacks")
@pytest.mark.parametrize(("inner", "whole"), [(2**18, 2**23), (0, 2**20), (0, 2**23)])
def test_a_run_ends_before_its_stack_does(inner, whole):
    import resource

    def limited():
        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (whole, hard))

    done = subprocess.run(
        [sys.executable, "-c", DEPTHS, str(inner)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,  # noqa: PLW1509 - the bound is that of a new process
    )
    assert done.returncode == 0, done.stderr
    small = ["3 True", "900 True", "20000 too deep"]
    large = ["3 True", "900 True", "20000 True"]
    threads = small * 2 if inner else []
    own = large if whole == 2**23 else small
    assert done.stdout.splitlines() == [*threads, *own, "after True"]


def test_too_deep_a_recursion_is_python_s_own_error():
    with pytest.raises(RecursionError):
        ad.grad(halved)(0.3, 100_000)


TWICE = "f{0}(x * 0.9) + np.cos(f{0}(x + 0.{1:02d}))"


def chain(directory, depth, twice=TWICE):
    """A module of functions, each of which calls the one before twice."""
    source = "import numpy as np\n\ndef f0(x):\n    return np.sin(x) * x\n"
    for k in range(1, depth + 1):
        source += f"\ndef f{k}(x):\n    return {twice.format(k - 1, k)}\n"
    path = directory / "chain.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("chain", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_text_grows_with_the_source(tmp_path):
    module = chain(tmp_path, 20)
    lines = {
        k: len(ad.differentiate(getattr(module, f"f{k}")).source(0.3).splitlines())
        for k in (10, 15, 20)
    }
    assert lines[20] - lines[15] <= 1.5 * (lines[15] - lines[10])
    assert lines[20] < 1_500
    step = 1e-30
    expected = module.f10(0.3 + 1j * step).imag / step
    assert ad.grad(module.f10)(0.3) == pytest.approx(expected, rel=1e-12)


def test_lowering_a_chain_grows_with_the_source(tmp_path, monkeypatch):
    """Which functions stay calls is found in one go, not by starting again for each."""
    bodies = []
    run = calls.run_function
    monkeypatch.setattr(calls, "run_function", lambda ctx: bodies.append(1) or run(ctx))
    counts = {}
    for depth in (10, 20, 30):
        bodies.clear()
        ad.differentiate(getattr(chain(tmp_path, depth), f"f{depth}")).source(0.3)
        counts[depth] = len(bodies)
    assert counts[30] - counts[20] <= 1.2 * (counts[20] - counts[10])
    assert counts[20] < 500


def test_the_same_code_is_there_once(tmp_path):
    """A function called with Python's numbers and with NumPy's has one pullback, as
    text and in machine code."""
    module = chain(tmp_path, 8, "f{0}(x * 0.9) + f{0}(np.tanh(x))")
    built = ad.grad(module.f8).compile(0.3).built
    text = native_module(built.function, built.name, dense=True).text
    pullbacks = re.findall(r"define internal i32 @adc_f\d+_(\w+_pullback)", text)
    assert pullbacks
    assert len(pullbacks) == len(set(pullbacks))
    assert len(re.findall(r"def \w+_pullback", built.source.text)) == len(pullbacks)
    units = [unit.name for unit in linked(built.function, built.name)]
    assert len(pullbacks) < sum("pullback" in name for name in units)


REFUSED = {
    "stores": (
        """
        def f(x, n):
            if n == 0:
                return x[0]
            x[0] = x[0] * 2.0
            return f(x, n - 1)
        """,
        "calls itself, and stores into an array that it is given",
    ),
    "prints": (
        """
        def f(x, n):
            print(n)
            return x[0] if n == 0 else f(x, n - 1) * 2.0
        """,
        "calls itself, and prints",
    ),
    "types": (
        """
        def f(x, n):
            return x.sum() if n == 0 else f(x[None], n - 1)
        """,
        "calls itself, and takes",
    ),
    "derivative": (
        """
        import adcompiler as ad

        def f(x, n):
            if n == 0:
                return x[0] * x[1]
            return ad.grad(lambda v: f(v, n - 1))(x)[0]
        """,
        "calls itself, and takes a derivative of itself",
    ),
    "never": (
        """
        def f(x, n):
            return f(x, n - 1) * x[0]
        """,
        "calls itself, and never returns without calling itself",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_together_with_recursion(name, tmp_path):
    source, message = REFUSED[name]
    path = tmp_path / "refused.py"
    path.write_text(textwrap.dedent(source))
    spec = importlib.util.spec_from_file_location("refused", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(UnsupportedError) as caught:
        ad.grad(module.f)(np.array([1.5, 0.5]), 3)
    assert message in str(caught.value)
    assert "refused.py:" in str(caught.value)
    assert caught.value.hint


def large(x, c):
    """More than is inlined twice."""
    u = x * c + np.sin(x) * np.cos(c) - np.tanh(x * c) + np.exp(-x * x) / (1 + c * c)
    v = u * c + np.sin(u) * np.cos(c) - np.tanh(u * c) + np.exp(-u * u) / (2 + x * c)
    w = v * c + np.sin(v) * np.cos(u) - np.tanh(v * u) + np.exp(-v * v) / (3 + u * c)
    return w * c + np.sin(w) * np.cos(v) - np.tanh(w * v) + np.exp(-w * w) * (x - c)


def uses_it_often(x, c):
    y = large(x, c)
    for k in range(3):
        y = y + large(y * 0.1, c * k)
    return np.sum(large(y, 0.3) * x)


def test_a_large_function_is_written_once():
    text = ad.differentiate(uses_it_often).source(np.array([0.3, 0.7]), 1.1)
    # Once with respect to both, once with respect to x alone: the last c is known.
    assert text.count("def large_forward") == 2
    assert text.count("= large_forward") == 3
    ad.check_grads(uses_it_often, (np.array([0.3, 0.7]), 1.1), order=2)


def test_a_layer_is_written_once_however_many_there_are():
    def model(x, blocks):
        for p in blocks:
            x = layered.block(x, p, 2)
        return np.sum(x)

    def text(count):
        x = np.ones((3, 4))
        p = {"gain": x[0], "shift": x[0], "weights": np.ones((4, 12)), "out": x.T @ x}
        p |= {"wide": x.T, "bias": x[:, 0], "narrow": x}
        blocks = [{k: v.copy() for k, v in p.items()} for _ in range(count)]
        return ad.differentiate(model).source(x, blocks)

    for count in (2, 6):
        found = text(count)
        assert (
            found.count("def block_forward") == found.count("def block_pullback") == 1
        )
        assert found.count("= block_pullback(") == count


def test_residuals_belong_to_the_pullback():
    """It can be called again, whatever has become of the arguments and results."""
    x = np.array([0.3, -0.7, 1.1])
    y, pullback = ad.vjp(recursion.flow)(x, 3)
    first = pullback(np.ones(3))
    x[:], y[:] = 9.0, 9.0
    again = pullback(np.ones(3))
    np.testing.assert_array_equal(first, again)


def test_a_pullback_used_twice_inside():
    """The residuals have two cotangents, which are added."""

    def f(x):
        _, pullback = ad.vjp(lambda v: recursion.power(v, 3) * v)(x)
        return pullback(1.0) + pullback(x)

    expected = 24 * 0.7**2 / 2 + 16 * 0.7**3
    assert ad.grad(f)(0.7) == pytest.approx(expected, rel=1e-12)


def large_or_itself(x, c):
    """More than is inlined twice, and what it is given on one path."""
    if c < 0.0:
        return x
    return large(x, c) + large(x, 0.5) * x


def stores_into_what_it_gets(x, c):
    y = large_or_itself(x, c)
    z = large_or_itself(x * 1.0, -c)
    y[0] = y[1] * c
    z[1] += y[0]
    return np.sum(y * z) + np.sum(x)


@pytest.mark.parametrize("c", [0.7, -0.7])
def test_what_a_large_function_returns_may_be_its_argument(c):
    ad.check_grads(stores_into_what_it_gets, (np.array([0.3, 0.7]), c), order=2)
