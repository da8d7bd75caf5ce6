"""Report of a localization model."""

from ...findings import Evaluation
from ..report import SHOWN, Pictures, Values, gallery_item, number, percent, spread

SIDE = 240


def location_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Tiles, and the images with the most missed and false points, drawn by `pictures`."""
    details, table = evaluation.details, evaluation.table
    low, high = details["count_limits"]
    tiles = [
        (percent(details["precision"]), "precision", f"of points from score {details['threshold']:.2f} on"),
        (percent(details["recall"]), "recall", f"{details['missed']:,} of {details['objects']:,} are missed"),
        (number(details["mean_absolute_count_error"], 3), "mean count error", "points more or fewer an image"),
        (number(details["count_bias"], 3), "count bias", f"95 % of images from {low:+.1f} to {high:+.1f}"),
    ]

    def drawn(row: int) -> Values:
        lines = [f"found: {table[row]['answer']}", f"there: {len(table[row]['target'])}"]
        return gallery_item(row, table, pictures, SIDE, lines)

    worst = [entry["row"] for entry in details["mistakes"] if entry["missed"] + entry["false"]]
    return {
        "tiles": tiles,
        "radius": number(details["radius"], 3),
        "mistakes": [drawn(row) for row in worst[: SHOWN // 2]],
        "examples": [drawn(row) for row in spread(len(table), SHOWN // 2)],
    }
