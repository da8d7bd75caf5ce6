"""Do two images show the same person? The similarity of two faces against a threshold of known error."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import EyespotError
from ..images import Picture
from ..pretrained import SFACE_THRESHOLD
from ._false_accepts import FALSE_ACCEPTS, FalseAccepts
from ._find import Face, embed_faces, find_faces, require_faces

THRESHOLD = SFACE_THRESHOLD
"""About one pair of strangers in 1,500 reaches it; see `FALSE_ACCEPTS`."""
SAME, DIFFERENT, UNKNOWN = "same", "not the same", "cannot tell"


@dataclass(frozen=True, kw_only=True, eq=False)
class Verification:
    """Whether two images show the same person.

    `answer` is "same", "not the same" or "cannot tell", then with `reasons`. `similarity` is the cosine similarity of
    the two largest faces, from -1 to 1. `false_accepts` is how often two different persons reach the threshold, as
    measured at the nearest threshold that is not above `threshold`; None below the lowest one that was measured.
    """

    answer: str
    similarity: float
    threshold: float
    false_accepts: FalseAccepts | None
    reasons: list[str]
    faces: tuple[Face, Face]


def verify(first: Picture, second: Picture, threshold: float = THRESHOLD) -> Verification:
    """Compare the faces of two images, given as paths, as the bytes of files or as arrays (H, W, 3).

    Raises `ImageError` for an image without a face, and `EyespotError` for a threshold outside -1 to 1.
    """
    check_threshold(threshold)
    pictures = {"the first image": first, "the second image": second}
    found = [_faces_of(picture, place) for place, picture in pictures.items()]
    reasons = [
        f"{place} image: {reason}"
        for place, faces in zip(("first", "second"), found, strict=True)
        for reason in _reasons(faces)
    ]
    one, other = (faces[0] for faces in found)
    embeddings = embed_faces([one.crop, other.crop])
    similarity = float(embeddings[0] @ embeddings[1])
    decided = SAME if similarity >= threshold else DIFFERENT
    return Verification(
        answer=UNKNOWN if reasons else decided,
        similarity=similarity,
        threshold=threshold,
        false_accepts=false_accepts_at(threshold),
        reasons=reasons,
        faces=(one, other),
    )


def check_threshold(threshold: float) -> None:
    """Raise `EyespotError` for a similarity that cannot be."""
    if not -1 <= threshold <= 1:
        raise EyespotError(
            f"threshold is {threshold}; expected a cosine similarity from -1 to 1, such as {THRESHOLD}.",
            argument="threshold",
        )


def false_accepts_at(threshold: float) -> FalseAccepts | None:
    """The measured rate of the nearest threshold that is not above `threshold`; the true one is at most as high."""
    known = [each for each in FALSE_ACCEPTS if each.threshold <= threshold]
    return known[-1] if known else None


def _reasons(faces: Sequence[Face]) -> list[str]:
    """Why an image decides nothing: other faces, of at least half the size of the largest, or a poor one."""
    largest = faces[0].box[2] - faces[0].box[0]
    others = sum(bool(face.box[2] - face.box[0] >= largest / 2) for face in faces) - 1
    several = [f"holds {others + 1} faces, and it is not known which one is meant"] if others else []
    return several + [f"the face is {fault}" for fault in faces[0].quality.faults]


def _faces_of(picture: Picture, place: str) -> list[Face]:
    name = str(picture) if isinstance(picture, str | Path) else place
    return require_faces(find_faces(picture, name), name)
