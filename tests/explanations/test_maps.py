import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from eyespot.explanations._maps import WRONG, arrange, to_grid
from tests.explanations.small_models import of_every_task, plain, source


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(0, 1000))
def test_every_image_gets_a_cell_of_its_own(count, seed):
    cells = to_grid(np.random.default_rng(seed).normal(size=(count, 2)))
    assert len({tuple(cell) for cell in cells.tolist()}) == count and cells.min() >= 0


def test_a_grid_keeps_left_left_and_above_above():
    places = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    cells = to_grid(places)
    assert cells[0, 1] < cells[1, 1] and cells[0, 0] < cells[2, 0]


def test_two_kinds_of_features_come_to_lie_apart():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(30, 5)) + np.repeat([[0], [20]], 15, 0)
    places = arrange(features, seed=0)
    middle = [places[:15].mean(0), places[15:].mean(0)]
    spread = max(places[:15].std(), places[15:].std())
    assert np.linalg.norm(middle[0] - middle[1]) > 2 * spread
    assert (places == arrange(features, seed=0)).all()


def test_features_that_are_all_the_same_do_no_harm():
    assert np.isfinite(arrange(np.ones((6, 3)), seed=0)).all()


def test_wrong_answers_are_outlined(tmp_path):
    found = explain(plain(), source(), "map")
    wrong = sum(right is False for right in found.right)
    assert 0 < wrong < 24 and f"{wrong} wrong answers" in found._legend()
    assert (found.pixels == WRONG).all(-1).any()
    assert Image.open(io.BytesIO(found.picture())).width > 300
    assert json.loads(found.save(tmp_path / "map.json").read_text())["right"] == list(found.right)
    assert found.save(tmp_path / "map.png").stat().st_size > 1000


def test_without_known_answers_nothing_is_outlined():
    model, _ = of_every_task()["regress"]
    found = explain(model, source(), "map")
    assert set(found.right) == {None} and not (found.pixels == WRONG).all(-1).any()


def test_a_map_needs_some_images_and_a_suffix(tmp_path):
    with pytest.raises(ExplanationError, match="at least four images"):
        explain(plain(), source(60).test if len(source(60).test) < 4 else _few(), "map")
    with pytest.raises(ExplanationError, match=r"expected \.png"):
        explain(plain(), source(), "map").save(tmp_path / "map.html")


def _few():
    from dataclasses import replace

    part = source(60).train
    return replace(part, rows=part.rows[:3], keys=part.keys[:3])
