"""What a reader of generated code would object to, and does not find."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import adcompiler as ad
from tests.programs import PROGRAMS


def body(function, *args, of="gradient"):
    """The lines of the generated function, without its header and docstring."""
    text = ad.differentiate(function).source(*args, of=of)
    definition = text[text.index("def ") :]
    return [line.strip() for line in definition.split("\n")[2:] if line.strip()]


def quoted(lines):
    return [line for line in lines if line.startswith("# ")]


# --- Second order -----------------------------------------------------------------


def repeated_sine(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y * x) + 0.1 * y
    return y


def test_a_line_and_its_tangent_stand_under_one_comment():
    lines = quoted(body(repeated_sine, 0.3, 4, of="hessian"))
    assert lines == [
        "# adjoint of: for _ in range(n):",
        "# adjoint of: y = np.sin(y * x) + 0.1 * y",
    ]


def test_comments_tell_the_orders_apart():
    gradient = ad.grad(repeated_sine)
    lines = quoted(body(gradient, 0.3, 4))
    assert lines == [
        "# adjoint of: for _ in range(n):",
        "# adjoint of: y = np.sin(y * x) + 0.1 * y",
        "# adjoint of the adjoint of: for _ in range(n):",
        "# adjoint of the adjoint of: y = np.sin(y * x) + 0.1 * y",
        "# adjoint of: for _ in range(n):",
        "# adjoint of: y = np.sin(y * x) + 0.1 * y",
    ]


def test_tapes_of_derivatives_are_named_for_what_they_hold():
    text = "\n".join(body(repeated_sine, 0.3, 4, of="hessian"))
    assert "y_dot_tape" in text
    assert not re.search(r"tape_(dot|bar)", text)


def test_docstrings_say_of_what_and_with_respect_to_what():
    def scaled(x, y, n):
        return math.sin(x) * y * n

    f = ad.differentiate(scaled)
    docs = {of: f.source(1.0, 2.0, 3, of=of) for of in ("gradient", "hessian")}
    assert '"""Gradient of scaled with respect to x and y."""' in docs["gradient"]
    assert "def scaled_hvp(" in docs["hessian"]
    assert (
        '"""Gradient of scaled, and its Hessian times a vector."""' in docs["hessian"]
    )
    pullback = f.source(1.0, 2.0, 3, of="pullback")
    assert (
        '"""Gradient of scaled with respect to x and y, given the cotangent of its '
        'value."""' in pullback
    )


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n.startswith("aliases.")])
def test_the_same_function_gives_the_same_text(name):
    row = PROGRAMS[name]

    def text():
        return ad.differentiate(row.fn, wrt=row.wrt).source(*row.args())

    if row.refused is None:
        assert len({text() for _ in range(4)}) == 1


# --- The order of statements ------------------------------------------------------


def test_a_cotangent_takes_its_name_anew_after_its_last_use():
    def power(x, n):
        y = 1.0
        for _ in range(n):
            y = y * x
        return y

    assert body(power, 1.1, 3)[-4:] == [
        "# adjoint of: y = y * x",
        "x_bar += y_bar * y",
        "y_bar *= x",
        "return x_bar",
    ]


def test_an_element_is_read_before_it_is_overwritten():
    def relaxed(x, n):
        for i in range(1, n):
            x[i] = 0.5 * (x[i - 1] + x[i])
        return np.sum(x)

    assert body(relaxed, np.ones(4), 4)[-5:] == [
        "# adjoint of: x[i] = 0.5 * (x[i - 1] + x[i])",
        "total_bar = 0.5 * x_bar[i]",
        "x_bar[i] = total_bar",
        "x_bar[i - 1] += total_bar",
        "return x_bar",
    ]


# --- Arrays -----------------------------------------------------------------------


def test_an_array_of_one_number_is_made_at_once():
    def total(x):
        y = 2.0 * x
        y[0] = 0.0
        return np.sum(y) * 3.0

    text = "\n".join(body(total, np.ones(4)))
    assert "y_bar = np.full_like(y, 3.0)" in text or "np.full_like(x, 3.0)" in text
    assert "copy" not in text


def test_a_cotangent_is_not_summed_under_the_name_of_a_primal_value():
    def scaled(x, y):
        z = np.exp(x * y)
        return np.sum(z * x)

    lines = body(scaled, np.ones(3), np.ones(3))
    assert not [line for line in lines if line.startswith("z +=")]
