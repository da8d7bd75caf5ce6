"""Search words: the words that WordNet has for ImageNet's 1,000 classes, above all broader ones such as "dog"."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from ..errors import SourceError, unknown
from ..pretrained import IMAGENET_WORDS

BROADER = {
    "beach": "977-978",
    "coast": "972-973,976-978",
    "lake": "975",
    "mountain": "970,972,979-980",
    "mushroom": "947,991-997",
    "plant": "738,984-986",
    "sea": "973-978",
    "train": "466,547,565,705,820,829",
}
"""Further classes of words that WordNet does not have, or takes more narrowly than people who search for photos."""


def classes_of(word: str, names: Sequence[str]) -> list[int]:
    """Indices of the classes that a word stands for; raises `SourceError` for an unknown word.

    A word is the name of a class, a synonym of one or a broader term in WordNet, or else a word in the name of a class.

    >>> classes_of("Dogs", ["tench"] * 1000) == list(range(151, 269))
    True
    """
    for form in _forms(word.casefold().strip()):
        classes = _wordnet().get(form, set()) | {number for number, name in enumerate(names) if form == name.casefold()}
        classes = classes or {number for number, name in enumerate(names) if form in _parts(name)}
        if classes:
            return sorted(classes)
    choices = sorted({*_wordnet(), *(part for name in names for part in _parts(name))})
    hint = unknown("word", word, choices).partition(" There are:")[0]
    raise SourceError(
        f"{hint} Words are the names of ImageNet's 1,000 classes, their synonyms, and broader terms such as dog, bird, "
        "vehicle, furniture, food, coast."
    )


@cache
def _wordnet() -> dict[str, set[int]]:
    """The classes of each word, as the script `build_search_words.py` derived them from WordNet, and of `BROADER`."""
    lines = [line for line in IMAGENET_WORDS.read_text().splitlines() if not line.startswith("#")]
    words = {word: _numbers(ranges) for word, _, ranges in (line.partition("\t") for line in lines)}
    return words | {word: words.get(word, set()) | _numbers(ranges) for word, ranges in BROADER.items()}


def _numbers(ranges: str) -> set[int]:
    """The numbers of "7-24,80"."""
    ends: Iterable[tuple[str, str]] = re.findall(r"(\d+)(?:-(\d+))?", ranges)
    return {number for first, last in ends for number in range(int(first), int(last or first) + 1)}


def _forms(word: str) -> list[str]:
    """A word, and its possible singular forms."""
    ends = [("ies", "y"), ("es", ""), ("s", "")]
    return [word, *(word.removesuffix(end) + new for end, new in ends if word.endswith(end) and len(word) > 3)]


def _parts(name: str) -> set[str]:
    """The words in a class name."""
    return set(re.findall(r"[^\W\d_]+", name.casefold()))
