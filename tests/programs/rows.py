"""Lists of tuples, dicts, lists and objects: rows appended, shared and changed."""

from types import SimpleNamespace

import numpy as np

from .classes import Bank
from .registry import TRIPS, program, real, trips


@trips(real(), TRIPS)
def particles(x, n):
    ps = []
    for k in range(4):
        ps.append({"x": x * k, "v": 0.1 * k})
    for _ in range(n):
        for p in ps:
            p["v"] = p["v"] - 0.1 * np.sin(p["x"])
        for p in ps:
            p["x"] += 0.1 * p["v"]
    return sum((p["x"] * p["v"] for p in ps)) + ps[-1]["x"] * len(ps)


@program(real())
def list_of_tuples(x):
    pts = []
    for k in range(3):
        pts.append((x * k, np.sin(x)))
    pts[1] = (x, x)
    pts.insert(0, (1.0, x * x))
    last = pts.pop()
    tot = 0.0
    for a, b in pts:
        tot += a * b
    return tot + last[0] * pts[2][1]


@program(real())
def nested_lists(x):
    rows = []
    for i in range(3):
        row = []
        for j in range(2):
            row.append(x * (i + 1.0) ** j)
        rows.append(row)
    rows[1][0] = x * x
    return sum((r[0] * r[1] for r in rows)) + len(rows[0])


@program(real())
def matrix_of_lists(x):
    m = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            m[i][j] = x * i + j * x * x
    return m[0][1] * m[2][2] + sum(m[1]) + np.sum(np.array(m))


@program(real())
def alias_rows(x):
    m = [[x, 1.0]] * 2
    m[0][0] = x * x
    return m[1][0] * m[0][1]


@trips(real(), TRIPS)
def list_in_loop_carried(x, n):
    fs = [SimpleNamespace(v=x), SimpleNamespace(v=1.0)]
    for _ in range(n):
        fs[0], fs[1] = (fs[1], fs[0])
        fs[0].v = fs[0].v * x
    return fs[0].v + 2 * fs[1].v


@trips(real(), TRIPS)
def list_swap_nums(x, n):
    fs = [x, (1.0, x)]
    fs.append(None)
    for _ in range(n):
        fs[0] = fs[0] * fs[1][1]
    return fs[0]


@program(real())
def sort_objs(x):
    bs = [Bank(x), Bank(2.0)]
    bs.reverse()
    c = bs.copy()
    c.append(Bank(x * x))
    d = bs + [Bank(5.0 * x)]
    c[0].b = c[0].b * x
    return bs[0].b * d[2].b + sum((b.b for b in c))


@program(real())
def list_attr(x):
    s = SimpleNamespace(parts=[], n=0)

    def add(p):
        s.parts.append(p)
        s.n += 1

    add({"w": x})
    add({"w": x * x})
    w = np.array([p["w"] for p in s.parts])
    a, b = s.parts
    a["w"] = 3.0
    first, *rest = s.parts
    return np.sum(w) * s.n + b["w"] * first["w"] + len(rest)


@program(real())
def masks(x):
    hist = [None] * 3
    for k in range(3):
        hist[k] = (x * k, x)
    return hist[2][0] * hist[1][1]


@program(real())
def none_then_numbers(x):
    hist = [None] * 3
    for k in range(3):
        hist[k] = x * k
    return hist[2] * hist[1]


@program(real(), 3)
def grow_in_dynamic(x, n):
    out = []
    for k in range(n):
        out.append((x * k, k))
    return out[0][0]


@program(real())
def branch_append(x):
    out = [(x, 1.0)]
    if x > 0:
        out.append((2.0, x))
    return out[0][0]
