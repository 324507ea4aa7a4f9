"""`heapq`, in terms of lists.

What is put in order is compared as Python does, so tuples by their first parts that
differ. `frontend.lower.iterators` names these functions.
"""

from __future__ import annotations


def pushed(heap, item):
    heap.append(item)
    _rise(heap, 0, len(heap) - 1)


def popped(heap):
    if len(heap) == 0:
        raise IndexError("index out of range")
    last = heap.pop()
    if len(heap) == 0:
        return last
    least = heap[0]
    heap[0] = last
    _sink(heap, 0)
    return least


def replaced(heap, item):
    least = heap[0]
    heap[0] = item
    _sink(heap, 0)
    return least


def pushed_and_popped(heap, item):
    if len(heap) > 0 and heap[0] < item:
        least = heap[0]
        heap[0] = item
        _sink(heap, 0)
        item = least
    return item


def made(xs):
    for k in range(len(xs) // 2 - 1, -1, -1):
        _sink(xs, k)


def _rise(heap, first, at):
    item = heap[at]
    while at > first:
        above = (at - 1) // 2
        other = heap[above]
        if not item < other:
            break
        heap[at] = other
        at = above
    heap[at] = item


def _sink(heap, at):
    end, first = len(heap), at
    item = heap[at]
    below = 2 * at + 1
    while below < end:
        right = below + 1
        if right < end and not heap[below] < heap[right]:
            below = right
        heap[at] = heap[below]
        at = below
        below = 2 * at + 1
    heap[at] = item
    _rise(heap, first, at)


def least(n, iterable, key=None):
    return sorted(iterable, key=key)[:n]


def greatest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:n]
