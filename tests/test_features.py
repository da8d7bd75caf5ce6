"""Features: what the last dense layer sees, the same from the cache, of networks that have one."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.errors import NetworkError
from eyespot.images import ImageSpec
from eyespot.model import Model, wrap
from eyespot.networks import Output, build
from eyespot.networks.network import last_dense
from eyespot.sources.synthetic import shapes
from eyespot.tasks._classify import Classify

IMAGES = ImageSpec(height=16, width=16, channels=3)


def small_model(seed: int = 0) -> Model:
    torch.manual_seed(seed)
    network = build("residual", input=IMAGES.shape, output=Output("vector", 4), size="tiny")
    return Model(network=network, task=Classify(), images=IMAGES)


def test_the_dense_layer_makes_the_outputs_of_them():
    model, part = small_model(), shapes(seed=0).test
    _, dense = last_dense(model.network)
    pixels = torch.cat([model.read(row.picture) for row in part.rows])
    with torch.no_grad():
        expected = model.outputs(pixels)
        found = dense(torch.from_numpy(model.embed(part)))
    assert torch.allclose(found, expected, atol=1e-5)


def test_the_cache_gives_the_same_and_knows_other_weights():
    part = shapes(seed=1).test
    first = small_model().embed(part)
    assert np.array_equal(first, small_model().embed(part))
    assert not np.allclose(first, small_model(seed=1).embed(part))


def test_a_network_without_a_dense_layer_is_refused():
    model = wrap(nn.Conv2d(3, 2, 3), Classify(classes=("a", "b")), IMAGES)
    with pytest.raises(NetworkError, match="no dense layer"):
        model.embed(shapes(seed=0).test)
