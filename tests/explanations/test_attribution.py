import pytest
import torch
from captum.attr import GuidedBackprop, LayerGradCam
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations import explain, make_subject
from eyespot.explanations._attribution import ATTRIBUTIONS, attribute
from eyespot.model import wrap
from tests.explanations.small_models import careless, picture, plain, spec
from tests.networks.small_networks import Careless


class Careful(nn.Module):
    """What `Careless` computes, with a module for every step: its twin for captum."""

    def __init__(self, twin: Careless) -> None:
        super().__init__()
        self.parts = twin
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(3))

    def forward(self, x):
        x = self.relus[0](self.parts.conv1(x))
        y = self.parts.norm(self.parts.conv2(x)) + x
        y = nn.functional.max_pool2d(self.relus[1](y), 3, 2)
        y = self.relus[2](self.parts.conv2(y))
        return self.parts.dense(y.mean((2, 3)))


def test_functional_reused_and_in_place_relus_are_seen():
    model = careless()
    subject = make_subject(model, picture(), 1)
    found = attribute(subject, ATTRIBUTIONS["guided-backprop"], None)
    with pytest.warns(UserWarning, match="backward hooks"):
        wanted = GuidedBackprop(Careful(model.network).eval()).attribute(subject.x.clone().requires_grad_(), target=1)
    torch.testing.assert_close(found, wanted[0])


def test_gradients_agree_with_finite_differences():
    model = careless()
    subject = make_subject(model, picture(), 3)
    found = attribute(subject, ATTRIBUTIONS["gradient"], None)
    network = model.network.double()
    for place in ((0, 3, 4), (2, 14, 12), (1, 0, 0)):
        step = torch.zeros_like(subject.x, dtype=torch.float64)
        step[0, place[0], place[1], place[2]] = 1e-5
        with torch.no_grad():
            slope = (network(subject.x + step) - network(subject.x - step))[0, 3] / 2e-5
        assert found[place].item() == pytest.approx(slope.item(), rel=1e-3, abs=1e-6)


def test_grad_cam_is_captums_at_the_layer_that_is_named():
    model = plain()
    subject = make_subject(model, picture(), 0)
    found = explain(model, picture(), "grad-cam", of=0, layer="5")
    wanted = LayerGradCam(model.network, model.network[5]).attribute(subject.x, target=0, relu_attributions=True)
    wanted = nn.functional.interpolate(wanted, size=(15, 13), mode="bilinear", align_corners=False)
    torch.testing.assert_close(torch.from_numpy(found.maps["heat"]), wanted[0, 0].detach())
    assert found.layer == "5" and not any("was chosen" in note for note in found.notes)


def test_a_layer_that_is_chosen_by_itself_is_said():
    found = explain(careless(), picture(), "grad-cam")
    assert found.layer == "relu_" or found.layer.startswith("relu")
    assert any("was chosen: the last one with maps" in note for note in found.notes)


@pytest.mark.parametrize("by", ["integrated-gradients", "lrp"])
def test_maps_that_promise_a_sum_are_checked(by):
    model = plain()
    for name in ("0.bias", "4.bias", "8.bias", "1.bias", "1.running_mean"):
        model = model.edited({name: torch.zeros_like(model.network.state_dict()[name])})
    check = next(c for c in explain(model, picture(), by).checks if c.name.startswith("sum of the map"))
    assert check.passed and check.value < 0.02


def test_noise_is_the_same_every_time_and_leaves_the_generator_alone():
    torch.manual_seed(7)
    first = explain(plain(), picture(), "smoothgrad").maps["heat"]
    torch.manual_seed(8)
    state = torch.get_rng_state()
    model = plain()
    torch.manual_seed(8)
    assert (explain(model, picture(), "smoothgrad").maps["heat"] == first).all()
    assert torch.equal(torch.get_rng_state(), state)


class Odd(nn.Module):
    """Holds an operation that cannot be followed."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 2, 3), nn.Linear(2, 4)

    def forward(self, x):
        return self.dense(torch.relu(self.conv(x)).flip(3).mean((2, 3)))


def test_networks_that_cannot_be_followed_keep_the_methods_that_need_no_modules():
    model = wrap(Odd(), careless().task, spec())
    found = explain(model, picture(), "gradient")
    assert found.maps["heat"].any() and not any("randomization" in check.name for check in found.checks)
    with pytest.raises(ExplanationError, match="flip"):
        explain(model, picture(), "guided-backprop")


def test_lrp_refuses_what_it_has_no_rule_for():
    with pytest.raises(ExplanationError, match="LRP has no rule for"):
        explain(careless(), picture(), "lrp")


def test_lrp_refuses_a_normalization_without_weights():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2, affine=False), nn.Flatten(), nn.Linear(286, 4))
    with pytest.raises(ExplanationError, match=r"LRP has no rule for .*batch_norm"):
        explain(wrap(network, careless().task, spec()), picture(), "lrp")
