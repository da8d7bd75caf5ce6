"""The detection task: a class, a box and a score for each object.

What the network puts out, and how it becomes scores and boxes, is a matter of its head (see `_heads`). Shapes: N
images, K classes, M objects, L locations.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import AttackError, TaskError, look_up
from ...findings import Evaluation
from ...images import Frame
from ...networks.network import Output, map_output
from ...sources.source import Row, Source
from .._disappearance import Disappearance
from .._matches import best_threshold
from .._target import pad_ragged
from ..criterion import Aim, AttackPlan
from ..report import Pictures, Values
from ..task import Metric, Task, parse_position
from ._average_precision import match, mean_average_precision, require_coco
from ._boxes import CANDIDATES, select
from ._drawing import annotated
from ._evaluate import evaluate_table, outcomes_of
from ._heads import HEADS, Head
from ._report import detection_values
from ._text import coco_document, in_words, read_objects

KEPT_SCORE = 0.02
"""Detections with lower scores are omitted from tables: they would not change the average precision."""
MOST = 300
"""Maximum number of detections per image."""
DEFAULT = "anchor-free"
LEAST_LEFT = 0.25
"""Objects with less than this fraction left inside a cropped or shifted image are removed from the targets."""


@final
@dataclass(frozen=True, kw_only=True)
class Detect(Task):
    """Objects as JSON text in the column `boxes`: a list of {"label": ..., "box": [x1, y1, x2, y2]} in pixels.

    `head` is a key of `HEADS`; `stride` is the distance of two locations in pixels of the network input, of a head with
    one level; `threshold` is the minimum score of a detection, chosen on validation images; of two boxes of a class
    with an intersection over union above `suppression` only the one with the higher score is kept; of each image the
    `candidates` boxes with the highest scores are considered.
    """

    name: ClassVar[str] = "detect"
    metric: ClassVar[Metric] = Metric(name="AP50", better="higher")
    columns: ClassVar[tuple[str, ...]] = ("boxes",)
    fit: ClassVar[str] = "pad"
    input_side: ClassVar[int | None] = 416
    report_template: ClassVar[str] = "report_detect.html"
    text_columns: ClassVar[tuple[str, ...]] = ("answer",)
    value_name: ClassVar[str] = "score"
    annotates: ClassVar[bool] = True
    mirrored_probe: ClassVar[bool] = True
    mean_metric: ClassVar[bool] = False
    study_options: ClassVar[tuple[str, ...]] = ("stride=16", *(f"head={name}" for name in HEADS if name != DEFAULT))
    study_answers: ClassVar[tuple[Mapping[str, Any], ...]] = ({"candidates": 50},)

    classes: tuple[str, ...] = ()
    head: str = DEFAULT
    stride: int = 8
    threshold: float = 0.3
    suppression: float = 0.6
    candidates: int = CANDIDATES
    empty: int = 0
    """Number of training images without an object."""
    objects_per_image: float = 1.0
    """Mean number of objects in the other training images; losses are divided by it."""

    def __post_init__(self) -> None:
        look_up("head", self.head, HEADS, TaskError)
        if self.stride not in (4, 8, 16, 32):
            raise TaskError(f"stride is {self.stride}; expected 4, 8, 16 or 32.")
        if not 1 <= self.candidates <= CANDIDATES:
            raise TaskError(f"candidates is {self.candidates}; expected a whole number from 1 to {CANDIDATES}.")
        for name in ("threshold", "suppression"):
            if not 0 < getattr(self, name) < 1:
                raise TaskError(f"{name} is {getattr(self, name)}; expected a number between 0 and 1.")

    # Data.
    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the classes; raise `TaskError` if no training image contains an object."""
        require_coco()  # fail early instead of after the training
        objects = [read_objects(row) for row in rows]
        labels = sorted({label for each in objects for label, _ in each})
        if not labels:
            raise TaskError(
                f"None of the {len(rows)} training images shows an object; expected boxes in the column 'boxes'."
            )
        empty = sum(not each for each in objects)
        mean = sum(map(len, objects)) / (len(objects) - empty)
        return replace(self, classes=tuple(labels), empty=empty, objects_per_image=mean)

    def read(self, row: Row) -> list[list[float]]:
        """The objects of one row: x1, y1, x2, y2 in original pixels, and the class index."""
        objects = read_objects(row)
        if unknown := [label for label, _ in objects if label not in self.classes]:
            raise TaskError(
                f"{row.location}: a box has the label '{unknown[0]}', which no training image has "
                f"({', '.join(self.classes) or 'none'}). Correct it, or train on images with it."
            )
        return [[*box, self.classes.index(label)] for label, box in objects]

    def target_text(self, row: Row) -> str | None:
        """Number of objects of each class."""
        return in_words(Counter(label for label, _ in read_objects(row))) if row.values.get("boxes") else None

    def notes(self) -> list[str]:
        """State the number of training images without an object."""
        return [f"{self.empty:,} training images show no object: kept as background"] if self.empty else []

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Boxes and classes (N, M, 5), padded with NaN."""
        return pad_ragged(targets, width=5)

    def transform_target(self, target: Tensor, frame: Frame) -> Tensor:
        """Move boxes with the image and clip them to its border; remove objects that are (almost) outside."""
        moved = frame.apply_boxes(target[..., :4])
        sides = torch.from_numpy(np.ascontiguousarray(frame.size[..., [1, 0, 1, 0]])).to(moved)
        sides = sides[:, None] if sides.ndim == 2 else sides
        cut = torch.minimum(moved.clamp(min=0), sides)
        left = (cut[..., 2:] - cut[..., :2]).clamp(min=0).prod(-1) / (moved[..., 2:] - moved[..., :2]).prod(-1)
        result = torch.cat([cut, target[..., 4:]], dim=-1)
        return torch.where((left >= LEAST_LEFT)[..., None], result, torch.nan)

    def allows(self, change: str) -> bool:
        """No rotation, since a rotated box is larger than its object, and no erasing, which hides objects."""
        return change not in ("rotate", "erase")

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """Mirror, shift, zoom and color for all image sizes: boxes are transformed accordingly."""
        return "photos"

    # Network.
    def outputs(self, channels: int) -> Output:
        """What the head needs: one map, or one for each level."""
        return self._head.outputs()

    def loss(self, output: Any, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """The loss of the classes at all locations, and of the boxes at those assigned to an object."""
        return self._head.loss(output, target) / self.objects_per_image

    def score(self, output: Any, target: Tensor) -> dict[str, Tensor]:
        """Average precision at IoU 0.5 within each image (NaN without objects), a proxy for that over all images."""
        values = [self._precision_in(*one) for one in zip(self._found(output), target, strict=True)]
        return {"AP50": torch.tensor(values, dtype=torch.float32, device=target.device)}

    def calibrate(self, outputs: Iterable[tuple[Any, Tensor]]) -> Self:
        """Choose the threshold with the best F1 over all classes."""
        matches = [
            match_
            for output, target in outputs
            for found, truth in zip(self._found(output), target, strict=True)
            for match_ in self._matches(found, truth).values()
        ]
        best = best_threshold(matches)
        return self if best is None else replace(self, threshold=min(0.99, max(0.01, round(best[0], 4))))

    def to_rows(self, output: Any, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Objects and detections of each sample, including low scores, in original pixels."""
        rows = []
        for place, (found, truth) in enumerate(zip(self._found(output), target, strict=True)):
            back = None if frame is None else frame[place].inverse()
            known = truth[~truth.isnan().any(-1)]
            objects = zip(known[:, 4].long().tolist(), _original(known[:, :4], back), strict=True)
            boxes = self._listed(found, back)
            sure = Counter(box["label"] for box in boxes if box["score"] >= self.threshold)
            rows.append(
                {
                    "target": [{"label": self.classes[number], "box": box} for number, box in objects],
                    "answer": in_words(sure),
                    "boxes": boxes,
                }
            )
        return rows

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """AP50 as defined by COCO, its interval over images, AP, AP75, AP by size and class, missed and false boxes."""
        return evaluate_table(table, self.classes, self.threshold)

    def outcomes(self, row: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Objects and detections of one row, matched as for the score."""
        return outcomes_of(row)

    # Answers.
    def activate(self, output: Any) -> Any:
        """Scores and boxes in pixels of the network input; one map (N, K + 4, h, w) of a head with one level."""
        return self._head.activate(output)

    def answer(self, output: Any, frame: Frame | None = None) -> dict[str, Any]:
        """The objects above the threshold, by decreasing score; "score" is the largest score, above it or not."""
        single = map_output(output, lambda one: one[None])
        [found] = self._found(single, self.threshold)
        boxes = self._listed(found, None if frame is None else frame.inverse())
        best = float(self._head.logits(single).detach().sigmoid().max())
        size = {} if frame is None else {"size": [int(side) for side in frame.original]}
        counts = Counter(box["label"] for box in boxes)
        return {"answer": in_words(counts), "score": best, "counts": dict(counts), "boxes": boxes, **size}

    def annotate(self, pixels: np.ndarray, answer: Mapping[str, Any]) -> np.ndarray:
        """The image with the boxes of an answer, in one color per class."""
        return annotated(pixels, answer["boxes"], self.classes)

    def document(self, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Answers for many images in COCO's format."""
        return coco_document(answers, self.classes)

    def illustrate(self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Any]) -> list[Tensor]:
        """The image with the detections above the threshold."""
        boxes = self.answer(map_output(outputs(pixels), lambda one: one[0]))["boxes"]
        drawn = annotated((images[0][0] * 255).byte().permute(1, 2, 0).cpu().numpy(), boxes, self.classes)
        return [torch.from_numpy(drawn).permute(2, 0, 1).to(images[0]).div(255)[: images[0].shape[1]]]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Average precisions, classes, and the images with the most missed and false boxes, drawn on them."""
        return detection_values(evaluation, pictures)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """The other metrics on one line, and the classes on another."""
        by_class = ", ".join(f"{label} {_number(value)}" for label, value in list(details["AP50_by_class"].items())[:8])
        threshold, precision, recall = details["threshold"], details["precision"], details["recall"]
        at_threshold = f"from score {threshold:.2f} on: precision {precision:.3f}, recall {recall:.3f}"
        return [
            f"AP {_number(details['AP'])}, AP75 {_number(details['AP75'])}; {at_threshold}",
            f"AP50 by class: {by_class}",
        ]

    # Explanations and attacks: the objective is the score of one box.
    def objective(self, output: Any, of: Any = None) -> Tensor:
        """Logit of one class at one place, or the largest one of a class, or of all classes."""
        number, row, column = self.parse_target(of) or (-1, -1, -1)
        logits = self._head.logits(output)
        logits = logits if number < 0 else logits[:, number : number + 1]
        if row >= 0:
            logits = logits[..., self._covering(output, row, column)]
        return logits.flatten(1).amax(1)

    def value(self, output: Any, of: Any = None) -> Tensor:
        """The score from 0 to 1."""
        return self.objective(output, of).sigmoid()

    def default_target(self, output: Any) -> tuple[int, int, int]:
        """Class and position of the best detection: class index, row and column in pixels of the input."""
        logits = self._head.logits(output)[0]
        number, location = np.unravel_index(int(logits.argmax()), logits.shape)
        x, y, _ = self._head.cells(output)[int(location)].tolist()
        return int(number), int(y), int(x)

    def parse_target(self, of: Any) -> tuple[int, int, int] | None:
        """A class, a position or both: "WBC", "120,200" (row and column in pixels of the input) or "WBC@120,200"."""
        if of is None or (isinstance(of, tuple) and len(of) == 3):
            return of
        text = str(of)
        if (place := parse_position(text)) is not None:
            return (-1, *place)
        label, at, where = text.rpartition("@")
        place = parse_position(where) if at else (-1, -1)
        if place is None:
            raise TaskError(f"The place is '{where}'; expected a row and a column, such as {text[:20]}@120,200.")
        numbers = {name: number for number, name in enumerate(self.classes)}
        row, column = place
        return look_up("class", label if at else text, numbers, TaskError), row, column

    def target_name(self, of: Any) -> str:
        """Format a value in the syntax of `parse_target`."""
        if of is None:
            return "the surest object"
        number, row, column = of
        label = self.classes[number] if number >= 0 else ""
        place = f"{row},{column}" if row >= 0 else ""
        return "@".join(part for part in (label, place) if part)

    def attack_criterion(self, aim: Aim, output: Any, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """The best detection (of the class `aim.of`) must disappear: no location in its box scores its class.

        The attack targets what the model detects, whether it is correct or not: `truths` are ignored.
        """
        if aim.target is not None or aim.change is not None:
            raise AttackError("A detection is attacked as a whole: it must disappear. Leave target and change out.")
        of = self.parse_target(aim.of)
        logits, boxes, cells = self._head.logits(output), self._head.boxes(output), self._head.cells(output)
        if of is not None and of[0] >= 0:
            others = [number for number in range(len(self.classes)) if number != of[0]]
            logits = logits.clone()
            logits[:, others] = -torch.inf
        best = logits.flatten(1).argmax(1)
        limit = torch.logit(torch.tensor(self.threshold)).item()
        places = torch.stack([self._places(logits[i], boxes[i], cells, int(n)) for i, n in enumerate(best)])
        sure = logits.flatten(1).amax(1) >= limit
        skipped = ["" if found else "nothing is detected" for found in sure.tolist()]
        criterion = Disappearance(places=places, limit=limit, logits=self._head.logits)
        return AttackPlan(criterion=criterion, skipped=skipped)

    def example(self, seed: int) -> Source:
        """Small drawings of bright squares and disks with their boxes."""
        from ...sources.synthetic import objects

        return objects(seed=seed, count=80, size=16)

    @property
    def _head(self) -> Head:
        return HEADS[self.head](classes=len(self.classes), stride=self.stride)

    def _covering(self, output: Any, row: int, column: int) -> Tensor:
        """Mask (L,) of the locations whose cell contains a pixel; raises `TaskError` if it is outside the input."""
        cells = self._head.cells(output)
        place = cells.new_tensor([column + 0.5, row + 0.5])
        mask = ((cells[:, :2] - place).abs() < cells[:, 2:] / 2).all(1)
        if not mask.any():
            width, height = (cells[:, :2] + cells[:, 2:] / 2).amax(0).int().tolist()
            raise TaskError(
                f"The place {row},{column} is outside the network's input; expected a row below {height} and a column "
                f"below {width}."
            )
        return mask

    def _places(self, logits: Tensor, boxes: Tensor, cells: Tensor, best: int) -> Tensor:
        """Locations (K, L) inside the box of location `best`, for its class; always includes itself."""
        number, location = np.unravel_index(best, logits.shape)
        box, middle = boxes[location], cells[:, :2]
        inside = ((middle >= box[:2]) & (middle <= box[2:])).all(-1)
        inside[location] = True
        places = torch.zeros_like(logits, dtype=torch.bool)
        places[number] = inside
        return places

    @torch.no_grad()
    def _found(self, output: Any, least: float = KEPT_SCORE) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Scores (M,), classes (M,) and boxes (M, 4) in pixels of the input, for each image."""
        scores, boxes = self._head.logits(output).sigmoid(), self._head.boxes(output)
        pairs = zip(scores.float().cpu(), boxes.float().cpu(), strict=True)
        return [select(score, box, least, self.suppression, MOST, self.candidates) for score, box in pairs]

    def _listed(self, found: tuple[Tensor, Tensor, Tensor], back: Frame | None) -> list[dict[str, Any]]:
        """Detections as plain values, mapped to original pixels by `back`, if given, and clipped to the image."""
        scores, numbers, boxes = found
        listed = zip(scores.tolist(), numbers.tolist(), _original(boxes, back), strict=True)
        return [{"label": self.classes[number], "score": score, "box": box} for score, number, box in listed]

    def _matches(self, found: tuple[Tensor, Tensor, Tensor], target: Tensor) -> dict[str, Any]:
        """Matches of one image by class, for classes with objects or detections."""
        scores, numbers, boxes = (part.numpy() for part in found)
        truth = target[~target.isnan().any(-1)].cpu().numpy()
        kinds = sorted({*numbers.tolist(), *truth[:, 4].astype(int).tolist()})
        return {
            self.classes[kind]: match(boxes[numbers == kind], scores[numbers == kind], truth[truth[:, 4] == kind, :4])
            for kind in kinds
        }

    def _precision_in(self, found: tuple[Tensor, Tensor, Tensor], target: Tensor) -> float:
        return mean_average_precision({label: [one] for label, one in self._matches(found, target).items()})


def _original(boxes: Tensor, back: Frame | None) -> list[list[float]]:
    """Boxes (M, 4) mapped by `back`, clipped to the target image."""
    if back is None:
        return boxes.tolist()
    height, width = (float(side) for side in back.size)
    moved = back.apply_boxes(boxes.double())
    return torch.minimum(moved.clamp(min=0), moved.new_tensor([width, height, width, height])).tolist()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
