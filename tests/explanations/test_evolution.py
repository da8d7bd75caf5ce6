import pytest
import torch

from eyespot.errors import ExplanationError
from eyespot.explanations import evolution, snapshots
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import picture, plain


def stages(count):
    model = plain()
    weight = model.network[8].weight.detach()
    return {f"epoch {number}": model.edited({"8.weight": weight * number}) for number in range(count)}


def test_each_stage_has_its_figures_and_the_last_ones_unit():
    found = evolution(stages(3), picture(), of="bee")
    rows = found.values["stages"]
    assert [row["stage"] for row in rows] == ["epoch 0", "epoch 1", "epoch 2"]
    assert rows[0]["strongest"] == rows[2]["strongest"] and rows[0]["probability"] != rows[2]["probability"]
    assert found.layer == "5" and len(found.panels) == 2 + 3


def test_long_trainings_are_drawn_in_at_most_seven_stages_with_the_last():
    titles = [panel.title for panel in evolution(stages(20), picture()).panels]
    assert len(titles) <= 9 and titles[-1] == "projection at epoch 19"


def test_snapshots_are_read_in_order(tmp_path):
    torch.manual_seed(0)
    images = ImageSpec(height=16, width=16, channels=3)
    network = build("residual", (3, 16, 16), Output("vector", 2), size="tiny")
    model = Model(network=network, task=Classify(classes=("a", "b")), images=images)
    (tmp_path / "snapshots").mkdir()
    for name in ("0002", "0001"):
        model.save(tmp_path / "snapshots" / f"{name}.safetensors")
    assert list(snapshots(tmp_path)) == ["0001", "0002"]


def test_a_folder_without_snapshots_is_named(tmp_path):
    with pytest.raises(ExplanationError, match="has no snapshots"):
        snapshots(tmp_path)
    with pytest.raises(ExplanationError, match="No stages"):
        evolution({}, picture())
