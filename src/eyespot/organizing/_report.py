"""Results of `organize` as JSON, as a table, and as a page."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ImageError, RunError
from ..files import require_file, write_whole
from ..findings import printable, to_json
from ..html import picture, thumbnail, write_page
from ..images import ImageSpec, read_pixels
from ._copies import Group
from ._index import Photos, taken_time
from ._organized import Organized
from ._search import Match

SUFFIXES = (".json", ".csv", ".html")
COLUMNS = (
    "file",
    "width",
    "height",
    "bytes",
    "taken",
    "latitude",
    "longitude",
    "camera",
    "event",
    "group",
    "flags",
    "copy_of",
)
SIDE = 160
SHOWN = 200
"""Maximum number of groups, events and flagged photos on the page; the JSON and CSV files list all."""
IN_EVENT = 8
GALLERY = {"small": False, "right": None}
"""Photos of a search are neither enlarged nor correct or wrong."""


def check_report(file: Path) -> None:
    """Raise `RunError` if a report cannot be written to a file with this name."""
    if file.suffix.lower() not in SUFFIXES:
        raise RunError(f"{file}: expected a file ending in {', '.join(SUFFIXES)}.", argument="out")
    require_file(file)


def write_report(found: Organized, file: Path) -> None:
    """Write everything as JSON, one row per photo as CSV, or a page with thumbnails, by the file suffix."""
    check_report(file)
    if file.suffix.lower() == ".html":
        write_page(file, "organize.html", _page(found))
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    text = to_json(document(found)) if file.suffix.lower() == ".json" else _table(found)
    write_whole(file, text.encode())


def counts(found: Organized) -> dict[str, int]:
    """Numbers of photos, unreadable files, groups by kind, events, and flags by name."""
    groups = Counter(group.kind for group in found.groups)
    redundant = {
        pair.first if pair.second == group.best else pair.second
        for group in found.groups
        if group.kind != "burst"
        for pair in group.others
    }
    flags = Counter(flag for flags in found.flags for flag in flags)
    return {
        "photos": len(found.photos),
        "unreadable": len(found.errors),
        **{f"{kind} groups": groups[kind] for kind in ("exact", "altered", "burst")},
        "redundant copies": len(redundant),
        "events": len(found.events),
        "undated": sum(row["taken"] is None for row in found.photos.rows),
        **dict(sorted(flags.items())),
    }


def document(found: Organized) -> dict[str, Any]:
    """Everything as plain values: file names instead of index numbers."""
    return {
        "folder": str(found.folder),
        "index": str(found.index),
        "network": found.network or None,
        "update": found.update,
        "counts": counts(found),
        "photos": [{name: value or None for name, value in row.items()} for row in _rows(found)],
        "errors": found.errors,
        "groups": [_group(found, group) for group in found.groups],
        "pairs": [
            {"files": [_path(found, pair.first), _path(found, pair.second)], **_evidence(pair)} for pair in found.pairs
        ],
        "events": [
            {
                "name": event.name,
                "start": event.start.isoformat(),
                "end": event.end.isoformat(),
                "place": event.place,
                "files": [_path(found, photo) for photo in event.photos],
            }
            for event in found.events
        ],
        "limits": found.limits,
        "content": _content(found),
    }


def _content(found: Organized) -> dict[str, Any] | None:
    content = found.content
    if content is None:
        return None
    return {
        "by": content.by,
        "counts": content.counts,
        "threshold": content.threshold,
        "expected_error": content.expected_error,
        "groups": {name: [_path(found, photo) for photo in content.photos_of(name)] for name in content.counts},
        "photos": [
            {"file": _path(found, photo), "group": group, "probability": float(content.probabilities[photo])}
            for photo, group in enumerate(content.groups)
        ],
    }


def _path(found: Organized, photo: int) -> str:
    return printable(found.photos.rows[photo]["path"])


def _evidence(pair: Any) -> dict[str, Any]:
    return {"kind": pair.kind, "similarity": pair.similarity, "evidence": pair.evidence}


def _group(found: Organized, group: Group) -> dict[str, Any]:
    others = [
        {"file": _path(found, pair.first if pair.second == group.best else pair.second), **_evidence(pair)}
        for pair in group.others
    ]
    return {"kind": group.kind, "best": _path(found, group.best), "others": others}


def _rows(found: Organized) -> list[dict[str, Any]]:
    """One row per photo with the values of `COLUMNS`."""
    event_of = {photo: event.name for event in found.events for photo in event.photos}
    copy_of = {}
    for group in found.groups:
        for pair in group.others if group.kind != "burst" else ():
            copy_of.setdefault(pair.first if pair.second == group.best else pair.second, group.best)
    return [
        {
            "file": printable(row["path"]),
            "width": row["width"],
            "height": row["height"],
            "bytes": row["size"],
            "taken": "" if (taken := taken_time(row)) is None else taken.isoformat(timespec="seconds"),
            "latitude": row["latitude"],
            "longitude": row["longitude"],
            "camera": row["camera"],
            "event": event_of.get(photo, ""),
            "group": found.content.groups[photo] if found.content else "",
            "flags": "|".join(found.flags[photo]),
            "copy_of": _path(found, copy_of[photo]) if photo in copy_of else "",
        }
        for photo, row in enumerate(found.photos.rows)
    ]


def _table(found: Organized) -> str:
    errors = ({"file": printable(path), "error": error} for path, error in found.errors.items())
    return _as_csv([*COLUMNS, "error"], [*_rows(found), *errors])


def _page(found: Organized) -> dict[str, Any]:
    flagged = [photo for photo, flags in enumerate(found.flags) if flags]
    return {
        "name": found.folder.resolve().name,
        "made": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "counts": counts(found),
        "groups": [
            {
                "kind": group.kind,
                "tiles": [_tile(found.photos, found.folder, group.best, "keep")]
                + [
                    _tile(
                        found.photos,
                        found.folder,
                        pair.first if pair.second == group.best else pair.second,
                        pair.evidence,
                    )
                    for pair in group.others
                ],
            }
            for group in found.groups[:SHOWN]
        ],
        "all_groups": len(found.groups),
        "events": [
            {
                "name": event.name,
                "count": len(event.photos),
                "tiles": [_tile(found.photos, found.folder, photo, "") for photo in event.photos[:IN_EVENT]],
            }
            for event in found.events[:SHOWN]
        ],
        "all_events": len(found.events),
        "content": _content_tiles(found),
        "flagged": [
            _tile(found.photos, found.folder, photo, ", ".join(found.flags[photo])) for photo in flagged[:SHOWN]
        ],
        "all_flagged": len(flagged),
        "errors": list(found.errors.items())[:SHOWN],
    }


def write_found(photos: Photos, folder: Path, matches: Sequence[Match], query: str, file: Path) -> None:
    """Write the results of a search as JSON, CSV or a page, by the file suffix; `query` describes it."""
    check_report(file)
    rows = matched(photos, matches)
    if file.suffix.lower() == ".html":
        items = [
            {
                "picture": tile["src"],
                "name": tile["name"],
                "lines": [tile["name"], f"score {match.score:.3f}"],
                **GALLERY,
            }
            for match in matches
            for tile in [_tile(photos, folder, match.photo, "")]
        ]
        write_page(file, "search.html", {"name": folder.resolve().name, "query": query, "items": items})
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, (to_json(rows) if file.suffix.lower() == ".json" else _as_csv(list(rows[0]), rows)).encode())


def matched(photos: Photos, matches: Sequence[Match]) -> list[dict[str, Any]]:
    """One row for each photo in the results of a search."""
    return [
        {
            "place": place,
            "file": printable(photos.rows[match.photo]["path"]),
            "score": match.score,
            **match.parts,
        }
        for place, match in enumerate(matches, 1)
    ]


def _as_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _content_tiles(found: Organized) -> list[dict[str, Any]]:
    """The groups by content, each with its most confident photos."""
    content, shown = found.content, []
    if content is None:
        return shown
    for name, count in list(content.counts.items())[:SHOWN]:
        members = content.photos_of(name)
        members.sort(key=lambda photo: -float(content.probabilities[photo]))
        tiles = [_tile(found.photos, found.folder, photo, "") for photo in members[:IN_EVENT]]
        shown.append({"name": name, "count": count, "tiles": tiles})
    return shown


def _tile(photos: Photos, folder: Path, photo: int, caption: str) -> dict[str, str]:
    row = photos.rows[photo]
    scale = SIDE / max(row["height"], row["width"])
    sides = [max(1, round(min(1.0, scale) * side)) for side in (row["height"], row["width"])]
    try:
        spec = ImageSpec(height=sides[0], width=sides[1], channels=3, fit="stretch")
        pixels = read_pixels(folder / row["path"], spec)
    except ImageError:  # it was deleted since it was indexed
        pixels = thumbnail(photos.thumbnails[photo], SIDE)
    return {"name": printable(row["path"]), "src": picture(pixels), "caption": caption}
