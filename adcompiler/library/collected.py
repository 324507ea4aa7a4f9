"""The classes of `collections`, in terms of lists and dicts.

In: nothing. Out: `CLASSES`, what is made in place of an object of each; `ORIGINALS`,
the other way round. What a program does with such an object are the methods here.
"""

from __future__ import annotations

import collections
import itertools
from typing import Any

import numpy as np

from adcompiler.library import stepped
from adcompiler.library.iterating import arranged
from adcompiler.library.lists import NO_GREATEST, NO_LEAST, lacks, taken_out

_EMPTY = "pop from an empty deque"


class Collection:  # noqa: PLW1641
    """What is the same of all."""

    def __eq__(self, other):
        raise NotImplementedError(
            "what `collections` has is compared, which is not supported",
            "compare the items: d['a'] == e['a'], q[0] == p[0]",
        )

    def __copy__(self):
        return self.copy()


class Rows(Collection):
    """A list of tuples, of which each part has a list of its own."""

    def __init__(self, cls, width):
        self._cls = cls
        self._columns = tuple([] for _ in range(width))

    def _row(self, parts):
        return parts if self._cls is tuple else self._cls(*parts)

    def _like(self, columns):
        made = Rows(self._cls, len(self._columns))
        for column, values in zip(made._columns, columns):  # noqa: B905
            column.extend(values)
        return made

    def _fitting(self, row):
        if type(row) is not self._cls or len(row) != len(self._columns):
            raise NotImplementedError(
                "a list of tuples takes something else",
                "give it tuples of one length, or use one list for each kind",
            )
        return row

    def append(self, row):
        for column, value in zip(self._columns, self._fitting(row)):  # noqa: B905
            column.append(value)

    def extend(self, rows):
        for row in rows:
            self.append(row)

    def __iadd__(self, rows):
        self.extend(rows)
        return self

    def __add__(self, rows):
        made = self.copy()
        made.extend(rows)
        return made

    def insert(self, k, row):
        for column, value in zip(self._columns, self._fitting(row)):  # noqa: B905
            column.insert(k, value)

    def pop(self, *k):
        return self._row(tuple(column.pop(*k) for column in self._columns))

    def reverse(self):
        for column in self._columns:
            column.reverse()

    def clear(self):
        for column in self._columns:
            column.clear()

    def copy(self):
        return self._like(self._columns)

    def columns(self):
        """``zip(*rows)``."""
        if len(self) == 0:
            raise ValueError("not enough values to unpack")
        return tuple(list(column) for column in self._columns)

    def as_array(self):
        """``np.array(rows)``."""
        return np.stack([np.array(column) for column in self._columns], axis=1)

    def least(self):
        """``min(rows)``."""
        if len(self) == 0:
            raise ValueError(NO_LEAST)
        return self[self._order(None, False)[0]]

    def greatest(self):
        """``max(rows)``."""
        if len(self) == 0:
            raise ValueError(NO_GREATEST)
        return self[self._order(None, True)[0]]

    def in_order(self, key, reverse):
        """``sorted(rows, key=key, reverse=reverse)``."""
        made = self.copy()
        made.sort(key, reverse)
        return made

    def _order(self, key, reverse):
        if key is not None:
            keys = [key(row) for row in self]
            return arranged(range(len(keys)), keys, reverse)
        order = list(range(len(self)))
        for column in reversed(self._columns):
            order = arranged(order, [column[k] for k in order], reverse)
        return order

    def sort(self, key=None, reverse=False):
        order = self._order(key, reverse)
        for column in self._columns:
            values = [column[k] for k in order]
            for k, value in enumerate(values):
                column[k] = value

    def __len__(self):
        return len(self._columns[0])

    def __iter__(self):
        if self._cls is tuple:
            return zip(*self._columns)  # noqa: B905
        return map(self._cls, *self._columns)

    def __reversed__(self):
        return reversed(list(self))

    def __getitem__(self, k):
        if isinstance(k, slice):
            return self._like(tuple(column[k] for column in self._columns))
        return self._row(tuple(column[k] for column in self._columns))

    def __setitem__(self, k, row):
        for column, value in zip(self._columns, self._fitting(row)):  # noqa: B905
            column[k] = value


class Deque(Collection):
    """A list that may have a greatest length."""

    def __init__(self, iterable=(), maxlen=None):
        self._items = []
        self.maxlen = maxlen
        self.extend(iterable)

    def append(self, x):
        self._items.append(x)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            taken_out(self._items, 0)

    def appendleft(self, x):
        self._items.insert(0, x)
        if self.maxlen is not None and len(self._items) > self.maxlen:
            self._items.pop()

    def extend(self, iterable):
        for v in iterable:
            self.append(v)

    def extendleft(self, iterable):
        for v in iterable:
            self.appendleft(v)

    def pop(self):
        if len(self._items) == 0:
            raise IndexError(_EMPTY)
        return self._items.pop()

    def popleft(self):
        if len(self._items) == 0:
            raise IndexError(_EMPTY)
        return taken_out(self._items, 0)

    def insert(self, k, x):
        if self.maxlen is not None and len(self._items) >= self.maxlen:
            raise IndexError("deque already at its maximum size")
        self._items.insert(k, x)

    def remove(self, x):
        found = -1
        for k, v in enumerate(self._items):
            if v == x:
                found = k
                break
        if found < 0:
            raise ValueError(f"{x!r} is not in deque")
        taken_out(self._items, found)

    def index(self, x):
        for k, v in enumerate(self._items):
            if v == x:
                return k
        raise ValueError(f"{x!r} is not in deque")

    def count(self, x):
        n = 0
        for v in self._items:
            if v == x:
                n += 1
        return n

    def __iadd__(self, iterable):
        self.extend(iterable)
        return self

    def __add__(self, other):
        made = self.copy()
        made.extend(other)
        return made

    def rotate(self, n=1):
        if len(self._items) > 0:
            for _ in range(n % len(self._items)):
                self._items.insert(0, self._items.pop())

    def reverse(self):
        self._items.reverse()

    def clear(self):
        self._items.clear()

    def copy(self):
        return collections.deque(self._items, self.maxlen)

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __reversed__(self):
        return reversed(self._items)

    def __contains__(self, x):
        return x in self._items

    def __getitem__(self, k):
        if isinstance(k, slice):
            raise TypeError("sequence index must be integer, not 'slice'")
        return self._items[self._place(k)]

    def __setitem__(self, k, x):
        self._items[self._place(k)] = x

    def _place(self, k):
        if lacks(len(self._items), k):
            raise IndexError("deque index out of range")
        return k


