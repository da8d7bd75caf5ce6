"""Where eyespot keeps its cache, and files that are written as a whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import RunError


def cache_folder() -> Path:
    """`EYESPOT_CACHE` if set, else `eyespot` in the platform's folder for caches. It can be deleted at any time."""
    if chosen := os.environ.get("EYESPOT_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "eyespot"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "eyespot"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eyespot"


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that cannot be written, into a `RunError` that names the file."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror}). Free some space or choose another place.",
            argument="out",
        ) from error


def temporary_of(path: Path) -> Path:
    """Where `write_whole` writes first; a process that is killed there leaves this file behind."""
    return path.with_name(path.name + ".temporary")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename: whoever reads finds the old file or the new one.

    Raises `RunError` where the disk is full or the folder cannot be written; the old file is then still there.
    """
    temporary = temporary_of(path)
    with written(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def require_folder(folder: Path) -> None:
    """Raise `RunError` where a folder cannot be made because a file has its place; called before long work."""
    taken = next((place for place in (folder, *folder.parents) if place.is_file()), None)
    if taken is not None:
        raise RunError(f"{taken}: is a file; choose a folder.", argument="out")
