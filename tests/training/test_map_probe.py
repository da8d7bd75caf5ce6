"""A head on the maps of a trained network: it learns, the stages do not, and the same bits come out every time."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from eyespot.images import ImageSpec
from eyespot.networks import NetworkSpec, build_from
from eyespot.samples import load_samples, network_x, to_pixels
from eyespot.sources.augment import Preset
from eyespot.sources.synthetic import dots
from eyespot.tasks.detect import Detect
from eyespot.tasks.locate import Locate
from eyespot.training import _map_probe
from eyespot.training._map_probe import AUGMENTED, MIRRORED, _order, _schedule, fit_map_head

IMAGES = ImageSpec(height=16, width=16, channels=3, mean=(0.4,) * 3, std=(0.3,) * 3)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_map_probe, "AUGMENTED", replace(AUGMENTED, passes=10))


def test_the_head_learns_and_the_stages_stay_as_they_are(monkeypatch, tmp_path):
    train = dots(seed=0, count=40, size=16).train
    task = Locate().prepare(train.rows)
    samples = load_samples(train, task, IMAGES)
    torch.manual_seed(0)
    network = build_from(NetworkSpec(name="residual", input=IMAGES.shape, output=task.outputs(3), size="tiny"))
    before = deepcopy(network)

    def loss(network) -> float:
        batch = samples.batch(np.arange(len(samples)))
        with torch.no_grad():
            output = deepcopy(network).eval()(network_x(to_pixels(batch.x), task, IMAGES))
        return task.loss(output, batch.target).mean().item()

    again = deepcopy(network)
    fit_map_head(network, task, IMAGES, samples, Preset(flip=True), seed=0)
    assert loss(network) < 0.9 * loss(before)
    stages = zip(network.stages.state_dict().values(), before.stages.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in stages)
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "other"))
    fit_map_head(again, task, IMAGES, samples, Preset(flip=True), seed=0)  # learned again
    head = zip(network.head.state_dict().values(), again.head.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in head)


def test_every_pass_sees_every_image_once_and_the_views_take_turns():
    steps = list(_order(32, 0, AUGMENTED))
    assert len(steps) == 60  # the fewest images: 30 passes of two batches
    assert [view for view, _ in steps[:8]] == [0, 0, 1, 1, 2, 2, 3, 3]
    for first, second in zip(steps[::2], steps[1::2], strict=True):
        assert sorted([*first[1], *second[1]]) == list(range(32))


def test_detectors_learn_from_mirrored_images_in_small_steps():
    assert _schedule(Detect()) is MIRRORED and _schedule(Locate()) is not MIRRORED
    steps = list(_order(100, 0, MIRRORED))
    assert (len(steps), {len(rows) for _, rows in steps}) == (25 * MIRRORED.passes, {4})
    assert [view for view, _ in steps[::25]][:4] == [0, 1, 0, 1]
