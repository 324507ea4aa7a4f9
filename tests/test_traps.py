"""What produced wrong gradients elsewhere: a named test for each trap.

Expected numbers are worked out by hand or follow PyTorch's conventions at kinks.
"""

import math

import numpy as np
import pytest

import adcompiler as ad
from tests.flat_gradients import gradients
from tests.numerics import assert_close
from tests.programs import PROGRAMS, checks, traps
from tests.test_kinks import elementwise_maximum, elementwise_minimum

TRAPS = [row for row in PROGRAMS.values() if "trap" in row.tags]


def over(rows):
    return pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in rows])


@over(TRAPS)
def test_trap_against_the_reference(row):
    checks.check_value(row)
    checks.check_reverse(row)
    checks.check_forward(row)


# --- variants that must agree -----------------------------------------------------


def pairs():
    for name, (_, variants) in traps.FAMILIES.items():
        for other in variants[1:]:
            label = f"{name}: {variants[0].__name__} and {other.__name__}"
            yield pytest.param(variants[0], other, name, id=label)


@pytest.mark.parametrize(("first", "other", "name"), list(pairs()))
def test_variants_agree(first, other, name):
    inputs, _ = traps.FAMILIES[name]
    rng = np.random.default_rng(11)
    args = tuple(i(rng) if callable(i) else i for i in inputs)
    assert math.isclose(first(*args), other(*args), rel_tol=1e-13)
    assert_close(
        gradients(other, *args), gradients(first, *args), rtol=1e-12, program=name
    )


# --- values carried by loops ------------------------------------------------------


def squares(x, n):
    for _ in range(n):
        x = x * x
    return x


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_nonlinear_carried_value(n):
    x = 1.1
    expected = 2**n * x ** (2**n - 1)
    assert_close(gradients(squares, x, n), [expected], rtol=1e-13)


def strided(x, start, stop, step):
    y = 1.0
    for i in range(start, stop, step):
        y = y * x[i]
    return y


@pytest.mark.parametrize(
    "bounds",
    [(0, 6, 1), (0, 6, 2), (0, 5, 2), (1, 6, 4), (5, -1, -1), (5, 0, -2), (4, 0, -3)],
)
def test_strided_and_downward_loops(bounds):
    x = np.array([1.5, 0.7, -1.2, 0.9, 2.0, -0.6])
    visited = list(range(*bounds))
    expected = np.zeros(6)
    for i in visited:
        expected[i] = np.prod(x[[k for k in visited if k != i]])
    assert_close(gradients(strided, x, *bounds), expected, rtol=1e-14)


def bounds_changed(x, n):
    y = x
    for _ in range(n):
        n = 0
        y = y * x
    return y + n


def test_bounds_changed_in_the_body():
    assert_close(gradients(bounds_changed, 1.3, 4), [5 * 1.3**4], rtol=1e-14)


def variable_reassigned(x, n):
    y = 0.0
    for i in range(n):
        y = y + x**i
        i = 7
    return y * i


def test_loop_variable_reassigned_and_used_after_the_loop():
    x = 1.3
    expected = 7 * (1 + 2 * x + 3 * x * x)
    assert_close(gradients(variable_reassigned, x, 4), [expected], rtol=1e-14)


# --- writes -----------------------------------------------------------------------


def overwritten(x):
    y = x * 1.0
    s = y[0] * y[0]
    y[0] = 100.0
    return s + y[1]


def test_overwritten_element_that_was_read_earlier():
    assert_close(gradients(overwritten, np.array([3.0, 5.0])), [6.0, 1.0])


def test_the_same_array_given_twice():
    x = np.array([1.5, -0.5])
    expected = np.concatenate([2 * x * x, x * x])
    assert_close(gradients(traps.product_of_two, x, x), expected, rtol=1e-14)


def test_a_mutated_argument_that_overlaps_another_is_refused():
    x = np.array([1.5, -0.5, 2.0])
    with pytest.raises(ad.UnsupportedError):
        ad.grad(traps.writes_first_reads_second)(x, x)
    with pytest.raises(ad.UnsupportedError):
        ad.grad(traps.writes_first_reads_second)(x[:2], x[1:])
    assert np.array_equal(x, [1.5, -0.5, 2.0])


