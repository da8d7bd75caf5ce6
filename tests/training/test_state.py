"""The running means of a training's weights."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from eyespot.training.state import LOOKAHEAD_IMAGES, LOOKAHEAD_KEPT, LOOKAHEAD_TIMES, State, lookahead_step, update_ema

BATCH, EVERY = 1000, 5
STEPS = LOOKAHEAD_TIMES * EVERY + 2
assert round(LOOKAHEAD_IMAGES / BATCH) == EVERY


def state_of(weight, average, step, steps=STEPS, batch=BATCH):
    """A state of two networks of one weight and one count."""
    networks = [nn.BatchNorm1d(1), nn.BatchNorm1d(1)]
    for network, value in zip(networks, (weight, average), strict=True):
        nn.init.constant_(network.weight, value)
        network.num_batches_tracked += int(value)
    schedule = SimpleNamespace(steps=steps, at=lambda step: SimpleNamespace(batch=batch))
    return State(network=networks[0], average=networks[1], optimizers={}, schedule=schedule, step=step)


def weights(state):
    return state.network.weight.item(), state.average.weight.item()


@pytest.mark.parametrize(("step", "share"), [(1, 1.0), (4, 0.5), (10, 0.25), (1000, 0.2)])
def test_the_average_follows_over_a_third_of_the_steps_behind_or_the_horizon(step, share):
    state = state_of(8.0, 0.0, step)
    update_ema(state, horizon=4.0)
    assert weights(state) == pytest.approx((8.0, 8.0 * share))
    assert state.average.num_batches_tracked == 8


@pytest.mark.parametrize("step", [1, EVERY - 1, EVERY + 1])
def test_between_its_steps_lookahead_changes_nothing(step):
    state = state_of(8.0, 0.0, step)
    lookahead_step(state)
    assert weights(state) == (8.0, 0.0)


@pytest.mark.parametrize("step", [EVERY, 3 * EVERY, STEPS])
def test_the_network_goes_on_from_the_average_of_which_more_is_kept_the_later_it_is(step):
    state = state_of(8.0, 0.0, step)
    lookahead_step(state)
    expected = 8.0 * (1 - LOOKAHEAD_KEPT * (step / STEPS) ** 3)
    assert weights(state) == pytest.approx((expected, expected))
    assert torch.equal(state.network.running_mean, state.average.running_mean)


@pytest.mark.parametrize(("steps", "batch"), [(6, 8), (18, 8), (60, 8), (300, 32), (125, 1000)])
def test_half_way_hardly_anything_of_the_beginning_is_left_however_few_the_steps(steps, batch):
    state = state_of(8.0, 0.0, 0, steps, batch)
    for state.step in range(1, steps // 2 + 1):
        lookahead_step(state)
        nn.init.constant_(state.network.weight, 8.0)  # where it learns to, wherever it goes on from
    assert state.average.weight.item() > 7.5
