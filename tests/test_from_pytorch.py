"""The programs of PyTorch's tutorials, as `examples/from_pytorch` has them, give the
numbers that PyTorch gives (`tests/reference/seed_programs.json`)."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import runtime as rt
from examples.from_pytorch import (
    custom_functions,
    first_gradients,
    gradients_of_models,
    linear_regression,
    one_layer,
)

REFERENCE = Path(__file__).parent / "reference"
ROWS = {
    row["key"]: row["results"]
    for row in json.loads((REFERENCE / "seed_programs.json").read_text())["programs"]
}


def regression(dtype):
    with np.load(REFERENCE / "seed_regression.npz") as given:
        found = linear_regression.train(given["X"], given["y"], dtype=dtype)
        return {"coef": float(given["coef"]), **found}


def flows(**functions):
    return {name: one_layer.what_flows(f) for name, f in functions.items()}


PROGRAMS = {
    "p0.square": first_gradients.square,
    "p0.poly": first_gradients.polynomial,
    "p0.cubic": first_gradients.one_element,
    "p0.autograd_grad": first_gradients.without_backward,
    "p0.rand42": first_gradients.seeded,
    "p0.cuda_seed": first_gradients.seeded_on,
    "p0.mse": first_gradients.squared_error,
    "p0.cross_entropy": first_gradients.cross_entropy,
    "p1.xy": gradients_of_models.of_two_numbers,
    "p1.polynomial": gradients_of_models.of_a_polynomial,
    "p1.gd_step": gradients_of_models.descent,
    "p2.cubic_value": linear_regression.cubic,
    "p2.cubic_grad": linear_regression.cubic,
    "p2.linear_regression": lambda: regression(np.float32),
    "p2.linear_regression.float64": lambda: regression(np.float64),
    "p3.no_grad": lambda: flows(
        outside=one_layer.logits, inside=one_layer.logits_without
    ),
    "p3.detach": lambda: flows(z=one_layer.logits, z_det=one_layer.logits_detached),
    "p4.custom_function": custom_functions.custom_function,
}
PROGRAMS |= {
    f"p3.{part}": one_layer.gradients
    for part in ("inputs", "w", "b", "logits", "loss", "grads")
}
SEEDED = {
    "p0.linear_sgd": partial(first_gradients.one_step, rt.SGD),
    "p0.linear_adam": partial(first_gradients.one_step, rt.Adam),
    "p1.linear": gradients_of_models.of_a_model,
    "p4.simple_model": custom_functions.simple_model,
}
PROGRAMS |= {
    f"{key}.seed{seed}": partial(program, seed=seed)
    for key, program in SEEDED.items()
    for seed in (0, 4, 42)
}
# PyTorch names the nodes of its graph; here a gradient is a program.
PROSE = {"p3.grad_fn"}


def decoded(value):
    if isinstance(value, dict) and "data" in value:
        numbers = [float(v) for v in value["data"]]
        return np.array(numbers, value["dtype"]).reshape(value["shape"])
    return value


def test_every_program_is_there():
    assert PROGRAMS.keys() | PROSE == ROWS.keys()


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("key", PROGRAMS)
def test_it_gives_pytorchs_numbers(key, backend, monkeypatch):
    monkeypatch.setenv("ADC_BACKEND", backend)
    found = PROGRAMS[key]()
    double = key.endswith("float64")
    for name, wanted in ROWS[key].items():
        expected = decoded(wanted)
        if name == "sgd_on_its_parameters":
            assert found[name].startswith("ValueError")
        elif expected is None or isinstance(expected, bool):
            assert found[name] is expected
        else:
            rtol, atol = (1e-10, 1e-12) if double else (1e-5, 1e-6)
            actual = np.asarray(found[name])
            assert np.shape(actual) == np.shape(expected)
            np.testing.assert_allclose(actual, expected, rtol, atol)
            if isinstance(wanted, dict):
                assert actual.dtype == expected.dtype


def test_a_graph_is_a_program():
    one_layer.gradients()
    source = one_layer.loss.source()
    assert "# adjoint of: return rt.binary_cross_entropy_with_logits(z, y)" in source
    assert "    # adjoint of: z = x @ w + b\n" in source


def test_nothing_is_computed_for_what_is_frozen():
    found = one_layer.frozen()
    assert found["w.grad"] is None
    wanted = decoded(ROWS["p3.grads"]["b.grad"])
    np.testing.assert_allclose(found["b.grad"], wanted, 1e-6)
    assert "w_bar" not in found["source"]


@pytest.mark.parametrize(
    "name",
    ["first_gradients", "gradients_of_models", "one_layer", "custom_functions"],
)
def test_the_examples_run(name, capsys):
    importlib.import_module(f"examples.from_pytorch.{name}").main()
    assert "def " in capsys.readouterr().out


def test_the_regression_is_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib")
    with np.load(REFERENCE / "seed_regression.npz") as given:
        x, y = given["X"], given["y"]
    found = linear_regression.train(x, y)
    path = tmp_path / "fit.png"
    linear_regression.draw(x, y, found, path)
    assert path.stat().st_size > 10_000


def test_the_data_of_the_regression():
    pytest.importorskip("sklearn", reason="the data come from scikit-learn")
    x, y, slope, _ = linear_regression.data()
    with np.load(REFERENCE / "seed_regression.npz") as given:
        np.testing.assert_array_equal(x, given["X"])
        np.testing.assert_array_equal(y, given["y"])
        assert slope == given["coef"]


def test_the_page_is_true():
    page = Path(__file__).parents[1] / "docs" / "from_pytorch.md"
    found = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert found.attempted > 20
    assert not found.failed


def test_the_page_names_what_there_is():
    """What the table has of this package can be found."""
    page = (Path(__file__).parents[1] / "docs" / "from_pytorch.md").read_text()
    names = set(re.findall(r"\b(ad|rt)\.([A-Za-z_.]+)", page))
    for package, path in names:
        found = {"ad": ad, "rt": rt}[package]
        for name in path.rstrip(".").split("."):
            found = getattr(found, name)
