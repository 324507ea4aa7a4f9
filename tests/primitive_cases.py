"""Applications of the rows that are not elementwise, listed one by one."""

from __future__ import annotations

import math

import numpy as np

from adcompiler.ir.builder import constant
from adcompiler.ir.primitive import PRIMITIVES
from adcompiler.ir.types import PY_FLOAT, Array
from tests.primitive_harness import Case

RNG = np.random.default_rng(20)


def array(*shape: int) -> np.ndarray:
    return RNG.uniform(0.3, 1.7, shape) * RNG.choice([-1.0, 1.0], shape)


def spd(n: int) -> np.ndarray:
    a = array(n, n)
    return a @ a.T + n * np.eye(n)


C = constant
X = array(3, 4)
VIEW = array(4, 6).T[::2]
F32 = array(3).astype(np.float32)
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5], [1.0, 2.0, -1.0]])
ALL = {"axis": None, "keepdims": False}


def reductions(*names: str) -> list[Case]:
    choices = [
        (array(3, 4), ALL),
        (array(3, 4), {"axis": (0,), "keepdims": False}),
        (array(3, 4), {"axis": (1,), "keepdims": True}),
        (array(2, 3, 2), {"axis": (0, 2), "keepdims": False}),
        (array(2, 3), {"axis": None, "keepdims": True}),
        (VIEW, {"axis": (1,), "keepdims": False}),
        (np.array(1.7), ALL),
        (1.25, ALL),
        (array(1, 3), {"axis": (0,), "keepdims": False}),
        (F32, ALL),
        (array(2, 3).astype(np.float32), {"axis": (0,), "keepdims": False}),
    ]
    empty = [(np.zeros((0, 3)), {"axis": (0,), "keepdims": False})]
    found = []
    for name in names:
        more = empty if name in ("sum", "prod") else []
        for k, (value, params) in enumerate(choices + more):
            found.append(Case(name, (value,), params, str(k)))
    return found


REDUCTIONS = [
    *reductions("sum", "mean", "max", "min", "prod", "any", "all"),
    Case("prod", (ZEROS,), ALL, "zeros"),
    Case("prod", (ZEROS,), {"axis": (0,), "keepdims": False}, "zeros0"),
    Case("prod", (ZEROS,), {"axis": (1,), "keepdims": True}, "zeros1"),
    Case("prod", (np.array([0.0, 0.0, 3.0]),), ALL, "two zeros"),
    Case("sum", (np.array([1, 2]),), ALL, "ints"),
    Case("mean", (np.array([1, 2]),), ALL, "ints"),
    Case("max", (X,), {**ALL, "initial": -np.inf}, "bound"),
    Case("min", (X,), {"axis": (0,), "keepdims": True, "initial": np.inf}, "bound"),
    Case("max", (np.array([2, 7]),), {**ALL, "initial": -(2**63)}, "ints"),
    Case("argmax", (X,), {"axis": None}),
    Case("argmax", (X,), {"axis": 1}, "axis"),
    Case("argmin", (X,), {"axis": 0, "keepdims": True}, "kept"),
    *[Case("cumsum", (X,), {"axis": a}, str(a)) for a in (None, 0, 1)],
    Case("cumsum", (array(4),), {"axis": None}, "vector"),
    Case("cumsum", (F32,), {"axis": 0}, "f"),
    Case("cumsum", (1.5,), {"axis": None}, "scalar"),
    *[Case("cumprod", (array(3, 2),), {"axis": a}, str(a)) for a in (None, 0, 1)],
    Case("cumprod", (np.array([2.0, 0.0, 3.0, 0.0, 1.0]),), {"axis": 0}, "zeros"),
]

