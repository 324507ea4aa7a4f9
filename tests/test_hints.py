"""Refusals say what to write instead, and what they say works.

In: rows of a program that is refused, words of the message and of the hint, and the
program written as the hint says; or none, where plain Python raises as well.
Invariants: the program written anew gives what the first one gives, and its gradient is
that of differences. Nothing in the package refuses without a hint.
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import linecache
import math
import textwrap
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial import distance

import adcompiler as ad
from adcompiler.errors import UnsupportedError
from adcompiler.frontend import subset
from adcompiler.frontend.lower import rules, tensors
from adcompiler.frontend.lower.context import Context
from adcompiler.frontend.lower.handling import Call
from tests.numerics import assert_matches, reference_gradient

NUMBER = 0.75
VECTOR = np.array([0.5, 1.25, 2.0])
MATRIX = np.array([[1.0, 2.0], [3.0, 4.5]])


class Plain:
    """A class that says nothing of calls, brackets or lengths."""

    def __init__(self, a: float) -> None:
        self.a = a

    @property
    def twice(self) -> float:
        return 2.0 * self.a


@dataclass
class Pair:
    a: float
    b: float = 2.0


Named = namedtuple("Named", "a b")

SCOPE = {
    **{"ad": ad, "np": np, "math": math, "itertools": itertools},
    **{"special": special, "stats": stats, "distance": distance},
    **{"SimpleNamespace": SimpleNamespace},
    **{"Plain": Plain, "Pair": Pair, "Named": Named},
}

# Bodies of `def f(x)`; of an expression, what it returns.
# What is refused, of the message, of the hint, and written as the hint says.
WRITTEN_ANEW = [
    (
        VECTOR,
        "n = len(x) > 2; return x[n << 1] ** 2",
        "32 or 64 bits",
        "int(n)",
        "n = len(x) > 2; return x[int(n) << 1] ** 2",
    ),
    (
        VECTOR,
        "np.sum(np.fft.rfft(x).real ** 3) + np.sum(np.fft.rfft(x).imag ** 2)",
        "np.fft.rfft is not supported",
        "products with np.cos(k) and -np.sin(k)",
        (
            "k = 2 * np.pi * np.outer(np.arange(2), np.arange(3)) / 3\n"
            "return np.sum((np.cos(k) @ x) ** 3) + np.sum((-np.sin(k) @ x) ** 2)"
        ),
    ),
    (
        VECTOR,
        "np.sum(np.real(np.exp(1j * x)) ** 2)",
        "complex numbers",
        "use two real numbers",
        "np.sum(np.cos(x) ** 2)",
    ),
    (
        VECTOR,
        "np.sum(special.zeta(3.0, x))",
        "special.zeta is not supported",
        "special.polygamma(n - 1, x) * (-1) ** n / math.factorial(n - 1)",
        "np.sum(special.polygamma(2, x) * (-1) ** 3 / math.factorial(2))",
    ),
    (
        VECTOR,
        "np.sum(special.poch(x, 2.5))",
        "special.poch is not supported",
        "np.exp(special.gammaln(z + m) - special.gammaln(z))",
        "np.sum(np.exp(special.gammaln(x + 2.5) - special.gammaln(x)))",
    ),
    (
        VECTOR,
        "np.sum(special.wofz(x).imag)",
        "special.wofz is not supported",
        "2 / np.sqrt(np.pi) * special.dawsn(x)",
        "np.sum(2 / np.sqrt(np.pi) * special.dawsn(x))",
    ),
    (
        VECTOR,
        "stats.norm(0.5, 2.0).logpdf(x)[0]",
        "stats.norm is not supported",
        "call it with loc and scale",
        "stats.norm.logpdf(x, 0.5, 2.0)[0]",
    ),
    (
        VECTOR,
        "distance.cdist(x[:, None], x[:, None])[0, 1]",
        "distance.cdist is not supported",
        "np.sqrt(np.sum((x[:, None] - y) ** 2, axis=-1))",
        (
            "y = x[:, None]\nd = np.sum((y[:, None] - y) ** 2, axis=-1)\n"
            "return np.sqrt(d[0, 1])"
        ),
    ),
    (
        VECTOR,
        "np.sum(np.add.reduceat(x, [0, 1]) ** 2)",
        "np.add.reduceat is not supported",
        "np.array([np.sum(x[a:b]) for a, b in bounds])",
        "np.sum(np.array([np.sum(x[a:b]) for a, b in [(0, 1), (1, 3)]]) ** 2)",
    ),
    (
        VECTOR,
        "np.sum(np.frompyfunc(lambda v: v * v, 1, 1)(x))",
        "np.frompyfunc is not supported",
        "call it on arrays: f(x)",
        "np.sum((lambda v: v * v)(x))",
    ),
    (
        VECTOR,
        "tuple(v * v for v in x if v > -9.0)[1]",
        "of unknown length",
        "use a list: [v * v for v in x if v > -9.0]",
        "[v * v for v in x if v > -9.0][1]",
    ),
    (
        VECTOR,
        "dict(zip('ab', [v for v in x if v > -9.0]))['a']",
        "unknown length",
        "index both",
        "{'a': x[0], 'b': x[1]}['a']",
    ),
    (
        MATRIX,
        "sum(itertools.chain.from_iterable(x))",
        "known while compiling",
        "(v for row in x for v in row)",
        "sum(v for row in x for v in row)",
    ),
    (
        MATRIX,
        "sum(itertools.starmap(lambda a, b: a * b, x))",
        "is spread here",
        "(f(a, b) for a, b in x)",
        "sum(a * b for a, b in x)",
    ),
    (
        VECTOR,
        "sum(a * b * c for a, b, c in itertools.combinations(x, 3))",
        "known while compiling",
        "for i in range(n): for j in range(i + 1, n)",
        """
        s = 0.0
        for i in range(len(x)):
            for j in range(i + 1, len(x)):
                for k in range(j + 1, len(x)):
                    s += x[i] * x[j] * x[k]
        return s
        """,
    ),
    (MATRIX, "x.tolist()[0][1]", "of rank 2", "x[i, j]", "x[0, 1]"),
    (
        VECTOR,
        "xs = [v for v in x if v > -9.0]; xs[::2] = [x[0] * x[2]] * 2; return xs[2]",
        "index of a list",
        "range(0, len(xs), 2)",
        """
        xs = [v for v in x if v > -9.0]
        for k in range(0, len(xs), 2):
            xs[k] = x[0] * x[2]
        return xs[2]
        """,
    ),
    (
        MATRIX,
        "np.linalg.matrix_rank(x, hermitian=True) * x[0, 0]",
        "hermitian=True",
        "the same",
        "np.linalg.matrix_rank(x) * x[0, 0]",
    ),
    (
        VECTOR,
        "np.put_along_axis(x, np.array([1]), 5.0, None); return x @ x",
        "axis=None",
        "x.reshape(-1)[indices] = values",
        "x.reshape(-1)[np.array([1])] = 5.0; return x @ x",
    ),
    (
        VECTOR,
        "np.putmask(x, x > 1, x * x); return x @ x",
        "array of values",
        "x[...] = np.where(mask, values, x)",
        "x[...] = np.where(x > 1, x * x, x); return x @ x",
    ),
    (
        VECTOR,
        "stats.skew(x, bias=False)",
        "bias=False",
        "np.sqrt(n * (n - 1)) / (n - 2)",
        "n = len(x); return np.sqrt(n * (n - 1)) / (n - 2) * stats.skew(x)",
    ),
    (
        VECTOR,
        "stats.kurtosis(np.append(x, x * x), bias=False)",
        "bias=False",
        "((n + 1) * k + 6) * (n - 1) / (n - 2) / (n - 3)",
        """
        y = np.append(x, x * x)
        n, k = len(y), stats.kurtosis(y)
        return ((n + 1) * k + 6) * (n - 1) / (n - 2) / (n - 3)
        """,
    ),
    (
        VECTOR,
        "np.cov(x, fweights=np.array([1, 2, 1])) * 1.0",
        "fweights",
        "np.repeat(x, fweights, axis=1)",
        "np.cov(np.repeat(x[None], np.array([1, 2, 1]), axis=1)) * 1.0",
    ),
    (
        VECTOR,
        "np.insert(x, [0, 1], 3.0)[1]",
        "several places",
        "np.concatenate",
        "np.concatenate((np.array([3.0]), x[:1], np.array([3.0]), x[1:]))[1]",
    ),
    (
        VECTOR,
        "special.expn(0, x)[1]",
        "orders above 0",
        "np.exp(-x) / x",
        "(np.exp(-x) / x)[1]",
    ),
    (
        VECTOR,
        "np.poly1d(x)(2.0)",
        "np.poly1d is not",
        "np.polyval(p, x)",
        "np.polyval(x, 2.0)",
    ),
    (VECTOR, "x.flat[1]", "'.flat'", "x.ravel()", "x.ravel()[1]"),
    (
        NUMBER,
        "t = f'w{np.ones(2) * x}'; print(t); return x",
        "a text of an array",
        "write the f-string there",
        "print(f'w{np.ones(2) * x}'); return x",
    ),
    (
        NUMBER,
        "print({'a': x}); return x",
        "a dict cannot be printed",
        "d['k']",
        "d = {'a': x}; print(d['a']); return x",
    ),
    (
        NUMBER,
        "x * x if range(int(4.0 * x)) else x",
        "no truth value",
        "len(r) > 0",
        "x * x if len(range(int(4.0 * x))) > 0 else x",
    ),
]

# What is refused, of the message and of the hint: plain Python raises as well.
WRONG = [
    (NUMBER, "list(x)[0]", "a number has no length", "(x,)"),
    (NUMBER, "tuple(x)[0]", "cannot be iterated over", "an array or a tuple"),
    (NUMBER, "sum(x)", "cannot be iterated over", "an array or a tuple"),
    (NUMBER, "max(x)", "cannot be iterated over", "an array or a tuple"),
    (MATRIX, "max(x)", "max compares the rows of an array of rank 2", "np.max(x)"),
    (NUMBER, "dict(x)['a']", "dict takes a dict", "{'a': x[0], 'b': x[1]}"),
    (NUMBER, "sum(map(abs)) * x", "map takes a function", "map(f, x)"),
    (NUMBER, "sum(zip((x,), k=1))", "no keyword but strict", "leave k= away"),
    (VECTOR, "len(v for v in x) * x[0]", "has no length", "list(...)"),
    (NUMBER, "isinstance(x, 'float') * x", "classes known", "(int, float)"),
    (VECTOR, "x[slice(1, 2, 3, 4)][0]", "slice takes", "slice(start, stop, step)"),
    (VECTOR, "sum(itertools.islice(x, 1.5))", "takes integers", "int(n)"),
    (NUMBER, "a, b = x; return a", "cannot be unpacked", "to one name"),
    (NUMBER, "a, b = (x, x, x); return a", "into 2 names", "write 3 names"),
    (NUMBER, "x(2.0)", "a number cannot be called", "write * to multiply"),
    (VECTOR, "x(0)", "cannot be called", "brackets to index: x[0]"),
    (NUMBER, "Plain(x)(2.0)", "a Plain cannot be called", "a __call__"),
    (NUMBER, "Plain(x)['a']", "cannot be subscripted", "a __getitem__"),
    (NUMBER, "Plain(x).b", "no attribute 'b'", "it has a"),
    (NUMBER, "p = Plain(x); p.twice = 1.0; return x", "no setter", "@twice.setter"),
    (NUMBER, "Pair(x, c=1.0).a", "gets 'c'", "its fields are: a, b"),
    (NUMBER, "Named(x).a", "misses the argument 'b'", "its fields are: a, b"),
    (NUMBER, "Named(x, x)._replace(c=1).a", "takes a=, b=", "p._replace(a=...)"),
    (NUMBER, "(lambda a, k=2: a)(x, c=3)", "no parameter 'c'", "are: a, k=2"),
    (NUMBER, "(lambda a, *, k: a)(x)", "misses the argument 'k'", "are: a, *, k"),
    (NUMBER, "(lambda a: a)(x, **{1: x})", "'**' cannot spread", "{'k': v}"),
    (NUMBER, "y + x", "'y' is not defined", "assign it first, or import it"),
    (NUMBER, "Math.sin(x)", "'Math' is not defined", "did you mean 'math'?"),
    (VECTOR, "np.product(x)", "product does not exist", "it is np.prod now"),
    (VECTOR, "x.ptp()", "'.ptp' is not supported", "np.ptp(x)"),
    (
        VECTOR,
        "np.sum(x, keepdim=1)",
        "'keepdim='",
        "are: a, axis, dtype, out, keepdims",
    ),
    (VECTOR, "np.sum(x, axis=1)", "axis 1 is out of bounds", "its axes are: 0"),
    (NUMBER, "np.sum(x, axis=1)", "axis 1 is out of bounds", "leave the axis away"),
    (MATRIX, "np.einsum('ij->ik', x)", "repeats or invents", "out of 'ij'"),
    (MATRIX, "np.transpose(x, (0, 0))", "each once", "the axes 0, 1"),
    (MATRIX, "np.pad(x, ((1, 1),) * 3)", "for each axis", "((1, 1), (0, 0))"),
    (NUMBER, "None.a * x", "of a NoneType", "decide by 'is None'"),
    (VECTOR, "x.zzz", "'.zzz' is not supported", "no such attribute"),
    (VECTOR, "x.view(3)[0]", "'.view' is not supported", "x.reshape(...)"),
    (VECTOR, "x.unsqueeze(0)[0, 0]", "'.unsqueeze'", "write x[None]"),
    (VECTOR, "x.clamp(0, 1)[0]", "'.clamp'", "write np.clip(x, low, high)"),
    (VECTOR, "x.mul_(2.0)[0]", "'.mul_'", "write x *= y"),
    (VECTOR, "x.softmax(0)[0]", "'.softmax'", "ad.runtime.activations.softmax(x)"),
    (VECTOR, "np.sum(x).backward()", "'.backward'", "on the function"),
    (VECTOR, "x.size(0) * x[0]", "a number cannot be called", "write x.shape[0]"),
    (VECTOR, "ad.runtime.relu(x)[0]", "relu does not exist", "activations.relu"),
    (NUMBER, "x.shape", "which this value may be", "np.shape(x)"),
    (VECTOR, "math.sin(x)", "not an array", "np.sin(x)"),
    (VECTOR, "2.0 @ x", "rank 1 or more", "multiply numbers by *"),
    (VECTOR, "if x > 0 or x < 0: return x[0]", "is ambiguous", "use np.any, np.all"),
    (VECTOR, "np.linalg.inv(x)[0, 0]", "takes a matrix", "x.reshape(n, n)"),
    (NUMBER, "ad.jvp(math.sin)(x, 1.0)[1]", "an entry per argument", "(x_dot,)"),
    (NUMBER, "ad.grad(lambda n: n * n)(3)", "no argument is a float", "2.0 for 2"),
    (NUMBER, "ad.grad(abs, wrt=1)(x)", "wrt names 1", "its arguments are: x"),
    (
        VECTOR,
        "xs = [v * v for v in x]; xs.sort(abs); return xs[0]",
        "'.sort()' of a list",
        "xs.sort(key=f",
    ),
]


def program(body: str) -> Callable[..., Any]:
    """The function ``f(x)`` of this body, in a file of its own."""
    body = textwrap.dedent(body).strip()
    text = textwrap.indent(body if "return" in body else f"return {body}", "    ")
    text, name = f"def f(x):\n{text}\n", f"<test_hints: {body}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = dict(SCOPE)
    exec(compile(text, name, "exec"), scope)
    return scope["f"]


def refused(function: Callable[..., Any], value: Any) -> UnsupportedError:
    with pytest.raises(ad.UnsupportedError) as caught:
        ad.grad(function)(value)
    assert caught.value.lineno == 2
    return caught.value


@pytest.mark.parametrize(("x", "body", "message", "hint", "anew"), WRITTEN_ANEW)
def test_what_the_hint_says_works(x, body, message, hint, anew):
    error = refused(program(body), x)
    assert message in error.message
    assert hint in error.hint
    function = program(anew)
    first, second = (f(copy.copy(x)) for f in (program(body), function))
    np.testing.assert_allclose(first, second)
    wanted = reference_gradient(function, (x,))
    assert_matches(np.ravel(ad.grad(function)(x)), wanted)


@pytest.mark.parametrize(("x", "body", "message", "hint"), WRONG)
def test_what_python_raises_for_is_explained(x, body, message, hint):
    function = program(body)
    with pytest.raises(Exception):  # noqa: B017, PT011
        function(x)
    error = refused(function, x)
    assert message in error.message
    assert hint in error.hint


# --- Functions of other libraries -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written"),
    [("exp", "np.exp"), ("cat", "np.concatenate"), ("relu", "activations.relu")],
)
def test_what_another_library_computes_is_named_here(name, written):
    """Its own program, in Python or not, is not followed."""

    def foreign(x):
        return x.untyped_storage()

    foreign.__module__, foreign.__name__ = "torch.nn.functional", name
    with pytest.raises(UnsupportedError) as caught:
        ad.grad(lambda x: np.sum(foreign(x)))(VECTOR)
    assert "foreign is not supported" in caught.value.message
    assert written in caught.value.hint


def test_what_it_is_named_is_there():
    assert set(ad.runtime.activations.__all__) - set(tensors.ACTIVATIONS) == {"tanh"}
    for name in (*tensors.LOSSES, *tensors.DRAWS):
        assert callable(getattr(ad.runtime, name))
    for name in tensors.ACTIVATIONS:
        assert callable(getattr(ad.runtime.activations, name))
    with pytest.raises(AttributeError, match=r"it is activations\.relu"):
        _ = ad.runtime.relu


# --- Nothing refuses without a hint ---------------------------------------------------

REFUSING = (subset.refuse, Context.refuse, Call.refuse, rules._refuse, UnsupportedError)


@pytest.mark.parametrize("function", REFUSING)
def test_a_hint_must_be_given(function):
    """Then a call without one is an error of mypy's."""
    hint = inspect.signature(function).parameters["hint"]
    assert hint.default is inspect.Parameter.empty
    assert hint.annotation == "str"


def refusals() -> Iterator[tuple[str, ast.Call]]:
    """Each call that refuses, and where it is."""
    root = Path(ad.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in ("refuse", "_refuse", "UnsupportedError"):
                    yield f"{path.relative_to(root)}:{node.lineno}", node


def test_no_hint_is_empty():
    found = list(refusals())
    assert len(found) > 300
    for where, call in found:
        given = [*call.args, *(word.value for word in call.keywords)]
        empty = [a for a in given if isinstance(a, ast.Constant) and not a.value]
        assert given, where
        assert not empty, where
