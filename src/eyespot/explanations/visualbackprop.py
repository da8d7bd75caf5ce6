"""VisualBackProp: which pixels a network uses, cheaper than another forward pass.

Bojarski et al. 2018, "VisualBackProp: efficient visualization of CNNs for autonomous driving"
(https://arxiv.org/abs/1611.05418): the maps after each convolution and its ReLU are averaged over channels; starting at
the deepest, the average is upsampled to the size of the previous one by a transposed convolution with weights of one,
and multiplied with it. Shapes: C channels, H height, W width.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ExplanationError
from ..networks.graph.record import Call

RECTIFIED = ("relu", "tanh", "elementwise")
WINDOWED = ("conv", "max_pool", "average_pool")


@torch.no_grad()
def visual_backprop(calls: Sequence[Call]) -> Tensor:
    """The mask (1, 1, H, W) of the recorded image, from 0 to 1.

    At a sum or a concatenation the branch that was computed last, the one with the convolutions, is followed.
    Raises `ExplanationError` for a network without activations that have positions.
    """
    deepest = [call for call in calls if call.kind in RECTIFIED and len(call.shape) == 3 and max(call.shape[1:]) > 1]
    if not deepest:
        raise ExplanationError("VisualBackProp needs layers with maps; this network has none.")
    call = deepest[-1]
    mask = _average(call)
    while call.inputs:
        source = calls[max(call.inputs)]
        mask = _spread(mask, call, source)
        call = source
        if call.kind in RECTIFIED:
            mask = mask * _average(call)
    low, high = mask.min(), mask.max()
    return (mask - low) / (high - low).clamp(min=1e-12)


def _average(call: Call) -> Tensor:
    """Mean over channels, scaled so that a long product neither vanishes nor explodes."""
    mean = call.output[:1].mean(1, keepdim=True)
    return mean / mean.abs().max().clamp(min=1e-12)


def _spread(mask: Tensor, call: Call, source: Call) -> Tensor:
    """Upsample from the size of a call's output to that of its input."""
    size = source.output.shape[-2:]
    if call.kind not in WINDOWED or len(source.shape) != 3:
        return mask if mask.shape[-2:] == size else F.interpolate(mask, size=(size[0], size[1]))
    kept = call.settings
    ones = torch.ones(1, 1, *kept["kernel"])
    room = F.conv_transpose2d(mask, ones, stride=kept["stride"], dilation=kept["dilation"])
    top, left = kept["padding"]
    below, right = (
        max(0, need - have) for need, have in zip((size[0] + top, size[1] + left), room.shape[2:], strict=True)
    )
    return F.pad(room, (0, right, 0, below))[:, :, top : top + size[0], left : left + size[1]]
