"""The graph of the preprocessing gives the pixels of `read_pixels`, bit for bit."""

import numpy as np
import onnxruntime
import pytest

from eyespot.exporting._preprocessing import preprocessing
from eyespot.images import ImageSpec, read_pixels

SIZES = [(20, 28), (28, 20), (1, 1), (3, 50), (97, 61), (61, 97), (41, 300), (311, 44), (640, 480), (257, 499)]
"""Height and width: as the model's, smaller, larger, and more than six times larger, where blocks are averaged."""


def session_of(spec: ImageSpec) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(preprocessing(spec).SerializeToString(), options)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_pixels_are_those_of_read_pixels(fit, channels):
    spec = ImageSpec(height=20, width=28, channels=channels, fit=fit)
    session, random = session_of(spec), np.random.default_rng(0)
    for height, width in SIZES:
        images = random.integers(0, 256, (2, height, width, channels), dtype=np.uint8)
        images[1] = images[1] // 128 * 255  # black and white: the largest sums
        [found] = session.run(None, {session.get_inputs()[0].name: images})
        for pixels, image in zip(found, images, strict=True):
            expected = read_pixels(image, spec).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
            assert np.array_equal(pixels, expected), (height, width)


def test_images_of_any_size_stay_as_they_are():
    session = session_of(ImageSpec(height=8, width=8, channels=3, fit="native"))
    images = np.random.default_rng(0).integers(0, 256, (1, 5, 9, 3), dtype=np.uint8)
    [found] = session.run(None, {session.get_inputs()[0].name: images})
    assert np.array_equal(found[0] * np.float32(255), images[0].transpose(2, 0, 1))


def test_images_of_other_channels_are_refused():
    session = session_of(ImageSpec(height=8, width=8, channels=3))
    with pytest.raises(Exception, match="Got: 4 Expected: 3"):
        session.run(None, {session.get_inputs()[0].name: np.zeros((1, 9, 9, 4), np.uint8)})
