"""Differentiable functions as Python objects: pickled, copied, bound, typed, shown."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import pydoc
import textwrap

import numpy as np
import pytest
from mypy import api as mypy

import adcompiler as ad


@ad.differentiate(wrt="x")
def scaled(x: float, factor: float = 2.0) -> float:
    """A number times another."""
    return factor * x * x


def plain(x, y):
    return x * y


class Model:
    rate = 3.0

    def __init__(self, k):
        self.k = k

    @ad.differentiate
    def energy(self, x):
        """The energy."""
        return self.k * x * x

    @ad.differentiate(wrt="x")
    @classmethod
    def of_class(cls, x):
        return cls.rate * x * x

    @classmethod
    @ad.differentiate
    def of_class_too(cls, x):
        return cls.rate * x * x

    @ad.differentiate
    @staticmethod
    def static(x):
        return 5.0 * x * x

    @staticmethod
    @ad.differentiate
    def static_too(x):
        return 5.0 * x * x

    @property
    @ad.differentiate
    def whole(self):
        return self.k * 2.0

    def undecorated(self, x):
        return self.k * x


class Steeper(Model):
    rate = 4.0

    @ad.differentiate
    def energy(self, x):
        return 10.0 * super().energy(x)


# --- Pickles and copies -----------------------------------------------------------


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_what_a_name_stands_for_is_pickled_by_name(protocol):
    for g in (scaled, Model.energy, Model.static):
        assert pickle.loads(pickle.dumps(g, protocol)) is g


@pytest.mark.parametrize(
    "g",
    [
        ad.differentiate(scaled, wrt="factor"),
        ad.differentiate(plain, wrt=1),
        ad.differentiate(Model(2.0).undecorated),
        ad.differentiate(Model(2.0).energy, wrt="x"),
        Model(2.0).energy,
        Model.of_class,
        scaled.grad,
        ad.grad(ad.grad(plain, wrt="y"), wrt="x"),
    ],
    ids=lambda g: repr(g).partition(" of <")[0],
)
def test_pickles_come_back_as_they_were(g):
    again = pickle.loads(pickle.dumps(g))
    args = tuple(np.arange(2.0, 2.0 + len(inspect.signature(g).parameters)))
    derived = [f.grad if isinstance(f, ad.Differentiable) else f for f in (g, again)]
    assert derived[0](*args) == derived[1](*args)
    assert repr(again).split(" of ")[0] == repr(g).split(" of ")[0]


def test_what_has_no_name_is_no_pickle():
    def nested(x):
        return x * x

    replaced = ad.differentiate(plain)
    replaced.__qualname__ = replaced.__name__ = "scaled"
    for g, what in (
        (ad.differentiate(lambda x: x), "a lambda"),
        (ad.differentiate(nested), "defined inside a function"),
        (ad.grad(nested), "defined inside a function"),
        (replaced, "not what"),
    ):
        with pytest.raises(pickle.PicklingError, match=what):
            pickle.dumps(g)


def test_copies_are_those_of_functions():
    square = ad.differentiate(lambda x: x * x)
    held = {"f": square, "g": square.grad}
    for again in (copy.copy(held), copy.deepcopy(held)):
        assert again["f"] is square
        assert again["g"](3.0) == 6.0


def test_a_deep_copy_of_a_bound_method_has_an_object_of_its_own():
    model = Model(2.0)
    bound = copy.deepcopy(model.energy)
    model.k = 5.0
    assert bound.grad(3.0) == 12.0
    assert model.energy.grad(3.0) == 30.0
    gradient = copy.deepcopy(model.energy.grad)
    model.k = 1.0
    assert gradient(3.0) == 30.0


# --- Descriptors ------------------------------------------------------------------


def test_partial_functions():
    def line(a, x, *more, b=1.0):
        return np.sum(a * x) * b + sum(more)

    x, weights = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    given = functools.partial(line, weights, b=2.0)
    gradient = ad.grad(given)
    np.testing.assert_array_equal(gradient(x), 2.0 * weights)
    weights[:] = 5.0
    np.testing.assert_array_equal(gradient(x), 2.0 * weights)
    assert ad.grad(given, wrt="b")(x) == 15.0
    assert gradient(x, 1.0).more_0 == 1.0
    later = functools.partial(functools.partial(line, b=3.0), x=x)
    np.testing.assert_array_equal(ad.grad(later)(2.0), 9.0)
    assert ad.differentiate(given)(x) == given(x)


def test_methods_of_every_kind():
    model = Model(2.0)
    assert model.energy.grad(3.0) == 12.0
    assert Model.energy(model, 3.0) == 18.0
    for owner, rate in ((model, 3.0), (Model, 3.0), (Steeper, 4.0), (Steeper(1.0), 4)):
        for f in (owner.of_class, owner.of_class_too):
            assert f(2.0) == 4.0 * rate
            assert f.grad(2.0) == 4.0 * rate
        for f in (owner.static, owner.static_too):
            assert f(2.0) == 20.0
            assert f.grad(2.0) == 20.0
    assert model.whole == 4.0


def test_subclasses_and_super():
    assert Steeper(2.0).energy(3.0) == 180.0
    assert Steeper(2.0).energy.grad(3.0) == 120.0
    assert super(Steeper, Steeper(2.0)).energy.grad(3.0) == 12.0


def test_methods_of_every_kind_inside_a_function():
    model = Model(2.0)

    def f(x):
        return model.energy(x) + model.static(x) + model.of_class(x) + model.whole * x

    assert ad.grad(f)(3.0) == 2 * 3.0 * (2.0 + 5.0 + 3.0) + 4.0


def test_a_property_is_no_function():
    with pytest.raises(TypeError, match="write @property above"):

        class Wrong:
            @ad.differentiate
            @property
            def energy(self):
                return 1.0


def test_backends_of_sources():
    assert scaled.source(1.0, backend="numpy") == scaled.source(1.0)
    with pytest.raises(ValueError, match="there is no backend 'gpu'"):
        scaled.source(1.0, backend="gpu")


# --- What people see --------------------------------------------------------------


def test_repr():
    assert repr(scaled) == "<differentiable scaled(x, factor), wrt x>"
    assert repr(scaled.grad) == "<grad of scaled>"
    shown = repr(Model(1.0).energy)
    assert shown.startswith("<differentiable Model.energy(x) of <")
    assert repr(ad.differentiate(lambda t: t)).endswith("<lambda>(t)>")


def test_help_shows_the_function_s_own():
    text = pydoc.render_doc(scaled)
    assert "A number times another." in text
    assert "(x: 'float', factor: 'float' = 2.0)" in text
    assert "gradient" in pydoc.plain(pydoc.render_doc(ad.Differentiable))


def test_signatures():
    assert list(inspect.signature(scaled).parameters) == ["x", "factor"]
    assert list(inspect.signature(Model.energy).parameters) == ["self", "x"]
    assert list(inspect.signature(Model(1.0).energy).parameters) == ["x"]
    assert list(inspect.signature(Model(1.0).energy.grad).parameters) == ["x"]
    assert ad.grad(Model(2.0).energy.grad)(3.0) == 4.0
    assert inspect.signature(scaled).return_annotation == "float"


# --- Types ------------------------------------------------------------------------

TYPED = """
    import numpy as np
    import adcompiler as ad

    @ad.differentiate
    def loss(w: float, name: str, *, scale: float = 1.0) -> float:
        return scale * w * w

    @ad.differentiate(wrt=("x",))
    def energy(x: float) -> np.float64:
        return np.float64(x)

    class Model:
        @ad.differentiate
        def act(self, x: float) -> float:
            return x

    @ad.custom_vjp
    def ruled(x: float) -> float:
        return x

    reveal_type(loss(1.0, "a", scale=2.0))
    reveal_type(loss.value_and_grad(1.0, "a"))
    reveal_type(energy(1.0))
    reveal_type(energy.vjp(1.0))
    reveal_type(energy.jvp((1.0,), (1.0,)))
    reveal_type(Model().act(1.0))
    reveal_type(Model().act.value_and_grad(1.0))
    reveal_type(ad.value_and_grad(ruled)(1.0))
    loss(1.0)
    loss.grad("w", "a")
    energy.grad(1.0, 2.0)
    Model().act.grad("x")
    ruled("x")
    energy.explain("x")
