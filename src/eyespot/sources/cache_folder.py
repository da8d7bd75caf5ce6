"""Files in the cache folder, the only location that eyespot writes to by default; never next to the user's images."""

import os
import platform
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import SourceError


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Write to a temporary name, then rename: readers get either the old file or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _remove_orphans(file.parent)
        owner = f".{platform.node()}-{os.getpid()}."
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem + owner, suffix=".partial")
        os.close(handle)
    except OSError as error:
        raise _no_room(file, error) from error
    try:
        yield Path(name)
        Path(name).replace(file)
    except OSError as error:
        raise _no_room(file, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _remove_orphans(folder: Path) -> None:
    """Remove temporary files that killed processes of this machine left behind."""
    for file in folder.glob("*.partial"):
        host, _, process = file.name.rsplit(".", 2)[0].rpartition("-")
        if host.endswith(f".{platform.node()}") and process.isdecimal() and not _is_alive(int(process)):
            file.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _no_room(file: Path, error: OSError) -> SourceError:
    return SourceError(f"{file}: cannot be written ({error.strerror}); set EYESPOT_CACHE to a folder with free space.")


def load_numbers(file: Path) -> dict[str, np.ndarray]:
    """The arrays of a cache file; empty if it is missing or damaged (it is then created again)."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception:  # zipfile, zlib and numpy raise different errors
        return {}


def save_numbers(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays to a cache file; if there is no space, the cache is skipped."""
    try:
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, **arrays)  # pyright: ignore[reportArgumentType]
    except SourceError as error:
        warnings.warn(str(error), stacklevel=2)
