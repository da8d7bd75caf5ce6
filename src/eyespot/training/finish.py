"""The end of a training: calibrate, evaluate once on test images, and write model, table and report.

Weight interpolation between probe and fine-tuned network, selected on validation images (WiSE-FT):

networks between the two are often better than both, especially with few images. Wortsman et al. 2022,
"Robust fine-tuning of zero-shot models" (https://arxiv.org/abs/2109.01903).
"""

import csv
import io
import math
import platform
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import __version__
from ..device import leader_first, machine
from ..errors import EyespotError, RunError, SourceError
from ..files import write_whole
from ..findings import Evaluation, to_json, to_plain
from ..generated import evaluate_samples, to_bytes
from ..model import Model, evaluate_outputs, evaluation, outputs_over, to_rows
from ..modelfile import network_spec
from ..networks import Network
from ..samples import Samples, load_samples
from ..sources.source import Part, Source
from ..tasks.report import Pictures
from ..tasks.task import Task
from ._adversarial import Hardening, adversarial_evaluation, tiles
from ._fitting import median_shape
from ._initial_weights import initial_network
from ._loop import validate
from ._run_folder import read_log
from .report.write import format_value, pictures_of, write_report
from .state import State, Training, choose_final


def held_out(source: Source) -> Part:
    """The part that is evaluated: the test images, or the validation images if there are none."""
    for part in (source.test, source.validation):
        if len(part):
            return part
    groups = {row.values.get("group", "") for row in source.train.rows}
    if len(groups) == 1 and (group := groups.pop()):
        raise SourceError(
            f"{source.name}: no image is left for testing: all belong to the group '{group}', and a group is not "
            "divided. Leave the column 'group' out, or name several groups."
        )
    raise SourceError(f"{source.name}: no image is left for testing; give more images, or your own split.")


def finish(training: Training, state: State, source: Source, resumed_from: int) -> dict[str, Any]:
    """Build the model from the trained weights, evaluate it, and write all results; returns the result of the run."""
    part, folder = held_out(source), training.checkpoint.parent
    chosen_step, validation = choose_final(state, training.task, validate(training, state))
    began, validation = interpolate_weights(training, state, validation)
    if len(training.validation) and not training.task.mean_metric:
        validation = _validated(training, state, state.average)
    model = calibrated(training, state, chosen_step)
    samples = leader_first(training.world, lambda: load_samples(part, model.task, model.images))
    found, pictures = _evaluated(training, model, samples)
    summary = {name: value for name, value in to_plain(found).items() if name not in ("table", "details")}
    result = {
        **summary,
        "part": part.name,
        "validation": validation_score(training.task, validation),
        "details": to_plain(found.details),
        "remarks": model.task.remarks(found.details),
        "run": str(folder),
        "model": str(folder / "model.safetensors"),
        "report": str(folder / "report" / "index.html"),
        "seconds": round(state.seconds, 2),
        "steps": state.step,
        "changes": [asdict(change) for change in state.schedule.changes],
        "resumed_from": resumed_from,
        "start": began,
        "source": source.describe(),
        "without_leaked": _without_leaked(model.task, found, part, source),
        "left_out": [asdict(problem) for problem in source.problems],
        "parameters": sum(weight.numel() for weight in model.network.parameters()),
    }
    if training.world.leads:
        model.made["evaluation"] = {**summary, "part": part.name}
        write_predictions(folder, found.table)
        model.save(folder / "model.safetensors")
        _report(training, model, found, source, samples, pictures, result)
        write_whole(folder / "result.json", to_json(result).encode())  # written last: a run with a result is finished
    return result


def _evaluated(training: Training, model: Model, samples: Samples) -> tuple[Evaluation, Pictures]:
    """Evaluate on held-out images, with illustrations; for a generator, evaluate generated images."""
    if model.task.generates:
        found, made = evaluate_samples(model.task, model.network, model.images, samples.part, training.train.part)
        return found, lambda row: to_bytes(made[row].permute(1, 2, 0))
    table = to_rows(model, samples, training.world.rank, training.world.size)
    return evaluation(model.task, table), pictures_of(model, samples)


