import json

import numpy as np
import pytest

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from eyespot.explanations.gallery import GAP, strip
from eyespot.explanations.units import Exciting
from tests.explanations.small_models import plain, source


def test_a_page_stands_alone_and_escapes_what_users_wrote(tmp_path):
    found = explain(plain(), source(), "units")
    page = found.save(tmp_path / "new" / "units.html").read_text()
    assert page.count("data:image/png;base64") == sum(
        1 for layer in found.layers for unit in layer.units if unit.strongest
    )
    assert "http-equiv" in page and "<script" not in page and "https://" not in page
    assert "What each unit has learned" in page and "24 images" in page


def test_the_values_are_plain(tmp_path):
    found = explain(plain(), source(), "units", layer="5")
    values = json.loads(found.save(tmp_path / "units.json").read_text())
    unit = values["layers"][0]["units"][0]
    assert values["layers"][0]["name"] == "5" and len(values["layers"][0]["units"]) == 5
    assert {"unit", "active", "dead", "strongest"} <= set(unit)
    assert found.dead == values["dead"]


def test_a_blind_comparison_hides_which_is_which_until_asked(tmp_path):
    found = explain(plain(), source(), "directions", seed=3)
    assert sorted({word.split()[0] for word in found.solution}) == ["random", "unit"]
    assert [unit.number for unit in found.layers[0].units] == list(range(1, len(found.solution) + 1))
    page = found.save(tmp_path / "directions.html").read_text()
    assert page.count("<details") == len(found.solution) and "active in" not in page


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ExplanationError, match=r"expected \.html"):
        explain(plain(), source(), "units", layer="5").save(tmp_path / "units.png")


def test_a_part_of_a_source_will_do():
    some = source(60)
    assert explain(plain(), some.train, "units", layer="5").count == len(some.train)


def test_strips_put_patches_above_projections_and_fill_up_what_the_border_cuts():
    whole = np.full((3, 3, 1), 10, np.uint8)
    cut = np.full((2, 3, 1), 20, np.uint8)
    ones = [
        Exciting(image=0, activation=1.0, at=(0, 0), box=(0, 0, 3, 3), patch=whole, projection=whole + 1),
        Exciting(image=1, activation=1.0, at=(0, 0), box=(0, 0, 2, 3), patch=cut, projection=cut + 1),
    ]
    drawn = strip(ones, (3, 3))
    assert drawn is not None and drawn.shape == (6 + GAP, 6 + GAP, 1)
    assert drawn[0, 0, 0] == 10 and drawn[1, 3 + GAP, 0] == 20 and drawn[2, 3 + GAP, 0] == 128
    assert drawn[3 + GAP, 0, 0] == 11 and strip([], (3, 3)) is None
