"""The answer for one image as a person gets it: plain values and, where the answer is an image, that image."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .errors import TaskError
from .images import Frame, ImageSpec, Picture, read_pixels
from .networks.network import map_output
from .samples import to_batch
from .tasks.task import Hint, Task


@torch.no_grad()
def answer_one(
    task: Task,
    images: ImageSpec,
    output: Any,
    pixels: Tensor,
    picture: Picture,
    frame: Frame,
    hints: Sequence[Hint] = (),
) -> dict[str, Any]:
    """What `task.answer` gives for the `output` (without N) of one image; an image as uint8 (H, W, C) under "picture".

    `pixels` (1, C, H, W) is what the network was asked, and `frame` leads to it from the original `picture`. An answer
    that is an image has the size of the original, which is read again for it, and follows `hints` in its pixels. Raises
    `TaskError` where the task takes no hints, or one lies outside the image.
    """
    if hints and not task.takes_hints:
        raise TaskError(f"hints were given, but {task.name} takes none; leave them out.")
    answer = task.answer(output, frame)
    if not task.answer_suffix:
        return answer
    native = images.fit == "native"
    original = pixels if native else to_batch(read_pixels(picture, replace(images, fit="native"))[None])
    made = task.answer_image(map_output(output, lambda one: one[None]), original, hints)
    assert made is not None, f"{task.name} has an answer_suffix, but its answers are no images"
    return {**answer, "picture": _to_bytes(made[0])}


def _to_bytes(image: Tensor) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as uint8 (H, W, C)."""
    return (image * 255).round_().byte().permute(1, 2, 0).cpu().numpy()
