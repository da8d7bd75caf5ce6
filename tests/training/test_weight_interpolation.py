"""How much of a tuning is taken: decided on validation images, between the probe and the tuned network."""

from types import SimpleNamespace

import pytest
import torch

from eyespot import train
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.samples import load_samples
from eyespot.tasks._classify import Classify
from eyespot.tasks.detect import Detect
from eyespot.training import finish
from eyespot.training.finish import best_share, between
from eyespot.training.state import State

CLASSIFY = Classify(classes=("a", "b"))


def validated(*pairs):
    """Score and loss for shares of 0, a half and 1."""
    return {
        share: {"accuracy": score, "loss": loss} for share, (score, loss) in zip((0.0, 0.5, 1.0), pairs, strict=True)
    }


@pytest.mark.parametrize(
    ("found", "share"),
    [
        (validated((0.9, 0.5), (0.9, 0.4), (0.9, 0.3)), 1.0),
        (validated((0.9, 0.5), (0.9, 0.4), (0.8, 0.3)), 0.5),  # the last has the least loss but a lower score
        (validated((0.9, 0.5), (0.8, 0.4), (0.8, 0.3)), 0.0),
        (validated((0.9, 0.5), (0.9, 0.5), (0.9, 0.6)), 0.0),  # no better: the probe
        (validated((0.9, 0.5), (1.0, 0.4), (0.9, 0.3)), 1.0),
    ],
)
def test_the_least_loss_counts_among_those_that_are_right_as_often_as_the_probe(found, share):
    assert best_share(CLASSIFY, found) == share


def test_a_task_that_wants_small_numbers_is_asked_the_other_way_round():
    task = SimpleNamespace(metric=SimpleNamespace(better="lower"), mean_metric=True)
    found = {0.0: {"mae": 2.0, "loss": 1.0}, 1.0: {"mae": 1.0, "loss": 0.5}}
    assert best_share(task, found) == 1.0
    found = {0.0: {"mae": 1.0, "loss": 1.0}, 1.0: {"mae": 2.0, "loss": 0.5}}
    assert best_share(task, found) == 0.0


def test_between_two_networks_every_weight_lies_between():
    first, last = (build("lenet5", input=(1, 28, 28), output=Output("vector", 3)) for _ in range(2))
    middle = between(first, last, 0.25)
    for name, value in middle.state_dict().items():
        expected = 0.75 * first.state_dict()[name] + 0.25 * last.state_dict()[name]
        assert torch.allclose(value, expected, atol=1e-6)
    for share, same in ((0.0, first), (1.0, last)):
        ends = between(first, last, share).state_dict()
        assert all(torch.allclose(ends[name], value, atol=1e-7) for name, value in same.state_dict().items())


def test_where_no_image_has_a_score_the_loss_decides():
    nan = float("nan")
    found = {
        0.0: {"accuracy": nan, "loss": 2.0},
        0.5: {"accuracy": nan, "loss": 1.0},
        1.0: {"accuracy": nan, "loss": 3},
    }
    assert best_share(CLASSIFY, found) == 0.5


def test_a_detector_is_judged_by_all_validation_images_together(monkeypatch):
    """The mean over images does not see that scores of different images cannot be compared."""
    task = Detect(stride=4)
    part = task.example(0).train
    task = task.prepare(part.rows)
    images = ImageSpec(height=16, width=16, channels=3)
    torch.manual_seed(0)
    network = build("residual", images.shape, task.outputs(3), size="tiny").eval()
    monkeypatch.setattr(finish, "validate", lambda training, state: {"AP50": 0.75, "AP50 error": 0.1, "loss": 3.0})
    state = State(network=network, average=network, optimizers={}, schedule=None)  # pyright: ignore[reportArgumentType]
    training = SimpleNamespace(task=task, images=images, validation=load_samples(part, task, images))
    found = finish._validated(training, state, network)  # pyright: ignore[reportArgumentType]
    whole = Model(network=network, task=task, images=images).evaluate(part)
    low, high = whole.interval
    error = (high - low) / 2 / 1.96
    assert found == {"AP50": pytest.approx(whole.score), "AP50 error": pytest.approx(error), "loss": 3.0}
    assert whole.score != 0.75
    monkeypatch.setattr(Detect, "mean_metric", True)
    assert finish._validated(training, state, network)["AP50"] == 0.75  # pyright: ignore[reportArgumentType]


def test_the_result_of_a_detector_states_the_validation_score_of_all_images_together(tmp_path):
    source = Detect().example(0)
    run = train(source, task="detect", out=tmp_path / "run", network="residual", size="tiny", epochs=10)
    validation = run.result["validation"]
    assert validation["value"] == pytest.approx(run.model.evaluate(source.validation).score)
    assert validation["name"] == "AP50" and validation["value"] > 0 and validation["standard_error"] > 0
