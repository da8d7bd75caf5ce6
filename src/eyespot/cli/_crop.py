"""The command `crop`: the crop of an image that a model ranks highest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._output import AsJson, box_from, print_json
from ._rank import ranking_model
from ._runs import model_path, split_model

if TYPE_CHECKING:
    from ..images import Picture


def crop(
    given: Annotated[list[str], typer.Argument(metavar="[MODEL] IMAGE", help="One image.")],
    model: Annotated[Path | None, typer.Option(help="A model of the task rank (default: the latest run).")] = None,
    out: Annotated[Path | None, typer.Option(help="PNG file of the crop.")] = None,
    aspect: Annotated[
        list[str] | None,
        typer.Option(help="Shape WIDTH:HEIGHT, such as 1:1; may be repeated (default: the image's own)."),
    ] = None,
    min_size: Annotated[float, typer.Option(help="Smallest sides, as a share of the largest crop of the shape.")] = 0.5,
    keep: Annotated[str | None, typer.Option(help="Box X1,Y1,X2,Y2 in pixels that must stay inside.")] = None,
    faces: Annotated[bool, typer.Option("--faces", help="Keep all faces inside (extra `faces`).")] = False,
    as_json: AsJson = False,
) -> None:
    """Find the crop of an image that a ranking model ranks highest: a global search over position, size and shape."""
    from dataclasses import asdict

    from ..findings import printable
    from ..model import load
    from ..organizing import find_crop

    file, images = (model_path(model), list(given)) if model else split_model(given)
    if len(images) != 1:
        raise typer.BadParameter(f"{len(images)} images were given; give one.")
    _check_out(out)
    shapes, box = [_shape(text) for text in aspect or []], None if keep is None else box_from(keep, "keep")
    loaded, image = ranking_model(load(file), file), images[0]
    if faces:
        box = _with_faces(image, box)
    best = find_crop(loaded, image, shapes, min_size, box, image)
    if out is not None:
        _write(image, best.box, out)
    if as_json:
        print_json({"image": printable(image), **asdict(best)})
    else:
        box = ",".join(map(str, best.box))
        print(
            f"{printable(image)}: the crop {box} ranks above {best.score:.0%} of the training images, the whole image "
            f"above {best.whole:.0%} ({best.tried} crops tried)"
        )


def _check_out(out: Path | None) -> None:
    from ..errors import RunError
    from ..files import require_file

    if out is None:
        return
    if out.suffix.lower() != ".png":
        raise RunError(f"{out}: expected a file ending in .png.", argument="out")
    if out.exists():
        raise RunError(f"{out}: exists already; give another name.", argument="out")
    require_file(out)


def _shape(text: str) -> float:
    wide, _, high = text.partition(":")
    try:
        return float(wide) / float(high)
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"aspect is '{text}'; expected WIDTH:HEIGHT such as 4:5.") from None


def _with_faces(image: "Picture", box: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
    """The smallest box, within the image, that contains a box and all faces."""
    from ..faces import find_faces
    from ..images import read_size

    height, width, _ = read_size(image, str(image))
    boxes = [face.box for face in find_faces(image, str(image))] + ([box] if box else [])
    if not boxes:
        return None
    x1, y1 = (max(0, int(min(each[side] for each in boxes))) for side in (0, 1))
    x2, y2 = (min(size, int(max(each[side] for each in boxes) + 0.999)) for side, size in ((2, width), (3, height)))
    return x1, y1, x2, y2


def _write(image: str, box: tuple[int, int, int, int], out: Path) -> None:
    from ..files import write_whole
    from ..images import ImageSpec, encode_png, read_pixels

    pixels = read_pixels(image, ImageSpec(channels=3, height=1, width=1, fit="native"), image)
    x1, y1, x2, y2 = box
    write_whole(out, encode_png(pixels[y1:y2, x1:x2]))
