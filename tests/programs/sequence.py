"""When things happen: iterators, functions and patterns that change what they read."""

import itertools
import math
from itertools import chain, islice, product

import numpy as np

from .registry import distinct, positive, program, real


@program(real(6))
def subject_once(x):
    n = 0

    def f():
        nonlocal n
        n += 1
        return n

    match f():
        case 0:
            r = x[0]
        case 1 if x[0] * x[0] > 50:
            r = x[1]
        case 1:
            r = x[2] ** 2
        case _:
            r = x[3]
    return r * n


@program(real(6))
def match_in_loop_continue(x):
    t = 0.0
    for i, v in enumerate(x):
        match i % 3:
            case 0:
                continue
            case 1 if v > 0:
                t += v * v
            case 1:
                break
        t += v
    return t


@program(real(6))
def star_gen(x):
    def f(a, b, c):
        return a * b + c * c

    return f(*(v * v for v in (x[0], x[1], x[2])))


@program(real(6))
def unpack_gen(x):
    a, b = (v * v for v in x[:2])
    return a * b


@program(positive(4, 5))
def sum_rows_start(x):
    return np.sum(sum((r * r for r in x), start=np.zeros(5)) ** 2)


@program(positive(4, 5))
def sum_map_rows(x):
    return np.sum(sum(map(np.sin, x), np.zeros(5)))


@program(distinct(6))
def max_default(x):
    return (
        max((v for v in x if v > 50), default=x[0]) ** 2
        + max((v for v in x if v < 50), default=x[0]) ** 2
    )


@program(real(6))
def all_and_any_of_nothing(x):
    return x[0] ** 2 if all(()) and not any([]) else 0.0


@program(real(6))
def map_that_stores(x):
    y = np.zeros(6)

    def put(i, v):
        y[i] = v * v
        return v

    s = sum(map(put, range(6), x))
    return s * np.sum(y)


@program(real(6))
def list_mod_enum(x):
    xs = [v * v for v in x]
    for i, v in enumerate(xs):
        if i + 1 < len(xs):
            xs[i + 1] = xs[i + 1] + 0.5 * v
    return sum(xs)


@program(real(6))
def chain_mod(x):
    y = x.copy()
    z = x * x
    s = 0.0
    for k, v in enumerate(chain(y, z)):
        z[k % 6] += v * 0.1
        s += v * v
    return s + np.sum(z)


@program(real(6))
def gen_nonlocal(x):
    t = 1.0

    def scale():
        nonlocal t
        t *= 1.2
        return t

    g = (v * scale() for v in x)
    s = 0.0
    for v in g:
        s += v * t
        t = t + v
    return s


@program(distinct(6))
def nested_gens(x):
    return sum(sum(a * b for b in x if b > a) for a in x)


@program(real(6))
def walrus_while_continue(x):
    i = -1
    t = 0.0
    while (i := i + 1) < 6:
        if x[i] < 0:
            continue
        t += x[i] ** 2
    return t * i


@program(real(6))
def walrus_shadow(x):
    v = x[0]
    r = [v := v * w for w in (x[1], x[2])]
    return sum(r) * v


@program(real(6))
def named_in_a_lambda(x):
    f = lambda a: (b := a * a) + b
    return f(x[0])


@program(real(6))
def deco_order(x):
    def add(f):
        return lambda v: f(v) + 1

    def dbl(f):
        return lambda v: f(v) * 2

    @add
    @dbl
    def g(v):
        return v * v

    return g(x[0]) * g(x[1])


@program(real(6))
def closure_loop_def(x):
    fs = []
    for k in range(3):

        def f(v):
            return v * (k + 1)

        fs = fs + [f]
    return fs[0](x[0]) * fs[1](x[1])


@program(real(6))
def nl_loop_carry(x):
    a, b = x[0], x[1]

    def swap():
        nonlocal a, b
        a, b = b, a * b

    for _ in range(len(x)):
        swap()
    return a * b


@program(real(6))
def nl_early_return(x):
    t = 0.0

    def f(v):
        nonlocal t
        t += v
        if v < 0:
            return 0.0
        t *= 1.1
        return v

    for v in x:
        if f(v) > 1.2:
            break
    return t


@program(real(6))
def nl_int_float(x):
    n = 0

    def f(v):
        nonlocal n
        n = n + v

    for v in x:
        f(v)
    return n**2


@program(real(6))
def nl_array_store(x):
    y = np.zeros(6)

    def f(i):
        nonlocal y
        y[i] = x[i] ** 2
        y = y * 1.1

    for i in range(6):
        f(i)
    return np.sum(y)


@program(real(6))
def nl_tuple(x):
    state = (x[0], x[1])

    def step():
        nonlocal state
        p, q = state
        state = (p + 0.1 * q, q - 0.1 * p)

    for _ in range(5):
        step()
    return state[0] * state[1]


@program(real(6))
def cond_expr_call(x):
    t = 1.0

    def bump(v):
        nonlocal t
        t = t * v
        return v

    r = bump(x[0]) if x[1] > 0 else bump(x[2])
    s = (x[3] > 0 and bump(x[4]) > 0) or bump(x[5]) > 0
    return t * r * (2.0 if s else 1.0)


@program(real(6))
def zip_strict(x):
    return sum(a * b for a, b in zip((x[0], x[1]), (x[2], x[3]), strict=True))


@program(real(6))
def prod_break(x):
    t = 0.0
    for i, j in product(range(6), range(6)):
        if i * j > 12:
            break
        if j > i:
            continue
        t += x[i] * x[j]
    return t


@program(real(6))
def shifted_slices(x):
    return sum(a * b for a, b in zip(islice(x, 1, None), islice(x, 0, None, 2)))


@program(real(6))
def products_and_sums_of_generators(x):
    return (
        math.prod(v + 2 for v in x)
        + math.fsum(v * v for v in x)
        + math.hypot(*(v for v in (x[0], x[1])))
    )


@program(real(6))
def bare_star(x):
    [*a] = x
    *b, c = a
    return c * b[0]


@program(real(6))
def dict_items_loop(x):
    d = {"a": x[0], "b": x[1]}
    return sum(v * (k == "a") + v * v for k, v in d.items())


@program(real(6))
def filter_none(x):
    return sum(filter(None, x * (x > 0)))


@program(distinct(6))
def sorted_idx(x):
    return sum(
        k * x[i] for k, i in enumerate(sorted(range(len(x)), key=lambda i: x[i]))
    )


@program(real(6))
def first_of_a_kind(x):
    one = next(v for v in x if v * v > 0.01)
    none = next((v for v in x if v > 100.0), x[1] ** 2)
    return one * one * none


@program(real(6), raises=StopIteration)
def none_of_a_kind(x):
    return next(v for v in x if v > 100.0) ** 2


@program(real(6), refused="gives its items once")
def pairs_of_one_iterator(x):
    it = (v for v in x)
    return sum(a * b for a, b in zip(it, it))


@program(real(6))
def taken_while(x):
    return sum(v * v for v in itertools.takewhile(lambda v: v < 1.0, x))
