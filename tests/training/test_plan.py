"""What is decided before the first step."""

import pytest

from eyespot.training.options import TrainOptions
from eyespot.training.plan import choose_images, choose_task, make_recipe


def images_for(source, network: str | None):
    return choose_images(source, choose_task(source, "classify")[0], TrainOptions(network=network))[0]


def test_pixels_are_brought_to_mean_0_and_deviation_1(source):
    images = images_for(source, None)
    pixels = source.train.rows.images[source.train.rows.chosen] / 255
    assert images.mean == (pytest.approx(pixels.mean(), abs=1e-4),)
    assert images.std == (pytest.approx(pixels.std(), abs=1e-4),)


def test_the_network_of_1989_gets_pixels_from_minus_1_to_1(source):
    images = images_for(source, "lecun1989")
    assert ((0 - images.mean[0]) / images.std[0], (1 - images.mean[0]) / images.std[0]) == (-1, 1)


@pytest.mark.parametrize(
    ("requested", "processes", "micro_batches"), [(None, 1, 1), (None, 3, 3), (2, 3, 2), (50, 1, 8)]
)
def test_processes_get_a_piece_of_the_batch_each_unless_it_is_said_otherwise(
    source, requested, processes, micro_batches
):
    task, _ = choose_task(source, "classify")
    options = TrainOptions(batch=8, micro_batches=requested, precision="float32")
    recipe = make_recipe(source, {"what": None}, task, images_for(source, None), options, processes)
    assert recipe.micro_batches == micro_batches
