import numpy as np
import pytest
import torch
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations import correspondence
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import picture, plain


def test_a_part_that_always_means_the_same_scores_lower_than_random_parts():
    """The features are the means of two quarters; a bright spot in the first is masked in every picture."""
    network = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4, 2))
    model = wrap(network, Classify(classes=("a", "b")), ImageSpec(height=12, width=12, channels=1))
    generator = np.random.default_rng(0)
    pictures = []
    for _ in range(4):
        pixels = generator.integers(0, 256, (12, 12, 1), dtype=np.uint8)
        pixels[1:5, 1:5] = 255
        pictures.append(pixels)
    found = correspondence(model, pictures, {"spot": [(1, 1, 5, 5)] * 4}, layer="1")
    assert found.values["scores"] == [{"part": "spot", "score": 0.0}]
    assert found.values["random"]["mean"] > 0.05


def test_the_score_is_the_share_of_signs_that_differ():
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    network[1].load_state_dict({"weight": torch.eye(2), "bias": torch.zeros(2)})
    model = wrap(network, Classify(classes=("a", "b")), ImageSpec(height=1, width=2, channels=1))
    bright, dark = np.array([[[255], [255]]], np.uint8), np.array([[[255], [0]]], np.uint8)
    found = correspondence(model, [bright, dark], {"both": [(0, 0, 1, 2)] * 2}, layer="1")
    assert found.values["scores"][0]["score"] == 0.5


def test_marks_that_do_not_fit_are_refused():
    pictures = [picture(seed=seed) for seed in range(2)]
    with pytest.raises(ExplanationError, match="marked in 1 of 2 images"):
        correspondence(plain(), pictures, {"eye": [(0, 0, 2, 2)]})
    with pytest.raises(ExplanationError, match="does not fit an image of 13 x 15"):
        correspondence(plain(), pictures, {"eye": [(0, 0, 2, 14)] * 2})
    with pytest.raises(ExplanationError, match="at least two"):
        correspondence(plain(), pictures[:1], {"eye": [(0, 0, 2, 2)]})
