"""Search words: ImageNet's 1,000 class names, the words in them, and broader terms for many of them."""

import re
from collections.abc import Sequence

from ..errors import SourceError, unknown

CATEGORIES: dict[str, tuple[tuple[int, int], ...]] = {
    "amphibian": ((25, 32),),
    "animal": ((0, 397),),
    "antelope": ((351, 353),),
    "bear": ((294, 297),),
    "bird": ((7, 24), (80, 100), (127, 146)),
    "boat": ((472, 472), (554, 554), (576, 576), (625, 625), (814, 814), (914, 914)),
    "butterfly": ((321, 326),),
    "car": ((407, 407), (436, 436), (468, 468), (511, 511), (609, 609), (627, 627), (656, 656), (661, 661), (751, 751),
            (817, 817)),
    "cat": ((281, 285),),
    "coast": ((972, 973), (976, 978)),
    "dog": ((151, 268),),
    "elephant": ((385, 386),),
    "fish": ((0, 6), (389, 397)),
    "flower": ((985, 986),),
    "fruit": ((948, 957),),
    "insect": ((300, 326),),
    "lizard": ((38, 48),),
    "mammal": ((101, 106), (147, 299), (330, 388)),
    "monkey": ((365, 384),),
    "mountain": ((970, 970), (972, 972), (979, 980)),
    "mushroom": ((947, 947), (991, 997)),
    "reptile": ((33, 68),),
    "sea": ((973, 978),),
    "ship": ((403, 403), (510, 510), (628, 628), (724, 724), (780, 780), (871, 871), (913, 913)),
    "snake": ((52, 68),),
    "spider": ((72, 77),),
    "train": ((466, 466), (547, 547), (565, 565), (705, 705), (820, 820), (829, 829)),
    "truck": ((555, 555), (569, 569), (675, 675), (717, 717), (734, 734), (864, 864), (867, 867)),
    "turtle": ((33, 37),),
    "vegetable": ((936, 945),),
    "wolf": ((269, 272),),
}  # fmt: skip
"""Broader terms: ranges of classes, first to last, in the order of ILSVRC 2012, which follows WordNet."""


def classes_of(word: str, names: Sequence[str]) -> list[int]:
    """Indices of the classes that a word denotes; raises `SourceError` for an unknown word.

    >>> classes_of("Dogs", ["tench", "hot dog"] + ["x"] * 998)[:2]
    [1, 151]
    """
    for form in _forms(word.casefold().strip()):
        classes = {number for number, name in enumerate(names) if form in _parts(name)}
        classes |= {number for first, last in CATEGORIES.get(form, ()) for number in range(first, last + 1)}
        if classes:
            return sorted(classes)
    choices = sorted({*CATEGORIES, *(part for name in names for part in _parts(name))})
    hint = unknown("word", word, choices).partition(" There are:")[0]
    raise SourceError(f"{hint} Words are ImageNet's class names, words of them, and {', '.join(CATEGORIES)}.")


def _forms(word: str) -> list[str]:
    """A word, and its possible singular forms."""
    ends = [("ies", "y"), ("es", ""), ("s", "")]
    return [word, *(word.removesuffix(end) + new for end, new in ends if word.endswith(end) and len(word) > 3)]


def _parts(name: str) -> set[str]:
    """A class name and the words in it."""
    name = name.casefold()
    return {name, *re.findall(r"[^\W\d_]+", name)}
