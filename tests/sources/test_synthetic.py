"""Drawn sources: the same every time, and with an answer that can be read off the picture."""

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.sources.source import Source
from eyespot.sources.synthetic import KINDS, MAKERS, STEEPEST, faces, open_synthetic, road, scenes, shapes, textures


def pixels_of(source: Source) -> np.ndarray:
    return np.stack([row.picture for row in source.rows])  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_seed_draws_the_same_pictures_and_another_one_others(name: str):
    first, again, other = (pixels_of(MAKERS[name](count=24, size=16, seed=seed)) for seed in (1, 1, 2))
    assert first.dtype == np.uint8
    assert first.shape[1:] == (16, 16, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", MAKERS)
def test_a_maker_is_opened_by_name_and_gives_three_parts(name: str):
    source = open_synthetic(name)
    assert source.name == f"synthetic:{name}"
    assert min(len(source.train), len(source.validation), len(source.test)) > 10


def test_an_unknown_maker_names_the_nearest():
    with pytest.raises(SourceError, match="Did you mean 'shapes'"):
        open_synthetic("shape")


def test_every_shape_is_drawn_equally_often():
    labels = [row.values["label"] for row in shapes(count=40, size=16).rows]
    assert {kind: labels.count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 10)


def test_scenes_hold_none_one_or_several_shapes():
    counts = {0 if (text := row.values["tags"]) == "-" else text.count("|") + 1 for row in scenes(size=16).rows}
    assert {0, 1, 2, 3} <= counts


def test_the_angle_can_be_read_off_the_road():
    for row in road(count=40, size=64).rows:
        brightness = np.asarray(row.picture).mean(2)
        columns = (np.arange(64) + 0.5) / 32 - 1
        upper = np.average(columns, weights=brightness[32] > 130)
        angle = np.degrees(np.arctan(upper))
        assert angle == pytest.approx(float(row.values["number"]), abs=2)
        assert abs(angle) <= STEEPEST + 2


def test_training_faces_are_shown_within_an_album_and_hair_turns_gray():
    source = faces(count=160, size=32)
    ages = {}
    for row in source.train.rows:
        ages.setdefault(row.values["identity"], []).append(float(row.values["age"]))
    assert max(max(each) - min(each) for each in ages.values()) <= 15
    assert set(ages).isdisjoint(row.values["identity"] for row in source.test.rows)
    tested = [float(row.values["age"]) for row in source.test.rows]
    assert max(tested) - min(tested) > 40
    brightness = {row.name: np.asarray(row.picture)[:5, 12:20].mean() for row in source.rows}
    hair = [
        [brightness[row.name] for row in source.rows if rule(float(row.values["age"]))] for rule in (is_old, is_young)
    ]
    assert np.mean(hair[0]) > 1.5 * np.mean(hair[1])


def is_old(age: float) -> bool:
    return age > 65


def is_young(age: float) -> bool:
    return age < 35


def test_half_of_the_roads_lead_straight_on():
    numbers = [float(row.values["number"]) for row in road(count=40, size=16).rows]
    assert numbers.count(0.0) == 20
    assert min(numbers) < -5 < 5 < max(numbers)


def test_textures_are_smooth_apart_from_one_edge():
    pictures = pixels_of(textures(count=10, size=64)).astype(float)
    steps = np.abs(np.diff(pictures[..., 0], axis=2))
    assert np.median(steps) < 10
    assert (steps > 40).mean() < 0.05


@pytest.mark.parametrize(("count", "size"), [(0, 32), (10, 4), (10, 4096)])
def test_pictures_that_cannot_be_drawn_are_refused(count: int, size: int):
    with pytest.raises(SourceError, match="give at least 1, and a size from 8 to 512"):
        shapes(count=count, size=size)
