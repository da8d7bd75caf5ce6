import numpy as np
import pytest
import torch
from captum.attr import Occlusion

from eyespot.errors import ExplanationError
from eyespot.explanations import explain, make_subject
from eyespot.explanations._occlusion import sweep_over
from eyespot.samples import normalize
from tests.explanations.small_models import LABELS, careless, of_every_task, picture, plain


def test_probabilities_are_those_of_covered_images():
    model, pixels = careless(), picture()
    found = explain(model, pixels, "occlusion", of="bee", patch=4, stride=3, fill=1.0)
    for row, column in ((0, 0), (2, 1), (3, 3)):
        covered = pixels.copy()
        covered[3 * row : 3 * row + 4, 3 * column : 3 * column + 4] = 255
        wanted = model.predict(covered)["probabilities"]["bee"]
        assert found.maps["probability"][row, column] == pytest.approx(wanted, abs=1e-4)


def test_it_agrees_with_captum():
    model = plain()
    subject = make_subject(model, picture(), 2)
    gray = normalize(torch.full((1, 3, 1, 1), 0.5), model.images)
    wanted = Occlusion(lambda x: model.network(x).softmax(1)).attribute(
        subject.x, (3, 4, 4), strides=(3, 1, 1), target=2, baselines=gray.expand_as(subject.x)
    )
    found = explain(model, picture(), "occlusion", of=2, patch=4, stride=1)
    np.testing.assert_allclose(found.maps["heat"], wanted[0, 0].numpy(), atol=1e-5)


def test_four_panels_and_more_are_drawn_for_classes():
    titles = [panel.title for panel in explain(careless(), picture(), "occlusion").panels]
    for words in ("probability of", "most probable", "activity of unit", "projection of that map"):
        assert any(words in title for title in titles)


def test_the_most_probable_class_is_named_at_each_place():
    panel = next(p for p in explain(careless(), picture(), "occlusion").panels if p.kind == "choices")
    assert panel.names == LABELS and set(np.unique(panel.values)) <= set(range(4))


@pytest.mark.parametrize("task", ["regress", "denoise"])
def test_other_tasks_are_explained_by_their_own_number(task):
    model, pixels = of_every_task()[task]
    found = explain(model, pixels, "occlusion", patch=3)
    wanted = model.task.objective(model.outputs(model.read(pixels))).item()
    assert found.values["uncovered"] == pytest.approx(wanted, rel=1e-5)


def test_the_difference_from_plain_computation_is_measured():
    check = explain(careless(), picture(), "occlusion").checks[0]
    assert check.name == "difference from computing whole images" and check.passed and check.value < 1e-4


@pytest.mark.parametrize(
    ("options", "summary"), [({"patch": 14}, "1 to 13"), ({"stride": 0}, "stride"), ({"fill": 2.0}, "fill")]
)
def test_patches_that_cannot_be_are_refused(options, summary):
    with pytest.raises(ExplanationError, match=summary):
        explain(plain(), picture(), "occlusion", **options)


def test_a_sweep_visits_every_place_of_the_grid():
    sweep = sweep_over(make_subject(plain(), picture()), patch=5, stride=4, fill=None)
    assert sweep.grid == (3, 3) and sweep.rows.tolist() == [0, 0, 0, 4, 4, 4, 8, 8, 8]
