"""How well a face can be compared: its size, how sharp it is, and how far it is turned."""

import math
from dataclasses import dataclass

import numpy as np

SMALLEST = 16.0
"""Pixels between the eyes."""
BLURRED = 3.0
LEAST_SURE = 0.90
"""Score of the detector. Of 182 photos of persons (LFW and ORL, every fifth) all are above, of 10 animals none."""
TURNED = 0.5
"""Of the eyes' distance: the nose of a face in profile lies beside the middle of the eyes by about this much."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Measurements of one face.

    `eye_distance` is in pixels of the image. `sharpness` is the standard deviation of the crop's second derivative, in
    gray values. `yaw` is how far the nose lies beside the middle of the eyes, as a share of their distance, positive to
    the right. `roll` is the angle of the line through the eyes in degrees, positive clockwise. `score` is that of the
    detector, from 0 to 1; `inside` states whether all five points lie in the image.
    """

    eye_distance: float
    sharpness: float
    yaw: float
    roll: float
    score: float
    inside: bool

    @property
    def faults(self) -> list[str]:
        """Why the face cannot be compared reliably, in words; empty where it can."""
        found = {
            f"small ({self.eye_distance:.0f} pixels between the eyes, expected {SMALLEST:.0f})": (
                self.eye_distance < SMALLEST
            ),
            "blurred": self.sharpness < BLURRED,
            "turned far to the side": abs(self.yaw) > TURNED,
            "partly outside the image": not self.inside,
            f"unlike those of people (score {self.score:.2f}, expected {LEAST_SURE:.2f}): hidden, drawn or an "
            "animal's": self.score < LEAST_SURE,
        }
        return [fault for fault, is_so in found.items() if is_so]


def measure_quality(crop: np.ndarray, points: np.ndarray, size: tuple[int, int], score: float) -> Quality:
    """The quality of a face by its crop (112, 112, 3), and its points (5, 2) in an image of a size (width, height)."""
    left, right, nose = points[:3].astype(float)
    across = right - left
    distance = max(math.hypot(*across), 1e-6)
    beside = float((nose - (left + right) / 2) @ across) / distance**2
    gray = crop.astype(float).mean(2)
    inner = gray[1:-1, 1:-1]
    curvature = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4 * inner
    roll = math.degrees(math.atan2(across[1], across[0]))
    inside = bool(((points >= 0) & (points <= size)).all())
    sharpness = float(curvature.std())
    return Quality(eye_distance=distance, sharpness=sharpness, yaw=beside, roll=roll, score=score, inside=inside)
