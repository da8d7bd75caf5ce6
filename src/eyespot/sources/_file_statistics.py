"""Cache of file statistics: files that have not changed are not decoded again.

A file is identified by a stamp of its path, size and modification times. The cache is in the cache folder.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..files import cache_folder
from ..images import Picture
from .cache_folder import load_numbers, save_numbers
from .source import Row

YOUNG = 3.0
"""Files changed within this number of seconds are read again: they could change again within one clock tick."""

NO_STAMP = 0


def stamps(rows: Sequence[Row]) -> np.ndarray:
    """A number (N,) for each row that changes with its files; `NO_STAMP` if a file is missing or was just changed."""
    latest = time.time() - YOUNG
    return np.array([_stamp(row, latest) for row in rows], np.uint64)


def _stamp(row: Row, latest: float) -> int:
    texts = [_stamp_text(picture, latest) for picture in (row.picture, row.paired) if picture is not None]
    if not all(texts):
        return NO_STAMP
    digest = hashlib.blake2b("\n".join(texts).encode(errors="surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _stamp_text(picture: Picture, latest: float) -> str:
    if not isinstance(picture, str | Path):
        return ""
    try:
        status = Path(picture).stat()
    except (OSError, ValueError):
        return ""
    if max(status.st_mtime, status.st_ctime) > latest:
        return ""
    return f"{picture} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _file(root: Path) -> Path:
    place = str(root.resolve()).encode(errors="surrogateescape")
    return cache_folder() / "seen" / f"{hashlib.blake2b(place, digest_size=16).hexdigest()}.npz"


def load_statistics(root: Path, marks: np.ndarray, facts: dict[str, np.ndarray]) -> np.ndarray:
    """Load cached statistics of the rows with these stamps (N,); return the indices of the missing rows."""
    cached = load_numbers(_file(root))
    if cached.keys() != {"stamps", *facts} or any(cached[name].shape[1:] != facts[name].shape[1:] for name in facts):
        return np.arange(len(marks))
    place = np.searchsorted(cached["stamps"], marks).clip(max=max(0, len(cached["stamps"]) - 1))
    if not len(cached["stamps"]):
        return np.arange(len(marks))
    hits = (cached["stamps"][place] == marks) & (marks != NO_STAMP)
    for name, values in facts.items():
        values[hits] = cached[name][place[hits]]
    return np.flatnonzero(~hits)


def save_statistics(root: Path, marks: np.ndarray, facts: dict[str, np.ndarray]) -> None:
    """Store the statistics of the rows with these stamps, replacing earlier ones."""
    calibrated = np.flatnonzero(marks != NO_STAMP)
    calibrated = calibrated[np.argsort(marks[calibrated], kind="stable")]
    if len(calibrated):
        arrays = {name: values[calibrated] for name, values in facts.items()}
        save_numbers(_file(root), {"stamps": marks[calibrated], **arrays})
