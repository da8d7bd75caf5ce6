"""How the explanation of an image evolved during a training, from the snapshots of the run.

Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901), figure 4. Shapes: C channels, H height, W width.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ExplanationError
from ..images import Picture
from ..model import Model, load
from ._deconvnet import LAYERS, project
from ._explanation import Explanation, Panel
from .subject import Subject, choose_layer, choose_unit, make_subject

DRAWN = 7
"""Maximum number of stages to draw, evenly spaced; the values include all."""


def snapshots(folder: str | Path) -> dict[str, Model]:
    """Load the models that a training saved, by file name, in order.

    Raises `ExplanationError` if there are none.
    """
    folder = Path(folder)
    places = [folder / "snapshots", folder]
    files = next((saved for place in places if (saved := sorted(place.glob("*.safetensors")))), [])
    if not files:
        raise ExplanationError(f"{folder}: has no snapshots; train with snapshots to see how a network evolves.")
    return {file.stem: load(file) for file in files}


def evolution(
    models: Mapping[str, Model],
    picture: Picture,
    *,
    of: Any = None,
    layer: str | None = None,
    unit: int | None = None,
) -> Explanation:
    """The projection and activation of a unit, and the probability, at each stage of a training.

    `models` are the stages in order, by name (see `snapshots`). Unit and explained class are those of the last stage.
    """
    if not models:
        raise ExplanationError("No stages were given; give at least one model.")
    last = make_subject(list(models.values())[-1], picture, of)
    call = choose_layer(last.calls, layer, LAYERS)
    number = choose_unit(call, unit)
    stage_of = None if last.model.task.compares else last.of  # embeddings of two stages cannot be compared
    subjects = {name: make_subject(model, picture, stage_of) for name, model in models.items()}
    rows = [_row(name, subject, call.index, number) for name, subject in subjects.items()]
    return Explanation(
        method="evolution",
        task=last.model.task.name,
        answer=last.answer,
        of=f"{last.name}, unit {number}",
        layer=call.name,
        values={"stages": rows},
        notes=last.notes,
        panels=(*_curves(last, rows), *_projections(subjects, call.index, number)),
    )


def _row(name: str, subject: Subject, index: int, unit: int) -> dict[str, Any]:
    activity = subject.calls[index].output[0, unit]
    return {
        "stage": name,
        "strongest": float(activity.max()),
        "mean": float(activity.mean()),
        "probability": float(subject.probability(subject.output)[0]),
    }


def _curves(last: Subject, rows: list[dict[str, Any]]) -> list[Panel]:
    kinds = {"probability": f"{last.measure} of '{last.name}'", "strongest": "strongest activation of the unit"}
    return [
        Panel(
            title=title,
            kind="curves",
            values={kind: [(place, row[kind]) for place, row in enumerate(rows)]},
            legend=kind,
            across="stage",
        )
        for kind, title in kinds.items()
    ]


def _projections(subjects: Mapping[str, Subject], index: int, unit: int) -> list[Panel]:
    names = list(subjects)
    step = max(1, -(-len(names) // DRAWN))
    return [
        Panel(
            title=f"projection at {name}",
            kind="signed",
            values=project(subjects[name].calls, subjects[name].x, index, unit)[0].sum(0).numpy(),
            legend="sum over channels",
        )
        for name in names[::-1][::step][::-1]
    ]
