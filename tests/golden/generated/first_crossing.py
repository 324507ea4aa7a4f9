def first_crossing_grad(y, rate, threshold):
    """Gradient of first_crossing with respect to y and rate."""
    trips_tape = []
    y_tape = []
    returned = False
    for i in range(3):
        trips = 0
        returned_1 = False
        for j in range(4):
            trips += 1
            y_tape.append(y)
            y = y + rate * y * (1.0 - y)
            if y > threshold:
                returned_1 = True
                break
        trips_tape.append(trips)
        if returned_1:
            returned = True
            break
        y = 0.8 * y
    trips = len(trips_tape)

    # adjoint of: return y
    y_bar = 2.0 * (i + 1) * y if returned else 1.0
    # adjoint of: for i in range(3):
    rate_bar = 0.0
    for i in reversed(range(trips)):
        # adjoint of: y = 0.8 * y
        if not (returned and i == trips - 1):
            y_bar = 0.8 * y_bar
        # adjoint of: for j in range(4):
        for _ in range(trips_tape.pop()):
            # adjoint of: y = y + rate * y * (1.0 - y)
            y = y_tape.pop()
            product_bar = y_bar * (1.0 - y)
            rate_bar += product_bar * y
            y_bar = y_bar - y_bar * rate * y + product_bar * rate
    return y_bar, rate_bar
