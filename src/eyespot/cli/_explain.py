"""The command `explain`: explain a model's answers and units."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, print_json
from ._runs import ModelFile, model_path
from ._source import open_described

if TYPE_CHECKING:
    from ..explanations import Explanation, Gallery, ImageMap
    from ..model import Model

NAMES = (
    *("trace", "contributions", "activations", "deconvnet", "activation-maximization", "occlusion"),
    *("gradient", "gradient-x-input", "smoothgrad"),
    *("integrated-gradients", "guided-backprop", "grad-cam", "gradient-x-activation", "guided-grad-cam", "lrp"),
    *("visualbackprop", "all", "invariance", "neighbors", "units", "directions", "map", "evolution"),
)
"""The methods, listed here so that `--help` need not import torch; a test compares them. The last one reads a run."""


def explain(
    model: ModelFile,
    what: Annotated[str, typer.Argument(help="An image; for units, directions and map: a source of images.")],
    by: Annotated[str, typer.Option(help=f"The method: {', '.join(NAMES)}.")] = "occlusion",
    of: Annotated[str | None, typer.Option(help="Class, tag or position; default: the model's answer.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Another image, to explain the similarity to it (identify).")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer name.")] = None,
    unit: Annotated[int | None, typer.Option(help="Unit number within the layer.")] = None,
    at: Annotated[str | None, typer.Option(help="Position in the unit's map: ROW,COLUMN.")] = None,
    patch: Annotated[int | None, typer.Option(help="Occlusion: patch size in pixels.")] = None,
    stride: Annotated[int | None, typer.Option(help="Occlusion: distance between patches in pixels.")] = None,
    fill: Annotated[float | None, typer.Option(help="Occlusion: gray value of the patch, 0 to 1.")] = None,
    among: Annotated[str | None, typer.Option(help="Neighbors: the source to search.")] = None,
    seed: Annotated[int | None, typer.Option(help="Directions, map and activation-maximization: random seed.")] = None,
    out: Annotated[Path | None, typer.Option(help="Output file: .png, .svg, .pdf, .html or .json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a model's answers: for one image, or for the images of a source."""
    from ..explanations import METHODS, check_file, evolution, snapshots
    from ..explanations import explain as look_inside
    from ..model import load

    if out:
        check_file(by, out)
    if by == "evolution":
        _check_evolution(reference=reference, at=at, patch=patch, stride=stride, fill=fill, among=among, seed=seed)
        result = evolution(snapshots(model), what, of=of, layer=layer, unit=unit)
    else:
        loaded = load(model_path(model))
        result = look_inside(
            loaded,
            _opened(what, loaded) if by in METHODS and METHODS[by].survey else what,
            by,
            of=of,
            reference=reference,
            layer=layer,
            unit=unit,
            at=at,
            patch=patch,
            stride=stride,
            fill=fill,
            among=_opened(among, loaded) if among else None,
            seed=seed,
        )
    written = result.save(out) if out else None
    if as_json:
        print_json({**result.to_plain(), "written": str(written) if written else None})
    else:
        _print_result(result, written)


def _check_evolution(**idle: Any) -> None:
    """Raise for an option that the method does not use."""
    for name, value in idle.items():
        if value is not None:
            raise typer.BadParameter(
                f"'{name}' has no effect on 'evolution', which takes of, layer, unit; leave it out."
            )


def _opened(source: str, model: "Model") -> Any:
    """Open a source; its arrays are scaled by the model's value range."""
    return open_described(source, None, None, value_range=model.images.value_range)


def _print_result(found: "Explanation | Gallery | ImageMap", written: Path | None) -> None:
    """Print the result, with its checks and notes."""
    from ..explanations import Explanation

    if isinstance(found, Explanation):
        layer = f", layer {found.layer}" if found.layer else ""
        print(f"{found.method} of {found.of}{layer}; the model answers {found.answer}")
        for check in found.checks:
            mark = {True: "passed", False: "NOT PASSED", None: "measured"}[check.passed]
            print(f"  check {mark}: {check.name} {check.value:.4g}. {check.summary}")
        for row in found.values.get("table", []):
            print("  " + _row(row))
    else:
        print(f"{found.method} of {found.source}")
    for note in found.notes:
        print(f"  {note}")
    print(f"written to {written}" if written else "  (add --out why.png to write an image)")


def _row(row: dict[str, Any]) -> str:
    scores = {
        name: "-" if value is None else f"{value:.3f}" for name, value in row.items() if isinstance(value, float | None)
    }
    figures = "  ".join(f"{name} {value}" for name, value in scores.items())
    return f"{row['method']:22}{figures}{'' if row['passed'] else '  a check was not passed'}"
