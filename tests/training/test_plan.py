"""What is decided before the first step."""

import numpy as np
import pytest

from eyespot.modelfile import network_spec
from eyespot.networks import build_from
from eyespot.sources import from_arrays
from eyespot.sources.source import Source
from eyespot.training.optimizers import OPTIMIZERS
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


def road_images(count: int = 12) -> Source:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (120, 160, 3), dtype=np.uint8) for _ in range(count)]
    return from_arrays("roads", "arrays", images, [{"number": str(number % 5)} for number in range(count)])


@pytest.mark.parametrize(
    ("network", "requested", "size", "reason"),
    [
        ("pilotnet", None, (66, 200), "the size that pilotnet was published for"),
        ("lenet5", None, (28, 28), "the size that lenet5 was published for"),
        ("pilotnet", "90x120", (90, 120), "as requested"),
        ("residual", None, (96, 128), "from the sizes of the training images"),
        ("conv 8@3x3, relu, flatten, dense", None, (96, 128), "from the sizes of the training images"),
        (None, None, (96, 128), "from the sizes of the training images"),
    ],
)
def test_a_named_network_gets_images_of_the_size_it_was_published_for(network, requested, size, reason):
    source, options = road_images(), TrainOptions(network=network, input=requested, precision="float32")
    task, _ = choose_task(source, "regress")
    images, notes = choose_images(source, task, options)
    assert (images.height, images.width) == size
    assert reason in notes[-1] and f"{size[0]}x{size[1]}" in notes[-1]


def test_pilotnet_has_the_parameters_of_its_paper():
    source, options = road_images(), TrainOptions(network="pilotnet", precision="float32")
    task, _ = choose_task(source, "regress")
    recipe = make_recipe(source, {"what": None}, task, choose_images(source, task, options)[0], options)
    network = build_from(network_spec(recipe.network))
    assert sum(parameter.numel() for parameter in network.parameters()) == 252_219


@pytest.mark.parametrize(
    ("task", "options", "rate"),
    [
        ("classify", {}, OPTIMIZERS["muon"].rate),
        ("denoise", {}, 0.0015),  # its networks have no normalization
        ("denoise", {"optimizer": "adamw"}, OPTIMIZERS["adamw"].rate),
        ("denoise", {"rate": 0.01}, 0.01),
    ],
)
def test_the_learning_rate_suits_the_networks_of_the_task(source, task, options, rate):
    asked = TrainOptions(input="8x8x1", precision="float32", **options)
    chosen, _ = choose_task(source, task)
    recipe = make_recipe(source, {"what": None}, chosen, choose_images(source, chosen, asked)[0], asked)
    assert (recipe.rate, recipe.optimizer) == (rate, options.get("optimizer", "muon"))
