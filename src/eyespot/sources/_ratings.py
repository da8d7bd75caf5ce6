"""Ratings derived from likes of users' images, or from comparisons of two images.

Likes depend on the size of an audience: users are sorted by followers and divided into groups of 100 images; in each
group, the upper half by likes is good (1), the lower half bad (0). So images are compared with those of similar users
(Karpathy 2015). Comparisons become ratings by the model of Bradley and Terry (1952).
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np

from ..errors import SourceError
from ..findings import counted
from .source import Row

GROUP = 100
"""Number of images of users with similar numbers of followers that are compared with each other."""
FEWEST_LIKED, FEWEST_PAIRS = 20, 50
"""Minimum number of images or comparisons."""
RECENT = timedelta(days=30)
"""Images posted less than this time before the newest one are left out: they still collect likes."""
TAG_BONUS = 0.01
"""Increase of the audience per tag of a post, as a fraction of the followers."""
LIKED, COMPARED = ("likes", "followers"), ("better", "worse")

Line = tuple[str, dict[str, str]]


def has_likes(rows: Sequence[Row]) -> bool:
    """Whether a table contains likes and followers, but no rating."""
    return bool(rows) and "rating" not in rows[0].values and all(name in rows[0].values for name in LIKED)


def rate_by_likes(rows: Sequence[Row], now: datetime | None = None) -> tuple[list[Row], list[str]]:
    """The good (rating 1) and bad (0) images by their likes, and what was left out, one sentence each.

    The images of a user form one group, so that they are in one part. `now` is the time after which a date is in the
    future. Raises `SourceError` for invalid numbers and dates, and for too few images.
    """
    counts = [(_count(row, "likes"), _audience(row)) for row in rows]
    kept, notes = _settled(rows, now or datetime.now(UTC))
    if len(kept) < FEWEST_LIKED:
        raise SourceError(
            f"{len(kept)} of {len(rows)} images can be compared by their likes; expected {FEWEST_LIKED} or more."
            f"{' ' + '; '.join(notes) + '.' if notes else ''}"
        )
    order = sorted(kept, key=lambda place: (counts[place][1], rows[place].values.get("user", "")))
    ratings: dict[int, str] = {}
    for group in np.array_split(np.array(order), max(1, len(order) // GROUP)):
        likes = np.array([counts[place][0] for place in group])
        middle = np.median(likes)
        ratings |= {int(place): str(int(n > middle)) for place, n in zip(group, likes, strict=True) if n != middle}
    if len(set(ratings.values())) < 2:
        raise SourceError("The likes do not tell images apart: nearly all are equal; give a table with other likes.")
    if len(kept) > len(ratings):
        notes.append(f"{counted(len(kept) - len(ratings), 'image')} with as many likes as the middle of a group")
    users = len({row.values.get("user", "") for row in rows})
    notes = [f"left out: {note}" for note in notes]
    notes.append(
        f"{len(ratings):,} images of {counted(users, 'user')}, sorted by followers in groups of about {GROUP}: the "
        "upper half by likes has the rating 1, the lower half 0"
    )
    return [_rated(rows[place], ratings[place]) for place in sorted(ratings)], notes


def image_lines(lines: Iterable[Line], chosen: dict[str, str]) -> tuple[Iterable[Line], dict[str, str], list[str]]:
    """The lines of a table of images, the columns that remain to be chosen, and notes.

    If a table has the columns `better` and `worse` (or those chosen for them) and no paths, its comparisons become one
    line with a rating for each image.
    """
    lines = iter(lines)
    first = next(lines, None)
    if first is None:
        return (), chosen, []
    better, worse = (chosen.get(name, name) for name in COMPARED)
    if "path" in chosen or "path" in first[1] or better not in first[1] or worse not in first[1]:
        return chain([first], lines), chosen, []
    compared = [(where, line[better].strip(), line[worse].strip()) for where, line in chain([first], lines)]
    others = {name: column for name, column in chosen.items() if name not in COMPARED}
    rated, notes = rate_by_comparisons(compared)
    return rated, others, notes


def rate_by_comparisons(compared: Sequence[tuple[str, str, str]]) -> tuple[list[Line], list[str]]:
    """Compute one line with a rating for each image from the lines (location, better image, worse image).

    A rating is the log odds of being preferred to an average image, with a normal prior with standard deviation 1,
    which keeps the ratings of images that always won or lost finite. Raises `SourceError` for fewer than 50 lines.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.linear_model import LogisticRegression

    for where, better, worse in compared:
        if not better or not worse or better == worse:
            raise SourceError(
                f"{where}: compares '{better}' with '{worse}'; expected two different images. Correct it."
            )
    if len(compared) < FEWEST_PAIRS:
        raise SourceError(
            f"{compared[0][0]}: the table has {counted(len(compared), 'comparison')}; expected {FEWEST_PAIRS} or more, "
            "as fewer make no order."
        )
    first_seen = {name: where for where, *pair in reversed(compared) for name in pair}
    places = {name: place for place, name in enumerate(sorted(first_seen))}
    ends = np.array([[places[better], places[worse]] for _, better, worse in compared])
    # Every second comparison is reversed: the regression needs both outcomes.
    signs = np.where(np.arange(len(ends)) % 2, -1.0, 1.0)
    numbers = np.tile(np.arange(len(ends)), 2)
    values = np.concatenate([signs, -signs])
    shape = (len(ends), len(places))
    differences = coo_array((values, (numbers, ends.T.ravel())), shape=shape).tocsr()
    strengths = LogisticRegression(C=1.0, fit_intercept=False, max_iter=1000).fit(differences, signs).coef_[0]
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(places), len(places)))
    islands, _ = connected_components(graph, directed=False)
    notes = [f"{len(compared):,} comparisons of {len(places):,} images became ratings (Bradley-Terry)"]
    if islands > 1:
        notes.append(f"the images fall into {islands} sets that were never compared with each other; each starts at 0")
    return [
        (first_seen[name], {"path": name, "rating": f"{strengths[place]:.6f}"}) for name, place in places.items()
    ], notes


