"""The command `stain`: copies of microscope images with normalized colors."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._output import AsJson, Quiet, print_json

if TYPE_CHECKING:
    import numpy as np

KEPT_FORMATS = {".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Formats in which copies are written; others become PNG."""


def stain(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Images, folders or patterns.")],
    out: Annotated[Path, typer.Option(help="Folder for the copies, which keep their names.")],
    method: Annotated[str, typer.Option(help="macenko or reinhard.")] = "macenko",
    reference: Annotated[
        Path | None, typer.Option(help="Image whose colors are taken over (default of macenko: standard stains).")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Normalize the colors of stained microscope images (hematoxylin and eosin); originals are not changed."""
    from ..errors import EyespotError, ImageError, look_up
    from ..files import require_folder
    from ..stain import METHODS, normalizer
    from ._answers import image_files

    look_up("method of stain normalization", method, dict.fromkeys(METHODS), ImageError)
    require_folder(out)
    normalize = normalizer(method, None if reference is None else _read(str(reference)))
    results: list[dict[str, str]] = []
    for root in images:
        for file in image_files([root], sys.stdin):
            copy = _copy_of(file, root, out)
            try:
                _write(normalize(_read(file)), copy)
                results.append({"image": file, "copy": str(copy)})
            except EyespotError as error:
                message = str(error) if str(error).startswith(file) else f"{file}: {error}"
                print(f"eyespot: {message}", file=sys.stderr, flush=True)
                results.append({"image": file, "error": message.removeprefix(f"{file}: ")})
    failed = sum("error" in result for result in results)
    if as_json:
        print_json(results)
    elif not quiet:
        print(f"{len(results) - failed:,} images normalized into {out}")
    if failed:
        raise typer.Exit(2)


def _read(file: str) -> "np.ndarray":
    from ..images import ImageSpec, read_pixels

    return read_pixels(file, ImageSpec(height=1, width=1, channels=3, fit="native"), file)


def _copy_of(file: str, root: str, out: Path) -> Path:
    """Where the copy of a file is written: at the same place below `out` as the file below a given folder."""
    path = Path(file)
    relative = path.relative_to(root) if Path(root).is_dir() else Path(path.name)
    return out / (relative if relative.suffix.lower() in KEPT_FORMATS else relative.with_suffix(".png"))


def _write(pixels: "np.ndarray", copy: Path) -> None:
    from ..errors import ImageError
    from ..files import write_whole
    from ..images import encode_image

    if copy.exists():
        raise ImageError(f"{copy} exists already; give another folder.")
    copy.parent.mkdir(parents=True, exist_ok=True)
    write_whole(copy, encode_image(pixels, KEPT_FORMATS[copy.suffix.lower()]))
