"""Resolve the paths in a table to files below the table's folder, never outside."""

import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from ..errors import SourceError


class NotFound(SourceError):
    """A row whose file cannot be used: it is left out and listed."""


@dataclass
class Finder:
    """Finds the files of a table in `folder`; `notes` counts the paths that were corrected."""

    folder: Path
    notes: Counter[str] = field(default_factory=Counter)

    def find(self, path: str) -> str:
        """The file for a path; raises `NotFound`, with advice, if it is missing or outside the folder."""
        if not path or "\0" in path:
            raise NotFound("has no path; give a path relative to the table's folder.")
        for candidate, note in self._candidates(path):
            file = Path(self.folder, candidate)
            if _exists(file):
                self._require_inside(file, path)
                self.notes[note] += bool(note)
                return str(file)
        raise NotFound(self._reason(path))

    def _candidates(self, path: str) -> list[tuple[str, str]]:
        """Candidate paths below the folder, the most likely first, each with its note."""
        if path.casefold().startswith("file:"):
            path = re.sub(r"^file:/*", "/", unquote(path), flags=re.IGNORECASE)
        candidates = [] if _leads_out(path) else [(path, "")]
        slashes = path.replace("\\", "/")
        note = "" if slashes == path else "paths with backslashes are read as paths with slashes"
        if not _leads_out(slashes):
            candidates.append((os.path.normpath(slashes), note))
        elif tail := self._tail(slashes):
            candidates.append(tail)
        if not _leads_out(slashes) and (like := self._by_spelling.get(_plain(os.path.normpath(slashes)))):
            candidates.append((like, "paths that differ from file names only in case or Unicode form are matched"))
        if "%" in path and (plain := unquote(path)) != path and not _leads_out(plain):
            candidates.append((plain, "percent-encoded paths (%20) are decoded"))
        return candidates

    def _tail(self, path: str) -> tuple[str, str] | None:
        """The end of an absolute path, if it names a file below the folder."""
        if ".." in PurePosixPath(path).parts:
            return None
        if path.startswith(f"{self._real}{os.sep}"):
            return path[len(self._real) + 1 :], ""
        if path.startswith(f"{self.folder.absolute()}{os.sep}"):
            return path[len(str(self.folder.absolute())) + 1 :], ""
        parts = PureWindowsPath(path).parts[1:]
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            if (self.folder / tail).is_file():
                front = path.removesuffix(tail)
                return tail, f"absolute paths that begin with '{front}' are read from the table's folder"
        return None

    @property
    def _real(self) -> str:
        return os.path.realpath(self.folder)

    @cached_property
    def _by_spelling(self) -> dict[str, str]:
        """Files below the folder by their normalized paths, if these are unique."""
        names: dict[str, list[str]] = {}
        for place, _, files in os.walk(self.folder):
            for file in files:
                inside = Path(place, file).relative_to(self.folder).as_posix()
                names.setdefault(_plain(inside), []).append(inside)
        return {plain: files[0] for plain, files in names.items() if len(files) == 1}

    def _require_inside(self, file: Path, path: str) -> None:
        real = os.path.realpath(file)
        if not real.startswith(f"{self._real}{os.sep}"):
            raise NotFound(f"'{path}' is a link out of the table's folder; copy the image there.")

    def _reason(self, path: str) -> str:
        if re.match(r"[a-z0-9+.-]+://", path, re.IGNORECASE):
            return f"'{path}' is a URL; download the image, and give its path relative to the table's folder."
        if _leads_out(path.replace("\\", "/")):
            return (
                f"'{path}' is an absolute path or leads out of the table's folder, and there is no such file below it; "
                "put the table into the folder above its images, and write paths that start from there."
            )
        return f"there is no file '{path}' in {self.folder}"


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):  # such as a name that exceeds the limit of the file system
        return False


def _leads_out(path: str) -> bool:
    """Whether a path is absolute, has a drive, or leaves the folder, with either kind of slash."""
    if PureWindowsPath(path).anchor or path.startswith("/"):
        return True
    return os.path.normpath(path.replace("\\", "/")).split("/")[0] == ".."


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
