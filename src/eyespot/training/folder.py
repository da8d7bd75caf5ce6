"""A run's folder: held by one training at a time, and left in order when it is stopped."""

import fcntl
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from ..device import World
from ..errors import RunError


@contextmanager
def locked(folder: Path, world: World) -> Iterator[None]:
    """Make the folder and hold it; raises `RunError` where it is no run's folder, in use, or cannot be written.

    The lock is the operating system's, so that a process that is killed leaves none behind.
    """
    if not world.leads:
        yield
        return
    _check(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}). Give another --out.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"{folder}: another training is at work in it. Wait for it, or give another --out."
            ) from error
        for left in folder.glob("*.temporary"):
            left.unlink()
        yield


def _check(folder: Path) -> None:
    if folder.is_file():
        raise RunError(f"{folder}: is a file. Give a folder as --out.")
    try:
        strange = folder.is_dir() and any(folder.iterdir()) and not (folder / ".lock").exists()
    except OSError as error:
        raise RunError(f"{folder}: cannot be read ({error.strerror}). Give another --out.") from error
    if strange and not (folder / "recipe.json").exists():
        raise RunError(f"{folder}: holds other files and no training. Give another --out.")


@contextmanager
def stoppable(world: World) -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a wish to stop that is asked for after each step; a second Ctrl-C stops at once.

    Several processes stop together, after the same step.
    """
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    def stop() -> bool:
        if world.size == 1:
            return asked.is_set()
        flag = torch.tensor(int(asked.is_set()))
        torch.distributed.all_reduce(flag)
        return bool(flag)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
