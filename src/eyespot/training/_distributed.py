"""Distributed training: each process computes some micro-batches, and gradients are summed in their order.

Another summation order rounds differently, and training amplifies that: if a ReLU or a maximum switches,
it becomes a real difference within a few steps. In a fixed order, the sum has the same bits for any number of
processes with the same number of threads.
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
    """Compute the micro-batches on all processes, sum the gradients on each, and return the sum of the losses.

    `compute(piece)` adds the gradients of a micro-batch and returns its loss and more values to sum: `numbers`
    in total. Buffers (running statistics) become the mean over the micro-batches.
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
    """The results of all processes, in the order of the indices."""
    if world.size > 1:
        shares: list[Any] = [None] * world.size
        torch.distributed.all_gather_object(shares, found)
        found = {number: value for share in shares for number, value in share.items()}
    return [found[number] for number in sorted(found)]


@torch.no_grad()
def broadcast_weights(module: nn.Module | None, world: World) -> None:
    """Copy the weights of rank 0 to every process: another CPU may initialize them differently in the last bit."""
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
    """The vectors of all processes, in order of rank."""
    if world.size == 1:
        return [vector]
    vectors = [torch.empty_like(vector) for _ in range(world.size)]
    torch.distributed.all_gather(vectors, vector)
    return vectors
