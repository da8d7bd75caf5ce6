"""What was given on the command line is opened whole, or refused with a sentence."""

import json

import pytest

from eyespot.errors import ModelError, SourceError
from eyespot.serving.loading import open_given
from eyespot.sources import open_source

from .conftest import small_model


@pytest.fixture
def alone(tmp_path):
    return small_model().save(tmp_path / "cats.safetensors")


def test_a_model_file_alone_has_no_images(alone):
    app_state, notes = open_given([alone], [])
    assert [(one.name, len(one.rows)) for one in app_state.models] == [("cats", 0)]
    assert not app_state.runs and not app_state.sources and not notes


def test_a_run_brings_its_model_and_its_held_out_images(run_folder):
    app_state, notes = open_given([run_folder], [])
    [shown], [run] = app_state.models, app_state.runs
    assert shown.name == run.name == "bees" and run.model == 0 and shown.source == 0 and not notes
    assert [row.name for row in shown.rows] == [row.name for row in open_source("synthetic:shapes").test.rows]
    assert [source.name for source in app_state.sources] == [open_source("synthetic:shapes").name]


def test_the_model_file_in_a_run_is_the_run(run_folder):
    app_state, _ = open_given([run_folder / "model.safetensors"], [])
    assert app_state.models[0].name == "bees" and len(app_state.runs) == 1 and app_state.models[0].rows


def test_several_are_numbered_in_the_order_given(run_folder, alone):
    app_state, _ = open_given([alone, run_folder, alone], [])
    assert [one.name for one in app_state.models] == ["cats", "bees", "cats"] and app_state.runs[0].model == 1


def test_images_of_sources_come_after_those_of_the_run(run_folder, alone):
    app_state, _ = open_given([run_folder, alone], ["synthetic:shapes"])
    source = open_source("synthetic:shapes")
    assert len(app_state.models[0].rows) == len(source.test) + len(source) and len(app_state.models[1].rows) == len(
        source
    )
    assert len(app_state.sources) == 2


def test_a_run_without_its_images_says_so_and_is_shown(tmp_path):
    small_model().save(tmp_path / "model.safetensors")
    for what, why in (("/nowhere/photos", "no such file"), (None, "came from Python"), (7, "'int'")):
        (tmp_path / "recipe.json").write_text(json.dumps({"source": {"what": what, "columns": None}}))
        app_state, [note] = open_given([tmp_path], [])
        assert not app_state.models[0].rows and "name them with --source" in note
        assert why in note or what == 7


def test_a_training_that_has_no_model_yet_is_a_run_only(tmp_path):
    (tmp_path / "recipe.json").write_text("{}")
    app_state, _ = open_given([tmp_path], [])
    assert not app_state.models and app_state.runs[0].model is None


def test_what_is_neither_model_nor_run_is_refused(tmp_path):
    with pytest.raises(ModelError, match="holds no run"):
        open_given([tmp_path], [])
    with pytest.raises(ModelError, match="no such file"):
        open_given([tmp_path / "missing.safetensors"], [])
    with pytest.raises(SourceError, match="no such file or folder"):
        open_given([], [str(tmp_path / "missing")])
