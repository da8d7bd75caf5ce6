"""Update the index of a collection: only new or changed files are read."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, SourceError
from ..findings import printable
from ..images import ImageSpec, read_file
from ..sources import walk
from ._embedding import Embedder
from ._index import Index, row_of
from ._photo import Photo, examine

BATCH = 32
"""Number of photos that are embedded as one batch and written to the index in one transaction."""
YOUNG = 3_000_000_000
"""Nanoseconds: a file that was changed this recently may change again within one clock tick; it is read again."""
UNSETTLED = -1

Stamp = tuple[int, int, int]
Show = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Update:
    """Results of an update: photos added or read again, removed, and unchanged; ignored images by reason."""

    read: int
    removed: int
    unchanged: int
    left_out: dict[str, int] = field(default_factory=dict)


def update(index: Index, folder: Path, embedder: Embedder, show: Show | None = None) -> Update:
    """Read new and changed photos of a folder. If interrupted, the next call resumes.

    `show` is called with the number of processed photos and the total, after each batch. Raises `SourceError` if the
    folder does not exist.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder}: is not a folder; give the folder of a photo collection.")
    walked = walk(folder)
    stamps = dict(_stamped(walked.tree.all_images(), folder))
    indexed = index.stamps()
    index.remove(indexed.keys() - stamps.keys())
    todo = [path for path, stamp in stamps.items() if indexed.get(path) != stamp or stamp[1] == UNSETTLED]
    done = 0
    for rows in _read_batches(folder, todo, stamps, embedder):
        index.save(rows)
        done += len(rows)
        if show:
            show(done, len(todo))
    return Update(
        read=len(todo),
        removed=len(indexed.keys() - stamps.keys()),
        unchanged=len(stamps) - len(todo),
        left_out={printable(reason): count for reason, count in walked.left_out.items() if count},
    )


def _stamped(paths: Sequence[str], folder: Path) -> Iterator[tuple[bytes, Stamp]]:
    """Each path relative to the folder, with size and modification times; deleted files are ignored."""
    latest = time.time_ns() - YOUNG
    start = len(os.fsencode(folder)) + (not str(folder).endswith(os.sep))
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - 100,000 Path objects take longer than what is done with them
        except OSError:
            continue
        young = max(status.st_mtime_ns, status.st_ctime_ns) > latest
        modified = UNSETTLED if young else status.st_mtime_ns
        yield os.fsencode(path)[start:], (status.st_size, modified, status.st_ctime_ns)


def _read_batches(
    folder: Path, todo: Sequence[bytes], stamps: dict[bytes, Stamp], embedder: Embedder
) -> Iterator[list[dict[str, Any]]]:
    """Yield rows of the index; while one batch is embedded, the next one is decoded."""
    batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]
    with ThreadPoolExecutor() as pool:

        def begin(batch: Sequence[bytes]) -> list[Future[Photo | ImageError]]:
            return [pool.submit(_read, folder, path, embedder.images) for path in batch]

        waiting = [begin(batch) for batch in batches[:1]]
        for place, batch in enumerate(batches):
            if place + 1 < len(batches):
                waiting.append(begin(batches[place + 1]))
            results = [future.result() for future in waiting.pop(0)]
            yield _rows(batch, results, stamps, embedder)


def _read(folder: Path, path: bytes, images: ImageSpec) -> Photo | ImageError:
    name = printable(os.fsdecode(path))
    try:
        return examine(read_file(folder / os.fsdecode(path), name), name, images, datetime.now())
    except ImageError as error:
        return error


def _rows(
    batch: Sequence[bytes], results: Sequence[Photo | ImageError], stamps: dict[bytes, Stamp], embedder: Embedder
) -> list[dict[str, Any]]:
    rows = []
    photos = [result for result in results if isinstance(result, Photo)]
    crops = np.stack([photo.crop for photo in photos]) if photos else np.empty((0, *embedder.images.shape))
    embeddings = iter(embedder.embed(crops))
    for path, result in zip(batch, results, strict=True):
        stamp = stamps[path]
        if isinstance(result, Photo):
            rows.append(row_of(path, stamp, result, next(embeddings)))
        else:
            sizes = dict(zip(("size", "modified", "changed"), stamp, strict=True))
            rows.append({"path": path, **sizes, "error": str(result).removeprefix(f"{printable(os.fsdecode(path))}: ")})
    return rows
