"""Networks are found by name, checked, and made again from their plain values."""

from pathlib import Path

import pytest
import torch

from eyespot.errors import NetworkError
from eyespot.networks import NETWORKS, SIZES, Output, build, build_from, describe

DOCS = Path(__file__).parents[2] / "docs" / "networks.md"
TEN = Output("vector", 10)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "tinyvg"}, "Did you mean 'tinyvgg'"),
        ({"name": "resnet50"}, "write 'timm:resnet50', which needs the package timm (pip install timm)"),
        ({"name": "squeezenet1_0"}, "write 'torchvision:squeezenet1_0'"),
        ({"size": "larg"}, "Did you mean 'large'"),
        ({"size": "32x6"}, "Unknown size '32x6'"),
        ({"name": "denoiser", "size": "32x0", "output": Output("map", 1)}, "WIDTHxDEPTH such as 32x6"),
        ({"name": "denoiser", "size": "900x4", "output": Output("map", 1)}, "at most 512 channels"),
        ({"norm": "batches"}, "Did you mean 'batch'"),
        ({"input": (1, 0, 28)}, "from 1 to 8192"),
        ({"input": (1, 28, 100_000)}, "from 1 to 8192"),
        ({"input": (28, 28)}, "(channels, height, width)"),
        ({"input": (1, 28.5, 28)}, "whole number"),
        ({"output": Output("vector", 0)}, "0 outputs"),
        ({"output": Output("sound", 1)}, "Unknown kind of output"),
        ({"output": Output("vector", 3, stride=2)}, "A vector of stride 2"),
        ({"output": Output("map", 3, stride=3)}, "expected no parts, and stride 1 or 2 or 4"),
        ({"output": Output("named")}, "Named outputs: none"),
        ({"output": Output("named", parts=(("a", TEN), ("a", TEN)))}, "each name once"),
        ({"output": Output("named", parts={"a.b": TEN})}, "'a.b' cannot name an output"),
        ({"output": Output("named", parts={"items": TEN})}, "'items' cannot name an output"),
        ({"output": Output("named", parts={"a": Output("named", parts={"b": TEN})})}, "'a' has parts itself"),
        ({"output": Output("named", parts={"a": Output("vector", 0)})}, "0 outputs"),
        ({"name": "tinyvgg", "output": Output("named", parts={"a": TEN})}, "needs a set of named outputs"),
        ({"name": "denoiser", "output": Output("map", 2, stride=2)}, "at stride 1; the task needs one at stride 2"),
        ({"name": "unet", "output": Output("map", 2, stride=4)}, "at stride 1; the task needs one at stride 4"),
        ({"name": "unet"}, "puts out a map; the task needs a vector"),
        ({"name": "tinyvgg", "output": Output("map", 1)}, "puts out a vector; the task needs a map"),
    ],
)
def test_what_cannot_be_built_is_told(change, told):
    with pytest.raises(NetworkError) as error:
        build(**{"name": "residual", "input": (1, 28, 28), "output": TEN, **change})
    assert told in str(error.value)


@pytest.mark.parametrize("name", [*NETWORKS, "conv 4@3x3, relu, flatten, dense"])
def test_a_spec_makes_the_same_network_again(name):
    family = describe(name)
    first = build(name, family.input, Output(family.heads[0], family.outputs or family.input[0]), size="tiny")
    again = build_from(first.spec)
    again.load_state_dict(first.state_dict())
    x = torch.rand(2, *family.input)
    assert torch.equal(first.eval()(x), again.eval()(x))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_same_seed_draws_the_same_weights(name):
    family = NETWORKS[name]
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        network = build(name, family.input, Output(family.heads[0], 2), size="tiny")
        weights.append(torch.cat([parameter.flatten() for parameter in network.parameters()]))
    assert torch.equal(*weights)


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - {"dcgan"}))
def test_every_parameter_gets_a_gradient(name):
    family = NETWORKS[name]
    network = build(name, family.input, Output(family.heads[0], family.outputs or family.input[0]), size="tiny")
    network(torch.rand(2, *family.input)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - {"dcgan"}))
def test_no_module_works_in_place_or_is_used_twice(name):
    family = NETWORKS[name]
    network = build(name, family.input, Output(family.heads[0], family.outputs or family.input[0]), size="tiny")
    leaves = [module for module in network.modules() if not list(module.children())]
    uses = dict.fromkeys(leaves, 0)

    def count(module, *_):
        uses[module] += 1

    for leaf in leaves:
        leaf.register_forward_hook(count)
    network(torch.rand(2, *family.input))
    assert not any(getattr(leaf, "inplace", False) for leaf in leaves)
    assert set(uses.values()) == {1}


@pytest.mark.parametrize("name", ["residual", "denoiser"])
def test_sizes_grow(name):
    counts = []
    for size in SIZES:
        network = build(name, (3, 32, 32), Output(NETWORKS[name].heads[0], 3), size=size)
        counts.append(sum(parameter.numel() for parameter in network.parameters()))
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_the_docs_give_the_number_of_parameters(name):
    line = next(line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{name}` |"))
    family = NETWORKS[name]
    network = build(name, family.input, Output(family.heads[0], family.outputs or family.input[0]))
    assert f" {sum(parameter.numel() for parameter in network.parameters()):,} at " in line
