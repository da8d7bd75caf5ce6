"""The files of a run folder. The log has one JSON object per line, each with its step.

The checkpoint has the whole state of a training in one file, which is replaced atomically.

A folder is locked by one training at a time, and stays consistent if the training is stopped.
"""

import fcntl
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..device import World, communication_device
from ..errors import RunError
from ..files import write_whole, written
from ..findings import to_json


def read_log(path: Path) -> list[dict[str, Any]]:
    """All complete lines of a log; a last line that was truncated by a kill is left out."""
    if not path.exists():
        return []
    entries = (_entry(line) for line in path.read_text(errors="replace").splitlines())
    return [entry for entry in entries if entry is not None]


def _entry(line: str) -> dict[str, Any] | None:
    """One line of a log, or None if it is truncated: its last character may be the brace of an inner object."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "step" in entry else None


class Log:
    """Appends to `log.jsonl`; when resumed from a checkpoint, it drops the lines after that step.

    Only rank 0 writes.
    """

    def __init__(self, path: Path, step: int, leads: bool = True) -> None:
        self.path = path
        self.file = None
        if leads:
            kept = [line for line in read_log(path) if line["step"] <= step]
            write_whole(path, "".join(to_json(line) + "\n" for line in kept).encode())
            self.file = path.open("a", buffering=1)

    def write(self, entry: dict[str, Any]) -> None:
        """Add one line and flush it to the file."""
        if self.file:
            with written(self.path):
                self.file.write(to_json(entry) + "\n")

    def close(self) -> None:
        if self.file:
            with written(self.path):
                self.file.close()


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors by name, and plain values as JSON in the header."""
    plain = {name: value.detach().contiguous() for name, value in tensors.items()}
    write_whole(path, save(plain, metadata={"eyespot": json.dumps(state)}))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file of `save_checkpoint`; raises `RunError` if it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["eyespot"])
            return {name: file.get_tensor(name).clone() for name in file.keys()}, state  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise RunError(f"{path}: is damaged ({error}). Delete the run folder and start again.") from error


def grouped(group: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add the group as a prefix: "network" and "conv.weight" give "network/conv.weight"."""
    return {f"{group}/{name}": value for name, value in tensors.items()}


def group_of(group: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one group, without the prefix."""
    return {name.removeprefix(f"{group}/"): value for name, value in tensors.items() if name.startswith(f"{group}/")}


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: Mapping[Tensor, str]) -> dict[str, Tensor]:
    """The state of an optimizer for each weight, such as "exp_avg/conv.weight"."""
    state = optimizer.state
    return {f"{kind}/{names[weight]}": value for weight in state for kind, value in state[weight].items()}


def restore_optimizer(
    optimizer: torch.optim.Optimizer, names: Mapping[Tensor, str], tensors: Mapping[str, Tensor]
) -> None:
    """Restore the state of an optimizer."""
    weights = {name: weight for weight, name in names.items()}
    for key, value in tensors.items():
        kind, _, name = key.partition("/")
        optimizer.state[weights[name]][kind] = value


@contextmanager
def locked(folder: Path, world: World) -> Iterator[None]:
    """Create and lock the folder; raises `RunError` if it is not a run folder, in use, or not writable.

    The lock belongs to the operating system, so a killed process leaves none behind.
    """
    if not world.leads:
        yield
        return
    _check(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise RunError(
            f"{folder}: cannot be written ({error.strerror}). Choose another folder.", argument="out"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"{folder}: another training is using it. Wait for it, or choose another folder.", argument="out"
            ) from error
        for left in folder.glob("*.temporary"):
            left.unlink()
        yield


def _check(folder: Path) -> None:
    if folder.is_file():
        raise RunError(f"{folder}: is a file. Choose a folder.", argument="out")
    try:
        foreign = folder.is_dir() and any(folder.iterdir()) and not (folder / ".lock").exists()
    except OSError as error:
        raise RunError(
            f"{folder}: cannot be read ({error.strerror}). Choose another folder.", argument="out"
        ) from error
    if foreign and not (folder / "recipe.json").exists():
        raise RunError(f"{folder}: has other files and no training run. Choose another folder.", argument="out")


@contextmanager
def stoppable(world: World) -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a flag that is checked after each step; a second Ctrl-C stops at once.

    Several processes stop together, after the same step.
    """
    stop_requested = threading.Event()

    def request_stop(number: int, _frame: object) -> None:
        if stop_requested.is_set():
            raise KeyboardInterrupt
        stop_requested.set()

    def stop() -> bool:
        if world.size == 1:
            return stop_requested.is_set()
        flag = torch.tensor(int(stop_requested.is_set()), device=communication_device())
        torch.distributed.all_reduce(flag)
        return bool(flag)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
