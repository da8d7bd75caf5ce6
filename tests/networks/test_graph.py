from threading import Event, Thread, current_thread, main_thread

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import nn

from eyespot.errors import ExplanationError, NetworkError
from eyespot.networks import NETWORKS, build
from eyespot.networks.build import describe
from eyespot.networks.graph.record import find_call, record, winners
from eyespot.networks.graph.replay import ancestors, first_opaque, replay, require_followed
from eyespot.networks.network import Output
from tests.networks.small_networks import Careless, networks, tinyvgg


def kinds(network, x=None):
    return [call.kind for call in record(network, torch.randn(1, 3, 12, 12) if x is None else x)]


class Step(nn.Module):
    """A network that does one given thing."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def forward(self, x):
        return self.step(x)


def test_calls_come_in_order_of_execution_with_functions_and_reuse():
    calls = record(Careless(), torch.randn(1, 3, 9, 9))
    assert [call.kind for call in calls] == [
        *("input", "conv", "relu", "conv", "batch_norm", "add", "relu", "max_pool", "conv", "relu", "mean"),
        *("dropout", "reshape", "dense"),
    ]
    assert [call.name for call in calls[1:9]] == [
        *("conv1", "relu", "conv2", "norm", "add", "relu:2", "max_pool", "conv2:2"),
    ]
    assert calls[5].inputs == (4, 2)


def test_work_in_place_does_not_spoil_what_was_recorded():
    network = Careless().eval()
    x = torch.randn(1, 3, 9, 9)
    calls = record(network, x)
    assert torch.equal(calls[1].output, network.conv1(x))
    assert calls[1].output.min() < 0 <= calls[2].output.min()


def test_the_last_call_is_the_output():
    network, x = Careless().eval(), torch.randn(2, 3, 9, 9)
    assert torch.equal(record(network, x)[-1].output, network(x))
    unused = Step(lambda x: (x + 1, x * 2)[0])
    assert kinds(unused) == ["input", "add", "multiply", "identity"]


def test_settings_and_parameters_are_plain_and_named():
    network = nn.Sequential(
        nn.Conv2d(4, 8, (3, 5), stride=2, padding=(1, 2), dilation=(1, 2), groups=2), nn.MaxPool2d(3, 2)
    )
    conv, pool = record(network, torch.randn(1, 4, 20, 30))[1:]
    assert conv.settings == {"kernel": (3, 5), "stride": (2, 2), "padding": (1, 2), "dilation": (1, 2), "groups": 2}
    assert conv.parameters == {"weight": "0.weight", "bias": "0.bias"}
    assert (pool.settings["kernel"], pool.settings["stride"]) == ((3, 3), (2, 2))
    assert conv.shape == (8, 10, 13)


@pytest.mark.parametrize("training", [True, False])
def test_modes_hooks_and_weights_are_left_as_they_were(training):
    network = Careless().train(training)
    network.norm.train(not training)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    record(network, torch.randn(2, 3, 9, 9))
    assert network.training == training and network.norm.training != training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_hooks_and_modes_are_left_as_they_were_when_the_network_fails():
    network = Careless().train()
    with pytest.raises(RuntimeError):
        record(network, torch.randn(1, 2, 9, 9))
    assert network.training and not any(module._forward_hooks for module in network.modules())


def test_two_threads_record_the_same_network_at_once():
    """The second begins while the first is inside, and ends after it."""
    inside, ended = Event(), Event()

    def meet(x):
        if current_thread() is main_thread():
            other.start()
            assert inside.wait(5)
        else:
            inside.set()
            assert ended.wait(5)
        return x * 2

    network = nn.Sequential(nn.Conv2d(1, 2, 3), Step(meet), nn.Sequential(nn.ReLU(), nn.Flatten()))
    seen = []
    other = Thread(target=lambda: seen.append(kinds(network, torch.randn(1, 1, 5, 5))), daemon=True)
    expected = ["input", "conv", "multiply", "relu", "flatten"]
    assert kinds(network, torch.randn(1, 1, 5, 5)) == expected
    ended.set()
    other.join(5)
    assert seen == [expected]


@settings(max_examples=20, deadline=None)
@given(networks())
def test_a_replay_of_other_images_gives_what_the_network_gives(drawn):
    network, x = drawn
    calls = record(network, x)
    assert first_opaque(calls) is None
    others = torch.randn(3, *x.shape[1:])
    torch.testing.assert_close(replay(calls, others)[-1], network(others))


def test_careless_networks_are_replayed_on_any_number_of_images():
    network = Careless().eval()
    others = torch.randn(5, 3, 9, 9)
    torch.testing.assert_close(replay(record(network, others[:1]), others)[-1], network(others))


@settings(max_examples=20, deadline=None)
@given(networks(last=False))
def test_receptive_fields_are_the_pixels_that_gradients_reach(drawn):
    """Oracle: the box around all pixels with a gradient that is not zero, with ReLU and max made smooth."""
    network, x = drawn[0].double(), drawn[1].double()
    calls = record(network, x)
    smooth = {call.index: torch.tanh for call in calls if call.kind == "relu"}
    smooth |= {call.index: average(call) for call in calls if call.kind == "max_pool"}
    image = x.requires_grad_()
    output = replay(calls, image, smooth)[-1]
    height, width = output.shape[-2:]
    for row, column in {(0, 0), (height - 1, width - 1), (height // 2, width // 3)}:
        (gradient,) = torch.autograd.grad(output[0, :, row, column].sum(), image, retain_graph=True)
        top, left, bottom, right = calls[-1].receptive_field.box(row, column)
        rows, columns = gradient[0].abs().sum(0).nonzero(as_tuple=True)
        reached = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1) if len(rows) else None
        assert reached is None or tuple(int(side) for side in reached) == (top, left, bottom, right)


def average(call):
    """A stand-in for a max pooling that lets every cell of the window through."""
    shape, kept = call.shape, call.settings

    def run(x):
        (kh, kw), (ph, pw), (sh, sw) = kept["kernel"], kept["padding"], kept["stride"]
        room = F.pad(x, (pw, pw + sw + kw, ph, ph + sh + kh))
        return F.avg_pool2d(room, kept["kernel"], kept["stride"])[..., : shape[1], : shape[2]]

    return run


def test_the_receptive_fields_of_tiny_vgg_are_3_5_6_10_14_16():
    calls = [call for call in record(tinyvgg(), torch.zeros(1, 3, 64, 64)) if call.kind in ("conv", "max_pool")]
    assert [call.receptive_field.size[0] for call in calls] == [3, 5, 6, 10, 14, 16]
    assert [call.receptive_field.jump[0] for call in calls] == [1, 1, 2, 2, 2, 4]
    assert calls[-1].receptive_field.box(12, 0) == (48, 0, 64, 16)


def test_padding_cuts_fields_at_the_border():
    calls = record(nn.Conv2d(1, 1, 3, padding=1), torch.zeros(1, 1, 6, 5))
    assert calls[1].receptive_field.box(0, 0) == (0, 0, 2, 2)
    assert calls[1].receptive_field.box(5, 4) == (4, 3, 6, 5)
    assert calls[1].receptive_field.start == (-1, -1)


def test_a_dense_layer_depends_on_every_pixel():
    calls = record(tinyvgg(), torch.zeros(1, 3, 64, 64))
    assert calls[-1].receptive_field.box(0, 0) == (0, 0, 64, 64)


def test_channel_shuffles_keep_places_apart():
    def shuffle(x):
        return F.conv2d(x.view(x.size(0), 2, 2, 6, 6).transpose(1, 2).reshape(-1, 4, 6, 6), torch.ones(1, 4, 3, 3))

    assert record(Step(shuffle), torch.zeros(1, 4, 6, 6))[-1].receptive_field.box(0, 1) == (0, 1, 3, 4)


def test_winners_are_the_cells_that_the_maximum_was_taken_from():
    x = torch.tensor([[1.0, 5, 2, 0], [3, 4, 9, 1], [0, 0, 7, 8]])[None, None]
    calls = record(nn.MaxPool2d(2, stride=1), x)
    assert winners(calls[1], calls)[0, 0].tolist() == [[1, 6, 6], [5, 6, 6]]


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (lambda x: x.flip(3), "flip"),
        (lambda x: F.dropout(x), "dropout"),
        (lambda x: x.sort(dim=1).values, "sort"),
        (lambda x: F.batch_norm(x, None, None, training=True), "batch_norm"),
        (lambda x: x if x.sum() > 0 else -x, "sum"),
    ],
)
def test_what_cannot_be_followed_becomes_an_opaque_call_that_names_it(step, named):
    calls = record(Step(step), torch.rand(1, 3, 6, 6))
    assert named in first_opaque(calls).operation
    with pytest.raises(ExplanationError, match=named):
        require_followed(calls, "A replay")


def test_a_tensor_that_no_function_was_seen_to_make_is_opaque():
    def hidden(x):
        return torch.from_numpy(x.detach().numpy() * 2)

    calls = record(nn.Sequential(nn.Conv2d(3, 2, 3), Step(hidden), nn.ReLU()), torch.randn(1, 3, 6, 6))
    assert [call.kind for call in calls][-3:] == ["opaque", "opaque", "relu"]
    assert calls[-2].operation == "unseen" and calls[-1].receptive_field is None


def test_writing_into_a_view_is_not_followed_silently():
    def step(x):
        y = x * 1
        y[:, 0].zero_()
        return y + 1

    x = torch.randn(1, 3, 4, 4)
    calls = record(Step(step), x)
    assert first_opaque(calls) is not None
    assert torch.equal(calls[-1].output[:, 0], torch.ones(1, 4, 4))


def test_more_than_one_output_is_refused_with_advice():
    with pytest.raises(NetworkError, match="tuple; expected a tensor or a dict"):
        record(Step(lambda x: (x, x)), torch.zeros(1, 3, 4, 4))


def test_calls_are_found_by_name_by_module_and_by_stage():
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()), nn.Flatten())
    calls = record(network, torch.zeros(1, 3, 4, 4))
    assert find_call(calls, "0.0").kind == "conv"
    assert find_call(calls, "0").kind == "relu"
    with pytest.raises(ExplanationError, match=r"Unknown layer '0\.2'. Did you mean '0\.[01]'"):
        find_call(calls, "0.2")


def test_slices_chunks_and_reversed_subtraction_are_followed():
    def step(x):
        a, b = x.chunk(2, 1)
        return torch.cat([1 - a[..., 1:], b[:, :, :, :-1] * 2], 1)

    x = torch.randn(2, 4, 5, 5)
    calls = record(Step(step), x)
    assert first_opaque(calls) is None
    assert torch.equal(replay(calls, x)[-1], step(x))
    assert calls[-1].receptive_field.box(0, 0) == (0, 0, 1, 2)


def test_ancestors_are_what_a_call_depends_on():
    calls = record(Step(lambda x: (x + 1, x * 2)[0]), torch.zeros(1, 1, 2, 2))
    assert ancestors(calls, 3) == [0, 1, 3]


def test_fields_hold_whole_numbers_inside_the_image():
    rows = record(nn.Conv2d(1, 1, 5, padding=4), torch.zeros(1, 1, 6, 6))[1].receptive_field.rows
    assert rows.dtype == np.int64 and rows.min() == 0 and rows.max() == 5


@pytest.mark.parametrize(
    "name", [*NETWORKS, "conv 8@5x5 same, batchnorm, relu, sumpool 2, flatten, dropout 0.5, dense"]
)
def test_every_network_of_the_project_is_followed(name):
    kind = describe(name).heads[0]
    published = {
        "pilotnet": (3, 66, 200),
        "lecun1989": (1, 16, 16),
        "ciresan-dnn1": (3, 101, 101),
        "ciresan-dnn2": (3, 101, 101),
    }
    shape = published.get(name, (3, 32, 32))
    network = build(name, shape, Output(kind, 3), size="small").eval()
    calls = record(network, torch.rand(1, *shape))
    others = torch.rand(2, *shape)
    assert first_opaque(calls) is None
    torch.testing.assert_close(replay(calls, others)[-1], network(others))
