from dataclasses import replace

import pytest

from eyespot.errors import RecipeError
from eyespot.networks import Output, build
from eyespot.sources._arrays import from_arrays
from eyespot.tasks.task import Turn
from eyespot.training.optimizers import LAST, OPTIMIZERS, OTHERS, make_optimizers, momentum_of
from eyespot.training.options import TrainOptions
from eyespot.training.recipe import read_recipe
from eyespot.training.run import run_training

from .conftest import TEXT, stripes


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    options = TrainOptions(network=TEXT, epochs=0.1, batch=8, precision="float32", augment="none")
    source = from_arrays("stripes", "arrays", *stripes(101))
    run = run_training(source, options, tmp_path_factory.mktemp("recipe") / "run", lambda entry: None)
    return read_recipe(run.folder / "recipe.json")


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("network", ["residual", "lecun1989", "airbench", "conv 4@3x3, relu, flatten, dense"])
def test_every_weight_that_learns_is_in_one_group_of_one_optimizer(recipe, name, network):
    made = build(network, input=(1, 16, 16), output=Output("vector", 3), size="tiny")
    optimizers = make_optimizers(made, replace(recipe, optimizer=name), [Turn()])["network"]
    held = [id(w) for optimizer in optimizers.values() for group in optimizer.param_groups for w in group["params"]]
    assert sorted(held) == sorted(id(weight) for weight in made.parameters() if weight.requires_grad)


def test_muon_has_filters_and_not_the_last_layer_nor_biases(recipe):
    made = build("conv 4@3x3, relu, flatten, dense 5, relu, dense", input=(1, 8, 8), output=Output("vector", 3))
    muon = make_optimizers(made, recipe, [Turn()])["network"]["filters"]
    names = {id(weight): name for name, weight in made.named_parameters()}
    held = sorted(names[id(weight)] for group in muon.param_groups for weight in group["params"])
    assert held == ["stages.conv1.weight", "stages.dense1.weight"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_of_them_learns(trained_run, name):
    run = trained_run(network="residual", size="tiny", epochs=6, optimizer=name)
    assert run.log[-1]["validation"]["loss"] < run.log[0]["loss"]
    assert read_recipe(run.folder / "recipe.json").rate == OPTIMIZERS[name].rate


@pytest.mark.parametrize(("requested", "taken"), [(None, OPTIMIZERS["muon"].weight_decay), (0.0, 0.0), (0.3, 0.3)])
def test_weights_are_decayed_as_wished(trained_run, requested, taken):
    run = trained_run(network="residual", size="tiny", epochs=0.5, weight_decay=requested)
    assert read_recipe(run.folder / "recipe.json").weight_decay == taken


def test_an_unknown_one_is_refused_with_the_nearest(trained_run):
    with pytest.raises(RecipeError, match="muon"):
        trained_run(optimizer="moun")


def test_on_a_sphere_the_last_layer_learns_far_more_slowly_than_filters_and_biases(recipe):
    made = build("airbench", input=(3, 16, 16), output=Output("vector", 3), size="tiny")
    optimizers = make_optimizers(made, replace(recipe, optimizer="sphere"), [Turn()])["network"]
    lr_scales = {id(w): g["share"] for o in optimizers.values() for g in o.param_groups for w in g["params"]}
    named = {name: lr_scales[id(weight)] for name, weight in made.named_parameters() if weight.requires_grad}
    assert named["stages.block1.conv1.weight"] == 1
    assert named["stages.block1.norm1.bias"] == named["head.dense.bias"] == OTHERS
    assert named["head.dense.weight"] == pytest.approx(OTHERS * LAST)


@pytest.mark.parametrize(("name", "batch", "momentum"), [("muon", 8, 0.95), ("muon", 1000, 0.75), ("muon", 9000, 0.0)])
def test_muon_remembers_fewer_steps_of_large_batches(name, batch, momentum):
    assert momentum_of(name, batch) == pytest.approx(momentum)
    assert momentum_of("sgd", batch) == 0.9
