"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import RunError


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that cannot be written, into a `RunError` that names the file."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror}). Free some space or give another --out."
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename: whoever reads finds the old file or the new one.

    Raises `RunError` where the disk is full or the folder cannot be written; the old file is then still there.
    """
    temporary = path.with_name(path.name + ".temporary")
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
