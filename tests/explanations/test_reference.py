"""Explaining the similarity of two images."""

import numpy as np
import pytest
import torch

from eyespot.errors import ExplanationError, TaskError
from eyespot.explanations import evolution, explain
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import build
from eyespot.tasks import Identify
from tests.explanations.small_models import plain

RANDOM = np.random.default_rng(0)
ONE, OTHER = (RANDOM.integers(0, 256, (16, 16, 3)).astype(np.uint8) for _ in range(2))


def model_of(seed: int) -> Model:
    torch.manual_seed(seed)
    task, spec = Identify(dimensions=8), ImageSpec(height=16, width=16, channels=3)
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    return Model(network=network.eval(), task=task, images=spec, made={"by": "test"})


MODEL = model_of(0)


def test_occlusion_explains_the_similarity_to_the_reference():
    expected = np.dot(MODEL.predict(ONE)["embedding"], MODEL.predict(OTHER)["embedding"])
    found = explain(MODEL, ONE, "occlusion", reference=OTHER, patch=8, stride=8)
    assert found.values["uncovered"] == pytest.approx(expected, abs=1e-5)
    assert found.of.startswith("the similarity to the other image (similarity ")
    own = explain(MODEL, ONE, "occlusion", patch=8, stride=8)
    assert own.values["uncovered"] == pytest.approx(1, abs=1e-5)
    assert not np.allclose(own.maps["heat"], found.maps["heat"], atol=1e-3)


def test_gradients_of_an_images_own_embedding_are_not_flat():
    for reference in (None, OTHER):
        heat = explain(MODEL, ONE, "gradient", reference=reference).maps["heat"]
        assert np.abs(heat).max() > 1e-6  # of the cosine to itself: 0 but for rounding


def test_each_stage_of_a_training_is_compared_with_its_own_embedding():
    found = evolution({"first": model_of(1), "last": MODEL}, ONE)
    assert [stage["probability"] for stage in found.values["stages"]] == pytest.approx([1, 1], abs=1e-5)


def test_a_reference_needs_a_model_that_compares_images_and_a_method_that_uses_it():
    with pytest.raises(TaskError, match="classify compares no images; leave the reference out"):
        explain(plain(), ONE, "occlusion", reference=OTHER)
    with pytest.raises(ExplanationError, match="'reference' has no effect on 'trace'"):
        explain(MODEL, ONE, "trace", reference=OTHER)
    with pytest.raises(ExplanationError, match="give one of them"):
        explain(MODEL, ONE, "gradient", of="Ada", reference=OTHER)
    with pytest.raises(ExplanationError, match="8 outputs answer together"):
        explain(MODEL, ONE, "contributions")
