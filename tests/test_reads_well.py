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


def back(u, c):
    n = len(u)
    for i in range(n - 2, -1, -1):
        u[i] -= c[i] * u[i + 1] ** 2
    return np.sum(u * u)


def down_to(x, n):
    for i in range(n, 2, -1):
        x[i] = x[i] * x[i - 1]
    for i in range(3, -1, -1):
        x[i] = x[i] * x[i + 1]
    return np.sum(x)


def test_a_range_that_goes_down_is_reversed_by_one_that_goes_up():
    c = np.full(5, 0.2)
    assert "for i in range(n - 1):" in body(back, c, c)
    ad.check_grads(back, (c + 0.1, c), order=2)
    lines = body(down_to, np.ones(5), 4)
    assert {"for i in range(4):", "for i in range(3, n + 1):"} <= set(lines)
    for n in range(5):
        ad.check_grads(down_to, (np.linspace(0.5, 1.5, 5), n))


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


# --- As the user wrote it ----------------------------------------------------------


def forward(function, *args):
    """The lines of the forward sweep."""
    lines = body(function, *args)
    first = next(k for k, line in enumerate(lines) if line.startswith("# adjoint"))
    return lines[:first]


def test_assignment_is_plain_or_augmented_as_it_was():
    def powers(x, n):
        y, z = 1.0, x
        for _ in range(n):
            y = y * x
            z *= y
        return z

    lines = forward(powers, 1.1, 3)
    assert "y = y * x" in lines
    assert "z *= y" in lines


def test_continue_stays():
    def chosen(x):
        total = 1.0
        for i in range(len(x)):
            if i == 2:
                continue
            total = total * x[i] + 0.5
        return total

    lines = forward(chosen, np.ones(4))
    at = lines.index("if i == 2:")
    assert lines[at + 1 : at + 3] == ["continue", "total = total * x[i] + 0.5"]


def test_continue_after_something_else():
    def chosen(x):
        total = 1.0
        for i in range(len(x)):
            total = total * x[i]
            if i == 2:
                total = total * total
                continue
            if total > 9.0:
                break
            total = total + x[i]
        return total

    x = np.array([0.5, 1.5, 1.1, 0.7])
    lines = forward(chosen, x)
    assert lines.count("continue") == 1
    ad.check_grads(chosen, (x,))
    ad.check_grads(chosen, (9 * x,))


def test_items_of_an_array():
    def product(x):
        p = 1.0
        for v in x:
            p = p * v
        return p

    assert "for v in x:" in forward(product, np.ones(4))


def test_items_of_an_array_that_changes():
    def product(x):
        y = x * 1.0
        p = 1.0
        for v in y:
            p = p * v
            y[2] = p
        return p

    x = np.array([0.5, 1.5, 1.1, 0.7])
    assert "for v in y:" not in forward(product, x)
    ad.check_grads(product, (x,))


def test_lengths_are_asked_for_as_they_were():
    def both(x, y):
        n = len(x)
        m = y.shape[0]
        total = 0.0
        for i in range(n - 1):
            total = total + x[i] * x[i + 1] * m
        for i in range(m - 1):
            total = total * y[i] * y[i + 1]
        return total * n

    lines = forward(both, np.ones(3), np.ones(4))
    assert "n = len(x)" in lines
    assert "m = y.shape[0]" in lines
    assert "for i in range(n - 1):" in lines


def test_numbers_of_many_digits_are_written_as_what_they_are():
    def scaled(x):
        y = np.sin(8.0 / 3.0 * x) * np.cos(2 * np.pi * x)
        return y * y * 1e-6

    text = "\n".join(body(scaled, 0.3))
    assert "8 / 3 * x" in text
    assert "2 * math.pi * x" in text
    assert "e-6" in text
    assert "2.66" not in text


# --- Names ------------------------------------------------------------------------


def test_values_are_called_for_what_they_are():
    def normal(x, mean):
        w = np.exp(x) / np.sum(np.exp(x))
        return np.sum(w * (x - mean) ** 2) / np.max(x)

    lines = body(normal, np.ones(3), np.arange(3.0))
    names = {line.split(" = ")[0] for line in lines if " = " in line}
    assert {"exp_x", "x_max", "x_minus_mean"} <= names
    assert not [n for n in names if re.match(r"(product|total|quotient)_\d", n)]


def test_cotangents_are_called_for_whose_they_are():
    def layered(x, w):
        h = np.tanh(x @ w)
        return np.sum(h * h)

    assert "product_bar" in "\n".join(
        body(layered, np.ones((2, 3)), np.ones((3, 2)))
    ) or ("xw_bar" in "\n".join(body(layered, np.ones((2, 3)), np.ones((3, 2)))))


# --- Pullbacks --------------------------------------------------------------------


def signature(function, *args):
    """The arguments of the generated pullback."""
    text = ad.differentiate(function).source(*args, of="pullback")
    return re.search(r"_pullback\((.*?)\)", text, re.DOTALL)[1].split(", ")


def test_a_pullback_is_given_what_it_reads_and_cannot_tell():
    def doubling(x, n):
        y = x
        i = 0
        while i < n:
            y = y * x + y
            i += 1
        return y

    assert signature(doubling, 0.5, 3) == ["y_tape", "x", "y_bar"]

    def chained(x):
        total = 0.5
        for v in x:
            total = total * v + v
        return total

    assert signature(chained, np.ones(3)) == ["x", "total_tape", "total_bar"]
    x = np.array([0.5, 0.7, 0.2])
    value, pullback = ad.vjp(chained)(x)
    assert value == chained(x)
    for _ in range(2):  # it may be called again
        np.testing.assert_allclose(pullback(1.0), ad.grad(chained)(x))


def test_arguments_of_a_pullback_say_what_they_are():
    def softmax_loss(z, y):
        m = np.max(z, axis=1)
        log_sum = m + np.log(np.sum(np.exp(z - m[:, None]), axis=1))
        return np.mean(log_sum - np.sum(y * z, axis=1))

    found = signature(softmax_loss, np.eye(3), np.eye(3))
    assert {"summed", "exp"} <= set(found)
    assert not [name for name in found if re.match(r"x(_\d)?$", name)]


def test_zeros_take_a_name_that_is_about_to_be_free():
    def smoothed(u, n):
        for _ in range(n):
            new = u.copy()
            for i in range(1, len(u) - 1):
                new[i] = u[i - 1] * u[i + 1]
            u = new
        return np.sum(u)

    lines = body(smoothed, np.ones(4), 2)
    at = lines.index("new_bar = u_bar")
    assert lines[at + 1] == "u_bar = np.zeros_like(u)"


# --- What a program tests itself ------------------------------------------------------


def of_one_shape(x, y, i):
    if x.shape != y.shape or len(i) != len(x):
        raise ValueError("these do not fit")
    return np.sum(np.where(x > y, x * y, 0.0)) + np.sum(y[np.arange(len(y)), i] ** 2)


def test_lengths_that_were_tested_are_known():
    lines = body(of_one_shape, np.ones((2, 3)), np.ones((2, 3)), np.array([0, 2]))
    assert lines[0].startswith("if len(x) != len(y) or x.shape[1] != y.shape[1] or ")
    assert not any("sum_to" in line or "add.at" in line for line in lines)
