"""Boxes, assignment, loss, average precision and the answers of `detect`, with values worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from eyespot.errors import AttackError, TaskError
from eyespot.images import ImageSpec, frame_of
from eyespot.networks.regions import decode
from eyespot.sources.source import Row
from eyespot.tasks._matches import average_precision, best_threshold
from eyespot.tasks.criterion import Aim
from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._average_precision import match
from eyespot.tasks.detect._boxes import encode, generalized_overlaps, overlaps, select, suppress
from eyespot.tasks.detect._loss import assign, detection_loss, varifocal

TASK = Detect(classes=("a", "b"), threshold=0.5)


def row(text: str) -> Row:
    return Row(picture="a.png", name="a.png", values={"boxes": text}, location="table.csv line 2")


def output_with(*cells: tuple[int, int, int, list[float]]) -> torch.Tensor:
    """An output (1, 6, 4, 4) that is sure of boxes at some cells (class, row, column, box)."""
    output = torch.full((1, 6, 4, 4), -50.0)
    output[:, 2:] = 0
    for number, down, across, box in cells:
        output[0, number, down, across] = 50
        output[0, 2:, down, across] = encode(torch.tensor(box).expand(1, 4, 4, 4), 8)[0, :, down, across]
    return output


def test_overlaps_by_hand():
    one, apart = torch.tensor([0.0, 0, 2, 2]), torch.tensor([3.0, 0, 5, 2])
    assert overlaps(one, torch.tensor([1.0, 0, 3, 2])).item() == pytest.approx(2 / 6)
    assert overlaps(one, apart).item() == 0
    assert generalized_overlaps(one, one).item() == pytest.approx(1)
    assert generalized_overlaps(one, apart).item() == pytest.approx(-2 / 10)  # hull 10, union 8


def test_boxes_are_encoded_and_decoded():
    boxes = torch.tensor([1.0, 2.0, 11.0, 7.0]).expand(1, 3, 2, 4)
    assert torch.allclose(decode(encode(boxes, 8), 8), boxes, atol=1e-5)
    assert decode(torch.zeros(1, 4, 1, 1), 8).flatten().tolist() == [-8, -8, 16, 16]  # three strides a side


def test_suppression_keeps_the_surest_of_overlapping_boxes():
    boxes = torch.tensor([[0.0, 0, 10, 10], [1.0, 0, 11, 10], [20.0, 0, 30, 10]])  # the first two overlap by 9 / 11
    scores = torch.tensor([0.5, 0.9, 0.3])
    assert suppress(boxes, scores, 0.6).tolist() == [1, 2]
    assert suppress(boxes, scores, 0.9).tolist() == [1, 0, 2]


def test_classes_are_suppressed_separately_and_the_number_is_bounded():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 10]])
    scores = torch.tensor([[0.9, 0.1], [0.1, 0.8]])
    sure, kind, _ = select(scores, boxes, least=0.5, limit=0.5, most=10)
    assert (kind.tolist(), sure.tolist()) == ([0, 1], [pytest.approx(0.9), pytest.approx(0.8)])
    assert len(select(scores, boxes, least=1.0, limit=0.5, most=10)[0]) == 0
    assert len(select(scores, boxes, least=0.0, limit=0.5, most=1)[0]) == 1
    assert select(scores, boxes, least=0.0, limit=0.5, most=10, candidates=1)[1].tolist() == [0]


def test_locations_near_the_center_answer_for_a_box_and_the_smaller_box_wins():
    large, small = [0.0, 0.0, 32.0, 32.0], [17.0, 17.0, 19.0, 19.0]
    number = assign(torch.tensor([large, small]), 4, 4, 8)
    # Centers at 4, 12, 20, 28; the large box's center is at 16, so that those at 12 and 20 lie within 12 pixels.
    assert number.tolist() == [[-1, -1, -1, -1], [-1, 0, 0, -1], [-1, 0, 1, -1], [-1, -1, -1, -1]]
    assert (assign(torch.zeros(0, 4), 2, 2, 8) == -1).all()


def test_the_loss_of_a_perfect_output_is_zero_and_of_background_only_that_of_false_scores():
    objects = torch.tensor([[[4.0, 4.0, 12.0, 12.0, 1.0]], [[np.nan] * 5]])
    logits = torch.full((2, 2, 2, 2), -50.0)
    boxes = torch.tensor([4.0, 4.0, 12.0, 12.0]).expand(2, 2, 2, 4)
    number = assign(objects[0, :, :4], 2, 2, 8)
    logits[0, 1][number == 0] = 50
    assert detection_loss(logits, boxes, objects, 8).tolist() == [pytest.approx(0, abs=1e-5)] * 2
    assert varifocal(torch.zeros(1), torch.zeros(1)).item() == pytest.approx(0.75 * 0.25 * np.log(2))
    assert varifocal(torch.zeros(1), torch.tensor([0.5])).item() == pytest.approx(0, abs=1e-6)


def test_every_object_has_the_same_weight_however_many_are_in_its_image():
    object_ = [4.0, 4.0, 12.0, 12.0, 0.0]
    nothing = [np.nan] * 5
    logits, boxes = torch.full((2, 1, 2, 8), -50.0), torch.tensor([0.0, 0.0, 8.0, 8.0]).expand(2, 2, 8, 4)
    far = [44.0, 4.0, 52.0, 12.0, 0.0]
    alone, both = detection_loss(logits, boxes, torch.tensor([[object_, nothing], [object_, far]]), 8).tolist()
    [other, _] = detection_loss(logits, boxes, torch.tensor([[far], [far]]), 8).tolist()
    assert both == pytest.approx(alone + other) and alone > 0
    boxes = json.dumps([{"label": "x", "box": object_[:4]}])
    task = Detect().prepare([row(boxes), row(boxes[:-1] + ", " + boxes[1:]), row("[]")])
    assert task.objects_per_image == 1.5
    output = torch.randn(1, 1 + 4, 2, 8)
    target = torch.tensor([[object_]])
    assert task.loss(output, target).item() == pytest.approx(task._head.loss(output, target).item() / 1.5)


def test_average_precision_by_hand():
    truth = np.array([[0.0, 0, 10, 10], [20.0, 0, 30, 10]])
    found = np.array([[0.0, 0, 10, 10], [50.0, 0, 60, 10], [20.0, 0, 30, 10], [0.0, 0, 10, 9]])
    matches = match(found, np.array([0.9, 0.8, 0.7, 0.6]), truth)
    assert matches.right.tolist() == [True, False, True, False]  # the last finds an object that is taken
    # Precision 1 up to recall 1/2 (51 of 101 places), then 2/3.
    assert average_precision([matches]) == pytest.approx((51 + 50 * 2 / 3) / 101)
    threshold, f1 = best_threshold([matches]) or (0, 0)
    assert (threshold, f1) == (pytest.approx(0.65), pytest.approx(4 / 5))


def test_our_average_precision_is_that_of_coco():
    random = np.random.default_rng(0)
    table = []
    for _ in range(6):
        corners = random.integers(0, 60, (5, 2))
        truth = [{"label": "ab"[n % 2], "box": [*map(float, c), *map(float, c + 20)]} for n, c in enumerate(corners)]
        moved = [[side + float(random.normal(0, 3)) for side in one["box"]] for one in truth]
        boxes = [
            {"label": one["label"], "score": float(random.random()), "box": box}
            for one, box in zip(truth, moved, strict=True)
        ]
        table.append({"target": truth, "answer": "", "boxes": boxes})
    score, (low, high), details = TASK.evaluate(table)
    by_class = list(details["AP50_by_class"].values())
    assert score == pytest.approx(np.mean(by_class), abs=1e-6)
    assert 0 < low <= score <= high <= 1
    assert details["AP"] < score


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "boxes are ''"),
        ("[1, 2", "expected JSON"),
        ('[{"label": "a", "box": [1, 2, 1, 4]}]', "has no area"),
        ('[{"label": "a", "box": [1, 2, NaN, 4]}]', "sides"),
        ('[{"label": "a", "box": [1, 2, 3]}]', "sides"),
        ('[{"label": "", "box": [1, 2, 3, 4]}]', "label ''"),
        ('[{"label": "c", "box": [1, 2, 3, 4]}]', "'c', which no training image has"),
    ],
)
def test_objects_that_cannot_be_are_errors_with_their_place(text: str, message: str):
    with pytest.raises(TaskError, match=message) as error:
        TASK.read(row(text))
    assert "table.csv line 2" in str(error.value)


def test_a_source_without_any_object_is_an_error():
    with pytest.raises(TaskError, match="None of the 2 training images shows an object"):
        Detect().prepare([row("[]"), row("[]")])
    prepared = Detect().prepare([row("[]"), row('[{"label": "x", "box": [1, 2, 3, 4]}]')])
    assert (prepared.classes, prepared.empty) == (("x",), 1)


def test_settings_that_cannot_be_are_errors():
    with pytest.raises(TaskError, match="stride is 7"):
        Detect(stride=7)
    with pytest.raises(TaskError, match="candidates is 0; expected a whole number from 1 to 1000"):
        Detect(candidates=0)
    with pytest.raises(TaskError, match="threshold is 2"):
        Detect(threshold=2.0)


def test_boxes_follow_their_image_and_are_cut_at_its_border():
    frame = frame_of(np.array([[20, 20]]), ImageSpec(height=10, width=20, channels=3, fit="crop"))
    target = torch.tensor([[[2.0, 0.0, 8.0, 10.0, 1.0], [2.0, 0.0, 8.0, 6.0, 0.0]]])
    moved = TASK.transform_target(target, frame)  # the middle 10 of 20 rows are left
    assert moved[0, 0].tolist() == [2, 0, 8, 5, 1]
    assert moved[0, 1].isnan().all()  # a sixth is left


def test_answers_are_in_original_pixels():
    frame = frame_of((64, 128), ImageSpec(height=32, width=32, channels=3, fit="pad"))
    answer = TASK.answer(output_with((1, 2, 1, [8.0, 12.0, 20.0, 22.0]))[0], frame)
    assert answer["answer"] == "1 b"
    assert answer["size"] == [64, 128]
    [found] = answer["boxes"]
    assert found["label"] == "b" and found["score"] == pytest.approx(1)
    assert found["box"] == pytest.approx([32, 16, 80, 56], abs=1e-3)  # scaled by 4; 8 rows of bars above
    assert TASK.answer(output_with()[0])["answer"] == "no object"


def test_answers_become_one_coco_document():
    frame = frame_of((32, 32), ImageSpec(height=32, width=32, channels=3, fit="pad"))
    answer = {"image": "x.png", **TASK.answer(output_with((1, 2, 1, [8.0, 12.0, 20.0, 22.0]))[0], frame)}
    document = json.loads(json.dumps(TASK.document([answer, {"image": "y.png", "error": "broken"}])))
    assert document["images"] == [{"id": 1, "file_name": "x.png", "height": 32, "width": 32}]
    assert document["annotations"][0]["bbox"] == pytest.approx([8, 12, 12, 10], abs=1e-3)
    assert document["annotations"][0]["category_id"] == 2


def test_boxes_are_drawn_where_they_are():
    drawn = TASK.annotate(np.zeros((20, 20, 1), np.uint8), {"boxes": [{"label": "a", "box": [4, 6, 12, 16]}]})
    assert drawn.shape == (20, 20, 3)
    ys, xs = drawn.any(2).nonzero()
    assert (xs.min(), ys.min(), xs.max(), ys.max()) == (4, 6, 11, 15)
    assert not drawn[10, 8].any()


def test_one_box_is_named_by_class_and_place():
    output = output_with((1, 2, 1, [8.0, 12.0, 20.0, 22.0]))
    of = TASK.default_target(output)
    assert TASK.target_name(of) == "b@20,12"
    assert TASK.parse_target("b@20,12") == of
    assert TASK.objective(output, of).item() == TASK.objective(output, TASK.parse_target("b")).item()
    assert TASK.objective(output, TASK.parse_target("a")).item() < 0 < TASK.objective(output, None).item()
    assert TASK.objective(output, TASK.parse_target("20,12")).item() > 0
    with pytest.raises(TaskError, match="place is 'x'"):
        TASK.parse_target("b@x")


def test_an_attack_makes_the_surest_object_disappear():
    output = output_with((1, 2, 1, [8.0, 12.0, 20.0, 22.0]), (0, 0, 3, [24.0, 0.0, 32.0, 8.0]))
    output[0, 1, 2, 1] += 10
    plan = TASK.attack_criterion(Aim(), output, None, farthest=False)
    gone = output.clone()
    gone[0, 1, 2, 1] = -50  # the other object stays
    assert plan.criterion.fooled(torch.cat([output, gone]), torch.tensor([0, 0])).tolist() == [False, True]
    assert TASK.attack_criterion(Aim(), output_with(), None, farthest=False).skipped == ["nothing is detected"]
    other = TASK.attack_criterion(Aim(of="a"), output, None, farthest=False)
    assert not other.criterion.fooled(gone, torch.tensor([0])).any()
    with pytest.raises(AttackError, match="must disappear"):
        TASK.attack_criterion(Aim(target="a"), output, None, farthest=False)


def test_the_threshold_is_the_one_with_the_best_f1():
    output = output_with((1, 2, 1, [8.0, 12.0, 20.0, 22.0]))
    output[0, 0, 0, 3] = 4.6  # a false detection with a score of one half
    target = torch.tensor([[[8.0, 12.0, 20.0, 22.0, 1.0]]])
    calibrated = replace(TASK, threshold=0.2).calibrate([(output, target)])
    assert 0.5 < calibrated.threshold < 1


def test_the_loss_of_a_batch_is_that_of_its_images_and_objects_left_out_do_not_count():
    torch.manual_seed(0)
    nothing = [np.nan] * 5
    objects = torch.tensor(
        [
            [[1.0, 1.0, 20.0, 20.0, 0.0], [10.0, 4.0, 30.0, 28.0, 1.0]],
            [nothing, [3.0, 2.0, 13.0, 9.0, 1.0]],
            [nothing, nothing],
        ]
    )
    logits, raw = torch.randn(3, 2, 4, 4), torch.randn(3, 4, 4, 4)
    together = detection_loss(logits, decode(raw, 8), objects, 8)
    alone = [
        detection_loss(logits[i : i + 1], decode(raw[i : i + 1], 8), one[~one.isnan().any(-1)][None], 8)
        for i, one in enumerate(objects)
    ]
    assert torch.allclose(together, torch.cat(alone)) and torch.isfinite(together).all()
