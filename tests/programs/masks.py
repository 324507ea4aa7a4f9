"""What `where` leaves out has an infinite derivative: it must not reach the gradient.

In every row some elements of a root are at zero and are not selected, here by a mask
that has been moved about since: 0 times infinity is not a number.
"""

import math

import numpy as np

from .registry import const, program, real

EDGE = const(0.0, 1.2, 0.0, 0.7)


@program(EDGE)
def reshaped(x):
    root = np.sqrt(x).reshape(2, 2)
    return np.sum(np.where(x.reshape(2, 2) > 0.5, root, 0.3) ** 2)


@program(EDGE)
def transposed_and_flipped(x):
    a = np.stack((x, x * x))
    root = np.sqrt(a).T[::-1]
    return np.sum(np.where(a.T[::-1] > 0.2, root, 0.3) ** 2)


@program(EDGE)
def parts_and_rows(x):
    root = np.sqrt(x)
    a = np.where(x[1:] > 0.5, root[1:], 1.0)
    b = np.where(x[::2] > 0.5, root[::2], x[1::2])
    return np.sum(a * a) + np.sum(b * b)


@program(EDGE, real(2))
def joined(x, y):
    parts = np.concatenate((y, np.sqrt(x), y))
    rows = np.stack((np.sqrt(x), x))
    first = np.where(np.concatenate((y, x, y)) > 0.5, parts, 0.1)
    second = np.where(rows > 0.5, rows, 0.1)
    return np.sum(first**2) + np.sum(second**3)


@program(EDGE)
def summed_over_rows(x):
    a = x.reshape(2, 2) * np.array([[1.0, 0.0], [2.0, 1.0]])
    low = np.min(np.abs(a - 0.5), axis=1)
    total = np.sum(np.sqrt(a), axis=1) + np.mean(np.log(a), axis=1, keepdims=True)[0]
    return np.sum(np.where(low > 5.0, total, x[1]))


@program(EDGE, real(4, 4), order=1)
def whole_results(x, m):
    total = np.where(x[1] > 5.0, np.sum(np.sqrt(x)), x[1])
    product = np.where(x[1] > 5.0, m @ np.sqrt(x), x[3])
    running = np.where(x[1] > 5.0, np.cumsum(np.log(x)), 0.5)
    solved = np.where(x[1] > 5.0, np.linalg.solve(m + 4.0 * np.eye(4), np.sqrt(x)), m)
    return total + np.sum(product) + np.sum(running) + np.sum(solved)


@program(EDGE)
def one_element(x):
    root = np.sqrt(x)
    return np.where(x[0] > 0.5, root[0], x[1]) * np.where(x[1] > 0.5, x[1], root[2])


@program(EDGE)
def stored_parts(x):
    y = np.zeros((2, 4))
    y[0] = np.sqrt(x)
    y[1, 1:] = np.log(x[1:])
    y[1, 2] = 0.5
    y[0] += x
    return np.sum(np.where(np.stack((x, x)) > 0.5, y, 0.0) ** 2)


@program(EDGE)
def read_twice(x):
    root = np.sqrt(x)
    first = np.where(x > 0.5, root, 0.0)
    second = np.where(x[1:] > 0.9, root[1:], 0.0)
    return np.sum(first**2) + np.sum(second * x[1:])


@program(EDGE)
def in_single_precision(x):
    y = np.sqrt(x).astype(np.float32).astype(np.float64).copy()
    return np.sum(np.where(x > 5.0, y, x) * x)


@program(EDGE)
def elements_in_a_loop(x):
    root = np.sqrt(x)
    total = 0.0
    for i in range(4):
        total += np.where(x[i] > 0.5, root[i], 0.1) ** 2
    return total


@program(EDGE, 2)
def arrays_in_a_loop(x, n):
    root = np.sqrt(x)
    total = 0.0
    for i in range(n):
        total += np.sum(np.where(x > 0.5, root * (i + 1), 0.1) ** 2)
    return total


@program(EDGE, 3)
def root_of_the_trip_before(x, n):
    z = np.zeros(4)
    total = 0.0
    for i in range(n):
        total += np.sum(np.where(x > 0.5, z, 0.2) ** 2)
        z = np.sqrt(x * (i + 1))
    return total


@program(EDGE, 2)
def root_carried_through_a_loop(x, n):
    y = np.sqrt(x)
    for _ in range(n):
        y = np.where(x > 0.5, y * 1.1, 0.0)
    return np.sum(y * y)


@program(EDGE, 1.0, label="first")
@program(EDGE, -1.0, label="second")
def selected_in_a_branch(x, c):
    root = np.sqrt(x)
    if c > 0.0:
        y = np.where(x > 0.5, root, 0.0)
    else:
        y = np.where(x > 0.9, root, 1.0)
    return np.sum(y * y)


@program(EDGE, real(4, 4), order=1)
def rows_of_a_product(x, m):
    return np.sum(np.where(m[0] > 100.0, m @ np.sqrt(x), x) ** 2)


@program(const(0.0, 1.2, 0.0, 0.7), 3)
def roots_on_a_list(x, n):
    roots = []
    for k in range(n):
        roots.append(np.sqrt(x) * k)
    return np.sum(np.where(x > 0.5, roots[1], 0.3) ** 2)


@program(const(0.0, 1.2, 0.0, 0.7))
def root_made_by_one_arm(x):
    root = x
    if x[1] > 0.5:
        for k in range(3):
            if k == 1:
                root = np.sqrt(x) * k
    return np.sum(np.where(x > 0.5, root, 0.3) ** 2)


@program(0.0, label="not taken")
@program(0.9, label="taken")
def root_that_one_arm_reads(v):
    root = np.sqrt(v)
    return root**3 if v > 0.5 else 0.3 * v


@program(0.0, 2, label="not taken")
@program(0.9, 2, label="taken")
def roots_of_a_loop_that_one_arm_reads(v, n):
    root = 1.0
    for _ in range(n):
        root = np.sqrt(v) * root
    if v > 0.5:
        return root
    return 0.3 * v


@program(real(3, 2))
def distances_to_all(x):
    energy = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            d = x[i] - x[j]
            r = np.sqrt(d @ d)
            if r > 1e-12:
                energy += 1 / r
    return energy


@program(real(3, 2), tags=("edge",))
def distances_to_others(x):
    energy = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            dx = x[i, 0] - x[j, 0]
            dy = x[i, 1] - x[j, 1]
            r = math.sqrt(dx * dx + dy * dy)
            if r == 0:
                continue
            energy += 1 / r
    return energy


@program(real(4), const(1, -1, -1, 1, dtype=np.int64))
def a_mask_over_a_count(x, y):
    near = np.where(y != -1, x * x, 0.0)
    far = np.where(y != 1, np.clip(2.0 - x * x, 0.0, None), 0.0)
    return np.mean(near + far)
