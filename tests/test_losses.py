"""Losses: PyTorch's values and gradients, for every case of the reference.

Each case runs as a plain call, and inside a differentiated function on each backend.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from adcompiler.runtime import losses

BACKENDS = ["numpy", "llvm"]
REFERENCE = Path(__file__).parent / "reference" / "losses.json"
CASES = {c["id"]: c for c in json.loads(REFERENCE.read_text())["cases"]}
FLOATS = {"rtol": 1e-10, "atol": 1e-12}


def array(given: dict) -> np.ndarray:
    kind = float if given["dtype"].startswith("float") else int
    data = [kind(value) for value in given["data"]]
    return np.array(data, given["dtype"]).reshape(given["shape"])


def options_of(case: dict) -> dict:
    tensors = {name: array(given) for name, given in case["tensor_options"].items()}
    return {**case["options"], **tensors}


def inputs_of(case: dict) -> dict:
    return {name: array(given) for name, given in case["inputs"].items()}


def single(arrays: dict) -> dict:
    """The same in single precision, integers as they are."""
    return {
        name: x.astype(np.float32) if getattr(x, "dtype", None) == np.float64 else x
        for name, x in arrays.items()
    }


@functools.cache
def pulled_back(wrt: tuple[str, ...], loss, backend: str):
    def weighed(given, rest, cotangent, options):
        return np.sum(cotangent * loss(**given, **rest, **options))

    return ad.value_and_grad(weighed, wrt="given", backend=backend)


def gradients(case: dict, backend: str, change=lambda arrays: arrays):
    """The value that the cotangent weighs, and the gradient by name."""
    inputs, options = change(inputs_of(case)), change(options_of(case))
    (cotangent,) = change({"": array(case["cotangent"])}).values()
    given = {name: inputs[name] for name in case["grads"]}
    rest = {name: x for name, x in inputs.items() if name not in given}
    find = pulled_back(tuple(given), getattr(losses, case["fn"]), backend)
    return find(given, rest, cotangent, options)


@pytest.mark.parametrize("name", CASES)
def test_values_are_pytorch_s(name):
    case = CASES[name]
    loss = getattr(losses, case["fn"])
    with np.errstate(all="ignore"):
        found = loss(**inputs_of(case), **options_of(case))
    np.testing.assert_allclose(found, array(case["value"]), **FLOATS)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_pytorch_s(name, backend):
    case = CASES[name]
    with np.errstate(all="ignore"):
        value, found = gradients(case, backend)
        weighed = np.sum(array(case["cotangent"]) * array(case["value"]))
    np.testing.assert_allclose(value, weighed, **FLOATS)
    for key, wanted in case["grads"].items():
        wanted = np.zeros_like(found[key]) if wanted is None else array(wanted)
        np.testing.assert_allclose(found[key], wanted, err_msg=key, **FLOATS)


# --- Single precision -----------------------------------------------------------------

# One case of each form: a loss and its options.
FORMS = {
    (c["fn"], *c["options"].items(), *c["tensor_options"]): name
    for name, c in CASES.items()
    if c["options"]["reduction"] == "mean"
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", FORMS.values())
def test_single_precision_stays(name, backend):
    case = CASES[name]
    with np.errstate(all="ignore"):
        value, found = gradients(case, backend, single)
        expected, wanted = gradients(case, "numpy")
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, expected, 1e-4, 1e-5)
    for key, x in found.items():
        assert x.dtype == np.float32, key
        np.testing.assert_allclose(x, wanted[key], 1e-3, 1e-4, err_msg=key)


def test_targets_that_are_integers_keep_single_precision():
    x = np.array([0.5, 1.5], np.float32)
    for target in (np.array([1, 0]), np.array([True, False])):
        for loss in (losses.mse_loss, losses.huber_loss, losses.l1_loss):
            value, gradient = ad.value_and_grad(loss, wrt="input")(x, target)
            assert (value.dtype, gradient.dtype) == (np.float32, np.float32)
            assert value == loss(x, target.astype(np.float32))


ONE = np.ones(3, np.float32)
WEIGHED = [
    ("mse_loss", ONE, {"weight": np.array([1.0, 2.0, 3.0])}),
    ("binary_cross_entropy", ONE, {"weight": np.array([1.0, 2.0, 3.0])}),
    ("binary_cross_entropy_with_logits", ONE, {"pos_weight": 2.0, "weight": 3}),
    ("multilabel_soft_margin_loss", ONE, {"weight": [1.0, 2.0, 3.0]}),
    ("cross_entropy", np.array(1), {"weight": [1.0, 2.0, 3.0]}),
    ("multi_margin_loss", np.array(1), {"weight": np.array([1.0, 2.0, 3.0])}),
]


@pytest.mark.parametrize(("name", "target", "options"), WEIGHED)
def test_weights_are_taken_in_the_precision_of_the_input(name, target, options):
    x, loss = np.array([0.25, 0.5, 0.75], np.float32), getattr(losses, name)
    for backend in BACKENDS:
        find = ad.value_and_grad(loss, wrt="input", backend=backend)
        value, gradient = find(x, target, **options)
        assert (value.dtype, gradient.dtype) == (np.float32, np.float32)


# --- What does not fit ----------------------------------------------------------------

SCORES, CLASSES = np.linspace(-1.0, 1.0, 12).reshape(4, 3), np.array([0, 2, 1, 0])
VECTOR = np.array([0.2, 0.4, 0.6, 0.8])
SIGNS, LABELS = np.array([1, -1, -1, 1]), np.zeros((4, 3), int)
FRAMES = np.log(np.full((5, 4, 3), 1.0 / 3.0))
TIMES, ONES = np.array([5, 4, 3, 5]), np.ones(4, int)
LOGITS = "binary_cross_entropy_with_logits"

BAD = [
    ("mse_loss", (VECTOR, VECTOR[:, None]), {}, ValueError, "one shape"),
    ("mse_loss", (VECTOR, VECTOR[:3]), {}, ValueError, "one shape"),
    ("mse_loss", (VECTOR, VECTOR), {"reduction": "max"}, ValueError, "'max'"),
    ("mse_loss", (VECTOR, VECTOR), {"weight": VECTOR[:3]}, ValueError, "weight"),
    ("l1_loss", (VECTOR, 0.5), {}, ValueError, "one shape"),
    ("smooth_l1_loss", (VECTOR, VECTOR), {"beta": -1.0}, ValueError, "beta"),
    ("huber_loss", (VECTOR, VECTOR), {"delta": 0.0}, ValueError, "delta"),
    ("cross_entropy", (SCORES, CLASSES + 1), {}, IndexError, "target 3 is no class"),
    ("cross_entropy", (SCORES, CLASSES - 1), {}, IndexError, "target -1 is no class"),
    ("cross_entropy", (SCORES, CLASSES[:3]), {}, ValueError, r"\(4,\), not \(3,\)"),
    ("cross_entropy", (SCORES, CLASSES[:, None]), {}, TypeError, "probabilities"),
    ("cross_entropy", (SCORES, VECTOR), {}, TypeError, "integers"),
    ("cross_entropy", (SCORES, CLASSES > 0), {}, TypeError, "integers"),
    ("cross_entropy", (SCORES, SCORES[:3]), {}, ValueError, "one shape"),
    ("cross_entropy", (SCORES, CLASSES, VECTOR), {}, ValueError, "3 classes"),
    ("cross_entropy", (SCORES, SCORES), {"ignore_index": 1}, ValueError, "ignored"),
    ("cross_entropy", (SCORES, CLASSES), {"label_smoothing": 1.5}, ValueError, "1.5"),
    ("cross_entropy", (SCORES, CLASSES), {"reduction": "all"}, ValueError, "'all'"),
    ("nll_loss", (SCORES, CLASSES + 1), {}, IndexError, "target 3 is no class"),
    ("nll_loss", (SCORES, VECTOR), {}, TypeError, "integers"),
    ("binary_cross_entropy", (VECTOR, SIGNS[:3]), {}, ValueError, "one shape"),
    ("binary_cross_entropy", (VECTOR + 0.5, VECTOR), {}, ValueError, "probabilities"),
    ("binary_cross_entropy", (VECTOR * np.nan, VECTOR), {}, ValueError, "probab"),
    (LOGITS, (VECTOR, VECTOR[:, None]), {}, ValueError, "one shape"),
    (LOGITS, (VECTOR, VECTOR), {"reduction": ""}, ValueError, "no reduction"),
    ("kl_div", (SCORES, VECTOR), {}, ValueError, "as many axes"),
    ("kl_div", (VECTOR, VECTOR), {"reduction": "rows"}, ValueError, "'rows'"),
    ("poisson_nll_loss", (VECTOR, VECTOR), {"eps": -1.0}, ValueError, "eps"),
    ("poisson_nll_loss", (VECTOR, VECTOR[:, None]), {}, ValueError, "axes"),
    ("gaussian_nll_loss", (VECTOR, VECTOR, -VECTOR), {}, ValueError, "negative"),
    ("gaussian_nll_loss", (VECTOR, VECTOR, VECTOR[:3]), {}, ValueError, "var has"),
    ("gaussian_nll_loss", (VECTOR, VECTOR, VECTOR, False, 0.0), {}, ValueError, "eps"),
    ("hinge_embedding_loss", (VECTOR, SIGNS[:, None]), {}, ValueError, "as many axes"),
    ("margin_ranking_loss", (VECTOR, SCORES, SIGNS), {}, ValueError, "as many axes"),
    ("triplet_margin_loss", (SCORES, SCORES, SCORES[:3]), {}, ValueError, "one shape"),
    ("triplet_margin_loss", (SCORES,) * 3, {"margin": 0.0}, ValueError, "margin"),
    ("triplet_margin_loss", (SCORES,) * 3, {"eps": -1.0}, ValueError, "eps"),
    ("cosine_embedding_loss", (SCORES, SCORES, SIGNS[:3]), {}, ValueError, r"\(N,\)"),
    ("soft_margin_loss", (VECTOR, SIGNS[:, None]), {}, ValueError, "as many axes"),
    ("multi_margin_loss", (SCORES, CLASSES + 1), {}, IndexError, "target 3"),
    ("multi_margin_loss", (SCORES, CLASSES - 1), {}, IndexError, "target -1"),
    ("multi_margin_loss", (SCORES, VECTOR), {}, TypeError, "integers"),
    ("multi_margin_loss", (SCORES, CLASSES, 3), {}, ValueError, "p is 1 or 2"),
    ("multi_margin_loss", (SCORES, CLASSES[:2]), {}, ValueError, r"\(4,\)"),
    ("multilabel_margin_loss", (SCORES, SCORES), {}, TypeError, "integers"),
    ("multilabel_margin_loss", (SCORES, LABELS + 3), {}, IndexError, "target 3"),
    ("multilabel_margin_loss", (SCORES, LABELS - 3), {}, IndexError, "target -3"),
    ("ctc_loss", (FRAMES, LABELS + 2, TIMES, [1, 1, 1]), {}, ValueError, "4 sequences"),
    ("ctc_loss", (FRAMES, LABELS + 2, TIMES, TIMES), {}, ValueError, "do not hold 5"),
    ("ctc_loss", (FRAMES, LABELS + 3, TIMES, ONES), {}, IndexError, "target 3"),
    ("ctc_loss", (FRAMES, LABELS, TIMES, ONES), {}, ValueError, "the blank"),
    ("ctc_loss", (FRAMES, LABELS + 0.5, TIMES, ONES), {}, TypeError, "integers"),
    ("ctc_loss", (FRAMES, LABELS + 1, TIMES + 1, ONES), {}, ValueError, "above 5"),
    ("ctc_loss", (FRAMES, LABELS + 1, -TIMES, ONES), {}, ValueError, "negative"),
    ("ctc_loss", (FRAMES, CLASSES[:3], TIMES, ONES), {}, ValueError, "3 targets"),
    ("ctc_loss", (FRAMES, LABELS, TIMES, ONES, 3), {}, IndexError, "3 classes"),
    ("ctc_loss", (VECTOR, LABELS, TIMES, ONES), {}, ValueError, "not \\(T, N, C\\)"),
    ("multilabel_soft_margin_loss", (SCORES, SIGNS), {}, ValueError, "one shape"),
]


@pytest.mark.parametrize(
    ("name", "args", "options", "error", "message"),
    [pytest.param(*row, id=f"{row[0]}.{k}") for k, row in enumerate(BAD)],
)
def test_what_does_not_fit_is_said(name, args, options, error, message):
    loss = getattr(losses, name)
    with pytest.raises(error, match=message):
        loss(*args, **options)
    for backend in BACKENDS:
        with pytest.raises(error, match=message):
            ad.vjp(loss, wrt=0, backend=backend)(*args, **options)


# --- What is generated ----------------------------------------------------------------


def sweep(function, *args):
    """The lines of a gradient from the first cotangent on."""
    text = ad.differentiate(function, wrt=("w", "b")).source(*args)
    return text[text.index("    # adjoint of") :]


def regressed(w, b, x, y):
    out = x @ w + b
    return losses.mse_loss(out, y)


def classified(w, b, x, y):
    logits = x @ w + b
    return losses.cross_entropy(logits, y)


def decided(w, b, x, y):
    z = x @ w + b
    return losses.binary_cross_entropy_with_logits(z, y)


X, W = np.ones((4, 2)), np.ones((2, 3))


def test_the_gradient_of_a_regression_is_the_one_by_hand():
    assert (
        sweep(regressed, W[:, 0], 0.0, X, VECTOR)
        == """\
    # adjoint of: return losses.mse_loss(out, y)
    out_bar = 2.0 * (out - y) / y.size
    # adjoint of: out = x @ w + b
    b_bar = np.sum(out_bar)
    w_bar = x.T @ out_bar
    return w_bar, b_bar
