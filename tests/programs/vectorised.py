"""Models and losses as they are written with whole arrays: no loops."""

import numpy as np

from .registry import distinct, positive, program, real, small, spd


def soft_labels(rng):
    """Targets as of label smoothing; their rows do not sum to one."""
    return rng.uniform(0.05, 0.3, (6, 5)) + 0.6 * np.eye(5)[rng.integers(0, 5, 6)]


@program(real(4, 5), real(5), real(6, 4), soft_labels, wrt=("w", "b"))
def softmax_regression(w, b, x, y):
    logits = x @ w + b
    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.mean(np.sum(y * np.log(p), axis=1))


@program(real(6, 5), soft_labels, wrt=("logits",))
def cross_entropy_of_logits(logits, y):
    m = np.max(logits, axis=1)
    log_z = m + np.log(np.sum(np.exp(logits - m[:, None]), axis=1))
    return np.mean(log_z - np.sum(y * logits, axis=1))


@program(real(4, 3), positive(3), real(3))
def layer_norm(x, gain, bias):
    mean = np.mean(x, axis=1, keepdims=True)
    centred = x - mean
    var = np.mean(centred**2, axis=1, keepdims=True)
    return np.sum((centred / np.sqrt(var + 1e-5) * gain + bias) ** 2)


@program(real(5, 3), positive(3), real(3), real(5, 3), wrt=("x", "gain", "bias"))
def batch_norm_loss(x, gain, bias, target):
    mean = x.mean(axis=0)
    var = ((x - mean) ** 2).mean(axis=0)
    normal = (x - mean) / np.sqrt(var + 1e-5)
    return np.sum((gain * normal + bias - target) ** 2)


@program(real(4, 3), real(5, 3), real(5, 2))
def attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = e / np.sum(e, axis=-1, keepdims=True)
    return np.sum((weights @ v) ** 2)


@program(
    real(3, 4), real(4), real(4, 4), real(4), real(4, 2), real(2), real(5, 3),
    real(5, 2), wrt=("w1", "b1", "w2", "b2", "w3", "b3"), order=1,
)  # fmt: skip
def perceptron_loss(w1, b1, w2, b2, w3, b3, x, y):
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.maximum(h1 @ w2 + b2, 0.0)
    error = h2 @ w3 + b3 - y
    return 0.5 * np.mean(np.sum(error**2, axis=1))


@program(real(5, 4), real(3, 4), real(3, 4), real(3), wrt=("means", "logs", "weights"))
def gaussian_mixture(x, means, logs, weights):
    z = (x[:, None, :] - means) * np.exp(-logs)
    terms = weights - np.sum(0.5 * z**2 + logs, axis=2)
    largest = np.max(terms, axis=1)
    log_sums = largest + np.log(np.sum(np.exp(terms - largest[:, None]), axis=1))
    return np.sum(log_sums) - len(x) * np.log(np.sum(np.exp(weights)))


@program(positive(5), positive(5), positive(5), 0.05, positive(5))
def black_scholes_by_logistic(spot, strike, years, rate, vol):
    spread = vol * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + 0.5 * vol**2) * years) / spread
    d2 = d1 - spread
    n1 = 1.0 / (1.0 + np.exp(-1.702 * d1))
    n2 = 1.0 / (1.0 + np.exp(-1.702 * d2))
    return np.sum(spot * n1 - strike * np.exp(-rate * years) * n2)


@program(real(4, 3), real(5, 3))
def pairwise_distances(x, y):
    difference = x[:, None, :] - y[None, :, :]
    return np.sum(np.sqrt(np.sum(difference**2, axis=2)))


@program(real(4, 3), real(5, 3))
def pairwise_squares_by_products(x, y):
    xx = np.sum(x * x, axis=1)
    yy = np.sum(y * y, axis=1)
    return np.mean((xx[:, None] + yy - 2.0 * x @ y.T) ** 2)


@program(distinct(6, 2), real(3, 2))
def k_means_loss(x, centres):
    squares = np.sum((x[:, None] - centres) ** 2, axis=2)
    return np.mean(np.min(squares, axis=1))


@program(real(6, 3), real(6), positive())
def ridge_regression(x, y, penalty):
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    w = np.linalg.solve(gram, x.T @ y)
    return np.sum((x @ w - y) ** 2) + penalty * np.sum(w**2)


@program(real(3), spd(3), real(3))
def gaussian_by_cholesky(mean, covariance, x):
    factor = np.linalg.cholesky(covariance)
    z = np.linalg.solve(factor, x - mean)
    log_diagonal = np.log(np.sum(factor * np.eye(3), axis=1))
    return -0.5 * np.sum(z**2) - np.sum(log_diagonal)


@program(real(3), spd(3), real(4, 3))
def gaussian_by_slogdet(mean, covariance, x):
    sign, log_det = np.linalg.slogdet(covariance)
    centred = x - mean
    squares = np.sum(centred * np.linalg.solve(covariance, centred.T).T, axis=1)
    return -0.5 * np.sum(squares + log_det)


@program(real(8), real(3))
def convolution_by_slices(x, kernel):
    y = kernel[0] * x[2:] + kernel[1] * x[1:-1] + kernel[2] * x[:-2]
    return np.sum(y**2)


@program(real(5, 5), positive())
def heat_step_by_slices(u, rate):
    inner = u[1:-1, 1:-1]
    laplacian = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * inner
    return np.sum((inner + rate * laplacian) ** 2)


@program(real(7), 0.3)
def advection_residual(u, speed):
    slope = (u[2:] - u[:-2]) / 2.0
    bend = u[2:] - 2.0 * u[1:-1] + u[:-2]
    return np.mean((u[1:-1] * slope * speed - 0.1 * bend) ** 2)


