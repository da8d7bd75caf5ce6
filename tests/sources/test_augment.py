"""Augmentation: independent of the batch, true to the target, and no more than allowed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from eyespot.errors import SourceError
from eyespot.images import ImageSpec
from eyespot.sources import augment as room
from eyespot.sources._arrays import from_arrays
from eyespot.sources.augment import PRESETS, Preset, allowed_preset, augment, choose_preset, random_crops
from eyespot.tasks import Classify, Denoise, Regress
from eyespot.tasks._rank import Rank
from eyespot.tasks.detect import Detect

COUNT = 12
IMAGES = torch.randint(0, 256, (COUNT, 3, 20, 24), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
INDICES = np.arange(COUNT)


class Allowing:
    """A task that allows some kinds of changes."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def allows(self, change: str) -> bool:
        return change in self.kinds

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        return f"{shape[0]} channels"


def changed(images: Tensor, preset: Preset, epoch: int | np.ndarray = 0) -> Tensor:
    (result,), _ = augment((images,), preset, 0, epoch, np.arange(len(images)))
    return result


@pytest.mark.parametrize("name", PRESETS)
def test_a_sample_is_changed_the_same_way_in_every_batch(name: str):
    (whole,), frames = augment((IMAGES,), PRESETS[name], 3, 5, INDICES)
    for chosen in ([0, 1, 2, 3], [11, 4], [7]):
        (part,), part_frames = augment((IMAGES[chosen],), PRESETS[name], 3, 5, INDICES[chosen])
        assert torch.equal(part, whole[chosen])
        np.testing.assert_array_equal(part_frames.matrix, frames.matrix[chosen])


@pytest.mark.parametrize("name", PRESETS)
def test_the_result_is_as_large_as_before_and_in_range(name: str):
    result = changed(IMAGES, PRESETS[name])
    assert result.shape == IMAGES.shape
    assert result.dtype == torch.float32
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "none"])
def test_epochs_differ(name: str):
    assert not torch.equal(changed(IMAGES, PRESETS[name], epoch=0), changed(IMAGES, PRESETS[name], epoch=1))


def test_epochs_may_differ_within_a_batch():
    photos = PRESETS["photos"]
    mixed = changed(IMAGES, photos, np.array([0] * 6 + [1] * 6))
    assert torch.equal(mixed[:6], changed(IMAGES, photos, epoch=0)[:6])
    assert torch.equal(mixed[6:], changed(IMAGES, photos, epoch=1)[6:])


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_is_done_that_the_task_does_not_allow(name: str):
    assert torch.equal(changed(IMAGES, allowed_preset(name, Allowing())), IMAGES.float() / 255)


def test_what_the_task_allows_is_kept_of_a_preset():
    assert allowed_preset("photos", Allowing("flip", "zoom")) == Preset(flip=True, zoom=PRESETS["photos"].zoom)
    everything = Allowing("flip", "shift", "rotate", "zoom", "color", "erase")
    assert allowed_preset("photos", everything) == PRESETS["photos"]


def test_nothing_is_done_with_the_preset_none():
    (result,), frames = augment((IMAGES,), PRESETS["none"], 0, 0, INDICES)
    assert torch.equal(result, IMAGES.float() / 255)
    np.testing.assert_array_equal(frames.matrix, np.broadcast_to(np.eye(2, 3), (COUNT, 2, 3)))


def test_an_unknown_preset_is_refused():
    with pytest.raises(SourceError, match="Did you mean 'photos'"):
        allowed_preset("photo", Allowing())


def test_about_half_of_the_images_are_mirrored_and_their_angles_with_them():
    images = torch.arange(5, dtype=torch.uint8).expand(400, 1, 4, 5)
    (result,), frames = augment((images,), PRESETS["pictures"], 0, 0, np.arange(400))
    target = Regress(mirror="sign").transform_target(torch.ones(400), frames)
    mirrored = result[:, 0, 0, 0] > 0
    assert torch.equal(target, 1 - 2 * mirrored.float())
    assert torch.equal(result[mirrored], images[mirrored].flip(3).float() / 255)
    assert 150 < int(mirrored.sum()) < 250


@pytest.mark.parametrize("epoch", range(4))
def test_every_image_is_mirrored_in_every_other_epoch(epoch):
    def mirrored(epochs: int | np.ndarray) -> torch.Tensor:
        (result,), _ = augment((images,), PRESETS["pictures"], 3, epochs, np.arange(60))
        return result[:, 0, 0, 0] > 0

    images = torch.arange(5, dtype=torch.uint8).expand(60, 1, 4, 5)
    assert torch.equal(mirrored(epoch), ~mirrored(epoch + 1))
    mixed = np.arange(60) % 2 + epoch  # a batch that an epoch ends in
    assert torch.equal(mirrored(mixed), torch.where(torch.arange(60) % 2 == 0, mirrored(epoch), mirrored(epoch + 1)))


