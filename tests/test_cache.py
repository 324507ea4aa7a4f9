"""Machine code that is kept: another process finds it, and only if all is as it was.

A *generation* of a module is what a process of its own would make of it: new functions,
classes and objects of a text. Whether the front end ran is counted.
"""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import adcompiler as ad
from adcompiler import programs, resident
from adcompiler.cache import places
from adcompiler.cache.directory import directory
from adcompiler.cache.files import Files
from adcompiler.settings import current
from tests.programs import PROGRAMS

X = np.linspace(0.1, 1.3, 7)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A cache of its own; gives how often functions have been lowered."""
    monkeypatch.setenv("ADC_CACHE", "1")
    monkeypatch.setenv("ADC_CACHE_DIR", str(tmp_path / "cache"))
    lowered = []
    real = programs._lowered

    def counting(*args, **kwargs):
        lowered.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(programs, "_lowered", counting)
    return lowered


@pytest.fixture
def generation(tmp_path, monkeypatch):
    """Makes a module of a text, as another process would."""
    # Python knows its own files by their second and size, and edits here are quick.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def made(text, name="generated"):
        path = tmp_path / f"{name}.py"
        head = "import numpy as np\nimport adcompiler as ad\n"
        path.write_text(head + textwrap.dedent(text))
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return made


def gradient(module, x=X, name="f"):
    return ad.grad(getattr(module, name), backend="llvm")(x)


def uncached(module, monkeypatch, x=X):
    with monkeypatch.context() as patch:
        patch.setenv("ADC_CACHE", "0")
        return gradient(module, x)


PLAIN = """
def helper(v, k=2.0):
    return k * v * v

def f(x):
    return np.sum(helper(x) * np.sin(x))
