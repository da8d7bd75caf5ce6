"""Attribution: the importance of each pixel, by gradient methods from captum with one interface, each with its checks.

Captum hooks modules, so it receives the network rebuilt call by call (`networks.graph_modules`), with functional,
reused and in-place ReLUs as modules. Maps have the coordinates of the scaled network input; zero is the mean color of
the training images if the model is standardized. Shapes: N images, C channels, H height, W width.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from captum.attr import (
    LRP,
    GuidedBackprop,
    GuidedGradCam,
    InputXGradient,
    IntegratedGradients,
    LayerGradCam,
    LayerGradientXActivation,
    NoiseTunnel,
    Saliency,
)
from captum.attr._utils.custom_modules import Addition_Module
from torch import Tensor, nn

from ..errors import ExplanationError
from ..networks.graph.modules import MODULES, Rebuilt
from ..networks.graph.record import Call, output_calls
from ..networks.graph.replay import first_opaque, require_followed
from ._checks import completeness_check, deletion_insertion, randomization_check
from ._deconvnet import LAYERS
from ._explanation import Check, Explanation, Panel
from ._request import ExplanationRequest
from .subject import Subject, choose_layer
from .visualbackprop import visual_backprop

STEPS = 64
"""Steps of integrated gradients from the zero image to the image."""
NOISY = 16
NOISE = 0.1
"""SmoothGrad: number of noisy copies, and the standard deviation as a fraction of the value range of the image."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lens:
    """A network for a method: `network` returns the number to explain, `layer` is the hooked call."""

    calls: Sequence[Call]
    network: nn.Module
    watched: nn.Module | None
    layer: Call | None
    x: Tensor


