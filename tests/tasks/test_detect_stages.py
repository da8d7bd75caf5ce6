"""Detectors with two stages: samples inside of proposals, and their loss, with values worked out by hand."""

import pytest
import torch

from eyespot.networks import build
from eyespot.networks.regions import align_regions, pool_by_position
from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._heads import BINS, refine
from eyespot.tasks.detect._loss import region_loss

COLUMNS = (torch.arange(6.0) + 0.5).expand(4, 6)[None, None] * 8
"""A map (1, 1, 4, 6) at stride 8, whose values are x in pixels."""


def test_samples_lie_at_the_centers_of_the_parts_of_a_box():
    boxes = torch.tensor([[[8.0, 8.0, 20.0, 14.0], [-40.0, 0.0, -10.0, 8.0]]])
    samples = align_regions(COLUMNS, boxes, 3, 8)
    assert samples.shape == (1, 1, 2, 9)
    assert samples[0, 0, 0].tolist() == pytest.approx([10, 14, 18] * 3), "thirds of 8 to 20"
    assert samples[0, 0, 1].tolist() == pytest.approx([4] * 9), "outside, the border is repeated"
    rows = align_regions(COLUMNS.transpose(2, 3), boxes[..., [1, 0, 3, 2]], 3, 8)
    assert rows[0, 0, 0].view(3, 3).T.flatten().tolist() == pytest.approx([10, 14, 18] * 3), "row by row"


def test_each_part_of_a_box_has_maps_of_its_own():
    maps = torch.zeros(1, 2 * 2 * 3, 4, 6)  # 2 x 2 parts of 3 numbers
    maps[0, 1] = 4.0  # the second number of the part above left
    maps[0, 3 * 3 + 2] = COLUMNS  # the third one of the part below right
    pooled = pool_by_position(maps, torch.tensor([[[8.0, 8.0, 24.0, 16.0]]]), 2, 8)
    assert pooled[0, :, 0].tolist() == pytest.approx([0, 4 / 4, 20 / 4]), "x = 20 is the center of the part"


def test_corrections_are_fractions_of_the_sides():
    boxes = torch.tensor([[[0.0, 0.0, 10.0, 20.0]]])
    moved = refine(boxes, torch.tensor([[[0.1, -0.5, 0.0, 0.0]]]))
    assert moved[0, 0].tolist() == pytest.approx([1, -10, 11, 10])
    larger = refine(boxes, torch.tensor([[[0.0, 0.0, 2.0, 0.0]]]).log1p())
    assert larger[0, 0].tolist() == pytest.approx([-10, 0, 20, 20])


def test_proposals_learn_from_the_object_that_they_overlap_by_half():
    target = torch.tensor([[[0.0, 0.0, 10.0, 10.0, 1.0], [50.0, 50.0, 60.0, 60.0, 0.0], [torch.nan] * 5]])
    proposals = torch.tensor([[[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 4.0, 10.0], [54.0, 54.0, 64.0, 64.0]]])
    logits, boxes = torch.full((1, 2, 3), -5.0, requires_grad=True), proposals.clone().requires_grad_()
    region_loss(logits, boxes, proposals, target).sum().backward()
    assert logits.grad is not None and boxes.grad is not None
    assert (logits.grad[0] < 0).tolist() == [[False, False, True], [True, False, False]], "its score shall rise"
    assert boxes.grad[0].any(1).tolist() == [False, False, True], "only the third is at a wrong place"
    nothing = torch.full((1, 1, 5), torch.nan)
    assert region_loss(torch.full((1, 2, 3), -30.0), boxes, proposals, nothing).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("head", ["two-stage", "position-sensitive"])
def test_the_second_stage_decides_about_class_and_box(head):
    task = Detect(classes=("a", "b"), head=head, threshold=0.5)
    output = torch.zeros(1, task.outputs(3).size, 2, 2)
    second = output[:, 5:].view(1, -1, 2 + 4, 2, 2)  # one group of numbers, or one for each part
    second[:, :, :2] = -30.0
    assert second.shape[1] == (1 if head == "two-stage" else BINS**2)
    second[:, :, :, 0, 1] = torch.tensor([-30.0, 30.0, 0.5, 0.0, 0.0, 0.0])
    if head == "position-sensitive":
        second[:] = second[:, :, :, :, 1:].amax(3, keepdim=True)  # the parts of a box reach over several locations
        second[:, :, :2] = torch.tensor([-30.0, 30.0])[:, None, None]
    found = task.answer(output[0])["boxes"]
    assert found[0]["label"] == "b" and found[0]["score"] == pytest.approx(1)
    assert [12, -8, 36, 16] in [pytest.approx(entry["box"]) for entry in found], "sides of 24, moved by half of them"


def test_the_network_looks_into_its_proposals():
    torch.manual_seed(0)
    task = Detect(classes=("a",), head="two-stage")
    network = build("residual", (3, 32, 32), task.outputs(3), size="tiny").eval()
    x = torch.rand(2, 3, 32, 32)
    output = network(x)
    assert output.shape == (2, 5 + 1 + 4, 4, 4)
    with torch.no_grad():
        network.head.conv.bias[1:3] += 1.0  # all proposals move by one location
    moved = network(x)
    assert torch.equal(moved[:, 0], output[:, 0]) and not torch.allclose(moved[:, 5:], output[:, 5:])
