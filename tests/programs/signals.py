"""Signals, images and series: filters, transforms, splines, likelihoods, prices."""

import math

import numpy as np

from .registry import const, positive, program, real, small


@program(real(8), order=2)
def fourier_transform_in_place(signal):
    n = len(signal)
    re = signal.copy()
    im = np.zeros(n)
    j = 0
    for i in range(1, n):
        bit = n // 2
        while j >= bit:
            j -= bit
            bit //= 2
        j += bit
        if i < j:
            re[i], re[j] = re[j], re[i]
    size = 2
    while size <= n:
        angle = -2.0 * math.pi / size
        for start in range(0, n, size):
            for k in range(size // 2):
                c, s = math.cos(angle * k), math.sin(angle * k)
                a, b = start + k, start + k + size // 2
                tr = c * re[b] - s * im[b]
                ti = s * re[b] + c * im[b]
                re[b] = re[a] - tr
                im[b] = im[a] - ti
                re[a] += tr
                im[a] += ti
        size *= 2
    power = re**2 + im**2
    return np.sum(power * np.arange(n)) + re[1] * im[2]


@program(real(8), small(3), small(2))
def recursive_filter(x, b, a):
    y = np.zeros_like(x)
    for n in range(len(x)):
        acc = 0.0
        for k in range(len(b)):
            if n - k >= 0:
                acc += b[k] * x[n - k]
        for k in range(len(a)):
            if n - k - 1 >= 0:
                acc -= a[k] * y[n - k - 1]
        y[n] = acc
    return np.sum(y * y)


@program(real(5, 5), positive(3, 3))
def blurred_image(image, kernel):
    kernel = kernel / kernel.sum()
    h, w = image.shape
    out = np.zeros((h - 2, w - 2))
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = np.sum(image[i : i + 3, j : j + 3] * kernel)
    return np.sum(out**2)


@program(real(4, 4), 0.2)
def blur_with_clamped_edges(image, amount):
    h, w = image.shape
    out = np.empty_like(image)
    for i in range(h):
        for j in range(w):
            total = 0.0
            count = 0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    y = min(max(i + di, 0), h - 1)
                    x = min(max(j + dj, 0), w - 1)
                    total += image[y, x]
                    count += 1
            out[i, j] = image[i, j] + amount * (total / count - image[i, j])
    return (out * out).sum()


@program(real(6))
def median_filter_of_three(x):
    y = x.copy()
    for i in range(1, len(x) - 1):
        a, b, c = x[i - 1], x[i], x[i + 1]
        y[i] = max(min(a, b), min(max(a, b), c))
    return np.sum(y * x)


@program(real(6), 0.3)
def exponential_smoothing(x, alpha):
    level = x[0]
    error = 0.0
    for value in x[1:]:
        error += (value - level) ** 2
        level = alpha * value + (1 - alpha) * level
    return error / (len(x) - 1)


@program(0.62, real(5))
def natural_spline_at_a_point(t, y):
    n = len(y)
    h = 1.0 / (n - 1)
    m = np.zeros(n)
    c = np.zeros(n)
    for i in range(1, n - 1):
        rhs = 6.0 * (y[i + 1] - 2.0 * y[i] + y[i - 1]) / h**2
        pivot = 4.0 - c[i - 1]
        c[i] = 1.0 / pivot
        m[i] = (rhs - m[i - 1]) / pivot
    for i in range(n - 3, 0, -1):
        m[i] -= c[i] * m[i + 1]
    k = min(int(t / h), n - 2)
    a = (k + 1) - t / h
    b = 1.0 - a
    cubic = ((a**3 - a) * m[k] + (b**3 - b) * m[k + 1]) * h**2 / 6.0
    return a * y[k] + b * y[k + 1] + cubic


@program(0.4, real(4, 2))
def bezier_by_de_casteljau(t, points):
    work = points.copy()
    n = len(work)
    for level in range(1, n):
        for i in range(n - level):
            work[i] = (1 - t) * work[i] + t * work[i + 1]
    return work[0, 0] ** 2 + work[0, 1]


@program(0.3, 0.8, real(3, 3))
def bilinear_lookup(x, y, table):
    i, j = int(x * 2), int(y * 2)
    fx, fy = x * 2 - i, y * 2 - j
    low = table[i, j] * (1 - fx) + table[i + 1, j] * fx
    high = table[i, j + 1] * (1 - fx) + table[i + 1, j + 1] * fx
    return low * (1 - fy) + high * fy


@program(const(0.4, -0.7, 0.3, 1.1, -0.2), const(0.3, 0.1, 0.8))
def garch_likelihood(returns, theta):
    omega, alpha, beta = theta[0], theta[1], theta[2]
    var = np.var(returns)
    loss = 0.0
    for r in returns:
        loss += 0.5 * (np.log(var) + r**2 / var)
        var = omega + alpha * r**2 + beta * var
    return loss


@program(100.0, 95.0, 0.2, 0.03, order=2)
def american_put_on_a_tree(spot, strike, sigma, rate):
    steps = 4
    dt = 1.0 / steps
    up = math.exp(sigma * math.sqrt(dt))
    down = 1.0 / up
    p = (math.exp(rate * dt) - down) / (up - down)
    discount = math.exp(-rate * dt)
    values = np.zeros(steps + 1)
    for j in range(steps + 1):
        values[j] = max(strike - spot * up**j * down ** (steps - j), 0.0)
    for i in range(steps - 1, -1, -1):
        for j in range(i + 1):
            hold = discount * (p * values[j + 1] + (1 - p) * values[j])
            exercise = strike - spot * up**j * down ** (i - j)
            values[j] = max(hold, exercise)
    return values[0]


@program(1.0, 0.2, 0.05, real(6, 4))
def asian_option_by_simulation(spot, sigma, rate, draws):
    paths, steps = draws.shape
    dt = 0.25
    total = 0.0
    for i in range(paths):
        s = spot
        mean = 0.0
        for j in range(steps):
            s *= math.exp(
                (rate - 0.5 * sigma**2) * dt + sigma * math.sqrt(dt) * draws[i, j]
            )
            mean += s
        mean /= steps
        if mean > 0.9:
            total += mean - 0.9
    return math.exp(-rate) * total / paths


@program(const(3.0, 3.0, 3.0, 103.0), 101.0)
def yield_of_a_bond(flows, price):
    y = 0.05
    for _ in range(8):
        value = 0.0
        slope = 0.0
        for t, flow in enumerate(flows):
            value += flow / (1 + y) ** (t + 1)
            slope -= (t + 1) * flow / (1 + y) ** (t + 2)
        y = y - (value - price) / slope
    return y


@program(positive(3), small(3, 3), 0.5)
def portfolio_after_projections(mu, half, risk):
    cov = half @ half.T + np.eye(3)
    w = np.ones(3) / 3
    for _ in range(4):
        g = mu - risk * cov @ w
        w = w + 0.1 * g
        w = np.maximum(w, 0.0)
        w /= w.sum()
    return w @ mu - 0.5 * risk * (w @ cov @ w)


@program(real(5), small(2), 0.6)
def kalman_in_one_dimension(observations, noise, start):
    q, r = noise[0] ** 2, noise[1] ** 2
    x, p = start, 1.0
    log_likelihood = 0.0
    for z in observations:
        p = p + q
        s = p + r
        k = p / s
        innovation = z - x
        log_likelihood += -0.5 * (innovation**2 / s + np.log(s))
        x = x + k * innovation
        p = (1.0 - k) * p
    return log_likelihood


@program(real(4, 3), real(3), 0.5)
def perceptron_by_epochs(x, w, rate):
    y = np.array([1, -1, 1, -1])
    for epoch in range(2):
        for i in range(len(x)):
            margin = y[i] * np.dot(w, x[i])
            if margin < 1:
                w = w + rate / (epoch + 1) * y[i] * x[i]
    return np.sum(w**2)


@program(real(6))
def drawdown(prices):
    peak = -math.inf
    worst = 0.0
    value = 2.0
    for p in prices:
        value += p
        if value > peak:
            peak = value
        fall = (peak - value) / peak
        if fall > worst:
            worst = fall
    return worst + peak


@program(positive(5), 0.9)
def discounted_returns_backwards(rewards, gamma):
    returns = np.zeros(len(rewards))
    running = 0
    for t in reversed(range(len(rewards))):
        running = rewards[t] + gamma * running
        returns[t] = running
    returns = (returns - returns.mean()) / (returns.std() + 1e-8)
    return np.sum(returns * rewards)
