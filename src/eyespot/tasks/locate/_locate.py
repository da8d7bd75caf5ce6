"""The localization task: a point with a score for each small object, such as a cell nucleus.

By default the network output is a heat map with a score and the offset of the point at each location, as in CenterNet
(Zhou et al. 2019). With the method "windows", a classifier decides for the window around each location whether there
is an object at its center, as in mitosis detection (Ciresan et al. 2013).
Shapes: N images, M points, h x w locations.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import AttackError, TaskError, look_up
from ...findings import Evaluation
from ...images import Frame
from ...networks.network import Output
from ...sources.source import Row, Source
from .._disappearance import Disappearance
from .._matches import best_threshold
from .._target import pad_ragged
from ..criterion import Aim, AttackPlan
from ..report import Pictures, Values
from ..task import Metric, Task, Tile, Turn, parse_position
from ._drawing import ringed
from ._evaluate import evaluate_table, outcomes_of
from ._loss import location_loss
from ._points import (
    NEARLY,
    check_inside,
    close_peaks,
    closest_distances,
    decode,
    density,
    listed,
    match,
    original,
    original_area,
    peaks,
    read_points,
    separated,
)
from ._report import location_values
from ._tiles import joined, moved
from ._windows import (
    FIRST_STAGE,
    NEGATIVES,
    averaged,
    positives,
    sampled_losses,
    smooth,
    window_losses,
)

HEATMAP, WINDOWS = "heatmap", "windows"
METHODS = (HEATMAP, WINDOWS)
PRIOR = -4.6
"""Added to logits: the initial score is 1 %, since most locations are background (Lin 2017)."""
CLOSEST = 0.75
"""The minimum distance of two points, relative to the radius."""
KEPT_SCORE = 0.05
"""Points with lower scores are omitted from tables."""


@final
@dataclass(frozen=True, kw_only=True)
class Locate(Task):
    """Points as JSON text in the column `points`: a list of [x, y] in pixels.

    A predicted point is correct if an unmatched true point lies within `radius` pixels of the original image.
    `stride` is the distance of two locations in pixels of the network input; `threshold` is the minimum score of a
    point, chosen on validation images; `separation` is the minimum distance of two points (0: three quarters of
    `radius`, of windows `radius`). For the method "windows": `negatives` is how they are drawn for training, and `disk`
    the radius in pixels of positive locations and of the smoothing of scores (0: half of `radius`).
    """

    name: ClassVar[str] = "locate"
    metric: ClassVar[Metric] = Metric(name="F1", better="higher")
    columns: ClassVar[tuple[str, ...]] = ("points",)
    fit: ClassVar[str] = "pad"
    input_side: ClassVar[int | None] = 512
    report_template: ClassVar[str] = "report_locate.html"
    text_columns: ClassVar[tuple[str, ...]] = ("answer",)
    value_name: ClassVar[str] = "score"
    annotates: ClassVar[bool] = True
    mean_metric: ClassVar[bool] = False

    radius: float = 6.0
    stride: int = 4
    method: str = "heatmap"
    negatives: str = "hard"
    disk: float = 0.0
    separation: float = 0.0
    views: int = 1
    """Number of turned and mirrored views of an image, 1 or 8, whose answers are averaged."""
    pixel_size: float = 0.0
    """Side of a pixel of the original images in micrometers, for points per area; 0: unknown."""
    threshold: float = 0.3
    empty: int = 0
    """Number of training images without a point."""
    close: int = 0
    """Number of training points with another one within the radius."""

    def __post_init__(self) -> None:
        if self.stride not in (1, 2, 4, 8, 16):
            raise TaskError(f"stride is {self.stride}; expected 1, 2, 4, 8 or 16.")
        look_up("method", self.method, dict.fromkeys(METHODS), TaskError)
        look_up("kind of negatives", self.negatives, dict.fromkeys(NEGATIVES), TaskError)
        if self.views not in (1, 8) or (self.views == 8 and self.method != WINDOWS):
            raise TaskError(f"views is {self.views}; expected 1, or 8 with the method {WINDOWS}.")
        for name in ("disk", "separation", "pixel_size"):
            if not 0 <= (value := getattr(self, name)) <= 1000:
                raise TaskError(f"{name} is {value}; expected a number from 0 to 1000.")
        if not 0 < self.radius <= 1000:
            raise TaskError(f"radius is {self.radius}; expected a number of pixels above 0, at most 1000.")
        if not 0 < self.threshold < 1:
            raise TaskError(f"threshold is {self.threshold}; expected a number between 0 and 1.")

    # Data.
    def check_source(self, source: Source) -> None:
        """Raise `SourceError` for a point outside its image."""
        for part in source.parts:
            for row, (height, width, _) in zip(part.rows, part.sizes.tolist(), strict=True):
                check_inside(row, self.read(row), height, width)

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Count images without a point; raise `TaskError` if no training image has one."""
        points = [np.array(self.read(row), float).reshape(-1, 2) for row in rows]
        if not any(map(len, points)):
            raise TaskError(f"None of the {len(rows)} training images has a point; expected points in 'points'.")
        close = sum(int((closest_distances(each) < self.radius).sum()) for each in points)
        return replace(self, empty=sum(not len(each) for each in points), close=close)

    def read(self, row: Row) -> list[list[float]]:
        """The points of one row: x and y in original pixels."""
        return read_points(row)

    def notes(self) -> list[str]:
        """State how many training images have no point, and how many points are closer together than the radius."""
        notes = [f"{self.empty:,} training images have no point: kept as background"] if self.empty else []
        if self.close:
            near = f"{self.close:,} points have another one within the radius of {self.radius:g} pixels"
            notes.append(f"{near}: a point that is found may count for either")
        return notes

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Points (N, M, 2), padded with NaN."""
        return pad_ragged(targets, width=2)

    def transform_target(self, target: Tensor, frame: Frame) -> Tensor:
        """Move points with the image; points outside are removed."""
        moved = frame.apply(target)
        sides = torch.from_numpy(np.ascontiguousarray(frame.size[..., ::-1])).to(moved)
        sides = sides[:, None] if sides.ndim == 2 else sides
        inside = ((moved >= 0) & (moved < sides)).all(-1, keepdim=True)
        return torch.where(inside, moved, torch.nan)

    def allows(self, change: str) -> bool:
        """No erasing, which hides objects."""
        return change != "erase"

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """Mirror, shift, rotate, zoom and color for all image sizes: points are transformed accordingly."""
        return "photos"

    # Network.
    def outputs(self, channels: int) -> Output:
        """A logit, and the offset of the point from the location's center along x and y, per location.

        Of windows, the logits of background and object.
        """
        if self.method == WINDOWS:
            return Output("map", 2, stride=self.stride, head="window")
        return Output("map", 3, stride=self.stride, head="pyramid")

    def run(self, network: nn.Module, x: Tensor) -> Tensor:
        """The network's output, averaged over 8 views if requested."""
        return averaged(network, x, self.stride) if self.views == 8 else network(x)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Focal loss of the scores and distance of the offsets, per point; of windows, their cross-entropy."""
        if self.method == WINDOWS:
            return window_losses(self._logits(output), self._positives(output, target))
        return location_loss(self._logits(output), output[:, 1:], target, self.stride)

    def losses(
        self,
        turn: Turn,
        network: nn.Module,
        x: Tensor,
        target: Tensor,
        keys: Tensor,
        criterion: nn.Module | None,
        progress: float,
    ) -> tuple[Tensor, Any]:
        """The loss for training: of windows, that of the positive ones and of some negatives."""
        if self.method != WINDOWS:
            return super().losses(turn, network, x, target, keys, criterion, progress)
        output = network(x).float()
        hard = self.negatives == "hard" and progress >= FIRST_STAGE
        near = positives(target, output.shape[2], output.shape[3], self.stride, self.radius) if hard else None
        with torch.autocast(x.device.type, enabled=False):
            return sampled_losses(self._logits(output), self._positives(output, target), keys, near), output

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """F1 within each image at its best threshold (NaN without points), a proxy for that over all images."""
        values = [self._f1_in(*one) for one in zip(self._found(output), target, strict=True)]
        return {"F1": torch.tensor(values, dtype=torch.float32, device=output.device)}

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Choose the threshold with the best F1 over all points."""
        matches = [
            self._matched(found, truth)
            for output, target in outputs
            for found, truth in zip(self._found(output), target, strict=True)
        ]
        best = best_threshold(matches)
        return self if best is None else replace(self, threshold=min(0.99, max(0.01, round(best[0], 4))))

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """True and predicted points, including low scores, in original pixels."""
        rows = []
        for place, (found, truth) in enumerate(zip(self._found(output), target, strict=True)):
            back = None if frame is None else frame[place].inverse()
            points = listed(found, back)
            sure = sum(point["score"] >= self.threshold for point in points)
            known = truth[~truth.isnan().any(-1)]
            area = original_area(output, self.stride, back)
            rows.append({"target": original(known, back), "answer": _in_words(sure), "points": points, "area": area})
        return rows

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """F1 over all points, its interval over images, precision, recall, average precision, and counting errors."""
        return evaluate_table(table, self.radius, self.threshold)

    def outcomes(self, row: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Objects and detections of one row, matched as for the score."""
        return outcomes_of(row, self.radius)

    # Answers.
    def activate(self, output: Tensor) -> Tensor:
        """The score, and x and y in pixels of the network input: (N, 3, h, w)."""
        points = self._places_of(output).permute(0, 3, 1, 2)
        return torch.cat([self._logits(output).sigmoid()[:, None], points], dim=1)

    @property
    def answer_rule(self) -> str:
        """How a program without eyespot computes the points."""
        share = f", or at least {NEARLY:g} of it if their point lies in their own cell"
        own = "" if self.method == WINDOWS else share
        return (
            f"locations whose score is at least {self.threshold:g} and the largest of their 3 x 3 neighborhood{own}; "
            f"of two points closer than {self._least_distance:g} pixels the one with the higher score"
        )

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The points above the threshold, by decreasing score; "score" is the largest one, even below the threshold."""
        [found] = self._found(output[None], self.threshold)
        back = None if frame is None else frame.inverse()
        points = listed(found, back)
        best = float(self._logits(output[None]).detach().sigmoid().max())
        amount = density(len(points), original_area(output[None], self.stride, back), self.pixel_size)
        return {"answer": _in_words(len(points)), "count": len(points), **amount, "score": best, "points": points}

    def join_tiles(self, tiles: Sequence[Tile], size: tuple[int, int]) -> dict[str, Any]:
        """The points that lie in the core of their tile, without those that two tiles found."""
        points = joined([moved(tile) for tile in tiles], self.separation or self.radius / 2)
        amount = density(len(points), float(size[0] * size[1]), self.pixel_size)
        best = max((float(tile.answer["score"]) for tile in tiles), default=0.0)
        return {"answer": _in_words(len(points)), "count": len(points), **amount, "score": best, "points": points}

    def annotate(self, pixels: np.ndarray, answer: Mapping[str, Any]) -> np.ndarray:
        """The image with a ring of the matching radius around each point."""
        return ringed(pixels, [entry["point"] for entry in answer["points"]], self.radius)

    def illustrate(self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Any]) -> list[Tensor]:
        """The image with the points above the threshold."""
        points = [entry["point"] for entry in self.answer(outputs(pixels)[0])["points"]]
        drawn = ringed((images[0][0] * 255).byte().permute(1, 2, 0).cpu().numpy(), points, self.radius)
        return [torch.from_numpy(drawn).permute(2, 0, 1).to(images[0]).div(255)[: images[0].shape[1]]]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Precision, recall, counts, and the images with the most missed and false points."""
        return location_values(evaluation, pictures)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Precision, recall and the counting error."""
        precision, recall, radius = details["precision"], details["recall"], details["radius"]
        where = f"from score {details['threshold']:.2f} on, within {radius:g} pixels"
        return [
            f"{where}: precision {precision:.3f}, recall {recall:.3f}; not a medical device",
            f"mean absolute error of the count: {details['mean_absolute_count_error']:.1f} an image",
        ]

    # Explanations and attacks: the objective is the score of one point.
    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """Logit at one location, or the largest one."""
        place = self.parse_target(of)
        logits = self._logits(output)
        if place is None:
            return logits.flatten(1).amax(1)
        row, column = (min(side // self.stride, most - 1) for side, most in zip(place, logits.shape[1:], strict=True))
        return logits[:, row, column]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """The score from 0 to 1."""
        return self.objective(output, of).sigmoid()

    def default_target(self, output: Tensor) -> tuple[int, int]:
        """Position of the best point: row and column in pixels of the input."""
        row, column = np.unravel_index(int(self._logits(output)[0].argmax()), output.shape[2:])
        return int(row) * self.stride + self.stride // 2, int(column) * self.stride + self.stride // 2

    def parse_target(self, of: Any) -> tuple[int, int] | None:
        """A position: "120,200" (row and column in pixels of the input)."""
        if of is None or (isinstance(of, tuple) and len(of) == 2):
            return of
        if (place := parse_position(str(of))) is None:
            raise TaskError(f"of is '{of}'; expected a row and a column in pixels of the input, such as 120,200.")
        return place

    def target_name(self, of: Any) -> str:
        """Format a value in the syntax of `parse_target`."""
        return "the surest point" if of is None else f"{of[0]},{of[1]}"

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """The best point must disappear: no location within its radius scores above the threshold.

        The attack targets what the model predicts, whether it is correct or not: `truths` are ignored.
        """
        if aim.target is not None or aim.change is not None:
            raise AttackError("A point is attacked as a whole: it must disappear. Leave target and change out.")
        logits, points = self._logits(output), self._places_of(output)
        limit = torch.logit(torch.tensor(self.threshold)).item()
        place = self.parse_target(aim.of)
        chosen = [int(one.argmax()) if place is None else self._location(place, one) for one in logits]
        places = torch.stack([self._places(*one) for one in zip(points, chosen, strict=True)])
        best = logits.flatten(1)[torch.arange(len(logits)), torch.tensor(chosen, device=logits.device)]
        skipped = ["" if found else "nothing is detected" for found in (best >= limit).tolist()]
        criterion = Disappearance(places=places, limit=limit, logits=lambda output: self._logits(output)[:, None])
        return AttackPlan(criterion=criterion, skipped=skipped)

    def example(self, seed: int) -> Source:
        """Small drawings of bright dots with their centers."""
        from ...sources.synthetic import dots

        return dots(seed=seed, count=80, size=16)

    @property
    def _least_distance(self) -> float:
        """Of two points closer than this, in pixels of the input, the one with the lower score is left out."""
        return self.separation or self.radius * (1 if self.method == WINDOWS else CLOSEST)

    def _location(self, place: tuple[int, int], logits: Tensor) -> int:
        """Index of the location at a row and column in pixels."""
        row, column = (min(side // self.stride, most - 1) for side, most in zip(place, logits.shape, strict=True))
        return row * logits.shape[1] + column

    def _places(self, points: Tensor, best: int) -> Tensor:
        """Locations (1, h, w) with centers within the radius of the point at `best`; always includes itself."""
        height, width = points.shape[:2]
        centers = decode(points.new_zeros(1, 2, height, width), self.stride)[0]
        inside = (centers - points.flatten(0, 1)[best]).norm(dim=-1) <= self.radius
        inside.flatten()[best] = True
        return inside[None]

    def _logits(self, output: Tensor) -> Tensor:
        return output[:, 1] - output[:, 0] if self.method == WINDOWS else output[:, 0] + PRIOR

    def _places_of(self, output: Tensor) -> Tensor:
        """The point (N, h, w, 2) of each location in pixels of the input; of windows, their centers."""
        return decode(torch.zeros_like(output[:, :2]) if self.method == WINDOWS else output[:, 1:], self.stride)

    def _positives(self, output: Tensor, target: Tensor) -> Tensor:
        return positives(target, output.shape[2], output.shape[3], self.stride, self.disk or self.radius / 2)

    @torch.no_grad()
    def _found(self, output: Tensor, least: float = KEPT_SCORE) -> list[tuple[Tensor, Tensor]]:
        """Scores (M,) and points (M, 2) in pixels of the input, for each image."""
        scores, points = self._logits(output).sigmoid().float().cpu(), self._places_of(output).float().cpu()
        least = min(least, self.threshold)
        if self.method != WINDOWS:
            found = [close_peaks(*one, least, self.stride) for one in zip(scores, points, strict=True)]
        else:
            scores = smooth(scores, (self.disk or self.radius / 2) / self.stride)
            found = [peaks(*one, least) for one in zip(scores, points, strict=True)]
        return [separated(*one, self._least_distance) for one in found]

    def _matched(self, found: tuple[Tensor, Tensor], target: Tensor) -> Any:
        scores, points = (part.numpy() for part in found)
        truth = target[~target.isnan().any(-1)].cpu().numpy()
        return match(points, scores, truth, self.radius)

    def _f1_in(self, found: tuple[Tensor, Tensor], target: Tensor) -> float:
        one = self._matched(found, target)
        best = best_threshold([one])
        return float("nan") if not one.objects else 0.0 if best is None else best[1]


def _in_words(count: int) -> str:
    return f"{count:,} point{'' if count == 1 else 's'}" if count else "no point"
