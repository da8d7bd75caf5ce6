"""Incremental inference: many small changes of one image, recomputing only the affected values.

A patch of a few pixels affects a few values of the first layer, more of the second, and so on. Per layer, the windows
of all patches are gathered into one batch; once they cover most of the map, whole maps are computed.
The idea is that of Krypton (Nakandala et al. 2019, "Incremental and Approximate Inference for Faster Occlusion-based
Deep CNN Explanations", SIGMOD). Shapes: P patches, C channels, H height, W width.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from ._incremental_windows import (
    MOVING,
    WINDOWED,
    Place,
    State,
    Window,
    before,
    compute_window,
    divisors,
    gather,
    gather_rows,
    moved_rows,
    padded_cells,
    reached,
    rows_and_columns,
    whole,
)
from .record import Call, answering, output_calls, output_of, record
from .replay import ancestors, first_opaque, replay

TOLERANCE = 1e-4
CHUNK_NUMBERS = 2**20
"""Maximum size of a batch of windows, in values: small enough for the CPU cache."""


class Incremental:
    """Incremental inference for a network and one image with replaced patches.

    Results equal those of the network to 1e-4. If a network cannot be followed (see `graph.record`), it is simply run;
    `followed` is whether it can be, and `saved` is the speedup in multiply-adds so far.

    >>> network = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(36, 2))
    >>> white = torch.ones(1, 1, 2, 2)
    >>> Incremental(network, torch.zeros(1, 1, 8, 8)).outputs(torch.tensor([0, 3]), torch.tensor([5, 1]), white).shape
    torch.Size([2, 2])
    """

    @torch.no_grad()
    def __init__(self, network: nn.Module, x: Tensor) -> None:
        assert len(x) == 1, "one image at a time"
        self.network = network
        self.x = x.detach()
        self.calls = record(network, x)
        self.computed = self.plain = 0.0
        self._chunk = 64
        self._bases: dict[tuple[int, int], Tensor] = {}
        self.followed = first_opaque(self.calls) is None and self._replays()

    @property
    def saved(self) -> float:
        """Ratio of multiply-adds of convolutions and dense layers without and with incremental computation."""
        return self.plain / self.computed if self.computed else 1.0

    def outputs(self, rows: Tensor, columns: Tensor, contents: Tensor) -> Any:
        """The network's output, or each of its named ones, for P images (P, ...) with one patch each.

        The upper left corners of the patches are at (`rows`, `columns`) (P,). `contents` (P, C, h, w) are the patches
        in the scale of the network input; (1, C, h, w) is used for all. Patches must lie inside the image.
        """
        ends = list(output_calls(self.calls).values())
        parts = list(self.maps(rows, columns, contents, ends))
        return output_of(self.calls, {index: torch.cat([maps[index] for maps in parts]) for index in ends})

    @torch.no_grad()
    def maps(
        self, rows: Tensor, columns: Tensor, contents: Tensor, wanted: Sequence[int]
    ) -> Iterator[dict[int, Tensor]]:
        """Yield the whole outputs (P', ...) of the calls `wanted` for groups of patches, in their order."""
        contents = contents.expand(len(rows), -1, -1, -1)
        start = 0
        while start < len(rows):
            part = slice(start, start + self._chunk)
            compute = self._incremental if self.followed else self._plainly
            yield compute(rows[part], columns[part], contents[part], wanted)
            start = part.stop

    def _replays(self) -> bool:
        """Return whether replaying the record on two other images reproduces the network's outputs."""
        others = torch.cat([self.x.flip(-1), self.x * 0.5])
        with answering(self.network):
            again, truth = output_of(self.calls, replay(self.calls, others)), self.network(others)
        pairs = zip(tree_leaves(again), tree_leaves(truth), strict=True)
        return all(a.shape == b.shape and torch.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE) for a, b in pairs)

    def _plainly(self, rows: Tensor, columns: Tensor, contents: Tensor, wanted: Sequence[int]) -> dict[int, Tensor]:
        images = paste(self.x, rows, columns, contents)
        ends = output_calls(self.calls)
        if list(wanted) == list(ends.values()):
            with answering(self.network):
                output = self.network(images)
            return {index: output[name] if name else output for name, index in ends.items()}
        calls = record(self.network, images)
        return {index: calls[index].output for index in wanted}

    def _incremental(self, rows: Tensor, columns: Tensor, contents: Tensor, wanted: Sequence[int]) -> dict[int, Tensor]:
        place = Place(top=rows, left=columns, height=contents.shape[2], width=contents.shape[3])
        states: dict[int, State] = {0: Window(place=place, cells=contents.permute(0, 2, 3, 1))}
        needed = {index for want in wanted for index in ancestors(self.calls, want)}
        last_use = {source: call.index for call in self.calls if call.index in needed for source in call.inputs}
        widest = 1
        for call in self.calls[1:]:
            if call.index in needed:
                state = self._step(call, [states[index] for index in call.inputs], len(rows))
                states[call.index] = state
                widest = max(widest, state.cells.numel() if isinstance(state, Window) else 1)
                states |= {i: None for i in call.inputs if last_use[i] == call.index and i not in wanted}
        self._chunk = max(16, min(1024, CHUNK_NUMBERS * len(rows) // widest))
        return {index: whole(self.calls[index].output, states[index], len(rows)) for index in wanted}

    def _step(self, call: Call, states: Sequence[State], patches: int) -> State:
        """Propagate the changes of its inputs through one call."""
        inputs = [self.calls[index] for index in call.inputs]
        cost = multiply_adds(call, inputs)
        self.plain += patches * cost
        if all(state is None for state in states):
            return None
        place = reached(call, inputs, states)
        if place is None:
            self.computed += patches * cost
            assert call.run is not None
            return call.run(*(whole(i.output, state, patches) for i, state in zip(inputs, states, strict=True)))
        self.computed += patches * cost * place.area / (call.shape[1] * call.shape[2])
        return Window(place=place, cells=self._cells(call, states, place))

    def _cells(self, call: Call, states: Sequence[State], place: Place) -> Tensor:
        """New values (P, h, w, C) of one call at `place`."""
        if call.kind in MOVING:
            return self._moved(call, states[0], place)
        inside = before(call, place) if call.kind in WINDOWED else place
        parts = [self._part(call, number, state, inside) for number, state in enumerate(states)]
        channels_first = [part.permute(0, 3, 1, 2) for part in parts]
        if call.kind not in WINDOWED:
            assert call.run is not None
            return call.run(*channels_first).permute(0, 2, 3, 1)
        cells = compute_window(call, channels_first[0]).permute(0, 2, 3, 1)
        if call.kind == "average_pool":
            shared = divisors(call, self.calls[call.inputs[0]].output)
            cells = cells / gather(padded_cells(shared, None), place, None)
        return cells

    def _moved(self, call: Call, state: State, place: Place) -> Tensor:
        """Values copied from another position, or the constant of a padding."""
        assert isinstance(state, Window)
        source = self.calls[call.inputs[0]]
        rows, columns = rows_and_columns(place)
        down, along = moved_rows(call, source, 0), moved_rows(call, source, 1)
        assert down is not None and along is not None
        rows, columns = down[rows], along[columns]
        cells = gather_rows(padded_cells(source.output, None), rows.clamp(min=0), columns.clamp(min=0), state)
        border = (rows < 0)[:, :, None] | (columns < 0)[:, None, :]
        return cells.masked_fill(border[..., None], call.settings.get("value", 0.0))

    def _part(self, call: Call, number: int, state: State, place: Place) -> Tensor:
        """Input number `number` of a call at `place`, for every patch."""
        assert not isinstance(state, Tensor)
        windowed = call.kind in WINDOWED
        if state is not None and not windowed and len(call.inputs) == 1:
            return state.cells
        key = (call.index if windowed else -1, call.inputs[number])
        if key not in self._bases:
            self._bases[key] = padded_cells(self.calls[key[1]].output, call)
        return gather(self._bases[key], place, state, call.settings["padding"] if windowed else (0, 0))


def multiply_adds(call: Call, inputs: Sequence[Call]) -> int:
    """Multiply-adds of a convolution or a dense layer for one image, including padding; 0 for any other call."""
    if call.kind not in ("conv", "conv_transposed", "dense"):
        return 0
    numbers = inputs[0].output[0] if call.kind == "conv_transposed" else call.output[0]
    return numbers.numel() * call.weights["weight"][0].numel()


def paste(x: Tensor, rows: Tensor, columns: Tensor, contents: Tensor) -> Tensor:
    """Copies of the image `x` (1, C, H, W), one for each patch (P, C, h, w), with the patch at (row, column)."""
    images = x.repeat(len(rows), 1, 1, 1)
    height, width = contents.shape[2:]
    for image, row, column, patch in zip(images, rows.tolist(), columns.tolist(), contents, strict=True):
        image[:, row : row + height, column : column + width] = patch
    return images