SHAPES = [
    Case("shape", (X,), {"axis": 1}),
    Case("size", (X,)),
    Case("size", (1.5,), label="scalar"),
    Case("reshape", (X, 2, 6)),
    Case("reshape", (X, C(-1)), label="flat"),
    Case("reshape", (VIEW, C(-1)), label="view"),
    Case("reshape", (2.5, C(1)), label="scalar"),
    Case("reshape_like", (X, array(6, 2))),
    Case("transpose", (X,), {"axes": (1, 0)}),
    Case("transpose", (array(2, 3, 4),), {"axes": (2, 0, 1)}, "3"),
    Case("transpose", (array(2, 3, 4),), {"axes": (0, 2, 1)}, "swapped"),
    Case("transpose", (array(3),), {"axes": (0,)}, "vector"),
    *[Case("expand_dims", (X,), {"axis": a}, str(a)) for a in ((0,), (2,), (0, 2))],
    Case("expand_dims", (array(3),), {"axis": (1,)}, "vector"),
    Case("expand_dims", (2.5,), {"axis": (0,)}, "scalar"),
    Case("squeeze", (array(3, 1),), {"axis": (1,)}),
    Case("squeeze", (array(1, 1),), {"axis": (0, 1)}, "all"),
    *[Case("flip", (X,), {"axis": a}, str(a)) for a in ((0,), (1,), (0, 1))],
    Case("flip", (array(3),), {"axis": (0,)}, "vector"),
    Case("tril", (array(3, 3),)),
    Case("tril", (array(2, 3, 4),), {"k": -1}, "stack"),
    *[
        Case("broadcast_to", (g, like), label=label)
        for g, like, label in [
            (array(3), array(2, 3), "lead"),
            (array(2, 1), array(2, 3), "one"),
            (2.5, array(2, 3), "scalar"),
            (array(1), array(1), "same"),
            (np.float32(2.5), array(2), "nf"),
            (2.5, 1.5, "scalars"),
        ]
    ],
    *[
        Case("sum_to", (g, like), label=label)
        for g, like, label in [
            (array(2, 3), array(3), "lead"),
            (array(2, 3), array(2, 1), "one"),
            (array(4, 2, 3), array(2, 1), "both"),
            (array(2, 3), 1.5, "scalar"),
            (array(2, 3), np.array(1.5), "0-d"),
            (array(2, 3), array(2, 3), "same"),
            (array(0, 3), array(1, 3), "empty"),
            (1.5, 2.5, "scalars"),
        ]
    ],
    *[
        Case("concatenate", (array(2, 3), X[:, :3], array(1, 3)), {"axis": 0}, "0"),
        Case("concatenate", (array(3, 2), X), {"axis": 1}, "1"),
        Case("concatenate", (array(0), F32), {"axis": 0}, "f"),
        Case("concatenate", (np.array([1, 2]), array(2)), {"axis": 0}, "ints"),
        Case("stack", (array(3), array(3)), {"axis": 0}, "0"),
        Case("stack", (X, X + 1.0), {"axis": 2}, "2"),
        Case("stack", (1.5, np.float64(2.5), 3), {"axis": 0}, "scalars"),
        Case("stack", (np.float32(1.5), 2.5), {"axis": 0}, "f"),
    ],
]