class _Objective(nn.Module):
    """A network that returns the explained number of each image."""

    def __init__(self, network: nn.Module, objective: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def forward(self, x: Tensor) -> Tensor:
        return self.objective(self.network(x))


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """A method: `compute` returns (1, C, H, W) or (1, 1, h, w); the other fields are its requirements and properties.

    `sums_to` is "difference" if the map sums to the number minus that of the zero image, "number" if it sums to the
    number itself, "" if nothing is guaranteed.
    """

    summary: str
    compute: Callable[[Lens], Any]
    sums_to: str = ""
    modules: bool = False
    layered: bool = False
    signed: bool = True


def explain_by(name: str) -> Callable[[Subject, ExplanationRequest], Explanation]:
    """Return the function that explains by one of `ATTRIBUTIONS`."""

    def explain(subject: Subject, request: ExplanationRequest) -> Explanation:
        return explain_attribution(subject, request, name)

    return explain


def explain_attribution(subject: Subject, request: ExplanationRequest, name: str) -> Explanation:
    """The map of one method, with all checks that apply to it."""
    method = ATTRIBUTIONS[name]
    layer = choose_layer(subject.calls, request.layer, LAYERS) if method.layered else None
    full = attribute(subject, method, layer)
    heat = full.sum(0)
    checks = (*_completeness(subject, method, full), *_randomization(subject, method, layer))
    curve_checks, curves = deletion_insertion(subject, heat)
    value = float(subject.objective(subject.output)[0])
    kind = "signed" if method.signed else "positive"
    return Explanation(
        method=name,
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"{subject.name} ({value:.4g} before any softmax)",
        layer=layer.name if layer else "",
        values={"number": value, "sum": float(heat.sum())},
        maps={"heat": heat.numpy()},
        checks=(*checks, *curve_checks),
        notes=(f"{name}: {method.summary}.", *_layer_note(layer, request), *subject.notes),
        panels=(
            Panel(title="the image as the network sees it", kind="picture", values=subject.picture),
            Panel(title=name, kind=kind, values=heat.numpy(), legend="sum over channels"),
            curves,
        ),
    )


def _layer_note(layer: Call | None, request: ExplanationRequest) -> tuple[str, ...]:
    if layer is None or request.layer:
        return ()
    return (f"Layer '{layer.name}' was chosen: the last one with maps; choose another with layer=.",)


def attribute(subject: Subject, method: Attribution, layer: Call | None, calls: Sequence[Call] | None = None) -> Tensor:
    """The map (C, H, W) of one method, for the network recorded in `calls` (by default the subject's own)."""
    calls = subject.calls if calls is None else calls
    if first_opaque(calls) is None or method.modules:
        require_followed(calls, "This method")
        add = Addition_Module if method.compute is _lrp else None
        rebuilt: nn.Module = Rebuilt(calls, [layer.index] if layer else [], add)
    else:
        rebuilt = subject.model.network
    watched = rebuilt.at(layer.index) if layer and isinstance(rebuilt, Rebuilt) else None
    lens = Lens(calls=calls, network=_Objective(rebuilt, subject.objective), watched=watched, layer=layer, x=subject.x)
    with _quiet(), torch.enable_grad():
        found = method.compute(lens)
    assert isinstance(found, Tensor)
    found = found.detach()
    if found.shape[-2:] != subject.x.shape[-2:]:
        size = (subject.x.shape[-2], subject.x.shape[-1])
        found = torch.nn.functional.interpolate(found, size=size, mode="bilinear", align_corners=False)
    return found[0]


def _completeness(subject: Subject, method: Attribution, full: Tensor) -> tuple[Check, ...]:
    """Only for methods whose maps sum to the output."""
    if not method.sums_to:
        return ()
    with torch.no_grad():
        number = float(subject.objective(subject.output)[0])
        zero = float(subject.objective(subject.model.network(torch.zeros_like(subject.x)))[0])
    if method.sums_to == "difference":
        return (completeness_check(full, number - zero, "the output minus that of the zero image"),)
    return (completeness_check(full, number, "the output (the relevance of biases is missing)", 0.1),)


def _randomization(subject: Subject, method: Attribution, layer: Call | None) -> tuple[Check, ...]:
    if first_opaque(subject.calls) is not None:
        return ()
    tops = list(output_calls(subject.calls).values())
    return randomization_check(subject, lambda calls: attribute(subject, method, layer, calls).sum(0), tops)


@contextmanager
def _quiet() -> Iterator[None]:
    """Fix the noise, and suppress warnings about hooks that captum sets and removes."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(0)
        warnings.simplefilter("ignore", UserWarning)
        yield


def _gradient(lens: Lens) -> Any:
    return Saliency(lens.network).attribute(lens.x, abs=False)


def _gradient_x_input(lens: Lens) -> Any:
    return InputXGradient(lens.network).attribute(lens.x)


def _smoothgrad(lens: Lens) -> Any:
    std = NOISE * float(lens.x.max() - lens.x.min())
    return NoiseTunnel(Saliency(lens.network)).attribute(
        lens.x, nt_type="smoothgrad", nt_samples=NOISY, nt_samples_batch_size=NOISY, stdevs=std, abs=False
    )


def _integrated_gradients(lens: Lens) -> Any:
    return IntegratedGradients(lens.network).attribute(lens.x, n_steps=STEPS, internal_batch_size=STEPS)


def _guided_backprop(lens: Lens) -> Any:
    return GuidedBackprop(lens.network).attribute(lens.x)


def _grad_cam(lens: Lens) -> Any:
    assert lens.watched is not None
    return LayerGradCam(lens.network, lens.watched).attribute(lens.x, relu_attributions=True)


def _gradient_x_activation(lens: Lens) -> Any:
    assert lens.watched is not None
    cells: Any = LayerGradientXActivation(lens.network, lens.watched).attribute(lens.x)
    return cells.sum(1, keepdim=True)


def _guided_grad_cam(lens: Lens) -> Any:
    assert lens.watched is not None
    return GuidedGradCam(lens.network, lens.watched).attribute(lens.x, interpolate_mode="bilinear")


def _lrp(lens: Lens) -> Any:
    """Between modules relevance may only be rearranged; other operations would silently change it."""
    ruled = (*MODULES, "add", "concatenate", "flatten", "reshape", "permute", "slice", "dropout", "identity", "pad")
    for call in lens.calls[1:]:
        unruled = call.kind in MODULES and MODULES[call.kind](call) is None
        if call.kind not in ruled or unruled or (call.kind == "add" and len(call.inputs) != 2):
            raise ExplanationError(f"LRP has no rule for '{call.operation}' ({call.name}); choose another method.")
    return LRP(lens.network).attribute(lens.x)


def _visual_backprop(lens: Lens) -> Any:
    return visual_backprop(lens.calls)


ATTRIBUTIONS: dict[str, Attribution] = {
    "gradient": Attribution(summary="the gradient of the output with respect to each pixel", compute=_gradient),
    "gradient-x-input": Attribution(summary="the gradient times the pixel", compute=_gradient_x_input),
    "smoothgrad": Attribution(
        summary=f"the mean gradient of {NOISY} noisy copies (Smilkov et al. 2017)", compute=_smoothgrad
    ),
    "integrated-gradients": Attribution(
        summary="gradients integrated from the zero image to this one (Sundararajan et al. 2017)",
        compute=_integrated_gradients,
        sums_to="difference",
    ),
    "guided-backprop": Attribution(
        summary="the gradient, keeping only positive values at every ReLU (Springenberg et al. 2015)",
        compute=_guided_backprop,
        modules=True,
    ),
    "grad-cam": Attribution(
        summary="maps of a layer, weighted by their mean gradient (Selvaraju et al. 2017)",
        compute=_grad_cam,
        modules=True,
        layered=True,
        signed=False,
    ),
    "gradient-x-activation": Attribution(
        summary="maps of a layer, each cell times its gradient",
        compute=_gradient_x_activation,
        modules=True,
        layered=True,
    ),
    "guided-grad-cam": Attribution(
        summary="guided backprop times Grad-CAM", compute=_guided_grad_cam, modules=True, layered=True
    ),
    "lrp": Attribution(
        summary="the output distributed backward layer by layer (Bach et al. 2015, epsilon rule)",
        compute=_lrp,
        sums_to="number",
        modules=True,
    ),
    "visualbackprop": Attribution(
        summary="averaged maps of all layers, multiplied from top to bottom (Bojarski et al. 2018); "
        "the same for every class",
        compute=_visual_backprop,
        modules=True,
        signed=False,
    ),
}
