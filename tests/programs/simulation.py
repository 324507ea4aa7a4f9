"""Simulations as scientists write them: steppers in time, grids, particles, rays."""

import math

import numpy as np

from .registry import TRIPS, positive, program, real, small, trips

COUNTS = (0, 1, 2, 5)


@trips(positive(6), 0.1, TRIPS, counts=COUNTS)
def diffusion_between_two_buffers(u0, rate, steps):
    u = u0.copy()
    new = np.zeros_like(u)
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = u[i] + rate * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
        new[0], new[-1] = u[0], u[-1]
        u, new = new, u
    return np.sum(u**2)


@trips(real(7), 0.3, TRIPS, counts=COUNTS)
def wave_equation_with_three_buffers(u0, c, steps):
    before = u0.copy()
    now = u0.copy()
    after = np.zeros(len(u0))
    for _ in range(steps):
        after[1:-1] = (
            2.0 * now[1:-1]
            - before[1:-1]
            + c**2 * (now[2:] - 2.0 * now[1:-1] + now[:-2])
        )
        after[0] = 0.0
        after[-1] = now[-2] * now[-1]
        before, now, after = now, after, before
    return np.sum(now * now) + np.sum(before)


@trips(positive(4, 4), TRIPS, counts=(0, 1, 3))
def jacobi_relaxation_on_a_grid(source, sweeps):
    u = np.zeros_like(source)
    new = np.zeros_like(source)
    for _ in range(sweeps):
        new[1:-1, 1:-1] = 0.25 * (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        ) + np.sin(source[1:-1, 1:-1])
        new[0] = source[0] * u[1]
        u, new = new, u
    return np.sum(u * source)


@program(real(4), small(4), 0.05)
def arguments_as_the_two_buffers(a, b, dt):
    for _ in range(3):
        for i in range(len(a)):
            b[i] = a[i] + dt * a[i - 1] * a[i]
        a, b = b, a
    return np.sum(a * a) + np.sum(b)


@program(positive(5), 0.5)
def copied_back_after_each_step(u, nu):
    n = len(u)
    un = np.zeros(n)
    for _ in range(4):
        un[:] = u
        for i in range(1, n):
            u[i] = un[i] - nu * un[i] * (un[i] - un[i - 1]) * 0.1
    return u.sum() ** 2


@program(positive(5), 0.1, 0.05)
def burgers_with_periodic_ends(u, dt, nu):
    n = u.size
    for _ in range(3):
        un = u.copy()
        for i in range(n):
            left = un[(i - 1) % n]
            right = un[(i + 1) % n]
            u[i] = un[i] - dt * un[i] * (un[i] - left) + nu * (right - 2 * un[i] + left)
    return np.dot(u, u)


@program(1.0, 0.5, 0.02)
def runge_kutta_with_a_step_that_adapts(y, rate, tol):
    def slope(t, y):
        return -rate * y + math.sin(t) * y * y

    t, h, end = 0.0, 0.3, 1.0
    tries = 0
    while t < end and tries < 50:
        tries += 1
        if t + h > end:
            h = end - t
        k1 = slope(t, y)
        k2 = slope(t + h / 2, y + h / 2 * k1)
        k3 = slope(t + 3 * h / 4, y + 3 * h / 4 * k2)
        high = y + h * (2 * k1 + 3 * k2 + 4 * k3) / 9
        k4 = slope(t + h, high)
        low = y + h * (7 * k1 / 24 + k2 / 4 + k3 / 3 + k4 / 8)
        error = abs(high - low)
        if error <= tol or h < 1e-3:
            t += h
            y = high
        h = h * min(2.0, max(0.3, 0.9 * math.sqrt(tol / (error + 1e-12))))
    return y


@program(real(2), real(2), 1.3)
def verlet_with_accelerations_kept(x, v, k):
    dt = 0.1
    a = -k * x
    for _ in range(5):
        x = x + v * dt + 0.5 * a * dt**2
        new_a = -k * x * (1.0 + np.dot(x, x))
        v = v + 0.5 * (a + new_a) * dt
        a = new_a
    return 0.5 * np.dot(v, v) + 0.5 * k * np.dot(x, x)


