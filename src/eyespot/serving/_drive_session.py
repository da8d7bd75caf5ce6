"""One drive that is watched on the page: a model steers, and the person may push the car or take over."""

from typing import Any

import numpy as np

from ..model import Model
from ..simulators import Course, autonomy, look

PUSH_STEPS = 5
"""Steps for which a push disturbs the steering."""


class DriveSession:
    """A car on a track. What the person steers counts as one intervention from where it begins, and so does a reset."""

    def __init__(self, model: Model, course: Course, track: int) -> None:
        self.model, self.course, self.track = model, course, track
        self.pixels, self.over = course.reset(track), False
        self.steps, self.pushed = 0, 0
        self.push_angle = 0.0
        self.by_hand = False
        self.at: list[int] = []
        self.path = [course.position]
        self.angle, self.mask = look(model, self.pixels)

    def push(self, angle: float) -> None:
        """Disturb the steering by this many rad for some steps, also while a person steers."""
        self.push_angle, self.pushed = angle, PUSH_STEPS

    def drive(self, count: int, steering: float | None) -> None:
        """Drive some steps; `steering` in rad is the person's, None leaves it to the model."""
        if steering is not None and not self.by_hand and not self.over:
            self.at.append(self.steps)
        self.by_hand = steering is not None
        for _ in range(count):
            if self.over:
                return
            self._step(self.angle if steering is None else steering)

    def _step(self, answer: float) -> None:
        disturbed = self.push_angle if self.pushed else 0.0
        self.pushed = max(0, self.pushed - 1)
        self.pixels, self.over = self.course.step(answer + disturbed)
        self.steps += 1
        self.path.append(self.course.position)
        if self.course.off_road and not self.over:
            self.at.append(self.steps)
            self.pixels = self.course.put_back()
        self.angle, self.mask = look(self.model, self.pixels)

    def describe(self) -> dict[str, Any]:
        """State and picture now: `mask` (H, W) from 0 to 255 is what the answer depends on."""
        seconds = self.steps * self.course.step_seconds
        return {
            "track": self.track,
            "seconds": seconds,
            "steering": self.angle,
            "limit": self.course.steering_limit,
            "byHand": self.by_hand,
            "interventions": len(self.at),
            "autonomy": autonomy(len(self.at), seconds) if seconds else 1.0,
            "position": self.course.position.tolist(),
            "over": self.over,
            "pixels": self.pixels,
            "mask": (self.mask.clip(0, 1) * 255).round().astype(np.uint8),
        }
