"""A program run under watch: on reals or on complex numbers, decisions recorded.

`Watched(source)` rewrites the source so that comparisons, and functions with kinks,
go through this module. A run then yields its value together with a trace of every
decision taken; two runs with equal traces took the same smooth path. With complex
arguments decisions look at real parts alone, so the complex step works through
branches, `abs`, `maximum` and stores into fresh arrays.
"""

from __future__ import annotations

import ast
import math
import warnings
from typing import Any

import numpy as np

from tests.fuzz.stencils import Derivatives

METHODS = {"max", "min", "argmax", "argmin", "clip", "round"}
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class _Rewriter(ast.NodeTransformer):
    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if not all(isinstance(op, COMPARISONS) for op in node.ops):
            return node
        node.left = _call("_real", node.left)
        node.comparators = [_call("_real", c) for c in node.comparators]
        return _call("_note", node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if not isinstance(f, ast.Attribute) or f.attr not in METHODS:
            return node
        if isinstance(f.value, ast.Name) and f.value.id in ("np", "math"):
            return node
        function = ast.Attribute(ast.Name("np", ast.Load()), f.attr, ast.Load())
        return ast.Call(function, [f.value, *node.args], node.keywords)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        kept = [a for a in node.names if a.name not in ("numpy", "math", "adcompiler")]
        return ast.Import(kept) if kept else None


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Watched:
    """The program `entry` of a source, run under watch."""

    def __init__(self, source: str, entry: str = "program") -> None:
        tree = ast.fix_missing_locations(_Rewriter().visit(ast.parse(source)))
        self._code = compile(tree, "<watched>", "exec", dont_inherit=True)
        self._entry = entry

    def run(
        self, arguments: list[Any], complex_step: bool = False
    ) -> tuple[Any, list[bytes]]:
        """The value and the trace. The arguments are copied first."""
        trace: list[bytes] = []
        shim = Shim(trace, complex_step)
        namespace = shim.namespace()
        exec(self._code, namespace)
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        if complex_step:
            copies = [_widened(a) for a in copies]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = call(namespace, self._entry, copies)
        return value, trace


def call(namespace: dict[str, Any], entry: str, values: list[Any]) -> Any:
    """Of leaves: `packed`, if the program has it, puts them into containers."""
    pack = namespace.get("packed")
    return namespace[entry](*(pack(*values) if pack else values))


def _widened(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return x.astype(complex)
    return complex(x) if isinstance(x, float) else x


def real(x: Any) -> Any:
    if isinstance(x, complex):
        return x.real
    if isinstance(x, np.ndarray) and x.dtype.kind == "c":
        return x.real
    return x


class Shim:
    """Stands for `np` in a watched program; for `math` and builtins too."""

    def __init__(self, trace: list[bytes], complex_step: bool) -> None:
        self._trace = trace
        self._complex = complex_step

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def namespace(self) -> dict[str, Any]:
        return {
            "__name__": "watched",
            "np": self,
            "math": _Math() if self._complex else math,
            "ad": Derivatives(self._trace),
            "abs": self.abs,
            "min": self._least,
            "max": self._greatest,
            "sorted": self._sorted,
            "float": self._float,
            "int": self._int,
            "_real": real,
            "_note": self.note,
        }

    def note(self, decision: Any) -> Any:
        self._trace.append(np.asarray(decision).tobytes())
        return decision

    @property
    def linalg(self) -> Any:
        return _Linalg() if self._complex else np.linalg

    # -- scalars ---------------------------------------------------------------

    def _float(self, x: Any) -> Any:
        if self._complex and np.iscomplexobj(x):
            return complex(x)
        return float(x)

    def _int(self, x: Any) -> int:
        return self.note(int(real(x)))

    def _least(self, *xs: Any, **options: Any) -> Any:
        return self._chosen(min, xs, **options)

    def _greatest(self, *xs: Any, **options: Any) -> Any:
        return self._chosen(max, xs, **options)

    def _chosen(
        self, best: Any, xs: tuple[Any, ...], key: Any = None, **default: Any
    ) -> Any:
        xs = xs if len(xs) > 1 else tuple(xs[0])
        if not xs and default:
            return default["default"]
        keys = [real(key(x) if key else x) for x in xs]
        return xs[self.note(best(range(len(xs)), key=lambda i: keys[i]))]

    def _sorted(self, xs: Any, key: Any = None, reverse: bool = False) -> list[Any]:
        xs = list(xs)
        keys = [real(key(x) if key else x) for x in xs]
        order = sorted(range(len(xs)), key=lambda i: keys[i], reverse=reverse)
        return [xs[i] for i in self.note(order)]

    # -- elementwise -----------------------------------------------------------

    def abs(self, x: Any) -> Any:
        sign = self.note(np.sign(real(x)))
        if isinstance(x, np.ndarray) and x.dtype.kind == "c":
            return x * sign
        return x * float(sign) if isinstance(x, complex) else abs(x)

    absolute = abs

    def sign(self, x: Any) -> Any:
        return self.note(np.sign(real(x)))

    def floor(self, x: Any) -> Any:
        return self.note(np.floor(real(x)))

    def ceil(self, x: Any) -> Any:
        return self.note(np.ceil(real(x)))

    def round(self, x: Any, *rest: Any) -> Any:
        return self.note(np.round(real(x), *rest))

    def maximum(self, a: Any, b: Any) -> Any:
        order = self.note(np.sign(real(a) - real(b)))
        return np.where(order >= 0, a, b)[()] if self._complex else np.maximum(a, b)

    def minimum(self, a: Any, b: Any) -> Any:
        order = self.note(np.sign(real(a) - real(b)))
        return np.where(order <= 0, a, b)[()] if self._complex else np.minimum(a, b)

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        return self.minimum(self.maximum(x, low), high)

    def arctan2(self, a: Any, b: Any) -> Any:
        if not self._complex:
            return np.arctan2(a, b)
        turn = np.arctan2(real(a), real(b)) - np.arctan(real(a) / real(b))
        return np.arctan(np.true_divide(a, b)) + turn

    def correlate(self, a: Any, v: Any, mode: str = "valid") -> Any:
        return np.correlate(a, np.conj(v), mode)  # which conjugates it again

    def cov(self, m: Any, rowvar: bool = True) -> Any:
        if not self._complex:
            return np.cov(m, rowvar=rowvar)
        x = np.array(m, ndmin=2)
        x = x if rowvar or x.shape[0] == 1 else x.T
        x = x - np.mean(x, axis=1, keepdims=True)
        return np.squeeze(x @ x.T / (x.shape[1] - 1))  # NumPy's conjugates a factor

    # -- reductions ------------------------------------------------------------

    def _extreme(
        self, name: str, x: Any, axis: Any, keepdims: bool, initial: Any = None
    ) -> Any:
        x = np.asarray(x)
        if isinstance(axis, tuple):
            rest = tuple(k for k in range(x.ndim) if k - x.ndim not in axis)
            rest = tuple(k for k in rest if k not in axis)
            moved = x.transpose(*rest, *(k for k in range(x.ndim) if k not in rest))
            lengths = [x.shape[k] for k in rest]
            x, axis = moved.reshape(*lengths, -1), -1
        if initial is not None:
            more = np.full_like(np.take(x, [0], axis), initial)
            x = np.concatenate((x, more), axis)
        at = getattr(np, "arg" + name)(real(x), axis=axis, keepdims=True)
        ties = real(x) == getattr(np, name)(real(x), axis=axis, keepdims=True)
        self.note(ties)
        if axis is None:
            best = x.reshape(-1)[at.reshape(-1)[0]]
            return best.reshape((1,) * x.ndim) if keepdims else best
        best = np.take_along_axis(x, at, axis)
        return best if keepdims else np.squeeze(best, axis)

    def max(
        self, x: Any, axis: Any = None, keepdims: bool = False, **options: Any
    ) -> Any:
        return self._extreme("max", x, axis, keepdims, **options)

    def min(
        self, x: Any, axis: Any = None, keepdims: bool = False, **options: Any
    ) -> Any:
        return self._extreme("min", x, axis, keepdims, **options)

    amax, amin = max, min

    def argmax(self, x: Any, *rest: Any, **options: Any) -> Any:
        return self.note(np.argmax(real(x), *rest, **options))

    def argmin(self, x: Any, *rest: Any, **options: Any) -> Any:
        return self.note(np.argmin(real(x), *rest, **options))

    def ptp(self, x: Any) -> Any:
        return self.max(x) - self.min(x)

    def var(self, x: Any, axis: Any = None, ddof: int = 0, **keep: Any) -> Any:
        if not self._complex:
            return np.var(x, axis=axis, ddof=ddof, **keep)
        squares = (x - np.mean(x, axis=axis, keepdims=True)) ** 2
        total, whole = np.sum(squares, axis=axis, **keep), np.asarray(x).size
        count = whole / max(np.size(np.sum(squares, axis=axis)), 1)
        return total / (count - ddof)

    def std(self, x: Any, **options: Any) -> Any:
        return np.sqrt(self.var(x, **options))

    # -- orders ----------------------------------------------------------------

    def argsort(self, x: Any, axis: int = -1) -> Any:
        return self.note(np.argsort(real(x), axis=axis, kind="stable"))

    def sort(self, x: Any, axis: int = -1) -> Any:
        return np.take_along_axis(x, self.argsort(x, axis), axis)

    def median(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x, at = (np.ravel(x), 0) if axis is None else (np.asarray(x), axis)
        x, n = self.sort(x, at), x.shape[at]
        middle = np.take(x, [(n - 1) // 2, n // 2], at)
        return np.mean(middle, axis=at, keepdims=keepdims)

    def copysign(self, x: Any, y: Any) -> Any:
        return x * self.note(np.sign(real(x)) * np.copysign(1.0, real(y)))

    def interp(self, x: Any, at: Any, values: Any) -> Any:
        self.note(np.searchsorted(at, real(x)))
        if not self._complex:
            return np.interp(x, at, values)
        point, at, table = real(x), np.asarray(at), np.asarray(values)
        k = np.clip(np.searchsorted(at, point, side="right"), 1, len(at) - 1)
        slope = (real(table)[k] - real(table)[k - 1]) / (at[k] - at[k - 1])
        inside = (at[0] <= point) & (point <= at[-1])
        found = np.interp(point, at, table)
        return found + 1j * np.imag(x) * np.where(inside, slope, 0.0)

    # -- fresh arrays ----------------------------------------------------------

    def _typed(self, options: dict[str, Any]) -> dict[str, Any]:
        """With `int` and `float`, for which this stands too, as dtypes."""
        own = {self._int: int, self._float: float}
        dtype = options.get("dtype")
        return {**options, "dtype": own[dtype]} if dtype in own else options

    def _wide(self, made: np.ndarray) -> np.ndarray:
        return (
            made.astype(complex) if self._complex and made.dtype.kind == "f" else made
        )

    def zeros(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.zeros(*args, **self._typed(options)))

    def ones(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.ones(*args, **self._typed(options)))

    def full(self, *args: Any, **options: Any) -> np.ndarray:
        if self._complex:
            options["dtype"] = complex
        return np.full(*args, **options)

    def empty(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.empty(*args, **self._typed(options)))

    def eye(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.eye(*args, **self._typed(options)))

    def array(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.array(*args, **self._typed(options)))

    def arange(self, *args: Any, **options: Any) -> np.ndarray:
        return self._wide(np.arange(*args, **self._typed(options)))


class _Linalg:
    """`np.linalg`, analytic on complex numbers."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np.linalg, name)

    def slogdet(self, a: Any) -> Any:
        det = np.linalg.det(a)
        sign = np.sign(real(det))
        return sign, np.log(sign * det)

    def norm(self, x: Any, axis: Any = None) -> Any:
        return np.sqrt(np.sum(x * x, axis=axis))

    def cholesky(self, a: Any) -> Any:
        n = a.shape[0]
        low = np.zeros((n, n), complex)
        for j in range(n):
            low[j, j] = np.sqrt(a[j, j] - low[j, :j] @ low[j, :j])
            for i in range(j + 1, n):
                low[i, j] = (a[i, j] - low[i, :j] @ low[j, :j]) / low[j, j]
        return low


class _Math:
    """`math`, on complex numbers too."""

    _names = {"atan": "arctan", "asin": "arcsin", "acos": "arccos", "pow": "power"}

    def __getattr__(self, name: str) -> Any:
        plain = getattr(math, name)
        if not callable(plain):
            return plain
        wide = getattr(np, self._names.get(name, name), None)

        def function(*xs: Any) -> Any:
            if any(np.iscomplexobj(x) for x in xs) and wide is not None:
                return complex(wide(*xs))
            return plain(*xs)

        return function
