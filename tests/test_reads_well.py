"""What a reader of generated code would object to, and does not find."""

from __future__ import annotations

import math
import re

import numpy as np

import adcompiler as ad


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
