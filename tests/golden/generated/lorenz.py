def lorenz_grad(x, y, z, sigma, rho, dt, steps):
    """Gradient of lorenz with respect to x, y, z, sigma and rho."""
    x_tape = []
    y_tape = []
    rho_minus_z_tape = []
    for _ in range(steps):
        x_tape.append(x)
        y_tape.append(y)
        dx = sigma * (y - x)
        rho_minus_z = rho - z
        rho_minus_z_tape.append(rho_minus_z)
        dy = x * rho_minus_z - y
        dz = x * y - 2.5 * z
        x = x + dt * dx
        y = y + dt * dy
        z = z + dt * dz

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
        rho_minus_z = rho_minus_z_tape.pop()
        x_bar += dy_bar * rho_minus_z
        rho_minus_z_bar = dy_bar * x
        rho_bar += rho_minus_z_bar
        z_bar -= rho_minus_z_bar
        # adjoint of: dx = sigma * (y - x)
        sigma_bar += dx_bar * (y - x)
        y_minus_x_bar = dx_bar * sigma
        y_bar += y_minus_x_bar
        x_bar -= y_minus_x_bar
    return x_bar, y_bar, z_bar, sigma_bar, rho_bar