def test_a_mutated_argument_beside_an_equal_one():
    x, y = np.array([1.5, -0.5]), np.array([1.5, -0.5])
    expected = [0.0, y[1], 2 * y[0] * y[1], y[0] ** 2 + x[1]]
    found = gradients(traps.writes_first_reads_second, x, y)
    assert_close(found, expected, rtol=1e-14)
    assert np.array_equal(x, [1.5, -0.5])


def writes_through(x):
    y = x * 2.0
    v = y[1:]
    v[0] = x[0] * x[0]
    return y[0] + 3.0 * y[1] + 5.0 * y[2]


def test_a_view_written_through():
    x = np.array([1.5, 9.0, 9.0])
    assert_close(gradients(writes_through, x), [2 + 6 * 1.5, 0.0, 10.0])


def reads_after_the_caller_mutates(x):
    return np.sum(x * x * x)


def test_pullback_uses_the_values_of_the_forward_call():
    x = np.array([1.0, 2.0])
    _, pullback = ad.vjp(reads_after_the_caller_mutates)(x)
    x[:] = 100.0
    assert_close(pullback(1.0), [3.0, 12.0])


# --- integers ---------------------------------------------------------------------


def log_sum_exp(x, k):
    return np.log(np.sum(np.exp(x + k)))


def test_integers_do_not_make_integer_adjoints():
    x, k = np.array([0.1, 0.2, 0.3]), np.array([1, 0, 2])
    weights = np.exp(x + k)
    gradient = ad.grad(log_sum_exp)(x, k)
    assert gradient.dtype == np.float64
    assert_close(gradient, weights / np.sum(weights), rtol=1e-14)


def integer_then_float(n, x):
    y = n * n
    y = y * x
    return y * y


def test_an_integer_in_wrt_is_a_float():
    found = gradients(integer_then_float, 3, 0.5, wrt=("n", "x"))
    assert_close(found, [4 * 27 * 0.25, 2 * 81 * 0.5])


# --- where and its untaken side ---------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_with_a_log_on_the_untaken_side():
    x = np.array([0.0, -1.0, 2.0])
    assert_close(gradients(traps.unguarded_log, x), [1.0, 1.0, 0.5])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_with_a_square_root_on_the_untaken_side():
    x = np.array([0.0, -1.0, 4.0])
    assert_close(gradients(traps.unguarded_sqrt, x), [0.0, 0.0, 0.25])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_with_a_division_by_zero_on_the_untaken_side():
    x, y = np.array([1.0, 3.0]), np.array([0.0, 2.0])
    found = gradients(traps.unguarded_quotient, x, y)
    assert_close(found, [1.0, 0.5, 0.0, -0.75])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "fn",
    [
        lambda x: np.sum(np.sqrt(np.maximum(x, 0.0))),
        lambda x: np.sum(np.sqrt(-np.minimum(-x, 0.0))),
        lambda x: np.sum(np.clip(2.0 * x, 0.0, None) ** 0.5) / np.sqrt(2.0),
        lambda x: math.sqrt(max(x[0], 0.0)) + math.sqrt(max(0.0, x[2])),
    ],
)
def test_what_an_extremum_has_not_chosen_gets_no_infinity(fn):
    found = gradients(fn, np.array([-1.0, 1.0, 4.0]))
    assert_close(np.asarray(found)[[0, 2]], [0.0, 0.25])


