"""Comparison of a driver with the expert: interventions with put-backs, and the return without them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ._closed_loop import Drive, Kicks, drive, expert, total
from ._driver import Driver
from ._simulator import Course


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The drives of a driver, one per track, and its returns without put-backs next to the expert's."""

    drives: Sequence[Drive]
    returns: Sequence[float]
    expert_returns: Sequence[float]

    def summary(self) -> dict[str, float]:
        """Autonomy, interventions, and the return as a fraction of the expert's."""
        mean, of_expert = float(np.mean(self.returns)), float(np.mean(self.expert_returns))
        return {
            **total(self.drives),
            "return": mean,
            "expert_return": of_expert,
            "relative_return": mean / of_expert,
        }


def measure(
    driver: Driver,
    course: Course,
    tracks: Sequence[int],
    *,
    kicks: Kicks | None = None,
    undrawn: Course | None = None,
    progress: Callable[[Drive], None] = lambda drive: None,
) -> Measured:
    """Drive each track; repeat it without put-backs if there were any, since they would increase the return.

    The expert drives on `undrawn`, if given: the same course without rendering, since it ignores images.
    """
    drives, returns, expert_returns = [], [], []
    reference = undrawn or course
    for track in tracks:
        drives.append(drive(driver, course, track, kicks=kicks))
        progress(drives[-1])
        alone = drive(driver, course, track, kicks=kicks, put_back=False) if drives[-1].interventions else drives[-1]
        returns.append(alone.score)
        expert_returns.append(drive(expert(reference), reference, track, kicks=kicks).score)
    return Measured(drives=drives, returns=returns, expert_returns=expert_returns)
