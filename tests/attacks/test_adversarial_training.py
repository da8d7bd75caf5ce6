"""Harder images stay within their size, are harder, and training on them hardens."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from eyespot.errors import AttackError
from eyespot.training._adversarial import Hardening, harden, read_hardening
from tests.attacks.small_models import bright_or_dark

SMALL = Hardening(by="adversarial", size=0.05)


def keys(images: torch.Tensor) -> torch.Tensor:
    return torch.arange(len(images))


def test_adversarial_images_stay_within_the_size_and_are_harder():
    model, images, labels = bright_or_dark()
    losses = lambda pixels: F.cross_entropy(model.outputs(pixels), labels, reduction="none")  # noqa: E731
    harder = harden(SMALL, images, losses, keys(images))
    assert (harder - images).abs().max() <= 0.05 + 1e-6
    assert harder.min() >= 0 and harder.max() <= 1 and not harder.requires_grad
    assert losses(harder).mean() > 1.5 * losses(images).mean()
    noisy = images + 0.05 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0)).sign()
    assert losses(harder).mean() > losses(noisy).mean()


def test_no_gradient_is_left_in_the_weights():
    model, images, labels = bright_or_dark()
    for weight in model.network.parameters():
        weight.grad = None
    losses = lambda x: F.cross_entropy(model.outputs(x), labels, reduction="none")  # noqa: E731
    harden(SMALL, images, losses, keys(images))
    assert all(weight.grad is None for weight in model.network.parameters())


def test_noise_has_the_deviation_asked_for():
    images = torch.full((50, 1, 20, 20), 0.5)
    noisy = harden(Hardening(by="noise", size=0.1), images, lambda x: x.sum((1, 2, 3)), keys(images))
    assert (noisy - images).std().item() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("by", ["adversarial", "noise"])
def test_what_is_random_follows_from_the_key_of_the_image_alone(by):
    images, hardening = torch.full((6, 1, 4, 4), 0.5), Hardening(by=by, size=0.1)
    # A loss with no slope: only the random start is left.
    together = harden(hardening, images, lambda x: 0 * x.sum((1, 2, 3)), keys(images))
    alone = harden(hardening, images[3:4], lambda x: 0 * x.sum((1, 2, 3)), torch.tensor([3]))
    assert torch.equal(together[3:4], alone)
    assert not torch.equal(together[3], together[4])


def test_training_on_harder_images_hardens():
    _, images, labels = bright_or_dark()

    def attacked_accuracy(hard: bool) -> float:
        torch.manual_seed(1)
        network = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
        optimizer = torch.optim.SGD(network.parameters(), lr=0.3)
        losses = lambda x: F.cross_entropy(network(x - 0.5), labels, reduction="none")  # noqa: E731
        strong = Hardening(by="adversarial", size=0.12)
        for _ in range(80):
            x = harden(strong, images, losses, keys(images)) if hard else images
            optimizer.zero_grad()
            losses(x).mean().backward()
            optimizer.step()
        worse = harden(strong, images, losses, keys(images))
        return float((network(worse - 0.5).argmax(1) == labels).float().mean())

    assert attacked_accuracy(hard=True) >= attacked_accuracy(hard=False)


def test_it_is_read_from_a_word_or_a_word_with_a_size():
    assert read_hardening("adversarial") == Hardening(by="adversarial", size=8 / 255)
    assert read_hardening("noise:size=0.25") == Hardening(by="noise", size=0.25)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("luck", "'luck'"),
        ("noise:size=0", "perturbation size is 0"),
        ("adversarial:size=-1", "perturbation size is -1"),
        ("noise:size=1", "perturbation size is 1"),
        ("noise:size=nan", "perturbation size is nan"),
        ("noise:size=much", "noise:size=0.1"),
        ("noise:amount=0.1", "noise:size=0.1"),
        ("noise:0.1", "noise:size=0.1"),
    ],
)
def test_what_cannot_be_is_refused(text, summary):
    with pytest.raises(AttackError, match=summary):
        read_hardening(text)
