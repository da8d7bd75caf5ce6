"""Networks of other libraries: here local stand-ins with the few functions that are used of timm and torchvision."""

import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from eyespot import load, train
from eyespot.errors import NetworkError
from eyespot.networks import Output, build
from eyespot.networks.adapters import is_adapted, named_as_ours
from eyespot.pretrained import _of_library, borrow, is_pretrained
from eyespot.sources.synthetic import shapes
from eyespot.training.options import TrainOptions

SIDE = 24


class Small(nn.Module):
    """As those libraries write networks: a pooling and a flattening in `forward`, the classifier last."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.norm(self.conv(x)).relu().mean((2, 3)))


def learned() -> Small:
    torch.manual_seed(5)
    return Small()


def create_model(name, pretrained, in_chans=3):
    if name != "small":
        raise RuntimeError(f"Unknown model ({name})")
    return learned() if pretrained else Small(in_chans)


def get_model(name, weights):
    return create_model(name, pretrained=weights is not None)


SHOWN = {"input_size": (3, SIDE, SIDE), "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.1)}
TRANSFORMS = SimpleNamespace(crop_size=[SIDE], mean=[0.5, 0.4, 0.3], std=[0.2, 0.2, 0.1])


@pytest.fixture(autouse=True)
def libraries(monkeypatch):
    timm = SimpleNamespace(
        create_model=create_model, data=SimpleNamespace(resolve_model_data_config=lambda network: SHOWN)
    )
    default = SimpleNamespace(DEFAULT=SimpleNamespace(transforms=lambda: TRANSFORMS))
    torchvision = SimpleNamespace(models=SimpleNamespace(get_model=get_model, get_model_weights=lambda name: default))
    monkeypatch.setitem(sys.modules, "timm", timm)
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    _of_library.cache_clear()


@pytest.mark.parametrize("name", ["timm:small", "torchvision:small"])
def test_it_answers_as_in_its_library_and_after_saving(name, tmp_path):
    model = load(name)
    pixels = torch.rand(2, 3, SIDE, SIDE)
    mean, std = (torch.tensor(SHOWN[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        expected = learned().eval()((pixels - mean) / std)
        assert torch.allclose(model.outputs(pixels), expected, atol=1e-6)
        again = load(model.save(tmp_path / "model.safetensors"))
        assert torch.equal(again.outputs(pixels), model.outputs(pixels))
    assert model.task.labels == tuple(f"class {number}" for number in range(5))


def test_only_the_last_layer_is_new_after_borrowing():
    network = build("timm:small", input=(3, SIDE, SIDE), output=Output("vector", 2))
    before = network.head.dense.weight.clone()
    borrow(network, "timm:small")
    assert torch.equal(network.stages.body.conv.weight, learned().conv.weight)
    assert torch.equal(network.head.dense.weight, before) and before.shape == (2, 6)


def test_weights_get_our_names():
    names = named_as_ours(learned())
    assert {"stages.body.conv.weight", "head.dense.weight", "head.dense.bias"} <= names.keys()
    assert len(names) == len(learned().state_dict())


@pytest.mark.parametrize("how", ["probe", "finetune"])
def test_a_training_begins_from_it(how, tmp_path):
    source = shapes(seed=0, count=40)
    run = train(source, out=tmp_path / how, start=how, weights="timm:small", epochs=None if how == "probe" else 1)
    assert run.result["start"]["weights"] == "timm:small"
    assert load(tmp_path / how / "model.safetensors").network.spec.name == "timm:small"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timm:smal", "timm cannot make it .*Unknown model"),
        ("timm:hf-hub:somebody/code", "letters, digits"),
        ("torchvision:../small", "letters, digits"),
    ],
)
def test_a_name_that_cannot_be_is_told(name, told):
    with pytest.raises(NetworkError, match=told):
        load(name)


def test_torchvision_has_no_choice_of_channels():
    with pytest.raises(NetworkError, match="takes 3 channels and not 1"):
        build("torchvision:small", input=(1, SIDE, SIDE), output=Output("vector", 2))


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(NetworkError, match=r"needs the package timm.*pip install timm"):
        load("timm:small")


def test_a_prefix_tells_them_apart():
    assert is_adapted("timm:small") and is_pretrained("torchvision:small")
    assert not is_adapted("synthetic:shapes") and not is_pretrained("runs/timm/model.safetensors")
    assert TrainOptions(weights="timm:small").weights == "timm:small"