"""
REVEALED = [
    "float",
    "tuple[float, Any]",
    "numpy.float64",
    "tuple[numpy.float64, def (Any) -> Any]",
    "tuple[numpy.float64, Any]",
    "float",
    "tuple[float, Any]",
    "tuple[float, Any]",
]
WRONG = ["call-arg", "arg-type", "call-arg", "arg-type", "arg-type", "arg-type"]


def test_types_are_those_of_the_function(tmp_path):
    path = tmp_path / "typed.py"
    path.write_text(textwrap.dedent(TYPED))
    printed, errors, _ = mypy.run(["--strict", "--no-incremental", str(path)])
    assert not errors
    lines = printed.splitlines()
    revealed = [t.split('"')[1] for t in lines if "Revealed type" in t]
    # A float64 is a generic class of NumPy's, under a name that changes.
    revealed = [
        t.replace("numpy.floating[numpy._typing._nbit_base._64Bit]", "numpy.float64")
        .replace("numpy.floating[numpy._typing._64Bit]", "numpy.float64")
        .replace("Tuple[", "tuple[")
        .replace("builtins.", "")
        for t in revealed
    ]
    assert revealed == REVEALED
    wrong = [t for t in lines if ": error:" in t]
    assert [t.rpartition("[")[2].rstrip("]") for t in wrong] == WRONG
