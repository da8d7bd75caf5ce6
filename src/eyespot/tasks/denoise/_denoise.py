"""The denoising task: clean images from noisy ones.

Shapes: N images, C channels, H height, W width; pixels in [0, 1]. A target is (N, 2, C, H, W): clean and noisy, or
(N, 3, C, H, W) with another noisy image as the training target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import TaskError
from ...findings import Evaluation
from ...images import Frame
from ...networks.network import Output
from ...sources.source import Row, Source
from .._image_quality import peak_ratio, structural_similarity
from ..noise import noise_level
from ..report import Pictures, Values, denoise_values
from ..statistics import mean_interval
from ..task import Hint, Metric, Target, Task, Turn, parse_position
from ._noise_models import add_noise, amount_of, changed, check_amounts, describe_noise, suited_loss
from ._pairs import pair_problem
from ._residual import residual_statistics

DISTANCES: dict[str, Callable[[Tensor], Tensor]] = {
    "l1": torch.abs,
    "l2": torch.square,
    "charbonnier": lambda difference: torch.sqrt(difference.square() + 1e-6),
}
"""Pixel losses. Charbonnier's (1994) is the absolute difference, smoothed at zero."""
ANNEALED: dict[str, Callable[[float], float]] = {
    "l0": lambda progress: max(0.5, 2 * (1 - progress)),
    "l1": lambda progress: max(1.0, 2 - 2 * progress),
}
"""Exponent of the absolute difference at a fraction of the training.

Lehtinen et al. end "l0" at 0; in short trainings, an end at 0.5 gave better answers.
"""
TARGETS = ("clean", "noisy")
NOISY_PAIRS = "gaussian"
"""The noise of real pairs is assumed to have mean zero, like this one."""


