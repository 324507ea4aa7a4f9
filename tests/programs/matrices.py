"""Linear algebra written out: factorisations, iterations, rotations."""

import numpy as np

from .registry import dominant, positive, program, real, spd


@program(real(4, 3))
def gram_schmidt(a):
    q = np.zeros_like(a)
    r = np.zeros((a.shape[1], a.shape[1]))
    for j in range(a.shape[1]):
        v = a[:, j]
        for i in range(j):
            r[i, j] = np.dot(q[:, i], a[:, j])
            v = v - r[i, j] * q[:, i]
        r[j, j] = np.sqrt(np.sum(v**2))
        q[:, j] = v / r[j, j]
    return r[0, 1] * r[2, 2] + np.sum(q[0] * q[1])


@program(real(4, 3))
def gram_schmidt_in_place(a):
    n = a.shape[1]
    for j in range(n):
        v = a[:, j]
        for i in range(j):
            v -= np.dot(a[:, i], v) * a[:, i]
        v /= np.linalg.norm(v)
    return a[0, 0] + a[1, 1] * a[2, 2]


@program(dominant(3), real(3))
def householder_in_place(a, b):
    m, n = a.shape
    for k in range(n):
        x = a[k:, k]
        v = x.copy()
        sign = 1.0 if x[0] >= 0 else -1.0
        v[0] += sign * np.sqrt(np.sum(x * x))
        v = v / np.sqrt(v @ v)
        a[k:, k:] -= 2.0 * np.outer(v, v @ a[k:, k:])
        b[k:] -= 2.0 * v * (v @ b[k:])
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - np.dot(a[i, i + 1 :], x[i + 1 :])) / a[i, i]
    return np.sum(x**2)


@program(dominant(3))
def givens_rotations(a):
    n = a.shape[0]
    for j in range(n):
        for i in range(n - 1, j, -1):
            r = np.hypot(a[i - 1, j], a[i, j])
            c, s = a[i - 1, j] / r, a[i, j] / r
            upper = c * a[i - 1] + s * a[i]
            lower = -s * a[i - 1] + c * a[i]
            a[i - 1], a[i] = upper, lower
    product = 1.0
    for k in range(n):
        product *= a[k, k]
    return np.abs(product) + a[0, 2]


@program(spd(4), real(4))
def conjugate_gradients(a, b):
    x = np.zeros(len(b))
    r = b - a @ x
    p = r.copy()
    rs = r @ r
    for _ in range(3):
        ap = a @ p
        alpha = rs / (p @ ap)
        x += alpha * p
        r -= alpha * ap
        new = r @ r
        if np.sqrt(new) < 1e-12:
            break
        p = r + (new / rs) * p
        rs = new
    return x @ b


@program(positive(5), real(5))
def conjugate_gradients_without_a_matrix(k, b):
    def apply(v):
        out = 2.0 * v * k
        out[1:] -= 0.5 * v[:-1]
        out[:-1] -= 0.5 * v[1:]
        return out

    x = np.zeros_like(b)
    r = b.copy()
    p = r.copy()
    rs = np.dot(r, r)
    for _ in range(3):
        q = apply(p)
        alpha = rs / np.dot(p, q)
        x = x + alpha * p
        r = r - alpha * q
        rs_new = np.dot(r, r)
        p = r + rs_new / rs * p
        rs = rs_new
    return np.sum(x * b)


@program(spd(3), real(3))
def power_iteration_with_deflation(a, start):
    values = np.zeros(2)
    for which in range(2):
        v = start / np.linalg.norm(start)
        for _ in range(6):
            w = a @ v
            v = w / np.linalg.norm(w)
        values[which] = v @ a @ v
        a = a - values[which] * np.outer(v, v)
    return values[0] - values[1] ** 2


