"""What lists do, in terms of their elements."""

from __future__ import annotations

import sys

# As Python says it, of which the versions differ.
_EMPTY = (
    "iterable argument is empty"
    if sys.version_info >= (3, 12)
    else "arg is an empty sequence"
)
NO_LEAST, NO_GREATEST = f"min() {_EMPTY}", f"max() {_EMPTY}"


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


def spread(*parts):
    result = []
    for part in parts:
        extended(result, part)
    return result


def several(xs):
    if len(xs) == 1:
        raise TypeError("'float' object is not iterable")
    if len(xs) == 0:
        raise TypeError("expected at least 1 argument, got 0")
    return xs


def total(xs, start):
    for v in xs:
        start = start + v
    return start


def greatest(xs):
    if len(xs) == 0:
        raise ValueError(NO_GREATEST)
    result = xs[0]
    for k in range(1, len(xs)):
        result = max(result, xs[k])
    return result


def least(xs):
    if len(xs) == 0:
        raise ValueError(NO_LEAST)
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


# --- Changes in place ----------------------------------------------------------------


def popped(xs, i):
    if len(xs) == 0:
        raise IndexError("pop from empty list")
    if lacks(len(xs), i):
        raise IndexError("pop index out of range")
    return taken_out(xs, i)


def deleted(xs, i):
    if lacks(len(xs), i):
        raise IndexError("list assignment index out of range")
    xs.pop(i)


def replaced(xs, start, stop, items):
    n = len(xs)
    first = 0 if start is None else start
    last = n if stop is None else stop
    first = max(n + first, 0) if first < 0 else min(first, n)
    last = max(n + last, 0) if last < 0 else min(last, n)
    new, rest = [v for v in items], part(xs, max(first, last), None)  # noqa: C416
    while len(xs) > first:
        xs.pop()
    extended(xs, new)
    extended(xs, rest)


def popped_first(xs):
    if len(xs) == 0:
        raise IndexError("pop from empty list")
    return taken_out(xs, 0)


def lacks(n, i):
    """Whether among so many items there is none at this index."""
    return n <= i if i >= 0 else n < -i


def taken_out(xs, i):
    value, n = xs[i], len(xs)
    for k in range(i + n if i < 0 else i, n - 1):
        xs[k] = xs[k + 1]
    xs.pop()
    return value


def found_at(xs, value):
    for k, v in enumerate(xs):
        if v == value:
            return k
    raise ValueError(f"{value!r} is not in list")


def times(xs, value):
    n = 0
    for v in xs:
        if v == value:
            n += 1
    return n


def removed(xs, value):
    found = -1
    for k, v in enumerate(xs):
        if v == value:
            found = k
            break
    if found < 0:
        raise ValueError("list.remove(x): x not in list")
    taken_out(xs, found)


def inserted(xs, i, value):
    n = len(xs)
    place = min(max(i + n, 0) if i < 0 else i, n)
    xs.append(value)
    for k in range(n, place, -1):
        xs[k] = xs[k - 1]
    xs[place] = value


def turned(xs):
    n = len(xs)
    for k in range(n // 2):
        value = xs[k]
        xs[k] = xs[n - 1 - k]
        xs[n - 1 - k] = value


def cleared(xs):
    for _ in range(len(xs)):
        xs.pop()


def repeat(xs, count):
    n = len(xs)
    if count < 1:
        cleared(xs)
    for _ in range(1, count):
        for k in range(n):
            xs.append(xs[k])


# --- New lists -----------------------------------------------------------------------


def repeated(xs, count):
    result = []
    for _ in range(count):
        extended(result, xs)
    return result


def stepped(xs, start, stop, step):
    n = len(xs)
    if step > 0:
        first = 0 if start is None else start
        last = n if stop is None else stop
        first = max(n + first, 0) if first < 0 else first
        last = n + last if last < 0 else min(last, n)
    else:
        first = n - 1 if start is None else start
        last = -1 if stop is None else stop
        if start is not None:
            first = n + first if first < 0 else min(first, n - 1)
        if stop is not None and last < 0:
            last = max(n + last, -1)
    return [xs[k] for k in range(first, last, step)]
