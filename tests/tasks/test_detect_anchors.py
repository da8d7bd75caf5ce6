"""Anchors of SSD-like heads, with values worked out by hand."""

import numpy as np
import pytest
import torch

from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._anchors import (
    anchors_of,
    corners,
    decode_anchors,
    encode_anchors,
    match_anchors,
    multibox_loss,
)

SSD = Detect(classes=("a", "b"), head="ssd", threshold=0.5)


def test_anchors_have_one_center_and_four_shapes():
    anchors = anchors_of(1, 2, 8, torch.zeros(1))
    assert anchors.shape == (8, 4)
    assert anchors[4:, :2].tolist() == [[12, 4]] * 4
    assert anchors[0].tolist() == [4, 4, 24, 24]
    areas = anchors[:4, 2] * anchors[:4, 3]
    assert areas.tolist() == pytest.approx([576, 576, 576, 1152], rel=1e-5)
    assert (anchors[1, 2] / anchors[1, 3]).item() == pytest.approx(2)


def test_boxes_are_offsets_from_anchors():
    anchors = anchors_of(2, 2, 8, torch.zeros(1))
    boxes = torch.tensor([3.0, 4.0, 20.0, 10.0]).expand(len(anchors), 4)
    assert torch.allclose(decode_anchors(encode_anchors(boxes, anchors)[None], anchors)[0], boxes, atol=1e-4)


def test_anchors_find_the_objects_they_overlap_and_every_object_has_one():
    anchors = anchors_of(2, 2, 8, torch.zeros(1))
    same, tiny = corners(anchors)[5], torch.tensor([0.0, 0.0, 2.0, 2.0])
    number = match_anchors(anchors, torch.stack([same, tiny]))
    assert number[5] == 0 and (number == 1).sum() == 1
    assert (match_anchors(anchors, torch.zeros(0, 4)) == -1).all()


def test_the_loss_of_a_perfect_output_is_zero_and_only_the_hardest_negatives_count():
    anchors = anchors_of(2, 2, 8, torch.zeros(1))
    objects = torch.tensor([[[*corners(anchors)[5].tolist(), 1.0]], [[np.nan] * 5]])
    number = match_anchors(anchors, objects[0, :, :4])
    scores = torch.zeros(2, len(anchors), 3)
    scores[..., 0] = 50
    scores[0, number == 0] = torch.tensor([0.0, 0.0, 50.0])
    offsets = encode_anchors(objects[0, :, :4].expand(len(anchors), 4), anchors).expand(2, -1, -1)
    assert multibox_loss(scores, offsets, anchors, objects).tolist() == pytest.approx([0, 0], abs=1e-5)
    scores[1] = 0  # every anchor is wrong by log 3, and three of them count
    assert multibox_loss(scores, offsets, anchors, objects)[1].item() == pytest.approx(3 * np.log(3))


def test_an_answer_is_the_surest_anchor():
    output = {f"stride{s}": torch.zeros(1, 4 * 7, 32 // s, 32 // s) for s in (8, 16, 32)}
    for level in output.values():
        level.unflatten(1, (4, 7))[:, :, 0] = 20
    output["stride16"].unflatten(1, (4, 7))[0, 1, 2, 1, 0] = 40  # class b of the wide anchor at row 1, column 0
    answer = SSD.answer({name: level[0] for name, level in output.items()})
    assert answer["answer"] == "1 b"
    wide, high = 48 * 2**0.5 / 2, 48 / 2**0.5 / 2
    assert answer["boxes"][0]["box"] == pytest.approx([8 - wide, 24 - high, 8 + wide, 24 + high], rel=1e-4)
    assert SSD.target_name(SSD.default_target(output)) == "b@24,8"
