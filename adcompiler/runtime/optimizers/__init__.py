"""Optimizers, schedulers and clipping, with PyTorch's names, options and numbers.

In: parameters and their gradients. Out: the parameters, changed in place.
"""

from adcompiler.runtime.optimizers.base import Optimizer
from adcompiler.runtime.optimizers.clipping import clip_grad_norm_, clip_grad_value_
from adcompiler.runtime.optimizers.descent import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    RMSprop,
    Rprop,
)
from adcompiler.runtime.optimizers.lbfgs import LBFGS
from adcompiler.runtime.optimizers.means import Adam, Adamax, AdamW, NAdam, RAdam

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "clip_grad_norm_",
    "clip_grad_value_",
]