@program(real(6))
def skewness(x):
    z = (x - np.mean(x)) / np.sqrt(np.mean((x - np.mean(x)) ** 2))
    return np.mean(z**3)


@program(real(5, 3))
def covariance_matrix(x):
    centred = x - x.mean(axis=0)
    return np.sum((centred.T @ centred / (len(x) - 1)) ** 2)


@program(real(6))
def path_length(steps):
    position = np.cumsum(steps)
    return np.sum(np.sqrt(1.0 + position**2)) / position.size


@program(distinct(6), distinct(6))
def huber_by_where(prediction, target):
    error = prediction - target
    size = np.abs(error)
    return np.mean(np.where(size < 0.5, 0.5 * error**2, 0.5 * size - 0.125))


@program(real(6, 3), real(3), real(), lambda rng: rng.choice((-1.0, 1.0), 6))
def hinge_loss(x, w, b, y):
    margin = y * (x @ w + b)
    return np.mean(np.maximum(0.0, 1.0 - margin)) + 0.01 * np.sum(w**2)


@program(real(6, 3), real(3), real(), lambda rng: rng.integers(0, 2, 6) * 1.0)
def logistic_regression(x, w, b, y):
    z = x @ w + b
    return np.mean(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0) - y * z)


@program(real(6), real(6))
def clipped_ratio_loss(log_new, advantage):
    ratio = np.exp(log_new)
    clipped = np.clip(ratio, 0.8, 1.2)
    return -np.mean(np.minimum(ratio * advantage, clipped * advantage))


@program(real(3), real(3, 3))
def rayleigh_quotient(x, a):
    return x @ a @ x / (x @ x)


@program(real(3, 3), real(3, 3))
def matrix_chain(a, b):
    return np.sum((a @ b - b @ a) ** 2)


@program(spd(3), real(3, 2))
def trace_of_inverse_form(a, b):
    return np.sum(b * (np.linalg.inv(a) @ b))


@program(real(4, 2), real(4, 3))
def features_joined(x, y):
    z = np.concatenate([x, y], axis=1)
    return np.mean(np.sum(z**2, axis=1) * z[:, 0])


@program(small(4), small(4))
def rotated_points(angle, radius):
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.sum((points @ points.T) ** 2)


@program(real(4, 3), real(4))
def weighted_mean(x, w):
    weights = w**2 / np.sum(w**2)
    return np.sum((weights[:, None] * x).sum(axis=0) ** 2)


@program(real(4, 3), real(4, 3))
def cosine_similarity(x, y):
    dots = np.sum(x * y, axis=1)
    norms = np.sqrt(np.sum(x**2, axis=1)) * np.sqrt(np.sum(y**2, axis=1))
    return np.mean(dots / norms)


@program(real(3, 4), real(3, 2), real(2, 4))
def matrix_factorisation(target, u, v):
    residual = u @ v - target
    return np.mean(residual**2) + 0.1 * (np.mean(u**2) + np.mean(v**2))


@program(real(2, 3, 4), real(4, 5))
def batched_projection(x, w):
    y = np.tanh(x @ w)
    return np.sum(np.mean(y, axis=1) ** 2)


@program(real(5), real(5))
def soft_threshold(x, y):
    shrunk = np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0)
    return 0.5 * np.sum((shrunk - y) ** 2) + np.sum(np.abs(shrunk))


@program(real(6), positive(), positive())
def gaussian_process_kernel(x, scale, noise):
    gaps = (x[:, None] - x[None, :]) / scale
    kernel = np.exp(-0.5 * gaps**2) + noise * np.eye(len(x))
    return np.linalg.slogdet(kernel)[1]


@program(real(4, 3))
def angles_between_rows(x):
    unit = x / np.sqrt(np.sum(x**2, axis=1, keepdims=True))
    return np.sum((unit @ unit.T) ** 2)


@program(real(5))
def entropy_of_softmax(x):
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return -np.sum(p * np.log(p))


@program(real(5, 4))
def variance_of_columns(x):
    centred = x - np.mean(x, axis=0)
    return np.sum(np.sum(centred**2, axis=0) / x.shape[0])


@program(positive(6), positive(6))
def poisson_divergence(rate, count):
    return np.mean(rate - count * np.log(rate))


@program(real(6), real(6))
def mean_squared_and_correlation(x, y):
    a, b = x - x.mean(), y - y.mean()
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))


@program(real(4, 5), real(5), real(4))
def bilinear_form(a, x, y):
    return np.sum(y * np.sin(a @ x)) ** 2


@program(real(3), real(4), raises=ValueError)
def shapes_clash_where_only_the_count_is_used(x, y):
    return np.sum(x) / (x * y).size


@program(real(3, 4), real(3), wrt=("x",), raises=ValueError)
def shapes_clash_in_a_sum_that_is_linear(x, y):
    return np.mean(x + y)


@program(lambda rng: rng.normal(size=(0, 3)), real(3))
def mean_of_no_rows(x, w):
    return np.sum(np.mean(x * w, axis=1)) + np.sum(w)


@program(real(1, 4), real(3, 1), real(3, 4))
def mean_of_stretched_operands(x, y, z):
    return np.mean(x * y - z) + np.mean((x + y) * z, axis=0)[1]


@program(positive(3, 3), label="returned")
@program(lambda rng: -np.ones((3, 3)), label="stored to")
def mean_of_what_one_branch_overwrites(x):
    s = np.mean(0.7 * x)
    if s > -0.6:
        return s
    x[...] = 0.7 * x
    return np.sum(x * x) * s
