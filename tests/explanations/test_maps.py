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


def test_answers_that_are_numbers_color_the_frames(tmp_path):
    model, _ = of_every_task()["regress"]
    found = explain(model, source(), "map")
    assert set(found.right) == {None} and len(found.values) == len(found.names)
    assert found.values[0] == pytest.approx(model.predict(source().rows[0].picture)["answer"], abs=1e-3)
    low, high = np.argmin(found.values), np.argmax(found.values)
    assert _frame(found, low) == (68, 1, 84) and _frame(found, high) == (253, 231, 36)  # the ends of viridis
    assert f"from {min(found.values):.3g} to {max(found.values):.3g}" in found._legend()
    assert found.save(tmp_path / "map.png").stat().st_size > 1000


def _frame(found, number) -> tuple[int, ...]:
    """The color of the upper left corner of an image's cell."""
    sides = [found.pixels.shape[axis] // (found.cells[:, axis].max() + 1) for axis in (0, 1)]
    row, column = found.cells[number] * sides
    return tuple(found.pixels[row, column].tolist())


def test_a_map_needs_some_images_and_a_suffix(tmp_path):
    with pytest.raises(ExplanationError, match="at least four images"):
        explain(plain(), source(60).test if len(source(60).test) < 4 else _few(), "map")
    with pytest.raises(ExplanationError, match=r"expected \.png"):
        explain(plain(), source(), "map").save(tmp_path / "map.html")


def _few():
    from dataclasses import replace

    part = source(60).train
    return replace(part, rows=part.rows[:3], keys=part.keys[:3])
