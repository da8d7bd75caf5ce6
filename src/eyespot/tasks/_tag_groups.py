"""Groups of mutually exclusive tags, and free tags: parsing of rows, and rare tags.

Shapes: N images, K tags. A target is 1 (present), 0 (absent) or NaN (unknown) for each tag. If all targets of a group
are 0, its tag was not among the training tags.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import TaskError
from ..sources.source import Row
from ..sources.tags import NONE, OPEN, contradicted_group, group_of
from ._labels import natural_key

RARE = 5
"""Minimum number of training images of a tag in a group; rarer tags are pooled."""
POOLED = "other"
"""Name of the tag that pools the rare tags of a group."""
CHANCE = 1e-6
"""A tag implies another one only if independent tags would agree on all images with this probability or less."""

Said = dict[str, float]
"""Parsed tags of a row: 1 or NaN for each named tag, and the value of all others under the name `OPEN`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A group of exclusive tags (`exclusive`), or a single free tag."""

    name: str
    places: slice
    exclusive: bool


def attributes(tags: Sequence[str]) -> list[Attribute]:
    """The groups and free tags, in the order of `sort_tags`.

    >>> [(each.name, each.places.stop) for each in attributes(["color:blue", "color:red", "striped"])]
    [('color', 2), ('striped', 3)]
    """
    result: list[Attribute] = []
    for place, tag in enumerate(tags):
        group, start = group_of(tag), place
        if group and result and result[-1].exclusive and result[-1].name == group:
            start = result.pop().places.start
        result.append(Attribute(name=group or tag, places=slice(start, place + 1), exclusive=bool(group)))
    return result


def runs(tags: Sequence[str]) -> list[tuple[slice, bool]]:
    """The slices of each group and of each run of free tags, and whether exactly one of its tags applies."""
    found: list[tuple[slice, bool]] = []
    for each in attributes(tags):
        if found and not each.exclusive and not found[-1][1]:
            found[-1] = (slice(found[-1][0].start, each.places.stop), False)
        else:
            found.append((each.places, each.exclusive))
    return found


def sort_tags(tags: set[str]) -> tuple[str, ...]:
    """Sort groups first, with their tags together, then free tags; both in natural order."""
    return tuple(sorted(tags, key=lambda tag: (not group_of(tag), natural_key(group_of(tag)), natural_key(tag))))


def said_of(row: Row) -> Said | None:
    """Parse the tags of a row; None if all are unknown. Raise `TaskError` for an invalid cell."""
    text = row.values.get("tags", "").strip()
    if not text or text == OPEN:
        return None
    if text == NONE:
        return {}
    names = [part.strip() for part in text.split("|")]
    if any(name in ("", NONE) for name in names):
        raise TaskError(
            f"{row.location}: the tags are '{text}'; expected names as in cat|dog, or {NONE} alone for none."
        )
    if group := contradicted_group([text]):
        raise TaskError(
            f"{row.location}: the tags are '{text}', but of a group such as '{group}' exactly one applies; keep one, "
            "or write them without a colon where several may apply."
        )
    said = {name.removeprefix("?"): math.nan if name.startswith("?") else 1.0 for name in names if name != OPEN}
    return {**said, OPEN: math.nan} if OPEN in names else said


def read_target(said: Said | None, tags: Sequence[str]) -> list[float]:
    """1, 0 or NaN for each tag; an unlisted tag of a group counts as `POOLED` if there is one, else all are 0."""
    if said is None:
        return [math.nan] * len(tags)
    target = [said.get(tag, said.get(OPEN, 0.0)) for tag in tags]
    named = {group_of(tag): tag for tag, value in said.items() if group_of(tag) and value == 1}
    for each in attributes(tags):
        if not each.exclusive:
            continue
        places = range(len(tags))[each.places]
        tag = named.get(each.name)
        if tag is None:
            target[each.places] = [math.nan] * len(places)
            continue
        tag = tag if tag in tags else f"{each.name}:{POOLED}"
        target[each.places] = [float(tags[place] == tag) for place in places]
    return target


def learnable_tags(said: Sequence[Said | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags to learn, and the rare tags of groups, which are pooled if together they are frequent enough."""
    counts = Counter(tag for each in said if each for tag, value in each.items() if value == 1 and group_of(tag))
    free = {tag for each in said if each for tag in each if not group_of(tag) and tag != OPEN}
    rare = {tag for tag, count in counts.items() if count < RARE}
    pooled: Counter[str] = Counter()
    for tag in rare:
        pooled[group_of(tag)] += counts[tag]
    kept = free | (set(counts) - rare)
    kept |= {f"{group}:{POOLED}" for group, count in pooled.items() if count >= RARE}
    _check_groups(kept, counts)
    return sort_tags(kept), tuple(sorted(rare, key=natural_key))


def _check_groups(kept: set[str], counts: Mapping[str, int]) -> None:
    """Raise `TaskError` for a group with fewer than two learnable tags."""
    sizes = Counter(group_of(tag) for tag in kept)
    for group in sorted({group_of(tag) for tag in counts}):
        if sizes[group] < 2:
            counted = [f"'{tag}' ({count})" for tag, count in counts.items() if group_of(tag) == group]
            raise TaskError(
                f"The group '{group}' needs two tags or more with {RARE} training images each, but there are "
                f"{', '.join(counted[:10])}; add images of others, or leave the group out."
            )


def implied_tags(tags: Sequence[str], targets: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of indices: every training image with the first tag also has the second one, where known.

    The two belong to different attributes. A frequent second tag needs more images as evidence than a rare one: if tags
    were independent, a share p of n images would agree with probability p ** n.
    """
    there, known = (targets == 1).astype(float), (~np.isnan(targets)).astype(float)
    both, compared = there.T @ there, there.T @ known
    shares = there.sum(0) / np.maximum(known.sum(0), 1)
    owner = np.concatenate([np.full(len(range(len(tags))[a.places]), n) for n, a in enumerate(attributes(tags))])
    implied = (both == compared) & (shares**compared <= CHANCE) & (owner[:, None] != owner)
    return [(int(first), int(second)) for first, second in np.argwhere(implied)]


def implication_notes(tags: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Implications as text: one for two whole groups, else one for each pair of tags.

    >>> implication_notes(["kind:cat", "kind:dog", "pet"], [(0, 2), (1, 2)])
    ["'kind:cat' implies 'pet'", "'kind:dog' implies 'pet'"]
    """
    owners = {place: each for each in attributes(tags) for place in range(len(tags))[each.places]}
    whole: dict[tuple[str, str], set[int]] = {}
    for first, second in pairs:
        if owners[first].exclusive and owners[second].exclusive:
            whole.setdefault((owners[first].name, owners[second].name), set()).add(first)
    sizes = {each.name: len(range(len(tags))[each.places]) for each in attributes(tags)}
    complete = {names for names, firsts in whole.items() if len(firsts) == sizes[names[0]]}
    notes = [f"every tag of '{one}' implies one of '{other}'" for one, other in sorted(complete)]
    single = [pair for pair in pairs if (owners[pair[0]].name, owners[pair[1]].name) not in complete]
    return notes + [f"'{tags[first]}' implies '{tags[second]}'" for first, second in single]
