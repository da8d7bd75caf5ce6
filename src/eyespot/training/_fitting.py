"""Fit images of other shapes to the shape of the network: crop, stretch or pad, and what is lost.

Shapes: N images; sizes are (N, 2) or (N, 3) with height and width first.
"""

import numpy as np

from ..errors import RecipeError
from ..images import ImageSpec

FITS = ("crop", "stretch", "pad")
LITTLE = 0.10
"""Cropping is used if it removes at most this share of the area of an image on average."""
MILD = 1.5
"""Stretching is used if it changes the aspect ratio of nearly all images by at most this factor."""
PRETRAINED_CUT = 1 / 3
"""Otherwise, cropping is used for pretrained weights, which were trained with crops, if it removes at most this share
on average: that of photos of 3:2. In ten folds of the 245 training photos of ants and bees, a probe was right for
93.7 % of cropped, 93.7 % of stretched and 91.4 % of padded photos."""
UPRIGHT_AND_WIDE = 0.1
"""If at least this share of the images is portrait and as many are landscape, the input is square."""


def median_shape(sizes: np.ndarray, padded: bool = False) -> tuple[float, float]:
    """Height and width for images of these sizes: the median area and the median aspect ratio.

    Images of one shape keep it. For a mix of portrait and landscape, it is a square of the median short side or, if
    images are `padded` and would be scaled down to fit into it, of the median long side.
    """
    heights, widths = sizes[:, 0].astype(float), sizes[:, 1].astype(float)
    ratios = widths / heights
    if min((ratios < 1 / 1.05).mean(), (ratios > 1.05).mean()) >= UPRIGHT_AND_WIDE:
        sides = np.stack([heights, widths])
        side = float(np.median(sides.max(0))) if padded else float(np.median(sides, axis=1).min())
        return side, side
    ratio, area = float(np.median(ratios)), float(np.median(heights * widths))
    return (area / ratio) ** 0.5, (area * ratio) ** 0.5


def cut_away(sizes: np.ndarray, spec: ImageSpec) -> np.ndarray:
    """The share (N,) of the area of each image that cropping to the shape of `spec` would remove.

    >>> cut_away(np.array([[40, 80], [40, 40]]), ImageSpec(height=10, width=10, channels=3)).tolist()
    [0.5, 0.0]
    """
    change = _change(sizes, spec)
    return 1 - 1 / change


def _change(sizes: np.ndarray, spec: ImageSpec) -> np.ndarray:
    """The factor (N,), 1 or more, between the aspect ratio of each image and that of `spec`."""
    factor = (sizes[:, 1] / sizes[:, 0]) / (spec.width / spec.height)
    # A side is a whole number of pixels, so that images of one shape may seem to differ by half a pixel.
    rounding = 1 + 0.5 / min(spec.height, spec.width) + 0.5 / np.minimum(sizes[:, 0], sizes[:, 1])
    factor = np.maximum(factor, 1 / factor)
    return np.where(factor <= rounding, 1.0, factor)


def choose_fit(
    sizes: np.ndarray, spec: ImageSpec, requested: str | None, pretrained: bool = False
) -> tuple[str, list[str]]:
    """The fit for training images of these sizes, with a note unless nothing is lost or changed."""
    if requested is not None and requested not in FITS:
        raise RecipeError(f"fit is '{requested}'; expected one of {', '.join(FITS)}.")
    lost, change = cut_away(sizes, spec), _change(sizes, spec)
    mild = float(np.quantile(change, 0.95)) <= MILD
    cropped = lost.mean() <= LITTLE or (pretrained and not mild and lost.mean() <= PRETRAINED_CUT)
    fit = requested or ("crop" if cropped else "stretch" if mild else "pad")
    if lost.max() == 0:
        return fit, []
    shape = f"{spec.height} x {spec.width} (height x width)"
    share = f"{lost.mean():.0%} of the area of an image on average, {lost.max():.0%} at most"
    notes = {
        "crop": f"images are cropped to the shape {shape}: {share}, is cut away",
        "stretch": f"images are stretched to the shape {shape}, so that nothing is cut away (cropping: {share})",
        "pad": f"images get gray bars up to the shape {shape}, so that nothing is cut away (cropping: {share})",
    }
    others = " or ".join(f"--fit {other}" for other in FITS if other != fit)
    return fit, [f"{notes[fit]}; {others} changes that" if requested is None else notes[fit]]
