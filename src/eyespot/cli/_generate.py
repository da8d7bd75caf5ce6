"""The command `generate`: new images from a trained generator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import RunError
from ..files import require_folder, written
from ._output import AsJson, print_json
from ._runs import ModelFile, model_path

if TYPE_CHECKING:
    from torch import Tensor

    from ..model import Model

MOST = 10_000
MILLISECONDS = 100
"""Duration of an image of an animation."""


def generate(
    model: ModelFile,
    out: Annotated[Path, typer.Option(help="New or empty folder for the images.")],
    count: Annotated[int, typer.Option(min=1, max=MOST, help="Number of images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 0,
    interpolate: Annotated[
        int | None, typer.Option(min=2, max=MOST, help="Write a strip of this many interpolated images instead.")
    ] = None,
    animated: Annotated[
        bool, typer.Option("--animated", help="With --interpolate, write an animation (WebP) there and back.")
    ] = False,
    nearest: Annotated[str | None, typer.Option(help="Keep the images nearest to this style.")] = None,
    farthest: Annotated[str | None, typer.Option(help="Keep the images farthest from this style.")] = None,
    dissect: Annotated[
        str | None, typer.Option(help="Write what the strongest channels of a layer draw instead, such as map8.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Generate new images: a PNG file for each, and all of them as a grid. Each file is marked as generated."""
    from ..model import load

    if nearest is not None and farthest is not None:
        raise typer.BadParameter("nearest and farthest were both given; give one of them.")
    if interpolate is not None and (nearest or farthest):
        raise typer.BadParameter("interpolate was given with a style; give one of them.")
    if dissect is not None and (interpolate is not None or nearest or farthest):
        raise typer.BadParameter("dissect was given with interpolate or a style; give one of them.")
    if animated and interpolate is None:
        raise typer.BadParameter("animated was given without interpolate; add --interpolate 60, its number of images.")
    _require_empty(out)
    loaded = load(model_path(model))
    if dissect is not None:
        paths = _write_dissection(loaded, dissect, seed, out)
    elif interpolate is not None:
        paths = (_write_animation if animated else _write_strip)(loaded.interpolate(seed, interpolate), out)
    else:
        paths = _write_images(_chosen(loaded, seed, count, nearest, farthest), out)
    if as_json:
        print_json({"images": paths, "seed": seed})
    else:
        print(f"{out}: {len(paths)} {'file' if len(paths) == 1 else 'files'}, {paths[0].name} and on, seed {seed}")


def _require_empty(out: Path) -> None:
    """Raise `RunError` if files would be overwritten, or the folder is not writable."""
    require_folder(out)
    if out.is_dir() and any(out.iterdir()):
        raise RunError(
            f"{out}: is not empty, and nothing is overwritten; choose a new or empty folder.", argument="out"
        )


def _chosen(model: "Model", seed: int, count: int, nearest: str | None, farthest: str | None) -> "Tensor":
    """Samples; with a style, those that are nearest to it, or farthest from it."""
    style = nearest if nearest is not None else farthest
    if style is None:
        return model.sample(seed, count)
    return model.sample_style(seed, count, style, farthest is not None)


def _write_images(images: "Tensor", out: Path) -> list[Path]:
    from ..generated import GENERATED, grid, to_bytes
    from ..images import write_png

    with written(out):
        out.mkdir(parents=True, exist_ok=True)
        paths = [write_png(grid(images), out / "grid.png", GENERATED)]
        for number, image in enumerate(images, start=1):
            paths.append(write_png(to_bytes(image.permute(1, 2, 0)), out / f"image-{number:05}.png", GENERATED))
    return paths


def _write_dissection(model: "Model", layer: str, seed: int, out: Path) -> list[Path]:
    """A row of images, and below it one for each of the strongest channels, without that channel."""
    import torch

    from ..explanations.dissection import dissect
    from ..files import write_whole
    from ..findings import to_json
    from ..generated import GENERATED, grid
    from ..images import write_png

    plain, found = dissect(model, layer, seed)
    values = [{"channel": one.channel, "mean_change": one.change} for one in found]
    rows = torch.cat([plain, *(one.images for one in found)])
    with written(out):
        out.mkdir(parents=True, exist_ok=True)
        picture = write_png(grid(rows, columns=len(plain)), out / f"{layer}.png", GENERATED)
    table = out / f"{layer}.json"
    write_whole(table, to_json({"layer": layer, "seed": seed, "rows": values}).encode())
    return [picture, table]


def _write_strip(images: "Tensor", out: Path) -> list[Path]:
    from ..generated import GENERATED, grid
    from ..images import write_png

    with written(out):
        out.mkdir(parents=True, exist_ok=True)
        return [write_png(grid(images, columns=len(images)), out / "interpolation.png", GENERATED)]


def _write_animation(images: "Tensor", out: Path) -> list[Path]:
    from ..generated import NOTE, to_bytes
    from ..images import write_animation

    frames = [to_bytes(image.permute(1, 2, 0)) for image in images.expand(-1, 3, -1, -1)]
    text = {"Software": "eyespot", "ImageDescription": NOTE}
    with written(out):
        out.mkdir(parents=True, exist_ok=True)
        return [write_animation([*frames, *frames[-2:0:-1]], out / "interpolation.webp", MILLISECONDS, text)]
