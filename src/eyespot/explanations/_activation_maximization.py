"""Activation maximization: an image that is optimized to activate a unit, by gradient ascent.

Erhan et al. 2009, "Visualizing higher-layer features of a deep network"; regularized as in Olah et al. 2017, "Feature
Visualization" (https://distill.pub/2017/feature-visualization). Without regularizers, gradient ascent finds noise.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..networks.graph.record import Call
from ..networks.graph.replay import replay, require_followed
from ..progress import report
from ._deconvnet import LAYERS
from ._explanation import Check, Explanation, Panel
from ._request import At, ExplanationRequest
from ._trace import check_place
from .subject import Subject, choose_layer, choose_unit

STEPS = 96
RATE = 0.05
"""Learning rate of Adam."""
SHIFT = 16
"""Divisor of the image's smaller side: the largest random shift in each step, in pixels."""
SMOOTHNESS = 0.05
"""Weight of the total variation, relative to the activation."""
START = 0.01
"""Standard deviation of the random spectrum that the ascent starts from."""
GAIN = 0.25
"""Factor of the signal before the sigmoid, which limits the contrast."""
COLORS = ((0.26, 0.09, 0.02), (0.27, 0.0, -0.05), (0.27, -0.09, 0.03))
"""Square root of the covariance of red, green and blue in natural images (Olah et al. 2017)."""
ACTIVATIONS = ("relu", "tanh", "elementwise")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Goal:
    """The number to maximize: one unit of a call, at a position or in the mean over its map."""

    calls: Sequence[Call]
    unit: int
    at: At

    def map_of(self, x: Tensor, activated: bool = True) -> Tensor:
        """The unit's values (N, ...) for network inputs x (N, C, H, W), or those before the activation at the end."""
        last = self.calls[-1]
        replaced = {last.index: lambda x: x} if not activated and _saturates(last) else {}
        return replay(self.calls, x, replaced)[-1][:, self.unit]

    def value(self, values: Tensor) -> Tensor:
        """The number to maximize, for the unit's values of one image (1, ...)."""
        return values.mean() if self.at is None else values[0, self.at[0], self.at[1]]


