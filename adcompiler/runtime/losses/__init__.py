"""PyTorch's losses, as plain programs that this compiler differentiates.

In: predictions and targets. Out: a number, or one for each element, with the options of
``torch.nn.functional``, which are named as there; the old `size_average` and `reduce`
are left out, and what stands behind them is given by name.
"""

from adcompiler.runtime.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
)
from adcompiler.runtime.losses.classification import cross_entropy, nll_loss
from adcompiler.runtime.losses.labels import (
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
)
from adcompiler.runtime.losses.likelihoods import (
    gaussian_nll_loss,
    kl_div,
    poisson_nll_loss,
)
from adcompiler.runtime.losses.margins import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from adcompiler.runtime.losses.regression import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from adcompiler.runtime.losses.sequences import ctc_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
]
