"""Words drawn over an image, as watermarks and subtitles lie over photos."""

import string
from functools import cache

import numpy as np

from ...images import draw_letter

SIZES = (8, 25)
"""Heights of letters in pixels, from the first to below the second."""
LETTERS = string.ascii_letters + string.digits
LONGEST = 8
"""Letters in a word."""
MOST_MISSES = 1000
"""So many words in a row that cover nothing new, and no more are drawn."""


def text_over(image: np.ndarray, random: np.random.Generator, share: float) -> np.ndarray:
    """The image (C, H, W) in [0, 1] with words over about `share` of its pixels, as Lehtinen et al. 2018 made them.

    Each word has a color, a size and a place of its own. The last word is left out where the share is met better
    without it.
    """
    height, width = image.shape[1:]
    covered, mask = image.copy(), np.zeros((height, width), bool)
    missing, misses = share * mask.size, 0
    while missing > 0 and misses < MOST_MISSES:
        word, size = _word(random)
        color = random.random(len(image), np.float32)
        row, column = random.integers(-size, height), random.integers(-LONGEST * size // 2, width)
        top, left = max(row, 0), max(column, 0)
        seen = word[top - row : height - row, left - column : width - column]
        place = slice(top, top + seen.shape[0]), slice(left, left + seen.shape[1])
        new = int((seen & ~mask[place]).sum())
        if new > 2 * missing:
            break
        misses = 0 if new else misses + 1
        missing -= new
        mask[place] |= seen
        covered[:, *place] = np.where(seen, color[:, None, None], covered[:, *place])
    return covered


def _word(random: np.random.Generator) -> tuple[np.ndarray, int]:
    """Which pixels one random word covers (H, W), and the height of its letters in pixels."""
    size = int(random.integers(*SIZES))
    letters = random.integers(len(LETTERS), size=random.integers(1, LONGEST + 1))
    return np.concatenate([_letter(LETTERS[place], size) for place in letters], axis=1), size


_letter = cache(draw_letter)
