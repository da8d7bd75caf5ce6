"""Change whole batches of images a little before they are learned from, so that a network does not learn them by heart.

What is random about a sample follows from (seed, epoch, index) alone: neither the batch that it is in, nor workers,
nor ranks can change it. Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import SourceError, look_up
from ..images import ImageSpec
from .cache import decode_once
from .colors import mean_colors, mix
from .randomness import uniforms
from .source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change made to a batch of images before they are learned from, so that a task can say what it does to targets.

    `kind` is "flip" (left and right change places), "shift", "turn", "zoom", "color" or "erase". `amount` (N,) is
    1 or 0 (flip), the share of the width to the right (shift), degrees against the clock (turn), a factor (zoom), or
    a strength.
    """

    kind: str
    amount: Tensor


class NotAllowed(Exception):
    """A task says: this change would make the answer wrong; do not make it."""


class Moving(Protocol):
    """The part of a task that augmentation needs."""

    def transform_target(self, target: Tensor, change: Change) -> Tensor:
        """Targets (N, ...) under a change of their images; raises `NotAllowed` where it would make the answer wrong."""
        ...

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """The key of `PRESETS` that suits pictures of `shape` (C, H, W)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Preset:
    """How much images are changed, at most; 0 for what is not done at all.

    `flip`: mirrored in every other epoch. `shift`: share of a side. `rotate`: degrees either way. `zoom`: 0.25 is
    a factor from 1/1.25 to 1.25. `color`: change of brightness, contrast, saturation and of each channel. `erase`:
    share of the picture that a rectangle covers with the picture's mean color, half of the time (Zhong et al. 2020).
    """

    flip: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    color: float = 0.0
    erase: float = 0.0


PRESETS: dict[str, Preset] = {
    "none": Preset(),
    "digits": Preset(shift=0.08, rotate=10, zoom=0.1),
    "small": Preset(flip=True, shift=0.125, color=0.1, erase=0.25),
    "photos": Preset(flip=True, shift=0.1, rotate=10, zoom=0.25, color=0.2, erase=0.25),
    "pictures": Preset(flip=True),
    "light": Preset(flip=True, shift=0.0625),
}

DRAWS = 18
"""Random numbers a sample: each purpose has its own places among them, so that one cannot disturb another."""
FLIP, SHIFT, ROTATE, ZOOM, COLOR, ERASE, CROP = 0, slice(1, 3), 3, 4, slice(5, 11), slice(11, 16), slice(16, 18)
GRAY = (0.299, 0.587, 0.114)
"""What red, green and blue add to brightness (ITU-R BT.601)."""


def augment(
    images: tuple[Tensor, ...],
    target: Tensor,
    task: Moving,
    seed: int,
    epochs: int | np.ndarray,
    indices: np.ndarray,
    preset: str,
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Change a batch of uint8 images (N, C, H, W) on the CPU, and its targets, as the preset and the task allow.

    Several images of a sample are changed alike. `epochs` (N,) and `indices` (N,) name the samples. Returns float
    images in [0, 1], and the targets.
    """
    allowed = _Allowed(task, target, look_up("augmentation", preset, PRESETS, SourceError))
    drawn = torch.from_numpy(uniforms(seed, epochs, indices, DRAWS)).float()
    moved = _move(images, allowed, _mirrored(seed, epochs, indices), drawn)
    moved = _recolor(moved, allowed, drawn[:, COLOR])
    return _erase(moved, allowed, drawn[:, ERASE]), allowed.target


def choose_preset(source: Source, task: Moving, images: ImageSpec) -> str:
    """The preset that suits a task and its images; color files that hold gray pictures count as gray."""
    channels = 1 if images.channels == 3 and _is_gray(source, images) else images.channels
    return task.augmentation((channels, images.height, images.width))


