import math


def cholesky_grad(a, weights):
    """Gradient of cholesky with respect to a."""
    n = len(a)
    a = a.copy()
    for j in range(n):
        for k in range(j):
            a_item = a[j, k]
            a[j, j] -= a_item * a_item
        a[j, j] = math.sqrt(a[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
    # raises where the original does
    _ = weights * a

    # adjoint of: for j in range(n):
    a_bar = weights.copy()
    for j in reversed(range(n)):
        # adjoint of: for i in range(j + 1, n):
        for i in reversed(range(j + 1, n)):
            # adjoint of: a[i, j] /= a[j, j]
            a_bar_item = a_bar[i, j]
            a_item = a[j, j]
            a_bar[j, j] -= a_bar_item * (a[i, j] / a_item)
            a_bar[i, j] = a_bar_item / a_item
            # adjoint of: for k in range(j):
            for k in reversed(range(j)):
                # adjoint of: a[i, j] -= a[i, k] * a[j, k]
                a_bar_item = a_bar[i, j]
                a_bar[j, k] -= a_bar_item * a[i, k]
                a_bar[i, k] -= a_bar_item * a[j, k]
        # adjoint of: a[j, j] = math.sqrt(a[j, j])
        a_bar[j, j] = 0.5 * a_bar[j, j] / a[j, j]
        # adjoint of: for k in range(j):
        for k in reversed(range(j)):
            # adjoint of: a[j, j] -= a[j, k] * a[j, k]
            a_bar[j, k] -= 2 * a_bar[j, j] * a[j, k]
    return a_bar
