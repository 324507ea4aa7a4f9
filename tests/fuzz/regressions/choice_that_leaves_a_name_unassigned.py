"""A choice of which one arm leaves the name unassigned."""

import numpy as np


def helper0(p0, q0):
    return 1.0 * (0.47 * q0 + 0.64 * np.sum(p0 * p0) + np.tanh(p0.sum()))


def program(a0, a1):

    def f0(u0):
        s0 = min(a0, np.mean(np.zeros((2, 1))))
        return np.tanh(np.tanh(a0 - 1.3 * np.arctan(a1 + u0)) + 0.3 * u0)

    for i0 in range(2):
        a1 = -1.1
    a1 = abs(abs(min(a1, 0.2 * i0)))
    n0 = 0
    while n0 < 2:
        y0 = np.where(
            1.0 > 0.019,
            np.concatenate(
                (1.3 * np.arctan(0.3 * np.arange(2) @ np.zeros((2, 1))), np.ones((1,)))
            ),
            a1,
        )
        if not y0[i0] <= 0.019:
            if np.cosh(0.4 * y0[i0]) > -0.271:
                break
            a0 = max(f0(f0(a0)), np.prod(np.cos(y0 / (2.5 + np.sin(y0[-1])))))
        n0 += 1
    a1 -= 0.2 * a0
    for i1 in range(i0):
        n1 = 0
        while n1 < 3 and np.exp(0.3 * a0) < 0.577:
            for i2 in range(i0, -1, -1):
                b0 = a0 / (1.5 + n0 * n0) < -0.271
                if i0 < 1:
                    return 1.0 * (0.47 * a0 + 0.64 * a1)
                y1 = 1.3 * np.arctan(
                    np.sum(
                        np.maximum(
                            np.log(1.5 + np.ones((2, 2)) ** 2),
                            np.zeros((2, 2)) * np.ones((2,))[:, None],
                        ),
                        axis=-2,
                    )
                )
                y1[...] = y1[(i1 + n1) % 2]
            s1 = ((a1 + a0) / (1.5 + (a1 + a0) ** 2) - 0.1) * (
                np.sum(+np.eye(2)) / (1.5 + np.sum(+np.eye(2)) ** 2)
            )
            n1 += 1
    return 1.0 * (0.47 * a0 + 0.64 * a1)


ARGUMENTS = (
    0.0576171875,
    0.2958984375,
)
