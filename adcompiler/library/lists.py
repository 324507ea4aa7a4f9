"""What lists do, in terms of their elements."""

from __future__ import annotations


def copied(xs):
    return [xs[k] for k in range(len(xs))]


def taken(xs):
    return [v for v in xs]  # noqa: C416


def plain(xs):
    return [v.item() for v in xs]


def joined(xs, ys):
    result = copied(xs)
    extended(result, ys)
    return result


def extended(xs, ys):
    for v in ys:
        xs.append(v)


def total(xs, start):
    for v in xs:
        start = start + v
    return start


def greatest(xs):
    if len(xs) == 0:
        raise ValueError("max() iterable argument is empty")
    result = xs[0]
    for k in range(1, len(xs)):
        result = max(result, xs[k])
    return result


def least(xs):
    if len(xs) == 0:
        raise ValueError("min() iterable argument is empty")
    result = xs[0]
    for k in range(1, len(xs)):
        result = min(result, xs[k])
    return result


def between(xs, before, after):
    return [xs[k] for k in range(before, len(xs) - after)]


def part(xs, start, stop):
    n = len(xs)
    first = 0 if start is None else start
    last = n if stop is None else stop
    if first < 0:
        first = max(n + first, 0)
    if last < 0:
        last = n + last
    return [xs[k] for k in range(first, min(last, n))]
