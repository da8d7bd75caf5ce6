"""The report of a run: one self-contained page with scores, examples and the recipe."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...charts import in_words, loss_curve, score_curve
from ...findings import Evaluation
from ...html import is_share, number, percent, score_text, write_page
from ...model import Model
from ...samples import Samples, make_problem, to_pixels
from ...tasks.report import Pictures
from ...tasks.task import Task
from ..recipe import PROBED

GAP = 4
"""White pixels between images side by side."""


def write_report(
    folder: Path,
    task: Task,
    evaluation: Evaluation,
    log: Sequence[dict[str, Any]],
    recipe: Mapping[str, Any],
    data: Mapping[str, Any],
    pictures: Pictures,
    tiles: Sequence[tuple[str, str, str]] = (),
) -> Path:
    """Write `report/index.html` into a run's folder and return its path.

    `data` describes the source: "name", "kind", "parts" (name to number of images), "problems", "notes"
    and, if rows have labels, "counts" (label to part to number). `tiles` are further values for the head of the
    page, each with a label and a hint. Raises `EyespotError` if it cannot be written.
    """
    shown = task.report_values(evaluation, pictures)
    values = {
        "evaluation": evaluation,
        "metric": in_words(evaluation.metric),
        "score": format_value(evaluation.score, evaluation),
        "interval": " to ".join(format_value(end, evaluation) for end in evaluation.interval),
        "loss": loss_curve(log, recipe["count"]) if log else None,
        "curve": score_curve(log, recipe["count"]),
        "recipe": recipe_facts(recipe, log),
        "data": {"counts": {}, **data},
        "folder": folder,
        **shown,
        "tiles": [*shown["tiles"], *tiles],
    }
    return write_page(folder / "report" / "index.html", task.report_template, values)


def format_value(value: float, evaluation: Evaluation) -> str:
    """A score as text: a share in percent, anything else as a number with its unit."""
    if not math.isfinite(value):
        return "not available"
    unit = evaluation.unit or evaluation.details.get("unit") or ""
    share = is_share([value], unit, evaluation.better)
    return score_text(value, share=share, unit=unit, decimals=2 if evaluation.count >= 1000 else 1)


def pictures_of(model: Model, samples: Samples) -> Pictures:
    """The images of a report: what the task shows for each row, see `Task.illustrate`."""

    def image(row: int) -> np.ndarray:
        decoded = samples.single(row)
        images = tuple(to_pixels(kind) for kind in decoded.images)
        with torch.no_grad():
            shown = model.task.illustrate(images, make_problem(model.task, decoded).x, model.outputs)
        return side_by_side([_pixels(picture) for picture in shown])

    return image


def side_by_side(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Join images (H, W, C) of one size from left to right, with a white gap between them."""
    height, _, channels = pictures[0].shape
    gap = np.full((height, GAP, channels), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.concatenate(parts[:-1], axis=1)


def recipe_facts(recipe: Mapping[str, Any], log: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The recipe as pairs of label and text."""
    channels, height, width = recipe["network"]["input"]
    start = recipe["start"]
    facts = [
        ("start", f"{start['how']}{' on ' + start['weights'] if start['weights'] else ''}: {start['reason']}"),
        ("network", f"{recipe['network']['name']}, {recipe['network']['size']}, norm {recipe['network']['norm']}"),
        ("images", f"{height} x {width} x {channels}, fit by {recipe['images']['fit']}"),
        *(_schedule_facts(recipe) if recipe["steps"] else [("length", PROBED)]),
        ("hardening", f"{recipe['robust']['by']}, size {recipe['robust']['size']:.3g}" if recipe["robust"] else "none"),
        ("compute", ", ".join(str(value) for name, value in recipe["compute"].items() if name != "reason")),
        ("chosen because", recipe["compute"]["reason"].partition(":")[0]),
        ("seed", str(recipe["seed"])),
    ]
    facts += [
        (f"changed after step {line['step']}", _describe_change(line["changed"])) for line in log if "changed" in line
    ]
    seconds = log[-1].get("seconds") if log else None
    return [*facts, ("training time", f"{seconds:,.1f} s")] if seconds else facts


def _schedule_facts(recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The description of the steps."""
    epochs = recipe["steps"] * recipe["batch"] / recipe["count"]
    return [
        ("length", f"{number(recipe['steps'])} steps of {recipe['batch']} images: {epochs:.3g} epochs"),
        ("optimizer", recipe["optimizer"]),
        ("learning rate", f"up to {recipe['rate']:g}, {_describe_warmup(recipe['warmup'])}"),
        ("weight decay", f"{recipe['weight_decay']:g}"),
        (
            "weights",
            "averaged; training continues from the average (Lookahead)"
            if recipe["lookahead"]
            else "averaged at the end",
        ),
        ("augmentation", recipe["augment"]),
        ("mirrored", _mirrored(recipe)),
    ]


def _mirrored(recipe: Mapping[str, Any]) -> str:
    """Whether training images were mirrored."""
    sign = recipe["mirror"] and recipe["task"].get("mirror") == "sign"
    return ("yes" if recipe["mirror"] else "no") + (", the number changes its sign" if sign else "")


def _describe_warmup(share: float) -> str:
    return f"warmup for {percent(share, 0)} of the steps, then decay" if share else "decay from the first step"


def _describe_change(changed: Mapping[str, Any]) -> str:
    """The changes during training, as text."""
    parts = ["stopped" if name == "end" else f"{name.replace('_', ' ')} {value:g}" for name, value in changed.items()]
    return ", ".join(parts)


def _pixels(picture: torch.Tensor) -> np.ndarray:
    """An image (C, H, W) in [0, 1] as uint8 (H, W, C)."""
    return (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
