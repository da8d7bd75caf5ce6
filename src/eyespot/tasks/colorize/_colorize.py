"""The colorization task: colors for gray images, learned from color images whose colors are hidden.

Shapes: N images, H height, W width of the network input; pixels in [0, 1]; a and b are those of CIE Lab. A target
is the color image as uint8 (N, 3, H, W), so that thousands fit into memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import SourceError, TaskError
from ...findings import Evaluation
from ...images import LUMA, Frame, ImageSpec, is_gray
from ...networks.network import Output
from ...sources.source import Row, Source
from .._image_quality import peak_ratio
from ..report import Pictures, Values
from ..statistics import mean_interval
from ..task import Hint, Metric, Target, Task, parse_position
from . import _bins
from ._calibration import SCALES, best_scale, vivid_preference
from ._hints import with_hints
from ._lab import recolored, to_lab
from ._measures import area_under_curve, color_errors, colorfulness
from ._report import colorize_values

STRIDES = (4, 8)
METHODS = ("regression", "classification", "rebalanced")
SCALE = 50.0
"""Units of CIE Lab per unit of the network's output."""
SMOOTHED = 0.02
"""One unit of CIE Lab, in units of the network's output."""
STRIP = 256
"""Number of rows that are colorized at a time, so that an image of 12 megapixels does not need gigabytes."""
MOST_SATURATION = 3.0
INVENTED = "the colors are invented, not known"
FIGURES = ("auc", "auc_gray", "gain", "psnr", "psnr_gray", "colorfulness", "colorfulness_true")
REBALANCED = ("auc_rebalanced", "auc_rebalanced_gray")
"""Metrics in which the weight of a pixel is the rarity of its color."""


