"""Color arithmetic for batches of images (N, C, H, W), several pixels at a time.

The channels of a pixel are adjacent in the cache, and stay so: three values alone would leave most of a vector
register unused. Shapes: N images, C channels, H height, W width, B blocks in an image, P pixels in a block.
"""

import torch
from torch import Tensor

MIXED, SCALED = 4, 16
"""Maximum number of pixels in a block: the matrices of `mix` grow quadratically."""


def mix(images: Tensor, matrices: Tensor, offsets: Tensor) -> Tensor:
    """Multiply each pixel of an image by the image's matrix (N, C, C) and add the image's offset (N,)."""
    blocks, pixels = _in_blocks(images, MIXED)
    (count, channels), size = matrices.shape[:2], blocks.shape[2]
    blockwise = torch.zeros(count, pixels, channels, pixels, channels)
    blockwise.diagonal(dim1=1, dim2=3)[:] = matrices.mT[..., None]
    mixed = torch.bmm(blocks, blockwise.view(count, size, size))
    return _as_images(mixed.add_(offsets[:, None, None]), images)


def scale(images: Tensor, factors: Tensor, offsets: Tensor) -> Tensor:
    """Multiply each channel by its factor (C) and add its offset (C), in one pass over memory."""
    blocks, pixels = _in_blocks(images, SCALED)
    return _as_images(torch.addcmul(offsets.repeat(pixels), blocks, factors.repeat(pixels)), images)


def mean_colors(images: Tensor) -> Tensor:
    """The mean of each channel of each image (N, C)."""
    blocks, pixels = _in_blocks(images, SCALED)
    return blocks.mean(1).view(len(images), pixels, -1).mean(1)


def _in_blocks(images: Tensor, most: int) -> tuple[Tensor, int]:
    """Reshape images to (N, B, P * C), without a copy if channels are adjacent, and return P, which divides H * W."""
    count, _, height, width = images.shape
    pixels = max(size for size in range(1, most + 1) if height * width % size == 0)
    return images.permute(0, 2, 3, 1).reshape(count, height * width // pixels, -1), pixels


def _as_images(blocks: Tensor, images: Tensor) -> Tensor:
    count, channels, height, width = images.shape
    return blocks.view(count, height, width, channels).permute(0, 3, 1, 2)