REARRANGED = [
    *[
        Case("convolve", (array(m), array(n)), {}, f"{m},{n}")
        for m, n in ((4, 3), (2, 5))
    ],
    *[
        Case("correlate", (array(m), array(n)), {}, f"{m},{n}")
        for m, n in ((4, 3), (3, 3))
    ],
    Case("triu", (array(3, 3),)),
    Case("triu", (array(2, 3, 4),), {"k": 1}, "stack"),
    *[
        Case("diagonal", (x,), {"k": k}, f"{x.shape[0]}x{x.shape[1]} {k}")
        for x in (array(3, 3), X, X.T)
        for k in (0, 1, -1)
    ],
    *[Case("diag", (array(3),), {"k": k}, str(k)) for k in (0, 2, -1)],
    Case("roll", (X, 2), {"axis": None}),
    *[Case("roll", (X, s), {"axis": a}, f"{s} {a}") for s in (1, -5) for a in (0, 1)],
    *[Case("repeat", (X, 2), {"axis": a}, str(a)) for a in (0, 1)],
    Case("repeat", (array(3), C(3)), {"axis": 0}, "vector"),
    *[
        Case("repeat", (X, np.array(counts)), {"axis": a}, f"{counts}")
        for a, counts in ((0, [2, 0, 1]), (1, [1, 0, 3, 2]), (1, [2]))
    ],
    *[
        Case("partition", (X, k), {"axis": a}, f"{k} {a}")
        for k, a in ((1, 0), (2, 1), (C(-1), 1))
    ],
    Case("argpartition", (X, 1), {"axis": 1}),
    Case("nonzero", (np.array([0.0, 1.5, -2.0, 0.0]),)),
    *[Case("nonzero", (X > 0,), label=str(k), result=k) for k in (0, 1)],
    Case("tile", (X, 2, C(3))),
    Case("tile", (array(3), 2), label="vector"),
    Case("pad", (X, 0.5, 1, C(2), 0, 3)),
    Case("pad", (array(3), C(0), 2, 1), label="vector"),
    *[
        Case("broadcast_lengths", (x, *n), label=f"{np.shape(x)}{n}")
        for x, n in ((array(3), (2, 3)), (array(2, 1), (2, 4)), (1.5, (3,)))
    ],
    *[Case("sort", (X,), {"axis": a}, str(a)) for a in (0, 1)],
    *[
        Case("argsort", (X,), {"axis": a, "kind": k}, f"{a}{k}")
        for a in (0, 1)
        for k in (None, "stable")
    ],
    *[
        Case("take_along_axis", (X, i), {"axis": a}, str(a))
        for a, i in ((0, np.array([[0, 2, 0, -1]])), (1, np.argsort(X, axis=1)))
    ],
    Case(
        "put_back", (array(3, 2), np.array([[0, 0], [1, -1], [2, 1]]), X), {"axis": 1}
    ),
    *[
        Case("searchsorted", (np.arange(4.0), v), {"side": s}, f"{np.shape(v)}{s}")
        for v in (1.0, np.array([[0.5, 2.0]]))
        for s in ("left", "right")
    ],
]

MAKERS = [
    *[
        Case(name, (3, 2), {"dtype": d}, d)
        for name in ("zeros", "ones", "empty")
        for d in ("float64", "float32", "int64", "bool")
    ],
    Case("zeros", (C(3),), {"dtype": "float64", "known": Array("float64", (3,))}, "k"),
    *[
        Case(name, (v,), {"dtype": d}, f"{k}{d}")
        for name in ("zeros_like", "ones_like", "empty_like")
        for k, v in enumerate([X, F32, np.array([1, 2]), 1.5, np.float32(2), 3])
        for d in (None, "float64", "float32")
    ],
    Case("full", (2.5, 3, 2), {"dtype": None}),
    Case("full", (np.float32(2.5), 3), {"dtype": None}, "nf"),
    Case("full", (2.5, 3), {"dtype": "float32"}, "cast"),
    Case("full", (array(3), 2, 3), {"dtype": None}, "rows"),
    Case("full_like", (X, 2.5), {"dtype": None}),
    Case("full_like", (F32, 2.5), {"dtype": None}, "f"),
    Case("full_like", (1.5, np.float64(2.5)), {"dtype": None}, "scalar"),
    Case("full_like", (np.float32(1.5), 2.5), {"dtype": None}, "nf"),
    Case("arange", (C(0), 4, C(1)), {"dtype": None}),
    Case("arange", (1, 9, 3), {"dtype": None}, "ints"),
    Case("arange", (0.25, C(3.1), 0.5), {"dtype": None}, "floats"),
    Case("arange", (C(0), 4, C(1)), {"dtype": "float64"}, "dtype"),
    Case("eye", (3,), {"dtype": "float64"}),
    Case("eye", (3, 2), {"dtype": "float32"}, "f"),
    Case("eye", (3, 4), {"dtype": "float64", "k": -1}, "k"),
    *[
        Case("cast", (v,), {"dtype": d, "via": "astype"}, f"{k}{d}")
        for k, v in enumerate(
            [X, F32, np.array([1, 2]), np.float64(1.5), np.array(2.5)]
        )
        for d in ("float64", "float32", "int64")
    ],
    *[
        Case("cast", (v,), {"dtype": d, "via": "builtin"}, f"b{k}{d}")
        for k, v in enumerate([1.5, np.float32(2.5), np.array(1.5), 3, True])
        for d in ("float64", "int64", "bool")
    ],
    *[
        Case("cast", (v,), {"dtype": "float32", "via": "scalar"}, f"s{k}")
        for k, v in enumerate([1.5, np.float64(1.5), array(3)])
    ],
    Case("copy", (X,)),
    Case("copy", (1.5,), label="scalar"),
    Case("range_length", (0, 10, 3)),
    Case("stop_gradient", (X,)),
]


