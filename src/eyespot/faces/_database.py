"""SQLite files of embeddings: what is deleted is overwritten, and everything is committed at the end or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import FaceError
from ..files import require_file, written
from ..networks.sface import EMBEDDING
from ..pretrained import SFACE_FILE

ABOUT = "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);"


@contextmanager
def opened(path: Path, kind: str) -> Iterator[sqlite3.Connection]:
    """A connection to a file of a kind ("gallery"); raises `FaceError` where it is none that can be used."""
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("PRAGMA foreign_keys = ON")
        with database:
            yield database
    except sqlite3.DatabaseError as error:
        article = "an" if kind[0] in "aeiou" else "a"
        raise FaceError(
            f"{path}: cannot be used as {article} {kind} ({error}); give another file.", argument=kind
        ) from error
    finally:
        database.close()


def create(path: Path, kind: str, tables: str) -> None:
    """Make a file with empty tables, which knows the weights that its embeddings will come from."""
    require_file(path)
    with written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with opened(path, kind) as database:
        database.executescript(ABOUT + tables)
        database.execute("INSERT INTO about VALUES ('embedding', ?)", (SFACE_FILE.sha256,))


def check(path: Path, kind: str, database: sqlite3.Connection) -> None:
    """Raise `FaceError` where embeddings were made with other weights, or are damaged."""
    found = database.execute("SELECT value FROM about WHERE key = 'embedding'").fetchone()
    if found is None or found[0] != SFACE_FILE.sha256:
        raise FaceError(
            f"{path}: was made with other weights, whose embeddings cannot be compared; make a new {kind}.",
            argument=kind,
        )
    sizes = database.execute("SELECT DISTINCT length(embedding) FROM face").fetchall()
    if sizes not in ([], [(4 * EMBEDDING,)]):
        raise FaceError(f"{path}: holds damaged embeddings; make a new {kind}.", argument=kind)


def to_bytes(embedding: np.ndarray) -> bytes:
    """An embedding (128,) as it is stored."""
    return embedding.astype("<f4").tobytes()


def from_bytes(stored: list[bytes]) -> np.ndarray:
    """Stored embeddings as an array (F, 128)."""
    return np.stack([np.frombuffer(data, "<f4") for data in stored]) if stored else np.zeros((0, EMBEDDING), np.float32)
