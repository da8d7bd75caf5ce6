"""Targets of N samples: one tensor, or several by name, batch dimension first; ragged ones are padded with NaN."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Target = Tensor | dict[str, Tensor]
"""Targets of N samples, batch dimension first; ragged ones (boxes, points) are padded with NaN."""


def index_target(target: Target, rows: Any) -> Target:
    """Select the targets of some samples: `rows` is a slice, or an array or tensor of indices."""
    if isinstance(rows, np.ndarray):
        rows = torch.from_numpy(rows)
    if isinstance(target, dict):
        return {name: values[rows] for name, values in target.items()}
    return target[rows]


def target_to(target: Target, device: str | torch.device) -> Target:
    """Move targets to another device."""
    if isinstance(target, dict):
        return {name: values.to(device) for name, values in target.items()}
    return target.to(device)


def pad_ragged(arrays: Sequence[Any], width: int) -> Tensor:
    """Stack arrays (M_i, width), such as the boxes of each image, as float32 (N, max M, width) padded with NaN.

    >>> pad_ragged([[[1, 2]], [], [[3, 4], [5, 6]]], width=2).shape
    torch.Size([3, 2, 2])
    """
    padded = torch.full((len(arrays), max((len(array) for array in arrays), default=0), width), torch.nan)
    for place, array in enumerate(arrays):
        padded[place, : len(array)] = torch.as_tensor(np.asarray(array, np.float32).reshape(-1, width))
    return padded


def unpad_ragged(padded: Tensor) -> list[Tensor]:
    """Return the arrays (M_i, ...) of each image without the NaN padding."""
    return [values[~values.flatten(1).isnan().all(1)] for values in padded]
