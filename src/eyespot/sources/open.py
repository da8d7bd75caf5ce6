"""Open any supported source: detect its format."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError
from ..images import SUFFIXES as PICTURES
from ..value_range import Range, check_range
from . import _table as table
from ._arrays import read_arrays
from ._beside import require_no_table
from ._boxes import read_boxes, read_coco_file
from ._bundled import read_bundled
from ._collection import ArrayRows, Collection
from ._drive_logs import read_drive_log, read_tub
from ._driving import read_drives
from ._folder import collect
from ._idx import IMAGES, image_files, read_idx_files
from ._usps import is_zip_code_file, read_zip_codes, zip_code_files
from ._video_logs import read_video_log, read_videos
from ._walk import walk
from .assemble import BAD_SHARE, assemble
from .known import load_known
from .source import Source
from .synthetic import open_synthetic

TABLES = {*table.SUFFIXES, ".npz"} - {".txt"}
"""Suggestions for a folder without images; a text may be anything."""
PACKED = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar")
KNOWN = """a folder of images (one folder per class, optionally inside train/ val/ test/), \
a table (.csv, .tsv, .jsonl) with a column 'path', IDX files (MNIST), USPS zip.train and zip.test, \
images with boxes (COCO JSON, a YOLO folder, Pascal VOC), drives (steering.csv, a driving log, a \
donkeycar tub, a video with a table), \
a .npz file with x_train and y_train, bundled:digits or synthetic:shapes"""


def open_source(
    what: str | Path | Source | Mapping[str, Any] | Sequence[Any],
    *,
    columns: Mapping[str, str] | None = None,
    layout: str | None = None,
    bad_share: float = BAD_SHARE,
    value_range: tuple[float, float] | None = None,
    known: Mapping[int, int] | None = None,
) -> Source:
    """Open your images, in any supported form, and split them into training, validation and test parts.

    `what` is a folder, a table, IDX files, a `.npz` file, `bundled:digits`, `synthetic:shapes`, a dictionary of arrays
    or a tuple of them. `columns` maps meanings to the columns of a table. `layout` gives the meaning of the folders
    ("classes", "parts", "subfolders", "classes-with-parts" or "unlabeled"). Up to `bad_share` of the images may be
    unreadable or missing; they are left out and listed in `problems`. `value_range` is mapped to black and white in
    images of more than 8 bits; by default one range is computed for all of them. `known` assigns images, by content
    key, to parts (0 training, 1 validation, 2 test), as an earlier run split them. Files are never changed. Raises
    `SourceError` if nothing is recognized, if a folder is ambiguous, or if too many images cannot be read.

    >>> open_source("bundled:digits").kind
    'bundled with scikit-learn'
    """
    value_range = None if value_range is None else check_range(value_range)
    if isinstance(what, Source):
        return _with_range(what, value_range)
    if isinstance(what, str) and what.startswith("synthetic:"):
        return open_synthetic(what.removeprefix("synthetic:"))
    collection = _collect(what, columns, layout, value_range)
    if columns and collection.kind not in ("table", "driving log", "video of a drive"):
        raise SourceError(f"{collection.name}: columns can be chosen for a table only; this is {collection.kind}.")
    if layout and not (collection.root and collection.root.is_dir()):
        raise SourceError(f"{collection.name}: a layout can be chosen for a folder only; this is {collection.kind}.")
    return assemble(collection, bad_share, value_range, known)


def reopen(origin: Mapping[str, Any], run: Path | None = None) -> Source:
    """Open the source in a run's recipe: `{"what": ..., "columns": ..., "layout": ..., "value_range": ...}`.

    Images that the run in the folder `run` used stay in the same parts.
    """
    remembered = load_known(run) if run else None
    return open_source(
        origin["what"],
        columns=origin.get("columns"),
        layout=origin.get("layout"),
        value_range=origin.get("value_range"),
        known=remembered.by_key if remembered else None,
    )


def _with_range(source: Source, value_range: Range | None) -> Source:
    """The source with another value range; images in arrays were scaled when it was opened."""
    if value_range in (None, source.value_range):
        return source
    if isinstance(source.train.rows, ArrayRows):
        raise SourceError(f"{source.name}: its arrays are already scaled; give the value range to open_source.")
    return replace(source, value_range=value_range)


def _collect(what: Any, columns: Mapping[str, str] | None, layout: str | None, value_range: Range | None) -> Collection:
    if isinstance(what, str) and what.startswith("bundled:"):
        return read_bundled(what.removeprefix("bundled:"))
    if not isinstance(what, str | Path):
        return read_arrays(what, "arrays", value_range=value_range)
    if not str(what):
        raise SourceError(f"The source has no name. Expected {KNOWN}.")
    path = Path(what).expanduser()
    if path.is_dir():
        return _collect_folder(path, layout)
    if path.is_file():
        return _collect_file(path, columns, value_range)
    raise SourceError(f"{path}: there is no such file or folder.{_near(path)} Expected {KNOWN}.")


def _near(path: Path) -> str:
    names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, names, n=1)
    return f" Did you mean '{path.with_name(near[0])}'?" if near else ""


def _collect_folder(folder: Path, layout: str | None) -> Collection:
    if files := image_files(folder):
        return read_idx_files(files, folder)
    if files := zip_code_files(folder):
        return read_zip_codes(files, folder)
    walked = walk(folder)
    if not walked.tree.total and layout is None and (videos := read_videos(walked.tree, folder)):
        return videos
    if not walked.tree.total:
        raise SourceError(f"{folder}: contains no image.{_instead(folder)} Expected {KNOWN}.")
    if layout is None and (boxes := read_boxes(walked.tree, folder)):
        return boxes
    if layout is None and (drives := read_drives(walked.tree, folder) or read_tub(walked.tree, folder)):
        return drives
    if layout is None:
        require_no_table(walked.tree, folder)
    return collect(walked, folder, layout)


def _instead(folder: Path) -> str:
    """Other contents of the folder that could be opened."""
    tables = [each.name for each in sorted(folder.iterdir()) if each.suffix.lower() in TABLES]
    packed = [each.name for each in sorted(folder.iterdir()) if each.name.lower().endswith(PACKED)]
    if tables:
        return f" There is '{tables[0]}': open that file itself."
    return f" There is '{packed[0]}': unpack it first." if packed else ""


def _collect_file(file: Path, columns: Mapping[str, str] | None, value_range: Range | None) -> Collection:
    suffix = file.suffix.lower()
    if suffix == ".json" and not table.is_json_table(file):
        return read_coco_file(file)
    if log := read_video_log(file, columns) or read_drive_log(file, columns):
        return log
    if suffix in (".json", *table.SUFFIXES):
        return table.read_table(file, columns)
    if suffix in table.OTHER_TABLES:
        raise SourceError(f"{file}: {table.OTHER_TABLES[suffix]}; {table.SAVE_AS}.")
    if suffix == ".npz":
        return _read_npz(file, value_range)
    if IMAGES.match(file.name):
        return read_idx_files([file], file)
    if is_zip_code_file(file):
        return read_zip_codes([file], file)
    if suffix in PICTURES:
        raise SourceError(f"{file}: is a single image; give the folder that contains it.")
    if file.name.lower().endswith(PACKED):
        raise SourceError(f"{file}: is an archive; unpack it first and give the folder.")
    raise SourceError(f"{file}: is not recognized. Expected {KNOWN}.")


def _read_npz(file: Path, value_range: Range | None) -> Collection:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            images = {name: arrays[name] for name in arrays.files if name.startswith(("x", "y"))}
    except Exception as error:  # zipfile, zlib and numpy raise different errors
        raise SourceError(f"{file}: cannot be read as arrays ({error}); write it with numpy.savez.") from error
    return replace(read_arrays(images, file.name, "a .npz file", value_range), root=file)
