"""Recipes: what may be asked for, and what follows from it."""

import json
import math
from dataclasses import asdict, replace

import pytest

from eyespot.errors import RecipeError, RunError
from eyespot.images import ImageSpec
from eyespot.networks import NetworkSpec, Output
from eyespot.training.options import TrainOptions, options_from
from eyespot.training.recipe import (
    Recipe,
    automatic_batch,
    automatic_epochs,
    differences,
    parse_input,
    read_recipe,
    with_steps,
)


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        options={**vars(TrainOptions(seed=3))},
        source={"what": "photos", "columns": None},
        fingerprint="00",
        answers="00",
        task={"name": "classify"},
        start={"how": "scratch", "weights": "", "reason": "as asked"},
        network=asdict(NetworkSpec(name="residual", input=(1, 8, 8), output=Output("vector", 2))),
        images=asdict(ImageSpec(height=8, width=8, channels=1)),
        steps=100,
        batch=10,
        micro_batches=1,
        count=50,
        optimizer="adamw",
        rate=0.01,
        warmup=0.2,
        weight_decay=0.0,
        average=1.0,
        lookahead=False,
        augment="none",
        mirror=False,
        robust={"by": "noise", "size": 0.1},
        snapshots=False,
        seed=3,
        compute={"precision": "float32", "device": "cpu"},
    )


def test_it_comes_back_from_its_file(recipe, tmp_path):
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    assert read_recipe(tmp_path / "recipe.json").to_json() == recipe.to_json()


@pytest.mark.parametrize(
    "odd",
    [{"options": None}, {"options": {"bogus": 1}}, {"source": {}}, {"steps": "abc"}, {"steps": 0}, {"network": {}}],
)
def test_a_damaged_one_is_refused(recipe, tmp_path, odd):
    (tmp_path / "recipe.json").write_text(json.dumps(json.loads(recipe.to_json()) | odd))
    with pytest.raises(RunError, match=r"recipe\.json"):
        read_recipe(tmp_path / "recipe.json")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (1, "has version 1, from an older eyespot; this one resumes version 3.*another folder"),
        (4, "has version 4, from a newer eyespot.*upgrade eyespot"),
        ("x", "a newer"),
    ],
)
def test_another_version_is_refused_with_what_to_do(recipe, tmp_path, version, expected):
    values = json.loads(recipe.to_json())
    assert values["version"] == 3
    (tmp_path / "recipe.json").write_text(json.dumps(values | {"version": version}))
    with pytest.raises(RunError, match=expected):
        read_recipe(tmp_path / "recipe.json")
    if version == 1:
        del values["version"]  # as before recipes had versions
        (tmp_path / "recipe.json").write_text(json.dumps(values))
        with pytest.raises(RunError, match=expected):
            read_recipe(tmp_path / "recipe.json")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"steps": 3}'])
def test_a_file_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(RunError, match=r"recipe\.json"):
        read_recipe(tmp_path / "recipe.json")


def test_the_rate_rises_to_its_top_and_falls_to_nothing(recipe):
    rates = [recipe.rate_at(step) for step in range(100)]
    assert rates[:20] == sorted(rates[:20])
    assert rates[19:] == sorted(rates[19:], reverse=True)
    assert max(rates) == pytest.approx(0.01)
    assert rates[-1] < 0.0002


def test_without_a_rise_the_rate_only_falls(recipe):
    rates = [replace(recipe, warmup=0.0).rate_at(step) for step in range(100)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(0.01)


def test_the_rate_follows_from_the_step_alone_whatever_the_number_of_processes(recipe):
    assert [recipe.rate_at(step) for step in (0, 50, 99)] == [recipe.rate_at(step) for step in (0, 50, 99)]
    assert "world" not in Recipe.__dataclass_fields__


def test_epochs_follow_from_steps(recipe):
    assert recipe.epochs == 20
    assert with_steps(recipe, 40).epochs == 8


def test_other_wishes_are_told(recipe):
    assert differences(TrainOptions(seed=3), recipe) == []
    assert differences(TrainOptions(seed=4, size="tiny"), recipe) == ["size None then, tiny now", "seed 3 then, 4 now"]


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 0},
        {"seed": -5},
        {"seed": 2**70},
        {"epochs": -1},
        {"minutes": math.inf},
        {"rate": math.nan},
        {"epochs": 1, "minutes": 1},
        {"batch": 0},
        {"weight_decay": -0.1},
        {"weight_decay": math.inf},
    ],
)
def test_wishes_that_cannot_be_are_refused(options):
    with pytest.raises(RecipeError, match=next(iter(options))):
        TrainOptions(**options)


def test_an_unknown_wish_names_the_nearest():
    with pytest.raises(RecipeError, match="Did you mean 'epochs'"):
        options_from({"epoch": 3})


def test_the_input_is_read_as_height_width_and_channels():
    assert parse_input("64x48x3") == (64, 48, 3)
    assert parse_input("64x48") == (64, 48, None)
    for text in ("64", "axb", "1x2x3x4", "-1x4"):
        with pytest.raises(RecipeError, match="64x64x3"):
            parse_input(text)


@pytest.mark.parametrize(
    ("count", "pixels", "batch"), [(4, 784, 4), (245, 128 * 128, 8), (3400, 784, 128), (9, 784, 8)]
)
def test_few_images_make_small_batches(count, pixels, batch):
    assert automatic_batch(count, pixels) == batch


def test_few_images_are_seen_often_and_many_at_least_six_times():
    assert [automatic_epochs(count) for count in (100, 4000, 10**6)] == [80, 27.5, 6]
