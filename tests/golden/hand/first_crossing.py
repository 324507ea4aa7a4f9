"""A return from inside two loops."""

WRT = ("y", "rate")


def inputs(rng):
    return [(0.2, 0.9, 0.7), (0.2, 0.9, 0.24), (0.2, 0.3, 0.55), (0.2, 0.1, 0.9)]


def first_crossing(y, rate, threshold):
    for i in range(3):
        for j in range(4):
            y = y + rate * y * (1.0 - y)
            if y > threshold:
                return y * y * (i + 1)
        y = 0.8 * y
    return y


def grad_first_crossing(y, rate, threshold):
    ys = []
    crossed = False
    for i in range(3):
        for j in range(4):
            ys.append(y)
            y = y + rate * y * (1.0 - y)
            if y > threshold:
                crossed = True
                break
        if crossed:
            break
        y = 0.8 * y

    rate_bar = 0.0
    # return y * y * (i + 1), or return y
    y_bar = 2.0 * y * (i + 1) if crossed else 1.0
    for k in reversed(range(i + 1)):
        if crossed and k == i:
            trips = j + 1
        else:
            trips = 4
            # y = 0.8 * y
            y_bar *= 0.8
        for _ in range(trips):
            # y = y + rate * y * (1.0 - y)
            y = ys.pop()
            rate_bar += y_bar * y * (1.0 - y)
            y_bar *= 1.0 + rate * (1.0 - 2.0 * y)
    return y_bar, rate_bar
