"""Dtypes: float32, NumPy scalars, integer arguments, promotion."""

import numpy as np

from .registry import const, integers, positive, program, real


@program(real(4, dtype=np.float32), tags=("float32",))
def float32_array(x):
    return np.sum(np.sin(x) * x)


@program(positive(dtype=np.float32), tags=("float32",))
def float32_scalar(x):
    return x * x + np.sqrt(x)


@program(real(3, dtype=np.float32), real(3), tags=("float32",))
def float32_with_float64(x, y):
    return np.sum(x * y + x)


@program(real(3, dtype=np.float32), real(), tags=("float32",))
def float32_array_with_a_python_float(x, s):
    return np.sum(x * s * 2.0 + 1)


@program(real(), real(3, dtype=np.float32), tags=("float32",))
def python_float_clipped_to_float32(s, x):
    return np.sum(np.clip(s, x - 0.5, x + 0.5) * x)


@program(real(3, dtype=np.float32), real(dtype=np.float64), tags=("float32",))
def float32_array_with_a_float64_scalar(x, s):
    return np.sum(x * s)


@program(real(4, dtype=np.float32), 3, tags=("float32",))
def float32_through_a_loop(x, n):
    y = x * x
    for i in range(n):
        y[i] = y[i + 1] * x[i]
    return np.sum(y)


@program(real(2, 3, dtype=np.float32), real(3, 2, dtype=np.float32), tags=("float32",))
def float32_product(a, b):
    return a @ b


def angle(a, x):
    return np.arctan2(np.arctan(a), x[1]) * 0.7


@program(real(), real(3, dtype=np.float32), tags=("float32",), reference=angle)
def angle_of_float64_and_float32_behind_a_branch(a, x):
    turned = np.arctan2(np.arctan(a), x[1])
    if np.mean(0.7) < 0.9:
        return turned * 0.7
    return turned


@program(real(3), tags=("float32",), reference=lambda x: np.sum(x))
def down_to_float32_and_back(x):
    return np.sum(x.astype(np.float32) * np.ones(3, dtype=np.float32))


def store_in_double(x):
    y = x * x
    y[0] += x[1]
    return np.sum(y)


@program(real(3), tags=("float32",), reference=store_in_double)
def store_into_a_float32_array(x):
    y = np.zeros(3, dtype=np.float32)
    y[:] = x * x
    y[0] += x[1]
    return np.sum(y)


@program(real(dtype=np.float64))
def numpy_scalar(x):
    return x * x + np.exp(x)


@program(real(dtype=np.float64), real())
def numpy_and_python_scalars(x, y):
    return x * y + y * y / x


@program(lambda rng: np.float64(1.5), lambda rng: np.float64(0.0), wrt=("x",))
def numpy_division_by_zero_untaken(x, y):
    if y != 0.0:
        return x / y
    return x * x + y


@program(real(4), integers(1, 5, 4))
def integer_array_as_a_factor(x, k):
    return np.sum(x * k + x / k + x**k)


@program(real(4), np.int64(3))
def numpy_integer(x, n):
    return np.sum(x * n) + x[n]


@program(real(3), integers(1, 5, 3))
def integer_array_reduced(x, k):
    return np.sum(k) * np.sum(x * x) + np.max(k) * x[0]


@program(real(3))
def boolean_mask_as_a_factor(x):
    return np.sum((x > 0) * x * x) + np.sum(x * (x < 5))


@program(integers(0, 9, 4), real())
def integers_then_floats(k, x):
    total = 0
    for i in range(4):
        total += k[i]
    return total * x * x


@program(real(4), integers(0, 9, 4))
def integer_array_in_an_exponential(x, k):
    m = np.max(k)
    e = np.exp(k - m)
    return np.sum(e * x) / np.sum(e)


@program(real(), 5, 2)
def integer_division_then_a_float(x, n, m):
    return (n / m) * x + (n // m) * x * x


@program(real(3))
def accumulator_starts_as_an_integer(x):
    total = 0
    for i in range(3):
        total += x[i] * x[i]
    return total


@program(real(), 3)
def python_int_becomes_a_float(x, n):
    y = 1
    for _ in range(n):
        y = y * x + 1
    return y


@program(real(4), integers(0, 4, 3))
def integer_array_mutated(x, k):
    j = k.copy()
    j[0] = 3
    j += 1
    j %= 4
    return np.sum(x[j] * x[j])


@program(real(4), integers(0, 4, 3))
def integer_array_mutated_and_read_by_a_loop(x, k):
    j = k.copy()
    j[0] = 3
    j += 1
    j %= 4
    total = 0.0
    for i in range(3):
        total += x[j[i]] * x[j[i]]
    return total


@program(const(0.3, -0.5, 1.75, 0.5, dtype=np.float32), tags=("float32",))
def float32_beside_constants_that_it_holds(x):
    s = x[0] * 0
    for i in range(len(x)):
        s = s + max(x[i], 0.0) * x[0] - max(-1, min(x[i], 1.5)) * x[i]
    return s * x[2]


@program(real(3, dtype=np.float32), real(2), tags=("float32",))
def float32_in_a_polynomial(x, c):
    return np.sum(np.polyval([0.3, -0.2, 0.1], x)) + np.sum(np.polyval(c, x) ** 2)


def singles(fn):
    """Rows of some elements and of none, which a loop that starts with 0 goes over."""
    for n in (3, 0):
        x = const(*(0.3, -0.5, 1.75)[:n], dtype=np.float32)
        tags = ("float32",) if n else ("float32", "single returned")
        program(x, label=f"{n} elements", tags=tags)(fn)
    return fn


@singles
def float32_sums_that_start_with_numbers(x):
    whole, positive, inner = 0, 0.0, 0.0
    for v in x:
        whole += v * v
        if v > 0:
            positive += 0.5 * v
        for w in x:
            inner += v * w
    return np.sin(whole) + positive * positive + 1.5 * inner


@singles
def float32_sums_of_generators_and_products(x):
    product = 1
    for v in x:
        product *= v
    return np.tanh(sum(0.1 * v * v for v in x)) + product * 2.5


@singles
def float32_greatest_and_last(x):
    best, last, total = 0.0, 0, 0.0
    for v in x:
        best = max(best, v)
        total += (v - last) ** 2
        last = v
    return best * 2.5 + total * last


@singles
def float32_sums_of_helpers(x):
    def norm(v):
        t = 0
        for e in v:
            t += e * e
        return np.sqrt(t + 1)

    total = 0.0
    for i in range(len(x)):
        part = 0
        for j in range(i):
            part = part + x[j] * norm(x)
        total += part * part
    return 1.5 * total + norm(2 * x) * norm(x)
