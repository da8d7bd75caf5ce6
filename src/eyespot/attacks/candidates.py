"""The candidates of attacks: images drawn from a part of a source, with the predictions of the model.

Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import AttackError
from ..images import Frame
from ..model import Model
from ..samples import load_samples, make_problem
from ..sources.source import Part
from ..tasks.criterion import Aim
from ._quantization import rounded


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Images at a model's input size, each (1, C, H, W) with 256 values, with names and targets.

    `frames` map original pixels to those of the images. `ready` lists the indices of the images to attack; the model
    misclassifies the others.
    """

    names: list[str]
    images: list[Tensor]
    truths: list[Any]
    frames: Frame
    right: list[bool]
    ready: list[int]

    def batches(self, numbers: Sequence[int], size: int) -> list[list[int]]:
        """Some of the images in batches of at most `size` with the same shape."""
        groups: dict[torch.Size, list[int]] = {}
        for number in numbers:
            groups.setdefault(self.images[number].shape, []).append(number)
        return [group[start : start + size] for group in groups.values() for start in range(0, len(group), size)]


def draw(part: Part, count: int, seed: int) -> Part:
    """Draw up to `count` rows of a part without repetition, reproducibly by seed."""
    places = np.random.default_rng(seed).permutation(len(part))[:count]
    return part.take(places)


def candidates(model: Model, part: Part, count: int) -> Candidates:
    """Predict the images of a part, one after another, until `count` of them are classified correctly.

    Raises `AttackError` if the model classifies none of them correctly.
    """
    samples = load_samples(part, model.task, model.images)
    names: list[str] = []
    images: list[Tensor] = []
    truths: list[Any] = []
    right: list[bool] = []
    for row in range(len(samples)):
        if sum(right) >= count:
            break
        images.append(rounded(make_problem(model.task, samples.single(row)).x))
        names.append(part.rows[row].name)
        truths.append(model.task.read(part.rows[row]))
        right.append(_is_right(model, images[-1], truths[-1]))
    if not any(right):
        raise AttackError(f"The model answers none of the {len(right)} images correctly; there is nothing to attack.")
    ready = [number for number, good in enumerate(right) if good]
    frames = samples.frames(np.arange(len(images)))
    return Candidates(names=names, images=images, truths=truths, frames=frames, right=right, ready=ready)


def _is_right(model: Model, image: Tensor, truth: Any) -> bool:
    """Whether an untargeted attack would not skip this image."""
    with torch.no_grad():
        output = model.outputs(image)
    return not model.task.attack_criterion(Aim(), output, [truth], farthest=False).skipped[0]
