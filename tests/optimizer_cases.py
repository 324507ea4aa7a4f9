"""PyTorch's trajectories, from `tests/reference`, as arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "reference"
FOUND = json.loads((HERE / "optimizers.json").read_text())
SCHEDULES = json.loads((HERE / "schedulers.json").read_text())["cases"]


def array(entry):
    return np.array(entry["data"], entry["dtype"]).reshape(entry["shape"])


def options(case):
    """Lists are PyTorch's tuples."""
    pairs = case["options"].items()
    return {k: tuple(v) if isinstance(v, list) else v for k, v in pairs}


def label(case, name):
    """What a case is called."""
    words = [f"{k}={v}" for k, v in case.get("options", case).items()]
    return "-".join([case[name], *words]).replace(" ", "")


A, B, X0 = (array(FOUND["quadratic"][k]) for k in ("A", "b", "x0"))
PARAMS = [array(p) for p in FOUND["sequence"]["params0"]]
GRADS = [[array(g) for g in step] for step in FOUND["sequence"]["grads"]]
