def first_crossing_grad(y, rate, threshold):
    """Gradient of first_crossing."""
    trips_tape = []
    y_tape = []
    trips = 0
    stopped = False
    for i in range(3):
        trips += 1
        trips_1 = 0
        stopped_1 = False
        for j in range(4):
            trips_1 += 1
            y_tape.append(y)
            y += rate * y * (1.0 - y)
            if y > threshold:
                stopped_1 = True
                break
        trips_tape.append(trips_1)
        if stopped_1:
            stopped = True
            break
        y = 0.8 * y

    # adjoint of: return y
    if stopped:
        value = 1.0
        y_bar = 0.0
    else:
        value = 0.0
        y_bar = 1.0
    # adjoint of: for i in range(3):
    rate_bar = 0.0
    for i in reversed(range(trips)):
        # adjoint of: y = 0.8 * y
        condition = stopped and i == trips - 1
        if condition:
            y_bar = 0.0
        else:
            # adjoint of: y = 0.8 * y
            y_bar = 0.8 * y_bar
        # adjoint of: for j in range(4):
        saved = trips_tape.pop()
        for j in reversed(range(4)[:saved]):
            # adjoint of: if y > threshold:
            y = y_tape.pop()
            product = rate * y
            difference = 1.0 - y
            y_1 = y + product * difference
            if condition and j == saved - 1:
                # adjoint of: return y * y * (i + 1)
                y_bar += 2 * value * (i + 1) * y_1
            # adjoint of: y = y + rate * y * (1.0 - y)
            product_1 = y_bar * difference
            rate_bar += product_1 * y
            y_bar = y_bar - y_bar * product + product_1 * rate
            value = 0.0
        value = 0.0
    return y_bar, rate_bar
