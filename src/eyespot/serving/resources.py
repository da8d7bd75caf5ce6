"""Resources of the API: a model with images for viewing it, and the runs that models come from."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import EyespotError, ImageError, RunError
from ..explanations.activations import gradients
from ..explanations.subject import make_subject
from ..images import ImageSpec, Picture, encode_png, frame_of, read_pixels, read_size
from ..model import Model
from ..networks.graph.replay import require_followed
from ..samples import network_x, to_batch
from ..sources.source import Row
from ..tasks import TASKS
from ..training.optimizers import momentum_of
from ..training.recipe import read_recipe
from ..training.schedule import Schedule, read_changes
from ._manifest import describe_images, make_manifest, network_name, record_answer
from ._plain import strict_json

MOST_PIXELS = 40_000_000
"""Maximum number of pixels of an image; with one image decoded at a time, that limits the memory."""
MOST_NATIVE_PIXELS = 1_000_000
"""The same for models without a fixed input size: the memory of every layer then depends on the image."""
PREVIEW = 256
"""Maximum longer side of the original that is returned with an uploaded image."""
LISTED = 48
"""Default number of images in a list."""
MOST_LOG_BYTES = 1 << 20
SNAPSHOTS = "snapshots"
"""Folder of a run with the network of every epoch."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelResource:
    """One model, its name, and rows of images for viewing it: a run's own held-out images first.

    `held_out` is the number of rows that are the run's own held-out images; `snapshots` is the folder with the network
    of every epoch, if there is one, and `source` the number of the training source, if it is available.
    """

    name: str
    model: Model
    rows: Sequence[Row] = ()
    snapshots: Path | None = None
    source: int | None = None
    held_out: int = 0

    @property
    def images(self) -> ImageSpec:
        """The preprocessing for the page: all images get one size, even if the model accepts any size."""
        spec = self.model.images
        return replace(spec, fit="crop" if spec.fit == "native" else spec.fit)

    @property
    def entry(self) -> dict[str, Any]:
        """The entry of this model in the list of models."""
        return {"name": self.name, "network": network_name(self.model), "task": self.model.task.name}

    def describe(self) -> dict[str, Any]:
        """Classes, preprocessing, size and score."""
        return {
            **self.entry,
            "labels": list(self.model.task.labels),
            "images": {**describe_images(self.model, self.model.images), "fit": self.model.images.fit},
            "parameters": sum(weight.numel() for weight in self.model.network.parameters()),
            "evaluation": self.model.made.get("evaluation"),
            "imageCount": len(self.rows),
        }

    @cached_property
    def manifest(self) -> tuple[bytes, list[np.ndarray]]:
        """The manifest as JSON, and the weights as float32 arrays in the order of the blob."""
        manifest, weights = make_manifest(self.model, self.images, self.name)
        return strict_json(manifest), weights

    def pixels(self, picture: Picture, name: str = "") -> bytes:
        """One image as uint8 pixels (C, H, W), the network input before scaling; raises `ImageError`."""
        check_pixels(picture, MOST_PIXELS, name)
        return np.ascontiguousarray(read_pixels(picture, self.images, name).transpose(2, 0, 1)).tobytes()

    def prepare(self, picture: Picture) -> dict[str, Any]:
        """An image before and after preprocessing: `original` (H, W, C), at most 256 pixels per side, and `pixels`.

        `size` is the original's (height, width, channels), `region` (left, top, right, bottom) the part of it, in its
        own pixels, that the network receives, and `fit` the method of resizing. Raises `ImageError`.
        """
        pixels = self.pixels(picture)
        height, width, channels = size = read_size(picture)
        back = frame_of((height, width), self.images).inverse()
        left, top, right, bottom = back.apply_boxes([0.0, 0.0, self.images.width, self.images.height])
        region = [max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))]
        scale = min(1.0, PREVIEW / max(height, width))
        small = ImageSpec(
            height=max(1, round(height * scale)),
            width=max(1, round(width * scale)),
            channels=channels,
            fit="stretch",
            value_range=self.images.value_range,
        )
        original = read_pixels(picture, small)
        return {"original": original, "size": size, "region": region, "fit": self.images.fit, "pixels": pixels}

    def array(self, pixels: bytes) -> np.ndarray:
        """Convert uint8 values (C, H, W) to an array (H, W, C); raises `ImageError` if their number is wrong."""
        channels, height, width = self.images.shape
        if len(pixels) != channels * height * width:
            raise ImageError(
                f"There are {len(pixels):,} bytes of pixels; '{self.name}' takes {channels} x {height} x {width} = "
                f"{channels * height * width:,}, channel by channel. For a picture file ask for its pixels first."
            )
        return np.frombuffer(pixels, np.uint8).reshape(channels, height, width).transpose(1, 2, 0)

    def outputs(self, pixels: bytes) -> list[Tensor]:
        """The outputs of all calls, without N, for uint8 pixels (C, H, W)."""
        self.array(pixels)
        return _outputs(self, pixels)

    def gradients(self, pixels: bytes, of: str | None) -> list[Tensor]:
        """Gradients of an output (by default the answer's) with respect to the outputs of all calls, without N.

        The task's operations after the network have none. Raises `TaskError` for an unknown class, and
        `ExplanationError` if an operation of the network cannot be followed.
        """
        subject = make_subject(self.model, self.array(pixels), of)
        require_followed(subject.calls, "A gradient")
        slopes = gradients(subject)
        assert slopes is not None
        return [slope[0] for slope in slopes]

    def predict(self, picture: Picture, name: str = "") -> dict[str, Any]:
        """The task's answer, as `Model.predict` returns it; raises `ImageError`."""
        self.check(picture, name)
        return self.model.predict(picture)

    def answer(self, pixels: bytes) -> dict[str, Any]:
        """The task's answer for uint8 pixels (C, H, W): as text, and as an image (H, W, C) or None.

        The image is the answer itself, or the image with the answer drawn on it.
        """
        array, task = self.array(pixels), self.model.task
        answer = self.model.predict(encode_png(array))
        return {
            "text": task.answer_text(answer),
            "image": task.annotate(array, answer) if task.annotates else answer.get("picture"),
        }

    def check(self, picture: Picture, name: str = "") -> None:
        """Raise `ImageError` for an invalid image, or one with more pixels than allowed for this model."""
        check_pixels(picture, MOST_NATIVE_PIXELS if self.model.images.fit == "native" else MOST_PIXELS, name)

    def listed(self, offset: int | None, limit: int) -> list[dict[str, Any]]:
        """Images by their row: `limit` of them from `offset`, or evenly spaced ones if no offset is given."""
        count = len(self.rows)
        chosen = range(count)[offset : offset + limit] if offset is not None else spread(count, limit)
        return [
            {"id": i, "name": self.rows[i].name, "label": self.model.task.target_text(self.rows[i])} for i in chosen
        ]


