"""Regression: which number belongs to the image, such as a steering angle, an age or a count?"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import TaskError
from ..findings import Evaluation
from ..images import Frame
from ..networks.network import Output
from ..sources.source import Row, Source
from ._mirroring import number_under_mirror, requested_mirror
from .report import Pictures, Values, regress_values
from .statistics import balancing_weights, mean_interval
from .task import Metric, Task, gathered

COMMON_SHARE = 0.5
"""A value shared by more than this fraction of the training images (mostly straight ahead) gets a lower weight."""
MIRRORS = ("auto", "sign", "same", "refuse")
LARGEST = float(np.finfo(np.float32).max)
"""Largest number that float32 can represent safely."""
IMPOSSIBLE = 1e4
"""A number farther from the median than this many widths of the middle half of the others is treated as an error."""
UNUSUAL = 20.0
"""A number farther than this many widths is reported: -9999 often stands for a missing number."""
PRECISE = 1e-3
"""If the spread is a smaller fraction of the center than this, float32 would lose digits of the answer."""
MIRROR_REASONS = {
    "sign": "mirroring changes the sign of the number",
    "same": "mirroring keeps the number",
    "refuse": "the images do not show how mirroring changes the number",
}


@final
@dataclass(frozen=True, kw_only=True)
class Regress(Task):
    """A number with a unit, such as a steering angle: Huber loss, mean absolute error.

    The number, in its `unit`, is the network's single output times `spread` plus `center` (standard deviation and mean
    of the training numbers). `mirror` is the effect of mirroring an image on the number: "sign" (a left turn becomes a
    right one), "same", "refuse" (no mirroring) or "auto" (decided from the data). `common` is a value that more than
    half of the training images have; these weigh `weights[0]` in the loss, all others `weights[1]`. `low`, `middle`
    (the median) and `high` describe the training numbers, `unusual` describes outliers, and `error` is the mean error
    on validation images. Targets are float64, since a large offset, such as a time in seconds, would leave float32 no
    digits.
    """

    name: ClassVar[str] = "regress"
    metric: ClassVar[Metric] = Metric(name="mean_absolute_error", better="lower")
    report_template: ClassVar[str] = "report_regress.html"
    columns: ClassVar[tuple[str, ...]] = ("number",)

    unit: str = ""
    mirror: str = "auto"
    center: float = 0.0
    middle: float = 0.0
    spread: float = 1.0
    low: float = 0.0
    high: float = 0.0
    common: float | None = None
    weights: tuple[float, float] = (1.0, 1.0)
    error: float | None = None
    unusual: str = ""

    def __post_init__(self) -> None:
        if self.mirror not in MIRRORS:
            raise TaskError(f"mirror is '{self.mirror}'; expected one of {', '.join(MIRRORS)}.")
        if self.spread <= 0:
            raise TaskError(f"spread is {self.spread}; expected a number above 0.")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn center, spread and range."""
        numbers = np.array([self.read(row) for row in rows])
        if len(numbers) < 2 or numbers.min() == numbers.max():
            raise TaskError(
                f"regress needs training images with different numbers, but all {len(numbers)} have the same or none "
                "is given; add images with other numbers."
            )
        unusual = _unusual(rows, numbers)
        if numbers.std() <= 1e-12 * np.abs(numbers).max():
            raise TaskError(
                f"regress: the numbers lie between {numbers.min()!r} and {numbers.max()!r}, too close together for "
                "float32; subtract a common offset."
            )
        value, count = Counter(numbers.tolist()).most_common(1)[0]
        unbalanced = count > COMMON_SHARE * len(numbers)
        return replace(
            self,
            center=float(numbers.mean()),
            middle=float(np.median(numbers)),
            spread=float(numbers.std()),
            low=float(numbers.min()),
            high=float(numbers.max()),
            unusual=unusual,
            common=value if unbalanced else None,
            weights=_pair(balancing_weights([count, len(numbers) - count])) if unbalanced else (1.0, 1.0),
        )

    def notes(self) -> list[str]:
        """State the range, whether one value dominates the data, and the effect of mirroring."""
        notes = [f"Numbers from {self._with_unit(self.low)} to {self._with_unit(self.high)}."]
        if self.common is not None:
            notes.append(
                f"Unbalanced: more than half of the training images have the number {self._with_unit(self.common)}; "
                f"each weighs {self.weights[0]:.2f} in the loss, each other one {self.weights[1]:.2f}."
            )
        if self.unusual:
            notes.append(self.unusual)
        return notes

    def read(self, row: Row) -> float:
        """The row's number."""
        text = row.values.get("number", "")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise TaskError(f"{row.location}: the number is '{text}'; expected a number such as -3.5. Correct it.")
        if abs(number) > LARGEST:
            raise TaskError(
                f"{row.location}: the number is {number:g}, more than float32 can represent ({LARGEST:.2g}). "
                "Correct it, or give all numbers in a larger unit."
            )
        if self.low < self.high and abs(number - self.middle) > IMPOSSIBLE * (self.high - self.low):
            raise TaskError(
                f"{row.location}: the number is {number:g}, the training numbers lie between {self.low:g} and "
                f"{self.high:g}. Correct it or remove the row."
            )
        return number

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Numbers as float64 (N,), in their unit."""
        return torch.tensor(targets, dtype=torch.float64)

    def outputs(self, channels: int) -> Output:
        """One number."""
        return Output("vector", 1)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Huber loss (1964) of the standardized number: quadratic for small errors, linear for large ones."""
        standard = (target - self.center) / self.spread  # in float64, before it is rounded
        loss = F.huber_loss(output[:, 0], standard.to(output.dtype), reduction="none")
        if self.common is None:
            return loss
        is_common = (target - self.common).abs() <= 1e-6 * self.spread
        return loss * torch.where(is_common, self.weights[0], self.weights[1])

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Absolute error in the unit, and its square."""
        error = (self.objective(output) - target).abs()
        return {"mean_absolute_error": error, "squared_error": error.square()}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: target, answer and error (answer minus target), in the unit."""
        pairs = zip(_digits(target), self._rounded(self.objective(output)), strict=True)
        return [{"target": truth, "answer": answer, "error": answer - truth} for truth, answer in pairs]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean absolute error with its bootstrap interval, next to that of a constant answer."""
        errors = np.array([row["error"] for row in table])
        targets = np.array([row["target"] for row in table])
        sizes = np.abs(errors)
        variance = float(np.square(targets - targets.mean()).mean())
        details = {
            "mean_absolute_error": float(sizes.mean()),
            "median_absolute_error": float(np.median(sizes)),
            "root_mean_squared_error": float(np.sqrt(np.square(errors).mean())),
            "bias": float(errors.mean()),
            "explained": 1 - float(np.square(errors).mean()) / variance if variance else None,
            "error_of_the_mean": float(np.abs(targets - self.center).mean()),
            "error_of_the_median": float(np.abs(targets - self.middle).mean()),
            "unit": self.unit,
            "range": [float(targets.min()), float(targets.max())],
            "mistakes": [{"row": int(place), **table[place]} for place in np.argsort(-sizes, kind="stable")[:50]],
        }
        return float(sizes.mean()), mean_interval(sizes), details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The number, its unit, and the mean error on validation images."""
        [number] = self._rounded(self.objective(output[None]))
        return {"answer": number, "number": number, "unit": self.unit, "error": self.error}

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The number with its unit."""
        return f"{answer['number']:.4g} {answer['unit']}".strip()

    @property
    def answer_rule(self) -> str:
        """The number, in its unit."""
        return f"the number{f' in {self.unit}' if self.unit else ''}"

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Store the mean absolute error on the validation images."""
        output, target = gathered(outputs)
        return replace(self, error=float((self.objective(output) - target).abs().mean()))

    @property
    def significant_change(self) -> float:
        """Standard deviation of the training numbers."""
        return self.spread

    def activate(self, output: Tensor) -> Tensor:
        """The number in its unit, (N, 1); in float64 if float32 would lose digits."""
        precise = self.spread < PRECISE * abs(self.center) or not 1e-30 < self.spread < 1e30
        return (output.double() if precise else output) * self.spread + self.center

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The number in its unit, (N,)."""
        return self.activate(output)[:, 0]

    def allows(self, change: str) -> bool:
        """A shifted or rotated road has another number, and a mirrored one may have."""
        return change not in ("shift", "rotate", "turn") and (change != "flip" or self.mirror in ("sign", "same"))

    @property
    def mirror_reason(self) -> str:
        """The user's choice."""
        return "as requested"

    def request_mirror(self, mirrored: bool) -> Self:
        """Enable or disable mirroring; raise `TaskError` if its effect is unknown."""
        if not mirrored:
            return replace(self, mirror=requested_mirror(self.mirror, "refuse"))
        if self.mirror not in ("sign", "same"):
            raise TaskError(
                "mirror is yes, but how mirroring changes the number is unknown; choose the task regress:mirror=same, "
                "or regress:mirror=sign where left and right change the sign of the number."
            )
        return self

    @property
    def mirror_is_open(self) -> bool:
        """Whether neither the user nor the data has decided about mirroring yet."""
        return self.mirror == "auto"

    def decide_mirror(self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[float]) -> tuple[Self, str]:
        """Enable mirroring only if the images show its effect on the number: a changed sign, or none."""
        effect = number_under_mirror(features, mirrored, np.array(targets))
        return replace(self, mirror=effect), MIRROR_REASONS[effect]

    def transform_target(self, target: Tensor, frame: Frame) -> Tensor:
        """Flip the sign under a mirror if `mirror` is "sign"."""
        if self.mirror != "sign":
            return target
        return torch.where(torch.from_numpy(np.atleast_1d(frame.mirrors)).to(target.device), -target, target)

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Answers against targets, the errors, the largest ones, examples."""
        return regress_values(evaluation, pictures)

    def example(self, seed: int) -> Source:
        """Roads that lead to the left or to the right, with their angle."""
        from ..sources.synthetic import road

        return road(seed=seed)

    def _rounded(self, numbers: Tensor) -> list[float]:
        """Answers rounded to the precision of the network's float32 output: seven digits of the spread."""
        if numbers.dtype != torch.float64:
            return _digits(numbers)
        decimals = 6 - math.floor(math.log10(self.spread))
        return [round(number, decimals) for number in numbers.tolist()]

    def _with_unit(self, number: float) -> str:
        return f"{number:g} {self.unit}".strip()


