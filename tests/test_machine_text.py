"""``source(backend="llvm")``: the module of machine code, under the lines it is of."""

from __future__ import annotations

import re

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.execute.llvm.engine import optimised_text


def loss(w, x, n):
    y = np.tanh(w * x)
    s = 0.0
    for i in range(n):
        s = s + np.sin(s) * y[i]
    return s + np.sum(y * y)


def depth(x, n):
    if n == 0:
        return x * x
    return depth(np.sin(x), n - 1) * x


ARGS = (np.ones(4), np.ones(4), 3)


def below(text, comment):
    """What stands between a comment, wherever it stands, and the next."""
    parts = text.split(f"{comment}\n")[1:]
    return "".join(part.partition("  ; ")[0] for part in parts)


def test_lines_stand_under_their_source():
    text = ad.differentiate(loss).source(*ARGS, backend="llvm")
    first = below(text, "  ; test_machine_text.py:15  y = np.tanh(w * x)")
    assert "@adc_array(" in first  # where it puts y
    assert "  %y = call double @tanh(double %wx)\n" in first
    reverse = below(text, "  ; adjoint of test_machine_text.py:15  y = np.tanh(w * x)")
    assert re.search(r"%w_bar\S* = |store double", reverse)
    assert "  ; test_machine_text.py:18  s = s + np.sin(s) * y[i]" in text
    assert "%s_tape" in text
    assert text.index("@loss_grad(") < text.index("@loss_grad_entry(")
    assert ";@" not in text


def test_of_the_runtime_what_is_called():
    text = ad.differentiate(loss).source(*ARGS, backend="llvm")
    assert (
        "\ndeclare noalias ptr @adc_array(ptr, i64, i64) nounwind willreturn\n" in text
    )
    assert "define internal void @adc_release(" in text  # which is inlined
    assert "@adc_power_i64(" not in text


def test_what_llvm_leaves():
    f = ad.differentiate(loss)
    text = f.source(*ARGS, backend="llvm", optimised=True)
    assert "  ; test_machine_text.py:15  y = np.tanh(w * x)" in text
    assert "  ; adjoint of test_machine_text.py:15" in text
    assert "alwaysinline" not in text
    assert not re.search(r"!dbg|!DI|;@", text)
    assert text != f.source(*ARGS, backend="llvm")


@pytest.mark.parametrize("optimised", [False, True])
@pytest.mark.parametrize("of", ["primal", "gradient", "tangent", "hessian"])
def test_it_is_a_module(of, optimised):
    f, args = (loss, ARGS) if of == "hessian" else (depth, (0.5, 3))
    text = ad.differentiate(f, wrt=0).source(
        *args, backend="llvm", of=of, optimised=optimised
    )
    assert "define " in optimised_text(text)


def test_the_two_functions_of_a_pullback():
    f = ad.differentiate(lambda x: np.sin(x) * x)
    text = f.source(np.ones(3), backend="llvm", of="pullback")
    assert text.count("; Machine code of ") == 2


def test_the_code_that_runs_carries_no_notes():
    from adcompiler.building import native_module

    built = ad.grad(loss).compile(*ARGS).built
    text = native_module(built.function, built.name, dense=True).text
    assert ";@" not in text
    assert "!dbg" not in text


def test_what_has_no_machine_code():
    def shown(x):
        print(x)
        return x * x

    f = ad.differentiate(shown)
    with pytest.raises(ValueError, match=r"shown has no machine code .*NumPy program"):
        f.source(1.0, backend="llvm")
    with pytest.raises(ValueError, match="optimised=True is for backend='llvm'"):
        f.source(1.0, optimised=True)
