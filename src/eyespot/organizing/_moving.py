"""Put one file in place: nothing is overwritten, and files stay complete if the process is killed."""

import ctypes
import errno
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ._photo import content_hash

AT_FDCWD, RENAME_NOREPLACE = -100, 1


def is_same(path: Path, size: int, content: str, modified: int | None = None) -> bool:
    """Whether a regular file with this content exists; it is not read if its modification time matches."""
    try:
        status = path.lstat()
        if path.is_symlink() or not path.is_file() or status.st_size != size:
            return False
        return status.st_mtime_ns == modified or content_hash(path.read_bytes()).hex() == content
    except OSError:
        return False


def rename(source: Path, target: Path) -> None:
    """Rename atomically; raises `FileExistsError` if the target exists."""
    function = _rename_function()
    if function is not None:
        if function(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EINVAL):  # some file systems do not support it
            raise OSError(number, os.strerror(number), str(source), None, str(target))
    # Another program could create the target between these two lines; there is no better way here.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


@cache
def _rename_function() -> Any:
    """Linux's rename that never overwrites; None on other systems."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def put_copy(source: Path, target: Path, content: str) -> None:
    """Copy via a temporary name; the target appears complete, verified, and with the source's times."""
    partial = partial_of(target)
    partial.unlink(missing_ok=True)  # ours: left by a call that was killed
    try:
        shutil.copy2(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if content_hash(partial.read_bytes()).hex() != content:
            raise OSError(errno.EIO, "the copy differs from the original")
        rename(partial, target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def partial_of(target: Path) -> Path:
    """Temporary path of a copy."""
    return target.with_name(f".{target.name[:200]}.eyespot-partial")


def put_link(source: Path, target: Path) -> None:
    """Create a hard link; raises `FileExistsError` if the target exists."""
    os.link(source, target, follow_symlinks=False)


def put_moved(source: Path, target: Path, content: str) -> None:
    """Move: atomically within a file system; between two, copy, verify, and only then delete the original."""
    try:
        rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        put_copy(source, target, content)
        source.unlink()
