"""Polynomials by their coefficients, and windows."""

from __future__ import annotations

import numpy as np

from adcompiler.library.registry import composes


@composes(np.polyval)
def polyval(p, x):
    y = np.zeros_like(x)
    wider = np.asarray(y) + np.asarray(p).dtype.type(0)
    if np.asarray(wider).dtype != np.asarray(y).dtype:
        y = wider
    for coefficient in p:
        y = y * x + coefficient
    return y


@composes(np.polynomial.polynomial.polyval)  # type: ignore[arg-type]
def ascending(x, c, tensor=True):
    if np.ndim(c) > 1:
        raise NotImplementedError(
            "polyval of several polynomials at once",
            "call it for each: np.stack([polyval(x, c[:, k]) for k in range(m)])",
        )
    return np.polyval(c[::-1], x)


@composes(np.vander)
def vander(x, N=None, increasing=False):
    count = len(x) if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return x[:, None] ** powers


@composes(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    if full or cov:
        raise NotImplementedError(
            "np.polyfit with full= or cov=",
            "leave them away, and compute residuals: y - np.polyval(c, x)",
        )
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if len(x) == 0:
        raise TypeError("expected non-empty vector for x")
    if len(x) != len(y):
        raise TypeError("expected x and y to have same length")
    matrix, right = np.vander(x, deg + 1), y
    if w is not None:
        matrix = matrix * w[:, None]
        right = right * (w if np.ndim(y) == 1 else w[:, None])
    scale = np.sqrt(np.sum(matrix * matrix, axis=0))
    c = np.linalg.lstsq(matrix / scale, right, rcond=rcond)[0]
    return c / (scale if np.ndim(y) == 1 else scale[:, None])


@composes(np.polyadd)
def polyadd(a1, a2):
    first, second = np.atleast_1d(a1, a2)
    n = max(len(first), len(second))
    return np.pad(first, (n - len(first), 0)) + np.pad(second, (n - len(second), 0))


@composes(np.polysub)
def polysub(a1, a2):
    return np.polyadd(a1, np.negative(a2))


@composes(np.polymul)
def polymul(a1, a2):
    return np.convolve(trimmed(a1), trimmed(a2))


def trimmed(a):
    """The coefficients without zeros in front, of which NumPy keeps none either."""
    c = np.atleast_1d(a)
    c = c[np.argmax(np.append(c != 0, True)) :]
    return c if len(c) > 0 else np.zeros(1, dtype=c.dtype)


@composes(np.poly)
def poly(seq_of_zeros):
    zeros = np.atleast_1d(seq_of_zeros)
    if np.ndim(zeros) > 1:
        zeros = np.linalg.eigvals(zeros)
    p, end = np.ones(1, dtype=zeros.dtype), np.zeros(1, dtype=zeros.dtype)
    for zero in zeros:
        p = np.concatenate((p, end)) - zero * np.concatenate((end, p))
    return p


@composes(np.polydiv)
def polydiv(u, v):
    w = np.atleast_1d(u) + 0.0
    v = np.atleast_1d(v) + 0.0
    count = max(len(w) - len(v) + 1, 1)
    scale = 1.0 / v[0]
    r = w.copy()
    q = np.zeros(count, dtype=r.dtype)
    for k in range(len(w) - len(v) + 1):
        q[k] = scale * r[k]
        r[k : k + len(v)] -= q[k] * v
    first = 0
    while first < len(r) - 1 and np.abs(r[first]) <= 1e-8:
        first += 1
    return q, r[first:]


@composes(np.polyder)
def polyder(p, m=1):
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = np.asarray(p, dtype=float) if m > 0 else p
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composes(np.polyint)
def polyint(p, m=1, k=None):
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    if k is not None and len(np.atleast_1d(k)) == 1:
        k = np.atleast_1d(k)[0] * np.ones(m)
    p = np.asarray(p, dtype=float) if m > 0 else p
    for j in range(m):
        constant = 0.0 if k is None else np.atleast_1d(k)[j]
        p = np.append(p / np.arange(len(p), 0, -1), constant)
    return p


# --- Windows -------------------------------------------------------------------------


def turns(M):
    """Half turns from the middle of a window: 0 there, -1 and 1 at the ends."""
    return np.pi * np.arange(1 - M, M, 2) / max(M - 1, 1)


@composes(np.hanning)
def hanning(M):
    return 0.5 + 0.5 * np.cos(turns(M))


@composes(np.hamming)
def hamming(M):
    return 0.54 + 0.46 * np.cos(turns(M))


@composes(np.blackman)
def blackman(M):
    angle = turns(M)
    return 0.42 + 0.5 * np.cos(angle) + 0.08 * np.cos(2.0 * angle)


@composes(np.kaiser)
def kaiser(M, beta):
    if M == 1:
        return np.ones(1)
    half = (M - 1) / 2.0
    place = (np.arange(M) - half) / half
    return np.i0(beta * np.sqrt(1.0 - place**2)) / np.i0(beta)


@composes(np.bartlett)
def bartlett(M):
    return 1.0 - np.abs(np.arange(1 - M, M, 2)) / max(M - 1, 1)
