import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations._trace import trace
from eyespot.networks.graph.record import record
from tests.networks.small_networks import Careless, networks, tinyvgg

FUNCTIONS = {"": lambda x: x, "relu": lambda x: max(0.0, x), "tanh": np.tanh}


def places_of(call, count, seed):
    """Some places of a call, drawn at random, as (unit, at)."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        place = [int(generator.integers(side)) for side in call.shape]
        yield place[0], tuple(place[1:]) if len(place) == 3 else None


def assert_agrees(found, tolerance=1e-5):
    if found.function in FUNCTIONS:
        expected = FUNCTIONS[found.function](found.total)
    else:
        expected = found.details["numerator"] / found.details["denominator"]
    assert abs(expected - found.number) <= tolerance * max(found.magnitude, 1e-6)


def assert_terms_add_up(calls, count, seed=0, tolerance=1e-5):
    """At `count` random places of every call."""
    assert len(calls) > 1
    for call in calls[1:]:
        for unit, at in places_of(call, count, seed + call.index):
            assert_agrees(trace(calls, call, unit, at), tolerance)


@settings(max_examples=25, deadline=None)
@given(networks(), st.integers(0, 1000))
def test_terms_add_up_to_the_networks_own_number(drawn, seed):
    network, x = drawn
    assert_terms_add_up(record(network, x), 3, seed)


def test_terms_add_up_in_careless_networks_too():
    assert_terms_add_up(record(Careless(), torch.randn(1, 3, 9, 9)), 5)


LECTURE = torch.tensor([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]).float()


def test_the_lectures_first_window_has_the_products_1_0_1_0_1_0_0_0_1():
    conv = nn.Conv2d(1, 1, 3, bias=False)
    conv.weight.data = torch.tensor([[[[1.0, 0, 1], [0, 1, 0], [1, 0, 1]]]])
    found = trace(calls := record(conv, LECTURE[None, None]), calls[1], 0, (0, 0))
    assert found.groups[0].products.tolist() == [1, 0, 1, 0, 1, 0, 0, 0, 1]
    assert (found.total, found.number, found.receptive_field) == (4, 4, (0, 0, 3, 3))


def test_an_asymmetric_kernel_is_not_turned():
    conv = nn.Conv2d(1, 1, 2)
    conv.weight.data, conv.bias.data = torch.tensor([[[[1.0, 2], [3, 4]]]]), torch.tensor([0.5])
    found = trace(calls := record(conv, torch.arange(9.0).view(1, 1, 3, 3)), calls[1], 0, (1, 0))
    assert found.groups[0].values.tolist() == [3, 4, 6, 7]
    assert found.groups[0].weights.tolist() == [1, 2, 3, 4]
    assert found.number == 3 + 8 + 18 + 28 + 0.5


def test_padding_stride_dilation_and_groups_give_the_true_window():
    conv = nn.Conv2d(4, 4, 3, stride=2, padding=2, dilation=2, groups=2)
    found = trace(calls := record(conv, torch.randn(1, 4, 9, 9)), calls[1], 3, (0, 1))
    rows = sorted(set(found.groups[0].places[:, 1].tolist()))
    columns = sorted(set(found.groups[0].places[:, 2].tolist()))
    assert (rows, columns) == ([-1, 0, 2], [0, 2, 4])
    assert set(found.groups[0].places[:, 0].tolist()) == {2, 3}
    padding = found.groups[0].places[:, 1] == -1
    assert not found.groups[0].products[padding].any() and padding.sum() == 6


def test_max_pooling_says_which_cell_won_and_the_cell_knows_it():
    network = nn.Sequential(nn.Identity(), nn.MaxPool2d(2))
    calls = record(network, torch.tensor([[1.0, 5, 2, 0], [3, 4, 9, 1]])[None, None])
    assert trace(calls, calls[1], 0, (0, 1)).details["winner"] == [0, 1, 2]
    assert trace(calls, calls[0], 0, (1, 2)).uses[0]["won"] == [(0, 1)]
    assert trace(calls, calls[0], 0, (0, 2)).uses[0]["won"] == []


def test_a_flattened_cell_says_where_it_came_from_and_keeps_its_field():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten())
    calls = record(network, torch.randn(1, 1, 6, 5))
    found = trace(calls, calls[2], 1 * 12 + 2 * 3 + 1)
    assert found.groups[0].places.tolist() == [[1, 2, 1]]
    assert found.receptive_field == (2, 1, 5, 4)


def test_a_dense_layer_shows_every_input():
    found = trace(calls := record(tinyvgg(), torch.rand(1, 3, 64, 64)), calls[-1], 4)
    assert len(found.groups[0].products) == 1690
    assert_agrees(found)


def test_softmax_is_a_share_of_exponentials():
    calls = record(nn.Softmax(1), torch.tensor([[1000.0, 1001, 999]]))
    found = trace(calls, calls[1], 1)
    assert found.details["numerator"] == 1 and found.number == pytest.approx(1 / found.details["denominator"])


def test_batch_norm_folds_into_the_convolution_before_it():
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3)).eval()
    network[1].running_mean.normal_()
    network[1].running_var.uniform_(0.5, 2)
    calls = record(network, torch.randn(1, 2, 5, 5))
    found = trace(calls, calls[2], 1, (0, 3))
    assert found.folded.total == pytest.approx(found.number, rel=1e-5)
    assert len(found.folded.groups[0].products) == 18


def test_shortcuts_and_concatenations_have_a_term_from_each_side():
    class Joined(nn.Module):
        def forward(self, x):
            return torch.cat([x + 2 * x, 1 - x], 1)

    calls = record(Joined(), torch.tensor([[[[3.0]]]]))
    both = trace(calls, calls[2], 0, (0, 0))
    assert [group.values.tolist() for group in both.groups] == [[3], [6]] and both.total == 9
    assert trace(calls, calls[3], 0, (0, 0)).total == -2
    assert trace(calls, calls[4], 1, (0, 0)).groups[0].name == "subtract"


@pytest.mark.parametrize(
    ("network", "tolerance"),
    [
        (nn.Sequential(nn.GroupNorm(2, 4), nn.AdaptiveAvgPool2d((3, 2))), 1e-5),
        (nn.Sequential(nn.PixelShuffle(2), nn.AdaptiveMaxPool2d(3)), 1e-5),
        (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), 1e-5),
        (nn.Upsample(scale_factor=2, mode="bicubic"), 1e-4),
        (nn.Sequential(nn.ReflectionPad2d(2), nn.ConstantPad2d(1, 3.0), nn.AvgPool2d(3, padding=1)), 1e-5),
    ],
)
def test_rarer_layers_add_up(network, tolerance):
    assert_terms_add_up(record(network, torch.randn(1, 4, 7, 6)), 12, tolerance=tolerance)


def test_an_unknown_operation_is_an_opaque_box_with_its_number():
    class Flipped(nn.Module):
        def forward(self, x):
            return x.flip(3)

    calls = record(Flipped(), torch.tensor([[[[1.0, 2]]]]))
    found = trace(calls, calls[1], 0, (0, 0))
    assert (found.number, found.groups, found.receptive_field) == (2, (), None) and "flip" in found.rule


def test_a_unit_or_place_that_there_is_not_is_named_with_what_there_is():
    calls = record(nn.Conv2d(1, 2, 3), torch.zeros(1, 1, 5, 5))
    with pytest.raises(ExplanationError, match="has no unit 2; its units are 0 to 1"):
        trace(calls, calls[1], 2, (0, 0))
    with pytest.raises(ExplanationError, match=r"no place \(3, 0\); its rows are 0 to 2"):
        trace(calls, calls[1], 0, (3, 0))


def test_uses_count_the_numbers_that_read_this_one():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 5, 3))
    calls = record(network, F.pad(torch.ones(1, 1, 1, 1), (3, 3, 3, 3)))
    assert trace(calls, calls[1], 0, (3, 3)).uses[0]["becomes"] == calls[2].output[0, 0, 3, 3]
    assert trace(calls, calls[2], 0, (3, 3)).uses[0]["read_by"] == 5 * 9
    assert trace(calls, calls[2], 0, (0, 0)).uses[0]["read_by"] == 5


@pytest.mark.parametrize("network", [nn.GroupNorm(1, 4), nn.Softmax(1), nn.LocalResponseNorm(3), nn.PixelShuffle(2)])
def test_readers_are_not_counted_where_channels_are_mixed(network):
    calls = record(network, torch.rand(1, 4, 3, 3))
    assert "read_by" not in trace(calls, calls[0], 0, (1, 1)).uses[0]


def test_a_table_of_numbers_is_refused_and_the_shape_said():
    calls = record(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(2), nn.Flatten(1)), torch.rand(1, 1, 5, 5))
    with pytest.raises(ExplanationError, match=r"shape \(2, 9\)"):
        trace(calls, calls[2], 0)
    assert trace(calls, calls[3], 4).number == calls[1].output[0, 0, 1, 1]


def test_a_cell_that_is_normalized_and_joined_after_flattening_keeps_its_own_field():
    class Joined(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm1d(24)

        def forward(self, x):
            cells = F.elu(self.norm(self.conv(x).flatten(1)))
            return torch.cat([cells[:, :3], cells], 1)

    calls = record(Joined(), torch.randn(1, 1, 6, 5))
    assert trace(calls, calls[-1], 3 + 12 + 2 * 3 + 1).receptive_field == (2, 1, 5, 4)
