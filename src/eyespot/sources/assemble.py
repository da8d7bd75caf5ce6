"""Build a source from rows: examine images, leave out unreadable ones, and split into three parts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ..findings import counted, printable
from ..value_range import Range, choose_range, describe_range
from ._collection import Collection, take_rows
from ._duplicates import exact_pairs, near_pairs
from ._examine import NEAR_LIMIT, ImageStatistics, examine
from ._joining import join_rows
from ._labels import normalize
from ._resemblance import Resemblance, divide_by_name, weigh
from ._split import TEST, TRAIN, UNDECIDED, VALIDATION, Shares, divide, link
from ._split_record import read_split_record, reconcile, split_record_file, write_split_record
from .source import PARTS, Part, Problem, Row, Source

SHOWN = 5
BAD_SHARE = 0.05
"""Maximum fraction of unreadable or missing images; more is an error."""


def assemble(
    collection: Collection,
    bad_share: float = BAD_SHARE,
    value_range: Range | None = None,
    known: Mapping[int, int] | None = None,
) -> Source:
    """Examine the images, leave out unreadable ones, and split the rest into three parts.

    `value_range` replaces the computed one for images of more than 8 bits. `known` maps keys to sides that were decided
    before, by a run, and takes precedence over the recorded split.
    """
    normalize(collection)
    join_rows(collection)
    facts = examine(collection.rows, collection.root, near=len(collection.rows) <= NEAR_LIMIT)
    facts.unreadable.update(_misnamed(collection))
    unreadable = _unreadable(collection.rows, facts)
    _refuse_too_many(collection, [*collection.problems, *unreadable], bad_share)
    kept = np.array([number for number in range(len(collection.rows)) if number not in facts.unreadable], np.int64)
    facts, rows = facts.take(kept), take_rows(collection.rows, kept)
    value_range, seen = _value_range(collection, facts, value_range)
    labels, names = labels_of(rows)
    resemblance = weigh(exact_pairs(facts.keys), near_pairs(facts), labels, names)
    sides, notes = _sides(rows, facts, collection.root, resemblance, known or {})
    joining = [_joining(rows[number]) for number in np.flatnonzero(sides == UNDECIDED).tolist()]
    whole = Part(name="all", rows=rows, keys=facts.keys, sizes=facts.sizes)
    parts = [whole.take(np.flatnonzero(sides == side), name) for side, name in enumerate(PARTS)]
    return Source(
        name=collection.name,
        kind=collection.kind,
        train=parts[TRAIN],
        validation=parts[VALIDATION],
        test=parts[TEST],
        problems=[*collection.problems, *unreadable, *joining],
        notes=[*_absent(labels, names, sides), *collection.notes, *seen, *notes, *_contradictions(rows, facts)],
        leaked=_leaked(resemblance.pairs, sides, facts.keys),
        left_out=collection.left_out,
        root=collection.root,
        value_range=value_range,
    )


def _value_range(collection: Collection, facts: ImageStatistics, given: Range | None) -> tuple[Range | None, list[str]]:
    """The common value range of all images of more than 8 bits, and notes about it and about further frames."""
    notes = []
    if many := int(facts.frames.sum()):
        notes.append(f"files with several frames or pages (only the first is used): {many:,}")
    if many := int(facts.reduced.sum()):
        notes.append(
            f"{counted(many, 'file')} with colors of 16 bits: the upper 8 bits of each are read (0 to 65,535 becomes 0 "
            "to 255), so that dark images lose most levels; brighten them first if they are dark"
        )
    chosen = collection.value_range or given or choose_range(facts.bounds)
    wide = np.isfinite(facts.bounds).all(axis=1)
    if chosen is not None and wide.any():
        notes.append(describe_range(chosen, facts.bounds))
        if not wide.all():
            notes.append(f"8-bit values (0 becomes black, 255 white): {counted(int((~wide).sum()), 'other image')}")
    return chosen if wide.any() or collection.value_range else None, notes


def _unreadable(rows: Sequence[Row], facts: ImageStatistics) -> list[Problem]:
    bad = sorted(facts.unreadable.items())
    return [
        Problem(name=printable(rows[number].name), location=printable(rows[number].location), reason=printable(reason))
        for number, reason in bad
    ]


def _misnamed(collection: Collection) -> dict[int, str]:
    """Rows with names that are not valid UTF-8, which reports, tables and model files require."""
    if collection.root is None:
        return {}
    reason = "its name or label is not valid UTF-8; rename it"
    texts = ((number, (row.name, *row.values.values())) for number, row in enumerate(collection.rows))
    return {number: reason for number, given in texts if any(_has_strays(text) for text in given)}


def _has_strays(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def _joining(row: Row) -> Problem:
    reason = "is new and would connect two parts: it resembles images of both or belongs to groups of both"
    return Problem(name=row.name, location=row.location, reason=reason)


def _refuse_too_many(collection: Collection, problems: list[Problem], bad_share: float) -> None:
    total = len(collection.rows) + len(collection.problems)
    if not total:
        raise SourceError(f"{collection.name}: contains no image; add images (.jpg, .png, .webp, .tif, .bmp, .gif).")
    if len(problems) <= bad_share * total:
        return
    listed = "; ".join(f"{problem.location}: {problem.reason.rstrip('.')}" for problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    raise SourceError(
        f"{collection.name}: {len(problems)} of {total} images cannot be used (up to {bad_share:.0%} would be left "
        f"out); repair or remove them: {listed}{more}.{' ' * bool(collection.advice)}{collection.advice}"
    )


def _sides(
    rows: Sequence[Row], facts: ImageStatistics, root: Path | None, resemblance: Resemblance, known: Mapping[int, int]
) -> tuple[np.ndarray, list[str]]:
    """The side (N,) of each row, from the source or else by hash, with notes; `UNDECIDED` rows are left out."""
    own = _own_sides(rows)
    given, notes = set(own.tolist()), []
    if VALIDATION in given and TRAIN in given and TEST not in given:
        own[own == VALIDATION] = TEST
        notes.append("there is no test part: the validation images are used for testing")
    if given <= {UNDECIDED} or given == {TRAIN}:
        cut, shares = np.arange(len(rows)), Shares()
    elif TRAIN in given and VALIDATION not in own:
        cut, shares = np.flatnonzero(own == TRAIN), Shares(test=0.0)
    else:
        return own, notes
    if facts.thumbnails is None:
        notes.append(f"more than {NEAR_LIMIT:,} images: only exact duplicates are detected")
    own[cut] = _by_hash(take_rows(rows, cut), facts.keys[cut], root, shares, _among(resemblance, cut), known)
    return own, [*notes, *resemblance.notes]


def _among(resemblance: Resemblance, places: np.ndarray) -> Resemblance:
    """Select some of the images, renumbered."""
    number = np.full(len(resemblance.by_name), -1)
    number[places] = np.arange(len(places))
    pairs = number[resemblance.pairs]
    return replace(resemblance, pairs=pairs[(pairs >= 0).all(axis=1)], by_name=resemblance.by_name[places])


def _own_sides(rows: Sequence[Row]) -> np.ndarray:
    """The sides (N,) given by the source; `UNDECIDED` in every row, or in none."""
    own = np.array([PARTS.index(part) if (part := row.values.get("split")) else UNDECIDED for row in rows], np.int64)
    missing = np.flatnonzero(own == UNDECIDED)
    if 0 < len(missing) < len(own):
        where = rows[int(missing[0])].location
        raise SourceError(f"{where}: has no split, but others have one; fill the column in every row or in none.")
    return own


def _by_hash(
    rows: Sequence[Row],
    keys: np.ndarray,
    root: Path | None,
    shares: Shares,
    resemblance: Resemblance,
    known: Mapping[int, int],
) -> np.ndarray:
    links = link(keys, resemblance.pairs, [_group(row) for row in rows])
    split_record = split_record_file(root, shares) if root else None
    earlier = read_split_record(split_record, keys)
    of_run = np.array([known.get(key, UNDECIDED) for key in keys.tolist()], np.int64)
    earlier = np.where((of_run != UNDECIDED) & ((of_run != TEST) | (shares.test > 0)), of_run, earlier)
    new = np.flatnonzero(resemblance.by_name & (earlier == UNDECIDED))
    labels = labels_of(rows)[0]
    earlier[new] = divide_by_name([rows[place].name for place in new.tolist()], labels[new], shares)
    earlier, out = reconcile(links, keys, earlier)
    kept = np.flatnonzero(~out)
    sides = np.full(len(rows), UNDECIDED)
    sides[kept] = divide(links.only(kept), labels[kept], shares, earlier[kept])
    write_split_record(split_record, keys[kept], sides[kept])
    return sides


def _group(row: Row) -> str:
    """The name that keeps images on one side: the group or, without one, the identity."""
    return row.values.get("group") or row.values.get("identity", "")


def labels_of(rows: Sequence[Row]) -> tuple[np.ndarray, list[str]]:
    """Number (N,) of each row's label, in label order, and the labels."""
    texts = np.array([row.values.get("label", "") for row in rows], dtype=object)
    names, numbers = np.unique(texts, return_inverse=True)
    return numbers, names.tolist()


