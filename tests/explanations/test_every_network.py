"""Every named network can be looked into: a map, or one sentence that says why not."""

import contextlib
from functools import lru_cache

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


@lru_cache(maxsize=1)
def model_of(name: str) -> Model:
    """The network with random weights for its smallest images; kept for all its methods."""
    torch.manual_seed(0)
    channels, height, width = SMALLEST.get(name, describe(name).input)
    output = Output("vector", describe(name).outputs or 10)
    task = Classify(classes=tuple("abcdefghij")) if output.size == 10 else TASKS["regress"]()
    images = ImageSpec(height=height, width=width, channels=channels)
    return Model(network=build(name, (channels, height, width), output, size="tiny"), task=task, images=images)


@pytest.mark.parametrize("by", METHODS)
@pytest.mark.parametrize("name", VECTOR)
def test_a_method_gives_a_finding_or_one_sentence(name, by):
    model = model_of(name)
    channels, height, width = model.images.shape
    picture = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
    with contextlib.suppress(ExplanationError):
        assert explain(model, picture, by=by).to_json()
