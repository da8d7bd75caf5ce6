"""Objects as text in the column `boxes` of a table, and text for people."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import TaskError
from ...sources.source import Row

EXPECTED = 'expected JSON such as [{"label": "cat", "box": [x1, y1, x2, y2]}] with sides in pixels'
SHOWN = 4


def read_objects(row: Row) -> list[tuple[str, list[float]]]:
    """Label and box of each object of a row; raise `TaskError` for invalid text."""
    text = row.values.get("boxes", "")
    try:
        return [(_label(entry), _box(entry)) for entry in json.loads(text)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = str(error) if isinstance(error, _BoxError) else f"boxes are '{text[:80]}'"
        raise TaskError(f"{row.location}: {reason}; {EXPECTED}. Correct it.") from None


class _BoxError(ValueError):
    """An invalid box; the message describes it."""


def _label(entry: Mapping[str, Any]) -> str:
    label = entry["label"]
    if not isinstance(label, str) or not label:
        raise _BoxError(f"a box has the label {label!r}")
    return label


def _box(entry: Mapping[str, Any]) -> list[float]:
    box = [float(side) for side in entry["box"]]
    if len(box) != 4 or not all(math.isfinite(side) for side in box):
        raise _BoxError(f"a box has the sides {box}")
    if box[2] <= box[0] or box[3] <= box[1]:
        raise _BoxError(f"the box {box} has no area (x2 must be larger than x1, and y2 than y1)")
    return box


def in_words(counts: Mapping[str, int]) -> str:
    """Number of objects of each class as text.

    >>> in_words({"RBC": 12, "WBC": 1}), in_words({})
    ('12 RBC, 1 WBC', 'no object')
    """
    parts = [f"{count} {label[:18]}" for label, count in Counter(counts).most_common()]
    more = f", {len(parts) - SHOWN} more classes" if len(parts) > SHOWN else ""
    return (", ".join(parts[:SHOWN]) + more) if parts else "no object"


def coco_document(answers: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> dict[str, Any]:
    """Convert answers for files, keys "image" and "boxes", to one document in COCO's format, with scores."""
    images, annotations = [], []
    place = {label: number for number, label in enumerate(classes, start=1)}
    for answer in answers:
        if "boxes" not in answer:
            continue  # an image that could not be read
        height, width = answer["size"]
        images.append({"id": len(images) + 1, "file_name": answer["image"], "height": height, "width": width})
        for entry in answer["boxes"]:
            annotations.append(
                coco_object(len(annotations) + 1, len(images), place[entry["label"]], entry["box"])
                | {"score": entry["score"]}
            )
    categories = [{"id": number, "name": label} for label, number in place.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def coco_object(number: int, image: int, category: int, box: Sequence[float]) -> dict[str, Any]:
    """One object in COCO's format: [x, y, width, height] from corners."""
    width, height = box[2] - box[0], box[3] - box[1]
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": [box[0], box[1], width, height],
        "area": width * height,
        "iscrowd": 0,
    }
