"""Quality of a denoised image without the clean one, estimated from the residual (the removed noise).

Shapes: N images, C channels, H height, W width; pixels in [0, 1].
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..noise import noise_level

SIDE = 1024
"""Side in pixels of the central part of an image that is analyzed."""
BLOCK = 8
"""Side in pixels of the blocks in which the residual is compared with the edges of the answer."""
FEWEST_BLOCKS = 16
EDGES = 0.5
"""Above this correlation with the edges of the answer, the residual still contains edges."""


def residual_statistics(answer: Tensor, pixels: Tensor, channels: int) -> dict[str, Any]:
    """The estimated noise of one image (1, C, H, W) before and after, and whether the residual contains edges.

    `channels` are those of the original. Keys: "noise" (standard deviation on the scale 0 to 255), "edges" (correlation
    of the residual's energy with that of the edges, None for small images) and "note" (the same as text).
    """
    answer, pixels = _middle(answer), _middle(pixels)
    before, after = noise_level(torch.cat([pixels, answer])).tolist()
    edges = edge_correlation(pixels - answer, answer)
    notes = [f"noise of deviation {before:.1f} before, {after:.1f} after"]
    if edges is not None and edges > EDGES:
        notes.append(
            f"what was taken away still shows edges (correlation {edges:.2f}), so details are lost: the noise is "
            "weaker or of another kind than the model learned"
        )
    if channels != pixels.shape[1]:
        kinds = {1: "gray", 3: "color"}
        notes.append(f"the image is {kinds[channels]}, the model and its answer {kinds[pixels.shape[1]]}")
    return {"noise": before, "edges": edges, "note": "; ".join(notes)}


def edge_correlation(residual: Tensor, answer: Tensor) -> float | None:
    """Correlation of the mean square of the residual (1, C, H, W) in blocks with that of the answer's edges.

    Spearman's rank correlation over blocks of 8 x 8 pixels: about 0 for noise that is independent of the image, 1 if
    the residual consists of its edges. None if there are fewer than 16 blocks, or the residual is zero.
    """
    strength = _blocks(residual - F.avg_pool2d(residual, 3, 1, 1, count_include_pad=False))
    right, down = answer[..., :-1, 1:] - answer[..., :-1, :-1], answer[..., 1:, :-1] - answer[..., :-1, :-1]
    slopes = _blocks(F.pad(right.square() + down.square(), (0, 1, 0, 1)).sqrt())
    if strength.numel() < FEWEST_BLOCKS or float(strength.std()) < 1e-9 or float(slopes.std()) < 1e-9:
        return None
    return float(torch.corrcoef(torch.stack([_ranks(strength), _ranks(slopes)]))[0, 1])


def _blocks(values: Tensor) -> Tensor:
    """Mean square of the values in each block, as a vector."""
    if min(values.shape[2:]) < BLOCK:
        return torch.zeros(0)
    return F.avg_pool2d(values.square().mean(1, keepdim=True), BLOCK).flatten()


def _ranks(values: Tensor) -> Tensor:
    return values.argsort().argsort().float()


def _middle(pixels: Tensor) -> Tensor:
    top, left = (max(0, (side - SIDE) // 2) // 2 * 2 for side in pixels.shape[2:])
    return pixels[:, :, top : top + SIDE, left : left + SIDE]
