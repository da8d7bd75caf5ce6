import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eyespot.networks.graph import _incremental_windows as incremental_windows
from eyespot.networks.graph.incremental import Incremental, paste
from tests.networks.small_networks import Careless, networks, tinyvgg


def assert_same_outputs(network, x, rows, columns, contents):
    incremental = Incremental(network, x)
    given = incremental.outputs(rows, columns, contents)
    with torch.no_grad():
        expected = network(paste(x, rows, columns, contents.expand(len(rows), -1, -1, -1)))
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)
    return incremental


def every_place(x, side, stride=1):
    rows, columns = torch.meshgrid(
        torch.arange(0, x.shape[2] - side + 1, stride), torch.arange(0, x.shape[3] - side + 1, stride), indexing="ij"
    )
    return rows.flatten(), columns.flatten()


@settings(max_examples=20, deadline=None)
@given(networks(), st.sampled_from([1, 2, 3, 5]), st.sampled_from([0.3, 0.7, 1.1]))
def test_outputs_are_those_of_the_whole_images(drawn, side, share):
    """Whatever the layers, at every place of the image, and wherever the change to whole maps happens."""
    network, x = drawn
    rows, columns = every_place(x, side)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incremental_windows, "WHOLE_FROM", share)
        assert_same_outputs(network, x, rows, columns, torch.randn(len(rows), x.shape[1], side, side))


def test_shortcuts_reused_layers_and_work_in_place_are_right():
    network, x = Careless().eval(), torch.randn(1, 3, 15, 13)
    rows, columns = every_place(x, 2)
    incremental = assert_same_outputs(network, x, rows, columns, torch.zeros(1, 3, 2, 2))
    assert incremental.followed and incremental.saved > 1.5


def test_tiny_vgg_needs_over_ten_times_fewer_multiply_adds_for_a_patch_of_8():
    network, x = tinyvgg(), torch.randn(1, 3, 64, 64)
    rows, columns = every_place(x, 8, stride=7)
    assert assert_same_outputs(network, x, rows, columns, torch.zeros(1, 3, 8, 8)).saved > 10


def test_a_patch_that_changes_nothing_changes_nothing():
    network, x = Careless().eval(), torch.randn(1, 3, 9, 9)
    given = Incremental(network, x).outputs(torch.tensor([2]), torch.tensor([3]), x[:, :, 2:6, 3:7])
    torch.testing.assert_close(given, network(x).detach())


def test_a_patch_over_the_whole_image_is_another_image():
    network, x = Careless().eval(), torch.randn(2, 3, 9, 9)
    assert_same_outputs(network, x[:1], torch.tensor([0]), torch.tensor([0]), x[1:])


def test_maps_of_several_layers_come_together():
    network, x = tinyvgg(side=20), torch.randn(1, 3, 20, 20)
    rows, columns = every_place(x, 3, stride=4)
    incremental = Incremental(network, x)
    parts = list(incremental.maps(rows, columns, torch.ones(1, 3, 3, 3), (4, 12)))
    images = paste(x, rows, columns, torch.ones(len(rows), 3, 3, 3))
    torch.testing.assert_close(torch.cat([part[4] for part in parts]), network[:4](images), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(torch.cat([part[12] for part in parts]), network(images), rtol=1e-4, atol=1e-4)


class Branching(nn.Module):
    """Decides by its numbers, which a record cannot follow."""

    def __init__(self, channels=1):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2, 3)

    def forward(self, x):
        y = self.conv(x).mean((2, 3))
        return y if y.sum() > 0 else y * 2


def test_networks_that_cannot_be_followed_are_computed_plainly():
    network, x = Branching(), torch.randn(1, 1, 8, 8)
    rows, columns = every_place(x, 2)
    incremental = Incremental(network, x)
    one_by_one = torch.cat(
        [network(paste(x, r[None], c[None], torch.zeros(1, 1, 2, 2))) for r, c in zip(rows, columns, strict=True)]
    )
    assert not incremental.followed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incremental, "_chunk", 1)
        given = incremental.outputs(rows, columns, torch.zeros(1, 1, 2, 2))
    torch.testing.assert_close(given, one_by_one)


def test_channels_and_places_of_scale_and_gate_are_kept_apart():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.dense = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 4)

        def forward(self, x):
            y = self.conv(x)
            gate = torch.sigmoid(self.dense(y.mean((2, 3))))[:, :, None, None]
            return (y * gate + torch.arange(10.0)).relu()[:, 1:3]

    network, x = Gated().eval(), torch.randn(1, 3, 10, 10)
    rows, columns = every_place(x, 3)
    assert_same_outputs(network, x, rows, columns, torch.zeros(1, 3, 3, 3))


@pytest.mark.parametrize("side", [[0, 0, 0, 0, 1, -1], [1, 3, 0, 2], [-1, 2, 0, -1]])
def test_borders_of_any_side_and_of_channels_are_right(side):
    class Padded(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return torch.nn.functional.pad(self.conv(x), side, value=2.5)

    x = torch.randn(1, 3, 9, 10)
    rows, columns = every_place(x, 2)
    assert assert_same_outputs(Padded(), x, rows, columns, torch.randn(len(rows), 3, 2, 2)).followed


def test_a_network_in_training_mode_answers_as_in_evaluation_and_keeps_its_mode_and_statistics():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), Branching(channels=2), nn.Dropout(0.5)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = torch.rand(1, 1, 9, 9)
    given = Incremental(network, x).outputs(torch.tensor([1]), torch.tensor([2]), torch.zeros(1, 1, 2, 2))
    assert all(module.training for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    expected = network.eval()(paste(x, torch.tensor([1]), torch.tensor([2]), torch.zeros(1, 1, 2, 2)))
    torch.testing.assert_close(given, expected.detach())
