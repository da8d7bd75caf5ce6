"""YuNet: finds faces and five points on each, by convolutions alone (Wu et al. 2023, "YuNet: A Tiny Millisecond-level
Face Detector", https://doi.org/10.1007/s11633-023-1423-y).

Shapes: N images, C channels, H height, W width, A places (one for each 8x8, 16x16 and 32x32 pixels).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import NetworkError

STRIDES = (8, 16, 32)
LARGEST_STRIDE = STRIDES[-1]
POINTS = 5
WIDTH = 64
BODY = (((16, 16), (16, 32), (32, 32), (32, 64)), ((64, 64), (64, 64)), ((64, 64), (64, 64)), ((64, 64), (64, 64)))
"""Channels before and after each block; blocks in one group follow each other without pooling."""


class YuNet(nn.Module):
    """Images (N, 3, H, W), BGR from 0 to 255, sides multiples of 32, to scores, boxes and points of all places.

    Modules are listed in the order of computation of the published graph, so that its weights fit in their order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), _block(16, 16))
        self.body = nn.ModuleList(nn.Sequential(*[_block(*channels) for channels in group]) for group in BODY)
        self.neck = nn.ModuleList(_block(WIDTH, WIDTH) for _ in STRIDES)
        """From the coarsest to the finest stride."""
        self.classes, self.boxes, self.objects, self.points = (
            nn.ModuleList(_separable(WIDTH, size) for _ in STRIDES) for size in (1, 4, 1, 2 * POINTS)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores (N, A) from 0 to 1, boxes (N, A, 4) as x1, y1, x2, y2, and points (N, A, 5, 2) in pixels of `x`."""
        levels = self._pyramid(x)
        found = [self._level(level, place) for place, level in enumerate(levels)]
        scores, boxes, points = (torch.cat(each, 1) for each in zip(*found, strict=True))
        return scores, boxes, points

    def _pyramid(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        seen = []
        for group in self.body:
            x = group(F.max_pool2d(x, 2))
            seen.append(x)
        coarse = self.neck[0](seen[-1])
        levels = [coarse]
        for unit, fine in zip(self.neck[1:], reversed(seen[1:-1]), strict=True):
            coarse = unit(fine + F.interpolate(coarse, scale_factor=2))
            levels.insert(0, coarse)
        return levels

    def _level(self, x: Tensor, place: int) -> tuple[Tensor, Tensor, Tensor]:
        """What is found at one stride; the score is the geometric mean of "a face" and "how well the box fits"."""
        stride = STRIDES[place]
        rows, columns = x.shape[-2:]
        ways = torch.meshgrid(torch.arange(columns), torch.arange(rows), indexing="xy")
        grid = torch.stack(ways, -1).reshape(-1, 2).to(x)
        score = (_flat(self.classes[place](x)).sigmoid() * _flat(self.objects[place](x)).sigmoid()).sqrt()
        box = _flat(self.boxes[place](x))
        middle, half = grid + box[..., :2], box[..., 2:].exp() / 2
        points = _flat(self.points[place](x)).unflatten(-1, (POINTS, 2)) + grid[:, None]
        return score[..., 0], torch.cat([middle - half, middle + half], -1) * stride, points * stride


def _separable(channels: int, filters: int) -> nn.Sequential:
    """A 1x1 convolution, then one 3x3 filter a channel."""
    return nn.Sequential(nn.Conv2d(channels, filters, 1), nn.Conv2d(filters, filters, 3, padding=1, groups=filters))


def _block(channels: int, filters: int) -> nn.Sequential:
    return nn.Sequential(_separable(channels, filters), nn.ReLU())


def _flat(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N, H * W, C)."""
    return x.flatten(2).transpose(1, 2)


def make_yunet(learned: Sequence[tuple[str, list[Tensor]]]) -> YuNet:
    """The network with the weights of the published graph; raises `NetworkError` for those of another network."""
    network = YuNet()
    values = [value for _, group in learned for value in group]
    ours = network.state_dict()
    if [value.shape for value in values] != [value.shape for value in ours.values()]:
        raise NetworkError("The installed weights are not those of YuNet; install the package again.")
    network.load_state_dict(dict(zip(ours, values, strict=True)))
    return network.eval()