"""
    )


def test_the_gradient_of_a_decision_is_the_one_by_hand():
    assert (
        sweep(decided, W[:, 0], 0.0, X, VECTOR)
        == """\
    # adjoint of: return losses.binary_cross_entropy_with_logits(z, y)
    z_bar = (difference * np.exp(z - no) - y * np.exp(-(z + yes))) / y.size
    # adjoint of: z = x @ w + b
    b_bar = np.sum(z_bar)
    w_bar = x.T @ z_bar
    return w_bar, b_bar
"""
    )


def test_the_gradient_of_a_sure_decision_keeps_its_digits():
    logits = np.float32([-30.0, 30.0])
    gradient = ad.grad(losses.binary_cross_entropy_with_logits, wrt=0)(
        logits, np.float32([0.0, 1.0])
    )
    wanted = np.exp([-30.0, -30.0]) * [0.5, -0.5]
    np.testing.assert_allclose(gradient, wanted, 1e-5)


def test_the_gradient_of_a_classification_is_the_one_by_hand():
    assert (
        sweep(classified, W, np.zeros(3), X, CLASSES)
        == """\
    # adjoint of: return losses.cross_entropy(logits, y)
    quotient = 1 / np.sum(shares)
    shifted_bar = np.where(kept, quotient / total, 0.0)[:, None] * powers
    shifted_bar[np.arange(n), index] += np.where(kept, -quotient, 0.0)
    # adjoint of: logits = x @ w + b
    b_bar = np.sum(shifted_bar, axis=0)
    w_bar = x.T @ shifted_bar
    return w_bar, b_bar
