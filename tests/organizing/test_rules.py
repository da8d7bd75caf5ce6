"""Plain features, and whether they are found again in scores that were made of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from eyespot.errors import RunError
from eyespot.organizing import _rules, explain_scores, face_features, plain_features


def test_plain_features_of_drawn_images():
    gray = plain_features(np.full((40, 80, 3), 119, np.uint8))
    assert gray["brightness"] == pytest.approx(50, abs=1)
    assert (gray["contrast"], gray["border"], gray["width to height"]) == (pytest.approx(0, abs=1e-9), 1, 2)
    pixels = np.full((60, 60, 3), 255, np.uint8)
    pixels[40:50, 20:40] = (200, 20, 30)
    below = plain_features(pixels)
    assert below["subject low"] > 0.2 and below["off center"] == pytest.approx(below["subject low"], abs=0.02)
    assert below["redness"] > 0 and below["saturation"] > 1 and below["border"] == 1
    assert plain_features(pixels[::-1])["subject low"] < -0.2
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3)).astype(np.uint8)
    assert plain_features(noise)["sharpness"] > 5 * below["sharpness"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2, 5)])
def test_tiny_images_have_features(size: tuple[int, int]):
    assert all(np.isfinite(value) for value in plain_features(np.zeros((*size, 3), np.uint8)).values())


def test_faces_are_counted_and_their_boxes_measured_within_the_image(monkeypatch: pytest.MonkeyPatch):
    boxes = [[10.0, 10, 30, 20], [90, 0, 120, 50]]
    monkeypatch.setattr(_rules, "find_faces", lambda *_: [SimpleNamespace(box=np.array(box)) for box in boxes])
    found = face_features(np.zeros((50, 100, 3), np.uint8))
    assert found == {"faces": 2, "face area": pytest.approx((200 + 500) / 5000)}
    monkeypatch.setattr(_rules, "find_faces", lambda *_: [])
    assert face_features(np.zeros((50, 100, 3), np.uint8)) == {"faces": 0, "face area": 0}
    assert set(found) == set(_rules.FACE_FEATURES)


def test_the_features_that_a_score_is_made_of_come_first():
    random = np.random.default_rng(0)
    table = [
        {name: float(value) for name, value in zip("abcdef", random.normal(size=6), strict=True)} for _ in range(120)
    ]
    scores = [2 * row["c"] + abs(row["e"]) + random.normal(0, 0.2) for row in table]  # of e, not even the sign counts
    found = explain_scores(table, scores)
    assert [row["feature"] for row in found["features"][:2]] == ["c", "e"]
    assert found["features"][0]["correlation"] > 0.8 and found["explained"] > 0.6
    low, high = found["features"][0]["interval"]
    assert low < found["features"][0]["correlation"] < high


def test_scores_without_a_rule_are_not_explained():
    random = np.random.default_rng(1)
    table = [{name: float(value) for name, value in zip("abc", random.normal(size=3), strict=True)} for _ in range(80)]
    found = explain_scores(table, random.normal(size=80).tolist())
    assert found["explained"] < 0.1
    assert explain_scores(table, [3.0] * 80)["features"][0]["importance"] == pytest.approx(0)


def test_few_images_are_refused():
    with pytest.raises(RunError, match="29 images have a score; rules need 30"):
        explain_scores([{"a": 1.0}] * 29, [1.0] * 29)
