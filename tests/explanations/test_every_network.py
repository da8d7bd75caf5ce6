"""Every named network can be looked into: a map, or one sentence that says why not."""

import contextlib

import numpy as np
import pytest
import torch

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import NETWORKS, Output, build, describe
from eyespot.tasks import TASKS
from eyespot.tasks._classify import Classify
from tests.contract.pairs import SMALLEST

VECTOR = [name for name, family in NETWORKS.items() if "vector" in family.heads]
METHODS = ["gradient", "deconvnet", "guided-backprop", "visualbackprop", "lrp", "trace"]


@pytest.mark.parametrize("by", METHODS)
@pytest.mark.parametrize("name", VECTOR)
def test_a_method_gives_a_finding_or_one_sentence(name, by):
    torch.manual_seed(0)
    channels, height, width = SMALLEST.get(name, describe(name).input)
    output = Output("vector", describe(name).outputs or 10)
    task = Classify(classes=tuple("abcdefghij")) if output.size == 10 else TASKS["regress"]()
    images = ImageSpec(height=height, width=width, channels=channels)
    model = Model(network=build(name, (channels, height, width), output, size="tiny"), task=task, images=images)
    picture = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
    with contextlib.suppress(ExplanationError):
        assert explain(model, picture, by=by).to_json()
