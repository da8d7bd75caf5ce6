"""Groups of the faces of an album, kept in one SQLite file: new photos are added, and corrections stay.

Two groups of one person are easily joined by hand, two persons in one group are hard to part: so a new face joins a
group at `CLUSTER_THRESHOLD`, two groups that exist join only at `MERGE_THRESHOLD`, and none is ever parted by itself.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import FaceError
from . import _database
from ._cluster import CLUSTER_THRESHOLD, cluster_faces

MERGE_THRESHOLD = 0.50
"""Mean similarity of all pairs from which two groups that exist become one."""
KIND = "album"
TABLES = """
CREATE TABLE face (id INTEGER PRIMARY KEY, image TEXT NOT NULL, crop TEXT NOT NULL, embedding BLOB NOT NULL,
                   number INTEGER NOT NULL, UNIQUE (image, crop));
CREATE TABLE apart (one INTEGER NOT NULL REFERENCES face(id) ON DELETE CASCADE,
                    other INTEGER NOT NULL REFERENCES face(id) ON DELETE CASCADE, UNIQUE (one, other));
"""


@dataclass(frozen=True, kw_only=True)
class AlbumFace:
    """A face of an album: its number, the image that it is on, and the number of its group. Numbers never change."""

    face: int
    image: str
    group: int


class Album:
    """Faces and their groups in a SQLite file, which the first addition makes. It holds no image and no crop.

    Raises `FaceError` for a file that is no album, or one that was made with other weights.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.exists():
            with _database.opened(self.path, KIND) as database:
                _database.check(self.path, KIND, database)

    def faces(self) -> list[AlbumFace]:
        """All faces, those of the lowest group first."""
        if not self.path.exists():
            return []
        with _database.opened(self.path, KIND) as database:
            rows = database.execute("SELECT id, image, number FROM face ORDER BY number, id").fetchall()
        return [AlbumFace(face=face, image=image, group=group) for face, image, group in rows]

    def add(self, images: Sequence[str], crops: Sequence[np.ndarray], embeddings: np.ndarray) -> int:
        """Add faces, crops (112, 112, 3) with embeddings (F, 128) of unit length; returns how many of them are new.

        Faces that the album has already stay where they are.
        """
        if not self.path.exists():
            _database.create(self.path, KIND, TABLES)
        with _database.opened(self.path, KIND) as database:
            sums = [hashlib.sha256(crop.tobytes()).hexdigest() for crop in crops]
            known = set(database.execute("SELECT image, crop FROM face").fetchall())
            new = [place for place, key in enumerate(zip(images, sums, strict=True)) if key not in known]
            _assign(database, [(images[place], sums[place], embeddings[place]) for place in new])
            _merge_similar(database)
        return len(new)

    def join(self, group: int, other: int) -> None:
        """Make one group of two, as they show one person; raises `FaceError` for a group that does not exist."""
        with self._corrected(group, other) as database:
            database.execute("UPDATE face SET number = ? WHERE number = ?", (min(group, other), max(group, other)))

    def separate(self, face: int) -> int:
        """Take a face out of its group for good, as it shows somebody else; returns the number of its new group."""
        with self._corrected() as database:
            found = database.execute("SELECT number FROM face WHERE id = ?", (face,)).fetchone()
            if found is None:
                raise FaceError(f"{self.path}: there is no face {face}; the list of groups shows their numbers.")
            others = database.execute("SELECT id FROM face WHERE number = ? AND id != ?", (found[0], face)).fetchall()
            database.executemany("INSERT OR IGNORE INTO apart VALUES (?, ?)", [(face, each[0]) for each in others])
            number = _next_number(database)
            database.execute("UPDATE face SET number = ? WHERE id = ?", (number, face))
        return number

    def forget(self, group: int) -> int:
        """Delete the faces of a group, and overwrite their bytes in the file; returns their number."""
        with self._corrected(group) as database:
            count = database.execute("DELETE FROM face WHERE number = ?", (group,)).rowcount
            database.commit()
            database.execute("VACUUM")
        return count

    def _corrected(self, *groups: int):
        if not self.path.is_file():
            raise FaceError(f"{self.path}: there is no album; add images first.", argument=KIND)
        existing = {face.group for face in self.faces()}
        for group in groups:
            if group not in existing:
                raise FaceError(f"{self.path}: there is no group {group}; there are: {_listed(existing)}.")
        return _database.opened(self.path, KIND)


def _listed(groups: set[int]) -> str:
    return ", ".join(map(str, sorted(groups)[:20])) or "none"


def _next_number(database: sqlite3.Connection) -> int:
    return database.execute("SELECT coalesce(max(number), 0) + 1 FROM face").fetchone()[0]


def _groups(database: sqlite3.Connection) -> dict[int, tuple[list[int], np.ndarray]]:
    """The faces of each group and their embeddings (F, 128)."""
    found: dict[int, tuple[list[int], list[bytes]]] = {}
    for face, number, embedding in database.execute("SELECT id, number, embedding FROM face ORDER BY id"):
        faces, stored = found.setdefault(number, ([], []))
        faces.append(face)
        stored.append(embedding)
    return {number: (faces, _database.from_bytes(stored)) for number, (faces, stored) in found.items()}


def _assign(database: sqlite3.Connection, new: list[tuple[str, str, np.ndarray]]) -> None:
    """Each new face goes to the group with the largest mean similarity, if that is enough; the others form groups."""
    means = {number: embeddings.mean(0) for number, (_, embeddings) in _groups(database).items()}
    numbers: list[int] = []
    for _, _, embedding in new:
        similar = {number: float(mean @ embedding) for number, mean in means.items()}
        best = max(similar, key=lambda number: similar[number], default=0)
        numbers.append(best if similar and similar[best] >= CLUSTER_THRESHOLD else 0)
    rest = [place for place, number in enumerate(numbers) if number == 0]
    first = _next_number(database)
    if rest:
        for place, group in zip(rest, cluster_faces(np.stack([new[place][2] for place in rest])).tolist(), strict=True):
            numbers[place] = first + group
    rows = [
        (image, crop, _database.to_bytes(embedding), number)
        for (image, crop, embedding), number in zip(new, numbers, strict=True)
    ]
    database.executemany("INSERT INTO face (image, crop, embedding, number) VALUES (?, ?, ?, ?)", rows)


def _merge_similar(database: sqlite3.Connection) -> None:
    """Join the two most similar groups as long as they are similar enough and were not separated by hand."""
    apart = {frozenset(pair) for pair in database.execute("SELECT one, other FROM apart")}
    while pair := _most_similar(_groups(database), apart):
        database.execute("UPDATE face SET number = ? WHERE number = ?", (min(pair), max(pair)))


def _most_similar(
    groups: dict[int, tuple[list[int], np.ndarray]], apart: set[frozenset[int]]
) -> tuple[int, int] | None:
    numbers = list(groups)
    means = np.array([groups[number][1].mean(0) for number in numbers])
    similarity = means @ means.T if numbers else np.zeros((0, 0))
    np.fill_diagonal(similarity, -1)
    for place in np.argsort(-similarity, axis=None):
        one, other = (numbers[each] for each in np.unravel_index(place, similarity.shape))
        if similarity.flat[place] < MERGE_THRESHOLD:
            return None
        if not any(frozenset((a, b)) in apart for a in groups[one][0] for b in groups[other][0]):
            return one, other
    return None
