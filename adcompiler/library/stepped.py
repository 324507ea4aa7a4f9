"""Iterators that are asked for each of their items, in terms of others.

In: nothing. Out: what is made in place of `zip`, `enumerate`, `islice` and `groupby` of
what has a `__next__`.
"""

from __future__ import annotations


class Zipped:
    """`zip`, where one of the iterables is asked for its items."""

    def __init__(self, *parts):
        self._parts, self._at = parts, 0

    def __iter__(self):
        return self

    def __next__(self):
        row = ()
        for part in self._parts:
            if hasattr(part, "__next__"):
                item = next(part)
            elif self._at < len(part):
                item = part[self._at]
            else:
                raise StopIteration
            row = (*row, item)
        self._at += 1
        return row


class Numbered:
    """`enumerate` of what is asked for its items."""

    def __init__(self, iterable, start=0):
        self._of, self._at = iterable, start

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self._of)
        at = self._at
        self._at += 1
        return at, item


class Part:
    """`islice` of what is asked for its items."""

    def __init__(self, iterable, start, stop, step):
        self._of, self._at, self._next = iterable, 0, start
        self._stop, self._step = stop, step

    def __iter__(self):
        return self

    def __next__(self):
        if self._stop is not None and self._next >= self._stop:
            raise StopIteration
        while self._at < self._next:
            _ = next(self._of)
            self._at += 1
        item = next(self._of)
        self._at += 1
        self._next += self._step
        return item


class Groups:
    """Runs of items whose keys are equal."""

    def __init__(self, iterable, key, of):
        self._of = of  # nothing may be stored into these before the last item
        self._items = list(iterable)
        self._keys = [v if key is None else key(v) for v in self._items]
        self._at = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self._at >= len(self._items):
            raise StopIteration
        first, last = self._at, self._at + 1
        while last < len(self._items) and self._keys[last] == self._keys[first]:
            last += 1
        self._at = last
        return self._keys[first], iter(self._items[first:last])
