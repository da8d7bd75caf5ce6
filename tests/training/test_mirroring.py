"""Whether training images are mirrored follows from the images, in any language, and is reported either way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyespot.errors import RecipeError, TaskError
from eyespot.sources import Source, from_arrays
from eyespot.sources.augment import allowed_preset
from eyespot.sources.synthetic import road, shapes
from eyespot.tasks import Classify, Regress, Tag
from eyespot.training import train
from eyespot.training.options import TrainOptions
from eyespot.training.plan import choose_task, decide_mirror, is_mirrored, mirror_note
from eyespot.training.recipe import read_recipe


def arrow(to_left: bool, random: np.random.Generator) -> np.ndarray:
    """An arrow (32, 32, 3) on a smooth ground, somewhere in the middle."""
    image = np.repeat(np.repeat(random.integers(40, 120, (4, 4, 3)), 8, axis=0), 8, axis=1)
    y, x = random.integers(10, 20), random.integers(4, 8)
    image[y - 1 : y + 2, x : x + 20] = 230
    for step in range(7):
        image[y - step : y + step + 1, x + step] = 230
    return (image if to_left else image[:, ::-1]).astype(np.uint8)


def source_of(images: list[np.ndarray], values: list[dict[str, str]]) -> Source:
    return from_arrays("here", "arrays", np.stack(images), values, split=["train"] * len(images))


def decided(source: Source, task: str, requested: str | None = None) -> tuple[Any, str]:
    return decide_mirror(source, choose_task(source, task)[0], requested)


@pytest.mark.parametrize("names", [("turnLeft", "turnRight"), ("L", "R"), ("west", "east"), ("0", "1")])
def test_classes_that_a_mirror_exchanges_are_not_mirrored_whatever_they_are_called(names: tuple[str, str]) -> None:
    random = np.random.default_rng(0)
    images = [arrow(number % 2 == 0, random) for number in range(80)]
    task, reason = decided(source_of(images, [{"label": names[number % 2]} for number in range(80)]), "classify")
    assert not task.allows("flip") and names[0] in reason and names[1] in reason
    assert not is_mirrored(task, "small", None)
    assert mirror_note(False, "small", reason).startswith("training images are not mirrored: mirrored images of")


def test_classes_that_a_mirror_leaves_alone_are_mirrored_and_it_is_reported() -> None:
    task, reason = decided(shapes(count=200), "classify")
    assert task.allows("flip")
    assert is_mirrored(task, "small", None) and not is_mirrored(task, "digits", None)
    note = mirror_note(True, "small", reason)
    assert note.startswith("training images are mirrored") and "set mirror to no" in note
    assert "has no mirror" in mirror_note(False, "digits", reason)


def test_chance_alone_forbids_no_mirror() -> None:
    random = np.random.default_rng(0)
    for classes in (2, 5, 20):
        images = list(random.integers(0, 256, (200, 16, 16, 3), dtype=np.uint8))
        values = [{"label": str(number % classes)} for number in range(200)]
        assert decided(source_of(images, values), "classify")[0].allows("flip")


def test_tags_that_a_mirror_changes_are_not_mirrored() -> None:
    random = np.random.default_rng(0)
    images = [arrow(number % 2 == 0, random) for number in range(80)]
    sides = source_of(images, [{"tags": "links" if number % 2 == 0 else "rechts"} for number in range(80)])
    task, reason = decided(sides, "tag")
    assert not task.allows("flip") and "links" in reason
    kept = source_of(images, [{"tags": "a" if number % 3 == 0 else "b"} for number in range(80)])
    assert decided(kept, "tag")[0].allows("flip")


def test_a_number_changes_its_sign_only_where_the_images_show_it() -> None:
    assert decided(road(count=300), "regress")[0].mirror == "sign"
    random = np.random.default_rng(1)
    warmth = random.uniform(-1, 1, 200)
    tints = [np.array([60 * value, 0, -60 * value]) for value in warmth]
    grounds = [random.integers(90, 150, (24, 24, 3)) for _ in warmth]
    images = [np.clip(ground + tint, 0, 255).astype(np.uint8) for ground, tint in zip(grounds, tints, strict=True)]
    warm = source_of(images, [{"number": f"{w:.3f}"} for w in warmth])
    assert decided(warm, "regress")[0].mirror == "same"
    noise = source_of(images, [{"number": f"{w:.3f}"} for w in random.uniform(-1, 1, 200)])
    task, reason = decided(noise, "regress")
    assert task.mirror == "refuse" and not task.allows("flip") and "do not show" in reason


@pytest.mark.parametrize("requested", ["classify:mirror=no", "tag:mirror=yes", "regress:mirror=same"])
def test_what_is_requested_is_not_decided(requested: str) -> None:
    values = [{"label": str(n % 2), "tags": "ab"[n % 2], "number": str(n % 5)} for n in range(20)]
    random = np.random.default_rng(0)
    source = source_of(list(random.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)), values)
    task, reason = decided(source, requested)
    assert task.mirror == requested.partition("=")[2] and reason == "as requested"


@pytest.mark.parametrize("task", ["classify", "tag", "denoise"])
@pytest.mark.parametrize(("requested", "preset"), [("yes", "digits"), ("no", "small")])
def test_a_request_decides_whatever_data_and_augmentation_say(task: str, requested: str, preset: str) -> None:
    values = [{"label": str(n % 2), "tags": "ab"[n % 2]} for n in range(20)]
    images = list(np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8))
    found, reason = decided(source_of(images, values), task, requested)
    assert reason == "as requested" and is_mirrored(found, preset, requested) == (requested == "yes")
    assert allowed_preset(preset, found, requested == "yes").flip == (requested == "yes")
    assert mirror_note(requested == "yes", preset, reason).endswith("mirrored: as requested")


def test_only_a_request_is_called_one() -> None:
    images = list(np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8))
    task, reason = decided(source_of(images, [{}] * 20), "denoise")
    assert task.allows("flip") and reason == "a mirror leaves noise and detail as they are"


def test_mirrors_of_a_number_need_to_know_what_they_do_to_it() -> None:
    source = road(count=60)
    with pytest.raises(TaskError, match="regress:mirror=same, or regress:mirror=sign"):
        decided(source, "regress", "yes")
    assert decided(source, "regress:mirror=sign", "yes")[0].mirror == "sign"
    assert not decided(source, "regress", "no")[0].allows("flip")


@pytest.mark.parametrize(("task", "requested"), [("classify:mirror=yes", "no"), ("regress:mirror=same", "no")])
def test_two_requests_that_contradict_each_other_are_refused(task: str, requested: str) -> None:
    values = [{"label": str(n % 2), "number": str(n % 5)} for n in range(20)]
    images = list(np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8))
    with pytest.raises(TaskError, match="give only one of them"):
        decided(source_of(images, values), task, requested)


def test_a_training_stores_and_reports_what_was_requested(tmp_path: Path) -> None:
    values = [{"label": str(n % 2)} for n in range(40)]
    images = list(np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8))
    source = from_arrays("here", "arrays", np.stack(images), values)
    notes: list[str] = []
    train(
        source,
        out=tmp_path,
        network="flatten, dense",
        epochs=1,
        precision="float32",
        mirror="no",
        augment="light",
        show=lambda entry: notes.append(entry.get("note", "")),
    )
    recipe = read_recipe(tmp_path / "recipe.json")
    assert recipe.mirror is False and recipe.task["mirror"] == "no"
    assert "training images are not mirrored: as requested" in notes


def test_nothing_is_decided_by_words() -> None:
    assert Classify(classes=("left", "right")).allows("flip")
    assert Tag(tags=("left", "right")).allows("flip")
    assert not Regress().allows("flip")


def test_another_word_is_refused() -> None:
    with pytest.raises(RecipeError, match="mirror is 'maybe'; expected yes, no or auto"):
        TrainOptions(mirror="maybe")
