"""The index of a collection: one SQLite file with a row for each photo, outside the user's folder.

Paths are stored as bytes, relative to the collection: not every file name is valid Unicode.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError
from ..files import cache_folder
from ._colors import color_shares
from ._photo import COLORS, THUMBNAIL, Photo
from ._quality import QUALITY

VERSION = 3
EPOCH = datetime(1970, 1, 1)

COLUMNS = {
    "path": "BLOB PRIMARY KEY",
    "size": "INTEGER",  # bytes; with the next two, used to detect changes of a file
    "modified": "INTEGER",
    "changed": "INTEGER",
    "error": "TEXT",
    "content": "BLOB",
    "height": "INTEGER",
    "width": "INTEGER",
    "orientation": "INTEGER",
    "taken": "REAL",  # seconds from EPOCH, in the local time of the camera
    "time_from": "TEXT",
    "latitude": "REAL",
    "longitude": "REAL",
    "camera": "TEXT",
    **dict.fromkeys(QUALITY, "REAL"),
    "hash": "BLOB",  # 64 bits: see `perceptual_hash`
    "thumbnail": "BLOB",
    "colors": "BLOB",
    "embedding": "BLOB",  # float16
}
ENCODED = "encoded"
"""The table of embeddings by users' own encoders, made when it is needed."""
WITHOUT_IMAGES = [name for name in COLUMNS if name not in ("thumbnail", "colors", "embedding")]


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Index data of N readable photos, in path order.

    `rows` contains one dictionary per photo (see `COLUMNS`), with `path` as text; `thumbnails` (N, 64, 64) and `colors`
    (N, 16, 16, 3) are uint8; `embeddings` (N, F) are float16; F is 0 without a network.
    """

    rows: list[dict[str, Any]]
    thumbnails: np.ndarray
    colors: np.ndarray
    embeddings: np.ndarray

    @cached_property
    def unit(self) -> np.ndarray:
        """The embeddings (N, F) as float32 unit vectors."""
        vectors = self.embeddings.astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)

    @cached_property
    def color_shares(self) -> np.ndarray:
        """The fraction (N, K) of pixels of each color name; kept, because a page searches again and again."""
        return color_shares(self.colors)

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, name: str) -> np.ndarray:
        """One column as float64 (N,); NaN if unknown."""
        return np.array([np.nan if row[name] is None else row[name] for row in self.rows], np.float64)


def default_index(folder: Path) -> Path:
    """Default index file of a folder, in eyespot's cache folder."""
    place = os.fsencode(folder.resolve())
    return cache_folder() / "organize" / f"{hashlib.blake2b(place, digest_size=16).hexdigest()}.sqlite"


