"""Functions that call themselves and each other, and large ones called repeatedly."""

import numpy as np

import adcompiler as ad

from .registry import program, real


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@program(1.5, 0, label="not at all")
@program(1.5, 1, label="once")
@program(1.5, 5, label="many")
def a_power_by_recursion(x, n):
    return power(x, n) + x


@program(1.3, 4)
def calls_itself(x, n):
    if n <= 0:
        return np.sin(x)
    return x * calls_itself(x * 0.5 + 0.1, n - 1) + x


def fibonacci(a, b, n):
    if n < 2:
        return a if n == 0 else b
    return fibonacci(a, b, n - 1) + 0.5 * fibonacci(a, b, n - 2)


@program(0.7, 1.2, 6)
def two_calls_of_itself(a, b, n):
    return fibonacci(a * b, np.sin(b), n)


def is_even(x, n):
    return x if n == 0 else is_odd(x * 1.1, n - 1)


def is_odd(x, n):
    return x * x if n == 0 else is_even(np.sin(x), n - 1)


@program(0.7, 4, label="even")
@program(0.7, 5, label="odd")
def two_that_call_each_other(x, n):
    return is_even(x, n) * x


@program(0.7, 1)
@program(0.7, 4, label="longer")
def each_of_the_two_called(x, n):
    return is_even(x, n) * is_odd(x * 2.0, n)


def first_of_three(x, n):
    return x if n <= 0 else second_of_three(x * 1.1, n - 1)


def second_of_three(x, n):
    if n <= 0:
        return x * x
    return third_of_three(np.sin(x), n - 1) + first_of_three(x, n - 2)


def third_of_three(x, n):
    if n <= 0:
        return np.sin(x)
    return first_of_three(x * x, n - 1) * second_of_three(x, n - 1)


@program(0.7, 1)
@program(0.7, 4, label="longer")
def three_that_call_each_other(x, n):
    return first_of_three(x, n) + second_of_three(x, n) * third_of_three(x, n)


@program(0.7, 3)
def three_of_which_the_last_is_called_first(x, n):
    return third_of_three(x, n) * second_of_three(x, n) + first_of_three(x, n)


def counted_up(x, n):
    return 1 if n <= 0 else counted_on(x * 1.1, n - 1) * x


def counted_on(x, n):
    return 2 if n <= 0 else counted_up(np.sin(x), n - 1) + 1


@program(0.7, 4)
def ints_that_become_floats_by_turns(x, n):
    return counted_up(x, n) + counted_on(x, n)


def halves(x):
    if len(x) == 1:
        return x[0] * x[0]
    middle = len(x) // 2
    return halves(x[:middle]) * 1.5 + np.sin(halves(x[middle:]))


@program(real(7))
@program(real(1), label="one")
def a_sum_by_halves(x):
    return halves(x)


