"""Spellings in real folders and tables with their meanings: one list for code and docs."""

import re

PART_WORDS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training", "trn", "learn", "learning", "fit"),
    "validation": ("val", "valid", "validation", "validate", "validating", "dev", "devel", "development", "tune"),
    "test": (
        "test",
        "testing",
        "tst",
        "eval",
        "evaluate",
        "evaluation",
        "evaluating",
        "holdout",
        "heldout",
        "query",
    ),
}
"""Names of folders, and entries of a column `split`, that denote a part of the images."""

UNLABELED_WORDS = ("pred", "predict", "prediction", "inference", "unlabeled", "unlabelled", "unsup", "submission")
"""Names of folders next to parts whose images have no targets: they are left out."""

PART_AFFIXES = (
    "datasets",
    "dataset",
    "pictures",
    "picture",
    "images",
    "image",
    "photos",
    "photo",
    "split",
    "folder",
    "files",
    "data",
    "imgs",
    "img",
    "sets",
    "set",
    "seg",
    "part",
    "labeled",
    "labelled",
    "the",
    "my",
)
"""Prefixes and suffixes of such a name: seg_train, training_set, TestImages; digits are ignored."""

SYSTEM_FOLDERS = (
    "__MACOSX",
    "@eaDir",
    "@Recycle",
    "@Recently-Snapshot",
    "@tmp",
    "#recycle",
    "#snapshot",
    "$RECYCLE.BIN",
    "RECYCLER",
    "lost+found",
    "System Volume Information",
    "thumbnails.noindex",
    "__pycache__",
    "Thumbs.db",
    "desktop.ini",
)
"""System files and folders among user files; names that start with a dot are also ignored."""

MISSING = (
    *("", "nan", "-nan", "none", "null", "(null)", "nil", "n/a", "na", "n.a.", "<na>", "nat", "?", "--", "\\n"),
    *("#n/a", "#na", "#n/a n/a", "#value!", "#ref!", "#name?", "#null!", "#num!", "#div/0!"),
    *("1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind"),
)
"""Cells that mean a missing value, case-insensitive."""

OWN_FOLDERS = (("recipe.json", "log.jsonl"), ("plan.json", "attacks.jsonl"), ("proposals.csv", "index.html"))
"""Groups of files in folders written by eyespot: runs, attacks, audits."""


def part_named(name: str) -> str | None:
    """The part of a name ("train", "validation", "test"), or None.

    >>> part_named("1_Training Data"), part_named("seg_test"), part_named("val2017"), part_named("trains")
    ('train', 'test', 'validation', None)
    """
    core = _core(name)
    return next((part for part, words in PART_WORDS.items() if core in words), None)


def stands_for_unlabeled(name: str) -> bool:
    """Return whether a folder next to parts contains images without targets, by its name."""
    return _core(name) in UNLABELED_WORDS


def mentions_part(name: str) -> bool:
    """Return whether a name contains the word of a part, as "trainA" or "test_small" do."""
    return any(word in words for word in _words(name) for words in PART_WORDS.values())


def is_system_name(name: str) -> bool:
    """Whether a name is that of a system file or folder."""
    return name.startswith(".") or name.casefold() in {each.casefold() for each in SYSTEM_FOLDERS}


def is_missing(text: str) -> bool:
    """Whether a cell means a missing value."""
    return text.strip().casefold() in MISSING


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z]+", spaced.casefold()) if word]


def _core(name: str) -> str:
    """A name without digits, separators, and the usual prefixes and suffixes of a part's name."""
    words = [word for word in _words(name) if word not in PART_AFFIXES]
    core = "".join(words)
    for affix in PART_AFFIXES:
        if core.endswith(affix) and len(core) - len(affix) >= 2:
            return core.removesuffix(affix)
    return core