def slices(start: bool, stop: bool, step: bool) -> tuple:
    return ("slice", start, stop, step)


INDICES = [
    ((1, 2), ("int", "int"), "element"),
    ((-1,), ("int",), "row"),
    ((1,), ("full", "int"), "column"),
    ((C(1), C(-1)), (slices(True, True, False),), "inner"),
    ((C(-1),), (slices(False, False, True),), "reversed"),
    ((1, 2), (slices(True, False, False), slices(False, False, True)), "strided"),
    ((0,), ("new", "int", "new"), "new"),
    ((), (), "all"),
    ((2, 1), ("full", slices(True, True, False)), "nothing"),
]


def indexing() -> list[Case]:
    found = []
    for operands, index, label in INDICES:
        ints = tuple(o.value if hasattr(o, "value") else o for o in operands)
        part = PRIMITIVES["load"].evaluate(X, *ints, index=index)
        params = {"index": index}
        found.append(Case("load", (X, *operands), params, label))
        for name in ("store", "accumulate"):
            same = array(*np.shape(part)) if np.ndim(part) else 1.25
            found.append(Case(name, (X, same, *operands), params, label))
            found.append(Case(name, (X, 0.75, *operands), params, label + "-number"))
    stated = {"index": (slices(True, False, False),), "known": Array("float64", (2, 4))}
    found += [
        Case("load", (X, C(1)), stated, "known"),
        Case("store", (X, array(4), C(1)), stated, "row known"),
        Case("store", (X, array(4), C(1)), {"index": stated["index"]}, "row"),
        Case("store", (F32, 2.5, 1), {"index": ("int",)}, "f"),
        Case("store", (np.array([1, 2, 3]), 2, 1), {"index": ("int",)}, "ints"),
        Case("load", (np.array(2.5),), {"index": ()}, "0-d"),
        Case("store", (np.array(2.5), 1.5), {"index": ()}, "0-d"),
    ]
    return found


ONCE, TWICE = np.array([2, 0, -1]), np.array([[1, 0], [1, -2]])
MASK, ROWS = X > 0, np.array([True, False, True])
GATHERS: list[tuple[tuple, tuple, str]] = [
    ((ONCE,), ("full", "array"), "unique"),
    ((TWICE,), ("full", "array"), "repeated"),
    ((np.array([1, 1, 0]),), ("array",), "rows"),
    ((np.array(1),), ("array",), "0-d"),
    ((np.array([0, 1, 1]), np.array([3, 0, 0])), ("array", "array"), "pairs"),
    ((np.array([[0], [1]]), ONCE), ("array", "array"), "grid"),
    ((1, TWICE), ("int", "array"), "int"),
    ((np.array([0, 1, 1]), 2), ("array", "new", "int"), "apart"),
    ((np.array([1, 1]), C(1)), ("array", slices(True, False, False)), "slice"),
    ((MASK,), ("mask",), "mask"),
    ((ROWS,), ("mask",), "mask of rows"),
    ((np.zeros(0, int),), ("array",), "none"),
]