def transform(x):
    n = len(x)
    if n == 1:
        return x.copy()
    even, odd = transform(x[::2]), transform(x[1::2])
    result = np.zeros(n)
    for k in range(n // 2):
        w = np.cos(2.0 * np.pi * k / n)
        result[k] = even[k] + w * odd[k]
        result[k + n // 2] = even[k] - w * odd[k]
    return result


@program(real(8))
def an_array_transformed_by_halves(x):
    y = transform(x)
    return np.sum(y * y * x)


def simpson(a, fa, b, fb):
    m = (a + b) / 2
    fm = np.exp(-m * m)
    return m, fm, abs(b - a) / 6 * (fa + 4 * fm + fb)


def adaptive(a, fa, b, fb, tol, whole, m, fm):
    lm, flm, left = simpson(a, fa, m, fm)
    rm, frm, right = simpson(m, fm, b, fb)
    delta = left + right - whole
    if abs(delta) <= 15 * tol:
        return left + right + delta / 15
    return adaptive(a, fa, m, fm, tol / 2, left, lm, flm) + adaptive(
        m, fm, b, fb, tol / 2, right, rm, frm
    )


@program(0.2, 1.7)
def an_adaptive_quadrature(a, b):
    fa, fb = np.exp(-a * a), np.exp(-b * b)
    m, fm, whole = simpson(a, fa, b, fb)
    return adaptive(a, fa, b, fb, 1e-5, whole, m, fm)


@program(real(5))
def a_nested_function_that_calls_itself(x):
    scale = x[0] * x[1]

    def total(k):
        if k == len(x):
            return 0.0
        return scale * x[k] ** 2 + total(k + 1)

    return total(0)


@program(1.1, 3, label="taped")
@program(1.1, 0, label="no trip")
def recursion_in_a_loop(x, n):
    s = 1.0
    for k in range(n):
        s = s * power(x * s, k) + np.sin(s)
    return s


@program(0.4, 3)
def recursion_under_a_branch(x, n):
    y = x
    for k in range(n):
        if k % 2 == 0:
            y = y + power(y, 2)
        else:
            y = y * 0.5
    return y


def pair(x, y, n):
    if n == 0:
        return x, y
    u, v = pair(y, x * y, n - 1)
    return u + x, v * y


@program(0.8, 1.3, 4)
def recursion_with_two_results(x, y, n):
    u, v = pair(x, y, n)
    return u * v


def flow(x, n):
    if n == 0:
        return x
    return flow(x + 0.1 * np.sin(x), n - 1)


@program(real(3), 3, label="many")
@program(real(3), 0, label="itself")
def an_array_handed_on(x, n):
    y = flow(x, n)
    return np.sum(y * x)


def matrix_power(a, n):
    if n == 0:
        return np.eye(len(a))
    if n % 2 == 1:
        return a @ matrix_power(a, n - 1)
    half = matrix_power(a, n // 2)
    return half @ half


@program(real(3, 3), 5)
def a_matrix_power_by_squaring(a, n):
    return np.sum(matrix_power(a, n))


def ackermann_like(x, m, n):
    if m == 0:
        return x + n
    if n == 0:
        return np.tanh(ackermann_like(x, m - 1, 1))
    return np.tanh(ackermann_like(np.tanh(ackermann_like(x, m, n - 1)), m - 1, 1))


@program(0.3, 2, 2)
def recursion_in_an_argument(x, m, n):
    return ackermann_like(x, m, n)


@program(0.3, -2, raises=RecursionError, label="for ever")
def without_an_end(x, n):
    return power(x, n)


def checked(x, n):
    if x < 0.0:
        raise ValueError("negative")
    return x if n == 0 else checked(x - 0.5, n - 1)


@program(2.2, 2, label="passes")
@program(0.7, 3, raises=ValueError, label="fails")
def recursion_that_raises(x, n):
    return checked(x, n) ** 2


def tree_sum(tree):
    total = 0.0
    for item in tree:
        if isinstance(item, tuple):
            total += tree_sum(item)
        else:
            total += item * item
    return total


@program(0.7, 1.1)
def recursion_over_nested_tuples(x, y):
    return tree_sum((x, (y, x * y), ((x, y), 2.0)))


WEIGHTS = np.array([0.5, -1.5, 2.0])


def with_a_global(x, k):
    if k == 3:
        return 1.0
    return WEIGHTS[k] * x + np.cos(with_a_global(x, k + 1))


@program(0.7)
def recursion_that_reads_a_global(x):
    return with_a_global(x, 0)


def apply_twice(f, x, n):
    return x if n == 0 else f(apply_twice(f, x, n - 1))


@program(0.7, 1.4, 3)
def recursion_with_a_function(x, c, n):
    return apply_twice(lambda v: np.sin(c * v), x, n)


def newton(x, a):
    following = 0.5 * (x + a / x)
    return following if abs(following - x) < 1e-12 else newton(following, a)


@program(2.7)
def a_root_by_newton(a):
    return newton(1.0, a) * a


def merged(x):
    n = len(x)
    if n < 2:
        return x
    a, b = merged(x[: n // 2]), merged(x[n // 2 :])
    out, i, j = np.zeros(n), 0, 0
    for k in range(n):
        if j >= len(b) or (i < len(a) and a[i] <= b[j]):
            out[k] = a[i]
            i += 1
        else:
            out[k] = b[j]
            j += 1
    return out


@program(real(5))
def a_merge_sort(x):
    return np.sum(merged(x) * np.arange(5.0) * x)


def karatsuba(a, b):
    n = len(a)
    if n == 1:
        return np.array([a[0] * b[0]])
    h = n // 2
    low, high = karatsuba(a[:h], b[:h]), karatsuba(a[h:], b[h:])
    middle = karatsuba(a[:h] + a[h:], b[:h] + b[h:]) - low - high
    out = np.zeros(2 * n - 1)
    out[: 2 * h - 1] += low
    out[h : 3 * h - 1] += middle
    out[2 * h :] += high
    return out


@program(real(4), real(4))
def a_product_of_polynomials(a, b):
    return np.sum(karatsuba(a, b) ** 2)


def unrolled(h, x, w, t):
    if t == len(x):
        return h
    return unrolled(np.tanh(w @ h + x[t]), x, w, t + 1)


@program(real(2), real(3, 2), real(2, 2))
def a_recurrent_net(h, x, w):
    return np.sum(unrolled(h, x, w, 0) ** 2)


def option(s, k, r, v, t, n, i, j):
    u = np.exp(v * np.sqrt(t / n))
    p = (np.exp(r * t / n) - 1 / u) / (u - 1 / u)
    spot = s * u ** (2 * j - i)
    if i == n:
        return max(spot - k, 0.0)
    up, down = (
        option(s, k, r, v, t, n, i + 1, j + 1),
        option(s, k, r, v, t, n, i + 1, j),
    )
    return max(np.exp(-r * t / n) * (p * up + (1 - p) * down), spot - k)


@program(100.0, 97.0, 0.03, 0.2, 1.0, 4)
def a_binomial_tree(s, k, r, v, t, n):
    return option(s, k, r, v, t, n, 0, 0) / 10.0


class Node:
    def __init__(self, value, children=()):
        self.value = value
        self.children = children


TREE = Node(0.5, (Node(1.5), Node(-0.7, (Node(0.3),))))


def walked(node, x):
    total = node.value * x
    for child in node.children:
        total = total + np.sin(walked(child, x))
    return total


@program(0.6)
def a_tree_of_objects(x):
    return walked(TREE, x)


@program(1.3, 3)
def an_early_return_out_of_a_loop(x, n):
    def go(v, k):
        for i in range(5):
            if v * i > 2.0:
                return v * i
            if k == 0:
                return v
        return go(v * 1.1, k - 1) + x

    return go(x, n)


def scaled(x, *, n, scale=2.0):
    return scale if n == 0 else x * scaled(x, n=n - 1, scale=scale + x)


@program(0.6, 3)
def keywords_and_defaults(x, n):
    return scaled(x, n=n)


def kept(x, n):
    if n == 0:
        return 1.0
    y = x * kept(x, n - 1)
    return y


@program(1.2, order=1, reference=lambda x: 1.2**3 * x**3)
def without_derivative_first(x):
    with ad.no_grad():
        a = kept(x, 3)
    return a * kept(x, 3)


@program(1.2, order=1, reference=lambda x: 1.2**3 * x**3)
def without_derivative_later(x):
    b = kept(x, 3)
    with ad.no_grad():
        a = kept(x, 3)
    return a * b


def partly(x, n):
    if n == 0:
        return x
    with ad.no_grad():
        y = partly(x, n - 1)
    return x * y


@program(1.2, order=1, reference=lambda x: 1.2**3 * x)
def without_derivative_inside(x):
    return partly(x, 3)


@program(0.4, 1.3, 3)
def nested_recursion_that_reads_in_another_order(a, b, n):
    u, v = a * b, np.sin(b)

    def go(x, k):
        if k == 0:
            return x * v
        inner = go(x * u + v, k - 1)
        return inner * u if k % 2 else inner + v * a

    return go(a, n) + go(b, n - 1)


@program(real())
def of_an_int_and_of_a_float_in_turn(x):
    def one(q, n):
        if n <= 0:
            return np.sin(q)
        a = ((((q * other(q, n - 1) + 1) * 2 + 3) * 4 + 5) * 6 + 7) * 8 + 9
        return np.tanh(np.sin(np.cos(np.sin(np.cos(np.sin(a))))))

    def other(q, n):
        if n <= 0:
            return 0.5
        return np.tanh(np.sin(np.cos(np.sin(np.cos(np.sin(one(0.5, n - 1) - q))))))

    total = 0.0
    for k in range(4):
        if x < one(k, k):
            total += x
    return total * x


def whole_power(x, n):
    return 1 if n == 0 else x * whole_power(x, n - 1)


program(1.5, 0, label="not at all", tags=("mixture returned",))(whole_power)
program(1.5, 3, label="thrice")(whole_power)


def count_or_product(x, n):
    return n if n < 2 else x * count_or_product(x, n - 1)


program(1.5, 1, label="an int", tags=("mixture returned",))(count_or_product)
program(1.5, 4, label="a float")(count_or_product)


@program(real(3))
def a_sum_that_starts_with_an_int(x):
    def go(k, total):
        if k == len(x):
            return total
        return go(k + 1, total + x[k] ** 2)

    return go(0, 0)


@program(real(3))
def a_sum_that_ends_with_an_int(x):
    def rest(k):
        return 0 if k == len(x) else np.sin(x[k]) + rest(k + 1)

    return rest(0) * x[0]


@program(1.5, 4)
def of_an_int_and_of_a_float(x, n):
    def go(q, k):
        if k < 1:
            return x * q
        return go(k, k - 1) * 2.0 + q * x

    return go(x, n)


@program(real(2, 3))
def through_the_axes(x):
    if np.ndim(x) == 0:
        return np.sin(x)
    total = 0.0
    for part in x:
        total += through_the_axes(part)
    return total


@program(1.5, 3)
def sum_and_product_that_start_with_ints(x, n):
    def go(k):
        if k == 0:
            return 0, 1
        a, b = go(k - 1)
        return a + x * k, b * x

    a, b = go(n)
    return a * b


@program(1.5, 4, label="even")
@program(1.5, 3, label="odd")
def by_turns_with_ints(x, n):
    def even(k, s):
        return s if k == 0 else odd(k - 1, s * x)

    def odd(k, s):
        return 0 if k == 0 else even(k - 1, s + 1)

    return even(n, 1) * x
