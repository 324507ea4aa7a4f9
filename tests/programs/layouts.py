"""Arguments that are not in C order: what is a view of them, and what a copy."""

import numpy as np

from .registry import program, real


def strided(*shape):
    """Every other element of a larger array, on each axis."""
    draw = real(*(2 * n for n in shape))
    return lambda rng: draw(rng)[tuple(slice(None, None, 2) for _ in shape)]


def fortran(*shape):
    draw = real(*shape)
    return lambda rng: np.asfortranarray(draw(rng))


def raveled(x):
    y = x.ravel()
    y[0] = 5.0 * y[2]
    return np.sum(x * x) + np.sum(y * y)


def copied(x):
    """What `raveled` is of arguments that are not in C order."""
    y = x.copy().ravel()
    y[0] = 5.0 * y[2]
    return np.sum(x * x) + np.sum(y * y)


program(real(3), label="vector")(raveled)
program(strided(3), label="strided vector", reference=copied)(raveled)
program(real(2, 3), label="matrix")(raveled)
program(strided(2, 3), label="strided matrix", reference=copied)(raveled)
program(fortran(2, 3), label="fortran", reference=copied)(raveled)


@program(real(3, 4))
def transpose_raveled(x):
    y = x.T.ravel()
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


@program(real(3, 4))
def column_raveled(x):
    y = x[:, 1].ravel()
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


@program(real(3, 4), refused="may or may not be an alias")
def columns_raveled(x):
    y = x[:, 1:3].ravel()
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


@program(real(3, 4))
def column_reshaped(x):
    z = x * x
    y = z[:, 1].reshape(-1, 1)
    y[2] = 5.0 * z[0, 0]
    y += z[1, 1]
    return np.sum(z * x) + np.sum(y * y)


@program(real(3, 4))
def axes_of_length_one(x):
    z = x * x
    y = z[:, None, 1:3]
    y[1, 0] = 5.0 * z[0, 0]
    w = z.T.reshape(z.shape[1], z.shape[0], 1)
    w[0] *= x[0, 0]
    return np.sum(z * x) + np.sum(y * y) + np.sum(w)


@program(real(12))
def every_other_element_split(x):
    z = x * x
    y = z[::2].reshape(2, 3)
    y[1] = y[0] * x[:3]
    return np.sum(z * x) + np.sum(y * y)


@program(real(2, 3, 4))
def columns_flattened(x):
    y = x[:, :, 1].reshape(-1)
    y[0] = 5.0 * x[1, 1, 1]
    return np.sum(x * x) + np.sum(y * y)


@program(real(2, 3, 4))
def a_row_with_an_axis_raveled(x):
    y = x[None, 0, 1].ravel()
    y[0] = 5.0 * x[1, 1, 1]
    return np.sum(x * x) + np.sum(y * y)


@program(real(3, 4))
def transpose_flattened(x):
    y = x.T.reshape(-1)
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


def split(x):
    y = x.reshape(3, 2)
    y[1, 0] = x[0] * y[2, 1]
    return np.sum(x * x) + np.sum(y * y)


program(real(6), label="vector")(split)
program(strided(6), label="strided vector")(split)


def turned(*shape):
    """In C order from the end, so that its elements lie at even steps."""
    draw = real(*shape)
    return lambda rng: draw(rng)[tuple(slice(None, None, -1) for _ in shape)]


def flattened(x):
    y = x.reshape(-1)
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


def flat_copy(x):
    """What `flattened` is where the elements do not lie at even steps."""
    y = x.copy().reshape(-1)
    y[0] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


def in_c_order(x):
    return flattened(x.copy())


program(strided(2, 3), label="strided", reference=flat_copy)(flattened)
program(fortran(2, 3), label="fortran", reference=flat_copy)(flattened)
program(turned(2, 3), label="turned", reference=in_c_order)(flattened)


def transpose_of_fortran(x):
    y = x.T.ravel()
    y[1] = 5.0 * x[1, 1]
    return np.sum(x * x) + np.sum(y * y)


def seen_in_fortran_order(x):
    return transpose_of_fortran(np.asfortranarray(x))


program(fortran(2, 3), reference=seen_in_fortran_order)(transpose_of_fortran)


def transpose_split(x, n, m):
    y = x.T.reshape(n, m)
    y[1] *= x[0, 0]
    x[0, 1] *= y[0, 0]
    return np.sum(x * x * x) + np.sum(y * y)


program(real(2, 2), 2, 2, label="of its shape", wrt=("x",))(transpose_split)
program(real(2, 6), 6, 2, label="of its longer shape", wrt=("x",))(transpose_split)
program(real(2, 6), 3, 4, label="of another shape", wrt=("x",))(transpose_split)


@program(real(2, 2), refused="may or may not be an alias")
def a_perhaps_turned_result_raveled(x):
    y = x.T.reshape(2, 2) * 1.5
    z = y.ravel()
    z[1] = 5.0 * x[1, 1]
    return np.sum(y * x) + np.sum(z * z)


@program(real(2, 2), refused="may or may not be an alias")
def reshaped_what_may_be_turned(x):
    z = x * x
    y = z.T if x[0, 0] > 0 else z
    w = y.reshape(-1)
    w[1] = 5.0 * x[1, 1]
    return np.sum(z * x)


@program(real(3, 4), 1.0, refused="may or may not be an alias", wrt=("x",))
def perhaps_a_copy_in_one_arm(x, c):
    z = x * x
    y = z[:, 1:3].reshape(3, 1, 2) if c > 0 else z[:, None, 1:3]
    y[1, 0] = 5.0 * z[0, 0]
    return np.sum(z * x) + np.sum(y * y)
