"""Linear regression from nothing but gradients, and a picture of how the fit comes.

1,500 points on a noisy line; thirty steps of gradient descent on the mean squared
error. The picture has the line after some of the steps, and the loss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import adcompiler as ad
from adcompiler import runtime as rt

PICTURE = Path(__file__).parents[1] / "out" / "linear_regression.png"
STEPS, RATE = 30, 0.1
RECORDED = ("loss_before_step", "w_grad", "b_grad", "w_after_step", "b_after_step")


def cubic():
    """A gradient with respect to two arrays: y = a^3 - b^2."""
    a, b = ad.Parameter(np.float32([5.0])), ad.Parameter(np.float32([6.0]))
    y = ad.differentiate(lambda a, b: a**3 - b**2).backward(a, b)
    return {"y": y, "a.grad": a.grad, "b.grad": b.grad}


def data():
    """The points, their true slope, and their true intercept."""
    from sklearn.datasets import make_regression

    x, y, slope = make_regression(
        n_samples=1500,
        n_features=1,
        n_informative=1,
        noise=0.3,
        coef=True,
        random_state=0,
        bias=2,
    )
    return x, y, float(slope), 2.0


@ad.differentiate
def loss(w, b, x, y):
    """The mean squared error of the line on points `x` (n, 1) and `y` (n,)."""
    return np.mean((y - np.squeeze(x @ w + b)) ** 2)


def train(x, y, seed=4, dtype=np.float32, watch=lambda step, w, b: None):
    """Fit a line to points; gives what there was at each step."""
    x, y = x.astype(dtype), y.astype(dtype)
    rt.manual_seed(seed)
    w = ad.Parameter(rt.randn(1, 1).astype(dtype))
    b = ad.Parameter(rt.randn(1).astype(dtype))
    found = {
        "X_first3": x[:3],
        "y_first3": y[:3],
        "w0": w.data.copy(),
        "b0": b.data.copy(),
        **{name: [] for name in RECORDED},
    }
    for step in range(STEPS):
        found["loss_before_step"].append(float(loss.backward(w, b, x, y)))
        for name, parameter in (("w", w), ("b", b)):
            found[f"{name}_grad"].append(parameter.grad.item())
            parameter.data -= RATE * parameter.grad
            parameter.zero_grad()
            found[f"{name}_after_step"].append(parameter.item())
        watch(step, w.item(), b.item())
    return found


def draw(x, y, found, path=PICTURE):
    """The line as it comes to fit, and the loss at each step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    fit, descent = figure.subplots(1, 2)
    fit.scatter(x[:, 0], y, s=4, color="0.7", label="data")
    ends = np.array([x.min(), x.max()])
    shown = [0, 2, 5, STEPS - 1]
    for k in shown:
        w, b = found["w_after_step"][k], found["b_after_step"][k]
        shade = 0.25 + 0.75 * shown.index(k) / (len(shown) - 1)
        fit.plot(
            ends, w * ends + b, color=(0.8, 0.2, 0.1, shade), label=f"step {k + 1}"
        )
    fit.set(xlabel="x", ylabel="y", title="The line")
    fit.legend()
    descent.semilogy(range(1, STEPS + 1), found["loss_before_step"], "o-", ms=3)
    descent.set(xlabel="step", title="The mean squared error")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    """Fit the line, say how it comes to fit, and draw it."""
    x, y, slope, intercept = data()

    def watch(step, w, b):
        if step % 5 == 4:
            print(f"step {step + 1:2}: slope {w:.4f}, intercept {b:.4f}")

    found = train(x, y, watch=watch)
    w, b = found["w_after_step"][-1], found["b_after_step"][-1]
    print(f"The true slope is {slope:.2f}, the fitted one {w:.2f}.")
    print(f"The true intercept is {intercept:.2f}, the fitted one {b:.2f}.")
    draw(x, y, found)
    print(f"The fit is drawn in {PICTURE}.")
    print("\nThe gradient of the loss, as it was written for it:\n")
    print(loss.source())


if __name__ == "__main__":
    main()
