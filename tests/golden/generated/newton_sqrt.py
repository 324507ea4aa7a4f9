def newton_sqrt_grad(a):
    """Gradient of newton_sqrt with respect to a."""
    x_tape = []
    x = a
    while True:
        x_tape.append(x)
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-12:
            break
        x = y

    # adjoint of: while True:
    x_bar = 1.0
    a_bar = 0.0
    for x in reversed(x_tape):
        # adjoint of: y = 0.5 * (x + a / x)
        x_bar = 0.5 * x_bar
        a_bar += x_bar / x
        x_bar -= x_bar * (a / x / x)
    a_bar += x_bar
    return a_bar
