"""Generation: new images like those of the source, optionally of none of its styles.

Shapes: N images, C channels, H height, W width, K styles. Outputs (N, 1 + K): the logit of "real", then one per style.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import SourceError, TaskError
from ..findings import Evaluation
from ..images import Frame, ImageSpec
from ..networks.network import Output, map_output
from ..sources.randomness import hashed
from ..sources.source import Row, Source
from ._adversarial_losses import (
    AMBIGUITIES,
    differentiable_augmentation,
    fake_loss,
    gradient_penalty,
    real_loss,
    style_entropy,
)
from ._generate_report import evaluate_samples, generate_values, sample_remarks
from ._labels import natural_key, shortened
from .noise import gaussian_noise
from .report import Pictures, Values
from .task import Metric, Task, Turn

FEWEST = 10
"""Minimum number of images per style."""
LARGEST_ENLARGEMENT = 1.5
RAMP = 0.1
"""Fraction of the training over which creativity rises from 0 to its full value, after the GAN phase."""
PENALIZED = 4
"""The gradient penalty uses one in this many images, which reduces its time to a quarter."""
BATCH = 64
GENERATOR_NOISE, REAL_CHANGE, FAKE_CHANGE = 0x5EED1, 0x5EED2, 0x5EED3
"""Constants mixed into the keys, so that each purpose has its own random numbers."""


@final
@dataclass(frozen=True, kw_only=True)
class Generate(Task):
    """New images like those of the source; with styles and `creativity` above 0, images that fit none of the styles.

    A creative adversarial network (Elgammal et al. 2017); without styles, or with creativity 0, a plain GAN.
    `ambiguity` is a key of `AMBIGUITIES`. The first `gan_phase` of the training runs without creativity. `penalty` is
    the weight of the gradient penalty R1, and `augment` sets whether the discriminator receives augmented images.
    """

    name: ClassVar[str] = "generate"
    metric: ClassVar[Metric] = Metric(name="kid", better="lower")
    columns: ClassVar[tuple[str, ...]] = ()
    scaled_input: ClassVar[bool] = False
    default_network: ClassVar[str] = "dcgan"
    default_optimizer: ClassVar[str | None] = "adam"
    default_steps: ClassVar[int | None] = 6000
    default_batch: ClassVar[int | None] = 64
    generates: ClassVar[bool] = True
    report_template: ClassVar[str] = "report_generate.html"
    unsupported: ClassVar[Mapping[str, str]] = {
        "pretrained": "a generator is trained from random weights",
        "robust": "a generator makes images; expected a task such as classify or tag",
        "corruptions": "a generator makes images and answers none",
        "predict": "the model makes images and answers none; `eyespot generate MODEL --out FOLDER` makes some",
    }
    turns: ClassVar[tuple[Turn, ...]] = (
        Turn(name="discriminator", part="stages"),
        Turn(name="generator", part="generator"),
    )
    value_name: ClassVar[str] = "probability"
    label_kind: ClassVar[str] = "output"

    creativity: float = 0.1
    ambiguity: str = "uniform"
    gan_phase: float = 0.7
    penalty: float = 0.1
    augment: bool = True
    styles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.creativity < 0:
            raise TaskError(f"creativity is {self.creativity:g}; expected 0 (a plain GAN) or more, such as 0.1.")
        if self.ambiguity not in AMBIGUITIES:
            raise TaskError(f"ambiguity is '{self.ambiguity}'; expected {' or '.join(AMBIGUITIES)}.")
        if not 0 <= self.gan_phase <= 1:
            raise TaskError(f"gan_phase is {self.gan_phase:g}; expected a share of the training from 0 to 1.")
        if self.penalty < 0:
            raise TaskError(f"penalty is {self.penalty:g}; expected 0 (no gradient penalty) or more, such as 0.1.")

    def check_source(self, source: Source) -> None:
        """Raise `SourceError` for a single style, and for a style with fewer than ten images."""
        counts = Counter(row.values.get("label", "") for row in source.rows)
        if self.creativity == 0 or counts.keys() == {""}:
            return
        if len(counts) == 1:
            raise SourceError(
                f"{source.name}: all images are of the style '{next(iter(counts))}', but creativity needs two or more "
                "styles. Add a folder of another style, or choose --task generate:creativity=0 for a plain GAN."
            )
        few = [f"{style or 'no style'} ({count})" for style, count in sorted(counts.items()) if count < FEWEST]
        if few:
            raise SourceError(
                f"{source.name}: styles with fewer than {FEWEST} images: {shortened(few)}. Add images, or remove these "
                "folders."
            )

    def check_images(self, sizes: np.ndarray, images: ImageSpec) -> None:
        """Raise `SourceError` for images that are too small, and for a mix of gray and colored images."""
        short = float(np.median(sizes[:, :2].min(axis=1)))
        if images.height > LARGEST_ENLARGEMENT * short:
            raise SourceError(
                f"The images have a short side of {short:g} pixels (median), too few for images of "
                f"{images.height}x{images.width}; choose a smaller --input, or larger images."
            )
        gray = int((sizes[:, 2] == 1).sum())
        if images.channels == 3 and 0 < gray < len(sizes):
            raise SourceError(
                f"{gray:,} of {len(sizes):,} training images are grayscale and the others in color. Remove one kind, "
                f"or choose --input {images.height}x{images.width}x1 to train on all of them in grayscale."
            )

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the styles, the labels of the training rows, if creativity is above 0."""
        if not rows:
            raise TaskError("generate needs training images, but there are none; add some.")
        styles = {row.values.get("label", "") for row in rows} if self.creativity else set()
        if "" in styles and len(styles) > 1:
            row = next(row for row in rows if not row.values.get("label"))
            raise TaskError(f"{row.location}: has no style, but other images have; give all images one, or none.")
        return replace(self, styles=tuple(sorted(styles - {""}, key=natural_key)))

    def read(self, row: Row) -> int:
        """Index of the row's style; 0 without styles."""
        if not self.styles:
            return 0
        label = row.values.get("label", "")
        if label not in self.styles:
            raise TaskError(f"{row.location}: the style is '{label}'; expected one of {shortened(self.styles)}.")
        return self.styles.index(label)

    def notes(self) -> list[str]:
        """State what is trained, and what stabilizes the training."""
        if self.styles:
            kind = (
                f"A creative adversarial network of {len(self.styles)} styles: a plain GAN for the "
                f"first {self.gan_phase:.0%} of the training, then creativity {self.creativity:g}, "
                f"{self.ambiguity} ambiguity."
            )
        else:
            reason = "creativity is 0" if self.creativity == 0 else "the images have no styles"
            kind = f"A plain GAN, because {reason}: the generator learns to make images like these."
        parts = ["the running mean of the generator's weights"]
        parts += [f"R1 gradient penalty {self.penalty:g}"] if self.penalty else []
        parts += ["differentiable augmentation"] if self.augment else []
        return [kind, f"Stabilized by {', '.join(parts)}."]

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """None: a generator reproduces every augmentation."""
        return "none"

    def allows(self, change: str) -> bool:
        """Only crops are allowed: any other change of training images would appear in generated ones."""
        return change == "crop"

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the outputs: "real", then the styles."""
        return ("real", *self.styles)

    def outputs(self, channels: int) -> Output:
        """The discriminator's outputs, with a generator beside it."""
        return Output("generator", len(self.labels))

    def creativity_at(self, progress: float) -> float:
        """Weight of the style ambiguity at a fraction of the training: 0, then rising, then `creativity`."""
        if not self.styles:
            return 0.0
        return self.creativity * min(1.0, max(0.0, (progress - self.gan_phase) / RAMP))

    def is_selectable(self, progress: float) -> bool:
        """Whether creativity has its full value: before that, KID is lower because the images are less creative."""
        return not self.styles or progress >= min(1.0, self.gan_phase + RAMP)

    def losses(
        self,
        turn: Turn,
        network: Any,
        x: Tensor,
        target: Any,
        keys: Tensor,
        criterion: nn.Module | None,
        progress: float,
    ) -> tuple[Tensor, Tensor]:
        """The discriminator's loss on real and generated images, or the generator's; and the discriminator's output."""
        noise = gaussian_noise(_mixed(keys, GENERATOR_NOISE), (network.generator.latent,)).to(x)
        if turn.name == "generator":
            output = map_output(network(self._changed(network.generator(noise), keys, FAKE_CHANGE)), Tensor.float)
            creativity = self.creativity_at(progress)
            ambiguity = AMBIGUITIES[self.ambiguity](output[:, 1:]) if creativity else 0.0
            return real_loss(output[:, 0]) + creativity * ambiguity, output
        with torch.no_grad():
            fakes = network.generator(noise)
        real = self._changed(x, keys, REAL_CHANGE)
        output = map_output(network(real), Tensor.float)
        fake = map_output(network(self._changed(fakes, keys, FAKE_CHANGE)), Tensor.float)
        return self.loss(output, target) + fake_loss(fake[:, 0]) + self._penalties(network, real), output

    def _changed(self, images: Tensor, keys: Tensor, purpose: int) -> Tensor:
        return differentiable_augmentation(images, _mixed(keys, purpose)) if self.augment else images

    def _penalties(self, network: nn.Module, real: Tensor) -> Tensor:
        """Gradient penalty (N,): computed for one in `PENALIZED` images and scaled up accordingly, 0 for the others."""
        penalties = real.new_zeros(len(real))
        if not self.penalty:
            return penalties
        chosen = gradient_penalty(lambda images: map_output(network(images), Tensor.float)[:, 0], real[::PENALIZED])
        weight = self.penalty / 2 * len(real) / len(chosen)
        return penalties.index_put((torch.arange(0, len(real), PENALIZED),), weight * chosen.to(penalties))

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """The discriminator's loss (N,) on real images: "real" plus the style."""
        wrong = real_loss(output[:, 0])
        return wrong + F.cross_entropy(output[:, 1:], target, reduction="none") if self.styles else wrong

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """NaN for KID, which needs many images after training; and whether each real image is classified as real."""
        nothing = torch.full((len(output),), math.nan, dtype=output.dtype, device=output.device)
        return {self.metric.name: nothing, "believed": (output[:, 0] > 0).to(output.dtype)}

    def watch(self, turn: Turn, output: Tensor) -> dict[str, Tensor]:
        """Fraction of generated images classified as real, and the entropy of their styles (0 to 1)."""
        if turn.name != "generator":
            return {"real_believed": (output[:, 0] > 0).float()}
        values = {"fakes_believed": (output[:, 0] > 0).float()}
        return values | ({"style_entropy": style_entropy(output[:, 1:].softmax(1))} if self.styles else {})

    def sample(self, network: Any, seed: int, n: int) -> Tensor:
        """`n` new images (n, C, H, W) in [0, 1]; each depends only on the seed and its own index."""
        return self.decode(network, self.noise(network, seed, n))

    def interpolate(self, network: Any, seed: int, n: int) -> Tensor:
        """Interpolate on the great circle between two noise vectors, which keeps the length that samples have."""
        first, last = self.noise(network, seed, 2)
        angle = torch.acos(F.cosine_similarity(first, last, dim=0).clamp(-1, 1))
        share = torch.linspace(0, 1, n)[:, None]
        noise = torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * last
        return self.decode(network, noise / torch.sin(angle))

    def noise(self, network: Any, seed: int, n: int) -> Tensor:
        """The noise (n, L) for the images of a seed."""
        return gaussian_noise(torch.from_numpy(hashed(seed, np.arange(n)).view(np.int64)), (network.generator.latent,))

    @torch.no_grad()
    def decode(self, network: Any, noise: Tensor) -> Tensor:
        """The images (n, C, H, W) in [0, 1] that the generator computes from noise (n, L)."""
        device = next(network.parameters()).device
        parts = [network.generator(part.to(device)).float().cpu() for part in noise.split(BATCH)]
        return torch.cat(parts).clamp(0, 1)

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """The discriminator's outputs for each real image."""
        return [self.answer(one) for one in output]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean contribution of the samples to the KID, and statistics from the other columns of samples."""
        return evaluate_samples(table)

    def activate(self, output: Tensor) -> Tensor:
        """The probability of "real", then those of the styles, which sum to 1."""
        return torch.cat([output[:, :1].sigmoid(), output[:, 1:].softmax(1)], dim=1)

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """How real one image is according to the discriminator, and its style."""
        real, *styles = self.activate(output[None])[0].tolist()
        answer: dict[str, Any] = {"answer": f"{real:.0%} real", "real": real}
        if styles:
            place = int(np.argmax(styles))
            answer["answer"] += f", {styles[place]:.0%} {self.styles[place]}"
            answer |= {"style": self.styles[place], "styles": dict(zip(self.styles, styles, strict=True))}
        return answer

    @property
    def significant_change(self) -> float:
        """A logit of 1: from 50 to 73 % real."""
        return 1.0

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The logit of "real", or of the style given by `of`."""
        return output[:, 0 if of is None else of]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """The probability of "real", or of a style."""
        return self.activate(output)[:, 0 if of is None else of]

    def default_target(self, output: Tensor) -> int:
        """Index of "real"."""
        return 0

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Samples, and their similarity to training images."""
        return generate_values(evaluation, pictures)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Recall, diversity, style entropy and the memorization check, one line each."""
        return sample_remarks(details)

    def example(self, seed: int) -> Source:
        """Squares of two colors, one style each."""
        from ..sources.synthetic import colored_squares

        return colored_squares(seed=seed)


def _mixed(keys: Tensor, purpose: int) -> Tensor:
    """Derive other keys (N,) for another purpose."""
    return torch.from_numpy(hashed(keys.cpu().numpy(), purpose).view(np.int64))
