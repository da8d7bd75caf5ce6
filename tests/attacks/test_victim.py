"""Every look is counted, image by image; following one pixel gives what the plain network gives."""

import pytest
import torch

from eyespot.attacks._victim import Changes, Victim, apply, joined
from eyespot.tasks.criterion import Misclassification
from tests.attacks.small_models import pictures, random_model


def victim(count: int = 3, double: bool = False) -> tuple[Victim, torch.Tensor]:
    model, images = random_model(), pictures(count)
    labels = model.outputs(images).argmax(1)
    return Victim(model, Misclassification(labels=labels), count, double), images


def some_changes(count: int, pixels: int) -> Changes:
    generator = torch.Generator().manual_seed(1)
    return Changes(
        places=torch.randint(8, (count, pixels, 2), generator=generator),
        colors=torch.randint(256, (count, pixels, 3), generator=generator).float(),
    )


def test_queries_and_gradients_are_counted_by_image():
    watched, images = victim()
    which = torch.tensor([0, 0, 2])
    watched.margins(images[which], which)
    assert watched.queries.tolist() == [2, 0, 1]
    watched.slopes(images[:1], torch.tensor([0]))
    assert watched.queries.tolist() == [3, 0, 1] and watched.gradients.tolist() == [1, 0, 0]
    watched.tried(images, some_changes(4, 1), torch.tensor([1, 1, 1, 2]))
    watched.tried(images, some_changes(2, 3), torch.tensor([0, 2]))
    assert watched.queries.tolist() == [4, 3, 3]


def test_slopes_are_those_of_the_margin():
    watched, images = victim(double=True)
    which = torch.arange(3)
    margins, slopes = watched.slopes(images, which)
    nudge = torch.zeros_like(images, dtype=torch.float64)
    nudge[:, 1, 4, 5] = 1e-6
    moved = watched.margins(images.double() + nudge, which)
    torch.testing.assert_close((moved - margins) / 1e-6, slopes[:, 1, 4, 5], atol=1e-5, rtol=1e-5)


def test_following_one_pixel_equals_the_plain_network():
    watched, images = victim()
    which = torch.tensor([0] * 20 + [2] * 20)
    changes = some_changes(40, 1)
    margins, fitness = watched.tried(images, changes, which)
    outputs = watched.model.outputs(apply(images, changes, which))
    torch.testing.assert_close(margins, watched.criterion.margin(outputs, which), atol=1e-4, rtol=0)
    torch.testing.assert_close(fitness, watched.criterion.fitness(outputs, which), atol=1e-4, rtol=0)


def test_a_changed_pixel_is_where_and_what_was_asked_for():
    images = torch.zeros(1, 3, 8, 8)
    changes = Changes(places=torch.tensor([[[2, 5]]]), colors=torch.tensor([[[255.0, 0.0, 51.0]]]))
    pixels = apply(images, changes, torch.tensor([0]))
    assert pixels[0, :, 2, 5].tolist() == pytest.approx([1.0, 0.0, 0.2])
    assert pixels.count_nonzero() == 2


def test_of_two_changes_in_one_place_the_later_one_stays():
    changes = Changes(places=torch.tensor([[[1, 1], [1, 1]]]), colors=torch.tensor([[[255.0] * 3, [0.0] * 3]]))
    assert apply(torch.ones(1, 3, 8, 8), changes, torch.tensor([0]))[0, :, 1, 1].tolist() == [0.0] * 3


def test_candidates_can_be_joined_and_taken_apart():
    both = joined([some_changes(2, 1), some_changes(3, 1)])
    assert len(both) == 5
    assert torch.equal(both[2:].places, some_changes(3, 1).places)


def test_a_model_in_double_precision_leaves_the_users_network_alone():
    watched, _ = victim(double=True)
    assert {p.dtype for p in watched.model.network.parameters()} == {torch.float64}
    assert {p.dtype for p in random_model().network.parameters()} == {torch.float32}