"""


def test_the_second_time_nothing_is_compiled(kept, generation):
    first = gradient(generation(PLAIN))
    assert len(kept) == 1
    again = gradient(generation(PLAIN))
    assert len(kept) == 1
    assert first.tobytes() == again.tobytes()


# What is changed between two generations: the text, what stands in it, and instead.
CHANGES = {
    "the body": (PLAIN, "np.sin(x)", "np.cos(x)"),
    "a helper": (PLAIN, "k * v * v", "k * v * v * v"),
    "a default of a helper": (PLAIN, "k=2.0", "k=3.0"),
    "a helper by another name": (
        PLAIN + "\ndef other(v):\n    return v\n\nhelper = helper\n",
        "helper = helper",
        "helper = other",
    ),
    "a keyword default": (
        """
        def h(v, *, k=2.0):
            return k * v
        def f(x):
            return np.sum(h(x) * x)
        """,
        "k=2.0",
        "k=5.0",
    ),
    "a global text": (
        """
        KIND = "sin"
        def f(x):
            return np.sum(np.sin(x) if KIND == "sin" else np.cos(x))
        """,
        'KIND = "sin"',
        'KIND = "cos"',
    ),
    "a global bool": (
        """
        SQUARED = True
        def f(x):
            return np.sum(x * x if SQUARED else x)
        """,
        "SQUARED = True",
        "SQUARED = False",
    ),
    "a global that must be known": (
        """
        AXIS = 0
        def f(x):
            return np.sum(np.cumsum(np.outer(x, x * x), axis=AXIS)[1] * np.arange(7.0))
        """,
        "AXIS = 0",
        "AXIS = 1",
    ),
    "a function in a cell": (
        """
        def make(g):
            def f(x):
                return np.sum(g(x) * x)
            return f
        f = make(lambda v: v * v)
        """,
        "v * v",
        "v * v * v",
    ),
    "a text in a cell": (
        """
        def make(kind):
            def f(x):
                return np.sum(x * x if kind == "a" else x)
            return f
        f = make("a")
        """,
        'make("a")',
        'make("b")',
    ),
    "a lambda in a dict": (
        """
        TABLE = {"g": lambda v: v * v}
        def f(x):
            return np.sum(TABLE["g"](x))
        """,
        "v * v",
        "v + v",
    ),
    "a partial function": (
        """
        from functools import partial
        def power(n, v):
            r = v
            for _ in range(n):
                r = r * v
            return r
        cube = partial(power, 2)
        def f(x):
            return np.sum(cube(x))
        """,
        "r * v",
        "r + v",
    ),
    "a method": (
        """
        class Model:
            def step(self, v):
                return v * v
        MODEL = Model()
        def f(x):
            return np.sum(MODEL.step(x))
        """,
        "return v * v",
        "return v * v * v",
    ),
    "a method of a base class": (
        """
        class Base:
            def step(self, v):
                return v * v
        class Model(Base):
            pass
        MODEL = Model()
        def f(x):
            return np.sum(MODEL.step(x))
        """,
        "return v * v",
        "return np.exp(v)",
    ),
    "a base class": (
        """
        class One:
            def step(self, v):
                return v * v
        class Two:
            def step(self, v):
                return v + v
        class Model(One):
            pass
        def f(x):
            return np.sum(Model().step(x))
        """,
        "Model(One)",
        "Model(Two)",
    ),
    "a method that hides another": (
        """
        class Base:
            def step(self, v):
                return v * v
        class Model(Base):
            pass
        def f(x):
            return np.sum(Model().step(x))
        """,
        "    pass",
        "    def step(self, v):\n                return np.sin(v)",
    ),
    "a property": (
        """
        class Model:
            @property
            def kind(self):
                return "a"
        MODEL = Model()
        def f(x):
            return np.sum(x * x if MODEL.kind == "a" else x)
        """,
        'return "a"',
        'return "b"',
    ),
    "an attribute of a class": (
        """
        class Model:
            kind = "a"
        def f(x):
            return np.sum(x * x if Model.kind == "a" else x)
        """,
        'kind = "a"',
        'kind = "b"',
    ),
    "an attribute of an object": (
        """
        class Model:
            def __init__(self, kind):
                self.kind = kind
        MODEL = Model("a")
        def f(x):
            return np.sum(x * x if MODEL.kind == "a" else x)
        """,
        'Model("a")',
        'Model("b")',
    ),
    "an attribute that is there": (
        """
        class Model:
            pass
        MODEL = Model()
        def f(x):
            return np.sum(x * x if hasattr(MODEL, "kind") else x)
        """,
        "MODEL = Model()",
        "MODEL = Model()\n        MODEL.kind = 1",
    ),
    "a default of a field": (
        """
        from dataclasses import dataclass
        @dataclass
        class Model:
            kind: str = "a"
        def f(x):
            return np.sum(x * x if Model().kind == "a" else x)
        """,
        '"a"\n        def',
        '"b"\n        def',
    ),
    "a factory of a field": (
        """
        from dataclasses import dataclass, field
        def kind():
            return "a"
        @dataclass
        class Model:
            kind: str = field(default_factory=kind)
        def f(x):
            return np.sum(x * x if Model().kind == "a" else x)
        """,
        'return "a"',
        'return "b"',
    ),
    "what a field is compared by": (
        """
        from dataclasses import dataclass, field
        @dataclass
        class P:
            a: int
            b: int = field(default=0, compare=False)
        def f(x):
            return np.sum(x * x if P(1, 2) == P(1, 3) else x)
        """,
        "compare=False",
        "compare=True",
    ),
    "a default of a named tuple": (
        """
        from typing import NamedTuple
        class P(NamedTuple):
            kind: str = "a"
        def f(x):
            return np.sum(x * x if P().kind == "a" else x)
        """,
        '"a"\n        def',
        '"b"\n        def',
    ),
    "a member of an enumeration": (
        """
        import enum
        class Kind(enum.Enum):
            A = "a"
            B = "b"
        KIND = Kind.A
        def f(x):
            return np.sum(x * x if KIND is Kind.A else x)
        """,
        "KIND = Kind.A",
        "KIND = Kind.B",
    ),
    "a name of Python's own": (
        """
        def f(x):
            return np.sum(abs(x - 0.5) * x)
        """,
        "def f",
        "def abs(v):\n            return v * v\n        def f",
    ),
    "a length of a list": (
        """
        WEIGHTS = [1.0, 2.0]
        def f(x):
            return np.sum(sum(w * x * x for w in WEIGHTS))
        """,
        "[1.0, 2.0]",
        "[1.0, 2.0, 3.0]",
    ),
    "the keys of a dict": (
        """
        WEIGHTS = {"a": 1.0}
        def f(x):
            return np.sum(x * x if "a" in WEIGHTS else x)
        """,
        '{"a": 1.0}',
        '{"b": 1.0}',
    ),
    "which object it is": (
        """
        class Model:
            pass
        A = Model()
        B = A
        def f(x):
            return np.sum(x * x if A is B else x)
        """,
        "B = A",
        "B = Model()",
    ),
    "which function it is": (
        """
        def one(v):
            return v
        def two(v):
            return v
        A = one
        B = one
        def f(x):
            return np.sum(x * x if A is B else x)
        """,
        "B = one",
        "B = two",
    ),
    "a decorator": (
        """
        def twice(g):
            def wrapper(v):
                return 2.0 * g(v)
            return wrapper
        def thrice(g):
            def wrapper(v):
                return 3.0 * g(v)
            return wrapper
        @twice
        def h(v):
            return v * v
        def f(x):
            return np.sum(h(x))
        """,
        "@twice",
        "@thrice",
    ),
    "a decorator of the function": (
        """
        def twice(g):
            def wrapper(v):
                return 2.0 * g(v)
            return wrapper
        @twice
        def f(x):
            return np.sum(x * x)
        """,
        "2.0 * g",
        "4.0 * g",
    ),
    "what a wrapper wraps": (
        """
        def twice(g):
            def wrapper(v):
                return 2.0 * g(v)
            return wrapper
        @twice
        def f(x):
            return np.sum(x * x)
        """,
        "x * x",
        "x * x * x",
    ),
    "a rule": (
        """
        @ad.custom_vjp
        def clipped(v):
            return v
        clipped.defvjp(lambda v: (v, None), lambda _, bar: (bar * 0.5,))
        def f(x):
            return np.sum(clipped(x) * x)
        """,
        "bar * 0.5",
        "bar * 0.25",
    ),
    "a formula": (
        """
        g = ad.elementwise("g", "v * sin(v)")
        def f(x):
            return np.sum(g(x))
        """,
        "v * sin(v)",
        "v * cos(v)",
    ),
    "a derivative inside": (
        """
        def energy(v):
            return np.sum(v * v * v)
        force = ad.grad(energy)
        def f(x):
            return np.sum(force(x) * x)
        """,
        "v * v * v",
        "v * v",
    ),
    "what a derivative inside is": (
        """
        def energy(v, w):
            return np.sum(v * v * w)
        force = ad.grad(energy, "v")
        def f(x):
            return np.sum(force(x, x) * x)
        """,
        '"v")',
        '"w")',
    ),
    "a class that another is taken for": (
        """
        class A: pass
        class B: pass
        class C(A): pass
        def f(x):
            return np.sum(x * x if isinstance(C(), A) else x)
        """,
        "class C(A)",
        "class C(B)",
    ),
    "a class that an abstract one takes for its own": (
        """
        import abc
        class A(abc.ABC): pass
        class B: pass
        class C: pass
        A.register(C)
        def f(x):
            return np.sum(x * x if isinstance(C(), A) else x)
        """,
        "A.register(C)",
        "A.register(B)",
    ),
    "the length of time that a loop runs": (
        """
        def f(x):
            y = x
            for _ in range(3):
                y = np.sin(y)
            return np.sum(y)
        """,
        "range(3)",
        "range(4)",
    ),
    "a constant by its type": (
        """
        N = 2
        def f(x):
            return np.sum(x * (N // 2 + (1.0 if type(N) is int else 3.0)))
        """,
        "N = 2",
        "N = 2.0",
    ),
    "a type that is asked for": (
        """
        D = np.float64
        def f(x):
            return np.sum(np.sin(x).astype(D) * x)
        """,
        "np.float64",
        "np.float32",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_compiled_anew(kept, generation, monkeypatch, change):
    text, old, new = CHANGES[change]
    assert text.count(old) == 1
    before = generation(text)
    first = gradient(before)
    assert np.array_equal(first, uncached(before, monkeypatch))
    count = len(kept)
    after = generation(text.replace(old, new))
    found = gradient(after)
    assert len(kept) > count, "a program was found that is another's"
    assert np.array_equal(found, uncached(after, monkeypatch))
    # And what it was before is found again.
    count = len(kept)
    assert np.array_equal(gradient(generation(text)), first)
    told = change not in ("a formula",)
    assert (len(kept) == count) == told


# What may change without a program of its own: it is read at each call.
READ = {
    "a number": ("K = 2.0\ndef f(x):\n    return np.sum(K * x * x)", "2.0", "3.0"),
    "an array": (
        "W = np.ones(7)\ndef f(x):\n    return np.sum(W * x * x)",
        "np.ones(7)",
        "np.arange(7.0)",
    ),
    "a number in a cell": (
        """
        def make(k):
            def f(x):
                return np.sum(k * x * x)
            return f
        f = make(2.0)
        """,
        "make(2.0)",
        "make(3.0)",
    ),
    "a number of a class": (
        "class C:\n    k = 2.0\ndef f(x):\n    return np.sum(C.k * x * x)",
        "2.0",
        "3.0",
    ),
    "a number of an object": (
        """
        class Model:
            def __init__(self, k):
                self.k = k
        MODEL = Model(2.0)
        def f(x):
            return np.sum(MODEL.k * x * x)
        """,
        "Model(2.0)",
        "Model(3.0)",
    ),
    "numbers in a list": (
        "W = [1.0, 2.0]\ndef f(x):\n    return np.sum(W[0] * x * x + W[1] * x)",
        "2.0]",
        "3.0]",
    ),
    "where it stands": (PLAIN, "def helper", "\n\n\ndef helper"),
    "what is not read": (PLAIN + "OTHER = 1\n", "OTHER = 1", "OTHER = 2"),
}


@pytest.mark.parametrize("change", READ)
def test_what_is_read_at_each_call_may_change(kept, generation, monkeypatch, change):
    text, old, new = READ[change]
    gradient(generation(text))
    count = len(kept)
    after = generation(text.replace(old, new))
    found = gradient(after)
    assert len(kept) == count
    assert np.array_equal(found, uncached(after, monkeypatch))


def test_a_constant_of_another_module(kept, generation, monkeypatch):
    text = "import constants\ndef f(x):\n    return np.sum(constants.g(x))"
    inner = 'KIND = "a"\ndef g(v):\n    return v if KIND == "a" else v * v'
    generation(inner, "constants")
    gradient(generation(text))
    count = len(kept)
    gradient(generation(text))
    assert len(kept) == count
    generation(inner.replace('KIND = "a"', 'KIND = "b"'), "constants")
    after = generation(text)
    found = gradient(after)
    assert len(kept) == count + 1
    assert np.array_equal(found, uncached(after, monkeypatch))


@pytest.mark.parametrize("trained", [True, False])
def test_which_parameters_are_trained(kept, generation, trained):
    text = """
    A = ad.Parameter(np.ones(7))
    B = ad.Parameter(np.ones(7))
    def f(x):
        return np.sum(x * A * B)
    """
    for requires in (True, trained):
        module = generation(text)
        module.B.requires_grad = requires
        value = ad.differentiate(module.f, backend="llvm").backward(X)
        assert np.isclose(value, np.sum(X))
        assert np.array_equal(module.A.grad, X)
        assert (module.B.grad is not None) == requires
    assert len(kept) == (1 if trained else 2)


def test_the_object_of_a_method(kept, generation):
    text = """
    class Model:
        def __init__(self, kind, k):
            self.kind, self.k = kind, k
        def f(self, x):
            return np.sum(self.k * (x if self.kind == "a" else x * x))
    """

    def called(kind, k):
        model = generation(text).Model(kind, k)
        return ad.grad(model.f, backend="llvm")(X)

    assert np.array_equal(called("a", 2.0), np.full(7, 2.0))
    assert np.array_equal(called("a", 3.0), np.full(7, 3.0))
    assert len(kept) == 1
    assert np.allclose(called("b", 3.0), 6.0 * X)
    assert len(kept) == 2


def test_arguments_that_must_be_known(kept, generation):
    text = "def f(x, n):\n    return np.sum(np.sum(np.outer(x, x * x), axis=n)[:2])"
    results = {}
    for n in (0, 1, 0, 1):
        module = generation(text)
        found = ad.grad(module.f, "x", backend="llvm")(X, n)
        assert np.array_equal(results.setdefault(n, found), found)
    assert not np.array_equal(results[0], results[1])
    # Each is lowered twice: without the number, and with it.
    assert len(kept) == 4


def test_types_of_arguments_have_programs_of_their_own(kept, generation):
    arguments = (X, X[:1], X.astype("f"), X[::2], 2.0, np.float64(2.0), X.reshape(7, 1))
    for x in arguments:
        gradient(generation(PLAIN), x)
    assert len(kept) == len(arguments)
    for x in arguments:
        found = gradient(generation(PLAIN), x)
        assert np.allclose(found, ad.grad(generation(PLAIN).f)(x), rtol=1e-6)
        assert type(found) is type(x)
        assert getattr(found, "dtype", None) == getattr(x, "dtype", None)
    assert len(kept) == 2 * len(arguments)  # those of the NumPy programs


def test_every_derivative(kept, generation):
    text = "def f(x, y):\n    return np.sum(x * x * y)"

    def results():
        d = ad.differentiate(generation(text).f, wrt=("x", "y"), backend="llvm")
        value, pullback = d.vjp(X, X)
        return [
            *d.grad(X, X),
            *d.value_and_grad(X, X)[1],
            *pullback(2.0),
            *d.jvp((X, X), (X, None)),
            d.grad(X, X).x,
        ]

    first, count = results(), len(kept)
    assert all(map(np.array_equal, first, results()))
    assert len(kept) == count


def test_the_settings_and_the_versions_count(kept, generation, monkeypatch):
    gradient(generation(PLAIN))
    monkeypatch.setenv("ADC_OPTIMISE", "0")
    gradient(generation(PLAIN))
    assert len(kept) == 2
    monkeypatch.setattr(places, "versions", lambda: "another processor")
    gradient(generation(PLAIN))
    assert len(kept) == 3
    gradient(generation(PLAIN))
    assert len(kept) == 3
    monkeypatch.setenv("ADC_CACHE", "0")
    gradient(generation(PLAIN))
    assert len(kept) == 4


def test_versions_are_told(tmp_path, monkeypatch):
    from adcompiler.cache import versions

    text = versions.versions.__wrapped__()
    for word in (sys.version.splitlines()[0], np.__version__, "llvmlite", "flags"):
        assert word in text
    package = tmp_path / "adcompiler"
    (package / "inner").mkdir(parents=True)
    for path in (package / "a.py", package / "inner" / "b.py"):
        path.write_text("1")
    monkeypatch.setattr(versions, "_PACKAGE", package)
    before = versions.versions.__wrapped__()
    (package / "inner" / "b.py").write_text("12")
    after = versions.versions.__wrapped__()
    assert before != after
    installed = tmp_path / "adcompiler-1.0.dist-info"
    installed.mkdir()
    (installed / "RECORD").write_text("adcompiler/a.py,,")
    assert "RECORD" in versions.versions.__wrapped__()


# --- What is on disk ------------------------------------------------------------------


def files_in(tmp_path):
    found = [p for p in (tmp_path / "cache").rglob("*/*") if p.is_file()]
    return {p.suffix: p for p in found}


DAMAGE = {
    "cut off": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "foreign": lambda data: b"\x00\xff" * 100,
    "a bit": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("suffix", [".json", ".dense"])
def test_what_is_damaged_is_written_anew(kept, generation, tmp_path, suffix, damage):
    first = gradient(generation(PLAIN))
    path = files_in(tmp_path)[suffix]
    whole = path.read_bytes()
    path.write_bytes(DAMAGE[damage](whole))
    assert np.array_equal(gradient(generation(PLAIN)), first)
    assert len(kept) == 2
    assert path.read_bytes() == whole
    assert np.array_equal(gradient(generation(PLAIN)), first)
    assert len(kept) == 2


def rewritten(path, change):
    """An entry that is whole, and says something else."""
    files = Files(path.parent.parent, 1 << 30)
    entry = json.loads(files.read(path.parent.name, path.name))
    change(entry)
    files.write(path.parent.name, path.name, json.dumps(entry).encode())


FOREIGN = {
    "another key": lambda e: e.update(key="[]"),
    "no steps": lambda e: e.pop("steps"),
    "an unknown step": lambda e: e["steps"].append(["Unknown", 0, None]),
    "a step to nowhere": lambda e: e["steps"].append(["Attribute", 99, "x", None]),
    "a part that is none": lambda e: e.update(parts=[7]),
    "a type that is none": lambda e: e["parts"][0].update(types=[["Type"]]),
    "a list": lambda e: e.update(parts=None),
}


@pytest.mark.parametrize("change", FOREIGN)
def test_an_entry_that_makes_no_sense(kept, generation, tmp_path, change):
    first = gradient(generation(PLAIN))
    rewritten(files_in(tmp_path)[".json"], FOREIGN[change])
    assert np.array_equal(gradient(generation(PLAIN)), first)
    assert len(kept) == 2


def test_code_that_is_gone(kept, generation, tmp_path):
    first = gradient(generation(PLAIN))
    files_in(tmp_path)[".dense"].unlink()
    assert np.array_equal(gradient(generation(PLAIN)), first)
    assert len(kept) == 2
    gradient(generation(PLAIN))
    assert len(kept) == 2


@pytest.mark.parametrize("damage", [*DAMAGE, "gone"])
def test_the_runtime_is_kept_once(kept, generation, tmp_path, monkeypatch, damage):
    def gradient_anew():
        monkeypatch.setattr(resident, "_loaded", {})
        return gradient(generation(PLAIN))

    first = gradient_anew()
    (path,) = (tmp_path / "cache").rglob("runtime")
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(DAMAGE[damage](whole))
    for _ in range(2):
        assert np.array_equal(gradient_anew(), first)
        assert path.read_bytes() == whole
    gradient(generation(PLAIN.replace("np.sin", "np.cos")))
    assert list((tmp_path / "cache").rglob("runtime")) == [path]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions are Unix's")
def test_a_directory_that_others_may_write_to_is_not_used(kept, generation, tmp_path):
    root = tmp_path / "cache"
    root.mkdir()
    root.chmod(0o777)
    for _ in range(2):
        gradient(generation(PLAIN))
    assert len(kept) == 2
    assert not list(root.iterdir())


def test_a_file_that_others_may_write_to_is_not_used(kept, generation, tmp_path):
    gradient(generation(PLAIN))
    files_in(tmp_path)[".json"].chmod(0o666)
    gradient(generation(PLAIN))
    assert len(kept) == 2


def test_a_directory_that_cannot_be_made(kept, generation, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADC_CACHE_DIR", str(tmp_path / "file" / "cache"))
    gradient(generation(PLAIN))
    assert len(kept) == 1


def test_the_directory_is_the_systems(monkeypatch, tmp_path):
    from adcompiler.cache.directory import _usual

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _usual().name == "adcompiler"
    assert directory(current({"ADC_CACHE": "0"})) is None


def test_the_size_is_bounded(tmp_path):
    files = Files(tmp_path, limit=10_000)
    for k in range(40):
        files.write(f"group{k}", "entry.json", bytes(1000))
        os.utime(tmp_path / f"group{k}" / "entry.json", ns=(k, k))
    size = sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())
    assert size <= 10_000 + 10_000 // 16 + 1100
    assert files.read("group39", "entry.json") == bytes(1000)
    assert files.read("group0", "entry.json") is None


def test_programs_under_one_key_are_bounded(kept, generation, tmp_path):
    text = 'K = "a"\ndef f(x):\n    return np.sum(x * x if K == "a" else x)'
    for k in range(places.MOST + 4):
        gradient(generation(text.replace('K = "a"', f'K = "a{k}"')))
    entries = list((tmp_path / "cache").rglob("*.json"))
    assert len(entries) <= places.MOST


# --- After a hit ----------------------------------------------------------------------

DIVIDED = """
def f(x, n):
    y = x
    for k in range(n):
        y = y / (k - 2)
    return y
"""


def test_errors_are_those_of_python(kept, generation):
    def error(text):
        d = ad.grad(generation(text).f, "x", backend="llvm")
        d(1.5, 2)
        with pytest.raises(ZeroDivisionError) as raised:
            d(1.5, 4)
        return str(raised.value), d.base.source()

    first = error(DIVIDED)
    assert len(kept) == 1
    assert error(DIVIDED) == first
    assert len(kept) == 2  # for the program that raises
    assert error("\n\n\n" + DIVIDED) == first


STORED = """
def f(x, y):
    x[0] = y[0] * 2.0
    return np.sum(x * x * y)
"""


def test_arguments_that_are_stored_to(kept, generation):
    def checked(text, line):
        d = ad.grad(generation(text).f, backend="llvm")
        x, y = X.copy(), X[::-1].copy()
        found = d(x, y)
        assert np.array_equal(x, X)
        frozen = X.copy()
        frozen.flags.writeable = False
        with pytest.raises(ValueError, match=f"line {line} of .*generated.py"):
            d(frozen, y)
        with pytest.raises(ad.UnsupportedError, match="overlaps") as raised:
            d(x, x)
        assert raised.value.lineno == line
        return found

    first = checked(STORED, 5)
    assert len(kept) == 1
    assert np.array_equal(first, checked(STORED, 5))
    assert np.array_equal(first, checked("\n\n" + STORED, 7))
    assert len(kept) == 1


def test_calls_after_a_hit_take_the_short_way(kept, generation):
    gradient(generation(PLAIN))
    d = ad.grad(generation(PLAIN).f, backend="llvm")
    results = [d(X) for _ in range(3)]
    ways = d.base._shared.short["grad"]
    assert ways is not None
    assert ways.address or ways.repeated
    assert all(np.array_equal(r, results[0]) for r in results)
    assert results[0] is not results[1]
    assert len(kept) == 1


def test_guards_hold_after_a_hit(kept, generation):
    text = """
    K = "a"
    W = 2.0
    def f(x):
        return np.sum(W * (x * x if K == "a" else x))
    """
    gradient(generation(text))
    module = generation(text)
    d = ad.grad(module.f, backend="llvm")
    assert np.allclose(d(X), 4.0 * X)
    assert np.allclose(d(X), 4.0 * X)
    module.W = 3.0
    assert np.allclose(d(X), 6.0 * X)
    module.K = "b"
    assert np.allclose(d(X), 3.0)
    module.K, module.W = "a", 1.0
    assert np.allclose(d(X), 2.0 * X)
    assert len(kept) == 2


def test_the_text_after_a_hit(kept, generation):
    def texts():
        d = ad.differentiate(generation(PLAIN).f, backend="llvm")
        d.value_and_grad(X)
        return d.source(X), str(d.explain(X)), d.value_and_grad.last().text

    assert texts() == texts()


def test_arrays_with_gaps_after_a_hit(kept, generation):
    wide = np.linspace(0.1, 2.0, 28).reshape(4, 7)
    for x in (wide[:, ::2], wide.T):
        first = gradient(generation(PLAIN), x)
        count = len(kept)
        assert np.array_equal(first, gradient(generation(PLAIN), x))
        assert len(kept) == count


def test_rows_that_numpy_computes_after_a_hit(kept, generation):
    text = "def f(x):\n    return np.sum(np.sort(x) * np.linalg.norm(np.roll(x, 2)))"
    first = gradient(generation(text))
    assert np.array_equal(first, gradient(generation(text)))
    assert len(kept) == 1


def test_a_program_that_has_become_another(kept, generation, monkeypatch):
    gradient(generation(PLAIN))
    d = ad.grad(generation(PLAIN).f, backend="llvm")
    d(X)
    monkeypatch.setattr(programs, "alike", lambda *_: False)
    with pytest.raises(ad.InternalError, match="another program"):
        d.base.source()


ROWS = [row for row in PROGRAMS.values() if not row.refused][::25]


def is_kept(program):
    """Whether machine code served a call alone, and may be kept."""
    built = program.built
    native = built.sharing(lambda *_: None) is not None
    return native and built.shelf is not None and "numpy_call" not in vars(built)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_corpus_is_kept(kept, row):
    def results():
        d = ad.differentiate(row.fn, backend="llvm").value_and_grad
        with np.errstate(all="ignore"):
            try:
                found = d(*row.args())
            except (ad.UnsupportedError, TypeError) as error:
                pytest.skip(f"no gradient by all arguments: {error}")
            except Exception as error:  # noqa: BLE001 - compared
                found = error
        return repr(found), is_kept(d.last())

    first, told = results()
    count = len(kept)
    again, _ = results()
    assert first == again
    if told:
        assert len(kept) == count


# --- Processes ------------------------------------------------------------------------

SCRIPT = """
import sys
import numpy as np
import adcompiler as ad
from adcompiler import programs

lowered = []
real = programs._lowered
programs._lowered = lambda *a, **k: lowered.append(a) or real(*a, **k)

def helper(v, k=2.0):
    return k * v * v

def f(x):
    y = x
    for k in range(3):
        y = helper(np.sin(y)) + y
    return np.sum(y)

found = ad.grad(f, backend="llvm")(np.linspace(0.1, 1.3, 7))
imported = [m for m in ("llvmlite", "adcompiler.frontend.lower") if m in sys.modules]
print(len(lowered), found.tobytes().hex(), *imported)
"""


def started(path, cache):
    environ = {
        **os.environ,
        "ADC_CACHE": "1",
        "ADC_CACHE_DIR": str(cache),
        "PYTHONPATH": str(Path(ad.__file__).parent.parent),
    }
    return subprocess.Popen(
        [sys.executable, str(path)], env=environ, stdout=subprocess.PIPE, text=True
    )


def told(process):
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    count, found, *imported = output.split()
    return int(count), found, imported


def test_processes(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    together = [started(path, tmp_path / "cache") for _ in range(3)]
    first = [told(process) for process in together]
    assert len({found for _, found, _ in first}) == 1
    count, found, imported = told(started(path, tmp_path / "cache"))
    assert (count, found) == (0, first[0][1])
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        assert imported == []
    assert not list((tmp_path / "cache").rglob("*/.*"))


def test_code_that_writes_to_arrays_is_kept(kept, generation, monkeypatch):
    out, again = np.zeros_like(X), np.zeros_like(X)
    ad.grad(generation(PLAIN).f, backend="llvm")(X, out=out)
    assert len(kept) == 1
    monkeypatch.setattr("adcompiler.building.native_module", None)
    ad.grad(generation(PLAIN).f, backend="llvm")(X, out=again)
    assert len(kept) == 1
    assert out.tobytes() == again.tobytes()
