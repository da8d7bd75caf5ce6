"""The faces of people who agreed to be recognized, in one SQLite file: enroll, find, forget.

Only names, embeddings and what tells one photo from another are stored: no image, no crop, no path.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import FaceError
from . import _database
from ._verify import THRESHOLD

NOBODY = "nobody known"
KIND = "gallery"
LONGEST_NAME = 200
TABLES = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE face (person INTEGER NOT NULL REFERENCES person(id), photo TEXT NOT NULL, embedding BLOB NOT NULL,
                   UNIQUE (person, photo));
"""


@dataclass(frozen=True, kw_only=True)
class Match:
    """Whose face it is: a name or "nobody known", and the similarity to the nearest enrolled face (NaN for none)."""

    person: str
    similarity: float

    @property
    def known(self) -> bool:
        """Whether it is somebody who is enrolled."""
        return self.person != NOBODY


class Gallery:
    """People and the embeddings of their faces, in a SQLite file that, with `create`, the first enrollment makes.

    Raises `FaceError` for a file that is missing or no gallery, or one that was made with other weights.
    """

    def __init__(self, path: str | Path, create: bool = False) -> None:
        self.path = Path(path)
        if self.path.exists() or not create:
            with self._open() as database:
                _database.check(self.path, KIND, database)

    def people(self) -> dict[str, int]:
        """The names of all people, each with the number of enrolled faces."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, count(face.rowid) FROM person LEFT JOIN face ON face.person = person.id GROUP BY name"
            )
            return dict(rows.fetchall())

    def enroll(self, name: str, crops: Sequence[np.ndarray], embeddings: np.ndarray) -> int:
        """Remember faces (crops (112, 112, 3), embeddings (F, 128)) under a name; returns how many of them are new.

        A person who is enrolled already gets further faces; the same photo is not kept twice.
        """
        check_name(name)
        photos = [hashlib.sha256(crop.tobytes()).hexdigest() for crop in crops]
        if not self.path.exists():
            _database.create(self.path, KIND, TABLES)
        with self._open() as database:
            database.execute("INSERT OR IGNORE INTO person (name) VALUES (?)", (name,))
            (person,) = database.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
            before = database.total_changes
            database.executemany(
                "INSERT OR IGNORE INTO face VALUES (?, ?, ?)",
                [
                    (person, photo, _database.to_bytes(embedding))
                    for photo, embedding in zip(photos, embeddings, strict=True)
                ],
            )
            return database.total_changes - before

    def forget(self, name: str) -> int:
        """Delete a person and all of their faces, and overwrite the bytes in the file; returns the number of faces.

        Raises `FaceError` where nobody has this name.
        """
        with self._open() as database:
            found = database.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
            if found is None:
                raise FaceError(f"{self.path}: nobody named '{name}' is enrolled; there are: {self._names()}.")
            count = database.execute("DELETE FROM face WHERE person = ?", found).rowcount
            database.execute("DELETE FROM person WHERE id = ?", found)
            database.commit()
            database.execute("VACUUM")  # the file is written anew, without the pages that became free
            return count

    def find(self, embeddings: np.ndarray, threshold: float = THRESHOLD) -> list[Match]:
        """Whose faces these are, by embeddings (F, 128): the nearest enrolled face decides, if it is near enough."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, embedding FROM face JOIN person ON person.id = face.person"
            ).fetchall()
        if not rows:
            return [Match(person=NOBODY, similarity=float("nan")) for _ in embeddings]
        enrolled = _database.from_bytes([data for _, data in rows])
        similarities = embeddings @ enrolled.T
        best = similarities.argmax(1)
        return [
            Match(person=rows[place][0] if row[place] >= threshold else NOBODY, similarity=float(row[place]))
            for place, row in zip(best, similarities, strict=True)
        ]

    def _names(self) -> str:
        return ", ".join(sorted(self.people())) or "none"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            raise FaceError(f"{self.path}: there is no gallery; enroll a person first.", argument=KIND)
        with _database.opened(self.path, KIND) as database:
            yield database


def check_name(name: str) -> None:
    """Raise `FaceError` for a name that nobody can have; slashes and all scripts are allowed."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable() or name == NOBODY:
        raise FaceError(
            f"The name '{name[:40]}' cannot be used; expected 1 to {LONGEST_NAME} printable characters, and not "
            f"'{NOBODY}'."
        )