def gathering() -> list[Case]:
    found = []
    for operands, index, label in GATHERS:
        ints = tuple(o.value if hasattr(o, "value") else o for o in operands)
        part = PRIMITIVES["gather"].evaluate(X, *ints, index=index)
        params = {"index": index}
        found.append(Case("gather", (X, *operands), params, label))
        each = {**params, "repeats": "array" in index}
        once = {**params, "repeats": False}
        for name, more, sign in (
            ("scatter", params, "="),
            ("scatter_add", each, "each"),
            ("scatter_add", once, "once"),
        ):
            same = array(*np.shape(part)) if np.ndim(part) else 1.25
            for value, what in ((same, ""), (0.75, "-number")):
                text = f"{label} {sign}{what}"
                found.append(Case(name, (X, value, *operands), more, text))
    return found


NUMBERS = [
    *[Case(n, (5, 3)) for n in ("comb", "perm", "gcd", "lcm")],
    *[Case(n, (5,)) for n in ("factorial", "isqrt")],
    Case("isclose", (1.5, 1.5 + 1e-12, C(1e-9), C(0.0))),
    Case("isclose", (1.5, 1.6, C(1e-9), 0.2), label="near"),
    Case("fsum", (array(4),)),
    Case("fsum", (1.5, np.float64(-0.5), 1e-20), label="numbers"),
    Case("fsum", (F32,), label="f"),
    Case("frexp", (11.3,)),
    Case("frexp", (np.float64(-0.3),), label="n"),
    Case("modf", (-2.7,)),
]

LISTS = [
    Case("list_new", (), {"element": PY_FLOAT}),
    Case("list_append", ([1.0, 2.0], 3.0)),
    Case("list_append", ([X], X + 1), label="arrays"),
    Case("list_pop", ([1.0, 2.0],)),
    Case("list_length", ([1.0, 2.0],)),
    Case("list_get", ([1.0, 2.0], C(-1))),
    Case("list_get", ([X, X + 1], C(1)), label="arrays"),
    Case("list_set", ([1.0, 2.0], 3.0, C(0))),
    Case("list_accumulate", ([1.0, 2.0], 3.0, C(0))),
    Case("list_accumulate", ([X, X + 1], X, C(1)), label="arrays"),
    Case("list_zeros", ([1.0, 2.0],)),
    Case("list_zeros", ([X, X + 1],), label="arrays"),
    Case("list_full", (1.5, C(3))),
    Case("list_add", ([1.0, 2.0], [3.0, 4.0])),
    Case("list_sum", ([1.0, 2.0],)),
    Case("list_stack", ([1.0, 2.0],)),
    Case("list_stack", ([X, X + 1],), {"via": "stack"}, label="arrays"),
    Case("list_stack", ([array(3), array(3)],), {"via": "vstack"}, label="rows"),
    Case("list_stack", ([1.0, 2.0],), {"via": "hstack"}, label="numbers"),
    Case("list_unstack", (array(3),)),
    Case("list_unstack", (X,), label="rows"),
    *[Case("list_concatenate", ([X, X + 1],), {"axis": a}, str(a)) for a in (0, 1)],
    *[
        Case("list_split", (array(*shape), [X, X + 1]), {"axis": a}, str(a))
        for a, shape in ((0, (6, 4)), (1, (3, 8)))
    ],
]

