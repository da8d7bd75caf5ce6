"""Statistics of an order for the command `rank`: simple features that explain it, and the mean rank of groups."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SHOWN_RULES = 5
"""Maximum number of printed features; the file contains all of them."""


def group_of_images(table: Path, columns: Mapping[str, str] | None) -> dict[str, str]:
    """The group of each image in a table, by the full path of its file.

    Raise `EyespotError` for a table that is unreadable or contains no groups.
    """
    from ..errors import SourceError
    from ..sources import open_source

    rows = open_source(table, columns=columns).rows
    groups = {str(Path(str(row.picture)).resolve()): row.values["group"] for row in rows if row.values.get("group")}
    if not groups:
        raise SourceError(
            f"{table}: states no group; expected a column 'group', or name one: --column group=NAME.", argument="groups"
        )
    return groups


def mean_by_group(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Count, mean rank and its 95 % interval for each group of the ranked images, by decreasing mean."""
    from ..tasks.statistics import mean_interval

    ranks: dict[str, list[float]] = {}
    for answer in found:
        ranks.setdefault(answer["group"] or "no group", []).append(answer["rank"])
    rows = [
        {"group": name, "images": len(each), "mean": sum(each) / len(each), "interval": mean_interval(each)}
        for name, each in ranks.items()
    ]
    return sorted(rows, key=lambda row: -row["mean"])


def print_groups(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one line per group."""
    from ..findings import counted, printable

    print("mean rank by group (95 % interval):")
    for row in rows:
        low, high = row["interval"]
        images = counted(row["images"], "image")
        print(f"  {printable(row['group'])}: {row['mean']:.2f} ({low:.2f} to {high:.2f}), {images}")


def rules_of(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Fit simple features to the ranks of images; those of faces too, where their networks are installed."""
    from ..organizing import explain_scores, face_features, plain_features
    from ..pretrained import is_installed

    looks = (plain_features, face_features) if is_installed("sface") else (plain_features,)
    images = [answer["image"] for answer in found]
    features = [{name: value for look in looks for name, value in look(image, image).items()} for image in images]
    return explain_scores(features, [answer["rank"] for answer in found])


def write_rules(rules: Mapping[str, Any], file: Path) -> None:
    """All features as CSV, the most important one first."""
    from ..files import written

    with written(file), file.open("w", newline="", encoding="utf-8") as opened:
        table = csv.writer(opened)
        table.writerow(["feature", "importance", "correlation", "low", "high"])
        for row in rules["features"]:
            numbers = (row["importance"], row["correlation"], *row["interval"])
            table.writerow([row["feature"], *(f"{number:.4f}" for number in numbers)])


def print_rules(rules: Mapping[str, Any]) -> None:
    """Print how much of the variance is explained, and by which features."""
    print(f"plain features explain {rules['explained']:.0%} of the variance of these ranks:")
    for row in rules["features"][:SHOWN_RULES]:
        low, high = row["interval"]
        print(
            f"  {row['feature']}: importance {row['importance']:.2f}, rank correlation {row['correlation']:+.2f} "
            f"({low:+.2f} to {high:+.2f})"
        )
