"""Which memory a result is: an operand's or new, and in which order its elements lie.

Each expression is a result ``r`` of an array ``b``, which lies in memory in several
ways. Three programs ask of each: does ``r`` see a store into ``b``; does a store into
``r`` reach ``b``; does a store into ``r.ravel()`` reach ``r``. Value and gradient are
those of plain Python, or the store is refused.
"""

from __future__ import annotations

import itertools
import linecache

import numpy as np
import pytest

import adcompiler as ad
from tests.numerics import reference_jacobian

LAYOUTS = {
    "in C order": "x * 1.0",
    "transposed": "x.T.copy().T",
    "computed from a transpose": "x.T.copy().T * 1.0",
    "every second row": "np.repeat(x * 1.0, 2, axis=0)[::2]",
    "reversed": "(x[::-1] * 1.0)[::-1]",
}
QUESTIONS = {
    "sees": ("b *= 2.0", "np.sum(r * r) + np.sum(b)"),
    "reaches": ("r *= 2.0", "np.sum(b * b) + np.sum(r)"),
    "flat": ("s = r.ravel()", "s *= 2.0", "np.sum(r * r) + np.sum(s)"),
    "reshaped": ("s = r.reshape(-1)", "s *= 2.0", "np.sum(r * r) + np.sum(s)"),
}
# Of an array in C order these say which memory they are.
KNOWN = """\
b.T; b.real; b[...]; b[()]; b[None]; b[1:, ::2]; b[::-1]; b.swapaxes(0, 1); b.copy()
b.reshape(-1); b.reshape(4, 3); b.ravel(); b.flatten(); b[0]; b[:, 0]
b.astype(float); b.astype(float, copy=False); b.clip(None, None)
np.array(b); np.asarray(b); np.asarray(b, order="C"); np.ascontiguousarray(b)
np.ascontiguousarray(b[0]); np.ascontiguousarray(b[1:]); np.ascontiguousarray(b.T)
np.asfortranarray(b.T); np.copy(b); np.real(b); np.positive(b); np.atleast_3d(b)
np.squeeze(b[None], axis=0); np.expand_dims(b, 0); np.moveaxis(b, 0, 1)
np.reshape(b, (3, 4), copy=True); np.flip(b); np.rot90(b); np.clip(b, None, None)
np.take(b, 0, axis=0); np.take(b, [0, 1], axis=1); np.split(b, 3)[1]; sum([b])
np.where(True, b, b); np.concatenate([b]); np.stack([b, b]); np.sort(b); np.pad(b, 1)
np.cumsum(b, axis=0); np.sum(b[None], axis=0); np.max(b[None], axis=0); -b; b + b[0]
b[::2] * 1.0; b[:, ::-1] + 1.0; np.roll(b, 1, axis=0); b @ np.eye(4); b.T.T
np.diff(b); np.triu(b); [b, b][1]; {"k": b}["k"]; np.array([b, b]); np.outer(b, b)
"""
# Of these it is not known, or not by the layout of the operand alone.
OTHERS = """\
np.asfortranarray(b); np.array(b.T); np.copy(b.T); b.copy(order="K"); b.T * 1.0
np.stack([b, b], axis=-1); np.hstack([b, b]); np.vstack([b, b]); np.dstack([b, b])
np.partition(b, 1); np.gradient(b)[0]; np.insert(b, 0, 1.0, axis=0); np.unwrap(b)
np.mean(b[..., None], axis=-1, keepdims=True); np.median(b[None], axis=0)
np.linalg.norm(b[None], axis=0); np.block([[b, b]]); np.append(b, b, axis=0)
np.broadcast_to(b, (2, 3, 4)); np.diagonal(b); np.einsum("ij->ji", b); b[[0, 1]]
np.lib.stride_tricks.sliding_window_view(b[0], 2); max([b[0], b[1]], key=np.sum)
np.squeeze(b); b.squeeze(); np.squeeze(b[None]); b.astype("f4")
list(b)[1]; [v for v in b][1]; b[:, [0, 1]]; b[np.array([[0, 1], [1, 0]]).T, 0]
np.add(b, b, order="F"); np.exp(b, order="K"); np.zeros(b.shape, order="F") + b
np.linalg.qr(b)[0]; np.apply_along_axis(np.sort, 0, b); np.tile(b, 2); b[b > 0.0]
"""
X = np.random.default_rng(20261121).uniform(0.4, 1.6, (3, 4))
_serial = itertools.count()


def expressions(text):
    return [e.strip() for line in text.splitlines() for e in line.split(";")]


def made(expression, layout, question):
    *statements, result = QUESTIONS[question]
    lines = [f"b = {LAYOUTS[layout]}", f"r = {expression}", *statements]
    text = "def f(x):\n    " + "\n    ".join([*lines, f"return {result}"]) + "\n"
    name = f"<memory {next(_serial)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {"np": np}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


def runs(f):
    """Whether Python runs it: not of views that are read-only."""
    try:
        f(X.copy())
    except ValueError:
        return False
    return True


def compare(f):
    value, gradient = ad.value_and_grad(f)(X.copy())
    np.testing.assert_allclose(value, f(X.copy()), rtol=1e-6, atol=0.0)
    expected = reference_jacobian(f, (X.copy(),)).value[0].reshape(X.shape)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("expression", expressions(KNOWN))
def test_what_is_known_in_c_order(expression, question):
    f = made(expression, "in C order", question)
    if runs(f) and not (expression in DECIDED_LATER and question in FLAT):
        compare(f)


REFUSED = ("alias", "a list holds", "known at run time only")
FLAT = ("flat", "reshaped")
# Their last axis need not be contiguous, so that flat they are a view or a copy.
DECIDED_LATER = ("b[1:, ::2]", "b[::-1]", "np.flip(b)", "np.rot90(b)")


@pytest.mark.parametrize("expression", expressions(KNOWN + OTHERS))
def test_right_or_refused_in_every_layout(expression):
    for layout, question in itertools.product(LAYOUTS, QUESTIONS):
        f = made(expression, layout, question)
        if not runs(f):
            continue
        label = f"{expression} {layout}: {question}"
        try:
            value, _ = ad.value_and_grad(f)(X.copy())
        except ad.UnsupportedError as error:
            refused = any(word in str(error) for word in REFUSED)
            value = f(X.copy()) if refused else None
        np.testing.assert_allclose(value, f(X.copy()), rtol=1e-6, err_msg=label)
