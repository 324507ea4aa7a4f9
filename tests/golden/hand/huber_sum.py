"""A Huber loss by a loop with ``continue``."""

import numpy as np

WRT = ("slope", "offset")


def inputs(rng):
    return [(0.9, -0.2, 2.0 * rng.normal(size=8), rng.normal(size=8), 0.6)]


def huber_sum(slope, offset, x, y, delta):
    total = 0.0
    for i in range(len(x)):
        r = slope * x[i] + offset - y[i]
        if abs(r) <= delta:
            total += 0.5 * r * r
            continue
        total += delta * (abs(r) - 0.5 * delta)
    return total


def grad_huber_sum(slope, offset, x, y, delta):
    slope_bar = 0.0
    offset_bar = 0.0
    for i in reversed(range(len(x))):
        r = slope * x[i] + offset - y[i]
        if abs(r) <= delta:
            # total += 0.5 * r * r
            r_bar = r
        else:
            # total += delta * (abs(r) - 0.5 * delta)
            r_bar = delta * np.sign(r)
        # r = slope * x[i] + offset - y[i]
        slope_bar += r_bar * x[i]
        offset_bar += r_bar
    return slope_bar, offset_bar
