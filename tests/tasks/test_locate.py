"""Points, heat map, one-to-one matching and the answers of `locate`, with values worked out by hand."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from eyespot.errors import SourceError, TaskError
from eyespot.images import ImageSpec, frame_of
from eyespot.sources import from_arrays
from eyespot.sources.source import Row, Source
from eyespot.tasks.locate import Locate
from eyespot.tasks.locate._evaluate import curves, f1, matched
from eyespot.tasks.locate._loss import heat_map, location_loss
from eyespot.tasks.locate._points import closest_distances, match
from eyespot.tasks.locate._report import counts

TASK = Locate(radius=3.0, threshold=0.5)


def row(text: str) -> Row:
    return Row(picture="a.png", name="a.png", values={"points": text}, location="table.csv line 2")


def output_with(*points: tuple[float, float]) -> torch.Tensor:
    """An output (1, 3, 4, 4) that is sure of points x, y and of nothing else."""
    output = torch.zeros(1, 3, 4, 4)
    output[:, 0] = -50
    for x, y in points:
        column, row = int(x // 4), int(y // 4)
        output[0, :, row, column] = torch.tensor([50, x / 4 - column - 0.5, y / 4 - row - 0.5])
    return output


def test_points_are_paired_one_to_one_the_surest_first():
    truth = np.array([[0.0, 0.0], [10.0, 0.0]])
    found = np.array([[1.0, 0.0], [0.0, 2.0], [10.0, 3.0], [10.0, 3.1]])
    matches = match(found, np.array([0.5, 0.9, 0.8, 0.7]), truth, radius=3)
    # The order by score is 2nd, 3rd, 4th, 1st: the surest takes (0, 0), so that the nearer but less sure one is false.
    assert matches.right.tolist() == [True, True, False, False]
    assert matches.objects == 2
    assert match(np.zeros((0, 2)), np.zeros(0), truth, 3).right.tolist() == []
    assert match(found, np.ones(4), np.zeros((0, 2)), 3).right.tolist() == [False] * 4


def test_f1_counts_over_all_images():
    assert f1(np.array([3, 1]), np.array([4, 1]), np.array([3, 4])) == pytest.approx(2 * 4 / (5 + 7))
    assert math.isnan(f1(np.array([0]), np.array([0]), np.array([0])))


def test_the_table_gives_precision_recall_and_errors_of_counts():
    sure, unsure = {"point": [1.0, 1.0], "score": 0.9}, {"point": [50.0, 1.0], "score": 0.4}
    table = table_of(([[1.0, 2.0], [50.0, 1.0]], [sure, unsure]), ([], [sure]))
    score, (low, high), details = TASK.evaluate(table)
    assert score == pytest.approx(2 / 4) and low <= score <= high
    assert (details["precision"], details["recall"]) == (0.5, 0.5)
    assert (details["missed"], details["false"]) == (1, 1)
    assert details["mean_absolute_count_error"] == 1 and details["count_bias"] == 0
    assert details["recall_at_false_per_image"] == {"0.25": 0, "0.5": 1, "1": 1, "2": 1, "4": 1, "8": 1}
    assert replace(TASK, threshold=0.3).evaluate(table)[0] == pytest.approx(4 / 5)


def table_of(*images: tuple[list[list[float]], list[dict[str, Any]]], areas: Sequence[float] = (100, 100)):
    rows = zip(images, areas, strict=False)
    return [{"target": there, "answer": "", "points": found, "area": area} for (there, found), area in rows]


def test_curves_have_a_point_for_every_score():
    row = {"target": [[1.0, 1.0], [9.0, 1.0]], "points": []}
    for x, score in [(1.0, 0.9), (50.0, 0.8), (60.0, 0.8), (9.0, 0.4)]:
        row["points"].append({"point": [x, 1.0], "score": score})
    precise, false = curves([matched(row, 3), matched({"target": [], "points": []}, 3)])
    assert precise == [(0.5, 1.0), (0.5, 1 / 3), (1.0, 0.5)]
    assert false == [(0.0, 0.5), (1.0, 0.5), (1.0, 1.0)]  # two false points in two images
    assert curves([matched({"target": [], "points": []}, 3)]) == ([], [])


def test_counts_are_per_area_where_images_differ_in_size():
    points = [{"point": [5.0, 5.0], "score": score} for score in (0.9, 0.4)]
    images = ([[1.0, 2.0]], points), ([], points)
    found, true, unit = counts(table_of(*images), 0.5)
    assert (found.tolist(), true.tolist(), unit) == ([1, 1], [1, 0], "per image")
    found, true, unit = counts(table_of(*images, areas=(1e6, 2e6)), 0.3)
    assert (found.tolist(), true.tolist(), unit) == ([2, 1], [1, 0], "per million pixels")


def test_the_heat_map_is_a_bell_around_each_point():
    heat, shifts = heat_map(torch.tensor([[6.0, 2.0]]), 2, 3, 4)  # the center of the middle cell of the first row
    assert shifts[:, 0].tolist() == [[1, 0, -1], [0, 0, 0]] and shifts[:, 1, 1].tolist() == [0, -1]
    assert heat[0, 1].item() == pytest.approx(0.999)
    assert heat[0, 0].item() == pytest.approx(math.exp(-0.5)) == heat[1, 1].item()
    assert heat_map(torch.zeros(0, 2), 2, 3, 4)[0].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_touching_objects_in_neighboring_locations_are_both_found():
    output = output_with((7.0, 6.0), (9.0, 6.0))  # in neighboring columns
    output[0, 0, 1, 2] = 10  # a little lower than the other one: no local maximum
    output[0, :, 1, 0] = torch.tensor([8.0, 1.25, 0.0])  # beside the first, and pointing to it
    output[0, :, 1, 3] = torch.tensor([4.6, 0.0, 0.0])  # holds its point, but scores half as high: no second object
    output[0, :, 2, 2] = torch.tensor([9.0, 0.0, -0.5])  # on the border of its cell, 2.2 pixels from the second
    found = [entry["point"] for entry in replace(TASK, separation=1.5).answer(output[0])["points"]]
    assert found == [[7, 6], [9, 6], [10, 8]]
    found = [entry["point"] for entry in replace(TASK, separation=2.5).answer(output[0])["points"]]
    assert found == [[7, 6], [10, 8]], "of two points closer than the separation, the surer one is kept"
    assert "closer than 2.25 pixels" in TASK.answer_rule


def test_the_loss_of_a_perfect_output_is_zero_and_grows_with_a_shift_and_a_false_point():
    target = torch.tensor([[[5.0, 9.0], [np.nan, np.nan]]])

    def loss(*points: tuple[float, float], shift: float = 0.0) -> float:
        output = output_with(*points)
        output[0, 1:] = heat_map(target[0, :1], 4, 4, 4)[1]
        output[0, 1] += shift / 4
        return location_loss(output[:, 0], output[:, 1:], target, 4).item()

    assert loss((5, 9)) == pytest.approx(0, abs=1e-5)
    assert loss((5, 9), shift=1) == pytest.approx(1 / 4, abs=1e-5)  # one pixel, in strides
    assert loss((5, 9), (14, 2)) > 10
    nothing = torch.full((1, 1, 2), torch.nan)
    assert location_loss(output_with()[:, 0], torch.zeros(1, 2, 4, 4), nothing, 4).item() == pytest.approx(0, abs=1e-5)


def test_answers_are_in_original_pixels():
    frame = frame_of((32, 64), ImageSpec(height=16, width=16, channels=3, fit="pad"))  # scale 1/4, bars above and below
    answer = TASK.answer(output_with((5.0, 9.0), (13.0, 6.0))[0], frame)
    assert answer["answer"] == "2 points" and answer["count"] == 2
    assert answer["per_million_pixels"] == pytest.approx(2e6 / (32 * 64))
    measured = replace(TASK, pixel_size=0.5).answer(output_with((5.0, 9.0))[0], frame)
    assert measured["per_square_millimeter"] == pytest.approx(1 / (32 * 64 * 0.25e-6))
    assert sorted(found["point"] for found in answer["points"]) == [
        pytest.approx([20, 20], abs=1e-3),
        pytest.approx([52, 8], abs=1e-3),
    ]
    assert TASK.answer(output_with()[0])["answer"] == "no point"


def test_points_outside_the_image_are_no_targets():
    frame = frame_of(np.array([[20, 20]]), ImageSpec(height=10, width=20, channels=3, fit="crop"))
    target = torch.tensor([[[2.0, 1.0], [8.0, 10.0]]])  # the middle 10 of 20 rows are left
    moved = TASK.transform_target(target, frame)
    assert moved[0, 0].isnan().all() and moved[0, 1].tolist() == [8, 5]


def test_the_threshold_is_the_one_with_the_best_f1():
    output = output_with((5.0, 9.0), (13.0, 2.0))
    output[0, 0, 0, 3] = 4.6 + 0.8  # a false point with the score 0.69
    output[0, 0, 2, 1] = 4.6 + 2.0  # a true one with the score 0.88
    fitted = TASK.calibrate([(output, torch.tensor([[[5.0, 9.0]]]))])
    assert 0.69 < fitted.threshold < 0.88


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "points are ''"),
        ("[[1, 2", "expected JSON"),
        ("[[1, NaN]]", "a point is"),
        ("[[1, 2, 3]]", "a point is"),
        ('[["a", 2]]', "points are"),
        ("{}}", "points are"),
    ],
)
def test_points_that_cannot_be_are_errors_with_their_place(text: str, message: str):
    with pytest.raises(TaskError, match=message) as error:
        TASK.read(row(text))
    assert "table.csv line 2" in str(error.value)


def test_sources_without_points_and_radii_that_are_too_large_are_noticed():
    with pytest.raises(TaskError, match="None of the 2 training images has a point"):
        Locate().prepare([row("[]"), row("[]")])
    prepared = Locate(radius=6).prepare([row("[[1, 2], [4, 6], [40, 40]]"), row("[]")])  # 5 pixels apart
    assert (prepared.empty, prepared.close) == (1, 2)
    assert any("2 points have another one within the radius of 6 pixels" in note for note in prepared.notes())
    assert closest_distances(np.array([[1.0, 1.0]])).tolist() == [math.inf]


def test_settings_that_cannot_be_are_errors():
    with pytest.raises(TaskError, match="stride is 3"):
        Locate(stride=3)
    with pytest.raises(TaskError, match="radius is 0"):
        Locate(radius=0.0)
    with pytest.raises(TaskError, match="threshold is 1"):
        Locate(threshold=1.0)


def test_a_ring_is_drawn_around_each_point():
    drawn = TASK.annotate(np.zeros((20, 20, 1), np.uint8), {"points": [{"point": [10.0, 8.0]}]})
    ys, xs = drawn.any(2).nonzero()
    assert drawn.shape == (20, 20, 3)
    assert np.allclose(np.hypot(ys + 0.5 - 8, xs + 0.5 - 10), 3, atol=0.61)
    assert not drawn[8, 10].any()


def test_one_point_is_named_by_its_place():
    output = output_with((5.0, 9.0))
    of = TASK.default_target(output)
    assert TASK.target_name(of) == "10,6" and TASK.parse_target("10,6") == of
    assert TASK.value(output, of).item() == pytest.approx(1)
    with pytest.raises(TaskError, match="expected a row and a column"):
        TASK.parse_target("cell")


@pytest.mark.parametrize("point", ["[33.5, 5]", "[5, 25.5]", "[-1.5, 5]", "[5, -2]"])
def test_a_point_outside_its_image_is_an_error_with_its_place(point: str):
    pixels = np.full((10, 24, 32, 3), 90, np.uint8)

    def source_with(text: str) -> Source:
        return from_arrays("cells", "cells", pixels, [{"points": text}] * 10)

    Locate().check_source(source_with("[[0, 0], [32.5, 24.5], [-0.5, 3]]"))
    with pytest.raises(SourceError, match=r"lies outside the image .*, which is 32 pixels wide and 24 high"):
        Locate().check_source(source_with(f"[[1, 2], {point}]"))


def test_a_thousand_objects_in_an_image_are_read_and_matched():
    there = [[4.0 * (number % 40), 4.0 * (number // 40)] for number in range(1000)]
    assert TASK.read(row(json.dumps(there))) == there
    found = [{"point": [x + 1, y], "score": 0.9} for x, y in there]
    score, _, details = TASK.evaluate(table_of((there, found)))
    assert score == 1 and details["objects"] == 1000
