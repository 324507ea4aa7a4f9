# A choice between two memories made in a loop that has ended.
import math

import numpy as np


def helper0(p0, q0, q1):
    return np.linalg.solve(
        np.eye(2) * 4.0
        + np.tanh(
            np.tanh(np.full((2, 2), float(1.3 * np.arctan(np.sum(p0)))) - np.eye(2))
        ),
        np.zeros((2,)),
    )


def program(a0):
    for i0 in range(1):
        n0 = 0
        while n0 < 3:
            s0 = -1.0
            s1 = 2.0
            while s1 - s0 > 0.23:
                q2 = 0.5 * (s0 + s1)
                if q2**3 < a0:
                    s0 = q2
                else:
                    s1 = q2
            y0 = np.arctan2(
                1.3
                * np.arctan(np.power(1.5 + np.sin(np.min(np.eye(2), axis=-1)), 1.3)),
                1.3
                + np.full((2, 2), float(np.sin(s1 + s1)))
                * np.full((2, 2), float(np.sin(s1 + s1))),
            )
            if n0 < 2:
                a0 = s0
            else:
                if -0.9 < float(np.min(y0)) <= 0.85:
                    y0 = 1.3 * np.arctan(
                        np.sin(np.linalg.inv(np.eye(2) * 4.0 + np.tanh(y0))) + a0
                    )
                    s2 = float(
                        np.arctan2(
                            (1 + n0) * 0.3
                            if float(y0[i0, (i0 + n0) % 2]) > 0.53
                            else float(y0[(i0 - n0) % 2, i0])
                            if a0 < 0.137
                            else s0,
                            1.3 + float(y0[1, -1]) * float(y0[1, -1]),
                        )
                    )
                    break
                y0 -= 0.3 * np.where(
                    y0[:, :1] > -0.271,
                    np.minimum(0.7, y0[0:, i0 : i0 + 1]),
                    float(np.sin(a0 + a0)),
                )
            for i1 in range(0, i0 + 2, 2):
                for i2 in range(1):
                    y0 += 0.2 * np.reshape(
                        1.0 / (1.5 + y0[-1, :1] * y0[-1, :1]), (1, 1)
                    )
                    y0[:] = np.sin(
                        y0[::-2, ::-2] - np.mean(y0[::-2, ::-2], axis=-2, keepdims=True)
                    )
                    a0 = float(np.cosh(0.4 * (1.0 / (1.5 + 0.1 * 0.1) * math.atan(a0))))
                    s0 = float(
                        np.sin(
                            np.sum(
                                np.maximum(
                                    np.where(y0 > 0.019, y0, y0),
                                    np.ones((4,)).reshape(2, 2),
                                )[:1]
                            )
                        )
                    )
                for r0 in y0:
                    s3 = float(y0[1, n0 % 2])
            n0 += 1
        else:
            pass
    return float(0.47 * a0)


ARGUMENTS = (-0.4453125,)
