"""Random augmentation of training batches, to reduce overfitting.

The randomness of a sample depends only on (seed, epoch, index): neither its batch, nor workers,
nor ranks change it. Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..errors import SourceError, look_up
from ..images import Frame, ImageSpec
from .cache import decode_once
from .colors import mean_colors, mix
from .randomness import uniforms
from .source import Source
from .warp import motion, shift_whole_pixels, warp


class AugmentedTask(Protocol):
    """The part of a task that augmentation needs."""

    def allows(self, change: str) -> bool:
        """Whether the target stays valid under this change; `change` is a field of `Preset`."""
        ...

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """The default augmentation, a key of `PRESETS`, for images of `shape` (C, H, W)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Preset:
    """The maximum strength of each change; 0 disables it.

    `flip`: mirrored in every other epoch. `turn`: upside down in two of four epochs, so that with `flip` each image
    comes in all four orientations. `shift`: fraction of a side. `rotate`: degrees in either direction. `zoom`:
    0.25 is a factor from 1/1.25 to 1.25. `color`: change of brightness, contrast, saturation and each channel. `erase`:
    fraction of the image covered by a rectangle with its mean color, in half of the samples (Zhong et al. 2020).
    `recolor`: channels in random order, each mapped to a random range, possibly inverted, so that no color is reliable.
    """

    flip: bool = False
    turn: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    color: float = 0.0
    erase: float = 0.0
    recolor: bool = False


PRESETS: dict[str, Preset] = {
    "none": Preset(),
    "digits": Preset(shift=0.08, rotate=10, zoom=0.1),
    # 4 of 32 pixels, the usual augmentation of CIFAR-10 (He et al. 2016); "light" has airbench's 2 (Jordan 2024).
    "small": Preset(flip=True, shift=0.125, color=0.1, erase=0.25),
    "photos": Preset(flip=True, shift=0.1, rotate=10, zoom=0.25, color=0.2, erase=0.25),
    # Images without an upright direction: from a microscope, or from above.
    "microscopy": Preset(flip=True, turn=True, shift=0.1, rotate=10, zoom=0.25, color=0.2, erase=0.25),
    "small-unmirrored": Preset(shift=0.125, color=0.1, erase=0.25),
    "photos-unmirrored": Preset(shift=0.1, rotate=10, zoom=0.25, color=0.2, erase=0.25),
    "pictures": Preset(flip=True),
    "light": Preset(flip=True, shift=0.0625),
    # Only for tasks in which shapes decide, such as driving on roads of any color.
    "recolored": Preset(flip=True, recolor=True),
}

