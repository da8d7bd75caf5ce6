"""The verb `import`: an ONNX file that another program wrote, as a model."""

from pathlib import Path
from typing import Annotated

import typer

from ._output import AsJson, print_json


def import_model(
    file: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="A classifier as an ONNX file.")],
    out: Annotated[Path, typer.Option(help="Model file (.safetensors) that is written.")],
    task: Annotated[str, typer.Option(help="What the network answers: classify.")] = "classify",
    labels: Annotated[
        Path | None, typer.Option(help="Text file: one label a line, in the order of the outputs.")
    ] = None,
    input: Annotated[str | None, typer.Option(help="HEIGHTxWIDTHxCHANNELS, where the file leaves it open.")] = None,
    mean: Annotated[
        str | None, typer.Option(help="Subtracted from pixels / 255: one number, or one a channel.")
    ] = None,
    std: Annotated[str | None, typer.Option(help="Divides what is left: one number, or one a channel.")] = None,
    fit: Annotated[str, typer.Option(help="Images of another shape: crop, stretch or pad.")] = "crop",
    as_json: AsJson = False,
) -> None:
    """Make a model of a network that was trained elsewhere; it is compared with onnxruntime before it is written.

    predict, evaluate, explain, attack, measure, serve and export then accept it.
    """
    from ..errors import EyespotError, RunError
    from ..exporting import import_onnx
    from ..files import require_file

    if task != "classify":
        raise EyespotError(f"task is '{task}'; only classifiers can be imported so far: classify.", argument="task")
    if out.suffix != ".safetensors":
        raise RunError(f"{out}: has the suffix '{out.suffix}'; a model ends in .safetensors.", argument="out")
    require_file(out)
    model = import_onnx(file, _labels(labels), _size(input), _numbers("mean", mean), _numbers("std", std), fit)
    out.parent.mkdir(parents=True, exist_ok=True)
    model.save(out)
    count = sum(parameter.numel() for parameter in model.network.parameters())
    if as_json:
        print_json({"model": str(out), "task": model.task.name, "labels": model.task.labels, "parameters": count})
        return
    height, width, channels = model.images.height, model.images.width, model.images.channels
    print(f"{out}: {count:,} parameters, images of {height}x{width}x{channels}, {len(model.task.labels)} labels")
    print("  same answers as onnxruntime on 16 images")


def _labels(file: Path | None) -> list[str] | None:
    from ..errors import EyespotError

    if file is None:
        return None
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise EyespotError(f"{file}: cannot be read; give a text file, one label a line.", argument="labels") from error
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
