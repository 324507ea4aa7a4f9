"""Sums by index, factorisations of matrices, and what is computed with them."""

import numpy as np

from .registry import program, real

# --- einsum ------------------------------------------------------------------------


@program(real(2, 3), real(3, 4), real(4))
def chain_of_products(a, b, c):
    return np.einsum("ij,jk,k->i", a, b, c, optimize=True) @ np.einsum("ij->i", a)


@program(real(4, 3), real(3, 3))
def quadratic_forms(x, a):
    forms = np.einsum("ni,ij,nj->n", x, a, x)
    return np.sum(np.exp(-0.1 * forms))


@program(real(2, 3, 3), real(3, 2))
def traces_and_diagonals(a, b):
    d = np.einsum("...ii->...i", a)
    return np.einsum("kii->", a) ** 2 + np.einsum("ki,ik", d, b)


@program(real(2, 3, 4), real(2, 5, 4), real(2, 5, 4))
def attention_by_einsum(q, k, v):
    scores = np.einsum("...qd,...kd->...qk", q, k) / 2.0
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = weights / np.einsum("...qk->...q", weights)[..., None]
    return np.sum(np.einsum("...qk,...kd", weights, v) ** 2)


@program(real(3), real(4), 1.3)
def outer_products_by_lists(x, y, s):
    z = np.einsum(x, [0], y, [1], s, [], [1, 0])
    return np.sum(z**3) + np.einsum("i,i->", z[0], x)


@program(real(3, 3), real(3))
def einsum_of_one_operand_is_a_view(a, x):
    turned = np.einsum("ij->ji", a)
    turned[0] *= x
    return np.sum(a * a[::-1]) + np.sum(turned[1])


@program(real(5, 3), real(3, 3))
def products_of_slices(x, a):
    total = 0.0
    for k in range(1, 4):
        part = np.einsum("ij,kj->ik", x[:k], x[k:])
        total += np.sum(part * part) * a[k - 1, 0]
    return total
