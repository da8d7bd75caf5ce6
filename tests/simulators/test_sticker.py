"""A sticker on the camera: it turns the wheel of a network whose weights are known, and of nothing beside it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from eyespot import wrap
from eyespot.errors import SimulatorError
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.simulators import drive, find_sticker, steering_of, total, with_sticker
from eyespot.tasks import Regress
from tests.simulators.toy import Toy


def linear_driver(weight: float) -> Model:
    """Steers by the red of rows 2 and 3, columns 4 and 5 (right if bright), relative to that of another corner."""
    dense = nn.Linear(3 * 64, 1)
    with torch.no_grad():
        dense.weight.zero_()
        dense.bias.zero_()
        plane = dense.weight.view(3, 8, 8)
        plane[0, 2:4, 4:6] = weight / 4
        plane[0, 7, 0] = -weight
    task = Regress(center=0.0, spread=1.0)
    return wrap(nn.Sequential(nn.Flatten(), dense), task, ImageSpec(height=8, width=8, channels=3))


def test_the_sticker_is_bright_where_the_network_steers_by_brightness():
    model = linear_driver(0.4)
    sticker = find_sticker(model, Toy(length=20), 0, 2)
    assert (sticker.top, sticker.left) == (2, 4)
    assert (sticker.pixels[0] == 1).all()
    # The expert stays in the middle, where every image is 128 of 255 and the answer 0.
    assert sticker.degrees == pytest.approx(math.degrees(0.4 * (1 - 128 / 255)), rel=1e-4)
    images = torch.zeros(2, 3, 8, 8)
    assert sticker.on(images)[:, 0].sum((1, 2)).tolist() == [4, 4]
    assert (sticker.on(images)[:, :, [0, 1, 4, 5, 6, 7]] == 0).all()


def test_a_car_with_the_sticker_leaves_a_road_that_it_kept_without():
    model = linear_driver(0.4)
    sticker = find_sticker(model, Toy(length=20), 0, 2)
    course = Toy(length=20)
    assert total([drive(steering_of(model), course, 0)])["interventions"] == 0
    assert total([drive(with_sticker(model, sticker), course, 0)])["interventions"] > 0
    pixels = np.full((8, 8, 3), 128, np.uint8)
    assert math.degrees(with_sticker(model, sticker)(pixels)) == pytest.approx(sticker.degrees, rel=1e-4)


@pytest.mark.parametrize("side", [0, 5])
def test_a_sticker_that_does_not_fit_is_refused(side: int):
    with pytest.raises(SimulatorError, match=f"sticker is {side}; expected a side of 1 to 4 pixels"):
        find_sticker(linear_driver(0.4), Toy(length=2), 0, side)
