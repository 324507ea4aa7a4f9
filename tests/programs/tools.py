"""`itertools`, `functools` and `operator`; `any`, `all`, `sorted`, keys of `min`."""

import functools
import itertools
import operator
from functools import partial, reduce

import numpy as np

from .registry import TRIPS, distinct, positive, program, real, trips


@program(real(5))
def reductions(x):
    total = reduce(lambda a, b: a * 0.5 + b * b, x)
    total += reduce(operator.mul, x[1:4], 1.0)
    composed = reduce(lambda f, g: lambda v: g(f(v)), [np.sin, np.tanh, np.exp])
    return total * reduce(max, (x[0], x[1] * x[1])) + composed(x[2])


@program(real(4))
def partial_functions(x):
    def line(a, b, c=1.0, *, d=0.5):
        return a * b + c * d

    double = partial(line, 2.0)
    shifted = functools.partial(line, c=x[0], d=x[1])
    power = partial(np.power, x)
    return double(x[2]) * shifted(x[3], 3.0) + np.sum(power(2)) + double(x[1], d=x[0])


@program(real(4))
def pairs_of_neighbours(x):
    total = sum((b - a) ** 2 for a, b in itertools.pairwise(x))
    for k, (a, b) in enumerate(itertools.pairwise((x[0], x[2], x[3]))):
        total += (k + 1) * a * b
    for i, j in itertools.pairwise(range(0, 4, 2)):
        total += x[i] * x[j]
    return total


@program(real(3), real(2))
def chains(x, y):
    total, t = 0.0, 1.0
    for v in itertools.chain(x, y, x[1:]):
        t = 0.9 * t + v
        if t > 50.0:
            break
        total += t * v
    for v in itertools.chain((x[0], y[0]), [x[1]]):
        total *= v
    return total + sum(itertools.chain.from_iterable((x, y)))


@program(real(3), real(4))
def products(x, y):
    total = 0.0
    for i, j in itertools.product(range(3), range(4)):
        if i == j:
            continue
        total += x[i] * y[j] * (i + 1)
    for a, b in itertools.product(x, repeat=2):
        x[0] = 2.0
        total += a * b * b
    for k, c in itertools.product((1, 2), (x[1], y[1])):
        total += c**k
    return total


@trips(real(6), TRIPS, counts=(0, 1, 3))
def slices_of_iterators(x, n):
    total = sum(v * v for v in itertools.islice(x, n))
    for k, v in enumerate(itertools.islice(x, 1, None, 2)):
        total += k * v
    for v, w in zip(itertools.islice(itertools.count(1.5, 0.5), n), x):
        total += v * w
    return total + sum(itertools.islice((x[0], x[1], x[2]), 2)) * x[3]


@program(real(4))
def endless_iterators(x):
    total = sum(k * v for k, v in zip(itertools.count(1), x))
    for a, b in zip(x, itertools.cycle((2.0, 3.0))) if False else zip(x, x):
        total += a * b
    for v, w in zip(x, itertools.cycle(x[:3])):
        total += v * w
    for k in itertools.count(1):
        total = total * 0.9 + x[0] / k
        if k > 4:
            break
    return total + sum(map(operator.mul, x, itertools.repeat(2.0)))


@program(real(4), real(2))
def longest_of_two(x, y):
    total = 0.0
    for a, b in itertools.zip_longest(x, y, fillvalue=0.5):
        total += a * b * b
    for a, b in itertools.zip_longest((x[0], x[1]), (y[0],), fillvalue=x[2]):
        total += a * b
    return total


@program(real(5))
def accumulations(x):
    total = 0.0
    for k, v in enumerate(list(itertools.accumulate(x))):
        total += v * v * k
    for v in itertools.accumulate(x, lambda a, b: 0.9 * a + b * b, initial=0.1):
        total += v * v
    *_, last = itertools.accumulate((x[0], x[1], x[2]), operator.mul)
    return total + last + sum(itertools.accumulate(x, max))


@program(real(4), refused="changes in the loop")
def accumulation_of_what_changes(x):
    total = 0.0
    y = x.copy()
    for v in itertools.accumulate(y):
        y[3] = total
        total += v * v
    return total


@program(real(4))
def accumulation_of_what_changes_laid_out(x):
    total, s = 0.0, 1.0
    for v in itertools.accumulate((x[0], x[1], x[2]), lambda a, b: a * s + b):
        s = s * v
        total += s
    return total