def random_crops(
    pictures: Sequence[tuple[np.ndarray, ...]],
    height: int,
    width: int,
    seed: int,
    epochs: int | np.ndarray,
    indices: np.ndarray,
) -> tuple[Tensor, ...]:
    """Cut a piece of one size out of each uint8 picture (H, W, C): uint8 (N, C, height, width).

    The pictures of one sample are cut at the same place; a picture that is too small is continued by its mirror image.
    """
    places = uniforms(seed, epochs, indices, DRAWS)[:, CROP]
    samples = [_crop(sample, height, width, place) for sample, place in zip(pictures, places, strict=True)]
    stacks = [np.stack(images) for images in zip(*samples, strict=True)]
    return tuple(torch.from_numpy(stack).permute(0, 3, 1, 2) for stack in stacks)


class _Allowed:
    """The changes of a preset that a task allows, and the target as the changes so far have left it."""

    def __init__(self, task: Moving, target: Tensor, preset: Preset) -> None:
        self.task = task
        self.target = target
        self.preset = preset

    def make(self, kind: str, amount: Tensor) -> bool:
        """Move the target along with a change, and tell whether it is allowed."""
        if not getattr(self.preset, kind):
            return False
        try:
            self.target = self.task.transform_target(
                self.target, Change(kind=kind, amount=amount.to(self.target.device))
            )
        except NotAllowed:
            return False
        return True


def _mirrored(seed: int, epochs: int | np.ndarray, indices: np.ndarray) -> Tensor:
    """Which samples (N,) are mirrored: half of them in the first epoch, the other half in the next, and so on by turns.

    So any two epochs in a row show every image both ways, where chance would show half of them twice alike (Jordan
    2024, https://arxiv.org/abs/2404.00498).
    """
    first = uniforms(seed, 0, indices, FLIP + 1)[:, FLIP] < 0.5
    return torch.from_numpy(first ^ (np.asarray(epochs) % 2 == 1))


def _move(images: tuple[Tensor, ...], allowed: _Allowed, flip: Tensor, drawn: Tensor) -> tuple[Tensor, ...]:
    """Mirror, shift, turn and zoom: by whole pixels where nothing is turned or zoomed, else in one interpolation.

    Returns float images from 0 to 255, channels last; `_recolor` brings them to [0, 1].
    """
    preset, (height, width) = allowed.preset, images[0].shape[2:]
    shift = (2 * drawn[:, SHIFT] - 1) * preset.shift
    sides = torch.tensor([height, width])
    shift = (shift * sides).round() / sides
    rotate = (2 * drawn[:, ROTATE] - 1) * preset.rotate
    zoom = (1 + preset.zoom) ** (2 * drawn[:, ZOOM] - 1)
    flips, shifts = allowed.make("flip", flip.float()), allowed.make("shift", shift[:, 1])
    rotates, zooms = allowed.make("rotate", rotate), allowed.make("zoom", zoom)
    flip, shift = flip & flips, shift * shifts
    if rotates or zooms:
        rotate, zoom = rotate * rotates, zoom if zooms else torch.ones_like(zoom)
        sampled = tuple(_sampled(image.float(), flip, shift, rotate, zoom) for image in images)
        return tuple(image.contiguous(memory_format=torch.channels_last) for image in sampled)
    if shifts or flips:
        places = _places(flip, (shift * sides).round().int(), height, width)
        images = tuple(_gathered(image, places) for image in images)
    return tuple(image.to(torch.float32, memory_format=torch.channels_last) for image in images)


