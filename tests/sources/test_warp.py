"""Images are moved to where their frames say, by whole pixels or with one interpolation."""

import numpy as np
import pytest
import torch
from torch import Tensor

from eyespot.sources.warp import motion, shift_whole_pixels, warp


def shifted(images: Tensor, flip: bool, down: int, right: int) -> Tensor:
    frames = motion((images.shape[2], images.shape[3]), flip=np.array([flip]), shift=(down, right))
    return shift_whole_pixels((images,), frames)[0]


def test_the_mirrored_image_is_what_is_shifted():
    image = torch.tensor([[1, 2, 3]], dtype=torch.uint8).view(1, 1, 1, 3)
    assert shifted(image, True, 0, 1).flatten().tolist() == [2, 3, 2]


def test_a_shifted_border_is_filled_by_a_mirror():
    images = torch.arange(4, dtype=torch.uint8).expand(1, 1, 4, 4)
    assert shifted(images, False, 0, 1)[0, 0, 0].tolist() == [1, 0, 1, 2]
    assert shifted(images, False, 0, -2)[0, 0, 0].tolist() == [2, 3, 2, 1]


@pytest.mark.parametrize(("height", "width"), [(9, 9), (9, 15)])
def test_interpolation_without_turn_or_zoom_gives_the_shift_by_whole_pixels(height: int, width: int):
    images = torch.randint(0, 256, (4, 3, height, width), dtype=torch.uint8)
    turn, shift = np.array([0, 0, 180, 180]), np.array([[1, 2], [-2, 0], [1, 2], [0, -3]])
    frames = motion((height, width), flip=np.array([True, False, True, False]), rotate=turn, shift=shift)
    (whole,) = shift_whole_pixels((images,), frames)
    inside = (..., slice(3, -3), slice(3, -3))
    torch.testing.assert_close(warp(images.float(), frames)[inside], whole.float()[inside], atol=1e-3, rtol=0)


@pytest.mark.parametrize(("height", "width"), [(15, 15), (15, 25)])
def test_a_quarter_turn_goes_against_the_clock_and_keeps_proportions(height: int, width: int):
    image = torch.zeros(1, 1, height, width)
    image[0, 0, height // 2, width // 2 + 4] = 1
    frames = motion((height, width), rotate=np.array([90.0]))
    assert warp(image, frames)[0, 0, height // 2 - 4, width // 2].item() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(frames.apply([[width / 2 + 4, height / 2]]), [[width / 2, height / 2 - 4]], atol=1e-9)


def test_a_zoom_enlarges_about_the_middle():
    image = torch.zeros(1, 1, 21, 21)
    image[0, 0, 8:13, 8:13] = 1
    zoomed = warp(image, motion((21, 21), zoom=np.array([2.0])))
    assert zoomed.sum().item() == pytest.approx(4 * image.sum().item(), rel=0.1)


def test_a_turned_mirror_image_is_mirrored_before_it_is_turned():
    frames = motion((10, 10), flip=np.array([True]), rotate=np.array([90.0]), shift=(0, 2))
    assert frames.mirrors.all()
    np.testing.assert_allclose(frames.apply([[9.0, 5.0]]), [[7.0, 9.0]], atol=1e-9)  # right, left, bottom, 2 right


def test_what_comes_in_repeats_the_edge_or_mirrors_it():
    images = torch.arange(4.0).expand(1, 1, 4, 4)
    frames = motion((4, 4), shift=np.array([[0, 2]]))
    torch.testing.assert_close(warp(images, frames, border="border")[0, 0, 0], torch.tensor([0.0, 0.0, 0.0, 1.0]))
    torch.testing.assert_close(warp(images, frames)[0, 0, 0], torch.tensor([1.0, 0.0, 0.0, 1.0]))


def test_one_value_makes_one_frame_and_several_make_a_batch():
    assert motion((4, 6)).matrix.shape == (2, 3)
    assert motion((4, 6), zoom=np.ones(3), shift=np.zeros((3, 2))).matrix.shape == (3, 2, 3)
    assert motion((4, 6), shift=np.zeros((5, 2))).size.tolist() == [[4, 6]] * 5
