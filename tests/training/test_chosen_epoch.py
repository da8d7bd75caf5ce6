"""Which epoch's weights a model gets: by the metric where it is a mean over images, else by the loss."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from eyespot.tasks._classify import Classify
from eyespot.tasks.detect import Detect
from eyespot.tasks.locate import Locate
from eyespot.training.state import State, choose_final, keep_best


def trained(task, *epochs: dict[str, float]) -> tuple[int, float]:
    """The step that is chosen after epochs with these validation scores, and the weight of the model."""
    average = nn.Linear(1, 1)
    schedule = SimpleNamespace(progress=lambda step: 1.0)
    state = State(network=average, average=average, optimizers={}, schedule=schedule)  # pyright: ignore
    for number, found in enumerate(epochs):
        state.step = number + 1
        with torch.no_grad():
            average.weight.fill_(number + 1)
        keep_best(state, task, number, found)
    step, _ = choose_final(state, task, epochs[-1])
    return step, average.weight.item()


def epoch(name: str, score: float, loss: float) -> dict[str, float]:
    return {name: score, f"{name} error": 0.05, "loss": loss, "loss error": 0.5}


def test_an_earlier_epoch_with_a_clearly_higher_accuracy_is_chosen():
    found = trained(Classify(classes=("a", "b")), epoch("accuracy", 0.9, 3.0), epoch("accuracy", 0.8, 1.0))
    assert found == (1, 1.0)


def test_within_the_standard_error_the_last_epoch_is_chosen():
    found = trained(Classify(classes=("a", "b")), epoch("accuracy", 0.84, 3.0), epoch("accuracy", 0.8, 1.0))
    assert found == (2, 2.0)


@pytest.mark.parametrize(("task", "name"), [(Detect(classes=("a",)), "AP50"), (Locate(), "F1")])
@pytest.mark.parametrize(
    ("losses", "chosen"),
    [((3.0, 1.0), 2), ((1.0, 3.0), 1), ((1.0, 1.4), 2)],  # the last is within the error of the loss
)
def test_for_boxes_and_points_the_loss_decides_and_not_the_mean_within_images(task, name, losses, chosen):
    assert trained(task, epoch(name, 0.9, losses[0]), epoch(name, 0.7, losses[1])) == (chosen, float(chosen))


def test_the_better_of_two_losses_is_kept():
    found = [epoch("AP50", 0.5, loss) for loss in (2.0, 1.0, 1.5, 3.0)]
    assert trained(Detect(classes=("a",)), *found) == (2, 2.0)
