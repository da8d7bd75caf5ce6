"""Predictions for many images, printed or written as they are computed."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import EyespotError, ImageError, RunError, TaskError
from ..file_formats import is_picture_file
from ..files import require_file, require_folder, written
from ..findings import printable
from ..images import Frame

if TYPE_CHECKING:
    from torch import Tensor

    from ..exporting import ExportedModel
    from ..model import Model
    from ..tasks.task import Hint

TABLES = (".csv", ".jsonl", ".ndjson")
ORIGIN = "answers of eyespot"
"""The first key of a document of answers: only files that start with it are overwritten."""
PATTERN = "*?["
"""Characters that make a name a pattern."""
SILENT_SECONDS = 2.0
"""Seconds between two progress lines."""

_OPENING = "".join(f'{{"info": {{"description": "{ORIGIN}"'.split())

Found = tuple[str, dict[str, Any] | EyespotError]
Decoded = tuple[np.ndarray, Frame]


def check_out(out: Path) -> None:
    """Raise `RunError` if answers cannot be written to `out`; called before anything is loaded or predicted."""
    if out.suffix.lower() in TABLES:
        require_file(out)
        if out.is_file() and not _is_table(out):
            raise RunError(f"{out}: exists and is not a table of answers; give another name.", argument="out")
    elif out.suffix.lower() == ".json" and not out.is_dir():
        require_file(out)
        if out.is_file() and not _is_document(out):
            raise RunError(f"{out}: exists and is not a document of answers; give another name.", argument="out")
    elif out.suffix and not out.is_dir():
        raise RunError(
            f"{out}: has the suffix {out.suffix}; expected {', '.join(TABLES)} for a table of answers, "
            ".json for a COCO document of boxes, or a folder for images (create it first where its name has a dot).",
            argument="out",
        )
    else:
        require_folder(out)


def _is_table(file: Path) -> bool:
    """Whether a file is empty or a table of answers, which may be overwritten."""
    with written(file), file.open("rb") as opened:
        start = opened.read(9)
    return not start or start.startswith((b"image,", b'{"image":'))


def _is_document(file: Path) -> bool:
    """Whether a file is empty or a document of answers, which may be overwritten."""
    with written(file), file.open("rb") as opened:
        start = opened.read(200)
    return not start or "".join(start.decode(errors="replace").split()).startswith(_OPENING)


def image_files(given: Sequence[str], lines: Iterable[str]) -> Iterator[str]:
    """Yield the image paths in order: files, the images in folders and patterns, and, for "-", a list of files.

    Paths that do not exist or contain no image are passed on unchanged; they become errors among the answers.
    """
    for each in given:
        if each == "-":
            yield from image_files([line.strip() for line in lines if line.strip() not in ("", "-")], ())
        elif Path(each).is_dir():
            yield from _images_in(Path(each))
        elif any(sign in each for sign in PATTERN) and not Path(each).exists():
            yield from _matching(each)
        else:
            yield each


def _images_in(folder: Path) -> Iterator[str]:
    files = [str(file) for file in sorted(folder.rglob("*")) if file.is_file() and not _hidden(file, folder)]
    images = [file for file in files if is_picture_file(file)]
    yield from images or [str(folder)]


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _matching(pattern: str) -> Iterator[str]:
    files = [file for file in sorted(glob(pattern, recursive=True)) if Path(file).is_file()]  # noqa: PTH207
    yield from files or [pattern]


def answers(
    model: "Model | ExportedModel", files: Iterable[str], hints: Mapping[str, "Sequence[Hint]"] | None = None
) -> Iterator[Found]:
    """Yield each image with its answer, or with the error that names it, in order; images are decoded in parallel.

    `hints` are those of each image, by file name. Answers that are images are computed one by one: they may be large.
    """
    from ..samples import answered_at_once

    files = iter(files)
    size = 1  # start with one image, so that the first answer appears immediately
    with ThreadPoolExecutor() as pool:
        while chunk := list(islice(files, size)):
            decoded = list(pool.map(lambda file: _decoded(model, file), chunk))
            yield from zip(chunk, _answered(model, chunk, decoded, hints or {}), strict=True)
            size = 1 if model.task.answer_suffix else answered_at_once(model.images)


def tiled_answers(model: "Model | ExportedModel", files: Iterable[str], quiet: bool) -> Iterator[Found]:
    """Yield each image with its answer, computed in tiles, or with its error; progress goes to standard error."""
    from ..large_images import predict_large
    from ..model import Model

    if not isinstance(model, Model):
        raise RunError("Tiles need a model.safetensors, and an ONNX file was given; leave --tiles out.")
    model.task.join_tiles([], (1, 1))  # fail before the first image
    for file in files:
        try:
            yield file, predict_large(model, file, TileProgress(file, quiet))
        except EyespotError as error:
            yield file, error


class TileProgress:
    """Progress lines on standard error every few seconds: the number of finished tiles of an image."""

    def __init__(self, file: str, quiet: bool) -> None:
        self.file, self.quiet = file, quiet
        self.last = time.monotonic()

    def __call__(self, done: int, count: int) -> None:
        if not self.quiet and time.monotonic() - self.last > SILENT_SECONDS:
            self.last = time.monotonic()
            print(f"{printable(self.file)}: {done:,} of {count:,} tiles", file=sys.stderr, flush=True)


def _decoded(model: "Model | ExportedModel", file: str) -> Decoded | EyespotError:
    """Pixels of the network input, and the frame that maps the original image to them."""
    from ..answers import read_for

    if "://" in file:
        return ImageError(f"{file}: is a URL; download the image and give the file.")
    if Path(file).is_dir():
        return ImageError(f"{file}: is a folder that holds no image.")
    if any(sign in file for sign in PATTERN) and not Path(file).exists():
        return ImageError(f"{file}: no file matches this pattern.")
    try:
        return read_for(model.task, model.images, file, file)
    except EyespotError as error:
        return error


def _answered(
    model: "Model | ExportedModel",
    files: Sequence[str],
    decoded: Sequence[Decoded | EyespotError],
    hints: Mapping[str, "Sequence[Hint]"],
) -> list[dict[str, Any] | EyespotError]:
    """Answers of the images that could be read; images of the same size are computed as one batch."""
    import torch

    from ..samples import to_batch

    results: list[Any] = list(decoded)
    readable = {place: found for place, found in enumerate(decoded) if not isinstance(found, EyespotError)}
    for shape in sorted({pixels.shape for pixels, _ in readable.values()}):
        places = [place for place, (pixels, _) in readable.items() if pixels.shape == shape]
        alone = model.images.fit == "native"  # large images of their own size would not fit into memory together
        for group in [[place] for place in places] if alone else [places]:
            pixels = to_batch(np.stack([readable[place][0] for place in group]))
            with torch.no_grad():
                output = model.answer_outputs(pixels)
            for row, place in enumerate(group):
                file, frame = files[place], readable[place][1]
                given = hints.get(Path(file).name, ())
                results[place] = _finished(model, _row(output, row), pixels[row : row + 1], file, frame, given)
    return results


def _finished(
    model: "Model | ExportedModel", output: Any, pixels: "Tensor", file: str, frame: Frame, hints: "Sequence[Hint]"
) -> dict[str, Any] | EyespotError:
    """One answer; an error if its original cannot be read at full size, or a hint is outside the image."""
    from ..answers import answer_one

    try:
        return answer_one(model.task, model.images, output, pixels, file, frame, hints)
    except ImageError as error:
        return error
    except TaskError as error:
        return TaskError(f"{file}: {error}")


def _row(output: Any, row: int) -> Any:
    return {name: values[row] for name, values in output.items()} if isinstance(output, dict) else output[row]


def error_of(file: str, error: EyespotError) -> dict[str, str]:
    """The entry of a failed image among the answers: its name and the error."""
    return {"image": printable(file), "error": printable(str(error).removeprefix(f"{file}: "))}
