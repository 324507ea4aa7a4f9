"""Lists of run-time length: collected, indexed, popped, handed on; comprehensions."""

import math

import numpy as np

from .registry import program, real


@program(0.3, 3.1, 5)
def trajectory(x, r, n):
    path = []
    for _ in range(n):
        x = r * x * (1 - x)
        path.append(x)
    return np.sum(np.array(path) ** 2)


@program(real(4), 4)
def comprehension_over_a_range(x, n):
    doubled = [x[i] * 2 for i in range(n)]
    return sum(doubled) * doubled[-1]


@program(real(4))
def generator_summed(x):
    return sum(v * v for v in x)


@program(real(4), 4)
def generator_with_a_condition(x, n):
    return sum(x[i] * x[n - 1 - i] for i in range(n) if x[i] > 0)


@program(real(5))
def filtered(x):
    chosen = [v * v for v in x if v > 0]
    return np.sum(np.array(chosen)) + len(chosen)


@program(0.8, 4)
def recurrence_on_the_last(x, n):
    xs = [x]
    for _ in range(n):
        xs.append(math.sin(xs[-1]) * x)
    return xs[-1] + xs[0]


@program(0.7, 6)
def recurrence_on_the_last_two(x, n):
    fib = [x, x * x]
    for k in range(2, n):
        fib.append(fib[k - 1] + x * fib[k - 2])
    return fib[-1]


@program(real(4), 4)
def stored_by_index(x, n):
    xs = [0.0] * n
    for i in range(n):
        xs[i] = x[i] ** 2
    for i in range(1, n):
        xs[i] += xs[i - 1] * x[i]
    s = 0.0
    for v in xs:
        s += v * v
    return s


@program(real(3))
def table_of_known_length(x):
    table = [0.0] * 3
    for i in range(len(x)):
        table[i] = math.sin(x[i])
    return table[0] * table[1] + table[2]


@program(real(4), 4)
def stack_emptied(x, n):
    stack = []
    for i in range(n):
        stack.append(x[i] * x[0])
    t = 1.0
    while stack:
        t = t * 0.5 + stack.pop() ** 2
    return t


@program(real(3), 3)
def arrays_stacked(x, n):
    rows = []
    for _ in range(n):
        x = np.sin(x) * 1.1
        rows.append(x)
    a = np.stack(rows)
    return np.sum(a**2) + np.sum(rows[-1] * rows[0])


@program(real(3), 3)
def arrays_made_an_array(x, n):
    rows = [x * k for k in range(n)]
    return np.sum(np.array(rows).T @ np.ones(n))


@program(np.array([0.9, 0.4, 2.1, 1.3]))
def greatest_and_least(x):
    squares = [v * v for v in x]
    return max(squares) * min(squares)


@program(real(4), 4)
def two_names(x, n):
    xs = []
    ys = xs
    for i in range(n):
        ys.append(x[i] ** 3)
    return sum(xs)


def push(xs, v):
    xs.append(v * v)


@program(real(4), 4)
def helper_appends(x, n):
    xs = []
    for i in range(n):
        push(xs, x[i])
    return sum(xs) + len(xs)


@program(real(4))
def closure_appends(x):
    seen = []

    def note(v):
        seen.append(v)
        return v * v

    s = 0.0
    for v in x:
        s += note(v)
    return s * sum(seen)


def powers(x, n):
    found = []
    y = 1.0
    for _ in range(n):
        y = y * x
        found.append(y)
    return found


@program(0.9, 5)
def helper_gives_a_list(x, n):
    return sum(powers(x, n)) * powers(x, n)[2]


@program(2.0, 1e-3, wrt=("x",))
def newton_history(x, tol):
    history = [x]
    while abs(history[-1] ** 2 - 2.0) > tol:
        y = history[-1]
        history.append(y - (y * y - 2.0) / (2.0 * y))
    return sum(history)


@program(real(6), 1.5)
def appended_until(x, limit):
    taken = []
    total = 0.0
    for v in x:
        if total > limit:
            break
        total += v * v
        taken.append(total)
    return np.sum(np.array(taken) ** 2)


@program(real(5))
def two_lists_by_sign(x):
    above, below = [], []
    for v in x:
        if v > 0:
            above.append(v)
        else:
            below.append(v * v)
    return sum(above) * 2.0 - sum(below)


@program(real(4))
def running_sums(x):
    sums = []
    total = 0
    for v in x:
        total += v
        sums.append(total)
    return np.sum(np.array(sums) * x)


@program(real(4))
def enumerated_and_zipped(x):
    ys = [math.sin(v) for v in x]
    s = 0.0
    for k, y in enumerate(ys):
        s += k * y
    for y, v in zip(ys, x):
        s += y * v
    for y in reversed(ys):
        s = 0.5 * s + y
    return s


@program(real(4), 4)
def joined_and_extended(x, n):
    first = [x[i] for i in range(n)]
    second = [v * v for v in first]
    both = first + second
    first.extend(second)
    return sum(both) * sum(first)


@program(real(5), 5)
def sliced(x, n):
    xs = [x[i] ** 2 for i in range(n)]
    return sum(xs[1:]) + 2 * sum(xs[:-2]) + np.sum(np.array(xs[-2:]))


@program(real(4))
def list_of_an_array(x):
    xs = list(x)
    xs.append(x[0] * x[1])
    return np.sum(np.array(xs) ** 2)


@program(real(3), 4)
def steps_of_a_vector(x, n):
    states = [x]
    for _ in range(n):
        last = states[-1]
        states.append(last + 0.1 * np.cos(last))
    return np.sum(states[-1] * states[0])


