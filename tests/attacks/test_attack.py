"""The door to all attacks: what is counted, verified, saved and refused, for every task with a focus."""

import json

import numpy as np
import pytest
import torch

from eyespot.attacks import ATTACKS, attack, attack_many, choose
from eyespot.attacks._result import magnified
from eyespot.attacks._settings import Settings
from eyespot.errors import AttackError, TaskError
from eyespot.images import ImageSpec, encode_png, read_pixels
from eyespot.model import wrap
from eyespot.tasks.criterion import Aim
from eyespot.tasks.denoise import Denoise
from tests.attacks.small_models import (
    COLOR,
    SmoothPicture,
    bright_or_dark,
    one_weak_pixel,
    pictures,
    random_model,
    tagger,
    wheel,
)

RANDOM = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize("by", ATTACKS)
def test_what_counts_is_the_saved_file_read_back(by, tmp_path):
    model = random_model(1)
    settings = choose(by, queries=3000) if "queries" in ATTACKS[by].defaults else choose(by)
    found = attack_many(model, pictures(6, seed=1), by, settings=settings)
    assert {one.outcome for one in found} <= {"fooled", "resisted"}
    for one in found:
        assert one.fooled.dtype == np.uint8 and one.fooled.shape == (8, 8, 3)
        read = model.predict(one.save_fooled(tmp_path / "fooled.png"))
        assert read["label"] == one.after["label"]
        assert (read["label"] != one.before["label"]) == (one.outcome == "fooled")


def test_a_picture_of_another_size_is_attacked_as_the_model_sees_it(tmp_path):
    large = np.kron(RANDOM, np.ones((3, 3, 1), np.uint8))
    path = tmp_path / "large.png"
    path.write_bytes(encode_png(large))
    found = attack(random_model(), path)
    assert found.original.shape == (8, 8, 3) and found.name == str(path)
    assert np.array_equal(found.original, read_pixels(path, COLOR))


