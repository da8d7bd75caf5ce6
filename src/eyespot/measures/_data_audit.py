"""`check --deep`: label errors, near duplicates, outliers and confused classes, with images."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..embeddings.embed import Embeddings, embed
from ..errors import EyespotError, SourceError
from ..files import write_whole
from ..html import number, percent, picture, thumbnail, write_page
from ..images import ImageSpec, read_pixels
from ..sources.source import Row, Source, fingerprint, without_single_classes
from ..value_range import Range
from ._cross_validation import out_of_fold
from ._label_errors import confusable, label_errors, margins, proposals
from ._similarity import near_pairs, nearest, odd_ones

SHOWN = 60
"""Images per section of the page; the table lists all of them."""
EXAMPLES = 4
FEWEST = 10
"""Minimum number of labeled images for cross-validation."""
SIDE = 120


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One image to review: the problem, its label, the suggested label, and a score (higher is more certain)."""

    image: str
    part: str
    what: str
    given: str
    proposed: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Confusable:
    """Two classes, the fraction of images confused between them with its 95 % interval, and some of those images."""

    classes: tuple[str, str]
    share: float
    interval: tuple[float, float]
    count: int
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The result of a data audit; `ranking` lists every image, the most doubtful label first.

    `singles` lists the images that are the only one of their class, which cannot be checked.
    """

    name: str
    by: str
    fingerprint: str
    count: int
    agreement: float
    labels: tuple[Proposal, ...]
    duplicates: tuple[Proposal, ...]
    odd: tuple[Proposal, ...]
    confusable: tuple[Confusable, ...]
    ranking: tuple[str, ...]
    singles: tuple[str, ...] = ()

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """All images to review."""
        return (*self.labels, *self.duplicates, *self.odd)


def audit(source: Source, out: str | Path, weights: str | None = None) -> AuditReport:
    """Find problems of the images and labels of a source, and write `index.html` and `proposals.csv`.

    The source is not changed. `weights` selects the feature extractor: a pretrained network or a model file. Raises
    `SourceError` unless there are two classes with two labeled images each.

    >>> from eyespot.sources.synthetic import shapes
    >>> report = audit(shapes(count=60), out=tmp / "deep")
    >>> report.count
    60
    """
    whole, (source, singles) = source, without_single_classes(source)
    embeddings = embed(source, weights)
    if len(embeddings.given) < FEWEST:
        raise SourceError(
            f"{source.name}: {len(embeddings.given)} labeled images are too few for a data audit; "
            f"give {FEWEST} or more."
        )
    chances = out_of_fold(embeddings)
    margin, other = margins(chances, embeddings.given), proposals(chances, embeddings.given)
    wrong = label_errors(chances, embeddings.given)
    order = margin.argsort(kind="stable").tolist()
    part_names = [part.name for part in source.parts for row in part.rows if row.values.get("label")]
    distances, neighbors = nearest(embeddings.numbers)
    proposed = partial(_proposal, embeddings.rows, part_names)
    report = AuditReport(
        name=source.name,
        by=embeddings.by,
        fingerprint=fingerprint(whole),
        count=len(embeddings.given),
        agreement=float((chances.argmax(1) == embeddings.given).mean()),
        labels=tuple(
            proposed(image, "label", embeddings.classes[other[image]], -float(margin[image]))
            for image in order
            if wrong[image]
        ),
        duplicates=tuple(
            proposed(second, "near duplicate", f"as {embeddings.rows[first].name}", 1 - distance)
            for first, second, distance in near_pairs(distances, neighbors)
        ),
        odd=tuple(proposed(image, "odd one out", "", score) for image, score in odd_ones(distances)),
        confusable=_confusable_classes(chances, embeddings),
        ranking=tuple(embeddings.rows[image].name for image in order),
        singles=tuple(singles),
    )
    _write(report, embeddings, Path(out), source.value_range)
    return report


def _proposal(
    rows: Sequence[Row], part_names: Sequence[str], image: int, what: str, instead: str, score: float
) -> Proposal:
    """One row of the table of proposals, for the image with this index."""
    row = rows[image]
    given = row.values["label"]
    return Proposal(
        image=row.name, part=part_names[image], what=what, given=given, proposed=instead, score=round(score, 4)
    )


def _confusable_classes(chances: np.ndarray, embeddings: Embeddings) -> tuple[Confusable, ...]:
    """The pairs of confused classes, with the names of classes and images."""
    return tuple(
        Confusable(
            classes=(embeddings.classes[pair.classes[0]], embeddings.classes[pair.classes[1]]),
            share=pair.share,
            interval=pair.interval,
            count=pair.count,
            images=tuple(embeddings.rows[image].name for image in pair.images),
        )
        for pair in confusable(chances, embeddings.given)
    )


def _write(report: AuditReport, embeddings: Embeddings, folder: Path, value_range: Range | None) -> None:
    rows = {row.name: row for row in embeddings.rows}
    values = {
        "report": report,
        "sections": [
            ("labels", "Probable label errors", list(_tiles(report.labels, rows, value_range))),
            ("duplicates", "Near duplicates", list(_twins(report.duplicates, rows, value_range))),
            ("odd", "Outliers", list(_tiles(report.odd, rows, value_range))),
        ],
        "pairs": [
            {
                "classes": " and ".join(pair.classes),
                "caption": f"{percent(pair.share)} of {pair.count:,} are classified as the other",
                "examples": [_example(rows[name], pair.classes, value_range) for name in pair.images[:EXAMPLES]],
            }
            for pair in report.confusable
        ],
        "shown": SHOWN,
    }
    write_page(folder / "index.html", "deep.html", values)
    write_whole(folder / "proposals.csv", _as_csv(report.proposals).encode())


def _tiles(found: Sequence[Proposal], rows: dict[str, Row], value_range: Range | None) -> Iterator[dict]:
    for one in found[:SHOWN]:
        caption = f"{one.given} → {one.proposed}?" if one.proposed else one.given
        yield {
            "pictures": [_shown(rows[one.image], value_range)],
            "caption": caption,
            "name": one.image,
            "score": number(one.score, 2),
        }


def _example(row: Row, classes: tuple[str, str], value_range: Range | None) -> dict:
    """An image of one class that is classified as the other."""
    label = row.values["label"]
    other = classes[1] if label == classes[0] else classes[0]
    return {
        "pictures": [_shown(row, value_range)],
        "caption": f"{label}, taken for {other}",
        "name": row.name,
        "score": "",
    }


def _twins(found: Sequence[Proposal], rows: dict[str, Row], value_range: Range | None) -> Iterator[dict]:
    for one in found[:SHOWN]:
        first = one.proposed.removeprefix("as ")
        caption = (
            one.given if rows[first].values["label"] == one.given else f"{rows[first].values['label']}, {one.given}"
        )
        pictures = [_shown(rows[first], value_range), _shown(rows[one.image], value_range)]
        yield {"pictures": pictures, "caption": caption, "name": f"{first}, {one.image}", "score": number(one.score, 2)}


def _shown(row: Row, value_range: Range | None) -> dict[str, Any]:
    """A thumbnail of an image as a data URL, and its name; empty for an image that can no longer be read."""
    spec = ImageSpec(height=SIDE, width=SIDE, channels=3, fit="native", value_range=value_range)
    try:
        pixels = thumbnail(read_pixels(row.picture, spec, row.name), SIDE)
    except EyespotError:
        return {"src": "", "caption": f"{row.name} (cannot be read)", "small": False}
    return {"src": picture(pixels), "caption": row.name, "small": max(pixels.shape) < SIDE / 2}


def _as_csv(found: Sequence[Proposal]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["image", "part", "what", "given", "proposed", "score"])
    writer.writerows([one.image, one.part, one.what, one.given, one.proposed, one.score] for one in found)
    return text.getvalue()
