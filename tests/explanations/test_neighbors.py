import pytest

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from tests.explanations.small_models import picture, plain, source


def test_an_image_is_its_own_nearest_neighbor():
    images = source()
    row = images.rows[5]
    found = explain(plain(), row.picture, "neighbors", among=images)
    nearest = found.values["nearest"]
    assert nearest[0]["image"] == row.name and nearest[0]["similarity"] == pytest.approx(1)
    assert [one["similarity"] for one in nearest] == sorted((one["similarity"] for one in nearest), reverse=True)
    assert nearest[0]["label"] == row.values["label"] and len(found.panels) == 12


def test_the_layer_may_be_named():
    assert explain(plain(), picture(), "neighbors", among=source(), layer="5").layer == "5"


def test_a_source_to_look_among_is_needed():
    with pytest.raises(ExplanationError, match="give it as among"):
        explain(plain(), picture(), "neighbors")
