"""Noise from keys, and the estimate of noise."""

import pytest
import torch

from eyespot.tasks.noise import gaussian_noise, noise_level


def test_noise_follows_from_the_key_whatever_the_batch():
    keys = torch.tensor([5, -3, 2**62])
    together = gaussian_noise(keys, (1, 4, 4))
    assert torch.equal(together[1:2], gaussian_noise(keys[1:2], (1, 4, 4)))
    assert not torch.equal(together[0], together[1])


def test_noise_of_a_key_is_the_same_on_every_machine():
    # Made by: gaussian_noise(torch.tensor([42]), (4,)), numpy 2, x86-64.
    expected = [0.18170474, -1.2426393, -0.55155303, 0.36648002]
    assert gaussian_noise(torch.tensor([42]), (4,))[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_noise_has_mean_0_and_deviation_1():
    noise = gaussian_noise(torch.tensor([0]), (100_000,))
    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert noise.std().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("sigma", [5, 25, 50])
def test_the_level_of_noise_on_a_smooth_picture_is_found(sigma: int):
    slope = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    noisy = slope + gaussian_noise(torch.tensor([1]), (1, 64, 64)) * sigma / 255
    assert noise_level(noisy).item() == pytest.approx(sigma, rel=0.1)


def test_a_picture_of_one_row_has_no_level():
    assert noise_level(torch.rand(2, 1, 1, 9)).tolist() == [0, 0]
