"""Schedulers against PyTorch's sequences, and what they keep and refuse."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from adcompiler import runtime
from tests.optimizer_cases import SCHEDULES, label


def made(case, **more):
    """An optimizer with one group, and its scheduler."""
    momentum = {"momentum": 0.9} if "momentum" in case else {}
    opt = runtime.SGD([np.zeros(1)], lr=case["base_lr"], **momentum)
    return opt, getattr(runtime, case["scheduler"])(opt, **case["options"], **more)


def steps(case):
    """What each step is given."""
    return [(m,) for m in case["metrics"]] if "metrics" in case else [()] * 29


def followed(opt, schedule, given):
    group, found = opt.param_groups[0], []
    for args in given:
        schedule.step(*args)
        found.append((group["lr"], group["momentum"]))
    return found


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda c: label(c, "scheduler"))
def test_against_pytorch(case):
    opt, schedule = made(case)
    group = opt.param_groups[0]
    found = [(group["lr"], group["momentum"]), *followed(opt, schedule, steps(case))]
    rates, momenta = zip(*found, strict=True)
    np.testing.assert_allclose(rates, case["lr"], rtol=1e-12, atol=1e-15)
    if "momentum" in case:
        np.testing.assert_allclose(momenta, case["momentum"], rtol=1e-12, atol=1e-15)
    assert schedule.get_last_lr() == [rates[-1]]
    assert repr(schedule).startswith(f"{case['scheduler']}(")


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda c: label(c, "scheduler"))
def test_resumed_from_a_state_it_goes_on_alike(case):
    opt, schedule = made(case)
    given = steps(case)
    followed(opt, schedule, given[:7])
    kept = pickle.loads(pickle.dumps((opt.state_dict(), schedule.state_dict())))
    expected = followed(opt, schedule, given[7:])
    again, other = made(case)
    again.load_state_dict(kept[0])
    other.load_state_dict(kept[1])
    assert followed(again, other, given[7:]) == expected


# --- Those that are made of functions or of schedulers; PyTorch's numbers -------------


def rates_of(make, count=9, lr=1.0):
    opt = runtime.SGD([np.zeros(1)], lr=lr)
    schedule = make(opt)
    found = [opt.param_groups[0]["lr"]]
    for _ in range(count):
        schedule.step()
        found.append(opt.param_groups[0]["lr"])
    return found


def test_functions_of_the_epoch():
    found = rates_of(lambda o: runtime.LambdaLR(o, lambda e: 0.95**e), lr=0.5)
    assert np.allclose(found, [0.5 * 0.95**e for e in range(10)], 1e-12)
    found = rates_of(lambda o: runtime.MultiplicativeLR(o, lambda e: 0.95), lr=0.5)
    assert np.allclose(found, [0.5 * 0.95**e for e in range(10)], 1e-12)


def test_one_after_the_other():
    def make(opt):
        first = runtime.ConstantLR(opt, factor=0.1, total_iters=2)
        second = runtime.ExponentialLR(opt, gamma=0.9)
        third = runtime.CosineAnnealingLR(opt, T_max=4)
        return runtime.SequentialLR(opt, [first, second, third], milestones=[3, 6])

    expected = [0.1, 0.1, 1.0, 1.0, 0.9, 0.81, 1.0]
    expected += [(1 + math.cos(math.pi * k / 4)) / 2 for k in (1, 2, 3)]
    assert np.allclose(rates_of(make), expected, 1e-12)


def test_all_together():
    def make(opt):
        first = runtime.ConstantLR(opt, factor=0.1, total_iters=2)
        second = runtime.ExponentialLR(opt, gamma=0.9)
        return runtime.ChainedScheduler([first, second], optimizer=opt)

    expected = [0.1 if e < 2 else 1.0 for e in range(10)]
    expected = [f * 0.9**e for e, f in enumerate(expected)]
    assert np.allclose(rates_of(make), expected, 1e-12)


def test_states_of_combined_schedulers():
    def make():
        opt = runtime.SGD([np.zeros(1)], lr=1.0)
        warm = runtime.LinearLR(opt, total_iters=4)
        then = runtime.CosineAnnealingWarmRestarts(opt, T_0=3)
        return opt, runtime.SequentialLR(opt, [warm, then], [5])

    opt, schedule = make()
    followed(opt, schedule, [()] * 6)
    again, other = make()
    again.load_state_dict(opt.state_dict())
    other.load_state_dict(schedule.state_dict())
    assert followed(again, other, [()] * 5) == followed(opt, schedule, [()] * 5)
    state = other.state_dict()
    broken = {**state, "schedulers": [state["schedulers"][0], {}]}
    before = repr(other.state_dict())
    with pytest.raises(ValueError, match="it lacks"):
        other.load_state_dict(broken)
    assert repr(other.state_dict()) == before


def test_restarts_at_a_fraction():
    opt = runtime.SGD([np.zeros(1)], lr=1.0)
    schedule = runtime.CosineAnnealingWarmRestarts(opt, T_0=4, T_mult=2)
    for epoch, expected in ((0.5, 0.125), (4.0, 0.0), (6.0, 0.25), (13.0, 1 / 16)):
        schedule.step(epoch)
        lr = (1 + math.cos(math.pi * expected)) / 2
        assert opt.param_groups[0]["lr"] == pytest.approx(lr)


def test_groups_have_rates_of_their_own():
    groups = [{"params": np.zeros(1), "lr": 0.5}, {"params": np.zeros(1)}]
    opt = runtime.Adam(groups, lr=0.1)
    schedule = runtime.LambdaLR(opt, [lambda e: 1.0, lambda e: 0.5**e])
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.05]
    cycle = runtime.OneCycleLR(
        runtime.Adam(groups_of_two()), max_lr=[0.5, 1.0], total_steps=10
    )
    assert np.allclose(cycle.get_last_lr(), [0.02, 0.04])
    assert cycle.groups[0]["betas"] == (0.95, 0.999)


def groups_of_two():
    return [{"params": np.zeros(1)}, {"params": np.zeros(1)}]


def test_it_goes_on_from_an_epoch():
    opt = runtime.SGD([np.zeros(1)], lr=1.0)
    schedule = runtime.ExponentialLR(opt, gamma=0.5)
    schedule.step()
    again = runtime.ExponentialLR(opt, gamma=0.5, last_epoch=1)
    assert again.last_epoch == 2
    assert again.get_last_lr() == [0.25]
    with pytest.raises(KeyError, match="has no 'initial_lr'"):
        runtime.ExponentialLR(runtime.SGD([np.zeros(1)]), 0.5, last_epoch=3)


def test_groups_that_come_later():
    opt = runtime.SGD([np.zeros(1)], lr=1.0)
    schedule = runtime.CosineAnnealingLR(opt, T_max=4)
    cycle = runtime.LambdaLR(opt, lambda e: 1.0)
    opt.add_param_group({"params": np.zeros(1), "lr": 0.5})
    schedule.step()
    half = (1 + math.cos(math.pi / 4)) / 2
    assert np.allclose(schedule.get_last_lr(), [half, 0.5 * half])
    with pytest.raises(ValueError, match="made for 1 groups, and the optimizer has 2"):
        cycle.step()


# --- What is refused ----------------------------------------------------------------

BAD = [
    (lambda o: runtime.StepLR("opt", 3), "a scheduler is for an optimizer"),
    (lambda o: runtime.StepLR(o, 0), "step_size is 0, and must be 1 or more"),
    (lambda o: runtime.StepLR(o, 2.5), "step_size is a whole number"),
    (lambda o: runtime.StepLR(o, 2, gamma=math.nan), "gamma is nan"),
    (lambda o: runtime.ExponentialLR(o, -0.5), "gamma is -0.5"),
    (lambda o: runtime.LinearLR(o, start_factor=0), "start_factor is 0"),
    (lambda o: runtime.ConstantLR(o, factor=1.5), "factor is 1.5"),
    (lambda o: runtime.CosineAnnealingLR(o, 0), "T_max is 0"),
    (lambda o: runtime.CosineAnnealingWarmRestarts(o, 4, 0), "T_mult is 0"),
    (lambda o: runtime.OneCycleLR(o, 0.1), "pass total_steps, or epochs"),
    (lambda o: runtime.OneCycleLR(o, 0.1, 9, anneal_strategy="x"), "anneal_strategy"),
    (lambda o: runtime.OneCycleLR(o, [0.1, 0.2], 9), "max_lr has 2 entries"),
    (lambda o: runtime.CyclicLR(o, 0.1, 0.2, mode="x"), "mode is 'x'"),
    (lambda o: runtime.CyclicLR(runtime.Adagrad([np.zeros(1)]), 0.1, 0.2), "no moment"),
    (lambda o: runtime.ReduceLROnPlateau(o, factor=1.0), "factor is 1.0"),
    (lambda o: runtime.ReduceLROnPlateau(o, mode="x"), "mode is 'x'"),
    (lambda o: runtime.ReduceLROnPlateau(o).step(), "a measure is needed"),
    (lambda o: runtime.SequentialLR(o, [runtime.StepLR(o, 2)], [1]), "need 0 milesto"),
    (lambda o: runtime.ChainedScheduler([]), "no schedulers"),
    (
        lambda o: runtime.ChainedScheduler(
            [runtime.StepLR(runtime.SGD([np.zeros(1)]), 2)], o
        ),
        "for another optimizer",
    ),
    (
        lambda o: runtime.StepLR(o, 2).load_state_dict(
            runtime.ExponentialLR(o, 0.5).state_dict()
        ),
        "state of ExponentialLR, not of StepLR",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[m for _, m in BAD])
def test_what_is_no_schedule(make, message):
    opt = runtime.SGD([np.zeros(1)], lr=0.25)
    with pytest.raises((ValueError, TypeError), match=message):
        make(opt)
    assert opt.param_groups[0]["lr"] == 0.25


def test_a_schedule_that_is_over():
    opt = runtime.SGD([np.zeros(1)], lr=0.1, momentum=0.9)
    schedule = runtime.OneCycleLR(opt, 0.1, total_steps=2)
    schedule.step()
    schedule.step()
    with pytest.raises(ValueError, match="there is no step 3"):
        schedule.step()
