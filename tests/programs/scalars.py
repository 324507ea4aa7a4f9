"""Scalars: arithmetic, ``math``, built-ins, assignments, tuples."""

import math

import numpy as np

from .registry import positive, program, real, small


@program(real())
def x_times_x_times_sine(x):
    return x * x * np.sin(x)


@program(real(), real(), real())
def polynomial_of_three(x, y, z):
    return x * y + y * z - x * z * z + 2.0


@program(real())
def identity(x):
    return x


@program(real())
def constant_result(x):
    return 3.0


@program(real(), real())
def unused_argument(x, y):
    return x * x


@program(real())
def unary_minus_and_plus(x):
    return -x * +x - (-(x))


@program(real(), positive())
def quotient(x, y):
    return x / y + y / (x * x) - 1.0 / y


@program(positive(), real())
def power_of_both(x, y):
    return x**y + 2.0**y


@program(real())
def integer_powers(x):
    return x**3 - 2 * x**2 + x**1 + x**0


@program(real())
def negative_power(x):
    return x**-2 + x ** (-1)


@program(positive())
def fractional_power(x):
    return x**0.5 + x**1.5


@program(positive())
def built_in_pow(x):
    return pow(x, 3) + pow(2.0, x)


@program(real())
def math_trigonometric(x):
    return math.sin(x) + math.cos(x) * math.tan(0.5 * x)


@program(small())
def math_inverse_trigonometric(x):
    return math.asin(x) + math.acos(0.5 * x) + math.atan(x)


@program(real(), real())
def math_atan2(y, x):
    return math.atan2(y, x)


@program(real())
def math_hyperbolic(x):
    return math.sinh(x) + math.cosh(x) * math.tanh(x)


@program(positive())
def math_exp_log(x):
    return math.exp(x) + math.log(x) + math.log1p(x) - math.expm1(0.5 * x)


@program(positive())
def math_sqrt_pow(x):
    return math.sqrt(x) + math.pow(x, 2.5)


@program(positive())
def math_log_of_base(x):
    return math.log(x, 2.0) + math.log2(x) + math.log10(x)


@program(real(), real())
def math_hypot(x, y):
    return math.hypot(x, y)


@program(real())
def math_fabs_floor(x):
    return math.fabs(x) * x + math.floor(x) * x


@program(positive())
def math_constants(x):
    return math.pi * x + math.e**x


@program(real())
def numpy_trigonometric(x):
    return np.sin(x) + np.cos(x) * np.tan(0.5 * x)


@program(small())
def numpy_inverse_trigonometric(x):
    return np.arcsin(x) + np.arccos(0.5 * x) + np.arctan(x)


@program(real(), real())
def numpy_arctan2(y, x):
    return np.arctan2(y, x)


@program(real())
def numpy_hyperbolic(x):
    return np.sinh(x) + np.cosh(x) * np.tanh(x)


@program(positive())
def numpy_exp_log(x):
    return np.exp(x) + np.log(x) + np.log1p(x) - np.expm1(0.5 * x)


@program(positive())
def numpy_sqrt_square_power(x):
    return np.sqrt(x) + np.square(x) + np.power(x, 2.5)


@program(real())
def absolute_value(x):
    return abs(x) * x + abs(x - 2.0)


@program(real())
def sign_floor_ceil(x):
    return np.sign(x) * x + np.floor(x) * x + np.ceil(x) * x * x


@program(0.3, 0.7)
def built_in_max_min(x, y):
    return max(x, y) ** 2 + min(x * 2.0, y, 0.9) * y


