"""Objects between calls: attributes that change, instances that differ."""

import fractions
import types

import numpy as np
import pytest

import adcompiler as ad


class Model:
    factor = 2.0

    def __init__(self, w, n=2):
        self.w, self.n = w, n

    def value(self, x):
        y = np.zeros(self.n)
        for i in range(self.n):
            y[i] = x ** (i + 1)
        return self.scale(np.sum(self.w * y))

    def scale(self, x):
        return self.factor * x


MODEL = Model(3.0)


def through_a_global(x):
    return MODEL.value(x)


def test_two_instances():
    one, two = Model(1.0), Model(5.0, n=1)
    assert ad.grad(one.value)(3.0) == pytest.approx(2.0 * (1.0 + 2.0 * 3.0))
    assert ad.grad(two.value)(3.0) == pytest.approx(10.0)
    gradient = ad.grad(Model.value, wrt="x")
    assert gradient(two, 3.0) == pytest.approx(10.0)
    assert gradient(one, 3.0) == pytest.approx(14.0)


def test_attributes_change_between_calls(monkeypatch):
    gradient = ad.grad(through_a_global)
    assert gradient(3.0) == pytest.approx(42.0)
    monkeypatch.setattr(MODEL, "w", 1.0)
    assert gradient(3.0) == pytest.approx(14.0)
    monkeypatch.setattr(MODEL, "w", np.array([0.0, 1.0]))
    assert gradient(3.0) == pytest.approx(12.0)
    monkeypatch.setattr(MODEL, "w", 1.0)
    monkeypatch.setattr(MODEL, "n", 3)
    assert gradient(3.0) == pytest.approx(2.0 * (1.0 + 6.0 + 27.0))
    monkeypatch.setattr(Model, "factor", 1.0)
    assert gradient(3.0) == pytest.approx(34.0)
    MODEL.factor = 10.0
    assert gradient(3.0) == pytest.approx(340.0)
    del MODEL.factor
    assert gradient(3.0) == pytest.approx(34.0)


def test_methods_change_between_calls(monkeypatch):
    gradient = ad.grad(through_a_global)
    assert gradient(3.0) == pytest.approx(42.0)
    monkeypatch.setattr(Model, "scale", lambda self, x: -x)
    assert gradient(3.0) == pytest.approx(-21.0)
    monkeypatch.setattr(MODEL, "scale", lambda x: 7.0 * x, raising=False)
    assert gradient(3.0) == pytest.approx(147.0)
    bound = types.MethodType(lambda self, x: self.w * x, MODEL)
    monkeypatch.setattr(MODEL, "scale", bound)
    assert gradient(3.0) == pytest.approx(63.0)


def test_an_argument_that_is_an_attribute_is_stored_into():
    weights = np.ones(3)

    def f(x):
        x[0] = 2.0
        return np.sum(x * np.sum(SHARED.w))

    SHARED.w = weights
    with pytest.raises(ad.UnsupportedError, match="overlaps"):
        ad.grad(f)(weights)
    assert ad.grad(f)(weights.copy()) == pytest.approx([0.0, 3.0, 3.0])


class Holder:
    pass


SHARED = Holder()


class Switch:
    def __init__(self, on):
        self.on = on

    def __bool__(self):
        return self.on

    def __eq__(self, other):
        return self.on is other.on

    __hash__ = None


SWITCH, NAMES, FRACTION = Switch(True), {"a", "b"}, fractions.Fraction(1, 2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * x if SWITCH else x,
        lambda x: x * x if NAMES else x,
        lambda x: x * x if NAMES == {"a"} else x,
        lambda x: x * x if SWITCH == FRACTION else x,
        lambda x: x * x if x == FRACTION else x,
        lambda x: x * x if FRACTION in (1, x) else x,
    ],
)
def test_an_object_that_may_say_something_else_later_decides_nothing(f):
    with pytest.raises(ad.UnsupportedError):
        ad.grad(f)(3.0)


def test_a_list_that_says_something_else_later_compiles_anew():
    names = ["a"]

    def f(x):
        if names == ["b"]:
            return 3.0 * x
        return x * x if names else x

    g = ad.grad(f)
    assert g(3.0) == 6.0
    names[0] = "b"
    assert g(3.0) == 3.0
    names.clear()
    assert g(3.0) == 1.0


class Kind:
    def __init__(self, word):
        self.word = word

    def __eq__(self, other):
        return isinstance(other, Kind) and self.word == other.word

    __hash__ = None


def test_what_is_equal_is_asked_anew():
    one, other = Kind("a"), Kind("b")

    def f(x):
        if one == other:
            return x * x
        return 5.0 * x if one in (x, "a", {"a": x}) or (one, x) == (x, one) else x

    g = ad.grad(f)
    assert g(3.0) == 1.0
    other.word = "a"
    assert g(3.0) == 6.0


class Deep:
    def __init__(self, x):
        self.x, self.k = x, 0

    def __iter__(self):
        return self

    def taken(self):
        if self.k == len(self.x):
            raise StopIteration
        self.k += 1
        return self.x[self.k - 1]

    def __next__(self):
        return self.taken()


def test_what_ends_further_down_is_refused_there():
    with pytest.raises(ad.UnsupportedError, match="what __next__ calls") as caught:
        ad.grad(lambda x: sum(v * v for v in Deep(x)))(np.ones(3))
    assert caught.value.lineno == Deep.taken.__code__.co_firstlineno + 2