class Dict(Collection):
    """A dict, and what its subclasses add."""

    def __init__(self, *given, **more):
        self._held = dict(*given, **more)

    def __getitem__(self, key):
        if key not in self._held:
            return self.__missing__(key)
        return self._held[key]

    def __missing__(self, key):
        raise KeyError(key)

    def __setitem__(self, key, value):
        self._held[key] = value

    def __contains__(self, key):
        return key in self._held

    def __len__(self):
        return len(self._held)

    def __iter__(self):
        return iter(self._held)

    def __reversed__(self):
        return reversed(list(self._held))

    def keys(self):
        return self._held.keys()

    def values(self):
        return self._held.values()

    def items(self):
        return self._held.items()

    def get(self, key, default=None):
        return self._held.get(key, default)

    def setdefault(self, key, default=None):
        return self._held.setdefault(key, default)

    def pop(self, key, *default):
        if key not in self._held and len(default) == 0:
            raise KeyError(key)
        return self._held.pop(key, *default)

    def update(self, *given, **more):
        self._held.update(*given, **more)


class OrderedDict(Dict):
    """One whose keys can be moved."""

    def move_to_end(self, key, last=True):
        if key not in self._held:
            raise KeyError(key)
        value = self._held.pop(key)
        if last:
            self._held[key] = value
        else:
            self._held = {key: value, **self._held}

    def popitem(self, last=True):
        if len(self._held) == 0:
            raise KeyError("dictionary is empty")
        key = list(self._held)[-1 if last else 0]
        return key, self._held.pop(key)

    def copy(self):
        return collections.OrderedDict(self._held)


class DefaultDict(Dict):
    """One that makes the values that it has not."""

    def __init__(self, default_factory=None, *given, **more):
        super().__init__(*given, **more)
        self.default_factory = default_factory

    def __missing__(self, key):
        if self.default_factory is None:
            raise KeyError(key)
        self._held[key] = self.default_factory()
        return self._held[key]

    def copy(self):
        return collections.defaultdict(self.default_factory, self._held)


class Counter(Dict):
    """How often each item has been met."""

    def __init__(self, iterable=None, **more):
        super().__init__()
        self.update(iterable, **more)

    def __missing__(self, key):
        return 0

    def update(self, iterable=None, **more):
        if isinstance(iterable, dict | Dict):
            for key, count in iterable.items():
                self._held[key] = self._held.get(key, 0) + count
        elif iterable is not None:
            for key in iterable:
                self._held[key] = self._held.get(key, 0) + 1
        for key, count in more.items():
            self._held[key] = self._held.get(key, 0) + count

    def most_common(self, n=None):
        found = sorted(self._held.items(), key=lambda pair: pair[1], reverse=True)
        return found if n is None else found[:n]

    def total(self):
        return sum(self._held.values())

    def subtract(self, iterable=None, **more):
        if isinstance(iterable, dict | Dict):
            for key, count in iterable.items():
                self._held[key] = self._held.get(key, 0) - count
        elif iterable is not None:
            for key in iterable:
                self._held[key] = self._held.get(key, 0) - 1
        for key, count in more.items():
            self._held[key] = self._held.get(key, 0) - count

    def _kept(self, made):
        for key, count in made.items():
            if not isinstance(count, int):
                raise NotImplementedError(
                    "Counters of other than ints are added or subtracted, which keeps "
                    "what is positive",
                    "use update or subtract",
                )
            if count > 0:
                self._held[key] = count
        return self

    def __add__(self, other):
        made = self.copy()
        made.update(other)
        return collections.Counter()._kept(made)

    def __sub__(self, other):
        made = self.copy()
        made.subtract(other)
        return collections.Counter()._kept(made)

    def __iadd__(self, other):
        self._held = (self + other)._held
        return self

    def __isub__(self, other):
        self._held = (self - other)._held
        return self

    def copy(self):
        return collections.Counter(self._held)


CLASSES: dict[Any, type] = {
    itertools.groupby: stepped.Groups,
    collections.deque: Deque,
    collections.defaultdict: DefaultDict,
    collections.OrderedDict: OrderedDict,
    collections.Counter: Counter,
}
ORIGINALS: dict[type, type] = {ours: theirs for theirs, ours in CLASSES.items()}
ORIGINALS[Rows] = list


def name_of(cls: type) -> str:
    """The name of a class as the program has it."""
    return ORIGINALS.get(cls, cls).__name__
