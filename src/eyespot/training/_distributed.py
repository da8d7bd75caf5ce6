"""Several processes train as one: each computes some pieces of a batch, and sums are taken in the order of the pieces.

Adding up in another order rounds otherwise, and training enlarges that: where a ReLU or a largest value changes over,
a real difference comes of it in a few steps. In one fixed order the sum has the same bits for any number of processes,
if each computes with as many threads.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..device import World


@torch.no_grad()
def sum_micro_batches(
    network: nn.Module, compute: Callable[[int], Tensor], micro_batches: int, world: World, numbers: int = 3
) -> Tensor:
    """Let the processes compute their pieces; give all of them the sum of the gradients, and return that of the losses.

    `compute(piece)` gives the weights a piece's gradients and returns its loss, and more values to be summed: `numbers`
    in all. Buffers (running statistics) become the mean of what each piece has made of them.
    """
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    buffers = _buffers(network)
    before = [buffer.clone() for buffer in buffers]
    lengths = [numbers, *(value.numel() for value in (*weights, *buffers))]
    total = torch.zeros(sum(lengths), device=weights[0].device)
    for first in range(0, micro_batches, world.size):
        found = torch.zeros_like(total)
        if first + world.rank < micro_batches:
            with torch.enable_grad():
                reported = compute(first + world.rank)
            torch.cat([_row(value) for value in (reported, *map(_gradient, weights), *buffers)], out=found)
            network.zero_grad(set_to_none=True)
            _set(buffers, before)
        for vector in _from_all(found, world)[: micro_batches - first]:
            total += vector
    reported, *sums = total.split(lengths)
    for weight, summed in zip(weights, sums, strict=False):
        weight.grad = torch.empty_like(weight).copy_(summed.view(weight.shape))
    _set(buffers, [summed / micro_batches for summed in sums[len(weights) :]])
    return reported


def in_order(found: dict[int, Any], world: World) -> list[Any]:
    """What all processes have found, in the order of its numbers."""
    if world.size > 1:
        shares: list[Any] = [None] * world.size
        torch.distributed.all_gather_object(shares, found)
        found = {number: value for share in shares for number, value in share.items()}
    return [found[number] for number in sorted(found)]


@torch.no_grad()
def broadcast_weights(module: nn.Module | None, world: World) -> None:
    """Give every process the leading one's weights: another processor may have drawn them otherwise in the last bit."""
    for value in module.state_dict().values() if module is not None and world.size > 1 else ():
        torch.distributed.broadcast(value, src=0)


def _buffers(network: nn.Module) -> list[Tensor]:
    weights = dict(network.named_parameters())
    return [value for name, value in network.state_dict().items() if name not in weights]


def _gradient(weight: Tensor) -> Tensor:
    assert weight.grad is not None, "a weight that no output depends on"
    return weight.grad


def _row(value: Tensor) -> Tensor:
    return value.float().reshape(-1)


def _set(buffers: list[Tensor], values: list[Tensor]) -> None:
    for buffer, value in zip(buffers, values, strict=True):
        buffer.copy_(value.view(buffer.shape))


def _from_all(vector: Tensor, world: World) -> list[Tensor]:
    """The vectors of all processes, in their order."""
    if world.size == 1:
        return [vector]
    vectors = [torch.empty_like(vector) for _ in range(world.size)]
    torch.distributed.all_gather(vectors, vector)
    return vectors