@final
@dataclass(frozen=True, kw_only=True)
class Denoise(Task):
    """Images without their noise: trained with added noise, measured in dB against the clean images.

    `noise` lists keys of `NOISES`, joined by "+": "gaussian" with standard deviation `sigma` on the scale 0 to 255,
    "poisson" with `peak` counts for full brightness, "bernoulli", "impulse" and "text" for a fraction `share` of the
    pixels. Each amount can be drawn from a range that starts at `sigma_from`, `peak_from` or `share_from`. Noise
    depends only on each sample's key, and is not clipped to the range of pixels. With `targets` "noisy", the training
    target is a second noisy image of the same scene (Lehtinen et al. 2018, "Noise2Noise"). With `pairs`, each row's
    first image is the noisy input and its second the target, and no noise is added. `distance` is a key of `DISTANCES`,
    "l0", or "auto", which depends on noise and targets. `strength` is the fraction of the predicted noise that is
    removed: 0 for none, 1 for all of it.
    """

    name: ClassVar[str] = "denoise"
    metric: ClassVar[Metric] = Metric(name="psnr", better="higher", unit="dB")
    report_template: ClassVar[str] = "report_denoise.html"
    columns: ClassVar[tuple[str, ...]] = ()
    answer_suffix: ClassVar[str] = "denoised"
    answer_settings: ClassVar[tuple[str, ...]] = ("strength",)
    keeps_depth: ClassVar[bool] = True
    fit: ClassVar[str] = "native"
    scaled_input: ClassVar[bool] = False
    default_network: ClassVar[str] = "denoiser"
    # Its networks have no normalization: at the usual rates of these optimizers, deep ones learned nothing.
    default_rates: ClassVar[Mapping[str, float]] = {"muon": 1.5e-3}
    unsupported: ClassVar[Mapping[str, str]] = {
        "pretrained": "the answer is a picture, and the trained networks know only photos as a whole",
        "robust": "the answer is a picture; expected a task such as classify or tag",
        "corruptions": "its answer is the changed picture itself",
    }

    noise: str = "gaussian"
    sigma: float = 25.0
    sigma_from: float | None = None
    peak: float = 30.0
    peak_from: float | None = None
    share: float = 0.5
    share_from: float | None = None
    targets: str = "clean"
    distance: str = "auto"
    pairs: bool = False
    strength: float = 1.0

    def __post_init__(self) -> None:
        check_amounts(self)
        for name, known in (("targets", TARGETS), ("distance", (*DISTANCES, "l0", "auto"))):
            if getattr(self, name) not in known:
                raise TaskError(f"{name} is '{getattr(self, name)}'; expected one of {', '.join(known)}.")
        if not 0 <= self.strength <= 1:
            raise TaskError(f"strength is {self.strength}; expected a number from 0 to 1.")

    def unusable(self, row: Row) -> str:
        """Why a paired image cannot be used: it shows another scene, is the same image, or has the same noise."""
        return "" if row.paired is None else pair_problem(row, noisy_targets=self.targets == "noisy")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Determine whether the images are pairs; raise `TaskError` if only some have a paired image."""
        if not rows:
            raise TaskError("denoise needs training images, but there are none; add some.")
        alone = [row for row in rows if row.paired is None]
        if 0 < len(alone) < len(rows):
            raise TaskError(
                f"{alone[0].location}: has no paired image, but other rows have; give all rows one, or none."
            )
        return replace(self, pairs=not alone)

    def notes(self) -> list[str]:
        """State the source of the noise, the training targets, and the loss."""
        distance, reason = self.chosen_distance
        target = "the clean one" if self.targets == "clean" else "another noisy one"
        source = (
            f"Each first image is taken as the noisy one, each paired image as {target}, and PSNR is measured with it."
            if self.pairs
            else f"Added to every image: {describe_noise(self)}; the target is {target}."
        )
        return [source, f"The loss is {distance}: {reason}."]

    @property
    def chosen_distance(self) -> tuple[str, str]:
        """The pixel loss of the training, and the reason as text."""
        suited, reason = suited_loss(NOISY_PAIRS if self.pairs else self.noise)
        if self.distance != "auto":
            other = self.targets == "noisy" and self.distance != suited
            return self.distance, "as requested" + f", though {suited} suits this noise ({reason})" * other
        if self.targets == "clean":
            return "charbonnier", "targets are clean, and a smooth absolute difference keeps edges"
        return suited, reason

    def with_noise(self, noise: str, amount: float) -> Self:
        """The same task where `noise` of one amount is added; raise `TaskError` for unknown kinds and amounts."""
        amounts = {amount_of(noise): amount, "sigma_from": None, "peak_from": None, "share_from": None}
        return replace(self, noise=noise, pairs=False, targets="clean", **amounts)

    def read(self, row: Row) -> float:
        """Return a dummy value: the target is the image itself, created by `make_problem`."""
        if self.pairs and row.paired is None:
            raise TaskError(f"{row.location}: has no paired image, but the training images have; add it.")
        return 0.0

    def make_problem(self, images: tuple[Tensor, ...], target: Target, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy images (N, C, H, W), and targets (N, 2 or 3, C, H, W): clean, noisy, and the training target.

        The third is omitted if it is the clean image. Pixels without a value in it are NaN.
        """
        if len(images) == 2:
            noisy, clean = images
            return noisy, torch.stack([clean, noisy], dim=1)
        clean = images[0]
        noisy, _ = add_noise(clean, keys, self)
        if self.targets == "clean":
            return noisy, torch.stack([clean, noisy], dim=1)
        other, known = add_noise(clean, changed(keys, 1), self)
        other = other if known is None else other.masked_fill(~known, torch.nan)
        return noisy, torch.stack([clean, noisy, other], dim=1)

    def outputs(self, channels: int) -> Output:
        """An image with the same number of channels."""
        return Output("map", channels)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Mean pixel loss between (N, C, H, W) and the training target."""
        return self._distance(output, target, None)

    def losses(
        self,
        turn: Turn,
        network: nn.Module,
        x: Tensor,
        target: Any,
        keys: Tensor,
        criterion: nn.Module | None,
        progress: float,
    ) -> tuple[Tensor, Any]:
        """The loss, with a decreasing exponent: from 2 to 0.5 for "l0", from 2 to 1 at first for "l1".

        The absolute difference is small if most pixels are matched exactly, as in the input itself: a network trained
        with it from the start would keep returning its input.
        """
        output = network(x).float()
        with torch.autocast(x.device.type, enabled=False):  # losses are summed in float32
            return self._distance(output, target, progress), output

    def _distance(self, output: Tensor, target: Tensor, progress: float | None) -> Tensor:
        reference = target[:, 0] if target.shape[1] == 2 else target[:, 2]
        known = ~reference.isnan()
        difference = torch.where(known, output - reference.nan_to_num(), 0.0)
        name, _ = self.chosen_distance
        if name in ANNEALED and (progress is not None or name not in DISTANCES):
            distances = (difference.abs() + 1e-8) ** ANNEALED[name](progress or 0.0)
        else:
            distances = DISTANCES[name](difference)
        return (distances * known).sum((1, 2, 3)) / known.sum((1, 2, 3)).clamp(min=1)

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Peak signal-to-noise ratio in dB, and its gain over the noisy image."""
        clean, noisy = target[:, 0], target[:, 1]
        ratio = peak_ratio(output.clamp(0, 1), clean)
        return {"psnr": ratio, "gain": ratio - peak_ratio(noisy, clean)}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: PSNR and SSIM of the answer and of the noisy image, and the gain in dB."""
        clean, noisy = target[:, 0], target[:, 1]
        answer = self.answer_image(output, noisy)
        columns = {
            "psnr": peak_ratio(answer, clean),
            "psnr_noisy": peak_ratio(noisy, clean),
            "ssim": structural_similarity(answer, clean),
            "ssim_noisy": structural_similarity(noisy, clean),
            "noise": noise_level(noisy),
        }
        lists = {name: values.double().tolist() for name, values in columns.items()}
        rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
        return [{**row, "gain": row["psnr"] - row["psnr_noisy"]} for row in rows]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean PSNR over the images with its bootstrap interval; SSIM, if images are large enough; gains."""
        columns = {name: np.array([row[name] for row in table], dtype=float) for name in table[0] if name in _FIGURES}
        ratio, gain = columns["psnr"], columns["gain"]
        details = {
            **{name: _mean(values) for name, values in columns.items()},
            "gain_interval": mean_interval(gain),
            "noise": None if self.pairs else self.noise,
            "sigma": self.sigma if self.noise == "gaussian" and not self.pairs else None,
            "mistakes": [{"row": int(place), "gain": float(gain[place])} for place in np.argsort(gain)[:50]],
        }
        return float(ratio.mean()), mean_interval(ratio), details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """Image size, and the standard deviation of the remaining noise; `answer_image` returns the image."""
        _, height, width = output.shape
        return {
            "answer": f"a picture of {width} x {height} pixels",
            "noise_left": noise_level(output.detach()[None]).item(),
        }

    def answer_image(self, output: Tensor, pixels: Tensor, hints: Sequence[Hint] = ()) -> Tensor:
        """The denoised images; with a `strength` below 1, mixed with the noisy ones."""
        return (output if self.strength == 1 else torch.lerp(pixels, output, self.strength)).clamp(0, 1)

    def answer_statistics(self, output: Tensor, pixels: Tensor, channels: int) -> dict[str, Any]:
        """The estimated standard deviation of the noise, and what the residual shows about the answer."""
        return residual_statistics(self.answer_image(output, pixels), pixels, channels)

    def illustrate(
        self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Tensor]
    ) -> list[Tensor]:
        """The network input, the answer, and the clean image."""
        return [pixels[0], self.answer_image(outputs(pixels), pixels)[0], images[-1][0]]

    @property
    def significant_change(self) -> float:
        """A tenth of full brightness."""
        return 0.1

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """Brightness at the position `of` = (row, column), or its mean over the image by default."""
        of = self.parse_target(of)
        if of is None:
            return output.mean((1, 2, 3))
        row, column = of
        if not (0 <= row < output.shape[2] and 0 <= column < output.shape[3]):
            raise TaskError(
                f"There is no pixel {of} in a picture of {output.shape[2]} rows, {output.shape[3]} columns."
            )
        return output[:, :, row, column].mean(1)

    def parse_target(self, of: Any) -> tuple[int, int] | None:
        """Row and column, as two numbers or as text "ROW,COLUMN"."""
        position = parse_position(of) if isinstance(of, str) else of
        if of is None or (isinstance(position, tuple) and len(position) == 2 and all(type(n) is int for n in position)):
            return position
        raise TaskError(f"The position is '{of}'; expected a row and a column, such as 3,5.")

    def allows(self, change: str) -> bool:
        """Only mirroring, turning, shifts by whole pixels and crops preserve noise and detail."""
        return change in ("flip", "turn", "shift", "crop")

    @property
    def mirror_reason(self) -> str:
        """Mirrored unless the user disables it."""
        return "a mirror leaves noise and detail as they are"

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """Only mirroring: rotating, scaling or recoloring would change noise and detail."""
        return "pictures"

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Signal-to-noise ratio before and after, and images side by side."""
        return denoise_values(evaluation, pictures)

    def example(self, seed: int) -> Source:
        """Smooth textures."""
        from ...sources.synthetic import textures

        return textures(seed=seed)


_FIGURES = ("psnr", "psnr_noisy", "gain", "ssim", "ssim_noisy")


def _mean(values: np.ndarray) -> float | None:
    """Mean without NaN; None if all values are NaN."""
    return None if np.isnan(values).all() else float(np.nanmean(values))
