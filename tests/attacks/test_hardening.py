"""Harder images stay within their size, are harder, and training on them hardens."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from eyespot.attacks.hardening import harden
from eyespot.errors import AttackError
from tests.attacks.small_models import bright_or_dark


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_adversarial_images_stay_within_the_size_and_are_harder():
    model, images, labels = bright_or_dark()
    losses = lambda pixels: F.cross_entropy(model.outputs(pixels), labels, reduction="none")  # noqa: E731
    harder = harden("adversarial", images, losses, 0.05, seeded())
    assert (harder - images).abs().max() <= 0.05 + 1e-6
    assert harder.min() >= 0 and harder.max() <= 1 and not harder.requires_grad
    assert losses(harder).mean() > 1.5 * losses(images).mean()
    noisy = images + 0.05 * torch.randn(images.shape, generator=seeded()).sign()
    assert losses(harder).mean() > losses(noisy).mean()


def test_no_gradient_is_left_in_the_weights():
    model, images, labels = bright_or_dark()
    for weight in model.network.parameters():
        weight.grad = None
    harden("adversarial", images, lambda x: F.cross_entropy(model.outputs(x), labels, reduction="none"), 0.05)
    assert all(weight.grad is None for weight in model.network.parameters())


def test_noise_has_the_deviation_asked_for():
    images = torch.full((50, 1, 20, 20), 0.5)
    noisy = harden("noise", images, lambda x: x.sum((1, 2, 3)), 0.1, seeded())
    assert (noisy - images).std().item() == pytest.approx(0.1, rel=0.05)


def test_training_on_harder_images_hardens():
    _, images, labels = bright_or_dark()

    def attacked_accuracy(hard: bool) -> float:
        torch.manual_seed(1)
        network = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
        optimizer = torch.optim.SGD(network.parameters(), lr=0.3)
        losses = lambda x: F.cross_entropy(network(x - 0.5), labels, reduction="none")  # noqa: E731
        for _ in range(80):
            x = harden("adversarial", images, losses, 0.12, seeded()) if hard else images
            optimizer.zero_grad()
            losses(x).mean().backward()
            optimizer.step()
        worse = harden("adversarial", images, losses, 0.12, seeded())
        return float((network(worse - 0.5).argmax(1) == labels).float().mean())

    assert attacked_accuracy(hard=True) >= attacked_accuracy(hard=False)


@pytest.mark.parametrize(("by", "size"), [("luck", 0.1), ("noise", 0.0), ("adversarial", -1.0), ("noise", 1.0)])
def test_what_cannot_be_is_refused(by, size):
    with pytest.raises(AttackError, match="ardening"):
        harden(by, torch.rand(1, 1, 2, 2), lambda x: x.sum((1, 2, 3)), size)
