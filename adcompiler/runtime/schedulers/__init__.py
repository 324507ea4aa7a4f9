"""Schedulers of learning rates, with PyTorch's names, options and numbers.

In: an optimizer. Out: its rates, changed at each step of the scheduler.
"""

from adcompiler.runtime.schedulers.base import LRScheduler
from adcompiler.runtime.schedulers.combined import ChainedScheduler, SequentialLR
from adcompiler.runtime.schedulers.cycles import CyclicLR, OneCycleLR
from adcompiler.runtime.schedulers.factors import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from adcompiler.runtime.schedulers.plateau import ReduceLROnPlateau

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
