"""Images uploaded on the page: stored below the folder of runs, they become a source like any other.

Names and classes are user input and never become a path: files are numbered, and a table describes them.
"""

import csv
import re
import shutil
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import SourceError
from ..sources import open_source
from ..sources.source import Source
from ._error_codes import RequestError
from .resources import MOST_PIXELS, check_pixels

MOST_PICTURES = 20_000
MOST_BYTES = 2 << 30
"""Maximum size of all uploaded images of one server (2 GB)."""
MOST_BASKETS = 100
LONGEST_NAME = 60
TABLE = "pictures.csv"


@dataclass(eq=False)
class UploadSet:
    """A set of uploaded images in its own folder."""

    folder: Path
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    opened: bool = False


@dataclass(eq=False)
class UploadSets:
    """All uploads of one server; `folder` is the location of new ones."""

    folder: Path | None
    held: list[UploadSet] = field(default_factory=list)
    size: int = 0
    _adding: threading.Lock = field(default_factory=threading.Lock)

    def new(self) -> int:
        """Create an upload set, and return its number."""
        if self.folder is None:
            raise RequestError(
                409, "uploads_missing", "This server takes no pictures; start it with: eyespot serve --runs FOLDER"
            )
        if len(self.held) >= MOST_BASKETS:
            raise RequestError(
                409, "too_many", f"There are {MOST_BASKETS} sets of pictures already; start the server anew."
            )
        self.held.append(UploadSet(_free_folder(self.folder)))
        return len(self.held) - 1

    def add(self, upload_set: UploadSet, picture: bytes, name: str, label: str, part: str) -> int:
        """Store one image, and return the number of images; raises `ImageError` for an invalid image."""
        check_pixels(picture, MOST_PIXELS)
        with self._adding:
            if upload_set.opened:
                raise RequestError(
                    409, "upload_closed", "These pictures are a source already; drop others into a new one."
                )
            if len(upload_set.rows) >= MOST_PICTURES or self.size + len(picture) > MOST_BYTES:
                raise RequestError(
                    413,
                    "too_large",
                    f"At most {MOST_PICTURES:,} pictures and {MOST_BYTES >> 30} GB are taken; use --source for more.",
                )
            file = f"{len(upload_set.rows) + 1:05}-{_plain(name)}"
            (upload_set.folder / file).write_bytes(picture)
            upload_set.rows.append((file, label, part))
            self.size += len(picture)
            return len(upload_set.rows)

    def open(self, upload_set: UploadSet, name: str) -> tuple[Source, Path]:
        """Open an upload set as a source with a name, and its table; raises `SourceError` if that fails."""
        with self._adding:
            if not upload_set.rows:
                raise SourceError(f"{name}: holds no picture; drop some first.")
            table = upload_set.folder / TABLE
            with table.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(("path", "label", "split"))
                writer.writerows(upload_set.rows)
            try:
                source = open_source(table)
            except SourceError as error:
                raise SourceError(str(error).replace(str(table), name)) from error
            upload_set.opened = True
        return replace(source, name=name, notes=[note.replace(TABLE, name) for note in source.notes]), table.resolve()

    def close(self, used: set[str]) -> None:
        """Delete the images that no run uses; `used` are the tables of the others."""
        for upload_set in self.held:
            if str((upload_set.folder / TABLE).resolve()) not in used:
                shutil.rmtree(upload_set.folder, ignore_errors=True)


def _plain(name: str) -> str:
    """The end of a file's name in plain letters, so that users recognize it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-LONGEST_NAME:]


def _free_folder(parent: Path) -> Path:
    for number in range(1, 1_000_000):
        try:
            folder = parent / "pictures" / str(number)
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise RequestError(409, "disk", f"Pictures cannot be kept ({error.strerror}); free some space.") from error
    raise RequestError(409, "too_many", "There are too many sets of pictures; give another --runs.")
