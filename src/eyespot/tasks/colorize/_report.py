"""Report of a colorization model."""

from collections.abc import Sequence
from typing import Any

from ...charts import histogram, scatter
from ...findings import Evaluation
from ..report import SHOWN, WIDE_SIDE, Pictures, Values, gallery_item, percent, spread


def colorize_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """AuC, PSNR and colorfulness next to those of gray answers, and gray, colorized and true images side by side."""
    details, table = evaluation.details, evaluation.table
    low, high = details["gain_interval"]
    before, after = ([row[key] for row in table] for key in ("psnr_gray", "psnr"))
    words = ("PSNR of a gray answer [dB]", "PSNR of the answer [dB]")
    return {
        "tiles": [
            (f"{details['gain']:+.2%}", "AuC over a gray answer", f"95 % interval {low:+.2%} to {high:+.2%}"),
            (f"{details['psnr']:.2f} dB", "PSNR", f"{details['psnr_gray']:.2f} dB without colors"),
            (f"{details['colorfulness']:.1f}", "colorfulness", f"{details['colorfulness_true']:.1f} in truth"),
        ],
        "scatter": scatter(before, after, words, "Signal-to-noise ratio with colors against without"),
        "histogram": histogram([100 * row["gain"] for row in table], "gain in AuC [%]", "How often which gain occurs"),
        "mistakes": [_colored(entry["row"], table, pictures) for entry in details["mistakes"][: SHOWN // 3]],
        "examples": [_colored(row, table, pictures) for row in spread(len(table), SHOWN // 3)],
    }


def _colored(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    line = f"AuC {percent(entry['auc'])} ({percent(entry['auc_gray'])} without colors), PSNR {entry['psnr']:.1f} dB"
    return gallery_item(row, table, pictures, WIDE_SIDE, [line])
