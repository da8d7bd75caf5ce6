"""Recorded frames as a course: a car that leaves the recorded path sees the frames from its own viewpoint.

This is the simulator of Bojarski et al. 2016: a model of the vehicle follows the answers, and each recorded frame is
transformed to the place and direction of that car. Where it is too far from the recorded path, a person would
intervene.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SimulatorError
from ..images import read_native
from ..sources.source import Row, Source, part_of
from ._viewpoint import Vehicle, check_horizon, from_viewpoint

LOST = 3.0
"""A drive without put-backs ends at this many times the distance at which a person would intervene."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Frames in temporal order, from one drive, with the driver's steering (T,) from -1 to 1."""

    rows: Sequence[Row]
    steering: np.ndarray


def recordings(source: Source, part: str, smooth: int = 1) -> list[Recording]:
    """The drives of a part of a source, whose steering is averaged over `smooth` neighboring frames.

    Raises `SimulatorError` where frames have no steering from -1 to 1, or where `smooth` is even.
    """
    if smooth < 1 or smooth % 2 == 0:
        raise SimulatorError(f"smooth is {smooth}; expected an odd number of frames, such as 5.", argument="smooth")
    drives: dict[str, list[Row]] = {}
    for row in part_of(source, part).rows:
        drives.setdefault(row.values.get("drive", ""), []).append(row)
    return [Recording(rows=rows, steering=_smoothed(_steering(rows), smooth)) for rows in drives.values()]


def _steering(rows: Sequence[Row]) -> np.ndarray:
    for row in rows:
        try:
            fits = abs(float(row.values.get("number", ""))) <= 1
        except ValueError:
            fits = False
        if not fits:
            raise SimulatorError(
                f"{row.location}: the steering is '{row.values.get('number', '')}'; expected a share of the full lock, "
                "from -1 to 1, as in a driving log or a donkeycar tub."
            )
    return np.array([float(row.values["number"]) for row in rows])


def _smoothed(values: np.ndarray, frames: int) -> np.ndarray:
    """The mean of each value and its neighbors; ends are repeated.

    >>> _smoothed(np.array([0.0, 0.0, 3.0]), 3).tolist()
    [0.0, 1.0, 2.0]
    """
    padded = np.pad(values, frames // 2, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, frames).mean(axis=1)


class Replay:
    """A `Course` of recordings; the number of a track is that of a recording, from 0.

    Positions are in meters, steering is a share of the full lock. `frame_seconds` is the time between two frames. With
    `draw` False no frame is read, and images are black.
    """

    name = "replay of recorded frames"
    steering_limit = 1.0
    colors = "recorded"

    def __init__(
        self,
        drives: Sequence[Recording],
        vehicle: Vehicle,
        *,
        horizon: float,
        frame_seconds: float = 0.2,
        draw: bool = True,
    ) -> None:
        check_horizon(horizon)
        if not drives:
            raise SimulatorError("there is no frame to replay; choose another part of the recording.")
        self.drives = drives
        self.vehicle = vehicle
        self.horizon = horizon
        self.step_seconds = frame_seconds
        self.draw = draw
        self.reset(0)

    def undrawn(self) -> "Replay":
        """The same course without images, for the recorded driver."""
        return Replay(self.drives, self.vehicle, horizon=self.horizon, frame_seconds=self.step_seconds, draw=False)

    def reset(self, seed: int) -> np.ndarray:
        """Put the car on the recorded path at the first frame of a recording."""
        if seed >= len(self.drives):
            raise SimulatorError(f"track {seed} does not exist; expected 0 to {len(self.drives) - 1}.")
        self.recording = self.drives[seed]
        self.center_line, self.headings = self._path()
        self.frame, self.held = 0, 0
        return self.put_back()

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Drive on to the next frame; the recorded car follows its path, this car the answer.

        Their curvatures differ, so the turn changes by this difference times the distance, and the shift with the turn.
        """
        distance = self.vehicle.speed * self.step_seconds
        recorded = self.vehicle.curvature(self.recording.steering[self.frame])
        before = self.turn
        self.turn += (self.vehicle.curvature(answer) - recorded) * distance
        self.shift += math.sin((before + self.turn) / 2) * distance
        self.frame += 1
        self.held += not self.off_road
        over = self.frame >= len(self.recording.rows) - 1
        return self._seen(), over or abs(self.shift) > LOST * self.vehicle.limit

    @property
    def position(self) -> np.ndarray:
        """Position of the car, (x, y) in meters, from the recorded path."""
        heading = self.headings[self.frame]
        return self.center_line[self.frame] + self.shift * np.array([math.cos(heading), -math.sin(heading)])

    @property
    def off_road(self) -> bool:
        """Whether the car is too far from the recorded path."""
        return abs(self.shift) > self.vehicle.limit

    @property
    def score(self) -> float:
        """Frames driven within the limit, as a fraction of all: 1 for a whole recording."""
        return self.held / max(1, len(self.recording.rows) - 1)

    def picture(self) -> np.ndarray:
        """The current frame, uint8 (H, W, 3), from the car's viewpoint."""
        row = self.recording.rows[self.frame]
        pixels = read_native(row.picture, row.name)
        return from_viewpoint(pixels, self.vehicle, self.horizon, self.shift, self.turn)

    def expert_steering(self) -> float:
        """The recorded steering, corrected so that the car returns to the recorded path within two seconds."""
        return self.vehicle.returning(self.recording.steering[self.frame], self.shift, self.turn)

    def put_back(self) -> np.ndarray:
        """Put the car on the recorded path; return the frame there."""
        self.shift, self.turn = 0.0, 0.0
        return self._seen()

    def _seen(self) -> np.ndarray:
        return self.picture() if self.draw else np.zeros((1, 1, 3), np.uint8)

    def _path(self) -> tuple[np.ndarray, np.ndarray]:
        """The recorded path (T, 2) and its headings (T,), clockwise from the y-axis: dead reckoning of the steering."""
        distance = self.vehicle.speed * self.step_seconds
        turns = [self.vehicle.curvature(one) * distance for one in self.recording.steering]
        headings = np.cumsum([0.0, *turns[:-1]])
        steps = distance * np.stack([np.sin(headings), np.cos(headings)], axis=1)
        return np.cumsum(steps, axis=0), headings
