"""Where the answers of `predict` go: printed lines, a table, one document, and images in a folder."""

import csv
import json
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

import typer

from ..errors import EyespotError, RunError
from ..files import require_folder, write_whole, written
from ..findings import printable, to_json
from ._answers import ORIGIN, TABLES, error_of
from ._output import print_json

if TYPE_CHECKING:
    from ..exporting import ExportedModel
    from ..model import Model

SILENT_SECONDS = 2.0
"""Seconds between two progress lines."""


class Writer:
    """Writes answers as they come, and what needs all of them at the end.

    `out` is a table (written row by row), a document, or a folder for answers that are images; `annotated` is a folder
    for copies of the images with their answers drawn on them.
    """

    def __init__(
        self, model: "Model | ExportedModel", out: Path | None, annotated: Path | None, quiet: bool, as_json: bool
    ) -> None:
        suffix = "" if out is None else out.suffix.lower()
        self.model, self.annotated, self.as_json = model, annotated, as_json
        self.table = Table(out) if out is not None and suffix in TABLES else None
        self.document = out if suffix == ".json" else None
        self.folder = None if self.table or self.document else out
        printed = not (as_json or self.table or self.document)
        self.stream = sys.stdout if printed else None
        self.progress = Progress(quiet or not (self.table or self.document))
        self.collected: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.table:
            self.table.close()

    def write(self, model: "Model | ExportedModel", kind: str, image: str, found: Any) -> None:
        """Write the answer of one image, or the error that was found instead; `kind` is part of an image's name."""
        failed = isinstance(found, EyespotError)
        if failed:
            print(f"eyespot: {printable(str(found))}", file=sys.stderr, flush=True)
            answer: dict[str, Any] = error_of(image, found)
        else:
            answer = {"image": printable(image), **_saved(found, Path(image), kind, self.folder)}
            self._show(model, image, answer)
        self.progress.count(failed)
        if self.table:
            self.table.write(answer)
        if self.as_json or self.document:
            self.collected.append(answer)

    def finish(self) -> None:
        """Write what needs all answers; exit code 2 if an image failed."""
        if self.document:
            _write_document(self.model, self.collected, self.document)
        if self.as_json:
            print_json(self.collected)
        if self.progress.failed:
            print(f"eyespot: {self.progress.failed:,} of {self.progress.done:,} images failed.", file=sys.stderr)
            raise typer.Exit(2)

    def _show(self, model: "Model | ExportedModel", image: str, answer: dict[str, Any]) -> None:
        """Print one answer, and draw it, where that was asked for."""
        if self.stream is not None:
            text = answer["answer"] if "picture" in answer else model.task.answer_text(answer)
            note = f" ({answer['note']})" if "note" in answer else ""
            print(f"{answer['image']}: {text}{note}", file=self.stream, flush=True)
        if self.annotated is not None:
            _annotate(self.model, image, answer, self.annotated)


class Progress:
    """Progress lines on standard error every few seconds: number of images, and images per second."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.done = self.failed = 0
        self.began = self.last = time.monotonic()

    def count(self, failed: bool) -> None:
        """Count one image."""
        self.done += 1
        self.failed += failed
        now = time.monotonic()
        if not self.quiet and now - self.last > SILENT_SECONDS:
            self.last = now
            rate = self.done / (now - self.began)
            print(f"{self.done:,} images, {self.failed:,} failed, {rate:.0f} images/s", file=sys.stderr, flush=True)


class Table:
    """A table of answers, written row by row: CSV with a column per value, or one JSON object per line.

    The first answer determines the columns of a CSV file; errors that come earlier wait for it in `early`.
    """

    def __init__(self, path: Path) -> None:
        self.as_csv = path.suffix.lower() == ".csv"
        self.columns: list[str] = []
        self.early: list[dict[str, Any]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file: TextIO = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror}).") from error
        self.rows = csv.writer(self.file)

    def write(self, answer: dict[str, Any]) -> None:
        """Write one answer or error."""
        if not self.as_csv:
            self.file.write(to_json(answer) + "\n")
        elif self.columns or "error" not in answer:
            self._write_row(_flat(answer))
        else:
            self.early.append(answer)
        self.file.flush()

    def close(self) -> None:
        """Close the file; if every image failed, it lists their errors."""
        if self.early:
            self._start(["image"])
        self.file.close()

    def _write_row(self, values: dict[str, Any]) -> None:
        if not self.columns:
            self._start(list(values))
        self.rows.writerow([values.get(column, "") for column in self.columns])

    def _start(self, columns: list[str]) -> None:
        """Write the names of the columns, and the errors so far."""
        self.columns = [*columns, "error"]
        self.rows.writerow(self.columns)
        self.rows.writerows([each.get(column, "") for column in self.columns] for each in self.early)
        self.early = []


def _flat(answer: dict[str, Any]) -> dict[str, Any]:
    """Flatten nested values to columns such as "probabilities.cat"; lists become JSON."""
    flat: dict[str, Any] = {}
    for name, value in json.loads(to_json(answer)).items():
        if isinstance(value, dict):
            flat.update({f"{name}.{key}": part for key, part in value.items()})
        else:
            flat[name] = json.dumps(value) if isinstance(value, list) else "" if value is None else value
    return flat


def _saved(answer: dict[str, Any], image: Path, kind: str, out: Path | None) -> dict[str, Any]:
    """Save an answer that is an image to a file and replace it by the file name; notes are saved in the file, too."""
    from ..images import write_png

    pixels = answer.pop("picture", None)
    if pixels is None:
        return answer
    folder = out or Path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _free(folder, image.stem, kind)
        write_png(pixels, path, {"Comment": answer["note"]} if "note" in answer else None)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}); give another --out.") from error
    return {**answer, "answer": str(path), "picture": str(path)}


def _annotate(model: "Model | ExportedModel", image: str, answer: dict[str, Any], folder: Path) -> None:
    """Write a copy of the image with its answer drawn on it."""
    from dataclasses import replace

    from ..images import read_pixels, write_png

    pixels = read_pixels(image, replace(model.images, fit="native"), image)
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_png(model.task.annotate(pixels, answer), _free(folder, Path(image).stem, "annotated"))


def _free(folder: Path, stem: str, kind: str) -> Path:
    """An unused file name, so that nothing is overwritten."""
    names = (folder / f"{stem}.{kind}{'' if number == 1 else f'-{number}'}.png" for number in count(1))
    return next(path for path in names if not path.exists())


def _write_document(model: "Model | ExportedModel", answers: list[dict[str, Any]], file: Path) -> None:
    """Write all answers as one document in the format of the task."""
    require_folder(file.parent)
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"info": {"description": ORIGIN}, **(model.task.document(answers) or {})}
    write_whole(file, to_json(document).encode())
