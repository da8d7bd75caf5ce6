"""How images of other shapes come to the network's shape, and what is reported about it."""

import numpy as np
import pytest

from eyespot.errors import RecipeError
from eyespot.images import ImageSpec
from eyespot.sources import from_arrays
from eyespot.training._fitting import choose_fit, cut_away, median_shape
from eyespot.training.options import TrainOptions
from eyespot.training.plan import choose_images, choose_task

SQUARE = ImageSpec(height=32, width=32, channels=3)


def sizes(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array(pairs)


def test_images_of_one_shape_keep_it() -> None:
    assert median_shape(sizes((48, 180), (48, 180))) == pytest.approx((48, 180))
    assert median_shape(sizes((48, 150), (48, 180), (48, 220))) == pytest.approx((48, 180))


def test_upright_and_wide_images_share_a_square() -> None:
    assert median_shape(sizes((60, 80), (80, 60))) == (70, 70)
    assert median_shape(sizes((60, 80), (80, 60)), padded=True) == (80, 80)
    assert median_shape(sizes((48, 180), (48, 180)), padded=True) == pytest.approx((48, 180))


def test_the_share_that_cropping_cuts_away() -> None:
    assert cut_away(sizes((32, 64), (64, 32), (32, 32)), SQUARE).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize(
    ("given", "fit"),
    [
        (sizes((32, 34), (34, 32)), "crop"),
        (sizes((30, 40), (40, 30)), "stretch"),
        (sizes((32, 96), (32, 32)), "pad"),
    ],
)
def test_the_fit_follows_from_what_cropping_would_cut_away(given: np.ndarray, fit: str) -> None:
    chosen, [note] = choose_fit(given, SQUARE, None)
    assert chosen == fit
    assert "%" in note and "--fit" in note


def test_what_is_asked_for_is_done_and_its_loss_reported() -> None:
    fit, [note] = choose_fit(sizes((32, 64)), SQUARE, "crop")
    assert fit == "crop"
    assert note == (
        "images are cropped to the shape 32 x 32 (height x width): 50% of the area of an image on average, "
        "50% at most, is cut away"
    )


def test_nothing_is_reported_where_nothing_is_lost() -> None:
    assert choose_fit(sizes((64, 64), (32, 32)), SQUARE, None) == ("crop", [])


@pytest.mark.parametrize(
    ("given", "fit"),
    [(sizes((80, 100)), "stretch"), (sizes((100, 155), (100, 130)), "crop"), (sizes((100, 200)), "pad")],
)
def test_photos_are_cropped_rather_than_padded_for_pretrained_weights(given: np.ndarray, fit: str) -> None:
    found, notes = choose_fit(given, SQUARE, None, pretrained=True)
    assert found == fit and "%" in notes[0]


def test_an_unknown_fit_is_refused() -> None:
    with pytest.raises(RecipeError, match="expected one of crop, stretch, pad"):
        choose_fit(sizes((32, 64)), SQUARE, "squeeze")


def test_signs_at_the_side_of_wide_images_stay_in_the_image() -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (48, int(random.integers(150, 220)), 3), dtype=np.uint8) for _ in range(40)]
    source = from_arrays("signs", "arrays", images, [{"label": str(number % 2)} for number in range(40)])
    task, _ = choose_task(source, "classify")
    spec, _ = choose_images(source, task, TrainOptions())
    assert 3 < spec.width / spec.height < 4.5
    spec, notes = choose_images(source, task, TrainOptions(input="48x48"))
    assert spec.fit == "pad" and "gray bars" in notes[0]
    assert choose_images(source, task, TrainOptions(input="48x48", fit="stretch"))[0].fit == "stretch"
