"""Some handwritten digits as a source: small, real, and learned in no time."""

from functools import cache

import numpy as np

from eyespot import open_source
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source


@cache
def few_digits(count: int, kinds: int = 5) -> Source:
    """The first images of the first classes that scikit-learn brings, 8 x 8 pixels."""
    rows = [row for row in open_source("bundled:digits").rows if row.values["label"] < str(kinds)][:count]
    pixels = np.stack([np.asarray(row.picture) for row in rows])
    return from_arrays("digits", "arrays", pixels, [{"label": row.values["label"]} for row in rows])
