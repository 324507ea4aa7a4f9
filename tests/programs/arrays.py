"""Arrays: elementwise functions, broadcasting of every shape pair, reductions."""

import itertools

import numpy as np

from .registry import distinct, positive, program, real, small, zero_d


@program(real(4), real(4))
def elementwise_operators(x, y):
    return x * y - x / (y * y) + (-x) ** 2 - 3.0 * y


@program(positive(4))
def elementwise_exponentials(x):
    return np.exp(x) + np.log(x) * np.sqrt(x) + np.expm1(x) - np.log1p(x)


@program(small(4))
def elementwise_trigonometry(x):
    return np.sin(x) * np.cos(x) + np.tan(x) + np.arcsin(x) - np.arccos(x)


@program(real(4))
def elementwise_hyperbolics(x):
    return np.sinh(x) + np.cosh(x) * np.tanh(x) - np.arctan(x)


@program(real(4), real(4))
def elementwise_arctan2(x, y):
    return np.arctan2(x, y)


@program(positive(3), real(3))
def elementwise_power(x, y):
    return x**y + np.power(x, 3) + np.square(y)


@program(real(3))
def integer_power_of_negative_numbers(x):
    return x**3 + x**2 - x**-1


@program(real(4))
def elementwise_abs_sign_floor(x):
    return np.abs(x) * x + np.sign(x) + np.floor(x) * x + np.ceil(x) * x


@program(distinct(5))
def maximum_and_minimum(x):
    return np.maximum(x, 0.5) * np.minimum(x, 1.1) + np.maximum(0.2, x) * x


@program(distinct(4), distinct(4))
def maximum_of_two_arrays(x, y):
    return np.maximum(x, y + 0.05) * np.minimum(x, y + 0.05) * x


@program(distinct(5))
def clip_by_numbers(x):
    return np.clip(x, -0.21, 0.83) * x


@program(distinct(5))
def clip_method_one_sided(x):
    return np.clip(x, None, 0.4) + x.clip(0.1, 0.9) * x


@program(distinct(4))
def clip_by_arrays(x):
    low, high = 0.2 * x * x, 0.3 + x * x
    return np.sum(np.clip(x, low, high) * x)


@program(distinct(5))
def where_of_two_arms(x):
    return np.where(x > 0.22, x * x, np.sin(x))


@program(distinct(4), real())
def where_with_scalars(x, y):
    return np.where(x > 0.22, y, 0.0) * x + np.where(x < y, 1.0, x)


@program(real(3, 4), real(4))
def where_broadcasts(a, b):
    return np.sum(np.where(a > 0, b, a * b))


SHAPES = (
    (),
    (1,),
    (3,),
    (2, 3),
    (1, 3),
    (2, 1),
    (1, 1),
    (4, 2, 3),
    (1, 2, 1),
    (4, 1, 1),
)


def mix(x, y):
    return x * y + x / y - y


def _broadcasts(a, b):
    return all(i == j or 1 in (i, j) for i, j in zip(a[::-1], b[::-1], strict=False))


for _a, _b in itertools.product(SHAPES, SHAPES):
    if _broadcasts(_a, _b):
        _x = real(*_a) if _a else zero_d()
        _y = positive(*_b) if _b else zero_d()
        _order = 2 if len(_a) < 3 and len(_b) < 3 else 1
        program(_x, _y, label=f"{_a} {_b}", order=_order, tags=("broadcast",))(mix)


@program(real(3, 1), real(1, 4), tags=("broadcast",))
def every_operator_broadcasts(x, y):
    s = x + y
    d = x - y
    p = x * y
    q = x / (2.0 + y * y)
    r = (1.5 + x * x) ** y
    m = np.maximum(x, y) + np.minimum(x, 0.9 * y)
    w = np.where(x > 0, y, x)
    t = np.arctan2(x, y)
    return np.sum(s * d + p * q + r * m + w * t)


@program(real(), real(3), tags=("broadcast",))
def python_float_with_an_array(x, y):
    return x * y + y / x - x


@program(real(3), tags=("broadcast",))
def size_one_slice_broadcasts(x):
    return x[:1] * x + x[1:2]


@program(real(3, 4), tags=("broadcast",))
def subtract_the_row_mean(a):
    c = a - a.mean(axis=1, keepdims=True)
    return np.sum(c * c * a)


@program(real(3), real(4), tags=("broadcast",))
def outer_product_by_newaxis(x, y):
    return np.sum(np.sin(x[:, None] * y[None, :]))


# --- reductions -------------------------------------------------------------------

REDUCTIONS = (
    ("all", None, False),
    ("0", 0, False),
    ("1", 1, False),
    ("-1 kept", -1, True),
    ("(0, 2)", (0, 2), False),
    ("(0, 2) kept", (0, 2), True),
    ("all kept", None, True),
)


