"""Gradients of the array programs in `tests/programs/vectorised.py`, derived by hand.

What a careful person writes for every argument, in the conventions of the docs (ties of
`max` share; 1/2 at a kink of `maximum`). Sizes are compared in `tests/test_by_hand.py`.
"""

import numpy as np


def softmax_regression(w, b, x, y):
    logits = x @ w + b
    largest = np.max(logits, axis=1, keepdims=True)
    e = np.exp(logits - largest)
    total = np.sum(e, axis=1, keepdims=True)
    p = e / total
    p_bar = -y / p / len(x)
    e_bar = (p_bar - np.sum(p_bar * p, axis=1, keepdims=True)) / total
    shifted_bar = e_bar * e
    mask = logits == largest
    ties = np.sum(mask, axis=1, keepdims=True)
    logits_bar = shifted_bar - mask * np.sum(shifted_bar, axis=1, keepdims=True) / ties
    return x.T @ logits_bar, np.sum(logits_bar, axis=0)


def cross_entropy_of_logits(logits, y):
    m = np.max(logits, axis=1, keepdims=True)
    e = np.exp(logits - m)
    p_bar = e / np.sum(e, axis=1, keepdims=True) / len(y)
    mask = logits == m
    m_bar = 1.0 / len(y) - np.sum(p_bar, axis=1, keepdims=True)
    logits_bar = p_bar - y / len(y)
    logits_bar += mask * m_bar / np.sum(mask, axis=1, keepdims=True)
    return logits_bar


