"""What people write with closures, iterators and patterns, one idiom each."""

import itertools
import math
import operator
from functools import partial, reduce
from itertools import accumulate, chain, count, cycle, islice, pairwise, product, repeat

import numpy as np

from .registry import distinct, positive, program, real


@program(real(6))
def horner_by_reduce(x):
    return reduce(lambda acc, c: acc * 0.7 + c, x[::-1])


@program(real(6))
def ema_pipeline(x):
    def ema(xs, a=0.3):
        return accumulate(xs, lambda m, v: (1 - a) * m + a * v)

    return sum(v * v for v in ema(x))


@program(real(6))
def pipeline(x):
    fs = [partial(operator.mul, 2.0), np.sin, lambda v: v**2]

    def pipe(v):
        return reduce(lambda a, f: f(a), fs, v)

    return sum(map(pipe, x))


@program(real(6))
def runge_kutta(x):
    def step(f, y, h):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    f = lambda y: -y + np.sin(y) * x[0]
    y = x
    for _ in repeat(None, 3):
        y = step(f, y, 0.1)
    return np.sum(y**2)


@program(real(6))
def bisection_by_named_middle(x):
    lo, hi = 0.0, 3.0
    f = lambda t: t**3 - 2.0
    while (mid := (lo + hi) / 2) and hi - lo > 1e-3:
        if f(mid) > 0:
            hi = mid
        else:
            lo = mid
    return x[1] * mid + x[0] ** 2


@program(real(6), "relu", wrt=("x",))
def activation(x, kind):
    match kind:
        case "relu":
            act = lambda v: np.maximum(v, 0)
        case "tanh":
            act = np.tanh
        case _:
            raise ValueError(kind)
    h = x
    for k in range(2):
        h = act(h * (k + 1.5)) + x
    return np.sum(h**2)


@program(real(6))
def postfix_notation(x):
    stack = []
    for tok in ("0", "1", "+", "2", "*", "3", "-"):
        match tok:
            case "+" | "-" | "*" as op:
                b = stack.pop()
                a = stack.pop()
                stack.append(a + b if op == "+" else a - b if op == "-" else a * b)
            case d:
                stack.append(x[int(d)])
    return stack[-1]


@program(positive(4, 5))
def logsum_rows(m):
    total = 0.0
    for i, row in enumerate(m):
        if (s := np.sum(row)) > 2.5:
            total += np.log(s)
        else:
            total += s**2 * (i + 1)
    return total


@program(real(6))
def recurrence_by_a_generator(x):
    a, b = x[0], x[1]
    for a, b in islice(((a + b * k, b) for k in count()), 3):
        pass
    return a * b


@program(real(6))
def zip3(x):
    return sum(a * b - c for a, b, c in zip(x, x[1:], x[2:]))


@program(real(6))
def enum_rev(x):
    return sum(k * v for k, v in enumerate(reversed(x), start=2))


@program(real(6))
def any_early(x):
    n = 0

    def chk(v):
        nonlocal n
        n += 1
        return v < 0

    any(chk(v) for v in x)
    return n * x[0] ** 2


@program(real(6))
def all_count(x):
    cnt = 0.0

    def note(v):
        nonlocal cnt
        cnt += v
        return v * v > 0.0

    ok = all(map(note, x))
    return cnt**2 if ok else 0.0


@program(real(6))
def filt_state(x):
    last = 0.0

    def rising(v):
        nonlocal last
        r = v > last
        last = v
        return r

    return sum(v * v for v in filter(rising, x)) + last


@program(distinct(6))
def sorted_pairs(x):
    s = sorted(x)
    return sum((b - a) ** 2 for a, b in pairwise(s))


@program(distinct(6))
def topk(x):
    return sum(sorted(x, reverse=True)[:3])