# Only one record is cached: the page requests several calls for the same pixels, and a record may be large.
@lru_cache(maxsize=1)
def _outputs(shown: ModelResource, pixels: bytes) -> list[Tensor]:
    x = network_x(to_batch(shown.array(pixels)[None]), shown.model.task, shown.images)
    with torch.no_grad():
        return [call.output[0] for call in record_answer(shown.model, x)]


def spread(count: int, most: int) -> list[int]:
    """Up to `most` numbers below `count`, evenly spaced.

    >>> spread(10, 4)
    [0, 2, 5, 7]
    """
    return [place * count // most for place in range(most)] if count > most else list(range(count))


def check_pixels(picture: Picture, most: int, name: str = "") -> None:
    """Raise `ImageError` for an image with more than `most` pixels, before it is decoded."""
    height, width, _ = read_size(picture, name)
    if height * width > most:
        raise ImageError(f"{name or 'The picture'}: has {width} x {height} pixels, more than {most:,}; scale it down.")


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResource:
    """One run's folder, possibly with a running training; `model` is the number of its model."""

    name: str
    folder: Path
    model: int | None = None

    @property
    def finished(self) -> bool:
        """Whether its result exists."""
        return (self.folder / "result.json").exists()

    @property
    def origin(self) -> dict[str, Any]:
        """The origin of its images, if recorded."""
        return self._json("recipe.json").get("source", {})

    def describe(self) -> dict[str, Any]:
        """Recipe and result as far as they exist, without local paths."""
        recipe, result = self._json("recipe.json"), self._json("result.json")
        for values, private in ((recipe, ("source",)), (result, ("run", "model", "report"))):
            for name in private if values else ():
                values.pop(name, None)
        summary = {"name": self.name, "model": self.model, "finished": bool(result), "recipe": recipe, "result": result}
        return {**summary, **self._schedule()}

    def _schedule(self) -> dict[str, Any]:
        """Changes during the training, and the current values that can be changed; None without a recipe."""
        try:
            schedule = Schedule(read_recipe(self.folder / "recipe.json"), read_changes(self.folder))
        except EyespotError:
            return {"changes": [], "settings": None}
        changes = [{"step": change.step, **change.values} for change in schedule.changes]
        last = schedule.segments[-1]
        settings = {name: getattr(last, name) for name in ("rate", "momentum", "weight_decay", "batch")}
        if last.momentum is None:
            settings["momentum"] = momentum_of(schedule.recipe.optimizer, schedule.recipe.batch)
        return {"changes": changes, "settings": settings}

    def _json(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):  # not written yet, or invalid JSON
            return {}
        return document if isinstance(document, dict) else {}

    def log_after(self, place: int) -> tuple[list[dict[str, Any]], int]:
        """Complete lines of the log after byte `place`, and the offset of the next ones.

        A resumed training rewrites its log, which becomes shorter: reading then starts at the beginning.
        """
        try:
            with (self.folder / "log.jsonl").open("rb") as file:
                place = place if place <= file.seek(0, 2) else 0
                file.seek(place)
                text = file.read(MOST_LOG_BYTES)
        except FileNotFoundError:
            return [], 0
        whole = text[: text.rfind(b"\n") + 1]
        return list(_readable(whole)), place + len(whole)

    @property
    def _texts(self) -> tuple[str, ...]:
        """Columns of the table that contain names, which may look like numbers: digits are labels too."""
        task = TASKS.get(self._json("recipe.json").get("task", {}).get("name"))
        return ("image", *(task.text_columns if task else ()))

    def predictions(self, offset: int, limit: int) -> dict[str, Any]:
        """Some rows of the table of predictions, and their total number; raises `RunError` if there is none yet."""
        try:
            with (self.folder / "predictions.csv").open(newline="", encoding="utf-8") as file:
                reader = csv.reader(file)
                columns, table = next(reader, []), list(reader)
        except FileNotFoundError as error:
            raise RunError(f"{self.name}: has no predictions yet; wait until its training is finished.") from error
        except (csv.Error, UnicodeDecodeError) as error:
            raise RunError(f"{self.name}: its predictions.csv cannot be read ({error}).") from error
        converters = [_as_text if name in self._texts else _value for name in columns]
        rows = [
            [convert(cell) for convert, cell in zip(converters, row, strict=False)]
            for row in table[offset : offset + limit]
        ]
        return {"columns": columns, "rows": rows, "count": len(table)}


def _readable(text: bytes) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _as_text(cell: str) -> str:
    return cell


def _value(cell: str) -> str | float | bool | None:
    """Convert a cell of the table from text to its value."""
    if cell in ("True", "False", ""):
        return {"True": True, "False": False, "": None}[cell]
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if np.isfinite(number) else cell
