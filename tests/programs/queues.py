"""Lists that are taken from and put into anywhere, repeated and joined."""

from collections import deque

import numpy as np

from .registry import TRIPS, const, program, real, trips


@program(real(5))
def taken_from_the_front(x):
    xs = [v * v for v in x]
    s = 0.0
    while len(xs) > 1:
        s = 0.5 * s + xs.pop(0) * xs[-1]
    return s


@program(real(5), 5)
def first_in_first_out(x, n):
    queue = []
    for i in range(n):
        queue.append(x[i] * x[i])
    s = 0.0
    while queue:
        v = queue.pop(0)
        s += v * np.sin(s) + v
    return s


@program(real(5))
def sorted_by_insertion(x):
    xs = []
    for v in x:
        k = 0
        while k < len(xs) and xs[k] < v:
            k += 1
        xs.insert(k, v)
    return np.sum(np.array(xs) * np.arange(len(xs)))


@program(real(5))
def turned_and_cut(x):
    xs = [v * v for v in x]
    xs.append(x[0])
    xs.reverse()
    ys = xs[::2] + xs[-1:0:-2] + xs[-2:1:-1] + xs[1:-1:2]
    return np.sum(np.array(ys) * np.cos(np.arange(len(ys))))


@program(real(3), 3)
def two_numbers_many_times(x, n):
    xs = [x[0], x[1] * x[2]] * n
    return np.sum(np.array(xs) * np.arange(len(xs)))


@program(real(5))
def parts_of_any_length_joined(x):
    parts = []
    for i in range(len(x)):
        parts.append(x[:i] * x[i])
    y = np.concatenate(parts)
    return np.sum(y * y * np.cos(np.arange(len(y))))


@program(real(3, 2))
def matrices_joined_along_columns(x):
    parts = []
    for i in range(len(x)):
        parts.append(x[:, :1] * x[i])
    y = np.concatenate(parts, axis=1) + np.hstack(parts)
    return np.sum(y * y * np.cos(np.arange(6)))


@program(real(4))
def rows_piled(x):
    parts = []
    for i in range(len(x)):
        parts.append(x[1:] * x[i])
    return np.sum(np.vstack(parts) * np.hstack(parts).reshape(len(x), -1))


@program(real(4))
def numbers_piled(x):
    xs = [v * v for v in x]
    return np.sum(np.vstack(xs) * np.hstack(xs)[::-1])


@program(real(5))
def cleared_when_full(x):
    pair = []
    s = 0.0
    for v in x:
        pair.append(v)
        if len(pair) == 2:
            s += pair[0] * pair[1]
            pair.clear()
    return s


@program(real(4))
def extended_by_slices(x):
    xs = []
    for i in range(len(x)):
        xs.extend(x[i:] * x[0])
    xs.pop(1)
    xs.pop(-2)
    return np.sum(np.array(xs) ** 2)


@program(real(4))
def arrays_put_in_and_taken_out(x):
    rows = []
    for i in range(len(x)):
        rows.append(x * x[i])
    rows.insert(1, x)
    row = rows.pop(2)
    rows.insert(-1, row * row)
    return np.sum(np.concatenate(rows) ** 2) + np.sum(row)


@program(real(3), raises=IndexError)
def taken_where_nothing_is(x):
    xs = [v for v in x]
    return xs.pop(len(x)) * xs[0]


@program(real(3), 3, refused="which a list holds")
def joined_after_a_change(x, n):
    rows = []
    y = np.zeros(3)
    for i in range(n):
        y[i] = x[i]
        rows.append(y)
    return np.sum(np.concatenate(rows) ** 2)


@program(real(2), 3, label="read after the loop")
@program(real(2), 0, raises=UnboundLocalError, label="no trip")
def made_in_the_last_trip(x, n):
    s = 0.0
    for i in range(n):
        xs = [x[0]]
        for j in range(2):
            xs.append(x[1] * (i + j))
        if s > 100.0:
            return s
    return s + xs[-1] * xs[0]


@program(real(2), raises=ValueError)
def nothing_piled(x):
    rows = []
    while len(rows) > 0:
        rows.append(x)
    return np.sum(np.vstack(rows)) + x[0]


# --- Lists whose length turns out to hang on a path -----------------------------------