def explain_activation_maximization(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Optimize an image for one unit, and compare its activation with that of the given image."""
    call = choose_layer(subject.calls, request.layer, LAYERS)
    unit = choose_unit(call, request.unit)
    calls = subject.calls[: call.index + 1]
    require_followed(calls, "Activation maximization")
    position = check_place(call, unit, request.at)
    goal = _Goal(calls=calls, unit=unit, at=position if request.at else None)
    optimized, curve = _ascend(goal, subject.model.network_x, subject.pixels.shape, request.seed or 0)
    own, reached = (_measure(goal, subject.model.network_x(pixels)) for pixels in (subject.pixels, optimized))
    where = f" at row {goal.at[0]}, column {goal.at[1]}" if goal.at else ""
    picture = (optimized[0] * 255).round().byte().permute(1, 2, 0).numpy()
    return Explanation(
        method="activation-maximization",
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"unit {unit}{where} (activation {reached:.4g}; {own:.4g} on the image)",
        layer=call.name,
        values={"unit": unit, "at": goal.at, "activation": reached, "on_the_image": own, "steps": STEPS},
        maps={"optimized": picture},
        checks=(_check(own, reached),),
        notes=(_regularizers(subject, call, goal.at), *subject.notes),
        panels=(
            Panel(title="the image", kind="picture", values=subject.picture),
            Panel(title="image optimized for the unit", kind="picture", values=picture),
            Panel(
                title="activation in each step",
                kind="curves",
                values={"activation": curve},
                legend="activation",
                across="step",
            ),
        ),
    )


def _measure(goal: _Goal, x: Tensor) -> float:
    """The activation at the position, or the largest of the map."""
    with torch.no_grad():
        values = goal.map_of(x)
        return float(values.max() if goal.at is None else goal.value(values))


def _ascend(
    goal: _Goal, network_x: Callable[[Tensor], Tensor], shape: torch.Size, seed: int
) -> tuple[Tensor, list[tuple[int, float]]]:
    """The optimized pixels (1, C, H, W) in [0, 1], and the activation in each step."""
    generator = torch.Generator().manual_seed(seed)
    height, width = shape[2:]
    scale = _low_frequencies(height, width)
    spectrum = torch.randn(*shape[:2], *scale.shape, 2, generator=generator) * START
    spectrum.requires_grad_()
    optimizer = torch.optim.Adam([spectrum], lr=RATE)
    most = _largest_shift(shape, goal.at)
    curve = []
    for step in range(STEPS):
        with torch.enable_grad():
            pixels = _pixels(spectrum, scale, height, width)
            down, across = (int(torch.randint(-most, most + 1, (), generator=generator)) for _ in range(2))
            values = goal.map_of(network_x(pixels.roll((down, across), (2, 3))), activated=False)
            number = goal.value(values)
            loss = -number + SMOOTHNESS * number.detach().abs() * _variation(pixels)
            (spectrum.grad,) = torch.autograd.grad(loss, spectrum)  # not of the weights, which stay as they are
        optimizer.step()
        curve.append((step + 1, float(number.detach())))
        report(step + 1, STEPS)
    return _pixels(spectrum, scale, height, width).detach(), curve


def _low_frequencies(height: int, width: int) -> Tensor:
    """The factor of each spatial frequency (H, W // 2 + 1): its wavelength in pixels, at most the longer side."""
    down, across = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    frequency = (down**2 + across**2).sqrt()
    return 1 / frequency.clamp(min=1 / max(height, width))


def _pixels(spectrum: Tensor, scale: Tensor, height: int, width: int) -> Tensor:
    """Pixels (N, C, H, W) in [0, 1] of a scaled spectrum (N, C, H, W // 2 + 1, 2): real and imaginary parts."""
    signal = torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, s=(height, width), norm="ortho")
    if signal.shape[1] == len(COLORS):
        colors = torch.tensor(COLORS)
        signal = torch.einsum("rc,nchw->nrhw", colors / colors.norm(dim=0).max(), signal)
    return torch.sigmoid(GAIN * signal)


def _variation(pixels: Tensor) -> Tensor:
    """Total variation: the mean absolute difference of neighboring pixels."""
    return pixels.diff(dim=2).abs().mean() + pixels.diff(dim=3).abs().mean()


def _check(own: float, reached: float) -> Check:
    return Check(
        name="activation on the optimized image minus that on the given image",
        value=reached - own,
        summary="Positive if the ascent found an image that activates the unit more.",
        passed=reached > own,
    )


def _regularizers(subject: Subject, call: Call, at: At) -> str:
    most = _largest_shift(subject.pixels.shape, at)
    moved = f"random shifts of up to {most} pixels in each step, " if most else ""
    before = " The value before the activation is maximized, which does not saturate." if _saturates(call) else ""
    number = "the value at the position" if at else "the mean of the map"
    colors = "colors are correlated as in natural images, " if subject.pixels.shape[1] == len(COLORS) else ""
    return (
        f"Maximizes {number} in {STEPS} steps of Adam. Regularizers: low frequencies are favored (each by its "
        f"wavelength), {colors}{moved}a penalty of {SMOOTHNESS:g} times the total variation, and pixel values limited "
        f"to 0 to 1 by a sigmoid.{before}"
    )


def _saturates(call: Call) -> bool:
    """Whether a call is an activation of one input: at a limit of it, the gradient is zero."""
    return call.kind in ACTIVATIONS and len(call.inputs) == 1


def _largest_shift(shape: torch.Size, at: At) -> int:
    """Random shifts move the pattern over the map, so there are none for a position."""
    return 0 if at else max(1, min(shape[2:]) // SHIFT)