def _count(row: Row, name: str) -> float:
    text = row.values.get(name, "").strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (0 <= number < math.inf):
        raise SourceError(
            f"{row.location}: {name} is '{text}'; expected a number from 0 on. Correct it, or remove the row."
        )
    return number


def _audience(row: Row) -> float:
    """The number of followers, increased for each tag of the post."""
    tags = [tag for tag in row.values.get("tags", "").replace(",", "|").replace(" ", "|").split("|") if tag]
    return _count(row, "followers") * (1 + TAG_BONUS * len(tags))


def _settled(rows: Sequence[Row], now: datetime) -> tuple[list[int], list[str]]:
    """The rows whose likes no longer grow, and why others are left out."""
    if not any(row.values.get("date", "").strip() for row in rows):
        return list(range(len(rows))), []
    dates = [_date(row) for row in rows]
    known = [date for date in dates if date is not None and date <= now]
    newest = max(known, default=now)
    kept = [place for place, date in enumerate(dates) if date is not None and date <= newest - RECENT]
    missing, future = sum(date is None for date in dates), sum(date is not None and date > now for date in dates)
    recent = len(rows) - len(kept) - missing - future
    reasons = ((missing, "without a date"), (future, "with a date in the future"))
    notes = [f"{counted(count, 'image')} {why}" for count, why in reasons if count]
    return kept, [*notes, *([f"{counted(recent, 'image')} of the last {RECENT.days} days"] if recent else [])]


def _date(row: Row) -> datetime | None:
    text = row.values.get("date", "").strip()
    if not text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(
            f"{row.location}: the date is '{text}'; expected one such as 2024-05-31. Correct it."
        ) from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _rated(row: Row, rating: str) -> Row:
    values = {name: text for name, text in row.values.items() if name != "tags"}  # properties of the post, no targets
    values |= {"rating": rating}
    if user := values.get("user"):
        values.setdefault("group", user)
    return Row(picture=row.picture, name=row.name, values=values, location=row.location, paired=row.paired)
