"""The compute configuration: device, precision with its reason, threads, rank and world size."""

import ctypes
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .errors import EyespotError, RunError
from .files import cache_folder, write_whole

Decided = TypeVar("Decided")

PRECISIONS = ("float32", "bfloat16")
LAYOUTS = ("contiguous", "channels_last")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Constants of glibc's mallopt (malloc.h)."""
MOST_PIXELS = 2 * 224 * 224
"""Images in a measured batch: few, so that the choice takes seconds only."""
HOPELESS = 1.5
"""A candidate that is slower by this factor in the first round is not measured again."""
QUICK = 0.02
"""Seconds per step below which one thread may be as fast as several."""
LONGEST_WAIT = timedelta(hours=12)
"""Timeout while one process decodes a large folder; a process that dies is detected at once."""


@dataclass(frozen=True, kw_only=True)
class ComputeConfig:
    """The compute configuration of a training: chosen once, recorded in the recipe, and reused when it resumes."""

    device: str = "cpu"
    precision: str = "float32"
    layout: str = "contiguous"
    threads: int = 1
    reason: str = "as requested"

    def place(self, module: nn.Module) -> nn.Module:
        """Move a network to the device, in the chosen memory format."""
        return module.to(self.device).to(memory_format=self.memory_format)  # pyright: ignore[reportCallIssue]

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.layout == "channels_last" else torch.contiguous_format

    def seed(self, number: int) -> None:
        """Let what the device draws from now on follow from a number: `torch.manual_seed` asks for every other kind of
        device too, which takes longer than a step of the smallest networks' optimizers.
        """
        generators = torch.cuda if self.device.startswith("cuda") else torch.default_generator
        generators.manual_seed(number)

    def autocast(self) -> AbstractContextManager:
        """Compute in the chosen precision; weights stay float32."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.partition(":")[0], dtype=torch.bfloat16)


def choose_compute(make: Callable[[], nn.Module], shape: tuple[int, int, int], batch: int, about: str) -> ComputeConfig:
    """Measure, for about a second, which precision, memory format and number of threads train this network fastest.

    `make` gives the network as it will learn: what is left as it is needs no gradients, which changes who is fastest.
    The choice is kept in the cache folder, so that a machine measures a network (named by `about`) only once.
    """
    if torch.cuda.is_available():
        precision = "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
        reason = "a CUDA device is present (not measured)"
        return ComputeConfig(device="cuda", precision=precision, layout="channels_last", threads=1, reason=reason)
    key = json.dumps([machine(), torch.__version__, torch.get_num_threads(), about, shape, batch])
    known = _read_choices()
    if key not in known:
        known = {**_read_choices(), key: asdict(_measure(make, shape, batch))}
        _write_choices(known)
    return ComputeConfig(**known[key])


def machine() -> str:
    """A short description of the machine: CPU and number of cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"