def _places(flip: Tensor, pixels: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel of the mirrored and shifted images comes from, as its number among all pixels of the batch.

    Each image is shifted by whole `pixels` (N, 2), down and to the right; a mirror on its last pixels fills the border.
    As int32 (a batch has fewer than 2^31 pixels) the places are made and read in less time.
    """
    rows = _reflected(torch.arange(height, dtype=torch.int32) - pixels[:, :1])
    columns = _reflected(torch.arange(width, dtype=torch.int32) - pixels[:, 1:])
    columns = torch.where(flip[:, None], width - 1 - columns, columns)
    first = torch.arange(len(pixels), dtype=torch.int32) * (height * width)
    return (first[:, None, None] + rows[:, :, None] * width + columns[:, None, :]).flatten()


def _reflected(places: Tensor) -> Tensor:
    """Places (N, S) along a side of S pixels, those beyond its ends sent back as by mirrors on the last pixels."""
    last = places.shape[1] - 1
    return last - (last - places.abs()).abs()


def _gathered(images: Tensor, places: Tensor) -> Tensor:
    """The pixels at `places` as images of the same shape: all channels of a pixel at once, as they lie in the cache."""
    count, channels, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).reshape(-1, channels)
    return pixels.index_select(0, places).view(count, height, width, channels).permute(0, 3, 1, 2)


def _sampled(images: Tensor, flip: Tensor, shift: Tensor, rotate: Tensor, zoom: Tensor) -> Tensor:
    """Mirror, then turn and zoom about the middle, then shift, with one interpolation.

    The grid asks where each pixel of the result comes from, so it is made of the inverse of these steps.
    """
    height, width = images.shape[2:]
    cosine, sine = torch.cos(torch.deg2rad(rotate)) / zoom, torch.sin(torch.deg2rad(rotate)) / zoom
    x, y = _middles(width) - 2 * shift[:, 1:], _middles(height) - 2 * shift[:, :1]
    mirror = 1.0 - 2.0 * flip
    # As complex numbers x + iy, each the sum of a row's and a column's, they take less than a tenth of F.affine_grid.
    across = torch.complex((mirror * cosine)[:, None] * x, (sine * (width / height))[:, None] * x)
    down = torch.complex((-mirror * sine * (height / width))[:, None] * y, cosine[:, None] * y)
    grid = torch.view_as_real(across[:, None, :] + down[:, :, None])
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _middles(side: int) -> Tensor:
    """The middles of one side's pixels, where the side reaches from -1 to 1."""
    return (2 * torch.arange(side) + 1) / side - 1


def _recolor(images: tuple[Tensor, ...], allowed: _Allowed, drawn: Tensor) -> tuple[Tensor, ...]:
    """Brightness, contrast, saturation and the strength of each channel, as one matrix for each sample.

    Takes images from 0 to 255, which it may change, and returns images in [0, 1].
    """
    strength = (2 * drawn - 1) * allowed.preset.color
    if not allowed.make("color", strength.abs().mean(1)):
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


def _erase(images: tuple[Tensor, ...], allowed: _Allowed, drawn: Tensor) -> tuple[Tensor, ...]:
    """Cover a rectangle of each image with its mean color, in half of the samples; changes `images` in place."""
    share = torch.where(drawn[:, 0] < 0.5, drawn[:, 1] * allowed.preset.erase, 0.0)
    if not allowed.make("erase", share):
        return images
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
    """Where a random interval of `length` (a share of the side) begins and ends, in pixels."""
    begin = place * (1 - length) * side
    return begin.round().int().tolist(), (begin + length * side).round().int().tolist()


def _crop(sample: tuple[np.ndarray, ...], height: int, width: int, place: np.ndarray) -> list[np.ndarray]:
    rows, columns = sample[0].shape[:2]
    if any(picture.shape[:2] != (rows, columns) for picture in sample):
        raise SourceError(
            f"The images of one sample have the sizes {[picture.shape[:2] for picture in sample]}; "
            "expected the same, so that they can be cut at the same place."
        )
    top = int(place[0] * (max(rows - height, 0) + 1))
    left = int(place[1] * (max(columns - width, 0) + 1))
    border = ((0, max(height - rows, 0)), (0, max(width - columns, 0)), (0, 0))
    cut = [picture[top : top + height, left : left + width] for picture in sample]
    return [np.pad(piece, border, mode="symmetric") if any(map(any, border)) else piece for piece in cut]


def _is_gray(source: Source, images: ImageSpec) -> bool:
    """Tell whether color files hold gray pictures, by up to 20 of them."""
    decoded = decode_once(source.train, images)
    pictures = (decoded.image(number) for number in range(0, len(decoded), max(1, len(decoded) // 20)))
    return all((picture == picture[..., :1]).all() for picture in pictures)
