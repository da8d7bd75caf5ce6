"""Random words drawn over an image, like watermarks and subtitles."""

import string
from functools import cache

import numpy as np

from ...images import draw_letter

SIZES = (8, 25)
"""Range of letter heights in pixels (upper limit exclusive)."""
LETTERS = string.ascii_letters + string.digits
LONGEST = 8
"""Range of the number of letters in a word."""
MOST_MISSES = 1000
"""Stop after this many words in a row that cover nothing new."""


def text_over(image: np.ndarray, random: np.random.Generator, share: float) -> np.ndarray:
    """Draw words over about `share` of the pixels of an image (C, H, W) in [0, 1], as in Lehtinen et al. 2018.

    Each word has its own color, size and position. The last word is omitted if the share is closer without it.
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
    """Mask of the pixels that one random word covers (H, W), and the height of its letters in pixels."""
    size = int(random.integers(*SIZES))
    letters = random.integers(len(LETTERS), size=random.integers(1, LONGEST + 1))
    return np.concatenate([_letter(LETTERS[place], size) for place in letters], axis=1), size


_letter = cache(draw_letter)