def test_several_pictures_are_attacked_together(tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(encode_png(RANDOM))
    found = attack_many(random_model(), [path, RANDOM, encode_png(RANDOM)], by="fgsm")
    assert [one.name for one in found] == [str(path), "image 2", "image 3"]
    assert len({one.fooled.tobytes() for one in found}) == 1


def test_pictures_of_several_sizes_are_refused_together():
    model = wrap(SmoothPicture(), Denoise(), ImageSpec(height=8, width=8, channels=1, fit="native"))
    with pytest.raises(AttackError, match="2 sizes"):
        attack_many(model, [np.zeros((8, 8), np.uint8), np.zeros((6, 8), np.uint8)])


def test_sizes_are_measured_on_pixels_from_0_to_1():
    [found] = attack_many(one_weak_pixel(0, 0), torch.zeros(1, 1, 6, 6), "every-pixel")
    change = found.fooled[0, 0, 0] / 255
    assert found.l2 == found.linf == pytest.approx(change)
    assert found.distortion == pytest.approx(change / 6)  # the root of 1/36 of its square
    assert found.pixels_changed == 1


def test_a_misread_image_is_skipped_and_not_looked_at_again():
    model = random_model()
    [answer] = model.outputs(pictures(1)).argmax(1).tolist()
    [found] = attack_many(model, pictures(1), names=["one"], truths=[(answer + 1) % 3])
    assert found.outcome == "skipped" and found.reason.startswith("misread")
    assert found.queries == 0 and np.array_equal(found.original, found.fooled)


def test_a_batch_with_nothing_to_attack_is_skipped_whole():
    model = random_model()
    truths = ((model.outputs(pictures(3)).argmax(1) + 1) % 3).tolist()
    found = attack_many(model, pictures(3), "one-pixel", truths=truths)
    assert [one.outcome for one in found] == ["skipped"] * 3


def test_one_pixel_turns_the_wheel_as_far_as_it_can():
    model, gray = wheel(), np.full((6, 6), 128, np.uint8)
    found = attack(model, gray, by="pixel-search")
    assert found.moved == pytest.approx(100 / 18 * 128 / 255, rel=1e-3)
    assert found.outcome == "resisted"  # a whole standard deviation, 100 degrees, is asked for unless said otherwise
    assert attack(model, gray, by="pixel-search", change=2.0).outcome == "fooled"
    up = attack(model, gray, by="pixel-search", target="up")
    assert up.moved == pytest.approx(100 / 18 * 127 / 255, rel=1e-3)
    assert up.after["number"] > up.before["number"]


def test_noise_turns_the_wheel_by_what_is_asked_for():
    found = attack(wheel(), np.full((6, 6), 128, np.uint8), by="minimum-noise", change=10.0, target="down")
    assert found.outcome == "fooled"
    assert found.moved == pytest.approx(10.0, abs=0.5)


def test_a_tag_is_turned():
    gray = np.full((6, 6), 140, np.uint8)
    found = attack(tagger(), gray, of="left")
    assert found.before["answer"] == ["left", "right"] and found.after["answer"] == ["right"]
    assert np.array_equal(found.original[:, 3:], found.fooled[:, 3:])


def test_a_place_of_a_picture_is_made_brighter():
    model = wrap(SmoothPicture(), Denoise(), ImageSpec(height=8, width=8, channels=1))
    gray = np.full((8, 8), 100, np.uint8)
    found = attack(model, gray, of=(4, 4), target="up", change=0.05)
    assert found.outcome == "fooled"
    changed = np.argwhere(found.original != found.fooled)[:, :2]
    assert np.abs(changed - 4).max() <= 1
    assert "picture" not in found.after


@pytest.mark.parametrize("by", ["fgsm", "pgd", "one-pixel", "pixel-search"])
def test_attacks_of_a_fixed_size_move_a_number_too(by):
    settings = {"queries": 2000} if "queries" in ATTACKS[by].defaults else {}
    found = attack(wheel(), np.full((6, 6), 128, np.uint8), by=by, change=0.5, **settings)
    assert found.outcome == "fooled"


def test_it_is_drawn_and_told(tmp_path):
    found = attack(random_model(), RANDOM, by="minimum-noise")
    assert read_pixels(found.save(tmp_path / "drawn.png"), ImageSpec(height=40, width=90, channels=3)).std() > 0
    facts = json.loads(found.to_json())
    assert facts["outcome"] == "fooled" and "original" not in facts
    assert facts["before"]["answer"] != facts["after"]["answer"]


def test_an_animation_shows_the_search(tmp_path):
    found = attack(one_weak_pixel(2, 4), np.full((6, 6), 50, np.uint8), by="one-pixel")
    frames = found.frames()
    assert len(frames) == len(found.history) + 1
    assert np.array_equal(frames[0], found.original) and np.array_equal(frames[-1], found.fooled)
    assert found.save_animation(tmp_path / "search.gif").read_bytes().startswith(b"GIF8")


def test_a_search_that_has_no_history_has_no_animation(tmp_path):
    with pytest.raises(AttackError, match="pixel"):
        attack(random_model(), RANDOM, by="fgsm").save_animation(tmp_path / "search.gif")


def test_the_difference_is_magnified_around_gray():
    before, after = np.full((1, 2, 1), 100, np.uint8), np.array([[[101], [98]]], np.uint8)
    difference, factor = magnified(before, after)
    assert factor == 63.5 and difference.flatten().tolist() == [192, 1]
    same, factor = magnified(before, before)
    assert factor == 1.0 and (same == 128).all()


@pytest.mark.parametrize(
    ("given", "error", "summary"),
    [
        ({"by": "one-pixl"}, AttackError, "Did you mean 'one-pixel'"),
        ({"by": "one-pixel", "queries": -5}, AttackError, "queries is -5"),
        ({"by": "one-pixel", "pixels": 0}, AttackError, "pixels is 0"),
        ({"by": "pgd", "size": 0.0}, AttackError, "size is 0"),
        ({"by": "pgd", "seed": -1}, AttackError, "seed is -1"),
        ({"label": "a", "target": "a"}, AttackError, "is the label"),
        ({"target": "z"}, TaskError, "Unknown class"),
        ({"change": -1.0}, AttackError, "change is -1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(given, error, summary):
    with pytest.raises(error, match=summary):
        attack(random_model(), RANDOM, **given)


def test_a_label_is_for_classes():
    with pytest.raises(AttackError, match="regress"):
        attack(wheel(), np.zeros((6, 6), np.uint8), label="a")


def test_a_setting_without_effect_warns():
    with pytest.warns(UserWarning, match="pixels has no effect on fgsm, which reads size"):
        choose("fgsm", pixels=3)


def test_settings_are_those_given_or_the_attacks_own():
    assert choose("pgd", steps=7) == Settings(size=8 / 255, steps=7, seed=0)
    assert choose("one-pixel").queries == 40_400  # the first generation of 400 and 100 more


def test_hard_and_easy_images_may_lie_in_one_batch():
    model, images, labels = bright_or_dark()
    found = attack_many(model, images, "pgd", truths=labels.tolist(), settings=choose("pgd", size=0.145))
    assert {one.outcome for one in found} == {"fooled", "resisted"}
    assert len({one.gradients for one in found}) > 1


def test_a_target_is_asked_of_every_image():
    model, images = random_model(), pictures(10)
    truths = model.outputs(images).argmax(1).tolist()
    found = attack_many(model, images, truths=truths, aim=Aim(target="b"))
    for one, truth in zip(found, truths, strict=True):
        assert (one.outcome == "skipped") == (truth == 1)
        assert one.outcome != "fooled" or one.after["label"] == "b"