@program(real(4))
def combinations_of_items(x):
    total = 0.0
    for a, b in itertools.combinations((x[0], x[1], x[2] * x[3]), 2):
        total += a * b * b
    for i, j in itertools.combinations(range(4), 2):
        total += (x[i] - x[j]) ** 2
    for p in itertools.permutations((x[0], x[1])):
        total += p[0] * p[1] ** 2
    return total


@program(real(5))
@program(real(2), label="two")
@program(real(1), label="one")
@program(real(0), label="none")
def pairs_of_any_number_of_items(x):
    total = 0.0
    for a, b in itertools.combinations(x, 2):
        total += a * b * b
        if total > 2.0:
            break
    for i, (a, b) in enumerate(itertools.permutations([v for v in x if v > -0.5], 2)):
        total += i * a * b**2
    return total + sum(
        (a - b) ** 3 for a, b in itertools.combinations_with_replacement(x[::-2], 2)
    )


@trips(real(5), TRIPS, counts=(0, 1, 2, 5))
def pairs_of_indices(x, n):
    total = 0.0
    for i, j in itertools.combinations(range(n), 2):
        if x[i] > x[j]:
            continue
        total += x[i] * np.sin(x[j]) * (i + 2 * j)
        x[j] += x[i]
    for i, j in itertools.permutations(range(n - 1, -1, -2), 2):
        total += i * x[j]
    return total


@program(real(4))
def pairs_of_numbers_that_change(x):
    total = 0.0
    for k, (a, b) in enumerate(itertools.combinations(x, 2)):
        x[k % 4] = 2.0 * a * b
        total += a * b
    return total + np.sum(x)


@program(real(4, 3))
def energy_of_pairs(x):
    energy = 0.0
    for p, q in itertools.combinations(x, 2):
        energy += 1.0 / np.linalg.norm(p - q)
        q[0] += p[1]
    points = [np.sin(p) for p in x]
    for p, q in itertools.combinations(points, 2):
        energy += p @ q
    return energy


@program(real(4, dtype=np.float32), 3, wrt=("x",), tags=("float32",))
def pairs_in_single_precision(x, n):
    total = x[0]
    for i, j in itertools.combinations(range(n), 2):
        total += (i + 0.5 * j) * x[i] * x[j]
    return total


@program(real(4))
def starred_maps(x):
    pairs = zip(x, x[::-1])
    total = sum(itertools.starmap(lambda a, b: a * b * b, pairs))
    return total + sum(itertools.starmap(operator.mul, ((x[0], x[1]), (x[2], 3.0))))


@program(positive(4))
def operators_as_functions(x):
    a, b, c, d = x
    total = operator.add(a, operator.neg(b)) * operator.truediv(c, d)
    total += operator.pow(a, 2.0) - operator.sub(b, c) * operator.pos(d)
    if operator.lt(a, 9.0) and operator.not_(operator.gt(b, 9.0)):
        total *= operator.getitem(x, 1)
    second = operator.itemgetter(1)
    outer = operator.itemgetter(0, -1)
    first, last = outer((a, b, c))
    return total + second(x) * first * last + operator.matmul(x, x)


@program(real(4), label="some")
@program(positive(4), label="all")
def any_and_all(x):
    total = np.sum(x * x)
    if any(v < 0.0 for v in x) and not all([x[0] > 5.0, x[1] > 5.0]):
        total *= x[0]
    if all(v > 0.0 for v in x):
        total += x[1] ** 3
    return total if any(map(lambda v: v * v > 0.0, x)) else 0.0


@program(real(4), raises=ZeroDivisionError)
def all_that_raises(x):
    return x[0] if all(1.0 / (k - 2) > -9.0 for k in range(4)) else x[1]


@program(real(4))
def any_stops_before_it_raises(x):
    return x[0] ** 2 if any(1.0 / (2 - k) > 0.0 for k in range(4)) else x[1]


@program(distinct(5))
def sorted_values(x):
    total = 0.0
    for k, v in enumerate(sorted(x)):
        total += k * v * v
    low, *_ = sorted((x[0], x[1] * x[1], float(x[2])))
    by_size = sorted(x, key=lambda v: v * v, reverse=True)
    return total + low**2 + by_size[0] * by_size[1]


@program(distinct(5))
def least_and_greatest_by_a_key(x):
    nearest = min(x, key=lambda v: (v - 0.2) ** 2)
    pair = max([(x[0], x[1]), (x[2], x[3])], key=lambda p: p[0] * p[1])
    none = max((v for v in x if v > 100.0), default=x[4])
    return nearest**2 + pair[0] * pair[1] + none**2 * min(x[0], x[1], key=abs)