@program(2.7, 0.8)
def floor_division_and_modulo(x, y):
    return (x // y) * x + (x % y) * y


@program(2.7, -0.8)
def modulo_of_a_negative_divisor(x, y):
    return (x % y) * x


@program(2.7, 0.8)
def built_in_divmod(x, y):
    q, r = divmod(x, y)
    return q * r + r * r


@program(2.37)
def built_in_round(x):
    return round(x) * x + x * x


@program(2.37)
def built_in_int(x):
    return int(x) * x


@program(real(), 3)
def built_in_float_of_an_integer(x, n):
    return float(n) * x * float(x)


@program(real(), real())
def built_in_sum_of_a_tuple(x, y):
    return sum((x, y, x * y)) ** 2


@program(real(), real())
def length_of_a_tuple(x, y):
    pair = (x, y, x + y)
    return len(pair) * pair[2] * pair[-3]


@program(real(), real())
def chained_assignment(x, y):
    a = b = x * y
    a = a + x
    return a * b


@program(real())
def annotated_assignment(x):
    y: float = x * x
    return y * x


@program(real())
def augmented_assignments(x):
    y = x
    y += 2.0 * x
    y *= x
    y -= 0.5
    y /= 1.0 + x * x
    y **= 2
    return y


@program(real(), real())
def tuple_swap(x, y):
    x, y = y, x * y
    x, y = y, x * y
    return x * y


@program(real(), real())
def nested_unpacking(x, y):
    (a, b), c = (x * y, x + y), x
    return a * b * c


@program(real(), real())
def starred_unpacking(x, y):
    first, *rest = (x, y, x * y)
    return first * rest[0] + rest[1] * rest[1]


@program(real(), real())
def unpacking_of_the_first_and_the_rest(x, y):
    parts = (x, y, x * y)
    first, rest = parts[0], parts[1:]
    return first * rest[0] + rest[1] * rest[1]


@program(real())
def walrus(x):
    return (y := x * x) * y + y


@program(real())
def assignment_before_the_use(x):
    y = x * x
    return y * y + y


@program(real())
def name_rebound_to_another_value(x):
    y = x * 2.0
    z = y * y
    y = z * x
    return y + z


@program(real())
def reused_subexpression(x):
    y = x * x
    return y * y * y + y


@program(real(), real(), order=1)
def returns_a_tuple(x, y):
    return x * y, np.sin(x) + y


@program(real(), order=1)
def returns_a_nested_tuple(x):
    return (x, x * x), np.exp(x)


@program(real())
def tuple_of_tuples(x):
    pairs = ((x, 2.0), (x * x, 3.0))
    return pairs[0][0] * pairs[1][0] + pairs[1][1] * x


@program(real(), 3)
def integer_scales_a_float(x, n):
    return n * x + x / n + x**n


@program(real(), 7, 2)
def integer_arithmetic_between_floats(x, n, m):
    k = n // m + n % m - (n - m) * 2
    return k * x * x


@program(real(), True)
def boolean_argument(x, flag):
    return x * x if flag else x


@program(real(), "square")
def string_argument(x, kind):
    if kind == "square":
        return x * x
    return x


@program(real(), None)
def none_argument(x, bias):
    if bias is None:
        return x * x
    return x + bias


@program(1000.0)
def log_sum_exp_far_from_zero(x):
    m = max(x, 2.0)
    return m + np.log(np.exp(x - m) + np.exp(2.0 - m))


@program(real())
def deep_chain(x):
    a = np.sin(x)
    b = np.exp(a)
    c = b * a
    d = np.tanh(c)
    e = d / (1.0 + b)
    return np.cos(e) * d


@program(real())
def dead_code(x):
    y = np.exp(x)
    z = y * 3.0
    z = x
    return z * z


@program(3, 2.5, wrt=("n",))
def integer_named_in_wrt(n, x):
    return n * n * x


@program(real(), real(), wrt=("y",))
def wrt_by_name(x, y):
    return x * y * y


@program(real(), real(), wrt=(0,))
def wrt_by_position(x, y):
    return x * x * y


@program(0.3, 5, label="many")
@program(0.3, 0, label="none")
def signs_by_powers_of_minus_one(x, n):
    s = 0.0
    for j in range(n):
        s += (-1) ** j * x ** (2 * j + 1) / (2**j + j**2)
    for j in range(n - 1, -1, -1):
        s = s * x + (-1) ** (j + 1) * s
    return s


@program(0.3)
def powers_of_an_int_of_either_sign(x):
    s = 0.0
    for j in range(-2, 2):
        s += 2**j * x
    return s


@program(0.3, refused="by the sign of the exponent")
def a_power_of_an_int_of_either_sign(x):
    s, j = 0.0, -2
    while j < 2:
        s += 2**j * x
        j += 1
    return s
