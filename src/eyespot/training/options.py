"""The options of a training; options that are left open are chosen automatically."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import RecipeError, unknown


def _option(default: Any, help: str) -> Any:
    """A field with its default and a one-line help text for the command line and the server."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of a training; None leaves the choice to eyespot.

    `eyespot train` has an option and `eyespot.train` a keyword for each field. Raises `RecipeError` for an invalid
    value.
    """

    task: str | None = _option(
        None,
        "classify, tag, regress, rank, identify, denoise, generate, detect, locate or colorize; or denoise:sigma=50.",
    )
    start: str | None = _option(None, "Initial weights: auto, scratch (random), probe or finetune.")
    weights: str | None = _option(
        None, "Pretrained weights: efficientnet-lite0, sface, timm:NAME, torchvision:NAME, or a .safetensors."
    )
    network: str | None = _option(None, "A name from `eyespot networks`, or a network as text.")
    size: str | None = _option(None, "tiny, small, medium or large; for the network denoiser also WIDTHxDEPTH.")
    input: str | None = _option(None, "Input size HEIGHTxWIDTHxCHANNELS, such as 64x64x3.")
    fit: str | None = _option(
        None,
        "How to fit images of another shape: crop, stretch or pad (default: depends on the "
        "area that cropping would lose).",
    )
    range: str | None = _option(None, "Values LOW,HIGH to map to black and white (16-bit and float images).")
    epochs: float | None = _option(None, "Passes over the training images.")
    minutes: float | None = _option(None, "Training time in minutes, instead of epochs.")
    batch: int | None = _option(None, "Images per step.")
    micro_batches: int | None = _option(None, "Micro-batches per batch, to save memory.")
    optimizer: str | None = _option(None, "muon, sphere, adamw, adam or sgd.")
    rate: float | None = _option(None, "Highest learning rate.")
    weight_decay: float | None = _option(None, "Weight decay: each step shrinks weights by rate x decay.")
    lookahead: bool = _option(False, "Continue from the averaged weights every 5,120 images.")
    augment: str | None = _option(None, "none, digits, small, photos, microscopy, pictures or light.")
    mirror: str | None = _option(None, "Mirror training images at random: yes, no or auto (tested on the data).")
    norm: str | None = _option(None, "Normalization: batch, group or none.")
    precision: str | None = _option(None, "float32 or bfloat16; default: the faster one, as measured.")
    robust: str | None = _option(None, "Train for robustness: adversarial or noise; adversarial:size=0.1.")
    snapshots: bool = _option(False, "Keep the network of every epoch.")
    seed: int = _option(0, "Random seed.")

    def __post_init__(self) -> None:
        if self.epochs is not None and self.minutes is not None:
            raise RecipeError("epochs and minutes were both given; give only one of them.")
        for name in ("epochs", "minutes", "batch", "micro_batches", "rate"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise RecipeError(f"{name} is {value}; give a number above 0.")
        if self.weight_decay is not None and not (self.weight_decay >= 0 and math.isfinite(self.weight_decay)):
            raise RecipeError(f"weight_decay is {self.weight_decay}; give 0 or a number above 0.")
        if self.mirror not in (None, "auto", "yes", "no"):
            raise RecipeError(f"mirror is '{self.mirror}'; expected yes, no or auto.")
        if self.start == "scratch" and self.weights is not None:
            raise RecipeError(f"weights are {self.weights}, but start is scratch; give only one of them.")
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"seed is {self.seed}; give a whole number from 0 to {2**63 - 1}.")


def options_from(values: Mapping[str, Any]) -> TrainOptions:
    """Options from plain values; an unknown name raises `RecipeError` with the nearest one."""
    names = [field.name for field in fields(TrainOptions)]
    for name in values:
        if name not in names:
            raise RecipeError(unknown("training option", name, names))
    return TrainOptions(**values)