@program(spd(3))
def jacobi_eigenvalues(s):
    n = s.shape[0]
    a = s.copy()
    for _ in range(2):
        for p in range(n - 1):
            for q in range(p + 1, n):
                theta = 0.5 * np.arctan2(2 * a[p, q], a[q, q] - a[p, p])
                c, t = np.cos(theta), np.sin(theta)
                for k in range(n):
                    akp, akq = a[k, p], a[k, q]
                    a[k, p] = c * akp - t * akq
                    a[k, q] = t * akp + c * akq
                for k in range(n):
                    apk, aqk = a[p, k], a[q, k]
                    a[p, k] = c * apk - t * aqk
                    a[q, k] = t * apk + c * aqk
    return a[0, 0] * a[1, 1]


@program(dominant(4), real(4))
def gauss_with_pivots(a, b):
    n = len(b)
    for k in range(n):
        pivot = k + np.argmax(np.abs(a[k:, k]))
        if pivot != k:
            for j in range(n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k:] -= factor * a[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        s = b[i]
        for j in range(i + 1, n):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]
    return np.sum(np.abs(x))


@program(dominant(3))
def inverse_by_gauss_jordan(m):
    n = len(m)
    a = np.concatenate((m, np.eye(n)), axis=1)
    for i in range(n):
        a[i] /= a[i, i]
        for j in range(n):
            if i != j:
                a[j] -= a[j, i] * a[i]
    return np.sum(a[:, n:] @ a[:, n:] * np.eye(n))


@program(dominant(3))
def laplace_expansion(a):
    def det2(p, q, r, s):
        return p * s - q * r

    total = 0.0
    sign = 1
    for j in range(3):
        k, m = (j + 1) % 3, (j + 2) % 3
        lo, hi = min(k, m), max(k, m)
        total += sign * a[0, j] * det2(a[1, lo], a[1, hi], a[2, lo], a[2, hi])
        sign = -sign
    return total


@program(dominant(3), 3)
def matrix_exponential_by_series(a, terms):
    a = a / 10
    result = np.eye(3)
    term = np.eye(3)
    for k in range(1, terms + 1):
        term = term @ a / k
        result += term
    return result.sum()


@program(dominant(3), 5)
def power_by_squaring(a, n):
    a = a / 5
    result = np.eye(len(a))
    while n > 0:
        if n % 2 == 1:
            result = result @ a
        a = a @ a
        n //= 2
    return np.sum(result * result)


@program(real(3, 4), real(3, 4))
def rotation_by_polar_iteration(p, q):
    m = p @ q.T + 3.0 * np.eye(3)
    r = m
    for _ in range(4):
        r = 0.5 * (r + np.linalg.inv(r).T)
    return np.sum((r @ p - q) ** 2)


@program(spd(3), real(3, 2))
def log_likelihood_by_cholesky(s, x):
    low = np.linalg.cholesky(s)
    z = np.linalg.solve(low, x)
    half = 0.0
    for i in range(len(s)):
        half += np.log(low[i, i])
    return -0.5 * np.sum(z**2) - x.shape[1] * half


@program(real(2, 2), real(3, 3))
def kronecker_product_by_loops(a, b):
    n, m = a.shape
    p, q = b.shape
    out = np.zeros((n * p, m * q))
    for i in range(n):
        for j in range(m):
            out[i * p : (i + 1) * p, j * q : (j + 1) * q] = a[i, j] * b
    return np.sum(out[:, 0] * out[:, -1])


@program(real(3, 3))
def symmetric_part_in_place(a):
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            mean = 0.5 * (a[i, j] + a[j, i])
            a[i, j] = a[j, i] = mean
    return np.sum(a @ a * a)


@program(positive(5), positive(4), positive(4), real(5))
def tridiagonal_solve_in_place(main, lower, upper, rhs):
    main = main + 2.0
    n = len(main)
    for i in range(1, n):
        w = lower[i - 1] / main[i - 1]
        main[i] -= w * upper[i - 1]
        rhs[i] -= w * rhs[i - 1]
    rhs[-1] /= main[-1]
    for i in range(n - 2, -1, -1):
        rhs[i] = (rhs[i] - upper[i] * rhs[i + 1]) / main[i]
    return np.sum(rhs**2)
