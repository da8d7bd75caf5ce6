import pytest
import torch
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.networks.graph import record
from eyespot.progress import listening
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import picture, plain


def with_filters(weights, *more, bias=0.0):
    """A model whose first layer has a 1 x 1 filter (C,) for each unit, on images that are not standardized."""
    conv = nn.Conv2d(len(weights[0]), len(weights), 1, bias=True)
    conv.bias.data.fill_(bias)
    conv.weight.data = torch.tensor(weights)[:, :, None, None]
    network = nn.Sequential(conv, *more, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(len(weights), 2))
    return wrap(network.eval(), Classify(classes=("a", "b")), ImageSpec(height=12, width=14, channels=len(weights[0])))


def optimized(model, **options):
    given = picture(model.images.channels, model.images.height, model.images.width)
    return explain(model, given, "activation-maximization", **options)


@pytest.mark.parametrize(("unit", "bright"), [(0, True), (1, False)])
def test_a_positive_filter_gets_a_bright_image_and_a_negative_one_a_dark_image(unit, bright):
    found = optimized(with_filters([[1.0], [-1.0]]), layer="0", unit=unit)
    pixels = found.maps["optimized"]
    assert pixels.shape == (12, 14, 1) and pixels.dtype.name == "uint8"
    assert pixels.min() > 160 if bright else pixels.max() < 95
    assert found.checks[0].passed == (found.values["activation"] > found.values["on_the_image"])


def test_a_unit_for_red_gets_a_red_image_though_its_relu_is_silent_at_first():
    model = with_filters([[2.0, -1.0, -1.0]], nn.ReLU(), bias=-0.1)
    found = optimized(model, layer="1", unit=0)
    red, green, blue = found.maps["optimized"].mean((0, 1))
    assert red > green + 20 and red > blue + 20
    assert found.values["activation"] > 0 and "before the activation" in found.notes[0]


def test_the_activation_is_that_of_the_image_the_result_shows_and_the_seed_repeats_it():
    model = plain()
    steps = []
    with listening(lambda done, total: steps.append((done, total))):
        found = optimized(model, layer="5", unit=2, seed=3)
    assert steps[-1] == (found.values["steps"], found.values["steps"])
    calls = record.record(model.network, model.network_x(model.read(found.maps["optimized"])))
    call = next(call for call in calls if call.name == "5")
    assert found.values["activation"] == pytest.approx(float(call.output[0, 2].max()), rel=0.05)  # rounded to bytes
    assert (optimized(model, layer="5", unit=2, seed=3).maps["optimized"] == found.maps["optimized"]).all()
    assert (optimized(model, layer="5", unit=2, seed=4).maps["optimized"] != found.maps["optimized"]).any()


def test_outputs_and_single_positions_have_optimized_images_too():
    assert optimized(plain(), layer="8", unit=1).checks[0].passed
    found = optimized(plain(), layer="5", unit=1, at=(0, 0))
    assert found.checks[0].passed and "at row 0, column 0" in found.of and "shifts" not in found.notes[0]


def test_positions_and_networks_that_do_not_fit_are_refused():
    with pytest.raises(ExplanationError, match=r"has no place \(9, 0\); its rows are 0 to 4"):
        optimized(plain(), layer="5", unit=1, at=(9, 0))
    with pytest.raises(ExplanationError, match="leave out the position"):
        optimized(plain(), layer="8", unit=1, at="0,0")