def test_images_without_an_upright_direction_come_in_all_four_orientations_within_four_epochs():
    image = torch.arange(20, dtype=torch.uint8).view(1, 4, 5)
    images, preset = image.expand(60, 1, 4, 5), Preset(flip=True, turn=True)
    seen = torch.stack([augment((images,), preset, 3, epoch, np.arange(60))[0][0] for epoch in range(4, 8)], 1)
    whole = image.float() / 255
    expected = {tuple(each.flatten().tolist()) for each in (whole, whole.flip(1), whole.flip(2), whole.flip(1, 2))}
    assert all({tuple(one.flatten().tolist()) for one in sample} == expected for sample in seen)
    target = torch.tensor([[[0.0, 1.0, 2.0, 3.0, 0.0]]]).expand(60, 1, 5)
    (result,), frames = augment((images,), preset, 3, 0, np.arange(60))
    boxes = Detect(classes=("x",)).transform_target(target, frames)[:, 0, :4].long().tolist()
    inside = torch.stack([one[0, y1:y2, x1:x2] for one, (x1, y1, x2, y2) in zip(result, boxes, strict=True)])
    assert torch.equal(inside.flatten(1).sort(1).values, (whole[0, 1:3, :2].flatten().sort().values).expand(60, 4))


def test_only_tasks_whose_answers_stay_allow_images_to_be_turned():
    turned = {task.name: allowed_preset("microscopy", task).turn for task in (Detect(), Classify(), Regress(), Rank())}
    assert turned == {"detect": True, "classify": True, "regress": False, "rank": False}


