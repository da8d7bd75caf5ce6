"""The command `attack`: attack a model and write a report to a folder."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet, print_json
from ._runs import ModelFile, model_path
from ._source import Columns, Layout, answered, open_described, unseen_by, unseen_part

if TYPE_CHECKING:
    from ..model import Model

NAMES = (
    *("crafted-noise", "minimum-noise", "fgsm", "pgd", "pgd-l2", "patch"),
    *("one-pixel", "pixel-search", "every-pixel"),
)
"""The attacks, listed here so that `--help` need not import torch; a test compares them."""


def attack(
    model: ModelFile,
    source: Annotated[str, typer.Argument(help="Labeled images.")],
    out: Annotated[Path, typer.Option(help="Report folder; an existing report is resumed.")],
    by: Annotated[str, typer.Option(help=f"all, or several separated by commas: {', '.join(NAMES)}.")] = "all",
    count: Annotated[int, typer.Option(help="Images to attack; misclassified ones do not count.")] = 100,
    pixels: Annotated[int | None, typer.Option(help="Maximum number of changed pixels.")] = None,
    size: Annotated[
        float | None, typer.Option(help="Largest change of a value (fgsm, pgd) or L2 norm (pgd-l2); values 0 to 1.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Gradient steps per image.")] = None,
    queries: Annotated[int | None, typer.Option(help="Maximum queries per image.")] = None,
    target: Annotated[str | None, typer.Option(help="Target class, or all; for a number: up or down.")] = None,
    of: Annotated[str | None, typer.Option(help="Tag, or position ROW,COLUMN, to attack.")] = None,
    change: Annotated[
        float | None, typer.Option(help="Smallest change of the number that counts as a success, in its unit.")
    ] = None,
    part: Annotated[str | None, typer.Option(help="train, validation, test or all.")] = None,
    against: Annotated[list[Path] | None, typer.Option(help="Another model to compare with; repeatable.")] = None,
    out_of_distribution: Annotated[str | None, typer.Option(help="Out-of-distribution images.")] = None,
    column: Columns = None,
    layout: Layout = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Attack a model and write a report: a page, all results, and every fooled image, in one folder."""
    from ..attacks.report.planned import plan
    from ..attacks.report.write import Report, ReportRequest
    from ..tasks.criterion import Aim

    models = _named([model, *(against or [])])
    first = next(iter(models.values()))
    options = {"pixels": pixels, "size": size, "steps": steps, "queries": queries, "seed": seed}
    attacks = plan(by, Aim(target=target, of=of, change=change), first.task, options)
    ood = _open_ood(out_of_distribution, first) if out_of_distribution else None
    opened = open_described(source, column, layout, value_range=first.images.value_range)
    chosen = unseen_part(model, answered(opened, first), part)
    for other in against or []:
        chosen = unseen_by(other, chosen, part)
    report = Report(models, ReportRequest(attacks=attacks, count=count, part=chosen, seed=seed, ood=ood), out)
    _work(report, out, quiet or as_json)
    if as_json:
        print_json(report.result)
    else:
        _print_result(report.result)


def _named(paths: list[Path]) -> "dict[str, Model]":
    """Load the models by the names of their folders or files; duplicate names get a number."""
    from ..model import load

    models: dict[str, Model] = {}
    for path in paths:
        file = model_path(path)
        name = file.parent.resolve().name if file.name == "model.safetensors" else file.stem
        while name in models:
            name += " 2"
        models[name] = load(file)
    return models


def _open_ood(source: str, model: "Model") -> Any:
    """All images of another source, scaled by the model's value range."""
    from ..sources.source import part_of

    opened = open_described(source, None, None, value_range=model.images.value_range)
    return replace(part_of(opened, "all"), name=opened.name)


def _work(report: Any, out: Path, quiet: bool) -> None:
    try:
        for line in report.work():
            if not quiet:
                print(line, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"Interrupted. Completed work is kept in {out}; rerun the same command to resume.", file=sys.stderr)
        raise typer.Exit(130) from None


def _print_result(figures: dict[str, Any]) -> None:
    from ..attacks.report.page import amount, share
    from ..html import number

    for name, summary in figures["models"].items():
        print(f"{name}: classifies {share(summary['right'])} images correctly")
        for attack in summary["attacks"]:
            size = f", median distortion {amount(attack['distortion'])}" if attack["distortion"] else ""
            far = attack["moved"]
            moved = (
                f", moves the answer by {number(far['median'], 3)}, at most {number(far['largest'], 3)}" if far else ""
            )
            print(f"  {attack['title']}: fools {share(attack['fooled'])}{size}{moved}")
