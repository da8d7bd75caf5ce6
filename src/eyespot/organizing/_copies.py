"""Copies of one photo: exact copies, altered copies, and bursts. Each pair states its evidence.

Photos are compared by the low frequencies of their gray thumbnails (a 16x16 block of the discrete cosine transform,
DCT), each multiplied by its frequency. That is a correlation of gradients: brightness and smooth shading, which
unrelated photos of sky share, have little weight, edges have a large one. In this form, mirroring changes the sign of
every second coefficient and a rotation by 90 degrees swaps rows and columns, so that all eight orientations are
compared without processing pixels again.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.fft import dct

from ._cropped import crop_candidates, find_crops
from ._index import Photos
from ._quality import FLAT_CONTRAST

FREQUENCIES = 16
RULES = ((0.85, -1.0), (0.70, 0.50), (0.30, 0.85))
"""Minimum correlation of the gradients and cosine of the embeddings of altered copies, as three alternative rules:
the less the gradients agree, the more the content has to. The last one finds crops. Without embeddings, only the first
one applies."""
BURST_SECONDS = 10.0
"""Maximum time between two shots of one burst."""
BURST_SIMILAR = 0.80
"""Minimum cosine of the embeddings of two shots of one burst."""
CHUNK = 512
POSITIONS = (
    "as it is",
    "mirrored",
    "mirrored top to bottom",
    "turned by 180 degrees",
    "turned by 90 degrees and mirrored",
    "turned by 90 degrees",
    "turned by 90 degrees",
    "turned by 90 degrees and mirrored",
)


SAME_BYTES = "same bytes"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two photos (index numbers) of one `kind`: "exact", "altered" or "burst", with the evidence."""

    first: int
    second: int
    kind: str
    similarity: float
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """The photo to keep, and photos that are copies of it."""

    kind: str
    best: int
    others: tuple[Pair, ...]


def find_pairs(photos: Photos) -> list[Pair]:
    """All pairs of copies; each exact copy is paired only with the first photo of the same content."""
    first_of: dict[bytes, int] = {}
    exact = []
    for place, row in enumerate(photos.rows):
        first = first_of.setdefault(row["content"], place)
        if first != place:
            exact.append(Pair(first=first, second=place, kind="exact", similarity=1.0, evidence=SAME_BYTES))
    single = np.array(sorted(first_of.values()), np.int64)
    altered = list(_altered(photos, single))
    altered_pairs = {(pair.first, pair.second) for pair in altered}
    bursts = [pair for pair in _bursts(photos, single) if (pair.first, pair.second) not in altered_pairs]
    known = altered_pairs | {(pair.first, pair.second) for pair in bursts}
    return exact + altered + list(_cropped(photos, single, known)) + bursts


def _cropped(photos: Photos, single: np.ndarray, known: Collection[tuple[int, int]]) -> Iterator[Pair]:
    """Pairs of a photo and a part of it; they need embeddings, which say where to look."""
    if not photos.unit.shape[1]:
        return
    seen = single[photos.thumbnails[single].std(axis=(1, 2)) >= FLAT_CONTRAST]
    number = {int(place): row for row, place in enumerate(seen)}
    inside = {(number[one], number[two]) for one, two in known if one in number and two in number}
    candidates = crop_candidates(photos.unit[seen], inside)
    done: set[tuple[int, int]] = set()
    for whole, part, correlation, share in find_crops(photos.thumbnails[seen], candidates):
        first, second = sorted((int(seen[whole]), int(seen[part])))
        if (first, second) not in done:
            done.add((first, second))
            evidence = cropped_evidence(photos.rows[seen[part]]["path"], share, correlation)
            yield Pair(first=first, second=second, kind="altered", similarity=correlation, evidence=evidence)


def gradients(thumbnails: np.ndarray) -> np.ndarray:
    """Convert thumbnails (N, S, S) to unit vectors (N, 16, 16); zeros for uniform ones."""
    side = thumbnails.shape[1]
    waves = np.asarray(dct(np.eye(side, dtype=np.float32), axis=0, norm="ortho"))[:FREQUENCIES]
    steps = np.arange(FREQUENCIES, dtype=np.float32)
    weights = np.hypot(steps[:, None], steps[None, :])
    vectors = np.empty((len(thumbnails), FREQUENCIES, FREQUENCIES), np.float32)
    for start in range(0, len(thumbnails), CHUNK):
        vectors[start : start + CHUNK] = (
            waves @ thumbnails[start : start + CHUNK].astype(np.float32) @ waves.T * weights
        )
    length = np.sqrt(np.square(vectors).sum(axis=(1, 2), keepdims=True))
    seen = thumbnails.std(axis=(1, 2), keepdims=True) >= FLAT_CONTRAST
    return np.where(seen, vectors / np.maximum(length, 1e-6), 0)


def positions(vectors: np.ndarray) -> np.ndarray:
    """Transform vectors (N, 16, 16) of photos to the eight `POSITIONS`: (N, 8, 16, 16)."""
    sign = np.where(np.arange(FREQUENCIES) % 2, -1, 1).astype(np.float32)
    across, down = sign[None, :], sign[:, None]
    flipped = [vectors, vectors * across, vectors * down, vectors * across * down]
    turned = vectors.transpose(0, 2, 1)
    return np.stack([*flipped, turned, turned * down, turned * across, turned * across * down], axis=1)


