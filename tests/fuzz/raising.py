"""Statements that raise when they are reached, mostly behind a condition.

Derivatives must raise the same, whether or not anything reads the result.
"""

from __future__ import annotations

from tests.fuzz.expressions import condition, scalar
from tests.fuzz.frame import Frame
from tests.fuzz.program import Variable


def risk(frame: Frame) -> None:
    """One such statement."""
    if frame.chooser.chance(55):
        frame.emit(f"if {condition(frame)}:")
        with frame.block():
            _risk(frame)
    else:
        _risk(frame)


def _risk(frame: Frame) -> None:
    choose = frame.chooser
    text = choose.pick(_statements(frame))
    if text.endswith(":"):
        frame.emit(text)
        frame.emit("    pass")
        return
    if " = " in text or text.startswith(("assert", "raise")):
        frame.emit(text)
        return
    name = frame.shared.fresh("s")
    frame.emit(f"{name} = {text}")
    if choose.chance(60):
        frame.add(Variable(name, "float"))


def _own(frame: Frame) -> str:
    """An exception of the program's own."""
    text = "class Outside(ValueError):\n    pass\n"
    if text not in frame.shared.classes:
        frame.shared.classes.append(text)
    return "Outside"


def _statements(frame: Frame) -> list[str]:
    e = f"float({scalar(frame, 1).text})"
    ints = [w.name for w in frame.visible("int")]
    nothing = f"({ints[0]} - {ints[0]})" if ints else "0"
    forms = [
        f"math.exp(1000.0 + {e})",
        f"math.log(-1.0 - {e} * {e})",
        f"math.log(0.0 * {e})",
        f"math.sqrt(-1.0 - {e} * {e})",
        f"math.acos(2.0 + {e} * {e})",
        f"math.cosh(1000.0 + {e})",
        f"math.pow(-1.5 - {e} * {e}, 0.5)",
        f"(10.0 + {e} * {e}) ** 400.0",
        f"{e} / {nothing}",
        f"{e} / (0.0 * {e})",
        f"{e} % (0.0 * {e})",
        f"0.2 * ({e} // {nothing})",
        f"0.2 * (3 // {nothing})",
        f"0.2 * (3 % {nothing})",
        f"0.0 ** (-1.0 - {e} * {e})",
        f"for unused in range(0, 4, {nothing}):",
        f"assert {e} > 1000.0, f'too small: {{{e}:.3f}}'",
        f"raise ValueError(f'at {{{e}:.3f}}')",
        "raise ArithmeticError('reached')",
        f"raise KeyError(round({e}, 2))",
        "raise IndexError",
        f"raise {_own(frame)}(f'own {{{e}:.2f}}')",
        f"assert {e} > 1000.0",
        f"math.factorial(-1 - {nothing}) * {e}",
        f"math.floor({e} * math.inf) * 0.2",
        f"0.2 * int({e} * math.nan)",
        f"math.fsum([math.inf, -math.inf, {e}])",
        f"max(v for v in ({e}, 0.3) if v > 1000.0)",
        f"min([], key=lambda v: v * {e})",
        f"[{e}].pop({nothing} + 1)",
        f"float(np.linalg.inv(np.zeros((2, 2)))[0, 0]) * {e}",
        f"float(np.linalg.solve({e} * np.zeros((2, 2)), np.ones(2))[0])",
        f"float(np.linalg.cholesky(-1.0 * np.eye(2) - {e} * {e})[0, 0])",
    ]
    arrays = [w for w in frame.visible("array") if w.shape]
    if arrays:
        w = frame.chooser.pick(arrays)
        k = f"{w.shape[0]} + {nothing}"
        forms += [f"float(np.sum({w.name}[{k}]))", f"{e} * np.max({w.name}[{k}:])"]
        n = w.shape[0] + 1
        forms += [
            f"np.sum({w.name} + {e} * np.ones({w.shape[-1] + 2}))",
            f"np.sum({w.name} @ np.ones({w.shape[-1] + 1})) * {e}",
            f"np.sum(np.reshape({w.name} * {e}, (7, -1)))",
            f"np.sum(np.concatenate(({w.name}, {e} * np.ones((1, 2, 3)))))",
            f"np.sum(np.stack(({w.name}, {e} * np.ones(17))))",
            f"np.argmax({w.name}[{n}:]) * {e}",
            f"np.sum({w.name}[np.array([0, {n}])]) * {e}",
            f"np.sum(np.take({w.name}, [{n * 9}])) * {e}",
            f"np.sum({w.name}[np.ones({n}) > 0.0]) * {e}",
            f"np.sum(np.split({w.name}, {n})[0]) * {e}",
            f"np.sum(np.einsum('i,j', {w.name}, np.ones((2, 2)))) * {e}",
        ]
        if w.storable and len(w.shape) == 1:
            forms.append(f"{w.name}[{k}] = {e}")
            forms.append(f"{w.name}[-1 - ({k})] = {e}")
    return forms
