"""Error rates on a person's own photos: overall, by group and by age gap; and the protocols of published benchmarks.

Shapes: F faces, D numbers of an embedding. A pair of different persons that is accepted is a false accept, a pair of
one person that is not is a false reject.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import FaceError, ImageError
from ..images import Picture
from ..sources.source import Source
from ..tasks.age_gaps import by_age_gap
from ..tasks.verification import Pairs, all_pairs, interval, rank_one, rates_of, resampled, verification_statistics
from ._find import embed_faces, find_faces
from ._verify import THRESHOLD

MOST_FACES = 2000
"""All pairs of these are two million; more are left out evenly."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo of one person; the largest face counts. `group` is what rates are reported by, `age` is in years."""

    picture: Picture
    name: str
    person: str
    group: str = ""
    age: float = np.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedded:
    """Photos that show a face, their embeddings (F, 128), and the names of those without one."""

    photos: list[Photo]
    embeddings: np.ndarray
    left_out: list[str]

    @property
    def persons(self) -> np.ndarray:
        """The person of each face as a whole number (F,)."""
        return np.unique([photo.person for photo in self.photos], return_inverse=True)[1].reshape(-1)

    @property
    def ages(self) -> np.ndarray:
        """Years (F,); NaN where unknown."""
        return np.array([photo.age for photo in self.photos])


def photos_of(source: Source) -> list[Photo]:
    """The photos of a source with a column `identity`, and where it has them `group` and `age` (years).

    Raises `FaceError` for photos without a name, and for what is no age.
    """
    return [
        Photo(
            picture=row.picture,
            name=row.name,
            person=_person(row.values.get("identity", ""), row.location),
            group=row.values.get("group", ""),
            age=_age(row.values.get("age", ""), row.location),
        )
        for row in source.rows
    ]


def _person(name: str, location: str) -> str:
    if not name:
        raise FaceError(f"{location}: no identity is given; expected a folder for each person or a column 'identity'.")
    return name


def _age(text: str, location: str) -> float:
    try:
        age = float(text) if text else np.nan
    except ValueError:
        age = -1.0
    if text and not 0 <= age <= 150:
        raise FaceError(f"{location}: the age is '{text[:40]}'; expected years from 0 to 150. Correct it.")
    return age


def embed_photos(photos: Sequence[Photo]) -> Embedded:
    """Find and embed the largest face of each photo; those that cannot be read or show none are named."""
    kept, crops, left_out = [], [], []
    for photo in photos:
        try:
            found = find_faces(photo.picture, photo.name)
        except ImageError:
            found = []
        if found:
            kept.append(photo)
            crops.append(found[0].crop)
        else:
            left_out.append(photo.name)
    return Embedded(photos=kept, embeddings=embed_faces(crops), left_out=left_out)


def error_rates(found: Embedded, threshold: float = THRESHOLD) -> dict[str, Any]:
    """False accepts and false rejects at `threshold` with 95 % intervals, equal error rate; by group and by age gap.

    Intervals are those of a bootstrap over persons. Rates of a group are those of pairs within it. Raises `FaceError`
    where there are no pairs of one person, or none of different ones.
    """
    chosen = np.unique(np.linspace(0, len(found.photos) - 1, min(len(found.photos), MOST_FACES)).astype(int))
    embeddings, persons, ages = found.embeddings[chosen], found.persons[chosen], found.ages[chosen]
    pairs = all_pairs(embeddings, persons)
    if not pairs.complete:
        raise FaceError(
            f"{len(set(persons.tolist()))} persons on {len(persons)} photos with a face give no pairs; expected two or "
            "more persons, one of them on two photos or more."
        )
    groups = np.array([found.photos[place].group for place in chosen])
    named = sorted(set(groups) - {""})
    return {
        "threshold": threshold,
        "faces": len(persons),
        "left_out": found.left_out,
        "overall": _rates(pairs, threshold),
        "verification": _verification(pairs) | {"rank_1": rank_one(embeddings, persons)},
        "by_group": [
            {"group": group} | _rates(all_pairs(embeddings[groups == group], persons[groups == group]), threshold)
            for group in named
        ],
        "by_age_gap": by_age_gap(embeddings, persons, ages),
    }


def _verification(pairs: Pairs) -> dict[str, Any]:
    """Equal error rate, area under the curve, and true accepts at false accept rates, with intervals."""
    error, between, details = verification_statistics(pairs)
    return {"equal_error_rate": error, "equal_error_rate_interval": between, **details}