def _invariant(vectors: np.ndarray) -> np.ndarray:
    """Features (N, 256) that are invariant to the eight orientations; distances never increase.

    Mirroring changes only signs, rotation swaps (u, v) with (v, u): absolute values, with each such pair sorted.
    """
    absolute = np.abs(vectors)
    turned = absolute.transpose(0, 2, 1)
    upper = np.triu(np.ones((FREQUENCIES, FREQUENCIES), bool))
    return np.where(upper, np.maximum(absolute, turned), np.minimum(absolute, turned)).reshape(len(vectors), -1)


def _altered(photos: Photos, single: np.ndarray) -> Iterator[Pair]:
    """Altered copies among photos of different content (index numbers)."""
    vectors, content = gradients(photos.thumbnails[single]), photos.unit[single]
    for one, two in _candidates(vectors, content):
        all_positions = np.einsum("npij,nij->np", positions(vectors[one]), vectors[two])
        best, position = all_positions.max(axis=1), all_positions.argmax(axis=1)
        cosine = (content[one] * content[two]).sum(axis=1)
        for place in np.flatnonzero(are_copies(best, cosine)).tolist():
            first, second = int(single[one[place]]), int(single[two[place]])
            sizes = _sizes(photos.rows[first], photos.rows[second])
            similarity, seen = float(best[place]), float(cosine[place]) if content.shape[1] else None
            evidence = altered_evidence(similarity, POSITIONS[position[place]], sizes, seen)
            yield Pair(first=first, second=second, kind="altered", similarity=similarity, evidence=evidence)


def are_copies(gradient: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """Whether pairs are altered copies, by the correlation of their gradients and the cosine of their embeddings.

    >>> are_copies(np.array([0.9, 0.75, 0.75]), np.array([0.0, 0.6, 0.4])).tolist()
    [True, True, False]
    """
    return np.any([(gradient >= least) & (cosine >= content) for least, content in RULES], axis=0)


def _candidates(vectors: np.ndarray, content: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield candidate pairs in batches: by a bound on the gradient correlation, or by embeddings."""
    shared = _invariant(vectors)
    least, most = (RULES[1][0], RULES[2][1]) if content.shape[1] else (RULES[0][0], 2.0)
    for start in range(0, len(vectors), CHUNK):
        near = shared[start : start + CHUNK] @ shared[start:].T >= least
        if content.shape[1]:
            near |= content[start : start + CHUNK] @ content[start:].T >= most
        rows, columns = np.nonzero(np.triu(near, 1))
        for begin in range(0, len(rows), CHUNK):
            yield rows[begin : begin + CHUNK] + start, columns[begin : begin + CHUNK] + start


def _sizes(one: dict, two: dict) -> str:
    texts = [f"{row['width']}x{row['height']}" for row in (one, two)]
    return f"both {texts[0]}" if texts[0] == texts[1] else f"{texts[0]} and {texts[1]}"


def _bursts(photos: Photos, single: np.ndarray) -> Iterator[Pair]:
    """Shots of one camera within a few seconds with nearly the same content."""
    taken, vectors = photos.numbers("taken")[single], photos.unit[single]
    order = np.argsort(taken, kind="stable")
    order = order[~np.isnan(taken[order])]
    for rank, one in enumerate(order.tolist()):
        for two in order[rank + 1 :].tolist():
            seconds = float(taken[two] - taken[one])
            if seconds > BURST_SECONDS:
                break
            similarity = float(vectors[one] @ vectors[two])
            cameras = [photos.rows[single[place]]["camera"] for place in (one, two)]
            if similarity >= BURST_SIMILAR and cameras[0] == cameras[1]:
                first, second = sorted((int(single[one]), int(single[two])))
                evidence = burst_evidence(seconds, similarity)
                yield Pair(first=first, second=second, kind="burst", similarity=similarity, evidence=evidence)


def altered_evidence(correlation: float, position: str, sizes: str, cosine: float | None) -> str:
    """Why a photo is an altered copy; `cosine` is that of the embeddings, if there are any."""
    seen = "" if cosine is None else f", embeddings have a cosine of {cosine:.3f}"
    return f"gradients correlate by {correlation:.3f}, {position}, {sizes}{seen}"


def cropped_evidence(part: str, share: float, correlation: float) -> str:
    """Why the photo at the path `part` is a part of another one."""
    return f"{part} shows {share:.0%} of the sides of the other, where gradients correlate by {correlation:.3f}"


def burst_evidence(seconds: float, cosine: float) -> str:
    """Why two photos belong to one burst."""
    return f"taken {seconds:.0f} s apart, embeddings have a cosine of {cosine:.3f}"


def find_groups(photos: Photos, pairs: list[Pair]) -> list[Group]:
    """Groups by kind: the best photo first gets all its copies, then the best of the rest, and so on.

    Copies of copies do not count: if A resembles B and B resembles C, A and C share a group only if B is the one to
    keep. The best photo has the most pixels; ties are resolved by known time, sharpness, file size and name.
    """
    groups = []
    for kind in dict.fromkeys(pair.kind for pair in pairs):
        neighbors: dict[int, list[Pair]] = {}
        for pair in (pair for pair in pairs if pair.kind == kind):
            neighbors.setdefault(pair.first, []).append(pair)
            neighbors.setdefault(pair.second, []).append(pair)
        free = set(neighbors)
        for best in sorted(neighbors, key=lambda place: _rank(photos.rows[place])):
            copies = [pair for pair in neighbors[best] if {pair.first, pair.second} <= free]
            if best in free and copies:
                groups.append(Group(kind=kind, best=best, others=tuple(copies)))
                free -= {best, *(place for pair in copies for place in (pair.first, pair.second))}
    return groups


def _rank(row: dict) -> tuple:
    return -row["height"] * row["width"], row["taken"] is None, -row["sharpness"], -row["size"], row["path"]