@program(real(3, 2), small(3, 2), positive(3))
def bodies_that_attract_one_another(position, velocity, mass):
    n = len(mass)
    for _ in range(2):
        force = np.zeros((n, 2))
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                d = position[j] - position[i]
                r2 = d[0] ** 2 + d[1] ** 2 + 0.5
                force[i] += mass[j] * d / r2**1.5
        velocity += 0.1 * force
        position += 0.1 * velocity
    energy = 0.0
    for i in range(n):
        energy += 0.5 * mass[i] * (velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
    return energy


@program(positive(6), 0.4)
def crank_nicolson_by_thomas(u, r):
    n = len(u)
    for _ in range(2):
        rhs = np.empty(n)
        rhs[0] = u[0]
        rhs[n - 1] = u[n - 1]
        for i in range(1, n - 1):
            rhs[i] = (1 - r) * u[i] + 0.5 * r * (u[i - 1] + u[i + 1])
        c = np.zeros(n)
        d = np.zeros(n)
        d[0] = rhs[0]
        for i in range(1, n):
            lower = 0.0 if i == n - 1 else -0.5 * r
            diagonal = 1.0 if i == n - 1 else 1 + r
            m = diagonal - lower * c[i - 1]
            c[i] = -0.5 * r / m if i < n - 1 else 0.0
            d[i] = (rhs[i] - lower * d[i - 1]) / m
        u[n - 1] = d[n - 1]
        for i in range(n - 2, -1, -1):
            u[i] = d[i] - c[i] * u[i + 1]
    return np.sum(u * u)


@program(0.3, -0.2, 0.7)
def ray_marching_to_a_sphere(x, y, radius):
    t = 0.0
    steps = 0
    hit = False
    while steps < 40:
        px, py, pz = x * t, y * t, t - 3.0
        distance = math.sqrt(px * px + py * py + pz * pz) - radius
        if distance < 1e-6:
            hit = True
            break
        if t > 20.0:
            break
        t += distance
        steps += 1
    if not hit:
        return 0.1 * x
    nx, nz = x * t / radius, (t - 3.0) / radius
    return t * t + max(0.0, 0.5 * nx - nz)


@program(positive(3), positive(3), 0.2)
def predators_and_prey(state, rates, dt):
    a, b, c = rates
    prey, predator = state[0], state[1]
    history = np.zeros((5, 2))
    for k in range(5):
        dprey = a * prey - b * prey * predator
        dpred = c * prey * predator - predator
        prey, predator = prey + dt * dprey, predator + dt * dpred
        history[k] = prey, predator
    return history.mean() + state[2] * history[-1, 0]


@program(1.2, 0.4, 0.1, order=1)
def infected_until_few_are_left(beta, gamma, start):
    s, i, r = 1.0 - start, start, 0.0
    days = 0
    peak = i
    while i > 0.02 and days < 60:
        new = beta * s * i
        healed = gamma * i
        s, i, r = s - new, i + new - healed, r + healed
        peak = max(peak, i)
        days += 1
    return r * days + peak


@program(positive(4), small(5, 4))
def random_walks_with_draws_given(volatility, draws):
    x = np.ones(len(volatility))
    worst = x.copy()
    for k in range(len(draws)):
        x *= 1.0 + volatility * draws[k]
        worst = np.minimum(worst, x)
    return np.mean(x) - worst.sum()


@program(positive(3, 3), 0.3)
def ising_energy_softened(spins, coupling):
    n, m = spins.shape
    energy = 0.0
    for i in range(n):
        for j in range(m):
            s = np.tanh(spins[i, j])
            right = np.tanh(spins[i, (j + 1) % m])
            down = np.tanh(spins[(i + 1) % n, j])
            energy -= coupling * s * (right + down)
    return energy / (n * m)