A33, B33 = array(3, 3) + 3 * np.eye(3), array(3, 3)
STACK = array(2, 3, 3) + 3 * np.eye(3)
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.5, -1.0]])
RANK_ONE = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0])
MATMULS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((4, 2, 3), (3,)),
    ((3,), (4, 3, 2)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)), ((4, 2, 3), (4, 3, 2)),
    ((5, 1, 2, 3), (4, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 2)), ((1, 3), (3, 1)),
]  # fmt: skip
LINALG = [
    *[
        Case("matmul", (array(*a), array(*b)), {}, f"{a}{b}".replace(" ", ""))
        for a, b in MATMULS
    ],
    Case("matmul", (array(2, 3).astype("f"), array(3).astype("f")), label="f"),
    Case("matmul", (array(3, 2).T, array(4, 3).T), label="views"),
    Case("outer", (array(2), array(3))),
    *[
        Case("solve", (a, b), label=str(k))
        for k, (a, b) in enumerate(
            [
                (A33, array(3)),
                (A33, array(3, 2)),
                (STACK, array(3)),
                (STACK, array(2, 3, 1)),
                (A33, array(2, 3, 2)),
                (STACK, array(3, 2)),
            ]
        )
    ],
    *[Case("inv", (a,), label=str(a.ndim)) for a in (A33, STACK)],
    Case("inv", (A33,), {"total": True}, "total"),
    *[
        Case(name, (a,), label=str(a.ndim))
        for name in ("det", "logabsdet", "signdet", "cofactor")
        for a in (A33, STACK)
    ],
    Case("det", (SINGULAR,), label="singular"),
    Case("det", (RANK_ONE,), label="rank one"),
    Case("det", (np.array([[2.5]]),), label="1x1"),
    Case("cofactor", (SINGULAR,), label="singular"),
    Case("cholesky", (spd(3),)),
    Case("cholesky", (np.stack([spd(3), spd(3)]),), label="stack"),
]

SHAPED = (array(3, 3), array(4, 3), array(3, 4), array(2, 4, 2), array(2, 1, 3))
SYMMETRIC = (spd(3), np.stack([spd(3), spd(3)]))


def factored(name: str, count: int, *matrices: np.ndarray, **params) -> list[Case]:
    """A case for each result of a factorisation of each of these."""
    return [
        Case(name, (a,), params, f"{a.shape}{k}".replace(" ", ""), result=k)
        for a in matrices
        for k in range(count)
    ]


FACTORED = [
    *factored("eigh", 2, *SYMMETRIC),
    *factored("eigh", 2, A33 + A33.T, upper=True),
    *factored("eigvalsh", 1, *SYMMETRIC),
    *factored("eig", 2, SYMMETRIC[0], SYMMETRIC[1] + array(3, 3) * 0.1),
    *factored("sqrtm", 1, *SYMMETRIC),
    *factored("sqrtm", 1, SYMMETRIC[0], total=True),
    *factored("svd", 3, *SHAPED),
    *factored("svdvals", 1, *SHAPED),
    *factored("qr", 2, *SHAPED),
    *factored("full_svd", 3, *SHAPED[:3], array(2, 3, 2)),
    *factored("full_qr", 2, *SHAPED[:3], array(2, 3, 2)),
    *factored("pinv", 1, *SHAPED),
    *factored("lu", 3, *SHAPED[:3]),
    *factored("lu", 3, SHAPED[0], square=True),
    Case("row_order", (np.array([2, 1, 2], np.int32),)),
    Case("row_swaps", (np.array([2, 1, 0], np.int32),)),
    *factored("expm", 1, B33, array(2, 2, 2)),
    *factored("pinv", 1, A33, rcond=1e-12),
    Case("eigh", (spd(3).astype("f"),), label="f"),
    Case("svdvals", (SHAPED[1].astype("f"),), label="f"),
    Case("pinv", (SHAPED[1].astype("f"),), label="f"),
    *[
        Case("lstsq", (a, b), {"rcond": None}, f"{a.shape}{b.shape}{k}", result=k)
        for a, b in [(SHAPED[1], array(4)), (SHAPED[1], array(4, 2)), (A33, array(3))]
        for k in (0, 1)
    ],
    Case("lstsq", (SHAPED[2], array(3)), {"rcond": None}, "wide"),
    Case("lstsq", (SHAPED[1], array(4)), {"rcond": None}, "s", result=3),
    *[
        Case("over_gaps", (q, w, u), params, f"{q.ndim}{how}")
        for how, params in (("", {}), ("strict", {"strict": True, "pulled": True}))
        for q, w, u in [
            (array(3, 3), np.array([1.0, 2.5, 3.0]), np.array([-1.0, -1.5, -2.5])),
            (array(2, 2, 2), np.array([[0.5, 2.0], [1.0, 4.0]]), np.zeros((2, 2))),
        ]
    ],
    *[
        Case("norm", (x,), {"axis": axis, "keepdims": keep}, f"{x.ndim}{axis}{keep}")
        for x, axis, keep in [
            (array(3), None, False), (X, None, True), (X, (0,), False),
            (F32, None, False), (X, (1,), True), (array(2, 3, 2), (0, 2), False),
            (VIEW, (1,), False),
        ]
    ],
]  # fmt: skip

EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,kj->ki", (2, 3), (4, 3)), ("i,i->", (3,), (3,)),
    ("ij,ji->", (2, 3), (3, 2)), ("ij,ij->", (2, 3), (2, 3)), ("i,j->ji", (3,), (2,)),
    ("bi,ij,bj->b", (2, 3), (3, 4), (2, 4)), ("ij,jk,ki->", (2, 3), (3, 4), (4, 2)),
    ("ij,jk->ik", (2, 1), (3, 4)), ("ai,bi->ab", (2, 3), (1, 1)),
    ("abij,bjk->aik", (2, 2, 3, 2), (2, 2, 1)), ("ij,j->i", (0, 3), (3,)),
]  # fmt: skip
SUMS = [
    *[
        Case("einsum", tuple(array(*s) for s in shapes), {"spec": spec}, f"{spec}{k}")
        for k, (spec, *shapes) in enumerate(EINSUMS)
    ],
    Case("einsum", (F32, F32), {"spec": "i,i->i"}, "f"),
    Case("einsum", (F32, array(3)), {"spec": "i,i->i"}, "mixed"),
    Case("einsum", (X, X, X), {"spec": "ij,kj,kl->il", "optimize": True}, "optimize"),
    *[Case("matrix_diagonal", (a,), label=str(a.ndim)) for a in (A33, STACK)],
]

# Exponents known while compiling have partials of their own.
POWERS = [
    Case("power", (base, C(n)), {}, f"{n}{kind}")
    for n in (0, 1, 2, 3, -1, -2, 0.5, 2.5, -0.5, 1.0)
    for kind, base in (("s", 1.7), ("a", np.array([0.5, 1.7])))
] + [
    Case("power", (-1.5, C(3)), label="negative base"),
    Case("power", (np.array([-1.5, 0.0, 2.0]), C(2)), label="zero base"),
    Case("power", (np.array([-1.5, 0.5, 2.0]), np.array([3, 2, 0])), label="ints"),
    Case("power", (C(2.0), 1.5), label="constant base"),
    Case("power", (C(2), array(3)), label="constant base a"),
    Case("clip", (array(4), C(-math.inf), C(1.0)), label="above"),
    Case("clip", (array(4), C(-1.0), C(math.inf)), label="below"),
]

EFFECTS = {"raise", "print", "check_bound", "check_real"}
DRAWS = {"draw", "dropout_mask", "fork", "generator", "touch"}  # see test_draws.py
OTHERS = [
    *REDUCTIONS, *SHAPES, *MAKERS, *indexing(), *gathering(), *NUMBERS, *LINALG,
    *REARRANGED, *SUMS, *FACTORED, *POWERS,
]  # fmt: skip
# Rows of functions that are called, and of stated derivatives, for `test_calls` and
# `test_custom_vjp`.
CALLS = {"call", "pack", "unpack", "ruled"} | {
    f"residuals_{name}" for name in ("none", "zeros", "add")
}
