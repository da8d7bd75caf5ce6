"""The training commands: `train` and `resume`."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import Field, fields
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from ..training.options import TrainOptions
from ._output import AsJson, Progress, Quiet, format_score, format_seconds, print_json
from ._runs import default_out
from ._source import Columns, Layout, columns_from


def _with_training_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each field of `TrainOptions` to a command, after its source and folder."""
    hints = get_type_hints(TrainOptions)
    own = [one for one in signature(verb, eval_str=True).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    options = [_parameter(field, hints[field.name]) for field in fields(TrainOptions)]
    keywords = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*own[:2], *options, *own[2:])]
    verb.__signature__ = Signature(keywords)  # pyright: ignore[reportFunctionMemberAccess]
    return verb


def _parameter(field: Field[Any], hint: Any) -> Parameter:
    option = typer.Option(f"--{field.name.replace('_', '-')}", help=field.metadata["help"])
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[hint, option])


@_with_training_options
def train(
    source: Annotated[
        str, typer.Argument(help="Folder, table, .npz, IDX or zip-code files, bundled:NAME, synthetic:NAME.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Run folder; an existing run is resumed (default: runs/NAME).")
    ] = None,
    column: Columns = None,
    layout: Layout = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Train a network on your images, evaluate it on held-out images, and save it."""
    chosen, columns = TrainOptions(**options), columns_from(column)
    folder = out or default_out(source, chosen, columns, layout)
    print_training(train_source(source, chosen, folder, quiet or as_json, columns, layout), as_json)


def resume(
    run: Annotated[Path, typer.Argument(help="Run folder.")], quiet: Quiet = False, as_json: AsJson = False
) -> None:
    """Resume an interrupted training."""
    from ..training import resume as go_on

    with _progress(quiet or as_json) as progress:
        result = go_on(run, progress).result
    print_training(result, as_json)


def train_source(
    source: str, options: Any, out: Path, quiet: bool, columns: dict[str, str] | None = None, layout: str | None = None
) -> dict[str, Any]:
    """Train on a source with progress on standard error; returns the result of the run."""
    from ..training.run import run_training

    origin = {"what": source, "columns": columns, "layout": layout}
    with _progress(quiet) as progress:
        return run_training(source, options, out, progress, origin).result


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """Show progress; an interrupted training has saved its state, and the exit code is 130."""
    progress = Progress(quiet or os.environ.get("RANK", "0") != "0")
    try:
        yield progress
    except KeyboardInterrupt as stopped:
        progress.close()
        print(str(stopped) or "Interrupted.", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        progress.close()


def print_training(result: dict[str, Any], as_json: bool) -> None:
    """Print the result; in distributed training, only the first process does."""
    if os.environ.get("RANK", "0") != "0":
        return
    if as_json:
        print_json(result)
        return
    from ..html import percent

    if "source" in result:
        print(result["source"])
    print(f"{result['task']}: {format_score(result)} of the {result['part']} part")
    if without := result.get("without_leaked"):
        print(_without_leaked(result, without))
    for remark in result["remarks"]:
        print(remark)
    if "adversarial_evaluation" in result:
        right, robust = (result["adversarial_evaluation"][name]["share"] for name in ("right", "robust"))
        print(f"accuracy under attack: {percent(robust)}, on clean images: {percent(right)}")
    learned = f"trained {result['steps']:,} steps" if result["steps"] else "fitted the last layer"
    print(f"{learned} in {format_seconds(result['seconds'])}, {result['parameters']:,} parameters")
    print(f"report: {result['report']}\nmodel:  {result['model']}")


def _without_leaked(result: dict[str, Any], without: dict[str, Any]) -> str:
    """The number of test images that are also training images, and the score without them, as one line."""
    leak = f"{without['leaked']:,} of {result['count']:,} test images are (nearly) the same as training images"
    if without["score"] is None:
        return f"{leak}: the score is too high, and too few other images are left to measure it without them"
    return f"{leak}: without them {result['metric'].replace('_', ' ')} {without['score']:.4g} on {without['count']:,}"
