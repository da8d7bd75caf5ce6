"""The crop with the highest score, where the score is known: the mean brightness."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.errors import RunError
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.organizing import find_crop
from eyespot.tasks import Rank


class Brightness(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((1, 2, 3))[:, None]


MODEL = Model(network=Brightness(), task=Rank(), images=ImageSpec(channels=3, height=8, width=8, fit="stretch"))


def image(x: int, y: int) -> np.ndarray:
    """Dark, 100 wide and 80 high, with a bright square of 30 pixels at a place."""
    pixels = np.full((80, 100, 3), 20, np.uint8)
    pixels[y : y + 30, x : x + 30] = 250
    return pixels


@pytest.mark.parametrize("place", [(0, 0), (70, 50), (37, 21)])
def test_the_smallest_crop_around_what_counts_is_found_anywhere(place: tuple[int, int]):
    found = find_crop(MODEL, image(*place), shapes=(1.0,), smallest=0.5)
    x1, y1, x2, y2 = found.box
    assert (x2 - x1, y2 - y1) == (40, 40)
    assert x1 <= place[0] + 2 and y1 <= place[1] + 2 and x2 >= place[0] + 28 and y2 >= place[1] + 28
    assert found.score > found.whole


def test_what_must_stay_inside_stays_inside():
    found = find_crop(MODEL, image(70, 50), smallest=0.4, keep=(5, 5, 25, 20))
    x1, y1, x2, y2 = found.box
    assert x1 <= 5 and y1 <= 5 and x2 >= 25 and y2 >= 20
    assert (x2 - x1) / (y2 - y1) == pytest.approx(100 / 80, abs=0.05)


def test_of_several_shapes_the_best_is_taken():
    pixels = np.full((80, 100, 3), 20, np.uint8)
    pixels[:, 40:60] = 250
    found = find_crop(MODEL, pixels, shapes=(2.0, 0.25, 1.0), smallest=1.0)
    assert found.box[3] == 80 and found.box[2] - found.box[0] == 20 and 38 <= found.box[0] <= 42


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"smallest": 0.0}, "smallest size is 0.0; expected a share"),
        ({"shapes": (20.0,)}, "expected 1:10 to 10:1"),
        ({"keep": (50, 50, 10, 60)}, "expected x1,y1,x2,y2 within 100 x 80 pixels"),
        ({"keep": (0, 0, 101, 60)}, "within 100 x 80"),
        ({"keep": (0, 0, 100, 20), "shapes": (1.0,)}, "no crop of this shape and size holds"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(conditions: dict, message: str):
    with pytest.raises(RunError, match=message):
        find_crop(MODEL, image(0, 0), **conditions)


def test_a_tiny_image_can_be_cropped():
    assert find_crop(MODEL, np.zeros((1, 2, 3), np.uint8)).box == (0, 0, 2, 1)
