"""The command `faces --at-age`: draw faces at other ages."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..findings import counted
from ._output import make_empty, print_json

if TYPE_CHECKING:
    from ..faces import AgeDecoder
    from ..model import Model

DECODER = "age_decoder.safetensors"
"""File name in the folder of the run whose model computes the embeddings."""


def draw(run: Path, images: Iterable[str], ages: str, out: Path, as_json: bool) -> None:
    """Write each image's face at each age as a PNG file that is marked as synthetic."""
    from ..errors import ImageError
    from ..faces import save_rendered
    from ..model import load

    years = parse_ages(ages)
    if not (run / "model.safetensors").is_file():
        raise typer.BadParameter(f"model is '{run}'; expected the folder of a finished run of the task identify.")
    model = load(run / "model.safetensors")
    decoder = _decoder_of(run, model)
    make_empty(out)
    written, failed = [], []
    for number, image in enumerate(images, 1):
        try:
            drawn = [decoder.render(model, image, age) for age in years]
        except ImageError as error:
            print(f"eyespot: {error}", file=sys.stderr, flush=True)
            failed.append(image)
            continue
        for age, pixels in zip(years, drawn, strict=True):
            written.append(str(save_rendered(pixels, out / f"{number:05}-{Path(image).stem}-age-{age:g}.png")))
    if as_json:
        print_json({"written": written, "failed": failed})
    else:
        print(f"{counted(len(written), 'synthetic image')} written to {out}")
    if failed:
        raise typer.Exit(2)


def parse_ages(text: str) -> list[float]:
    """Parse ages in years, separated by commas; raise a usage error for anything else."""
    try:
        years = [float(part) for part in text.split(",")]
    except ValueError:
        years = [-1.0]
    if not all(0 <= age <= 150 for age in years):
        raise typer.BadParameter(f"at-age is '{text}'; expected years from 0 to 150, such as 20,50,80.")
    return years


def _decoder_of(run: Path, model: "Model") -> "AgeDecoder":
    """Load the decoder in a run's folder if it belongs to this model; otherwise train and save one."""
    from ..errors import RunError
    from ..faces import load_decoder, train_decoder
    from ..sources.open import reopen
    from ..training.recipe import read_recipe

    file = run / DECODER
    if file.is_file() and (found := load_decoder(file)).fits(model):
        return found
    origin = read_recipe(run / "recipe.json").source
    if origin["what"] is None:
        raise RunError(f"{run}: its images came from Python; use train_decoder there.", argument="model")
    print(f"training a decoder on {origin['what']}; it is kept in {file}", file=sys.stderr, flush=True)
    decoder = train_decoder(model, reopen(origin, run))
    decoder.save(file)
    return decoder
