"""Measurements of the command `faces`: error rates on the user's own photos, and published benchmarks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._output import print_json


def measure(what: str, protocol: str | None, as_json: bool) -> None:
    """Evaluate the folder or table `what` by a published protocol, or print error rates by group and age gap."""
    from ..faces import embed_photos, error_rates, measure_protocol, photos_of
    from ..sources import open_source

    if protocol is not None:
        result = measure_protocol(Path(what), protocol)
        lines = _protocol_lines(result)
    else:
        layout = "identities" if Path(what).is_dir() else None
        result = error_rates(embed_photos(photos_of(open_source(what, layout=layout))))
        lines = _rate_lines(result)
    if as_json:
        print_json(result)
    else:
        print("\n".join(lines))


def _protocol_lines(result: Mapping[str, Any]) -> list[str]:
    measured = [f"{name.replace('_', '-')} {result[name]:.2%}" for name in ("rank_1", "accuracy") if name in result]
    counted = result.get("probes", result.get("pairs"))
    what = "pairs" if "pairs" in result else "probes"
    left_out = len(result["left_out"])
    first = f"{result['protocol']}: {measured[0]} of {counted} {what}; {result['faces']} faces, "
    more = [_verification_line(result)] if "auc" in result else []
    return [f"{first}{left_out} photos without a face", *more, f"published: {result['published']}"]


def _verification_line(result: Mapping[str, Any]) -> str:
    """The rates that do not depend on one threshold."""
    (low, high), (least, most) = result["equal_error_rate_interval"], result["true_accepts_at_0.001_interval"]
    return (
        f"equal error rate {result['equal_error_rate']:.2%} ({low:.2%} to {high:.2%}), AUC {result['auc']:.4f}, true "
        f"accepts at 0.1 % false accepts {result['true_accepts_at_0.001']:.2%} ({least:.2%} to {most:.2%})"
    )


def _rate_lines(result: Mapping[str, Any]) -> list[str]:
    from ..tasks.age_gaps import gap_text

    first = f"{result['faces']} faces, {len(result['left_out'])} photos without a face; threshold "
    return [
        f"{first}{result['threshold']:.3f}; intervals: 95 %, bootstrap over persons",
        _group_line("all", result["overall"]),
        f"{_verification_line(result['verification'])}, rank-1 {result['verification']['rank_1']:.2%}",
        *(_group_line(row["group"], row) for row in result["by_group"]),
        *(gap_text(row) for row in result["by_age_gap"]),
    ]


def _group_line(name: str, row: Mapping[str, Any]) -> str:
    from ..findings import printable

    texts = [_rate_text(what, row) for what in ("false_accepts", "false_rejects")]
    return f"{printable(name)}: {row['persons']} persons, {', '.join(texts)}"


def _rate_text(what: str, row: Mapping[str, Any]) -> str:
    pairs = row["different_pairs" if what == "false_accepts" else "same_pairs"]
    if row[what] is None:
        return f"{what.replace('_', ' ')} unknown (no pairs)"
    between = row[f"{what}_interval"]
    bounds = f" ({between[0]:.2%} to {between[1]:.2%})" if between else ""
    return f"{what.replace('_', ' ')} {row[what]:.2%}{bounds} of {pairs} pairs"
