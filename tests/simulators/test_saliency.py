"""What a driving network attends to: edges by hand, and slopes of drivers whose attention is known."""

import numpy as np
import pytest
import torch

from eyespot import wrap
from eyespot.images import ImageSpec
from eyespot.networks import build
from eyespot.simulators import saliency_test
from eyespot.simulators._saliency import EVERY, edges_of, salient_in, shift_slopes
from eyespot.tasks import Regress
from tests.simulators.toy import Toy


def test_edges_lie_within_two_pixels_of_the_roads_border_and_not_at_the_images():
    road = np.zeros((6, 20), bool)
    road[:, 6:14] = True
    edges = edges_of(road)
    assert np.flatnonzero(edges[3]).tolist() == [4, 5, 6, 7, 12, 13, 14, 15]
    assert (edges == edges[3]).all()


def test_the_tenth_with_the_largest_mask_is_salient_with_its_surroundings():
    mask = np.zeros((10, 30))
    mask[:, 14:17] = 1
    salient = salient_in(mask)
    assert np.flatnonzero(salient[5]).tolist() == [12, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(("row", "slopes"), [(2, [0.5, 0.5, 0.0]), (7, [0.5, 0.0, 0.5])])
def test_only_the_pixels_that_a_driver_follows_turn_its_wheel(row: int, slopes: list[float]):
    """The driver follows a bright pixel in one row: one in the salient rows, or one in the others."""
    pixels = np.zeros((10, 41, 3), np.uint8)
    pixels[[2, 7], 20] = 255
    salient = np.zeros((10, 41), bool)
    salient[:4] = True
    found = shift_slopes(lambda image: 0.5 * float(image[row, :, 0].argmax()), pixels, salient)
    assert found == pytest.approx(slopes)


def test_a_model_is_tested_on_images_of_the_experts_drive():
    class Marked(Toy):
        def road(self) -> np.ndarray:
            return np.arange(64).reshape(8, 8) % 8 < 4

    torch.manual_seed(0)
    task = Regress()
    model = wrap(
        build("residual", (3, 8, 8), task.outputs(3), size="tiny"), task, ImageSpec(height=8, width=8, channels=3)
    )
    found = saliency_test(model, Marked(length=2 * EVERY + 1), 0)
    assert found["images"] == 3
    assert found["area_of_edges"] == 0.5  # four of eight columns
    assert 0 <= found["energy_on_edges"] <= 1
    assert found["slope_all"] == 0  # every image has one color
