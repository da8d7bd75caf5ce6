"""Generating images: losses worked out by hand, what a source must hold, and how samples follow from a seed."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from eyespot.errors import SourceError, TaskError
from eyespot.images import ImageSpec
from eyespot.networks import Output, build
from eyespot.sources import from_arrays
from eyespot.sources.source import Source
from eyespot.sources.synthetic import colored_squares
from eyespot.tasks import TASKS
from eyespot.tasks._adversarial_losses import (
    binary_ambiguity,
    differentiable_augmentation,
    gradient_penalty,
    style_entropy,
    uniform_ambiguity,
)

Generate = TASKS["generate"]
KEYS = torch.arange(4)


def drawn(labels: list[str]) -> Source:
    images = np.random.default_rng(0).integers(0, 255, (len(labels), 16, 16, 3), dtype=np.uint8)
    return from_arrays("example:art", "art", images, [{"label": label} if label else {} for label in labels])


def test_ambiguity_with_the_uniform_distribution_is_its_cross_entropy():
    styles = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])  # probabilities 1/2 and 1/2, 3/4 and 1/4
    expected = [math.log(2), -(math.log(3 / 4) + math.log(1 / 4)) / 2]
    assert uniform_ambiguity(styles).tolist() == pytest.approx(expected)


def test_ambiguity_of_binary_terms_is_that_of_the_paper():
    styles = torch.tensor([[math.log(2), 0.0, 0.0]])  # probabilities 1/2, 1/4 and 1/4
    terms = [math.log(p) / 3 + 2 / 3 * math.log(1 - p) for p in (1 / 2, 1 / 4, 1 / 4)]
    assert binary_ambiguity(styles).item() == pytest.approx(-sum(terms))


@pytest.mark.parametrize("ambiguity", [uniform_ambiguity, binary_ambiguity])
def test_ambiguity_is_least_where_no_style_is_preferred(ambiguity):
    styles = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    assert (ambiguity(styles) > ambiguity(torch.zeros(1, 4))).all()
    assert ambiguity(torch.tensor([[1000.0, 0.0]])).isfinite().all()


def test_the_entropy_of_styles_is_a_share_of_the_largest():
    chances = torch.tensor([[0.25] * 4, [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
    assert style_entropy(chances).tolist() == pytest.approx([1.0, 0.0, 0.5])


def test_the_gradient_penalty_is_the_squared_length_of_the_gradient():
    images = torch.rand(2, 1, 2, 2)
    weight = torch.tensor([[1.0, 2.0], [2.0, 0.0]], requires_grad=True)
    penalty = gradient_penalty(lambda x: (x * weight).sum((1, 2, 3)), images)
    assert penalty.tolist() == [9.0, 9.0]
    penalty.sum().backward()
    assert weight.grad is not None and torch.equal(weight.grad, 4 * weight.detach())


def test_augmentation_follows_from_the_keys_and_lets_gradients_through():
    images = torch.rand(4, 3, 16, 16, requires_grad=True)
    changed = differentiable_augmentation(images, KEYS)
    assert torch.equal(changed[2:], differentiable_augmentation(images[2:], KEYS[2:]))
    assert not torch.allclose(changed, images)
    changed.sum().backward()
    assert images.grad is not None and images.grad.any()


def test_augmentation_shifts_by_an_eighth_at_most():
    image = torch.zeros(200, 1, 16, 16)
    image[:, :, 8, 8] = 1
    places = [tuple(divmod(one.argmax().item(), 16)) for one in differentiable_augmentation(image, torch.arange(200))]
    rows, columns = zip(*places, strict=True)
    assert set(rows) == set(columns) == {6, 7, 8, 9, 10}


def test_creativity_rises_after_the_gan_phase():
    task = Generate(creativity=0.4, gan_phase=0.5, styles=("a", "b"))
    found = [task.creativity_at(progress) for progress in (0.0, 0.5, 0.55, 0.6, 1.0)]
    assert found == pytest.approx([0, 0, 0.2, 0.4, 0.4])
    assert Generate(creativity=0.4).creativity_at(1.0) == 0


def test_the_generator_is_rewarded_for_ambiguity_only_after_the_gan_phase():
    torch.manual_seed(0)
    network = build("dcgan", (3, 16, 16), Output("generator", 3), size="tiny")
    task = Generate(creativity=2.0, styles=("a", "b"), augment=False)
    turn, x, target = task.turns[1], torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 0, 1])
    (early, _), (late, output) = (task.losses(turn, network, x, target, KEYS, None, at) for at in (0.0, 1.0))
    assert torch.allclose(early, torch.nn.functional.softplus(-output[:, 0]), atol=1e-5)
    assert torch.allclose(late - early, 2 * uniform_ambiguity(output[:, 1:]), atol=1e-4)


def test_with_creativity_0_or_without_styles_it_is_a_plain_gan_and_says_so():
    styled = colored_squares(count=40)
    assert Generate().prepare(styled.train.rows).labels == ("real", "blue", "red")
    plain = Generate(creativity=0.0).prepare(styled.train.rows)
    assert plain.labels == ("real",) and "plain GAN, because creativity is 0" in plain.notes()[0]
    alone = Generate().prepare(drawn([""] * 20).train.rows)
    assert alone.labels == ("real",) and "because the images have no styles" in alone.notes()[0]


def test_one_style_and_few_images_of_a_style_are_refused():
    with pytest.raises(SourceError, match=r"all images are of the style 'a'.*creativity=0"):
        Generate().check_source(drawn(["a"] * 20))
    with pytest.raises(SourceError, match=r"fewer than 10 images: b \(9\)"):
        Generate().check_source(drawn(["a"] * 20 + ["b"] * 9))
    Generate(creativity=0.0).check_source(drawn(["a"] * 20))
    Generate().check_source(drawn(["a"] * 10 + ["b"] * 10))


def test_small_images_and_mixed_colors_are_refused():
    spec = ImageSpec(height=64, width=64, channels=3)
    with pytest.raises(SourceError, match=r"short side of 40 pixels.*64x64"):
        Generate().check_images(np.array([[40, 50, 3]] * 3), spec)
    with pytest.raises(SourceError, match=r"1 of 3 training images are grayscale.*64x64x1"):
        Generate().check_images(np.array([[70, 70, 3], [70, 70, 1], [70, 70, 3]]), spec)
    Generate().check_images(np.array([[70, 70, 1]] * 3), spec)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"creativity": -0.1}, r"creativity is -0\.1; expected 0"),
        ({"ambiguity": "none"}, "ambiguity is 'none'; expected uniform or binary"),
        ({"gan_phase": 1.5}, "gan_phase is 1.5"),
        ({"penalty": -1.0}, "penalty is -1"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(TaskError, match=message):
        Generate(**options)


def test_each_sample_follows_from_the_seed_and_its_number():
    torch.manual_seed(0)
    network = build("dcgan", (3, 16, 16), Output("generator", 1), size="tiny").eval()
    task = Generate()
    five = task.sample(network, 7, 5)
    assert five.shape == (5, 3, 16, 16) and five.min() >= 0 and five.max() <= 1
    assert torch.allclose(five[:2], task.sample(network, 7, 2), atol=1e-6)
    assert not torch.allclose(five, task.sample(network, 8, 5))
    strip = task.interpolate(network, 7, 4)
    assert torch.allclose(strip[[0, 3]], five[:2], atol=1e-5)


def test_a_row_of_another_style_is_refused():
    task = Generate(styles=("a", "b"))
    rows = drawn(["b", "c"]).rows
    by_label = {row.values["label"]: row for row in rows}
    assert task.read(by_label["b"]) == 1
    with pytest.raises(TaskError, match="the style is 'c'; expected one of a, b"):
        task.read(by_label["c"])
    assert Counter(map(Generate().read, rows)) == {0: 2}
