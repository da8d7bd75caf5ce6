"""CIE L*a*b* of sRGB pixels, and recoloring at constant luminance.

White point D65, 2 degree observer, as in scikit-image. Everything is differentiable and keeps the dtype of its
input. Shapes: N images, H height, W width; pixels (N, 3, H, W) in [0, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor

XYZ_OF_RGB = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
WHITE = (0.95047, 1.0, 1.08883)
CUBE_ROOT_FROM = 0.008856
"""Below this fraction of white, lightness is linear."""


def to_lab(pixels: Tensor) -> Tensor:
    """Lightness from 0 to 100, a (green to red) and b (blue to yellow) of each pixel: (N, 3, H, W)."""
    x, y, z = (_root(part) for part in _relative_xyz(pixels).unbind(1))
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def luminance(pixels: Tensor) -> Tensor:
    """The relative luminance Y of each pixel, from 0 to 1: (N, 1, H, W)."""
    if torch.equal(pixels[:, 0], pixels[:, 1]) and torch.equal(pixels[:, 0], pixels[:, 2]):
        return to_linear(pixels[:, :1])  # a gray image needs only one channel
    return _mix(to_linear(pixels), XYZ_OF_RGB[1:2])


def recolored(pixels: Tensor, ab: Tensor) -> Tensor:
    """The pixels with the colors `ab` (N, 2, H, W) and their own luminance.

    Out-of-gamut colors are mixed with gray of the same luminance until they can be displayed.
    """
    y = luminance(pixels)
    root = _root(y)
    a, b = ab[:, :1], ab[:, 1:]
    shares = torch.cat([_cube(root + a / 500), y, _cube(root - b / 200)], dim=1)
    white = torch.tensor(WHITE, dtype=pixels.dtype, device=pixels.device).view(1, 3, 1, 1)
    inverse = torch.tensor(XYZ_OF_RGB, dtype=torch.float64).inverse().tolist()
    return to_encoded(_within_gamut(_mix(shares * white, inverse), y))


def _within_gamut(linear: Tensor, y: Tensor) -> Tensor:
    """Move linear colors toward gray of luminance `y` until all three channels are in [0, 1].

    Luminance is a weighted sum of the linear channels, so that it is constant along this line.
    """
    change = linear - y
    room = torch.where(change > 0, 1 - y, y)
    share = (room / change.abs().clamp(min=1e-12)).amin(1, keepdim=True).clamp(0, 1)
    return (y + share * change).clamp(0, 1)


def to_linear(pixels: Tensor) -> Tensor:
    """Convert encoded sRGB values to linear ones."""
    curved = ((pixels.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(pixels <= 0.04045, pixels / 12.92, curved)


def to_encoded(linear: Tensor) -> Tensor:
    """Convert linear values to encoded sRGB."""
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curved)


def _relative_xyz(pixels: Tensor) -> Tensor:
    rows = [[weight / white for weight in row] for row, white in zip(XYZ_OF_RGB, WHITE, strict=True)]
    return _mix(to_linear(pixels), rows)


def _mix(channels: Tensor, rows: "tuple[tuple[float, ...], ...] | list[list[float]]") -> Tensor:
    """Weighted sums of three channels, one per row of weights."""
    weights = torch.tensor(rows, dtype=channels.dtype, device=channels.device)
    return F.conv2d(channels, weights[:, :, None, None])


def _root(share: Tensor) -> Tensor:
    curved = share.clamp(min=CUBE_ROOT_FROM) ** (1 / 3)
    return torch.where(share > CUBE_ROOT_FROM, curved, 7.787 * share + 16 / 116)


def _cube(root: Tensor) -> Tensor:
    return torch.where(root > CUBE_ROOT_FROM ** (1 / 3), root**3, (root - 16 / 116) / 7.787)