def sum_over(a, axis, keepdims):
    return np.sum(a * a, axis=axis, keepdims=keepdims)


def mean_over(a, axis, keepdims):
    return np.mean(a * a, axis=axis, keepdims=keepdims)


def prod_over(a, axis, keepdims):
    return np.prod(a, axis=axis, keepdims=keepdims)


def max_over(a, axis, keepdims):
    return np.max(a, axis=axis, keepdims=keepdims) ** 2


def min_over(a, axis, keepdims):
    return np.min(a, axis=axis, keepdims=keepdims) ** 2


for _label, _axis, _kept in REDUCTIONS:
    for _fn, _draw in (
        (sum_over, real),
        (mean_over, real),
        (prod_over, positive),
        (max_over, distinct),
        (min_over, distinct),
    ):
        program(_draw(2, 3, 2), _axis, _kept, label=_label, tags=("reduction",))(_fn)


@program(real(3, 2))
def reduction_methods(a):
    return a.sum() * a.mean() + a.sum(axis=0).prod() + (a * a).max() - a.min(axis=1)[0]


@program(real(3, 2))
def reduction_by_positional_axis(a):
    return np.sum(a * a, 1) + np.mean(a, 1)


@program(lambda rng: np.array([2.0, 0.0, 3.0]))
def product_with_one_zero(x):
    return np.prod(x)


@program(distinct(5))
def built_in_sum_max_min(x):
    return sum(x * x) * max(x) + min(x)


@program(real(5))
def cumulative_sum(x):
    return np.cumsum(x * x) * x


@program(real(2, 3))
def cumulative_sum_along_an_axis(a):
    return np.cumsum(a * a, axis=1) * a + np.cumsum(a, axis=0) ** 2


@program(real(2, 3))
def cumulative_sum_flattened(a):
    return np.cumsum(a) ** 2


@program(distinct(5))
def argmax_as_an_index(x):
    i = np.argmax(x)
    return x[i] * x[0] + i * x[1]


@program(distinct(2, 3))
def argmax_along_an_axis(a):
    k = np.argmax(a, axis=1)
    return a[0, k[0]] * a[1, k[1]]


@program(real(6))
def variance(x):
    centred = x - np.mean(x)
    return np.mean(centred**2)


@program(real(3, 4))
def softmax_rows(a):
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


@program(real(5))
def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@program(real(3))
def euclidean_norm(x):
    return np.sqrt(np.sum(x**2))


@program(real(3))
def array_and_its_size(x):
    return np.sum(x) / x.size + x.shape[0] * x[0] / len(x) * x.ndim


@program(real(4))
def elements_into_scalars(x):
    a, b = x[0], x[-1]
    return a * b + np.sin(a)


@program(real(3))
def unpacked_array(x):
    a, b, c = x
    return a * b * c


@program(zero_d())
def zero_dimensional_array(x):
    return x * x + np.sin(x)


@program(lambda rng: np.zeros((0,)), 1.5)
@program(lambda rng: np.zeros((0, 3)), 1.5, label="(0, 3)")
def empty_array(x, y):
    return np.sum(x * y) + y * y


@program(real(1))
def array_of_one_element(x):
    return np.sum(x * x) * x[0]


@program(lambda rng: rng.uniform(0.5, 1.5, (3, 4)).T, tags=("layout",))
def transposed_argument(a):
    return np.sum(a[1:] * a[:-1])


@program(lambda rng: rng.uniform(0.5, 1.5, 12)[::-2], tags=("layout",))
def strided_argument(x):
    return np.sum(x[1:] * x[:-1] ** 2)


@program(real(3))
def rows_of_numbers_for_each_element(x):
    table = np.array([[np.sin(u), u**2, 1.0] for u in x])
    return np.sum(table @ x) + np.asarray([[u, 2.0] for u in x if u < 5.0])[0, 0]


@program(real(3))
def rows_of_comprehensions(x):
    n = len(x)
    outer = np.array([[u * v for v in x] for u in x])
    near = np.array(
        [[1.0 if i == j else 0.1 * x[i] * x[j] for j in range(n)] for i in range(n)]
    )
    return np.sum(outer**2) + np.linalg.det(near)


@program(real(2, 3))
def rows_of_rows_of_a_matrix(x):
    deep = np.array([[[a * b for a in r] for b in x[0]] for r in x])
    return np.sum(deep[1] * np.array([[np.sin(u) for u in r] for r in x])[0])


def scaled(x, n):
    return x if n == 0 else 0.5 * scaled(np.sin(x), n - 1)


@program(real(2, 2), 3)
def rows_of_what_calls_itself(x, n):
    table = np.array([[np.sin(u) * scaled(u, n) for u in r] for r in x])
    return np.sum(table * x)
