"""A probe: the same as scikit-learn's logistic regression, balanced folds, and groups kept together."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from eyespot.tasks._classify import Classify
from eyespot.training._probe import _fit, _folds, _shortened, fit_probe

TASK = Classify(classes=("a", "b", "c"), smoothing=0.0)


def three_clouds(count: int = 60, features: int = 8) -> tuple[np.ndarray, torch.Tensor]:
    random = np.random.default_rng(0)
    target = np.arange(count) % 3
    centers = random.normal(size=(3, features))
    return (centers[target] * 2 + random.normal(size=(count, features))).astype(np.float32), torch.from_numpy(target)


def test_it_finds_what_scikit_learn_finds():
    x, target = three_clouds()
    strength = 0.1
    weight, _ = _fit(
        TASK, torch.from_numpy(x).double(), target, torch.zeros(3, 8).double(), torch.zeros(3).double(), strength
    )
    other = LogisticRegression(C=1 / (strength * len(x)), tol=1e-10, max_iter=2000).fit(x, target.numpy())
    assert np.allclose(weight.numpy(), other.coef_, atol=2e-3)


def test_far_clouds_are_told_apart():
    x, target = three_clouds()
    weight, bias = fit_probe(TASK, 3, x, target, [str(int(t)) for t in target], [str(i) for i in range(len(x))])
    answers = (torch.from_numpy(x) @ weight.T + bias).argmax(1)
    assert float((answers == target).float().mean()) > 0.9


def test_more_features_than_images_are_shortened_without_loss():
    x = torch.randn(5, 40).double()
    short, turn = _shortened(x)
    assert short.shape == (5, 5) and torch.allclose(short @ turn, x)


def test_a_class_of_two_images_gets_two_folds_with_one_of_them_on_each_side():
    kinds = ["a"] * 10 + ["b"] * 2
    folds = _folds(kinds, [str(place) for place in range(12)])
    assert len(folds) == 2
    assert all({kinds[row] for row in held} == {"a", "b"} for _, held in folds)


def test_a_group_is_never_on_both_sides():
    groups = [str(place // 3) for place in range(30)]
    for rows, held in _folds(["a"] * 15 + ["b"] * 15, groups):
        assert not {groups[row] for row in rows} & {groups[row] for row in held}
