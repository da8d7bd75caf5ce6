"""Ranking: which image do people rate higher?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..charts import scatter
from ..errors import TaskError
from ..findings import Evaluation
from ..html import number, percent
from ..images import Frame
from ..networks.network import Output
from ..sources.source import Row, Source
from .report import SHOWN, SIDE, Pictures, Values, gallery_item, spread
from .statistics import correlation_interval, noise_ceiling, wilson_interval
from .task import Metric, Task

MOST_RATINGS = 256
"""Number of distinct ratings kept for converting ratings to ranks; if there are more, evenly spaced ones are kept."""
FEW = 20
"""With fewer training images, an order cannot be distinguished from chance, and a note states it."""


@final
@dataclass(frozen=True, kw_only=True)
class Rank(Task):
    """An order of images learned from ratings: ordinal loss, Spearman's rank correlation.

    The logistic function of the network's single output is the image's rank: the fraction of the training images that
    are rated lower (equal ratings count half). `ratings` are the distinct ratings of the training images and `shares`
    their ranks. `noise` is the standard error of a rating if the columns `rating_sd` and `rating_n` (standard deviation
    and number of individual ratings) are present, else 0. A rank predicts how the people who rated these images would
    rate a similar one; it means nothing else about an image or about the person shown.
    """

    name: ClassVar[str] = "rank"
    metric: ClassVar[Metric] = Metric(name="rank_correlation", better="higher", unit="rho")
    columns: ClassVar[tuple[str, ...]] = ("rating",)
    report_template: ClassVar[str] = "report_rank.html"
    value_name: ClassVar[str] = "rank"

    ratings: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    count: int = 0
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.noise < 0:
            raise TaskError(f"noise is {self.noise}; expected 0 or a number above it.")
        if len(self.ratings) != len(self.shares):
            raise TaskError(f"rank has {len(self.ratings)} ratings and {len(self.shares)} shares; expected as many.")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn which fraction of the training images each rating exceeds."""
        found = np.array([self.read(row) for row in rows])
        if len(np.unique(found)) < 2:
            raise TaskError(
                f"rank needs training images with different ratings, but all {len(found)} have the same or none is "
                "given; add images with other ratings."
            )
        ratings, counts = np.unique(found, return_counts=True)
        shares = (counts.cumsum() - counts / 2) / len(found)
        kept = np.unique(np.linspace(0, len(ratings) - 1, MOST_RATINGS).round().astype(int))
        return replace(
            self,
            ratings=tuple(ratings[kept].tolist()),
            shares=tuple(shares[kept].tolist()),
            count=len(found),
            noise=_standard_error(rows),
        )

    def notes(self) -> list[str]:
        """State the range of the ratings, and whether there are enough images."""
        notes = [f"Ratings from {self.ratings[0]:g} to {self.ratings[-1]:g}; a higher rating is better."]
        if self.count < FEW:
            notes.append(f"Only {self.count} training images have a rating: an order of so few may be chance.")
        return notes

    def read(self, row: Row) -> float:
        """The row's rating."""
        text = row.values.get("rating", "")
        try:
            rating = float(text)
        except ValueError:
            rating = math.nan
        if not math.isfinite(rating):
            raise TaskError(f"{row.location}: the rating is '{text}'; expected a number such as 4.2. Correct it.")
        return rating

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Ratings as float64 (N,)."""
        return torch.tensor(targets, dtype=torch.float64)

    def outputs(self, channels: int) -> Output:
        """One number: the log odds of being rated higher than a random training image."""
        return Output("vector", 1)

    def ranks(self, ratings: Tensor) -> Tensor:
        """Fraction of training images with a lower rating, for ratings (N,), between 0 and 1.

        >>> Rank(ratings=(1.0, 2.0, 4.0), shares=(0.25, 0.5, 0.75)).ranks(torch.tensor([1.0, 3.0, 9.0])).tolist()
        [0.25, 0.625, 0.75]
        """
        found = np.interp(ratings.cpu().numpy(), self.ratings, self.shares)
        return torch.from_numpy(found).to(ratings.device)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy of "is rated higher than a training image", averaged over all training images.

        With one logit per image and the same threshold for every comparison, this is the pairwise logistic loss of
        RankNet (Burges et al. 2005) against the whole training set. Its mean has a closed form: the cross-entropy with
        the fraction of training images that have a lower rating.
        """
        ranks = self.ranks(target).to(output.dtype)
        return F.binary_cross_entropy_with_logits(output[:, 0], ranks, reduction="none")

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Each image's term of Spearman's correlation, 1 - 6 d^2, where d is the difference of the two ranks."""
        difference = output[:, 0].sigmoid() - self.ranks(target)
        return {"rank_correlation": 1 - 6 * difference.square(), "rank_error": difference.abs()}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: the rating, its rank, the predicted rank, and the difference."""
        ranks, answers = self.ranks(target).tolist(), output[:, 0].double().sigmoid().tolist()
        rows = zip(target.tolist(), ranks, answers, strict=True)
        return [
            {"target": rating, "rank": rank, "answer": answer, "error": answer - rank} for rating, rank, answer in rows
        ]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Spearman's rank correlation with its bootstrap interval, accuracy at the median split, AUC."""
        targets = np.array([row["target"] for row in table])
        answers = np.array([row["answer"] for row in table])
        correlation, interval = correlation_interval(targets, answers)
        errors = np.abs([row["error"] for row in table])
        details = {
            **_median_split(targets, answers),
            "ceiling": noise_ceiling(targets, self.noise) if self.noise else None,
            "rank_error": float(errors.mean()),
            "mistakes": [{"row": int(place), **table[place]} for place in np.argsort(-errors, kind="stable")[:50]],
        }
        return correlation, interval, details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The rank between 0 and 1, and the corresponding rating."""
        rank = float(output.double()[0].sigmoid())
        rating = float(np.interp(rank, self.shares, self.ratings)) if self.ratings else None
        return {"answer": round(rank, 4), "rank": rank, "rating": rating}

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The rank as text."""
        return f"ranks above {percent(answer['rank'], 0)} of the training images"

    def activate(self, output: Tensor) -> Tensor:
        """The rank, (N, 1)."""
        return output.sigmoid()

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The log odds (N,), which keep differences visible near ranks of 0 and 1."""
        return output[:, 0]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """The rank (N,)."""
        return self.activate(output)[:, 0]

    def allows(self, change: str) -> bool:
        """No changes of color and no turned images: they may change how people rate an image."""
        return change not in ("color", "turn")

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Accuracy at the median split, and the limit set by the noise of the ratings."""
        low, high = details["median_split_interval"]
        accuracy, auc = details["median_split_accuracy"], details["median_split_auc"]
        remarks = [f"median split: {accuracy:.1%} right ({low:.1%} to {high:.1%}; chance is 50 %), AUC {auc:.3f}"]
        if details["ceiling"] is not None:
            remarks.append(f"the noise of the ratings allows a correlation of about {details['ceiling']:.2f} at most")
        return remarks

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Predicted against true ranks; images sorted by rank, and the largest errors."""
        details, table = evaluation.details, evaluation.table
        order = sorted(range(len(table)), key=lambda row: -table[row]["answer"])
        return {
            "tiles": [
                (percent(details["median_split_accuracy"]), "median split accuracy", "50 % is chance"),
                (number(details["median_split_auc"], 3), "AUC at the median split", "0.5 is chance"),
                (percent(details["pairs_in_order"]), "pairs in the right order", "50 % is chance"),
            ],
            "scatter": scatter(
                [row["rank"] for row in table],
                [row["answer"] for row in table],
                ("rank of the rating", "predicted rank"),
                "Predicted ranks against the ranks of the ratings",
            ),
            "highest": [_ranked(row, table, pictures) for row in order[:SHOWN]],
            "lowest": [_ranked(row, table, pictures) for row in order[::-1][:SHOWN]],
            "mistakes": [_ranked(entry["row"], table, pictures) for entry in details["mistakes"][:SHOWN]],
            "examples": [_ranked(order[place], table, pictures) for place in spread(len(table))],
        }

    def example(self, seed: int) -> Source:
        """Synthetic scenes, rated by a simulated audience that prefers bright ones."""
        from ..sources.synthetic import rated

        return rated(seed=seed)


def _standard_error(rows: Sequence[Row]) -> float:
    """Root mean square of the standard errors of the ratings; 0 if no row states deviation and number."""
    errors = []
    for row in rows:
        texts = [row.values.get(name, "").strip() for name in ("rating_sd", "rating_n")]
        if not all(texts):
            continue
        try:
            deviation, number = map(float, texts)
        except ValueError:
            deviation = number = math.nan
        if not (0 <= deviation < math.inf and 1 <= number < math.inf):
            raise TaskError(
                f"{row.location}: rating_sd and rating_n are '{texts[0]}' and '{texts[1]}'; expected a deviation from "
                "0 on and a number of ratings from 1 on. Correct them."
            )
        errors.append(deviation**2 / number)
    return float(np.sqrt(np.mean(errors))) if errors else 0.0


def _median_split(targets: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
    """Accuracy of separating the better half from the other one, and the fraction of pairs in the correct order."""
    from scipy.stats import kendalltau
    from sklearn.metrics import roc_auc_score

    better = targets > np.median(targets)
    if not better.any():  # with two ratings, the higher one may be the more frequent one
        better = targets >= np.median(targets)
    called = answers >= np.quantile(answers, 1 - better.mean()) if better.any() else answers > np.median(answers)
    both = bool(better.any() and not better.all())
    concordance = float(kendalltau(targets, answers).statistic)  # pyright: ignore[reportAttributeAccessIssue]
    return {
        "median_split_accuracy": float((better == called).mean()),
        "median_split_interval": wilson_interval(int((better == called).sum()), len(better)),
        "median_split_auc": float(roc_auc_score(better, answers)) if both else 0.5,
        "pairs_in_order": 0.5 if math.isnan(concordance) else (1 + concordance) / 2,
    }


def _ranked(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    lines = [f"rank {number(entry['answer'], 2)}", f"true {number(entry['rank'], 2)}"]
    return gallery_item(row, table, pictures, SIDE, lines)
