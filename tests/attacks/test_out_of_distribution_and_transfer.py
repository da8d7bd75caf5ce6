"""Strange images and other models: what is refused, what is told apart, what carries over."""

import numpy as np
import pytest
import torch

from eyespot.attacks import choose
from eyespot.attacks._out_of_distribution import out_of_distribution
from eyespot.attacks._transfer import RANDOM, transfer
from eyespot.errors import AttackError
from eyespot.model import Model
from eyespot.tasks._classify import Classify
from tests.attacks.small_models import bright_or_dark, linear_model, pictures, wheel


def halves() -> tuple[Model, list[np.ndarray], list[str]]:
    model, images, labels = bright_or_dark()
    pixels = [(image * 255).round().byte().permute(1, 2, 0).numpy() for image in images[:8]]
    return model, pixels, [("right", "left")[label] for label in labels[:8].tolist()]


def sure_of_bright(threshold: float) -> Model:
    """Surer of class "b" the brighter the first pixel is."""
    weight = torch.zeros(2, 36)
    weight[1, 0] = 4.0
    model = linear_model(weight, torch.zeros(2))
    task = Classify(classes=("a", "b"), threshold=threshold)
    return Model(network=model.network, task=task, images=model.images)


def test_images_of_which_it_is_less_sure_are_told_apart_and_refused():
    bright, dark = torch.zeros(10, 1, 6, 6), torch.zeros(20, 1, 6, 6)
    bright[:, 0, 0, 0], dark[:, 0, 0, 0] = 0.9, 0.1
    found = out_of_distribution(sure_of_bright(0.8), bright, dark, "dark")
    assert found.auroc == 1.0
    assert found.refused == 1.0 and found.refused_own == 0.0
    assert (found.own, found.count) == (10, 20)
    assert found.refused_interval[0] == pytest.approx(0.839, abs=0.001)  # Wilson's for 20 of 20


def test_images_like_its_own_are_not_told_apart():
    images = torch.rand(60, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    found = out_of_distribution(sure_of_bright(0.0), images[:30], images[30:], "the same")
    assert found.auroc_interval[0] < 0.5 < found.auroc_interval[1]


def test_only_a_classifier_can_say_unknown():
    with pytest.raises(AttackError, match="regress"):
        out_of_distribution(wheel(), torch.rand(2, 1, 6, 6), torch.rand(2, 1, 6, 6), "other")


def test_what_is_made_for_a_model_fools_it_and_random_noise_of_the_same_size_does_not():
    model, pixels, labels = halves()
    cells = transfer({"one": model, "same": model}, pixels, labels, "minimum-noise", choose("minimum-noise"))
    wrong = {(cell.made_for, cell.shown_to): cell.wrong for cell in cells}
    assert wrong["one", "one"] == wrong["one", "same"] == 1.0
    assert wrong[RANDOM, "one"] < 0.5
    sizes = [cell.distortion for cell in cells]
    assert max(sizes) == pytest.approx(min(sizes), rel=0.02)
    assert all(cell.count == 8 for cell in cells)


def test_changes_can_be_magnified_to_one_size():
    model, pixels, labels = halves()
    cells = transfer({"one": model}, pixels, labels, "minimum-noise", choose("minimum-noise"), magnified=0.2)
    assert all(cell.distortion == pytest.approx(0.2, rel=0.01) for cell in cells)


def test_models_that_agree_on_no_image_cannot_be_compared():
    model, pixels, labels = halves()
    wrong = ["left" if label == "right" else "right" for label in labels]
    with pytest.raises(AttackError, match="No image"):
        transfer({"one": model}, pixels, wrong, "fgsm", choose("fgsm"))


def test_transfer_is_between_classifiers():
    _, pixels, labels = halves()
    with pytest.raises(AttackError, match="wheel"):
        transfer({"wheel": wheel()}, pixels, labels, "fgsm", choose("fgsm"))


def test_pictures_go_through_each_models_own_preprocessing():
    model, pixels, labels = halves()
    large = [np.kron(image, np.ones((2, 2, 1), np.uint8)) for image in pixels]
    cells = transfer({"one": model}, large, labels, "fgsm", choose("fgsm", size=0.3))
    assert pictures(1).shape[2:] == (8, 8)
    assert cells[0].count == 8
