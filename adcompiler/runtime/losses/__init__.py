"""PyTorch's losses, as plain programs that this compiler differentiates.

In: predictions and targets. Out: a number, or one for each element, with the options of
``torch.nn.functional``, which are named as there; the old `size_average` and `reduce`
are left out, and what stands behind them is given by name.
"""

from adcompiler.runtime.losses.classification import cross_entropy, nll_loss
from adcompiler.runtime.losses.regression import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)

__all__ = [
    "cross_entropy",
    "huber_loss",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]
