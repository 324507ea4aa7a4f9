def lorenz_grad(x, y, z, sigma, rho, dt, steps):
    """Gradient of lorenz with respect to x, y, z, sigma and rho."""
    x_tape = []
    y_tape = []
    difference_tape = []
    for _ in range(steps):
        x_tape.append(x)
        y_tape.append(y)
        dx = sigma * (y - x)
        difference = rho - z
        difference_tape.append(difference)
        dy = x * difference - y
        dz = x * y - 2.5 * z
        x += dt * dx
        y += dt * dy
        z += dt * dz

    # adjoint of: return x * x + y * z
    x_bar = 2 * x
    # adjoint of: for _ in range(steps):
    y_bar = z
    z_bar = y
    sigma_bar = 0.0
    rho_bar = 0.0
    for _ in range(steps):
        # adjoint of: z = z + dt * dz
        dz_bar = z_bar * dt
        # adjoint of: y = y + dt * dy
        dy_bar = y_bar * dt
        # adjoint of: x = x + dt * dx
        dx_bar = x_bar * dt
        # adjoint of: dz = x * y - 2.5 * z
        z_bar -= 2.5 * dz_bar
        y = y_tape.pop()
        x_bar += dz_bar * y
        x = x_tape.pop()
        y_bar += dz_bar * x
        # adjoint of: dy = x * (rho - z) - y
        y_bar -= dy_bar
        difference = difference_tape.pop()
        x_bar += dy_bar * difference
        product = dy_bar * x
        rho_bar += product
        z_bar -= product
        # adjoint of: dx = sigma * (y - x)
        sigma_bar += dx_bar * (y - x)
        product_1 = dx_bar * sigma
        y_bar += product_1
        x_bar -= product_1
    return x_bar, y_bar, z_bar, sigma_bar, rho_bar
