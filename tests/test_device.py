"""How a machine chooses: by processor time of one thread, and never by what a busy moment did to several."""

import pytest
import torch
from torch import nn

from eyespot import device
from eyespot.device import ComputeConfig, choose_compute


@pytest.fixture(autouse=True)
def two_threads(monkeypatch, tmp_path):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def chosen(monkeypatch, seconds, bfloat16=True):
    """The choice, and what was measured, where a step takes `seconds` by precision and format, or by threads."""
    asked = []

    def step_seconds(make, x, compute, clock):
        asked.append((compute.threads, len(x)))
        by_clock = seconds.get(compute.threads) if clock is device.time.perf_counter else None
        return by_clock or seconds[compute.precision, compute.layout]

    monkeypatch.setattr(device, "_step_seconds", step_seconds)
    monkeypatch.setattr(device, "computes_bfloat16", lambda: bfloat16)
    return choose_compute(lambda: nn.Identity(), (3, 224, 224), 32, "none"), asked


SLOW = {("float32", "contiguous"): 0.9, ("float32", "channels_last"): 0.4, ("bfloat16", "channels_last"): 0.5}


def test_slow_steps_are_measured_on_one_thread_and_get_all(monkeypatch):
    compute, asked = chosen(monkeypatch, SLOW)
    assert (compute.precision, compute.layout, compute.threads) == ("float32", "channels_last", 2)
    assert {threads for threads, _ in asked} == {1} and "float32 channels_last 400.0 ms" in compute.reason


def test_of_large_images_some_are_enough(monkeypatch):
    _, asked = chosen(monkeypatch, SLOW)
    assert {count for _, count in asked} == {2}


def test_what_is_much_slower_is_measured_once(monkeypatch):
    compute, asked = chosen(monkeypatch, SLOW)
    assert len(asked) == 5, "contiguous takes 2.25 times as long as channels_last: once, the others twice"
    assert "float32 contiguous 900.0 ms" in compute.reason


def test_bfloat16_is_not_measured_where_it_is_emulated(monkeypatch):
    compute, asked = chosen(monkeypatch, {key: SLOW[key] for key in SLOW if key[0] == "float32"}, bfloat16=False)
    assert compute.precision == "float32" and "bfloat16" not in compute.reason and len(asked) == 3


@pytest.mark.parametrize(("one", "two", "threads"), [(0.010, 0.015, 1), (0.010, 0.006, 2)])
def test_quick_steps_get_as_many_threads_as_are_fastest(monkeypatch, one, two, threads):
    quick = {key: value / 50 for key, value in SLOW.items()} | {1: one, 2: two}
    assert chosen(monkeypatch, quick)[0].threads == threads


def test_a_network_is_measured_once(monkeypatch):
    first, _ = chosen(monkeypatch, SLOW)
    again, asked = chosen(monkeypatch, {})
    assert again == first and asked == []


def test_a_real_network_is_measured_and_the_threads_are_given_back():
    compute = choose_compute(lambda: nn.Conv2d(1, 2, 3), (1, 8, 8), 4, "real")
    assert isinstance(compute, ComputeConfig) and compute.precision in device.PRECISIONS
    assert torch.get_num_threads() == 2


def test_each_process_takes_its_own_gpu_before_nccl_starts(monkeypatch):
    calls = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda number: calls.append(("device", number)))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: False)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend, **_: calls.append(("init", backend)))
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    assert device.join_world().local_rank == 1
    assert calls == [("device", 1), ("init", "nccl")]


@pytest.mark.parametrize(("backend", "expected"), [("nccl", "cuda"), ("gloo", "cpu")])
def test_what_processes_exchange_lies_where_their_backend_reads_it(monkeypatch, backend, expected):
    monkeypatch.setattr(torch.distributed, "get_backend", lambda: backend)
    assert device.communication_device().type == expected


def test_a_network_with_several_outputs_is_measured():
    class Levels(nn.Module):
        def __init__(self):
            super().__init__()
            self.fine, self.coarse = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 5)

        def forward(self, x):
            return {"fine": self.fine(x), "coarse": self.coarse(x)}

    assert "float32" in choose_compute(Levels, (1, 8, 8), 4, "levels").reason