def _rates(pairs: Pairs, threshold: float) -> dict[str, Any]:
    """The rates of some pairs; None where there are no pairs of a kind."""
    same, different = int(pairs.same.sum()), int((~pairs.same).sum())
    persons = len(np.unique(pairs.identities))
    values: dict[str, Any] = {"persons": persons, "same_pairs": same, "different_pairs": different}
    drawn = [each.accepts_at(threshold) for each in resampled(pairs)] if pairs.complete else []
    rates = rates_of(pairs.similarity, pairs.same).accepts_at(threshold) if len(pairs.same) else (0.0, 0.0)
    for name, count, rate, spread in (
        ("false_accepts", different, rates[0], [accepted for accepted, _ in drawn]),
        ("false_rejects", same, 1 - rates[1], [1 - accepted for _, accepted in drawn]),
    ):
        values[name] = rate if count else None
        values[f"{name}_interval"] = _between(rate, spread, persons, name) if count and spread else None
    values["equal_error_rate"] = rates_of(pairs.similarity, pairs.same).equal_error_rate() if pairs.complete else None
    return values


def _between(rate: float, spread: Sequence[float], persons: int, name: str) -> tuple[float, float]:
    """The interval of drawn rates; where no error was seen, up to the rate that would show one in 97.5 % of the cases.

    Persons are drawn, so that pairs of the same persons count once.
    """
    low, high = interval(spread)
    independent = persons * (persons - 1) / 2 if name == "false_accepts" else persons
    return (low, high) if rate > 0 else (0.0, 1 - 0.025 ** (1 / independent))


def leave_one_out(found: Embedded) -> dict[str, Any]:
    """Rank-1 identification of every photo among all others (FG-NET); photos without a face count as wrong."""
    persons = np.array([photo.person for photo in found.photos])
    _, place, counts = np.unique(persons, return_inverse=True, return_counts=True)
    asked = int((counts[place] > 1).sum())
    right = rank_one(found.embeddings, found.persons) * asked if asked else 0.0
    return {"rank_1": right / max(1, asked + len(found.left_out)), "probes": asked + len(found.left_out)}


def oldest_among_youngest(found: Embedded) -> dict[str, Any]:
    """Rank-1 identification of each person's oldest photo among the youngest ones of all persons (MORPH Album 2)."""
    persons, ages = found.persons, found.ages
    order = np.lexsort((ages, persons))
    gallery = np.array([order[persons[order] == person][0] for person in np.unique(persons)], int)
    probes = np.array([order[persons[order] == person][-1] for person in np.unique(persons)], int)
    probes = probes[probes != gallery]
    if not len(probes):
        raise FaceError("No person is on two photos; expected the youngest and the oldest photo of each.")
    nearest = gallery[(found.embeddings[probes] @ found.embeddings[gallery].T).argmax(1)]
    return {"rank_1": float((persons[nearest] == persons[probes]).mean()), "probes": len(probes)}


def ten_folds(found: Embedded) -> dict[str, Any]:
    """Accuracy over ten folds of given pairs (CACD-VS), each at the threshold that is best on the other nine.

    A person is named "PAIR" for both photos of a pair of one person, "PAIR/0" and "PAIR/1" otherwise; pairs with a
    photo that shows no face count as wrong.
    """
    of_pair: dict[int, list[int]] = {}
    for place, photo in enumerate(found.photos):
        of_pair.setdefault(int(photo.person.split("/")[0]), []).append(place)
    whole = {pair: places for pair, places in of_pair.items() if len(places) == 2}
    numbers = np.array(sorted(whole))
    if len({number // PAIRS_OF_A_FOLD for number in whole}) < 2:
        raise FaceError(f"{len(whole)} whole pairs lie in one fold; expected {PAIRS_OF_A_FOLD} pairs in each of ten.")
    similarity = np.array([found.embeddings[whole[pair][0]] @ found.embeddings[whole[pair][1]] for pair in numbers])
    same = numbers % PAIRS_OF_A_FOLD < PAIRS_OF_A_FOLD // 2
    right = [
        right_in_fold(fold, numbers // PAIRS_OF_A_FOLD, similarity, same) for fold in set(numbers // PAIRS_OF_A_FOLD)
    ]
    missing = len({name.split("_")[0] for name in found.left_out})
    return {"accuracy": sum(right) / (len(numbers) + missing), "pairs": len(numbers) + missing}


PAIRS_OF_A_FOLD = 400
"""The first half of them show one person."""


def right_in_fold(fold: int, folds: np.ndarray, similarity: np.ndarray, same: np.ndarray) -> int:
    """How many pairs of a fold are decided right, at the threshold that is best on those of the other folds."""
    inside = folds == fold
    candidates = np.sort(similarity[~inside])
    scores = [((similarity[~inside] >= each) == same[~inside]).mean() for each in candidates]
    return int(((similarity[inside] >= candidates[int(np.argmax(scores))]) == same[inside]).sum())
