"""Windows classified by `locate`: positives, drawn negatives, smoothing, suppression; values worked out by hand."""

import math

import numpy as np
import pytest
import torch

from eyespot.errors import TaskError
from eyespot.tasks import task_from_json, task_to_json
from eyespot.tasks.criterion import Aim
from eyespot.tasks.locate import Locate
from eyespot.tasks.locate._points import separated
from eyespot.tasks.locate._windows import (
    averaged,
    drawn_negatives,
    positives,
    sampled_losses,
    smooth,
    window_losses,
)
from eyespot.tasks.task import Turn

TASK = Locate(method="windows", radius=6.0, threshold=0.5)
KEYS = torch.tensor([3])


def sure_of(*locations: tuple[int, int], size: int = 6) -> torch.Tensor:
    """An output (1, 2, 6, 6) with an object at these rows and columns, and background elsewhere."""
    output = torch.zeros(1, 2, size, size)
    output[:, 0] = 20
    for row, column in locations:
        output[0, :, row, column] = torch.tensor([0.0, 20.0])
    return output


def test_locations_within_the_disk_are_positive_and_at_least_the_nearest_one():
    target = torch.tensor([[[10.0, 6.0], [np.nan, np.nan]]])
    inside = positives(target, 4, 4, stride=4, disk=4.0)
    # Centers lie at 2, 6, 10, 14 in both directions.
    assert inside[0].nonzero().tolist() == [[0, 2], [1, 1], [1, 2], [1, 3], [2, 2]]
    assert positives(torch.tensor([[[9.0, 6.0]]]), 4, 4, 4, disk=0.5)[0].nonzero().tolist() == [[1, 2]]
    assert not positives(torch.full((1, 1, 2), torch.nan), 4, 4, 4, 2.0).any()


def test_negatives_are_drawn_in_proportion_and_hard_ones_by_their_score():
    inside = torch.zeros(1, 40, 40, dtype=torch.bool)
    inside[0, 0, :10] = True
    scores = torch.full((1, 40, 40), 1e-6)
    scores[0, 20] = 0.9  # a row of false positives
    nowhere = torch.zeros_like(inside)
    by_score = drawn_negatives(scores, inside, KEYS, nowhere)
    at_random = drawn_negatives(scores, inside, KEYS)
    count = round(10 * 0.934 / 0.066)
    assert by_score.sum() == at_random.sum() == count
    assert not (by_score & inside).any() and not (at_random & inside).any()
    assert by_score[0, 20].all() and at_random[0, 20].sum() < 15
    assert torch.equal(by_score, drawn_negatives(scores, inside, KEYS, nowhere))
    assert not torch.equal(at_random, drawn_negatives(scores, inside, KEYS + 1))


def test_no_hard_negative_is_so_near_a_point_that_it_would_count_as_found():
    inside, near = (torch.zeros(1, 40, 40, dtype=torch.bool) for _ in range(2))
    inside[0, 0, :10] = True
    near[0, :2] = True
    scores = torch.full((1, 40, 40), 1e-6)
    scores[0, 1], scores[0, 20] = 0.9, 0.9
    drawn = drawn_negatives(scores, inside, KEYS, near)
    assert drawn[0, 20].all() and drawn[0, 1].sum() < 15 and drawn.sum() == round(10 * 0.934 / 0.066)
    near[:] = True  # then all are drawn at random
    assert torch.equal(drawn_negatives(scores, inside, KEYS, near), drawn_negatives(scores, inside, KEYS))


def test_an_image_without_objects_gives_negatives_only():
    logits, inside = torch.zeros(1, 20, 20, requires_grad=True), torch.zeros(1, 20, 20, dtype=torch.bool)
    sampled_losses(logits, inside, KEYS).sum().backward()
    assert logits.grad is not None and (logits.grad > 0).sum() == round(4 * 0.934 / 0.066)


