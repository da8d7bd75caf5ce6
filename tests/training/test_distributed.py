"""Pieces of a batch and their sums."""

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.device import World
from eyespot.training import _distributed as together
from eyespot.training import _run_folder as run_folder
from eyespot.training._distributed import in_order, sum_micro_batches


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 1))


def computing(network: nn.Module, micro_batches: int, batch: int = 8):
    """What computes one piece of a batch: its share of the mean output as the loss."""
    x = torch.randn(batch, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    parts = np.array_split(np.arange(batch), micro_batches)

    def compute(piece: int) -> torch.Tensor:
        loss = network(x[parts[piece]]).square().sum() / batch
        loss.backward()
        return torch.stack([loss.detach(), torch.tensor(2.0), torch.tensor(len(parts[piece]))])

    return compute


def gradients(network: nn.Module) -> list[torch.Tensor]:
    return [weight.grad.clone() for weight in network.parameters() if weight.grad is not None]


def test_the_pieces_have_the_gradients_of_the_whole(network):
    network.eval()  # statistics of a batch depend on how it is cut
    whole = float(computing(network, 1)(0)[0])
    wanted = gradients(network)
    network.zero_grad()
    assert sum_micro_batches(network, computing(network, 3), 3, World()).tolist() == pytest.approx([whole, 6, 8])
    for found, right in zip(gradients(network), wanted, strict=True):
        torch.testing.assert_close(found, right)


def test_running_statistics_become_the_mean_of_what_the_pieces_made_of_them(network):
    norm = network[1]
    made = []
    for piece in range(2):
        norm.reset_running_stats()
        computing(network, 2)(piece)
        made.append(norm.running_mean.clone())
    norm.reset_running_stats()
    network.zero_grad()
    sum_micro_batches(network, computing(network, 2), 2, World())
    torch.testing.assert_close(norm.running_mean, (made[0] + made[1]) / 2)
    assert norm.num_batches_tracked == 1


@pytest.mark.parametrize("size", [2, 3, 4])
def test_any_number_of_processes_gives_the_same_bits(network, monkeypatch, size):
    """Each process in turn, with the vectors of the others that an earlier round has kept."""
    alone = sum_micro_batches(network, computing(network, 3), 3, World())
    wanted = gradients(network)
    kept: dict[tuple[int, int], torch.Tensor] = {}
    for knows in (False, True):
        for rank in range(size):
            rounds = iter(range(3))

            def exchange(vector, world, rounds=rounds, knows=knows):
                number = next(rounds)
                kept.setdefault((number, world.rank), vector.clone())
                return [kept[number, other].clone() if knows else vector.clone() for other in range(world.size)]

            monkeypatch.setattr(together, "_from_all", exchange)
            for buffer in network[1].buffers():
                buffer.zero_()
            network.zero_grad()
            loss = sum_micro_batches(network, computing(network, 3), 3, World(rank, size))
    assert torch.equal(loss, alone)
    assert all(torch.equal(found, right) for found, right in zip(gradients(network), wanted, strict=True))


def test_what_was_found_comes_in_the_order_of_its_numbers():
    assert in_order({4: "b", 0: "a", 10: "c"}, World()) == ["a", "b", "c"]


def test_the_flag_to_stop_lies_where_the_backend_reads_it(monkeypatch):
    """A stand-in for NCCL, which refuses tensors that lie in the memory of the CPU."""
    seen = []

    class Flag:
        def __init__(self, value, device):
            self.value, self.device = value, device

        def __bool__(self):
            return bool(self.value)

    def all_reduce(flag):
        assert flag.device == "gpu", "No backend type associated with device type cpu"
        seen.append(flag.value)
        flag.value = 1  # another process was asked to stop

    monkeypatch.setattr(run_folder, "communication_device", lambda: "gpu")
    monkeypatch.setattr(torch, "tensor", Flag)
    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    with run_folder.stoppable(World(0, 2)) as stop:
        assert stop()
    assert seen == [0]
