"""What the channels of a generator draw: the same images with one channel switched off.

Bau et al. 2019, "GAN Dissection: Visualizing and Understanding Generative Adversarial Networks"
(https://arxiv.org/abs/1811.10597). Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelError, look_up
from ..model import Model


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """The images (N, C, H, W) without one channel of a layer, and their mean absolute change, from 0 to 1."""

    channel: int
    change: float
    images: Tensor = field(repr=False)


def generator_layers(model: Model) -> dict[str, nn.Module]:
    """The layers of a generator with maps of several channels, by name; raise `ModelError` for another model."""
    generator = getattr(model.network, "generator", None)
    if not isinstance(generator, nn.Module):
        raise ModelError("This model has no generator; expected one of the task generate.")
    return dict(list(generator.named_children())[:-1])  # the last layer is the image


@torch.no_grad()
def dissect(model: Model, layer: str, seed: int, n: int = 8, channels: int = 8) -> tuple[Tensor, list[Ablation]]:
    """The `n` samples of a seed, and the `channels` channels of a layer whose absence changes them most.

    A channel is switched off by setting its map to 0 after normalization and ReLU. Raises `ModelError` for a model
    without a generator or an unknown layer.
    """
    chosen = look_up("layer of the generator", layer, generator_layers(model), ModelError)
    plain = model.sample(seed, n)
    found = []
    for channel in range(_channels(model, chosen, seed)):
        with _without(chosen, channel):
            images = model.sample(seed, n)
        change = float((images - plain).abs().mean())
        found.append(Ablation(channel=channel, change=change, images=images))
    return plain, sorted(found, key=lambda each: -each.change)[:channels]


def _channels(model: Model, layer: nn.Module, seed: int) -> int:
    shapes: list[int] = []
    hook = layer.register_forward_hook(lambda _layer, _given, output: shapes.append(output.shape[1]))
    try:
        model.sample(seed, 1)
    finally:
        hook.remove()
    return shapes[0]


@contextmanager
def _without(layer: nn.Module, channel: int) -> Iterator[None]:
    """Set one channel of a layer's output to 0."""

    def silence(_layer: nn.Module, _given: Any, output: Tensor) -> Tensor:
        kept = output.clone()
        kept[:, channel] = 0
        return kept

    hook = layer.register_forward_hook(silence)
    try:
        yield
    finally:
        hook.remove()