class Index:
    """An open index; `close` it, or use it in a `with` statement.

    Raises `SourceError` if the file cannot be created or is not an index, belongs to another folder, or was written by
    another version of eyespot or with another network (`network` is the one whose embeddings it contains).
    """

    def __init__(self, file: Path, folder: Path, network: str) -> None:
        self.file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self.database = sqlite3.connect(file, timeout=10)
            self._prepare(os.fsencode(folder.resolve()), network)
        except (OSError, sqlite3.Error) as error:
            raise SourceError(f"{file}: cannot be used as an index ({error}); give another file.") from error

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _prepare(self, root: bytes, network: str) -> None:
        self.database.row_factory = sqlite3.Row
        tables = {row[0] for row in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            # Readers do not wait for the writer, and a killed process leaves complete rows.
            self.database.execute("PRAGMA journal_mode = WAL")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            with self.database:
                self.database.execute("CREATE TABLE about (version INTEGER, root BLOB, network TEXT)")
                self.database.execute(f"CREATE TABLE photos ({columns})")
                self.database.execute("INSERT INTO about VALUES (?, ?, ?)", (VERSION, root, network))
        elif tables - {ENCODED} != {"about", "photos"}:
            raise SourceError(f"{self.file}: is a database, but no index of eyespot; give another file.")
        self._check(root, network)

    def _check(self, root: bytes, network: str) -> None:
        version, found, by = self.database.execute("SELECT version, root, network FROM about").fetchone()
        if version != VERSION:
            raise SourceError(
                f"{self.file}: is an index of version {version}, expected {VERSION}; delete it, it can be made again."
            )
        if found != root:
            raise SourceError(
                f"{self.file}: is the index of {os.fsdecode(found)}, not of {os.fsdecode(root)}; give another file."
            )
        if by != network:
            raise SourceError(
                f"{self.file}: was made with the network '{by or 'none'}', and now there is '{network or 'none'}'; "
                "delete the file, it can be made again."
            )

    def stamps(self) -> dict[bytes, tuple[int, int, int]]:
        """Size and modification times of each file when it was indexed, by path."""
        rows = self.database.execute("SELECT path, size, modified, changed FROM photos")
        return {row[0]: tuple(row[1:]) for row in rows}

    def remove(self, paths: Iterable[bytes]) -> None:
        """Delete the rows of removed photos."""
        with self.database:
            self.database.executemany("DELETE FROM photos WHERE path = ?", [(path,) for path in paths])

    def save(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows in one transaction; a missing column is NULL."""
        names = ", ".join(f":{name}" for name in COLUMNS)
        with self.database:
            self.database.executemany(
                f"INSERT OR REPLACE INTO photos VALUES ({names})", [dict.fromkeys(COLUMNS) | row for row in rows]
            )

    def encoded(self, encoder: bytes) -> dict[bytes, np.ndarray]:
        """The embeddings (F,) float16 of an encoder, by the photo's content; those of removed photos are deleted."""
        with self.database:
            self.database.execute(
                f"CREATE TABLE IF NOT EXISTS {ENCODED} "
                "(encoder BLOB, content BLOB, embedding BLOB, PRIMARY KEY (encoder, content)) WITHOUT ROWID"
            )
            self.database.execute(
                f"DELETE FROM {ENCODED} WHERE content NOT IN (SELECT content FROM photos WHERE content IS NOT NULL)"
            )
        rows = self.database.execute(f"SELECT content, embedding FROM {ENCODED} WHERE encoder = ?", (encoder,))
        return {content: np.frombuffer(raw, np.float16) for content, raw in rows}

    def save_encoded(self, encoder: bytes, embeddings: Mapping[bytes, np.ndarray]) -> None:
        """Write embeddings by an encoder in one transaction."""
        rows = [(encoder, content, vector.astype(np.float16).tobytes()) for content, vector in embeddings.items()]
        with self.database:
            self.database.executemany(f"INSERT OR REPLACE INTO {ENCODED} VALUES (?, ?, ?)", rows)

    def errors(self) -> dict[str, str]:
        """The reason for each file that could not be read, by path."""
        rows = self.database.execute("SELECT path, error FROM photos WHERE error IS NOT NULL ORDER BY path")
        return {os.fsdecode(path): error for path, error in rows}

    def photos(self) -> Photos:
        """All readable photos."""
        names = ", ".join(WITHOUT_IMAGES)
        where = "FROM photos WHERE error IS NULL ORDER BY path"
        rows = [dict(row) for row in self.database.execute(f"SELECT {names} {where}")]
        for row in rows:
            row["path"] = os.fsdecode(row["path"])
        return Photos(
            rows=rows,
            thumbnails=self._array("thumbnail", where, len(rows), np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL),
            colors=self._array("colors", where, len(rows), np.uint8).reshape(-1, COLORS, COLORS, 3),
            embeddings=self._array("embedding", where, len(rows), np.float16).reshape(len(rows), -1 if rows else 0),
        )

    def _array(self, name: str, where: str, count: int, kind: Any) -> np.ndarray:
        """A column of arrays of equal size, copied row by row into one array, which is allocated once."""
        array = np.empty(0, kind)
        for place, (raw,) in enumerate(self.database.execute(f"SELECT {name} {where}")):
            if place == 0:
                array = np.empty((count, len(raw) // array.itemsize), kind)
            array[place] = np.frombuffer(raw, kind)
        return array


def row_of(path: bytes, stamp: tuple[int, int, int], photo: Photo, embedding: np.ndarray) -> dict[str, Any]:
    """One row of the index."""
    latitude, longitude = photo.metadata.place or (None, None)
    taken = photo.metadata.taken
    return {
        "path": path,
        **dict(zip(("size", "modified", "changed"), stamp, strict=True)),
        "content": photo.content,
        "height": photo.height,
        "width": photo.width,
        "orientation": photo.orientation,
        "taken": None if taken is None else (taken - EPOCH).total_seconds(),
        "time_from": photo.metadata.time_from,
        "latitude": latitude,
        "longitude": longitude,
        "camera": photo.metadata.camera,
        **photo.quality,
        "hash": perceptual_hash(photo.thumbnail),
        "thumbnail": photo.thumbnail.tobytes(),
        "colors": photo.colors.tobytes(),
        "embedding": embedding.astype(np.float16).tobytes(),
    }


def taken_time(row: dict[str, Any]) -> datetime | None:
    """When a photo was taken; None if unknown."""
    return None if row["taken"] is None else EPOCH + timedelta(seconds=row["taken"])


def perceptual_hash(thumbnail: np.ndarray) -> bytes:
    """64-bit perceptual hash: which low frequencies of the gray thumbnail exceed their median."""
    from scipy.fft import dctn

    low = np.asarray(dctn(thumbnail.astype(np.float32), norm="ortho"))[:8, :8].ravel()
    return np.packbits(low > np.median(low[1:])).tobytes()