"""
    )


def named(w, b, x, y):
    logits = x @ w + b
    return losses.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))


def placed(w, b, x, y):
    logits = np.swapaxes(x @ w + b, 1, 2)
    return losses.cross_entropy(logits, y)


@pytest.mark.parametrize("loss", [named, placed])
def test_the_gradient_of_sequences_reads_as_that_of_one_row(loss):
    """Of lengths that are known not to be 1 nothing is summed, and places that differ
    are added to at once."""
    x, y = np.ones((5, 4, 2)), np.zeros((5, 4), int)
    text = sweep(loss, W, np.zeros(3), x, y)
    assert "sum_to" not in text
    assert "mask" not in text
    assert "np.add.at" not in text
    assert "shifted_bar = np.where(kept, quotient / total, 0.0)[:, None] * powers" in (
        text
    )


# --- Lists ----------------------------------------------------------------------------

AS_LISTS = {
    "binary_cross_entropy": ([0.1, 0.7], [0.0, 1.0]),
    "binary_cross_entropy_with_logits": ([0.1, -0.7], [0, 1]),
    "cosine_embedding_loss": (
        [[1.0, 2.0], [3.0, 1.0]],
        [[0.0, 1.0], [1.0, 1.0]],
        [1, -1],
    ),
    "cross_entropy": ([[1.5, 2.0, 0.5]], [1]),
    "ctc_loss": ([[[-1.0, -1.0, -1.0]], [[-1.0, -1.0, -1.0]]], [[1]], [2], [1]),
    "gaussian_nll_loss": ([1.0, 2.0], [0.0, 1.0], [1.0, 1.0]),
    "hinge_embedding_loss": ([1.0, 2.0], [1, -1]),
    "huber_loss": ([1.0, 2.0], [0.0, 4.0]),
    "kl_div": ([-0.1, -0.7], [0.3, 0.7]),
    "l1_loss": ([1.0, 2.0], [0.0, 1.0]),
    "margin_ranking_loss": ([1.0, 2.0], [0.0, 1.0], [1, -1]),
    "mse_loss": ([1.0, 2.0], [0.0, 1.0]),
    "multi_margin_loss": ([[1.0, 2.0, 3.0]], [1]),
    "multilabel_margin_loss": ([[1.0, 2.0, 3.0]], [[1, -1, 0]]),
    "multilabel_soft_margin_loss": ([[1.0, 2.0, 3.0]], [[1, 0, 1]]),
    "nll_loss": ([[-1.0, -2.0]], [1]),
    "poisson_nll_loss": ([1.0, 2.0], [0.0, 1.0]),
    "smooth_l1_loss": ([1.0, 2.0], [0.0, 4.0]),
    "soft_margin_loss": ([1.0, 2.0], [1, -1]),
    "triplet_margin_loss": ([[1.0, 2.0]], [[0.0, 1.0]], [[2.0, 2.0]]),
}


def test_there_is_a_list_of_each():
    assert set(AS_LISTS) == set(losses.__all__)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("name", AS_LISTS)
def test_a_list_is_the_array_of_its_numbers(name, backend):
    loss, lists = getattr(losses, name), AS_LISTS[name]
    arrays = tuple(map(np.asarray, lists))
    np.testing.assert_allclose(loss(*lists), loss(*arrays), 1e-15)
    gradient = ad.grad(loss, wrt=0, backend=backend)
    # Both are compiled for types of their own, and may sum in another order.
    np.testing.assert_allclose(gradient(*lists), gradient(*arrays), 1e-13)
