"""The length of a training before it begins."""

import torch

from eyespot.images import ImageSpec
from eyespot.networks import NetworkSpec, Output
from eyespot.sources.synthetic import shapes
from eyespot.tasks import classifier
from eyespot.training import TrainOptions, estimate
from eyespot.training.decisions import decide_task
from eyespot.training.estimate import seconds_per_epoch, usual_epochs
from eyespot.training.plan import make_recipe

IMAGES = ImageSpec(height=16, width=16, channels=3)


def test_the_usual_epochs_are_those_of_a_training_without_a_request():
    source = shapes(count=60, size=16)
    task, _, start = decide_task(source, TrainOptions(start="scratch", mirror="no"), lambda note: None)
    options = TrainOptions(network="flatten, dense", precision="float32")
    recipe = make_recipe(source, {}, task, IMAGES, options, start=start)
    assert usual_epochs(source, task, IMAGES, "scratch") == 80
    assert recipe.steps == round(80 * len(source.train) / recipe.batch)
    assert usual_epochs(source, task, IMAGES, "finetune") == 20
    assert usual_epochs(source, task, IMAGES, "probe") == 0


def test_an_epoch_takes_as_many_steps_as_batches(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: next(clock))  # every step takes 1
    source, spec = (
        shapes(count=80, size=16),
        NetworkSpec(name="flatten, dense", input=(3, 16, 16), output=Output("vector", 3)),
    )
    before = torch.random.get_rng_state()
    seconds = seconds_per_epoch(source, classifier(["a", "b", "c"]), IMAGES, spec, "scratch")
    assert seconds == len(source.train) / 8  # few images: batches of 8
    assert torch.equal(torch.random.get_rng_state(), before)
