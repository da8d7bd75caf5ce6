"""A frame says where each pixel of an image went, and `read_pixels` follows it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.images import FITS, Frame, ImageSpec, frame_of, identity_frame, read_pixels

SIDES = st.integers(8, 90)
SIZE = np.array([30, 40])
# x' = 2x - y + 3, y' = x + 3y - 1
SHEAR = Frame(original=SIZE, size=SIZE, matrix=np.array([[2.0, -1.0, 3.0], [1.0, 3.0, -1.0]]))
MIRROR = Frame(original=SIZE, size=SIZE, matrix=np.array([[-1.0, 0.0, 40.0], [0.0, 1.0, 0.0]]))


def spec(fit: str, height: int = 20, width: int = 20) -> ImageSpec:
    return ImageSpec(height=height, width=width, channels=1, fit=fit)


@pytest.mark.parametrize(
    ("fit", "expected"),
    [("crop", [5.0, 5.0]), ("stretch", [20 / 3, 5.0]), ("pad", [20 / 3, 3 + 13 / 4]), ("native", [20.0, 10.0])],
)
def test_where_a_point_goes_in_each_fit(fit: str, expected: list[float]):
    """An image of 40 rows and 60 columns at 20 x 20; padded to 20 columns it has 13 rows, 3 below the upper border."""
    np.testing.assert_allclose(frame_of((40, 60), spec(fit)).apply([20.0, 10.0]), expected)


@pytest.mark.parametrize("fit", FITS)
@settings(max_examples=60, deadline=None)
@given(height=SIDES, width=SIDES, rows=SIDES, columns=SIDES, place=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_dot_lands_where_the_frame_puts_it(fit, height, width, rows, columns, place):
    image = np.zeros((height, width), np.uint8)
    y, x = int(place[0] * (height - 3)), int(place[1] * (width - 3))
    image[y : y + 3, x : x + 3] = 255
    wanted = spec(fit, rows, columns)
    pixels = read_pixels(image, wanted).astype(float)[..., 0]
    if fit == "pad":
        pixels[pixels == 128] = 0
    frame = frame_of(image.shape, wanted)
    left, top = frame.apply([x + 1.5, y + 1.5])
    x1, y1, x2, y2 = frame.apply_boxes([x - 1, y - 1, x + 4, y + 4])  # interpolation blurs it by a pixel
    if min(x1, y1) < 1 or x2 > pixels.shape[1] - 1 or y2 > pixels.shape[0] - 1:
        return  # cut by the border
    found = [(pixels.sum(axis) * (np.arange(pixels.shape[1 - axis]) + 0.5)).sum() / pixels.sum() for axis in (0, 1)]
    np.testing.assert_allclose(found, [left, top], atol=1)


@settings(max_examples=50, deadline=None)
@given(
    fit=st.sampled_from(FITS),
    height=SIDES,
    width=SIDES,
    points=st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=1, max_size=5),
)
def test_the_inverse_undoes_a_frame(fit, height, width, points):
    frame = frame_of((height, width), spec(fit)).then(SHEAR)
    np.testing.assert_allclose(frame.inverse().apply(frame.apply(points)), points, atol=1e-6)
    assert frame.inverse().size.tolist() == [height, width]


def test_frames_are_composed_in_the_order_in_which_they_are_named():
    points = np.array([[1.0, 2.0], [5.0, 0.0]])
    np.testing.assert_allclose(SHEAR.apply(points), [[3, 6], [13, 4]])
    np.testing.assert_allclose(SHEAR.then(MIRROR).apply(points), [[37, 6], [27, 4]])
    np.testing.assert_allclose(SHEAR.then(MIRROR).apply(points), MIRROR.apply(SHEAR.apply(points)))


def test_the_hull_of_a_mapped_box_holds_its_four_corners():
    x1, y1, x2, y2 = 1.0, 2.0, 4.0, 7.0
    corners = SHEAR.apply([[x1, y1], [x1, y2], [x2, y1], [x2, y2]])
    np.testing.assert_allclose(SHEAR.apply_boxes([x1, y1, x2, y2]), [*corners.min(0), *corners.max(0)])
    np.testing.assert_allclose(MIRROR.apply_boxes([x1, y1, x2, y2]), [36, 2, 39, 7])


def test_batches_of_frames_map_batches_of_points_and_keep_what_is_missing():
    sizes, wanted = np.array([[40, 60], [10, 30], [20, 20]]), spec("crop")
    frames, missing = frame_of(sizes, wanted), float("nan")
    boxes = torch.tensor([[[1.0, 2.0, 8.0, 9.0], [missing] * 4]]).repeat(3, 1, 1)
    mapped = frames.apply_boxes(boxes)
    assert mapped.dtype == torch.float32 and mapped[:, 1].isnan().all()
    for number, size in enumerate(sizes):
        alone = frame_of(size, wanted).apply_boxes(boxes[number, 0].numpy())
        np.testing.assert_allclose(mapped[number, 0], alone, rtol=1e-6)
        np.testing.assert_allclose(frames[number].apply_boxes(boxes[number, 0]), alone, rtol=1e-6)
    assert frames.apply(torch.zeros(3, 0, 2)).shape == (3, 0, 2)
    assert frames.apply(torch.zeros(3, 2)).shape == (3, 2)


def test_one_frame_is_composed_with_a_batch_of_others():
    frames = frame_of((40, 60), spec("crop")).then(frame_of(np.array([[20, 20], [20, 20]]), spec("stretch", 10, 40)))
    assert frames.matrix.shape == (2, 2, 3) and frames.original.tolist() == [[40, 60]] * 2
    assert frames.size.tolist() == [[10, 40]] * 2


def test_a_negative_determinant_is_a_mirror():
    assert MIRROR.mirrors and not SHEAR.mirrors and not MIRROR.then(MIRROR).mirrors
    assert not identity_frame(np.array([[3, 4], [5, 6]])).mirrors.any()


def test_padding_keeps_the_whole_image_between_gray_bars():
    pixels = read_pixels(np.full((20, 40), 255, np.uint8), ImageSpec(height=20, width=20, channels=3, fit="pad"))
    assert (pixels[5:15] == 255).all() and (pixels[:5] == 128).all() and (pixels[15:] == 128).all()
    tall = read_pixels(np.full((900, 2), 255, np.uint8), spec("pad"))
    assert (tall == 255).any(axis=(0, 2)).sum() == 1