def test_losses_are_weighted_like_the_windows_of_the_paper():
    inside = torch.tensor([[[True, False], [False, False]]])
    logits = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])
    expected = 0.066 * math.log(2) + 0.934 * math.log(1 + math.e)
    assert window_losses(logits, inside).item() == pytest.approx(expected)


def test_hard_negatives_come_after_the_first_third_of_the_training():
    network = torch.nn.Conv2d(1, 2, 1)
    torch.nn.init.zeros_(network.weight)
    x, target = torch.zeros(1, 1, 40, 40), torch.tensor([[[2.0, 2.0]]])
    x[0, 0, 20] = 1  # looks like an object
    network.weight.data[1] = 20
    network.bias = torch.nn.Parameter(torch.tensor([5.0, 0.0]))
    task = Locate(method="windows", radius=1.0, stride=1)
    first, later = (task.losses(Turn(), network, x, target, KEYS, None, progress)[0] for progress in (0.2, 0.5))
    unchanged = Locate(method="windows", radius=1.0, stride=1, negatives="random")
    assert later > 3 * first
    assert unchanged.losses(Turn(), network, x, target, KEYS, None, 0.5)[0] == first


def test_scores_are_averaged_over_a_disk_within_the_image():
    scores = torch.zeros(1, 5, 5)
    scores[0, 2, 2] = 1
    scores[0, 0, 0] = 1
    smoothed = smooth(scores, 1.0)
    assert smoothed[0, 2, 2] == pytest.approx(1 / 5) == smoothed[0, 2, 3]
    assert smoothed[0, 0, 0] == pytest.approx(1 / 3)  # two of its five locations are outside
    assert smooth(scores, 0.9) is scores


def test_points_near_a_better_one_are_left_out():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 4.9], [20.0, 0.0]])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    assert separated(scores, points, 5.0)[0].tolist() == pytest.approx([0.9, 0.8, 0.6])
    assert separated(scores[:0], points[:0], 5.0)[1].shape == (0, 2)
    answer = TASK.answer(sure_of((1, 1), (1, 2), (4, 4))[0])
    assert answer["count"] == 2
    assert {tuple(found["point"]) for found in answer["points"]} <= {(6.0, 6.0), (10.0, 6.0), (18.0, 18.0)}


def test_views_are_turned_back_before_they_are_averaged():
    x = torch.arange(48.0).view(1, 1, 6, 8)

    def halved(view: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(view, 2)

    assert torch.allclose(averaged(halved, x, 2), halved(x))
    seen: list[tuple[int, ...]] = []

    def corner(view: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(view.shape[2:]))
        marked = torch.zeros_like(view)
        marked[..., 0, 0] = 1
        return marked

    assert averaged(corner, x, 1)[0, 0, [0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [0.25] * 4
    assert sorted(set(seen)) == [(6, 8), (8, 6)] and len(seen) == 8


def test_a_point_of_windows_disappears_by_its_logit():
    output = sure_of((1, 1))
    plan = TASK.attack_criterion(Aim(), output, None, farthest=False)
    assert plan.skipped == [""]
    assert plan.criterion.margin(output, torch.tensor([0])).item() == pytest.approx(20)
    assert plan.criterion.margin(sure_of(), torch.tensor([0])).item() == pytest.approx(-20)


def test_settings_of_windows_are_saved_and_checked():
    assert task_from_json(task_to_json(TASK)) == TASK
    assert TASK.outputs(3).head == "window" and TASK.outputs(3).size == 2
    for settings, message in [
        ({"method": "sliding"}, "sliding"),
        ({"negatives": "easy"}, "easy"),
        ({"views": 8}, "views is 8; expected 1, or 8 with the method windows"),
        ({"disk": -1.0}, "disk is -1.0"),
        ({"separation": math.nan}, "separation is nan"),
    ]:
        with pytest.raises(TaskError, match=message):
            Locate(**settings)
