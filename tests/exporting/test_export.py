"""What cannot be exported, or was not exported by eyespot, is refused, and nothing is written."""

import json
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import nn

from eyespot.errors import ModelError
from eyespot.exporting import _network, export_onnx, load_onnx
from eyespot.exporting import _write as write
from eyespot.exporting._parity import check_parity, image_sizes, largest_difference
from eyespot.images import ImageSpec
from eyespot.model import Model, load, wrap
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify
from eyespot.tasks._tag import Tag

IMAGES = ImageSpec(height=8, width=8, channels=3)
PETS = Classify(classes=("cat", "dog"), threshold=0.75)


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    network = build("conv 2@3x3, relu, flatten, dense", IMAGES.shape, Output("vector", 2))
    return Model(network=network, task=PETS, images=IMAGES)


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    return export_onnx(model, tmp_path_factory.mktemp("export") / "pets.onnx").path


def test_metadata_holds_labels_rule_and_operator_set(file):
    loaded = onnx.load(file)
    properties = {entry.key: entry.value for entry in loaded.metadata_props}
    about = json.loads(properties["eyespot"])
    assert json.loads(properties["labels"]) == about["labels"] == ["cat", "dog"]
    assert "'unknown' where that is below 0.75" in properties["answer_rule"]
    assert about["opset"] == loaded.opset_import[0].version == 18
    assert about["images"]["fit"] == "crop" and about["task"]["threshold"] == 0.75


def test_any_number_of_images_of_any_size_is_taken(file):
    session = load_onnx(file).session
    for count, height, width in ((1, 8, 8), (5, 30, 11), (2, 1, 1)):
        found = session.run(np.zeros((count, height, width, 3), np.uint8))
        assert found["answer"].shape == (count, 2)
        assert found["answer"].sum(1) == pytest.approx(np.ones(count), abs=1e-6)


def test_tags_in_groups_are_answered_as_by_the_model(model, tmp_path):
    tags = ("color:blue", "color:red", "striped")
    task = Tag(tags=tags, scales=(2.0, 2.0, 3.0), shifts=(0.0, 0.0, 0.5), thresholds=(0.6, 0.6, 0.3))
    torch.manual_seed(0)
    network = build("conv 2@3x3, relu, flatten, dense", IMAGES.shape, Output("vector", 3))
    grouped = Model(network=network, task=task, images=IMAGES)
    session = load_onnx(export_onnx(grouped, tmp_path / "tags.onnx").path)
    found = session.session.run(np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8))["answer"]
    assert found[:, :2].sum(1) == pytest.approx(np.ones(4), abs=1e-6)
    assert "with the same group before a colon only the most probable one" in task.answer_rule


def test_a_file_that_answers_differently_is_refused_and_not_written(model, file, tmp_path, monkeypatch):
    session = load_onnx(file).session
    name = list(model.network.state_dict())[-1]
    other = model.edited({name: model.network.state_dict()[name] + torch.tensor([0.0, 0.01])})
    with pytest.raises(ModelError, match=r"'answer' differs by 0\.00.* at most 0\.0001 is accepted"):
        check_parity(other, session)
    monkeypatch.setattr(write, "check_parity", lambda *_: check_parity(other, session))
    monkeypatch.setattr(_network, "network_graph", lambda _: onnx.load(file))
    with pytest.raises(ModelError, match="Nothing was written"):
        export_onnx(model, tmp_path / "two.onnx", input="tensor")
    assert not (tmp_path / "two.onnx").exists()


def test_differences_are_relative_only_for_large_answers():
    assert largest_difference(np.array([0.1]), np.array([0.2])) == pytest.approx(0.1)
    assert largest_difference(np.array([101.0]), np.array([100.0])) == pytest.approx(0.01)
    assert largest_difference(np.array([np.nan, 1]), np.array([np.nan, 1])) == 0
    assert largest_difference(np.array([np.nan]), np.array([1.0])) == np.inf
    assert largest_difference(np.zeros(2), np.zeros(3)) == np.inf


def test_the_compared_images_are_of_many_sizes(model):
    sizes = image_sizes(model, 16)
    assert (8, 8) in sizes and len(set(sizes)) > 10
    assert min(map(min, sizes)) < 8 and max(map(max, sizes)) > 6 * 8


def test_a_network_that_onnx_has_no_operator_for_is_named(tmp_path):
    class Decomposition(nn.Module):
        def forward(self, x):
            return torch.linalg.svdvals(x[:, 0])[:, :2]

    expected = r"ONNX has no operator for _linalg_svd, which the layer [\w.]+ \(Decomposition\) uses"
    with pytest.raises(ModelError, match=expected):
        export_onnx(wrap(Decomposition(), PETS, IMAGES), tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


def test_a_foreign_or_damaged_file_names_what_is_missing(tmp_path, file):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    foreign = helper.make_model(helper.make_graph(nodes, "g", values[:1], values[1:]), ir_version=10)
    (tmp_path / "foreign.onnx").write_bytes(foreign.SerializeToString())
    with pytest.raises(ModelError, match="the task, the labels and the preprocessing are missing"):
        load_onnx(tmp_path / "foreign.onnx")
    (tmp_path / "cut.onnx").write_bytes(file.read_bytes()[:500])
    with pytest.raises(ModelError, match="onnxruntime cannot open it"):
        load_onnx(tmp_path / "cut.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        load_onnx(tmp_path / "none.onnx")


def test_metadata_of_another_format_is_refused(file, tmp_path):
    changed = onnx.load(file)
    for text, reason in (("{", "damaged"), ('{"format": 9}', "format 9"), ('{"format": 1}', "damaged")):
        helper.set_model_props(changed, {"eyespot": text})
        (tmp_path / "changed.onnx").write_bytes(changed.SerializeToString())
        with pytest.raises(ModelError, match=reason):
            load_onnx(tmp_path / "changed.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_names_the_extra(model, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=rf"'{package}' is not installed.*eyespot\[export\]"):
        export_onnx(model, tmp_path / "out.onnx")


def test_what_needs_the_network_itself_says_which_file_to_give(file):
    with pytest.raises(ModelError, match=r"predicts and evaluates only.*model\.safetensors"):
        load(file)


def test_an_unknown_kind_of_input_lists_the_kinds(model, tmp_path):
    with pytest.raises(ModelError, match="image, tensor"):
        export_onnx(model, tmp_path / "out.onnx", input="pixels")
