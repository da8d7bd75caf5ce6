"""What a driving network attends to: the road's edges, tested by shifting the pixels it attends to.

Bojarski et al. 2017, "Explaining How a Deep Neural Network Trained with End-to-End Learning Steers a Car"
(https://arxiv.org/abs/1704.07911): if the salient pixels alone decide, shifting them turns the wheel nearly as much as
shifting the whole image, and shifting the others hardly does. Shapes: H rows, W columns.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from scipy.ndimage import binary_dilation

from ..model import Model
from ._driver import Driver, steering_of
from ._film import look
from ._simulator import Course

SALIENT = 0.1
"""The share of the pixels, those with the largest mask, that are called salient before dilation."""
DILATED = 2
"""Pixels by which salient pixels and edges are dilated."""
SHIFTS = (-6, -3, 3, 6)
"""Pixels to the right."""
EVERY = 20
KINDS = ("all", "salient", "background")


class MarkedCourse(Course, Protocol):
    """A course that knows which pixels of its image show the road."""

    def road(self) -> np.ndarray:
        """Whether each pixel of the current image shows road, bool (H, W)."""
        ...


def saliency_test(model: Model, course: MarkedCourse, track: int) -> dict[str, float]:
    """Look at every twentieth image of the expert's drive on a track.

    "energy_on_edges" is the share of the VisualBackProp mask on the edges of the road, "area_of_edges" the share of the
    pixels there, which a mask without preference would have. "slope_all", "slope_salient" and "slope_background" are
    the change of the answer in rad per pixel by which all, the salient or the other pixels are shifted.
    """
    steer = steering_of(model)
    energy, area, slopes = [], [], []
    for pixels, road in _views(course, track):
        mask, edges = look(model, pixels)[1], edges_of(road)
        energy.append(mask[edges].sum() / max(mask.sum(), 1e-12))
        area.append(edges.mean())
        slopes.append(shift_slopes(steer, pixels, salient_in(mask)))
    means = dict(zip(KINDS, np.mean(slopes, axis=0).tolist(), strict=True))
    return {
        "images": len(energy),
        "energy_on_edges": float(np.mean(energy)),
        "area_of_edges": float(np.mean(area)),
        **{f"slope_{kind}": slope for kind, slope in means.items()},
    }


def _views(course: MarkedCourse, track: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images of the expert's drive with their road."""
    course.reset(track)
    over, steps = False, 0
    while not over:
        if steps % EVERY == 0:
            yield course.picture(), course.road()
        _, over = course.step(course.expert_steering())
        steps += 1


def edges_of(road: np.ndarray) -> np.ndarray:
    """Pixels (H, W) at the edges of the road: two pixels on either side, but not the image's border."""
    road_grown, others_grown = (binary_dilation(each, iterations=DILATED) for each in (road, ~road))
    return np.logical_and(road_grown, others_grown)


def salient_in(mask: np.ndarray) -> np.ndarray:
    """The tenth of the pixels with the largest mask (H, W), dilated by two pixels."""
    return binary_dilation(mask >= np.quantile(mask, 1 - SALIENT), iterations=DILATED)


def shift_slopes(steer: Driver, pixels: np.ndarray, salient: np.ndarray) -> list[float]:
    """Change of the answer per pixel of shift: of all pixels, of the salient ones, and of the others.

    The slopes are those of least squares through the answer without shift.
    """
    here = steer(pixels)
    shifted: dict[str, Callable[[int], np.ndarray]] = {
        "all": lambda by: _shifted(pixels, by),
        "salient": lambda by: _pasted(_shifted(pixels, by), _shifted(salient, by), pixels),
        "background": lambda by: _pasted(pixels, salient, _shifted(pixels, by)),
    }
    return [_slope([steer(shifted[kind](by)) - here for by in SHIFTS]) for kind in KINDS]


def _slope(changes: Sequence[float]) -> float:
    shifts = np.array(SHIFTS, float)
    return float(shifts @ np.array(changes) / (shifts @ shifts))


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    """An array (H, W, ...) with its columns moved to the right; the border is repeated."""
    columns = np.clip(np.arange(values.shape[1]) - by, 0, values.shape[1] - 1)
    return values[:, columns]


def _pasted(pixels: np.ndarray, chosen: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """The chosen pixels of an image on another one."""
    return np.where(chosen[..., None], pixels, onto)