@pytest.mark.parametrize("side", [20, 37])
def test_a_shift_moves_the_picture_by_what_its_frame_says(side: int):
    """37 since 3 / 37 * 37 in single precision is less than 3."""
    images = torch.zeros(100, 1, side, side, dtype=torch.uint8)
    images[:, :, side // 2, side // 2] = 255
    (result,), frames = augment((images,), Preset(shift=0.2), 0, 0, np.arange(100))
    columns = result[:, 0].amax(1).argmax(1) - side // 2
    assert columns.tolist() == frames.matrix[:, 0, 2].tolist()
    assert set(columns.tolist()) == set(range(-(side // 5), side // 5 + 1))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sides=st.tuples(st.integers(24, 60), st.integers(24, 60)),
    preset=st.sampled_from(
        [
            PRESETS["photos"],
            Preset(flip=True, shift=0.2),
            Preset(rotate=30),
            Preset(zoom=0.5),
            Preset(flip=True, rotate=9),
        ]
    ),
)
def test_a_colored_rectangle_and_its_box_stay_together(seed: int, sides: tuple[int, int], preset: Preset):
    preset = replace(preset, color=0, erase=0)
    random = np.random.default_rng(seed)
    height, width = sides
    images = torch.zeros(8, 3, height, width, dtype=torch.uint8)
    # Near the middle and small, so that no mirror image of it comes in at the border.
    corners = random.integers([height // 2 - 6, width // 2 - 6], [height // 2, width // 2], (8, 2))
    ends = corners + random.integers(3, 7, (8, 2))
    for image, (top, left), (bottom, right), color in zip(images, corners, ends, (0, 1, 2) * 3, strict=False):
        image[color, top:bottom, left:right] = 255
    boxes = np.concatenate([corners[:, ::-1], ends[:, ::-1]], axis=1).astype(float)
    (result,), frames = augment((images,), preset, seed, 0, np.arange(8))
    moved = frames.apply_boxes(boxes)
    assert frames.inverse().apply(frames.apply(boxes[:, :2])) == pytest.approx(boxes[:, :2])
    for image, (x1, y1, x2, y2) in zip(result, moved, strict=True):
        visible = image.amax(0)
        rows, columns = (visible > 0.5).any(1).nonzero()[:, 0], (visible > 0.5).any(0).nonzero()[:, 0]
        inside = min(x1, y1) > 2 and x2 < width - 2 and y2 < height - 2
        if inside:
            found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            # A turned rectangle's corners are blurred away, and so its pixels may end before its box does.
            assert [float(side) for side in found] == pytest.approx([x1, y1, x2, y2], abs=2.0)
            center = torch.stack([rows.float().mean(), columns.float().mean()]) + 0.5
            assert center.tolist() == pytest.approx([(y1 + y2) / 2, (x1 + x2) / 2], abs=1.0)


def test_colors_change_and_grey_pictures_stay_grey_in_brightness_only():
    colored = changed(IMAGES, Preset(color=0.2))
    assert (colored - IMAGES.float() / 255).abs().mean() > 0.01
    gray = changed(torch.full((8, 1, 4, 4), 100, dtype=torch.uint8), Preset(color=0.2))
    assert gray.flatten(1).std(1).max() < 1e-6
    assert gray[:, 0, 0, 0].std() > 0.01


def test_without_strength_the_color_matrix_changes_nothing():
    image = IMAGES[:1].float()
    [result] = room._color((image,), Preset(color=0.2), torch.full((1, 6), 0.5))
    assert torch.allclose(result, image / 255, atol=1e-6)


def test_about_half_of_the_images_have_a_part_covered_within_the_limit():
    images = torch.arange(200, dtype=torch.uint8).view(1, 1, 20, 10).repeat(200, 1, 1, 1)
    covered = changed(images, Preset(erase=0.25)) != images.float() / 255
    share = covered.float().mean((1, 2, 3))
    assert 0.35 < (share > 0).float().mean() < 0.55
    assert share.max() < 0.35


def test_pairs_are_changed_alike():
    preset = allowed_preset("photos", Denoise(pairs=True))
    (first, paired), _ = augment((IMAGES, IMAGES), preset, 0, 0, INDICES)
    assert torch.equal(first, paired)
    assert not torch.equal(first, IMAGES.float() / 255)


def test_crops_are_pieces_of_their_pictures_and_of_the_right_size():
    pictures = [np.arange(height * 9, dtype=np.uint8).reshape(height, 9, 1) for height in (6, 8, 15)]
    (crops,), frames = random_crops([(picture,) for picture in pictures], 6, 5, 0, 0, np.arange(3))
    assert crops.shape == (3, 1, 6, 5)
    assert frames.original.tolist() == [[6, 9], [8, 9], [15, 9]] and frames.size.tolist() == [[6, 5]] * 3
    for picture, crop, frame in zip(pictures, crops, frames.inverse().matrix, strict=True):
        left, top = frame[:, 2].astype(int)
        assert (picture[top : top + 6, left : left + 5, 0] == crop[0].numpy()).all()


def test_crops_reach_every_place_and_do_not_depend_on_the_batch():
    picture = np.arange(8, dtype=np.uint8).reshape(8, 1, 1)
    (crops,), _ = random_crops([(picture,)] * 200, 3, 1, 0, 0, np.arange(200))
    assert set(crops[:, 0, 0, 0].tolist()) == set(range(6))
    (alone,), _ = random_crops([(picture,)], 3, 1, 0, 0, np.array([77]))
    assert torch.equal(alone, crops[77:78])


def test_where_random_pieces_are_not_allowed_the_middle_is_cut():
    picture = np.arange(9, dtype=np.uint8).reshape(9, 1, 1)
    (crops,), frames = random_crops([(picture,)] * 20, 3, 1, 0, 0, np.arange(20), middle=True)
    assert set(crops[:, 0, 0, 0].tolist()) == {3}
    assert frames.inverse().matrix[:, 1, 2].tolist() == [3] * 20


def test_a_picture_that_is_too_small_is_continued_by_its_mirror_image():
    picture = np.array([[1, 2]], dtype=np.uint8)[..., None]
    (crop,), _ = random_crops([(picture,)], 1, 4, 0, 0, np.arange(1))
    assert crop[0, 0, 0].tolist() == [1, 2, 2, 1]


def test_pairs_are_cut_at_the_same_place_and_must_have_the_same_size():
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    (first, paired), _ = random_crops([(picture, picture)], 4, 4, 0, 0, np.arange(1))
    assert torch.equal(first, paired)
    with pytest.raises(SourceError, match="expected the same"):
        random_crops([(picture, picture[:5])], 4, 4, 0, 0, np.arange(1))


@pytest.mark.parametrize(("equal_channels", "expected"), [(True, "1 channels"), (False, "3 channels")])
def test_color_files_that_hold_grey_pictures_count_as_gray(equal_channels: bool, expected: str):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    if equal_channels:
        pictures[:] = pictures[..., :1]
    source = from_arrays("pictures", "arrays", pictures, [{}] * 30)
    assert choose_preset(source, Allowing(), ImageSpec(height=8, width=8, channels=3)) == expected


def test_handwritten_digits_are_not_mirrored():
    task = Classify(classes=("6", "9"))
    preset = task.augmentation((1, 28, 28))
    assert not PRESETS[preset].flip
    assert replace(PRESETS[preset], flip=False) == PRESETS[preset]


def test_recolored_channels_are_shuffled_and_mapped_to_random_ranges():
    result = changed(IMAGES, Preset(recolor=True))
    assert result.min() >= 0 and result.max() <= 1
    for image, recolored in zip(IMAGES.flatten(2).numpy() / 255, result.flatten(2).numpy(), strict=True):
        correlations = np.corrcoef(image, recolored)[:3, 3:]
        assert np.abs(correlations).max(0) == pytest.approx(1, abs=1e-5)  # each is an affine map of one channel
        assert sorted(np.abs(correlations).argmax(0)) == [0, 1, 2]