def _absent(labels: np.ndarray, names: Sequence[str], sides: np.ndarray) -> list[str]:
    """Notes about classes without test or validation images, if other classes have some."""
    notes = []
    for side in (TEST, VALIDATION):
        there = set(labels[sides == side].tolist())
        missing = [names[label] for label in sorted(set(labels[sides == TRAIN].tolist()) - there) if names[label]]
        if there and missing:
            listed = ", ".join(f"'{name}'" for name in missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
            score = "the score does not cover them" if side == TEST else "model selection does not cover them"
            lacking = "1 class has" if len(missing) == 1 else f"{len(missing):,} classes have"
            notes.append(f"{lacking} no {PARTS[side]} image: {listed}; {score}")
    return notes


def _leaked(pairs: np.ndarray, sides: np.ndarray, keys: np.ndarray) -> frozenset[int]:
    """The keys of held-out images with an exact or near duplicate in a part used for training."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    one, two = sides[both[:, 0]], sides[both[:, 1]]
    leaks = ((one == TEST) & np.isin(two, (TRAIN, VALIDATION))) | ((one == VALIDATION) & (two == TRAIN))
    return frozenset(keys[both[leaks, 0]].tolist())


def _contradictions(rows: Sequence[Row], facts: ImageStatistics) -> list[str]:
    """The note about images with two labels: their number and the first one."""
    pairs = [(rows[one], rows[two]) for one, two in exact_pairs(facts.keys).tolist()]
    contradictory = [pair for pair in pairs if len({row.values.get("label", "") for row in pair} - {""}) > 1]
    if not contradictory:
        return []
    example = " and ".join(f"{row.name} ({row.values['label']})" for row in contradictory[0])
    return [f"images with two labels: {len(contradictory):,}, such as {example}"]
