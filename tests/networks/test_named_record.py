"""Networks with named outputs are recorded, replayed and followed like those with one."""

import pytest
import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError
from eyespot.networks import Output, build
from eyespot.networks.graph.incremental import Incremental, paste
from eyespot.networks.graph.modules import Rebuilt
from eyespot.networks.graph.record import find_call, output_calls, output_of, record
from eyespot.networks.graph.replay import replay

PARTS = {"coarse": Output("map", 3, stride=4), "scene": Output("vector", 5)}


class TwoHeads(nn.Module):
    """A body, and two outputs of which the first needs a further layer."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(1, 2, 3)
        self.top = nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.body(x)
        return {"late": self.top(x), "early": x}


def named(name: str = "residual") -> nn.Module:
    torch.manual_seed(0)
    return build(name, (1, 16, 16), Output("named", parts=PARTS), size="tiny").eval()


def test_named_outputs_are_the_last_calls_by_their_names():
    network, x = TwoHeads(), torch.rand(1, 1, 5, 5)
    calls = record(network, x)
    assert [call.name for call in calls] == ["input", "body", "top", "late", "early"]
    assert output_calls(calls) == {"late": 3, "early": 4}
    assert calls[4].inputs == (1,)
    assert torch.equal(find_call(calls, "early").output, network(x)["early"])


def test_one_tensor_is_still_the_last_call():
    calls = record(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), torch.rand(1, 1, 5, 5))
    assert output_calls(calls) == {"": 2}
    assert output_of(calls) is calls[-1].output


@pytest.mark.parametrize("name", ["residual", "efficientnet-lite0"])
def test_a_replay_gives_what_the_network_gives(name):
    network = named(name)
    calls, x = record(network, torch.rand(1, 1, 16, 16)), torch.rand(3, 1, 16, 16)
    with torch.no_grad():
        expected, again, rebuilt = network(x), output_of(calls, replay(calls, x)), Rebuilt(calls)(x)
    assert list(expected) == list(again) == list(rebuilt) == list(PARTS)
    for part, value in expected.items():
        assert torch.allclose(again[part], value, atol=1e-5)
        assert torch.allclose(rebuilt[part], value, atol=1e-5)


def test_patches_are_followed_to_every_output():
    network, x = named(), torch.rand(1, 1, 16, 16)
    rows, columns, patch = torch.tensor([0, 5, 12]), torch.tensor([3, 0, 12]), torch.zeros(1, 1, 4, 4)
    follower = Incremental(network, x)
    assert follower.followed
    found = follower.outputs(rows, columns, patch)
    with torch.no_grad():
        expected = network(paste(x, rows, columns, patch.expand(3, -1, -1, -1)))
    for part, value in expected.items():
        assert torch.allclose(found[part], value, atol=1e-4)


@pytest.mark.parametrize("output", [[torch.ones(1)], {}, {"a": 1.0}])
def test_other_outputs_are_refused(output):
    network = nn.Identity()
    network.forward = lambda x: output
    with pytest.raises(NetworkError, match="expected a tensor or a dict of named tensors"):
        record(network, torch.rand(1, 1, 2, 2))
