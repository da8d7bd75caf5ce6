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
    """Raise `RunError` where a folder cannot be made or written to; called before long work."""
    existing = next((place for place in (folder, *folder.parents) if place.exists()), Path())
    if not existing.is_dir():
        raise RunError(f"{existing}: is a file; choose a folder.", argument="out")
    if not os.access(existing, os.W_OK):
        raise RunError(f"{existing}: cannot be written (permission denied); choose another folder.", argument="out")


def require_file(file: Path) -> None:
    """Raise `RunError` where a file cannot be written: a folder has its name, or its own folder cannot be written."""
    if file.is_dir():
        raise RunError(f"{file}: is a folder; give the name of a file.", argument="out")
    require_folder(file.parent)