def computes_bfloat16() -> bool:
    """Whether this CPU computes in bfloat16; others emulate it, many times slower than float32."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _measure(make: Callable[[], nn.Module], shape: tuple[int, int, int], batch: int) -> ComputeConfig:
    """Measure precision and memory format first, then the number of threads.

    The first by the processor time of one thread, which other programs on the machine hardly change. The second only
    where a step takes less than 20 ms: above that more threads win on a quiet machine, and a busy one must not decide
    for later. Of large images some are enough, whatever the batch.
    """
    cores = torch.get_num_threads()
    x = torch.rand(max(1, min(batch, MOST_PIXELS // (shape[1] * shape[2]))), *shape)
    ways = [("float32", "contiguous"), ("float32", "channels_last")]
    if computes_bfloat16():  # measuring an emulation would delay the first answer by seconds
        ways.append(("bfloat16", "channels_last"))
    times = _in_turns(make, x, [ComputeConfig(precision=p, layout=form) for p, form in ways], time.process_time)
    best = min(times, key=times.__getitem__)
    timings = ", ".join(f"{c.precision} {c.layout} {seconds * 1000:.1f} ms" for c, seconds in times.items())
    timings = f"shortest CPU time of a training step on one thread: {timings}"
    every = replace(best, threads=cores)
    if cores == 1 or times[best] >= QUICK:
        return replace(every, reason=timings)
    walls = _in_turns(make, x, [best, every], time.perf_counter)
    spent = ", ".join(f"{c.threads} {'threads' if c.threads > 1 else 'thread'} {walls[c] * 1000:.1f} ms" for c in walls)
    return replace(min(walls, key=walls.__getitem__), reason=f"{timings}; by the clock {spent}")


def _in_turns(
    make: Callable[[], nn.Module], x: Tensor, candidates: Sequence[ComputeConfig], clock: Callable[[], float]
) -> dict[ComputeConfig, float]:
    """The minimum seconds of each candidate, measured in alternation so that disturbances affect all of them."""
    before = torch.get_num_threads()
    times = dict.fromkeys(candidates, float("inf"))
    with keeping_memory():
        for _ in range(2):
            limit = HOPELESS * min(times.values())
            for candidate in (each for each in candidates if times[each] <= limit):
                times[candidate] = min(times[candidate], _step_seconds(make, x, candidate, clock))
    torch.set_num_threads(before)
    return times


def _step_seconds(
    make: Callable[[], nn.Module], x: Tensor, compute: ComputeConfig, clock: Callable[[], float]
) -> float:
    """Seconds of one forward and backward pass: the minimum of several, because noise only adds time."""
    torch.set_num_threads(compute.threads)
    with torch.random.fork_rng(devices=[]):
        network = compute.place(make())
    x = x.contiguous(memory_format=compute.memory_format)
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < 2 or (len(seconds) < 8 and time.perf_counter() - began < 0.15):
        start = clock()
        with compute.autocast():
            output = network(x)
        tensors = output.values() if isinstance(output, dict) else [output]
        sum((tensor.float().square().mean() for tensor in tensors), torch.zeros(())).backward()
        network.zero_grad(set_to_none=True)
        seconds.append(clock() - start)
    return min(seconds[1:])


def _read_choices() -> dict[str, dict]:
    try:
        return json.loads((cache_folder() / "placements.json").read_text())
    except (OSError, ValueError):
        return {}


def _write_choices(choices: dict[str, dict]) -> None:
    path = cache_folder() / "placements.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(choices, indent=1).encode())
    except (OSError, RunError):
        return  # without the cache the next training measures again, which costs a second


def available(compute: ComputeConfig) -> ComputeConfig:
    """The configuration, or the nearest one if its device is not available (a run that was moved)."""
    if compute.device.startswith("cuda") and not torch.cuda.is_available():
        return replace(compute, device="cpu", reason=f"{compute.reason}; no CUDA device is left")
    return compute


@contextmanager
def same_threads() -> Iterator[None]:
    """Restore the number of threads after a training."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def keeping_memory() -> Iterator[None]:
    """Reuse memory freed by the previous step instead of returning it to the system.

    glibc would give large blocks back at once, and the system fill each of their pages with zeros when they are asked
    for again: a tenth to a third of a training's time. Elsewhere nothing is done.
    """
    _give_back_above(1 << 30)
    try:
        yield
    finally:
        _give_back_above(32 << 20)  # where glibc's own adjustment ends


def _give_back_above(size: int) -> None:
    """Let glibc keep up to `size` bytes of freed memory."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(M_TRIM_THRESHOLD, size)
        libc.mallopt(M_MMAP_THRESHOLD, size)
        libc.malloc_trim(0)


@dataclass(frozen=True)
class World:
    """The processes of a distributed training: rank and number of processes, in total and on this machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0


def join_world() -> World:
    """Join the process group of `torchrun`, if any."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World()
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if not torch.distributed.is_initialized():
        backend = "nccl" if torch.cuda.is_available() else "gloo"
        if backend == "nccl":
            torch.cuda.set_device(local_rank)  # before NCCL starts: every process would otherwise take the first GPU
        torch.distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    return World(torch.distributed.get_rank(), size, local_rank, processes_here())


def communication_device() -> torch.device:
    """The device for communication: NCCL supports GPU memory only. Untested on several GPUs."""
    return torch.device("cuda" if torch.distributed.get_backend() == "nccl" else "cpu")


def processes_here() -> int:
    """The number of training processes on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def leader_first(world: World, work: Callable[[], Decided]) -> Decided:
    """Let one process of each machine work first; the others use its results in the cache."""
    if world.local_rank:
        torch.distributed.barrier()
    done = work()
    if world.size > 1 and not world.local_rank:
        torch.distributed.barrier()
    return done


def from_leader(world: World, decide: Callable[[], Decided]) -> Decided:
    """Run a decision on rank 0, and give every process its result or its error."""
    if world.size == 1:
        return decide()
    box: list[Any] = [None, None]
    if world.leads:
        try:
            box[0] = decide()
        except EyespotError as error:
            box[1] = error
    torch.distributed.broadcast_object_list(box, src=0)
    if box[1] is not None:
        raise box[1]
    return box[0]
