"""Texts that numbers are part of, given names before they are shown."""

import numpy as np

from .registry import TRIPS, program, real, trips


@program(1.3, label="passes")
@program(5.5, label="raises", raises=ValueError)
def message_with_a_name(v):
    message = f"bad {v:.3f}, not {{v}}"
    if v > 5.0:
        raise ValueError(message)
    return v * v


@program(0.7, label="passes")
@program(2.5, label="fails", raises=AssertionError)
def message_of_either_path(v):
    if v > 1.0:
        message = f"{v:.2f} is too much"
    else:
        message = f"{2.0 * v:.2f} is too much"
    assert v < 2.0, message
    return v * np.sin(v)


@trips(0.7, TRIPS)
def message_of_the_last_trip(v, n):
    message = f"start at {v!r}"
    for k in range(n):
        v = v * 1.5 + 0.1 * k
        message = f"start at {v!r}"
        if v > 50.0:
            raise ValueError(message)
    print(message, f"<{message}>", str(v))
    return v * v


@program(0.7)
def message_made_by_a_helper(v):
    def told(w):
        return f"{w:8.3e} of {v:.1f}"

    print(told(v * v), told(v))
    return v**3


@program(real(3))
def message_of_an_element(x):
    total = 0.0
    for k, v in enumerate(x):
        text = f"x[{k}] = {v:.3f}"
        total += v * v
        if total > 100.0:
            raise ValueError(text)
    return total


@program(0.7, refused="known while compiling")
def message_compared(v):
    return v if f"{v}" == "0.7" else v * v


@program(0.7, refused="a text on one path")
def message_or_word(v):
    message = "small"
    if v > 1.0:
        message = f"{v} is too much"
    assert v < 2.0, message
    return v * v


@program(real(2, 2))
def named_results_of_slogdet(x):
    found = np.linalg.slogdet(x @ x.T + np.eye(2))
    return found.logabsdet * found.sign + found[1]


@trips(0.7, TRIPS)
def message_that_names_the_trip(v, n):
    for k in range(n):
        text = f"trip {k}"
        v = np.sin(v) + 0.1 * k
        if v > 50.0:
            raise ValueError(text)
        print(text)
    return v


@program(real(3))
def keys_and_attributes_of_texts(x):
    weights = {f"w{k}": x[k] for k in range(3)}
    total = 0.0
    for k in range(3):
        name = f"w{k}"
        total += weights[name] * (2.0 if name == "w1" else x[0])
    return total
