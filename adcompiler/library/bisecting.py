"""`bisect`, in terms of lists; `frontend.lower.iterators` names these functions."""

from __future__ import annotations


def right_of(xs, value, lo=0, hi=None, *, key=None):
    end = len(xs) if hi is None else hi
    while lo < end:
        middle = (lo + end) // 2
        item = xs[middle] if key is None else key(xs[middle])
        if value < item:
            end = middle
        else:
            lo = middle + 1
    return lo


def left_of(xs, value, lo=0, hi=None, *, key=None):
    end = len(xs) if hi is None else hi
    while lo < end:
        middle = (lo + end) // 2
        item = xs[middle] if key is None else key(xs[middle])
        if item < value:
            lo = middle + 1
        else:
            end = middle
    return lo


def put_right(xs, value, lo=0, hi=None):
    xs.insert(right_of(xs, value, lo, hi), value)


def put_left(xs, value, lo=0, hi=None):
    xs.insert(left_of(xs, value, lo, hi), value)
