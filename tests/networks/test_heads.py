"""Heads on a chain of stages: vectors, maps at every stride, and several named outputs."""

import json
from dataclasses import asdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.modelfile import network_spec
from eyespot.networks import Output, build, build_from

PARTS = {"fine": Output("map", 2, stride=4), "coarse": Output("map", 3, stride=16), "scene": Output("vector", 5)}
NAMED = Output("named", parts=PARTS)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["residual", "efficientnet-lite0"]),
    st.sampled_from([1, 2, 4, 8, 16, 32, 64]),
    st.integers(24, 75),
    st.integers(24, 75),
)
def test_a_map_has_one_place_for_each_started_stride(name, stride, height, width):
    network = build(name, (1, height, width), Output("map", 3, stride=stride), size="tiny").eval()
    with torch.no_grad():
        output = network(torch.rand(2, 1, height, width))
    assert output.shape == (2, 3, -(-height // stride), -(-width // stride))


@pytest.mark.parametrize(
    ("stride", "read"), [(1, "stage1"), (2, "stage1"), (4, "stage2"), (8, "stage3"), (16, "stage5"), (32, "top")]
)
def test_a_map_is_read_from_the_deepest_stage_that_is_fine_enough(stride, read):
    network = build("efficientnet-lite0", (3, 64, 64), Output("map", 3, stride=stride))
    assert list(network.stages)[-1] == read
    assert network.reads == {read}


def test_a_map_is_the_convolution_of_its_stage():
    network = build("residual", (1, 32, 32), Output("map", 2, stride=4), size="tiny").eval()
    x = image = torch.rand(1, 1, 32, 32)
    for stage in network.stages.values():
        x = stage(x)
    state = network.state_dict()
    expected = torch.einsum("kc,nchw->nkhw", state["head.conv.weight"][:, :, 0, 0], x)
    assert x.shape[-2:] == (8, 8)
    assert torch.allclose(network(image), expected + state["head.conv.bias"].view(1, -1, 1, 1), atol=1e-5)


@pytest.mark.parametrize("name", ["residual", "efficientnet-lite0"])
def test_named_outputs_share_one_body(name):
    network = build(name, (3, 40, 48), NAMED, size="tiny").eval()
    output = network(torch.rand(2, 3, 40, 48))
    assert {part: tuple(value.shape) for part, value in output.items()} == {
        "fine": (2, 2, 10, 12),
        "coarse": (2, 3, 3, 3),
        "scene": (2, 5),
    }
    assert list(output) == list(PARTS)


@pytest.mark.parametrize("output", [NAMED, Output("named", parts={"fine": PARTS["fine"]}), PARTS["coarse"]])
@pytest.mark.parametrize("name", ["residual", "efficientnet-lite0"])
def test_every_parameter_learns(name, output):
    network = build(name, (3, 40, 48), output, size="tiny")
    made = network(torch.rand(2, 3, 40, 48))
    tensors = made.values() if isinstance(made, dict) else [made]
    sum(tensor.square().sum() for tensor in tensors).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("output", [NAMED, PARTS["fine"], PARTS["scene"]])
def test_an_output_is_read_back_from_json(output):
    network = build("residual", (1, 32, 32), output, size="tiny").eval()
    spec = network_spec(json.loads(json.dumps(asdict(network.spec))))
    assert spec == network.spec and hash(spec) == hash(network.spec)
    again = build_from(spec)
    again.load_state_dict(network.state_dict())


def test_parts_are_a_dict_or_pairs():
    assert Output("named", parts=tuple(PARTS.items())) == NAMED
    assert NAMED.by_name == PARTS