def branch_log(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            total += np.log(x[i])
        else:
            total += x[i]
    return total


def test_a_branch_does_not_see_the_other_side():
    x = np.array([0.0, -1.0, 2.0])
    assert_close(gradients(branch_log, x), [1.0, 1.0, 0.5])


# --- broadcasting of axes of size one ---------------------------------------------


def added(x, y):
    return np.sum(3.0 * (x + y))


def subtracted(x, y):
    return np.sum(3.0 * (x - y))


def multiplied(x, y):
    return np.sum(x * y)


def divided(x, y):
    return np.sum(x / y)


def raised(x, y):
    return np.sum(x**y)


def chosen(x, y):
    return np.sum(np.where(x > y, x, y))


def angled(x, y):
    return np.sum(np.arctan2(x, y))


def limited(x, y):
    return np.sum(np.clip(x, y, 5.0))


OPERATORS = (
    added,
    subtracted,
    multiplied,
    divided,
    raised,
    elementwise_maximum,
    elementwise_minimum,
    chosen,
    angled,
    limited,
)


@pytest.mark.parametrize("fn", OPERATORS)
@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 1), (1, 4)), ((1,), (4,)), ((1, 1), (3, 4)), ((3, 1), (4,)), ((1,), (1,))],
)
def test_broadcast_of_a_size_one_axis_is_undone(fn, left, right):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0.5, 1.5, left), rng.uniform(0.5, 1.5, right)
    wide = np.broadcast_shapes(left, right)
    whole_x, whole_y = ad.grad(fn)(
        np.broadcast_to(x, wide).copy(), np.broadcast_to(y, wide).copy()
    )
    x_bar, y_bar = ad.grad(fn)(x, y)
    assert x_bar.shape == left
    assert y_bar.shape == right
    assert_close(x_bar, summed_to(whole_x, left), rtol=1e-13, program=fn.__name__)
    assert_close(y_bar, summed_to(whole_y, right), rtol=1e-13, program=fn.__name__)


def summed_to(array, shape):
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    axes = tuple(k for k, n in enumerate(shape) if n == 1)
    return array.sum(axis=axes, keepdims=True)


def test_one_compiled_function_takes_size_one_and_more():
    function = ad.differentiate(multiplied)
    for left, right in [((3,), (3,)), ((1,), (3,)), ((3,), (1,)), ((), (3,))]:
        x, y = np.full(left, 2.0), np.full(right, 5.0)
        x_bar, y_bar = function.grad(x, y)
        size = int(np.prod(np.broadcast_shapes(left, right)))
        assert_close(x_bar, np.full(left, 5.0 * size / x.size))
        assert_close(y_bar, np.full(right, 2.0 * size / y.size))


# --- float32 ----------------------------------------------------------------------


def small_beside_large(x):
    return np.sum(4096.0 * x + 0.5 * x * x)


def test_float32_noise_hides_no_term():
    x = np.array([1.0, 2.0, -3.0], dtype=np.float32)
    single = ad.grad(small_beside_large)(x)
    assert single.dtype == np.float32
    assert np.array_equal(single, np.float32(4096.0) + x)


# --- numbers that are not real ----------------------------------------------------


def root(x):
    return x**0.5 * 2.0


def size_of_root(x):
    return abs(float(x[0]) ** 0.5)


@pytest.mark.parametrize("call", ["grad", "vjp", "value_and_grad"])
def test_a_complex_power_has_no_derivative(call):
    assert isinstance(root(-1.0), complex)
    with pytest.raises(ValueError, match=r"x \*\* 0.5 is complex"):
        getattr(ad.differentiate(root), call)(-1.0)
    with pytest.raises(ValueError, match="is complex"):
        getattr(ad.differentiate(size_of_root), call)(np.array([-1.0]))
    assert_close(gradients(root, 4.0), [0.5])


@pytest.mark.parametrize("start", [(), (1.0,), (np.ones(3),)])
def test_python_s_sum_of_no_rows_is_no_array(start):
    def f(x):
        return np.sum(sum(x, *start))

    rows = 0.0 if not start else start[0]
    np.testing.assert_array_equal(ad.grad(f)(np.ones((2, 3))), np.ones((2, 3)))
    assert f(np.zeros((0, 3))) == np.sum(rows)
    with pytest.raises(ValueError, match="no rows is its start"):
        ad.grad(f)(np.zeros((0, 3)))


def test_powers_of_what_is_no_square_matrix():
    with pytest.raises(ad.UnsupportedError, match="takes a matrix"):
        ad.grad(lambda x: np.sum(np.linalg.matrix_power(x, 2)))(np.ones(3))
    with pytest.raises(np.linalg.LinAlgError, match="must be square"):
        ad.grad(lambda x: np.sum(np.linalg.matrix_power(x, 1)))(np.ones((2, 3)))
