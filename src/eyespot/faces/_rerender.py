"""A face at another age: a decoder draws it from an embedding, which holds who it is, and an age.

After the synthesis part of Zhao et al. 2019 ("Look Across Elapse"), without its discriminators: the mean of what is
possible is learned, so that details are blurred. Shapes: N images, D numbers of an embedding, H height, W width.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import FaceError, ModelError
from ..images import Picture, read_pixels, write_png
from ..model import Model
from ..modelfile import read_model_file, write_model_file
from ..sources.source import Row, Source

WIDTHS = (96, 48, 24, 16)
"""Channels before and after each doubling of the sides, from an eighth of them on."""
STEPS, BATCH, RATE = 600, 64, 2e-3
KIND = "age decoder"
MARK = np.array([255, 0, 255], np.uint8)
NOTE = "synthetic image: drawn by eyespot at another age, not a photo"


class Decoder(nn.Module):
    """An embedding and a standardized age (N, D + 1) to images (N, 3, H, W) from 0 to 1."""

    def __init__(self, dimensions: int, height: int, width: int) -> None:
        super().__init__()
        self.sides = (height, width)
        self.start = (-(-height // 8), -(-width // 8))
        self.dense = nn.Linear(dimensions + 1, WIDTHS[0] * self.start[0] * self.start[1])
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(before, after, 3, padding=1) for before, after in pairwise(WIDTHS)]
        )
        self.last = nn.Conv2d(WIDTHS[-1], 3, 3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        x = self.dense(codes).relu().unflatten(1, (WIDTHS[0], *self.start))
        for convolution in self.convolutions:
            x = convolution(nn.functional.interpolate(x, scale_factor=2.0)).relu()
        return self.last(x)[..., : self.sides[0], : self.sides[1]].sigmoid()


@dataclass(frozen=True, kw_only=True, eq=False)
class AgeDecoder:
    """A decoder for the embeddings of one model; `center` and `spread` (years) standardize ages."""

    network: Decoder
    model_sum: str
    center: float
    spread: float

    def fits(self, model: Model) -> bool:
        """Whether the decoder was trained for the embeddings of this model."""
        return _sum_of(model) == self.model_sum

    @torch.no_grad()
    def render(self, model: Model, picture: Picture, age: float) -> np.ndarray:
        """The face of a picture at an age in years: uint8 (H + 2B, W + 2B, 3), in a frame that marks it as synthetic.

        Raises `FaceError` for another model than the one that the decoder was trained for, and for ages out of range.
        """
        if not self.fits(model):
            raise FaceError("The decoder was trained for another model, whose embeddings differ; train one for this.")
        if not 0 <= age <= 150:
            raise FaceError(f"age is {age}; expected years from 0 to 150.")
        codes = self._codes(_embeddings(model, [picture]), np.array([age]))
        drawn = self.network(codes)[0].permute(1, 2, 0).mul(255).round().byte().numpy()
        return _marked(drawn)

    def _codes(self, embeddings: np.ndarray, ages: np.ndarray) -> Tensor:
        standardized = (ages - self.center) / self.spread
        return torch.from_numpy(np.concatenate([embeddings, standardized[:, None]], 1)).float()

    def save(self, path: str | Path) -> Path:
        """Write the decoder as a safetensors file without code."""
        header = {
            "kind": KIND,
            "dimensions": self.network.dense.in_features - 1,
            "sides": self.network.sides,
            "model_sum": self.model_sum,
            "center": self.center,
            "spread": self.spread,
        }
        return write_model_file(Path(path), self.network.state_dict(), header)


def load_decoder(path: str | Path) -> AgeDecoder:
    """Read what `AgeDecoder.save` wrote; raises `ModelError` for anything else."""
    header, tensors = read_model_file(Path(path))
    try:
        if header["kind"] != KIND:
            raise ValueError(f"its kind is '{header['kind']}'")
        height, width = (int(side) for side in header["sides"])
        if not (1 <= height <= 512 and 1 <= width <= 512):
            raise ValueError(f"its images are {height}x{width}")
        network = Decoder(int(header["dimensions"]), height, width)
        network.load_state_dict(tensors)
        settings = {"model_sum": str(header["model_sum"]), "center": float(header["center"])}
        return AgeDecoder(network=network.eval(), spread=float(header["spread"]), **settings)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: is no age decoder ({error}); give a file that train_decoder made.") from error


def train_decoder(model: Model, source: Source, steps: int = STEPS, seed: int = 0) -> AgeDecoder:
    """Learn to draw the faces of a source from the model's embeddings and ages: L1 distance to another photo's pixels.

    Each step draws, from the embedding of one photo, another photo of the same person at its age. Raises `FaceError`
    where fewer than two training photos have a column `identity` and an `age`, or their ages do not differ.
    """
    rows = [row for row in source.train.rows if row.values.get("identity") and row.values.get("age")]
    ages = np.array([_years(row) for row in rows])
    if len(set(ages.tolist())) < 2:
        raise FaceError(
            f"{source.name}: {len(set(ages.tolist()))} different ages among {len(rows)} training photos with identity "
            "and age; expected two or more."
        )
    spec = replace(model.images, channels=3)
    pixels = torch.from_numpy(np.stack([read_pixels(row.picture, spec) for row in rows])).permute(0, 3, 1, 2)
    embeddings = _embeddings(model, [row.picture for row in rows])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Decoder(embeddings.shape[1], spec.height, spec.width)
    decoder = AgeDecoder(
        network=network, model_sum=_sum_of(model), center=float(ages.mean()), spread=float(max(ages.std(), 1e-3))
    )
    persons = np.unique([row.values["identity"] for row in rows], return_inverse=True)[1].reshape(-1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for shown, drawn in _batches(persons, steps, np.random.default_rng(seed)):
        loss = (network(decoder._codes(embeddings[shown], ages[drawn])) - pixels[drawn] / 255).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
    return decoder


def save_rendered(pixels: np.ndarray, path: str | Path) -> Path:
    """Write what `render` gave as a PNG file whose metadata says that it is synthetic."""
    return write_png(pixels, path, {"Comment": NOTE})


def _batches(persons: np.ndarray, steps: int, random: np.random.Generator):
    """Photos, and for each another one of the same person (itself where there is no other)."""
    order = np.argsort(persons, kind="stable")
    starts = np.searchsorted(persons[order], np.arange(persons.max() + 2))
    for _ in range(steps):
        shown = random.integers(0, len(persons), BATCH)
        low, high = starts[persons[shown]], starts[persons[shown] + 1]
        yield shown, order[low + (random.random(BATCH) * (high - low)).astype(int)]


def _embeddings(model: Model, pictures: Sequence[Picture]) -> np.ndarray:
    answers: list[dict[str, Any]] = [model.predict(picture) for picture in pictures]
    if "embedding" not in answers[0]:
        raise FaceError("The model gives no embedding; expected one of the task identify.")
    return np.array([answer["embedding"] for answer in answers])


def _years(row: Row) -> float:
    try:
        return float(row.values["age"])
    except ValueError as error:
        raise FaceError(
            f"{row.location}: the age is '{row.values['age'][:40]}'; expected a number of years."
        ) from error


def _sum_of(model: Model) -> str:
    """What tells the weights of one model from those of another."""
    hashed = hashlib.sha256()
    for name, value in model.network.state_dict().items():
        hashed.update(name.encode())
        hashed.update(value.detach().cpu().contiguous().numpy().data)
    return hashed.hexdigest()


def _marked(pixels: np.ndarray) -> np.ndarray:
    """The image inside a dashed frame of a color that faces do not have."""
    border = max(1, min(pixels.shape[:2]) // 32)
    framed = np.pad(pixels, ((border, border), (border, border), (0, 0)))
    rows, columns = np.indices(framed.shape[:2])
    outside = np.ones(framed.shape[:2], bool)
    outside[border:-border, border:-border] = False
    framed[outside] = 255
    framed[outside & ((rows + columns) // (2 * border) % 2 == 0)] = MARK
    return framed
