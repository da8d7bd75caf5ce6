"""Sorting by examples with an unsure group, and clusters with suggested names."""

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.organizing._index import Photos
from eyespot.organizing._sorting import UNSURE, cluster, sort_by_examples, unsure_below


def photos(embeddings: np.ndarray, paths: list[str] | None = None) -> Photos:
    count = len(embeddings)
    rows = [{"path": path} for path in paths or [f"{place}.jpg" for place in range(count)]]
    nothing = np.empty((count, 0), np.uint8)
    return Photos(rows=rows, thumbnails=nothing, colors=nothing, embeddings=embeddings.astype(np.float16))


def around(centers: np.ndarray, each: int, spread: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, spread, (len(centers), each, centers.shape[1]))
    return (centers[:, None] + noise).reshape(-1, centers.shape[1])


CENTERS = np.eye(3, 8)
PATHS = [f"{name}/{number}.jpg" for name in ("cat", "dog", "sea") for number in range(5)]


def test_photos_are_sorted_like_the_examples():
    found = sort_by_examples(photos(around(CENTERS, 20, 0.05)), photos(around(CENTERS, 5, 0.05, 1), PATHS))
    assert found.groups == ["cat"] * 20 + ["dog"] * 20 + ["sea"] * 20
    assert found.counts == {"cat": 20, "dog": 20, "sea": 20}
    assert found.expected_error <= 0.05


def test_photos_that_could_belong_to_two_groups_are_unsure():
    examples = photos(around(CENTERS, 10, 0.5, 1), [f"{name}/{number}" for name in "abc" for number in range(10)])
    found = sort_by_examples(photos(around(CENTERS, 60, 0.5)), examples)
    truth = np.repeat(list("abc"), 60)
    wrong = [group != name for group, name in zip(found.groups, truth, strict=True) if group != UNSURE]
    assert 10 <= found.groups.count(UNSURE) <= 170
    assert np.mean(wrong) <= 0.15


def test_the_threshold_keeps_the_expected_error_below_what_is_allowed():
    assert unsure_below(np.array([0.5, 1.0, 0.9]), 0.06) == (0.9, pytest.approx(0.05))
    assert unsure_below(np.array([0.5]), 0.06) == (float("inf"), 0.0)
    assert unsure_below(np.array([0.99, 0.99]), 0.06)[0] == 0.99


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a.jpg", *PATHS[1:]], r"a\.jpg lies in none"),
        (["one/1.jpg", *PATHS[1:]], "'one' has fewer"),
        ([f"cat/{number}.jpg" for number in range(15)], "there are 1"),
    ],
)
def test_examples_that_are_no_groups_are_refused(paths, message):
    with pytest.raises(SourceError, match=message):
        sort_by_examples(photos(around(CENTERS, 5, 0.1)), photos(around(CENTERS, 5, 0.1), paths))


def test_without_a_network_grouping_says_which_package_is_missing():
    with pytest.raises(SourceError, match=r"eyespot\[pretrained\]"):
        sort_by_examples(photos(np.empty((15, 0))), photos(np.empty((15, 0)), PATHS))


def test_clusters_are_named_after_what_is_frequent_in_them():
    names = ["tench", "tabby", "seashore", "wall"]
    probabilities = np.repeat([[0.6, 0, 0, 0.4], [0, 0.6, 0, 0.4], [0, 0.6, 0, 0.4]], 12, axis=0)
    found = cluster(photos(around(CENTERS, 12, 0.05)), probabilities, names)
    assert set(found.groups[:12]) - {""} == {"tench"}
    assert set(found.groups) - {""} == {"tench", "tabby", "tabby 2"}


def test_few_photos_are_not_clustered():
    assert cluster(photos(around(CENTERS, 2, 0.1)), np.ones((6, 1)), ["x"]).groups == [""] * 6