@program(real(3), 3, 2)
def lists_in_an_outer_loop(x, n, m):
    total = 0.0
    for j in range(m):
        xs = []
        for i in range(n):
            xs.append(x[i] * (j + 1))
        total += np.sum(np.array(xs) ** 2) * xs[0]
    return total


@program(real(3), 3, 2)
def arrays_in_an_outer_loop(x, n, m):
    total = 0.0
    for j in range(m):
        rows = []
        for i in range(n):
            rows.append(np.sin(x * (j + i + 1)))
        total += np.sum(np.stack(rows) ** 2) * np.sum(rows[0])
    return total


@program(real(3), 3)
def summed_in_an_outer_loop(x, n):
    total = 0.0
    for v in x:
        xs = [v]
        for _ in range(n):
            xs.append(xs[-1] * v)
        total += sum(xs) * xs[0] + xs[-1]
    return total


@program(real(3), 3)
def grown_over_nested_loops(x, n):
    xs = []
    for i in range(n):
        for j in range(i + 1):
            xs.append(x[i] * x[j])
    s = 0.0
    for k in range(len(xs)):
        s += k * xs[k] ** 2
    return s


@program(1.3, 6)
def memo_table(x, n):
    table = [1.0]
    for k in range(1, n):
        best = 0.0
        for j in range(k):
            best += table[j] * x / (j + 1)
        table.append(best)
    return table[-1]


@program(real(4))
def copied_before_it_changes(x):
    xs = [v for v in x]
    ys = xs.copy()
    xs[0] = 0.0
    ys.append(x[1])
    return sum(xs) * sum(ys)


@program(real(2, 3))
def comprehension_of_comprehensions(x):
    return sum(sum(v * v for v in row) ** 2 for row in x)


@program(real(2, 3))
def nested_fors(x):
    squares = [v * v for row in x for v in row if v > -0.5]
    return sum(squares)


@program(real(4), 4)
def numpy_of_a_list(x, n):
    xs = [x[i] ** 2 for i in range(n)]
    return np.mean(xs) + np.dot(xs, x) + np.max(xs)


@program(real(3), 2.0)
def list_on_one_path(x, c):
    xs = []
    if c > 1.0:
        for v in x:
            xs.append(v * c)
    else:
        xs.append(c)
    return sum(xs)


@program(real(3))
def of_which_one_is_known(x):
    xs = [1.0]
    for v in x:
        xs.append(v * xs[-1] + 1)
    return xs[-1] ** 2


@program(0.3, 3)
def made_anew_in_a_loop(a, n):
    for _ in range(n + 1):
        xs = [np.sin(a)]
    for i in range(n):
        xs.append(a * i)
    return np.sum(np.hstack(xs))


@program(real(3, 2), 2)
def rows_on_a_list_of_a_list(x, n):
    for k in range(n):
        y = np.tanh(np.stack(list(map(np.cos, x * k))))
    return np.sum(y * x)


@program(0.3, 3)
def made_in_the_first_trip(a, n):
    for k in range(n):
        if k == 0:
            xs = [np.sin(a)]
        else:
            xs.append(a * k)
    return np.sum(np.hstack(xs))


@program(real(3), 3, refused="which a list holds")
def one_array_many_times(x, n):
    rows = []
    y = np.zeros(3)
    for i in range(n):
        y[i] = x[i]
        rows.append(y)
    return np.sum(np.stack(rows))


@program(real(3), refused="which a list holds")
def changed_after_it_was_appended(x):
    rows = [x * 2 for _ in range(len(x))]
    y = x * x
    rows.append(y)
    y[0] = 0.0
    return np.sum(rows[-1])


@program(real(3))
def element_changed_in_place(x):
    rows = [x * k for k in range(len(x))]
    row = rows[0]
    row[0] = 5.0
    return np.sum(rows[0] * x)


@program(real(3), refused="changes its length")
def grown_while_gone_over(x):
    xs = [v for v in x]
    for v in xs:
        if len(xs) < 5:
            xs.append(v)
    return sum(xs)


@program(real(3), 3, refused="a list that holds")
def numbers_and_arrays(x, n):
    xs = []
    for i in range(n):
        xs.append(x[i])
        xs.append(x)
    return xs[0]


@program(real(3), raises=IndexError)
def no_such_element(x):
    xs = [v for v in x]
    return xs[len(x)]


@program(real(2), label="lists")
def equal_to_what_is_of_its_kind_alone(x):
    a, b = x[0], x[1]
    total = a * b
    if [a, b] == (a, b):
        total += 100.0 * a
    if (a, b) != [a, b] and [a, b] == [a, b]:
        total += b**3
    return total * a if [a, b] in ((a, b), [b, a]) else total * b


def collected(values):
    result = []
    for v in values:
        result.append(v * v)
    return result


@program(real(2, 3))
def one_helper_makes_lists_of_rows_and_of_elements(x):
    rows, elements = collected(x), collected(x[0])
    both = [[w for w in v] for v in (x, x[1])]  # noqa: C416
    turned, ordered = list(x)[::-1], sorted(x[1])
    return (
        np.sum(rows[1] * turned[0]) * elements[2]
        + both[0][1][0] * both[1][2] * ordered[0]
    )


@program(real(3, 4), real(4), real(3))
def sums_of_rows_with_a_start(x, start, v):
    y = sum(x, start)
    y[0] *= 2.0
    return (
        np.sum(y * start) * sum(v, 1.5) + np.sum(sum(x, v[0]) ** 2) + sum(sum(v, start))
    )


@program(1.3)
def list_plus_an_array(x):
    y = [x, x * x]
    z = y
    y += np.array([1.0, 2.0])
    return np.sum(y * y) * len(y) + z[1] * len(z)