@program(distinct(6))
def median_man(x):
    s = sorted(x)
    n = len(s)
    return (s[n // 2 - 1] + s[n // 2]) / 2


@program(distinct(6))
def argmin_key(x):
    i = min(range(len(x)), key=lambda k: (x[k] - 0.1) ** 2)
    return x[i] ** 2


@program(distinct(6))
def argmax_enum(x):
    i, v = max(enumerate(x), key=lambda t: t[1])
    return v**2 * (i + 1)


@program(distinct(6))
def dist_all_pairs(x):
    return sum(abs(a - b) for a, b in product(x, repeat=2))


@program(real(6))
def pairs_below(x):
    return sum(x[i] * x[j] for i in range(len(x)) for j in range(i))


@program(real(6))
def starmap_pow(x):
    return sum(itertools.starmap(pow, ((x[0], 2), (x[1], 3))))


@program(real(6))
def flatten(x):
    rows = [x[:2], x[2:], x]
    return sum(v * v for r in rows for v in r)


@program(real(6))
def chain_star(x):
    rows = [x[:2], x[2:]]
    return sum(v * (k + 1) for k, v in enumerate(chain(*rows)))


@program(real(6))
def decor_count(x):
    calls = 0

    def counted(f):
        def g(*a):
            nonlocal calls
            calls += 1
            return f(*a)

        return g

    @counted
    def sq(v):
        return v * v

    s = sum(sq(v) for v in x)
    return s * calls


@program(real(6))
def walrus_list(x):
    return [y := x[0] ** 2, y * 2, y + 1][1] * y


@program(real(6))
def nested_match(x):
    def area(shape):
        match shape:
            case ("circle", r):
                return math.pi * r * r
            case ("rect", (w, h)):
                return w * h
            case ("poly", *pts):
                return sum(a * b for a, b in pts)

    shapes = (
        ("circle", x[0]),
        ("rect", (x[1], x[2])),
        ("poly", (x[3], x[4]), (x[5], 2.0)),
    )
    return sum(map(area, shapes))


@program(real(6))
def signs_in_turn(x):
    t = 0.0
    for v, w in zip(x, cycle((1.0, -1.0))):
        t += v * v * w
    return t


@program(real(6))
def second_items(x):
    pts = [(x[0], x[1]), (x[2], x[3])]
    return sum(map(operator.itemgetter(1), pts)) * x[0]


@program(real(6))
def swap_gen(x):
    y = x.copy()
    for i, j in ((0, 1), (2, 3)):
        y[i], y[j] = y[j], y[i]
    return sum(k * v for k, v in enumerate(y))


@program(real(6))
def store_in_gen_loop(x):
    y = x.copy()
    for i, v in enumerate(y):
        y[(i + 1) % 6] += 0.5 * v
    return np.sum(y**2)


@program(real(6))
def acc_array_rows(x):
    rows = [x * k for k in (1.0, 2.0, 3.0)]
    return sum(np.sum(r**2) for r in accumulate(rows))


@program(real(6))
def acc_rows_dyn(x):
    m = np.outer(x, x)
    return sum(np.sum(r**2) * k for k, r in enumerate(list(accumulate(m))))


@program(real(6))
def while_pop(x):
    todo = [0, 3, 5]
    s = 0.0
    while todo:
        k = todo.pop()
        s += x[k] ** 2
        if k == 5:
            todo.append(1)
    return s


@program(real(6))
def count_step(x):
    for k in count(0, 2):
        if k >= len(x) or x[k] < -0.5:
            break
    return x[min(k, 5)] ** 2


@program(real(6))
def late_binding(x):
    fs = []
    for k in (0, 1, 2):
        fs = [*fs, lambda v: v * k]
    return sum(f(x[0]) for f in fs)


@program(real(6))
def shadow(x):
    v = 3.0
    s = sum(v * v for v in x)
    return s * v


@program(real(6))
def gen_arg(x):
    def norm(terms):
        return math.sqrt(sum(terms))

    return norm(v * v for v in x)


@program(real(6))
def gen_arg_twice(x):
    def mean(terms):
        t = list(terms)
        return sum(t) / len(t)

    return mean(v * v for v in x if v > 0)


@program(real(6))
def break_gen(x):
    it = (v for v in x)
    s = 0.0
    for v in it:
        s += v
        if s > 1:
            break
    return s


@program(distinct(6))
def genexp_in_cond(x):
    s = 0.0
    for v in x:
        if sum(1 for w in x if w > v) < 3:
            s += v * v
    return s


@program(real(6))
def coefficients_of_a_tuple(x):
    total = sum(c * v for c, v in zip((1.0, 2.0, 3.0), x))
    for k, (c, v) in enumerate(zip([0.5, x[0], x[1]], x[::2])):
        total += c * v**k
    return total


@program(real(6), 2, wrt=("x",))
def powers_of_two_by_shifts(x, n):
    total = 0.0
    for k in range(3):
        total += x[k] * (1 << k) * (n << 2) + x[5 >> 1] / (1 << n)
    return total


@program(real(6), refused="shifted")
def shift_of_a_float(x):
    return x[0] * (x.shape[0] << -1) if x[0] > 9.0 else x[1]


@program(real(4))
def logarithms_without_warnings(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(x > 0.0, np.log(x), x * x)
        if x[0] > 0.0:
            return np.sum(y)
    return np.sum(y * x)
