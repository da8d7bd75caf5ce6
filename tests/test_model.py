"""Models: saved and loaded to the bit, and whatever is no model is refused."""

import contextlib
import json
import pickle
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.PngImagePlugin import PngImageFile
from torch import nn

from eyespot.errors import ModelError
from eyespot.images import ImageSpec, encode_png
from eyespot.model import Model, load, wrap
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify

GRAY = ImageSpec(height=12, width=10, channels=1, mean=(0.3,), std=(0.2,))


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    text = "conv 3@3x3, relu, maxpool 2, flatten, dense"
    network = build(text, GRAY.shape, Output("vector", 2))
    return Model(network=network, task=Classify(classes=("ä cat", "<b>")), images=GRAY, made={"by": "test"})


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)


def test_it_answers_the_same_after_saving_and_loading(model, picture, tmp_path):
    loaded = load(model.save(tmp_path / "model.safetensors"))
    assert loaded.predict(picture) == model.predict(picture)
    assert loaded.task == model.task
    assert loaded.images == model.images
    assert loaded.made == {"by": "test"}


def test_a_path_bytes_and_an_array_give_the_same_answer(model, picture, tmp_path):
    (tmp_path / "p.png").write_bytes(encode_png(picture))
    answers = [
        model.predict(each) for each in (picture, encode_png(picture), tmp_path / "p.png", str(tmp_path / "p.png"))
    ]
    assert all(answer == answers[0] for answer in answers)


def test_edited_weights_make_a_new_model_and_leave_the_old(model, picture):
    name = next(iter(model.network.state_dict()))
    before = model.predict(picture)
    edited = model.edited({name: torch.zeros_like(model.network.state_dict()[name])})
    assert edited.predict(picture) != before
    assert model.predict(picture) == before
    with pytest.raises(ModelError, match="no weight 'scratch'"):
        model.edited({"scratch": torch.zeros(1)})


def test_gradients_flow_to_the_pixels(model, picture):
    pixels = model.read(picture).requires_grad_()
    model.outputs(pixels).sum().backward()
    assert pixels.grad is not None and pixels.grad.abs().sum() > 0


def test_a_network_of_ones_own_works_but_cannot_be_saved(tmp_path, picture):
    own = wrap(nn.Sequential(nn.Flatten(), nn.Linear(120, 2)), Classify(classes=("a", "b")), GRAY)
    assert own.predict(picture)["label"] in ("a", "b")
    with pytest.raises(ModelError, match="custom module cannot be saved"):
        own.save(tmp_path / "m.safetensors")


def header_of(path) -> tuple[dict, bytes]:
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def with_header(path, entries: dict, rest: bytes) -> None:
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + rest)


def changed(path, **values) -> None:
    """Rewrite parts of a model file's own header."""
    entries, rest = header_of(path)
    own = json.loads(entries["__metadata__"]["eyespot"])
    for name, value in values.items():
        own[name] = value
    entries["__metadata__"]["eyespot"] = json.dumps(own)
    with_header(path, entries, rest)


def test_another_format_is_told_with_its_number(model, tmp_path):
    path = model.save(tmp_path / "m.safetensors")
    changed(path, format=99)
    with pytest.raises(ModelError, match=r"format 99.*format 1"):
        load(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        b"\0" * 100,
        pickle.dumps({"a": 1}),
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        b"PK\x03\x04" * 50,
    ],
)
def test_what_is_no_model_is_refused_by_name(tmp_path, data):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"odd\.safetensors"):
        load(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        load(tmp_path)


def test_a_cut_off_model_is_refused(model, tmp_path):
    path = model.save(tmp_path / "m.safetensors")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match=r"m\.safetensors"):
        load(path)


def test_tensors_that_claim_more_than_the_file_holds_are_refused(tmp_path):
    entries = {"w": {"dtype": "F32", "shape": [10**9, 10**6], "data_offsets": [0, 4 * 10**15]}}
    with_header(tmp_path / "m.safetensors", entries, b"")
    with pytest.raises(ModelError, match=r"m\.safetensors"):
        load(tmp_path / "m.safetensors")


def test_a_description_of_another_network_is_refused_before_it_is_built(model, tmp_path):
    path = model.save(tmp_path / "m.safetensors")
    entries, _ = header_of(path)
    network = json.loads(entries["__metadata__"]["eyespot"])["network"]
    for odd in (
        {**network, "name": "os.system"},
        {**network, "name": "flatten, dense 4000, dense 4000, dense"},
        {**network, "input": [1, 8000, 8000]},
        {**network, "output": {"kind": "vector", "size": 10**9}},
        {},
        [],
    ):
        path = model.save(tmp_path / "m.safetensors")
        changed(path, network=odd)
        with pytest.raises(ModelError, match=r"m\.safetensors"):
            load(path)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 3000), byte=st.integers(0, 255), cut=st.one_of(st.none(), st.integers(0, 3000)))
def test_a_damaged_file_is_a_model_or_an_error_never_a_crash(place, byte, cut, tmp_path_factory):
    torch.manual_seed(0)
    network = build("conv 2@3x3, relu, flatten, dense", (1, 6, 6), Output("vector", 2))
    images = ImageSpec(height=6, width=6, channels=1)
    path = tmp_path_factory.mktemp("fuzz") / "m.safetensors"
    data = bytearray(Model(network=network, task=Classify(classes=("a", "b")), images=images).save(path).read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(bytes(data[:cut]) if cut is not None else bytes(data))
    with contextlib.suppress(ModelError):
        assert isinstance(load(path), Model)


def test_answers_are_computed_by_a_folded_network_and_explanations_by_the_network_itself(picture):
    torch.manual_seed(0)
    network = build("residual", (1, 12, 10), Output("vector", 2), size="tiny")
    network(torch.randn(8, 1, 12, 10))  # the statistics move away from 0 and 1
    model = Model(network=network, task=Classify(classes=("a", "b")), images=GRAY)
    pixels, ran = model.read(picture), []
    network.register_forward_hook(lambda module, *_: ran.append(module is network))
    answered = model.answer_outputs(pixels)
    assert not any(ran), "not even with a copied hook"
    assert torch.allclose(answered, model.outputs(pixels), atol=1e-5)
    assert model.outputs(pixels).requires_grad and not answered.requires_grad


def test_predicting_a_file_decodes_it_once(model, picture, tmp_path, monkeypatch):
    (tmp_path / "p.png").write_bytes(encode_png(picture))
    decoded = []
    prepare = PngImageFile.load_prepare
    monkeypatch.setattr(PngImageFile, "load_prepare", lambda image: decoded.append(1) or prepare(image))
    model.predict(tmp_path / "p.png")
    assert len(decoded) == 1
