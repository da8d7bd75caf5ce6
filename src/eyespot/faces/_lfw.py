"""The protocol of Labeled Faces in the Wild: pairs in ten folds that a file `pairs.txt` names (Huang et al. 2007)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FaceError
from ..tasks.verification import Pairs, verification_statistics
from ._rates import Photo, embed_photos, right_in_fold

PUBLISHED = "accuracy 99.40 % (SFace, OpenCV Zoo), 99.83 % (ArcFace, insightface buffalo_l)"
PAIRS_FILE = "pairs.txt"
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, kw_only=True)
class NamedPair:
    """Two photos, each as (person, number), and the fold of the pair."""

    photos: tuple[tuple[str, int], tuple[str, int]]
    fold: int

    @property
    def same(self) -> bool:
        """Whether both show one person."""
        return self.photos[0][0] == self.photos[1][0]


def read_pairs(folder: Path) -> list[NamedPair]:
    """The pairs that `pairs.txt` in a folder names, in the published form.

    Its first line has the number of folds and of pairs of each kind in a fold; then each fold has its pairs of one
    person (name, number, number) and of two persons (name, number, name, number). Raises `FaceError` for another form.
    """
    file = folder / PAIRS_FILE
    try:
        lines = [line.split() for line in file.read_text("utf-8").splitlines() if line.strip()]
        folds, count = (int(part) for part in lines[0])
        pairs = [_pair(line, place // (2 * count)) for place, line in enumerate(lines[1:])]
        if folds < 2 or count < 1 or len(pairs) != 2 * folds * count:
            raise ValueError(f"{len(pairs)} pairs, expected {2 * folds * count} in {folds} folds")
    except (OSError, ValueError, IndexError, ZeroDivisionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FaceError(
            f"{file}: cannot be read as pairs of Labeled Faces in the Wild ({reason}); give the folder with the "
            f"folders of persons and the published {PAIRS_FILE}."
        ) from error
    return pairs


def _pair(line: Sequence[str], fold: int) -> NamedPair:
    if len(line) == 3:
        name, one, other = line
        return NamedPair(photos=((name, int(one)), (name, int(other))), fold=fold)
    first, one, second, other = line
    return NamedPair(photos=((first, int(one)), (second, int(other))), fold=fold)


def measure_lfw(folder: Path) -> dict[str, Any]:
    """Accuracy over the folds, each at the threshold that is best on the others, with its standard error; EER, AUC.

    Pairs with a photo that is missing or shows no face count as wrong; of the other rates they are left out.
    """
    pairs = read_pairs(folder)
    named = sorted({photo for pair in pairs for photo in pair.photos})
    found = embed_photos(list(_photos(folder, named)))
    place = {photo.name: number for number, photo in enumerate(found.photos)}
    whole = [pair for pair in pairs if all(_name(photo) in place for photo in pair.photos)]
    places = np.array([[place[_name(photo)] for photo in pair.photos] for pair in whole], int).reshape(-1, 2)
    similarity = (found.embeddings[places[:, 0]] * found.embeddings[places[:, 1]]).sum(1)
    same, folds = np.array([pair.same for pair in whole], bool), np.array([pair.fold for pair in whole], int)
    if len(set(folds[same])) < 2 or len(set(folds[~same])) < 2:
        raise FaceError(
            f"{folder}: {len(whole)} of {len(pairs)} pairs show two faces, too few to choose thresholds by."
        )
    total = np.bincount([pair.fold for pair in pairs])
    right = np.array([right_in_fold(fold, folds, similarity, same) for fold in range(len(total))]) / total
    persons = np.unique([photo.person for photo in found.photos], return_inverse=True)[1].reshape(-1)
    compared = Pairs(similarity=similarity, same=same, identities=persons[places])
    error, between, details = verification_statistics(compared)
    return {
        "accuracy": float(right.mean()),
        "standard_error": float(right.std(ddof=1) / len(right) ** 0.5),
        "pairs": len(pairs),
        "equal_error_rate": error,
        "equal_error_rate_interval": between,
        **details,
        "faces": len(found.photos),
        "left_out": [*found.left_out, *(_name(photo) for photo in named if _file(folder, photo) is None)],
    }


def _name(photo: tuple[str, int]) -> str:
    return f"{photo[0]}_{photo[1]:04}"


def _file(folder: Path, photo: tuple[str, int]) -> Path | None:
    files = (folder / photo[0] / f"{_name(photo)}{suffix}" for suffix in SUFFIXES)
    return next((file for file in files if file.is_file()), None)


def _photos(folder: Path, named: Sequence[tuple[str, int]]) -> Iterator[Photo]:
    for photo in named:
        if (file := _file(folder, photo)) is not None:
            yield Photo(picture=file, name=_name(photo), person=photo[0])
