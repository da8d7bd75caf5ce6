"""The answer for one image as a person gets it: plain values and, where the answer is an image, that image."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from .errors import TaskError
from .images import Frame, ImageSpec, Picture, is_deep, read_framed, read_pixels, read_size
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
    """What `task.answer` gives for the `output` (without N) of one image, and an image (H, W, C) under "picture".

    `pixels` (1, C, H, W) is what the network was asked, and `frame` leads to it from the original `picture`. An answer
    that is an image has the size of the original, which is read again for it, and follows `hints` in its pixels; it is
    uint8, or uint16 where the task keeps the depth of a file of more than 8 bits. Raises `TaskError` where the task
    takes no hints, or one lies outside the image.
    """
    if hints and not task.takes_hints:
        raise TaskError(f"hints were given, but {task.name} takes none; leave them out.")
    answer = task.answer(output, frame)
    if not task.answer_suffix:
        return answer
    native = images.fit == "native"
    original = pixels if native else to_batch(read_pixels(picture, replace(images, fit="native"))[None])
    raw = map_output(output, lambda one: one[None])
    made = task.answer_image(raw, original, hints)
    assert made is not None, f"{task.name} has an answer_suffix, but its answers are no images"
    deep = task.keeps_depth and native and is_deep(picture)
    answer = {**answer, **task.answer_statistics(raw, pixels, read_size(picture)[2])}
    return {**answer, "picture": _to_levels(made[0], images) if deep else _to_bytes(made[0])}


def read_for(task: Task, images: ImageSpec, picture: Picture, name: str = "") -> tuple[np.ndarray, Frame]:
    """What is asked of a model for a picture (H, W, C), and the frame that leads to it from the upright picture.

    uint8, or uint16 where the task keeps the depth of a file.
    """
    return read_framed(picture, images, name, levels=task.keeps_depth and images.fit == "native")


def with_settings(task: Task, settings: Mapping[str, Any]) -> Task:
    """The task with other values of `answer_settings`; raises `TaskError` for settings that it does not have."""
    for name in settings:
        if name not in task.answer_settings:
            raise TaskError(f"the task {task.name} has no {name}; leave it out.", argument=name)
    return replace(cast(Any, task), **settings)


def _to_levels(image: Tensor, images: ImageSpec) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as uint16 (H, W, C), in the units of the files where these are whole numbers."""
    low, high = images.value_range or (0.0, 65535.0)
    if not (low >= 0 and 1 < high <= 65535):
        low, high = 0.0, 65535.0
    return np.rint(low + image.double().permute(1, 2, 0).cpu().numpy() * (high - low)).astype(np.uint16)


def _to_bytes(image: Tensor) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as uint8 (H, W, C)."""
    return (image * 255).round_().byte().permute(1, 2, 0).cpu().numpy()
