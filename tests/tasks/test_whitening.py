"""The linear probe of embeddings: what varies within an identity is shrunk, and only if that helps."""

import numpy as np
import pytest
import torch

from eyespot.tasks import Identify
from eyespot.tasks._whitening import _whitening, fit_whitening
from eyespot.tasks.verification import all_pairs, rates_of


def people(count: int, images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 6) of identities: five that say who it is, and a sixth, ten times as strong, that says nothing."""
    random = np.random.default_rng(seed)
    identities = np.repeat(np.arange(count), images)
    x = random.normal(size=(count, 6))[identities] + 0.2 * random.normal(size=(len(identities), 6))
    x[:, 5] = 10 * random.normal(size=len(x))
    return x.astype(np.float32), identities


def equal_error_rate(x: np.ndarray, identities: np.ndarray) -> float:
    pairs = all_pairs(x / np.linalg.norm(x, axis=1, keepdims=True), identities)
    return rates_of(pairs.similarity, pairs.same).equal_error_rate()


def test_a_direction_that_varies_within_identities_is_shrunk():
    x, identities = people(12, 6, seed=0)
    weight, bias = fit_whitening(x, identities, 6)
    new, others = people(12, 6, seed=1)
    before = equal_error_rate(new - new.mean(0), others)
    after = equal_error_rate(new @ weight.numpy().T + bias.numpy(), others)
    assert after < 0.15 < 0.3 < before


def test_a_covariance_by_hand():
    """Within both identities, the first feature varies by 2 and the second by 0; the mean is their level, 1."""
    x = np.array([[-1.0, 0.0], [1.0, 0.0], [-1.0, 5.0], [1.0, 5.0]])
    none, half = _whitening(x, np.array([0, 0, 1, 1]), [1.0, 0.5])
    assert none == pytest.approx(np.eye(2))
    assert half == pytest.approx(np.diag([1 / np.sqrt(0.5 * 2 + 0.5), 1 / np.sqrt(0.5)]))


@pytest.mark.parametrize("dimensions", [3, 6, 8])
def test_any_number_of_dimensions_is_given_and_keeps_most(dimensions):
    x, identities = people(8, 4, seed=2)
    weight, bias = fit_whitening(x, identities, dimensions)
    assert weight.shape == (dimensions, 6) and bias.shape == (dimensions,)
    answers = x @ weight.numpy().T + bias.numpy()
    assert answers.mean(0) == pytest.approx(np.zeros(dimensions), abs=1e-4)
    assert np.linalg.matrix_rank(weight.numpy()) == min(dimensions, 6)


def test_identities_with_one_image_each_leave_the_features_alone():
    x, _ = people(5, 1, seed=3)
    weight, _ = fit_whitening(x, np.arange(5), 6)
    assert weight.numpy() == pytest.approx(np.eye(6))


def test_the_task_probes_by_the_names_of_its_targets():
    x, identities = people(12, 6, seed=0)
    task = Identify(dimensions=6)
    target = torch.zeros(len(x), 96, dtype=torch.uint8)
    target[:, 0] = torch.from_numpy(identities) + 65
    weight, bias = task.linear_probe(x, target)
    expected_weight, expected_bias = fit_whitening(x, identities, 6)
    assert torch.equal(weight, expected_weight) and torch.equal(bias, expected_bias)