def layer_norm(x, gain, bias):
    centred = x - np.mean(x, axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    z = centred / deviation
    y_bar = 2.0 * (z * gain + bias)
    z_bar = y_bar * gain / deviation
    centred_bar = z_bar - z * np.mean(z_bar * z, axis=1, keepdims=True)
    x_bar = centred_bar - np.mean(centred_bar, axis=1, keepdims=True)
    return x_bar, np.sum(y_bar * z, axis=0), np.sum(y_bar, axis=0)


def batch_norm_loss(x, gain, bias, target):
    centred = x - np.mean(x, axis=0)
    deviation = np.sqrt(np.mean(centred**2, axis=0) + 1e-5)
    normal = centred / deviation
    y_bar = 2.0 * (gain * normal + bias - target)
    normal_bar = y_bar * gain / deviation
    centred_bar = normal_bar - normal * np.mean(normal_bar * normal, axis=0)
    x_bar = centred_bar - np.mean(centred_bar, axis=0)
    return x_bar, np.sum(y_bar * normal, axis=0), np.sum(y_bar, axis=0)


def attention(q, k, v):
    scale = np.sqrt(q.shape[1])
    scores = q @ k.T / scale
    largest = np.max(scores, axis=1, keepdims=True)
    e = np.exp(scores - largest)
    total = np.sum(e, axis=1, keepdims=True)
    weights = e / total
    y_bar = 2.0 * (weights @ v)
    weights_bar = y_bar @ v.T / total
    e_bar = weights_bar - np.sum(weights_bar * weights, axis=1, keepdims=True)
    scores_bar = e_bar * e
    mask = scores == largest
    shift_bar = np.sum(scores_bar, axis=1, keepdims=True)
    scores_bar -= mask * (shift_bar / np.sum(mask, axis=1, keepdims=True))
    scores_bar /= scale
    return scores_bar @ k, scores_bar.T @ q, weights.T @ y_bar


def perceptron_loss(w1, b1, w2, b2, w3, b3, x, y):
    h1 = np.tanh(x @ w1 + b1)
    z2 = h1 @ w2 + b2
    h2 = np.maximum(z2, 0.0)
    error_bar = (h2 @ w3 + b3 - y) / len(x)
    z2_bar = error_bar @ w3.T * np.where(z2 == 0.0, 0.5, z2 > 0.0)
    z1_bar = z2_bar @ w2.T * (1.0 - h1**2)
    w1_bar = x.T @ z1_bar
    b1_bar = np.sum(z1_bar, axis=0)
    w2_bar = h1.T @ z2_bar
    b2_bar = np.sum(z2_bar, axis=0)
    w3_bar = h2.T @ error_bar
    b3_bar = np.sum(error_bar, axis=0)
    return w1_bar, b1_bar, w2_bar, b2_bar, w3_bar, b3_bar


def gaussian_mixture(x, means, logs, weights):
    centred = x[:, None] - means
    precision = np.exp(-logs)
    z = centred * precision
    terms = weights - np.sum(0.5 * z**2 + logs, axis=2)
    largest = np.max(terms, axis=1, keepdims=True)
    e = np.exp(terms - largest)
    terms_bar = e / np.sum(e, axis=1, keepdims=True)
    mask = terms == largest
    rest = 1.0 - np.sum(terms_bar, axis=1, keepdims=True)
    terms_bar += mask * (rest / np.sum(mask, axis=1, keepdims=True))
    prior = np.exp(weights)
    weights_bar = np.sum(terms_bar, axis=0) - len(x) * prior / np.sum(prior)
    z_bar = terms_bar[..., None] * z
    means_bar = np.sum(z_bar * precision, axis=0)
    logs_bar = np.sum(z_bar * centred, axis=0) * precision
    logs_bar -= np.sum(terms_bar, axis=0)[:, None]
    return means_bar, logs_bar, weights_bar


def black_scholes_by_logistic(spot, strike, years, rate, vol):
    root = np.sqrt(years)
    spread = vol * root
    ratio = spot / strike
    drift = rate + 0.5 * vol**2
    d1 = (np.log(ratio) + drift * years) / spread
    d2 = d1 - spread
    e1 = np.exp(-1.702 * d1)
    e2 = np.exp(-1.702 * d2)
    n1 = 1.0 / (1.0 + e1)
    n2 = 1.0 / (1.0 + e2)
    discount = np.exp(-rate * years)
    paid = strike * discount
    d2_bar = -1.702 * paid * n2**2 * e2
    d1_bar = 1.702 * spot * n1**2 * e1 + d2_bar
    scaled = d1_bar / spread
    spread_bar = -d2_bar - scaled * d1
    drift_bar = scaled * years
    spot_bar = n1 + scaled / spot
    strike_bar = -n2 * discount - scaled / strike
    years_bar = n2 * paid * rate + scaled * drift + 0.5 * spread_bar * vol / root
    rate_bar = np.sum(n2 * paid * years) + np.sum(drift_bar)
    vol_bar = drift_bar * vol + spread_bar * root
    return spot_bar, strike_bar, years_bar, rate_bar, vol_bar


def pairwise_distances(x, y):
    difference = x[:, None] - y
    distances = np.sqrt(np.sum(difference**2, axis=2))
    difference_bar = difference / distances[..., None]
    return np.sum(difference_bar, axis=1), -np.sum(difference_bar, axis=0)


def pairwise_squares_by_products(x, y):
    squares = np.sum(x * x, axis=1)[:, None] + np.sum(y * y, axis=1) - 2.0 * x @ y.T
    squares_bar = 2.0 * squares / squares.size
    x_bar = 2.0 * (np.sum(squares_bar, axis=1)[:, None] * x - squares_bar @ y)
    y_bar = 2.0 * (np.sum(squares_bar, axis=0)[:, None] * y - squares_bar.T @ x)
    return x_bar, y_bar


def k_means_loss(x, centres):
    difference = x[:, None] - centres
    squares = np.sum(difference**2, axis=2)
    mask = squares == np.min(squares, axis=1)[:, None]
    squares_bar = mask / np.sum(mask, axis=1)[:, None] / len(x)
    difference_bar = 2.0 * squares_bar[..., None] * difference
    return np.sum(difference_bar, axis=1), -np.sum(difference_bar, axis=0)


def ridge_regression(x, y, penalty):
    eye = np.eye(x.shape[1])
    gram = x.T @ x + penalty * eye
    w = np.linalg.solve(gram, x.T @ y)
    residual_bar = 2.0 * (x @ w - y)
    w_bar = x.T @ residual_bar + 2.0 * penalty * w
    rhs_bar = np.linalg.solve(gram.T, w_bar)
    gram_bar = -np.outer(rhs_bar, w)
    x_bar = np.outer(residual_bar, w) + np.outer(y, rhs_bar)
    x_bar += x @ gram_bar + x @ gram_bar.T
    y_bar = x @ rhs_bar - residual_bar
    penalty_bar = np.sum(w**2) + np.sum(gram_bar * eye)
    return x_bar, y_bar, penalty_bar


def gaussian_by_cholesky(mean, covariance, x):
    factor = np.linalg.cholesky(covariance)
    z = np.linalg.solve(factor, x - mean)
    eye = np.eye(3)
    x_bar = np.linalg.solve(factor.T, -z)
    factor_bar = -eye / np.sum(factor * eye, axis=1)[:, None] - np.outer(x_bar, z)
    product = factor.T @ factor_bar
    half = 0.5 * (np.tril(product) + np.tril(product, -1))
    both = np.linalg.solve(factor.T, np.linalg.solve(factor.T, half).T)
    both += both.T
    covariance_bar = 0.5 * (np.tril(both) + np.tril(both, -1))
    return -x_bar, covariance_bar, x_bar


def gaussian_by_slogdet(mean, covariance, x):
    centred = x - mean
    solved = np.linalg.solve(covariance, centred.T)
    rhs_bar = np.linalg.solve(covariance.T, -0.5 * centred.T)
    x_bar = rhs_bar.T - 0.5 * solved.T
    covariance_bar = -rhs_bar @ solved.T - 0.5 * len(x) * np.linalg.inv(covariance).T
    return -np.sum(x_bar, axis=0), covariance_bar, x_bar


def convolution_by_slices(x, kernel):
    y_bar = 2.0 * (kernel[0] * x[2:] + kernel[1] * x[1:-1] + kernel[2] * x[:-2])
    x_bar = np.zeros_like(x)
    x_bar[2:] += kernel[0] * y_bar
    x_bar[1:-1] += kernel[1] * y_bar
    x_bar[:-2] += kernel[2] * y_bar
    kernel_bar = np.array([y_bar @ x[2:], y_bar @ x[1:-1], y_bar @ x[:-2]])
    return x_bar, kernel_bar


def heat_step_by_slices(u, rate):
    inner = u[1:-1, 1:-1]
    laplacian = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * inner
    step_bar = 2.0 * (inner + rate * laplacian)
    laplacian_bar = step_bar * rate
    u_bar = np.zeros_like(u)
    u_bar[1:-1, 1:-1] += step_bar - 4.0 * laplacian_bar
    u_bar[2:, 1:-1] += laplacian_bar
    u_bar[:-2, 1:-1] += laplacian_bar
    u_bar[1:-1, 2:] += laplacian_bar
    u_bar[1:-1, :-2] += laplacian_bar
    return u_bar, np.sum(step_bar * laplacian)


def advection_residual(u, speed):
    middle = u[1:-1]
    slope = (u[2:] - u[:-2]) / 2.0
    bend = u[2:] - 2.0 * middle + u[:-2]
    carried = middle * slope
    residual = carried * speed - 0.1 * bend
    residual_bar = 2.0 * residual / residual.size
    carried_bar = residual_bar * speed
    slope_bar = carried_bar * middle / 2.0
    bend_bar = -0.1 * residual_bar
    u_bar = np.zeros_like(u)
    u_bar[1:-1] += carried_bar * slope - 2.0 * bend_bar
    u_bar[2:] += bend_bar + slope_bar
    u_bar[:-2] += bend_bar - slope_bar
    return u_bar, np.sum(residual_bar * carried)


def skewness(x):
    centred = x - np.mean(x)
    deviation = np.sqrt(np.mean(centred**2))
    z = centred / deviation
    z_bar = 3.0 * z**2 / len(x) / deviation
    centred_bar = z_bar - z * np.mean(z_bar * z)
    return centred_bar - np.mean(centred_bar)


def covariance_matrix(x):
    centred = x - np.mean(x, axis=0)
    count = len(x) - 1
    product_bar = 2.0 * (centred.T @ centred / count) / count
    centred_bar = centred @ product_bar + centred @ product_bar.T
    return centred_bar - np.mean(centred_bar, axis=0)


def path_length(steps):
    position = np.cumsum(steps)
    position_bar = position / np.sqrt(1.0 + position**2) / len(steps)
    return np.cumsum(position_bar[::-1])[::-1]


def huber_by_where(prediction, target):
    error = prediction - target
    size = np.abs(error)
    error_bar = np.where(size < 0.5, error, 0.5 * np.sign(error)) / len(error)
    return error_bar, -error_bar


def hinge_loss(x, w, b, y):
    z = x @ w + b
    slack = 1.0 - y * z
    margin_bar = -np.where(slack == 0.0, 0.5, slack > 0.0) / len(y)
    z_bar = margin_bar * y
    w_bar = x.T @ z_bar + 0.02 * w
    return np.outer(z_bar, w), w_bar, np.sum(z_bar), margin_bar * z


def logistic_regression(x, w, b, y):
    z = x @ w + b
    e = np.exp(-np.abs(z))
    step = np.where(z == 0.0, 0.5, z > 0.0)
    z_bar = (step - y - e / (1.0 + e) * np.sign(z)) / len(y)
    return np.outer(z_bar, w), x.T @ z_bar, np.sum(z_bar), -z / len(y)


def clipped_ratio_loss(log_new, advantage):
    ratio = np.exp(log_new)
    clipped = np.clip(ratio, 0.8, 1.2)
    free, held = ratio * advantage, clipped * advantage
    tie = free == held
    free_bar = -np.where(tie, 0.5, free < held) / len(ratio)
    held_bar = -np.where(tie, 0.5, held < free) / len(ratio)
    inside = np.logical_and(0.8 <= ratio, ratio <= 1.2)
    ratio_bar = free_bar * advantage + held_bar * advantage * inside
    return ratio_bar * ratio, free_bar * ratio + held_bar * clipped


def rayleigh_quotient(x, a):
    xa, xx = x @ a, x @ x
    value = xa @ x / xx
    x_bar = (xa + a @ x - 2.0 * value * x) / xx
    return x_bar, np.outer(x, x) / xx


def matrix_chain(a, b):
    c_bar = 2.0 * (a @ b - b @ a)
    a_bar = c_bar @ b.T - b.T @ c_bar
    b_bar = a.T @ c_bar - c_bar @ a.T
    return a_bar, b_bar


def trace_of_inverse_form(a, b):
    inverse = np.linalg.inv(a)
    a_bar = -inverse.T @ (b @ b.T) @ inverse.T
    b_bar = inverse @ b + inverse.T @ b
    return a_bar, b_bar


def features_joined(x, y):
    z = np.concatenate([x, y], axis=1)
    squares = np.sum(z**2, axis=1)
    z_bar = 2.0 * (z[:, 0] / len(x))[:, None] * z
    z_bar[:, 0] += squares / len(x)
    return z_bar[:, : x.shape[1]], z_bar[:, x.shape[1] :]


def rotated_points(angle, radius):
    cos, sin = np.cos(angle), np.sin(angle)
    points = np.stack([radius * cos, radius * sin], axis=1)
    gram_bar = 2.0 * (points @ points.T)
    points_bar = gram_bar @ points + gram_bar.T @ points
    x_bar, y_bar = points_bar[:, 0], points_bar[:, 1]
    angle_bar = y_bar * radius * cos - x_bar * radius * sin
    return angle_bar, x_bar * cos + y_bar * sin


def weighted_mean(x, w):
    squares = w**2
    total = np.sum(squares)
    weights = squares / total
    mean_bar = 2.0 * np.sum(weights[:, None] * x, axis=0)
    weights_bar = np.sum(mean_bar * x, axis=1) / total
    w_bar = 2.0 * (weights_bar - np.sum(weights_bar * weights)) * w
    return weights[:, None] * mean_bar, w_bar


def cosine_similarity(x, y):
    dots = np.sum(x * y, axis=1)
    a = np.sqrt(np.sum(x**2, axis=1))
    b = np.sqrt(np.sum(y**2, axis=1))
    dots_bar = 1.0 / (a * b) / len(x)
    norms_bar = -dots_bar * dots / (a * b)
    x_bar = dots_bar[:, None] * y + (norms_bar * b / a)[:, None] * x
    y_bar = dots_bar[:, None] * x + (norms_bar * a / b)[:, None] * y
    return x_bar, y_bar


def matrix_factorisation(target, u, v):
    residual = u @ v - target
    residual_bar = 2.0 * residual / residual.size
    u_bar = residual_bar @ v.T + 0.2 * u / u.size
    v_bar = u.T @ residual_bar + 0.2 * v / v.size
    return -residual_bar, u_bar, v_bar


def batched_projection(x, w):
    y = np.tanh(x @ w)
    y_bar = (2.0 * np.mean(y, axis=1) / y.shape[1])[:, None]
    z_bar = y_bar * (1.0 - y**2)
    return z_bar @ w.T, np.sum(np.swapaxes(x, -1, -2) @ z_bar, axis=0)


def soft_threshold(x, y):
    sign = np.sign(x)
    excess = np.abs(x) - 0.5
    shrunk = sign * np.maximum(excess, 0.0)
    error = shrunk - y
    shrunk_bar = error + np.sign(shrunk)
    x_bar = shrunk_bar * sign * np.where(excess == 0.0, 0.5, excess > 0.0) * sign
    return x_bar, -error


def gaussian_process_kernel(x, scale, noise):
    gaps = (x[:, None] - x) / scale
    smooth = np.exp(-0.5 * gaps**2)
    eye = np.eye(len(x))
    kernel_bar = np.linalg.inv(smooth + noise * eye).T
    gaps_bar = -kernel_bar * smooth * gaps / scale
    x_bar = np.sum(gaps_bar, axis=1) - np.sum(gaps_bar, axis=0)
    return x_bar, -np.sum(gaps_bar * gaps), np.sum(kernel_bar * eye)


def angles_between_rows(x):
    norm = np.sqrt(np.sum(x**2, axis=1, keepdims=True))
    unit = x / norm
    gram_bar = 2.0 * (unit @ unit.T)
    unit_bar = (gram_bar @ unit + gram_bar.T @ unit) / norm
    return unit_bar - unit * np.sum(unit_bar * unit, axis=1, keepdims=True)


def entropy_of_softmax(x):
    largest = np.max(x)
    e = np.exp(x - largest)
    total = np.sum(e)
    p = e / total
    p_bar = -(np.log(p) + p / p) / total
    shifted_bar = (p_bar - np.sum(p_bar * p)) * e
    mask = x == largest
    return shifted_bar - mask * (np.sum(shifted_bar) / np.sum(mask))


def variance_of_columns(x):
    centred = x - np.mean(x, axis=0)
    centred_bar = 2.0 * centred / len(x)
    return centred_bar - np.mean(centred_bar, axis=0)


def poisson_divergence(rate, count):
    rate_bar = (1.0 - count / rate) / len(rate)
    return rate_bar, -np.log(rate) / len(rate)


def mean_squared_and_correlation(x, y):
    a, b = x - np.mean(x), y - np.mean(y)
    aa, bb = np.sum(a * a), np.sum(b * b)
    norm = np.sqrt(aa * bb)
    shrink = np.sum(a * b) / norm**3
    a_bar = b / norm - shrink * bb * a
    b_bar = a / norm - shrink * aa * b
    return a_bar - np.mean(a_bar), b_bar - np.mean(b_bar)


def bilinear_form(a, x, y):
    z = a @ x
    sin = np.sin(z)
    outer_bar = 2.0 * np.sum(y * sin)
    z_bar = outer_bar * y * np.cos(z)
    return np.outer(z_bar, x), a.T @ z_bar, outer_bar * sin
