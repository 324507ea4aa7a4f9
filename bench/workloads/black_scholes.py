"""The prices of European calls by Black and Scholes, and four of their Greeks."""

import numpy as np
from scipy.special import erf

from bench.workload import C, Workload


def normal(d):
    return 0.5 * (1.0 + erf(d / np.sqrt(2.0)))


def black_scholes(spot, strike, time, vol, rate):
    spread = vol * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate + 0.5 * vol**2) * time) / spread
    d2 = d1 - spread
    return np.sum(spot * normal(d1) - strike * np.exp(-rate * time) * normal(d2))


def _with(np, erf):
    """The same program with another package's functions."""

    def black_scholes(spot, strike, time, vol, rate):
        spread = vol * np.sqrt(time)
        d1 = (np.log(spot / strike) + (rate + 0.5 * vol**2) * time) / spread
        d2 = d1 - spread
        root = 2.0**0.5
        inside = 0.5 * (1.0 + erf(d1 / root)), 0.5 * (1.0 + erf(d2 / root))
        paid = strike * np.exp(-rate * time)
        return np.sum(spot * inside[0] - paid * inside[1])

    return black_scholes


def jax(*args):
    import jax.numpy as np
    from jax.scipy.special import erf

    return _with(np, erf)(*args)


def torch(*args):
    import torch

    return _with(torch, torch.erf)(*args)


def autograd(*args):
    import autograd.numpy as np
    from autograd.scipy.special import erf

    return _with(np, erf)(*args)


def _of(n):
    def inputs(rng):
        return (
            rng.uniform(80.0, 120.0, n),
            rng.uniform(80.0, 120.0, n),
            rng.uniform(0.2, 2.0, n),
            rng.uniform(0.1, 0.5, n),
            0.03,
        )

    return inputs


WORKLOAD = Workload(
    title="Black-Scholes",
    program=black_scholes,
    wrt=("spot", "time", "vol", "rate"),
    sizes={"10^3": _of(1000), "10^5": _of(100_000), "10^6": _of(1_000_000)},
    tiny=_of(11),
    hand=C("black_scholes"),
    bar=1.5,
    peers={"jax": jax, "torch": torch, "autograd": autograd},
)
