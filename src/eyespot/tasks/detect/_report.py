"""Report of a detection model."""

from ...findings import Evaluation
from ..report import SHOWN, Pictures, Values, gallery_item, number, percent, spread

SIDE = 240


def detection_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Tiles, a row for each class, and images with the detections above the threshold, drawn by `pictures`."""
    details, table = evaluation.details, evaluation.table
    tiles = [
        (_known(details["AP"]), "AP", "mean over IoU 0.50 to 0.95"),
        (_known(details["AP75"]), "AP75", "boxes must overlap by three quarters"),
        (percent(details["precision"]), "precision", f"of detections from score {details['threshold']:.2f} on"),
        (percent(details["recall"]), "recall", f"{details['missed']:,} of {details['objects']:,} objects are missed"),
    ]
    by_class = [
        {"label": label, "objects": details["objects_by_class"][label], "AP50": _known(value)}
        for label, value in details["AP50_by_class"].items()
    ]

    def drawn(row: int) -> Values:
        lines = [f"found: {table[row]['answer']}", f"objects: {len(table[row]['target'])}"]
        return gallery_item(row, table, pictures, SIDE, lines)

    worst = [entry["row"] for entry in details["mistakes"] if entry["missed"] + entry["false"]]
    return {
        "tiles": tiles,
        "by_class": by_class,
        "mistakes": [drawn(row) for row in worst[: SHOWN // 2]],
        "examples": [drawn(row) for row in spread(len(table), SHOWN // 2)],
    }


def _known(value: float | None) -> str:
    return "-" if value is None else number(value, 3)
