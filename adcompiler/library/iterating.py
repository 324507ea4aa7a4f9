"""Python's own functions of iterables, and of `functools` and `operator`.

They are not entered in the table of NumPy's: `frontend.lower.iterators` names them.
"""

from __future__ import annotations

import numpy as np

from adcompiler.library.lists import NO_GREATEST, NO_LEAST

NAN_IN_ORDER = "nan has no place in an order: take it out before sorting"


def any_of(iterable):
    for v in iterable:  # noqa: SIM110
        if v:
            return True
    return False


def all_of(iterable):
    for v in iterable:  # noqa: SIM110
        if not v:
            return False
    return True


def reduced(function, iterable, *initial):
    if len(initial) == 1:
        result = initial[0]
        for v in iterable:
            result = function(result, v)
        return result
    items = iterable
    if not isinstance(iterable, (list, tuple, range, np.ndarray)):
        items = list(iterable)
    if len(items) == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    result = items[0]
    for k in range(1, len(items)):
        result = function(result, items[k])
    return result


def accumulated(iterable, function=None, initial=None):
    items = list(iterable)
    start = 0 if initial is None else 1
    result = []
    if initial is not None:
        result.append(initial)
    elif len(items) > 0:
        result.append(items[0])
    for k in range(1 - start, len(items)):
        last = result[len(result) - 1]
        last = last + items[k] if function is None else function(last, items[k])
        result.append(last)
    return result


def taken_while(predicate, iterable):
    result = []
    for v in iterable:
        if not predicate(v):
            break
        result.append(v)
    return result


def dropped_while(predicate, iterable):
    result, dropping = [], True
    for v in iterable:
        if dropping:
            dropping = bool(predicate(v))
        if not dropping:
            result.append(v)
    return result


def compressed(data, selectors):
    result = []
    for v, taken in zip(data, selectors):  # noqa: B905
        if taken:
            result.append(v)
    return result


def rejected(predicate, iterable):
    result = []
    for v in iterable:
        if not (v if predicate is None else predicate(v)):
            result.append(v)  # noqa: PERF401
    return result


def ordered(iterable, key, reverse):
    items = list(iterable)
    return arranged(items, [v if key is None else key(v) for v in items], reverse)


def arranged(iterable, keys, reverse):
    items, keys = list(iterable), np.array(keys)
    if keys.dtype.kind == "f":
        if np.any(np.isnan(keys)):
            raise ValueError(NAN_IN_ORDER)
        order = np.argsort(-keys if reverse else keys, kind="stable")
    elif reverse:  # integers may have no negatives
        order = len(keys) - 1 - np.argsort(keys[::-1], kind="stable")[::-1]
    else:
        order = np.argsort(keys, kind="stable")
    return [items[k] for k in order]


def put_in_order(xs, key, reverse):
    for k, v in enumerate(ordered(xs, key, reverse)):
        xs[k] = v


def pairs_of(kind, items):
    """The pairs that `combinations` and the like give of what has indices."""
    first, second = places_of_pairs(kind, len(items))
    return map(lambda i, j: (items[i], items[j]), first, second)


def pairs_of_range(kind, count, start, step):
    """The same of the integers of a range."""
    first, second = places_of_pairs(kind, count)
    return map(
        lambda i, j: (start + step * int(i), start + step * int(j)), first, second
    )


def places_of_pairs(kind, n):
    """The indices of the one items and of the others, pair by pair."""
    if kind == "permutations":
        return np.nonzero(1.0 - np.eye(n))
    return np.nonzero(np.triu(np.ones((n, n)), 1 if kind == "combinations" else 0))


def least_by(items, key, *default):
    if len(items) == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_LEAST)
    best = items[0]
    least = key(best)
    for k in range(1, len(items)):
        value = key(items[k])
        if value < least:
            best, least = items[k], value
    return best


def greatest_by(items, key, *default):
    if len(items) == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_GREATEST)
    best = items[0]
    greatest = key(best)
    for k in range(1, len(items)):
        value = key(items[k])
        if value > greatest:
            best, greatest = items[k], value
    return best


def item_at(iterator, k):
    """The item of an iterator at an index; see `frontend.lower.iterators`."""
    raise NotImplementedError


def is_at_end(owner):
    """Whether an iterator has come to its end; see `frontend.lower.stepping`."""
    raise NotImplementedError


def next_of(owner):
    """The next item of an iterator that has not come to its end."""
    raise NotImplementedError


def step_of(owner):
    """Whether an iterator has come to its end, and else its next item."""
    raise NotImplementedError


def never():
    """What stands for the item of an iterator that has ended."""
    raise NotImplementedError


def least_of(iterator, count, key, *default):
    if count == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_LEAST)
    best = item_at(iterator, 0)
    least = key(best)
    for k in range(1, count):
        item = item_at(iterator, k)
        value = key(item)
        if value < least:
            best, least = item, value
    return best


def greatest_of(iterator, count, key, *default):
    if count == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_GREATEST)
    best = item_at(iterator, 0)
    greatest = key(best)
    for k in range(1, count):
        item = item_at(iterator, k)
        value = key(item)
        if value > greatest:
            best, greatest = item, value
    return best


def least_or(items, default):
    return min(items) if len(items) > 0 else default


def greatest_or(items, default):
    return max(items) if len(items) > 0 else default


def least_in(items):
    best = items[0]
    for v in items[1:]:
        if v < best:
            best = v
    return best


def greatest_in(items):
    best = items[0]
    for v in items[1:]:
        if v > best:
            best = v
    return best


def least_element(x, *default):
    if len(x) == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_LEAST)
    return x[np.argmin(comparable(x))]


def greatest_element(x, *default):
    if len(x) == 0:
        if len(default) > 0:
            return default[0]
        raise ValueError(NO_GREATEST)
    return x[np.argmax(comparable(x))]


def comparable(x):
    """With the first element for nan: Python stays with a nan that is first, and passes
    over any other, where `np.argmax` stops at it."""
    return np.where(np.isnan(x), x[0], x) if x.dtype.kind == "f" else x


def attribute_getter(name, *more):
    if len(more) == 0:
        return lambda owner: getattr(owner, name)
    return lambda owner: tuple(getattr(owner, n) for n in (name, *more))


def first_of(iterator, *default):
    for v in iterator:
        return v
    if len(default) > 0:
        return default[0]
    raise StopIteration


def multiplied(iterable, start):
    for v in iterable:
        start = start * v
    return start


def item_getter(item, *more):
    if len(more) == 0:
        return lambda owner: owner[item]
    return lambda owner: tuple(owner[k] for k in (item, *more))


def unwrapped(wrapped, assigned=None, updated=None):
    return lambda function: function
