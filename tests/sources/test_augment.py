"""Augmentation: independent of the batch, true to the target, and no more than allowed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from eyespot.errors import SourceError
from eyespot.images import ImageSpec
from eyespot.sources import augment as room
from eyespot.sources.arrays import from_arrays
from eyespot.sources.augment import PRESETS, Change, NotAllowed, Preset, augment, choose_preset, random_crops
from eyespot.tasks import Classify, Denoise, Regress

COUNT = 12
IMAGES = torch.randint(0, 256, (COUNT, 3, 20, 24), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
INDICES = np.arange(COUNT)


class Recorder:
    """A task that allows some kinds of changes, and writes down what is done to its targets."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds
        self.seen: dict[str, Tensor] = {}

    def transform_target(self, target: Tensor, change: Change) -> Tensor:
        if change.kind not in self.kinds:
            raise NotAllowed
        self.seen[change.kind] = change.amount
        return target

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        return f"{shape[0]} channels"


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch):
    """Add a preset of the test's own."""

    def add(**values: float) -> str:
        monkeypatch.setitem(room.PRESETS, "own", Preset(**values))  # pyright: ignore[reportArgumentType]
        return "own"

    return add


def changed(images: Tensor, task: Recorder, preset: str, epoch: int = 0) -> Tensor:
    (result,), _ = augment((images,), torch.zeros(len(images)), task, 0, epoch, np.arange(len(images)), preset)
    return result


EVERYTHING = ("flip", "shift", "rotate", "zoom", "color", "erase")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_sample_is_changed_the_same_way_in_every_batch(preset: str):
    task, target = Regress(), torch.arange(COUNT).float()
    (whole,), moved = augment((IMAGES,), target, task, 3, 5, INDICES, preset)
    for chosen in ([0, 1, 2, 3], [11, 4], [7]):
        (part,), part_moved = augment((IMAGES[chosen],), target[chosen], task, 3, 5, INDICES[chosen], preset)
        assert torch.equal(part, whole[chosen])
        assert torch.equal(part_moved, moved[chosen])


@pytest.mark.parametrize("preset", PRESETS)
def test_the_result_is_as_large_as_before_and_in_range(preset: str):
    result = changed(IMAGES, Recorder(*EVERYTHING), preset)
    assert result.shape == IMAGES.shape
    assert result.dtype == torch.float32
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "none"])
def test_epochs_differ(preset: str):
    task = Recorder(*EVERYTHING)
    assert not torch.equal(changed(IMAGES, task, preset, epoch=0), changed(IMAGES, task, preset, epoch=1))


def test_epochs_may_differ_within_a_batch():
    task, epochs = Recorder(*EVERYTHING), np.array([0] * 6 + [1] * 6)
    (mixed,), _ = augment((IMAGES,), torch.zeros(COUNT), task, 0, epochs, INDICES, "photos")
    assert torch.equal(mixed[:6], changed(IMAGES, task, "photos", epoch=0)[:6])
    assert torch.equal(mixed[6:], changed(IMAGES, task, "photos", epoch=1)[6:])


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_is_done_that_the_task_does_not_allow(preset: str):
    assert torch.equal(changed(IMAGES, Recorder(), preset), IMAGES.float() / 255)


def test_nothing_is_done_with_the_preset_none():
    task = Recorder(*EVERYTHING)
    assert torch.equal(changed(IMAGES, task, "none"), IMAGES.float() / 255)
    assert task.seen == {}


def test_an_unknown_preset_is_refused():
    with pytest.raises(SourceError, match="Did you mean 'photos'"):
        changed(IMAGES, Recorder(), "photo")


def test_about_half_of_the_images_are_mirrored_and_their_angles_with_them():
    images = torch.arange(5, dtype=torch.uint8).expand(400, 1, 4, 5)
    (result,), target = augment((images,), torch.ones(400), Regress(), 0, 0, np.arange(400), "pictures")
    mirrored = result[:, 0, 0, 0] > 0
    assert torch.equal(target, 1 - 2 * mirrored.float())
    assert torch.equal(result[mirrored], images[mirrored].flip(3).float() / 255)
    assert 150 < int(mirrored.sum()) < 250


