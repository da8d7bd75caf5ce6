"""Find the faces of an image, and cut each out so that eyes, nose and mouth lie at fixed places.

Shapes: F faces, H height, W width. Coordinates are pixels of the upright image, x to the right and y down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ImageError
from ..images import Frame, ImageSpec, Picture, read_pixels
from ..networks.sface import SIDE
from ..sources.warp import warp
from ._published import embedding_network, face_detector
from ._quality import Quality, measure_quality
from ._yunet import LARGEST_STRIDE

POINT_NAMES = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""As they are seen in the image, not from the person's side."""
TEMPLATE = np.array([[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]]) + 0.5
"""Where the five points lie in a crop of 112x112; published for the middles of pixels, which are at + 0.5 here."""
LEAST_SCORE = 0.7
LARGEST_OVERLAP = 0.3
"""Intersection over union above which two boxes are the same face."""
DETECTION_SIDES = (320, 960)
"""Images are searched with their longer side between these, in pixels: larger and smaller ones are scaled."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """One face: its box (4,) as x1, y1, x2, y2, five points (5, 2), score (0 to 1), crop (112, 112, 3) and quality."""

    box: np.ndarray
    points: np.ndarray
    score: float
    crop: np.ndarray
    quality: Quality


def find_faces(picture: Picture, name: str = "") -> list[Face]:
    """The faces of an image, the largest first; none where no face was found.

    `picture` is a path, the bytes of a file, or an array (H, W, 3). Raises `ImageError` where it is no readable image,
    and `NetworkError` where the weights are missing.
    """
    pixels = read_pixels(picture, ImageSpec(height=SIDE, width=SIDE, channels=3, fit="native"), name)
    scores, boxes, points = _detect(pixels)
    order = np.argsort(-(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), kind="stable")
    image = torch.tensor(pixels).permute(2, 0, 1)[None].float()
    return [_face(image, float(scores[place]), boxes[place], points[place]) for place in order]


def find_one_face(picture: Picture, name: str = "") -> Face:
    """The face of an image that must hold exactly one; raises `ImageError` where it holds none or several."""
    found = require_faces(find_faces(picture, name), name or "image")
    if len(found) > 1:
        raise ImageError(f"{name or 'image'}: holds {len(found)} faces, expected one; cut the right one out.")
    return found[0]


def require_good(face: Face, name: str) -> Face:
    """The same face; raises `ImageError` where it is too poor to be compared."""
    if face.quality.faults:
        raise ImageError(f"{name}: the face is {', '.join(face.quality.faults)}; give a better photo.")
    return face


def require_faces(found: list[Face], name: str) -> list[Face]:
    """The same faces; raises `ImageError` where there are none."""
    if not found:
        raise ImageError(
            f"{name}: no face was found; expected one that looks into the camera, at least about 20 pixels wide."
        )
    return found


@torch.no_grad()
def embed_faces(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Embeddings (F, 128) of unit length for crops (112, 112, 3): their scalar product is the cosine similarity."""
    if not crops:
        return np.zeros((0, 128), np.float32)
    pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()
    parts = [embedding_network()((part - 127.5) / 128) for part in pixels.split(32)]
    return F.normalize(torch.cat(parts)).numpy()


@torch.no_grad()
def _detect(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (F,), boxes (F, 4) and points (F, 5, 2) of an image (H, W, 3), in its own pixels."""
    sides = np.array(pixels.shape[:2])
    scale = float(np.clip(sides.max(), *DETECTION_SIDES) / sides.max())
    height, width = (int(side) for side in np.maximum(1, np.rint(sides * scale)))
    small = read_pixels(pixels, ImageSpec(height=height, width=width, channels=3, fit="stretch"))
    padded = np.zeros((*(-(-side // LARGEST_STRIDE) * LARGEST_STRIDE for side in (height, width)), 3), np.float32)
    padded[:height, :width] = small[..., ::-1]  # blue, green, red: as the weights were learned
    scores, boxes, points = (found[0] for found in face_detector()(torch.from_numpy(padded).permute(2, 0, 1)[None]))
    kept = _without_doubles(scores, boxes)
    back = torch.tensor([sides[1] / width, sides[0] / height])
    return scores[kept].numpy(), (boxes[kept] * back.repeat(2)).numpy(), (points[kept] * back).numpy()


def _without_doubles(scores: Tensor, boxes: Tensor) -> list[int]:
    """The places to keep, the best score first; of boxes that overlap, the one with the best score."""
    likely = torch.nonzero(scores >= LEAST_SCORE)[:, 0]
    open_places = likely[torch.argsort(-scores[likely], stable=True)].tolist()
    kept: list[int] = []
    while open_places:
        best, *others = open_places
        kept.append(best)
        overlaps = overlap(boxes[best], boxes[others])
        open_places = [
            place for place, share in zip(others, overlaps.tolist(), strict=True) if share <= LARGEST_OVERLAP
        ]
    return kept


def overlap(box: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of one box (4,) with others (F, 4): (F,)."""
    low, high = torch.maximum(box[:2], others[:, :2]), torch.minimum(box[2:], others[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    return shared / ((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1) - shared)


def _face(image: Tensor, score: float, box: np.ndarray, points: np.ndarray) -> Face:
    height, width = image.shape[2:]
    crop = align(image, points)
    quality = measure_quality(crop, points, (width, height), score)
    inside = np.clip(box, 0, [width, height, width, height])
    return Face(box=inside, points=points, score=score, crop=crop, quality=quality)


def align(image: Tensor, points: np.ndarray) -> np.ndarray:
    """The crop (112, 112, 3), uint8, of an image (1, 3, H, W) that brings five points (5, 2) to their places.

    The image is turned, scaled and shifted, so that the squares of the points' distances become least.
    """
    linear, offset = similarity_transform(points, TEMPLATE)
    reduction = max(1, int(1 / math.hypot(*linear[0])))  # pixels that become one are averaged first
    small = F.avg_pool2d(image, min(reduction, *image.shape[2:])) if reduction > 1 else image
    matrix = np.concatenate([linear * reduction, offset[:, None]], 1)[None]
    frame = Frame(original=np.array([small.shape[2:]]), size=np.array([[SIDE, SIDE]]), matrix=matrix)
    moved = warp(small, frame, border="border")[0]
    return moved.round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def similarity_transform(points: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (2, 2) and offset (2,) that turn, scale and shift points (P, 2) onto places (P, 2), by least squares.

    >>> similarity_transform(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[5.0, 5.0], [5.0, 7.0]]))[1].tolist()
    [5.0, 5.0]
    """
    given, wanted = (each.astype(float) @ [1, 1j] for each in (points, places))
    centered = given - given.mean()
    factor = (centered.conj() @ (wanted - wanted.mean())) / max((centered.conj() @ centered).real, 1e-12)
    offset = wanted.mean() - factor * given.mean()
    return np.array([[factor.real, -factor.imag], [factor.imag, factor.real]]), np.array([offset.real, offset.imag])
