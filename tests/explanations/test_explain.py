import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.errors import ExplanationError, ImageError, TaskError
from eyespot.explanations import METHODS, explain, make_subject
from tests.explanations.small_models import careless, of_every_task, picture, plain, source

FOR_PICTURES = [name for name, method in METHODS.items() if method.explain and name not in ("neighbors", "all")]
TASKS = of_every_task()
NOT_FOR = {("contributions", "denoise"), ("lrp", "classify"), ("lrp", "tag"), ("lrp", "regress")}
"""Votes need a dense layer at the end, LRP has no rule for the mean that these networks take by hand."""


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("by", FOR_PICTURES)
def test_every_method_explains_every_task_and_leaves_the_model_as_it_was(by, task):
    model, pixels = TASKS[task]
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    if (by, task) in NOT_FOR:
        with pytest.raises(ExplanationError):
            explain(model, pixels, by)
    else:
        found = explain(model, pixels, by)
        assert found.method == by and found.task == task and found.answer
        assert json.loads(found.to_json())["method"] == by
        assert all(np.isfinite(heat).all() for heat in found.maps.values())
        assert all(np.isfinite(check.value) for check in found.checks)
    assert not model.network.training
    for module in model.network.modules():
        assert not (module._forward_hooks or module._forward_pre_hooks or module._backward_hooks)
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    assert all(weight.grad is None and weight.requires_grad for weight in model.network.parameters())


@pytest.mark.parametrize("by", ["trace", "contributions", "occlusion", "invariance"])
def test_a_picture_is_drawn_whatever_the_labels_hold(by, tmp_path):
    found = explain(careless(), picture(), by, of="<b>cat $x$</b>")
    assert Image.open(io.BytesIO(found.picture())).width > 600
    assert found.save(tmp_path / "new" / "why.svg").read_text().startswith("<?xml")
    assert json.loads(found.save(tmp_path / "why.json").read_text())["method"] == by


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ExplanationError, match=r"why\.gif: expected \.png"):
        explain(plain(), picture(), "contributions").save(tmp_path / "why.gif")


def test_unknown_methods_layers_and_units_name_the_near_ones():
    model, pixels = plain(), picture()
    with pytest.raises(ExplanationError, match=r"Unknown method 'oclusion'\. Did you mean 'occlusion'"):
        explain(model, pixels, "oclusion")
    with pytest.raises(ExplanationError, match=r"Unknown layer '55'\. Did you mean '5'"):
        explain(model, pixels, "deconvnet", layer="55")
    with pytest.raises(ExplanationError, match=r"Layer '5' has no unit 9; its units are 0 to 4\. Did you mean 4"):
        explain(model, pixels, "deconvnet", layer="5", unit=9)


def test_what_a_method_has_no_use_for_is_refused():
    with pytest.raises(ExplanationError, match="'patch' has no effect on 'gradient', which takes of, reference; leave"):
        explain(plain(), picture(), "gradient", patch=4)


def test_methods_for_many_images_say_so():
    with pytest.raises(ExplanationError, match="'units' needs many images; give a source"):
        explain(plain(), picture(), "units")
    with pytest.raises(ExplanationError, match="'gradient' explains a single image; give an image, or one of units"):
        explain(plain(), source(), "gradient")


def test_a_picture_of_another_size_goes_through_the_models_preprocessing_and_the_finding_says_so():
    found = explain(plain(), picture(height=60, width=40), "gradient")
    assert found.maps["heat"].shape == (15, 13)
    assert "from 40 x 60 to 13 x 15 pixels" in found.notes[-1]
    assert "taken as color" in explain(plain(), picture(channels=1), "gradient").notes[-1]
    assert not make_subject(plain(), picture()).notes


def test_classes_are_named_by_label_or_place():
    model, pixels = careless(), picture()
    assert make_subject(model, pixels, "bee").of == make_subject(model, pixels, 1).of == 1
    assert make_subject(model, pixels).of == int(model.outputs(model.read(pixels))[0].argmax())
    with pytest.raises(TaskError, match="Did you mean 'bee'"):
        make_subject(model, pixels, "bea")


def test_a_place_of_a_picture_may_be_given_as_text():
    model, pixels = TASKS["denoise"]
    assert make_subject(model, pixels, "3,4").of == (3, 4)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ImageError):
        explain(plain(), b"scratch", "gradient")


def test_all_puts_every_map_into_one_table():
    found = explain(plain(), picture(), "all")
    table = {row["method"]: row for row in found.values["table"]}
    assert {"occlusion", "lrp", "grad-cam", "visualbackprop"} < set(table) and len(table) == 11
    assert table["integrated-gradients"]["sum_off_by"] < 0.02 and table["gradient"]["sum_off_by"] is None
    assert found.values["best"] in table


def test_all_names_what_it_leaves_out():
    found = explain(careless(), picture(), "all")
    assert any("'lrp' was left out: LRP has no rule for" in note for note in found.notes)