@program(real())
@program(-0.4, label="the other path")
def turned_round_before_it_grows(x):
    xs = [np.sin(x)]
    for k in range(3):
        xs.append(0.5 * xs.pop(0))
        xs.reverse()
        if x > 0.1 * k:
            xs.insert(-1, x * k)
    xs.append(x)
    return sum(xs) * xs[0] + len(xs)


@program(real(2))
@program(const(-0.5, 0.7), label="the other path")
def arrays_inserted_on_one_path(x):
    rows = [x]
    for k in range(2):
        rows.insert(0, x * k)
        if x[0] > 0.0:
            rows.append(np.sin(rows[0]))
    for weight, row in zip((1.0, 2.0, 3.0), rows):
        x = x + weight * row
    return np.sum(x * x) + np.sum(np.array(rows) ** 2)


@program(real(), refused="list of 3 items on one path")
def pairs_appended_on_one_path(x):
    xs = [x]
    for k in range(3):
        xs.insert(0, x)
        if x > 0.1 - k:
            xs.append((x, x))
    return xs[0]


@trips(real(), TRIPS)
def a_number_and_an_array_in_one_list(x, n):
    state = [x, x * np.ones(2)]
    for k in range(n):
        state[1] = abs(state[0]) * state[1]
        if state[0] > 0.3:
            state[0] += 0.2 * x
            state[1][0] = x * k
    return state[0] * np.sum(state[1])


@program(real(5, 3), 2)
def indexed_by_ranges(x, n):
    y = x * 2.0
    y[range(1, 5, 2)] *= x[0]
    y[:, range(n)] += 0.5
    return np.sum(y[range(n)] ** 2) + np.sum(np.take(y, range(n), axis=1)) * y[3, 1]


@program(real(), 0)
@program(real(), 5, label="past the end", raises=IndexError)
def an_item_of_a_tuple_that_is_not_there(x, n):
    parts = (x, x * x)
    return parts[2] if n > 3 else parts[1] * n + parts[0]


@program(real(), 0)
@program(real(), 2, label="popped", raises=IndexError)
@program(real(), 5, label="stored", raises=IndexError)
def an_item_of_a_list_that_is_not_there(x, n):
    parts = [x, x * x]
    parts.reverse()
    if n > 3:
        parts[4] = 3.0 * x
    return parts.pop() if n != 2 else parts.pop(5)


@program(real(3), 1)
@program(real(3), 3, label="past the end", raises=IndexError)
@program(real(3), -4, label="before the start", raises=IndexError)
@program(real(0), 0, label="empty", raises=IndexError)
def popped_where_it_is_told(x, n):
    xs = [v * v for v in x]
    return xs.pop(n) * xs[0]


@program(real(3))
@program(real(0), label="empty", raises=IndexError)
def popped_in_front(x):
    pairs = [(v, k) for k, v in enumerate(x)]
    return pairs.pop(0)[0] * x[1]


@program(real(3), 1)
@program(real(3), 3, label="past the end", raises=IndexError)
@program(real(3), -4, label="before the start", raises=IndexError)
def read_in_a_deque(x, n):
    q = deque(v * v for v in x)
    return q[n] * q[0] * q[-1]


@program(real(3), 1)
@program(real(3), 3, label="past the end", raises=IndexError)
def stored_in_a_deque(x, n):
    q = deque(x, maxlen=3)
    q.append(x[0] * x[1])
    q[n] *= 2.0
    return q[0] * q[1] * q[2]


@program(real(3))
@program(real(0), label="empty", raises=IndexError)
def taken_from_a_deque(x):
    q = deque(v * v for v in x)
    last = q.pop()
    return last * q.popleft() - (q.popleft() if q else 0.0)


@program(real(3))
def letters_gone_over(x):
    values = dict(zip("abc", (x[0], x[1], x[2] * x[0])))
    total = values["a"] * values["b"]
    for k, letter in enumerate("bca"):
        if letter != "c":
            total += values[letter] ** (k + 2)
    return total * values["c"]


@trips(real(), TRIPS)
def part_of_a_list_taken_before_it_grows(x, n):
    xs = [np.sin(x)]
    for k in range(n):
        xs = xs[::-1]
        ys = xs.copy()
        if x > 0.1 * k:
            xs.insert(0, x * k)
        xs = xs + ys[:1]
    return xs.pop() * xs[0] + sum(xs) if n else xs[0]