@final
@dataclass(frozen=True, kw_only=True)
class Colorize(Task):
    """Colors for gray images: the network receives the lightness and predicts one color per 8 x 8 pixels.

    The answer has the luminance and the full size of the input. Training images are color images; gray ones are left
    out. `method` is "regression" of a and b by the distance, "classification" into 260 colors, or "rebalanced", the
    same with answers in which rare colors are preferred. `preference` from 0 to 1 is how much, chosen on validation
    images: probabilities are multiplied by that power of the colors' rarity. `temperature` sharpens the probabilities
    before their mean color is computed, and `stride` is the number of input pixels per predicted color along each axis.
    `saturation` multiplies the predicted colors, and `warmth` from -1 to 1 favors cold or warm colors among the
    plausible ones. `frequencies` are those of the 260 colors in the training images. `scale` multiplies the colors of a
    regression and is chosen on validation images.
    """

    name: ClassVar[str] = "colorize"
    metric: ClassVar[Metric] = Metric(name="auc", better="higher")
    report_template: ClassVar[str] = "report_colorize.html"
    columns: ClassVar[tuple[str, ...]] = ()
    answer_suffix: ClassVar[str] = "colorized"
    answer_settings: ClassVar[tuple[str, ...]] = ("saturation",)
    takes_hints: ClassVar[bool] = True
    fit: ClassVar[str] = "stretch"
    input_side: ClassVar[int | None] = 128
    value_name: ClassVar[str] = "chroma"
    unsupported: ClassVar[Mapping[str, str]] = {
        "robust": "the answer is an image; expected a task such as classify or tag",
        "corruptions": "many of them change colors, which the network does not see",
    }

    method: str = "regression"
    temperature: float = 0.38
    stride: int = 8
    saturation: float = 1.0
    warmth: float = 0.0
    scale: float = 1.0
    preference: float = 0.0
    frequencies: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise TaskError(f"method is '{self.method}'; expected one of {', '.join(METHODS)}.")
        if not 0 < self.temperature <= 1:
            raise TaskError(f"temperature is {self.temperature}; expected a number above 0, at most 1.")
        if not 0 <= self.saturation <= MOST_SATURATION:
            raise TaskError(f"saturation is {self.saturation}; expected a number from 0 to {MOST_SATURATION}.")
        if not -1 <= self.warmth <= 1 or (self.warmth and self.method == "regression"):
            raise TaskError(
                f"warmth is {self.warmth}, method {self.method}; expected a number from -1 to 1, and classes."
            )
        if not SCALES[0] <= self.scale <= SCALES[1]:
            raise TaskError(f"scale is {self.scale}; expected a number from {SCALES[0]} to {SCALES[1]}.")
        if not 0 <= self.preference <= 1:
            raise TaskError(f"preference is {self.preference}; expected a number from 0 to 1.")
        if self.stride not in STRIDES:
            raise TaskError(f"stride is {self.stride}; expected {' or '.join(map(str, STRIDES))}.")
        if len(self.frequencies) not in (0, len(_bins.centers())):
            raise TaskError(f"there are {len(self.frequencies)} frequencies; expected {len(_bins.centers())}, or none.")

    # Data.
    def unusable(self, row: Row) -> str:
        """Gray images have no colors to learn or to compare with."""
        return "is gray, and color images are needed" if is_gray(row.picture, row.location) else ""

    def check_images(self, sizes: np.ndarray, images: ImageSpec) -> None:
        """Raise `SourceError` for images without colors, or if they are not resized as a whole."""
        if images.channels != 3:
            raise SourceError("colorize learns from color images, but they are read as gray; leave the channels out.")
        if images.fit != "stretch":
            raise SourceError(f"fit is '{images.fit}', but colorize sees whole images (stretch); leave it out.")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Count color frequencies; raise `TaskError` if there are no rows."""
        if not rows:
            raise TaskError("colorize needs color images to train on, but there are none; add some.")
        return replace(self, frequencies=_bins.frequencies(rows))

    def notes(self) -> list[str]:
        """State what the network is trained on."""
        return ["The network sees the images without their colors and learns what these were."]

    def read(self, row: Row) -> float:
        """Return a dummy value: the target is the image itself, created by `make_problem`."""
        return 0.0

    def make_problem(self, images: tuple[Tensor, ...], target: Target, keys: Tensor) -> tuple[Tensor, Tensor]:
        """The images, of which the network receives only the lightness, and the same images as bytes."""
        return images[0], (images[0] * 255).round().byte()

    def network_input(self, pixels: Tensor) -> Tensor:
        """The lightness in three channels (N, 3, H, W): pretrained networks need three."""
        weights = torch.tensor(LUMA, dtype=pixels.dtype, device=pixels.device)
        return F.conv2d(pixels, weights.view(1, 3, 1, 1).repeat(3, 1, 1, 1))

    def allows(self, change: str) -> bool:
        """No color changes, which would make targets wrong, and no erasing, which leaves no color."""
        return change not in ("color", "erase")

    @property
    def mirror_reason(self) -> str:
        """Mirrored unless the user disables it."""
        return "a mirror leaves colors as they are"

    # Learning and evaluation.
    def outputs(self, channels: int) -> Output:
        """a and b in units of 50, or logits for 260 colors, at each location."""
        count = 2 if self.method == "regression" else len(_bins.centers())
        return Output("map", count, stride=self.stride, head="pyramid")

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Mean distance from the true colors in units of 50, or the cross-entropy with them.

        The distance is what AuC measures; squares would let a few vivid pixels decide. It is smooth near 0:
        sqrt(d^2 + s^2) - s (pseudo-Huber) for the distance d and s = `SMOOTHED`.
        """
        true = mean_colors(target, self.stride)
        if self.method == "regression":
            squared = (output - true / SCALE).square().sum(1)
            return ((squared + SMOOTHED**2).sqrt() - SMOOTHED).mean((1, 2))
        return _bins.cross_entropy(output, true)

    def _rarity(self) -> Tensor:
        """Weight of each of the 260 colors; rare ones have larger weights."""
        return _bins.rarity(self.frequencies or [1 / len(_bins.centers())] * len(_bins.centers()))

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Area under the curve of color errors, and its gain over a gray answer."""
        true = to_lab(_pixels(target))[:, 1:]
        auc = area_under_curve(color_errors(self._colors(output, target.shape[2:]), true))
        return {"auc": auc, "gain": auc - area_under_curve(color_errors(torch.zeros_like(true), true))}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per image: AuC, PSNR in dB and colorfulness of the answer, of a gray answer and of the true image."""
        true = _pixels(target)
        made, gray = self.answer_image(output, true), recolored(true, torch.zeros_like(true[:, 1:]))
        ab = to_lab(true)[:, 1:]
        errors = color_errors(self._colors(output, ab.shape[2:]), ab)
        of_gray, weights = color_errors(torch.zeros_like(ab), ab), self._rarity()[_bins.nearest(ab)]
        auc, auc_gray = area_under_curve(errors), area_under_curve(of_gray)
        columns = {
            "auc": auc,
            "auc_gray": auc_gray,
            "gain": auc - auc_gray,
            "auc_rebalanced": area_under_curve(errors, weights),
            "auc_rebalanced_gray": area_under_curve(of_gray, weights),
            "weight": weights.mean((1, 2)),
            "psnr": peak_ratio(made, true),
            "psnr_gray": peak_ratio(gray, true),
            "colorfulness": colorfulness(made),
            "colorfulness_true": colorfulness(true),
        }
        lists = [values.double().tolist() for values in columns.values()]
        return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean AuC over the images with its bootstrap interval; gains over gray with theirs, paired by image."""
        columns = {name: np.array([row[name] for row in table]) for name in FIGURES}
        gain, weight = columns["gain"], [row["weight"] for row in table]
        rebalanced = {name: float(np.average([row[name] for row in table], weights=weight)) for name in REBALANCED}
        details = {
            **{name: float(values.mean()) for name, values in columns.items()},
            **rebalanced,
            "gain_interval": mean_interval(gain),
            "psnr_gain": float((columns["psnr"] - columns["psnr_gray"]).mean()),
            "psnr_gain_interval": mean_interval(columns["psnr"] - columns["psnr_gray"]),
            "mistakes": [{"row": int(place), "gain": float(gain[place])} for place in np.argsort(gain)[:50]],
        }
        return float(columns["auc"].mean()), mean_interval(columns["auc"]), details

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Scale the colors of a regression to minimize their squared distance from the true ones.

        Memorized colors are too strong for new images. With `method="rebalanced"`, choose the preference for rare
        colors instead, so that the answers are about as colorful as the true images.
        """
        if self.method == "regression":
            colors = ((output, mean_colors(target, self.stride) / SCALE) for output, target in outputs)
            return replace(self, scale=best_scale(colors))
        if self.method == "classification":
            return self
        return replace(
            self, preference=vivid_preference(self, ((output, _pixels(target)) for output, target in outputs))
        )

    # Answers.
    def activate(self, output: Tensor) -> Tensor:
        """a and b in units of CIE Lab at each location (N, 2, H / stride, W / stride).

        With `method="rebalanced"`, p(color) r(color)^preference instead of p(color), where r is the rarity: "logit
        adjustment" (Menon et al. 2021, https://arxiv.org/abs/2007.07314). Zhang et al. (2016) weight the loss by r.
        """
        if self.method == "regression":
            return output * (SCALE * self.scale * self.saturation)
        if self.method == "rebalanced":
            output = output + self.preference * self._rarity().log().to(output)[:, None, None]
        return _bins.annealed_mean(output, self.temperature, self.warmth) * self.saturation

    def proposals(self) -> Mapping[str, Self]:
        """The default answer, a warmer and a colder one; raise `TaskError` for regression, which has one answer."""
        if self.method == "regression":
            raise TaskError(
                "regression answers one color for each place; train with method=rebalanced for proposals.",
                argument="proposals",
            )
        return {"": self, "warm": replace(self, warmth=1.0), "cold": replace(self, warmth=-1.0)}

    @property
    def answer_rule(self) -> str:
        """How to combine the colors with an image."""
        return (
            f"a and b (CIE Lab, D65) of every {self.stride} x {self.stride} pixels: enlarge them bilinearly to the "
            f"image and keep its lightness; {INVENTED}"
        )

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """Mean strength of the colors (chroma, in units of CIE Lab), and a note that they are invented."""
        chroma = float(self.objective(output[None])[0])
        return {"answer": f"a color image of chroma {chroma:.1f}", "chroma": chroma, "note": INVENTED}

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The answer with the note."""
        return f"{answer['answer']} ({INVENTED})"

    def answer_image(self, output: Tensor, pixels: Tensor, hints: Sequence[Hint] = ()) -> Tensor:
        """The images with the predicted colors, at their own size and with their own luminance.

        Hints for one image correct the colors near them; raise `TaskError` for a hint outside the image.
        """
        ab = self.activate(output)
        ab = F.interpolate(with_hints(ab, pixels, hints) if hints else ab, tuple(pixels.shape[2:]), mode="bilinear")
        if pixels.shape[2] <= STRIP or torch.is_grad_enabled():
            return recolored(pixels, ab)
        recolored_image = torch.empty_like(pixels)  # filled in parts, since concatenating them would double the memory
        for top in range(0, pixels.shape[2], STRIP):
            rows = slice(top, top + STRIP)
            recolored_image[:, :, rows] = recolored(pixels[:, :, rows], ab[:, :, rows])
        return recolored_image

    def _colors(self, output: Tensor, sides: Sequence[int]) -> Tensor:
        """The predicted colors (N, 2, *sides)."""
        return F.interpolate(self.activate(output), tuple(sides), mode="bilinear")

    @property
    def significant_change(self) -> float:
        """A clearly visible change of color."""
        return 10.0

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """Chroma at the pixel `of` = (row, column), or its mean over the image: the distance from gray."""
        of = self.parse_target(of)
        chroma = (self.activate(output).square().sum(1) + 1e-6).sqrt()
        if of is None:
            return chroma.mean((1, 2))
        row, column = (place // self.stride for place in of)
        if not (0 <= row < chroma.shape[1] and 0 <= column < chroma.shape[2]):
            rows, columns = (self.stride * side for side in chroma.shape[1:])
            raise TaskError(f"There is no pixel {of} in an image of {rows} rows, {columns} columns.")
        return chroma[:, row, column]

    def parse_target(self, of: Any) -> tuple[int, int] | None:
        """Row and column of the network input, as two numbers or as text "ROW,COLUMN"."""
        position = parse_position(of) if isinstance(of, str) else of
        if of is None or (isinstance(position, tuple) and len(position) == 2 and all(type(n) is int for n in position)):
            return position
        raise TaskError(f"The position is '{of}'; expected a row and a column, such as 3,5.")

    # Reports.
    def illustrate(
        self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Tensor]
    ) -> list[Tensor]:
        """The network input, the answer, and the true image."""
        return [self.network_input(pixels)[0], self.answer_image(outputs(pixels), pixels)[0], images[0][0]]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Metrics next to those of gray answers, and images side by side."""
        return colorize_values(evaluation, pictures)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Metrics next to those of gray answers and of the true images, and a note on predicted colors."""
        low, high = details["gain_interval"]
        colorful = f"{details['colorfulness']:.1f}, of the true images {details['colorfulness_true']:.1f}"
        return [
            f"AuC {details['gain']:+.2%} over gray ({low:+.2%} to {high:+.2%}), PSNR {details['psnr_gain']:+.2f} dB",
            f"colorfulness {colorful}; {INVENTED}: they are what images like the training images suggest.",
        ]

    def example(self, seed: int) -> Source:
        """Images that are blue where dark and yellow where bright."""
        from ...sources.synthetic import dawns

        return dawns(seed=seed)


def mean_colors(target: Tensor, stride: int) -> Tensor:
    """Mean a and b of every `stride` x `stride` pixels of color images (N, 3, H, W) in bytes."""
    return F.avg_pool2d(to_lab(_pixels(target))[:, 1:], stride, ceil_mode=True)


def _pixels(target: Tensor) -> Tensor:
    return target.float() / 255
