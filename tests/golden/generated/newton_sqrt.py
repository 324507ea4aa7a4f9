def newton_sqrt_grad(a):
    """Gradient of newton_sqrt."""
    x_tape = []
    x = a
    trips = 0
    while True:
        trips += 1
        x_tape.append(x)
        y = 0.5 * (x + a / x)
        if abs(y - x) < 1e-12:
            break
        x = y

    # adjoint of: while True:
    x_bar = 0.0
    y_bar = 1.0
    a_bar = 0.0
    for k in reversed(range(trips)):
        # adjoint of: if abs(y - x) < 1e-12:
        if not k == trips - 1:
            # adjoint of: if abs(y - x) < 1e-12:
            y_bar += x_bar
            x_bar = 0.0
        # adjoint of: y = 0.5 * (x + a / x)
        product = 0.5 * y_bar
        x = x_tape.pop()
        a_bar += product / x
        x_bar = x_bar + product - product * (a / x / x)
        y_bar = 0.0
    # adjoint of: while True:
    a_bar += x_bar
    return a_bar