@pytest.mark.parametrize("epoch", range(4))
def test_every_image_is_mirrored_in_every_other_epoch(epoch):
    def mirrored(epochs: int | np.ndarray) -> torch.Tensor:
        (result,), _ = augment((images,), torch.ones(60), Regress(), 3, epochs, np.arange(60), "pictures")
        return result[:, 0, 0, 0] > 0

    images = torch.arange(5, dtype=torch.uint8).expand(60, 1, 4, 5)
    assert torch.equal(mirrored(epoch), ~mirrored(epoch + 1))
    mixed = np.arange(60) % 2 + epoch  # a batch that an epoch ends in
    assert torch.equal(mirrored(mixed), torch.where(torch.arange(60) % 2 == 0, mirrored(epoch), mirrored(epoch + 1)))


@pytest.mark.parametrize("side", [20, 37])
def test_a_shift_moves_the_picture_by_what_the_task_is_told(preset, side: int):
    """37 since 3 / 37 * 37 in single precision is less than 3."""
    images = torch.zeros(100, 1, side, side, dtype=torch.uint8)
    images[:, :, side // 2, side // 2] = 255
    task = Recorder("shift")
    result = changed(images, task, preset(shift=0.2))
    columns = result[:, 0].amax(1).argmax(1) - side // 2
    assert torch.equal(columns, (task.seen["shift"] * side).round().long())
    assert set(columns.tolist()) == set(range(-(side // 5), side // 5 + 1))


def shifted(images: torch.Tensor, flip: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    return room._gathered(images, room._places(flip, pixels.int(), *images.shape[2:]))


def test_the_mirrored_image_is_what_is_shifted():
    image = torch.tensor([[1, 2, 3]], dtype=torch.uint8).view(1, 1, 1, 3)
    assert shifted(image, torch.tensor([True]), torch.tensor([[0, 1]])).flatten().tolist() == [2, 3, 2]


def test_a_shifted_border_is_filled_by_a_mirror():
    images = torch.arange(4, dtype=torch.uint8).expand(1, 1, 4, 4)
    right = shifted(images, torch.tensor([False]), torch.tensor([[0, 1]]))
    left = shifted(images, torch.tensor([False]), torch.tensor([[0, -2]]))
    assert right[0, 0, 0].tolist() == [1, 0, 1, 2]
    assert left[0, 0, 0].tolist() == [2, 3, 2, 1]


@pytest.mark.parametrize(("height", "width"), [(9, 9), (9, 15)])
def test_interpolation_without_turn_or_zoom_gives_the_shift_by_whole_pixels(height: int, width: int):
    images = torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8)
    pixels, sides = torch.tensor([[1, 2], [-2, 0]]), torch.tensor([height, width])
    flip = torch.tensor([True, False])
    still = torch.zeros(2)
    sampled = room._sampled(images.float() / 255, flip, pixels / sides, still, still + 1)
    whole = shifted(images, flip, pixels).float() / 255
    inside = (..., slice(3, -3), slice(3, -3))
    assert torch.allclose(sampled[inside], whole[inside], atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(15, 15), (15, 25)])
def test_a_quarter_turn_goes_against_the_clock_and_keeps_proportions(height: int, width: int):
    image = torch.zeros(1, 1, height, width)
    image[0, 0, height // 2, width // 2 + 4] = 1
    rotated = room._sampled(image, torch.tensor([False]), torch.zeros(1, 2), torch.tensor([90.0]), torch.ones(1))
    assert rotated[0, 0, height // 2 - 4, width // 2].item() == pytest.approx(1, abs=1e-4)


def test_a_zoom_enlarges_about_the_middle():
    image = torch.zeros(1, 1, 21, 21)
    image[0, 0, 8:13, 8:13] = 1
    zoomed = room._sampled(image, torch.tensor([False]), torch.zeros(1, 2), torch.zeros(1), torch.tensor([2.0]))
    assert zoomed.sum().item() == pytest.approx(4 * image.sum().item(), rel=0.1)


def test_turn_and_zoom_are_told_to_the_task_within_their_limits(preset):
    task = Recorder("rotate", "zoom")
    changed(IMAGES, task, preset(rotate=10, zoom=0.25))
    assert task.seen["rotate"].abs().max() <= 10
    assert 1 / 1.25 <= task.seen["zoom"].min() < task.seen["zoom"].max() <= 1.25


def test_colors_change_and_grey_pictures_stay_grey_in_brightness_only(preset):
    name, task = preset(color=0.2), Recorder("color")
    colored = changed(IMAGES, task, name)
    assert (colored - IMAGES.float() / 255).abs().mean() > 0.01
    gray = changed(torch.full((8, 1, 4, 4), 100, dtype=torch.uint8), task, name)
    assert gray.flatten(1).std(1).max() < 1e-6
    assert gray[:, 0, 0, 0].std() > 0.01


def test_without_strength_the_color_matrix_changes_nothing():
    allowed = room._Allowed(Recorder("color"), torch.zeros(1), Preset(color=0.2))
    image = IMAGES[:1].float()
    [result] = room._recolor((image,), allowed, torch.full((1, 6), 0.5))
    assert torch.allclose(result, image / 255, atol=1e-6)


def test_about_half_of_the_images_have_a_part_covered_within_the_limit(preset):
    images = torch.arange(200, dtype=torch.uint8).view(1, 1, 20, 10).repeat(200, 1, 1, 1)
    covered = changed(images, Recorder("erase"), preset(erase=0.25)) != images.float() / 255
    share = covered.float().mean((1, 2, 3))
    assert 0.35 < (share > 0).float().mean() < 0.55
    assert share.max() < 0.35


def test_pairs_are_changed_alike():
    task = Denoise(pairs=True)
    (first, paired), _ = augment((IMAGES, IMAGES), torch.zeros(COUNT), task, 0, 0, INDICES, "photos")
    assert torch.equal(first, paired)
    assert not torch.equal(first, IMAGES.float() / 255)


def test_crops_are_pieces_of_their_pictures_and_of_the_right_size():
    pictures = [np.arange(height * 9, dtype=np.uint8).reshape(height, 9, 1) for height in (6, 8, 15)]
    (crops,) = random_crops([(picture,) for picture in pictures], 6, 5, 0, 0, np.arange(3))
    assert crops.shape == (3, 1, 6, 5)
    for picture, crop in zip(pictures, crops, strict=True):
        pieces = np.lib.stride_tricks.sliding_window_view(picture[..., 0], (6, 5)).reshape(-1, 6, 5)
        assert any((piece == crop[0].numpy()).all() for piece in pieces)


def test_crops_reach_every_place_and_do_not_depend_on_the_batch():
    picture = np.arange(8, dtype=np.uint8).reshape(8, 1, 1)
    (crops,) = random_crops([(picture,)] * 200, 3, 1, 0, 0, np.arange(200))
    assert set(crops[:, 0, 0, 0].tolist()) == set(range(6))
    (alone,) = random_crops([(picture,)], 3, 1, 0, 0, np.array([77]))
    assert torch.equal(alone, crops[77:78])


def test_a_picture_that_is_too_small_is_continued_by_its_mirror_image():
    picture = np.array([[1, 2]], dtype=np.uint8)[..., None]
    (crop,) = random_crops([(picture,)], 1, 4, 0, 0, np.arange(1))
    assert crop[0, 0, 0].tolist() == [1, 2, 2, 1]


def test_pairs_are_cut_at_the_same_place_and_must_have_the_same_size():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    first, paired = random_crops([(picture, picture)], 4, 4, 0, 0, np.arange(1))
    assert torch.equal(first, paired)
    with pytest.raises(SourceError, match="expected the same"):
        random_crops([(picture, picture[:5])], 4, 4, 0, 0, np.arange(1))


@pytest.mark.parametrize(("equal_channels", "expected"), [(True, "1 channels"), (False, "3 channels")])
def test_color_files_that_hold_grey_pictures_count_as_gray(equal_channels: bool, expected: str):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    if equal_channels:
        pictures[:] = pictures[..., :1]
    source = from_arrays("pictures", "arrays", pictures, [{}] * 30)
    assert choose_preset(source, Recorder(), ImageSpec(height=8, width=8, channels=3)) == expected


def test_handwritten_digits_are_not_mirrored():
    task = Classify(classes=("6", "9"))
    preset = task.augmentation((1, 28, 28))
    assert not PRESETS[preset].flip
    assert replace(PRESETS[preset], flip=False) == PRESETS[preset]
