import pytest
import torch
from captum.attr import Deconvolution
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations import explain, make_subject
from eyespot.explanations._deconvnet import project, project_from
from eyespot.networks.graph.record import record
from tests.explanations.small_models import careless, picture, plain


def test_one_activation_worked_out_by_hand():
    """The maximum 5 came from row 1, column 2; its signal 5 goes there, through the ReLU, and spreads by the filter."""
    conv = nn.Conv2d(1, 1, 2, bias=False)
    conv.weight.data = torch.tensor([[[[1.0, 0], [0, 2]]]])
    network = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2))
    x = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 0, 2]])[None, None]
    calls = record(network, x)
    assert calls[3].output.item() == 4 and calls[2].output[0, 0].tolist() == [[0, 3], [1, 4]]
    assert project(calls, x, 3, 0, (0, 0))[0, 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 8]]


def test_a_signal_below_zero_is_cut_where_a_gradient_would_pass():
    first, second = nn.Conv2d(1, 2, 1, bias=False), nn.Conv2d(2, 1, 1, bias=False)
    first.weight.data = torch.tensor([1.0, 1]).view(2, 1, 1, 1)
    second.weight.data = torch.tensor([1.0, -0.5]).view(1, 2, 1, 1)
    network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
    x = torch.tensor([[[[2.0]]]])
    calls = record(network, x)
    assert calls[4].output.item() == 1
    assert project(calls, x, 4, 0, (0, 0)).item() == 1
    assert torch.autograd.functional.jacobian(network, x).item() == 0.5


def test_it_agrees_with_captum_on_modules_used_once():
    model = plain()
    subject = make_subject(model, picture(), 0)
    with pytest.warns(UserWarning, match="backward hooks"):
        wanted = Deconvolution(model.network).attribute(subject.x.clone().requires_grad_(), target=0)
    wanted = wanted * subject.output[0, 0].clamp(min=0)
    found = project(subject.calls, subject.x, len(subject.calls) - 1, 0)
    torch.testing.assert_close(found, wanted)


def test_overlapping_windows_add_up():
    network = nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 2))
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 2] = 3
    calls = record(network, x)
    assert project(calls, x, 2, 0)[0, 0, 2, 2] == 4 * 3


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2, padding=1)])
def test_odd_sizes_keep_their_places(pool):
    network, x = nn.Sequential(nn.ReLU(), pool), torch.rand(1, 2, 7, 5)
    calls = record(network, x)
    found = project(calls, x, 2, 1)
    assert set(found[0, 1].flatten().tolist()) - {0.0} <= {
        count * v for v in x[0, 1].flatten().tolist() for count in (1, 2, 3, 4)
    }
    assert found[0, 0].abs().sum() == 0 and found.shape == x.shape


def test_each_image_may_start_from_its_own_unit_and_place():
    model = careless()
    subject = make_subject(model, picture())
    index = next(call.index for call in subject.calls if call.name == "max_pool")
    both = project_from(subject.calls, subject.x.repeat(2, 1, 1, 1), index, [(0, (1, 2)), (3, None)])
    torch.testing.assert_close(both[:1], project(subject.calls, subject.x, index, 0, (1, 2)))
    torch.testing.assert_close(both[1:], project(subject.calls, subject.x, index, 3))


def test_projections_lie_inside_the_receptive_field():
    found = explain(plain(), picture(), "deconvnet", layer="5", unit=2, at=(2, 1))
    top, left, bottom, right = found.values["receptive_field"]
    heat = found.maps["projection"].copy()
    heat[top:bottom, left:right] = 0
    assert not heat.any()


def test_randomized_networks_give_other_projections_and_the_report_says_how_much():
    found = explain(plain(), picture(), "deconvnet")
    assert [check.name for check in found.checks] == [
        "randomization of the highest layer",
        "randomization of all layers",
    ]
    assert all(-1 <= check.value < 1 for check in found.checks)


def test_a_silent_unit_says_so():
    model = plain()
    silent = model.edited({"4.weight": torch.zeros(5, 6, 3, 3), "4.bias": torch.full((5,), -1.0)})
    found = explain(silent, picture(), "deconvnet", layer="5")
    assert "is zero on this image" in found.notes[0] and not found.maps["projection"].any()


def test_an_operation_that_cannot_be_followed_is_named():
    class Flipped(nn.Module):
        def forward(self, x):
            return x.flip(3)

    calls = record(nn.Sequential(Flipped(), nn.ReLU()), torch.rand(1, 1, 3, 3))
    with pytest.raises(ExplanationError, match="flip"):
        project(calls, torch.rand(1, 1, 3, 3), 2, 0)
