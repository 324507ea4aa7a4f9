"""What an optimizer may be asked for: its options, looked at before anything is kept.

In: options by name. Out: the same, numbers as Python's; ValueError or TypeError of what
PyTorch refuses, of NaN, and of what is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["checked", "checked_rate"]


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, each as its rule has it.

    >>> checked({"lr": np.float64(0.5), "betas": [0.9, 0.99]})
    {'lr': 0.5, 'betas': (0.9, 0.99)}
    >>> checked({"lr": -1.0})
    Traceback (most recent call last):
    ...
    ValueError: lr is -1.0, and must not be negative
    """
    found = {name: _RULES[name](name, value) for name, value in options.items()}
    if found.get("nesterov") and not (found["momentum"] > 0 and not found["dampening"]):
        raise ValueError(
            "nesterov=True needs a momentum above 0 and no dampening, not "
            f"momentum={found['momentum']!r} and dampening={found['dampening']!r}"
        )
    return found


def checked_rate(value: Any) -> float:
    """A learning rate as it is when a step is made: schedulers and users change it."""
    rate: float = _not_negative("lr", value)
    return rate


def _number(name: str, value: Any) -> Any:
    """A finite number; arrays of one element count."""
    given = value
    if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1:
        value = np.asarray(value).item()
    if not isinstance(value, int | float):
        raise TypeError(f"{name} is a number, not {type(given).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}, and must be finite")
    return value


def _not_negative(name: str, value: Any) -> Any:
    number = _number(name, value)
    if number < 0:
        raise ValueError(f"{name} is {number!r}, and must not be negative")
    return number


def _fraction(name: str, value: Any) -> Any:
    number = _number(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} is {number!r}, and must be from 0 to 1")
    return number


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is True or False, not {value!r}")
    return bool(value)


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    try:
        low, high = value
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a pair of numbers, not {value!r}") from None
    return _number(f"{name}[0]", low), _number(f"{name}[1]", high)


def _betas(name: str, value: Any) -> tuple[Any, Any]:
    pair = _pair(name, value)
    for k, beta in enumerate(pair):
        if not 0 <= beta < 1:
            raise ValueError(f"{name}[{k}] is {beta!r}, and must be in [0, 1)")
    return pair


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} is {value}, and must be 1 or more")
    return int(value)


def _search(name: str, value: Any) -> Any:
    if value not in (None, "strong_wolfe"):
        raise ValueError(f"{name} is {value!r}, and must be None or 'strong_wolfe'")
    return value


def _etas(name: str, value: Any) -> tuple[Any, Any]:
    low, high = _pair(name, value)
    if not 0 < low < 1 < high:
        raise ValueError(f"{name} are {(low, high)}: one in (0, 1), one above 1")
    return low, high


def _step_sizes(name: str, value: Any) -> tuple[Any, Any]:
    low, high = _pair(name, value)
    if not 0 <= low <= high:
        raise ValueError(f"{name} are {(low, high)}: the least, then the largest")
    return low, high


_RULES: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(
        (
            *("lr", "momentum", "weight_decay", "eps", "alpha", "lr_decay"),
            *("initial_accumulator_value", "momentum_decay"),
            *("tolerance_grad", "tolerance_change"),
        ),
        _not_negative,
    ),
    **dict.fromkeys(("dampening", "lambd", "t0"), _number),
    **dict.fromkeys(
        ("nesterov", "amsgrad", "maximize", "centered", "decoupled_weight_decay"),
        _flag,
    ),
    **dict.fromkeys(("max_iter", "max_eval", "history_size"), _count),
    "line_search_fn": _search,
    "rho": _fraction,
    "betas": _betas,
    "etas": _etas,
    "step_sizes": _step_sizes,
}
