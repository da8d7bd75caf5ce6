"""The command `search`: find photos of a collection by example, words, color, time and place."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ._organize import Collection, IndexFile, IndexProgress
from ._output import AsJson, Quiet, box_from, print_json


def search(
    collection: Collection,
    like: Annotated[Path | None, typer.Option(help="Reference image: find photos similar to it.")] = None,
    region: Annotated[str | None, typer.Option(help="Region X1,Y1,X2,Y2 of the reference image, in pixels.")] = None,
    words: Annotated[str | None, typer.Option(help="Content of the photos, such as 'dog, seashore'.")] = None,
    clip: Annotated[
        Path | None,
        typer.Option(
            help="Folder with your own CLIP-like encoders (ONNX): --words is then a description, 'dog on grass'."
        ),
    ] = None,
    color: Annotated[str | None, typer.Option(help="A basic color name, such as red.")] = None,
    after: Annotated[str | None, typer.Option(help="Taken at or after this date or time: 2024-01-31.")] = None,
    before: Annotated[str | None, typer.Option(help="Taken before this date or time.")] = None,
    near: Annotated[str | None, typer.Option(help="LATITUDE,LONGITUDE[,KILOMETERS] in degrees.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Photos to list.")] = 20,
    index: IndexFile = None,
    out: Annotated[Path | None, typer.Option(help="Result: a .json, .csv or .html file.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find photos of a folder that meet all conditions, the best first."""
    from ..organizing import Query, check_report, matched, search_folder, write_found

    if out:
        check_report(out)
    latitude, longitude, kilometers = _place(near) if near else (0.0, 0.0, Query.kilometers)
    query = Query(
        like=like,
        region=None if region is None else box_from(region, "region"),
        words=_words(words or "", clip),
        color=color,
        after=_time(after, "after"),
        before=_time(before, "before"),
        near=(latitude, longitude) if near else None,
        kilometers=kilometers,
    )
    if clip and not query.words:
        raise typer.BadParameter("--clip needs --words, a description such as 'dog on grass'.")
    photos, matches = search_folder(collection, query, index, count, None if quiet else IndexProgress(), clip)
    rows = matched(photos, matches)
    given = {
        "like": like,
        "region": region,
        "words": words,
        "color": color,
        "after": after,
        "before": before,
        "near": near,
    }
    if out and matches:
        described = ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
        write_found(photos, collection, matches, described, out)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        parts = ", ".join(f"{name} {value:.3f}" for name, value in list(row.items())[3:])
        print(f"{row['place']:4}. {row['file']}{': ' if parts else ''}{parts}")
    if not rows:
        print("No photo meets the conditions.")
    elif out:
        print(f"result: {out}")


def _words(text: str, clip: Path | None) -> tuple[str, ...]:
    """The words of a list with commas; a description for own encoders is one text."""
    parts = [text] if clip else text.split(",")
    return tuple(word for part in parts if (word := part.strip()))


def _time(text: str | None, option: str) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise typer.BadParameter(
            f"--{option} {text}: expected a date such as 2024-01-31, or 2024-01-31T12:00."
        ) from None


def _place(text: str) -> tuple[float, float, float]:
    """Parse latitude, longitude and kilometers."""
    from ..organizing import Query

    try:
        latitude, longitude, *rest = (float(part) for part in text.split(","))
        (kilometers,) = rest or [Query.kilometers]
    except ValueError:
        latitude, longitude, kilometers = 91.0, 0.0, 0.0
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and kilometers > 0):
        raise typer.BadParameter(f"--near {text}: expected LATITUDE,LONGITUDE[,KILOMETERS], such as 43.5,11.9,20.")
    return latitude, longitude, kilometers