def validation_score(task: Task, validation: Mapping[str, float]) -> dict[str, Any] | None:
    """The mean validation score of the selected weights with its standard error; None without validation images.

    Use this number to select between runs: a selection by test score would bias that score.
    """
    name = task.metric.name
    value = validation.get(name, math.nan)
    if math.isnan(value):
        return None
    return {"name": name, "better": task.metric.better, "value": value, "standard_error": validation[f"{name} error"]}


def _without_leaked(task: Task, found: Evaluation, part: Part, source: Source) -> dict[str, Any] | None:
    """The score on held-out images without near duplicates in training, and the number with them; None without any."""
    if task.generates:  # its table has one row per sample, not per held-out image
        return None
    leaked = [key in source.leaked for key in part.keys.tolist()]
    if not any(leaked):
        return None
    rows = [row for row, known in zip(found.table, leaked, strict=True) if not known]
    try:
        score = task.evaluate(rows)[0] if rows else None
    except (ValueError, ZeroDivisionError):  # too few images are left, or only one class
        score = None
    return {"leaked": sum(leaked), "count": len(rows), "score": score}


def leak_tile(found: Evaluation, without: dict[str, Any]) -> tuple[str, str, str]:
    """The note of the report about test images that are near duplicates of training images."""
    score = "-" if without["score"] is None else format_value(without["score"], found)
    meaning = f"without {without['leaked']:,} of {found.count:,} held-out images that are (nearly) training images"
    return score, meaning, f"on the other {without['count']:,}"


def calibrated(training: Training, state: State, step: int) -> Model:
    """The averaged network as a Model, on CPU in float32, calibrated on validation outputs."""
    made = {
        "eyespot": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": machine(),
        "recipe": asdict(training.recipe),
        "changes": [asdict(change) for change in state.schedule.changes],
        "step": step,
        "typical_size": list(median_shape(training.train.part.sizes[:, :2])),
    }
    made["recipe"]["source"] = {"fingerprint": training.recipe.fingerprint}
    network = state.average.cpu().float()
    model = Model(network=network, task=training.task, images=training.images, made=made)
    if not len(training.validation):
        return model
    task = training.task.calibrate((output, target) for _, output, target in outputs_over(model, training.validation))
    return Model(network=network, task=task, images=training.images, made=made)


def _report(
    training: Training,
    model: Model,
    found: Evaluation,
    source: Source,
    samples: Samples,
    pictures: Pictures,
    result: dict[str, Any],
) -> None:
    """Evaluate robustness after adversarial training, and write the report.

    The model is already saved: an error here does not lose hours of training. Raises `RunError` that names it.
    """
    folder = training.checkpoint.parent
    robust, tested = training.recipe.robust, []
    if result["without_leaked"]:
        tested.append(leak_tile(found, result["without_leaked"]))
    try:
        if robust is not None:
            result["adversarial_evaluation"] = adversarial_evaluation(model, samples.part, Hardening(**robust))
            tested += tiles(result["adversarial_evaluation"])
        log = read_log(folder / "log.jsonl")
        recipe, data = asdict(training.recipe), data_summary(source)
        write_report(folder, model.task, found, log, recipe, data, pictures, tested)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if not isinstance(error, EyespotError) else str(error)
        raise RunError(
            f"{folder}: the model is saved in model.safetensors, but its report was not written ({reason}). "
            "Remove the cause, then run the same command again: it writes the report without training again."
        ) from error


def data_summary(source: Source) -> dict[str, Any]:
    """The values of the report about the images."""
    return {
        "name": source.name,
        "kind": source.kind,
        "parts": {part.name: len(part) for part in (source.train, source.validation, source.test)},
        "problems": [asdict(problem) for problem in source.problems],
        "notes": list(source.notes),
        "counts": _counts(source),
    }


def _counts(source: Source) -> dict[str, dict[str, int]]:
    """The number of images per label and part; empty without labels."""
    counts: dict[str, dict[str, int]] = {}
    for part in source.parts:
        for label in filter(None, (row.values.get("label") for row in part.rows)):
            of_label = counts.setdefault(label, {each.name: 0 for each in source.parts})
            of_label[part.name] += 1
    return counts


