"""The verb `import`: an ONNX file that another program wrote, as a model."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ._output import AsJson, print_json

if TYPE_CHECKING:
    from ..exporting import Trial


def import_model(
    file: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="A network as an ONNX file.")],
    out: Annotated[Path, typer.Option(help="Model file to write (.safetensors).")],
    task: Annotated[
        str, typer.Option(help="Task of the network: classify, tag, or regress:unit=degrees.")
    ] = "classify",
    labels: Annotated[
        Path | None, typer.Option(help="Text file with one label per line, in the order of the outputs.")
    ] = None,
    input: Annotated[str | None, typer.Option(help="HEIGHTxWIDTHxCHANNELS, if the file does not fix it.")] = None,
    mean: Annotated[
        str | None, typer.Option(help="Mean to subtract from pixels / 255: one number, or one per channel.")
    ] = None,
    std: Annotated[
        str | None, typer.Option(help="Standard deviation to divide by: one number, or one per channel.")
    ] = None,
    order: Annotated[str, typer.Option(help="Order of the channels: rgb or bgr; mean and std are always RGB.")] = "rgb",
    images: Annotated[
        str | None, typer.Option(help="Labeled images that show which mean, std and order fit, if they are not known.")
    ] = None,
    fit: Annotated[str, typer.Option(help="How to fit images of another shape: crop, stretch or pad.")] = "crop",
    as_json: AsJson = False,
) -> None:
    """Make a model of a network that was trained elsewhere; it is compared with onnxruntime before it is written.

    predict, evaluate, explain, attack, measure, serve and export then accept it.
    """
    from ..errors import EyespotError, RunError
    from ..exporting import import_onnx, try_conventions
    from ..files import require_file
    from ..sources import open_source

    if out.suffix != ".safetensors":
        raise RunError(f"{out}: has the suffix '{out.suffix}'; a model file ends in .safetensors.", argument="out")
    require_file(out)
    named, size, scaling = _labels(labels), _size(input), (_numbers("mean", mean), _numbers("std", std), order)
    trial = None
    if images is not None:
        if scaling != (None, None, "rgb"):
            raise EyespotError("images show which mean, std and order fit; leave these out.", argument="images")
        trial = try_conventions(import_onnx(file, named, size, [0.0], [1.0], fit, task=task), open_source(images))
        scaling = trial.conventions[0].mean, trial.conventions[0].std, trial.conventions[0].order
    model = import_onnx(file, named, size, scaling[0], scaling[1], fit, scaling[2], task)
    out.parent.mkdir(parents=True, exist_ok=True)
    model.save(out)
    count = sum(parameter.numel() for parameter in model.network.parameters())
    if as_json:
        document = {"model": str(out), "task": model.task.name, "labels": model.task.labels, "parameters": count}
        print_json(document | ({"trial": asdict(trial)} if trial else {}))
        return
    height, width, channels = model.images.height, model.images.width, model.images.channels
    answers = f"{len(model.task.labels)} labels" if model.task.labels else f"task {model.task.name}"
    print(f"{out}: {count:,} parameters, images of {height}x{width}x{channels}, {answers}")
    print("  same answers as onnxruntime on 16 images")
    if trial:
        _print_trial(trial)


def _print_trial(trial: "Trial") -> None:
    table = Table("pixels", "accuracy", "cross-entropy", title=f"{trial.images} labeled images", title_justify="left")
    for one in trial.conventions:
        table.add_row(one.name, f"{one.accuracy:.1%}", f"{one.loss:.3f}")
    Console().print(table)
    best, second, *_ = trial.conventions
    lead = "" if trial.clear else f"; '{second.name}' fits nearly as well: give more images, or state mean and std"
    print(f"  taken: {best.name}{lead}")


def _labels(file: Path | None) -> list[str] | None:
    from ..errors import EyespotError

    if file is None:
        return None
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise EyespotError(
            f"{file}: cannot be read; give a text file with one label per line.", argument="labels"
        ) from error
    return [line for line in lines if line]


def _size(text: str | None) -> tuple[int, int, int] | None:
    from ..errors import EyespotError
    from ..training.recipe import parse_input

    if text is None:
        return None
    height, width, channels = parse_input(text)
    if channels is None:
        raise EyespotError(f"input is '{text}'; expected HEIGHTxWIDTHxCHANNELS, such as 224x224x3.", argument="input")
    return height, width, channels


def _numbers(name: str, text: str | None) -> list[float] | None:
    from ..errors import EyespotError

    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise EyespotError(
            f"{name} is '{text}'; expected numbers separated by commas, such as 0.485,0.456,0.406.", argument=name
        ) from error
