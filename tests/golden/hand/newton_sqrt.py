"""A square root by Newton's iteration, to convergence."""

WRT = ("a",)


def inputs(rng):
    return [(2.3,), (0.07,), (1.0,)]


def newton_sqrt(a):
    x = a
    while True:
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-12:
            break
        x = y
    return y


def grad_newton_sqrt(a):
    xs = []
    x = a
    while True:
        xs.append(x)
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-12:
            break
        x = y

    a_bar = 0.0
    y_bar = 1.0
    for x in reversed(xs):
        # y = 0.5 * (x + a / x), where x is the y of the trip before
        a_bar += 0.5 * y_bar / x
        y_bar = 0.5 * y_bar * (1.0 - a / (x * x))
    # x = a
    a_bar += y_bar
    return a_bar