def write_predictions(folder: Path, table: list[dict[str, Any]]) -> None:
    """Write the table of predictions: CSV, plus JSON lines if cells have lists of lists (boxes, points).

    The CSV then has only the other columns.
    """
    nested = {name for row in table for name, value in row.items() if _is_nested(value)}
    write_whole(folder / "predictions.csv", as_csv([_without(row, nested) for row in table]).encode())
    if nested:
        lines = (to_json(_without(row, _arrays_of(row))) for row in table)
        write_whole(folder / "predictions.jsonl", "".join(f"{line}\n" for line in lines).encode())


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(part, list | tuple | dict) for part in value)


def _arrays_of(row: dict[str, Any]) -> set[str]:
    return {name for name, value in row.items() if isinstance(value, np.ndarray)}


def _without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def as_csv(table: list[dict[str, Any]]) -> str:
    """The table of predictions as CSV; a dictionary in a cell (probabilities) becomes one column per key."""
    rows = [_flat(row) for row in table]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}:{key}": number for key, number in value.items()}
        elif isinstance(value, list | tuple):
            flat[name] = "|".join(map(str, value))
        elif not isinstance(value, np.ndarray):
            flat[name] = value
    return flat


SHARES = (0.25, 0.5, 0.75, 1.0)
"""Interpolation weights, from the probe (0) to the fine-tuned network (1)."""
INTERVAL = 2 * 1.96
"""Standard errors in a 95 % interval."""
JUDGED = 8
"""Images per batch in evaluation: few, because images are large in tasks with maps."""


def interpolate_weights(
    training: Training, state: State, validation: dict[str, float]
) -> tuple[dict[str, Any], dict[str, float]]:
    """Replace `state.average` with the best network between the probe and the fine-tuned one.

    Returns the start and the validation scores: `validation` without fine-tuning. If none is better than the
    probe on validation images, the probe is used.
    """
    recipe = training.recipe
    start: dict[str, Any] = dict(recipe.start)
    if start["how"] != "finetune" or not len(training.validation):
        return start, validation
    if not state.step:
        reason = f"{start['reason']}; fine-tuning could not improve on the probe"
        return {**start, "how": "probe", "reason": reason}, validation
    tuned = state.average
    probe = initial_network(
        network_spec(recipe.network),
        recipe.start,
        recipe.seed,
        training.task,
        training.images,
        training.train,
        recipe.augment,
    )
    training.compute.place(probe)
    found = {share: _validated(training, state, between(probe, tuned, share)) for share in (0.0, *SHARES)}
    share = best_share(training.task, found)
    state.average = between(probe, tuned, share)
    measured = {"tuned": share, "validation": {"probe": found[0.0], "finetune": found[share or 1.0]}}
    if share:
        return {**start, **measured}, found[share]
    reason = f"{start['reason']}; fine-tuning did not improve the validation score"
    return {**start, "how": "probe", "reason": reason, **measured}, found[share]


def _validated(training: Training, state: State, network: Network) -> dict[str, float]:
    """Scores and loss of a network on the validation images; the metric of all of them together, if it is no mean."""
    found = validate(training, replace(state, average=network))
    task, part = training.task, training.validation.part
    if task.mean_metric:
        return found
    outputs, name = Model(network=network, task=task, images=training.images).outputs, task.metric.name
    whole = evaluate_outputs(outputs, task, training.images, part, JUDGED)
    low, high = whole.interval
    return found | {name: whole.score, f"{name} error": (high - low) / INTERVAL}


def best_share(task: Task, found: Mapping[float, Mapping[str, float]]) -> float:
    """The interpolation weight with the smallest loss among those whose score is at least that of the probe.

    Few images give few different scores, so the loss decides; it decides alone if no image has a score. The metric of
    all images together decides where it is no mean over images.
    """
    name = next(iter(found[0.0]))
    sign = 1 if task.metric.better == "higher" else -1
    if not task.mean_metric and not math.isnan(found[0.0][name]):
        return max(found, key=lambda share: sign * found[share][name])
    if math.isnan(found[0.0][name]):
        return min(found, key=lambda share: found[share]["loss"])
    as_good = [share for share in found if sign * found[share][name] >= sign * found[0.0][name]]
    return min(as_good or [0.0], key=lambda share: found[share]["loss"])


@torch.no_grad()
def between(probe: Network, tuned: Network, share: float) -> Network:
    """The network with weights interpolated by `share` from one to the other."""
    mixed = deepcopy(tuned)
    for weight, start in zip(mixed.parameters(), probe.parameters(), strict=True):
        weight.lerp_(start, 1 - share)
    return mixed
