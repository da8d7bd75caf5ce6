"""The command `evaluate`."""

from typing import Annotated

import typer

from ._output import AsJson, format_score, print_json
from ._runs import load_model, split_model
from ._source import Columns, Layout, answered, open_described, unseen_part


def evaluate(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] SOURCE",
            help="A model, run or .onnx (default: the latest run), then labeled images.",
        ),
    ],
    part: Annotated[str | None, typer.Option(help="train, validation, test or all.")] = None,
    column: Columns = None,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on images with known answers.

    For the source that the model was trained on, only the test part is used unless --part selects another.
    """
    from ..findings import to_plain

    file, sources = split_model(given)
    if len(sources) != 1:
        raise typer.BadParameter(f"{len(sources)} sources were given; give [MODEL] SOURCE.")
    loaded = load_model(file)
    opened = open_described(sources[0], column, layout, value_range=loaded.images.value_range)
    chosen = unseen_part(file, answered(opened, loaded), part)
    result = {**to_plain(loaded.evaluate(chosen)), "part": chosen.name}
    if as_json:
        print_json(result)
    else:
        print(f"{result['task']}: {format_score(result)}, part {chosen.name}")