DRAWS = 28
"""Random numbers per sample. Each purpose has fixed positions, so that adding one does not change the others."""
FLIP, SHIFT, ROTATE, ZOOM, COLOR, ERASE, CROP = 0, slice(1, 3), 3, 4, slice(5, 11), slice(11, 16), slice(16, 18)
RECOLOR, TURN = slice(18, 27), 27
GRAY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the brightness (ITU-R BT.601)."""


def allowed_preset(name: str, task: AugmentedTask, mirror: bool | None = None) -> Preset:
    """The preset of this name, without the changes that the task does not allow.

    `mirror` overrides the preset's mirroring; None keeps it.
    """
    preset = look_up("augmentation", name, PRESETS, SourceError)
    if mirror is not None:
        preset = replace(preset, flip=mirror)
    return replace(preset, **{part.name: 0 for part in fields(Preset) if not task.allows(part.name)})


def augment(
    images: tuple[Tensor, ...], preset: Preset, seed: int, epochs: int | np.ndarray, indices: np.ndarray
) -> tuple[tuple[Tensor, ...], Frame]:
    """Augment a batch of uint8 images (N, C, H, W) on the CPU with a preset.

    Several images of a sample are changed alike. `epochs` (N,) and `indices` (N,) identify the samples. Returns float
    images in [0, 1], and N frames that map the original pixels, to transform the targets.
    """
    drawn = torch.from_numpy(uniforms(seed, epochs, indices, DRAWS)).float()
    mirrored = _alternating(seed, epochs, indices, FLIP)
    turned = _alternating(seed, np.asarray(epochs) // 2, indices, TURN)
    frames = _frames(preset, images[0].shape[2:], mirrored, turned, drawn)
    moved = _color(_move(images, preset, frames), preset, drawn[:, COLOR])
    if preset.recolor:
        moved = tuple(_recolor(image, drawn[:, RECOLOR]) for image in moved)
    return _erase(moved, preset, drawn[:, ERASE]), frames


def choose_preset(source: Source, task: AugmentedTask, images: ImageSpec) -> str:
    """The default preset for a task and its images; color files that contain gray images count as gray."""
    channels = 1 if images.channels == 3 and _is_gray(source, images) else images.channels
    return task.augmentation((channels, images.height, images.width))


def random_crops(
    pictures: Sequence[tuple[np.ndarray, ...]],
    height: int,
    width: int,
    seed: int,
    epochs: int | np.ndarray,
    indices: np.ndarray,
    middle: bool = False,
) -> tuple[tuple[Tensor, ...], Frame]:
    """Crop each uint8 image (H, W, C) to a common size: uint8 (N, C, height, width), and N frames.

    With `middle` these are center crops. The images of one sample are cropped at the same position; images that are
    too small are extended by reflection.
    """
    places = np.full((len(indices), 2), 0.5) if middle else uniforms(seed, epochs, indices, DRAWS)[:, CROP]
    sizes = np.array([_size_of(sample) for sample in pictures])
    corners = (places * (np.maximum(sizes - [height, width], 0) + 1)).astype(int)
    samples = [_crop(sample, height, width, *corner) for sample, corner in zip(pictures, corners.tolist(), strict=True)]
    stacks = [np.stack(images) for images in zip(*samples, strict=True)]
    frames = replace(motion((height, width), shift=-corners), original=sizes)
    return tuple(torch.from_numpy(stack).permute(0, 3, 1, 2) for stack in stacks), frames


def _alternating(seed: int, turns: int | np.ndarray, indices: np.ndarray, purpose: int) -> np.ndarray:
    """Mask of changed samples (N,): half of them in the first turn, the other half in the next, alternating.

    So any two consecutive epochs contain every image in both orientations, where chance would repeat one for half
    of the images (Jordan 2024, https://arxiv.org/abs/2404.00498).
    """
    first = uniforms(seed, 0, indices, DRAWS)[:, purpose] < 0.5
    return first ^ (np.asarray(turns) % 2 == 1)


def _frames(preset: Preset, size: Sequence[int], flip: np.ndarray, turn: np.ndarray, drawn: Tensor) -> Frame:
    """The mirroring, turning, shift (by whole pixels), rotation and zoom of each sample."""
    shift = (2 * drawn[:, SHIFT] - 1) * preset.shift * torch.tensor(size)
    rotate = (2 * drawn[:, ROTATE] - 1) * preset.rotate
    zoom = (1 + preset.zoom) ** (2 * drawn[:, ZOOM] - 1)
    return motion(
        (size[0], size[1]),
        flip=flip & bool(preset.flip),
        rotate=rotate.numpy() + 180 * (turn & bool(preset.turn)),
        zoom=zoom.numpy(),
        shift=shift.round().numpy(),
    )


def _move(images: tuple[Tensor, ...], preset: Preset, frames: Frame) -> tuple[Tensor, ...]:
    """Shift by whole pixels without rotation and zoom, else with one interpolation.

    Returns float images from 0 to 255, channels last; `_recolor` scales them to [0, 1].
    """
    if preset.rotate or preset.zoom:
        images = tuple(warp(image.float(), frames) for image in images)
    elif preset.shift or preset.flip or preset.turn:
        images = shift_whole_pixels(images, frames)
    return tuple(image.to(torch.float32, memory_format=torch.channels_last) for image in images)


def _color(images: tuple[Tensor, ...], preset: Preset, drawn: Tensor) -> tuple[Tensor, ...]:
    """Change brightness, contrast, saturation and the strength of each channel, as one matrix per sample.

    Takes images from 0 to 255, which it may change, and returns images in [0, 1].
    """
    strength = (2 * drawn - 1) * preset.color
    if not preset.color:
        return tuple(image.div_(255) for image in images)
    channels = images[0].shape[1]
    brightness, contrast, saturation = strength[:, 0] / 2, 1 + strength[:, 1], 1 + strength[:, 2]
    matrix = contrast[:, None, None] * torch.eye(channels)
    if channels == 3:
        gray = torch.tensor(GRAY).expand(3, 3)
        color = saturation[:, None, None]
        gains = 1 + strength[:, 3:] / 2
        matrix = gains[:, :, None] * (color * matrix + (1 - color) * contrast[:, None, None] * gray)
    offset = 0.5 * (1 - contrast) + brightness
    return tuple(mix(image, matrix / 255, offset).clamp_(0, 1) for image in images)


def _recolor(images: Tensor, drawn: Tensor) -> Tensor:
    """Shuffle the channels of images (N, C, H, W) in [0, 1], and map each to a random range (low, high) or (high, low).

    `drawn` (N, 9): the order of the channels, then the two ends of each range.
    """
    channels = images.shape[1]
    order = drawn[:, :channels].argsort(1)
    start, end = drawn[:, 3 : 3 + channels], drawn[:, 6 : 6 + channels]
    return (
        images.gather(1, order[:, :, None, None].expand_as(images)) * (end - start)[..., None, None]
        + start[..., None, None]
    )


def _erase(images: tuple[Tensor, ...], preset: Preset, drawn: Tensor) -> tuple[Tensor, ...]:
    """Cover a rectangle of each image with its mean color, in half of the samples; changes `images` in place."""
    if not preset.erase:
        return images
    share = torch.where(drawn[:, 0] < 0.5, drawn[:, 1] * preset.erase, 0.0)
    channels, height, width = images[0].shape[1:]
    shape = 2 ** (2 * drawn[:, 2] - 1)
    tops, bottoms = _interval((share * shape).sqrt(), drawn[:, 3], height)
    lefts, rights = _interval((share / shape).sqrt(), drawn[:, 4], width)
    covered = share.nonzero()[:, 0].tolist()
    for image in images:
        lines = image.permute(0, 2, 3, 1).view(-1, height, width * channels).numpy()  # numpy takes a tenth of the time
        means = mean_colors(image).repeat(1, width).numpy()
        for number in covered:
            columns = slice(lefts[number] * channels, rights[number] * channels)
            lines[number, tops[number] : bottoms[number], columns] = means[number, columns]
    return images


def _interval(length: Tensor, place: Tensor, side: int) -> tuple[list[int], list[int]]:
    """Start and end of a random interval of `length` (a fraction of the side), in pixels."""
    begin = place * (1 - length) * side
    return begin.round().int().tolist(), (begin + length * side).round().int().tolist()


def _size_of(sample: tuple[np.ndarray, ...]) -> tuple[int, int]:
    height, width = sample[0].shape[:2]
    if any(picture.shape[:2] != (height, width) for picture in sample):
        raise SourceError(
            f"The images of one sample have the sizes {[picture.shape[:2] for picture in sample]}; "
            "expected the same, so that they can be cut at the same place."
        )
    return height, width


def _crop(sample: tuple[np.ndarray, ...], height: int, width: int, top: int, left: int) -> list[np.ndarray]:
    rows, columns = sample[0].shape[:2]
    border = ((0, max(height - rows, 0)), (0, max(width - columns, 0)), (0, 0))
    cut = [picture[top : top + height, left : left + width] for picture in sample]
    return [np.pad(piece, border, mode="symmetric") if any(map(any, border)) else piece for piece in cut]


def _is_gray(source: Source, images: ImageSpec) -> bool:
    """Return whether color files contain gray images, by a sample of up to 20."""
    decoded = decode_once(source.train, images)
    pictures = (decoded.image(number) for number in range(0, len(decoded), max(1, len(decoded) // 20)))
    return all((picture == picture[..., :1]).all() for picture in pictures)
