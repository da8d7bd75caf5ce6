"""Networks that answer with a map, run on large images piece by piece with the same result and bounded memory.

Shapes: N images, C channels, H height, W width.
"""

import torch
from torch import Tensor, nn

from .networks.graph.record import record

TILE = 512
"""Pixels a side that one piece answers for."""
STEP = 64
"""Pieces begin at multiples of it: networks that halve an image several times then see the same blocks of pixels."""
PROBED = 512
"""Rows of the image on which it is found out how far a network looks."""


def halo_of(network: nn.Module, channels: int) -> int | None:
    """How many pixels around a piece decide about it, rounded up; None where it is not known, or nearly all do."""
    with torch.no_grad():
        field = record(network, torch.zeros(1, channels, PROBED, STEP))[-1].receptive_field
    if field is None or len(field.rows) != PROBED:
        return None
    rows = torch.arange(PROBED)
    first, last = torch.as_tensor(field.rows.copy()).T
    reach = int(torch.maximum(rows - first, last - rows).max())
    return None if reach >= PROBED // 2 else -(-reach // STEP) * STEP


@torch.no_grad()
def run_tiled(network: nn.Module, x: Tensor, halo: int) -> Tensor:
    """What a network makes of images `x` (N, C, H, W), at their size, in pieces of 512 x 512 pixels.

    Every piece is seen with `halo` pixels around it, which are cut off again: the result is that of the whole image.
    """
    height, width = x.shape[2:]
    lines = [
        torch.cat([_piece(network, x, top, left, halo) for left in range(0, width, TILE)], dim=3)
        for top in range(0, height, TILE)
    ]
    return torch.cat(lines, dim=2)


def _piece(network: nn.Module, x: Tensor, top: int, left: int, halo: int) -> Tensor:
    above, beside = min(halo, top), min(halo, left)
    seen = x[:, :, top - above : top + TILE + halo, left - beside : left + TILE + halo]
    return network(seen)[:, :, above : above + TILE, beside : beside + TILE]
