"""The verbs that train: `train`, `resume`, `demo`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from .output import AsJson, Progress, Quiet, format_score, format_seconds, print_json
from .runs import default_out
from .source import Columns, Layout, columns_from

Out = Annotated[Path, typer.Option("--out", help="Run folder; an existing run is resumed.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]


def train(
    source: Annotated[
        str, typer.Argument(help="Folder, table, .npz, IDX or zip-code files, bundled:NAME, synthetic:NAME.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Run folder; an existing run is resumed (default: runs/NAME).")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="classify, tag, regress, denoise; with options: denoise:sigma=50.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Initial weights: auto, scratch (random), probe or finetune.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Pretrained weights: efficientnet-lite0, timm:NAME, torchvision:NAME, or a .safetensors."),
    ] = None,
    network: Annotated[str | None, typer.Option(help="A name from `eyespot networks`, or a network as text.")] = None,
    size: Annotated[str | None, typer.Option(help="tiny, small, medium or large.")] = None,
    input: Annotated[str | None, typer.Option(help="Input size HEIGHTxWIDTHxCHANNELS, such as 64x64x3.")] = None,
    fit: Annotated[
        str | None,
        typer.Option(help="Images of another shape: crop, stretch or pad (default: by the share that would be lost)."),
    ] = None,
    range: Annotated[
        str | None, typer.Option(help="Values LOW,HIGH that become black and white (16-bit and float images).")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training images.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Training time, instead of --epochs.")] = None,
    batch: Annotated[int | None, typer.Option(help="Images per step.")] = None,
    micro_batches: Annotated[int | None, typer.Option(help="Micro-batches per batch, to save memory.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="muon, sphere, adamw or sgd.")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay: each step shrinks weights by rate x decay.")
    ] = None,
    lookahead: Annotated[
        bool, typer.Option("--lookahead", help="Continue from the averaged weights every 5,120 images.")
    ] = False,
    augment: Annotated[str | None, typer.Option(help="none, digits, small, photos, pictures or light.")] = None,
    norm: Annotated[str | None, typer.Option(help="batch, group or none.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32 or bfloat16; default: the faster one, by measurement.")
    ] = None,
    robust: Annotated[
        str | None, typer.Option(help="Train for robustness: adversarial or noise, or adversarial:size=0.1.")
    ] = None,
    snapshots: Annotated[bool, typer.Option("--snapshots", help="Keep the network of every epoch.")] = False,
    column: Columns = None,
    layout: Layout = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a network on your images, evaluate it on held-out images, and save it."""
    from ..training.options import TrainOptions

    options = TrainOptions(
        task=task,
        start=start,
        weights=weights,
        network=network,
        size=size,
        input=input,
        fit=fit,
        range=range,
        epochs=epochs,
        minutes=minutes,
        batch=batch,
        micro_batches=micro_batches,
        optimizer=optimizer,
        rate=rate,
        weight_decay=weight_decay,
        lookahead=lookahead,
        augment=augment,
        norm=norm,
        precision=precision,
        robust=robust,
        snapshots=snapshots,
        seed=seed,
    )
    columns = columns_from(column)
    folder = out or default_out(source, options, columns, layout)
    _finish(_train(source, options, folder, quiet or as_json, columns, layout), as_json)


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")], quiet: Quiet = False, as_json: AsJson = False
) -> None:
    """Resume an interrupted training."""
    from ..training import resume as go_on

    with _progress(quiet or as_json) as progress:
        result = go_on(run, progress).result
    _finish(result, as_json)


def demo(
    out: Out = Path("runs/demo"),
    epochs: float | None = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train on 4,000 bundled handwritten digits and show the results."""
    from ..training.options import TrainOptions

    result = _train("bundled:mnist5k", TrainOptions(epochs=epochs, seed=seed, snapshots=True), out, quiet or as_json)
    _finish(result, as_json)
    if not as_json:
        print(_NEXT.format(run=out))


_NEXT = """
Next:
  eyespot serve {run}      see inside it, in the browser
  eyespot check photos/            what is in your own folder, and what is wrong with it
  eyespot train photos/            train on it (in runs/photos)"""


def _train(
    source: str, options: Any, out: Path, quiet: bool, columns: dict[str, str] | None = None, layout: str | None = None
) -> dict[str, Any]:
    from ..training.run import run_training

    origin = {"what": source, "columns": columns, "layout": layout}
    with _progress(quiet) as progress:
        return run_training(source, options, out, progress, origin).result


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """Show how it goes; a training that was stopped has saved, and says how to go on, with exit code 130."""
    progress = Progress(quiet or os.environ.get("RANK", "0") != "0")
    try:
        yield progress
    except KeyboardInterrupt as stopped:
        progress.close()
        print(str(stopped) or "Interrupted.", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        progress.close()


def _finish(result: dict[str, Any], as_json: bool) -> None:
    """Print the result; of several processes that trained together, only the first speaks."""
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
    """How many test images are training images, and the score without them, in a line."""
    leak = f"{without['leaked']:,} of {result['count']:,} test images are (nearly) the same as training images"
    if without["score"] is None:
        return f"{leak}: the score flatters, and too few others are left to measure it without them"
    return f"{leak}: without them {result['metric'].replace('_', ' ')} {without['score']:.4g} on {without['count']:,}"