def _digits(numbers: Tensor) -> list[float]:
    """Round to the precision of the dtype, so that 0.1 in float32 does not become 0.10000000149."""
    return (
        numbers.tolist() if numbers.dtype == torch.float64 else [float(f"{number:.7g}") for number in numbers.tolist()]
    )


def _unusual(rows: Sequence[Row], numbers: np.ndarray) -> str:
    """Describe outliers in one sentence; raise `TaskError` for a number that must be an error."""
    low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75))
    if low == high:
        low, high = np.quantile(numbers, (0.05, 0.95))
    if low == high:
        return ""
    distance = np.abs(numbers - middle) / (high - low)
    far = distance > UNUSUAL
    if not far.any():
        return ""
    worst, others = int(distance.argmax()), numbers[~far]
    message = f"{rows[worst].location}: the number is {numbers[worst]:g}, the others lie between {others.min():g} and "
    if distance[worst] > IMPOSSIBLE:
        raise TaskError(f"{message}{others.max():g}. Correct it or remove the row.")
    return (
        f"{far.sum():,} of {len(numbers):,} numbers lie far from the others. {message}{others.max():g}. If it stands "
        "for a missing number, leave its cell empty."
    )


def _pair(values: tuple[float, ...]) -> tuple[float, float]:
    return values[0], values[1]
