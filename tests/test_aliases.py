"""Lowering: arrays under several names, and stores through them."""

import numpy as np
import pytest

from adcompiler.errors import UnsupportedError
from tests.ir_interpreter import lowered, run
from tests.lowering_agrees import agrees

TABLE = np.array([1.0, 2.0, 4.0])


def through_views(a):
    row = a[1]
    column = a[:, 0]
    block = a[1:][:, 1:]
    row[0] = 10.0
    column[2] += 5.0
    block[0][0] = 7.0
    a.T[2][0] = 3.0
    a.reshape(-1)[4] *= 2.0
    flat = a.ravel()
    flat[8] -= 1.0
    return a * 1.0, row * 1.0, column + 0.0, block + 0.0, flat + 0.0


def test_stores_through_views_of_views():
    found = run(through_views, (np.arange(9.0).reshape(3, 3),))
    expected = through_views(np.arange(9.0).reshape(3, 3))
    for a, b in zip(found, expected, strict=True):
        assert np.array_equal(a, b)


def swapped_in_a_loop(u, v, n):
    u, v = u.copy(), v.copy()
    for _ in range(n):
        v[1:-1] = u[:-2] + u[2:]
        u, v = v, u
    return u


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_swap_of_buffers(n):
    agrees(swapped_in_a_loop, np.arange(5.0), np.ones(5), n)


def conditional_swap(u, v, c):
    if c:
        u, v = v, u
    u[0] = 5.0
    v[0] = u[0] * v[1]
    return u - v


def test_a_conditional_swap():
    agrees(conditional_swap, np.arange(3.0), np.ones(3), 1)
    agrees(conditional_swap, np.arange(3.0), np.ones(3), 0)


def may_alias(x, n):
    y, other = x, x.copy()
    for _ in range(n):
        y, other = other, y
    y[0] = 5.0
    return x[0] + y[0]


def aliases_as_an_argument_says(x, c):
    y = x
    if c > 1:
        y = x.copy()
    y[0] = 5.0
    return x[0] + y[0]


def array_or_number(x, flag):
    y = x if flag else 0.0
    return np.sum(y * x)


def test_integers_and_bools_from_outside_settle_what_paths_disagree_on():
    for c in (1, 2):
        agrees(aliases_as_an_argument_says, np.ones(3), c)
    for flag in (True, False):
        agrees(array_or_number, np.ones(3), flag)


def test_a_store_that_may_alias_is_refused_at_its_line():
    with pytest.raises(UnsupportedError, match="alias") as info:
        run(may_alias, (np.ones(3), 1))
    first = may_alias.__code__.co_firstlineno
    assert info.value.lineno == first + 4


def may_alias_unread(x, c):
    y = x
    if c:
        y = x.copy()
    y[0] = 5.0
    return y.sum()


def test_a_store_that_may_alias_what_is_never_read_again():
    agrees(may_alias_unread, np.ones(3), 1)


def rebound_in_a_loop(x, n):
    first = x
    for _ in range(n):
        x[0] = x[0] + 1.0
        x = x * 2.0
    return x + first


def test_an_alias_of_the_first_trip_only():
    with pytest.raises(UnsupportedError, match="alias"):
        run(rebound_in_a_loop, (np.ones(3), 2))


def same_memory(x):
    y = x
    y[0] = 7.0
    x += 1.0
    return x * y


def test_two_names_of_one_array():
    agrees(same_memory, np.ones(3))


def augmented_number(x):
    y = x
    y += 1.0
    return x * y


def test_augmented_assignment_of_a_number_rebinds():
    agrees(augmented_number, 2.0)


def mutated_by_a_callee(x):
    def bump(v, k):
        v[k] += 1.0
        return v

    y = bump(x, 0)
    return np.sum(x * bump(y, 1))


def test_a_callee_mutates_its_argument():
    agrees(mutated_by_a_callee, np.arange(3.0))
    low, _ = lowered(mutated_by_a_callee, (np.arange(3.0),))
    assert set(low.mutated) == {0}


def row_of_a_loop(a, n):
    row = a[0]
    for i in range(n):
        row = a[i]
        row[0] = row[1] * 2.0
    return row * 1.0, a


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_view_rebound_in_a_loop(n):
    a = np.arange(9.0).reshape(3, 3) + 1.0
    for x, y in zip(
        run(row_of_a_loop, (a, n)), row_of_a_loop(a.copy(), n), strict=True
    ):
        assert np.array_equal(x, y)


def grows(x, y):
    x += y
    return x


def test_in_place_addition_does_not_grow():
    agrees(grows, np.ones(3), np.ones(1))
    agrees(grows, np.ones(1), np.ones(3))


def integers_plus_float(k):
    k += 0.5
    return k


def array_into_an_element(x):
    x[0] = x[1:]
    return x


def tuple_added_to_an_element(x):
    x[0] += (1.0, 2.0)
    return x


@pytest.mark.parametrize("fn", [array_into_an_element, tuple_added_to_an_element])
def test_arrays_are_not_stored_into_elements(fn):
    with pytest.raises(UnsupportedError, match="rank 1 is stored into one element"):
        run(fn, (np.ones(3),))


def test_in_place_casts_as_numpy_refuses():
    with pytest.raises(UnsupportedError, match="NumPy refuses"):
        run(integers_plus_float, (np.arange(3),))


def stores_into_a_global(x):
    TABLE[0] = x
    return TABLE[0]


def test_a_global_array_is_not_stored_into():
    with pytest.raises(UnsupportedError, match="'TABLE'"):
        run(stores_into_a_global, (1.0,))


def number_everywhere(x):
    y = np.broadcast_to(x[0], (3,))
    y[0] = x[1]
    return np.sum(y)


def number_everywhere_on_a_path(x):
    y = np.broadcast_to(x[0], (3,)) if x[1] > 0 else np.zeros(3)
    y += x
    return np.sum(y)


def windows(x):
    y = np.lib.stride_tricks.sliding_window_view(x, 2)
    y[0] = 1.0
    return np.sum(y)


@pytest.mark.parametrize(
    "fn", [number_everywhere, number_everywhere_on_a_path, windows]
)
def test_no_stores_through_what_numpy_gives_to_read(fn):
    with pytest.raises(ValueError, match="read-only"):
        fn(np.array([0.4, 0.6, 0.9]))
    with pytest.raises(UnsupportedError, match="a store through this view"):
        lowered(fn, (np.array([0.4, 0.6, 0.9]),))
