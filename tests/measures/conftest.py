"""A few real digits: small enough for a second, real enough to be told apart."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source


@pytest.fixture(scope="session")
def digits() -> Source:
    """240 digits of four classes."""
    pixels, labels = load_digits(n_class=4, return_X_y=True)
    pictures = (pixels.reshape(-1, 8, 8, 1) * 15.9).astype(np.uint8)
    return from_arrays("digits", "arrays", pictures[:240], [{"label": str(label)} for label in labels[:240]])
